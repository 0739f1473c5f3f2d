"""After a crash: the gap is told as it was, nothing is asked twice, and what ran on unseen is said so."""

import asyncio
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from chair.bedside import NURSE, START, Bedside
from chair.test_engine import recovered
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.chair import launch
from ketamon.chair.gap import LONGEST, gap
from ketamon.chair.resumable import resumable
from ketamon.codec import decode_body, encode_body
from ketamon.console.view.curves import course
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import PumpState
from ketamon.domain.events import AlarmState
from ketamon.domain.fold import fold
from ketamon.domain.instant import Boot, Instant, leap
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase
from ketamon.errors import SourceError
from ketamon.local import claim_ports
from ketamon.port.open import Cable
from ketamon.port.pty import PtyEnd
from ketamon.registry import load as load_driver
from ketamon.rules import gate, schedule, signatures
from ketamon.rules.current import current
from ketamon.store.reader import load as load_events
from ketamon.words import said

LAST = Instant(600_000_000_000, START + timedelta(minutes=10))
"""Ten minutes into a session, whose clock was at zero 1,000 s after the machine had started."""
ZERO = 1_000_000_000_000


def now(passed: float, wall_step: float = 0.0) -> tuple[Instant, int]:
    """A fresh clock after `passed` seconds, on a wall clock that was moved; and what the machine's own clock shows."""
    return Instant(0, LAST.wall + timedelta(seconds=passed + wall_step)), ZERO + LAST.monotonic_ns + round(passed * 1e9)


@given(st.floats(0, 1e6), st.floats(-1e9, 1e9), st.booleans())
def test_while_the_machine_runs_on_its_own_clock_tells_the_gap_whatever_the_wall_says(passed, step, broke_off):
    at, zero = now(passed, step)
    found = gap(LAST, Boot("a", ZERO), at, Boot("a", zero), broke_off=broke_off)
    assert found.seconds == pytest.approx(passed, abs=1e-6)
    assert ("broke off" in found.why) is broke_off


@each_row(
    ("before", "boot", "moved", "seconds", "why"),
    [
        (Boot("a", ZERO), Boot("b", 9), 75.0, 75.0, "was started anew"),
        (Boot("a", ZERO), Boot("b", 9), -1.0, None, "the wall clock was moved by about -1 s"),
        (Boot("a", ZERO), Boot("b", 9), LONGEST.total_seconds() + 1, None, "the wall clock was moved by about +7 days"),
        (Boot("a", ZERO), Boot("b", 9), 56 * 365.25 * 86_400, None, "+20454 days"),
        (Boot("a", ZERO), Boot("b", 9), -56 * 365.25 * 86_400, None, "-20454 days"),
        (Boot("a", ZERO), Boot("a", 9), 75.0, None, "own clock went back"),  # a machine that was set back as a whole
        (Boot("", ZERO), Boot("", 9), 75.0, 75.0, "the core broke off"),
        (None, Boot("b", 9), 75.0, 75.0, "the core broke off"),  # a record of an older ketamon
    ],
)
def test_after_a_new_start_of_the_machine_only_the_wall_clock_tells_and_nonsense_is_unknown(
    before, boot, moved, seconds, why
):
    found = gap(LAST, before, Instant(0, LAST.wall + timedelta(seconds=moved)), boot, broke_off=True)
    assert found.seconds == seconds
    assert why in found.why


@each_row(
    ("seconds", "told"),
    [(3, "+3 s"), (-0.5, "-0.5 s"), (90, "+90 s"), (-3600, "-60 min"), (7200, "+2 h"), (-2e9, "-23148.1 days")],
)
def test_a_leap_of_the_clock_is_said_in_a_unit_that_people_grasp(seconds, told):
    assert leap(seconds) == told


def crash(bed: Bedside, gap_s: float | None, *, wall: float = 0.0) -> Bedside:
    """The core dies; another reads the record and goes on after `gap_s` (None: nobody knows how long)."""
    events = [e.Event(v.seq, v.at, decode_body(*encode_body(v.body))) for v in bed.events]
    again = Bedside(mode=bed.chair.mode, state=fold(events), at=bed.now.seconds + (gap_s or 0.0))
    again.devices, again.pump, again.values, again.wall_shift = bed.devices, bed.pump, bed.values, wall
    again.events = events
    again.chair.resume(e.SessionResumed(gap_s=gap_s, software="test", why="the core broke off"), again.now)
    return again.attach()


KEPT = (
    "patient", "screening", "order", "order_check", "staff", "limits_off", "emergency_since", "baseline",
    "observations", "confirmations", "not_done", "rescue", "wasted_ml", "phase", "phase_since", "signatures", "started",
)  # fmt: skip


