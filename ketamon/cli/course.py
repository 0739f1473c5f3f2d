"""`ketamon course`: a patient over several sessions, read from the records of this computer; nothing is written."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.console.look.glyphs import glyphs_for
from ketamon.console.view.scores import plot
from ketamon.course import PatientCourse, coming, standing, table, who
from ketamon.errors import SourceError
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.profiles import load
from ketamon.store import courses, folded

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
    patients, left_out = courses.read(args.patient, SystemClock().now().wall.astimezone().date(), chosen)
    for patient in patients:
        if args.json:
            print(encode_json(_fields(patient, left_out, steps=args.patient is not None)).decode())
        else:
            print("\n".join(map(plain, [_line(patient)] if args.patient is None else _page(patient))))
    for why in left_out.values():
        print(plain(f"ketamon course: {why}"), file=sys.stderr)
    if not patients:
        whom = (
            "a patient" if args.patient is None else f"“{args.patient}”; “ketamon course” lists the patients there are"
        )
        raise SourceError(f"no session is kept here of {whom}")
    return 0


def _fields(patient: PatientCourse, left_out: folded.Reasons, *, steps: bool) -> dict[str, Any]:
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


def _line(patient: PatientCourse) -> str:
    return f"{patient.identifier}  {who(patient)}  {standing(patient)}"


def _page(patient: PatientCourse) -> Iterator[str]:
    """Give the course of one patient as a table, warnings below their session, and a plot of each score."""
    yield f"{patient.identifier}  {who(patient)}"
    yield f"{patient.course.place or 'no infusion yet'}; {coming(patient)}"
    yield ""
    for line, warnings in table(patient):
        yield line
        yield from (f"{'':10}  ! {warning}" for warning in warnings)
    width, glyphs = shutil.get_terminal_size().columns, glyphs_for(os.environ, sys.stdout.encoding)
    for item in patient.scores:
        yield ""
        yield from (row.text.rstrip() for row in plot(patient.course.steps, item, width, _HEIGHT, glyphs))
