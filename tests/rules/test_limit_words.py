"""Alarms on values, word for word: the line that is shown, the numbers in the event, and what happens at the limit."""

from dataclasses import replace

import pytest
from rows import each_row
from rules.clinic import NURSE, PROFILE, Clinic, P, in_infusion, reading

from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmState
from ketamon.rules import alarms, limits
from ketamon.rules.conditions import Condition
from ketamon.rules.current import Current

BACK = round(PROFILE.alarm.momentary_s) + 1

TEXTS = [
    # parameter, value, limit, which, what is wrong with the value → the line
    (P.SPO2, 84.0, 88.0, "low", "", "SpO2 84 < 88"),
    (P.SPO2, 91.96, 92.0, "low", "", "SpO2 91.96 < 92.00"),
    (P.SPO2, 91.99996, 92.0, "low", "", "SpO2 92.000 < 92.000"),
    (P.TEMP, 34.96, 35.0, "low", "", "Temp 34.96 < 35.00"),
    (P.TEMP, 39.3, 39.0, "high", "", "Temp 39.3 > 39.0"),
    (P.SPO2, 92.5, 92.0, "low", "", "SpO2 92.5, was < 92.0"),
    (P.SPO2, 92.0, 92.0, "low", "", "SpO2 92, was < 92"),
    (P.HR, 120.0, 120.0, "high", "", "HR 120, was > 120"),
    (P.HR, 118.0, 120.0, "high", "", "HR 118, was > 120"),
    (P.HR, 0.0, 40.0, "low", "", "HR 0 < 40"),
    (P.SPO2, 84.0, 88.0, "low", "questionable", "SpO2 84 < 88, questionable"),
]


@each_row(("parameter", "value", "bound", "way", "why", "text"), TEXTS)
def test_the_line(parameter, value, bound, way, why, text):
    now = Current(value, None, 0.0, not why, why)
    assert limits._text(parameter, now, bound, way) == text


def test_the_whole_event():
    clinic = in_infusion()
    clinic.stream |= {P.HR: 0.0, P.PR: 0.0}
    assert clinic.wait(6)[-1] == e.AlarmChanged(
        alarm="hr-low",
        state=AlarmState.ACTIVE,
        priority=Priority.HIGH,
        technical=False,
        text="HR 0 < 40",
        parameter=P.HR,
        value=0.0,
        limit=40.0,
    )


def test_a_limit_on_the_pulse_is_told_of_the_rate_that_it_was_held_against():
    clinic = in_infusion()
    clinic.profile = replace(PROFILE, limit=tuple(limit for limit in PROFILE.limit if limit.parameter is P.PR))
    clinic.stream |= {P.HR: 145.0}
    change = clinic.wait(6)[-1]
    assert (change.alarm, change.parameter, change.text) == ("hr-high", P.HR, "HR 145 > 140")


def test_electrodes_that_are_off_hide_only_the_heart_rate():
    clinic = in_infusion()
    clinic.stream |= {P.HR: 0.0, P.PR: 72.0, P.SPO2: 84.0}
    clinic.wait(12)
    assert {"spo2-low", "sensor:ecg-fault"} == set(clinic.standing())


def test_limits_off_for_one_leave_the_others_held_in_silence():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 85.0, P.RR: 7.0}
    clinic.wait(20)
    assert list(clinic.state.alarms) == ["spo2-low", "rr-low"]
    clinic.say(e.LimitsSwitched(parameter=P.SPO2, off=True, by=NURSE, why="probe on the cuff arm"))
    clinic.stream[P.RR] = None
    clinic.wait(3)
    assert clinic.standing()["spo2-low"][0] == "latched"
    assert clinic.standing()["rr-low"] == ("active", "medium", "RR 7 < 8")


def test_inside_its_hysteresis_an_alarm_stands_however_long():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 92.9
    assert clinic.wait(3 * BACK) == []
    assert "spo2-low" in clinic.standing()


def test_a_lost_memory_does_not_end_what_somebody_has_seen():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 90.0
    clinic.wait(12)
    clinic.acknowledge()
    clinic.memory = alarms.AlarmMemory()
    assert clinic.wait(5) == []
    assert clinic.standing()["spo2-low"][0] == "acknowledged"


# ---------------------------------------------------------------------------------------------------------- by repeat

REPEATS = [
    # systolic readings (None: none was obtained) → the alarm's priority and line
    ([185, None, 186], ("nibp_sys-high", "high", "SYS 186 > 179")),
    ([185, None], ("nibp_sys-high", "medium", "SYS 185 > 179, repeat to confirm")),
    ([160, 165], ("nibp_sys-high", "low", "SYS 165 > 160, repeat to confirm")),
    ([90, 87], ("nibp_sys-low", "low", "SYS 87 < 90, repeat to confirm")),
    ([87, 86, 85], ("nibp_sys-low", "medium", "SYS 85 < 90")),
    ([87, 90, 86], ("nibp_sys-low", "low", "SYS 86 < 90, repeat to confirm")),
]


