"""Respironics Capnostat 5 and LoFlo CO2 modules, and the compatible UN-600 and Comen ones.

The wire
    19200 8N1. A command byte (80 or more), the number of bytes that follow, data of 7 bits, a checksum of 7 bits: the
    whole adds up to 0 modulo 128. Both directions look the same.

        80 07 06 24 5C 02 03 01 6D      one of a hundred packets a second once asked for: count, CO2 as
        |  |  |  |     |  |     |       (128 × 24 + 5C - 1000) / 100, and one slow datum: its index (DPI) 02, etCO2
        |  |  count CO2 DPI data sum    as (128 × 03 + 01) / 10; DPI 01 is the status, 03 the rate, 04 inspired CO2

What is sent
    "Who are you", "which unit", and "send packets", again where none came for 2 s. Never sent: zeroing (82), reset
    (F8), stop, and any setting; but the variant "760" tells a module that asks for it 760 mmHg and room air, which
    are the documented examples. A module that asks and is not told gives no value here: what it needs is the
    barometric pressure of the place, and no default is right everywhere.

What can mislead
    No number is believed before the module said that it counts in mmHg; in kPa or percent it is not read at all.
    Numbers are as good as the last status says; before the first one they are questionable. 0 is "none", also for
    inspired CO2, and -0.10 is no sample. Zeroing is for the host that owns the module: "zero required" is an alarm.

What slips through
    The sum finds every single changed byte; of random damage one in 128 passes, and so do two swapped bytes. Numbers
    beyond the sensor's range have no value, which a swap in them nearly always makes them.

Source: two public implementations that agree on the frames, CO2, etCO2 and the status (a ventilator's, and one for the
UN-600; the units and their numbers stand in the first one only); the ventilator's manual for 100 packets a second.
"""

from collections.abc import Iterator
from functools import partial

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Evidence, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.units import Unit
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
    Mismatch,
    Output,
    Sampled,
    Send,
    Truth,
    Variant,
)
from ketamon.wire.framing import Piece
from ketamon.wire.sampling import Gathered, resampled
from ketamon.wire.sized import Sized

_PACKET, _SETTING, _REFUSED, _REVISION = 0x80, 0x84, 0xC8, 0xCA
_STARTS = bytes([_PACKET, 0x82, _SETTING, _REFUSED, 0xC9, _REVISION, 0xCB, 0xCC, 0xF8])
LONGEST = 64
RATE_HZ = 100
_BLOCK = 10


def frame(command: int, *data: int) -> bytes:
    """Wrap a message of either side."""
    raw = bytes([command, len(data) + 1, *data])
    return raw + bytes([-sum(raw) & 0x7F])


