"""The driver for a base and its modules."""

import re
from collections.abc import Iterator

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Output, PumpTelemetry, Send
from ketamon.wire.continuity import Flow, Steady
from ketamon.wire.scanning import Cut, Scanner
from ketamon_drivers.base_primea.line import ACK, DC4, ENQ, FRAME, REFUSAL, look, unframe
from ketamon_drivers.base_primea.session import (
    AFTER,
    ANSWER_S,
    BASE,
    BASE_LOST,
    BASE_QUESTIONS,
    CONNECTING_S,
    ERRORS,
    EVENTS_TAKEN,
    MODULE_LOST,
    MODULE_QUESTIONS,
    MODULES,
    MOST_OWED,
    PERIOD_S,
    REQUESTS,
    SUBSCRIBED,
    TRIES,
    Stage,
)

_MESSAGE = re.compile(
    r"(\d?)(?:I;?(?P<error>[0-9A-F]{2})|(?P<kind>[CEM])(?:;(?P<told>.*))?|(?P<asked>[A-Z]{2})(?:;.*)?)", re.ASCII
)
_VARIABLE = re.compile(r"([a-z])([0-9A-F]{1,8})")


SCALES = {"d": (Parameter.RATE, 0.1, 1500.0), "r": (Parameter.VOLUME_INFUSED, 0.001, 10000.0)}
"""Variables that are numbers: parameter, value of one step, and what the number cannot exceed."""


class Module:
    """What is remembered of one module; `alarms` is None until it told its alarm bits."""

    def __init__(self) -> None:
        self.stage = Stage.CLOSED
        self.state = PumpState.UNKNOWN
        self.alarms: int | None = None
        self.flow = Flow(SCALES["r"][1])
        self.counted: Instant | None = None
        self._variables = {letter: Steady() for letter in SUBSCRIBED}

    def believes(self, told: dict[str, int], at: Instant) -> bool:
        """Whether all variables of a frame follow from what was told before: the volume grows as a pump can."""
        grown = 0.0
        if "r" in told:
            _, step, _ = SCALES["r"]
            since = 0.0 if self.counted is None else max(0.0, at.since(self.counted))
            grown, self.counted = since * SCALES["d"][2] / 3600 / step + 1, at
        known = [self._variables[k].believes(v, grown if k == "r" else 0) for k, v in told.items() if k in SUBSCRIBED]
        return all(known) and all(told[k] * step <= high for k, (_, step, high) in SCALES.items() if k in told)


