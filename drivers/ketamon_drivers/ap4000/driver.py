"""One connection to an AP-4000: what is asked, and what each head does."""

from collections.abc import Iterator

from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality, Reading
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
from ketamon.wire.continuity import RATE_MOVES, Alarms, Same, Smooth, Steady
from ketamon.wire.framing import Segment, Terminated
from ketamon.wire.pace import Pace
from ketamon_drivers.ap4000 import alarms, wire
from ketamon_drivers.ap4000.wire import CONNECT, HEADS, LONGEST_FRAME, NUMBERS, PROTOCOLS, ask_status

PERIOD_NS = 3_000_000_000
"""A question every 3 s, as the public program asks. No shorter interval is known to be safe for the pump."""
_TRIES = 3
_MOST_GROWTH = {Parameter.VOLUME_INFUSED: 2.2, Parameter.VTBI: 0.0}
"""mL between two answers; 2000 mL/h give 2.2 mL in 4 s."""
_LONGEST_QUESTION = 2
_NO_HEAD = ("", "0", wire.NO_VALUE)


class Ap4000:
    """It remembers the system's number, the numbers and names told last, alarms, and what it complained of."""

    def __init__(self) -> None:
        self._segments = Terminated(wire.END, LONGEST_FRAME)
        self._system = ""
        self._mismatch = False
        self._unanswered = 0
        self._pace = Pace(PERIOD_NS)
        self._steady = {(head, parameter): Steady() for head in HEADS for parameter in _MOST_GROWTH}
        self._rates = {head: Smooth() for head in HEADS}
        self._names = {(head, index): Same() for head in HEADS for index in (wire.SERIAL, wire.DRUG)}
        self._alarms = Alarms()
        self._told: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give status, alarms and numbers of both heads from every whole answer."""
        del at
        for segment in self._segments.feed(data):
            yield from self._segment(segment)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask who is there until it is told, then the status, every 3 s."""
        if self._mismatch or not self._pace.due(at):
            return
        if self._unanswered >= _TRIES:
            self._system = ""
        self._unanswered += 1
        yield Send(ask_status(self._system) if self._system else CONNECT)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield Garbage(segment.offset, segment.raw, "the input ended within a message")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A segment is at most one frame, at its end: only the last start character in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start = max(raw.rfind(b"!"), 0)
        fields = wire.unframe(raw[start:]) if segment.ended else None
        if fields is None:
            yield Garbage(offset, raw, "the sum or the form is wrong" if segment.ended else "no end of message")
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a message")
        question = len(fields) <= _LONGEST_QUESTION
        yield Accepted(offset + start, len(raw) - start, f"request {fields[0]}" if question else fields[0])
        if not question and not self._mismatch:
            read = self._connected if fields[0] == "CONNREQ" else self._status
            yield from read(fields, offset + start)

    def _connected(self, fields: list[str], offset: int) -> Iterator[Output]:
        """CONNREQ: version of the protocol, and the system's number; then its software, and the device's clock."""
        protocol, system = fields[1], fields[2]
        if protocol not in PROTOCOLS:
            self._mismatch = True
            yield Mismatch(offset, f"AP-4000 with protocol {protocol}; this driver reads {' and '.join(PROTOCOLS)}")
            return
        self._system, self._unanswered = system, 0
        software = f", software {fields[3]}" if len(fields) == PROTOCOLS["v0.2"] else ""
        yield from self._tell(offset, "system", f"system {system}, protocol {protocol}{software}")

    def _status(self, fields: list[str], offset: int) -> Iterator[Output]:
        """STATREQ: what each head does, and the alarms of both."""
        self._unanswered = 0
        found = list(alarms.groups(fields))
        for head, begin in HEADS.items():
            ended = [group for group in found if group[0] == alarms.END_OF_INFUSION and group[1].endswith(head)]
            own = any(group[1].endswith(head) and group[0] not in alarms.NOTICES for group in found)
            yield from self._head(head, fields[begin:], offset, ended=bool(ended), alarm=own)
        yield DeviceAlarms(offset, self._alarms.standing(*alarms.sure_and_doubtful(found)))
        notes = [alarms.NOTICES[group[0]] for group in found if group[0] in alarms.NOTICES]
        yield from self._tell(offset, "notices", ", ".join(notes))

    def _head(self, head: str, block: list[str], offset: int, *, ended: bool, alarm: bool) -> Iterator[Output]:
        readings = {p: wire.number(p, block[form.offset], head) for p, form in NUMBERS.items()}
        rate = readings[Parameter.RATE].value
        if block[wire.SERIAL].strip() in _NO_HEAD and not rate:
            return
        volume, vtbi = (self._believed(head, p, readings) for p in _MOST_GROWTH)
        remaining = wire.number(Parameter.VTBI, block[wire.REMAINING], head).value
        status = PumpStatus(
            state=_state(rate, volume, ended=ended or (remaining == 0 and bool(vtbi) and bool(volume))),
            rate=self._believed(head, Parameter.RATE, readings),
            volume_infused=volume,
            vtbi=vtbi,
            alarm=alarm,
            drug=self._name(head, block, wire.DRUG),
            serial=self._name(head, block, wire.SERIAL),
            head=head,
        )
        yield PumpTelemetry(offset, status)
        for parameter, reading in readings.items():
            yield Measured(offset, reading)
            what = f"head {head}: {parameter.replace('_', ' ')}"
            text = f"{what} cannot be read: {block[NUMBERS[parameter].offset]!r}"
            yield from self._tell(offset, what, text if reading.quality is Quality.INVALID else "")

    def _believed(self, head: str, parameter: Parameter, readings: dict[Parameter, Reading]) -> float | None:
        """Return a number that follows from the one before; one that does not is left out this time."""
        value = readings[parameter].value
        if value is None:
            return None
        if parameter is Parameter.RATE:
            believed = self._rates[head].believes(value, RATE_MOVES * value)
        else:
            believed = self._steady[head, parameter].believes(value, _MOST_GROWTH[parameter])
        if not believed:
            del readings[parameter]
        return value if believed else None

    def _name(self, head: str, block: list[str], index: int) -> str:
        """Return the serial number or the drug; one that is another than before is left out this time."""
        name = block[index].strip()
        return name if self._names[head, index].believes(name) else ""

    def _tell(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Tell once, and again when it changes."""
        if text and self._told.get(what) != text:
            yield DeviceNotice(offset, text)
        self._told[what] = text


def _state(rate: float | None, volume: float | None, *, ended: bool) -> PumpState:
    if rate is None:
        return PumpState.UNKNOWN
    if rate > 0:
        return PumpState.INFUSING
    if ended:
        return PumpState.ENDED
    if volume is None:
        return PumpState.UNKNOWN
    return PumpState.HELD if volume > 0 else PumpState.READY
