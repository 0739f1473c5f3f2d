"""Numbers: what a physiological id means, how far its state lets it be trusted, and when a cuff result is new.

numeric    id(2) state(2) unit(2) FLOAT(4: exponent s8, mantissa s24)    alone, or a list of them (cuff)
state      8000 invalid     2000 unavailable    1000 calibrating    0800 test    0040 early indication
           4000 questionable                                       0400 demo    0020 measuring just now
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from struct import Struct

from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon_drivers.philips_intellivue.pdus import TICKS_PER_SECOND, Attributes, Observed, items

NUMERIC, NUMERICS_LIST = 0x0950, 0x094B
LABEL, MEASURED_AT = 0x0927, 0x0990
_ITEM = Struct(">HHHI")
_NAN, _NRES, _OVER, _UNDER, _RESERVED = 0x7FFFFF, -0x800000, 0x7FFFFE, -0x7FFFFE, -0x7FFFFF
SPECIAL = {
    _NAN: Quality.MISSING,
    _NRES: Quality.INVALID,
    _OVER: Quality.OVER,
    _UNDER: Quality.UNDER,
    _RESERVED: Quality.INVALID,
}
INVALID, QUESTIONABLE, UNAVAILABLE, CALIBRATING = 0x8000, 0x4000, 0x2000, 0x1000
TEST, DEMO, UNKNOWN_STATE, EARLY, MEASURING = 0x0800, 0x0400, 0x0300, 0x0040, 0x0020
QUALITIES = (
    (UNAVAILABLE, Quality.MISSING),
    (INVALID, Quality.INVALID),
    (CALIBRATING, Quality.CALIBRATING),
    (QUESTIONABLE | UNKNOWN_STATE | EARLY, Quality.QUESTIONABLE),
    (MEASURING, Quality.ONGOING),
)
"""What a state means, the first that fits. A high byte of zero is a valid number."""

YOUNG_S = 60.0
"""A first cuff result that is no older than this by the monitor's own clock is new."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit of the monitor's, as ours: value x `factor` + `offset`, then to so many decimals where it is another."""

    factor: float = 1.0
    offset: float = 0.0
    decimals: int | None = None


_AS_IT_IS = Scale()
_BEATS = {0x0AA0: _AS_IT_IS, 0x0AC0: _AS_IT_IS, 0x09E0: _AS_IT_IS}
_BREATHS = {0x0AE0: _AS_IT_IS, 0x09E0: _AS_IT_IS}
_PERCENT = {0x0220: _AS_IT_IS}
_PERFUSION = {0x0200: _AS_IT_IS, 0x0220: _AS_IT_IS}  # the monitor writes the same number without a dimension
_PRESSURE = {0x0F20: _AS_IT_IS, 0x0F03: Scale(7.50062, 0.0, 1)}  # mmHg, kPa
_TEMPERATURE = {0x17A0: _AS_IT_IS, 0x1140: Scale(5 / 9, -160 / 9, 2)}  # degC, degF


@dataclass(frozen=True, slots=True, eq=False)
class Numeric:
    """A number of the monitor: the parameter, where it is measured, units it may come in, and what no body exceeds."""

    parameter: Parameter
    site: str
    units: dict[int, Scale]
    low: float
    high: float


TABLE = {
    0x4182: Numeric(Parameter.HR, "", _BEATS, 0, 350),
    0x4822: Numeric(Parameter.PR, "", _BEATS, 0, 350),
    0x481A: Numeric(Parameter.PR, "", _BEATS, 0, 350),
    0x480A: Numeric(Parameter.PR, "pulse", _BEATS, 0, 350),
    0x4BB8: Numeric(Parameter.SPO2, "", _PERCENT, 0, 100),
    0x4BB0: Numeric(Parameter.PI, "", _PERFUSION, 0, 100),
    0x4A05: Numeric(Parameter.NIBP_SYS, "", _PRESSURE, 0, 400),
    0x4A06: Numeric(Parameter.NIBP_DIA, "", _PRESSURE, 0, 400),
    0x4A07: Numeric(Parameter.NIBP_MAP, "", _PRESSURE, 0, 400),
    0x500A: Numeric(Parameter.RR, "impedance", _BREATHS, 0, 200),
    0x5012: Numeric(Parameter.RR, "CO2", _BREATHS, 0, 200),
    0x50B0: Numeric(Parameter.ETCO2, "", _PRESSURE, 0, 200),
    0x50BA: Numeric(Parameter.FICO2, "", _PRESSURE, 0, 200),
    0x4B48: Numeric(Parameter.TEMP, "", _TEMPERATURE, 0, 50),
    0x4B60: Numeric(Parameter.TEMP, "core", _TEMPERATURE, 0, 50),
    0x4B74: Numeric(Parameter.TEMP, "skin", _TEMPERATURE, 0, 50),
    0x4B78: Numeric(Parameter.TEMP, "tympanic", _TEMPERATURE, 0, 50),
    0xE004: Numeric(Parameter.TEMP, "rectal", _TEMPERATURE, 0, 50),
    0xF108: Numeric(Parameter.TEMP, "oral", _TEMPERATURE, 0, 50),
    0xF10C: Numeric(Parameter.TEMP, "axillary", _TEMPERATURE, 0, 50),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One number as it came."""

    physio: int
    state: int
    unit: int
    raw: int

    def __str__(self) -> str:
        return f"{self.physio:04x} {self.state:04x} {self.unit:04x} {self.raw:08x}"


