"""The discharge gate and vital signs: good now, sustained, and against the baseline."""

from dataclasses import replace

from rows import each_row
from rules.clinic import CALM, PROFILE, Clinic, P, answer, in_recovery, reading
from rules.gates import unmet

from ketamon.domain.devices import Link
from ketamon.domain.readings import Mode, Quality
from ketamon.rules import gate

# ------------------------------------------------------------------------------------------------------- vitals

SPOILT = [
    ("spo2", reading(P.SPO2, 93.0), "SpO2 93"),
    ("spo2", reading(P.SPO2, None), "no value: sensor off"),
    ("spo2", reading(P.SPO2, 98.0, Quality.QUESTIONABLE), "no value: questionable"),
    ("spo2", reading(P.SPO2, 98.0, mode=Mode.DEMO), "no value: simulated"),
    ("spo2", reading(P.SPO2, 98.0, mode=Mode.TEST), "no value: simulated"),
    ("hr", reading(P.PR, 85.0), "PR 85"),
    ("hr", reading(P.PR, 55.0), "PR 55"),
    ("rr", reading(P.RR, 9.0), "RR 9"),
    ("rr", reading(P.RR, 21.0), "RR 21"),
    ("sys", reading(P.NIBP_SYS, 145.0), "SYS 145"),
    ("sys", reading(P.NIBP_SYS, 95.0), "SYS 95"),
    ("dia", reading(P.NIBP_DIA, 91.0), "DIA 91"),
    ("dia", reading(P.NIBP_DIA, 75.0, repeated=True), None),
]


@each_row(("check", "said", "observed"), SPOILT)
def test_a_vital_that_is_not_good_now(check, said, observed):
    clinic = in_recovery().measure(said)
    found = unmet(clinic)
    if observed is None:
        assert found == {}, "a repeat changes nothing"
    else:
        assert found[check].startswith(observed)
        assert set(found) == {check}


def test_a_vital_that_is_stale():
    clinic = in_recovery()
    clinic.t += 16
    assert set(unmet(clinic)) == {"spo2", "hr", "rr"}
    clinic.t += 1200
    assert {"sys", "dia"} < set(unmet(clinic))


def test_a_vital_whose_link_is_lost():
    assert set(unmet(in_recovery().link(Link.SILENT))) == {"spo2", "hr", "rr", "sys", "dia"}


def recovering(others: dict[int, float | None], parameter: P = P.SPO2) -> Clinic:
    """Let ten minutes pass after a good recovery, with other values in some of the seconds."""
    clinic = in_recovery()
    for second in range(601):
        clinic.t += 1
        value = others.get(second, CALM[parameter])
        clinic.measure(*(reading(p, value if p is parameter else v) for p, v in CALM.items()))
    answer(clinic)
    return clinic


SUSTAINED = [
    ({}, None),
    ({2: 93.0}, "SpO2 93 in the last 10 min"),
    ({598: 93.0}, "SpO2 93 in the last 10 min"),
    ({0: 93.0}, "SpO2 93 in the last 10 min"),
    (dict.fromkeys(range(100, 114)), None),
    (dict.fromkeys(range(100, 115)), "there was none for longer than 0.25 min"),
    (dict.fromkeys(range(100, 400)), "there was none for longer than 0.25 min"),
]


@each_row(("others", "against"), SUSTAINED)
def test_sustained_for_ten_minutes_and_none_worse_between(others, against):
    found = unmet(recovering(others))
    if against is None:
        assert "spo2" not in found
    else:
        assert found["spo2"].endswith(f"but {against}")


def test_not_sustained_yet():
    clinic = in_recovery()
    clinic.state.history[P.SPO2] = type(clinic.state.history[P.SPO2])()
    for _ in range(119):
        clinic.t += 5
        clinic.beat()
    assert unmet(clinic)["spo2"].endswith("but none from 10 min before")
    for _ in range(2):
        clinic.t += 5
        clinic.beat()
    assert "spo2" not in unmet(clinic)


def cuffs(*readings: tuple[float, float]) -> Clinic:
    """Set the cuff's results: (minutes before now, systolic)."""
    clinic = in_recovery()
    for p in (P.NIBP_SYS, P.NIBP_DIA):
        clinic.state.history.pop(p)
        clinic.state.tracks.pop((p, "monitor", ""))
    now = clinic.t
    for minutes, sys in readings:
        clinic.t = now - minutes * 60
        clinic.measure(reading(P.NIBP_SYS, sys), reading(P.NIBP_DIA, 75.0))
    clinic.t = now
    return clinic


CUFFS = [
    ([(10, 120), (0, 120)], True),
    ([(9.9, 120), (0, 120)], False),
    ([(0, 120)], False),
    ([(25, 120), (12, 120), (1, 120)], True),
    ([(12, 120), (6, 150), (1, 120)], False),
    ([(25, 120), (12, 150), (1, 120)], False),
    ([(25, 150), (12, 120), (1, 120)], True),
    ([(29, 120), (1, 120)], False),
    ([(20, 120), (1, 120)], True),
]


@each_row(("readings", "met"), CUFFS)
def test_two_cuff_readings_ten_minutes_apart(readings, met):
    assert ("sys" not in unmet(cuffs(*readings))) is met


def test_without_a_baseline_nothing_is_within_a_share_of_it():
    clinic = in_recovery()
    clinic.state.baseline.clear()
    assert set(unmet(clinic)) == {"sys", "dia", "hr"}
    assert unmet(clinic)["sys"].endswith("no baseline to compare with")


def test_saturation_may_be_what_it_was_at_baseline():
    clinic = in_recovery()
    for _ in range(130):
        clinic.t += 5
        clinic.stream[P.SPO2] = 92.0
        clinic.beat()
    assert "spo2" in unmet(clinic)
    clinic.state.baseline[P.SPO2] = 92.0
    assert "spo2" not in unmet(clinic)


def test_breaths_counted_by_a_person_twice():
    clinic = in_recovery()
    clinic.state.history.pop(P.RR)
    clinic.state.samples = {key: s for key, s in clinic.state.samples.items() if key[0] is not P.RR}
    clinic.stream.pop(P.RR)
    clinic.enter(P.RR, 14)
    assert "rr" in unmet(clinic)
    clinic.t += 600
    clinic.enter(P.RR, 15)
    assert "rr" not in unmet(clinic)


def test_the_bounds_in_words():
    by_id = {c.id: c for c in PROFILE.criterion}
    assert gate._required(by_id["rr"], (10.0, 20.0)) == "10 to 20 /min, for 10 min"
    assert gate._required(replace(by_id["dia"], sustained_minutes=0.0), (float("-inf"), 100.0)) == "100 or less mmHg"
    assert gate._required(by_id["sys"], None) == "within 20 % of baseline, for 10 min"
