"""What people did and said about a session: each class is one fact in the past tense (see `ketamon.domain.events`)."""

from dataclasses import dataclass
from typing import ClassVar

from ketamon.domain.devices import Action
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning, Order, Patient, Person, Proof
from ketamon.domain.profile import Place, Reply
from ketamon.domain.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCheckedIn:
    """Who sits in the chair; a later one replaces an earlier one."""

    TYPE: ClassVar[str] = "patient-checked-in"
    patient: Patient
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningAnswered:
    """An answer to a question of the profile's screening; a later one replaces an earlier one and its decision."""

    TYPE: ClassVar[str] = "screening-answered"
    item: str
    reply: Reply
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningDecided:
    """A physician decided about a flagged answer: go on in spite of it, or not."""

    TYPE: ClassVar[str] = "screening-decided"
    item: str
    go_on: bool
    why: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntered:
    """What was ordered; a later one replaces an earlier one, and has to be checked again."""

    TYPE: ClassVar[str] = "order-entered"
    order: Order
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChecked:
    """A second person checked the order, independently of the first."""

    TYPE: ClassVar[str] = "order-checked"
    by: Person
    proof: Proof = Proof.NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOperated:
    """A person had a device do something."""

    TYPE: ClassVar[str] = "device-operated"
    device: str
    action: Action
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEntered:
    """A person read a number from elsewhere and typed it in."""

    TYPE: ClassVar[str] = "value-entered"
    reading: Reading
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineTaken:
    """The values at rest that later ones are compared with."""

    TYPE: ClassVar[str] = "baseline-taken"
    values: dict[Parameter, float]
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A person asked or saw. `item` is an id of the profile's observation list, `grade` a number on its scale.

    `at` is when it was so, where that is not when it was entered; `why_then` is the reason for setting it back.
    """

    TYPE: ClassVar[str] = "observed"
    item: str
    grade: int
    by: Person
    text: str = ""
    at: Instant | None = None
    why_then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationCorrected:
    """The observation with sequence number `corrects` was wrong; None as grade takes it back. Both stay readable."""

    TYPE: ClassVar[str] = "observation-corrected"
    corrects: int
    grade: int | None
    why: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Free text for the record."""

    TYPE: ClassVar[str] = "noted"
    text: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The note, or what was left out, with sequence number `withdraws` was entered by mistake. Both stay readable."""

    TYPE: ClassVar[str] = "withdrawn"
    withdraws: int
    why: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """A due item was left out, and why."""

    TYPE: ClassVar[str] = "not-done"
    item: str
    because: str
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A person confirms (or takes back) a fact the gate asks for, by its id in the profile."""

    TYPE: ClassVar[str] = "confirmed"
    item: str
    met: bool
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPaused:
    """Somebody paused the alarm sound for `seconds`; 0 ends the pause."""

    TYPE: ClassVar[str] = "audio-paused"
    seconds: float
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSwitched:
    """The limits of one parameter raise no alarm until somebody switches them on again."""

    TYPE: ClassVar[str] = "limits-switched"
    parameter: Parameter
    off: bool
    by: Person
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMoved:
    """Somebody of the staff came to the chair's room, is elsewhere on site, or left; `where` None is gone."""

    TYPE: ClassVar[str] = "staff-moved"
    who: Person
    where: Place | None
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyMarked:
    """An emergency began, or is over: nothing is asked, the moment counts."""

    TYPE: ClassVar[str] = "emergency-marked"
    on: bool
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueDone:
    """Something of the profile's rescue list was done."""

    TYPE: ClassVar[str] = "rescue-done"
    item: str
    by: Person
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugWasted:
    """So much of the drug was left over and thrown away, in the presence of a witness."""

    TYPE: ClassVar[str] = "drug-wasted"
    volume_ml: float
    by: Person
    witness: Person
    proof: Proof = Proof.NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMark:
    """A recorded stream as it stood at a moment: its name, how many bytes it had, and their SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature: who, what it means, how it is known who signed, and what it covers.

    That is all of the record before it, by its head hash, and the recorded stream as it stood then, where there is one.
    `why` is the reason of an override, `unmet` what the gate lacked then.
    """

    TYPE: ClassVar[str] = "signed"
    meaning: Meaning
    by: Person
    covers: str
    proof: Proof = Proof.NAME
    why: str = ""
    unmet: tuple[str, ...] = ()
    stream: StreamMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody unlocked a console with a PIN."""

    TYPE: ClassVar[str] = "signed-in"
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRefused:
    """A PIN was wrong; `locked` when that was the last try for a while."""

    TYPE: ClassVar[str] = "pin-refused"
    name: str
    locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAccess:
    """Somebody works without a PIN because there is no time for one; it ends when anybody signs in."""

    TYPE: ClassVar[str] = "emergency-access"
    by: Person
    why: str


Act = (
    PatientCheckedIn | ScreeningAnswered | ScreeningDecided | OrderEntered | OrderChecked | DeviceOperated
    | ValueEntered | BaselineTaken | Observed | ObservationCorrected | Noted | NotDone | Confirmed | AudioPaused
    | LimitsSwitched | StaffMoved | EmergencyMarked | RescueDone | DrugWasted | Signed | SignedIn | PinRefused
    | EmergencyAccess | Withdrawn
)  # fmt: skip
"""Whatever a person did."""
