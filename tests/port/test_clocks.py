"""The clocks: both hands, whole microseconds, and time that passes only when it is told to."""

import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamon.domain.instant import Instant
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
