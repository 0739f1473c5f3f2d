"""The screening before an infusion: which questions are open, which answers are flagged, what stands in the way.

It fails closed: a question without an answer, and a flagged answer without a physician's decision to go on, keep the
session in check-in.
"""

from dataclasses import dataclass
from enum import StrEnum

from ketamon.domain.profile import Profile, ScreeningItem, Severity
from ketamon.domain.session import Screened, SessionState


class Standing(StrEnum):
    """Where a question stands."""

    OPEN = "open"
    CLEAR = "clear"
    NOTED = "noted"
    TO_DECIDE = "to decide"
    GO_ON = "go on"
    NOT_TODAY = "not today"


MAY_GO_ON = frozenset({Standing.CLEAR, Standing.NOTED, Standing.GO_ON})
"""Where a question stands in nobody's way."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the profile with its answer, if any, and where it stands."""

    item: ScreeningItem
    screened: Screened | None
    standing: Standing


def questions(state: SessionState, profile: Profile) -> list[Question]:
    """Return all questions in the profile's order."""
    return [_question(item, state.screening.get(item.id)) for item in profile.screening]


def missing(state: SessionState, profile: Profile) -> list[str]:
    """Return in words what stands in the way of the infusion."""
    found = []
    for question in questions(state, profile):
        if question.standing is Standing.OPEN:
            found.append(f"an answer: {question.item.question}")
        elif question.standing not in MAY_GO_ON:
            found.append(f"a physician's decision to go on: {question.item.question}")
    return found


def is_flagged(item: ScreeningItem, screened: Screened) -> bool:
    """Whether the answer is the one that the profile asks about."""
    return screened.answer.reply is item.flagged_by


def _question(item: ScreeningItem, screened: Screened | None) -> Question:
    return Question(item, screened, _standing(item, screened))


def _standing(item: ScreeningItem, screened: Screened | None) -> Standing:
    if screened is None:
        return Standing.OPEN
    if not is_flagged(item, screened):
        return Standing.CLEAR
    if item.severity is Severity.NOTE:
        return Standing.NOTED
    if screened.decision is None:
        return Standing.TO_DECIDE
    return Standing.GO_ON if screened.decision.go_on else Standing.NOT_TODAY
