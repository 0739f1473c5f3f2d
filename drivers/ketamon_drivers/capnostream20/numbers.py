"""The message of numbers: what its values, alarms and statuses say, and whether a message follows from another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import NamedTuple

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading


@dataclass(frozen=True, slots=True)
class Bit:
    """A bit of a status: in words, as an alarm (or a mere notice), and what it makes of the numbers beside it."""

    text: str
    alarm: Priority | None = None
    quality: Quality = Quality.VALID


HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
FAST = {
    0x01: Bit("CO2 value invalid", None, Quality.QUESTIONABLE),
    0x02: Bit("CO2 initializing", None, Quality.CALIBRATING),
    0x04: Bit("sampling line occluded", MEDIUM, Quality.INVALID),
    0x10: Bit("CO2 self-maintenance", None, Quality.CALIBRATING),
    0x20: Bit("sampling line is purged", None, Quality.QUESTIONABLE),
    0x40: Bit("sampling line not connected", MEDIUM, Quality.INVALID),
    0x80: Bit("CO2 malfunction", HIGH, Quality.INVALID),
}
"""The status of a sample; 0x08 marks the end of a breath."""
END_OF_BREATH = 0x08
CO2_ALARMS = {
    0x01: Bit("no breath", HIGH),
    0x02: Bit("EtCO2 high", MEDIUM),
    0x04: Bit("EtCO2 low", MEDIUM),
    0x08: Bit("respiratory rate high", MEDIUM),
    0x10: Bit("respiratory rate low", HIGH),
    0x20: Bit("FiCO2 high", MEDIUM),
}
SPO2_ALARMS = {
    0x01: Bit("pulse not found", HIGH, Quality.INVALID),
    0x02: Bit("SpO2 high", MEDIUM),
    0x04: Bit("SpO2 low", HIGH),
    0x08: Bit("pulse rate high", MEDIUM),
    0x10: Bit("pulse rate low", MEDIUM),
    0x20: Bit("SpO2 sensor off the patient", MEDIUM, Quality.INVALID),
    0x40: Bit("SpO2 sensor disconnected", MEDIUM, Quality.INVALID),
}
EXTENDED = {
    0x01: Bit("check the CO2 calibration", LOW),
    0x02: Bit("check the CO2 flow", LOW, Quality.QUESTIONABLE),
    0x04: Bit("CO2 pump off", MEDIUM, Quality.INVALID),
    0x80: Bit("battery low", LOW),
}
SLOW = {
    0x01: Bit("set for neonates"),
    0x02: Bit("alarms silenced for a while"),
    0x04: Bit("all alarms silenced"),
}
AUDIBLE = {
    0x08: Bit("a high-priority alarm sounds", HIGH),
    0x10: Bit("a low-priority alarm sounds", LOW),
    0x20: Bit("an advisory sounds", LOW),
}
"""Bits of the slow status that are told only where no alarm says what sounds."""

_WORST = (Quality.INVALID, Quality.CALIBRATING, Quality.QUESTIONABLE, Quality.VALID)


def quality(*said: Bit) -> Quality:
    """Give the worst that these bits make of a number."""
    return min((bit.quality for bit in said), key=_WORST.index, default=Quality.VALID)


def found(table: Mapping[int, Bit], status: int) -> tuple[Bit, ...]:
    """Give the bits that stand."""
    return tuple(bit for mask, bit in table.items() if status & mask)


MMHG_PER_KPA = 7.50062
_MMHG = 1
UNITS: Mapping[int, tuple[float | None, str]] = {_MMHG: (1.0, "mmHg"), 2: (MMHG_PER_KPA / 10, "kPa"), 3: (None, "Vol%")}
"""The unit of CO2: what one of the monitor's steps is in mmHg, where that is known, and how it is called."""


@dataclass(frozen=True, slots=True)
class Field:
    """A number: what a body can have, and the most by which it is believed to change from one second to the next."""

    parameter: Parameter
    low: int
    high: int
    jump: int


FIELDS = (
    Field(Parameter.ETCO2, 0, 150, 25),
    Field(Parameter.FICO2, 0, 150, 8),
    Field(Parameter.RR, 0, 200, 20),
    Field(Parameter.SPO2, 1, 100, 10),
    Field(Parameter.PR, 1, 250, 30),
)
"""In the order in which they stand in the message."""
_CO2, _OXIMETRY = (Parameter.ETCO2, Parameter.FICO2), (Parameter.SPO2, Parameter.PR)
NO_NUMBER = 0xFF
LAYOUT = Struct(">I5sB3sBBB9sBB")
_HIGH_LOW = ((0, 1), (2, 3), (5, 6), (7, 8))
_GOES_ON_S = 5
_EXTENDED_RESERVED = 0x78


