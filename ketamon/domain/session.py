"""The state of a session, as `ketamon.domain.fold` makes it from the events, and simple questions to it.

What follows from a state stands in `ketamon.rules`. A state belongs to one fold and grows in place; whoever only looks
must not write to it.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceAlarm, DeviceKind, Link, PumpStatus
from ketamon.domain.instant import Boot, Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Patient, Person
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Place
from ketamon.domain.readings import Mode, Reading
from ketamon.domain.series import Series

ENTERED = "entered"
"""The name of the source of values that a person typed in."""

SourceKey = tuple[Parameter, str, str]
"""Parameter, device and site."""


@dataclass(slots=True)
class Device:
    """What is known of one device. `counter_ml` is what a pump's volume counter said last, also before a silence.

    `heads` holds the last status of each channel of a pump, `pump` that of the one that gives the ordered drug. Where
    there are several and nobody said which, it is unknown what the pump does.
    """

    attached: e.DeviceAttached
    link: Link = Link.CLOSED
    link_since: Instant | None = None
    why: str = ""
    heard: Instant | None = None
    pump: PumpStatus | None = None
    pump_at: Instant | None = None
    counter_ml: float | None = None
    heads: dict[str, PumpStatus] = field(default_factory=dict)
    alarms: tuple[DeviceAlarm, ...] = ()
    notices: list[str] = field(default_factory=list)
    rejected_frames: int = 0
    rejected_bytes: int = 0

    @property
    def unclear(self) -> bool:
        """Whether several channels report and nobody said which one gives the ordered drug."""
        return len(self.heads) > 1 and not self.attached.head


class Sample(NamedTuple):
    """The last reading of one parameter from one source, and the event that brought it."""

    reading: Reading
    device: str
    at: Instant
    seq: int


@dataclass(frozen=True, slots=True)
class Observation:
    """A logged observation as it stands now: with its correction, if any. `at` is when it was so."""

    seq: int
    item: str
    grade: int | None
    at: Instant
    entered: Instant
    by: Person
    text: str = ""
    corrected_by: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A fact the gate asks for, as last confirmed or taken back."""

    seq: int
    met: bool
    at: Instant
    by: Person
    text: str


