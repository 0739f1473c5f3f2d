"""Alarms of the equipment, of the devices themselves, and of the pump against the order."""

from dataclasses import replace

import pytest
from rows import each_row
from rules.clinic import CALM, INFUSING, NURSE, ORDER, PATIENT, PHYSICIAN, PROFILE, Clinic, P, in_infusion, reading

from ketamon.domain import events as e
from ketamon.domain.devices import DeviceAlarm, DeviceKind, Link, Priority, PumpState
from ketamon.domain.people import Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Place, Watch
from ketamon.rules.alarms import AlarmMemory


def texts(clinic: Clinic) -> dict[str, str]:
    return {name: s[2] for name, s in clinic.standing().items()}


# ------------------------------------------------------------------------------------------------------- links


def test_a_link_that_was_heard_alarms_at_once_and_ends_with_it():
    clinic = in_infusion()
    clinic.link(Link.SILENT, why="no frame for 5 s")
    assert [c.text for c in clinic.wait(1)] == ["monitor link lost: no frame for 5 s"]
    assert clinic.state.alarms["link:monitor"].change.technical
    assert [c.state for c in clinic.link(Link.LIVE).wait(1) if c.alarm == "link:monitor"] == ["ended"]


def test_a_device_that_was_never_heard_gets_time_to_connect():
    clinic = Clinic().attach(live=False)
    assert clinic.wait(15) == []
    assert [c.text for c in clinic.wait(1)] == ["monitor no link"]


def test_a_lost_link_is_one_alarm_not_one_for_each_value():
    clinic = in_infusion()
    clinic.link(Link.CLOSED)
    clinic.wait(60)
    assert set(clinic.standing()) == {"link:monitor"}


# ------------------------------------------------------------------------------------------------------- sensors


def test_a_sensor_alarms_only_once_it_was_applied():
    clinic = Clinic().attach().check_in()
    clinic.stream = {P.SPO2: None, P.PR: None}
    assert clinic.wait(60) == []
    clinic.stream = dict(CALM)
    clinic.wait(1)
    clinic.stream = CALM | {P.SPO2: None, P.PR: None}
    clinic.wait(11)
    assert texts(clinic) == {"sensor:monitor:oximeter": "SpO2 sensor off"}, "one sensor, one alarm"


def test_a_value_that_no_longer_comes():
    clinic = in_infusion()
    clinic.stream.pop(P.RR)
    assert clinic.wait(15) == []
    clinic.wait(1)
    assert texts(clinic) == {"sensor:monitor:respiration": "RR no data for 15 s"}, "no dwell on top of the silence"
    clinic.stream = dict(CALM)
    clinic.wait(1)
    assert texts(clinic) == {}


def test_a_sensor_that_stays_away_after_the_link_came_back():
    clinic = in_infusion()
    clinic.link(Link.SILENT)
    clinic.wait(5)
    clinic.stream.pop(P.SPO2)
    clinic.link(Link.LIVE).wait(10)
    assert texts(clinic) == {"sensor:monitor:oximeter": "SpO2 no data"}


def test_each_site_is_a_sensor():
    clinic = Clinic().attach().check_in()
    for _ in range(2):
        clinic.measure(*(replace(r, site=s) for s in ("T1", "T2") for r in [temp(36.5)])).wait(1)
    for _ in range(12):
        clinic.measure(replace(temp(36.5), site="T1"), replace(temp(None), site="T2")).wait(1)
    assert texts(clinic) == {"sensor:monitor:temperature T2": "Temp T2 sensor off"}


def temp(value):
    return reading(P.TEMP, value)


def test_what_a_person_typed_in_is_no_sensor():
    clinic = in_infusion()
    clinic.enter(P.TEMP, 36.6)
    clinic.t += 3600
    clinic.wait(20)
    assert not [name for name in clinic.standing() if "temperature" in name]


def test_nobody_is_in_the_chair_any_more():
    clinic = in_infusion()
    clinic.phase(Phase.DISCHARGED)
    clinic.stream = dict.fromkeys(CALM)
    assert clinic.wait(30) == []


# ------------------------------------------------------------------------------------- frames, record, clock


def rejected(frames: int) -> e.BytesRejected:
    return e.BytesRejected(device="monitor", frames=frames, length=frames * 10, reason="checksum")


