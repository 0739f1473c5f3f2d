"""The gate, word for word: what each kind of criterion requires, what it says it saw, and which events it names."""

from dataclasses import replace

import pytest
from rows import each_row
from rules.clinic import CALM, NURSE, PATIENT, PRESSURE, PROFILE, Clinic, P, in_recovery, reading

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Priority
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Criterion, CriterionKind
from ketamon.rules import gate

AB = "nurse AB 2 min ago"
READY = [
    ("time", "30 min since the infusion ended", "31 min"),
    ("spo2", "94 or more %, for 10 min", "SpO2 98, monitor 0 s ago, for 10 min"),
    ("air", "oxygen 0 or less, within 30 min, for 10 min", f"oxygen off, room air, {AB}"),
    ("sys", "96 to 144 mmHg, for 10 min", "SYS 120, monitor 30 s ago, for 14 min"),
    ("dia", "60 to 90 mmHg, for 10 min", "DIA 75, monitor 30 s ago, for 14 min"),
    ("hr", "56 to 84 /min, for 10 min", "PR 70, monitor 0 s ago, for 10 min"),
    ("rr", "10 to 20 /min, for 10 min", "RR 14, monitor 0 s ago, for 10 min"),
    ("awake", "sedation 5 or more, within 20 min", f"sedation 5 awake, answers to the name at once, {AB}"),
    ("oriented", "confirmed in recovery", f"confirmed, {AB}"),
    (
        "dissociation",
        "dissociation 1 or less or dissociation, as seen 0 or less, within 20 min",
        f"dissociation 0, {AB}",
    ),
    ("gait", "gait 0 or less, within 30 min", f"gait steady, unaided, {AB}"),
    ("nausea", "nausea 1 or less, within 20 min", f"nausea none, {AB}"),
    ("headache", "headache 1 or less, within 20 min", f"headache mild, {AB}"),
    ("dizziness", "dizziness 1 or less, within 20 min", f"dizziness mild, {AB}"),
    ("vomiting", "no vomiting in 15 min", "none observed"),
    (
        "score",
        "modified Aldrete, ±20 % 9 or more or PADSS, bleeding counts 2 9 or more, within 30 min",
        f"modified Aldrete, ±20 % 10, {AB}",
    ),
    ("self-harm", "new thoughts of self-harm 0 or less, within 60 min", f"new thoughts of self-harm none, {AB}"),
    ("alarms", "no alarm of high priority stands, all limits on", "none"),
    ("iv", "confirmed in recovery", f"confirmed, {AB}"),
    ("escort", "confirmed in recovery with a name", f"confirmed, {AB}: K. D."),
    ("instructions", "confirmed in recovery", f"confirmed, {AB}"),
]


def test_a_patient_who_may_go():
    clinic = in_recovery()
    checks = gate.evaluate(clinic.state, PROFILE, clinic.at).checks
    assert [(c.id, c.required, c.observed) for c in checks] == READY
    assert [c.label for c in checks] == [c.label for c in PROFILE.criterion]


def test_two_readings_prove_a_vital():
    clinic = in_recovery()
    by_id = {c.id: c for c in gate.evaluate(clinic.state, PROFILE, clinic.at).checks}
    for check, parameter in (("spo2", P.SPO2), ("sys", P.NIBP_SYS)):
        points = list(clinic.state.history[parameter])
        first = [point for point in points if point.t <= points[-1].t - 600][-1]
        assert by_id[check].evidence == (first.seq, points[-1].seq)


# ---------------------------------------------------------------------------------------------- one criterion at a time


def recovering() -> Clinic:
    """An hour after the infusion, without anything measured or asked."""
    clinic = Clinic().attach().check_in().phase(Phase.INFUSION, Trigger.START)
    clinic.t = 2400.0
    clinic.phase(Phase.RECOVERY)
    clinic.t = 6000.0
    return clinic


def check(clinic: Clinic, kind: CriterionKind, **fields: object) -> e.CheckResult:
    one = Criterion(id="x", label="the x", kind=kind, remedy="see to it", **fields)
    return gate.evaluate(clinic.state, replace(PROFILE, criterion=(one,)), clinic.at).checks[0]


