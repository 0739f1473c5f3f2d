"""The fold: what each event makes of the state, and that it is total and the same however it is cut."""

from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import CALM, INFUSING, NURSE, ORDER, PATIENT, PHYSICIAN, Clinic, P, in_infusion, reading

from ketamon.domain import events as e
from ketamon.domain import fold as folding
from ketamon.domain import session
from ketamon.domain.devices import DeviceAlarm, DeviceKind, Link, Priority
from ketamon.domain.fold import apply, fold
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon.domain.session import SessionState, counts, device_of, observations_of
from ketamon.domain.units import Unit


def test_it_is_total_over_the_types_of_events():
    assert set(folding._FOLD) == {*e.TYPES.values(), e.Unknown}
    assert set(session._QUIET) < set(folding._FOLD)


def test_an_unknown_event_is_counted_and_kept():
    clinic = Clinic().say(e.Unknown(type="later", version=9, body="{}"))
    assert clinic.state.unknown == 1
    assert clinic.state.log[-1].body.type == "later"


@pytest.mark.parametrize(
    "body",
    [
        e.Measured(device="later", offset=0, readings=()),
        e.LinkChanged(device="later", link=Link.LIVE),
        e.DeviceNoticed(device="later", text="hello"),
        e.ObservationCorrected(corrects=999, grade=0, why="typo", by=NURSE),
    ],
    ids=lambda body: body.TYPE,
)
def test_what_refers_to_something_of_a_newer_version_is_unknown_too(body):
    clinic = Clinic().check_in().say(body)
    assert clinic.state.unknown == 1
    assert "later" not in clinic.state.devices


def test_who_where_and_what_was_ordered():
    clinic = Clinic().check_in()
    assert clinic.state.opened.chair == "2"
    assert clinic.state.patient == PATIENT
    assert clinic.state.order.order == ORDER
    assert clinic.state.order_check.by == PHYSICIAN
    assert (clinic.state.phase, clinic.state.started) == (Phase.BASELINE, clinic.at)
    clinic.say(e.PatientCheckedIn(patient=replace(PATIENT, weight_kg=71.0), by=NURSE))
    assert clinic.state.patient.weight_kg == 71.0


# ------------------------------------------------------------------------------------------------- infusion


def test_the_infusion_clock_stands_in_pauses():
    clinic = Clinic().check_in()
    clinic.t = 100
    clinic.phase(Phase.INFUSION, Trigger.START)
    clinic.t = 700
    clinic.phase(Phase.PAUSED, Trigger.PAUSE)
    run = clinic.state.infusion
    clinic.t = 760
    assert run.seconds(clinic.at) == 600
    clinic.phase(Phase.INFUSION, Trigger.RESUME)
    clinic.t = 860
    assert run.seconds(clinic.at) == 700
    assert run.started.seconds == 100
    assert [(a.seconds, b.seconds) for a, b in run.pauses] == [(700, 760)]
    clinic.phase(Phase.RECOVERY)
    clinic.t = 10_000
    assert (run.seconds(clinic.at), run.ended.seconds, run.stopped_early) == (700, 860, False)
    clinic.phase(Phase.READY, Trigger.SIGN_OFF)
    clinic.phase(Phase.RECOVERY, Trigger.REOPEN)
    assert (run.ended.seconds, run.stopped_early) == (860, False), "the infusion ended once"
    clinic.phase(Phase.READY, Trigger.SIGN_OFF).phase(Phase.DISCHARGED, Trigger.LEAVE)
    assert clinic.state.left_at == clinic.at


@pytest.mark.parametrize("phase", [Phase.INFUSION, Phase.PAUSED])
def test_stopped_early(phase):
    clinic = Clinic().check_in().phase(Phase.INFUSION, Trigger.START)
    clinic.t = 60
    clinic.phase(phase, Trigger.PAUSE).phase(Phase.RECOVERY, Trigger.STOP)
    assert clinic.state.infusion.stopped_early