def test_damaged_frames_above_a_rate():
    clinic = in_infusion()
    clinic.say(rejected(10)).wait(1)
    assert texts(clinic) == {}
    clinic.say(rejected(1)).wait(1)
    assert texts(clinic) == {"rejected:monitor": "monitor 11 damaged frames in a minute > 10"}
    clinic.wait(61)
    assert texts(clinic) == {}


def test_a_few_damaged_frames_an_hour_are_none():
    clinic = in_infusion()
    for _ in range(60):
        clinic.say(rejected(9))
        assert clinic.wait(61) == []


def test_a_degraded_record():
    clinic = in_infusion()
    clinic.say(e.RecordingChanged(degraded=True, why="disk full")).wait(1)
    assert clinic.standing() == {"recording": ("active", "medium", "recording degraded: disk full")}
    clinic.say(e.RecordingChanged(degraded=False)).wait(1)
    assert texts(clinic) == {}


@pytest.mark.parametrize(("seconds", "told"), [(1.9, {}), (-3600, {"clock": "clock stepped by -60 min"})])
def test_a_step_of_the_clock(seconds, told):
    clinic = in_infusion()
    clinic.say(e.ClockStepped(seconds=seconds)).wait(1)
    assert texts(clinic) == told
    clinic.wait(60)
    assert texts(clinic) == {}


# ------------------------------------------------------------------------------------------- what devices alarm


def device_alarms(clinic: Clinic, *alarms: DeviceAlarm, device: str = "pump") -> Clinic:
    clinic.say(e.DeviceAlarmsReported(device=device, alarms=alarms))
    clinic.wait(1)
    return clinic


def with_pump(**status) -> Clinic:
    clinic = in_infusion(pump=True)
    clinic.pump = replace(INFUSING, **status)
    clinic.wait(1)
    return clinic


OCCLUSION = DeviceAlarm(code="AL_OCCLU", text="occlusion", priority=Priority.HIGH)
NEAR_END = DeviceAlarm(code="AL_NEOIN", text="near end", priority=Priority.LOW)
UNKNOWN = DeviceAlarm(code="AL_XYZ", text="AL_XYZ", priority=Priority.HIGH)


def test_device_alarms_pass_with_their_own_priority():
    clinic = device_alarms(with_pump(), OCCLUSION, NEAR_END, UNKNOWN)
    assert clinic.standing() == {
        "device:pump:AL_OCCLU": ("active", "high", "pump: occlusion"),
        "device:pump:AL_NEOIN": ("active", "low", "pump: near end"),
        "device:pump:AL_XYZ": ("active", "high", "pump: AL_XYZ"),
    }
    assert clinic.state.alarms["device:pump:AL_OCCLU"].change.technical
    assert device_alarms(clinic).standing() == {}, "a technical alarm does not latch"


def test_a_monitors_own_high_alarm_latches():
    clinic = device_alarms(in_infusion(), OCCLUSION, device="monitor")
    assert device_alarms(clinic, device="monitor").standing()["device:monitor:AL_OCCLU"][0] == "latched"


def test_a_lost_link_does_not_end_what_the_device_alarmed():
    clinic = device_alarms(with_pump(), OCCLUSION)
    clinic.link(Link.SILENT, "pump").wait(30)
    assert "device:pump:AL_OCCLU" in clinic.standing()


def test_a_pump_in_alarm_that_does_not_say_why():
    clinic = with_pump(alarm=True)
    assert texts(clinic) == {}, "the name of the alarm may come with the next poll"
    clinic.wait(5)
    assert clinic.standing()["pump-alarm:pump"][1] == "high"
    clinic.link(Link.SILENT, "pump").wait(1)
    assert "pump-alarm:pump" in clinic.standing(), "silence ends nothing"
    clinic.pump = replace(INFUSING, alarm=False)
    clinic.link(Link.LIVE, "pump").wait(1)
    assert texts(clinic) == {}
    clinic.pump = replace(INFUSING, alarm=True)
    device_alarms(clinic, NEAR_END).wait(10)
    assert set(clinic.standing()) == {"device:pump:AL_NEOIN"}


