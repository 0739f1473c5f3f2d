"""The device's end of a network cable that is not there: a TCP or UDP port of this machine, for simulators and tests.

`open_end` gives the end of any kind. What nobody is there to hear is lost, as on a cable.
"""

import select
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from ketamon.errors import SourceError, UsageError
from ketamon.port.open import host_and_port
from ketamon.port.pty import PtyEnd

_POLL_S, _SEND_S = 0.1, 1.0
_READ_BYTES = 1 << 16

Receive = Callable[[bytes], bytes]
Cut = Callable[[bytes], Iterable[bytes]]
"""Cuts what a device says into its messages: a datagram each."""


class End(Protocol):
    """Where a simulated device is reached. `path` is the address that a host opens."""

    path: str

    def write(self, data: bytes) -> int:
        """Send what the device says of its own accord; return how many bytes went out."""
        ...

    def close(self) -> None:
        """Hang up, and wait for the thread."""
        ...


def open_end(address: str, receive: Receive, cut: Cut) -> End:
    """Open `tcp://host:port` or `udp://host:port` (port 0: any that is free), or a pseudo-terminal for "".

    `receive` gives the device's answer to what the host sent. Raises `UsageError` for an address that is none, and
    `SourceError` where it cannot be had.
    """
    if not address:
        return PtyEnd(receive)
    scheme, host, port = host_and_port(address)
    if scheme not in ("tcp", "udp"):
        raise UsageError(f"{address}: the scheme {scheme!r} is unknown; give tcp://host:port or udp://host:port")
    return TcpEnd(host, port, receive) if scheme == "tcp" else UdpEnd(host, port, receive, cut)


def _bound(scheme: str, kind: socket.SocketKind, host: str, port: int) -> tuple[socket.socket, str]:
    """Give a socket bound there, and the address that says so."""
    wanted = socket.socket(socket.AF_INET, kind)
    try:
        if kind is socket.SOCK_STREAM:  # a simulator that was just ended leaves its port waiting for minutes
            wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wanted.bind((host, port))
    except OSError as error:
        wanted.close()
        why = error.strerror or "the host is not known"
        raise SourceError(f"{scheme}://{host}:{port} cannot be had ({why}); choose another port, or 0") from error
    return wanted, f"{scheme}://{host}:{wanted.getsockname()[1]}"


class TcpEnd:
    """A listening port. One host is served at a time; another one is hung up on, as serial servers do."""

    def __init__(self, host: str, port: int, receive: Receive) -> None:
        self._receive = receive
        self._listener, self.path = _bound("tcp", socket.SOCK_STREAM, host, port)
        self._listener.listen()
        self._host: socket.socket | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ketamon-tcp-end", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Send; a host that takes nothing for a second is hung up on."""
        with self._lock:
            if self._host is None:
                return 0
            try:
                self._host.sendall(data)
            except OSError:
                with suppress(OSError):  # the thread reads the end of it, and lets go
                    self._host.shutdown(socket.SHUT_RDWR)
                return 0
        return len(data)

    def close(self) -> None:
        """Hang up."""
        self._closing.set()
        self._thread.join()
        self._leave()
        self._listener.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            watched = [end for end in (self._host, self._listener) if end is not None]
            readable, _, _ = select.select(watched, [], [], _POLL_S)
            if self._host in readable:
                self._hear(self._host)
            if self._listener in readable:  # after the old host, which may be the one that comes back
                self._greet()

    def _hear(self, host: socket.socket) -> None:
        try:
            data = host.recv(_READ_BYTES)
        except OSError:
            data = b""
        if data:
            self.write(self._receive(data))
        else:
            self._leave()

    def _greet(self) -> None:
        host, _ = self._listener.accept()
        if self._host is not None:
            host.close()
            return
        host.settimeout(_SEND_S)
        host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._host = host

    def _leave(self) -> None:
        with self._lock:
            if self._host is not None:
                self._host.close()
                self._host = None


class UdpEnd:
    """A bound port. It answers whoever asks, a datagram for each message, and speaks to whoever asked last."""

    def __init__(self, host: str, port: int, receive: Receive, cut: Cut) -> None:
        self._receive, self._cut = receive, cut
        self._socket, self.path = _bound("udp", socket.SOCK_DGRAM, host, port)
        self._host: tuple[str, int] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ketamon-udp-end", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> int:
        """Send to whoever asked last."""
        if self._host is None or self._closing.is_set():
            return 0
        return sum(self._socket.sendto(message, self._host) for message in self._cut(data))

    def close(self) -> None:
        """Give the port back."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            readable, _, _ = select.select([self._socket], [], [], _POLL_S)
            if readable:
                data, self._host = self._socket.recvfrom(_READ_BYTES)
                self.write(self._receive(data))
