"""The staff of a simulated session: looks at the state, as a person looks at the screen, and says what to do next.

She does one thing at a time, and takes a moment for each. What she finds on asking the patient stands in `COURSE`; what
she has to ask, confirm and wait for stands in the profile, so that another profile is played as well.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from ketamon.chair.asked import START_CONFIRMED
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Meaning, Patient, Person, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Criterion, CriterionKind, ObservationItem, Place, Profile, Reply
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.session import SessionState
from ketamon.rules import schedule
from ketamon.simulator import scenario

NURSE = Person("M. Keller", Role.NURSE)
PHYSICIAN = Person("Dr. A. Lindqvist", Role.PHYSICIAN)

PACE_S = 6.0
"""How long she takes for one thing."""
ARRIVAL_S = 15.0
"""How long it takes until somebody begins to type."""
ATTENTION_S = 20.0
"""How long an alarm stands before somebody takes note of it."""
ASKING_S = 20.0
"""How long after it is due an observation is made."""
MISSING_S = 90.0
"""How long a value that no device gives is waited for before she measures it by hand."""
LATE_MINUTES = 6.0
"""The facts for the gate are confirmed from so long before its shortest time has passed."""
READING_S = 60.0
"""How long the physician looks at an open gate before signing."""

PATIENT = Patient(
    label="J. D.",
    identifier="1984-03-07",
    weight_kg=scenario.WEIGHT_KG,
    weight_method="scale",
    course="3 of 6",
    indication="depression-resistant",
    escort="K. D. (sister)",
)

COURSE: dict[str, tuple[tuple[float, int], ...]] = {
    "dissociation": ((0, 0), (8, 2), (18, 4), (35, 5), (46, 2), (60, 0)),
    "sedation": ((0, 5), (8, 4), (50, 5)),
    "nausea": ((0, 0), (25, 1), (42, 0)),
    "dizziness": ((0, 0), (12, 1), (55, 0)),
    "mood": ((0, 3), (50, 5)),
}
"""What the patient says or shows: the grade from so many minutes after the infusion began. Ketamine's effects peak
within the hour and are gone within two in most (five trials, 163 patients). Not listed: nothing to find."""

NOTES: tuple[tuple[Phase, float, str], ...] = (
    (Phase.BASELINE, 0.5, "Cannula left forearm, flushed, no swelling. Lights down, headphones on."),
    (Phase.PAUSED, 0.2, "Held at the pump while the arm was laid straight."),
    (Phase.RECOVERY, 8.0, "Awake, talks, drinks water."),
)
"""What she writes down: so many minutes into a phase."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What she sees at one moment."""

    state: SessionState
    profile: Profile
    at: Instant
    hand: Mapping[Parameter, float | None]
    own: Mapping[str, tuple[tuple[float, int], ...]]
    patience_s: float

    @property
    def course(self) -> dict[str, tuple[tuple[float, int], ...]]:
        """What this patient shows, with what is usual."""
        return COURSE | dict(self.own)

    @property
    def minutes(self) -> float:
        """Minutes since the infusion began; negative before it."""
        began = self.state.infusion.started
        return self.at.since(began) / 60 if began else -1.0

    @property
    def in_phase_s(self) -> float:
        since = self.state.phase_since
        return self.at.since(since) if since else 0.0


@dataclass(frozen=True, slots=True)
class Nurse:
    """The nurse, and with `sign` the physician, who let the patient go. Without, the session stays at an open gate.

    `course` is what this patient shows besides, or instead of, `COURSE`; after a pause of `patience_s` she ends the
    infusion for good. `by_hand` gives what she would find with a cuff and a watch of her own; she does so where no
    device does.
    """

    sign: bool = False
    course: Mapping[str, tuple[tuple[float, int], ...]] = field(default_factory=dict)
    patience_s: float = inf
    by_hand: Callable[[], Mapping[Parameter, float | None]] = field(default=dict)

    def due_intents(self, state: SessionState, profile: Profile, at: Instant) -> list[i.Intent]:
        """Return what to ask of the core now: one thing, or nothing. The same state gets the same answer."""
        if _busy(state, at):
            return []
        look = _Look(state, profile, at, self.by_hand(), self.course, self.patience_s)
        habits = (*_HABITS, _sign) if self.sign else _HABITS
        first = next((intent for habit in habits for intent in habit(look)), None)
        return [] if first is None else [first]


