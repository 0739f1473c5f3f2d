"""The course of one patient over several sessions: the series, then maintenance, and what came of it.

Days are calendar days at the clinic, from one infusion to the next: Monday morning to the next Monday afternoon is
seven. An infusion that began counts, also one that was stopped early; a session without one does not. How many, how far
apart and which scores are followed stands in the profile (`CourseRules`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from ketamon.domain.devices import DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import CourseRules, Profile
from ketamon.domain.session import Infusion, SessionState, observations_of
from ketamon.rules.dose import mg_given
from ketamon.rules.effects import effects

_TO_BEGIN = frozenset({Phase.CHECK_IN, Phase.BASELINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """An effect at its worst in a session: its number, and the word for it."""

    item: str
    label: str
    grade: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One session as the course sees it.

    `began` is when the infusion began, or the session where there was none. `stated` is what check-in said of the place
    in the course. `given_mg` is what the pump's counter tells, None where no counter told it, and at least that where
    it is not `given_whole`. `scores` holds the first and the last of each score that was observed.
    """

    session: str
    began: datetime
    day: date
    label: str
    stated: str
    phase: Phase
    infused: bool
    stopped_early: bool
    ordered_mg: float | None
    given_mg: float | None
    given_whole: bool
    scores: dict[str, tuple[int, int]]
    effects: tuple[Worst, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A visit in the course: its place ("3 of 6", "" where it has none), days since the infusion before, warnings."""

    visit: Visit
    place: str
    days: int | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What comes next: its place, from when to when (None where nothing is planned), what is wrong with today."""

    place: str
    earliest: date | None
    latest: date | None
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All visits of a patient, oldest first, the place of the last infusion, and what comes next (None: it is over)."""

    steps: tuple[Step, ...]
    place: str
    next: Next | None


def visit(state: SessionState, profile: Profile, scores: Sequence[str], zone: tzinfo | None) -> Visit | None:
    """Sum up a session under its own profile; None where nobody was checked in.

    `scores` are those that the course follows, `zone` is the clinic's (None: this computer's).
    """
    run, patient, began = state.infusion, state.patient, state.infusion.started or state.started
    if patient is None or state.opened is None or began is None:
        return None
    given_mg, whole = _given_mg(state, run)
    return Visit(
        session=state.opened.session,
        began=began.wall,
        day=began.wall.astimezone(zone).date(),
        label=patient.label,
        stated=patient.course,
        phase=state.phase,
        infused=run.started is not None,
        stopped_early=run.stopped_early,
        ordered_mg=state.order.order.total_mg if state.order else None,
        given_mg=given_mg,
        given_whole=whole,
        scores=dict(_observed(state, scores)),
        effects=_worst(state, profile),
    )


def _given_mg(state: SessionState, run: Infusion) -> tuple[float | None, bool]:
    """Return what was given, and whether that is all: the pump was heard from before the start to the end."""
    pumps = [d for d in state.devices.values() if d.attached.kind is DeviceKind.PUMP]
    counted = [d for d in pumps if d.counter_ml is not None and not d.unclear]
    if state.order is None or run.started is None or not counted:
        return None, False
    heard = max((d.pump_at for d in counted if d.pump_at is not None), default=None)
    whole = len(counted) == len(pumps) and _from_the_start(state, run.started) and run.ended is not None
    if run.ended is not None and (heard is None or run.ended.since(heard) > counted[0].attached.quiet_after_s):
        whole = False
    return mg_given(run.given_ml, state.order.order), whole


def _from_the_start(state: SessionState, started: Instant) -> bool:
    first = next(iter(state.history.get(Parameter.VOLUME_INFUSED, ())), None)
    return first is not None and first.t <= started.seconds


def _observed(state: SessionState, scores: Sequence[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give the first and the last of each score that was observed."""
    for item in scores:
        grades = [o.grade for o in observations_of(state, item) if o.grade is not None]
        if grades:
            yield item, (grades[0], grades[-1])


def _worst(state: SessionState, profile: Profile) -> tuple[Worst, ...]:
    """Return each effect at its worst, the worst first."""
    words = {item.id: {grade.value: grade.label for grade in item.grades} for item in profile.observation}
    found: dict[str, Worst] = {}
    for episode in effects(state, profile):
        if episode.item not in found or episode.worst > found[episode.item].grade:
            word = words[episode.item].get(episode.worst, str(episode.worst))
            found[episode.item] = Worst(item=episode.item, label=episode.label, grade=episode.worst, word=word)
    return tuple(sorted(found.values(), key=lambda worst: (-worst.grade, worst.label)))


def course(visits: Sequence[Visit], rules: CourseRules, today: date) -> Course:
    """Put the visits of one patient in order, and hold them against the plan."""
    steps: list[Step] = []
    infusions: list[date] = []
    for one in sorted(visits, key=lambda v: v.began):
        steps.append(_step(one, rules, infusions))
        if one.infused:
            infusions.append(one.day)
    place = _place(rules, len(infusions)) if infusions else ""
    return Course(steps=tuple(steps), place=place, next=_next(rules, infusions, today))


def _step(one: Visit, rules: CourseRules, infusions: list[date]) -> Step:
    """Give a visit its place after these infusions; one that did not begin yet has the place it would have."""
    if not one.infused and one.phase not in _TO_BEGIN:
        return Step(visit=one, place="", days=None, warnings=())
    place = _place(rules, len(infusions) + 1)
    days = (one.day - infusions[-1]).days if infusions else None
    warnings = [_spacing_warning(rules, infusions, one.day)]
    if one.stated and one.stated != place:
        warnings.append(f"check-in says “{one.stated}”")
    shown = place if one.infused else f"{place}, not begun"
    return Step(visit=one, place=shown, days=days, warnings=tuple(filter(None, warnings)))


def _next(rules: CourseRules, infusions: list[date], today: date) -> Next | None:
    place = _place(rules, len(infusions) + 1)
    if not infusions:
        return Next(place=place, earliest=None, latest=None, warning="")
    spacing = _spacing(rules, infusions)
    if spacing is None:
        return None
    earliest, latest = (infusions[-1] + timedelta(days=days) for days in spacing)
    return Next(place=place, earliest=earliest, latest=latest, warning=_spacing_warning(rules, infusions, today))


def _place(rules: CourseRules, number: int) -> str:
    """Say which infusion this is, counted from 1."""
    if not rules.planned:
        return f"infusion {number}"
    return f"{number} of {rules.planned}" if number <= rules.planned else f"maintenance {number - rules.planned}"


def _spacing(rules: CourseRules, infusions: list[date]) -> tuple[int, int] | None:
    """Return the fewest and most days from the last of these infusions to the next; None where none is planned."""
    if len(infusions) < rules.planned:
        return rules.spacing_days
    if not rules.planned:
        return None
    since = (infusions[-1] - infusions[rules.planned - 1]).days
    stretches = (m.spacing_days for m in rules.maintenance if m.until_days is None or since < m.until_days)
    return next(stretches, None)


def _spacing_warning(rules: CourseRules, infusions: list[date], day: date) -> str:
    """Say whether an infusion on that day is too soon or too late after these."""
    spacing = _spacing(rules, infusions) if infusions else None
    if spacing is None:
        return ""
    days = (day - infusions[-1]).days
    if spacing[0] <= days <= spacing[1]:
        return ""
    what = "too soon" if days < spacing[0] else "too late"
    return f"{what}: {days} {'day' if days == 1 else 'days'} after the last, planned are {spacing[0]} to {spacing[1]}"
