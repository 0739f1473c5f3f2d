"""GE / Datex-Ohmeda monitors: S/5, CARESCAPE B450/B650/B850, B20/B30/B40/B105/B125, Cardiocap 5 ("DRI").

The wire
    19200 8E1 with RTS/CTS. The monitor is asked once and then streams. Every frame is

        7E | record | checksum | 7E        7E, 7D inside are sent as 7D 5E, 7D 5D

    with an 8-bit sum over the record before escaping. Such a sum lets one damaged frame in 256 through, so the record
    must also be as long as it says, of a known main type and level, with subrecords that lie inside it.

    record  = header of 40 bytes, subrecords     header = length, number, level, plug, time, …, main type, and
    display = main type 0, subrecord types               8 times (offset, type) of a subrecord, ended by type FF
              1 (now), 2 and 3 (trends), 278 bytes each; of its classes only BASIC (0) is read, it has all we need

What can mislead
    A group that is not both present and active may hold old numbers: they are not read. Cuff numbers are sent again
    with every record until the next measurement; a new one shows by a change of the numbers or by the label's bit 8
    ("older than 60 s") going out. Bit 2 of the CO2 status ("apnea") stands in real records of a patient who breathes
    17 times a minute: it is never used. CO2 comes in percent and becomes mmHg with the record's ambient pressure.

What is sent
    One request for displayed values every 5 s, BASIC only. 5 s is the shortest interval of the specification; a
    newer monitor was seen to honour 1 s, but nothing says what one does that does not.

Source: GE Healthcare, S/5 Computer Interface Specification M1017617, 12th edition, and Record Specification 8005313,
12th edition.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from struct import Struct

from ketamon.domain.devices import DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import Accepted, AllowList, DriverSpec, Garbage, LineSettings, Measured, Output, Parity, Send, Truth
from ketamon.wire.checksums import sum8
from ketamon.wire.framing import Flagged, Piece

FLAG = 0x7E
LONGEST_RECORD = 40 + 1450
_NO_CUFF: tuple[float | None, ...] = (None, None, None)
LONGEST_BODY = 2 * (LONGEST_RECORD + 1)
INTERVAL_S = 5
ASK_AGAIN_S = 10.0

_HEADER = Struct("<hBBHIBBHh")
_DESCRIPTOR = Struct("<hB")
_SUBRECORDS_AT = _HEADER.size + 8 * _DESCRIPTOR.size
_NO_MORE = 0xFF
_BASIC_SIZE = 278
_BASIC = Struct("<139h")
_CLASS_AT = 276 // 2
_LEVELS = range(2, 12)
_REQUEST_LEVEL = 0
_REQUEST_LENGTHS = (49, 72)
_DISPLAY, _TRENDS = 1, (2, 3)
MAIN_TYPES = {0: "phdb", 1: "wave", 4: "alarm", 5: "network", 8: "fiber-optic"}


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A number: s16le, `at` bytes from its group, in 1/`scale` of its unit. Outside `low`..`high` no body can be."""

    parameter: Parameter
    at: int
    scale: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group of the BASIC subrecord: u32 status, u16 label, numbers. The masks tell what its status bits mean."""

    at: int
    fields: tuple[Field, ...]
    calibrating: int = 0
    questionable: int = 0

    def quality(self, status: int) -> Quality:
        """Say how far a number of this group can be trusted."""
        if status & self.calibrating:
            return Quality.CALIBRATING
        return Quality.QUESTIONABLE if status & self.questionable else Quality.VALID


def _bits(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


HR = Field(Parameter.HR, 6, 1, 0, 350)
IMPEDANCE_RR = Field(Parameter.RR, 14, 1, 0, 200)
CO2_RR = Field(Parameter.RR, 10, 1, 0, 200)
PERCENT_CO2 = (Field(Parameter.ETCO2, 6, 100, 0, 20), Field(Parameter.FICO2, 8, 100, 0, 20))
AMBIENT_AT, AMBIENT_SCALE, AMBIENT_MMHG = 12, 10, (300, 900)
TEMPERATURE = (Field(Parameter.TEMP, 6, 100, 0, 50),)

ECG = Group(4, (HR, IMPEDANCE_RR), questionable=_bits(7, 8, 9, 11, 12, 13))  # noise, artefact, learning, leads off
NIBP = Group(76, tuple(Field(parameter, at, 100, 0, 400) for parameter, at in zip(CUFF, (6, 8, 10), strict=True)))
TEMPERATURES = {f"T{n}": Group(at, TEMPERATURE) for n, at in enumerate((90, 98, 106, 114), 1)}
SPO2 = Group(122, (Field(Parameter.SPO2, 6, 100, 0, 100), Field(Parameter.PR, 8, 1, 0, 350)))
CO2 = Group(136, (*PERCENT_CO2, CO2_RR), calibrating=_bits(3, 4), questionable=_bits(5, 6, 9))
# CO2: calibrating, zeroing; occlusion, air leak, wet conditions
GROUPS = (ECG, NIBP, TEMPERATURES["T1"], SPO2, CO2)

_ACTIVE = _bits(0, 1)  # the measurement exists, and is active
HR_SITES = {1: "ECG", 2: "P1", 3: "P2", 4: "P3", 5: "P4", 6: "SpO2", 9: "ECG", 12: "SpO2-2"}
RR_SITES = {1: "CO2", 2: "impedance"}
_CUFF_CALIBRATING, _CUFF_OLD = _bits(7), _bits(8)

NO_DATA = -32001
"""Numbers up to this one are codes."""
MISSING = -32767
CODES = {
    MISSING: Quality.MISSING,
    -32766: Quality.MISSING,  # not updated
    -32765: Quality.MISSING,  # discontinued
    -32764: Quality.UNDER,
    -32763: Quality.OVER,
    -32762: Quality.CALIBRATING,  # not calibrated
}


def unescape(body: bytes) -> bytes | None:
    """Undo the byte stuffing; None where an escape is none of the two that exist."""
    escapes = body.count(b"\x7d")
    if not escapes:
        return body
    if escapes != body.count(b"\x7d\x5e") + body.count(b"\x7d\x5d"):
        return None
    return body.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")


def frame(record: bytes) -> bytes:
    """Wrap a record: checksum, byte stuffing (of the checksum too), flags."""
    body = record + bytes([sum8(record)])
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def open_body(body: bytes) -> bytes | str:
    """Return the record between two flags if it passes every check, or the reason why not."""
    content = unescape(body)
    if content is None:
        return "an escape that does not exist"
    record = content[:-1]
    if not _SUBRECORDS_AT < len(record) <= LONGEST_RECORD:
        return "no record is that long"
    if sum8(record) != content[-1]:
        return "the checksum is wrong"
    length, _, level, _, _, _, _, _, main_type = _HEADER.unpack_from(record)
    if length != len(record):
        return "the record is not as long as it says"
    if main_type not in MAIN_TYPES:
        return "the main type is unknown"
    subrecords = _subrecords(record[_HEADER.size : _SUBRECORDS_AT])
    if level == _REQUEST_LEVEL and length in _REQUEST_LENGTHS and subrecords[:1] == ((0, 0),):
        return record
    if level not in _LEVELS:
        return "the interface level is unknown"
    inside = _inside(subrecords, length - _SUBRECORDS_AT, main_type)
    return record if inside else "the subrecords do not fit the record"


@lru_cache(maxsize=256)
def _subrecords(table: bytes) -> tuple[tuple[int, int], ...]:
    """Offset and type of each subrecord, from the header's table of eight."""
    return tuple(takewhile(lambda descriptor: descriptor[1] != _NO_MORE, _DESCRIPTOR.iter_unpack(table)))