@pytest.mark.parametrize("gap_s", [2.0, 300.0, None])
def test_nothing_is_asked_twice(gap_s):
    bed = Bedside().infusing().run(30).observe(nausea=1)
    bed.values[Parameter.SPO2] = 80.0
    bed.run(30).ask(i.Acknowledge(by=NURSE))
    bed.ask(i.SwitchLimits(parameter=Parameter.RR, off=True, by=NURSE, why="talks"))
    bed.ask(i.MarkEmergency(by=NURSE, on=True))
    acknowledged = [name for name, a in bed.state.alarms.items() if a.change.state is AlarmState.ACKNOWLEDGED]
    before = {name: getattr(bed.state, name) for name in KEPT}
    again = crash(bed, gap_s)
    assert acknowledged
    assert {name: getattr(again.state, name) for name in KEPT} == before
    again.run(10)
    for name in acknowledged:
        assert again.state.alarms[name].change.state is AlarmState.ACKNOWLEDGED, f"{name} calls again"
    assert not again.bodies(e.PatientCheckedIn)[1:]
    since = again.now.since(again.state.emergency_since)
    assert since == pytest.approx((gap_s or 0.0) + 10)


def test_a_pump_that_ran_on_in_the_gap_gave_its_drug_and_the_clock_says_that_nobody_saw():
    bed = Bedside().infusing().run(60)
    ran, given_ml = bed.state.infusion.seconds(bed.now), bed.state.infusion.given_ml
    bed.pump = replace(bed.pump, volume_infused=round(bed.pump.volume_infused + 54.0 / 3600 * 120, 3))
    again = crash(bed, 120.0).run(5)
    run = again.state.infusion
    assert again.state.phase is Phase.INFUSION
    assert run.given_ml == pytest.approx(given_ml + 54.0 / 3600 * 125, abs=0.02)
    assert run.seconds(again.now) == pytest.approx(ran + 125)
    assert run.unseen_s == 120.0
    assert "3:06 of 40:00 (2:00 unseen), " in course(again.state, again.profile, again.now)
    unknown = crash(again, None)
    assert course(unknown.state, unknown.profile, unknown.now).startswith("at least 3:06 of 40:00, ")


def test_a_pump_that_stopped_in_the_gap_pauses_the_session_and_its_time_stays_unseen():
    bed = Bedside().infusing().run(60)
    bed.pump = replace(bed.pump, state=PumpState.HELD, rate=0.0)
    again = crash(bed, 120.0).run(5)
    assert again.state.phase is Phase.PAUSED
    assert again.state.infusion.unseen_s == 120.0
    paused = crash(again, 60.0)
    assert paused.state.infusion.unseen_s == 120.0, "in a pause no drug runs unseen"


def test_after_an_unknown_gap_nothing_of_before_is_of_a_known_age():
    bed = Bedside().infusing().cuff(121, 76).run(5)
    bed.ask(i.PauseAudio(by=NURSE, on=True))
    again = crash(bed, None)
    for parameter in (Parameter.SPO2, Parameter.NIBP_SYS):
        assert current(again.state, again.profile, parameter, again.now).value is None
    assert again.state.audio_paused_until is None
    assert again.state.infusion.unseen_s is None
    assert crash(again, 5.0).state.infusion.unseen_s is None, "what is unknown stays unknown"


def test_grades_of_an_unknown_age_open_no_gate_and_an_assessment_does_not_count():
    bed = recovered(Bedside())
    bed.ask(i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)).run(2)
    short, unknown = crash(bed, 5.0).cuff(120, 75).run(30), crash(bed, None).cuff(120, 75).run(30)
    assert gate.evaluate(short.state, short.profile, short.now).open
    assert not gate.evaluate(unknown.state, unknown.profile, unknown.now).open
    asked_anew(unknown)
    assert gate.evaluate(unknown.state, unknown.profile, unknown.now).open, "what was looked at anew counts again"
    assert not signatures.counting(unknown.state, unknown.profile, unknown.now)


def asked_anew(bed: Bedside) -> None:
    for c in bed.profile.criterion:
        if c.kind in ("grade", "absent") and c.item:
            bed.ask(i.Observe(item=c.item, grade=c.at_least or 0, by=NURSE))
    bed.cuff(120, 75).run(15 * 60)


def test_the_gap_stands_in_the_log_with_its_length_and_cause():
    bed = crash(Bedside().infusing().run(5), 75.0)
    (resumed,) = [v for v in bed.state.log if isinstance(v.body, e.SessionResumed)]
    assert said(resumed, bed.state, bed.profile)[0] == (
        "resumed after 1:15 in which nothing was seen: the core broke off"
    )
    unknown = crash(bed, None)
    last = [v for v in unknown.state.log if isinstance(v.body, e.SessionResumed)][-1]
    assert said(last, unknown.state, unknown.profile)[0].startswith("resumed after an unknown time")


