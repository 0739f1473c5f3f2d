"""What a person can ask of the core: the chair checks an intent and it becomes events, or is refused with a reason."""

from dataclasses import dataclass
from typing import ClassVar, get_args

from ketamon.domain.devices import Action
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning, Order, Patient, Person
from ketamon.domain.phases import Trigger
from ketamon.domain.profile import Place, Reply
from ketamon.domain.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Name the patient, and order the infusion in the units a prescriber uses, where the profile has an order."""

    TYPE: ClassVar[str] = "check-in"
    patient: Patient
    by: Person
    dose_mg_per_kg: float | None = None
    minutes: float | None = None
    concentration_mg_per_ml: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """Check the order that stands, as a second person; `order` is what was read, and no other is checked."""

    TYPE: ClassVar[str] = "check-order"
    by: Person
    order: Order | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerScreening:
    """Answer a question of the screening; a drug's answer says which, how much and when it was last taken."""

    TYPE: ClassVar[str] = "answer-screening"
    item: str
    reply: Reply
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideScreening:
    """Decide about a flagged answer, with a reason."""

    TYPE: ClassVar[str] = "decide-screening"
    item: str
    go_on: bool
    why: str
    by: Person


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
class Withdraw:
    """Take back a note, or that something was left out, by its event number; only who entered it can."""

    TYPE: ClassVar[str] = "withdraw"
    withdraws: int
    why: str
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
    """Acknowledge all alarms that stand, or one by its id; `dismissed` if there was nothing to do."""

    TYPE: ClassVar[str] = "acknowledge"
    by: Person
    alarm: str = ""
    dismissed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAudio:
    """Pause the alarm sound for as long as the profile allows, or end the pause."""

    TYPE: ClassVar[str] = "pause-audio"
    by: Person
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLimits:
    """Switch the alarm limits of one parameter off, with a reason, or on again."""

    TYPE: ClassVar[str] = "switch-limits"
    parameter: Parameter
    off: bool
    by: Person
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStaff:
    """Somebody of the staff comes to the room, is elsewhere on site, or leaves (`where` is None)."""

    TYPE: ClassVar[str] = "move-staff"
    who: Person
    where: Place | None
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEmergency:
    """Mark that an emergency begins, or that it is over. Nothing is asked."""

    TYPE: ClassVar[str] = "mark-emergency"
    by: Person
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Log something of the rescue list."""

    TYPE: ClassVar[str] = "rescue"
    item: str
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Log what was left of the drug and thrown away; the witness is who proves it."""

    TYPE: ClassVar[str] = "waste"
    volume_ml: float
    by: Person
    witness: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Sign the record: see `ketamon.domain.people.Meaning`. `why` is the reason of an override."""

    TYPE: ClassVar[str] = "sign"
    meaning: Meaning
    by: Person
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Unlock a console, with a PIN."""

    TYPE: ClassVar[str] = "sign-in"
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlass:
    """Work without a PIN because there is no time for one; it stands in the alarm line until somebody signs in."""

    TYPE: ClassVar[str] = "break-glass"
    by: Person
    why: str


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
    CheckIn | CheckOrder | AnswerScreening | DecideScreening | Advance | Observe | Correct | Note | Withdraw
    | EnterValue | SkipDue | Confirm | Acknowledge | PauseAudio | SwitchLimits | MoveStaff | MarkEmergency | Rescue
    | Waste | Sign | SignIn | BreakGlass | Operate | ReportSound | SetSpeed
)  # fmt: skip

INTENTS: dict[str, type] = {intent.TYPE: intent for intent in get_args(Intent)}