def _inside(subrecords: tuple[tuple[int, int], ...], size: int, main_type: int) -> bool:
    """Tell whether the subrecords follow each other inside the record."""
    last = -1
    for offset, kind in subrecords:
        if not last < offset < size or (main_type == 0 and kind <= max(_TRENDS) and offset + _BASIC_SIZE > size):
            return False
        last = offset
    return last >= 0


def _header(length: int, number: int, level: int, seconds: int, kind: int) -> bytes:
    """Write the header of a record with one subrecord."""
    header = _HEADER.pack(length, number, level, 0, seconds, 0, 0, 0, 0)
    return (header + _DESCRIPTOR.pack(0, kind) + _DESCRIPTOR.pack(0, _NO_MORE)).ljust(_SUBRECORDS_AT, b"\0")


def display_request(interval_s: int) -> bytes:
    """Return the frame that asks for displayed values, BASIC class, every so many seconds; 0 stops them."""
    return frame(_header(49, 0, _REQUEST_LEVEL, 0, 0) + Struct("<BhIh").pack(_DISPLAY, interval_s, 0, 0))


REQUEST = display_request(INTERVAL_S)
STOP = display_request(0)


@lru_cache(maxsize=8192)
def _reading(field: Field, raw: int, quality: Quality, site: str, factor: float, repeated: bool) -> Reading:
    """Judge one number; `quality` is what its group's status says. A pure function, so results are kept."""
    value: float | None = None
    if raw <= NO_DATA:
        quality = CODES.get(raw, Quality.INVALID)
    elif not field.low <= raw / field.scale <= field.high:
        quality = Quality.INVALID
    elif factor != 1.0:
        value = round(raw / field.scale * factor, 1)
    else:
        value = raw / field.scale
    unit = PARAMETERS[field.parameter].unit
    repeated = repeated and value is not None
    return Reading(parameter=field.parameter, value=value, unit=unit, quality=quality, site=site, repeated=repeated)


