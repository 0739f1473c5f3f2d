"""Numbers: main type 0, subrecords of 278 bytes; of its classes only BASIC (0) is read, it has all we need.

    seconds u32, groups, …, class in bits 8 to 11 of the last u16        group = status u32, label u16, numbers s16

A group that is not both present and active may hold old numbers: they are not read. Bit 2 of the CO2 status ("apnea")
stands in real records of a patient who breathes 17 times a minute: it is never used. CO2 comes in percent and becomes
mmHg with the record's ambient pressure. The heart rate is of the source that the monitor chose, which the status names.
A temperature labelled as of the room or the airway is not the patient's.

Cuff numbers are sent again with every record until the next measurement. A new one shows by a change of the numbers, or
by the label's bit 8 ("older than 60 s") going out; both were recorded, over a case of automatic cycles and in a record
where one result stands all the time. That bit 5 ("measuring") goes out proves nothing: a measurement may have failed.

Source: GE Healthcare, Record Specification 8005313, 12th edition.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from struct import Struct

from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon_drivers.ge_dri.record import BASIC_SIZE

BASIC = Struct(f"<{BASIC_SIZE // 2}h")
CLASS_AT = 276 // 2
_NO_CUFF: tuple[float | None, ...] = (None, None, None)


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


def bits(*numbers: int) -> int:
    """Return the mask of these bits."""
    return sum(1 << number for number in numbers)


HR = Field(Parameter.HR, 6, 1, 0, 350)
IMPEDANCE_RR = Field(Parameter.RR, 14, 1, 0, 200)
CO2_RR = Field(Parameter.RR, 10, 1, 0, 200)
PERCENT_CO2 = (Field(Parameter.ETCO2, 6, 100, 0, 20), Field(Parameter.FICO2, 8, 100, 0, 20))
AMBIENT_AT, AMBIENT_SCALE, AMBIENT_MMHG = 12, 10, (300, 900)
TEMPERATURE = (Field(Parameter.TEMP, 6, 100, 0, 50),)

ECG = Group(4, (HR, IMPEDANCE_RR), questionable=bits(7, 8, 9, 11, 12, 13))  # noise, artefact, learning, leads off
NIBP = Group(76, tuple(Field(parameter, at, 100, 0, 400) for parameter, at in zip(CUFF, (6, 8, 10), strict=True)))
TEMPERATURES = {f"T{n}": Group(at, TEMPERATURE) for n, at in enumerate((90, 98, 106, 114), 1)}
SPO2 = Group(122, (Field(Parameter.SPO2, 6, 100, 0, 100), Field(Parameter.PR, 8, 1, 0, 350)))
CO2 = Group(136, (*PERCENT_CO2, CO2_RR), calibrating=bits(3, 4), questionable=bits(5, 6, 9))
# CO2: calibrating, zeroing; occlusion, air leak, wet conditions
GROUPS = (ECG, NIBP, TEMPERATURES["T1"], SPO2, CO2)

ACTIVE = bits(0, 1)  # the measurement exists, and is active
HR_SITES = {1: "ECG", 6: "SpO2", 9: "ECG", 12: "SpO2-2"} | {
    source: f"P{n}" for n, source in enumerate((2, 3, 4, 5, 7, 8, 10, 11), 1)
}
RR_SITES = {1: "CO2", 2: "impedance"}
LEADS = {1: "I", 2: "II", 3: "III", 4: "aVR", 5: "aVL", 6: "aVF", 7: "V"}
LEAD_SHIFTS = {1: 8, 2: 4, 3: 0}
"""Where the ECG label says which lead a channel shows."""
NO_BODY = (8, 9)
"""Temperature labels of what is not the patient: airway, room."""
CUFF_CALIBRATING, CUFF_OLD = bits(7), bits(8)

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


@lru_cache(maxsize=8192)
def _reading(field: Field, raw: int, quality: Quality, site: str, factor: float, *, repeated: bool) -> Reading:
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


@lru_cache(maxsize=64)
def _leads(label: int) -> Mapping[int, str]:
    lead_of = {channel: LEADS.get(label >> shift & 15) for channel, shift in LEAD_SHIFTS.items()}
    return {channel: lead for channel, lead in lead_of.items() if lead}


class Basic:
    """One BASIC subrecord as readings. `words` are its 139 numbers of 16 bits: the one at byte n is words[n / 2]."""

    def __init__(self, words: tuple[int, ...]) -> None:
        self._words = words

    @classmethod
    def of(cls, record: bytes, start: int) -> "Basic | None":
        """Read the subrecord that begins at `start`; None where it is of another class."""
        words = BASIC.unpack_from(record, start)
        return None if words[CLASS_AT] >> 8 & 15 else cls(words)

    def leads(self) -> Mapping[int, str]:
        """Return the lead of each ECG channel that shows a known one."""
        return _leads(self.label(ECG))

    def status(self, group: Group) -> int:
        """Bits 0..15 of the status; no higher one has a meaning."""
        return self._words[group.at // 2] & 0xFFFF

    def active(self, group: Group) -> bool:
        """Tell whether the measurement exists and is active."""
        return self.status(group) & ACTIVE == ACTIVE

    def label(self, group: Group) -> int:
        """Return the label; what it says differs by group."""
        return self._words[group.at // 2 + 2] & 0xFFFF

    def read(
        self, group: Group, field: Field, site: str = "", factor: float = 1.0, *, repeated: bool = False
    ) -> Reading:
        """Judge one number of a group; missing where the group is not active."""
        status = self.status(group)
        raw = self._words[(group.at + field.at) // 2] if status & ACTIVE == ACTIVE else MISSING
        return _reading(field, raw, group.quality(status), site, factor, repeated=repeated)

    def heart_rate(self) -> Reading:
        """Of the source that the monitor chose."""
        return self.read(ECG, HR, HR_SITES.get(self.status(ECG) >> 3 & 15, ""))

    def respiratory_rate(self) -> Reading:
        """From the CO2 group where that is active and has a value, else from impedance."""
        if self.active(CO2):
            reading = self.read(CO2, CO2_RR, RR_SITES.get(self.label(CO2) & 7, "CO2"))
            if reading.value is not None:
                return reading
        return self.read(ECG, IMPEDANCE_RR, "impedance")

    def cuff(self, *, repeated: bool = False) -> tuple[Reading, ...]:
        """Systolic, diastolic and mean pressure."""
        readings = tuple([self.read(NIBP, field, repeated=repeated) for field in NIBP.fields])
        if self.label(NIBP) & CUFF_CALIBRATING:
            return tuple(replace(r, quality=Quality.CALIBRATING) for r in readings)
        return readings

    def probes(self) -> tuple[str, ...]:
        """Temperature sensors that are active at the patient."""
        found = (
            site for site, group in TEMPERATURES.items() if self.active(group) and self.label(group) not in NO_BODY
        )
        return tuple(found)

    def temperature(self, probe: str, site: str) -> Reading:
        """Of one sensor, told as of `site`."""
        group = TEMPERATURES[probe]
        if self.label(group) in NO_BODY:
            return _reading(TEMPERATURE[0], MISSING, Quality.VALID, site, 1.0, repeated=False)
        return self.read(group, TEMPERATURE[0], site)

    def oximetry(self) -> tuple[Reading, ...]:
        """Saturation and pulse rate."""
        return tuple(self.read(SPO2, field) for field in SPO2.fields)

    def carbon_dioxide(self) -> tuple[Reading, ...]:
        """End-tidal and inspired partial pressure; none without a sane ambient pressure."""
        ambient = self._words[(CO2.at + AMBIENT_AT) // 2] / AMBIENT_SCALE
        readings = tuple(self.read(CO2, field, "", ambient / 100) for field in PERCENT_CO2)
        if AMBIENT_MMHG[0] <= ambient <= AMBIENT_MMHG[1]:
            return readings
        return tuple(r if r.value is None else replace(r, value=None, quality=Quality.INVALID) for r in readings)


class Memory:
    """What must be known of earlier records: the last cuff result, and where values came from."""

    def __init__(self) -> None:
        self._cuff: tuple[tuple[float | None, ...], bool] = _NO_CUFF, True
        self._sites: dict[Parameter, str] = {}
        self._probes: set[str] = set()

    def readings(self, basic: Basic) -> Iterator[Reading]:
        """Give all readings of a subrecord, beside what it ends."""
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

    def _new_or_repeated(self, basic: Basic) -> Iterator[Reading]:
        """A cuff result is new where its numbers changed or its age fell below 60 s; the first one, if it is young."""
        readings, old = basic.cuff(), bool(basic.label(NIBP) & CUFF_OLD)
        known, was_old = self._cuff
        both = [(reading.value, k) for reading, k in zip(readings, known, strict=True)]
        changed = any(n not in (None, k) for n, k in both)  # a number that is merely gone makes the others no newer
        new = (was_old and not old) or (changed and known != _NO_CUFF)
        numbers = tuple(k if n is None else n for n, k in both)
        if numbers != _NO_CUFF:
            self._cuff = numbers, old
        yield from readings if new else basic.cuff(repeated=True)

    def _temperatures(self, basic: Basic) -> Iterator[Reading]:
        """Each probe that is or was active; one without a value while there was none."""
        self._probes.update(basic.probes())
        for site in TEMPERATURES:
            if site in self._probes:
                yield basic.temperature(site, site)
        if not self._probes:
            yield basic.temperature("T1", "")