def test_across_an_unknown_gap_no_step_of_the_clock_is_invented_and_later_ones_are_told():
    again = crash(Bedside().infusing().run(5), None, wall=-86_400.0).run(5)
    assert not again.bodies(e.ClockStepped)
    again.wall_shift += 3600
    again.run(2)
    assert [b.seconds for b in again.bodies(e.ClockStepped)] == [3600.0]


# the whole way, over files


@pytest.fixture
def pump():
    end = PtyEnd(lambda _: b"")
    yield {"pump": Cable(load_driver("alaris-gh"), f"{end.path}#1")}
    end.close()


async def short_session(core, seconds: float = 0.3) -> None:
    """Run a core for a moment; then it is told to stop, as by a signal."""
    task = asyncio.create_task(core.run(None))
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_stopped_session_is_found_and_goes_on_with_its_devices(private, pump, monkeypatch):
    await short_session(launch.live("2", pump, None))
    (found,), reasons = resumable()
    assert not reasons
    assert (found.opened.chair, found.patient, found.broke_off) == ("2", "", False)
    assert resumable("3")[0] == []
    monkeypatch.setattr("ketamon.port.clock._boot_id", lambda: "another")
    core = launch.resume("2", {})
    assert resumable()[0] == [], "what is running is not offered"
    await short_session(core)
    (resumed,) = [v.body for v in load_events(found.path) if isinstance(v.body, e.SessionResumed)]
    assert resumed.why == "the core was stopped, the machine was started anew"
    assert 0 <= resumed.gap_s < 60
    attached = [v.body for v in load_events(found.path) if isinstance(v.body, e.DeviceAttached)]
    assert [(a.port, a.head) for a in attached] == [(pump["pump"].address[:-2], "1")] * 2


async def test_a_wall_clock_set_back_while_the_machine_ran_on_makes_no_gap_of_zero(private, pump, monkeypatch):
    await short_session(launch.live("2", pump, None))
    monkeypatch.setattr("ketamon.port.clock.datetime", Shifted)
    (found,), _ = resumable()
    core = launch.resume("2", {})
    await short_session(core)
    bodies = [v.body for v in load_events(found.path)]
    (resumed,) = [b for b in bodies if isinstance(b, e.SessionResumed)]
    assert 0 < resumed.gap_s < 60
    (step,) = [b for b in bodies if isinstance(b, e.ClockStepped)]
    assert step.seconds == pytest.approx(-3600, abs=1)


class Shifted:
    """A wall clock that was set back by an hour."""

    @staticmethod
    def now(zone):
        from datetime import datetime

        return datetime.now(zone) - timedelta(hours=1)


async def test_a_second_core_on_the_same_session_or_port_is_told_who_has_it(private, pump):
    core = launch.live("2", pump, None)
    try:
        who = rf"process {os.getpid()} \(.*since .*“ketamon"
        with pytest.raises(SourceError, match=rf"{pump['pump'].address[:-2]} is used by {who}"):
            launch.live("3", pump, None)
        with pytest.raises(SourceError, match="chair 2 has no session to go on with"):
            launch.resume("2", {})  # it runs: nothing to go on with
    finally:
        await short_session(core, 0.1)
    claim_ports([pump["pump"].address]).close()


def test_one_port_has_one_name(private, tmp_path):
    (tmp_path / "by-id").symlink_to("/dev/null")
    with claim_ports([str(tmp_path / "by-id"), "tcp://Pump:1"]):
        for same in ("/dev/null", "/dev/null#2", "TCP://pump:1"):
            with pytest.raises(SourceError, match="is used by process"):
                claim_ports([same])
        claim_ports(["/dev/zero", "tcp://pump:2"]).close()
    claim_ports(["/dev/null"]).close()


async def test_a_file_that_cannot_be_read_hides_no_other_one(private, pump):
    await short_session(launch.live("2", pump, None))
    (found,), _ = resumable()
    bad = found.path.with_name("2999-01-01T000000Z-2.ksession")
    bad.write_bytes(found.path.read_bytes()[:5000])
    again, reasons = resumable("2")
    assert [one.path for one in again] == [found.path]
    assert any(str(bad) in reason for reason in reasons)


def test_what_was_due_stays_due():
    bed = Bedside().infusing().run(60)
    before = {d.item for d in schedule.due(bed.state, bed.profile, bed.now)}
    again = crash(bed, 5.0)
    assert {d.item for d in schedule.due(again.state, again.profile, again.now)} == before