def items_of(attributes: Attributes) -> Iterator[Item]:
    """Give the numbers of one object."""
    for attribute, value in attributes:
        if attribute == NUMERIC and len(value) == _ITEM.size:
            yield Item(*_ITEM.unpack(value))
        elif attribute == NUMERICS_LIST:
            yield from (Item(*_ITEM.unpack(item)) for item in items(value) if len(item) == _ITEM.size)


EXPONENTS = range(-6, 4)
"""Powers of ten in which a number of a patient can come: a damaged exponent makes next to nothing of any number."""


def float_of(raw: int) -> float | Quality:
    """Read a FLOAT of ISO/IEEE 11073; a quality where it says that it is no number, or none that is measured."""
    mantissa = (raw & 0xFFFFFF ^ 0x800000) - 0x800000
    exponent = (raw >> 24 ^ 0x80) - 0x80
    if mantissa in SPECIAL:
        return SPECIAL[mantissa]
    return float(f"{mantissa}e{exponent}") if exponent in EXPONENTS else Quality.INVALID


@lru_cache(maxsize=4096)
def reading(item: Item) -> Reading:
    """Judge one number of `TABLE`. A pure function, so results are kept."""
    numeric = TABLE[item.physio]
    quality = next((quality for bits, quality in QUALITIES if item.state & bits), Quality.VALID)
    value: float | None = None
    read, scale = float_of(item.raw), numeric.units.get(item.unit)
    if quality not in {Quality.MISSING, Quality.INVALID}:
        if isinstance(read, Quality):
            quality = read
        elif scale is None or not numeric.low <= _scaled(read, scale) <= numeric.high:
            quality = Quality.INVALID
        else:
            value = _scaled(read, scale)
    mode = Mode.TEST if item.state & TEST else Mode.DEMO if item.state & DEMO else Mode.REAL
    unit = PARAMETERS[numeric.parameter].unit
    return Reading(parameter=numeric.parameter, value=value, unit=unit, quality=quality, mode=mode, site=numeric.site)


def _scaled(value: float, scale: Scale) -> float:
    if scale.decimals is None:
        return value + 0.0  # never -0.0
    return round(value * scale.factor + scale.offset, scale.decimals) + 0.0