def test_pump_alarms_that_are_not_available_are_told_and_stay_told():
    clinic = Clinic().attach("pump", DeviceKind.PUMP, decoded=False)
    clinic.wait(1)
    assert clinic.standing()["pump-alarms:pump"][:2] == ("active", "low")
    clinic.acknowledge()
    clinic.wait(60)
    assert clinic.standing()["pump-alarms:pump"][0] == "acknowledged"


def test_a_live_pump_that_says_nothing():
    clinic = with_pump()
    clinic.pump = None
    clinic.wait(12)
    assert texts(clinic) == {"pump-data:pump": "pump does not say what it does"}


# --------------------------------------------------------------------------------------- pump against order

RATES = [
    (52.5, None),
    (55.1, None),
    (49.9, None),
    (55.2, "pump 55.2 mL/h = 0.789 > order 0.75 mg/kg/h"),
    (49.8, "pump 49.8 mL/h = 0.711 < order 0.75 mg/kg/h"),
    (525.0, "pump 525 mL/h = 7.5 > order 0.75 mg/kg/h"),
    (0.0, "pump 0 mL/h = 0 < order 0.75 mg/kg/h"),
    (None, "pump infuses at a rate it does not tell, order 52.5 mL/h"),
]


@each_row(("rate", "text"), RATES)
def test_rate_against_order(rate, text):
    clinic = with_pump(rate=rate)
    clinic.wait(6)
    assert texts(clinic).get("order-rate:pump") == text
    if text:
        assert clinic.standing()["order-rate:pump"][:2] == ("active", "high")
        assert not clinic.state.alarms["order-rate:pump"].change.technical


@pytest.mark.parametrize("state", [s for s in PumpState if s is not PumpState.INFUSING])
def test_only_infusing_is_dosing(state):
    clinic = with_pump(rate=3.0, state=state)
    clinic.wait(60)
    assert texts(clinic) == {}


def test_a_weight_that_was_corrected_without_a_new_order():
    clinic = with_pump()
    clinic.say(e.PatientCheckedIn(patient=replace(PATIENT, weight_kg=60.0), by=NURSE))
    clinic.wait(6)
    assert texts(clinic) == {"order-rate:pump": "pump 52.5 mL/h = 0.875 > order 0.75 mg/kg/h"}


def test_a_pump_that_infuses_without_an_order():
    clinic = (
        Clinic().attach().attach("pump", DeviceKind.PUMP).check_in(order=False).phase(Phase.INFUSION, Trigger.START)
    )
    clinic.pump = INFUSING
    clinic.wait(7)
    assert texts(clinic) == {"order-rate:pump": "pump infuses without an order"}


@each_row(("volume", "text"), [(36.7, None), (36.8, "pump gave 36.8 mL = 36.8 > order 35.0 mg"), (None, None)])
@each_row("state", [PumpState.INFUSING, PumpState.KVO, PumpState.HELD])
def test_volume_against_order(volume, text, state):
    clinic = with_pump(state=state, volume_infused=volume)
    assert texts(clinic).get("order-volume:pump") == text
    if text:
        assert clinic.standing()["order-volume:pump"][1] == "high"


def test_the_volume_alarm_latches_and_silence_holds_it():
    clinic = with_pump(volume_infused=40.0)
    clinic.link(Link.CLOSED, "pump").wait(5)
    assert clinic.standing()["order-volume:pump"][0] == "active"
    clinic.pump = INFUSING
    clinic.link(Link.LIVE, "pump").wait(5)
    assert clinic.standing()["order-volume:pump"][0] == "latched"


@pytest.mark.parametrize("phase", [Phase.BASELINE, Phase.PAUSED, Phase.RECOVERY, Phase.READY])
def test_a_pump_that_infuses_in_the_wrong_phase(phase):
    clinic = with_pump()
    clinic.phase(phase).wait(29)
    assert texts(clinic) == {}
    clinic.wait(3)
    assert texts(clinic) == {"order-phase:pump": f"pump infuses, but the session is in {phase}"}


@pytest.mark.parametrize("state", [PumpState.KVO, PumpState.ENDED, PumpState.HELD])
def test_a_pump_that_doses_no_more_may_be_in_any_phase(state):
    clinic = with_pump(state=state, rate=3.0)
    clinic.phase(Phase.RECOVERY).wait(60)
    assert texts(clinic) == {}