@given(st.lists(st.floats(0.001, 3600), min_size=1, max_size=8), st.integers(-(10**6), 10**6))
def test_the_infusion_clock_adds_up_whatever_the_wall_clock_does(spans, step):
    clinic = Clinic().check_in()
    expected = 0.0
    for i, span in enumerate(spans):
        runs = i % 2 == 0
        clinic.phase(Phase.INFUSION if runs else Phase.PAUSED, Trigger.RESUME)
        clinic.t += span
        clinic.wall_offset += step
        expected += span if runs else 0
    assert clinic.state.infusion.seconds(clinic.at) == pytest.approx(expected, abs=1e-6)


# -------------------------------------------------------------------------------------------------- values


def test_a_reading_becomes_a_sample_and_a_point():
    clinic = Clinic().attach()
    clinic.t = 5
    clinic.measure(reading(P.SPO2, 97.0))
    sample = clinic.state.samples[P.SPO2, "monitor", ""]
    assert (sample.reading.value, sample.at, sample.seq) == (97.0, clinic.at, clinic.state.seq)
    assert clinic.state.history[P.SPO2].last.seq == clinic.state.seq
    assert clinic.state.devices["monitor"].heard == clinic.at


@each_row("quality", [q for q in Quality if q is not Quality.VALID])
def test_only_valid_values_stand_in_the_trend(quality):
    clinic = Clinic().attach().measure(reading(P.SPO2, 97.0, quality))
    assert clinic.state.history[P.SPO2].last.value is None


@pytest.mark.parametrize("link", [link for link in Link if link is not Link.LIVE])
def test_silence_removes_values_and_leaves_a_gap(link):
    clinic = Clinic().attach().attach("second").cuff(120)
    clinic.measure(*(reading(p, v) for p, v in CALM.items()))
    clinic.measure(reading(P.TEMP, 36.5), device="second")
    clinic.link(link)
    assert {key[0] for key in clinic.state.samples} == {P.NIBP_SYS, P.NIBP_DIA, P.NIBP_MAP, P.TEMP}
    assert clinic.state.history[P.SPO2].last.value is None
    assert clinic.state.history[P.TEMP].last.value == 36.5


def test_a_pump_that_is_silent_has_no_status():
    clinic = Clinic().attach("pump", DeviceKind.PUMP)
    clinic.say(e.PumpReported(device="pump", offset=0, status=INFUSING))
    assert clinic.state.devices["pump"].pump == INFUSING
    assert device_of(clinic.state, DeviceKind.PUMP) is clinic.state.devices["pump"]
    assert device_of(clinic.state, DeviceKind.MONITOR) is None
    clinic.link(Link.SILENT, "pump")
    assert clinic.state.devices["pump"].pump is None


def test_after_the_core_was_down_nothing_is_current():
    clinic = in_infusion(pump=True)
    clinic.pump = INFUSING
    clinic.wait(1)
    clinic.say(e.SessionResumed(gap_s=12, software="t"))
    assert {d.link for d in clinic.state.devices.values()} == {Link.CLOSED}
    assert clinic.state.devices["pump"].pump is None
    assert not clinic.state.samples
    assert "12 s" in clinic.state.devices["monitor"].why


MODES = [
    (Mode.REAL, Mode.REAL, True), (Mode.REAL, Mode.DEMO, False), (Mode.REAL, Mode.TEST, False),
    (Mode.DEMO, Mode.DEMO, True), (Mode.DEMO, Mode.REAL, True), (Mode.TEST, Mode.DEMO, True),
]  # fmt: skip


@each_row(("of_session", "of_reading", "expected"), MODES)
def test_what_counts(of_session, of_reading, expected):
    clinic = Clinic(of_session).attach().measure(reading(P.SPO2, 97.0, mode=of_reading))
    assert counts(clinic.state, reading(P.SPO2, 97.0, mode=of_reading)) is expected
    assert (clinic.state.history[P.SPO2].last.value is not None) is expected
    assert counts(SessionState(), reading(P.SPO2, 97.0, mode=Mode.DEMO)) is False, "no session is a real one"


