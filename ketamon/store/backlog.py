"""What waits for the disk, in bounded memory.

Each event is chained as it comes, so a signature can name the head of all before it at once. When too many wait, a
*measurement* that comes is counted instead of kept. Those that come in a row share one `Run`, however many they are: it
holds their numbers, when the first and the last came, and how many of which device. In the file each still has a row
with its number, for numbers are gapless; the row of the last counts all (`NotRecorded`), and the others are alike, so
they need not be kept to be chained and written.

The one that comes gives way and not the oldest: what was chained, and perhaps signed, never changes. What people did,
alarms and the gate are always kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from ketamon.domain.events import BytesRejected, Event, Measured, NotRecorded, PumpReported
from ketamon.domain.instant import Instant
from ketamon.domain.recording import Unsaved
from ketamon.store.chain import Head, Row, row_of

_GIVES_WAY = Measured | PumpReported | BytesRejected
"""What devices say all the time. A link that changes, an alarm or a notice of a device is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Measurements `first` to `last` that came in a row and found no room.

    `before` is the hash before the first of them that is not in the file yet, `previous` that before the last.
    """

    before: bytes
    previous: bytes
    first: int
    since: Instant
    last: int
    until: Instant
    devices: dict[str, int]

    def joined(self, event: Event, device: str) -> "Run":
        """Return the run with one more: what was its last counts nothing from now on."""
        devices = self.devices | {device: self.devices.get(device, 0) + 1}
        previous = self._silent(self.last, self.previous).hash
        return replace(self, previous=previous, last=event.seq, until=event.at, devices=devices)

    def rows(self) -> Iterator[Row]:
        """Make the rows of the file anew, each time the same."""
        before = self.before
        for seq in range(self.first, self.last):
            row = self._silent(seq, before)
            before = row.hash
            yield row
        yield self.counting

    @property
    def counting(self) -> Row:
        """The row of the last one."""
        body = NotRecorded(devices=self.devices, since=self.since)
        return row_of(Event(self.last, self.until, body), self.previous)

    def _silent(self, seq: int, before: bytes) -> Row:
        return row_of(Event(seq, self.since, NotRecorded()), before)

    def after(self, head: Head) -> "Run":
        """Return what is left when all up to `head`, which is not its end, is in the file."""
        return replace(self, before=head.hash, first=head.seq + 1)


Waiting = Row | Run


class Backlog:
    """Events behind the head `head` that wait; above `room` of them measurements are counted only. Not thread-safe."""

    def __init__(self, head: Head, room: int) -> None:
        self._head, self._room = head, room
        self._items: deque[Waiting] = deque()
        self._open: Run | None = None  # behind all items; it may still grow
        self.lost: Unsaved | None = None
        """The measurements that found no room since this was last set to None."""

    def __bool__(self) -> bool:
        return bool(self._items or self._open)

    def __len__(self) -> int:
        """How many things are in memory."""
        return len(self._items) + (self._open is not None)

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._open.last if self._open else self._head.seq

    def seal(self) -> Head:
        """Return the end of the chain; what is counted from now on begins a new run."""
        if self._open is not None:
            self._items.append(self._open)
            self._head, self._open = self._open.counting.head, None
        return self._head

    def add(self, events: Iterable[Event]) -> None:
        """Chain the next events. Raises `ValueError` where one cannot be the next; then none of them is taken."""
        items: list[Waiting] = []
        head, run, lost, seq = self._head, self._open, self.lost, self.seq
        for event in events:
            if event.seq != seq + 1:
                raise ValueError(f"event {event.seq} cannot follow event {seq}")
            seq, body = event.seq, event.body
            if isinstance(body, _GIVES_WAY) and len(self._items) + len(items) >= self._room:
                run = run.joined(event, body.device) if run else _begun(event, body.device, head.hash)
                lost = _with(lost, event)
                continue
            if run is not None:
                items.append(run)
                head, run = run.counting.head, None
            row = row_of(event, head.hash)
            items.append(row)
            head = row.head
        self._items += items
        self._head, self._open, self.lost = head, run, lost

    def waiting(self) -> Sequence[Waiting]:
        """Return all that waits, as it is now."""
        self.seal()
        return list(self._items)

    def next(self, most: int) -> list[Row]:
        """Return the next rows for the file. A run that may still grow is let grow until all before it is there."""
        if not self._items:
            self.seal()
        return list(islice(rows(self._items), most))

    def written(self, head: Head) -> None:
        """Let go of all up to `head`."""
        while self._items and _last(self._items[0]) <= head.seq:
            self._items.popleft()
        if self._items and isinstance(run := self._items[0], Run) and run.first <= head.seq:
            self._items[0] = run.after(head)

    @property
    def unsaved(self) -> Unsaved | None:
        """What waits, by its ends."""
        last = self._open or (self._items[-1] if self._items else None)
        if last is None:
            return None
        begin, end = _ends(self._items[0] if self._items else last), _ends(last)
        return replace(end, count=end.last - begin.first + 1, first=begin.first, since=begin.since)


def rows(items: Iterable[Waiting]) -> Iterator[Row]:
    """Yield the rows that stand in the file once all of `items` is written."""
    for item in items:
        if isinstance(item, Run):
            yield from item.rows()
        else:
            yield item


def _begun(event: Event, device: str, before: bytes) -> Run:
    seq, at = event.seq, event.at
    return Run(before=before, previous=before, first=seq, since=at, last=seq, until=at, devices={device: 1})


def _with(lost: Unsaved | None, event: Event) -> Unsaved:
    if lost is None:
        return Unsaved(1, event.seq, event.at.wall, event.seq, event.at.wall)
    return replace(lost, count=lost.count + 1, last=event.seq, until=event.at.wall)


def _last(item: Waiting) -> int:
    return item.last if isinstance(item, Run) else item.seq


def _ends(item: Waiting) -> Unsaved:
    if isinstance(item, Run):
        return Unsaved(item.last - item.first + 1, item.first, item.since.wall, item.last, item.until.wall)
    at = datetime.fromisoformat(item.wall.decode())
    return Unsaved(1, item.seq, at, item.seq, at)
