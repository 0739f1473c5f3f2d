"""The chair as its users meet it: devices speak, people ask, time passes; events come out."""

from dataclasses import replace

import pytest
from chair.bedside import CALM, CHECK_IN, NURSE, PHYSICIAN, Bedside
from rows import each_row

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Link, PumpState
from ketamon.domain.fold import fold
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning, Person, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.driver import Truth
from ketamon.errors import Refused
from ketamon.rules.current import current


def now_value(bed: Bedside, parameter: Parameter) -> float | None:
    found = current(bed.state, bed.profile, parameter, bed.now)
    return found.value if found.usable else None


def test_both_devices_speak_and_are_live():
    bed = Bedside().open().run(8)
    assert {name: d.link for name, d in bed.state.devices.items()} == {"monitor": Link.LIVE, "pump": Link.LIVE}
    assert now_value(bed, Parameter.SPO2) == 98.0
    assert bed.state.devices["pump"].pump.state is PumpState.READY


def test_events_are_gapless_and_fold_to_the_same_state():
    bed = Bedside().infusing().run(60)
    assert [v.seq for v in bed.events] == list(range(1, len(bed.events) + 1))
    same = fold(bed.events) == bed.state
    assert same


def test_a_cuff_result_is_recorded_once_however_often_the_monitor_repeats_it():
    bed = Bedside().open().run(3).cuff(120, 75).run(100)
    cuffs = [r for m in bed.bodies(e.Measured) for r in m.readings if r.parameter is Parameter.NIBP_SYS and r.value]
    assert [r.value for r in cuffs] == [120.0]
    bed.cuff(131, 80).run(10)
    assert current(bed.state, bed.profile, Parameter.NIBP_SYS, bed.now).age_s == pytest.approx(10, abs=1.5)


def test_a_sensor_that_falls_off_leaves_no_value():
    bed = Bedside().open().run(8)
    bed.values[Parameter.SPO2] = None
    bed.run(2)
    assert now_value(bed, Parameter.SPO2) is None
    assert now_value(bed, Parameter.PR) == 70.0


def test_silence_removes_values_and_data_bring_them_back():
    bed = Bedside().open().run(8)
    bed.silent.add("monitor")
    bed.run(bed.specs["monitor"].quiet_after_s + 1)
    assert bed.state.devices["monitor"].link is Link.SILENT
    assert now_value(bed, Parameter.SPO2) is None
    bed.silent.clear()
    bed.run(8)
    assert bed.state.devices["monitor"].link is Link.LIVE
    assert now_value(bed, Parameter.SPO2) == 98.0


def test_a_pulled_cable_removes_values_at_once():
    bed = Bedside().open().run(8)
    bed.chair.on_link("monitor", "lost", "unplugged", bed.now)
    assert now_value(bed, Parameter.SPO2) is None
    assert bed.state.history[Parameter.SPO2].last.value is None


def test_garbage_yields_no_value_and_is_counted():
    bed = Bedside().open().run(8)
    before = dict(bed.state.samples)
    bed.chair.on_bytes("monitor", b"~" + b"garbage" * 50 + b"~~", bed.now)
    assert bed.state.samples == before
    bed.run(6)
    assert bed.state.devices["monitor"].rejected_bytes >= 350


def test_a_wrong_baud_rate_is_told_from_silence():
    bed = Bedside().open()
    bed.silent.add("monitor")
    bed.chair.on_bytes("monitor", bytes(range(200)), bed.now)
    bed.run(bed.specs["monitor"].quiet_after_s + 1)
    assert "baud rate than 19200 8E1" in bed.state.devices["monitor"].why


def test_a_demo_device_never_speaks_for_a_patient():
    bed = Bedside(Mode.DEMO).open().run(8)
    assert {r.mode for m in bed.bodies(e.Measured) for r in m.readings} == {Mode.DEMO}


def test_the_pump_moves_the_session_on():
    bed = Bedside().infusing()
    assert bed.state.phase is Phase.INFUSION
    start = next(b for b in bed.bodies(e.PhaseChanged) if b.phase is Phase.INFUSION)
    assert start.by is None
    assert "pump" in start.why
    assert bed.state.baseline[Parameter.NIBP_SYS] == 120.0

    bed.run(600)
    ran = bed.state.infusion.seconds(bed.now)
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0)
    bed.run(60)
    assert bed.state.phase is Phase.PAUSED
    assert bed.state.infusion.seconds(bed.now) == pytest.approx(ran, abs=3)

    bed.pump = replace(bed.pump, state=PumpState.INFUSING, rate=54.0)
    bed.run(5)
    assert bed.state.phase is Phase.INFUSION
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0, volume_infused=36.0)
    bed.run(5)
    assert bed.state.phase is Phase.RECOVERY
    assert not bed.state.infusion.stopped_early


