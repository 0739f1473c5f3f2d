"""Everything that can be said about a session. A session is its list of these; nothing else is ever stored.

What people did stands in `ketamon.domain.acts`, what devices said in `ketamon.domain.reports`, the rest here. Each
class is one fact in the past tense, with a stable name and version that stand on disk (`TYPES`), never an import path.
Nothing is edited: a correction is an event that names the sequence number it corrects. Optional fields have defaults,
so that an older record reads as it was written.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import ClassVar, get_args

from ketamon.domain.acts import (
    Act,
    AudioPaused,
    BaselineTaken,
    Confirmed,
    DeviceOperated,
    DrugWasted,
    EmergencyAccess,
    EmergencyMarked,
    LimitsSwitched,
    NotDone,
    Noted,
    ObservationCorrected,
    Observed,
    OrderChecked,
    OrderEntered,
    PatientCheckedIn,
    PinRefused,
    RescueDone,
    ScreeningAnswered,
    ScreeningDecided,
    Signed,
    SignedIn,
    StaffMoved,
    StreamMark,
    ValueEntered,
    Withdrawn,
)  # fmt: skip
from ketamon.domain.devices import Priority
from ketamon.domain.instant import Boot, Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Person
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.domain.reports import (
    BytesRejected,
    DeviceAlarmsReported,
    DeviceAttached,
    DeviceNoticed,
    LinkChanged,
    Measured,
    PumpReported,
    Report,
)  # fmt: skip

__all__ = [
    "TYPES",
    "AlarmChanged",
    "AlarmState",
    "AudioPaused",
    "BaselineTaken",
    "Body",
    "BytesRejected",
    "CheckResult",
    "ClockStepped",
    "Confirmed", "CourseFound",
    "DeviceAlarmsReported",
    "DeviceAttached",
    "DeviceNoticed",
    "DeviceOperated",
    "DrugWasted",
    "EmergencyAccess",
    "EmergencyMarked",
    "Event",
    "GateChanged",
    "LimitsSwitched",
    "LinkChanged",
    "Measured",
    "NotDone",
    "NotRecorded",
    "Noted",
    "ObservationCorrected",
    "Observed",
    "OrderChecked",
    "OrderEntered",
    "PatientCheckedIn",
    "PhaseChanged",
    "PinRefused",
    "PumpReported",
    "RecordingChanged",
    "RescueDone",
    "ScreeningAnswered",
    "ScreeningDecided",
    "SessionOpened",
    "SessionResumed",
    "Signed",
    "SignedIn",
    "SoundChanged",
    "StaffMoved",
    "StoodStill",
    "StreamClosed",
    "StreamMark",
    "Unknown",
    "ValueEntered",
    "Withdrawn",
    "iso",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """A session begins at a chair, under a profile named by its hash. `profile_toml` is the whole text of it.

    `pins`: the clinic keeps a roster, so whoever signs has to prove who it is. `encrypted`: its files have a key.
    `boot`: the machine's clock behind the session's, None where time was made up.
    """

    TYPE: ClassVar[str] = "session-opened"
    session: str
    chair: str
    mode: Mode
    profile: str
    profile_sha256: str
    profile_toml: str
    software: str
    stream: str = ""
    pins: bool = False
    encrypted: bool = False
    boot: Boot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResumed:
    """The core was down for `gap_s` and goes on with the same session. Nothing was seen in between.

    None: nobody can tell for how long, and the session's clock stood still meanwhile. `why` is the cause as far as it
    is known, `boot` as in `SessionOpened`.
    """

    TYPE: ClassVar[str] = "session-resumed"
    gap_s: float | None
    software: str
    stream: str = ""
    why: str = ""
    boot: Boot | None = None

    def __post_init__(self) -> None:
        _refuse_no_length(self.gap_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodStill:
    """The core ran on, but stood still for `gap_s` (the machine slept, for one): nothing was seen in between."""

    TYPE: ClassVar[str] = "stood-still"
    gap_s: float
    why: str

    def __post_init__(self) -> None:
        _refuse_no_length(self.gap_s)


def _refuse_no_length(gap_s: float | None) -> None:
    if gap_s is not None and not 0 <= gap_s < inf:
        raise ValueError(f"a gap of {gap_s} s is none")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """The session moved on. `by` is None where a device caused it; `why` is for people."""

    TYPE: ClassVar[str] = "phase-changed"
    trigger: Trigger
    phase: Phase
    by: Person | None = None
    why: str = ""


class AlarmState(StrEnum):
    """Where an alarm condition stands; the ways between stand in `ketamon.rules.alarms`."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    LATCHED = "latched"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChanged:
    """An alarm condition began, changed or ended. `text` is what stands in the alarm line ("SpO2 84 < 88").

    `dismissed`: whoever acknowledged it found nothing to do.
    """

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
    dismissed: bool = False


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
class NotRecorded:
    """A measurement that was shown and found no room, while the record could not be written. It has its number only.

    Of those that came in a row the last counts all: `devices` says how many of which device, the first of them came at
    `since`. One that counts nothing is counted by a later one; in older records by the `RecordingChanged` behind it.
    """

    TYPE: ClassVar[str] = "not-recorded"
    devices: dict[str, int] = field(default_factory=dict)
    since: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundChanged:
    """`console` sounds the alarms of this session now, or cannot; of several the last that said so counts.

    `why` is what is wrong, in words: no sound at all, or, where it works, that it is only a makeshift.
    """

    TYPE: ClassVar[str] = "sound-changed"
    console: str
    working: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFound:
    """Which infusion of the course this is ("3 of 6"), by the records kept here, and what is wrong with today."""

    TYPE: ClassVar[str] = "course-found"
    place: str
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamClosed:
    """The core let go of the recorded stream in good order; this is how it stood then."""

    TYPE: ClassVar[str] = "stream-closed"
    stream: StreamMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An event of a newer version: kept and shown, folded as nothing."""

    TYPE: ClassVar[str] = "unknown"
    type: str
    version: int
    body: str


Body = (
    Act | Report | SessionOpened | SessionResumed | StoodStill | PhaseChanged | AlarmChanged | GateChanged
    | ClockStepped | RecordingChanged | NotRecorded | SoundChanged | CourseFound | StreamClosed
    | Unknown
)  # fmt: skip

TYPES: dict[str, type] = {body.TYPE: body for body in get_args(Body) if body is not Unknown}
"""What stands on disk for each body. One that changes its shape gets a step in `ketamon.upcasters`."""


@dataclass(frozen=True, slots=True)
class Event:
    """A body with its place in the session: gapless number from 1, and both clocks."""

    seq: int
    at: Instant
    body: Body


def iso(wall: datetime) -> str:
    """Write a wall-clock time for people and files: ISO 8601 in UTC with milliseconds."""
    return wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")