class BasePrimea:
    """One connection to a base. It remembers the session, its modules, and what it owes to the line."""

    def __init__(self) -> None:
        self._line = Scanner(look)
        self._base = Stage.CLOSED
        self._present = Steady()
        self._modules: dict[str, Module] = {}
        self._gone: dict[str, DeviceAlarm] = {}
        self._alarms: tuple[DeviceAlarm, ...] | None = None
        self._asked = ""
        self._asked_at: Instant | None = None
        self._due: Instant | None = None
        self._turn = 0
        self._unanswered = 0
        self._enquired = False
        self._owed = 0
        self._events: set[str] = set()
        self._complaints: set[str] = set()

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the status, alarms and numbers of the modules from every whole frame."""
        self._enquired |= ENQ in data
        for piece in self._line.feed(data):
            yield from self._piece(piece, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._line.flush():
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Say that the host is alive, acknowledge what came, and ask the next question when it is time."""
        if self._enquired:
            yield Send(DC4)
        yield from (Send(ACK) for _ in range(min(self._owed, MOST_OWED)))
        yield from (Send(EVENTS_TAKEN[event]) for event in sorted(self._events))
        self._enquired, self._owed, self._events = False, 0, set()
        if self._due is not None and at.since(self._due) < 0:
            return
        if self._asked and self._asked_at is not None and 0 <= at.since(self._asked_at) < ANSWER_S:
            return
        self._unanswered = self._unanswered + 1 if self._asked else 0
        if self._unanswered >= TRIES:
            self._close()
        self._asked, self._asked_at, self._due = self._question(), at, at.plus(PERIOD_S)
        yield Send(REQUESTS[self._asked])

    def _question(self) -> str:
        """The base first, then base and modules in turn."""
        addresses = [BASE, *self._modules] if self._base is Stage.OPEN else [BASE]
        self._turn = (self._turn + 1) % len(addresses)
        address = addresses[self._turn]
        if address == BASE:
            return BASE + BASE_QUESTIONS[self._base]
        return address + MODULE_QUESTIONS[self._modules[address].stage]

    def _close(self) -> None:
        """The session is lost; what is known of the modules stays, to compare with."""
        self._base, self._unanswered = Stage.CLOSED, 0
        for module in self._modules.values():
            module.stage = Stage.CLOSED

    def _piece(self, piece: Cut, at: Instant) -> Iterator[Output]:
        if not piece.name:
            yield Garbage(piece.offset, piece.raw, "the checksum or the form is wrong")
        elif piece.name == FRAME:
            yield from self._message(piece, at)
        else:
            yield Accepted(piece.offset, len(piece.raw), piece.name)
        if piece.name == REFUSAL:
            yield from self._complain(piece.offset, f"the base refused a frame, reason {chr(piece.raw[1])}")

    def _message(self, piece: Cut, at: Instant) -> Iterator[Output]:
        match, offset = _MESSAGE.fullmatch(unframe(piece.raw) or ""), piece.offset
        told = variables(match["told"]) if match and match["told"] is not None else {}
        if match is None or (told is None and match["kind"] != "C"):
            yield Garbage(offset, piece.raw, "the layout is unknown")
            return
        origin, kind, error = match[1], match["kind"], match["error"]
        yield Accepted(offset, len(piece.raw), _name(match))
        if match["asked"] or (kind != "C" and not error and match["told"] is None):
            return  # a host's question or acknowledgement
        self._owed += 1
        if error:
            yield from self._refused(offset, origin, error)
            return
        if kind == "C":
            self._answered(origin, at)
        else:
            self._events.add(origin + kind)
        if origin == BASE and told and "b" in told:
            yield from self._census(offset, told["b"])
        elif origin in self._modules and told:
            yield from self._report(offset, origin, told, at)

    def _answered(self, origin: str, at: Instant) -> None:
        """The question in flight is answered: its stage is reached."""
        if not self._asked.startswith(origin) or not origin:
            return
        stage = AFTER.get(self._asked[1:])
        if stage and origin == BASE:
            self._base, self._due = stage, at.plus(CONNECTING_S)
        elif stage and origin in self._modules:
            self._modules[origin].stage = stage
        self._asked, self._unanswered = "", 0

    def _refused(self, offset: int, origin: str, error: str) -> Iterator[Output]:
        """A lost session is opened anew; a module that takes no subscription is asked all the same."""
        question = self._asked[1:] if origin and self._asked.startswith(origin) else ""
        if error == BASE_LOST:
            self._close()
        elif origin in self._modules:
            module = self._modules[origin]
            if error in MODULE_LOST:
                module.stage = Stage.CLOSED
            elif AFTER.get(question) is Stage.SUBSCRIBED:
                module.stage = Stage.SUBSCRIBED
        if question:
            self._asked, self._unanswered = "", 0
        what = f"{_named(origin)} refused {question or 'a frame'}: {ERRORS.get(error, 'unknown reason')} ({error})"
        yield from self._complain(offset, what)

    def _census(self, offset: int, bits: int) -> Iterator[Output]:
        """Which modules there are, bit 0 for module 1; a change is believed when it is told twice."""
        if bits >> len(MODULES) or not self._present.believes(bits):
            return
        there = [module for n, module in enumerate(MODULES) if bits >> n & 1]
        for name in there:
            if name not in self._modules:
                self._modules[name] = Module()
                self._gone.pop(name, None)
                yield DeviceNotice(offset, f"module {name} is there")
        for name in [name for name in self._modules if name not in there]:
            module = self._modules.pop(name)
            yield DeviceNotice(offset, f"module {name} is gone")
            yield PumpTelemetry(offset, PumpStatus(state=PumpState.UNKNOWN, head=name))
            if module.alarms or (module.counted is not None and module.state is not PumpState.HELD):
                text = f"module {name} is gone, and it was not standing still"
                self._gone[name] = DeviceAlarm(code=f"{name} gone", text=text, priority=Priority.HIGH)
        self._modules = dict(sorted(self._modules.items()))
        yield from self._alarmed(offset)

    def _report(self, offset: int, name: str, told: dict[str, int], at: Instant) -> Iterator[Output]:
        """Numbers and alarm bits of a module. Where a part of a frame is in doubt, no number of it counts."""
        module = self._modules[name]
        if told.get("a"):
            module.alarms = told["a"]
        sure = module.believes(told, at)
        if sure and "a" in told:
            module.alarms = told["a"]
        values = {p: round(told[letter] * step, 3) for letter, (p, step, _) in SCALES.items() if letter in told}
        yield from (Measured(offset, reading(p, value if sure else None, name)) for p, value in values.items())
        if sure and len(values) == len(SCALES):
            rate, volume = values[Parameter.RATE], values[Parameter.VOLUME_INFUSED]
            module.state = module.flow.state(rate, volume, at)
            alarm = True if module.alarms else None
            status = PumpStatus(state=module.state, rate=rate, volume_infused=volume, alarm=alarm, head=name)
            yield PumpTelemetry(offset, status)
        yield from self._alarmed(offset)
        if sure and "m" in told:
            yield from self._complain(offset, f"module {name} is in mode {told['m']:X}, its meaning is not known")

    def _alarmed(self, offset: int) -> Iterator[Output]:
        """All alarms of all modules, when they change. "None" is said when each module has said so."""
        raw = (_raw(name, module.alarms) for name, module in self._modules.items() if module.alarms)
        alarms = (*self._gone.values(), *raw)
        known = bool(alarms) or all(module.alarms is not None for module in self._modules.values())
        if known and alarms != self._alarms:
            self._alarms = alarms
            yield DeviceAlarms(offset, alarms)

    def _complain(self, offset: int, text: str) -> Iterator[Output]:
        """Tell of something once."""
        if text not in self._complaints:
            self._complaints.add(text)
            yield DeviceNotice(offset, text)


def variables(text: str) -> dict[str, int] | None:
    """Read `d1F40;r00C350`; None where it is anything else, or a letter comes twice."""
    found = [_VARIABLE.fullmatch(part) for part in text.split(";")]
    pairs = {match[1]: int(match[2], 16) for match in found if match}
    return pairs if len(pairs) == len(found) else None


def reading(parameter: Parameter, value: float | None, module: str) -> Reading:
    """Give a number of a module its unit; one in doubt has no value."""
    quality = Quality.INVALID if value is None else Quality.VALID
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, site=module)


def _raw(name: str, bits: int) -> DeviceAlarm:
    text = f"module {name} alarm, meaning of bits {bits:X} not known"
    return DeviceAlarm(code=f"{name} a{bits:X}", text=text, priority=Priority.HIGH)


def _named(origin: str) -> str:
    return "the base" if origin in {"", BASE} else f"module {origin}"


def _name(match: re.Match[str]) -> str:
    if match["asked"]:
        return f"request {match['asked']}"
    if match["error"]:
        return "refused"
    return "answer" if match["kind"] == "C" else "acknowledged" if match["told"] is None else "event"