def test_a_pump_that_stops_early_is_a_pause_until_a_person_stops_it():
    bed = Bedside().infusing().run(60)
    with pytest.raises(Refused, match="stop it at the pump"):
        bed.ask(i.Advance(trigger=Trigger.STOP, by=NURSE, why="headache"))
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0)
    bed.run(3)
    with pytest.raises(Refused, match="reason"):
        bed.ask(i.Advance(trigger=Trigger.STOP, by=NURSE))
    bed.ask(i.Advance(trigger=Trigger.STOP, by=NURSE, why="headache"))
    assert bed.state.phase is Phase.RECOVERY
    assert bed.state.infusion.stopped_early


def test_starting_by_hand_needs_a_whole_baseline():
    bed = Bedside().open().run(3).check_in()
    with pytest.raises(Refused, match=r"to do: .*SYS"):
        bed.ask(i.Advance(trigger=Trigger.START, by=NURSE))
    bed.cuff(120, 75).run(5)
    with pytest.raises(Refused, match="sedation"):
        bed.ask(i.Advance(trigger=Trigger.START, by=NURSE))
    bed.observe(sedation=5, dissociation=0, nausea=0, pain=2, mood=4)
    bed.ask(i.Advance(trigger=Trigger.START, by=NURSE))
    assert bed.state.phase is Phase.INFUSION


PATIENT = CHECK_IN.patient
REFUSED = [
    (i.CheckOrder(by=NURSE), "second person"),
    (i.CheckOrder(by=Person("X", Role.DIRECTOR)), "needs a nurse or physician"),
    (replace(CHECK_IN, dose_mg_per_kg=5.0), "mg/kg"),
    (replace(CHECK_IN, minutes=5.0), "20 to 240"),
    (replace(CHECK_IN, patient=replace(PATIENT, identifier=" ")), "second identifier"),
    (replace(CHECK_IN, patient=replace(PATIENT, weight_kg=720.0)), "720"),
    (i.Observe(item="hunger", grade=1, by=NURSE), "hunger"),
    (i.Observe(item="nausea", grade=7, by=NURSE), "no grade 7"),
    (i.Observe(item="nausea", grade=1, by=NURSE, minutes_ago=1.0), "reason"),
    (i.Observe(item="nausea", grade=1, by=NURSE, minutes_ago=900.0, why_then="late"), "not within"),
    (i.Correct(corrects=1, grade=None, why="typo", by=NURSE), "no observation"),
    (i.Note(text="  ", by=NURSE), "note is missing"),
    (i.SkipDue(item="hunger", because="none", by=NURSE), "schedule"),
    (i.Confirm(item="hunger", met=True, by=NURSE), "gate does not ask"),
    (i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE), "nothing is to be signed"),
    (i.Advance(trigger=Trigger.LEAVE, by=NURSE), "not possible in baseline"),
    (i.Advance(trigger=Trigger.START, by=Person("X", Role.OBSERVER)), "not a observer"),
    (i.SetSpeed(speed=10.0), "no speed"),
]


@each_row(("intent", "reason"), REFUSED, ids=lambda v: v if isinstance(v, str) else v.TYPE)
def test_what_makes_no_sense_is_refused_and_changes_nothing(intent, reason):
    bed = Bedside().open().run(90).check_in()
    seq = bed.state.seq
    with pytest.raises(Refused, match=reason):
        bed.chair.intend(intent, bed.now)
    assert bed.state.seq == seq
    assert bed.chair.take() == ([], [])


def test_an_observation_can_be_set_back_and_corrected_and_both_stay_readable():
    bed = Bedside().at_baseline().run(120)
    bed.ask(i.Observe(item="nausea", grade=2, by=NURSE, minutes_ago=1.0, why_then="was busy"))
    seen = max(bed.state.observations.values(), key=lambda o: o.seq)
    assert bed.now.since(seen.at) == 60
    bed.ask(i.Correct(corrects=seen.seq, grade=1, why="mistyped", by=NURSE))
    assert bed.state.observations[seen.seq].grade == 1
    assert [b.grade for b in bed.bodies(e.Observed) if b.item == "nausea"] == [0, 2]


