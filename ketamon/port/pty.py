"""A pseudo-terminal: the device's end of a cable that is not there, for simulators and tests."""

import os
import select
import threading
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Self

_POLL_S = 0.1
_READ_BYTES = 4096


def open_pty() -> tuple[int, str]:
    """Open a pair in raw mode. Return the device's end as a file descriptor, and the path of the host's end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    return master, path


class PtyEnd:
    """The device's end, with a thread that hands what the host sends to `receive` and writes what that returns.

    `path` is what the host opens, as often as it likes. Closing is like pulling the cable.
    """

    def __init__(self, receive: Callable[[bytes], bytes]) -> None:
        self._receive = receive
        self._master, self.path = open_pty()
        self._slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY)  # held, so that a host that leaves is no hang-up
        os.set_blocking(self._master, False)
        self._write_lock = threading.Lock()
        self._taken = True
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ketamon-pty", daemon=True)
        self._thread.start()

    def write(self, data: bytes, timeout_s: float = 1.0) -> int:
        """Send; return how many bytes went out. What nobody takes within the time is lost, as on a cable.

        The time is given once: while still nobody reads, later calls do not wait again.
        """
        sent = 0
        with self._write_lock:
            while sent < len(data) and not self._closing.is_set():
                _, writable, _ = select.select([], [self._master], [], timeout_s if self._taken else 0)
                self._taken = bool(writable)
                if not writable:
                    break
                sent += os.write(self._master, data[sent:])
        return sent

    def close(self) -> None:
        """Hang up, and wait for the thread."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        with self._write_lock:
            os.close(self._slave)
            os.close(self._master)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            readable, _, _ = select.select([self._master], [], [], _POLL_S)
            if readable:
                reply = self._receive(os.read(self._master, _READ_BYTES))
                if reply:
                    self.write(reply)