NAUSEA = {"item": "nausea", "at_least": 1, "at_most": 2, "minutes": 20.0}
LATE = NAUSEA | {"minutes": 90.0}
SCORE = {"item": "aldrete", "at_least": 9, "or_item": "padss", "or_at_least": 9, "minutes": 30.0}
AWAKE = {"item": "sedation", "at_least": 5, "minutes": 20.0, "sustained_minutes": 10.0}
S4, S5 = "sedation 4 slow to answer to the name", "sedation 5 awake, answers to the name at once"
GRADES = [
    # criterion, (item, grade, minutes ago) in the order of entry → met, observed, which of them are named
    (NAUSEA, [], False, "not observed", []),
    (NAUSEA, [("nausea", 1, 20)], True, "nausea mild, nurse AB 20 min ago", [0]),
    (NAUSEA, [("nausea", 1, 20.01)], False, "nausea mild, nurse AB 20 min ago: too long ago", [0]),
    (NAUSEA, [("nausea", 0, 1)], False, "nausea none, nurse AB 60 s ago", [0]),
    (NAUSEA, [("nausea", 2, 1)], True, "nausea moderate, nurse AB 60 s ago", [0]),
    (NAUSEA, [("nausea", 3, 1)], False, "nausea severe, nurse AB 60 s ago", [0]),
    (NAUSEA, [("nausea", 3, 5), ("nausea", 1, 5)], True, "nausea mild, nurse AB 5 min ago", [1]),
    (LATE, [("nausea", 1, 60)], True, "nausea mild, nurse AB 60 min ago", [0]),
    (LATE, [("nausea", 1, 60.01)], False, "nausea mild, nurse AB 60 min ago: too long ago", [0]),
    (
        SCORE,
        [("aldrete", 10, 2), ("padss", 9, 4)],
        True,
        "modified Aldrete, ±20 % 10, nurse AB 2 min ago; PADSS, bleeding counts 2 9, nurse AB 4 min ago",
        [0, 1],
    ),
    (AWAKE, [("sedation", 5, 5)], True, f"{S5}, nurse AB 5 min ago", [0]),
    (AWAKE, [("sedation", 4, 20), ("sedation", 5, 10)], True, f"{S5}, nurse AB 10 min ago", [1]),
    (
        AWAKE,
        [("sedation", 4, 20), ("sedation", 5, 9.99)],
        False,
        f"{S5}, nurse AB 10 min ago, but before that {S4}, nurse AB 20 min ago",
        [1, 0],
    ),
    (AWAKE, [("sedation", 4, 30), ("sedation", 5, 20), ("sedation", 5, 2)], True, f"{S5}, nurse AB 2 min ago", [2]),
    (
        AWAKE,
        [("sedation", 4, 8), ("sedation", 4, 6), ("sedation", 5, 2)],
        False,
        f"{S5}, nurse AB 2 min ago, but before that {S4}, nurse AB 6 min ago",
        [2, 1],
    ),
    (AWAKE, [("sedation", 4, 0)], False, f"{S4}, nurse AB 0 s ago", [0]),
]


@each_row(("fields", "observed", "met", "said", "named"), GRADES)
def test_grades(fields, observed, met, said, named):
    clinic = recovering()
    seqs = [clinic.observe(item, grade, at=clinic.at.plus(-minutes * 60)) for item, grade, minutes in observed]
    found = check(clinic, CriterionKind.GRADE, **fields)
    assert (found.met, found.observed, found.evidence) == (met, said, tuple(seqs[i] for i in named))


RANGES = [
    (NAUSEA, "nausea 1 to 2, within 20 min"),
    (AWAKE, "sedation 5 or more, within 20 min, for 10 min"),
    ({"item": "nausea", "at_most": 1, "minutes": 7.5}, "nausea 1 or less, within 7.5 min"),
    (SCORE, "modified Aldrete, ±20 % 9 or more or PADSS, bleeding counts 2 9 or more, within 30 min"),
]


@pytest.mark.parametrize(("fields", "required"), RANGES)
def test_the_range_of_a_grade(fields, required):
    assert check(recovering(), CriterionKind.GRADE, **fields).required == required


