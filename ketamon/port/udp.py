"""Devices on the network that speak in datagrams (UDP). What a datagram holds comes as it is, whole or not at all.

There is no connection that could break: that a device is silent is for the driver's owner to find. Only where the
host is there and nobody listens, its system says so. Datagrams of anybody else are not taken.
"""

import socket

from ketamon.errors import SourceError

_READ_S = 0.1
_READ_BYTES = 1 << 16


class UdpLine:
    """A socket that talks to one address. Raises `SourceError` where it cannot be had, and when nobody listens."""

    def __init__(self, host: str, port: int) -> None:
        self._name = f"udp://{host}:{port}"
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            self._socket.connect(address)
        except OSError as error:
            self._socket.close()
            raise self._unreachable(error) from error
        self._socket.settimeout(_READ_S)

    def read(self) -> bytes:
        """Wait up to 100 ms for a datagram."""
        try:
            return self._socket.recv(_READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise SourceError(f"{self._name} broke off ({error.strerror}); check address and cable") from error

    def write(self, data: bytes) -> None:
        """Send one datagram."""
        self._socket.send(data)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _unreachable(self, error: OSError) -> SourceError:
        why = error.strerror or "it is not known"
        return SourceError(f"{self._name} cannot be reached ({why}); check address and cable")
