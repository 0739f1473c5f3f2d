"""UDP, against a socket on the loopback."""

import argparse
import socket

import pytest
from rows import each_row

from ketamon.cli.options import devices
from ketamon.errors import SourceError, UsageError
from ketamon.port.open import line_opener
from ketamon.port.udp import UdpLine

ASK = b"ASK\r"


@pytest.fixture(name="device")
def fixture_device():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.1", 0))
        device.settimeout(5)
        yield device


def address(device):
    return f"udp://127.0.0.1:{device.getsockname()[1]}"


def test_datagrams_go_both_ways_unchanged(ears, device):
    port = ears.started(address(device))
    assert ears.link() == ("opened", "")
    assert port.write(ASK)
    data, host = device.recvfrom(100)
    assert data == ASK
    device.sendto(bytes(range(256)), host)
    assert ears.hear(256) == bytes(range(256))
    with pytest.raises(ValueError, match="refused to send"):
        port.write(b"STOP\r")


def test_each_read_is_one_whole_datagram(device):
    line = UdpLine(*device.getsockname())
    line.write(ASK)
    _, host = device.recvfrom(100)
    for datagram in (b"a" * 1456, b"", b"b"):
        device.sendto(datagram, host)
    assert [line.read(), line.read(), line.read()] == [b"a" * 1456, b"", b"b"]
    assert line.read() == b"", "silence is no loss"
    line.close()


def test_a_strangers_datagram_is_not_taken(device):
    line = UdpLine(*device.getsockname())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"lies", line._socket.getsockname())
    assert line.read() == b""
    line.close()


def test_nobody_listening_is_a_loss_once_something_was_sent(ears, device):
    where = address(device)
    device.close()
    port = ears.started(where)
    assert ears.link() == ("opened", "")
    port.write(ASK)
    assert ears.link() == ("lost", f"{where} broke off (Connection refused); check address and cable")
    assert ears.let_retry() == 0.5
    assert ears.link() == ("opened", "")


def test_a_name_that_nobody_has_is_told(monkeypatch):
    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SourceError, match=r"udp://monitor:24105 cannot be reached \(Name or service not known\)"):
        UdpLine("monitor", 24105)


@pytest.mark.parametrize("wrong", ["udp://", "udp://monitor", "udp://:24105", "udp://monitor:no"])
def test_an_address_without_host_or_port_is_refused(wrong, spec):
    with pytest.raises(UsageError, match=r"give udp://host:port"):
        line_opener(wrong, spec.line)


@each_row(
    ("text", "driver"),
    [
        ("philips-intellivue:udp://10.0.0.9:24105", "philips-intellivue+udp"),
        ("philips-intellivue+udp:udp://10.0.0.9:24105", "philips-intellivue+udp"),
        ("philips-intellivue+serial:udp://10.0.0.9:24105", "philips-intellivue+serial"),
        ("philips-intellivue:tcp://10.0.0.9:4001", "philips-intellivue"),
        ("philips-intellivue:/dev/ttyUSB0", "philips-intellivue"),
        ("ge-dri:udp://10.0.0.9:4001", "ge-dri"),
    ],
)
def test_the_scheme_names_the_variant_where_there_is_one(text, driver):
    cable = devices(argparse.Namespace(monitor=[text], pump=[]))["monitor"]
    assert (cable.spec.id, cable.address) == (driver, text.partition(":")[2])
