"""A cable on a real pseudo-terminal: faults happen to what the device says, and it can be pulled and put in again."""

from collections.abc import Callable
from pathlib import Path

from ketamon.domain.instant import Instant
from ketamon.port.pty import PtyEnd
from ketamon.testing.conversation import Wire


class Cable:
    """The device's end of a cable that the host finds at `path`, a link.

    `receive` answers what the host sends, as a `DeviceSimulator` does; `wire` is what happens to the device's bytes,
    `now` the time it is asked with.
    """

    def __init__(self, path: Path, receive: Callable[[bytes], bytes], wire: Wire, now: Callable[[], Instant]) -> None:
        self.path = path
        self._receive, self._wire, self._now = receive, wire, now
        self._end: PtyEnd | None = None
        self.replug()

    def say(self, data: bytes) -> int:
        """Send what the device says; return how many bytes reached the host."""
        return sum(self._end.write(piece) for piece in self._wire(data, self._now())) if self._end else 0

    def unplug(self) -> None:
        """Pull the cable: the host's port hangs up, and its path is gone."""
        if self._end is not None:
            self.path.unlink(missing_ok=True)
            self._end.close()
            self._end = None

    def replug(self) -> None:
        """Put the cable in again, at the same path; the terminal behind it is another one, as with a USB adapter."""
        if self._end is None:
            self._end = PtyEnd(self._answer)
            self.path.symlink_to(self._end.path)

    def _answer(self, data: bytes) -> bytes:
        return b"".join(self._wire(self._receive(data), self._now()))
