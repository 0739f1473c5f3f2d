"""The clocks: both hands, whole microseconds, and time that passes only when it is told to."""

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketamon.domain.instant import Boot, Instant
from ketamon.port import clock as clocks
from ketamon.port.clock import SteppedClock, SystemClock

WALL = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)


@pytest.fixture(name="quick_switches")
def fixture_quick_switches():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_the_system_clock_goes_on_from_what_had_passed():
    fresh, resumed = SystemClock().now(), SystemClock(elapsed_ns=3_600_000_000_000).now()
    assert 0 <= fresh.seconds < 1
    assert 3600 <= resumed.seconds < 3601


def test_the_system_clock_shows_utc_in_whole_microseconds_and_never_goes_back():
    clock = SystemClock()
    shown = [clock.now() for _ in range(1000)]
    assert all(at.wall.utcoffset() == timedelta(0) for at in shown)
    assert all(at.monotonic_ns % 1000 == 0 for at in shown)
    assert [at.monotonic_ns for at in shown] == sorted(at.monotonic_ns for at in shown)


@given(st.lists(st.floats(0, 3600), max_size=20))
def test_a_stepped_clock_keeps_both_hands_together(steps):
    clock = SteppedClock(WALL)
    for step in steps:
        assert clock.advance(step) == clock.now()
    now = clock.now()
    assert now.seconds == pytest.approx(sum(steps), abs=1e-5)
    assert now.wall - WALL == timedelta(microseconds=now.monotonic_ns // 1000)


def test_a_stepped_clock_starts_where_it_is_told_and_refuses_nonsense():
    clock = SteppedClock(WALL, elapsed_ns=5_000)
    assert clock.now() == Instant(5_000, WALL)
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.advance(-0.1)
    with pytest.raises(ValueError, match="time zone"):
        SteppedClock(WALL.replace(tzinfo=None))


def test_the_wall_clock_steps_alone():
    clock = SteppedClock(WALL)
    clock.advance(10)
    clock.set_wall(WALL - timedelta(hours=1))
    assert clock.now() == Instant(10_000_000_000, WALL - timedelta(hours=1))


@pytest.mark.usefixtures("quick_switches")
def test_a_stepped_clock_loses_no_step_of_any_thread():
    clock = SteppedClock(WALL)
    threads = [threading.Thread(target=lambda: [clock.advance(0.001) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now().monotonic_ns == 2_000_000_000


class Kernel:
    """What the system's clocks show: since it was started, awake, and on the wall."""

    def __init__(self, wall: datetime) -> None:
        self.booted = self.awake = 5_000_000_000
        self.wall = wall

    def run(self, seconds: float) -> None:
        self.awake += round(seconds * 1e9)
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        self.booted += round(seconds * 1e9)
        self.wall += timedelta(seconds=seconds)

    def clock_gettime_ns(self, which: int) -> int:
        return {clocks._CLOCK: self.booted, clocks._AWAKE: self.awake}[which]

    def now(self, zone: object) -> datetime:
        assert zone is UTC
        return self.wall


@pytest.fixture(name="kernel")
def fixture_kernel(monkeypatch):
    """Put a kernel of the test's own under the clock, on a system that can tell sleep from waking."""
    monkeypatch.setattr(clocks, "_CLOCK", 7)
    monkeypatch.setattr(clocks, "_AWAKE", 1)

    def put(wall: datetime) -> Kernel:
        kernel = Kernel(wall)
        monkeypatch.setattr(clocks.time, "clock_gettime_ns", kernel.clock_gettime_ns)
        monkeypatch.setattr(clocks, "datetime", kernel)
        return kernel

    yield put
    monkeypatch.undo()


HAPPENS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.floats(0, 100_000)),
        st.tuples(st.just("sleep"), st.floats(0, 1e6)),
        st.tuples(st.just("set"), st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1))),  # noqa: DTZ001 (as drawn)
    ),
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HAPPENS)
def test_whatever_happens_to_the_wall_clock_durations_are_what_passed_awake_or_asleep(kernel, happens):
    system = kernel(datetime(1970, 1, 1, tzinfo=UTC))  # the battery is dead; a time server comes later
    clock = SystemClock()
    passed = slept = told = 0.0
    for what, how in happens:
        match what:
            case "run":
                system.run(how)
                passed += how
            case "sleep":
                system.sleep(how)
                passed += how
                slept += how
            case "set":
                system.wall = how.replace(tzinfo=UTC)
        told += clock.slept_s()
        at = clock.now()
        assert at.seconds == pytest.approx(passed, abs=1e-4)
        assert at.wall == system.wall
    assert told == pytest.approx(slept, abs=1e-4)


def test_a_clock_tells_which_run_of_the_machine_it_counts_in(kernel, monkeypatch, tmp_path):
    system = kernel(WALL)
    name = tmp_path / "boot_id"
    name.write_text("0b8e\n")
    monkeypatch.setattr(clocks, "_BOOT_ID", name)
    first = SystemClock()
    system.run(100)
    second = SystemClock(elapsed_ns=first.now().monotonic_ns)
    assert first.boot == second.boot == Boot("0b8e", 5_000_000_000)
    name.unlink()
    assert SystemClock().boot == Boot("", 105_000_000_000)
    assert SteppedClock(WALL).boot is None


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has one clock for both")
def test_the_system_under_this_test_did_not_sleep_meanwhile():
    clock = SystemClock()
    assert clock.boot.id
    assert clock.slept_s() < 1.0
