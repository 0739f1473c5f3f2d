"""What a person can ask of the core: the chair checks an intent and it becomes events, or is refused with a reason."""

from dataclasses import dataclass
from typing import ClassVar

from ketamon.domain.devices import Action
from ketamon.domain.people import Patient, Person
from ketamon.domain.phases import Trigger
from ketamon.domain.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Name the patient, and order the infusion in the units a prescriber uses."""

    TYPE: ClassVar[str] = "check-in"
    patient: Patient
    dose_mg_per_kg: float
    minutes: float
    concentration_mg_per_ml: float
    by: Person
    checked_by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Move the session on."""

    TYPE: ClassVar[str] = "advance"
    trigger: Trigger
    by: Person
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe:
    """Log an observation; `minutes_ago` sets it back, with a reason."""

    TYPE: ClassVar[str] = "observe"
    item: str
    grade: int
    by: Person
    text: str = ""
    minutes_ago: float = 0.0
    why_then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """Correct or take back an observation, by its event number."""

    TYPE: ClassVar[str] = "correct"
    corrects: int
    grade: int | None
    why: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Add free text."""

    TYPE: ClassVar[str] = "note"
    text: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterValue:
    """Type in numbers read elsewhere (a manual cuff, a counted respiratory rate)."""

    TYPE: ClassVar[str] = "enter-value"
    readings: tuple[Reading, ...]
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipDue:
    """Leave out a due item, and say why."""

    TYPE: ClassVar[str] = "skip-due"
    item: str
    because: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Confirm or take back a fact the gate asks for."""

    TYPE: ClassVar[str] = "confirm"
    item: str
    met: bool
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Acknowledge all alarms that stand, or one by its id."""

    TYPE: ClassVar[str] = "acknowledge"
    by: Person
    alarm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAudio:
    """Pause the alarm sound for as long as the profile allows, or end the pause."""

    TYPE: ClassVar[str] = "pause-audio"
    by: Person
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Sign the record: `assessment` by a nurse, `discharge` by another clinician."""

    TYPE: ClassVar[str] = "sign"
    meaning: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Operate:
    """Have a device do something at the patient, now."""

    TYPE: ClassVar[str] = "operate"
    device: str
    action: Action
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSound:
    """Tell whether a console sounds the alarms, as `SoundChanged` says it. A console does this by itself."""

    TYPE: ClassVar[str] = "report-sound"
    console: str
    working: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpeed:
    """Change the speed of a replay or a simulation (0 stops it). Refused for a live session."""

    TYPE: ClassVar[str] = "set-speed"
    speed: float


Intent = (
    CheckIn
    | Advance
    | Observe
    | Correct
    | Note
    | EnterValue
    | SkipDue
    | Confirm
    | Acknowledge
    | PauseAudio
    | Sign
    | Operate
    | ReportSound
    | SetSpeed
)

INTENTS: dict[str, type] = {
    intent.TYPE: intent
    for intent in (
        CheckIn, Advance, Observe, Correct, Note, EnterValue, SkipDue, Confirm, Acknowledge, PauseAudio, Sign, Operate,
        ReportSound, SetSpeed,
    )
}  # fmt: skip