def _busy(state: SessionState, at: Instant) -> bool:
    """Whether the last thing somebody of the staff did is too recent for the next."""
    last = next((event for event in reversed(state.log) if getattr(event.body, "by", None)), None)
    return last is not None and at.since(last.at) < PACE_S


def _come(look: _Look) -> Iterator[i.Intent]:
    """Nurse and physician tell that they are there."""
    for person, place in ((NURSE, Place.ROOM), (PHYSICIAN, Place.SITE)):
        if look.profile.staff and person not in look.state.staff and look.state.phase is Phase.CHECK_IN:
            yield i.MoveStaff(who=person, where=place, by=NURSE)


def _screen(look: _Look) -> Iterator[i.Intent]:
    """Ask all questions; this patient has nothing that stands in the way."""
    if look.state.phase is not Phase.CHECK_IN or look.in_phase_s < ARRIVAL_S:
        return
    for item in look.profile.screening:
        if item.id not in look.state.screening:
            reply = Reply.NO if item.flagged_by is Reply.YES else Reply.YES
            yield i.AnswerScreening(item=item.id, reply=reply, by=NURSE)


def _check_order(look: _Look) -> Iterator[i.Intent]:
    if look.state.order is not None and look.state.order_check is None:
        yield i.CheckOrder(by=PHYSICIAN)


def _check_in(look: _Look) -> Iterator[i.Intent]:
    if look.state.phase is Phase.CHECK_IN and look.state.order is None and look.in_phase_s >= ARRIVAL_S:
        yield i.CheckIn(
            patient=PATIENT,
            dose_mg_per_kg=scenario.DOSE_MG_PER_KG,
            minutes=scenario.MINUTES,
            concentration_mg_per_ml=scenario.CONCENTRATION_MG_PER_ML,
            by=NURSE,
        )


def _acknowledge(look: _Look) -> Iterator[i.Intent]:
    for name, alarm in look.state.alarms.items():
        if alarm.change.state is not e.AlarmState.ACKNOWLEDGED and look.at.since(alarm.since) >= ATTENTION_S:
            yield i.Acknowledge(alarm=name, by=NURSE)


def _confirm_start(look: _Look) -> Iterator[i.Intent]:
    if look.state.phase is Phase.INFUSION and START_CONFIRMED not in look.state.confirmations:
        yield i.Advance(trigger=Trigger.START, by=NURSE)


def _stop_early(look: _Look) -> Iterator[i.Intent]:
    if look.state.phase is Phase.PAUSED and look.in_phase_s >= look.patience_s:
        yield i.Advance(trigger=Trigger.STOP, by=NURSE, why="the patient does not wish to go on")


def _observe_at_rest(look: _Look) -> Iterator[i.Intent]:
    if look.state.phase is Phase.BASELINE:
        seen = {observation.item for observation in look.state.observations.values()}
        yield from (_observe(look, item) for item in look.profile.baseline.observations if item not in seen)


def _observe_change(look: _Look) -> Iterator[i.Intent]:
    """What this patient shows besides the usual is logged when it changes, due or not."""
    if look.state.infusion.started is None:
        return
    last = {o.item: o.grade for o in look.state.observations.values()}
    for item in look.own:
        found = _observe(look, item)
        if found.grade != last.get(item, 0):
            yield found


def _observe_due(look: _Look) -> Iterator[i.Intent]:
    items = {item.id for item in look.profile.observation}
    for due in schedule.due(look.state, look.profile, look.at):
        if due.item in items and look.at.since(due.at) >= ASKING_S:
            yield _observe(look, due.item)


