"""Following the pump's log: which record is wanted next, and which alarms stand after those that were read."""

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.wire.continuity import Steady
from ketamon_drivers.zyno import events

SIZE = 4096 * 169 // events.SIZE
"""Records in the pump's memory; behind them the numbers begin again."""
LOOK_BACK = 16
"""So many records from before the connection tell which alarms stand."""
_MOST_BEHIND = 256
_TRIES = 8
_DATA = range(1, 17)
"""Raw data of an infusion: two or sixteen records between the one that begins and the one that ends it."""
_SHORT_DATA = 3
_UNREAD = -1
"""The "type" of a record that could not be read."""


class Log:
    """What is known of the log. Its checksum is weak and no record ever changes: one is believed when told twice."""

    def __init__(self) -> None:
        self.alarms: dict[int, DeviceAlarm] = {}
        self._head: int | None = None
        self._read = 0
        self._steady = Steady()
        self._told = b""
        self._tries = 0
        self._data_began: int | None = None
        self._early: dict[int, bytes] | None = None
        self._news_from = 0

    @property
    def wanted(self) -> int | None:
        """The number of the record to be asked for; None where all are read."""
        return None if self._head is None or self._read == self._head else (self._read + 1) % SIZE

    @property
    def up_to_date(self) -> bool:
        """Whether the alarms are known."""
        return self._head is not None and self._read == self._head

    def reaches(self, tail: int, head: int) -> None:
        """Take note of where the log begins and ends; a jump is believed when it is told twice."""
        if max(tail, head) >= SIZE or not self._steady.believes(head, LOOK_BACK):
            return
        if self._head is None or (head - self._read) % SIZE > _MOST_BEHIND:
            back = min(LOOK_BACK, (head - tail) % SIZE)
            self._read, self._news_from, self._data_began = (head - back) % SIZE, head, None
            self._early = {} if back else None
        self._head = head

    def ask(self) -> int:
        """Return the number to ask for, where one is wanted. A record that never comes is an alarm, and left."""
        index = (self._read + 1) % SIZE
        self._tries += 1
        if self._tries == _TRIES:
            text = f"record {index} of its log cannot be read"
            self._apply(events.Record(_UNREAD, "log", text, Priority.HIGH, frozenset()))
            self._next()
        return index

    def told(self, index: int, raw: bytes) -> events.Record | None:
        """Take a record; return it if it is new and says something."""
        if index != self.wanted:
            return None
        if raw != self._told:
            self._told = raw
            return None
        found = None
        if self._early is not None:
            self._early[index] = raw
        elif not self._is_data(index, raw):
            found = events.read(raw)
            self._apply(found)
        self._next()
        return found

    def _next(self) -> None:
        self._read, self._told, self._tries = (self._read + 1) % SIZE, b"", 0
        if self._early is not None and self._read == self._news_from:
            early, self._early = list(self._early.items()), None
            self._catch_up(early)

    def _catch_up(self, early: list[tuple[int, bytes]]) -> None:
        """Records from before the connection change the alarms only; what an end of raw data follows is raw data."""
        edges = [n for n, (_, raw) in enumerate(early) if events.is_data(raw, events.BEGIN, events.END)]
        if edges and events.is_data(early[edges[0]][1], events.END):
            early = early[edges[0] + 1 :]
        for index, raw in early:
            if not self._is_data(index, raw):
                self._apply(events.read(raw))

    def _is_data(self, index: int, raw: bytes) -> bool:
        """Whether a record is raw data of an infusion, which means nothing as a record."""
        nth = 0 if self._data_began is None else (index - self._data_began) % SIZE
        if nth in _DATA and not (nth == _SHORT_DATA and events.is_data(raw, events.END)):
            return True
        self._data_began = index if events.is_data(raw, events.BEGIN) else None
        return False

    def _apply(self, record: events.Record) -> None:
        for kind in record.ends:
            self.alarms.pop(kind, None)
        if record.priority is not None:
            self.alarms[record.kind] = DeviceAlarm(code=record.code, text=record.text, priority=record.priority)
