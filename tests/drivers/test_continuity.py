"""Second checks: what jumps is told twice, known alarms never wait, a pump infuses while its counter moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.testing.conversation import START
from ketamon.wire.continuity import MOST_BETWEEN_LINES, Alarms, Flow, Same, Smooth, Steady, Vitals


@each_row(
    ("told", "most", "believed"),
    [
        ([5], 0, "y"),
        ([5, 5, 5], 0, "yyy"),
        ([5, 6, 6, 6], 0, "ynyy"),
        ([5, 6, 5], 0, "yny"),
        ([5, 6, 7, 7], 0, "ynny"),
        ([5, 6, 7, 7.5], 1, "yyyy"),
        ([5, 4, 4], 1, "yny"),
        ([5, 9, 9.5], 1, "yny"),
        ([0.1 + 0.2, 0.3], 0, "yy"),
    ],
)
def test_a_jump_is_believed_when_it_is_told_twice(told, most, believed):
    steady = Steady()
    assert "".join("ny"[steady.believes(value, most)] for value in told) == believed


def states(step_ml, reports):
    flow = Flow(step_ml)
    return [flow.state(rate, volume, START.plus(second)).value for second, rate, volume in reports]


@each_row(
    ("reports", "expected"),
    [
        ([(0, 36.0, 1.0), (1, 36.0, 1.01)], ["unknown", "infusing"]),
        ([(0, 36.0, 1.0), (1, 36.0, 1.01), (9, 36.0, 1.01), (10, 36.0, 1.01)],
         ["unknown", "infusing", "infusing", "unknown"]),
        ([(0, 36.0, 1.0), (1, 36.0, 0.0)], ["unknown", "unknown"]),
        ([(0, 36.0, 1.0), (1, 36.0, 1.01), (2, 36.0, 0.0)], ["unknown", "infusing", "unknown"]),
        ([(0, 0.0, 1.0), (1, 0.0, 1.01), (2, 36.0, 1.01)], ["held", "held", "unknown"]),
        ([(0, None, 1.0), (1, 36.0, None)], ["unknown", "unknown"]),
        ([(0, 1.0, 1.0), (30, 1.0, 1.01), (130, 1.0, 1.01)], ["unknown", "infusing", "infusing"]),
    ],
)  # fmt: skip
def test_a_pump_infuses_while_its_counter_follows_its_rate(reports, expected):
    assert states(0.01, reports) == expected


@each_row(
    ("told", "believed"),
    [
        ([70], "y"),
        ([70, 78, 70, 62], "yyyy"),
        ([70, 79, 70], "yny"),
        ([70, 30, 30], "yny"),
        ([70, 30, 36], "yny"),
        ([70, 58, 46, 34, 22], "ynyny"),
        ([70, 100, 130], "yny"),
        ([70, 30, 70, 30, 70], "ynyny"),
        ([70, 30, 150, 30], "ynnn"),
        ([70, 30, 60, 61], "ynny"),
        ([17, 71, 72], "yny"),
        ([36.6, 44.6], "yy"),
    ],
)
def test_a_number_that_jumps_is_believed_when_it_is_told_again_or_goes_on(told, believed):
    smooth = Smooth()
    assert "".join("ny"[smooth.believes(value, 8)] for value in told) == believed


@given(st.lists(st.integers(1, 300), min_size=2, max_size=20).map(sorted), st.booleans())
def test_whatever_rises_or_falls_is_never_held_for_two_reports(values, falls):
    smooth = Smooth()
    believed = "".join("ny"[smooth.believes(value, 8)] for value in (values[::-1] if falls else values))
    assert "nn" not in believed


@given(st.lists(st.integers(60, 68), max_size=10), st.integers(1, 300), st.lists(st.integers(60, 68), max_size=10))
def test_one_damaged_report_among_steady_ones_is_all_that_is_lost(before, damaged, after):
    smooth = Smooth()
    assert all(smooth.believes(value, 8) for value in (*before, 64))
    assert smooth.believes(damaged, 8) is (56 <= damaged <= 72)
    if not 52 <= damaged <= 76:
        assert all(smooth.believes(value, 8) for value in (64, *after))


@pytest.mark.parametrize(
    ("told", "believed"), [("A", "y"), ("AAB", "yyn"), ("ABA", "yny"), ("ABB", "yny"), ("ABCC", "ynny")]
)
def test_what_stays_as_it_is_changes_when_it_is_told_twice(told, believed):
    same = Same()
    assert "".join("ny"[same.believes(letter)] for letter in told) == believed


def reading(value, parameter=Parameter.PR, *, site="", stored=False):
    quality = Quality.MISSING if value is None else Quality.VALID
    unit = PARAMETERS[parameter].unit
    return Reading(parameter=parameter, value=value, unit=unit, quality=quality, site=site, stored=stored)


def passed(*lines):
    vitals = Vitals()
    return [[r.value for r in vitals.believed(line)] for line in lines]


def test_a_vital_sign_that_jumps_is_left_out_and_what_has_no_value_never():
    assert passed(*([reading(v)] for v in (71, 17, 72, 130, 131))) == [[71], [], [72], [], [131]]
    assert passed(*([reading(v)] for v in (71, None, 17, None))) == [[71], [None], [17], [None]]


def test_each_vital_sign_of_each_site_is_judged_for_itself():
    first = [reading(36.6, Parameter.TEMP, site="T1"), reading(32.0, Parameter.TEMP, site="T2"), reading(71)]
    then = [reading(36.7, Parameter.TEMP, site="T1"), reading(36.7, Parameter.TEMP, site="T2"), reading(72)]
    assert passed(first, then) == [[36.6, 32.0, 71], [36.7, 72]]


def test_memory_and_cuff_are_passed_on_as_they_come():
    stored = [[reading(v, stored=True)] for v in (71, 17, 130)]
    assert passed([reading(71)], *stored, [reading(72)]) == [[71], [71], [17], [130], [72]]
    assert passed([reading(120, Parameter.NIBP_SYS)], [reading(80, Parameter.NIBP_SYS)]) == [[120], [80]]


def test_no_two_digits_that_change_places_are_within_what_a_vital_sign_moves():
    numbers = [MOST_BETWEEN_LINES[p] for p in (Parameter.SPO2, Parameter.PR, Parameter.HR, Parameter.RR)]
    assert max(numbers) + 2 < min(abs(int(f"{n:02}"[::-1]) - n) for n in range(10, 100) if n % 11)


A, B, X, Y = (DeviceAlarm(code=code, text="", priority=Priority.HIGH) for code in "ABXY")


@each_row(
    ("reports", "standing"),
    [
        (["A", "AB", "B", ""], ["A", "AB", "B", ""]),
        (["X", "", "X"], ["", "", ""]),
        (["X", "X", "X", ""], ["", "X", "X", ""]),
        (["X", "Y", "X"], ["", "Y", "X"]),
        (["A", "X", "A"], ["A", "A", "A"]),
        (["A", "BX", "BX"], ["A", "BA", "BX"]),
        (["AX", "AX", "A", "AX"], ["A", "AX", "A", "A"]),
    ],
)
def test_a_known_alarm_never_waits_an_unknown_one_for_the_next_report_and_meanwhile_none_ends(reports, standing):
    alarms = Alarms()
    by_code = {alarm.code: alarm for alarm in (A, B, X, Y)}
    found = [
        alarms.standing([by_code[c] for c in r if c in "AB"], [by_code[c] for c in r if c in "XY"]) for r in reports
    ]
    assert ["".join(alarm.code for alarm in f) for f in found] == standing
