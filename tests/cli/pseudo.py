"""A terminal in the hand of a test: as slow as a bad line, stopped, or gone; what a person would read is `text`."""

import fcntl
import os
import struct
import subprocess
import termios
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence

import pyte

WITHIN_S = 30.0
_TURN_S = 0.01
ESCAPES = {"escape": "\x1b", "enter": "\r"}


class Terminal:
    """Runs a command. It reads no more than `rate` bytes a second, and all takes `delay_s` each way.

    `stalled` stops reading. `written` counts the bytes that came, `raw` keeps the last of them.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] = os.environ,
        rate: float = float("inf"),
        delay_s: float = 0.0,
    ) -> None:
        columns, rows = size
        self.stalled, self.written, self.raw = False, 0, b""
        self._rate, self._delay_s = rate, delay_s
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._on_the_way: deque[tuple[float, bytes]] = deque()
        self._keys: deque[tuple[float, bytes]] = deque()
        self._changed = threading.Condition()
        self._ours, self._theirs = os.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self._ours, False)
        self.before = termios.tcgetattr(self._theirs)
        env = {**env, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            command, stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, env=env, start_new_session=True
        )
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def settings(self) -> list[object]:
        """The line settings now; a program that cleans up leaves those of `before`."""
        return termios.tcgetattr(self._theirs)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        with self._changed:
            return "\n".join(self._screen.display)

    def press(self, *keys: str) -> None:
        """Send keys, each by its character or its name."""
        self._keys.extend((time.monotonic() + self._delay_s, ESCAPES.get(key, key).encode()) for key in keys)

    def see(self, words: str, within_s: float = WITHIN_S) -> float:
        """Wait until something stands on the screen; return how long it took."""
        begin = time.monotonic()
        with self._changed:
            there = self._changed.wait_for(lambda: any(words in line for line in self._screen.display), within_s)
        assert there, f"{words!r} does not come:\n{self.text}"
        return time.monotonic() - begin

    def close(self) -> None:
        """End the program, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._ends = True
        self._thread.join()
        os.close(self._ours)
        os.close(self._theirs)

    def _run(self) -> None:
        begun, allowed = time.monotonic(), 0.0
        while not self._ends:
            time.sleep(_TURN_S)
            now = time.monotonic()
            begun, allowed = now, min(allowed + (now - begun) * self._rate, self._rate / 10)
            if not self.stalled:
                allowed -= self._read(allowed, now)
            self._show(now)
            while self._keys and self._keys[0][0] <= now:
                os.write(self._ours, self._keys.popleft()[1])

    def _read(self, allowed: float, now: float) -> int:
        size = int(min(allowed, 1 << 16))
        try:
            data = os.read(self._ours, size) if size else b""
        except (BlockingIOError, OSError):  # nothing there, or nobody at the other end
            data = b""
        if data:
            self._on_the_way.append((now + self._delay_s, data))
        return len(data)

    def _show(self, now: float) -> None:
        with self._changed:
            while self._on_the_way and self._on_the_way[0][0] <= now:
                data = self._on_the_way.popleft()[1]
                self.written += len(data)
                self.raw = (self.raw + data)[-(1 << 16) :]
                self._stream.feed(data)
                self._changed.notify_all()