def test_a_step_of_the_wall_clock_is_told_and_changes_no_duration():
    bed = Bedside().infusing().run(10)
    ran = bed.state.infusion.seconds(bed.now)
    bed.wall_shift = -3600.0
    bed.run(10)
    assert [b.seconds for b in bed.bodies(e.ClockStepped)] == [pytest.approx(-3600.0)]
    assert bed.state.infusion.seconds(bed.now) == pytest.approx(ran + 10)
    assert now_value(bed, Parameter.SPO2) == 98.0


def test_alarms_begin_after_their_dwell_and_wait_for_acknowledgement():
    bed = Bedside().infusing().run(10)
    bed.values[Parameter.SPO2] = 84.0
    bed.run(5)
    assert not [a for a in bed.state.alarms.values() if a.change.parameter is Parameter.SPO2]
    bed.run(10)
    (alarm,) = [a.change for a in bed.state.alarms.values() if a.change.parameter is Parameter.SPO2]
    assert alarm.priority == "high"
    assert alarm.text == "SpO2 84 < 88"
    bed.values |= CALM
    bed.run(75)
    assert bed.state.alarms[alarm.alarm].change.state is e.AlarmState.LATCHED
    bed.ask(i.Acknowledge(by=NURSE))
    assert alarm.alarm not in bed.state.alarms


def test_only_polls_of_the_allow_list_are_ever_sent():
    bed = Bedside().infusing().run(120)
    assert bed.sends
    for name, (data, action) in bed.sends:
        assert action is None
        assert data in bed.specs[name].allow_list


def recovered(bed: Bedside) -> Bedside:
    """An infusion that ended half an hour ago, with all that the gate asks for."""
    bed.infusing().run(20)
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0, volume_infused=36.0)
    return recovering_again(bed.run(5))


def recovering_again(bed: Bedside) -> Bedside:
    """Half an hour later, with all that the gate asks for."""
    for _ in range(7):
        bed.cuff(122, 76).run(5 * 60)
    for c in bed.profile.criterion:
        if c.kind == "confirmed":
            bed.ask(i.Confirm(item=c.item, met=True, by=NURSE))
        elif c.kind in ("grade", "absent") and c.item:
            low = c.at_least if c.at_least is not None else 0
            bed.ask(i.Observe(item=c.item, grade=low, by=NURSE))
    return bed.run(2)


def test_the_gate_opens_only_when_all_is_met_and_lets_nobody_leave_unsigned():
    bed = recovered(Bedside())
    assert bed.state.gate is not None
    assert [c.label for c in bed.state.gate.checks if not c.met] == []
    with pytest.raises(Refused, match="not possible in recovery"):
        bed.ask(i.Advance(trigger=Trigger.LEAVE, by=NURSE))
    with pytest.raises(Refused, match="assessment must be signed first"):
        bed.ask(i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN))
    bed.ask(i.Sign(meaning=Meaning.ASSESSMENT, by=Person("Dr. C", Role.PHYSICIAN)))
    with pytest.raises(Refused, match="two people"):
        bed.ask(i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN))
    bed.ask(i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE))
    bed.ask(i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN))
    assert bed.state.phase is Phase.READY
    bed.values[Parameter.SPO2] = 80.0
    bed.run(30)
    with pytest.raises(Refused, match="SpO2 80 < 88"):
        bed.ask(i.Advance(trigger=Trigger.LEAVE, by=NURSE))
    bed.values |= CALM
    bed.run(30).ask(i.Acknowledge(by=NURSE)).ask(i.Advance(trigger=Trigger.LEAVE, by=NURSE))
    assert bed.state.phase is Phase.DISCHARGED
    assert bed.state.ready_at < bed.state.left_at
    assert bed.chair.ended
    with pytest.raises(Refused, match="has ended"):
        bed.ask(i.Observe(item="nausea", grade=0, by=NURSE))


def test_the_gate_closes_again_when_the_monitor_is_unplugged():
    bed = recovered(Bedside())
    assert bed.state.gate.open
    bed.chair.on_link("monitor", "lost", "unplugged", bed.now)
    bed.run(2)
    assert not bed.state.gate.open
    with pytest.raises(Refused, match="gate is closed"):
        bed.ask(i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE))