@dataclass(frozen=True, slots=True)
class Screened:
    """An answer of the screening, and what a physician decided about it."""

    answer: e.ScreeningAnswered
    seq: int
    at: Instant
    decision: e.ScreeningDecided | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that stands: active, acknowledged or latched."""

    change: e.AlarmChanged
    since: Instant
    seq: int


@dataclass(slots=True)
class Infusion:
    """The infusion clock: it stands in pauses, the session clock runs.

    `given_ml` is what the pumps' counters grew by, also where one was set to zero meanwhile. `ended` moves on while a
    pump infuses after it. `unseen_s` of the running time passed while the core was down or stood still: whether the
    drug ran then is told by `given_ml` alone. None: nobody can tell how long that was.
    """

    started: Instant | None = None
    ended: Instant | None = None
    running_since: Instant | None = None
    elapsed_s: float = 0.0
    given_ml: float = 0.0
    stopped_early: bool = False
    pauses: list[tuple[Instant, Instant | None]] = field(default_factory=list)
    unseen_s: float | None = 0.0

    def seconds(self, at: Instant) -> float:
        """How long the drug ran until `at`, without pauses."""
        return self.elapsed_s + (at.since(self.running_since) if self.running_since else 0.0)


@dataclass(slots=True)
class SessionState:
    """Everything the events say, in the shape that rules and views ask for.

    `samples` holds the last reading per (parameter, device, site), `sources` which of these ever gave a value, in their
    order; `history` the trend of each parameter whoever gave it, `tracks` that of each source by itself, with what was
    typed in; `log` the events that a person would read, oldest first. `clock_step`
    is the last step of the wall clock and when it was. `ready_at` is the first moment the gate was open,
    `gate_open_since` the last time it opened, None while it is closed. `glass_broken`: somebody works without a PIN.
    `withdrawn` are the event numbers of notes, and of what was left out, that were taken back.
    `ages_from`: how long ago something before this was is not known, at least so long as the clock says.
    """

    seq: int = 0
    at: Instant | None = None
    opened: e.SessionOpened | None = None
    started: Instant | None = None
    boot: Boot | None = None
    ages_from: Instant | None = None
    patient: Patient | None = None
    course: e.CourseFound | None = None
    screening: dict[str, Screened] = field(default_factory=dict)
    order: e.OrderEntered | None = None
    order_check: e.OrderChecked | None = None
    phase: Phase = Phase.CHECK_IN
    phase_since: Instant | None = None
    infusion: Infusion = field(default_factory=Infusion)
    devices: dict[str, Device] = field(default_factory=dict)
    samples: dict[SourceKey, Sample] = field(default_factory=dict)
    sources: dict[SourceKey, None] = field(default_factory=dict)
    history: dict[Parameter, Series] = field(default_factory=dict)
    tracks: dict[SourceKey, Series] = field(default_factory=dict)
    baseline: dict[Parameter, float] = field(default_factory=dict)
    observations: dict[int, Observation] = field(default_factory=dict)
    confirmations: dict[str, Confirmation] = field(default_factory=dict)
    not_done: list[tuple[str, Instant]] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    alarm_count: int = 0
    dismissed_count: int = 0
    audio_paused_until: Instant | None = None
    limits_off: dict[Parameter, e.LimitsSwitched] = field(default_factory=dict)
    staff: dict[Person, Place] = field(default_factory=dict)
    emergency_since: Instant | None = None
    rescue: list[tuple[e.RescueDone, Instant]] = field(default_factory=list)
    glass_broken: e.EmergencyAccess | None = None
    wasted_ml: float = 0.0
    gate: e.GateChanged | None = None
    gate_open_since: Instant | None = None
    ready_at: Instant | None = None
    left_at: Instant | None = None
    signatures: list[tuple[e.Signed, Instant]] = field(default_factory=list)
    recording_degraded: str = ""
    sound: e.SoundChanged | None = None
    clock_step: tuple[float, Instant] | None = None
    log: list[e.Event] = field(default_factory=list)
    unknown: int = 0


def counts(state: SessionState, reading: Reading) -> bool:
    """Whether a reading is about the patient of this session: a demonstration never counts in a real one."""
    return reading.mode is Mode.REAL or (state.opened is not None and state.opened.mode is not Mode.REAL)


def age_known(state: SessionState, then: Instant) -> bool:
    """Whether the clock says how long ago a moment was; before a gap of unknown length it says only "at least"."""
    return state.ages_from is None or then >= state.ages_from


_QUIET = frozenset({e.Measured, e.PumpReported, e.BytesRejected, e.DeviceNoticed, e.GateChanged})
"""Events too frequent for the log that people read; they stand in the state."""


def is_logged(event: e.Event) -> bool:
    """Tell whether an event belongs to the log that people read."""
    body = event.body
    return type(body) not in _QUIET and not (isinstance(body, e.NotRecorded) and body.since is None)


def logged(state: SessionState, seq: int) -> e.Event | None:
    """Return an event of the log by its number, None where there is none."""
    at = bisect_left(state.log, seq, key=lambda event: event.seq)
    return state.log[at] if at < len(state.log) and state.log[at].seq == seq else None


def observations_of(state: SessionState, item: str) -> list[Observation]:
    """Return the observations of one item that stand (not taken back), in the order of when they were so."""
    found = [o for o in state.observations.values() if o.item == item and o.grade is not None]
    return sorted(found, key=lambda o: o.at)


def device_of(state: SessionState, kind: DeviceKind) -> Device | None:
    """Return the first attached device of a kind, or None."""
    return next((d for d in state.devices.values() if d.attached.kind is kind), None)