@each_row(("readings", "expected"), REPEATS)
def test_two_good_readings_beyond_confirm(readings, expected):
    clinic = in_infusion()
    for value in readings:
        clinic.measure(reading(P.NIBP_SYS, value))
        clinic.wait(6)
    alarm, priority, text = expected
    assert clinic.standing()[alarm] == ("active", priority, text)


def test_a_first_reading_of_unknown_age_is_not_confirmed():
    clinic = in_infusion()
    clinic.measure(reading(P.NIBP_SYS, 185.0, repeated=True)).wait(1)
    assert clinic.standing()["nibp_sys-high"] == ("active", "medium", "SYS 185 > 179, age unknown, repeat to confirm")


# --------------------------------------------------------------------------------------------------- said again, or not


def test_a_high_alarm_tells_a_worse_number_after_exactly_five_seconds():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    while "spo2-low" not in clinic.standing() or clinic.standing()["spo2-low"][1] != "high":
        clinic.wait(1)
    clinic.stream[P.SPO2] = 82.0
    assert clinic.wait(alarms.SPEAK_EVERY_S - 1) == []
    assert [c.text for c in clinic.wait(1)] == ["SpO2 82 < 88"]


def test_above_a_limit_worse_is_more():
    clinic = in_infusion()
    clinic.stream[P.HR] = 125.0
    clinic.wait(20)
    for value, told in ((126.0, 1), (124.0, 0), (126.5, 0), (127.0, 1)):
        clinic.stream[P.HR] = value
        assert [c.text for c in clinic.wait(6)] == [f"HR {value:.0f} > 120"] * told


def test_a_little_beyond_again_is_beyond():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    clinic.wait(12)
    clinic.acknowledge()
    said = []
    for value in (92.5, 91.4):
        clinic.stream[P.SPO2] = value
        said += clinic.wait(6)
    assert [c.text for c in said] == ["SpO2 92.5, was < 92.0", "SpO2 91 < 92"]


ONE = Condition("x", Priority.LOW, technical=True, text="a")
SAYS_MORE = [
    # before: text, value; now: text, value, limit, beyond
    (("a", None), ("a", None, None, True), False),
    (("a", None), ("b", None, None, True), True),
    (("a", 5.0), ("a", 6.0, None, True), False),
    (("a", 5.0), ("b", 5.0, None, True), True),
    (("a", 91.0), ("b", None, 92.0, True), True),
    (("a", None), ("b", 90.0, 92.0, True), True),
    (("a", 91.0), ("b", 90.0, 92.0, True), True),
    (("a", 91.0), ("b", 90.1, 92.0, True), False),
    (("a", 94.0), ("b", 92.5, 92.0, False), False),
    (("a", 125.0), ("b", 126.0, 120.0, True), True),
    (("a", 126.0), ("b", 125.0, 120.0, True), False),
]


@each_row(("before", "now", "more"), SAYS_MORE)
def test_what_says_more_than_before(before, now, more):
    old = alarms._say(AlarmState.ACTIVE, ONE._replace(text=before[0], value=before[1]))
    new = ONE._replace(text=now[0], value=now[1], limit=now[2], beyond=now[3])
    assert alarms._says_more(old, new) is more


@pytest.mark.parametrize("dismissed", [{"dismissed": True}, {}])
def test_nobody_stands_behind_what_ends_by_itself(dismissed):
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    seen = alarms.acknowledge(clinic.state, NURSE, **dismissed)
    assert [(c.by, c.dismissed) for c in seen] == [(NURSE, bool(dismissed))]
    clinic.say(*seen).stream[P.SPO2] = 97.0
    assert [(c.state, c.by, c.dismissed) for c in clinic.wait(1)] == [("ended", None, False)]


def test_a_lost_memory_tells_what_is_worse_at_once():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    clinic.memory = alarms.AlarmMemory()
    clinic.stream[P.SPO2] = 89.0
    assert [c.text for c in clinic.wait(1)] == ["SpO2 89 < 92"]


def test_the_pause_says_who_and_how_long():
    pause = e.AudioPaused(seconds=PROFILE.alarm.audio_pause_s, by=NURSE)
    assert alarms.pause_audio(PROFILE, NURSE) == pause
    assert alarms.pause_audio(PROFILE, NURSE, on=False) == replace(pause, seconds=0.0)


def test_the_highest_of_several_sounds():
    clinic = Clinic()
    for priority in (Priority.LOW, Priority.MEDIUM, Priority.HIGH):
        clinic.say(alarms._say(AlarmState.ACTIVE, ONE._replace(alarm=f"{priority}", priority=priority)))
        assert alarms.audible(clinic.state, PROFILE, clinic.at) is priority
