"""Alarms and readings that are missing or doubtful, of the heart, and of the cuff."""

import pytest
from rows import each_row
from rules.clinic import BACK, P, in_infusion, reading

from ketamon.domain.devices import Link
from ketamon.domain.readings import Mode, Quality
from ketamon.rules import alarms

# ------------------------------------------------------------------------------------------------------- silence


@pytest.mark.parametrize("lost", ["sensor off", "link", "stale"])
def test_silence_ends_no_alarm(lost):
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 90.0
    clinic.wait(12)
    if lost == "link":
        clinic.link(Link.SILENT)
    elif lost == "stale":
        clinic.stream.pop(P.SPO2)
    else:
        clinic.stream[P.SPO2] = None
    clinic.wait(60)
    assert clinic.standing()["spo2-low"] == ("active", "medium", "SpO2 90 < 92")
    clinic.link(Link.LIVE)
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK)
    assert clinic.standing() == {}


def test_a_questionable_value_begins_an_alarm_but_ends_none():
    clinic = in_infusion()
    clinic.stream.pop(P.SPO2)
    for value in [84.0] * 12 + [97.0] * 12:
        clinic.measure(reading(P.SPO2, value, Quality.QUESTIONABLE))
        clinic.wait(1)
    assert clinic.standing()["spo2-low"] == ("active", "high", "SpO2 84 < 88, questionable")


def test_a_simulated_value_alarms_nobody_in_a_real_session():
    clinic = in_infusion()
    clinic.stream.pop(P.SPO2)
    for _ in range(15):
        clinic.measure(reading(P.SPO2, 70.0, mode=Mode.DEMO))
        clinic.wait(1)
    assert "spo2-low" not in clinic.standing()


def test_a_lost_memory_costs_a_dwell_time_and_nothing_else():
    clinic = in_infusion()
    clinic.stream[P.SPO2] = 84.0
    clinic.wait(12)
    clinic.memory = alarms.AlarmMemory()
    assert clinic.wait(3) == []
    assert clinic.standing()["spo2-low"][0] == "active"
    clinic.stream[P.SPO2] = 97.0
    clinic.wait(BACK)
    assert clinic.standing()["spo2-low"][0] == "latched"


# ------------------------------------------------------------------------------------------------------- heart


def test_hr_zero_with_a_pulse_is_a_fault_of_the_sensor():
    clinic = in_infusion()
    clinic.stream |= {P.HR: 0.0, P.PR: 72.0}
    clinic.wait(12)
    assert clinic.standing() == {
        "sensor:ecg-fault": ("active", "medium", "HR 0 but pulse 72: check the ECG electrodes")
    }
    assert clinic.state.alarms["sensor:ecg-fault"].change.technical


@pytest.mark.parametrize("pulse", [None, 0.0])
def test_hr_zero_without_a_pulse_is_an_alarm(pulse):
    clinic = in_infusion()
    clinic.stream |= {P.HR: 0.0, P.PR: pulse}
    clinic.wait(12)
    assert clinic.standing()["hr-low"] == ("active", "high", "HR 0 < 40")


def test_a_pulse_within_limits_ends_what_the_lost_heart_rate_began():
    clinic = in_infusion()
    clinic.stream |= {P.HR: 125.0}
    clinic.wait(12)
    clinic.stream |= {P.HR: None}
    clinic.wait(BACK)
    assert "hr-high" not in clinic.standing()


def test_the_heart_rate_stands_before_the_pulse_and_their_difference_is_told():
    clinic = in_infusion()
    clinic.stream |= {P.HR: 72.0, P.PR: 34.0}
    clinic.wait(29)
    assert clinic.standing() == {}
    clinic.wait(3)
    assert clinic.standing() == {
        "differ:rates": ("active", "low", "HR 72, but pulse 34: check the probe and the pulse")
    }
    clinic.stream[P.HR] = None
    clinic.wait(7)
    assert clinic.standing()["hr-low"] == ("active", "high", "PR 34 < 40"), "without an ECG the pulse is the rate"


def test_what_lasts_its_dwell_is_seen_between_two_looks():
    clinic = in_infusion()
    clinic.measure(reading(P.SPO2, 84.0))
    first = clinic.t
    for look in range(9):
        clinic.t = first + 0.45 + 1.2 * look
        if look:
            clinic.measure(reading(P.SPO2, 84.0))
        clinic.judge()
    assert clinic.standing()["spo2-low"][1] == "high", "ten seconds after the value, not after the look that saw it"


# ------------------------------------------------------------------------------------------------------- cuff

CUFF = [
    # readings, one after the other → what stands after the last
    ([(165, 75)], {"nibp_sys-high": ("active", "low", "SYS 165 > 160, repeat to confirm")}),
    ([(165, 75), (166, 75)], {"nibp_sys-high": ("active", "medium", "SYS 166 > 160")}),
    ([(185, 75)], {"nibp_sys-high": ("active", "medium", "SYS 185 > 179, repeat to confirm")}),
    ([(185, 75), (186, 75)], {"nibp_sys-high": ("active", "high", "SYS 186 > 179")}),
    ([(180, 75), (180, 75)], {"nibp_sys-high": ("active", "high", "SYS 180 > 179")}),
    ([(185, 75), (120, 75)], {}),
    ([(185, 75), (120, 75), (181, 75)], {"nibp_sys-high": ("active", "medium", "SYS 181 > 179, repeat to confirm")}),
    ([(120, 111)], {"nibp_dia-high": ("active", "medium", "DIA 111 > 109, repeat to confirm")}),
    ([(88, 60), (87, 60)], {"nibp_sys-low": ("active", "medium", "SYS 87 < 90")}),
    ([(160, 100), (160, 100)], {}),
]  # fmt: skip


@each_row(("readings", "standing"), CUFF)
def test_cuff_alarms_are_confirmed_by_repeat(readings, standing):
    clinic = in_infusion()
    for sys, dia in readings:
        clinic.cuff(sys, dia)
        clinic.wait(60)
    assert clinic.standing() == standing


def test_the_same_reading_confirms_nothing():
    clinic = in_infusion().cuff(185)
    for _ in range(10):
        clinic.measure(reading(P.NIBP_SYS, 185.0, repeated=True))
        clinic.wait(30)
    assert clinic.standing()["nibp_sys-high"][1] == "medium"


def test_limits_follow_the_baseline_upwards_only():
    clinic = in_infusion()
    clinic.state.baseline |= {P.NIBP_SYS: 145.0, P.NIBP_DIA: 60.0}
    clinic.cuff(172, 99).wait(1)
    clinic.cuff(172, 99).wait(1)
    assert clinic.standing() == {}, "145 + 30 is above 160; 60 + 20 is not above 100"
    clinic.cuff(176, 101).wait(1)
    clinic.cuff(176, 101).wait(1)
    assert {s[2] for s in clinic.standing().values()} == {"SYS 176 > 175", "DIA 101 > 100"}


def test_an_old_cuff_result_neither_alarms_nor_ends_an_alarm():
    clinic = in_infusion().cuff(185)
    clinic.wait(10)
    clinic.t += 1300
    clinic.wait(10)
    assert "nibp_sys-high" in clinic.standing()
    assert clinic.standing()["sensor:monitor:cuff"][2] == "NIBP no data for 1200 s"
