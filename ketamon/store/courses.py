"""The patients of this computer over several sessions, read from their records; nothing is written."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from ketamon.course import PatientCourse
from ketamon.domain.people import Patient
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.errors import ProfileError
from ketamon.profiles import loads
from ketamon.rules import course as rules
from ketamon.store import folded, location


def read(identifier: str | None, today: date, chosen: Profile | None) -> tuple[list[PatientCourse], folded.Reasons]:
    """Return the courses of all patients in outline, or of one of them whole; and what had to be left out.

    Without a `chosen` profile that of a patient's newest session plans the course. Simulations and replays do not
    count. Raises `SourceError` where the folder of the records cannot be read.
    """
    states, left_out = folded.outlines(location.session_files())
    if identifier is not None:
        mine = [path for path, state in states.items() if state.patient and state.patient.identifier == identifier]
        states, damaged = folded.wholes(mine)
        left_out |= damaged
    return _patients(_of_patients(states, left_out), today, chosen), left_out


@dataclass(frozen=True, slots=True)
class _Session:
    """A session with a patient, and the profile that it ran under."""

    state: SessionState
    patient: Patient
    profile: Profile
    began: datetime


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
        found.append(_Session(state, patient, profile, started.wall))
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


def _patients(sessions: list[_Session], today: date, chosen: Profile | None) -> list[PatientCourse]:
    """Put the course of each patient together. The newest session's profile plans it, or a chosen one."""
    by_patient: dict[str, list[_Session]] = {}
    for one in sessions:
        by_patient.setdefault(one.patient.identifier, []).append(one)
    found = []
    for identifier, mine in sorted(by_patient.items()):
        plan = chosen or max(mine, key=lambda one: one.began).profile
        visits = (rules.visit(one.state, one.profile, plan.course.scores, None) for one in mine)
        course = rules.course([visit for visit in visits if visit is not None], plan.course, today)
        found.append(PatientCourse(identifier, plan, course))
    return found