def test_every_watch_of_the_profile_has_a_test_here():
    told = {"no-data", "sensor-off", "link-lost", "frames-rejected", "recording-degraded", "clock-stepped"}
    told |= {"pump-alarms-unavailable", "pump-alarm-unknown", "order-rate", "order-volume", "order-phase"}
    told |= {"sensor-fault", "sources-differ", "sound-failed", "sound-by-bell"}
    told |= {"limits-off", "staff-missing", "glass-broken", "order-bolus"}
    assert told == {rule.of.value for rule in PROFILE.watch}
    assert told == set(Watch)


def test_limits_that_are_off_stand_in_the_alarm_line():
    clinic = in_infusion()
    clinic.say(e.LimitsSwitched(parameter=P.HR, off=True, by=NURSE, why="tremor"))
    clinic.wait(1)
    assert texts(clinic) == {"limits-off:hr": "HR limits off: tremor (nurse AB)"}
    clinic.say(e.LimitsSwitched(parameter=P.HR, off=False, by=NURSE))
    clinic.wait(1)
    assert texts(clinic) == {}


@pytest.mark.parametrize(
    ("who", "where", "said"),
    [
        (NURSE, None, "no nurse in the room"),
        (NURSE, Place.SITE, "no nurse in the room"),
        (PHYSICIAN, None, "no physician on site"),
        (PHYSICIAN, Place.ROOM, ""),
        (replace(NURSE, role=Role.PHYSICIAN), Place.ROOM, "no nurse in the room"),
    ],
)
def test_a_role_that_must_be_there_and_is_not(who, where, said):
    clinic = in_infusion()
    clinic.say(e.StaffMoved(who=who, where=where, by=NURSE)).wait(29)
    assert texts(clinic) == {}
    clinic.wait(2)
    assert texts(clinic) == ({"staff": said} if said else {})


def test_work_without_a_pin_stands_in_the_alarm_line_until_somebody_signs_in():
    clinic = in_infusion()
    clinic.say(e.EmergencyAccess(by=NURSE, why="no time"))
    clinic.wait(1)
    assert texts(clinic) == {"glass": "no PIN is asked: no time (nurse AB)"}
    clinic.say(e.SignedIn(by=PHYSICIAN))
    clinic.wait(1)
    assert texts(clinic) == {}


# ------------------------------------------------------------------------------------------- after the core was down


def after_a_crash(clinic: Clinic) -> Clinic:
    """The core comes back with nothing but what it had folded."""
    clinic.memory = AlarmMemory()
    clinic.say(e.SessionResumed(gap_s=3, software="t"))
    for name in list(clinic.state.devices):
        clinic.attach(name, clinic.state.devices[name].attached.kind, live=False)
    return clinic


def test_a_sensor_that_was_off_before_the_core_was_down_is_off_after_it():
    clinic = in_infusion()
    clinic.stream |= {P.SPO2: None, P.PR: None}
    clinic.wait(11)
    off = texts(clinic)
    assert off == {"sensor:monitor:oximeter": "SpO2 sensor off"}
    clinic.stream = {P.RR: 14.0}  # "still no value" is said once, and was said before
    after_a_crash(clinic).link(Link.LIVE).wait(11)
    assert texts(clinic) == {"sensor:monitor:oximeter": "SpO2 no data"}


def test_another_device_under_the_same_name_has_other_sensors():
    clinic = in_infusion()
    clinic.say(replace(clinic.state.devices["monitor"].attached, driver="another")).link(Link.LIVE)
    clinic.stream = {}
    clinic.wait(30)
    assert texts(clinic) == {}


def test_what_a_device_alarmed_stands_until_the_device_says_otherwise():
    clinic = device_alarms(with_pump(), OCCLUSION)
    clinic.acknowledge()
    after_a_crash(clinic).judge()
    assert clinic.standing()["device:pump:AL_OCCLU"][0] == "acknowledged"
    clinic.link(Link.LIVE, "pump").wait(1)
    assert clinic.standing()["device:pump:AL_OCCLU"][0] == "acknowledged"
    device_alarms(clinic)
    assert "device:pump:AL_OCCLU" not in clinic.standing()


