"""The stage patient: reproducible, within what people have, and raised by the drug as the cohorts were."""

from statistics import mean

import pytest

from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.simulator.cuff import MEASURING_S, Cuff
from ketamon.simulator.patient import HYPERTENSIVE, OXIMETRY, REFERENCE_MG_KG_H, TYPICAL, Patient, Responder, Vitals

RANGES: dict[Parameter, tuple[float, float]] = {
    Parameter.SPO2: (94, 100),
    Parameter.HR: (55, 95),
    Parameter.PR: (55, 95),
    Parameter.RR: (8, 20),
    Parameter.ETCO2: (30, 45),
    Parameter.FICO2: (0, 3),
    Parameter.TEMP: (36.0, 37.2),
    Parameter.PI: (0.3, 8),
    Parameter.NIBP_SYS: (100, 160),
    Parameter.NIBP_DIA: (60, 100),
    Parameter.NIBP_MAP: (75, 120),
}


def session(patient: Patient, rest_s: int = 0, infuse_s: int = 2400, after_s: int = 3600) -> list[Vitals]:
    """One reading a second: rest, an infusion of the usual rate, and what follows."""
    rates = [0.0] * rest_s + [REFERENCE_MG_KG_H] * infuse_s + [0.0] * after_s
    return [patient.process(1.0, rate) for rate in rates]


