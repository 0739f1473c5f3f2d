"""The conversation with a SpaceCom: who asks what when, and what becomes of the answers."""

import re
from collections.abc import Iterator

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    Garbage,
    Measured,
    Mismatch,
    Output,
    PumpTelemetry,
    Send,
)
from ketamon.wire.framing import Segment, Terminated
from ketamon_drivers.bbraun_space import frames as f
from ketamon_drivers.bbraun_space import pump
from ketamon_drivers.bbraun_space import tables as t
from ketamon_drivers.bbraun_space.checks import Checks

POLL_S = 5.0
"""From one question for all values to the next; longer where the reply takes longer."""
GAP_S = 0.5
"""The shortest wait before a new question that the vendor's document allows."""
ACK_AFTER_S = 0.1
"""How long it wants the host to wait before it acknowledges a part."""
ANSWER_S = 5.0
"""So long after the question, or after the last byte (a part of 1.1 kB takes 1.2 s at 9600 Bd), there is no answer."""
_VERSION, _KNOWN_VERSION = re.compile(r"V\d"), re.compile(r"V[23]\.\d\d")
_IN_USE = frozenset({PumpState.INFUSING, PumpState.KVO, PumpState.UNKNOWN})
_REPLIES_WITHOUT = 2


class BBraunSpace:
    """One connection to a rack. It remembers the bed's name, its last question, and of each pump what was told."""

    def __init__(self) -> None:
        self._segments = Terminated(f.EOT, f.LONGEST_FRAME)
        self._bed = ""
        self._stuffed: bool | None = None  # None: not known yet
        self._tries = 0
        self._asked = b""  # the question without an answer
        self._heard: Instant | None = None  # the last byte or question
        self._owed: Instant | None = None  # a part that is not acknowledged yet, and when it came
        self._due: Instant | None = None
        self._version = ""
        self._asked_version = False
        self._error = ""
        self._mismatch = False
        self._carried: tuple[str, dict[str, str]] = ("", {})
        self._present: set[str] = set()
        self._pumps: dict[str, Known] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give status, numbers and alarms of each pump as its part of the reply is whole."""
        if data:
            self._heard = at
        for segment in self._segments.feed(data):
            yield from self._segment(segment, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Acknowledge a part, or ask the next question when the last one is answered or given up."""
        if self._mismatch:
            return
        if self._owed is not None:
            if at.since(self._owed) >= ACK_AFTER_S:
                self._owed, self._heard = None, at
                yield Send(f.ACK)
            return
        if self._asked and not self._given_up(at):
            return
        question = self._question(at)
        if question:
            self._asked, self._heard = question, at
            self._carried, self._present = ("", {}), set()
            data = f.frame(self._bed or f.FIRST_BED, question)
            yield Send(f.stuffed(data) if self._writes_stuffed() else data)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield Garbage(segment.offset, segment.raw, "the input ended within a frame")

    def _given_up(self, at: Instant) -> bool:
        """After a time-out the vendor wants the link set up anew; before the first answer, in the other form too."""
        if self._heard is not None and at.since(self._heard) < ANSWER_S:
            return False
        self._asked, self._bed, self._tries = b"", "", self._tries + 1
        return True

    def _question(self, at: Instant) -> bytes:
        """The next question, where one is due and the line has been still for long enough."""
        if self._heard is not None and at.since(self._heard) < GAP_S:
            return b""
        if not self._bed:
            return f.ALIVE
        if not self._asked_version:
            self._asked_version = True
            return f.VERSION
        if self._due is not None and at.since(self._due) < 0:
            return b""
        self._due = at.plus(POLL_S)
        return f.GET

    def _writes_stuffed(self) -> bool:
        return self._tries % 2 == 1 if self._stuffed is None else self._stuffed

    def _segment(self, segment: Segment, at: Instant) -> Iterator[Output]:
        """A segment is at most one frame, at its end: only the last SOH in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start = max(raw.rfind(b"\x01"), 0)
        message = f.parse(raw[start:]) if segment.ended else "no end of a frame"
        if isinstance(message, str):
            yield Garbage(offset, raw, message)
            return
        request = f.request_of(message.body)
        said = () if request else self._records(message)
        if isinstance(said, str):
            yield Garbage(offset, raw, said)
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a frame")
        yield Accepted(offset + start, len(raw) - start, f"request {request}" if request else "reply")
        if said and not self._mismatch:
            self._owed = at
            if message.stuffed is not None:
                self._stuffed = message.stuffed
            if said[0].name == "GNACK":
                self._bed = message.bed
            yield from self._reply(offset + start, said, at, last=message.last)

    def _records(self, message: f.Message) -> tuple[f.Record, ...] | str:
        """The records of a reply, or why they do not count: of another bed only a greeting and an error do."""
        said = f.records(message.body)
        if isinstance(said, str) or self._bed in ("", message.bed):
            return said
        greets = any(record.head == f.RACK and record.name in ("GNACK", "GNERR") for record in said)
        return said if greets else "another bed"

    def _reply(self, offset: int, said: tuple[f.Record, ...], at: Instant, *, last: bool) -> Iterator[Output]:
        """One part of a reply: the rack's own words, then its pumps."""
        yield from self._errors(offset, said)
        for record in said:
            if record.head == f.RACK and _VERSION.match(record.name):
                yield from self._versions(offset, record.name)
        if self._mismatch:
            return
        yield from self._told(offset, said, at, last=last)
        if last:
            whole, self._asked, self._carried = self._asked == f.GET, b"", ("", {})
            if whole:
                yield from self._missing(offset)

    def _versions(self, offset: int, version: str) -> Iterator[Output]:
        if version == self._version:
            return
        self._version = version
        if _KNOWN_VERSION.fullmatch(version):
            yield DeviceNotice(offset, f"BCC {version}")
        else:
            self._mismatch = True
            yield Mismatch(offset, f"a rack that speaks BCC {version}; this driver reads 2 and 3")

    def _told(self, offset: int, said: tuple[f.Record, ...], at: Instant, *, last: bool) -> Iterator[Output]:
        """Tell of each pump; one at the end of a part that is not all there waits for the next part."""
        pumps = _by_pump(said)
        head, begun = self._carried
        self._carried = ("", {})
        if head in pumps:
            pumps[head] = begun | pumps[head]
        for place, (head, records) in enumerate(pumps.items(), start=1):
            if not last and place == len(pumps) and not (pump.tells_state(records) and pump.tells_alarms(records)):
                self._carried = (head, records)
                continue
            self._present.add(head)
            yield from self._pumps.setdefault(head, Known(head)).tell(offset, records, at)
        if pumps:
            self._error = ""
            yield DeviceAlarms(offset, self._standing())

    def _errors(self, offset: int, said: tuple[f.Record, ...]) -> Iterator[Output]:
        """An error of the rack is told once; after one of form the link is set up anew. A pump with one is gone."""
        for record in said:
            if record.name != "GNERR":
                continue
            words = f"{t.ERRORS.get(record.value, 'unknown error')} (GNERR {record.value})"
            if record.head != f.RACK:
                yield DeviceNotice(offset, f"pump {record.head}: {words}")
            elif words != self._error:
                self._error = words
                yield DeviceNotice(offset, words)
            if record.head == f.RACK and record.value == t.NOT_UNDERSTOOD:
                self._bed = ""
            if record.head in self._pumps:
                yield from self._pumps[record.head].gone(offset)
                yield DeviceAlarms(offset, self._standing())

    def _missing(self, offset: int) -> Iterator[Output]:
        """A pump that two whole replies do not hold is gone, also where nobody said so."""
        lost = [known for head, known in self._pumps.items() if known.absent(present=head in self._present)]
        for known in lost:
            yield from known.gone(offset)
        if lost:
            yield DeviceAlarms(offset, self._standing())

    def _standing(self) -> tuple[DeviceAlarm, ...]:
        return tuple(alarm for known in self._pumps.values() for alarm in known.alarms)


