"""Clocks that are set, that stand, that change to summer time: no duration hangs on the wall, and each step is told."""

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from random import Random
from zoneinfo import ZoneInfo

import pytest
from chair.bedside import CALM, NURSE, START, Bedside
from chair.test_random_sessions import BEGIN, STEPS, Told, step
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketamon import words
from ketamon.chair import launch
from ketamon.chair.drives import STILL_S, TICK_S, LiveDrive
from ketamon.chair.engine import Chair
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.fold import fold
from ketamon.domain.instant import Boot, Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Mode
from ketamon.errors import Refused
from ketamon.rules.current import current

DEAD_BATTERY = datetime(1970, 1, 1, tzinfo=UTC) - START
TIME_SERVER = -DEAD_BATTERY.total_seconds()

# decisions


def decided(bed: Told, wall) -> list[object]:
    """What a chair says to the inputs of a session on another wall clock; steps are not told here, so all else is."""
    blind = replace(bed.profile, alarm=replace(bed.profile.alarm, clock_step_s=inf))
    said: list[e.Event] = []
    chair = Chair(blind, Mode.REAL, lambda: "head")
    for name, args in bed.inputs:
        if name == "crash":
            said += chair.take()[0]
            chair = Chair(blind, Mode.REAL, lambda: "head", fold(said))
            continue
        try:
            getattr(chair, name)(*(wall(arg) if isinstance(arg, Instant) else arg for arg in args))
        except Refused:
            continue
    return [(v.seq, v.at.monotonic_ns, _timeless(v.body)) for v in said + chair.take()[0]]


def _timeless(body: object) -> object:
    if isinstance(body, e.Observed) and body.at is not None:
        return replace(body, at=body.at.monotonic_ns)
    return body


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(BEGIN)), STEPS, st.integers())
def test_a_wall_clock_gone_mad_changes_no_decision(begin, steps, seed):
    bed = Told(mode=Mode.REAL)
    BEGIN[begin](bed)
    for what, n in steps:
        step(bed, what, n)
    random = Random(seed)  # noqa: S311 (a test that can be repeated)

    def mad(at: Instant) -> Instant:
        return Instant(
            at.monotonic_ns, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(4 * 10**9))
        )

    same = decided(bed, mad) == decided(bed, lambda at: at)
    assert same


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.sampled_from((-TIME_SERVER, 0.0, -86_400.0, -7.0, 5.0, 3600.0)))))
def test_each_step_of_the_wall_clock_is_told_once_and_by_how_much(steps):
    bed, moved = Bedside().open().run(2), []
    for seconds, shift in steps:
        moved += [shift - bed.wall_shift] if shift != bed.wall_shift else []
        bed.wall_shift = shift
        bed.run(seconds)
    assert [b.seconds for b in bed.bodies(e.ClockStepped)] == pytest.approx(moved)
    assert bed.state.at.seconds == pytest.approx(bed.ns / 1e9, abs=1.0)


def test_a_clock_that_is_drawn_along_slowly_is_no_step():
    bed = Bedside().open()
    for _ in range(40):
        bed.wall_shift += 0.125  # a time server corrects half a second in a second
        bed.run(0.25)
    assert not bed.bodies(e.ClockStepped)


@pytest.mark.parametrize("shift", [-TIME_SERVER, 0.0, 1e9])
def test_a_session_that_begins_in_1970_and_jumps_to_now_keeps_all_its_times(shift):
    bed = Bedside()
    bed.wall_shift = shift
    bed.infusing().run(60).observe(nausea=1)
    before = bed.state.infusion.seconds(bed.now)
    bed.wall_shift = 0.0
    bed.run(60)
    assert bed.state.infusion.seconds(bed.now) == pytest.approx(before + 60)
    assert current(bed.state, bed.profile, Parameter.SPO2, bed.now).value == CALM[Parameter.SPO2]
    steps = [words.said(v, bed.state, bed.profile)[0] for v in bed.state.log if isinstance(v.body, e.ClockStepped)]
    told = {
        -TIME_SERVER: ["the clock was moved by +20778.3 days"],
        0.0: [],
        1e9: ["the clock was moved by -11574.1 days"],
    }
    assert steps == told[shift]
    alarms = [a.change.text for a in bed.state.alarms.values() if a.change.alarm == "clock"]
    assert all("days" in text for text in alarms)
    assert fold(bed.events).infusion == bed.state.infusion


