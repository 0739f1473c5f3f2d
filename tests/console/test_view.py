"""The view: what is drawn, decided without a terminal. Unknown is dashes with the reason, never an old number."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from console.chairs import NURSE, PHYSICIAN, PROFILE, REACHED, Chair, FakeFeed, empty, infusing, recovering
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon import words
from ketamon.console import typed
from ketamon.console.pulse import LOST_AFTER_S, Pulse
from ketamon.console.view.chair import Contact, build
from ketamon.console.view.desk import Gate
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Evidence, Link, Priority, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.domain.recording import Unsaved
from ketamon.follow import Source

GONE = Contact(reached=False, since=infusing(1).at, why="connection refused")


def tile(view, label):
    return next(t for t in view.tiles if t.label == label)


# -------------------------------------------------------------------- numbers


def test_a_fresh_value_is_shown_with_its_limits():
    spo2 = tile(infusing(1).vitals(spo2=96.0).view(), "SpO2")
    assert (spo2.text, spo2.value_ok, spo2.status, spo2.low) == ("96", True, "now", "92")


def test_a_stale_value_is_dashes_and_says_so():
    chair = infusing(1)
    chair.t += 60
    spo2 = tile(chair.view(), "SpO2")
    assert not spo2.value_ok
    assert spo2.text == words.DASHES
    assert spo2.status == "no data 60 s"


def test_a_sensor_that_is_off_is_dashes_and_says_so():
    spo2 = tile(infusing(1).measure(spo2=None).view(), "SpO2")
    assert (spo2.value_ok, spo2.status) == (False, "sensor off")


def test_a_lost_link_removes_every_continuous_number():
    chair = infusing(1).say(e.LinkChanged(device="monitor", link=Link.SILENT, why="no data for 11 s"))
    view = chair.view()
    for label in ("SpO2", "HR", "RR", "EtCO2"):
        assert all(not t.value_ok for t in view.tiles if t.label == label)


def test_without_contact_no_number_stands_anywhere():
    view = infusing().view(contact=GONE)
    assert not any(t.value_ok or any(c.isdigit() for c in t.text) for t in view.tiles)
    assert {t.status for t in view.tiles} == {"lost"}
    assert (view.pump.state, view.pump.rate, view.pump.given) == ("no contact", "", "")
    assert view.header.clock == "--:--:--"
    assert view.course == words.DASHES
    assert {line.when for line in view.due} == {words.DASHES}
    assert view.effects == ("nausea, mild",)
    assert view.header.saved == "saved --"
    assert view.header.source == "NO CONTACT"


def test_without_contact_the_alarm_bar_says_since_when_before_everything_else():
    view = infusing().alarm("SpO2 84 < 88", Priority.HIGH).view(contact=GONE)
    first = view.alarms.lines[0]
    assert first.text.startswith("no contact with the core since 14:09:00")
    assert "connection refused" in first.text
    assert (first.mark, first.priority, first.blinks) == ("!!!", Priority.HIGH, True)
    assert view.alarms.lines[1].text == "SpO2 84 < 88"


def test_before_the_first_event_nothing_is_known():
    feed = FakeFeed(empty())
    view = build(type(feed.state)(), PROFILE, None, Contact(reached=False, why="not connected yet"), None, UTC)
    assert not any(t.value_ok for t in view.tiles)
    assert "not connected yet" in view.alarms.lines[0].text


def test_nibp_says_age_change_and_when_the_next_is_due():
    chair = infusing(10)
    chair.cuff(136, 89)
    chair.t += 130
    chair.vitals()
    nibp = tile(chair.view(), "NIBP")
    assert nibp.text == "136/89"
    assert nibp.status == "2 min ago"
    assert "(105) +10 %" in nibp.detail
    assert any(d.startswith("next ") for d in nibp.detail)


def test_the_limit_that_is_shown_follows_the_baseline():
    chair = infusing(1)
    assert tile(chair.view(), "NIBP").high == "160"
    chair.say(e.BaselineTaken(values={Parameter.NIBP_SYS: 150.0}))
    assert tile(chair.view(), "NIBP").high == "179"


def test_pulse_stands_in_for_heart_rate_under_its_own_name():
    chair = infusing(1).measure(hr=None, pr=81.0)
    assert tile(chair.view(), "PR").text == "81"


@pytest.mark.parametrize(
    ("measured", "label"),
    [((), "PR"), (({"hr": 80.0, "pr": 81.0},), "HR"), (({"hr": None, "pr": 81.0},), "PR"),
     (({"hr": 80.0}, {"hr": None, "pr": 81.0}), "PR"), (({"pr": 81.0}, {"hr": 80.0, "pr": None}), "HR")],
)  # fmt: skip
def test_what_was_there_last_keeps_its_name_when_the_link_is_lost(measured, label):
    chair = Chair().devices()
    for values in measured:
        chair.t += 1
        chair.measure(**values)
    chair.say(e.LinkChanged(device="monitor", link=Link.CLOSED))
    assert tile(chair.view(), label).text == (words.DASHES if measured else "")


@pytest.mark.parametrize(("rate", "agrees", "order"), [(54.0, True, "= order"), (62.0, False, "≠ order 54.0 mL/h")])
def test_the_pump_is_held_against_the_order(rate, agrees, order):
    pump = infusing(1).pump(rate=rate, infused=21.3).view().pump
    assert (pump.agrees, pump.order) == (agrees, order)
    assert pump.given == "21.3 of 36.0 mg"
    assert pump.alarms == "alarms not available"


def test_the_pump_says_mg_per_kg_and_hour_only_while_it_infuses():
    assert infusing(1).pump().view().pump.dose == "0.75 mg/kg/h"
    assert infusing(1).pump(rate=2.0, state=PumpState.KVO).view().pump.dose == ""


def test_a_pump_that_says_no_number_gets_dashes_not_zero():
    pump = infusing(1).pump(rate=None, infused=None).view().pump
    assert pump.rate == "-- mL/h"
    assert pump.given == "-- of 36.0 mg"


def test_a_silent_pump_shows_nothing_as_current():
    chair = infusing(1)
    chair.t += 11
    pump = chair.view().pump
    assert (pump.usable, pump.rate) == (False, "")


# -------------------------------------------------------------------- alarms


def test_alarms_stand_highest_first_and_acknowledged_last():
    chair = infusing(1)
    chair.alarm("EtCO2 20 < 25", Priority.MEDIUM).alarm("HR 150 > 140", Priority.HIGH, state=e.AlarmState.ACKNOWLEDGED)
    chair.alarm("SpO2 84 < 88", Priority.HIGH).alarm("pump: no data", Priority.LOW, technical=True)
    lines = chair.view().alarms.lines
    assert [f"{x.mark} {x.text}" for x in lines] == [
        "*** SpO2 84 < 88",
        "*** HR 150 > 140 (acknowledged)",
        "** EtCO2 20 < 25",
        "! pump: no data",
    ]
    assert [x.blinks for x in lines] == [True, False, True, False]


def test_a_latched_alarm_still_blinks():
    line = infusing(1).alarm("SpO2 84 < 88", Priority.HIGH, state=e.AlarmState.LATCHED).view().alarms.lines[0]
    assert line.blinks
    assert "was so" in line.text


def test_a_pause_of_the_sound_is_counted_down():
    chair = infusing(1).alarm("SpO2 84 < 88", Priority.HIGH)
    assert chair.view().alarms.audio == ""
    chair.say(e.AudioPaused(seconds=120.0, by=NURSE))
    chair.t += 18
    assert chair.view().alarms.audio == "audio paused 1:42"


# -------------------------------------------------------------------- who, when, what


@pytest.mark.parametrize("source", [Source.REPLAY, Source.SIMULATED])
@pytest.mark.parametrize(("speed", "pace"), [(60.0, "60×"), (1.0, "1×"), (0.0, "stopped")])
def test_what_is_not_live_says_so(source, speed, pace):
    view = infusing(1).view(source=source, speed=speed)
    assert view.banner == f"{source} {pace} — not a live patient"


def test_what_is_live_has_no_banner():
    assert infusing(1).view().banner == ""


def test_the_header_shows_only_the_end_of_the_second_identifier():
    header = infusing(1).view().header
    assert header.patient == "J. D. ··82"
    assert "1984" not in str(header)


def test_trouble_with_the_record_stands_in_the_header():
    view = infusing(1).say(e.RecordingChanged(degraded=True, why="disk full")).view()
    assert view.header.degraded == "disk full"
    assert not view.header.unsaved


def test_what_is_not_saved_stands_in_the_header_while_the_record_is_in_trouble():
    chair = infusing(1).say(e.RecordingChanged(degraded=True, why="disk full"))
    waits = Unsaved(12, 31, chair.at.wall, 42, chair.at.wall + timedelta(minutes=1))
    header = build(chair.state, PROFILE, replace(chair.beat(), unsaved=waits), REACHED, chair.at, UTC).header
    since, until = (f"{at:%H:%M:%S}" for at in (waits.since, waits.until))
    assert header.unsaved == f"12 not saved, event 31 ({since}) to 42 ({until})"


def test_times_are_local():
    chair = infusing(1)
    view = build(chair.state, PROFILE, chair.beat(), REACHED, chair.at, timezone(timedelta(hours=-5)))
    assert view.header.clock == "09:09:00"


def test_due_items_say_how_long():
    view = infusing(24).view()
    assert view.due[0].when == "overdue 9:00"
    assert view.due[0].overdue
    assert any(line.when.startswith("in ") for line in view.due)


def test_open_effects_are_shown_until_they_are_resolved():
    chair = infusing(20)
    assert chair.view().effects == ("nausea, mild 5 min",)
    assert chair.observe("nausea", 0).view().effects == ()


def test_the_log_is_newest_first_and_keeps_foreign_text_as_it_is():
    log = infusing(20).view().log
    assert log[0].text == "note: talks about the sea [/bold] quietly"
    assert log[0].who == "nurse AB"


def test_every_kind_of_event_has_words():
    chair = infusing(1)
    for body in e.TYPES.values():
        assert body in words._SAID or body.TYPE in {"measured", "pump-reported", "bytes-rejected", "device-noticed",
                                                    "gate-changed"}  # fmt: skip
    assert chair.say(e.Unknown(type="new-thing", version=2, body="{}")).view().log[0].text.startswith("unknown event")


def test_the_gate_lists_unmet_criteria_first_with_their_remedies():
    gate = recovering().view().gate
    assert gate.judged
    assert not gate.open
    met = [line.met for line in gate.lines]
    assert met == sorted(met)
    assert all(line.remedy for line in gate.lines if not line.met)
    assert {line.confirm for line in gate.lines} >= {"oriented"}


def criterion(view, label):
    return next(line for line in view.gate.lines if line.label == label)


def test_what_the_gate_observed_is_said_as_of_now_although_the_core_tells_only_changed_answers():
    chair = recovering()
    chair.t += 120
    assert "SYS 132, monitor 2 min ago" in criterion(chair.view(), "systolic pressure").observed
    chair.cuff(131, 84)
    assert "SYS 131, monitor 0 s ago" in criterion(chair.view(), "systolic pressure").observed


def test_the_screen_never_calls_met_what_the_core_has_not():
    chair = recovering().observe("sedation", 5)
    assert not criterion(chair.view(), "awake").met
    assert criterion(chair.gate().view(), "awake").met


def test_what_was_met_and_is_no_more_is_unmet_at_once():
    chair = recovering().gate_opens()
    chair.t += 600
    awake = criterion(chair.view(), "awake")
    assert (awake.met, awake.observed.endswith("too long ago")) == (False, True)


def test_what_was_observed_is_as_of_now_also_while_the_patient_is_ready():
    chair = recovering().gate_opens().say(e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=Phase.READY, by=PHYSICIAN))
    chair.t += 120
    assert "SYS 132, monitor 2 min ago" in criterion(chair.view(), "systolic pressure").observed


def test_without_contact_the_gate_is_not_known_to_be_open():
    assert recovering().gate_opens().view(contact=GONE).gate == Gate()


def test_a_gate_that_was_never_judged_is_closed():
    gate = infusing(1).view().gate
    assert (gate.judged, gate.open) == (False, False)


def test_steps_come_from_the_table_of_phases():
    assert [s.trigger for s in infusing(1).view().steps] == [Trigger.PAUSE, Trigger.COMPLETE, Trigger.STOP]
    assert recovering().view().steps == ()


def test_a_start_that_only_the_pump_reported_asks_to_be_confirmed():
    chair = Chair().devices().check_in().say(e.PhaseChanged(trigger=Trigger.START, phase=Phase.INFUSION))
    assert chair.view().steps[0].trigger is Trigger.START


def test_signatures_from_before_this_recovery_do_not_count():
    chair = recovering()
    chair.say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="h"))
    assert chair.view().signing.assessed_by == "", "the gate is closed"
    chair.gate_opens().say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="h"))
    assert chair.view().signing.assessed_by == "nurse AB"
    chair.t += 5
    chair.say(e.Signed(meaning=Meaning.DISCHARGE, by=PHYSICIAN, covers="h"))
    chair.say(e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=Phase.READY, by=PHYSICIAN))
    assert chair.view().signing.may_leave
    assert chair.view().signing.discharged_by == "physician Chen"
    assert chair.view().signing.assessed_by == "nurse AB"
    chair.t += 5
    chair.say(e.PhaseChanged(trigger=Trigger.REOPEN, phase=Phase.RECOVERY, by=NURSE))
    assert chair.view().signing.assessed_by == ""


def test_undo_takes_the_last_observation_that_stands():
    chair = infusing(1).observe("nausea", 2)
    seq = chair.state.seq
    chair.observe("pain", 3)
    chair.say(e.ObservationCorrected(corrects=chair.state.seq, grade=None, why="x", by=NURSE))
    assert chair.view().undo.seq == seq


def test_a_demonstration_is_marked_on_every_number():
    assert all(t.simulated for t in infusing(1, mode=Mode.DEMO).view().tiles)


def test_the_timeline_says_how_much_is_to_go():
    chair = infusing(24)
    assert chair.view().course == "24:00 of 40:00, 16:00 to go"
    chair.say(e.PhaseChanged(trigger=Trigger.PAUSE, phase=Phase.PAUSED, by=NURSE))
    chair.t += 60
    assert chair.view().course == "paused at 24:00 of 40:00"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["vitals", "cuff", "pump", "judge", "wait", "off", "lost", "live"]), max_size=12))
def test_a_number_is_shown_only_when_the_rules_call_it_a_value(steps):
    chair = infusing(0.5)
    for step in steps:
        match step:
            case "wait":
                chair.t += 20
            case "off":
                chair.measure(spo2=None)
            case "lost" | "live":
                chair.say(e.LinkChanged(device="monitor", link=Link.SILENT if step == "lost" else Link.LIVE))
            case _:
                getattr(chair, step)()
    for shown in chair.view().tiles:
        assert shown.value_ok == any(c.isdigit() for c in shown.text)
        assert shown.value_ok or shown.status


# -------------------------------------------------------------------- time


def test_time_goes_on_between_beats_at_the_speed_of_the_core():
    chair, pulse = infusing(1), Pulse()
    pulse.take(chair.beat(), 10.0)
    assert pulse.moment(chair.at, 11.5).since(chair.at) == pytest.approx(1.5)
    stopped = Pulse()
    stopped.take(chair.beat(speed=0.0), 10.0)
    assert stopped.moment(chair.at, 12.0) == chair.at


def test_above_real_time_nothing_is_carried_on():
    chair, pulse = infusing(1), Pulse()
    pulse.take(chair.beat(speed=60.0), 10.0)
    assert pulse.moment(chair.at, 10.25) == chair.at
    assert pulse.moment(chair.at.plus(15.0), 10.25) == chair.at.plus(15.0)


def test_silence_of_the_core_is_loss_of_contact():
    chair, pulse = infusing(1), Pulse()
    pulse.take(chair.beat(), 10.0)
    assert pulse.contact(10.0 + LOST_AFTER_S - 0.01, "").reached
    lost = pulse.contact(10.0 + LOST_AFTER_S, "")
    assert (lost.reached, lost.since) == (False, chair.at)
    pulse.take(chair.beat(), 14.0)
    assert pulse.contact(14.1, "").reached
    assert not pulse.contact(14.1, "broken").reached


def test_an_old_beat_seen_again_is_no_new_one():
    chair, pulse = infusing(1), Pulse()
    beat = chair.beat()
    for now in (10.0, 11.0, 12.0, 13.0):
        pulse.take(beat, now)
    assert not pulse.contact(13.0, "").reached


# -------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("138/92", (138, 92)),
        (" 138 / 92 mmHg ", (138, 92)),
        ("138/92/107", (138, 92, 107)),
        ("138/92 (107)", (138, 92, 107)),
    ],
)
def test_a_pressure_is_read(text, values):
    assert tuple(r.value for r in typed.cuff(text)) == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("138", "138/92"),
        ("92/138", "systolic comes first"),
        ("18/12 kPa", "not in kPa"),
        ("400/92", "cannot be"),
        ("138/92/200", "mean lies between"),
        ("13B/92", "138/92"),
        ("", "138/92"),
    ],
)
def test_a_wrong_pressure_is_refused_with_the_reason(text, why):
    with pytest.raises(typed.Mistake, match=why):
        typed.cuff(text)


@pytest.mark.parametrize(
    ("parameter", "text", "why"),
    [
        (Parameter.TEMP, "98.6 F", "not in F"),
        (Parameter.TEMP, "98.6", "cannot be"),
        (Parameter.SPO2, "101", "cannot be"),
        (Parameter.HR, "84.5", "whole number"),
        (Parameter.RR, "-3", "not a number"),
        (Parameter.RR, "nan", "not a number"),
        (Parameter.HR, "1e2", "not in e2"),
    ],
)
def test_a_wrong_value_is_refused_with_the_reason(parameter, text, why):
    with pytest.raises(typed.Mistake, match=why):
        typed.reading(parameter, text)


def test_a_value_is_read_with_its_unit_or_without():
    assert typed.reading(Parameter.TEMP, "36,6 °C").value == 36.6
    assert typed.reading(Parameter.HR, "84 bpm").value == 84


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_value_or_a_sentence(text):
    for read in (typed.cuff, lambda t: typed.reading(Parameter.HR, t), lambda t: typed.person(t, "who")):
        with suppress(typed.Mistake):
            assert read(text)


def test_people_are_read_with_their_role():
    assert typed.person("Chen, physician", "who") == PHYSICIAN
    for text in ("Chen", "physician", "", "Chen surgeon"):
        with pytest.raises(typed.Mistake, match="name and role"):
            typed.person(text, "who")


def test_setting_the_time_back_wants_minutes_and_a_reason():
    assert typed.minutes_ago("5 was with the patient") == (5.0, "was with the patient")
    for text in ("5", "asleep", "-5 x"):
        with pytest.raises(typed.Mistake, match="minutes and the reason"):
            typed.minutes_ago(text)


@pytest.mark.parametrize("text", ["72 lb", "72 kg kg", "0", "abc"])
def test_a_dose_in_another_unit_is_refused_never_converted(text):
    with pytest.raises(typed.Mistake):
        typed.dosing(text, "the weight", typed.Unit.KG)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "now"), (2.9, "now"), (5, "5 s ago"), (130, "2 min ago"), (3700, "1:01:40 ago")]
)
def test_ages(seconds, said):
    assert words.age(seconds) == said


def test_no_monitor_is_a_reason():
    view = empty().view()
    assert {t.status for t in view.tiles} == {"no monitor"}
    assert view.pump.state == "no pump attached"
    assert DeviceKind.PUMP not in {d.attached.kind for d in empty().state.devices.values()}


def test_of_several_monitors_each_number_says_whose_it_is():
    chair = infusing()
    assert tile(chair.view(), "SpO2").source == ""
    first = chair.state.devices["monitor"].attached
    chair.say(replace(first, device="second", label="another"))
    assert tile(chair.view(), "SpO2").source == first.label
    chair.state.devices["monitor"].attached = replace(first, evidence=Evidence.EXPERIMENTAL)
    assert tile(chair.view(), "SpO2").source == f"experimental {first.label}"
