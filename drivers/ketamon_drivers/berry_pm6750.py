"""Berry PM6750 and BM1000 multi-parameter boards: ECG, respiration, SpO2, temperature, and what the cuff found.

The wire
    115200 8N1. Both sides: 55 AA, the number of bytes behind it, a type, data, and the complement of the sum of all
    behind 55 AA.

        55 AA 08 02 18 47 0E 00 01 87       type 02, a second's ECG: status, heart rate, respiratory rate, ST, rhythm
        55 AA 08 03 00 00 73 58 4A DF       03, the cuff: state in bits 2 to 5, pressure / 2, systolic, mean, diastolic
        55 AA 06 04 00 62 48 4B             04, SpO2: state, saturation, pulse
        55 AA 08 05 02 24 06 00 00 C6       05, temperatures: state, then whole and tenth degrees of each probe
        55 AA 0A 01 …                       01, seven leads of the ECG, 250 a second; FE the pleth, FF respiration

What is sent
    Five orders to report, each where its messages do not come, and "which software". The cuff is not started from
    here: of this protocol one source is known, and that is not enough to inflate anything at a patient.

What can mislead
    A sensor's state goes before its numbers: they stand on when it is off. 0 is "none" everywhere, for SpO2 127 and
    for the pulse 255 too. A rhythm is told as the board sees it, and not while a lead is off. The manual gives the
    pleth 40 samples a second, recordings of a real board have 50: 50 is used.

What slips through
    A sum finds every single changed byte; of random damage one in 256 passes, and so do two swapped bytes. A known
    type must have its length, and pressures must stand in their order.

Source: PM6750 technical manual as one public implementation quotes it, which checked it with recordings of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Evidence, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import (
    Accepted,
    AllowList,
    DeviceAlarms,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    Sampled,
    Send,
    Truth,
)
from ketamon.wire.checksums import sum8
from ketamon.wire.framing import Piece
from ketamon.wire.sampling import Gathered, resampled
from ketamon.wire.sized import Sized

_HEAD = b"\x55\xaa"
LONGEST = 64
_SHORTEST = 5


def frame(kind: int, *data: int) -> bytes:
    """Wrap a message of either side."""
    body = bytes([len(data) + 3, kind, *data])
    return _HEAD + body + bytes([~sum8(body) & 0xFF])


_ECG_WAVE, _ECG, _CUFF, _SPO2, _TEMP, _PLETH, _RESP = 0x01, 0x02, 0x03, 0x04, 0x05, 0xFE, 0xFF
_SOFTWARE_VERSION, _HARDWARE_VERSION = 0xFC, 0xFD
ENABLE = {
    _ECG: frame(0x01, 1),
    _SPO2: frame(0x03, 1),
    _TEMP: frame(0x04, 1),
    _PLETH: frame(0xFE, 1),
    _RESP: frame(0xFF, 1),
}
"""The order that brings a type of message, and keeps it coming."""
SOFTWARE = frame(_SOFTWARE_VERSION, 0)
_SILENT_S = 3.0

_BEATS = (0x30, 0x31)
_SIZES = {
    _ECG_WAVE: (7,), _ECG: (3, 4, 5), _CUFF: (5,), _SPO2: (3,), _TEMP: (3, 5), _PLETH: (1,), _RESP: (1,),
    **dict.fromkeys(_BEATS, (0, 1)),
}  # fmt: skip
NAMES = {
    _ECG_WAVE: "ECG wave", _ECG: "ECG", _CUFF: "cuff", _SPO2: "SpO2", _TEMP: "temperature", _PLETH: "pleth",
    _RESP: "respiration", _SOFTWARE_VERSION: "version", _HARDWARE_VERSION: "version", **dict.fromkeys(_BEATS, "beat"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wave:
    """A curve: which byte of its message, how often, and in blocks of how many samples."""

    signal: Signal
    at: int
    rate_hz: int
    block: int
    site: str = ""


WAVES = {
    _ECG_WAVE: Wave(Signal.ECG, 1, 250, 25, "II"),
    _PLETH: Wave(Signal.PLETH, 0, 50, 5),
    _RESP: Wave(Signal.RESP, 0, 50, 5),
}
_MOST_SAMPLE = 250

_WEAK, _LEAD_OFF = 0x01, 0x02
_RHYTHM_AT, _NO_ALARM = 4, (0x00, 0x01)
RHYTHMS = {
    0x02: ("asystole", Priority.HIGH),
    0x03: ("ventricular fibrillation", Priority.HIGH),
    0x04: ("R on T", Priority.MEDIUM),
    0x05: ("several ventricular extrasystoles", Priority.MEDIUM),
    0x06: ("paired ventricular extrasystoles", Priority.MEDIUM),
    0x07: ("ventricular extrasystole", Priority.LOW),
    0x08: ("bigeminy", Priority.MEDIUM),
    0x09: ("trigeminy", Priority.MEDIUM),
    0x0A: ("tachycardia", Priority.MEDIUM),
    0x0B: ("bradycardia", Priority.MEDIUM),
    0x0C: ("missed beat", Priority.LOW),
}
SPO2_STATES = {
    0: "SpO2 in order",
    1: "SpO2 sensor off",
    2: "no finger",
    3: "pulse search",
    4: "pulse search takes long",
}
_SPO2_OFF = (1, 2)
_MEASURED, _MEASURING = 0, 1
CUFF_STATES = {
    _MEASURING: "the cuff measures", 2: "cuff: stopped", 3: "cuff: pressure above 300 mmHg", 4: "cuff: loose",
    5: "cuff: it took too long", 6: "cuff: error", 7: "cuff: disturbed", 8: "cuff: no result", 9: "cuff: begins",
    10: "cuff: ready",
}  # fmt: skip


def number(parameter: Parameter, raw: float, most: float, quality: Quality, site: str = "") -> Reading:
    """Judge a number: 0 is none, above `most` it is an error code, and `quality` is what its sensor allows."""
    if quality is Quality.MISSING or not raw:
        value, quality = None, Quality.MISSING
    elif raw > most:
        value, quality = None, Quality.INVALID
    else:
        value = float(raw)
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, site=site)


def ecg(data: bytes) -> Iterator[Reading]:
    """Heart rate and respiratory rate, both from the electrodes."""
    quality = Quality.QUESTIONABLE if data[0] & _WEAK else Quality.VALID
    quality = Quality.MISSING if data[0] & _LEAD_OFF else quality
    yield number(Parameter.HR, data[1], 250, quality)
    yield number(Parameter.RR, data[2], 250, quality)


def rhythm(data: bytes) -> tuple[DeviceAlarm, ...]:
    """What the board thinks of the rhythm, where it tells one and the leads are on."""
    code = data[_RHYTHM_AT] if len(data) > _RHYTHM_AT and not data[0] & _LEAD_OFF else _NO_ALARM[0]
    if code in _NO_ALARM:
        return ()
    text, priority = RHYTHMS.get(code, ("unknown rhythm", Priority.HIGH))
    return (DeviceAlarm(code=f"rhythm {code:02X}", text=text, priority=priority),)


def oximetry(data: bytes) -> Iterator[Reading]:
    """Saturation and pulse, each with an error code of its own."""
    quality = Quality.VALID if not data[0] else Quality.MISSING if data[0] in _SPO2_OFF else Quality.QUESTIONABLE
    yield number(Parameter.SPO2, data[1], 100, quality)
    yield number(Parameter.PR, data[2], 250, quality)


def temperatures(data: bytes) -> Iterator[Reading]:
    """The probes T1 and T2; bits of the state say which is off."""
    for n in range(len(data) // 2):
        whole, tenth = data[1 + 2 * n : 3 + 2 * n]
        off = data[0] >> n & 1
        most = 50 if tenth < 10 else 0  # noqa: PLR2004 (a tenth is one digit)
        quality = Quality.MISSING if off else Quality.VALID
        yield number(Parameter.TEMP, (whole * 10 + tenth) / 10, most, quality, f"T{n + 1}")


PARSERS: dict[int, Callable[[bytes], Iterator[Reading]]] = {_ECG: ecg, _SPO2: oximetry, _TEMP: temperatures}


class _Cuff:
    """The cuff's last numbers and state: a result is new where the measuring ended, or where the numbers changed."""

    def __init__(self) -> None:
        self._known: bytes | None = None
        self._measured = False  # the message before said that the cuff measures

    def readings(self, data: bytes) -> Iterator[Reading]:
        state, numbers = _cuff_state(data), data[2:]
        new = state == _MEASURED and (self._measured or self._known not in (None, numbers))
        self._measured = state == _MEASURING
        if state == _MEASURED:
            self._known = numbers
        sys, mean, dia = numbers
        ordered = 0 < dia < mean < sys
        for parameter, raw in zip(CUFF, (sys, dia, mean), strict=True):
            unit = PARAMETERS[parameter].unit
            if state == _MEASURED and ordered:
                yield Reading(parameter=parameter, value=float(raw), unit=unit, quality=Quality.VALID, repeated=not new)
            else:
                yield Reading(parameter=parameter, value=None, unit=unit, quality=_no_cuff(state, any(numbers)))


