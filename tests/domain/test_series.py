"""The history of a parameter: gaps stay gaps, and a window sums up what lies in it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.series import Series


def series(*points: tuple[float, float | None]) -> Series:
    found = Series()
    for seq, (t, value) in enumerate(points, 1):
        found.append(t, value, seq)
    return found


def test_points_and_gaps():
    s = series((0, 1.0), (1, None), (2, None), (3, 0.0))
    assert [(p.t, p.value, p.seq) for p in s] == [(0, 1.0, 1), (1, None, 2), (3, 0.0, 4)]
    assert len(s) == 3, "a gap that goes on is one point"
    assert s.last.value == 0.0
    assert Series().last is None


def test_windows():
    s = series((0, 1.0), (1, 2.0), (2, 3.0))
    assert [p.t for p in s.between(0.5, 2)] == [1, 2]
    assert [p.t for p in s.before(2)] == [1, 0]
    assert list(s.before(0)) == []


SUMS = [
    ([(0, 5.0), (1, 3.0), (4, 4.0)], 0, 4, (3.0, 5.0, True)),
    ([(0, 5.0), (1, 3.0), (4.1, 4.0)], 0, 5, (3.0, 5.0, False)),
    ([(0, 5.0), (3.1, 3.0), (4, 4.0)], 1, 4, (3.0, 4.0, True)),
    ([(0, 5.0), (1, None), (4, 4.0)], 0, 4, (4.0, 5.0, False)),
    ([(0, None), (1, 5.0), (2, None)], 0, 9, (5.0, 5.0, True)),
    ([(0, 5.0)], 0, 0, (5.0, 5.0, True)),
    ([(0, None)], 0, 4, None),
    ([(0, 5.0)], 1, 4, None),
    ([], 0, 4, None),
]


@each_row(("points", "start", "end", "expected"), SUMS)
def test_summary_with_gaps_of_three_seconds_at_most(points, start, end, expected):
    assert series(*points).summary(start, end, 3.0) == expected


@given(
    st.lists(st.tuples(st.floats(0.01, 60), st.none() | st.floats(-1e6, 1e6)), max_size=40),
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 60),
)
def test_summary_against_the_slow_way(steps, start, length, longest):
    t, points = 0.0, []
    for step, value in steps:
        t += step
        points.append((t, value))
    inside = [(t, v) for t, v in points if start <= t <= start + length and v is not None]
    found = series(*points).summary(start, start + length, longest)
    if not inside:
        assert found is None
        return
    values = [v for _, v in inside]
    unbroken = all(b <= a + longest for (a, _), (b, _) in pairwise(inside))
    assert found == (min(values), max(values), unbroken)
