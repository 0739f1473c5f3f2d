"""A number that a device reported: never without unit, quality, mode and the knowledge of where it came from."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from ketamon.domain.parameters import Parameter
from ketamon.domain.units import Unit


class Quality(StrEnum):
    """How far a value can be trusted, after MeasurementValidity of ISO/IEEE 11073-10207 (SDC)."""

    VALID = "valid"
    QUESTIONABLE = "questionable"
    CALIBRATING = "calibrating"
    ONGOING = "ongoing"
    INVALID = "invalid"
    OVER = "over"
    UNDER = "under"
    MISSING = "missing"


class Mode(StrEnum):
    """Who the number is about, after GenerationMode of ISO/IEEE 11073-10207: a patient, nobody, or a test."""

    REAL = "real"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one parameter, as the device meant it.

    `value` is finite, or None where the device gave none; a value of quality `valid` is never None. `repeated`: the
    device only says again what it said before (a cuff pressure between two measurements). `stored`: it comes from the
    device's memory (a trend), so it says nothing of now. `site` tells several sources of one parameter apart
    ("ECG", "T1"), "" where there is only one.
    """

    parameter: Parameter
    value: float | None
    unit: Unit
    quality: Quality
    mode: Mode = Mode.REAL
    repeated: bool = False
    stored: bool = False
    site: str = ""

    def __post_init__(self) -> None:
        if self.value is None:
            if self.quality is Quality.VALID:
                raise ValueError(f"{self.parameter}: quality valid without a value")
        elif not isfinite(self.value):
            raise ValueError(f"{self.parameter}: {self.value} is no number; use None")
