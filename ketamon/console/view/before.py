"""What stands before the infusion, for the view: screening, order and second check, who is there, what is missing."""

from dataclasses import dataclass
from typing import NamedTuple

from ketamon.domain.instant import Instant
from ketamon.domain.people import Person
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Place, Profile
from ketamon.domain.session import SessionState
from ketamon.rules import baseline, screening, staff
from ketamon.rules.screening import Question, Standing

BEFORE = frozenset({Phase.CHECK_IN, Phase.BASELINE})
"""The phases in which the infusion is still to come."""


class Todo(NamedTuple):
    """What is still to do, in short words, and the action that does it, "" where no key does."""

    text: str
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The screening in the profile's order, whose order it is and who checked it, who is where, and which roles lack.

    `lacking` is about this phase, before the infusion about the infusion; `todo` is what is still to do before it;
    it is empty from then on.
    """

    questions: tuple[Question, ...] = ()
    ordered_by: Person | None = None
    checked_by: Person | None = None
    people: tuple[tuple[Person, Place], ...] = ()
    lacking: tuple[str, ...] = ()
    todo: tuple[Todo, ...] = ()


def build(state: SessionState, profile: Profile, at: Instant | None) -> Before:
    """Return what is known of it at `at` (None: it is not known what time it is)."""
    coming = state.phase in BEFORE
    lacking = tuple(staff.missing(state, profile, Phase.INFUSION if coming else state.phase))
    questions = tuple(screening.questions(state, profile))
    todo = [*_course(state), *_asked(questions), *_ordered(state, profile), *_measured(state, profile, at)]
    return Before(
        questions=questions,
        ordered_by=state.order.by if state.order else None,
        checked_by=state.order_check.by if state.order_check else None,
        people=tuple(state.staff.items()),
        lacking=lacking,
        todo=(*todo, *(Todo(who, "staff") for who in lacking)) if coming else (),
    )


def _course(state: SessionState) -> list[Todo]:
    """What is wrong with an infusion today, by the course; somebody has to know it before it begins."""
    return [Todo(state.course.warning)] if state.course is not None and state.course.warning else []


def _asked(questions: tuple[Question, ...]) -> list[Todo]:
    standings = [question.standing for question in questions]
    counts = ((standing, standings.count(standing)) for standing in (Standing.OPEN, Standing.TO_DECIDE))
    said = [Todo(f"screening: {count} {standing}", "screening") for standing, count in counts if count]
    return [Todo("screening: not today", "screening"), *said] if Standing.NOT_TODAY in standings else said


def _ordered(state: SessionState, profile: Profile) -> list[Todo]:
    if state.patient is None:
        return [Todo("patient and order" if profile.order.required else "patient", "check_in")]
    if profile.order.required and state.order is None:
        return [Todo("order", "check_in")]
    return [Todo("check of the order", "check_order")] if profile.order.required and state.order_check is None else []


def _measured(state: SessionState, profile: Profile, at: Instant | None) -> list[Todo]:
    if state.phase is not Phase.BASELINE or at is None:
        return []
    missing = baseline.missing(state, profile, at)
    return [Todo(f"baseline: {', '.join(missing)}")] if missing else []