def test_the_same_seed_gives_the_same_patient_and_another_seed_another():
    first, again, other = (session(Patient(seed, weight_kg=72), after_s=0) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", range(4))
def test_values_are_plausible_and_rounded_as_devices_do(seed):
    for vitals in session(Patient(seed, weight_kg=72), rest_s=300, after_s=1800):
        assert set(vitals.values) == set(RANGES)
        for parameter, value in vitals.values.items():
            if value is not None:
                low, high = RANGES[parameter]
                assert low <= value <= high, parameter
                assert value == round(value, PARAMETERS[parameter].decimals)


def test_pulse_and_heart_rate_agree():
    for vitals in session(Patient(5, weight_kg=72), after_s=0):
        hr, pr = vitals.values[Parameter.HR], vitals.values[Parameter.PR]
        assert hr is not None
        assert pr is None or abs(hr - pr) <= 4


def test_the_effect_peaks_when_the_infusion_ends_and_is_gone_within_ninety_minutes():
    patient = Patient(3, weight_kg=72)
    course = []
    for second in range(2400 + 5400):
        patient.process(1.0, REFERENCE_MG_KG_H if second < 2400 else 0.0)
        course.append(patient.effect)
    assert course.index(max(course)) == 2399
    assert max(course) == pytest.approx(1.0, abs=0.001)
    assert course[2400 + 3600] < 0.06
    assert course[-1] < 0.02


def test_a_pause_gives_less_effect():
    steady, paused = Patient(3, weight_kg=72), Patient(3, weight_kg=72)
    for second in range(1200):
        steady.process(1.0, REFERENCE_MG_KG_H)
        paused.process(1.0, 0.0 if 600 <= second < 900 else REFERENCE_MG_KG_H)
    assert paused.effect < steady.effect


def test_the_mean_rise_over_many_patients_lies_where_the_cohorts_are():
    patients = [Patient(seed, weight_kg=72) for seed in range(200)]
    assert mean(p.rise_sys for p in patients) == pytest.approx(12, abs=1.2)
    assert mean(p.rise_dia for p in patients) == pytest.approx(8, abs=0.8)
    assert all(2 <= p.rise_hr <= 6 and p.rise_sys >= 0 for p in patients)
    assert 7.4 < mean(p.rise_sys for p in patients) < 16.0
    assert 6.0 < mean(p.rise_dia for p in patients) < 11.0


def test_cuff_readings_show_the_rise_and_its_end():
    """Over 200 patients in steps of 15 s: what the cuff shows at the end of the infusion, and an hour later."""
    peaks, rests = [], []
    for seed in range(200):
        patient = Patient(seed, weight_kg=72)
        before, peak, after = None, 0, 0
        for step in range(400):
            vitals = patient.process(15.0, REFERENCE_MG_KG_H if 20 <= step < 180 else 0.0)
            reading = vitals.values[Parameter.NIBP_SYS]
            if step == 19:
                before = reading
            if step == 180:
                peak = reading
        after = vitals.values[Parameter.NIBP_SYS]
        peaks.append(peak - before)
        rests.append(after - before)
    assert mean(peaks) == pytest.approx(11.5, abs=2)
    assert mean(rests) == pytest.approx(0.7, abs=1.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_hypertensive_responder_passes_165_over_100(seed):
    highest = max(
        (v.values[Parameter.NIBP_SYS] or 0, v.values[Parameter.NIBP_DIA] or 0)
        for v in session(Patient(seed, weight_kg=72, responder=HYPERTENSIVE), after_s=300)
    )
    assert highest[0] >= 165
    assert highest[1] >= 100


def test_no_drug_no_rise():
    still = Responder(sys=40, sys_sd=0, dia_per_sys=0.6)
    patient = Patient(1, weight_kg=72, responder=still)
    assert max(v.values[Parameter.NIBP_SYS] or 0 for v in session(patient, infuse_s=0)) < 140


def test_movement_takes_the_finger_sensor_away_for_seconds():
    patient = Patient(11, weight_kg=72, gaps_per_hour=30)
    lost = [v.values[Parameter.SPO2] is None for v in session(patient, after_s=0)]
    runs = [len(run) for run in "".join("x" if gone else " " for gone in lost).split()]
    assert runs
    assert all(5 <= run <= 40 for run in runs)  # two gaps may meet
    for vitals in session(patient, after_s=0):
        assert len({vitals.values[p] is None for p in OXIMETRY}) == 1


def test_no_movement_no_gap():
    patient = Patient(11, weight_kg=72, gaps_per_hour=0)
    assert all(v.values[Parameter.SPO2] is not None for v in session(patient, after_s=0))


def test_a_desaturation_falls_stays_and_recovers():
    patient = Patient(4, weight_kg=72, gaps_per_hour=0)
    patient.process(1.0, 0.0)
    patient.desaturate(8.0)
    course = [patient.process(1.0, 0.0).values[Parameter.SPO2] or 0.0 for _ in range(90)]
    assert 87 <= min(course) <= 91
    assert 20 <= sum(value < 92 for value in course) <= 55
    assert course[-1] >= 95


def test_a_sensor_that_is_off_gives_nothing_and_comes_back():
    patient = Patient(1, weight_kg=72, gaps_per_hour=0)
    patient.detached.add(Parameter.ETCO2)
    assert patient.process(1.0, 0.0).values[Parameter.ETCO2] is None
    patient.detached.clear()
    assert patient.process(1.0, 0.0).values[Parameter.ETCO2] is not None


def test_the_cuff_measures_at_once_then_every_quarter_hour_and_every_five_minutes_under_the_drug():
    starts, measuring = [], False
    for second, vitals in enumerate(session(Patient(1, weight_kg=72), rest_s=1000, infuse_s=1000, after_s=1000)):
        if vitals.cuff_measuring and not measuring:
            starts.append(second)
        measuring = vitals.cuff_measuring
    assert starts == [0, 900, 1200, 1500, 1800, 2700]


def test_the_cuff_keeps_its_old_numbers_while_it_works():
    cuff = Cuff(900.0)
    cuff.process(1.0, 120.0, 80.0)
    assert cuff.result is None
    assert cuff.age_s is None
    for _ in range(int(MEASURING_S)):
        cuff.process(1.0, 120.4, 79.6)
    assert (cuff.result.sys, cuff.result.dia, cuff.result.mean, cuff.age_s) == (120, 80, 93, 0.0)
    first = cuff.result
    cuff.measure()
    for _ in range(int(MEASURING_S) - 1):
        cuff.process(1.0, 150.0, 90.0)
        assert cuff.measuring
        assert cuff.result is first
    assert cuff.age_s == MEASURING_S - 1
    cuff.process(1.0, 150.0, 90.0)
    assert not cuff.measuring
    assert cuff.result.sys == 150


def test_cuff_numbers_stand_in_the_vitals_together_or_not_at_all():
    for vitals in session(Patient(9, weight_kg=72), infuse_s=200, after_s=0):
        assert len({vitals.values[p] is None for p in CUFF}) == 1
        assert (vitals.cuff_age_s is None) == (vitals.values[CUFF[0]] is None)


def test_the_usual_dose_is_what_the_typical_responder_was_measured_under():
    assert pytest.approx(0.5) == REFERENCE_MG_KG_H * 40 / 60
    assert TYPICAL.sys * TYPICAL.dia_per_sys == pytest.approx(8)
