"""Units of measurement as a closed set, named by their UCUM code.

A number never travels without one of these. Plain floats are used in the hot path; conversion happens at the
edges only, in :mod:`ketamon.rules.dose`, with a registry that knows body weight, heartbeat and breath as dimensions.
"""

from enum import StrEnum


class Unit(StrEnum):
    """A UCUM unit (https://ucum.org, case sensitive codes)."""

    PER_MINUTE = "/min"
    PERCENT = "%"
    MMHG = "mm[Hg]"
    CELSIUS = "Cel"
    ML_PER_HOUR = "mL/h"
    ML = "mL"
    SECOND = "s"
    MINUTE = "min"
    MG = "mg"
    KG = "kg"
    MG_PER_KG = "mg/kg"
    MG_PER_ML = "mg/mL"
    MILLIVOLT = "mV"
    SCORE = "{score}"

    @property
    def symbol(self) -> str:
        """How people write it, where that is not its UCUM code."""
        return {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": ""}.get(self.value, self.value)