ABSENT = [
    ([], True, "none observed", []),
    ([(0, 1)], True, "none observed", []),
    ([(1, 15)], True, "none observed", []),
    ([(1, 14.99)], False, "vomiting once, nurse AB 15 min ago", [0]),
    ([(1, 3), (2, 8)], False, "vomiting once, nurse AB 3 min ago", [0, 1]),
    ([(1, 8), (2, 3)], False, "vomiting twice, nurse AB 3 min ago", [0, 1]),
]


@each_row(("observed", "met", "said", "named"), ABSENT)
def test_what_must_not_have_been(observed, met, said, named):
    clinic = recovering()
    seqs = [clinic.observe("vomiting", grade, at=clinic.at.plus(-minutes * 60)) for grade, minutes in observed]
    found = check(clinic, CriterionKind.ABSENT, item="vomiting", minutes=15.0)
    assert found == e.CheckResult(
        id="x",
        label="the x",
        met=met,
        required="no vomiting in 15 min",
        observed=said,
        remedy="" if met else "see to it",
        evidence=tuple(seqs[i] for i in named),
    )


FACTS = [
    # named, (met, text, minutes ago) → met, observed
    (False, (True, "", 2), True, f"confirmed, {AB}"),
    (False, (False, "", 2), False, f"taken back, {AB}"),
    (False, (True, " all three ", 2), True, f"confirmed, {AB}: all three"),
    (False, (True, "", 60), True, "confirmed, nurse AB 60 min ago"),
    (False, (True, "", 61), False, "confirmed, nurse AB 61 min ago: before recovery"),
    (True, (True, "", 2), True, f"confirmed, {AB}: K. D."),
    (True, (False, "", 2), False, f"taken back, {AB}: K. D."),
    (True, (True, "M. D.", 2), True, f"confirmed, {AB}: M. D."),
]


@each_row(("named", "said", "met", "observed"), FACTS)
def test_facts(named, said, met, observed):
    clinic, (yes, text, minutes) = recovering(), said
    clinic.t -= minutes * 60
    seq = clinic.confirm("escort", yes, text).state.seq
    clinic.t += minutes * 60
    found = check(clinic, CriterionKind.CONFIRMED, item="escort", named=named)
    assert (found.met, found.observed, found.evidence) == (met, observed, (seq,))


def test_a_fact_that_nobody_confirmed_and_a_name_that_nobody_gave():
    clinic = recovering()
    found = check(clinic, CriterionKind.CONFIRMED, item="escort", named=True)
    assert (found.met, found.observed, found.evidence) == (False, "not confirmed", ())
    clinic.confirm("escort").say(e.PatientCheckedIn(patient=replace(PATIENT, escort=""), by=NURSE))
    for patient in (clinic.state.patient, None):
        clinic.state.patient = patient
        found = check(clinic, CriterionKind.CONFIRMED, item="escort", named=True)
        assert (found.met, found.observed) == (False, "confirmed, nurse AB 0 s ago, but without a name")


def test_every_high_alarm_and_every_limit_that_is_off():
    clinic, seqs = recovering(), []
    for alarm, text in (("spo2-low", "SpO2 84 < 88"), ("hr-low", "HR 39 < 40")):
        clinic.say(
            e.AlarmChanged(alarm=alarm, state=e.AlarmState.ACTIVE, priority=Priority.HIGH, technical=False, text=text)
        )
        seqs.append(clinic.state.seq)
    clinic.say(e.LimitsSwitched(parameter=P.RR, off=True, by=NURSE, why="talks"))
    found = check(clinic, CriterionKind.NO_HIGH_ALARM)
    assert found.observed == "SpO2 84 < 88 (active); HR 39 < 40 (active); RR limits off"
    assert (found.met, found.evidence) == (False, tuple(seqs))


# ---------------------------------------------------------------------------------------------------------- vitals

