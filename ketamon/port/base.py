"""A port: one cable, one thread that reads it, and the promise that nothing but a driver's allow-list goes out.

The thread of a port does this, and nothing else:

    opening ──opened──▶ reading ──lost──▶ waiting ──▶ opening …
       └─────failed─────────────────────────▲            waits 0.5 s, 1 s, 2 s … 5 s; anew from 0.5 s once bytes came

It goes on for ever until it is closed. A failure is reported when its reason changes, not at every try. The system does
not always tell that a cable was pulled: that no data came for too long is for the driver's owner to find.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from ketamon.domain.devices import Action
from ketamon.domain.instant import Instant
from ketamon.driver import AllowList
from ketamon.port.clock import Clock

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 5.0
_JOIN_S = 5.0

OnBytes = Callable[[bytes, Instant], None]
OnLink = Callable[[str, str, Instant], None]
Waiter = Callable[[threading.Event, float], object]
"""Waits so many seconds, or until the event is set."""


class Line(Protocol):
    """An open connection. Everything that goes wrong with it is an `OSError` with a sentence for people."""

    def read(self) -> bytes:
        """Wait up to 100 ms for bytes; b"" where none came."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data` soon, or raise; `TimeoutError` where the other end takes nothing."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Port:
    """One device's connection, kept up by a thread of its own.

    `open_line` opens it or raises `SourceError`. From the port's thread come `on_bytes(data, at)`, stamped as the read
    returned, and `on_link(event, why, at)` with "opened", "failed" or "lost". `allow_list` holds what may
    ever be sent, `actions` what may be sent besides when a person asked for that action. Tests give their own `waiter`.
    """

    def __init__(
        self,
        open_line: Callable[[], Line],
        allow_list: AllowList,
        actions: Mapping[Action, AllowList],
        clock: Clock,
        on_bytes: OnBytes,
        on_link: OnLink,
        *,
        waiter: Waiter = threading.Event.wait,
    ) -> None:
        self._open_line = open_line
        self._allow_list = allow_list
        self._actions = actions
        self._clock = clock
        self._on_bytes = on_bytes
        self._on_link = on_link
        self._waiter = waiter
        self._closing = threading.Event()
        self._write_lock = threading.Lock()
        self._line: Line | None = None
        self._thread = threading.Thread(target=self._run, name="ketamon-port", daemon=True)
        self.bytes_read = 0
        """How many bytes were handed to `on_bytes` so far."""

    def open(self) -> None:
        """Open at once, or raise `SourceError`. Needed only where a failure must stop the caller; then `start`."""
        self._line = self._open_line()

    def start(self) -> None:
        """Begin to read; an opening that fails is reported and tried again."""
        self._thread.start()

    def write(self, data: bytes, action: Action | None = None) -> bool:
        """Send; return whether it went out (it does not while the connection is down, or takes nothing).

        `action` is what a person asked for just now, if the bytes are for that. Raises `ValueError` for anything that
        is not in the allow-list (the action's own, for an action), before a byte has left: that is a bug.
        """
        if data not in (self._allow_list if action is None else self._actions.get(action, AllowList())):
            raise ValueError(f"refused to send {data!r}: it is not one of the requests this driver may send")
        with self._write_lock:
            if self._line is None:
                return False
            try:
                self._line.write(data)
            except OSError:  # the reader finds out in a moment whether the line is lost, and says so
                return False
            return True

    def close(self) -> None:
        """Stop for good, and wait for the thread. No call comes after this has returned."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)
        self._drop_line()

    def _run(self) -> None:
        failure, wait_s = "", _FIRST_WAIT_S
        try:
            while not self._closing.is_set():
                why = self._connect()
                if not why:
                    failure = ""
                    if self._read_until_lost():
                        wait_s = _FIRST_WAIT_S
                elif why != failure:
                    failure = why
                    self._tell("failed", why)
                if not self._closing.is_set():
                    self._waiter(self._closing, wait_s)
                wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        finally:
            self._drop_line()
            self._tell("lost", "the port's thread came to an end; this is a bug")  # says nothing after `close`

    def _connect(self) -> str:
        """Open the line, unless it is; return why it cannot be, or ""."""
        if self._line is None:
            try:
                line = self._open_line()
            except OSError as error:
                return str(error)
            with self._write_lock:
                self._line = line
        self._tell("opened", "")
        return ""

    def _read_until_lost(self) -> bool:
        """Read and hand on; return whether any byte came."""
        before = self.bytes_read
        line = self._line
        while line is not None and not self._closing.is_set():
            try:
                data = line.read()
            except OSError as error:
                self._drop_line()
                self._tell("lost", str(error))
                break
            if data:
                self._on_bytes(data, self._clock.now())
                self.bytes_read += len(data)
        return self.bytes_read > before

    def _drop_line(self) -> None:
        with self._write_lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def _tell(self, event: str, why: str) -> None:
        if not self._closing.is_set():
            self._on_link(event, why, self._clock.now())