class Status(NamedTuple):
    """What stands for long; what follows from it is worked out once (the caches below)."""

    slow: int
    co2_alarms: int
    spo2_alarms: int
    unit: int
    extended: int

    @property
    def step(self) -> float | None:
        """What one step of CO2 is in mmHg, None where that is not known."""
        return UNITS.get(self.unit, (None, ""))[0]


class Numbers(NamedTuple):
    """The message that comes once a second; `time` is the monitor's own clock, in seconds."""

    time: int
    values: bytes
    limits: bytes
    status: Status

    @property
    def settings(self) -> tuple[bytes, int, int]:
        """What hardly ever changes."""
        return self.limits, self.status.unit, self.status.extended & _EXTENDED_RESERVED

    def follows(self, before: "Numbers") -> bool:
        """Whether this message can come a few seconds after the other one."""
        settled = self.settings == before.settings
        changes = zip(FIELDS, self.values, before.values, strict=True)
        steady = all(NO_NUMBER in (now, then) or abs(now - then) <= field.jump for field, now, then in changes)
        return settled and steady and 0 <= self.time - before.time <= _GOES_ON_S


def parse(data: bytes) -> Numbers:
    """Read the numbers' message."""
    time, values, slow, _, co2_alarms, spo2_alarms, _, limits, unit, extended = LAYOUT.unpack(data)
    return Numbers(time, values, limits, Status(slow, co2_alarms, spo2_alarms, unit, extended))


def contradict(limits: bytes) -> bool:
    """Whether a high limit is below the low one."""
    return any(limits[high] < limits[low] for high, low in _HIGH_LOW)


def readings(numbers: Numbers, fast: int, *, believed: bool) -> Iterator[Reading]:
    """Give the five numbers; `fast` is the status that lasts in the samples. What is not believed has no value."""
    worths = _worths(numbers.status, fast) if believed else repeat(Quality.INVALID)
    return map(_reading, range(len(FIELDS)), numbers.values, worths, repeat(numbers.status.step))


@lru_cache(maxsize=64)
def _worths(status: Status, fast: int) -> tuple[Quality, ...]:
    """Give the most that each of the five numbers can be worth."""
    breathing = quality(*found(FAST, fast), *found(EXTENDED, status.extended))
    oximetry = quality(*found(SPO2_ALARMS, status.spo2_alarms))
    return tuple(oximetry if field.parameter in _OXIMETRY else breathing for field in FIELDS)


@lru_cache(maxsize=1024)
def _reading(place: int, raw: int, worth: Quality, co2_step: float | None) -> Reading:
    """Judge the number at this place of the message."""
    field = FIELDS[place]
    step = co2_step if field.parameter in _CO2 else 1.0
    value = None if step is None else round(raw * step, 1)
    if raw == NO_NUMBER or (raw == 0 and field.low):
        value, worth = None, Quality.MISSING
    elif value is None or worth is Quality.INVALID or not field.low <= value <= field.high:
        value, worth = None, Quality.INVALID
    return Reading(parameter=field.parameter, value=value, unit=PARAMETERS[field.parameter].unit, quality=worth)


@lru_cache(maxsize=64)
def alarms(status: Status, fast: int) -> tuple[DeviceAlarm, ...]:
    """Give every alarm that stands; a bit nobody has explained is one, and a sound that nothing explains."""
    sources = (
        ("CO2", CO2_ALARMS, status.co2_alarms),
        ("SpO2", SPO2_ALARMS, status.spo2_alarms),
        ("status", FAST, fast & ~END_OF_BREATH),
        ("extended", EXTENDED, status.extended),
    )
    told: list[DeviceAlarm] = []
    for name, table, bits in sources:
        for mask in (1 << n for n in range(8) if bits >> n & 1):
            bit = table.get(mask, Bit("unknown alarm", HIGH))
            if bit.alarm:
                told.append(DeviceAlarm(code=f"{name} {mask:02X}", text=bit.text, priority=bit.alarm))
    loudest = max((alarm.priority.rank for alarm in told), default=0)
    for mask, bit in AUDIBLE.items():
        if status.slow & mask and bit.alarm and loudest < min(bit.alarm.rank, MEDIUM.rank):
            told.append(DeviceAlarm(code=f"slow {mask:02X}", text=bit.text, priority=bit.alarm))
    return tuple(told)


@lru_cache(maxsize=64)
def notices(status: Status, fast: int) -> str:
    """Say what is no alarm and still worth knowing."""
    told = [bit.text for bit in (*found(SLOW, status.slow), *found(FAST, fast)) if not bit.alarm]
    if status.unit != _MMHG:
        told.append(f"CO2 in {UNITS.get(status.unit, (None, f'unit {status.unit}'))[1]}")
    if status.step is None:
        told.append("CO2 has no value: set the monitor's unit to mmHg or kPa")
    return ", ".join(told)
