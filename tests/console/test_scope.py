"""What a person looks at in the trend: which stretch is shown, how it goes with the cursor, and the way back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.console.charts.scope import (
    ALL_S,
    FOLLOWING,
    LENGTHS_S,
    STEPS_S,
    Scope,
    next_alone,
    pointed,
    returned,
    span_words,
    window,
    zoomed,
)

MIN = 60.0

WINDOWS = {
    "the shortest that holds the session": (10, None, (0, 15)),
    "one longer": (20, None, (0, 30)),
    "a long session moves through the longest": (91, None, (10, 100)),
    "and on in steps": (105, None, (20, 110)),
    "a chosen length goes with the time": (22, 15, (7.5, 22.5)),
    "by its own steps": (23, 15, (10, 25)),
    "longer than the session": (10, 60, (0, 60)),
    "all of a short session": (10, ALL_S / MIN, (0, 15)),
    "all of a long one": (125, ALL_S / MIN, (0, 150)),
}


@pytest.mark.parametrize(("now", "length", "expected"), WINDOWS.values(), ids=WINDOWS)
def test_what_is_shown_while_the_trend_goes_with_the_time(now, length, expected):
    scope = Scope(length_s=None if length is None else length * MIN)
    assert window(now * MIN, scope) == tuple(minute * MIN for minute in expected)


@given(st.floats(0, 6 * 3600), st.sampled_from([None, *LENGTHS_S]))
def test_the_trend_always_holds_the_present_and_moves_in_steps(now, length):
    start, end = window(now, Scope(length_s=length))
    assert start <= now <= end
    assert start % STEPS_S.get(end - start, 600.0) == 0


def test_zoom_goes_through_the_lengths_and_stays_at_their_ends():
    shown, scope = [], FOLLOWING
    for by in (1, 1, 1, 1, -1, -1, -1, -1, -1, -1):
        scope = zoomed(scope, 20 * MIN, by)
        shown.append(span_words(20 * MIN, scope))
    assert shown == [
        "60 min", "90 min", "all, 30 min", "all, 30 min", "90 min", "60 min", "30 min", "15 min", "15 min", "15 min",
    ]  # fmt: skip


def test_the_cursor_takes_the_trend_back_in_time_and_forward_to_now():
    scope = pointed(Scope(length_s=15 * MIN), 60 * MIN, 46 * MIN)
    assert scope.end_s is None
    assert window(60 * MIN, scope) == (45 * MIN, 60 * MIN)
    scope = pointed(scope, 60 * MIN, 44 * MIN)
    assert window(60 * MIN, scope) == (40 * MIN, 55 * MIN)
    assert scope.end_s == 55 * MIN
    scope = pointed(scope, 60 * MIN, 55.1 * MIN)
    assert scope.end_s is None, "from there on the present is in sight"


def test_the_cursor_stays_between_the_begin_of_the_session_and_now():
    scope = Scope(length_s=15 * MIN)
    assert pointed(scope, 60 * MIN, -5.0).cursor_s == 0.0
    assert window(60 * MIN, pointed(scope, 60 * MIN, -5.0)) == (0.0, 15 * MIN)
    assert pointed(scope, 60 * MIN, 99 * MIN).cursor_s == 60 * MIN


def test_what_the_cursor_points_at_stays_in_sight_when_zooming():
    scope = replace(FOLLOWING, cursor_s=20 * MIN)
    shown = zoomed(zoomed(scope, 50 * MIN, -1), 50 * MIN, -1)
    start, end = window(50 * MIN, shown)
    assert (end - start, shown.end_s) == (15 * MIN, 27.5 * MIN)
    assert start < 20 * MIN < end
    assert zoomed(zoomed(zoomed(zoomed(shown, 50 * MIN, 1), 50 * MIN, 1), 50 * MIN, 1), 50 * MIN, 1).end_s is None


@settings(max_examples=150)
@given(
    st.floats(0, 4 * 3600),
    st.lists(st.one_of(st.floats(-1e3, 2e4), st.sampled_from([1, -1])), max_size=8),
    st.sampled_from([None, *LENGTHS_S]),
)
def test_whatever_is_done_the_cursor_is_in_sight_and_the_trend_within_the_session(now, deeds, length):
    scope = Scope(length_s=length)
    for deed in deeds:
        scope = zoomed(scope, now, deed) if isinstance(deed, int) else pointed(scope, now, deed)
        start, end = window(now, scope)
        assert start >= 0
        assert scope.cursor_s is None or start <= scope.cursor_s <= end
        assert (scope.end_s is None) == (end >= window(now, replace(scope, end_s=None))[1])


def test_the_way_back_keeps_what_was_chosen():
    scope = Scope(length_s=15 * MIN, end_s=30 * MIN, cursor_s=20 * MIN, alone="SpO2")
    assert scope.reading
    assert returned(scope) == Scope(length_s=15 * MIN, alone="SpO2")
    assert not returned(scope).reading


def test_one_chart_after_the_other_and_then_all():
    scope, shown = FOLLOWING, []
    for _ in range(3):
        scope = next_alone(scope, ["NIBP", "SpO2"])
        shown.append(scope.alone)
    assert shown == ["NIBP", "SpO2", ""]
    assert next_alone(Scope(alone="gone"), ["NIBP"]).alone == "NIBP"