def _cuff_state(data: bytes) -> int:
    return data[0] >> 2 & 15


def _no_cuff(state: int, numbers: bool) -> Quality:
    if state == _MEASURING:
        return Quality.ONGOING
    return Quality.INVALID if numbers or state != _MEASURED else Quality.MISSING


def _size(ahead: bytes) -> int | None:
    if len(ahead) < 3:  # noqa: PLR2004 (head and length)
        return 0 if ahead[1:2] not in (b"", b"\xaa") else None
    return ahead[2] + 2 if ahead[1] == _HEAD[1] and ahead[2] + 2 >= _SHORTEST else 0


def _check(raw: bytes) -> bytes | str:
    """Return the data of a frame, or the reason why it is none."""
    if ~sum8(raw[2:-1]) & 0xFF != raw[-1]:
        return "the checksum is wrong"
    sizes = _SIZES.get(raw[3])
    return raw[4:-1] if sizes is None or len(raw) - _SHORTEST in sizes else "the length is not that of its type"


class BerryPm6750:
    """One connection to a board."""

    def __init__(self) -> None:
        self._frames = Sized(_HEAD[:1], LONGEST, _size, _check)
        self._waves = {kind: Gathered(wave.block) for kind, wave in WAVES.items()}
        self._cuff = _Cuff()
        self._said: dict[str, str] = {}
        self._leads_off = False
        self._asked = False
        self._heard: dict[int, Instant] = {}  # the last message of a type, or its order

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the numbers of each message, and its curves in blocks."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Order what does not come, one thing at a time; once, ask for the software."""
        if not self._asked:
            self._asked = True
            yield Send(SOFTWARE)
            return
        for kind, order in ENABLE.items():
            last = self._heard.get(kind)
            if last is None or at.since(last) >= _SILENT_S:
                self._heard[kind] = at
                yield Send(order)
                return

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            for gathered in self._waves.values():
                gathered.gap()
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        kind, data, offset = piece.raw[3], piece.content, piece.offset
        self._heard[kind] = at
        yield Accepted(offset, len(piece.raw), NAMES.get(kind, f"type {kind:02X}"))
        if kind in WAVES:
            yield from self._sample(offset, kind, data)
            return
        readings = self._cuff.readings(data) if kind == _CUFF else PARSERS[kind](data) if kind in PARSERS else ()
        for reading in readings:
            yield Measured(offset, reading)
        if kind == _ECG:
            self._leads_off = bool(data[0] & _LEAD_OFF)
            yield DeviceAlarms(offset, rhythm(data))
        yield from self._tell(offset, kind, data)

    def _sample(self, offset: int, kind: int, data: bytes) -> Iterator[Output]:
        wave, raw = WAVES[kind], data[WAVES[kind].at]
        none = raw > _MOST_SAMPLE or (self._leads_off and kind != _PLETH)
        block = self._waves[kind].add(None if none else raw)
        if block:
            yield Sampled(offset, SampleBlock(signal=wave.signal, rate_hz=wave.rate_hz, samples=block, site=wave.site))

    def _tell(self, offset: int, kind: int, data: bytes) -> Iterator[Output]:
        """Put a state into words where it is news."""
        text = _words(kind, data)
        if text and self._said.get(NAMES[kind], _QUIET.get(kind)) != text:
            yield DeviceNotice(offset, text)
        if text:
            self._said[NAMES[kind]] = text


