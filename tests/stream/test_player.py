"""Pacing, with a clock that only waits when it is asked to."""

from datetime import UTC, datetime, timedelta

import pytest

from ketamon.domain.instant import Instant
from ketamon.errors import UsageError
from ketamon.stream.player import Player
from ketamon.stream.record import Kind, Record

WALL = datetime(2026, 11, 21, 8, tzinfo=UTC)


class FakeClock:
    def __init__(self):
        self.ns = 7_000_000_000
        self.waits = []

    def now(self):
        return Instant(self.ns, WALL + timedelta(microseconds=self.ns // 1000))

    def wait(self, seconds):
        assert 0 <= seconds <= 0.1
        self.waits.append(seconds)
        self.ns += round(seconds * 1e9)

    @property
    def t(self):
        return round(self.ns / 1e9 - 7, 6)


def note(t):
    return Record(t, "", Kind.NOTE, f"at {t}", 0)


def times(records):
    return [record.t for record in records]


TIMES = (10.0, 10.000203, 10.5, 12.0, 20.0)


@pytest.fixture(name="clock")
def fixture_clock():
    return FakeClock()


@pytest.mark.parametrize("speed", [0.5, 1, 3, 60])
def test_each_record_comes_at_its_time(clock, speed):
    player = Player(map(note, TIMES), clock, speed=speed)
    for record in player:
        due = (record.t - TIMES[0]) / speed
        assert clock.t == pytest.approx(due, abs=2e-6)
    assert player.finished
    assert clock.t == pytest.approx(10 / speed, abs=2e-6)


def test_the_speed_may_change_on_the_way(clock):
    player = Player(map(note, TIMES), clock)
    came = {}
    for record in player:
        came[record.t] = clock.t
        if record.t == 12.0:
            player.speed = 8
    assert came[12.0] == pytest.approx(2.0)
    assert came[20.0] == pytest.approx(3.0, abs=1e-5)
    assert player.speed == 8


def test_due_gives_what_is_due_and_never_waits(clock):
    player = Player(map(note, TIMES), clock, speed=2)
    assert times(player.due()) == [10.0]
    clock.ns += 250_000_000
    assert player.position == pytest.approx(10.5)
    assert times(player.due()) == [10.000203, 10.5]
    assert times(player.due()) == []
    clock.ns += 10_000_000_000
    assert times(player.due()) == [12.0, 20.0]
    assert player.finished
    assert not clock.waits


def test_pause_stands_still_and_resume_goes_on_from_there(clock):
    player = Player(map(note, TIMES), clock)
    assert times(player.due()) == [10.0]
    clock.ns += 1_000_000_000
    player.pause()
    assert player.speed == 0
    clock.ns += 60_000_000_000
    assert player.position == pytest.approx(11.0)
    assert times(player.due()) == [10.000203, 10.5]
    player.resume()
    assert player.speed == 1
    clock.ns += 999_000_000
    assert times(player.due()) == []
    clock.ns += 1_000_000
    assert times(player.due()) == [12.0]


def test_a_pause_in_the_middle_of_what_is_due_does_not_jump_ahead(clock):
    player = Player(map(note, TIMES), clock)
    records = iter(player)
    next(records)
    player.pause()
    player.step()
    clock.ns += 60_000_000_000
    assert player.position == pytest.approx(10.000203)
    assert times(player.due()) == []


def test_step_gives_the_next_and_moves_to_its_time(clock):
    player = Player(map(note, TIMES), clock)
    player.pause()
    assert times(iter(player.step, None)) == list(TIMES)
    assert player.position == 20.0
    assert player.step() is None


def test_while_paused_iterating_waits_in_slices(clock):
    player = Player(map(note, TIMES), clock)
    records = iter(player)
    next(records)
    player.pause()

    def go_on_after(seconds, wait=clock.wait):
        wait(seconds)
        if clock.t >= 5:
            player.resume()

    clock.wait = go_on_after
    assert next(records).t == 10.000203
    assert clock.t == pytest.approx(5.0, abs=0.2)


def test_speed_zero_halts_and_a_speed_starts_again(clock):
    player = Player(map(note, TIMES), clock, speed=0)
    assert times(player.due()) == [10.0]
    clock.ns += 60_000_000_000
    assert times(player.due()) == []
    player.speed = 1
    clock.ns += 500_000_000
    assert times(player.due()) == [10.000203, 10.5]


def test_time_that_runs_backwards_in_a_file_does_not_stop_it(clock):
    assert times(Player(map(note, (5.0, 6.0, 2.0, 7.0)), clock)) == [5.0, 6.0, 2.0, 7.0]
    assert clock.t == pytest.approx(2.0, abs=1e-5)


def test_nothing_to_play_is_finished(clock):
    assert list(Player([], clock)) == []
    assert not clock.waits


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf")])
def test_a_speed_that_makes_no_sense_is_refused(clock, speed):
    with pytest.raises(UsageError, match="makes no sense"):
        Player([], clock, speed=speed)
    player = Player([], clock)
    with pytest.raises(UsageError, match="makes no sense"):
        player.speed = speed


def test_a_new_speed_ends_a_pause(clock):
    player = Player(map(note, TIMES), clock)
    player.pause()
    player.speed = 2
    clock.ns += 250_000_000
    assert times(player.due()) == [10.0, 10.000203, 10.5]