def test_a_link_that_is_still_lost_stays_acknowledged():
    clinic = in_infusion().link(Link.CLOSED)
    clinic.wait(1)
    clinic.acknowledge()
    after_a_crash(clinic).wait(5)
    assert clinic.standing()["link:monitor"][0] == "acknowledged"


# ------------------------------------------------------------------------------------------- counters and check-in


def test_a_pump_that_infuses_before_check_in():
    clinic = Clinic().attach("pump", DeviceKind.PUMP)
    clinic.pump = INFUSING
    clinic.wait(7)
    assert texts(clinic) == {"order-rate:pump": "pump infuses without an order"}


def test_a_counter_set_to_zero_hides_no_volume():
    clinic = with_pump(volume_infused=0.0)
    for volume in (20.0, 0.0, 16.7, 16.8):
        assert "order-volume:pump" not in texts(clinic)
        clinic.pump = replace(INFUSING, volume_infused=volume)
        clinic.wait(1)
    assert {k: v for k, v in texts(clinic).items() if "volume" in k} == {
        "order-volume:pump": "pump gave 36.8 mL = 36.8 > order 35.0 mg"
    }
    clinic.phase(Phase.RECOVERY)
    clinic.pump = replace(INFUSING, state=PumpState.HELD, volume_infused=0.0)
    clinic.wait(1)
    assert clinic.standing()["order-volume:pump"][0] == "latched", "what was given is given; the patient can leave"


# ------------------------------------------------------------------------------------------- bolus


def counting(seconds: int, rate: float, start: float = 1.0) -> Clinic:
    """A pump whose counter follows its rate."""
    clinic = with_pump(rate=rate, volume_infused=start)
    for _ in range(seconds):
        grown = clinic.pump.volume_infused + rate / 3600
        clinic.pump = replace(clinic.pump, volume_infused=grown)
        clinic.wait(1)
    return clinic


def test_a_counter_that_follows_its_rate_is_no_bolus():
    assert texts(counting(130, 52.5)) == {}


@pytest.mark.parametrize(("ml", "told"), [(0.9, False), (1.1, True), (5.0, True)])
def test_a_counter_that_leaps_is_a_bolus_with_both_numbers(ml, told):
    clinic = counting(70, 52.5)
    clinic.pump = replace(clinic.pump, volume_infused=clinic.pump.volume_infused + ml)
    clinic.wait(1)
    said = {k: v for k, v in texts(clinic).items() if k == "order-bolus:pump"}
    assert bool(said) is told
    if told:
        assert said["order-bolus:pump"].startswith(f"pump gave {ml:.1f} mL more than its rate > 1 mL")


def test_a_counter_set_to_zero_is_no_bolus():
    clinic = counting(70, 52.5, start=20.0)
    clinic.pump = replace(clinic.pump, volume_infused=0.0)
    clinic.wait(2)
    assert "order-bolus:pump" not in texts(clinic)


# ------------------------------------------------------------------------------------------- ahead of the session


def ahead(*said: e.Body) -> dict[str, str]:
    clinic = Clinic().attach("pump", DeviceKind.PUMP)
    clinic.say(e.PatientCheckedIn(patient=PATIENT, by=NURSE), *said)
    clinic.pump = INFUSING
    clinic.wait(32)
    return {name: text for name, text in texts(clinic).items() if name.startswith("order")}


def test_a_pump_that_infuses_while_the_screening_is_open():
    """With an order its rate may be right, and no limit of the patient counts yet: it must not be silent."""
    ordered = e.OrderEntered(order=ORDER, by=NURSE)
    assert ahead(ordered) == {"order-phase:pump": "pump infuses, but the session is in check-in"}
    assert ahead() == {"order-rate:pump": "pump infuses without an order"}


def test_a_pump_that_infuses_an_order_that_nobody_checked():
    clinic = with_pump()
    clinic.wait(40)
    assert texts(clinic) == {}
    clinic.say(clinic.state.order)
    clinic.wait(31)
    assert texts(clinic) == {"order-phase:pump": "pump infuses, but no second person checked the order"}
    clinic.say(e.OrderChecked(by=PHYSICIAN))
    clinic.wait(1)
    assert texts(clinic) == {}