class _Basic:
    """One BASIC subrecord as readings. `words` are its 139 numbers of 16 bits: the one at byte n is words[n / 2]."""

    def __init__(self, words: tuple[int, ...]) -> None:
        self._words = words

    def status(self, group: Group) -> int:
        """Bits 0..15 of the status; no higher one has a meaning."""
        return self._words[group.at // 2] & 0xFFFF

    def active(self, group: Group) -> bool:
        return self.status(group) & _ACTIVE == _ACTIVE

    def label(self, group: Group) -> int:
        return self._words[group.at // 2 + 2] & 0xFFFF

    def read(
        self, group: Group, field: Field, site: str = "", factor: float = 1.0, *, repeated: bool = False
    ) -> Reading:
        status = self.status(group)
        raw = self._words[(group.at + field.at) // 2] if status & _ACTIVE == _ACTIVE else MISSING
        return _reading(field, raw, group.quality(status), site, factor, repeated)

    def heart_rate(self) -> Reading:
        return self.read(ECG, HR, HR_SITES.get(self.status(ECG) >> 3 & 15, ""))

    def respiratory_rate(self) -> Reading:
        """From the CO2 group where that is active and has a value, else from impedance."""
        if self.active(CO2):
            reading = self.read(CO2, CO2_RR, RR_SITES.get(self.label(CO2) & 7, "CO2"))
            if reading.value is not None:
                return reading
        return self.read(ECG, IMPEDANCE_RR, "impedance")

    def cuff(self, *, repeated: bool = False) -> tuple[Reading, ...]:
        readings = tuple([self.read(NIBP, field, repeated=repeated) for field in NIBP.fields])
        if self.label(NIBP) & _CUFF_CALIBRATING:
            return tuple(replace(r, quality=Quality.CALIBRATING) for r in readings)
        return readings

    def probes(self) -> tuple[str, ...]:
        return tuple(site for site, group in TEMPERATURES.items() if self.active(group))

    def temperature(self, probe: str, site: str) -> Reading:
        return self.read(TEMPERATURES[probe], TEMPERATURE[0], site)

    def oximetry(self) -> tuple[Reading, ...]:
        return tuple(self.read(SPO2, field) for field in SPO2.fields)

    def carbon_dioxide(self) -> tuple[Reading, ...]:
        ambient = self._words[(CO2.at + AMBIENT_AT) // 2] / AMBIENT_SCALE
        readings = tuple(self.read(CO2, field, "", ambient / 100) for field in PERCENT_CO2)
        if AMBIENT_MMHG[0] <= ambient <= AMBIENT_MMHG[1]:
            return readings
        return tuple(r if r.value is None else replace(r, value=None, quality=Quality.INVALID) for r in readings)


class _Memory:
    """What must be known of earlier records: the last cuff result, and where values came from."""

    def __init__(self) -> None:
        self._cuff: tuple[tuple[float | None, ...], bool] = _NO_CUFF, True
        self._sites: dict[Parameter, str] = {}
        self._probes: set[str] = set()

    def readings(self, basic: _Basic) -> Iterator[Reading]:
        yield from self._at_its_site(basic.heart_rate())
        yield from self._at_its_site(basic.respiratory_rate())
        yield from self._new_or_repeated(basic)
        yield from self._temperatures(basic)
        yield from basic.oximetry()
        yield from basic.carbon_dioxide()

    def _at_its_site(self, reading: Reading) -> Iterator[Reading]:
        """Where the monitor changes the source of a value, the old source has no value any more: say so."""
        last = self._sites.get(reading.parameter, reading.site)
        if reading.value is None:
            yield reading if last == reading.site else replace(reading, site=last)
            return
        if last != reading.site:
            yield replace(reading, value=None, quality=Quality.MISSING, site=last)
        self._sites[reading.parameter] = reading.site
        yield reading

    def _new_or_repeated(self, basic: _Basic) -> Iterator[Reading]:
        """A cuff result is new where its numbers changed or its age fell below 60 s; the first one, if it is young."""
        readings, old = basic.cuff(), bool(basic.label(NIBP) & _CUFF_OLD)
        known, was_old = self._cuff
        both = [(reading.value, k) for reading, k in zip(readings, known, strict=True)]
        changed = any(n not in (None, k) for n, k in both)  # a number that is merely gone makes the others no newer
        new = (was_old and not old) or (changed and known != _NO_CUFF)
        numbers = tuple(k if n is None else n for n, k in both)
        if numbers != _NO_CUFF:
            self._cuff = numbers, old
        yield from readings if new else basic.cuff(repeated=True)

    def _temperatures(self, basic: _Basic) -> Iterator[Reading]:
        """Each probe that is or was active; one without a value while there was none."""
        self._probes.update(basic.probes())
        for site in TEMPERATURES:
            if site in self._probes:
                yield basic.temperature(site, site)
        if not self._probes:
            yield basic.temperature("T1", "")


class GeDri:
    """One connection to a monitor."""

    def __init__(self) -> None:
        self._frames = Flagged(FLAG, LONGEST_BODY, open_body)
        self._memory = _Memory()
        self._asked = False
        self._last: Instant | None = None  # when it asked, or heard a display record

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give one of each reading for every display record."""
        for piece in self._frames.feed(data):
            if piece.content is None:
                yield Garbage(piece.offset, piece.raw, piece.reason)
            else:
                yield from self._record(piece, piece.content, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask for displayed values at the start, and again where none came for `ASK_AGAIN_S`."""
        if self._last is None or not self._asked or at.since(self._last) >= ASK_AGAIN_S:
            self._last, self._asked = at, True
            yield Send(REQUEST)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for piece in self._frames.flush():
            yield Garbage(piece.offset, piece.raw, piece.reason)

    def _record(self, piece: Piece, record: bytes, at: Instant) -> Iterator[Output]:
        _, _, level, _, _, _, _, _, main_type = _HEADER.unpack_from(record)
        yield Accepted(piece.offset, len(piece.raw), "request" if level == _REQUEST_LEVEL else MAIN_TYPES[main_type])
        if main_type != 0 or level == _REQUEST_LEVEL:
            return
        for offset, kind in _subrecords(record[_HEADER.size : _SUBRECORDS_AT]):
            if kind != _DISPLAY and kind not in _TRENDS:
                continue
            words = _BASIC.unpack_from(record, _SUBRECORDS_AT + offset)
            if words[_CLASS_AT] >> 8 & 15:
                continue
            if kind == _DISPLAY:
                self._last = at
                readings = self._memory.readings(_Basic(words))
            else:  # a trend says nothing of now: another memory reads it
                readings = (replace(r, stored=True, repeated=False) for r in _Memory().readings(_Basic(words)))
            for reading in readings:
                yield Measured(piece.offset, reading)


class GeSimulator:
    """A level-10 monitor: silent until it is asked for displayed values, then one record a second, BASIC class only."""

    def __init__(self) -> None:
        self._heard = Flagged(FLAG, LONGEST_BODY, open_body)
        self._asked = False
        self._number = 0

    def receive(self, data: bytes) -> bytes:
        """Take a request; an interval of 0 stops the records."""
        for piece in self._heard.feed(data):
            if piece.content in _REQUESTS:
                self._asked = _REQUESTS[piece.content]
        return b""

    def advance(self, truth: Truth) -> bytes:
        """Give this second's record."""
        if not self._asked:
            return b""
        self._number = (self._number + 1) % 256
        seconds = int(truth.wall.timestamp())
        record = _header(_SUBRECORDS_AT + _BASIC_SIZE, self._number, 10, seconds, _DISPLAY)
        return frame(record + _subrecord(truth, seconds))


_REQUESTS = {open_body(REQUEST[1:-1]): True, open_body(STOP[1:-1]): False}
_AMBIENT = 7600
_CUFF_AUTO, _CUFF_MEASURING, _CUFF_RESERVED = _bits(3), _bits(5), 3
_ECG_SOURCE = 1 << 3


def _subrecord(truth: Truth, seconds: int) -> bytes:
    """Write the truth as a BASIC subrecord; a group none of whose values is known of does not exist."""
    data = bytearray(_BASIC_SIZE)
    Struct("<I").pack_into(data, 0, seconds)
    Struct("<BB").pack_into(data, 2 * _CLASS_AT, 0xA1, 0)
    truth_of = dict(truth.values)
    if truth.cuff_age_s is None:
        truth_of.update(dict.fromkeys(CUFF))
    for group in GROUPS:
        own = PERCENT_CO2 if group is CO2 else group.fields  # a respiratory rate alone is measured by impedance
        known = any(field.parameter in truth_of for field in own)
        status = (_ACTIVE | (_ECG_SOURCE if group is ECG else 0)) * known
        Struct("<IH").pack_into(data, group.at, status, _label(group, truth))
        for field in group.fields:
            Struct("<h").pack_into(data, group.at + field.at, _raw(field, truth_of.get(field.parameter)))
    Struct("<h").pack_into(data, CO2.at + AMBIENT_AT, _AMBIENT)
    return bytes(data)


def _raw(field: Field, value: float | None) -> int:
    if value is None:
        return MISSING
    return round(value * field.scale * (100 * AMBIENT_SCALE / _AMBIENT if field in PERCENT_CO2 else 1))


def _label(group: Group, truth: Truth) -> int:
    """The cuff's label: automatic, measuring, older than 60 s; the CO2 group's: respiratory rate from CO2."""
    old = truth.cuff_age_s is None or truth.cuff_age_s > 60  # noqa: PLR2004 (seconds, by the specification)
    cuff = _CUFF_RESERVED | _CUFF_AUTO | (truth.cuff_measuring * _CUFF_MEASURING) | (old * _CUFF_OLD)
    return {NIBP: cuff, CO2: 1}.get(group, 0)


SPEC = DriverSpec(
    id="ge-dri",
    vendor="GE HealthCare / Datex-Ohmeda",
    model="S/5, CARESCAPE B450/B650/B850, B20/B30/B40/B105/B125, Cardiocap 5 (DRI)",
    label="GE DRI",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=19200, parity=Parity.EVEN, rtscts=True),
    parameters=tuple(dict.fromkeys(field.parameter for group in GROUPS for field in group.fields)),
    quiet_after_s=12.0,
    interval_s=INTERVAL_S,
    max_buffer=Flagged.held(LONGEST_BODY),
    document="GE Healthcare, S/5 Computer Interface Specification M1017617 and Record Specification 8005313, 12th ed.",
    make=GeDri,
    simulate=GeSimulator,
    allow_list=AllowList(frozenset({REQUEST, STOP})),
    probe=(REQUEST,),
    note="asks for values every 5 s; a monitor may send them more often",
)
