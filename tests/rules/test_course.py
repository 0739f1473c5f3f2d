"""The course: places, spacing and warnings as tables, and what a visit tells of a session."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import NURSE, PATIENT, PROFILE, TEXT, Clinic, in_infusion
from rules.test_estimate import Infusion

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link, PumpState, PumpStatus
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import CourseRules, Maintenance
from ketamon.errors import ProfileError
from ketamon.profiles import loads
from ketamon.rules.course import Visit, course, visit

RULES = CourseRules(
    planned=6,
    spacing_days=(2, 8),
    maintenance=(Maintenance(spacing_days=(21, 38), until_days=365), Maintenance(spacing_days=(35, 49))),
    scores=("mood", "pain"),
)
FIRST = date(2026, 1, 5)


def a_visit(day: int, **more: object) -> Visit:
    began = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(days=day)
    plain = {
        "session": f"s{day}", "began": began, "day": began.date(), "label": "J. D.", "stated": "", "given_mg": 35.0,
        "phase": Phase.DISCHARGED, "infused": True, "stopped_early": False, "ordered_mg": 35.0, "given_whole": True,
        "scores": {}, "effects": (),
    }  # fmt: skip
    return Visit(**(plain | more))


def after(*days: int, rules: CourseRules = RULES, today: int | None = None):
    last = days[-1] if days else 0
    return course([a_visit(d) for d in days], rules, FIRST + timedelta(days=last if today is None else today))


SERIES = (0, 3, 7, 10, 14, 17)
PLACES = [
    ((0,), "1 of 6", "2 of 6", 2, 8),
    (SERIES[:5], "5 of 6", "6 of 6", 16, 22),
    (SERIES, "6 of 6", "maintenance 1", 17 + 21, 17 + 38),
    ((*SERIES, 47), "maintenance 1", "maintenance 2", 47 + 21, 47 + 38),
    ((*SERIES, 17 + 364), "maintenance 1", "maintenance 2", 17 + 364 + 21, 17 + 364 + 38),
    ((*SERIES, 17 + 365), "maintenance 1", "maintenance 2", 17 + 365 + 35, 17 + 365 + 49),
]


@each_row(("days", "place", "coming", "earliest", "latest"), PLACES)
def test_the_place_and_what_comes_next(days, place, coming, earliest, latest):
    found = after(*days)
    assert found.place == place
    assert found.next.place == coming
    assert (found.next.earliest, found.next.latest) == tuple(FIRST + timedelta(days=d) for d in (earliest, latest))


@pytest.mark.parametrize(
    ("gap", "warning"),
    [
        (0, "too soon: 0 days after the last, planned are 2 to 8"),
        (1, "too soon: 1 day after the last, planned are 2 to 8"),
        (2, ""),
        (8, ""),
        (9, "too late: 9 days after the last, planned are 2 to 8"),
    ],
)
def test_spacing_is_warned_of_at_both_ends(gap, warning):
    step = after(0, gap).steps[1]
    assert (step.days, step.warnings) == (gap, (warning,) if warning else ())
    assert after(0, today=gap).next.warning == warning


def test_before_the_first_nothing_is_late():
    found = after()
    assert (found.place, found.next.place, found.next.earliest, found.next.warning) == ("", "1 of 6", None, "")


def test_a_course_can_be_over_or_not_planned():
    closed = replace(RULES, maintenance=())
    assert after(*SERIES, rules=closed).next is None
    ends = replace(RULES, maintenance=(Maintenance(spacing_days=(21, 38), until_days=30),))
    assert after(*SERIES, 50, rules=ends).next is None
    loose = after(0, 1, 400, rules=CourseRules())
    assert [step.place for step in loose.steps] == ["infusion 1", "infusion 2", "infusion 3"]
    assert all(not step.warnings for step in loose.steps)
    assert loose.next is None


def test_what_counts_and_what_does_not():
    visits = [
        a_visit(0),
        a_visit(2, infused=False, phase=Phase.ABANDONED),
        a_visit(4, stopped_early=True),
        a_visit(5, infused=False, phase=Phase.BASELINE),
    ]
    steps = course(visits[::-1], RULES, FIRST).steps
    assert [step.place for step in steps] == ["1 of 6", "", "2 of 6", "3 of 6, not begun"]
    assert [step.days for step in steps] == [None, None, 4, 1]
    assert steps[3].warnings == ("too soon: 1 day after the last, planned are 2 to 8",)


def test_check_in_that_says_another_place_is_told():
    steps = course([a_visit(0, stated="1 of 6"), a_visit(3, stated="3 of 6")], RULES, FIRST).steps
    assert steps[0].warnings == ()
    assert steps[1].warnings == ("check-in says “3 of 6”",)


@given(st.lists(st.integers(0, 900), max_size=20), st.integers(0, 1000), st.randoms())
@settings(max_examples=60)
def test_the_order_in_which_files_are_found_changes_nothing(days, today, chance):
    visits = [a_visit(day, session=str(i)) for i, day in enumerate(days)]
    shuffled = chance.sample(visits, len(visits))
    ours, theirs = (course(v, RULES, FIRST + timedelta(days=today)) for v in (visits, shuffled))
    assert [s.visit.day for s in ours.steps] == sorted(v.day for v in visits)
    assert [(s.place, s.days, s.warnings) for s in ours.steps] == [(s.place, s.days, s.warnings) for s in theirs.steps]
    assert ours.next == theirs.next


# ------------------------------------------------------------------------------------------------ a visit


def seen(clinic: Clinic, zone=UTC) -> Visit:
    return visit(clinic.state, PROFILE, RULES.scores, zone)


def test_a_visit_has_first_and_last_scores_and_the_worst_of_each_effect():
    clinic = in_infusion()
    for item, grade in [("mood", 3), ("nausea", 1), ("mood", 4), ("nausea", 3), ("nausea", 0), ("nausea", 1),
                        ("headache", 1), ("dizziness", 0), ("mood", 6)]:  # fmt: skip
        clinic.t += 60
        clinic.observe(item, grade)
    wrong = clinic.observe("mood", 9)
    clinic.say(e.ObservationCorrected(corrects=wrong, grade=None, why="another patient's", by=NURSE))
    found = seen(clinic)
    assert found.scores == {"mood": (3, 6)}
    assert [(w.label, w.grade, w.word) for w in found.effects] == [("nausea", 3, "severe"), ("headache", 1, "mild")]


def test_the_day_is_the_day_at_the_clinic():
    clinic = Clinic().check_in()
    clinic.t = 3600 * 15.5  # 23:30 in UTC
    clinic.phase(Phase.INFUSION, Trigger.START)
    assert seen(clinic).day == date(2026, 3, 2)
    assert seen(clinic, timezone(timedelta(hours=1))).day == date(2026, 3, 3)


def test_nobody_checked_in_is_no_visit():
    assert seen(Clinic()) is None


def test_the_dose_is_what_the_counter_tells():
    pump = Infusion().start().run(600, 52.5)
    assert (seen(pump.clinic).given_mg, seen(pump.clinic).given_whole) == (pytest.approx(8.75, abs=0.01), False)
    pump.run(1800, 52.5).run(2, 0).end()
    found = seen(pump.clinic)
    assert (found.given_mg, found.given_whole, found.ordered_mg) == (pytest.approx(35, abs=0.01), True, 35.0)
    pump.silent(600, 0)
    assert seen(pump.clinic).given_whole, "it was put away"


def test_a_dose_that_nobody_counted_to_the_end_is_at_least():
    pump = Infusion().start().run(600, 52.5).silent(1800, 52.5).end()
    assert (seen(pump.clinic).given_mg, seen(pump.clinic).given_whole) == (pytest.approx(8.75, abs=0.01), False)


def test_a_dose_that_was_counted_from_the_middle_on_is_at_least():
    late = Clinic().check_in().phase(Phase.INFUSION, Trigger.START)
    late.t = 600
    late.attach("pump", DeviceKind.PUMP)
    for i in range(3):
        late.t += 1
        status = PumpStatus(state=PumpState.INFUSING, rate=52.5, volume_infused=9.0 + i)
        late.say(e.PumpReported(device="pump", offset=0, status=status))
    late.phase(Phase.RECOVERY)
    assert (seen(late).given_mg, seen(late).given_whole) == (2.0, False)


def test_without_a_counter_the_dose_is_not_known_and_not_zero():
    pump = Infusion(volume_infused=None).start().run(60, 52.5).end()
    assert seen(pump.clinic).given_mg is None
    assert seen(Clinic().check_in().phase(Phase.INFUSION, Trigger.START)).given_mg is None
    late = Clinic().check_in().phase(Phase.INFUSION, Trigger.START)
    late.t = 60
    late.attach("pump", DeviceKind.PUMP).link(Link.LIVE, "pump")
    assert seen(late).given_mg is None


# ------------------------------------------------------------------------------------------------ the profile


def test_the_shipped_profile_plans_a_course():
    assert (PROFILE.course.planned, PROFILE.course.spacing_days) == (6, (2, 8))
    assert {"mood", "pain"} <= set(PROFILE.course.scores)
    assert PROFILE.estimate.shown is False


WRONG = [
    ("spacing_days = [2, 8]", "spacing_days = [8, 2]", "course.spacing_days is [8, 2]"),
    ("spacing_days = [2, 8]", "", "course.spacing_days is missing"),
    ("planned = 6", "planned = -1", "course.planned is -1"),
    ("planned = 6", "planned = 0", "course.maintenance stands without course.planned"),
    (", until_days = 365", "", "course.maintenance[0].until_days is None"),
    ("until_days = 365", "until_days = 0", "course.maintenance[0].until_days is 0"),
    ("[21, 38]", "[38, 21]", "course.maintenance[0].spacing_days is [38, 21]"),
    ('["mood", ', '["mod", ', "course.scores[0] is 'mod'"),
]


@each_row(("old", "new", "says"), WRONG, ids=[says for _, _, says in WRONG])
def test_a_course_that_makes_no_sense_is_refused(old, new, says):
    head, _, rest = TEXT.partition("[course]")
    assert old in rest
    with pytest.raises(ProfileError) as caught:
        loads(head + "[course]" + rest.replace(old, new, 1), "p")
    assert any(says in problem for problem in caught.value.problems), caught.value.problems


def test_a_profile_from_before_the_course_loads():
    head, _, rest = TEXT.partition("[estimate]")
    old = head + rest[rest.index("\n# ----") :]
    assert loads(old, "old").course == CourseRules()
    assert PATIENT.course == ""
