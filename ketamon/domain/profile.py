"""What a profile holds: the clinical rules of a session as data, edited and signed by a medical director.

These classes are the schema of the TOML file (read by `ketamon.profiles`); no threshold stands anywhere else. Field
names end in their unit. A range is (lowest, highest) allowed. A field with a default may be absent: a session is
resumed with its own profile, and an older one says nothing of what came later.
"""

from dataclasses import dataclass
from enum import StrEnum

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Role
from ketamon.domain.phases import Phase
from ketamon.domain.retention import RetentionRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long an infusion is planned, and the shortest and longest the profile allows.

    So many minutes after the planned end somebody is asked why it still runs (a prompt; what is too much is an alarm).
    """

    minutes: float
    shortest_minutes: float
    longest_minutes: float
    overrun_prompt_minutes: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBounds:
    """Bounds of an order, and how far the pump may differ from it before that is an alarm.

    Where none is `required`, the dose is not by body weight and no pump gives it; check-in asks for no order.
    """

    dose_mg_per_kg: tuple[float, float]
    concentration_mg_per_ml: tuple[float, float]
    weight_kg: tuple[float, float]
    highest_total_mg: float
    tolerance_percent: float
    bolus_ml: float = 1.0
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """What a patient is treated for, by its code; some ask what it is in words."""

    id: str
    label: str
    asks_text: bool = False


class Severity(StrEnum):
    """What follows from a flagged answer: normally the end, a physician's decision with a reason, or only a note."""

    STOP = "stop"
    DECIDE = "decide"
    NOTE = "note"


class Answer(StrEnum):
    """How a screening question is answered; `drug` asks for name, dose and when it was last taken."""

    YES_NO = "yes-no"
    YES_NO_TEXT = "yes-no-text"
    DRUG = "drug"


class Reply(StrEnum):
    """Yes or no."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningItem:
    """A question before the infusion. The answer `flagged_by` calls for what `severity` says.

    Both severities `stop` and `decide` need a physician, with a reason. A drug may have to be left out for
    `hold_before_hours` (from, to) before the infusion and `hold_after_hours` after it.
    """

    id: str
    question: str
    severity: Severity
    answer: Answer = Answer.YES_NO
    flagged_by: Reply = Reply.YES
    hold_before_hours: tuple[float, float] | None = None
    hold_after_hours: float | None = None


class Place(StrEnum):
    """Where somebody has to be: in the room, or in the building."""

    ROOM = "room"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRule:
    """Somebody of this role must be there in these phases; who is in the room is on site, too."""

    role: Role
    where: Place
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueItem:
    """An entry of the emergency list, one key apiece; some ask what it was (a drug, its dose)."""

    id: str
    key: str
    label: str
    asks_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRules:
    """PINs and locks: fewest digits, wrong tries until the PIN is locked and for how long, and the idle screen."""

    pin_digits: int = 6
    attempts: int = 5
    lock_minutes: float = 15.0
    idle_lock_minutes: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRule:
    """What must be measured and observed before the infusion, and how recent it must be."""

    parameters: tuple[Parameter, ...]
    observations: tuple[str, ...]
    within_minutes: float


class Group(StrEnum):
    """Where an observation stands in the entry list; an effect has an onset, a worst grade and a resolution."""

    SCORE = "score"
    EFFECT = "effect"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One step of a scale: its number, the key that chooses it, and its word."""

    value: int
    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationItem:
    """Something a person can log: key `key` in the entry list chooses it, then a key of one of its grades.

    A total has no grades: its number is typed, `lowest` to `highest`. `followed_by` is an item that has to be asked
    for by itself after it.
    """

    id: str
    key: str
    label: str
    group: Group
    grades: tuple[Grade, ...] = ()
    asks_text: bool = False
    lowest: int | None = None
    highest: int | None = None
    followed_by: str = ""

    @property
    def values(self) -> range | tuple[int, ...]:
        """Every number that can be logged."""
        if self.lowest is not None and self.highest is not None:
            return range(self.lowest, self.highest + 1)
        return tuple(grade.value for grade in self.grades)


