"""IntelliVue: numbers and what they are worth, the cuff, results that come in parts."""

from struct import pack

import pytest
from drivers.intellivue import HR_60, decode, notices, numeric, presented, readings, result, values
from rows import each_row

from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Mode, Quality
from ketamon.driver import Measured
from ketamon_drivers.philips_intellivue import association, requests
from ketamon_drivers.philips_intellivue.numerics import TABLE, float_of
from ketamon_drivers.philips_intellivue.pdus import FIRST, LAST, MIDDLE, listed, written


def cuff(systolic="0000 0f20 00000078", stamp="2026112108000000", state="0000", measured="0f20"):
    numbers = [f"4a05 {systolic}", f"4a06 {state} {measured} 00000050", f"4a07 {state} {measured} 0000005d"]
    value = (0x094B, listed([bytes.fromhex(number) for number in numbers]))
    return pack(">H", 0x8272) + written((((0x0990, bytes.fromhex(stamp)),) if stamp else ()) + (value,))


# numbers

NUMBERS = [
    ("4182 0000 0aa0 0000003c", Parameter.HR, 60.0, "valid", ""),
    ("4822 0001 0aa0 00000048", Parameter.PR, 72.0, "valid", ""),
    ("480a 0000 0ac0 00000048", Parameter.PR, 72.0, "valid", "pulse"),
    ("4bb8 0000 0220 ff0003cf", Parameter.SPO2, 97.5, "valid", ""),
    ("4bb0 0000 0200 fe000145", Parameter.PI, 3.25, "valid", ""),
    ("500a 0000 0ae0 0000000e", Parameter.RR, 14.0, "valid", "impedance"),
    ("5012 0000 0ae0 0000000f", Parameter.RR, 15.0, "valid", "CO2"),
    ("50b0 0000 0f20 ff000177", Parameter.ETCO2, 37.5, "valid", ""),
    ("50b0 0000 0f03 ff000032", Parameter.ETCO2, 37.5, "valid", ""),
    ("50ba 0000 0f20 00000000", Parameter.FICO2, 0.0, "valid", ""),
    ("4b48 0000 17a0 ff00016e", Parameter.TEMP, 36.6, "valid", ""),
    ("4b48 0000 1140 ff0003da", Parameter.TEMP, 37.0, "valid", ""),
    ("f108 0000 17a0 ff00016e", Parameter.TEMP, 36.6, "valid", "oral"),
    # what the state says
    ("4bb8 8000 0220 007fffff", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 8000 0220 00000061", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 2000 0220 00000061", Parameter.SPO2, None, "missing", ""),
    ("4bb8 a000 0220 007fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 4000 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 0040 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 0200 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 5000 0220 00000061", Parameter.SPO2, 97.0, "calibrating", ""),
    ("4bb8 0020 0220 00000061", Parameter.SPO2, 97.0, "ongoing", ""),
    ("4bb8 0083 0220 00000061", Parameter.SPO2, 97.0, "valid", ""),
    # what is no number
    ("4bb8 0000 0220 007fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 0000 0220 fe7fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 0000 0220 00800000", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 0000 0220 00800001", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 0000 0220 007ffffe", Parameter.SPO2, None, "over", ""),
    ("4bb8 0000 0220 00800002", Parameter.SPO2, None, "under", ""),
    # what no body has, and units that are others
    ("4bb8 0000 0220 00000065", Parameter.SPO2, None, "invalid", ""),
    ("4182 0000 0aa0 00ffffff", Parameter.HR, None, "invalid", ""),
    ("4182 0000 0aa0 7f000001", Parameter.HR, None, "invalid", ""),
    ("4182 0000 0ae0 0000003c", Parameter.HR, None, "invalid", ""),
    ("4bb8 0000 0200 00000061", Parameter.SPO2, None, "invalid", ""),
    ("4b48 0000 0220 ff00016e", Parameter.TEMP, None, "invalid", ""),
]


@each_row(("words", "parameter", "value", "quality", "site"), NUMBERS)
def test_numbers(words, parameter, value, quality, site):
    (found,) = readings(decode(result(numeric(words))))
    assert (found.parameter, found.value, found.quality.value, found.site) == (parameter, value, quality, site)
    assert (found.mode, found.repeated, found.stored) == (Mode.REAL, False, False)


