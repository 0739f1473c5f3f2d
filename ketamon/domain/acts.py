"""What people did and said about a session: each class is one fact in the past tense (see `ketamon.domain.events`)."""

from dataclasses import dataclass
from typing import ClassVar

from ketamon.domain.devices import Action
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Order, Patient, Person
from ketamon.domain.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCheckedIn:
    """Who sits in the chair; a later one replaces an earlier one."""

    TYPE: ClassVar[str] = "patient-checked-in"
    patient: Patient
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntered:
    """What was ordered; a later one replaces an earlier one. `checked_by` is the independent second person."""

    TYPE: ClassVar[str] = "order-entered"
    order: Order
    by: Person
    checked_by: Person | None = None


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
class Signed:
    """A signature: who, what it means, and the head hash of the record it covers."""

    TYPE: ClassVar[str] = "signed"
    meaning: str
    by: Person
    covers: str


Act = (
    PatientCheckedIn | OrderEntered | DeviceOperated | ValueEntered | BaselineTaken | Observed |
    ObservationCorrected | Noted | NotDone | Confirmed | AudioPaused | Signed
)  # fmt: skip
