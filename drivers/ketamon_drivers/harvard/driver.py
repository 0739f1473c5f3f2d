"""One connection to a pump: what it is asked, what its prompts say, and its numbers."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain, cycle

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Output, PumpTelemetry, Send
from ketamon.wire.continuity import Known
from ketamon.wire.framing import Piece
from ketamon.wire.pace import Pace
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
    read,
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
    prompt: (DeviceAlarm(code=prompt, text=text, priority=priority),)
    for prompt, text, priority in (
        ("*", "stalled or interrupted", Priority.HIGH),
        ("T*", "target reached", Priority.MEDIUM),
        (">*", "limit switch, infusing", Priority.HIGH),
        ("<*", "limit switch, withdrawing", Priority.HIGH),
    )
}


class Harvard:
    """It remembers the last prompts, and each number for as long as it is known."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._read = lru_cache(maxsize=8)(partial(read, dialect))  # a pump mostly says what it said before
        self._frames = Sized(STARTS, LONGEST, dialect.size, bytes)
        self._questions = chain(ONCE, cycle(AGAIN))
        self._pace = Pace(PERIOD_NS)
        self._end = -1  # where the last answer ended
        self._before = self._prompt = ""
        self._rate, self._volume = Known(LOST_S), Known(LOST_S)
        self._told: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give what each whole answer tells."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask one question a second; one that stays without an answer waits for its next turn."""
        if not self._pace.due(at):
            return
        yield Send(self._dialect.questions[next(self._questions)])

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def _piece(self, piece: Piece, at: Instant) -> Iterable[Output]:
        if piece.content in (None, XON, AMENDS):
            return self._beside(piece, at)
        self._end = piece.offset + len(piece.raw)
        return (Accepted(piece.offset, len(piece.raw), "answer"), *self._answer(piece.offset, piece.raw, at))

    def _beside(self, piece: Piece, at: Instant) -> Iterator[Output]:
        """Take what is no answer; right behind one, XON and a star may stand."""
        follows = piece.offset == self._end
        if piece.content == XON and follows:
            yield Accepted(piece.offset, 1, "XON")
        elif piece.content == AMENDS and follows and self._prompt in _MOVES:
            yield Accepted(piece.offset, 1, "limit switch")
            self._prompt += "*"
            self._end += 1
            yield from self._telling(None, piece.offset, at)
        else:
            yield Garbage(piece.offset, piece.raw, piece.reason or "it follows no answer")

    def _answer(self, offset: int, raw: bytes, at: Instant) -> Iterable[Output]:
        """Only what answers one of the questions tells something; a prompt alone does not."""
        said = self._read(raw)
        if said.amount is None and not said.version:
            return self._tell(offset, "error", said.text if said.is_error else None)
        self._before, self._prompt = self._prompt, said.prompt
        if said.amount is not None:
            return self._number(said.amount, said.text, offset, at)
        return (*self._tell(offset, "version", said.version), *self._telling(None, offset, at))

    def _number(self, told: Amount, line: str, offset: int, at: Instant) -> Iterable[Output]:
        parameter = Parameter.RATE if told.per_time else Parameter.VOLUME_INFUSED
        if told.value is None or told.value > LIMITS[parameter]:
            words = f"{parameter.replace('_', ' ')} cannot be read: {line!r}"
            return (Measured(offset, _reading(parameter, None, Quality.INVALID)), *self._tell(offset, parameter, words))
        return self._telling(parameter, offset, at) if self._counts(told, at) else ()

    def _counts(self, told: Amount, at: Instant) -> bool:
        """Take a number. A volume may grow by what the pump gives meanwhile, a rate stays as it is."""
        if told.per_time:
            return self._rate.take(told.value, at)
        return self._volume.take(told.value, at, grows=self._rate.get(at) or 0.0, step=told.step)

    def _telling(self, parameter: Parameter | None, offset: int, at: Instant) -> Iterable[Output]:
        """Tell what an answer says, if its prompt is told the second time."""
        prompt = self._prompt
        if prompt != self._before:
            return ()
        rate, volume = self._flow(at), self._volume.get(at)
        told: list[Output] = [
            PumpTelemetry(offset, _status(prompt, rate, volume)),
            DeviceAlarms(offset, ALARMS.get(prompt, ())),
        ]
        if parameter is not None:
            value = rate if parameter is Parameter.RATE else volume
            quality = Quality.MISSING if value is None else Quality.VALID
            told.append(Measured(offset, _reading(parameter, value, quality)))
            told += self._tell(offset, parameter, "")
        told += self._tell(offset, "state", "pump withdraws" if prompt == _WITHDRAWS else "")
        return told

    def _flow(self, at: Instant) -> float | None:
        """How fast it infuses, mL/h: as set while it does, 0 while it stands, None while it withdraws."""
        if self._prompt == ">":
            return self._rate.get(at)
        return None if self._prompt == _WITHDRAWS else 0.0

    def _tell(self, offset: int, what: str, text: str | None) -> tuple[DeviceNotice, ...]:
        """Tell once, and again when it changes; None is "no news"."""
        if text is None or text == self._told.get(what, ""):
            return ()
        self._told[what] = text
        return (DeviceNotice(offset, text),) if text else ()


# Statuses and readings say the same again and again, and cannot be changed: one object of each will do.
@lru_cache(maxsize=256)
def _status(prompt: str, rate: float | None, volume: float | None) -> PumpStatus:
    state = STATES.get(prompt, PumpState.UNKNOWN)
    return PumpStatus(
        state=PumpState.HELD if state is PumpState.READY and volume else state,
        rate=rate,
        volume_infused=volume,
        alarm=prompt in ALARMS,
    )


@lru_cache(maxsize=256)
def _reading(parameter: Parameter, value: float | None, quality: Quality) -> Reading:
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)