@given(st.floats(), st.sampled_from(list(Quality)))
def test_what_is_no_number_cannot_be_said(value, quality):
    if isfinite(value):
        assert Reading(parameter=P.HR, value=value, unit=Unit.PER_MINUTE, quality=quality).value == value
        return
    with pytest.raises(ValueError, match="is no number"):
        Reading(parameter=P.HR, value=value, unit=Unit.PER_MINUTE, quality=quality)


def test_valid_without_a_value_cannot_be_said():
    with pytest.raises(ValueError, match="quality valid without a value"):
        Reading(parameter=P.HR, value=None, unit=Unit.PER_MINUTE, quality=Quality.VALID)


# --------------------------------------------------------------------------------- what people say


def test_observations_stand_in_the_order_of_when_they_were_so():
    clinic = Clinic()
    clinic.t = 600
    first = clinic.observe("nausea", 2)
    earlier = clinic.observe("nausea", 1, at=clinic.at.plus(-300))
    assert [o.seq for o in observations_of(clinic.state, "nausea")] == [earlier, first]
    clinic.say(e.ObservationCorrected(corrects=first, grade=3, why="mistyped", by=PHYSICIAN))
    clinic.say(e.ObservationCorrected(corrects=earlier, grade=None, why="other patient", by=PHYSICIAN))
    [standing] = observations_of(clinic.state, "nausea")
    assert (standing.grade, standing.seq, standing.by, standing.corrected_by) == (
        3,
        first,
        PHYSICIAN,
        clinic.state.seq - 1,
    )
    assert len(clinic.state.observations) == 2, "both stay readable"


def test_facts_left_out_and_notes():
    clinic = Clinic().confirm("escort", text="K. D.").confirm("escort", met=False)
    clinic.say(e.NotDone(item="nausea", because="asleep", by=NURSE), e.Noted(text="calm", by=NURSE))
    assert clinic.state.confirmations["escort"].met is False
    assert clinic.state.not_done == [("nausea", clinic.at)]
    assert [event.body.TYPE for event in clinic.state.log][-2:] == ["not-done", "noted"]


def test_signatures_the_gate_and_the_record():
    clinic = Clinic()
    clinic.say(e.GateChanged(open=False, checks=()))
    assert clinic.state.ready_at is None
    clinic.t = 10
    clinic.say(e.GateChanged(open=True, checks=()))
    clinic.t = 20
    clinic.say(e.GateChanged(open=False, checks=()), e.GateChanged(open=True, checks=()))
    assert clinic.state.ready_at.seconds == 10, "the first moment it was open"
    clinic.say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="abc"))
    assert clinic.state.signatures[0][0].covers == "abc"
    clinic.say(e.RecordingChanged(degraded=True))
    assert clinic.state.recording_degraded == "cannot be written"
    clinic.say(e.ClockStepped(seconds=-5.0))
    assert clinic.state.clock_step == (-5.0, clinic.at)


# --------------------------------------------------------------------------------- devices and alarms


def test_what_devices_say_of_themselves():
    clinic = Clinic().attach()
    clinic.say(e.DeviceNoticed(device="monitor", text="battery"))
    for _ in range(2):
        clinic.say(e.BytesRejected(device="monitor", frames=3, length=40, reason="checksum"))
    alarm = DeviceAlarm(code="x", text="x", priority=Priority.HIGH)
    clinic.say(e.DeviceAlarmsReported(device="monitor", alarms=(alarm,)))
    device = clinic.state.devices["monitor"]
    assert (device.notices, device.rejected_frames, device.rejected_bytes) == (["battery"], 6, 80)
    assert device.alarms == (alarm,)


def change(state: e.AlarmState, priority: Priority = Priority.MEDIUM, alarm: str = "a") -> e.AlarmChanged:
    return e.AlarmChanged(alarm=alarm, state=state, priority=priority, technical=False, text="t")