@each_row(
    ("state", "monitor", "mode"),
    [
        ("0400", "4000", Mode.DEMO),
        ("0800", "4000", Mode.TEST),
        ("0c00", "4000", Mode.TEST),
        ("0000", "2000", Mode.DEMO),
        ("0000", "1000", Mode.TEST),
        ("0800", "2000", Mode.TEST),
        ("0000", "4000", Mode.REAL),
    ],
)
def test_numbers_that_are_no_patients_are_marked(state, monitor, mode):
    outputs = decode(presented(mode=monitor), result(numeric(f"4182 {state} 0aa0 0000003c")))
    (found,) = readings(outputs)
    assert (found.value, found.mode) == (60.0, mode)
    assert ("its numbers are no patient's" in notices(outputs)[0]) is (monitor != "4000")


def test_what_is_not_read_is_told_once_as_it_came():
    label = (0x0927, pack(">H", 10) + "PVC \0".encode("utf-16-be"))
    objects = (
        numeric("4261 0000 0aa0 00000000", label),
        numeric("4182 0000 0ae0 0000003c"),
    )
    outputs = decode(result(*objects), result(*objects, sequence=2))
    assert notices(outputs) == [
        "2 numbers are not read: PVC (4261 0000 0aa0 00000000); a number in an unknown unit (4182 0000 0ae0 0000003c)"
    ]


def test_the_pulse_of_the_cuff_is_no_pulse_of_now():
    outputs = decode(result(numeric("f0e5 0000 0aa0 00000048")))
    assert readings(outputs) == []
    assert 0xF0E5 not in TABLE


@pytest.mark.parametrize("value", ["4182 0000 0aa0 0000", "4182 0000 0aa0 0000003c 00", ""])
def test_a_number_of_another_size_is_none(value):
    assert readings(decode(result(numeric(value)))) == []


@pytest.mark.parametrize("head", ["0002001e", "0003001d", "0003001f", "00000000", "0000"])
def test_a_list_of_numbers_that_lies_is_none(head):
    numbers = b"".join(bytes.fromhex(f"4a0{n} 0000 0f20 00000078") for n in (5, 6, 7))
    lying = pack(">H", 0x8272) + written(((0x094B, bytes.fromhex(head) + numbers),))
    assert readings(decode(result(lying))) == []


def test_a_number_that_a_whole_result_holds_no_more_is_missing():
    hr, rr = numeric(HR_60), numeric("500a 0000 0ae0 0000000e", handle=0x8500)
    outputs = decode(result(hr, rr), result(hr, rr, sequence=2), result(hr, sequence=3))
    outputs += decode(result(hr, rr), *parts(1, 2, 3, 0, sequence=2), result(hr, rr, sequence=3))  # never away
    gone = [(r.quality, r.site) for r in readings(outputs) if r.parameter is Parameter.RR and r.value is None]
    assert gone == [(Quality.MISSING, "impedance")]


# the cuff


def cuffs(*results):
    """For each result whether its systolic pressure is new; None where it has no value."""
    pdus = [presented(ticks=8000)] + [result(one, sequence=n, ticks=8000 * n) for n, one in enumerate(results, 1)]
    found = [r for r in readings(decode(*pdus)) if r.parameter is Parameter.NIBP_SYS]
    return [None if r.value is None else not r.repeated for r in found]


AT_122 = "0000 0f20 0000007a"
MEASURING, GONE = "0020 0f20 0000007a", "2000 0f20 007fffff"
LIVES = [
    ("young, then said again", [cuff(), cuff()], [True, False]),
    ("a month old", [cuff(stamp="2026102108000000"), cuff(stamp="2026102108000000")], [False, False]),
    ("from the future", [cuff(stamp="2026112109000000")], [False]),
    ("no date", [cuff(stamp=""), cuff(stamp="")], [False, False]),
    ("other numbers", [cuff(), cuff(AT_122)], [True, True]),
    ("the same numbers at another time", [cuff(), cuff(stamp="2026112108020000")], [True, True]),
    ("nothing in between", [cuff(), cuff(GONE, state="2000"), cuff()], [True, None, False]),
    ("a number that is merely gone", [cuff(), cuff(GONE), cuff()], [True, None, False]),
    ("at work", [cuff(), cuff(MEASURING, state="0020"), cuff(AT_122, stamp="2026112108020000")], [True, False, True]),
    ("at work, failed", [cuff(), cuff("0020 0f20 00000078", state="0020"), cuff()], [True, False, False]),
    ("at work, no date", [cuff(stamp=""), cuff(MEASURING, "", "0020"), cuff(stamp="")], [False, False, True]),
]