_QUIET = {_SPO2: SPO2_STATES[0], _ECG: "leads on", _CUFF: "cuff in order"}
"""What is no news at the beginning."""


def _words(kind: int, data: bytes) -> str:
    match NAMES.get(kind):
        case "SpO2":
            return SPO2_STATES.get(data[0], f"SpO2 state {data[0]:02X}")
        case "ECG":
            return "lead off" if data[0] & _LEAD_OFF else "weak ECG" if data[0] & _WEAK else _QUIET[_ECG]
        case "cuff":
            state = _cuff_state(data)
            return _QUIET[_CUFF] if state == _MEASURED else CUFF_STATES.get(state, f"cuff state {state}")
        case "version":
            text = "".join(chr(byte) for byte in data if 0x20 <= byte < 0x7F)  # noqa: PLR2004 (printable)
            return f"version {text.strip()}"
        case _:
            return ""


class BerrySimulator:
    """A board that reports what it was ordered to report, and the cuff in any case."""

    def __init__(self) -> None:
        self._heard = Sized(_HEAD[:1], LONGEST, _size, _check)
        self._on: set[int] = set()

    def receive(self, data: bytes) -> bytes:
        """Take orders to report; the answer to "which software" comes at once."""
        answers = b""
        for piece in self._heard.feed(data):
            if piece.raw == SOFTWARE:
                answers += frame(_SOFTWARE_VERSION, *b"V1.0 simulated")
            elif piece.raw in ENABLE.values():
                self._on.add(piece.raw[3])
        return answers

    def advance(self, truth: Truth) -> bytes:
        """Give this second: the numbers, then the curves."""
        said = b"".join(frame(kind, *data) for order, kind, data in _numbers(truth) if order in (*self._on, 0))
        for order, kind in ((0x01, _ECG_WAVE), (0xFE, _PLETH), (0xFF, _RESP)):
            wave = WAVES[kind]
            if order in self._on:
                samples = resampled(truth.waves.get(wave.signal, (0.5,)), wave.rate_hz)
                said += b"".join(frame(kind, *[round(250 * s)] * _SIZES[kind][0]) for s in samples)
        return said


