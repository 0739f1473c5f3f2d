"""The gate: open only when every criterion is met by something that is known; each way of not knowing closes it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import ANSWERS, FACTS, INFUSING, NURSE, PATIENT, PROFILE, Clinic, P, in_recovery, reading
from rules.gates import judged, unmet

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Anchor
from ketamon.domain.readings import Mode, Quality
from ketamon.rules import gate


def test_open_when_all_is_met_and_each_check_says_why():
    verdict = judged(in_recovery())
    assert verdict.open, [c for c in verdict.checks if not c.met]
    assert [c.id for c in verdict.checks] == [c.id for c in PROFILE.criterion]
    by_id = {c.id: c for c in verdict.checks}
    assert by_id["spo2"].required == "94 or more %, for 10 min"
    assert by_id["spo2"].observed == "SpO2 98, monitor 0 s ago, for 10 min"
    assert by_id["sys"].required == "96 to 144 mmHg, for 10 min"
    assert by_id["headache"].observed == "headache mild, nurse AB 2 min ago"
    assert by_id["escort"].observed == "confirmed, nurse AB 2 min ago: K. D."
    assert all(c.remedy == "" for c in verdict.checks)


def test_evidence_names_the_events_that_prove_it():
    clinic = in_recovery()
    for check in judged(clinic).checks:
        if check.id not in ("time", "vomiting", "alarms"):
            assert check.evidence, check.id
        assert all(1 <= seq <= clinic.state.seq for seq in check.evidence)
    gait = next(c for c in judged(clinic).checks if c.id == "gait")
    assert clinic.state.observations[gait.evidence[0]].item == "gait"


def test_every_unmet_check_says_what_would_meet_it():
    verdict = judged(Clinic())
    assert not verdict.open
    assert all(c.remedy for c in verdict.checks if not c.met)
    assert {c.id for c in verdict.checks if c.met} == {"vomiting", "alarms"}


@each_row("phase", list(Phase))
def test_only_in_recovery_or_ready(phase):
    clinic = in_recovery()
    clinic.state.phase = phase
    assert judged(clinic).open is (phase in (Phase.RECOVERY, Phase.READY))


@pytest.mark.parametrize(("minutes", "met"), [(29.9, False), (30.0, True)])
def test_time_since_the_infusion(minutes, met):
    assert ("time" not in unmet(in_recovery(minutes=minutes))) is met


SINCE = [
    # 40 min of infusion, 31 min of recovery
    (Anchor.INFUSION_END, 32.0, False, "32 min since the infusion ended", "31 min"),
    (Anchor.INFUSION_START, 71.0, True, "71 min since the infusion began", "71 min"),
    (Anchor.INFUSION_START, 120.0, False, "120 min since the infusion began", "71 min"),
    (Anchor.SESSION, 71.0, True, "71 min since the session began", "71 min"),
]


@pytest.mark.parametrize(("since", "minutes", "met", "required", "observed"), SINCE)
def test_time_since_another_anchor(since, minutes, met, required, observed):
    clinic = in_recovery()
    rules = tuple(replace(c, since=since, minutes=minutes) if c.id == "time" else c for c in PROFILE.criterion)
    check = gate.evaluate(clinic.state, replace(PROFILE, criterion=rules), clinic.at).checks[0]
    assert (check.met, check.required, check.observed) == (met, required, observed)


def test_time_since_what_has_not_been():
    rules = tuple(replace(c, since=Anchor.INFUSION_START) if c.id == "time" else c for c in PROFILE.criterion)
    clinic = Clinic()
    check = gate.evaluate(clinic.state, replace(PROFILE, criterion=rules), clinic.at).checks[0]
    assert (check.met, check.observed) == (False, "the infusion has not begun")


# ------------------------------------------------------------------------------------------------- observations


@each_row("item", [i for i in ANSWERS if i not in ("dissociation", "aldrete")])
def test_each_grade_is_asked_for(item):
    clinic = in_recovery()
    criterion = next(c for c in PROFILE.criterion if c.item == item)
    found = [o for o in clinic.state.observations.values() if o.item == item]
    for o in found:
        clinic.say(e.ObservationCorrected(corrects=o.seq, grade=None, why="wrong", by=NURSE))
    assert unmet(clinic) == {criterion.id: "not observed"}


WORSE = [
    ("sedation", 4), ("dissociation", 2), ("gait", 1), ("nausea", 2), ("headache", 2), ("dizziness", 3),
    ("oxygen", 2), ("aldrete", 8), ("self-harm", 1),
]  # fmt: skip


@each_row(("item", "grade"), WORSE)
def test_a_grade_that_is_not_good_enough(item, grade):
    clinic = in_recovery()
    clinic.observe(item, grade)
    assert [c.item for c in PROFILE.criterion if c.id in unmet(clinic)] == [item]


@each_row("item", list(ANSWERS))
def test_a_grade_that_is_too_old(item):
    clinic = in_recovery()
    criterion = next(c for c in PROFILE.criterion if c.item == item)
    clinic.t += criterion.minutes * 60
    assert unmet(clinic)[criterion.id].endswith("too long ago")


def test_what_was_observed_before_recovery_does_not_count():
    clinic = in_recovery()
    clinic.state.infusion.ended = clinic.at.plus(-60)
    found = unmet(clinic)
    assert {c.id for c in PROFILE.criterion if c.item in ANSWERS or c.item in FACTS} <= set(found)
    assert found["oriented"].endswith("before recovery")


def test_a_correction_counts_in_place_of_what_it_corrects():
    clinic = in_recovery()
    seq = clinic.observe("gait", 0)
    clinic.say(e.ObservationCorrected(corrects=seq, grade=2, why="mistyped", by=NURSE))
    assert "gait" in unmet(clinic)


def test_an_observation_set_back_in_time_does_not_hide_a_later_one():
    clinic = in_recovery()
    clinic.observe("nausea", 3)
    clinic.observe("nausea", 0, at=clinic.at.plus(-60))
    assert "nausea" in unmet(clinic)


def test_an_observation_from_the_future_is_none():
    clinic = in_recovery()
    clinic.observe("nausea", 0, at=clinic.at.plus(60))
    assert "nausea" in unmet(clinic)


EITHER = [
    ({"aldrete": None, "padss": 9}, True),
    ({"aldrete": 10, "padss": 8}, False),
    ({"aldrete": 8, "padss": 10}, False),
    ({"aldrete": None, "padss": None}, False),
    ({"aldrete": 9}, True),
]


@pytest.mark.parametrize(("grades", "met"), EITHER)
def test_one_of_two_scores_is_enough_but_none_may_be_unmet(grades, met):
    clinic = in_recovery()
    clinic.state.observations = {s: o for s, o in clinic.state.observations.items() if o.item != "aldrete"}
    for item, grade in grades.items():
        if grade is not None:
            clinic.observe(item, grade)
    assert ("score" not in unmet(clinic)) is met


def test_an_old_bad_score_does_not_stand_against_a_new_good_one_of_the_other_kind():
    clinic = in_recovery()
    clinic.observe("dissociation-clinician", 3, at=clinic.at.plus(-25 * 60))
    assert "dissociation" not in unmet(clinic)


@pytest.mark.parametrize(("minutes", "met"), [(14.9, False), (15.0, True)])
def test_vomiting(minutes, met):
    clinic = in_recovery()
    clinic.observe("vomiting", 1, at=clinic.at.plus(-minutes * 60))
    assert ("vomiting" not in unmet(clinic)) is met


# ------------------------------------------------------------------------------------------------------- facts


@pytest.mark.parametrize("item", FACTS)
def test_each_fact_is_asked_for_and_can_be_taken_back(item):
    clinic = in_recovery().confirm(item, met=False)
    assert [c.item for c in PROFILE.criterion if c.id in unmet(clinic)] == [item]
    clinic.confirm(item)
    assert unmet(clinic) == {}
    clinic.state.confirmations.pop(item)
    assert len(unmet(clinic)) == 1


def test_an_escort_has_a_name():
    clinic = in_recovery()
    clinic.say(e.PatientCheckedIn(patient=replace(PATIENT, escort=" "), by=NURSE))
    assert unmet(clinic)["escort"].endswith("without a name")
    clinic.confirm("escort", text="M. D., sister")
    assert unmet(clinic) == {}


@each_row("state", ["active", "acknowledged", "latched"])
@each_row(("priority", "met"), [(Priority.HIGH, False), (Priority.MEDIUM, True)])
def test_no_high_alarm_stands(state, priority, met):
    clinic = in_recovery()
    change = e.AlarmChanged(
        alarm="spo2-low", state=e.AlarmState(state), priority=priority, technical=False, text="SpO2 84 < 88"
    )
    clinic.say(change)
    assert ("alarms" not in unmet(clinic)) is met


def test_a_simulated_session_has_a_gate_of_its_own():
    assert judged(in_recovery(Mode.DEMO)).open


def test_a_profile_without_criteria_never_opens():
    clinic = in_recovery()
    clinic.profile = replace(PROFILE, criterion=())
    assert not judged(clinic).open


# ------------------------------------------------------------------------------------------------------- always


def spoil(clinic: Clinic, what: str) -> None:
    """Do one of the things after which the gate must be closed."""
    clinic.t += 1
    match what.split():
        case ["stale"]:
            clinic.t += 16
        case ["link"]:
            clinic.link(Link.SILENT)
        case ["lost", "core"]:
            clinic.say(e.SessionResumed(gap_s=1, software="t"))
        case ["quality", word]:
            clinic.measure(reading(P.SPO2, 98.0, Quality(word)))
        case ["mode", word]:
            clinic.measure(reading(P.SPO2, 98.0, mode=Mode(word)))
        case ["value", parameter, value]:
            clinic.measure(reading(P(parameter), float(value)))
        case ["grade", item, grade]:
            clinic.observe(item, int(grade))
        case ["fact", item]:
            clinic.confirm(item, met=False)
        case ["phase", phase]:
            clinic.phase(Phase(phase), Trigger.STOP)
        case _:
            raise ValueError(what)


CLOSES = st.one_of(
    st.sampled_from(["stale", "link", "lost core"]),
    st.sampled_from([f"quality {q}" for q in Quality if q not in (Quality.VALID, Quality.MISSING)]),
    st.sampled_from(["mode demo", "mode test"]),
    st.builds("value {} {}".format, st.just("spo2"), st.floats(0, 93.9)),
    st.builds("value {} {}".format, st.just("nibp_sys"), st.floats(144.1, 260) | st.floats(0, 95.9)),
    st.builds("value {} {}".format, st.just("nibp_dia"), st.floats(90.1, 200) | st.floats(0, 59.9)),
    st.builds("value {} {}".format, st.just("pr"), st.floats(84.1, 250) | st.floats(0, 55.9)),
    st.builds("value {} {}".format, st.just("rr"), st.floats(20.1, 60) | st.floats(0, 9.9)),
    st.builds("grade {} {}".format, st.sampled_from(["nausea", "headache", "dizziness"]), st.integers(2, 3)),
    st.builds("grade dissociation {}".format, st.integers(2, 10)),
    st.builds("grade sedation {}".format, st.integers(0, 4)),
    st.builds("grade aldrete {}".format, st.integers(0, 8)),
    st.builds("grade {} {}".format, st.sampled_from(["gait", "self-harm", "vomiting", "oxygen"]), st.integers(1, 2)),
    st.builds("fact {}".format, st.sampled_from(FACTS)),
    st.sampled_from([f"phase {p}" for p in Phase if p not in (Phase.RECOVERY, Phase.READY)]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(CLOSES, min_size=1, max_size=3))
def test_never_open_with_anything_unmet(things):
    clinic = in_recovery()
    assert judged(clinic).open
    for thing in things:
        spoil(clinic, thing)
    verdict = judged(clinic)
    assert not verdict.open, things


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(0, len(PROFILE.criterion) - 1), min_size=1))
def test_open_only_if_all_are_met(unmeetable):
    """Whatever subset of criteria is made impossible, those checks are unmet, and the gate is closed."""
    hopeless = [
        replace(c, kind=type(c.kind).CONFIRMED, item=f"never-{c.id}") if i in unmeetable else c
        for i, c in enumerate(PROFILE.criterion)
    ]
    clinic = in_recovery()
    clinic.profile = replace(PROFILE, criterion=tuple(hopeless))
    assert set(unmet(clinic)) == {PROFILE.criterion[i].id for i in unmeetable}


@settings(max_examples=20, deadline=None)
@given(st.integers(-(10**6), 10**6))
def test_a_step_of_the_wall_clock_opens_nothing_and_closes_nothing(seconds):
    for minutes in (29.0, 31.0):
        clinic = in_recovery(minutes=minutes)
        before = [(c.id, c.met, c.observed) for c in judged(clinic).checks]
        moved = Instant(clinic.at.monotonic_ns, clinic.at.plus(seconds).wall)
        after = gate.evaluate(clinic.state, clinic.profile, moved)
        assert [(c.id, c.met, c.observed) for c in after.checks] == before


def test_saturation_with_oxygen_says_nothing_of_room_air():
    clinic = in_recovery()
    clinic.observe("oxygen", 2)
    clinic.wait(30)
    clinic.observe("oxygen", 0)
    assert unmet(clinic) == {
        "air": f"oxygen off, room air, {NURSE} 0 s ago, but before that oxygen 2 L/min, {NURSE} 30 s ago"
    }
    clinic.t += 599
    assert "air" in unmet(clinic)
    clinic.t += 1
    assert "air" not in unmet(clinic)


def test_a_pump_that_infuses_again_begins_the_recovery_anew():
    clinic = in_recovery()
    assert judged(clinic).open
    clinic.attach("pump", DeviceKind.PUMP)
    clinic.pump = INFUSING
    clinic.wait(2)
    assert {"time", "gait", "iv"} <= set(unmet(clinic))


def test_limits_that_are_off_close_the_gate():
    clinic = in_recovery()
    clinic.say(e.LimitsSwitched(parameter=P.HR, off=True, by=NURSE, why="tremor"))
    assert unmet(clinic) == {"alarms": "HR limits off"}
    clinic.say(e.LimitsSwitched(parameter=P.HR, off=False, by=NURSE))
    assert unmet(clinic) == {}
