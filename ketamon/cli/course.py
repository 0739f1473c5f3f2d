"""`ketamon course`: a patient over several sessions, read from the records of this computer; nothing is written."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ketamon import words
from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.console import charts
from ketamon.console.buckets import Bucket
from ketamon.console.glyphs import glyphs_for
from ketamon.domain.people import Patient
from ketamon.domain.profile import ObservationItem, Profile
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.errors import ProfileError, SourceError
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.profiles import load, loads
from ketamon.rules import course as rules
from ketamon.store import folded, location

_CELLS = 6  # of a session in the plot: its month and day, and a blank
_HEIGHT = 5


def main(argv: list[str]) -> int:
    """Print the course of one patient, or who there is."""
    parser = options.parser(
        "course",
        "Show a patient over several sessions: the place in the series or in maintenance, days between infusions,\n"
        "dose, scores (first and last of each session) and the worst effects. The patient is named by the second\n"
        "identifier, exactly as it was typed at check-in; without one, all patients are listed. Simulations and\n"
        "replays do not count. Plan and spacing are those of the newest session's profile.",
        "  ketamon course\n  ketamon course 1984-03-07\n  ketamon course 1984-03-07 --json",
    )
    parser.add_argument("patient", nargs="?", metavar="PATIENT-ID", help="the second identifier")
    parser.add_argument("--json", action="store_true", help="one JSON object a patient")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="a profile that plans the course instead")
    args = parser.parse_args(argv)
    chosen = load(args.profile)[0] if args.profile else None
    sessions, left_out = _read(args.patient)
    patients = _patients(sessions, chosen)
    for patient in patients:
        if args.json:
            print(encode_json(_fields(patient, left_out, steps=args.patient is not None)).decode())
        else:
            print("\n".join(map(plain, [_line(patient)] if args.patient is None else _page(patient))))
    for why in left_out.values():
        print(plain(f"ketamon course: {why}"), file=sys.stderr)
    if not patients:
        who = (
            "a patient" if args.patient is None else f"“{args.patient}”; “ketamon course” lists the patients there are"
        )
        raise SourceError(f"no session is kept here of {who}")
    return 0


def _read(identifier: str | None) -> "tuple[list[_Session], folded.Reasons]":
    """Read the sessions of all patients in outline, or those of one of them whole; and what had to be left out."""
    states, left_out = folded.outlines(location.session_files())
    if identifier is not None:
        mine = [path for path, state in states.items() if state.patient and state.patient.identifier == identifier]
        states, damaged = folded.wholes(mine)
        left_out |= damaged
    return _of_patients(states, left_out), left_out


@dataclass(frozen=True, slots=True)
class _Session:
    """A session with a patient, and the profile that it ran under."""

    path: Path
    state: SessionState
    patient: Patient
    profile: Profile
    began: datetime


@dataclass(frozen=True, slots=True)
class _Patient:
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


_profile = cache(loads)


def _of_patients(states: folded.States, left_out: folded.Reasons) -> list[_Session]:
    """Return the sessions of real patients, each with its own profile; what cannot be read is added to `left_out`."""
    found = []
    for path, state in _once(states, left_out).items():
        patient, opened, started = state.patient, state.opened, state.started
        if patient is None or opened is None or started is None or opened.mode is not Mode.REAL:
            continue
        try:
            profile = _profile(opened.profile_toml, opened.profile)
        except ProfileError as error:
            left_out[path] = f"{path} is left out, its profile cannot be read: {error}"
            continue
        found.append(_Session(path, state, patient, profile, started.wall))
    return found


def _once(states: folded.States, left_out: folded.Reasons) -> folded.States:
    """Return each session once, where there are copies of its file: the longest."""
    best: dict[str, Path] = {}
    for path in sorted(states, key=lambda path: (states[path].seq, path)):
        opened = states[path].opened
        if opened is not None:
            shorter = best.get(opened.session)
            if shorter is not None:
                left_out[shorter] = f"{shorter} is left out, it is the same session as {path.name}"
            best[opened.session] = path
    return {path: states[path] for path in best.values()}


def _patients(sessions: list[_Session], chosen: Profile | None) -> list[_Patient]:
    """Put the course of each patient together. The newest session's profile plans it, or a chosen one."""
    today = SystemClock().now().wall.astimezone().date()
    by_patient: dict[str, list[_Session]] = {}
    for one in sessions:
        by_patient.setdefault(one.patient.identifier, []).append(one)
    found = []
    for identifier, mine in sorted(by_patient.items()):
        plan = chosen or max(mine, key=lambda one: one.began).profile
        visits = (rules.visit(one.state, one.profile, plan.course.scores, None) for one in mine)
        course = rules.course([visit for visit in visits if visit is not None], plan.course, today)
        found.append(_Patient(identifier, plan, course))
    return found


