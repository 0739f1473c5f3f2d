"""Alarms: how they begin, change, latch, are acknowledged and end; and what silence does to them (nothing)."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import BACK, CALM, NURSE, Clinic, P, in_infusion

from ketamon.domain import events as e
from ketamon.domain.devices import Link, Priority
from ketamon.domain.events import AlarmState
from ketamon.domain.parameters import PARAMETERS
from ketamon.domain.phases import Phase, Trigger
from ketamon.rules import alarms
from ketamon.rules.alarms import TRANSITIONS, Seen

# ------------------------------------------------------------------------------------------------------- the table


def test_the_table_has_a_way_for_everything():
    everything = set(product(Seen, (False, True)))
    assert set(TRANSITIONS) == set(AlarmState)
    for state, ways in TRANSITIONS.items():
        assert set(ways) == everything, state


def test_what_the_table_promises():
    for state, ways in TRANSITIONS.items():
        for latches in (False, True):
            assert ways[Seen.HIGHER, latches] is AlarmState.ACTIVE, "a higher priority always calls"
            assert ways[Seen.THERE, latches] is not AlarmState.ENDED, "what is there does not end"
            if state is not AlarmState.ENDED:
                acknowledged = ways[Seen.ACKNOWLEDGED, latches]
                assert acknowledged in (AlarmState.ACKNOWLEDGED, AlarmState.ENDED)
    assert TRANSITIONS[AlarmState.ACTIVE][Seen.OVER, True] is AlarmState.LATCHED
    assert TRANSITIONS[AlarmState.ACTIVE][Seen.OVER, False] is AlarmState.ENDED


# ------------------------------------------------------------------------------------------------ limits one by one

LIMITS = [
    ({P.SPO2: 91.9}, "spo2-low", "medium", "SpO2 91.9 < 92.0", 10),
    ({P.SPO2: 91.0}, "spo2-low", "medium", "SpO2 91 < 92", 10),
    ({P.SPO2: 84.0}, "spo2-low", "high", "SpO2 84 < 88", 10),
    ({P.HR: 49.0}, "hr-low", "medium", "HR 49 < 50", 10),
    ({P.HR: 39.0}, "hr-low", "high", "HR 39 < 40", 5),
    ({P.PR: 121.0}, "hr-high", "medium", "PR 121 > 120", 10),
    ({P.PR: 141.0}, "hr-high", "high", "PR 141 > 140", 5),
    ({P.RR: 7.0}, "rr-low", "medium", "RR 7 < 8", 15),
    ({P.RR: 31.0}, "rr-high", "medium", "RR 31 > 30", 15),
    ({P.ETCO2: 24.0}, "etco2-low", "medium", "EtCO2 24 < 25", 15),
    ({P.ETCO2: 51.0}, "etco2-high", "medium", "EtCO2 51 > 50", 15),
    ({P.TEMP: 34.9}, "temp-low", "low", "Temp 34.9 < 35.0", 30),
]


@each_row(("values", "alarm", "priority", "text", "dwell"), LIMITS)
def test_a_limit_after_its_dwell(values, alarm, priority, text, dwell):
    clinic = in_infusion()
    clinic.stream |= values
    early = [c for c in clinic.wait(dwell) if c.priority == priority]
    assert not early
    clinic.wait(1)
    assert clinic.standing()[alarm] == ("active", priority, text)


AT_THE_LIMIT = {P.SPO2: 92.0, P.HR: 50.0, P.PR: 120.0, P.RR: 30.0, P.ETCO2: 25.0, P.TEMP: 39.0}


def test_at_the_limit_is_within_it():
    clinic = in_infusion()
    clinic.stream |= AT_THE_LIMIT
    assert clinic.wait(40) == []


def test_a_short_dip_is_no_alarm():
    clinic = in_infusion()
    for _ in range(4):
        clinic.stream[P.SPO2] = 85.0
        assert clinic.wait(9) == []
        clinic.stream[P.SPO2] = 97.0
        assert clinic.wait(2) == []


def test_the_hysteresis_keeps_one_alarm_one():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    for value in (92.0, 91.5, 92.9, 91.0):
        clinic.stream[P.SPO2] = value
        assert clinic.wait(12) == []
    clinic.stream[P.SPO2] = 93.0
    assert [c.state for c in clinic.wait(BACK)] == ["ended"]


def test_what_comes_and_goes_is_one_alarm():
    clinic = in_infusion()
    for _ in range(5):
        for value, seconds in ((90.0, 12), (97.0, BACK - 2), (91.0, 2), (97.0, 10)):
            clinic.stream[P.SPO2] = value
            clinic.wait(seconds)
    assert [c.state for c in clinic.changes] == ["active"]
    assert [c.state for c in clinic.wait(BACK)] == ["ended"]


def test_what_somebody_has_seen_is_over_at_once_and_calls_anew():
    clinic = in_infusion()
    for _ in range(3):
        clinic.stream[P.SPO2] = 85.0
        clinic.wait(12)
        assert clinic.standing()["spo2-low"][:2] == ("active", "high")
        clinic.acknowledge()
        clinic.stream[P.SPO2] = 97.0
        clinic.wait(1)
        assert clinic.standing() == {}


def test_a_second_alarm_stands_as_long_as_the_first():
    clinic = in_infusion()
    for _ in range(2):
        clinic.stream[P.SPO2] = 90.0
        while "spo2-low" not in clinic.standing():
            clinic.wait(1)
        clinic.stream[P.SPO2] = 97.0
        assert clinic.wait(BACK - 1) == [], "back at the very next look"
        assert [c.state for c in clinic.wait(1)] == ["ended"]


def test_silence_does_not_count_as_being_back():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 90.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK - 5)
    clinic.stream[P.SPO2] = None
    clinic.wait(20)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK - 5)
    assert "spo2-low" in clinic.standing()


def test_medium_ends_by_itself_and_stands_in_the_log():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK)
    assert clinic.standing() == {}
    assert [e.body.state for e in clinic.state.log if e.body.TYPE == "alarm-changed"] == ["active", "ended"]
    assert clinic.state.alarm_count == 1


def test_high_latches_until_acknowledged():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK)
    assert clinic.standing() == {"spo2-low": ("latched", "high", "SpO2 84 < 88")}
    clinic.acknowledge()
    assert clinic.standing() == {}


def test_high_does_not_fall_before_it_is_acknowledged():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 90.0
    assert clinic.wait(30) == []
    clinic.acknowledge("spo2-low")
    clinic.wait(1)
    assert clinic.standing() == {"spo2-low": ("acknowledged", "medium", "SpO2 90 < 92")}


def test_a_latched_alarm_calls_again_at_its_priority_with_the_number_of_now():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    clinic.wait(12)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK)
    clinic.stream[P.SPO2] = 90.0
    clinic.wait(12)
    assert clinic.standing() == {"spo2-low": ("active", "high", "SpO2 90 < 92")}


def test_acknowledged_stands_until_it_is_over_and_calls_again_when_higher():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    assert [c.by for c in clinic.acknowledge()] == [NURSE]
    clinic.wait(60)
    assert clinic.standing()["spo2-low"][0] == "acknowledged"
    assert clinic.acknowledge() == [], "a second time changes nothing"
    clinic.stream[P.SPO2] = 80.0
    clinic.wait(12)
    assert clinic.standing() == {"spo2-low": ("active", "high", "SpO2 80 < 88")}


def test_acknowledging_what_does_not_stand_is_nothing():
    assert in_infusion().acknowledge("spo2-low") == []


def test_one_by_its_name_or_all():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 91.0, P.RR: 7.0}
    clinic.wait(20)
    assert [c.alarm for c in clinic.acknowledge("rr-low")] == ["rr-low"]
    assert [c.alarm for c in clinic.acknowledge()] == ["spo2-low"]


def test_same_cause_is_one_alarm():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 85.0, P.HR: 145.0, P.PR: 130.0}
    clinic.wait(12)
    assert {name: s[1] for name, s in clinic.standing().items()} == {"spo2-low": "high", "hr-high": "high"}
    clinic.stream[P.HR] = None
    clinic.wait(2)
    assert clinic.standing()["hr-high"][1] == "high"


def test_the_number_is_told_again_only_when_worse_and_not_too_often():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 91.0
    clinic.wait(12)
    for value, told in ((90.5, 0), (91.0, 0), (90.0, 1), (90.0, 0), (91.0, 0), (89.0, 1)):
        clinic.stream[P.SPO2] = value
        said = clinic.wait(6)
        assert [c.text for c in said] == [f"SpO2 {value:.0f} < 92"] * told
    said = []
    for step in range(10):
        clinic.stream[P.SPO2] = 79.0 - step
        said += clinic.wait(1)
    assert len(said) <= 3


# ------------------------------------------------------------------------------------------------------- phases


@each_row("phase", list(Phase))
def test_limits_count_from_check_in_to_leaving(phase):
    clinic = in_infusion()
    clinic.phase(phase, Trigger.COMPLETE)
    clinic.stream[P.SPO2] = 80.0
    clinic.wait(20)
    expected = phase not in (Phase.CHECK_IN, Phase.DISCHARGED, Phase.ABANDONED)
    assert ("spo2-low" in clinic.standing()) is expected


def test_what_stood_when_the_session_ended_needs_its_acknowledgement_if_high():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 80.0, P.RR: 7.0}
    clinic.wait(20)
    clinic.phase(Phase.DISCHARGED)
    clinic.wait(1)
    assert {name: s[0] for name, s in clinic.standing().items()} == {"spo2-low": "latched"}
    clinic.acknowledge()
    assert clinic.standing() == {}


# ------------------------------------------------------------------------------------------------------- always

VALUES = st.fixed_dictionaries(
    {},
    optional={
        P.SPO2: st.sampled_from([None, 70.0, 86.0, 90.0, 92.5, 98.0]),
        P.HR: st.sampled_from([None, 0.0, 35.0, 45.0, 70.0, 150.0]),
        P.PR: st.sampled_from([None, 0.0, 45.0, 70.0, 150.0]),
        P.RR: st.sampled_from([None, 5.0, 14.0, 40.0]),
        P.NIBP_SYS: st.sampled_from([80.0, 120.0, 165.0, 200.0]),
    },
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["", "acknowledge", "forget", "lose", "find", "wall"]),
        VALUES,
        st.integers(min_value=1, max_value=12),
    ),
    max_size=12,
)


def play(steps, *, wall: bool) -> Clinic:
    clinic = in_infusion()
    for what, values, seconds in steps:
        if what == "acknowledge":
            clinic.acknowledge()
        elif what == "forget":
            clinic.memory = alarms.AlarmMemory()
        elif what in ("lose", "find"):
            clinic.link(Link.SILENT if what == "lose" else Link.LIVE)
        elif what == "wall" and wall:
            clinic.wall_offset += 3600 * (1 if seconds % 2 else -1)
        clinic.stream = CALM | {p: v for p, v in values.items() if p is not P.NIBP_SYS}
        if P.NIBP_SYS in values and clinic.state.devices["monitor"].link is Link.LIVE:
            clinic.cuff(values[P.NIBP_SYS])
        clinic.wait(seconds)
    return clinic


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_alarm_that_began_ends_or_stands(steps):
    clinic = play(steps, wall=False)
    last: dict[str, AlarmState] = {}
    for change in clinic.changes:
        before = last.get(change.alarm, AlarmState.ENDED)
        ways = set(TRANSITIONS[before].values()) | {before}
        assert change.state in ways, f"{change.alarm}: {before} → {change.state}"
        assert (change.by is not None) <= (change.state in (AlarmState.ACKNOWLEDGED, AlarmState.ENDED))
        last[change.alarm] = change.state
    assert {name for name, state in last.items() if state is not AlarmState.ENDED} == set(clinic.state.alarms)
    for alarm in clinic.state.alarms.values():
        if alarm.change.priority is Priority.HIGH and not alarm.change.technical:
            assert alarm.change.text


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_a_high_alarm_never_goes_without_a_person(steps):
    clinic = play(steps, wall=False)
    before: dict[str, tuple[AlarmState, Priority]] = {}
    for change in clinic.changes:
        state, priority = before.get(change.alarm, (AlarmState.ENDED, Priority.LOW))
        unseen = priority is Priority.HIGH and not change.technical and state in (AlarmState.ACTIVE, AlarmState.LATCHED)
        if unseen and change.by is None:
            assert change.priority is Priority.HIGH
            assert change.state in (AlarmState.ACTIVE, AlarmState.LATCHED)
        before[change.alarm] = (change.state, change.priority)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_steps_of_the_wall_clock_change_no_alarm(steps):
    assert play(steps, wall=True).changes == play(steps, wall=False).changes


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([p for p in P if p in CALM]), st.floats(0, 250))
def test_a_text_never_says_what_is_not_so(parameter, value):
    """However numbers are rounded, "a < b" is true as written, or says "was"."""
    clinic = in_infusion()
    clinic.stream[parameter] = value
    clinic.wait(35)
    for change in clinic.changes:
        if change.parameter is None:
            continue
        text = change.text.removeprefix(PARAMETERS[change.parameter].label).removesuffix(", repeat to confirm")
        left, sign, right = text.split()[-3:]
        if "was" not in text:
            assert float(left) < float(right) if sign == "<" else float(left) > float(right)


def test_limits_off_end_what_stands_and_raise_nothing_until_they_are_on():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 85.0}
    clinic.wait(12)
    assert "spo2-low" in clinic.standing()
    clinic.say(e.LimitsSwitched(parameter=P.SPO2, off=True, by=NURSE, why="probe on the cuff arm"))
    clinic.wait(1)
    clinic.acknowledge()
    clinic.wait(30)
    assert set(clinic.standing()) == {"limits-off:spo2"}
    clinic.say(e.LimitsSwitched(parameter=P.SPO2, off=False, by=NURSE))
    clinic.wait(12)
    assert "spo2-low" in clinic.standing()


@pytest.mark.parametrize("latched", [False, True])
def test_an_alarm_with_nothing_to_do_is_counted_once(latched):
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: 85.0}
    clinic.wait(12)
    if latched:
        clinic.stream |= {P.SPO2: 98.0}
        clinic.wait(75)
    clinic.say(*alarms.acknowledge(clinic.state, NURSE, dismissed=True))
    assert clinic.state.dismissed_count == 1
    clinic.stream |= {P.SPO2: 98.0}
    clinic.wait(90)
    assert clinic.state.dismissed_count == 1
    assert clinic.state.alarm_count == 1
