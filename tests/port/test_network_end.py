"""The device's end of a TCP or UDP cable."""

import socket
import threading

import pytest

from ketamon.errors import SourceError, UsageError
from ketamon.port.end import open_end
from ketamon.port.pty import PtyEnd

ASK = b"ASK\r"


def one_by_one(data):
    return [data[i : i + 1] for i in range(len(data))]


@pytest.fixture(name="end", params=["tcp", "udp"])
def fixture_end(request):
    end = open_end(f"{request.param}://127.0.0.1:0", lambda data: data.lower(), lambda data: [data])
    yield end
    end.close()
    assert not [t for t in threading.enumerate() if t.name.endswith("-end")], "a thread is left"


def test_a_free_port_is_found_and_told(end):
    scheme, _, rest = end.path.partition("://127.0.0.1:")
    assert scheme in ("tcp", "udp")
    assert int(rest) > 0


def test_our_port_is_answered_and_spoken_to(ears, end):
    port = ears.started(end.path)
    assert ears.link() == ("opened", "")
    assert port.write(ASK)
    assert ears.hear(len(ASK)) == b"ask\r"
    assert end.write(bytes(range(256))) == 256
    assert ears.hear(256) == bytes(range(256))


def test_nobody_there_hears_nothing(end):
    assert end.write(b"into the air") == 0


def test_a_host_may_leave_and_come_back(end):
    scheme, _, port = end.path.rpartition(":")
    kind = socket.SOCK_STREAM if scheme.startswith("tcp") else socket.SOCK_DGRAM
    for _ in range(3):
        with socket.socket(socket.AF_INET, kind) as host:
            host.settimeout(5)
            host.connect(("127.0.0.1", int(port)))
            host.sendall(ASK)
            assert host.recv(100) == b"ask\r"


def test_a_tcp_end_serves_one_host_at_a_time_and_hangs_up_when_it_goes():
    end = open_end("tcp://127.0.0.1:0", lambda data: data, one_by_one)
    at = ("127.0.0.1", int(end.path.rpartition(":")[2]))
    with socket.create_connection(at, 5) as first:
        first.sendall(b"x")
        assert first.recv(10) == b"x"
        with socket.create_connection(at, 5) as second:
            assert second.recv(10) == b"", "the second one is hung up on"
        end.close()
        assert first.recv(10) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(at, 5)


def test_a_host_that_takes_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr("ketamon.port.end._SEND_S", 0.01)
    end = open_end("tcp://127.0.0.1:0", lambda data: data, one_by_one)
    with socket.create_connection(("127.0.0.1", int(end.path.rpartition(":")[2])), 5) as host:
        host.sendall(b"x")
        assert host.recv(1) == b"x"
        assert end.write(bytes(20_000_000)) == 0
        while host.recv(1 << 20):
            pass
    end.close()


def test_over_udp_each_message_is_a_datagram_of_its_own():
    end = open_end("udp://127.0.0.1:0", lambda data: data, one_by_one)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.settimeout(5)
        host.connect(("127.0.0.1", int(end.path.rpartition(":")[2])))
        host.send(b"abc")
        assert [host.recv(100) for _ in range(3)] == [b"a", b"b", b"c"]
        assert end.write(b"de") == 2
        assert [host.recv(100) for _ in range(2)] == [b"d", b"e"]
    end.close()


def test_no_address_is_a_pseudo_terminal():
    end = open_end("", lambda data: data, one_by_one)
    assert isinstance(end, PtyEnd)
    end.close()


@pytest.mark.parametrize("scheme", ["tcp", "udp"])
def test_a_port_that_is_taken_is_told(scheme):
    first = open_end(f"{scheme}://127.0.0.1:0", lambda data: data, one_by_one)
    with pytest.raises(SourceError, match="choose another port, or 0"):
        open_end(first.path, lambda data: data, one_by_one)
    first.close()


@pytest.mark.parametrize("wrong", ["tcp://", "udp://:1", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "ftp://127.0.0.1:1"])
def test_an_address_that_is_none_is_refused(wrong):
    with pytest.raises(UsageError, match="://host:port"):
        open_end(wrong, lambda data: data, one_by_one)
