"""The driver for a Zyno pump."""

from collections.abc import Iterator

from ketamon.domain.devices import DeviceAlarm, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Output, PumpTelemetry, Send
from ketamon.wire.continuity import Steady
from ketamon.wire.framing import Segment, Terminated
from ketamon_drivers.zyno import events, wire
from ketamon_drivers.zyno.log import Log

PERIOD_S, ANSWER_S = 0.25, 1.0
ML_PER_HOUR = frozenset({"ML/HR", "ML/H"})
RUNS, BOLUS_RUNS = "TRUE", "1"
HIGHEST = {Parameter.RATE: 1500.0, Parameter.VOLUME_INFUSED: 10000.0, Parameter.VTBI: 10000.0}
_VOLUMES = {wire.INFUSED: Parameter.VOLUME_INFUSED, wire.VTBI: Parameter.VTBI}
_STEP_ML = 0.01
_SLACK = 1.25
"""How much faster than its rate a volume may seem to grow: the pump reads its clock at other moments than we do."""
_MOTOR_BIT = 0x4
_NOTICES = {wire.SERIAL: "serial number", wire.FIRMWARE: "firmware"}


class Zyno:
    """One connection to a pump. It remembers the answers of this round of questions, and the log."""

    def __init__(self, checksum: wire.Checksum) -> None:
        self._checksum = checksum
        self._segments = Terminated(wire.ETX, wire.LONGEST)
        self._questions = [*wire.CYCLE[::-1], *wire.ONCE[::-1]]
        self._asked = ""
        self._asked_at: Instant | None = None
        self._asked_record = False
        self._round: dict[str, str] = {}
        self._values: dict[Parameter, float | None] = {}
        self._steady = {parameter: Steady() for parameter in HIGHEST}
        self._counted: Instant | None = None
        self._log = Log()
        self._alarms: tuple[DeviceAlarm, ...] | None = None
        self._complaints: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give status, numbers and alarms from every whole answer."""
        for segment in self._segments.feed(data):
            yield from self._segment(segment, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask the next question when the last one is answered, or was not for a second."""
        if self._asked_at is not None:
            wait = ANSWER_S if self._asked else PERIOD_S
            if 0 <= at.since(self._asked_at) < wait - 1e-6:
                return
        self._asked, self._asked_at = self._question(), at
        yield Send(wire.frame(self._asked, self._checksum))

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield Garbage(segment.offset, segment.raw, "the input ended within a message")

    def _question(self) -> str:
        """Round after round; while records of the log are wanted, every other question is for one."""
        self._asked_record = not self._asked_record and self._log.wanted is not None
        if self._asked_record:
            return wire.record(self._log.ask())
        if not self._questions:
            self._questions = list(wire.CYCLE[::-1])
        question = self._questions.pop()
        if question == wire.CYCLE[0]:
            self._round, self._values = {}, {}
        return question

    def _segment(self, segment: Segment, at: Instant) -> Iterator[Output]:
        """A segment is at most one frame, at its end: only the last start character in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start = max(raw.rfind(wire.STX), 0)
        text = wire.unframe(raw[start:], self._checksum) if segment.ended else None
        found = wire.identify(text) if text is not None else None
        if found is None:
            reason = "the layout is unknown" if text is not None else "the checksum or the form is wrong"
            yield Garbage(offset, raw, reason if segment.ended else "no end of message")
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a message")
        question, answer = found
        yield Accepted(offset + start, len(raw) - start, question or f"request {answer}")
        if question:
            if self._asked[: len(question)] == question:
                self._asked = ""
            yield from self._answer(offset + start, question, answer, at)

    def _answer(self, offset: int, question: str, answer: str, at: Instant) -> Iterator[Output]:
        self._round[question] = answer
        match question:
            case wire.RATE:
                yield from self._measured(offset, Parameter.RATE, self._rate(answer), at)
            case wire.INFUSED | wire.VTBI:
                value = None if answer == wire.ERROR else round(int(answer, 16) * _STEP_ML, 2)
                yield from self._measured(offset, _VOLUMES[question], value, at)
            case wire.BOLUS:
                text = "a bolus runs, its rate is not told" if answer == BOLUS_RUNS else ""
                yield from self._complain(offset, "bolus", text)
            case wire.RUN:
                if all(question in self._round for question in wire.STATUS) and self._values.keys() == HIGHEST.keys():
                    yield PumpTelemetry(offset, self._status(answer))
                self._round, self._values = {}, {}
            case wire.LOG:
                self._log.reaches(int(answer[:8], 16), int(answer[8:], 16))
                yield from self._alarmed(offset)
            case wire.RECORD:
                yield from self._record(offset, int(answer[:8], 16), bytes.fromhex(answer[8:]))
            case wire.SERIAL | wire.FIRMWARE:
                yield from self._complain(offset, question, f"{_NOTICES[question]} {answer}")

    def _rate(self, answer: str) -> float | None:
        """The rate, where its unit is mL/h and no bolus hides it."""
        unit, bolus = self._round.get(wire.RATE_UNIT, ""), self._round.get(wire.BOLUS)
        if unit.upper() not in ML_PER_HOUR or bolus == BOLUS_RUNS:
            return None
        return float(answer.replace(",", "."))

    def _measured(self, offset: int, parameter: Parameter, value: float | None, at: Instant) -> Iterator[Output]:
        """Tell a number; one that cannot be, or jumps without being told again, has no value and makes no status."""
        believed = value is None or self._believes(parameter, value, at)
        if believed:
            self._values[parameter] = value
        told, quality = (value, Quality.VALID) if believed else (None, Quality.INVALID)
        if value is None:
            quality = Quality.INVALID if parameter is Parameter.RATE else Quality.MISSING
        unit = PARAMETERS[parameter].unit
        yield Measured(offset, Reading(parameter=parameter, value=told, unit=unit, quality=quality))

    def _believes(self, parameter: Parameter, value: float, at: Instant) -> bool:
        grown = 0.0
        if parameter is Parameter.VOLUME_INFUSED:
            since = 0.0 if self._counted is None else max(0.0, at.since(self._counted))
            rate = self._values.get(Parameter.RATE)
            grown = since * (HIGHEST[Parameter.RATE] if rate is None else rate * _SLACK) / 3600 + 2 * _STEP_ML
            self._counted = at
        return self._steady[parameter].believes(value, grown) and value <= HIGHEST[parameter]

    def _status(self, runs: str) -> PumpStatus:
        """What the pump does: it says itself whether it runs. One that stands gives nothing, whatever rate is set."""
        rate = self._values[Parameter.RATE]
        motor = int(self._round.get("S9", "0")[0], 16) & _MOTOR_BIT
        if runs == RUNS:
            state = PumpState.INFUSING
        elif motor:
            state, rate = PumpState.UNKNOWN, None
        else:
            state, rate = PumpState.ENDED if events.CASSETTE_EMPTY in self._log.alarms else PumpState.HELD, 0.0
        return PumpStatus(
            state=state,
            rate=rate,
            volume_infused=self._values[Parameter.VOLUME_INFUSED],
            vtbi=self._values[Parameter.VTBI],
            alarm=True if self._log.alarms else None,
            serial=self._round[wire.SERIAL],
        )

    def _record(self, offset: int, index: int, raw: bytes) -> Iterator[Output]:
        record = self._log.told(index, raw)
        if record is not None:
            yield DeviceNotice(offset, f"log {record.code}: {record.text}")
        yield from self._alarmed(offset)

    def _alarmed(self, offset: int) -> Iterator[Output]:
        """All alarms that stand after the records that were read, when they change."""
        alarms = tuple(self._log.alarms[kind] for kind in sorted(self._log.alarms))
        if self._log.up_to_date and alarms != self._alarms:
            self._alarms = alarms
            yield DeviceAlarms(offset, alarms)

    def _complain(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Tell once of something, and again when it changes."""
        if text and self._complaints.get(what) != text:
            yield DeviceNotice(offset, text)
        self._complaints[what] = text
