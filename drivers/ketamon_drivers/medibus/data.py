"""What the responses of a MEDIBUS device mean: numbers, alarms, its identity, and which curves it offers.

Codes and formats as for the Capnosat and, where they are the same, the Evita 4. Not read, though they look inviting:
C1 (the temperature of the gas, not of a patient) and D6 (a ventilator's rate, not what somebody breathes).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal

MMHG_PER_KPA = 7.50062

_HEX = "[0-9A-F]{2}"
_LEFT = r" \d  |[1-9]\d  "
_MIDDLE = r"  \d | [1-9]\d |[1-9]\d\d "
_WHOLE = re.compile(f"{_LEFT}|{_MIDDLE}")
_TENTHS = re.compile(r" \d\.\d|[1-9]\d\.\d")
_DATA = re.compile(f"(?:({_HEX})([ -~]{{4}}))*")
_PAIR = re.compile(f"({_HEX})(....)")
_ALARMS = re.compile(f"(?:[1-O]{_HEX}[ -~]{{12}})*")
_ALARM = re.compile(f"(.)({_HEX})(.{{12}})")
_IDENTITY = re.compile(r"([ -&(-~]{4})'([ -&(-~]{1,32})'(\d\d\.\d\d):(\d\d)\.(\d\d)", re.ASCII)
_DECIMAL = re.compile(r"-?(?:\d+(?:\.\d+)?)", re.ASCII)
_OFFER = re.compile(f"({_HEX})(.{{8}})(.{{5}})(.{{5}})([0-9A-F]{{3}})")
_OFFER_SIZE = 23


@dataclass(frozen=True, slots=True)
class Field:
    """How a number is written and what it cannot leave; `factor` to the parameter's unit, None where there is none."""

    form: re.Pattern[str]
    low: float
    high: float
    factor: float | None = 1.0


FIELDS: dict[Parameter, dict[str, Field]] = {
    Parameter.SPO2: {"EB": Field(_WHOLE, 1, 100)},
    Parameter.PR: {"E1": Field(_WHOLE, 1, 300)},
    Parameter.RR: {"D5": Field(_WHOLE, 0, 150)},
    Parameter.ETCO2: {
        "E6": Field(_WHOLE, 0, 150),
        "E3": Field(_TENTHS, 0, 20, MMHG_PER_KPA),
        "DB": Field(_TENTHS, 0, 20, None),
    },
    Parameter.FICO2: {
        "E5": Field(_WHOLE, 0, 150),
        "FF": Field(_TENTHS, 0, 20, MMHG_PER_KPA),
        "DA": Field(_TENTHS, 0, 20, None),
    },
}
"""By parameter, the codes that carry it, the best one first. Percent of CO2 say nothing without the air pressure."""

_CO2 = (Parameter.ETCO2, Parameter.FICO2, Parameter.RR)
_OXIMETER = (Parameter.SPO2, Parameter.PR)
ALARMS = {
    "01": ("no SpO2 pulse", Priority.HIGH),
    "02": ("pulse low", Priority.HIGH),
    "07": ("SpO2 low", Priority.HIGH),
    "0D": ("apnoea: no CO2 change for 30 s", Priority.HIGH),
    "1E": ("pulse high", Priority.MEDIUM),
    "22": ("SpO2 high", Priority.MEDIUM),
    "27": ("etCO2 low", Priority.MEDIUM),
    "28": ("etCO2 high", Priority.MEDIUM),
    "35": ("SpO2 sensor off or faulty", Priority.MEDIUM),
    "3C": ("inspired CO2 high", Priority.MEDIUM),
    "3D": ("CO2 line blocked", Priority.MEDIUM),
    "3E": ("CO2 sensor must be zeroed", Priority.MEDIUM),
    "56": ("CO2 apnoea alarm is off", Priority.LOW),
    "57": ("CO2 alarms are off", Priority.LOW),
    "5B": ("SpO2 alarms are off", Priority.LOW),
    "63": ("CO2 warms up, less exact", Priority.LOW),
    "64": ("CO2 window occluded", Priority.MEDIUM),
    "68": ("oximeter failure", Priority.MEDIUM),
    "6A": ("CO2 failure", Priority.MEDIUM),
    "D9": ("CO2 sensor off or faulty", Priority.MEDIUM),
}
"""Of code page 1. The device's own order of its alarms (1 to 31) is no priority of IEC 60601-1-8."""
DOUBTS = {
    **dict.fromkeys(("01", "35", "68"), _OXIMETER),
    **dict.fromkeys(("3D", "3E", "63", "64", "6A", "D9"), _CO2),
}
"""Alarms under which numbers are questionable, if the device gives them at all."""