def _measure(look: _Look) -> Iterator[i.Intent]:
    """Measure by hand what should be there and no device gave."""
    lacking = [
        due.item for due in schedule.due(look.state, look.profile, look.at) if look.at.since(due.at) >= MISSING_S
    ]
    if look.state.phase is Phase.BASELINE and look.in_phase_s >= MISSING_S:
        lacking += [p for p in look.profile.baseline.parameters if p not in look.state.history]
    for parameter in (Parameter(item) for item in lacking if item in look.hand):
        together = CUFF if parameter in CUFF else (parameter,)
        readings = tuple(_by_hand(p, value) for p in together if (value := look.hand[p]) is not None)
        if readings:
            yield i.EnterValue(readings=readings, by=NURSE)


def _by_hand(parameter: Parameter, value: float) -> Reading:
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=Quality.VALID)


def _note(look: _Look) -> Iterator[i.Intent]:
    written = {event.body.text for event in look.state.log if isinstance(event.body, e.Noted)}
    for phase, minutes, text in NOTES:
        if look.state.phase is phase and look.in_phase_s >= minutes * 60 and text not in written:
            yield i.Note(text=text, by=NURSE)


def _satisfy_gate(look: _Look) -> Iterator[i.Intent]:
    """Late in recovery, ask and confirm whatever the gate still lacks and a person can give."""
    ended, gate = look.state.infusion.ended, look.state.gate
    if look.state.phase is not Phase.RECOVERY or ended is None or gate is None:
        return
    wait = max((c.minutes or 0.0 for c in look.profile.criterion if c.kind is CriterionKind.ELAPSED), default=0.0)
    if look.at.since(ended) < (wait - LATE_MINUTES) * 60:
        return
    unmet = {check.id for check in gate.checks if not check.met}
    for criterion in look.profile.criterion:
        if criterion.id in unmet and criterion.kind in _ANSWERS:
            yield _ANSWERS[criterion.kind](look, criterion)


def _confirm(_: _Look, criterion: Criterion) -> i.Intent:
    return i.Confirm(item=criterion.item, met=True, by=NURSE, text=PATIENT.escort if criterion.named else "")


def _sign(look: _Look) -> Iterator[i.Intent]:
    if look.state.phase is Phase.READY and look.in_phase_s >= READING_S:
        yield i.Advance(trigger=Trigger.LEAVE, by=NURSE)
    if look.state.phase is not Phase.RECOVERY or look.state.gate is None or not look.state.gate.open:
        return
    signed = {signature.meaning: at for signature, at in look.state.signatures}
    if Meaning.ASSESSMENT not in signed:
        yield i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)
    elif look.at.since(signed[Meaning.ASSESSMENT]) >= READING_S:
        yield i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN)


def _observe(look: _Look, item: str) -> i.Observe:
    found = next(o for o in look.profile.observation if o.id == item)
    return i.Observe(item=item, grade=grade(found, look.profile, look.minutes, look.course), by=NURSE)


def _assess(look: _Look, criterion: Criterion) -> i.Intent:
    return _observe(look, criterion.item)


def grade(
    item: ObservationItem,
    profile: Profile,
    minutes: float,
    courses: Mapping[str, tuple[tuple[float, int], ...]] = COURSE,
) -> int:
    """Return what she finds so many minutes after the infusion began.

    An item without a course has nothing to find: the best grade that the gate asks for, or else the one nearest to 0.
    """
    course = courses.get(item.id)
    if course:
        return next((found for since, found in reversed(course) if minutes >= since), course[0][1])
    asked = next((c for c in profile.criterion if c.kind is CriterionKind.GRADE and c.item == item.id), None)
    if asked is not None and asked.at_least is not None:
        return max(g for g in item.values if asked.at_most is None or g <= asked.at_most)
    return min(item.values, key=abs)


_ANSWERS: dict[CriterionKind, Callable[[_Look, Criterion], i.Intent]] = {
    CriterionKind.CONFIRMED: _confirm,
    CriterionKind.GRADE: _assess,
}

_HABITS: tuple[Callable[[_Look], Iterator[i.Intent]], ...] = (
    _acknowledge,
    _come,
    _screen,
    _check_in,
    _check_order,
    _confirm_start,
    _stop_early,
    _observe_at_rest,
    _observe_change,
    _observe_due,
    _measure,
    _note,
    _satisfy_gate,
)
"""What she does, the most pressing first."""
