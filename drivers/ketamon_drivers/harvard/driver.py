"""One connection to a pump: what it is asked, what its prompts say, and its numbers."""

from collections.abc import Iterator
from itertools import chain, cycle

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Output, PumpTelemetry, Send
from ketamon.wire.continuity import Known
from ketamon.wire.framing import Piece
from ketamon.wire.sized import Sized
from ketamon_drivers.harvard.wire import (
    AGAIN,
    AMENDS,
    LIMITS,
    LONGEST,
    ONCE,
    STARTS,
    XON,
    Amount,
    Dialect,
    amount,
    is_error,
    version,
)

PERIOD_NS = 1_000_000_000
"""A question a second: some of these pumps take a good part of it to answer."""
LOST_S = 15.0
"""A number that was not heard of for so long is not known any more."""

STATES = {
    ":": PumpState.READY,
    ">": PumpState.INFUSING,
    "*": PumpState.HELD,
    "T*": PumpState.ENDED,
    ">*": PumpState.HELD,
    "<*": PumpState.HELD,
    "/": PumpState.HELD,
    "^": PumpState.HELD,
}
_WITHDRAWS = "<"
_MOVES = (">", _WITHDRAWS)
ALARMS = {
    "*": ("stalled or interrupted", Priority.HIGH),
    "T*": ("target reached", Priority.MEDIUM),
    ">*": ("limit switch, infusing", Priority.HIGH),
    "<*": ("limit switch, withdrawing", Priority.HIGH),
}


class Harvard:
    """It remembers the last prompts, and each number for as long as it is known."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._frames = Sized(STARTS, LONGEST, dialect.size, bytes)
        self._questions = chain(ONCE, cycle(AGAIN))
        self._due_ns: int | None = None
        self._end = -1  # where the last answer ended
        self._before = self._prompt = ""
        self._numbers = {parameter: Known(LOST_S) for parameter in LIMITS}
        self._told: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give what each whole answer tells."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask one question a second; one that stays without an answer waits for its next turn."""
        now = at.monotonic_ns
        if self._due_ns is not None and now < self._due_ns:
            return
        on_time = self._due_ns is not None and now - self._due_ns < PERIOD_NS
        self._due_ns = (self._due_ns if on_time and self._due_ns is not None else now) + PERIOD_NS
        yield Send(self._dialect.questions[next(self._questions)])

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        follows = piece.offset == self._end
        if piece.content == XON and follows:
            yield Accepted(piece.offset, 1, "XON")
        elif piece.content == AMENDS and follows and self._prompt in _MOVES:
            yield Accepted(piece.offset, 1, "limit switch")
            self._prompt += "*"
            self._end += 1
            yield from self._telling(None, piece.offset, at)
        elif piece.content is None or piece.content in (XON, AMENDS):
            yield Garbage(piece.offset, piece.raw, piece.reason or "it follows no answer")
        else:
            self._end = piece.offset + len(piece.raw)
            yield Accepted(piece.offset, len(piece.raw), "answer")
            yield from self._answer(piece, at)

    def _answer(self, piece: Piece, at: Instant) -> Iterator[Output]:
        """Only what answers one of the questions tells something; a prompt alone does not."""
        lines, offset = self._dialect.lines(piece.raw), piece.offset
        told = amount(lines[0]) if len(lines) == 1 else None
        software = version(lines)
        if told is None and not software:
            yield from self._tell(offset, "error", ", ".join(lines) if is_error(lines) else None)
            return
        self._before, self._prompt = self._prompt, self._dialect.prompt(piece.raw)
        if told is None:
            yield from self._tell(offset, "version", software)
            yield from self._telling(None, offset, at)
        else:
            parameter = Parameter.RATE if told.per_time else Parameter.VOLUME_INFUSED
            yield from self._number(parameter, told, lines[0], offset, at)

    def _number(self, parameter: Parameter, told: Amount, line: str, offset: int, at: Instant) -> Iterator[Output]:
        if told.value is None or told.value > LIMITS[parameter]:
            yield Measured(offset, _reading(parameter, None, Quality.INVALID))
            yield from self._tell(offset, parameter, f"{parameter.replace('_', ' ')} cannot be read: {line!r}")
        elif self._counts(parameter, told, at):
            yield from self._telling(parameter, offset, at)

    def _counts(self, parameter: Parameter, told: Amount, at: Instant) -> bool:
        """Take a number. A volume may grow by what the pump gives meanwhile, a rate stays as it is."""
        counted = parameter is Parameter.VOLUME_INFUSED
        grows, step = (self._numbers[Parameter.RATE].get(at) or 0.0, told.step) if counted else (0.0, 0.0)
        return self._numbers[parameter].take(told.value, at, grows=grows, step=step)

    def _telling(self, parameter: Parameter | None, offset: int, at: Instant) -> Iterator[Output]:
        """Tell what an answer says, if its prompt is told the second time."""
        if self._prompt != self._before:
            return
        yield PumpTelemetry(offset, self._status(at))
        text, priority = ALARMS.get(self._prompt, ("", Priority.HIGH))
        alarm = (DeviceAlarm(code=self._prompt, text=text, priority=priority),) if text else ()
        yield DeviceAlarms(offset, alarm)
        if parameter is not None:
            value = self._flow(at) if parameter is Parameter.RATE else self._numbers[parameter].get(at)
            yield Measured(offset, _reading(parameter, value, Quality.MISSING if value is None else Quality.VALID))
            yield from self._tell(offset, parameter, "")
        yield from self._tell(offset, "state", "pump withdraws" if self._prompt == _WITHDRAWS else "")

    def _flow(self, at: Instant) -> float | None:
        """How fast it infuses, mL/h: as set while it does, 0 while it stands, None while it withdraws."""
        if self._prompt == ">":
            return self._numbers[Parameter.RATE].get(at)
        return None if self._prompt == _WITHDRAWS else 0.0

    def _status(self, at: Instant) -> PumpStatus:
        volume = self._numbers[Parameter.VOLUME_INFUSED].get(at)
        state = STATES.get(self._prompt, PumpState.UNKNOWN)
        return PumpStatus(
            state=PumpState.HELD if state is PumpState.READY and volume else state,
            rate=self._flow(at),
            volume_infused=volume,
            alarm=self._prompt in ALARMS,
        )

    def _tell(self, offset: int, what: str, text: str | None) -> Iterator[Output]:
        """Tell once, and again when it changes; None is "no news"."""
        if text is None:
            return
        if text and self._told.get(what) != text:
            yield DeviceNotice(offset, text)
        self._told[what] = text


def _reading(parameter: Parameter, value: float | None, quality: Quality) -> Reading:
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)
