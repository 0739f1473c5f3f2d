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
    """Collects the troubles of one core's disk and tells when what is to be said has changed."""

    def __init__(self, tell: Callable[[RecordingChanged], None]) -> None:
        self._tell = tell
        self._troubles = {"record": "", "hang": "", "stream": ""}
        self._seen = (0, 0)  # the write under way at the last look, and by how many looks it was seen
        self._durable = 0

    def record_said(self, degraded: bool, why: str) -> None:
        """Take what the store tells; a `why` with no trouble is what was lost, said once."""
        self._set("record", (why or "cannot be written") if degraded else "", "" if degraded else why)

    def look(self, store: Store | None, stream: StreamWriter | None) -> None:
        """Look at what raises no error of its own; call it four times a second."""
        self._set("stream", stream.trouble if stream is not None else "")
        if store is None:
            return
        write, durable = store.write, store.durable_seq
        self._seen = (write, self._seen[1] + 1 if write and write == self._seen[0] else 1)
        if self._troubles["hang"]:
            if durable > self._durable or self._troubles["record"]:
                self._set("hang", "")
        elif write and self._seen[1] >= HANGS_AFTER and not self._troubles["record"]:
            self._durable = durable
            self._set("hang", "the disk does not answer")

    def _set(self, what: str, trouble: str, lost: str = "") -> None:
        if trouble != self._troubles[what] or lost:
            self._troubles[what] = trouble
            said = list(filter(None, self._troubles.values()))
            self._tell(RecordingChanged(degraded=bool(said), why="; ".join([*said, *filter(None, [lost])])))
