"""The conversation with a pump, or listening to that of another host, and what the answers mean."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
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
from ketamon.wire.framing import Flagged, Piece
from ketamon_drivers.dianet_star import frames as f

PERIOD_NS = 1_000_000_000
_ANSWER_NS = 2_000_000_000
FRESH_S = 15.0
"""How long a volume from ACTUAL or TARGET counts beside a newer STATUS."""


def reading(parameter: Parameter, head: str, raw: int, form: f.Field, *, told: bool = True) -> Reading:
    """Make a reading of a number; it has no value where it is out of range or not what the parameter means."""
    value, quality = f.number(raw, form), Quality.VALID
    if value is None:
        quality = Quality.MISSING
    elif value > form.most or not told:
        value, quality = None, Quality.INVALID
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, site=head)


def alarms_of(bits: int, head: str) -> Iterator[DeviceAlarm]:
    """Give the alarms that stand; a bit that nobody explained is raw and of high priority."""
    about = f"pump {head}: " if head else ""
    for bit in range(32):
        if bits >> bit & 1:
            text, priority = f.ALARMS.get(bit, (f"unknown alarm, bit {bit}", Priority.HIGH))
            yield DeviceAlarm(code=f"{head} bit {bit}".strip(), text=about + text, priority=priority)


def state_of(bits: int, alarms: int, infused: float | None) -> PumpState:
    """What the pump does. Standing without its own word for it is "held", and "ready" before the first drop."""
    if bits == f.UNSET:
        return PumpState.UNKNOWN
    for some, state in f.STATES:
        if any(bits >> bit & 1 for bit in some):
            return state
    if alarms != f.UNSET and alarms & f.ENDED:
        return PumpState.ENDED
    return PumpState.READY if bits & f.READY and infused == 0 else PumpState.HELD


@dataclass(slots=True)
class Known:
    """What was told of one pump."""

    serial: str = ""
    drug: str = ""
    volumes: dict[Parameter, tuple[float | None, Instant]] = field(default_factory=dict)
    actual: list[str] = field(default_factory=list)
    target: bytes = b""
    alarms: tuple[DeviceAlarm, ...] = ()

    def volume(self, parameter: Parameter, at: Instant) -> float | None:
        """A volume that was told a moment ago, None where that is too long ago."""
        value, told = self.volumes.get(parameter, (None, at))
        return value if at.since(told) <= FRESH_S else None


class DianetStar:
    """One connection. It remembers its question, and of each pump on the line what was told."""

    def __init__(self) -> None:
        self._frames = Flagged(f.FLAG, f.LONGEST_BODY, f.unframe)
        self._questions = cycle((f.STATUS, f.ACTUAL, f.STATUS, f.TARGET))
        self._asked = 0
        self._asked_ns = 0
        self._due_ns: int | None = None
        self._identified = self._listens = self._mismatch = False
        self._pumps: dict[int, Known] = {}
        self._refusals: dict[int, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give status, alarms and numbers of every whole answer."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask one question a second, unless there is another host or another device."""
        now = at.monotonic_ns
        if self._listens or self._mismatch or (self._due_ns is not None and now < self._due_ns):
            return
        if self._asked and now - self._asked_ns < _ANSWER_NS:
            return
        self._asked = next(self._questions) if self._identified else f.IDENT
        self._asked_ns, self._due_ns = now, now + PERIOD_NS
        yield Send(f.REQUESTS[self._asked])

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        content, size = piece.content, len(piece.raw)
        name = f.name_of(content) if content else ""
        if content is None or not name:
            yield Garbage(piece.offset, piece.raw, piece.reason or "the layout is unknown")
            return
        yield Accepted(piece.offset, size, name)
        address, segment, *rest = content
        self._listens = self._listens or address != f.NO_ADDRESS
        if rest and segment == self._asked:
            self._asked = 0
        if self._mismatch or not rest:
            return
        if rest[0] == f.NAK:
            yield from self._refused(piece.offset, segment, rest[1])
            return
        read = _READERS.get(segment)
        if read:
            self._refusals.pop(segment, None)
            yield from read(self, piece.offset, address, content[3:], at)

    def _refused(self, offset: int, segment: int, error: int) -> Iterator[Output]:
        text = f"{f.SEGMENTS[segment]} refused: {f.ERRORS.get(error, 'unknown error')} ({error:02X})"
        if self._refusals.get(segment) != text:
            yield DeviceNotice(offset, text)
        self._refusals[segment] = text

    def identity(self, offset: int, address: int, data: bytes, at: Instant) -> Iterator[Output]:
        """IDENT: which pump it is."""
        del at
        whole, protocol, software, _ = f.IDENTITY_LAYOUT.unpack(data)
        model, serial = whole >> f.SERIAL_BITS, whole & (1 << f.SERIAL_BITS) - 1
        if protocol != f.PROTOCOL or model not in f.MODELS:
            self._mismatch = True
            yield Mismatch(offset, f"a DIANET device of type {model} with protocol {protocol:04X}")
            return
        self._identified = True
        if self._known(address).serial == str(serial):
            return
        self._known(address).serial = str(serial)
        text = _shown(software)
        yield DeviceNotice(offset, f"{f.MODELS[model]}, serial number {serial}, software {text}")

    def status(self, offset: int, address: int, data: bytes, at: Instant) -> Iterator[Output]:
        """STATUS: what the pump does, with the volumes told a moment ago."""
        _, alarms, bits, rate, _, _ = f.STATUS_LAYOUT.unpack(data)
        known, head = self._known(address), _head(address)
        infused = known.volume(Parameter.VOLUME_INFUSED, at)
        flow = reading(Parameter.RATE, head, rate, f.RATE, told=bits == f.UNSET or not bits & f.NOT_AT_THE_RATE)
        yield PumpTelemetry(
            offset,
            PumpStatus(
                state=state_of(bits, alarms, infused),
                rate=flow.value,
                volume_infused=infused,
                vtbi=known.volume(Parameter.VTBI, at),
                alarm=None if alarms == f.UNSET else bool(alarms),
                drug=known.drug,
                serial=known.serial,
                head=head,
            ),
        )
        yield Measured(offset, flow)
        if alarms != f.UNSET:
            known.alarms = tuple(alarms_of(alarms, head))
            yield DeviceAlarms(offset, tuple(alarm for pump in self._pumps.values() for alarm in pump.alarms))

    def actual(self, offset: int, address: int, data: bytes, at: Instant) -> Iterator[Output]:
        """ACTUAL: what was given so far."""
        raw, known = f.ACTUAL_LAYOUT.unpack(data), self._known(address)
        volume = reading(Parameter.VOLUME_INFUSED, _head(address), raw[f.INFUSED], f.ACTUAL_FIELDS[f.INFUSED])
        known.volumes[Parameter.VOLUME_INFUSED] = (volume.value, at)
        known.actual = f.words(f.ACTUAL_FIELDS, raw)
        yield Measured(offset, volume)

    def target(self, offset: int, address: int, data: bytes, at: Instant) -> Iterator[Output]:
        """TARGET: what people set; told in words when it changes, with the actual values of that moment."""
        *raw, drug = f.TARGET_LAYOUT.unpack(data)
        known, head = self._known(address), _head(address)
        volume = reading(Parameter.VTBI, head, raw[f.VOLUME], f.TARGET_FIELDS[f.VOLUME])
        known.volumes[Parameter.VTBI] = (volume.value, at)
        known.drug = "" if not drug.strip(b"\xff\0 ") else _shown(drug)
        yield Measured(offset, volume)
        if data != known.target:
            known.target = data
            about = f"pump {head} is set to " if head else "set to "
            yield DeviceNotice(offset, about + ", ".join(f.words(f.TARGET_FIELDS, tuple(raw)) + known.actual))

    def _known(self, address: int) -> Known:
        return self._pumps.setdefault(address, Known())


_READERS = {
    f.IDENT: DianetStar.identity,
    f.STATUS: DianetStar.status,
    f.ACTUAL: DianetStar.actual,
    f.TARGET: DianetStar.target,
}


def _head(address: int) -> str:
    """The address as its letter, "" for a pump that has none."""
    if address == f.NO_ADDRESS:
        return ""
    return chr(address) if chr(address).isascii() and chr(address).isalnum() else f"{address:02X}"


def _shown(text: bytes) -> str:
    letters = text.decode("latin-1").strip(" \0")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in letters)