@each_row(("what", "results", "new"), LIVES)
def test_a_cuff_result_is_new_once(what, results, new):
    assert cuffs(*results) == new, what


def test_a_cuff_at_work_gives_no_good_number():
    found = readings(decode(result(cuff(MEASURING, state="0020"))))
    assert {(r.quality, r.repeated) for r in found} == {(Quality.ONGOING, True)}


def test_a_cuff_in_kilopascal():
    found = decode(result(cuff("0000 0f03 ff0000a0", measured="0f03", state="4000")))
    assert values(found)[Parameter.NIBP_SYS] == 120.0
    assert {r.quality for r in readings(found)} == {Quality.VALID, Quality.INVALID}  # 80 kPa is nobody's diastole


# results in parts


def parts(*states, sequence=1):
    objects = [numeric(HR_60), numeric("500a 0000 0ae0 0000000e"), numeric("4bb8 0000 0220 00000061")]
    kinds = {1: FIRST, 2: MIDDLE, 3: LAST}
    linked = [result(objects[n - 1], part=(kinds[n], n), sequence=sequence) for n in states if n]
    return linked + ([result(sequence=sequence)] if 0 in states else [])


PARTIAL = "a result of numerics came only in part; it was used"


@each_row(
    ("came", "told"),
    [
        (parts(1, 2, 3, 0), []),
        (parts(1, 2, 3, 0) + parts(1, 2, 3, 0, sequence=2), []),
        (parts(1, 2) + parts(1, 2, 3, 0, sequence=2), [PARTIAL]),
        (parts(1, 3, 0), [PARTIAL]),
        (parts(2, 3, 0), [PARTIAL]),
        (parts(1, 2, 0), [PARTIAL]),
        (parts(1, 2, 3) + parts(1, 2, 3, 0, sequence=2), [PARTIAL]),
        (parts(1, 2) + parts(1, 2, sequence=2) + parts(1, 2, 3, 0, sequence=3), [PARTIAL]),
        (parts(1, 0) + parts(1, 2, 3, 0, sequence=2) + parts(1, 0, sequence=3), [PARTIAL, PARTIAL]),
    ],
)
def test_parts_are_used_and_a_result_in_part_is_told(came, told):
    outputs = decode(*came)
    assert notices(outputs) == told
    assert len(readings([o for o in outputs if isinstance(o, Measured) and o.reading.value is not None])) == sum(
        numeric_part.count(b"\x09\x50") for numeric_part in came
    )


def test_a_result_in_part_makes_nothing_missing():
    outputs = decode(*parts(1, 2, 3, 0), *parts(1, 0, sequence=2), *parts(1, 2, 3, 0, sequence=3))
    assert None not in [r.value for r in readings(outputs)]


def test_waves_between_the_parts_of_numerics_are_no_gap():
    first, second, third, last = parts(1, 2, 3, 0)
    wave = result(poll=requests.WAVES, sequence=7)
    assert notices(decode(first, wave, second, wave, third, last)) == []


def test_a_result_that_follows_a_torn_one_is_whole():
    parts_seen = association.Parts()
    assert list(parts_seen.take(1, (1, 1), (FIRST, 1))) == []
    assert list(parts_seen.take(1, (2, 2), (FIRST, 1))) == [False]
    assert list(parts_seen.take(1, (2, 2), (LAST, 2))) == []
    assert list(parts_seen.take(1, (2, 2), None)) == [True]


def test_the_first_result_of_a_poll_only_describes_and_takes_no_number_away():
    hr = numeric(HR_60)
    described = pack(">H", 0x8400) + written(((0x0921, b"\x84\0"),))
    outputs = decode(result(hr), result(described, sequence=0), result(hr, sequence=1))
    assert [r.value for r in readings(outputs)] == [60.0, 60.0]
    single = [result(one, sequence=0, extended=False, ticks=n) for n, one in enumerate((hr, hr, described, described))]
    assert [r.value for r in readings(decode(*single))] == [60.0, 60.0, None]


@each_row(
    ("raw", "value"),
    [(0xFE002580, 96.0), (0x00000060, 96.0), (0xFA000001, 1e-6), (0x03000001, 1000.0), (0xF9000001, Quality.INVALID),
     (0x04000001, Quality.INVALID), (0xCB74CD30, Quality.INVALID), (0xFF8000FF, -838835.3)],
)  # fmt: skip
def test_an_exponent_that_no_number_of_a_patient_has_is_invalid(raw, value):
    assert float_of(raw) == (pytest.approx(value) if isinstance(value, float) else value)
