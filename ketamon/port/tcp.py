"""Serial lines behind a network: a serial server's raw TCP socket."""

import socket

from ketamon.errors import SourceError

_CONNECT_S = 3.0
_READ_S = 0.1
_READ_BYTES = 1 << 16

# A server that lost its power sends no farewell: probe after 5 s of silence, give up after three probes.
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_NODELAY": 1}


class TcpLine:
    """An open connection. Raises `SourceError` where it cannot be had, and when it is gone."""

    def __init__(self, host: str, port: int) -> None:
        self._name = f"tcp://{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), _CONNECT_S)
        except OSError as error:
            why = error.strerror or "it does not answer"
            raise SourceError(f"{self._name} cannot be reached ({why}); check address and cable") from error
        self._socket.settimeout(_READ_S)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            if hasattr(socket, option):  # not every system has all of them
                self._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def read(self) -> bytes:
        """Wait up to 100 ms for bytes."""
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError as error:
            if error.errno is None:  # our own 100 ms, not the system's verdict that the connection is dead
                return b""
            raise SourceError(f"{self._name} does not answer any more") from error
        except OSError as error:
            raise SourceError(f"{self._name} broke off ({error.strerror})") from error
        if not data:
            raise SourceError(f"{self._name} closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Send, within 100 ms."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
