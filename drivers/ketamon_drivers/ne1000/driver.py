"""The line with the pumps on it: whom to ask what, and what the answers say."""

from collections import deque
from collections.abc import Iterator
from itertools import chain

from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Output, PumpTelemetry, Send
from ketamon.wire.framing import Piece
from ketamon.wire.pace import Pace
from ketamon.wire.sized import Sized
from ketamon_drivers.ne1000.pump import LOST_S, MOVES_OTHERWISE, Pump
from ketamon_drivers.ne1000.wire import (
    ADDRESSES,
    AGAIN,
    LONGEST,
    ONCE,
    REQUESTS,
    START,
    Answer,
    Form,
    form_of,
    parse,
    size,
    unframe,
)

PERIOD_NS = 500_000_000
"""A question each half second: the pump answers within milliseconds, and gives up a packet with a longer gap in it."""
_Question = tuple[int, str]
_FORMS_TRIED = (Form.BASIC, Form.BASIC, Form.SAFE)
"""A pump in basic mode takes a packet of safe mode for the begin of a line; the first basic question ends that."""


class Ne1000:
    """One line with one or more pumps. `form` is the mode that they speak, None to find it out."""

    def __init__(self, form: Form | None = None) -> None:
        self._frames = Sized(START, LONGEST, size, unframe)
        self._wanted = form
        self._form = form
        self._pumps: dict[int, Pump] = {}
        self._questions: deque[tuple[Form | None, _Question]] = deque()
        self._tried = ADDRESSES[-1]
        self._asked: _Question | None = None
        self._pace = Pace(PERIOD_NS)
        self._heard: Instant | None = None
        self._complaints: dict[tuple[int, str], str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give what each whole answer tells of its pump."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask one question each half second; one that stays without an answer waits for its next turn."""
        if not self._pace.due(at):
            return
        if self._heard is not None and at.since(self._heard) > LOST_S:
            self._form = self._wanted
        if not self._questions:
            self._questions.extend(self._round())
        form, self._asked = self._questions.popleft()
        yield Send(REQUESTS[form or self._form or Form.BASIC][self._asked])

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def _round(self) -> Iterator[tuple[Form | None, _Question]]:
        """Give all questions to the pumps that are there, then one to an address where none is."""
        there = [] if self._form is None else [a for a, pump in sorted(self._pumps.items()) if pump.status]
        for address in there:
            for verb in AGAIN:
                yield None, (address, verb)
        others = [address for address in ADDRESSES if address not in there]
        if others:
            self._tried = min(others, key=lambda address: (address - self._tried - 1) % len(ADDRESSES))
            for form in _FORMS_TRIED if self._form is None else (self._form,):
                yield form, (self._tried, ONCE)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        answer = parse(piece.content) if piece.content is not None else None
        if answer is None:
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        form = form_of(piece.raw)
        yield Accepted(piece.offset, len(piece.raw), form)
        self._form, self._heard = self._wanted or form, at
        if answer.address not in self._pumps:
            self._pumps[answer.address] = Pump(answer.address)
        pump = self._pumps[answer.address]
        pump.heard = at
        if answer.alarm:
            pump.alarmed(answer.alarm)  # at once, whatever the mode: the pump has forgotten it now
            yield self._alarms(piece.offset)
        else:
            yield from self._status(pump, answer, piece.offset, at, sure=form is Form.SAFE)
        yield from self._lost(piece.offset, at)

    def _status(self, pump: Pump, answer: Answer, offset: int, at: Instant, *, sure: bool) -> Iterator[Output]:
        parameter = answer.parameter
        if parameter is None and answer.written and self._asked is not None and self._asked[0] == answer.address:
            parameter = AGAIN.get(self._asked[1])
        follows = parameter is None or pump.take(parameter, answer.value, answer.step, at, sure=sure)
        counts = pump.confirms(answer.status, sure=sure)
        if answer.written and answer.value is None:
            yield from self._unreadable(pump, parameter, answer.written, offset)
        elif counts and follows:
            yield from self._telling(pump, parameter, answer, offset, at)

    def _unreadable(self, pump: Pump, parameter: Parameter | None, text: str, offset: int) -> Iterator[Output]:
        if parameter is not None:
            yield Measured(offset, _reading(parameter, None, pump))
        yield from self._tell(offset, pump, parameter or "number", text, "{} cannot be read: {!r}")

    def _telling(
        self, pump: Pump, parameter: Parameter | None, answer: Answer, offset: int, at: Instant
    ) -> Iterator[Output]:
        """Tell what an answer says that counts."""
        yield PumpTelemetry(offset, pump.report(at))
        yield self._alarms(offset)
        if parameter is not None:
            value = pump.flow(at) if parameter is Parameter.RATE else pump.known(parameter, at)
            yield Measured(offset, _reading(parameter, value, pump))
            yield from self._tell(offset, pump, parameter, "", "")
        yield from self._tell(offset, pump, "status", MOVES_OTHERWISE.get(answer.status, ""), "pump {1}")
        yield from self._tell(offset, pump, "version", answer.version or None, "model and firmware {1}")
        yield from self._tell(offset, pump, "error", answer.error or None, "the pump does not answer: {1}")

    def _alarms(self, offset: int) -> DeviceAlarms:
        return DeviceAlarms(offset, tuple(chain.from_iterable(pump.alarms.values() for pump in self._pumps.values())))

    def _lost(self, offset: int, at: Instant) -> Iterator[Output]:
        """Tell of a pump that fell silent while others on the line answer; its alarms stand on."""
        for pump in self._pumps.values():
            if pump.status and pump.heard is not None and at.since(pump.heard) > LOST_S:
                pump.status = pump.said = ""
                status = PumpStatus(state=PumpState.UNKNOWN, alarm=bool(pump.alarms), head=pump.head)
                yield PumpTelemetry(offset, status)
                yield DeviceNotice(offset, f"no answer any more{pump.named}")

    def _tell(self, offset: int, pump: Pump, what: str, text: str | None, words: str) -> Iterator[Output]:
        """Tell once, and again when it changes; None is "no news"."""
        if text is None:
            return
        if text and self._complaints.get((pump.address, what)) != text:
            yield DeviceNotice(offset, words.format(what.replace("_", " "), text) + pump.named)
        self._complaints[pump.address, what] = text


def _reading(parameter: Parameter, value: float | None, pump: Pump) -> Reading:
    """Put a number in form. A volume of 0 is no target."""
    quality = Quality.INVALID if value is None else Quality.VALID
    if parameter is Parameter.VTBI and value == 0:
        value, quality = None, Quality.MISSING
    unit = PARAMETERS[parameter].unit
    return Reading(parameter=parameter, value=value, unit=unit, quality=quality, site=pump.head)
