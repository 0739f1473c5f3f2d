"""What is wrong with the disk, of all that a core keeps on it: the record, a write that hangs, the recorded stream.

Each is told as long as it lasts; that one works again ends none of the others.
"""

from collections.abc import Callable

from ketamon.domain.events import RecordingChanged
from ketamon.store.writer import Store
from ketamon.stream.writer import StreamWriter

HANGS_AFTER = 4
"""How many looks in a row must see the same write under way before the disk is said to hang.

At four looks a second that is told within a second; a commit takes 2 to 50 ms. Looks and not seconds: where the whole
machine is slow (many programs start at once, it slept), looks come late, too, and the disk is not blamed for it.
"""


class DiskWatch:
    """Collects the troubles of one core's disk and tells the worst of them whenever that has changed."""

    def __init__(self, tell: Callable[[RecordingChanged], None]) -> None:
        self._tell = tell
        self._troubles = {"record": "", "hang": "", "stream": ""}  # worst first
        self._said = ""
        self._write = self._seen = 0  # the write under way at the last look, and by how many looks it was seen
        self._calm = 0  # looks in a row since a hang that saw no write for the second time

    def record_said(self, degraded: bool, why: str) -> None:
        """Take what the store tells; a `why` with no trouble is what was lost, said once."""
        self._set("record", (why or "cannot be written") if degraded else "", "" if degraded else why)

    def look(self, store: Store | None, stream: StreamWriter | None) -> None:
        """Look at what raises no error of its own; call it four times a second."""
        if store is not None:
            self._look_for_hang(store.write)
        self._set("stream", stream.trouble if stream is not None else "")

    def _look_for_hang(self, write: int) -> None:
        """A disk that answers once in a while, with the next write hanging, does not answer yet."""
        self._seen = self._seen + 1 if write == self._write else 1
        self._write = write
        lasts = bool(write) and self._seen > 1
        self._calm = 0 if lasts else self._calm + 1
        if self._troubles["record"] or self._calm >= HANGS_AFTER:
            self._set("hang", "")
        elif lasts and self._seen >= HANGS_AFTER:
            self._set("hang", "the disk does not answer")

    def _set(self, what: str, trouble: str, lost: str = "") -> None:
        self._troubles[what] = trouble
        worst = next(filter(None, self._troubles.values()), "")
        if worst != self._said or lost:
            self._said = worst
            self._tell(RecordingChanged(degraded=bool(worst), why="; ".join(filter(None, (worst, lost)))))