class Anchor(StrEnum):
    """What a schedule counts from."""

    SESSION = "session"
    INFUSION_START = "infusion-start"
    INFUSION_END = "infusion-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRule:
    """When an item is due: at `at_minutes` and then `every_minutes` from the anchor, in these phases.

    `item` is an observation id or a parameter id. Counted in session time; overdue after the grace.
    """

    item: str
    label: str
    anchor: Anchor
    phases: tuple[Phase, ...]
    grace_minutes: float
    every_minutes: float = 0.0
    at_minutes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One alarm limit on a parameter.

    The condition holds while the value is below `below`, or above `above`, or above the larger of `above` and
    baseline + `above_baseline`. It must hold for `dwell_s` before it is an alarm, and end by `hysteresis` before it is
    over. `confirm`: one reading is an alarm of the next lower priority until a second one confirms it.
    """

    id: str
    parameter: Parameter
    priority: Priority
    below: float | None = None
    above: float | None = None
    above_baseline: float | None = None
    dwell_s: float = 0.0
    hysteresis: float = 0.0
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRules:
    """How alarms behave, and the limits of the technical ones.

    `stale_factor` times a continuous parameter's interval without a value is "no data"; a cuff result counts for
    `cuff_valid_minutes`, and so does any number that a person typed in. `rejected_frames_per_minute` is the rate of
    damaged frames that is an alarm, `clock_step_s` the step of the wall clock that is one. A condition of a moment
    (such a step) stands in the alarm line for `momentary_s`.
    """

    audio_pause_s: float
    stale_factor: float
    cuff_valid_minutes: float
    rejected_frames_per_minute: float
    clock_step_s: float
    momentary_s: float


class Watch(StrEnum):
    """What is watched besides the limits: the equipment, and the pump against the order."""

    NO_DATA = "no-data"
    SENSOR_OFF = "sensor-off"
    SENSOR_FAULT = "sensor-fault"
    LINK_LOST = "link-lost"
    FRAMES_REJECTED = "frames-rejected"
    RECORDING_DEGRADED = "recording-degraded"
    CLOCK_STEPPED = "clock-stepped"
    PUMP_ALARMS_UNAVAILABLE = "pump-alarms-unavailable"
    PUMP_ALARM_UNKNOWN = "pump-alarm-unknown"
    ORDER_RATE = "order-rate"
    ORDER_VOLUME = "order-volume"
    ORDER_PHASE = "order-phase"
    ORDER_BOLUS = "order-bolus"
    SOURCES_DIFFER = "sources-differ"
    SOUND_FAILED = "sound-failed"
    SOUND_BY_BELL = "sound-by-bell"
    LIMITS_OFF = "limits-off"
    STAFF_MISSING = "staff-missing"
    GLASS_BROKEN = "glass-broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRule:
    """The priority of one such condition, and how long it must hold before it is an alarm."""

    of: Watch
    priority: Priority
    dwell_s: float = 0.0


WATCHED_ANYWAY: tuple[WatchRule, ...] = (
    WatchRule(of=Watch.SOUND_FAILED, priority=Priority.MEDIUM, dwell_s=3.0),
    WatchRule(of=Watch.SOUND_BY_BELL, priority=Priority.LOW),
    WatchRule(of=Watch.LIMITS_OFF, priority=Priority.LOW),
    WatchRule(of=Watch.ORDER_BOLUS, priority=Priority.HIGH),
    WatchRule(of=Watch.STAFF_MISSING, priority=Priority.MEDIUM, dwell_s=30.0),
    WatchRule(of=Watch.GLASS_BROKEN, priority=Priority.LOW),
)
"""Rules for what a profile may leave out, as the older ones do that knew nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How a parameter is drawn: the fixed range of its chart, and how often it normally comes."""

    parameter: Parameter
    low: float
    high: float
    interval_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRule:
    """Which device's value of a parameter counts where several report it: the first of `drivers` that has a good one.

    A device that is not named comes after those that are, in the order in which they were attached. Of cuff results the
    newest counts, whoever measured it. Values that are further apart than `apart` are told as an alarm.
    """

    parameter: Parameter
    apart: float
    drivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The expected course: from baseline - `below` to baseline + `above` is drawn behind the trend as normal."""

    parameter: Parameter
    below: float
    above: float


