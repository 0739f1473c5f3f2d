"""Everything that can be said about a session. A session is its list of these; nothing else is ever stored.

Each class is one fact in the past tense, with a stable name and version that stand on disk (`TYPES`), never an import
path. Nothing is edited: a correction is an event that names the sequence number it corrects. Optional fields have
defaults, so that an older record reads as it was written.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from ketamon.domain.devices import Action, DeviceAlarm, DeviceKind, Evidence, Link, Priority, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Order, Patient, Person
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A session begins at a chair, under a profile named by its hash. `profile_toml` is the whole text of it."""

    TYPE: ClassVar[str] = "session-opened"
    session: str
    chair: str
    mode: Mode
    profile: str
    profile_sha256: str
    profile_toml: str
    software: str
    stream: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResumed:
    """The core was down for `gap_s` and goes on with the same session. Nothing was seen in between."""

    TYPE: ClassVar[str] = "session-resumed"
    gap_s: float
    software: str
    stream: str = ""


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
class DeviceAttached:
    """A device belongs to this session.

    `port` is how it is reached. `head` is the channel of a pump that gives the ordered drug, where somebody named one;
    the others are heard, but not held against the order. `actions` are what a person can have it do.
    """

    TYPE: ClassVar[str] = "device-attached"
    device: str
    kind: DeviceKind
    driver: str
    port: str
    label: str
    alarms_decoded: bool
    quiet_after_s: float
    note: str = ""
    head: str = ""
    evidence: Evidence = Evidence.ESTABLISHED
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged:
    """The connection to a device changed; `why` is for people."""

    TYPE: ClassVar[str] = "link-changed"
    device: str
    link: Link
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A monitor reported these. `offset` is the byte of the recorded stream where the frame begins.

    Two kinds of reading are left out as they say nothing new: repeats of a cuff result that is recorded, and "still no
    value" where the last one was already none.
    """

    TYPE: ClassVar[str] = "measured"
    device: str
    offset: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpReported:
    """A pump said what it does."""

    TYPE: ClassVar[str] = "pump-reported"
    device: str
    offset: int
    status: PumpStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlarmsReported:
    """All alarms that stand at the device at this moment; an empty tuple is "none"."""

    TYPE: ClassVar[str] = "device-alarms-reported"
    device: str
    alarms: tuple[DeviceAlarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNoticed:
    """A device said something about itself that is no value and no alarm."""

    TYPE: ClassVar[str] = "device-noticed"
    device: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOperated:
    """A person had a device do something."""

    TYPE: ClassVar[str] = "device-operated"
    device: str
    action: Action
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRejected:
    """Bytes that no frame claimed, counted since the last such event."""

    TYPE: ClassVar[str] = "bytes-rejected"
    device: str
    frames: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEntered:
    """A person read a number from elsewhere and typed it in."""

    TYPE: ClassVar[str] = "value-entered"
    reading: Reading
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """The session moved on. `by` is None where a device caused it; `why` is for people."""

    TYPE: ClassVar[str] = "phase-changed"
    trigger: Trigger
    phase: Phase
    by: Person | None = None
    why: str = ""


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


class AlarmState(StrEnum):
    """Where an alarm condition stands; the ways between stand in `ketamon.rules.alarms`."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    LATCHED = "latched"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChanged:
    """An alarm condition began, changed or ended. `text` is what stands in the alarm line ("SpO2 84 < 88")."""

    TYPE: ClassVar[str] = "alarm-changed"
    alarm: str
    state: AlarmState
    priority: Priority
    technical: bool
    text: str
    parameter: Parameter | None = None
    value: float | None = None
    limit: float | None = None
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPaused:
    """Somebody paused the alarm sound for `seconds`; 0 ends the pause."""

    TYPE: ClassVar[str] = "audio-paused"
    seconds: float
    by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One criterion of the gate: what was required, what was seen, and the events that prove it."""

    id: str
    label: str
    met: bool
    required: str
    observed: str
    remedy: str = ""
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChanged:
    """The verdict of the discharge gate changed: it opened, closed, or other criteria are unmet now."""

    TYPE: ClassVar[str] = "gate-changed"
    open: bool
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature: who, what it means, and the head hash of the record it covers."""

    TYPE: ClassVar[str] = "signed"
    meaning: str
    by: Person
    covers: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped:
    """The wall clock was moved by `seconds` against the monotonic one."""

    TYPE: ClassVar[str] = "clock-stepped"
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged:
    """The record can (not) be written. `why` names the cause."""

    TYPE: ClassVar[str] = "recording-changed"
    degraded: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event of a newer version: kept and shown, folded as nothing."""

    TYPE: ClassVar[str] = "unknown"
    type: str
    version: int
    body: str


Body = (
    SessionOpened | SessionResumed | PatientCheckedIn | OrderEntered | DeviceAttached | LinkChanged | Measured
    | PumpReported | DeviceAlarmsReported | DeviceNoticed | BytesRejected | ValueEntered | PhaseChanged | BaselineTaken
    | Observed | ObservationCorrected | Noted | NotDone | Confirmed | AlarmChanged | AudioPaused | GateChanged | Signed
    | ClockStepped | RecordingChanged | DeviceOperated | Unknown
)  # fmt: skip

TYPES: dict[str, type] = {
    body.TYPE: body
    for body in (
        SessionOpened, SessionResumed, PatientCheckedIn, OrderEntered, DeviceAttached, LinkChanged, Measured,
        PumpReported, DeviceAlarmsReported, DeviceNoticed, BytesRejected, ValueEntered, PhaseChanged, BaselineTaken,
        Observed, ObservationCorrected, Noted, NotDone, Confirmed, AlarmChanged, AudioPaused, GateChanged, Signed,
        ClockStepped, RecordingChanged, DeviceOperated,
    )
}  # fmt: skip
VERSION = 1
"""The version of every body above; one that changes shape gets its own number and an upcaster."""


@dataclass(frozen=True, slots=True)
class Event:
    """A body with its place in the session: gapless number from 1, and both clocks."""

    seq: int
    at: Instant
    body: Body


def iso(wall: datetime) -> str:
    """Write a wall-clock time for people and files: ISO 8601 in UTC with milliseconds."""
    return wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")
