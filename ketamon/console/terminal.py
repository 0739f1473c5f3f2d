"""The terminal of this process, which may go away: a window is closed, a line breaks, and no signal need tell of it.

Textual writes in a thread, by a queue of 30 pieces. Where the terminal is gone a write fails, the thread ends, the
queue fills up, and the whole application waits for it for ever; the thread that reads keys turns round and round.
"""

import select
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver


class Terminal(LinuxDriver):
    """Textual's own driver, with a file that takes everything, also when nobody is at the other end any more."""

    def __init__(self, *args: Any, **options: Any) -> None:  # the driver's own signature, passed on
        super().__init__(*args, **options)
        self._file = cast("Any", _Open(cast("TextIO", self._file)))

    @property
    def gone(self) -> bool:
        """Whether nobody is at the other end."""
        poll = select.poll()
        poll.register(self.fileno, 0)  # that it hung up is told unasked
        return self.input_tty and any(told & select.POLLHUP for _, told in poll.poll(0))


class _Open:
    """A text file in front of another one. What cannot be written is lost: nobody is there to read it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError:
            return

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            return

    def fileno(self) -> int:
        return self._file.fileno()
