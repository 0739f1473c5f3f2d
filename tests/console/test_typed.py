"""Numbers of an order as people type them: read in their own unit, or refused with what they would be."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.console import typed
from ketamon.console.typed import WRITTEN, Mistake, dosing
from ketamon.domain.profile import Indication
from ketamon.domain.units import Unit

READ = [
    ("72", Unit.KG, 72.0),
    ("72.5", Unit.KG, 72.5),
    ("72,5 kg", Unit.KG, 72.5),
    (" 72 KG ", Unit.KG, 72.0),
    ("0.5", Unit.MG_PER_KG, 0.5),
    ("0,5 mg/kg", Unit.MG_PER_KG, 0.5),
    ("0.5 mg / kg", Unit.MG_PER_KG, 0.5),
    ("0.125", Unit.MG_PER_KG, 0.125),
    ("0,125", Unit.MG_PER_ML, 0.125),
    ("40 min", Unit.MINUTE, 40.0),
    ("1mg/mL", Unit.MG_PER_ML, 1.0),
    ("54 ml/hr", Unit.ML_PER_HOUR, 54.0),
    ("1000", Unit.ML, 1000.0),
    ("12,5", Unit.ML, 12.5),
    ("35 mg", Unit.MG, 35.0),
]

REFUSED = [
    ("154 lb", Unit.KG, "asked in kg, not in lb: 154 lb would be 69.85; type that if it is meant"),
    ("154lbs", Unit.KG, "would be 69.85"),
    ("11 st", Unit.KG, "asked in kg, not in st"),
    ("154 lb 8 oz", Unit.KG, "asked in kg, not in lb8oz"),
    ("72000 g", Unit.KG, "asked in kg; g is another quantity"),
    ("0.5 mg", Unit.MG_PER_KG, "asked in mg/kg; mg is another quantity"),
    ("36 mg", Unit.MG_PER_KG, "asked in mg/kg; mg is another quantity"),
    ("500 µg/kg", Unit.MG_PER_KG, "500 µg/kg would be 0.5;"),
    ("500 \N{GREEK SMALL LETTER MU}g/kg", Unit.MG_PER_KG, "would be 0.5;"),
    ("500 mcg/kg", Unit.MG_PER_KG, "would be 0.5;"),
    ("0.5 mg/lb", Unit.MG_PER_KG, "would be 1.102;"),
    ("0.75 mg/kg/h", Unit.MG_PER_KG, "mg/kg/h is another quantity"),
    ("36000 µg", Unit.MG, "would be 36;"),
    ("1000 ug/ml", Unit.MG_PER_ML, "would be 1;"),
    ("1 g/L", Unit.MG_PER_ML, "would be 1;"),
    ("1 mg", Unit.MG_PER_ML, "mg is another quantity"),
    ("1 %", Unit.MG_PER_ML, "asked in mg/mL, not in %"),
    ("0.9 mL/min", Unit.ML_PER_HOUR, "asked in mL/h, not in mL/min: 0.9 mL/min would be 54;"),
    ("54 mL", Unit.ML_PER_HOUR, "mL is another quantity"),
    ("1 h", Unit.MINUTE, "would be 60;"),
    ("2400 s", Unit.MINUTE, "would be 40;"),
    ("0.04 L", Unit.ML, "would be 40;"),
    ("1,000", Unit.ML, "may mean 1000 or 1; type the one that is meant"),
    ("1.000", Unit.ML, "may mean 1000 or 1;"),
    ("72.500 kg", Unit.KG, "may mean 72500 or 72.5;"),
    ("1,000.5", Unit.ML, "is not a number"),
    ("1.000,5", Unit.ML, "is not a number"),
    ("1 000", Unit.ML, "is not a number"),
    ("1'000", Unit.ML, "asked in mL, not in '000"),
    (".5", Unit.MG_PER_KG, "is not a number"),
    ("5.", Unit.MG_PER_KG, "is not a number"),
    ("-0.5", Unit.MG_PER_KG, "is not a number"),
    ("0", Unit.MG_PER_KG, "must be more than 0 mg/kg"),
    ("0,0", Unit.MG_PER_KG, "must be more than 0 mg/kg"),
    ("", Unit.KG, "is missing"),
    ("seventy", Unit.KG, "is not a number"),
    ("٧٢", Unit.KG, "is not a number"),
    ("1e3", Unit.ML, "asked in mL, not in e3"),
    ("inf", Unit.ML, "is not a number"),
]


@each_row(("text", "unit", "value"), READ)
def test_a_number_is_read_with_its_unit_or_without(text, unit, value):
    assert dosing(text, "it", unit) == value


@each_row(("text", "unit", "why"), REFUSED)
def test_anything_else_is_refused_with_the_reason(text, unit, why):
    with pytest.raises(Mistake) as refused:
        dosing(text, "it", unit)
    assert why in str(refused.value)


@each_row("unit", WRITTEN)
def test_each_unit_is_written_as_it_is_shown(unit):
    assert unit.value.lower() in WRITTEN[unit]
    assert dosing(f"2 {unit}", "it", unit) == 2.0


@each_row("unit", WRITTEN)
@each_row("other", WRITTEN)
def test_no_unit_passes_for_another(unit, other):
    if unit is not other:
        with pytest.raises(Mistake, match="is asked in"):
            dosing(f"2 {other}", "it", unit)


@given(st.text(alphabet="0123456789.,'- mgklbhcuµ/", max_size=14))
def test_whatever_is_typed_is_a_number_or_a_sentence(text):
    with suppress(Mistake):
        assert dosing(text, "it", Unit.KG) > 0


@pytest.mark.parametrize("text", ["1,000", "97.500"])
def test_readings_are_read_as_strictly(text):
    with pytest.raises(Mistake, match="may mean"):
        typed.reading(typed.Parameter.SPO2, text)


LISTED = (
    Indication(id="ptsd", label="PTSD"),
    Indication(id="pain-chronic", label="chronic pain"),
    Indication(id="pain-neuropathic", label="neuropathic pain"),
    Indication(id="pain", label="any pain"),
    Indication(id="other", label="other", asks_text=True),
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("PTSD", ("ptsd", "")),
        (" chron ", ("pain-chronic", "")),
        ("pain", ("pain", "")),
        ("other: ringing: both ears", ("other", "ringing: both ears")),
        ("chronic: back", ("pain-chronic", "back")),
    ],
)  # fmt: skip
def test_an_indication_is_read_by_a_part_of_its_name_that_no_other_has(text, read):
    assert typed.indication(text, LISTED) == read


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one of PTSD, chronic pain, neuropathic pain, any pain, other"),
        ("n", "one of chronic pain, neuropathic pain, any pain"),
        ("gout", "one of PTSD"),
        ("other", "say what it is, like “other: tinnitus”"),
        ("oth : ", "say what it is"),
    ],
)
def test_an_indication_that_is_not_clear_is_refused_with_what_there_is(text, why):
    with pytest.raises(Mistake, match=why):
        typed.indication(text, LISTED)


def test_a_profile_without_a_list_asks_for_no_indication():
    assert typed.indication("tinnitus", ()) == ("", "tinnitus")