class Known:
    """What was told of one pump."""

    def __init__(self, head: str) -> None:
        self._head = head
        self.alarms: tuple[DeviceAlarm, ...] = ()
        self._state = PumpState.READY
        self._lasting: dict[str, str] = {}
        self._words: list[str] = []
        self._without = 0
        self._checks = Checks()

    def tell(self, offset: int, records: dict[str, str], at: Instant) -> Iterator[Output]:
        """Give its status, numbers, and in words what has changed. An alarm without a value just now is as it was."""
        head, said = self._head, dict(records)
        for name in said.keys() & self._lasting.keys():
            if said[name] in t.NO_VALUE:
                said[name] = self._lasting[name]
        self._lasting = {name: value for name, value in said.items() if name in t.WORDS or name.startswith("INA")}
        status, doubts = self._checks.believed(pump.status(head, said), at)
        self._state = status.state
        self.alarms = tuple(pump.alarms(head, said))
        if not pump.tells_alarms(said):
            self.alarms += (_alarm(head, "alarms", "not all of its alarms come here, listen to the pump"),)
        yield PumpTelemetry(offset, status)
        for parameter in (p for p in t.NUMBERS if p not in doubts):
            yield Measured(offset, pump.reading(head, said, parameter))
        words = pump.settings(said)
        if words != self._words:
            self._words = words
            yield DeviceNotice(offset, f"pump {head}: {', '.join([*words, *pump.moving(said)])}")
        if bolus := pump.boluses(said):
            yield DeviceNotice(offset, f"pump {head}: {bolus}")

    def absent(self, *, present: bool) -> bool:
        """Count whole replies without it; True when it has just been given up."""
        self._without = 0 if present else self._without + 1
        return self._without == _REPLIES_WITHOUT

    def gone(self, offset: int) -> Iterator[Output]:
        """It does not answer any more: what it does is unknown, which matters where it did something."""
        used = self._state in _IN_USE
        self.alarms = (_alarm(self._head, "gone", "removed or out of reach, and it was at work"),) if used else ()
        self._lasting, self._words, self._without, self._checks = {}, [], _REPLIES_WITHOUT, Checks()
        yield PumpTelemetry(offset, PumpStatus(state=PumpState.UNKNOWN, head=self._head))
        yield DeviceNotice(offset, f"pump {self._head}: not in the rack any more")


def _alarm(head: str, code: str, words: str) -> DeviceAlarm:
    return DeviceAlarm(code=f"{head} {code}", text=f"pump {head}: {words}", priority=Priority.MEDIUM)


def _by_pump(said: tuple[f.Record, ...]) -> dict[str, dict[str, str]]:
    """The records by pump; those of the rack and errors apart."""
    pumps: dict[str, dict[str, str]] = {}
    for record in said:
        if record.head != f.RACK and record.name != "GNERR":
            pumps.setdefault(record.head, {})[record.name] = record.value
    return pumps