def _fields(patient: _Patient, left_out: folded.Reasons, *, steps: bool) -> dict[str, Any]:
    """Return the course as plain values, for JSON."""
    course = patient.course
    found = {
        "type": "course",
        "patient": patient.identifier,
        "labels": patient.labels,
        "profile": patient.profile.name,
        "place": course.place,
        "last": patient.days[-1] if patient.days else None,
        "next": course.next,
        "left_out": [{"file": str(path), "why": why} for path, why in left_out.items()],
    }
    return found | {"steps": course.steps} if steps else found


def _line(patient: _Patient) -> str:
    last = f"last {patient.days[-1]}" if patient.days else "no infusion yet"
    return f"{patient.identifier}  {_who(patient)}  {patient.course.place or words.DASHES}, {last}; {_next(patient)}"


def _who(patient: _Patient) -> str:
    names = ", ".join(patient.labels)
    return names if len(patient.labels) == 1 else f"DIFFERENT NAMES: {names}: one patient?"


def _next(patient: _Patient) -> str:
    """Say what comes next, and whether that would be too soon or too late today."""
    coming = patient.course.next
    if coming is None:
        return "nothing more is planned" if patient.profile.course.planned else "the profile plans no course"
    when = f" from {coming.earliest} to {coming.latest}" if coming.earliest else ""
    return f"next {coming.place}{when}" + (f" (today {coming.warning})" if coming.warning else "")


def _page(patient: _Patient) -> Iterator[str]:
    """Give the course of one patient as a table, warnings below their session, and a plot of each score."""
    yield f"{patient.identifier}  {_who(patient)}"
    yield f"{patient.course.place or 'no infusion yet'}; {_next(patient)}"
    yield ""
    items = {item.id: item for item in patient.profile.observation}
    scores = [items[score] for score in patient.profile.course.scores if _values(patient, score)]
    head = ["date", "place", "days", "dose, mg", *(item.label for item in scores), "worst effects"]
    table = [head, *(_cells(step, [item.id for item in scores]) for step in patient.course.steps)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    notes: list[tuple[str, ...]] = [(), *(step.warnings for step in patient.course.steps)]
    for cells, warnings in zip(table, notes, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        yield from (f"{'':10}  ! {warning}" for warning in warnings)
    for item in scores:
        yield ""
        yield from _plot(patient, item)


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


def _values(patient: _Patient, score: str) -> list[tuple[int, int]]:
    return [step.visit.scores[score] for step in patient.course.steps if score in step.visit.scores]


def _plot(patient: _Patient, item: ObservationItem) -> Iterator[str]:
    """Draw a score: of each session the first and the last beside each other; as many sessions as there is room for."""
    glyphs = glyphs_for(os.environ, sys.stdout.encoding)
    room = (shutil.get_terminal_size().columns - charts.GUTTER) // _CELLS
    steps = patient.course.steps[-room:]
    blank: list[Bucket | None] = [None] * glyphs.wide
    columns: list[Bucket | None] = []
    for step in steps:
        pair = step.visit.scores.get(item.id, (None, None))
        points = [None if value is None else Bucket(value, value, value, 1) for value in pair]
        drawn = [point for point in points for _ in range(glyphs.wide)]
        columns += blank + drawn + blank * (_CELLS - 3)
    low, high = min(item.values), max(item.values)
    picture = charts.rows_of(columns, len(steps) * _CELLS, _HEIGHT, low, high, glyphs=glyphs)
    gutter = charts.gutter_of(item.label, "", low, high, _HEIGHT, glyphs=glyphs)
    yield from (left.beside(right).text.rstrip() for left, right in zip(gutter, picture, strict=True))
    yield " " * charts.GUTTER + " ".join(f"{step.visit.day:%m-%d}" for step in steps)
