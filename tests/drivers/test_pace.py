"""The beat of a driver that asks."""

from datetime import UTC, datetime

from ketamon.domain.instant import Instant
from ketamon.wire.pace import Pace

START = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))


def asked(*seconds: float) -> list[float]:
    pace = Pace(1_000_000_000)
    return [s for s in seconds if pace.due(START.plus(s))]


def test_the_first_question_at_once_and_then_one_a_period():
    assert asked(0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.99, 2.0) == [0, 1.0, 2.0]


def test_what_is_a_little_late_keeps_the_beat():
    assert asked(0, 1.4, 1.9, 2.0, 2.9, 3.0) == [0, 1.4, 2.0, 3.0]


def test_after_a_silence_nothing_is_made_up_for():
    assert asked(0, 5.0, 5.25, 5.9, 6.0) == [0, 5.0, 6.0]