def test_resuming_goes_on_with_phase_and_clock_and_without_values():
    bed = Bedside().infusing().run(60)
    ran = bed.state.infusion.seconds(bed.now)
    gap = 45.0
    again = Bedside(state=fold(bed.events), at=bed.now.seconds + gap)
    again.devices, again.pump, again.values = bed.devices, bed.pump, bed.values
    again.chair.resume(e.SessionResumed(gap_s=gap, software="test"), again.now)
    assert again.state.phase is Phase.INFUSION
    assert now_value(again, Parameter.SPO2) is None
    again.attach().run(6)
    assert now_value(again, Parameter.SPO2) == 98.0
    assert again.state.infusion.seconds(again.now) == pytest.approx(ran + gap + 6)


def test_one_person_is_not_two():
    bed = Bedside().open().run(3).ask(CHECK_IN)
    for alias in (Person(NURSE.name, Role.PHYSICIAN), Person(f" {NURSE.name.lower()} ", Role.NURSE)):
        with pytest.raises(Refused, match="second person"):
            bed.ask(i.CheckOrder(by=alias))


def test_a_counter_that_was_not_set_to_zero_ends_no_infusion():
    bed = Bedside().at_baseline()
    bed.pump = replace(bed.pump, volume_infused=40.0)
    bed.run(3)
    bed.pump = replace(bed.pump, state=PumpState.INFUSING, rate=54.0)
    bed.run(60)
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0)
    assert bed.run(3).state.phase is Phase.PAUSED


def test_a_counter_that_was_set_to_zero_in_a_pause_does_not_hide_the_end():
    bed = Bedside().infusing()
    for state, rate, volume, phase in (
        (PumpState.INFUSING, 54.0, 20.0, Phase.INFUSION),
        (PumpState.HELD, 0.0, 0.0, Phase.PAUSED),
        (PumpState.INFUSING, 54.0, 0.0, Phase.INFUSION),
        (PumpState.HELD, 0.0, 16.0, Phase.RECOVERY),
    ):
        bed.pump = replace(bed.pump, state=state, rate=rate, volume_infused=volume)
        assert bed.run(3).state.phase is phase


class Standing:
    """A simulated pump that stands, whatever the patient's pump does."""

    def __init__(self, bed: Bedside) -> None:
        self.inner = bed.specs["pump"].simulate()
        self.status = replace(bed.pump, state=PumpState.READY, rate=0.0)
        self.receive = self.inner.receive

    def advance(self, truth: Truth) -> bytes:
        return self.inner.advance(replace(truth, pump=self.status))


def test_a_second_pump_that_stands_pauses_nothing():
    bed = Bedside().infusing()
    before = len(bed.bodies(e.PhaseChanged))
    bed.devices["other"] = Standing(bed)
    bed.chair.attach("other", bed.specs["pump"], "/dev/other", bed.now)
    bed.chair.on_link("other", "opened", "", bed.now)
    bed.run(20)
    assert bed.state.devices["other"].pump.state is PumpState.READY
    assert len(bed.bodies(e.PhaseChanged)) == before
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0)
    assert bed.run(3).state.phase is Phase.PAUSED


def test_nobody_leaves_while_a_pump_infuses():
    bed = Bedside().open().run(3)
    bed.pump = replace(bed.pump, state=PumpState.INFUSING, rate=54.0)
    bed.run(3)
    with pytest.raises(Refused, match="stop it at the pump"):
        bed.ask(i.Advance(trigger=Trigger.ABANDON, by=NURSE, why="went home"))


def test_a_wall_clock_that_was_set_back_while_the_core_was_down_is_told():
    bed = Bedside().open().run(30)
    new = Bedside(state=fold(bed.events), at=bed.ns / 1e9)
    new.wall_shift = -3600
    new.chair.resume(e.SessionResumed(gap_s=0, software="t"), new.now)
    new.attach().run(3)
    assert [b.seconds for b in new.bodies(e.ClockStepped)] == [-3600.0]


def test_an_assessment_from_before_the_pump_infused_again_does_not_count():
    bed = recovered(Bedside())
    bed.ask(i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE))
    pump = bed.pump
    bed.pump = replace(pump, state=PumpState.INFUSING, rate=54.0)
    bed.run(5)
    bed.pump = pump
    recovering_again(bed)
    assert bed.state.gate.open
    with pytest.raises(Refused, match="assessment must be signed first"):
        bed.ask(i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN))
