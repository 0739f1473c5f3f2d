"""From an address to a port: `tcp://host:port`, `udp://host:port`, or a serial device (best by /dev/serial/by-id)."""

import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from ketamon.driver import DriverSpec, LineSettings
from ketamon.errors import UsageError
from ketamon.port.base import Line, OnBytes, OnLink, Port, Waiter
from ketamon.port.clock import Clock


class Cable(NamedTuple):
    """What to attach, and where: a device's driver and the address of its port."""

    spec: DriverSpec
    address: str


def make_port(
    address: str,
    spec: DriverSpec,
    clock: Clock,
    on_bytes: OnBytes,
    on_link: OnLink,
    *,
    waiter: Waiter = threading.Event.wait,
) -> Port:
    """Make the port at `address` for a device of `spec`; see `Port`. Raises `UsageError` for no address."""
    return Port(line_opener(address, spec.line), spec.allow_list, spec.actions, clock, on_bytes, on_link, waiter=waiter)


def line_opener(address: str, settings: LineSettings) -> Callable[[], Line]:
    """Give the function that opens the connection at `address`. Raises `UsageError` for an address it cannot read."""
    address = address.partition("#")[0]  # the head of a pump is nothing to the port
    scheme, separator, _ = address.partition("://")
    if not separator:
        return _serial_opener(address, settings)
    if scheme in {"tcp", "udp"}:
        return _network_opener(scheme, address)
    raise UsageError(
        f"{address}: the scheme {scheme!r} is unknown; give tcp://host:port, udp://host:port or a serial port"
    )


def _serial_opener(path: str, settings: LineSettings) -> Callable[[], Line]:
    from ketamon.port.serial import SerialLine  # noqa: PLC0415 (pyserial is loaded only where a serial port is used)

    if not path:
        raise UsageError("the address of a port is empty; give tcp://host:port or the path of a serial port")
    return lambda: SerialLine(path, settings)


def _network_opener(scheme: str, address: str) -> Callable[[], Line]:
    from ketamon.port.tcp import TcpLine  # noqa: PLC0415 (loaded only where it is used, as above)
    from ketamon.port.udp import UdpLine  # noqa: PLC0415 (as above)

    _, host, port = host_and_port(address)
    if not port:
        raise UsageError(f"{address} is no address; give {scheme}://host:port")
    return lambda: TcpLine(host, port) if scheme == "tcp" else UdpLine(host, port)


def host_and_port(address: str) -> tuple[str, str, int]:
    """Read scheme, host and port of a network address. Raises `UsageError` where one of them is not there."""
    scheme = address.partition("://")[0]
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{address} is no address ({error}); give {scheme}://host:port") from error
    if not host or port is None:
        raise UsageError(f"{address} is no address; give {scheme}://host:port")
    return scheme, host, port