VITALS = [
    # bounds, systolic → met, required, observed
    ({"low": 90.0, "high": 160.0}, 160.0, True, "90 to 160 mmHg", "SYS 160, monitor 0 s ago"),
    ({"low": 90.0, "high": 160.0}, 90.0, True, "90 to 160 mmHg", "SYS 90, monitor 0 s ago"),
    ({"low": 90.0, "high": 160.0}, 160.5, False, "90 to 160 mmHg", "SYS 160, monitor 0 s ago"),
    ({"low": 90.0}, 89.0, False, "90 or more mmHg", "SYS 89, monitor 0 s ago"),
    ({"high": 100.0}, 100.0, True, "100 or less mmHg", "SYS 100, monitor 0 s ago"),
    ({"high": 100.0}, None, False, "100 or less mmHg", "no value: sensor off"),
    (
        {"percent_of_baseline": 12.5},
        120.0,
        False,
        "within 12.5 % of baseline",
        "SYS 120, monitor 0 s ago, but no baseline to compare with",
    ),
]


@each_row(("bounds", "value", "met", "required", "observed"), VITALS)
def test_a_vital_of_one_moment(bounds, value, met, required, observed):
    clinic = recovering().measure(reading(P.NIBP_SYS, value))
    found = check(clinic, CriterionKind.VITAL, parameter=P.NIBP_SYS, **bounds)
    assert (found.met, found.required, found.observed) == (met, required, observed)
    assert found.evidence == (clinic.state.seq,)


def test_a_vital_that_was_never_measured():
    found = check(recovering(), CriterionKind.VITAL, parameter=P.NIBP_SYS, high=100.0)
    assert (found.met, found.observed, found.evidence) == (False, "no value: no data", ())


@pytest.mark.parametrize(
    ("seconds", "ago"), [(89, "89 s ago"), (90, "2 min ago"), (149, "2 min ago"), (151, "3 min ago")]
)
def test_how_long_ago(seconds, ago):
    clinic = recovering().cuff(120.0)
    clinic.t += seconds
    found = check(clinic, CriterionKind.VITAL, parameter=P.NIBP_SYS, high=160.0)
    assert found.observed == f"SYS 120, monitor {ago}"


CUFFS = [
    # (minutes before now, systolic) → met, what is said of the time before
    ([(12, 144), (1, 120)], True, "for 11 min"),
    ([(12, 145), (1, 120)], False, "but SYS 145 in the last 10 min"),
    ([(12, 96), (1, 120)], True, "for 11 min"),
    ([(12, 95), (1, 120)], False, "but SYS 95 in the last 10 min"),
    ([(15.6, 120), (1, 120)], True, "for 15 min"),
    ([(11, 120), (1, 120)], True, "for 10 min"),
    ([(10.9, 120), (1, 120)], False, "but none from 10 min before"),
    ([(22, 120), (1, 120)], False, "but there was none for longer than 20 min"),
]


@each_row(("readings", "met", "said"), CUFFS)
def test_a_vital_that_has_to_last(readings, met, said):
    clinic = recovering()
    clinic.say(e.BaselineTaken(values=PRESSURE))
    now = clinic.t
    for minutes, value in readings:
        clinic.t = now - minutes * 60
        clinic.measure(reading(P.NIBP_SYS, value))
    clinic.t = now
    found = check(clinic, CriterionKind.VITAL, parameter=P.NIBP_SYS, percent_of_baseline=20.0, sustained_minutes=10.0)
    assert (found.met, found.required) == (met, "96 to 144 mmHg, for 10 min")
    assert found.observed == f"SYS 120, monitor 60 s ago, {said}"


def test_of_two_monitors_only_the_one_that_counts_has_to_last():
    clinic = recovering().attach("second", DeviceKind.MONITOR)
    for _ in range(121):
        clinic.measure(reading(P.SPO2, CALM[P.SPO2]))
        clinic.measure(reading(P.SPO2, 90.0), device="second")
        clinic.t += 5
    sustained = {"parameter": P.SPO2, "low": 94.0, "sustained_minutes": 10.0}
    assert check(clinic, CriterionKind.VITAL, **sustained).observed == "SpO2 98, monitor 5 s ago, for 10 min"


def test_a_value_without_a_trend_has_not_lasted():
    clinic = recovering().measure(reading(P.SPO2, 98.0))
    clinic.state.history.clear()
    found = check(clinic, CriterionKind.VITAL, parameter=P.SPO2, low=94.0, sustained_minutes=10.0)
    assert (found.met, found.observed) == (False, "SpO2 98, monitor 0 s ago, but none from 10 min before")