START = frame(_PACKET, 0x00)
UNITS = frame(_SETTING, 0x07)
REVISION = frame(_REVISION, 0x00)
BARO_760 = frame(_SETTING, 0x01, 760 // 128, 760 % 128)
ROOM_AIR = frame(_SETTING, 0x0B, 16, 0, 0, 0)
"""16 % oxygen, balance room air, no agent."""

_ISB_BARO, _ISB_UNITS = 0x01, 0x07
_OTHER_UNITS = {1: "kPa", 2: "percent"}
_STATUS, _PUMP = 1, 7
_DATA_SIZES = {_STATUS: 5, 2: 2, 3: 2, 4: 2}
NUMBERS = {2: (Parameter.ETCO2, 10, 150.0), 3: (Parameter.RR, 1, 150.0), 4: (Parameter.FICO2, 10, 150.0)}
"""By DPI: the parameter, in which part of its unit it comes, and the most the sensor measures."""
_SHORTEST, _LONGEST_DATUM = 3, 5
_NO_SAMPLE, _ZERO, _FULL = 990, 1000, 16000

_NO_BREATHS = 0x40
_BAD_BITS, _DOUBTFUL_BITS = 0x0A, 0x25
"""Of the first status byte: tube off, out of range; CO2 negative, last zeroing bad, and one that nobody explained."""
_NOT_SET, _DOUBTFUL_BITS_2 = 0x10, 0x63
"""Of the second: pressure and gas compensation not set; temperature not normal, and two that nobody explained."""
_NEEDS_SETTINGS = 3
_CALIBRATING = {5: "zeroing goes on", 6: "the sensor warms up"}
CODES = {
    1: ("sensor too hot", Priority.MEDIUM),
    2: ("sensor faulty", Priority.MEDIUM),
    _NEEDS_SETTINGS: ("barometric pressure and gas compensation not set", Priority.MEDIUM),
    4: ("sensor asleep", Priority.LOW),
    7: ("zero required", Priority.MEDIUM),
    8: ("CO2 out of range", Priority.MEDIUM),
    9: ("check airway adapter", Priority.MEDIUM),
    10: ("check sampling line", Priority.MEDIUM),
}
_PUMP_BITS = {1: "tube disconnected", 2: "pump past its life", 4: "tube occluded", 8: "pump off"}

_ASK_AGAIN_S, _PAUSE_S, _SETTINGS_AGAIN_S = 2.0, 0.5, 10.0


def _size(ahead: bytes) -> int | None:
    """Everything behind a command byte is below 80, so a frame that was cut short shows at once."""
    if len(ahead) < 2:  # noqa: PLR2004 (command and length)
        return None
    size = ahead[1] + 2
    return size if _SHORTEST <= size <= LONGEST and max(ahead[1:size]) <= 0x7F else 0  # noqa: PLR2004 (7 bits)


def _check(raw: bytes) -> bytes | str:
    """Return the data of a frame, or the reason why it is none."""
    if sum(raw) & 0x7F:
        return "the checksum is wrong"
    data = raw[2:-1]
    return "no packet looks like this" if raw[0] == _PACKET and not _is_packet(data) else data


def _is_packet(data: bytes) -> bool:
    """Count and CO2, then nothing or a slow datum of the right size."""
    sample, slow = data[:3], data[4:]
    if len(data) <= len(sample):
        return len(sample) == 3  # noqa: PLR2004 (count, and two bytes of CO2)
    return len(slow) == _DATA_SIZES.get(data[3], min(len(slow), _LONGEST_DATUM))


class Status:
    """The five bytes of a status: what is wrong, and what numbers are worth under it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._first, self._second, _, _, self._code = data
        self.no_breaths = bool(self._first & _NO_BREATHS)
        self.needs_settings = bool(self._second & _NOT_SET) or self._code == _NEEDS_SETTINGS

    @property
    def quality(self) -> Quality:
        """How far a number can be trusted."""
        if self._code in _CALIBRATING:
            return Quality.CALIBRATING
        if self._code or self.needs_settings or self._first & _BAD_BITS:
            return Quality.INVALID
        doubtful = self._first & _DOUBTFUL_BITS or self._second & _DOUBTFUL_BITS_2
        return Quality.QUESTIONABLE if doubtful else Quality.VALID

    def alarms(self) -> Iterator[DeviceAlarm]:
        """Give what the module complains of."""
        if self.no_breaths:
            yield DeviceAlarm(code="no breaths", text="no breaths detected", priority=Priority.HIGH)
        code = _NEEDS_SETTINGS if self.needs_settings and not self._code else self._code
        if code and code not in _CALIBRATING:
            text, priority = CODES.get(code, ("unknown status", Priority.HIGH))
            yield DeviceAlarm(code=f"status {code:02X}", text=text, priority=priority)

    def words(self) -> str:
        """Say what is no alarm."""
        return _CALIBRATING.get(self._code, f"status {self._data.hex(' ').upper()}")


class Capnostat5:
    """One connection to a module. `settings` are sent where it says that it needs them."""

    def __init__(self, settings: tuple[bytes, ...] = ()) -> None:
        self._frames = Sized(_STARTS, LONGEST, _size, _check)
        self._settings = settings
        self._co2 = Gathered(_BLOCK)
        self._count: int | None = None
        self._status: Status | None = None
        self._unit: int | None = None
        self._unlike = False
        self._said: dict[str, str] = {}
        self._sent: Instant | None = None
        self._asked: dict[bytes, Instant] = {}
        self._packet: Instant | None = None

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the CO2 curve and one slow datum or none out of every packet."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask for what is not known yet, one thing at a time."""
        if not _passed(self._sent, _PAUSE_S, at):
            return
        for request, again_s in self._wanted(at):
            if _passed(self._asked.get(request), again_s, at):
                self._sent = self._asked[request] = at
                yield Send(request)
                return

    def _wanted(self, at: Instant) -> Iterator[tuple[bytes, float]]:
        """Give what should be sent, the most urgent first, and how often."""
        if REVISION not in self._asked:
            yield REVISION, 0.0
        if _passed(self._packet, _ASK_AGAIN_S, at):
            yield START, _ASK_AGAIN_S
        if not self._unlike and self._unit != 0:
            yield UNITS, _ASK_AGAIN_S
        if self._status is not None and self._status.needs_settings:
            yield from ((setting, _SETTINGS_AGAIN_S) for setting in self._settings)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            self._co2.gap()
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        command, data, offset = piece.raw[0], piece.content, piece.offset
        names = {_PACKET: "packet", _SETTING: "setting", _REVISION: "revision", _REFUSED: "refusal"}
        yield Accepted(offset, len(piece.raw), names.get(command, "answer"))
        if command == _PACKET:
            self._packet = at
            if not self._unlike:
                yield from self._sample(offset, data)
                yield from self._datum(offset, data[3:])
        elif command == _SETTING:
            yield from self._setting(offset, data)
        elif command == _REVISION:
            text = "".join(chr(byte) for byte in data[1:] if 0x20 <= byte < 0x7F)  # noqa: PLR2004 (printable)
            yield from self._tell(offset, "revision", f"software {text.strip()}")
        elif command == _REFUSED:
            yield DeviceNotice(offset, f"the module refused a command: {data.hex(' ').upper()}")

    def _sample(self, offset: int, data: bytes) -> Iterator[Output]:
        if self._count is not None and data[0] != (self._count + 1) & 0x7F:
            self._co2.gap()
        self._count = data[0]
        raw = data[1] * 128 + data[2]
        good = self._quality() in (Quality.VALID, Quality.QUESTIONABLE) and raw != _NO_SAMPLE and raw <= _FULL
        block = self._co2.add((raw - _ZERO) / 100 if good else None)
        if block:
            yield Sampled(offset, SampleBlock(signal=Signal.CO2, rate_hz=RATE_HZ, samples=block, unit=Unit.MMHG))

    def _datum(self, offset: int, slow: bytes) -> Iterator[Output]:
        if not slow:
            return
        index, data = slow[0], slow[1:]
        if index == _STATUS:
            yield from self._take_status(offset, Status(data))
        elif index in NUMBERS:
            yield Measured(offset, self._number(index, data[0] * 128 + data[1]))
        elif index == _PUMP and len(data) >= 4:  # noqa: PLR2004 (the fourth byte is the pump's)
            wrong = [text for bit, text in _PUMP_BITS.items() if data[3] & bit]
            yield from self._tell(offset, "pump", ", ".join(wrong) or "pump and tube in order")

    def _take_status(self, offset: int, status: Status) -> Iterator[Output]:
        """A status that takes the numbers' worth takes the numbers away, whether they come again or not."""
        self._status = status
        yield DeviceAlarms(offset, tuple(status.alarms()))
        yield from self._tell(offset, "status", status.words())
        quality = self._quality()
        if quality in (Quality.INVALID, Quality.CALIBRATING) or status.no_breaths:
            for parameter, _, _ in NUMBERS.values():
                yield Measured(offset, _no_value(parameter, Quality.MISSING if status.no_breaths else quality))

    def _quality(self) -> Quality:
        if self._unit != 0:
            return Quality.INVALID
        return Quality.QUESTIONABLE if self._status is None else self._status.quality

    def _number(self, index: int, raw: int) -> Reading:
        parameter, part, most = NUMBERS[index]
        quality = self._quality()
        if not raw:
            return _no_value(parameter, Quality.MISSING)
        if raw / part > most or quality in (Quality.INVALID, Quality.CALIBRATING):
            return _no_value(parameter, quality if raw / part <= most else Quality.INVALID)
        return Reading(parameter=parameter, value=raw / part, unit=PARAMETERS[parameter].unit, quality=quality)

    def _setting(self, offset: int, data: bytes) -> Iterator[Output]:
        """The unit decides whether numbers are read; one that would end the reading must be told twice."""
        if data[:1] == bytes([_ISB_UNITS]) and len(data) == 2:  # noqa: PLR2004 (which, and its value)
            again, self._unit = self._unit == data[1], data[1]
            if self._unit and again and not self._unlike:
                self._unlike = True
                unit = _OTHER_UNITS.get(self._unit, f"unit {self._unit}")
                yield Mismatch(offset, f"the module counts CO2 in {unit}, this driver reads mmHg; set it to mmHg")
        elif data[:1] == bytes([_ISB_BARO]) and len(data) == 3:  # noqa: PLR2004 (which, and its value)
            yield from self._tell(offset, "baro", f"barometric pressure {data[1] * 128 + data[2]} mmHg")

    def _tell(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Give a notice where it is news."""
        if self._said.get(what) != text:
            self._said[what] = text
            yield DeviceNotice(offset, text)


def _no_value(parameter: Parameter, quality: Quality) -> Reading:
    return Reading(parameter=parameter, value=None, unit=PARAMETERS[parameter].unit, quality=quality)


def _passed(begin: Instant | None, seconds: float, at: Instant) -> bool:
    """Whether so much time has passed since `begin`; without a begin it has."""
    return begin is None or at.since(begin) >= seconds


class CapnostatSimulator:
    """A module that sends packets once it was asked, and asks for its settings where it `needs_settings`."""

    def __init__(self, *, needs_settings: bool = False, unit: int = 0) -> None:
        self._heard = Sized(_STARTS, LONGEST, _size, lambda raw: "the checksum is wrong" if sum(raw) & 0x7F else raw)
        self._missing = {BARO_760, ROOM_AIR} if needs_settings else set()
        self._unit = unit
        self._sends = False
        self._count = 0

    def receive(self, data: bytes) -> bytes:
        """Answer what this driver asks; nothing else is understood."""
        return b"".join(self._answer(piece.content or b"") for piece in self._heard.feed(data))

    def _answer(self, asked: bytes) -> bytes:
        if asked == START:
            self._sends = True
        elif asked == UNITS:
            return frame(_SETTING, _ISB_UNITS, self._unit)
        elif asked == REVISION:
            return frame(_REVISION, 0, *b"05.09 simulated")
        elif asked in self._missing:
            self._missing.discard(asked)
            return asked
        return b""

    def advance(self, truth: Truth) -> bytes:
        """Give this second's packets; the slow data are in one of twenty each."""
        if not self._sends:
            return b""
        slow = {0: self._status(truth), **{20 * index: self._slow(index, truth) for index in NUMBERS}}
        etco2 = truth.values.get(Parameter.ETCO2)
        wave = resampled(truth.waves.get(Signal.CO2, ()), RATE_HZ)
        said = b""
        for n in range(RATE_HZ):
            raw = _ZERO + round(wave[n] * etco2 * 100) if wave and etco2 is not None else _NO_SAMPLE
            said += frame(_PACKET, self._count, raw // 128, raw % 128, *slow.get(n, ()))
            self._count = (self._count + 1) & 0x7F
        return said

    def _status(self, truth: Truth) -> tuple[int, ...]:
        no_breaths = _NO_BREATHS if truth.values.get(Parameter.RR) is None else 0
        return (_STATUS, no_breaths, _NOT_SET if self._missing else 0, 0, 0, _NEEDS_SETTINGS if self._missing else 0)

    def _slow(self, index: int, truth: Truth) -> tuple[int, ...]:
        parameter, part, _ = NUMBERS[index]
        raw = round((truth.values.get(parameter) or 0.0) * part)
        return (index, raw // 128, raw % 128)


_LINE = LineSettings(baud=19200)
SPEC = DriverSpec(
    id="capnostat5",
    vendor="Philips Respironics",
    model="Capnostat 5 and LoFlo CO2 modules; compatible UN-600 and Comen modules",
    label="Capnostat",
    kind=DeviceKind.MONITOR,
    line=_LINE,
    parameters=tuple(parameter for parameter, _, _ in NUMBERS.values()),
    signals=(Signal.CO2,),
    quiet_after_s=5.0,
    interval_s=1.0,
    max_buffer=Sized.held(LONGEST),
    document="Capnostat 5 and UN-600 protocol, from two public implementations; fabian HFO operator's manual 113003",
    make=Capnostat5,
    simulate=CapnostatSimulator,
    allow_list=AllowList(frozenset({START, UNITS, REVISION, BARO_760, ROOM_AIR})),
    probe=(REVISION,),
    variants=(
        Variant(
            name="760",
            about="tells a module that asks for it 760 mmHg and room air; at sea level only",
            line=_LINE,
            make=partial(Capnostat5, (BARO_760, ROOM_AIR)),
            simulate=partial(CapnostatSimulator, needs_settings=True),
        ),
    ),
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="zero the module with its own host; without its barometric pressure it gives no value",
)
