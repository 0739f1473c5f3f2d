"""A patient over several sessions, in words: what the command line prints and the console shows. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ketamon import words
from ketamon.domain.profile import ObservationItem, Profile
from ketamon.rules import course as rules


@dataclass(frozen=True, slots=True)
class PatientCourse:
    """One patient's course, under the profile that plans it."""

    identifier: str
    profile: Profile
    course: rules.Course

    @property
    def labels(self) -> list[str]:
        """The names in the records; more than one may be more than one person."""
        return list(dict.fromkeys(step.visit.label for step in self.course.steps))

    @property
    def days(self) -> list[date]:
        """When the infusions were."""
        return [step.visit.day for step in self.course.steps if step.visit.infused]

    @property
    def scores(self) -> list[ObservationItem]:
        """The scores that the profile follows and that were observed at all."""
        items = {item.id: item for item in self.profile.observation}
        seen = {score for step in self.course.steps for score in step.visit.scores}
        return [items[score] for score in self.profile.course.scores if score in seen]


def who(patient: PatientCourse) -> str:
    """Say who it is; where there are several names, that."""
    names = ", ".join(patient.labels)
    return names if len(patient.labels) == 1 else f"DIFFERENT NAMES: {names}: one patient?"


def standing(patient: PatientCourse) -> str:
    """Say where the patient stands, when the last infusion was, and what comes next."""
    last = f"last {patient.days[-1]}" if patient.days else "no infusion yet"
    return f"{patient.course.place or words.DASHES}, {last}; {coming(patient)}"


def coming(patient: PatientCourse) -> str:
    """Say what comes next, and whether that would be too soon or too late today."""
    next_ = patient.course.next
    if next_ is None:
        return "nothing more is planned" if patient.profile.course.planned else "the profile plans no course"
    when = f" from {next_.earliest} to {next_.latest}" if next_.earliest else ""
    return f"next {next_.place}{when}" + (f" (today {next_.warning})" if next_.warning else "")


def table(patient: PatientCourse) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the head and the sessions as lines of one table, each with the warnings about it."""
    scores = patient.scores
    head = ["date", "place", "days", "dose, mg", *(item.label for item in scores), "worst effects"]
    rows = [head, *(_cells(step, [item.id for item in scores]) for step in patient.course.steps)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    notes: list[tuple[str, ...]] = [(), *(step.warnings for step in patient.course.steps)]
    for cells, warnings in zip(rows, notes, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip(), warnings


def _cells(step: rules.Step, scores: list[str]) -> list[str]:
    visit = step.visit
    return [
        str(visit.day),
        step.place or str(visit.phase),
        words.DASHES if step.days is None else str(step.days),
        _dose(visit),
        *(_score(visit, score) for score in scores),
        ", ".join(f"{worst.label} {worst.word}" for worst in visit.effects) or words.DASHES,
    ]


def _dose(visit: rules.Visit) -> str:
    """Say what was given of what was ordered; what no pump told is not known."""
    if not visit.infused:
        return words.DASHES
    given = words.DASHES if visit.given_mg is None else f"{visit.given_mg:.1f}"
    least = "at least " if visit.given_mg is not None and not visit.given_whole else ""
    ordered = f" of {visit.ordered_mg:.1f}" if visit.ordered_mg is not None else ""
    return f"{least}{given}{ordered}" + (", stopped early" if visit.stopped_early else "")


def _score(visit: rules.Visit, score: str) -> str:
    first, last = visit.scores.get(score, (None, None))
    return words.DASHES if first is None else str(first) if first == last else f"{first} to {last}"
