"""TCP, against a server on the loopback."""

import socket

import pytest

from ketamon.errors import SourceError
from ketamon.port.tcp import TcpLine

ASK = b"ASK\r"


@pytest.fixture(name="server")
def fixture_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


def address(server):
    return f"tcp://127.0.0.1:{server.getsockname()[1]}"


def accept(server):
    connection, _ = server.accept()
    connection.settimeout(5)
    return connection


def test_bytes_go_both_ways_unchanged(ears, server):
    port = ears.started(address(server))
    with accept(server) as device:
        assert ears.link() == ("opened", "")
        device.sendall(bytes(range(256)))
        assert ears.hear(256) == bytes(range(256))
        assert port.write(ASK)
        assert device.recv(100) == ASK
        with pytest.raises(ValueError, match="refused to send"):
            port.write(b"STOP\r")


def test_a_server_that_hangs_up_is_told_and_reached_again(ears, server):
    ears.started(address(server))
    with accept(server) as device:
        assert ears.link() == ("opened", "")
        device.sendall(b"x")
        ears.hear(1)
    assert ears.link() == ("lost", f"{address(server)} closed the connection")
    assert ears.let_retry() == 0.5
    with accept(server) as device:
        assert ears.link() == ("opened", "")
        device.sendall(b"again")
        assert ears.hear(5) == b"again"


def test_nobody_there_is_told_with_the_address(ears, server):
    where = address(server)
    server.close()
    ears.started(where)
    assert ears.link() == ("failed", f"{where} cannot be reached (Connection refused); check address and cable")


def test_a_reset_is_a_loss(ears, server):
    ears.started(address(server))
    device = accept(server)
    ears.link()
    device.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    device.close()
    assert ears.link() == ("lost", f"{address(server)} broke off (Connection reset by peer)")


def test_silence_is_not_a_loss_but_the_systems_verdict_is(server, monkeypatch):
    line = TcpLine(*server.getsockname())
    assert line.read() == b""

    class Dead:
        def recv(self, _size):
            raise TimeoutError(110, "Connection timed out")

    line.close()
    monkeypatch.setattr(line, "_socket", Dead())
    with pytest.raises(SourceError, match="does not answer any more"):
        line.read()


def test_a_server_that_lost_its_power_is_probed_for(server):
    line = TcpLine(*server.getsockname())
    assert line._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert line._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
    line.close()