def label_of(attributes: Attributes) -> str:
    """Give the monitor's own word for an object ("HR"), "" where it says none."""
    text = dict(attributes).get(LABEL, b"")[2:].decode("utf-16-be", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()


def date_of(value: bytes) -> datetime | None:
    """Read a date in BCD: century, year, month, day, hour, minute, second, 1/100; None where it is none."""
    try:
        return datetime.strptime(value[:7].hex(), "%Y%m%d%H%M%S")  # noqa: DTZ007 (the monitor's clock has no zone)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class MonitorClock:
    """The monitor's date at one of its ticks, by which the age of its dates is told."""

    date: datetime
    ticks: int

    def age_s(self, date: datetime, ticks: int) -> float:
        """How old a date is at that tick; the counter of ticks runs over after six days."""
        now = self.date + timedelta(seconds=((ticks - self.ticks) & 0xFFFFFFFF) / TICKS_PER_SECOND)
        return (now - date).total_seconds()


class Cuff:
    """Tells a new cuff result from one that is said again.

    New is: another time stamp, other numbers, or the measuring flag going out where there is no time stamp. While the
    cuff is at work, and at the first sight of a result that is not young, it is said again.
    """

    def __init__(self) -> None:
        self._numbers: dict[Parameter, float] = {}
        self._stamp: bytes | None = None
        self._measuring = False

    def judge(
        self, readings: list[Reading], attributes: Attributes, *, measuring: bool, age_s: float | None
    ) -> Iterator[Reading]:
        """Give the numbers of one cuff object, marked where they are no new ones."""
        numbers = {r.parameter: r.value for r in readings if r.value is not None}
        stamp = dict(attributes).get(MEASURED_AT)
        if not numbers or measuring:
            self._measuring = self._measuring or measuring
            yield from (replace(r, repeated=r.value is not None) for r in readings)
            return
        if self._numbers:
            changed = any(self._numbers.get(parameter) != value for parameter, value in numbers.items())
            new = changed or stamp != self._stamp or (self._measuring and stamp is None)
        else:
            new = age_s is not None and -YOUNG_S <= age_s <= YOUNG_S
        self._numbers, self._stamp, self._measuring = {**self._numbers, **numbers}, stamp, False
        yield from (replace(r, repeated=not new and r.value is not None) for r in readings)


class Numbers:
    """The memory that reading numbers needs: cuffs, what is not read, and what a whole result held last time."""

    def __init__(self) -> None:
        self.mode = Mode.REAL
        self.clock: MonitorClock | None = None
        self._cuffs: dict[tuple[int, int], Cuff] = {}
        self._complained: set[tuple[int, int]] = set()
        self._seen: dict[tuple[Parameter, str], Reading] = {}
        self._last: dict[tuple[Parameter, str], Reading] = {}

    def readings(self, observed: Observed, ticks: int) -> Iterator[Reading]:
        """Give the readings of one object, at that tick of the monitor's."""
        known = [item for item in items_of(observed.attributes) if item.physio in TABLE]
        found = [self._branded(reading(item)) for item in known]
        cuff = [r for r in found if r.parameter in CUFF]
        measuring = any(item.state & MEASURING for item in known if TABLE[item.physio].parameter in CUFF)
        judge = self._cuffs.setdefault((observed.context, observed.handle), Cuff()) if cuff else None
        told = [r for r in found if r.parameter not in CUFF]
        if judge:
            age = self._age_s(observed.attributes, ticks)
            told += judge.judge(cuff, observed.attributes, measuring=measuring, age_s=age)
        for r in told:
            self._seen[r.parameter, r.site] = r
            yield r

    def complaints(self, observed: Observed) -> Iterator[str]:
        """Tell once of each number that is not read, or comes in a unit that is not known, as it came."""
        label = label_of(observed.attributes)
        for item in items_of(observed.attributes):
            numeric = TABLE.get(item.physio)
            bad_unit = numeric is not None and item.unit not in numeric.units
            key = (item.physio, item.unit if bad_unit else 0)
            if (numeric is None or bad_unit) and key not in self._complained:
                self._complained.add(key)
                yield f"{label or 'a number'}{' in an unknown unit' if bad_unit else ''} ({item})"

    def end_of_result(self, *, whole: bool) -> Iterator[Reading]:
        """Say of each number that a whole result holds no more that there is none; a cuff's last result stands."""
        if not whole:
            return
        for key, last in self._last.items():
            if key not in self._seen and last.parameter not in CUFF:
                yield replace(last, value=None, quality=Quality.MISSING)
        self._last, self._seen = self._seen, {}

    def _branded(self, found: Reading) -> Reading:
        """What the monitor says of itself as a whole (demo, service) stands for each of its numbers."""
        return replace(found, mode=self.mode) if found.mode is Mode.REAL is not self.mode else found

    def _age_s(self, attributes: Attributes, ticks: int) -> float | None:
        date = date_of(dict(attributes).get(MEASURED_AT, b""))
        return self.clock.age_s(date, ticks) if self.clock and date else None