# what people read

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), ["01:59:59", "03:00:00"]),
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), ["02:59:59", "02:00:00"]),
        (datetime(2026, 11, 21, 22, 59, 59, tzinfo=UTC), ["23:59:59", "00:00:00"]),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), ["00:59:59", "01:00:00"]),
        (datetime(2099, 12, 31, 22, 59, 59, tzinfo=UTC), ["23:59:59", "00:00:00"]),
    ],
    ids=["to summer time", "back again", "midnight", "1970", "a century"],
)
def test_times_of_day_are_the_clinics_and_durations_are_not(wall, said):
    begun = Instant(5_000_000_000, wall)
    then = begun.plus(1)
    assert [words.clock(at, BERLIN) for at in (begun, then)] == said
    assert then.since(begun) == 1.0


@pytest.fixture
def berlin():
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize("night", [datetime(2026, 3, 29, 0, 55, tzinfo=UTC), datetime(2026, 10, 25, 0, 55, tzinfo=UTC)])
def test_a_session_over_the_night_of_the_change_is_like_any_other(night):
    usual, changed = Bedside().infusing(), Bedside()
    changed.wall_shift = (night - START).total_seconds()
    changed.infusing()
    for bed in (usual, changed):
        bed.run(600).observe(nausea=1)
    assert not changed.bodies(e.ClockStepped)
    same = untimed(changed) == untimed(usual)
    assert same


def untimed(bed: Bedside) -> list[object]:
    """All that was said, but the time of day, and at which byte: a monitor tells its own clock, a byte longer or so."""
    return [
        (v.seq, v.at.monotonic_ns, replace(v.body, offset=0) if isinstance(v.body, e.Measured) else v.body)
        for v in bed.events
    ]


# a machine that sleeps


class Sleepy:
    """A system clock that the test moves; what was slept is told as the real one tells it."""

    boot = Boot("b", 0)

    def __init__(self) -> None:
        self.ns, self.asleep = 0, 0.0

    def now(self) -> Instant:
        return Instant(self.ns, START + timedelta(microseconds=self.ns // 1000))

    def slept_s(self) -> float:
        slept, self.asleep = self.asleep, 0.0
        return slept

    def run(self, seconds: float, *, asleep: bool = False) -> None:
        self.ns += round(seconds * 1e9)
        self.asleep += seconds if asleep else 0.0


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize(
    ("seconds", "asleep", "told"),
    [
        (TICK_S, False, []),
        (STILL_S, True, []),
        (STILL_S + 0.1, False, [(3.1, "the core was held up")]),
        (600.0, True, [(600.0, "the machine slept")]),
    ],
)
def test_a_core_that_stood_still_tells_how_long_nothing_was_seen_and_why(seconds, asleep, told):
    clock = Sleepy()
    drive = LiveDrive(clock, {})
    core = launch.begin("2", Mode.REAL, {}, None, clock, drive, None)
    last = clock.now()
    for pause, sleeps in ((TICK_S, False), (seconds, asleep), (TICK_S, False)):
        clock.run(pause, asleep=sleeps)
        last = drive._tick(core, last)
    drive.close()
    still = [v.body for v in core.engine.state.log if isinstance(v.body, e.StoodStill)]
    assert [(b.gap_s, b.why) for b in still] == told


def test_what_stood_on_the_screen_before_the_machine_slept_is_no_value_after_it():
    bed = Bedside().infusing().cuff(121, 76).run(5)
    ran = bed.state.infusion.seconds(bed.now)
    bed.ns += 120 * 10**9
    bed.chair.stood_still(e.StoodStill(gap_s=120.0, why="the machine slept"), bed.now)
    assert current(bed.state, bed.profile, Parameter.SPO2, bed.now).value is None
    assert current(bed.state, bed.profile, Parameter.NIBP_SYS, bed.now).value == 121.0
    assert bed.state.infusion.unseen_s == 120.0
    assert bed.state.infusion.seconds(bed.now) == pytest.approx(ran + 120)
    bed.run(6)
    assert current(bed.state, bed.profile, Parameter.SPO2, bed.now).value == CALM[Parameter.SPO2]
    assert "the machine slept: 2:00 in which nothing was seen" in [
        words.said(v, bed.state, bed.profile)[0] for v in bed.state.log
    ]
    bed.ask(i.Note(text="still here", by=NURSE))
    same = repr(fold(bed.events)) == repr(bed.state)
    assert same