def numbers(body: bytes) -> dict[str, str] | None:
    """Return the texts of a data response by their codes, or None where it is none."""
    text = body.decode("ascii", "replace")
    if not _DATA.fullmatch(text):
        return None
    pairs = _PAIR.findall(text)
    return dict(pairs) if len({code for code, _ in pairs}) == len(pairs) else None


def readings(texts: Mapping[str, str], doubtful: frozenset[Parameter]) -> Iterator[Reading]:
    """Give one reading of each parameter. What the device leaves out it has no value of."""
    for parameter, fields in FIELDS.items():
        code = next((code for code in fields if code in texts), None)
        value = None if code is None else _value(fields[code], texts[code])
        if value is None:
            quality = Quality.MISSING if code is None else Quality.INVALID
        else:
            quality = Quality.QUESTIONABLE if parameter in doubtful else Quality.VALID
        yield Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)


def _value(field: Field, text: str) -> float | None:
    if field.factor is None or not field.form.fullmatch(text) or not field.low <= float(text) <= field.high:
        return None
    return float(text) if field.factor == 1 else round(float(text) * field.factor, 1)


def alarms(body: bytes, page: int) -> tuple[DeviceAlarm, ...] | None:
    """Return the alarms that stand, or None where this is no response about alarms. Unknown ones are high."""
    text = body.decode("ascii", "replace")
    if not _ALARMS.fullmatch(text):
        return None
    known = ALARMS if page == 1 else {}
    found = []
    for _, code, phrase in _ALARM.findall(text):
        words, priority = known.get(code, (phrase.strip() or "unknown alarm", Priority.HIGH))
        found.append(DeviceAlarm(code=code if page == 1 else f"{page}:{code}", text=words, priority=priority))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device says it is; `version` is MEDIBUS's, major and minor."""

    number: str
    name: str
    revision: str
    version: tuple[int, int]


def identity(body: bytes) -> Identity | None:
    """Read a device identification, or None where it is empty or none."""
    match = _IDENTITY.fullmatch(body.decode("ascii", "replace"))
    if not match:
        return None
    number, name, revision, major, minor = match.groups()
    return Identity(number.strip(), name.strip(), revision, (int(major), int(minor)))


@dataclass(frozen=True, slots=True)
class Offer:
    """A curve that the device can send: every so many microseconds, 12-bit values between `low` and `high`."""

    code: int
    interval_us: int
    low: float
    high: float
    most: int

    def value(self, raw: int) -> float | None:
        """Convert a 12-bit value; None where it is beyond the offered ones."""
        return self.low + raw * (self.high - self.low) / self.most if raw <= self.most else None


def offers(body: bytes) -> tuple[Offer, ...]:
    """Read a real-time configuration. Entries that cannot be read, or make no scale, are left out."""
    text = body.decode("ascii", "replace")
    found = []
    for at in range(0, len(text), _OFFER_SIZE):
        match = _OFFER.fullmatch(text, at, at + _OFFER_SIZE)
        if not match:
            continue
        interval, low, high = (_decimal(match[n]) for n in (2, 3, 4))
        if interval is not None and low is not None and high is not None and interval > 0 and low < high:
            most = int(match[5], 16)
            found += [Offer(int(match[1], 16), round(interval), low, high, most)] if most else []
    return tuple(found)


def _decimal(text: str) -> float | None:
    plain = text.replace(" ", "")
    return float(plain) if _DECIMAL.fullmatch(plain) else None


CURVES: dict[int, tuple[Signal, Unit | None, float]] = {
    0x06: (Signal.CO2, Unit.MMHG, 1.0),
    0x07: (Signal.CO2, Unit.MMHG, MMHG_PER_KPA),
    0x02: (Signal.PLETH, None, 1.0),
}
"""Real-time codes that are documented for the Capnosat and the Evita 4, in the order in which they are wanted."""
_PERIOD_US = 40_000
"""25 samples a second are enough to look at, and leave room for the numbers on a line of 9600 baud."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve that was ordered."""

    offer: Offer
    multiplier: int

    @property
    def rate_hz(self) -> float:
        """How many samples a second come."""
        return 1e6 / (self.offer.interval_us * self.multiplier)


def wanted(offered: tuple[Offer, ...]) -> tuple[Curve, ...]:
    """Choose one curve of each signal; all of one rhythm, so that a missing sample can be told from one not due."""
    chosen: dict[Signal, Curve] = {}
    for code, (signal, _, _) in CURVES.items():
        for offer in offered:
            multiplier = min(-(-_PERIOD_US // offer.interval_us), 0xFF)
            like = next(iter(chosen.values()), None)
            if offer.code == code and (like is None or like.offer.interval_us == offer.interval_us):
                chosen.setdefault(signal, Curve(offer, multiplier))
    return tuple(chosen.values())
