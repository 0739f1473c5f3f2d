"""At check-in the course is looked up: which infusion this is, and whether it comes too soon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rules.clinic import NURSE, PATIENT, PROFILE, TEXT

from ketamon.chair.coursebook import look_up
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.store import database, location
from ketamon.store.writer import Store

TODAY = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))


def keep(days_ago: int, *, mode: Mode = Mode.REAL, identifier: str = PATIENT.identifier, infused: bool = True):
    """A record of an infusion so many days ago."""
    then = TODAY - timedelta(days=days_ago)
    path = location.new_session_path(then, "1")
    session = path.stem
    bodies = [
        e.SessionOpened(session=session, chair="1", mode=mode, profile="p", profile_sha256="", profile_toml=TEXT,
                        software="t"),
        e.PatientCheckedIn(patient=replace(PATIENT, identifier=identifier), by=NURSE),
        *([e.PhaseChanged(trigger=Trigger.START, phase=Phase.INFUSION)] if infused else []),
    ]  # fmt: skip
    database.create(path, session, then)
    store = Store(path, clock=lambda: 0, on_degraded=lambda _degraded, _why: None)
    events = [e.Event(seq, Instant(seq, then), body) for seq, body in enumerate(bodies, 1)]
    store.append(events, urgent=True).result(10)
    store.close(ended=True)
    return path


def found(own=None):
    return look_up(PROFILE, own)(PATIENT.identifier, TODAY)


def test_the_first_infusion():
    assert found() == e.CourseFound(place=f"1 of {PROFILE.course.planned}")


@pytest.mark.parametrize(("days", "warning"), [(1, "too soon: 1 day after"), (4, ""), (40, "too late: 40 days")])
def test_the_second_infusion_and_its_distance(days, warning):
    keep(days)
    told = found()
    assert told.place == f"2 of {PROFILE.course.planned}"
    assert told.warning.startswith(warning)
    assert bool(told.warning) is bool(warning)


def test_only_real_infusions_of_this_patient_count():
    keep(1, mode=Mode.DEMO)
    keep(1, identifier="somebody else")
    keep(1, infused=False)
    own = keep(0)
    assert found(own) == e.CourseFound(place=f"1 of {PROFILE.course.planned}")


def test_what_cannot_be_read_is_told_and_stops_nothing():
    keep(4).write_bytes(b"damaged")
    assert found() == e.CourseFound(place=f"1 of {PROFILE.course.planned}", warning="1 records cannot be read")
