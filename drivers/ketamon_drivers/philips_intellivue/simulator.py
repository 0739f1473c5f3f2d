"""The monitor's end of the wire: one association, and answers to polls out of a `Truth`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import Struct

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Truth
from ketamon.wire.sampling import resampled
from ketamon_drivers.philips_intellivue import alarms, driver, numerics, userinfo, waves
from ketamon_drivers.philips_intellivue.pdus import (
    CONFIRMED_EVENT,
    ERROR,
    EXTENDED,
    FIRST,
    INVOKE,
    LAST,
    LINKED,
    MDS,
    MDS_CREATE,
    MIDDLE,
    RESULT,
    SINGLE,
    TICKS_PER_SECOND,
    Attributes,
    Other,
    Session,
    action,
    listed,
    message,
    read,
    written,
)
from ketamon_drivers.philips_intellivue.requests import ALERTS, KEEP_ALIVE, NUMERICS, WAVES
from ketamon_drivers.philips_intellivue.wires import Wire

_U16, _U32, _PAIR, _TRIPLE = Struct(">H"), Struct(">I"), Struct(">HH"), Struct(">HHH")
_REQUEST = Struct(">4sHHHHH6sIHHHHHH")
_PERIOD_AT = _REQUEST.size + 8
_HANDLE, _TYPE, _ID_LABEL = 0x0921, 0x092F, 0x0924
_TIMEOUT_S, _PRESENT_EVERY_S = 10, 3
_NO_SUCH_ACTION, _ACCESS_DENIED = 9, 2
_PART = 4  # objects in one message
_NO_NUMBER = 0x007FFFFF

RELEASED = bytes.fromhex("0a18c11661803080020101a08063808001000000000000000000")
REFUSE = bytes.fromhex("0c03110103")
ABORT = bytes.fromhex("1903110103")
_ACCEPT = bytes.fromhex(
    "0ece05081301001601028000"
    "14020002c1be"
    "3180a0808001010000a280a003000001a580308080010081025101000030808001"
    "00810c2a8648ce14020100000002010000000061803080020101a0806180a18006"
    "0c2a8648ce14020100000003010000a203020100a305a103020100be8028800201"
    "028148"
)
_ACCEPT_END = bytes(16)


@dataclass(frozen=True, slots=True)
class _Number:
    handle: int
    label: str
    unit: int
    physio: tuple[tuple[int, Parameter], ...]


NUMBERS = (
    _Number(0x82CF, "HR", 0x0AA0, ((0x4182, Parameter.HR),)),
    _Number(0x82D6, "RR", 0x0AE0, ((0x500A, Parameter.RR),)),
    _Number(0x8272, "NBP", 0x0F20, tuple(zip((0x4A05, 0x4A06, 0x4A07), CUFF, strict=True))),
    _Number(0x8400, "SpO₂", 0x0220, ((0x4BB8, Parameter.SPO2),)),
    _Number(0x8406, "Pulse", 0x0AA0, ((0x4822, Parameter.PR),)),
    _Number(0x840A, "Perf", 0x0200, ((0x4BB0, Parameter.PI),)),
    _Number(0x8500, "etCO₂", 0x0F20, ((0x50B0, Parameter.ETCO2),)),
    _Number(0x8504, "imCO₂", 0x0F20, ((0x50BA, Parameter.FICO2),)),
    _Number(0x8510, "Temp", 0x17A0, ((0x4B48, Parameter.TEMP),)),
)


@dataclass(frozen=True, slots=True)
class _Wave:
    """`span`: the values of the lowest and the highest sample, as FLOATs; NaN for no scale. `most`: the highest."""

    signal: Signal
    handle: int
    label: str
    physio: int
    period: int
    size: int
    most: int
    unit: int
    span: tuple[int, int]


_NO_SCALE = (_NO_NUMBER, _NO_NUMBER)
WAVES_SHOWN = (
    _Wave(Signal.ECG, 0x02CA, "ECG", 0x0102, 32, 64, 0x3FFF, 0x10B2, (0xFEFFF000, 0xFD009FFB)),
    _Wave(Signal.PLETH, 0x0402, "Pleth", 0x4BB4, 64, 32, 0x0FFF, 0x0200, _NO_SCALE),
    _Wave(Signal.RESP, 0x0410, "Resp", 0x5000, 128, 16, 0x0FFF, 0x0000, _NO_SCALE),
    _Wave(Signal.CO2, 0x0420, "CO₂", 0x50AC, 64, 32, 0x0FFF, 0x0F20, (0x00000000, 0x00000064)),
)
_ECG_MIDDLE, _ECG_MILLIVOLT = 8192, 200


class IntellivueSimulator:
    """A monitor with one association; it answers polls, gives up on a host that is silent, and obeys nothing else."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._truth: Truth | None = None
        self._ticks = 0
        self._associated = self._presented = False
        self._silent_s = 0
        self._polls: dict[int, tuple[int, int]] = {}  # class: when it lapses, sequence
        self._samples: dict[int, list[int]] = {}
        self._described = 0

    def receive(self, data: bytes) -> bytes:
        """Take what the host sent; answer it."""
        pdus = [pdu for piece in self._wire.feed(data) if piece.content for pdu in self._answer(piece.content)]
        return b"".join(map(self._wire.wrap, pdus))

    def advance(self, truth: Truth) -> bytes:
        """Give this second's results of the polls that run."""
        self._truth = truth
        self._ticks += TICKS_PER_SECOND
        self._silent_s += 1
        for wave in WAVES_SHOWN:
            self._sample(wave, truth)
        pdus: list[bytes] = []
        if self._associated and self._silent_s >= _TIMEOUT_S:
            self._end()
            pdus = [ABORT]
        elif self._presented:
            pdus = [pdu for kind in list(self._polls) for pdu in self._due(kind, truth)]
        elif self._associated and self._silent_s % _PRESENT_EVERY_S == 0:
            pdus = [_presentation(truth, self._ticks)]
        return b"".join(map(self._wire.wrap, pdus))

    def _answer(self, pdu: bytes) -> Iterator[bytes]:
        heard = read(pdu)
        truth = self._truth
        if isinstance(heard, Session):
            yield from self._session(heard.name, truth)
        elif self._associated and truth is not None:
            self._silent_s = 0
            if heard == Other("event result"):
                self._presented = True
            elif heard == Other("action request") and self._presented and len(pdu) >= _REQUEST.size:
                yield from self._poll(pdu, truth)
            elif heard in {Other("get request"), Other("set request")} and self._presented:
                invoke, command = _PAIR.unpack_from(pdu, 8)
                del command
                yield message(ERROR, invoke, _ACCESS_DENIED, b"")

    def _session(self, name: str, truth: Truth | None) -> Iterator[bytes]:
        if name == "associate" and truth is not None:
            if self._associated:
                yield REFUSE
                return
            self._associated, self._silent_s = True, 0
            yield _ACCEPT + _user_info() + _ACCEPT_END
            yield _presentation(truth, self._ticks)
        elif name in {"release", "abort"}:
            self._end()
            yield from [RELEASED] if name == "release" else []

    def _end(self) -> None:
        self._associated = self._presented = False
        self._polls.clear()

    def _poll(self, pdu: bytes, truth: Truth) -> Iterator[bytes]:
        invoke = _REQUEST.unpack_from(pdu)[3]
        code, _, number, _, kind, group = _REQUEST.unpack_from(pdu)[-6:]
        poll = next((p for p in (NUMERICS, WAVES, ALERTS) if (p.kind, p.group) == (kind, group)), None)
        if poll and code == EXTENDED:
            (period,) = _U32.unpack_from(pdu, _PERIOD_AT)
            self._polls[kind] = (self._ticks + period, 0)
            yield action(RESULT, invoke, EXTENDED, self._head(number, 0, kind, group) + listed([]))
        elif poll and code == SINGLE and poll is not WAVES:
            objects = _numbers(truth) if poll is NUMERICS else _alerts(truth)
            yield from self._result(invoke, SINGLE, self._head(number, None, kind, group), objects)
        elif code == SINGLE and (kind, group) == (KEEP_ALIVE.kind, KEEP_ALIVE.group):
            static = _object(0x8001, ((_HANDLE, _U16.pack(0x8001)), (_TYPE, _PAIR.pack(1, kind))))
            yield from self._result(invoke, SINGLE, self._head(number, None, kind, group), [static])
        else:
            yield message(ERROR, invoke, _NO_SUCH_ACTION, b"")

    def _due(self, kind: int, truth: Truth) -> Iterator[bytes]:
        until, sequence = self._polls[kind]
        if self._ticks > until:
            del self._polls[kind]
            return
        poll = next(p for p in (NUMERICS, WAVES, ALERTS) if p.kind == kind)
        results = list(self._arrays()) if poll is WAVES else [_numbers(truth) if poll is NUMERICS else _alerts(truth)]
        for objects in results:
            sequence = sequence % 0xFFFF + 1
            head = self._head(poll.number, sequence, poll.kind, poll.group)
            yield from self._result(poll.invoke, EXTENDED, head, objects)
        self._polls[kind] = (until, sequence)

    def _head(self, number: int, sequence: int | None, kind: int, group: int) -> bytes:
        counted = b"" if sequence is None else _U16.pack(sequence)
        return _U16.pack(number) + counted + _U32.pack(self._ticks) + b"\xff" * 8 + _TRIPLE.pack(1, kind, group)

    def _result(self, invoke: int, code: int, head: bytes, objects: list[bytes]) -> Iterator[bytes]:
        """One message, or linked ones with an empty one at their end where the objects do not fit into one."""
        parts = [objects[at : at + _PART] for at in range(0, len(objects), _PART)]
        if len(parts) < 2:  # noqa: PLR2004 (nothing to link)
            yield action(RESULT, invoke, code, head + _contexts(objects))
            return
        for count, part in enumerate(parts, 1):
            state = FIRST if count == 1 else LAST if count == len(parts) else MIDDLE
            yield action(LINKED, invoke, code, head + _contexts(part), (state, count))
        yield action(RESULT, invoke, code, head + listed([]))

    def _sample(self, wave: _Wave, truth: Truth) -> None:
        """Take this second's samples; arrays of 256 ms do not fill a second, so some wait for the next."""
        waiting = self._samples.setdefault(wave.handle, [])
        del waiting[: -wave.size]
        levels = resampled(truth.waves.get(wave.signal, ()), TICKS_PER_SECOND // wave.period)
        # The 1 of a CO2 wave is the end-tidal value, the most that the monitor writes 100 mmHg.
        full = (truth.values.get(Parameter.ETCO2) or 0.0) / 100 if wave.signal is Signal.CO2 else 1.0
        waiting += [_raw(wave, full * level) for level in levels]

    def _arrays(self) -> Iterator[list[bytes]]:
        """Give one array of each waveform that is connected, as often as all of them have one; one is described."""
        connected = [wave for wave in WAVES_SHOWN if self._samples[wave.handle]]
        while connected and all(len(self._samples[wave.handle]) >= wave.size for wave in connected):
            self._described = (self._described + 1) % len(connected)
            yield [
                _array(wave, self._samples[wave.handle], described=n == self._described)
                for n, wave in enumerate(connected)
            ]


def _user_info() -> bytes:
    profile = Struct(">IIIIII").pack(0x80000000, 4000, 996, 996, 0xFFFFFFFF, 0x60000000)
    extended = written(((0xF001, Struct(">II").pack(0x8E000000, 0)),))
    versions = Struct(">5I").pack(userinfo.PROTOCOL, userinfo.NOMENCLATURE, 0, 0x00800000, 0x80000000)
    return versions + written(()) + written(((0x0001, profile + extended),))


def _presentation(truth: Truth, ticks: int) -> bytes:
    words = b"".join(_U16.pack(len(word)) + word for word in (b"Philips\0", b"M8000\0"))
    attributes = written(
        (
            (driver.MODEL, words),
            (driver.NOMENCLATURE, _U32.pack(0x00010000)),
            (driver.OPERATING_MODE, _U16.pack(0x4000)),
            (driver.DATE, _date(truth.wall)),
            (driver.TICKS, _U32.pack(ticks)),
        )
    )
    body = _TRIPLE.pack(MDS, 0, 0) + attributes
    origin = _TRIPLE.pack(MDS, 0, 0) + _U32.pack(ticks)
    return message(INVOKE, 1, CONFIRMED_EVENT, origin + _PAIR.pack(MDS_CREATE, len(body)) + body)


def _date(date: datetime) -> bytes:
    return bytes.fromhex(f"{date:%Y%m%d%H%M%S}00")


def _contexts(objects: list[bytes]) -> bytes:
    body = b"".join(objects)
    return listed([_TRIPLE.pack(1, len(objects), len(body)) + body] if objects else [])


def _object(handle: int, attributes: Attributes) -> bytes:
    return _U16.pack(handle) + written(attributes)


def _named(handle: int, kind: int, label: str, physio: int) -> Attributes:
    text = f"{label:<6}\0".encode("utf-16-be")
    return (
        (_HANDLE, _U16.pack(handle)),
        (_TYPE, _PAIR.pack(1, kind)),
        (_ID_LABEL, _U32.pack(0x20000 | physio)),
        (numerics.LABEL, _U16.pack(len(text)) + text),
    )


def _numbers(truth: Truth) -> list[bytes]:
    """Write each number that the patient is connected for."""
    objects = []
    for row in NUMBERS:
        known = [(physio, truth.values[p]) for physio, p in row.physio if p in truth.values]
        cuff = row.physio[0][1] in CUFF
        if not known:
            continue
        if cuff and truth.cuff_age_s is None:
            known = [(physio, None) for physio, _ in known]
        state = numerics.MEASURING if cuff and truth.cuff_measuring else 0
        missing = numerics.UNAVAILABLE if cuff else numerics.INVALID
        values = [_item(physio, value, row.unit, state, missing) for physio, value in known]
        told: Attributes = ((numerics.NUMERICS_LIST, listed(values)),) if cuff else ((numerics.NUMERIC, values[0]),)
        if cuff and truth.cuff_age_s is not None:
            told = ((numerics.MEASURED_AT, _date(truth.wall - timedelta(seconds=truth.cuff_age_s))), *told)
        objects.append(_object(row.handle, (*_named(row.handle, NUMERICS.kind, row.label, row.physio[0][0]), *told)))
    return objects


def _item(physio: int, value: float | None, unit: int, state: int, missing: int) -> bytes:
    raw = _NO_NUMBER if value is None else 0xFE << 24 | round(value * 100) & 0xFFFFFF
    return Struct(">HHHI").pack(physio, missing if value is None else state, unit, raw)


def _alerts(truth: Truth) -> list[bytes]:
    """Write both lists; a sensor of the oximeter that is off is a technical alarm."""
    technical = []
    if Parameter.SPO2 in truth.values and truth.values[Parameter.SPO2] is None:
        text = "SpO₂ SENSOR OFF\0".encode("utf-16-be")
        info = alarms.INFO.pack(1, 0, 0, 0) + _U16.pack(len(text)) + text
        head = alarms.ENTRY.pack(0x4BB8, 308, 0x0001, 0, _TRIPLE.pack(6, 1, 0x8400), alarms.WITH_TEXT, len(info))
        technical.append(head + info)
    lists = ((alarms.PATIENT, listed([])), (alarms.TECHNICAL, listed(technical)))
    return [_object(0x8001, lists)]


def _raw(wave: _Wave, level: float) -> int:
    if wave.signal is Signal.ECG:
        return _ECG_MIDDLE + round((2 * level - 1) * _ECG_MILLIVOLT)
    return round(level * wave.most)


def _array(wave: _Wave, waiting: list[int], *, described: bool) -> bytes:
    data = b"".join(map(_U16.pack, waiting[: wave.size]))
    del waiting[: wave.size]
    told: Attributes = ((waves.SAMPLES, _TRIPLE.pack(wave.physio, 0, len(data)) + data),)
    if described:
        form = Struct(">HBBH").pack(wave.size, 16, wave.most.bit_length(), 0x3000)
        context = (
            *_named(wave.handle, WAVES.kind, wave.label, wave.physio),
            (waves.FORM, form),
            (waves.PERIOD, _U32.pack(wave.period)),
            (waves.UNIT, _U16.pack(wave.unit)),
            (waves.RANGE, Struct(">IIHH").pack(*wave.span, 0, wave.most)),
        )
        told = (*context, *told)
    return _object(wave.handle, told)