def _numbers(truth: Truth) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """A second's messages: the order that brings them (0: none), type, data."""
    hr, rr, spo2, pr, temp, *cuff = (
        truth.values.get(p) for p in (Parameter.HR, Parameter.RR, Parameter.SPO2, Parameter.PR, Parameter.TEMP, *CUFF)
    )
    yield 0x01, _ECG, (0x18 | (_LEAD_OFF if hr is None else 0), round(hr or 0), round(rr or 0), 0, 1)
    yield (
        0x03,
        _SPO2,
        (2 if spo2 is None else 0, 127 if spo2 is None else round(spo2), 255 if pr is None else round(pr)),
    )
    yield 0x04, _TEMP, (3 if temp is None else 2, *divmod(round((temp or 0) * 10), 10), 0, 0)
    sys, dia, mean = (0 if value is None or truth.cuff_age_s is None else round(value) for value in cuff)
    state, numbers = (_MEASURING, (0, 0, 0)) if truth.cuff_measuring else (_MEASURED, (sys, mean, dia))
    yield 0, _CUFF, (state << 2, 60 if truth.cuff_measuring else 0, *numbers)


SPEC = DriverSpec(
    id="berry-pm6750",
    vendor="Berry Medical",
    model="PM6750 and BM1000 multi-parameter boards",
    label="Berry",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=115200),
    parameters=(Parameter.HR, Parameter.RR, *CUFF, Parameter.SPO2, Parameter.PR, Parameter.TEMP),
    signals=tuple(wave.signal for wave in WAVES.values()),
    quiet_after_s=4.0,
    interval_s=1.0,
    max_buffer=Sized.held(LONGEST),
    document="PM6750 technical manual, as a public implementation quotes it",
    make=BerryPm6750,
    simulate=BerrySimulator,
    allow_list=AllowList(frozenset({*ENABLE.values(), SOFTWARE})),
    probe=(SOFTWARE,),
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="the cuff is started at the board's own host, not from here; of its alarms only rhythms are known",
)
