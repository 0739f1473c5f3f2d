"""Dose arithmetic, in units; and that units which are not the same cannot be mixed up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import ORDER, PATIENT, PROFILE

from ketamon.domain.people import Patient
from ketamon.domain.units import Unit
from ketamon.errors import Refused
from ketamon.rules import dose

BOUNDS = PROFILE.order

ORDERS = [
    # mg/kg, min, kg, mg/mL → mg, mL, mL/h, mg/kg/h
    (0.5, 40, 70, 1.0, 35.0, 35.0, 52.5, 0.75),
    (0.5, 60, 70, 1.0, 35.0, 35.0, 35.0, 0.5),
    (0.5, 40, 72, 1.0, 36.0, 36.0, 54.0, 0.75),
    (0.5, 40, 70, 0.7, 35.0, 50.0, 75.0, 0.75),
    (0.5, 40, 70, 0.35, 35.0, 100.0, 150.0, 0.75),
    (0.5, 60, 70, 0.35, 35.0, 100.0, 100.0, 0.5),
    (1.0, 40, 100, 10.0, 100.0, 10.0, 15.0, 1.5),
    (0.1, 100, 45, 2.0, 4.5, 2.25, 1.35, 0.06),
]


@each_row(("mg_kg", "minutes", "kg", "mg_ml", "mg", "ml", "ml_h", "mg_kg_h"), ORDERS)
def test_orders(mg_kg, minutes, kg, mg_ml, mg, ml, ml_h, mg_kg_h):
    patient = replace(PATIENT, weight_kg=kg)
    order = dose.order(patient, mg_kg, minutes, mg_ml, BOUNDS)
    assert (order.total_mg, order.volume_ml, order.rate_ml_h) == (mg, pytest.approx(ml), pytest.approx(ml_h))
    assert dose.ordered_mg_per_kg_h(order) == pytest.approx(mg_kg_h)
    assert dose.rate_mg_per_kg_h(order.rate_ml_h, order, patient) == pytest.approx(mg_kg_h)
    assert dose.mg_given(order.volume_ml, order) == pytest.approx(mg)


def test_the_arithmetic_for_people():
    assert dose.arithmetic(ORDER, PATIENT) == [
        "0.5 mg/kg × 70 kg = 35 mg",
        "35 mg ÷ 1 mg/mL = 35 mL",
        "35 mL in 40 min = 52.5 mL/h",
        "that is 0.75 mg/kg/h = 12.5 µg/kg/min",
    ]


def test_an_order_has_six_decimals_and_no_dust():
    order = dose.order(PATIENT, 0.5, 45.0, 0.3, BOUNDS)
    assert (order.volume_ml, order.rate_ml_h) == (116.666667, 155.555556)


@pytest.mark.parametrize(("minutes", "rate"), [(1.0, 2100.0), (0.5, 4200.0)])
def test_how_long_it_takes_has_no_bounds_here_but_zero(minutes, rate):
    assert dose.order(PATIENT, 0.5, minutes, 1.0, BOUNDS).rate_ml_h == rate


def test_the_weight_in_both_units():
    assert dose.weight(replace(PATIENT, weight_method="scale")) == "70 kg = 154.3 lb, from: scale"


LEFT_OVER = [
    (None, ["35 mL ordered − -- mL given = -- mL"]),
    (0.0, ["35 mL ordered − 0 mL given = 35 mL left", "35 mL × 1 mg/mL = 35 mg"]),
    (34.9, ["35 mL ordered − 34.9 mL given = 0.1 mL left", "0.1 mL × 1 mg/mL = 0.1 mg"]),
    (34.9999997, ["35 mL ordered − 35 mL given = 0 mL left", "0 mL × 1 mg/mL = 0 mg"]),
    (36.0, ["35 mL ordered − 36 mL given = -1 mL left", "-1 mL × 1 mg/mL = -1 mg"]),
]


@pytest.mark.parametrize(("given_ml", "lines"), LEFT_OVER)
def test_what_should_be_left(given_ml, lines):
    assert dose.left_over(ORDER, given_ml) == lines


REFUSED = [
    ((35.0, 40, 1.0), 70, "the dose 35 mg/kg is outside 0.1 to 1 mg/kg; the dose is per kg of body weight"),
    ((0.01, 40, 1.0), 70, "the dose 0.01 mg/kg is outside 0.1 to 1 mg/kg; the dose is per kg of body weight"),
    ((float("nan"), 40, 1.0), 70, "the dose nan mg/kg is outside 0.1 to 1 mg/kg; the dose is per kg of body weight"),
    ((0.5, 40, 50.0), 70, "the concentration 50 mg/mL is outside 0.1 to 10 mg/mL"),
    ((0.5, 40, 1.0), 330, "the weight 330 kg is outside 40 to 200 kg; is it in pounds?"),
    ((1.0, 40, 1.0), 120, "the whole dose 120 mg is outside 0 to 100 mg"),
    ((0.5, 0, 1.0), 70, "0 min is no time for an infusion"),
    ((0.5, float("nan"), 1.0), 70, "nan min is no time for an infusion"),
    ((0.5, float("inf"), 1.0), 70, "inf min is no time for an infusion"),
]


@each_row(("asked", "kg", "why"), REFUSED)
def test_what_is_refused_names_value_and_bounds(asked, kg, why):
    with pytest.raises(Refused) as refused:
        dose.order(replace(PATIENT, weight_kg=kg), *asked, BOUNDS)
    assert str(refused.value) == why


@given(st.floats(0.1, 1.0), st.floats(20, 240), st.floats(0.1, 10), st.floats(40, 100))
def test_every_order_adds_up_or_is_refused(mg_kg, minutes, mg_ml, kg):
    patient = Patient(label="x", identifier="y", weight_kg=kg)
    order = dose.order(patient, mg_kg, minutes, mg_ml, BOUNDS)
    assert order.total_mg == pytest.approx(mg_kg * kg, abs=1e-5)
    assert order.volume_ml * mg_ml == pytest.approx(order.total_mg, rel=1e-4)
    assert order.rate_ml_h * minutes / 60 == pytest.approx(order.volume_ml, rel=1e-4)
    assert order.total_mg <= BOUNDS.highest_total_mg


# ------------------------------------------------------------------------------------------------------- units

FACTORS = [
    # value, unit, the domain's unit, what it is there
    (1.0, "mL/minute", Unit.ML_PER_HOUR, 60.0),
    (1.0, "µL/second", Unit.ML_PER_HOUR, 3.6),
    (1.0, "L", Unit.ML, 1000.0),
    (1.0, "kPa", Unit.MMHG, 7.50062),
    (120.0, "mmHg", Unit.MMHG, 120.0),
    (1000.0, "µg", Unit.MG, 1.0),
    (1.0, "g", Unit.MG, 1000.0),
    (154.0, "lb_bw", Unit.KG, 69.8532),
    (1.0, "hour", Unit.SECOND, 3600.0),
    (1.0, "hour", Unit.MINUTE, 60.0),
    (90.0, "second", Unit.MINUTE, 1.5),
    (98.6, "degF", Unit.CELSIUS, 37.0),
    (310.15, "K", Unit.CELSIUS, 37.0),
    (500.0, "µg/kg_bw", Unit.MG_PER_KG, 0.5),
    (1.0, "g/L", Unit.MG_PER_ML, 1.0),
    (100.0, "µg/mL", Unit.MG_PER_ML, 0.1),
    (1.0, "1/second", Unit.PER_MINUTE, 60.0),
    (98.0, "percent", Unit.PERCENT, 98.0),
    (0.001, "V", Unit.MILLIVOLT, 1.0),
    (5.0, "score", Unit.SCORE, 5.0),
]


@each_row(("value", "unit", "to", "expected"), FACTORS)
def test_factors(value, unit, to, expected):
    assert dose.convert(value, unit, to) == pytest.approx(expected, rel=1e-5)


def test_every_unit_of_the_domain_is_in_the_registry():
    assert set(dose.PINT) == set(Unit)
    assert {to for _, _, to, _ in FACTORS} == set(Unit)


NOT_THE_SAME = [
    ("mg/kg_bw/hour", Unit.PER_MINUTE),
    ("beat/minute", Unit.PER_MINUTE),
    ("breath/minute", Unit.PER_MINUTE),
    ("mg/kg_bw", Unit.PERCENT),
    ("mg/kg_bw", Unit.MG),
    ("mg", Unit.MG_PER_KG),
    ("mg", Unit.ML),
    ("mL/hour", Unit.ML),
    ("kilogram", Unit.KG),
    ("mmHg", Unit.CELSIUS),
    ("mg/hour", Unit.ML_PER_HOUR),
]


@each_row(("unit", "to"), NOT_THE_SAME)
def test_what_does_not_measure_the_same_cannot_be_mixed_up(unit, to):
    with pytest.raises(Refused) as refused:
        dose.convert(1.5, unit, to)
    assert str(refused.value) == f"1.5 {unit} is no quantity in {to}; give it in {to}"


@pytest.mark.parametrize("unit", ["unit", "bpm", "IU", "dozen", "lb"])
def test_what_nobody_defined_is_not_guessed(unit):
    with pytest.raises(Refused) as refused:
        dose.convert(1.0, unit, Unit.MG)
    assert str(refused.value) == f"the unit {unit} is not known here; give the value in mg"


def test_a_number_without_a_unit_is_no_quantity():
    with pytest.raises(Refused):
        dose.convert(1.0, "", Unit.MG)


def test_beats_are_not_breaths():
    quantity = dose.registry().Quantity
    assert not quantity(1, "beat/minute").is_compatible_with("breath/minute")
    assert (quantity(0.5, "mg/kg_bw/hour") * quantity(70, "kg_bw")).to("mg/hour").magnitude == pytest.approx(35)
