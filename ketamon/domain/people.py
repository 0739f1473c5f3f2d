"""Who acts and who is treated, and what was ordered."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do here."""

    NURSE = "nurse"
    PHYSICIAN = "physician"
    DIRECTOR = "director"
    OBSERVER = "observer"


class Proof(StrEnum):
    """How it is known who acts: by name only where the clinic has no PINs, by PIN, or by emergency access."""

    NAME = "name"
    PIN = "pin"
    EMERGENCY = "emergency"


WRONG_PIN = "wrong PIN"
"""How the answer to a wrong PIN begins, so that a screen can ask again."""


class Meaning(StrEnum):
    """What a signature means: the gate is met (both sign), or the patient leaves although it is not (both sign)."""

    ASSESSMENT = "assessment"
    DISCHARGE = "discharge"
    OVERRIDE = "override"
    OVERRIDE_SECOND = "override-second"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff, by initials or name."""

    name: str
    role: Role

    def __str__(self) -> str:
        return f"{self.role} {self.name}"

    def is_same(self, other: "Person") -> bool:
        """Whether both are one person: another role, or another way to type the name, makes nobody a second one."""
        return self.name.strip().casefold() == other.name.strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who sits in the chair: two identifiers, and the weight with how it was taken.

    `label` is what the screen shows ("J. D."), `identifier` the second identifier (a record number or a birth date).
    `indication` is a code of the profile's list, `indication_text` what it is where the code alone does not say it.
    """

    label: str
    identifier: str
    weight_kg: float
    weight_method: str = "stated"
    course: str = ""
    indication: str = ""
    indication_text: str = ""
    escort: str = ""

    def __post_init__(self) -> None:
        if not self.weight_kg > 0:
            raise ValueError(f"weight {self.weight_kg} kg is not a weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, and what follows from it for the pump (see `ketamon.rules.dose.order`)."""

    dose_mg_per_kg: float
    minutes: float
    concentration_mg_per_ml: float
    total_mg: float
    volume_ml: float
    rate_ml_h: float