class CriterionKind(StrEnum):
    """How a criterion of the gate is judged; see `ketamon.rules.gate`."""

    ELAPSED = "elapsed"
    VITAL = "vital"
    GRADE = "grade"
    ABSENT = "absent"
    CONFIRMED = "confirmed"
    NO_HIGH_ALARM = "no-high-alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that must be so before a patient leaves. Which fields count depends on `kind`.

    elapsed: at least `minutes` since the infusion ended, or since another anchor.
    vital: `parameter` within `low`..`high` (either may be absent), or, with `or_baseline`, at least its baseline; and
    within `percent_of_baseline`; on two readings at least `sustained_minutes` apart and none worse in between.
    grade: the last observation of `item` in recovery is `at_least`..`at_most`, and not older than `minutes`. Where
    there is an `or_item`, one of the two is enough; if both were observed, both must be met. With `sustained_minutes`,
    no other grade of `item` stood in that time; what was never observed before stands against nothing.
    absent: no observation of `item` above grade 0 in the last `minutes`.
    confirmed: somebody confirmed `item` in recovery; with `named`, a name is known: in the text of the
    confirmation, or as the patient's escort.
    no-high-alarm: no alarm of high priority stands, acknowledged or not.
    """

    id: str
    label: str
    kind: CriterionKind
    remedy: str
    minutes: float | None = None
    since: Anchor = Anchor.INFUSION_END
    parameter: Parameter | None = None
    low: float | None = None
    high: float | None = None
    or_baseline: bool = False
    percent_of_baseline: float | None = None
    sustained_minutes: float = 0.0
    item: str = ""
    at_least: int | None = None
    at_most: int | None = None
    or_item: str = ""
    or_at_least: int | None = None
    or_at_most: int | None = None
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """Who signs at the gate: two people each time, the second never the first.

    Met: the assessment, then the discharge. Not met: the override, with a reason, then a second signature. An
    assessment counts until recovery is reopened or the pump infuses again, and, above 0, for so many minutes.
    """

    assessment_by: tuple[Role, ...] = (Role.NURSE, Role.PHYSICIAN)
    discharge_by: tuple[Role, ...] = (Role.PHYSICIAN,)
    override_by: tuple[Role, ...] = (Role.PHYSICIAN,)
    override_second_by: tuple[Role, ...] = (Role.NURSE, Role.PHYSICIAN)
    assessment_valid_minutes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRules:
    """Whether the estimate of ketamine in blood is shown (`ketamon.rules.estimate`). It decides nothing."""

    shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A stretch of the time after the series: the fewest and most calendar days from one infusion to the next.

    It lasts until so many days after the last infusion of the series; without a number it is the last stretch.
    """

    spacing_days: tuple[int, int]
    until_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRules:
    """The course over several sessions: a series of `planned` infusions, then maintenance.

    `spacing_days` are the fewest and most calendar days between infusions of the series; `scores` are the observations
    that are followed across sessions. A profile without this plans no course, and nothing is too soon or too late.
    """

    planned: int = 0
    spacing_days: tuple[int, int] | None = None
    maintenance: tuple[Maintenance, ...] = ()
    scores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one kind of session. `name` and `version` say which; the file's hash is in every session."""

    name: str
    version: str
    title: str
    plan: Plan
    order: OrderBounds
    baseline: BaselineRule
    alarm: AlarmRules
    observation: tuple[ObservationItem, ...]
    schedule: tuple[ScheduleRule, ...]
    limit: tuple[Limit, ...]
    watch: tuple[WatchRule, ...]
    display: tuple[Display, ...]
    source: tuple[SourceRule, ...]
    band: tuple[Band, ...]
    criterion: tuple[Criterion, ...]
    indication: tuple[Indication, ...] = ()
    screening: tuple[ScreeningItem, ...] = ()
    staff: tuple[StaffRule, ...] = ()
    rescue: tuple[RescueItem, ...] = ()
    people: PeopleRules = PeopleRules()
    gate: GateRules = GateRules()
    estimate: EstimateRules = EstimateRules()
    course: CourseRules = CourseRules()
    retention: RetentionRules = RetentionRules()  # noqa: RUF009 (it is frozen)
