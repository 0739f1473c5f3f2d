"""The patient's course at check-in: which infusion this is, and whether it comes too soon or too late.

Read from the records of this computer, beside the session and never in its way: a course that cannot be read is told,
and stops nothing.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ketamon.domain.events import CourseFound
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Mode
from ketamon.errors import KetamonError
from ketamon.rules import course
from ketamon.store import folded, location

LookUp = Callable[[str, datetime], CourseFound]
"""Finds the course of a patient, by the second identifier, as it is at that moment."""


def look_up(profile: Profile, own: Path | None) -> LookUp:
    """Return what looks in all records but the session's `own`; it reads files, so it belongs in a thread."""

    def find(identifier: str, now: datetime) -> CourseFound:
        try:
            states, left_out = folded.outlines(path for path in location.session_files() if path != own)
        except KetamonError as error:
            return CourseFound(place="", warning=f"the course cannot be read: {error}")
        mine = [
            state
            for state in states.values()
            if state.patient is not None
            and state.patient.identifier == identifier
            and state.opened is not None
            and state.opened.mode is Mode.REAL
        ]
        visits = [one for state in mine if (one := course.visit(state, profile, (), None)) is not None]
        coming = course.course(visits, profile.course, now.astimezone().date()).next
        warning = coming.warning if coming else "no infusion is planned any more"
        if left_out:
            warning = f"{warning}; {len(left_out)} records cannot be read".removeprefix("; ")
        return CourseFound(place=coming.place if coming else "", warning=warning)

    return find