def test_an_alarm_stands_since_it_began():
    clinic = Clinic().say(change(e.AlarmState.ACTIVE))
    began = clinic.at
    clinic.t = 30
    clinic.say(change(e.AlarmState.ACKNOWLEDGED))
    assert (clinic.state.alarms["a"].since, clinic.state.alarm_count) == (began, 1)
    clinic.say(change(e.AlarmState.ENDED), change(e.AlarmState.ENDED))
    assert clinic.state.alarms == {}
    clinic.say(change(e.AlarmState.ACTIVE))
    assert (clinic.state.alarms["a"].since, clinic.state.alarm_count) == (clinic.at, 2)


BREAKS = [
    (change(e.AlarmState.ACTIVE, alarm="b"), True),
    (change(e.AlarmState.ACTIVE, Priority.HIGH), True),
    (change(e.AlarmState.ACTIVE), False),
    (change(e.AlarmState.ACTIVE, Priority.LOW), False),
    (change(e.AlarmState.ACKNOWLEDGED), False),
    (change(e.AlarmState.ENDED), False),
    (change(e.AlarmState.LATCHED), False),
]


@each_row(("said", "breaks"), BREAKS)
def test_what_breaks_a_pause_of_the_sound(said, breaks):
    clinic = Clinic().say(change(e.AlarmState.ACTIVE), e.AudioPaused(seconds=120.0, by=NURSE))
    assert clinic.state.audio_paused_until == clinic.at.plus(120)
    clinic.say(said)
    assert (clinic.state.audio_paused_until is None) is breaks


def test_a_pause_is_over_when_somebody_ends_it():
    clinic = Clinic().say(e.AudioPaused(seconds=120.0, by=NURSE), e.AudioPaused(seconds=0.0, by=NURSE))
    assert clinic.state.audio_paused_until is None


# --------------------------------------------------------------------------------------------------- always


def some_session() -> list[e.Event]:
    clinic = in_infusion(pump=True)
    clinic.pump = INFUSING
    told: list[e.Event] = []
    original = clinic.say

    def say(*bodies: e.Body) -> Clinic:
        for body in bodies:
            told.append(e.Event(clinic.state.seq + 1, clinic.at, body))
            original(body)
        return clinic

    clinic.say = say
    clinic.wait(20)
    clinic.cuff(170)
    clinic.observe("nausea", 1)
    clinic.stream[P.SPO2] = 80.0
    clinic.wait(20)
    clinic.link(Link.SILENT)
    clinic.wait(5)
    clinic.acknowledge()
    clinic.link(Link.LIVE).phase(Phase.RECOVERY)
    clinic.wait(5)
    return told


EVENTS = some_session()


def preface() -> SessionState:
    return in_infusion(pump=True).state


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(EVENTS)))
def test_it_does_not_matter_where_a_fold_is_cut(cut):
    whole = fold(EVENTS, preface())
    parts = fold(EVENTS[cut:], fold(EVENTS[:cut], preface()))
    assert repr(whole) == repr(parts), "compared as text, as a gap is not equal to itself"


def test_the_log_holds_what_a_person_reads():
    state = fold(EVENTS, preface())
    quiet = {e.Measured, e.PumpReported, e.GateChanged}
    assert not [event for event in state.log if type(event.body) in quiet]
    assert [event.seq for event in state.log] == sorted(event.seq for event in state.log)
    assert state.seq == EVENTS[-1].seq
    assert apply(state, e.Event(state.seq + 1, EVENTS[-1].at, e.Noted(text="x", by=NURSE))) is state


def test_the_course_of_one_patient_is_not_told_of_another():
    clinic = Clinic().say(e.PatientCheckedIn(patient=PATIENT, by=NURSE), e.CourseFound(place="2 of 6"))
    clinic.say(e.PatientCheckedIn(patient=replace(PATIENT, weight_kg=71.0), by=NURSE))
    assert clinic.state.course.place == "2 of 6"
    clinic.say(e.PatientCheckedIn(patient=replace(PATIENT, identifier="another"), by=NURSE))
    assert clinic.state.course is None
