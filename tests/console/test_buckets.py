"""Buckets: nothing is lost in them, and the quick way gives what the plain way gives."""

from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.console.charts.buckets import Bucket, Bucketed, Grid, grid_of
from ketamon.domain.series import Point, Series


def points(*values):
    """One point a second from 0."""
    return [Point(float(t), value, t + 1) for t, value in enumerate(values)]


def bucketize(points, start, width_s, count):
    """The plain way: point by point. None where there is no value."""
    buckets, gap = {}, False
    for point in points:
        number = floor(point.t / width_s)
        if point.value is not None:
            known = buckets.get(number)
            buckets[number] = known.plus(point.value, gap) if known else Bucket(*[point.value] * 3, 1, gap)
        gap = point.value is None
    first = round(start / width_s)
    return [buckets.get(i) for i in range(first, first + count)]


CASES = [
    ("nothing", [], [None, None]),
    ("min, max and last", points(5, 3, 9, 4), [Bucket(3, 9, 4, 4), None]),
    ("a dip of one point stays", points(97, 97, 84, 97), [Bucket(84, 97, 97, 4), None]),
    ("an empty bucket is None", points(*[1] * 4, None, None, None, None, 2), [Bucket(1, 1, 1, 4), None]),
    ("a short gap is remembered", points(1, None, 2, 2, 3), [Bucket(1, 2, 2, 3, gap=True), Bucket(3, 3, 3, 1)]),
    ("a gap at the seam", points(1, 1, 1, None, 3), [Bucket(1, 1, 1, 3), Bucket(3, 3, 3, 1, gap=True)]),
    ("only gaps", points(None, None, None, None, None), [None, None]),
]


@pytest.mark.parametrize(("series", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_buckets_keep_what_matters(series, expected):
    assert bucketize(series, 0.0, 4.0, 2) == expected
    made = Series()
    for point in series:
        made.append(point.t, point.value, point.seq)
    assert Bucketed().over(made, Grid(0, 4.0, 2)) == expected


def test_buckets_are_pinned_to_absolute_time():
    series = points(*range(100))
    early, late = bucketize(series, 0.0, 7.0, 12), bucketize(series, 21.0, 7.0, 9)
    assert early[3:] == late


@pytest.mark.parametrize("count", [1, 7, 68, 136, 148, 220, 296, 420])
def test_a_fixed_window_begins_with_the_session(count):
    grid = grid_of(0.0, 5400.0, count)
    assert (grid.first, grid.count) == (0, count)
    assert grid.index(5399.9) == count - 1


@given(st.floats(0, 90_000), st.integers(1, 400))
def test_a_moving_window_keeps_its_width_and_holds_its_end(end, count):
    grid = grid_of(end - 5400.0, end, count)
    assert grid.width_s == grid_of(0.0, 5400.0, count).width_s
    last = grid.start + (count - 1) * grid.width_s
    assert last < end <= last + grid.width_s * 1.002


values = st.one_of(st.none(), st.integers(0, 200))


@settings(max_examples=60)
@given(st.lists(values, max_size=60), st.lists(st.integers(1, 20), max_size=8), st.integers(1, 9), st.integers(0, 5))
def test_the_incremental_way_gives_the_same(course, steps, width, speed):
    """However the points come, and while the window moves on."""
    series, cache, told = Series(), Bucketed(), 0
    for i, step in enumerate([*steps, len(course)]):
        for t in range(told, min(told + step, len(course))):
            series.append(float(t), course[t], t + 1)
        told = min(told + step, len(course))
        grid = Grid(i * speed, float(width), 12)
        plain = bucketize(series.between(0.0, 1e9), grid.start, grid.width_s, grid.count)
        assert [no_gap(b) for b in cache.over(series, grid)] == [no_gap(b) for b in plain]
        assert speed or cache.over(series, grid) == plain


def no_gap(bucket):
    """Without what came before the window: a look that begins there cannot know it."""
    return bucket and (bucket.min, bucket.max, bucket.last, bucket.n)


class Counting(Series):
    """A series that counts how many of its points are read."""

    __slots__ = ("read",)

    def runs(self, start, after, key):
        for number, values in super().runs(start, after, key):
            self.read += len(values)
            yield number, values


def test_a_new_point_costs_one_look_not_the_history():
    series, cache, grid = Counting(), Bucketed(), grid_of(0.0, 5400.0, 280)
    for t in range(5000):
        series.append(float(t), 97.0, t + 1)
    series.read = 0
    cache.over(series, grid)
    assert series.read == 5000
    series.append(5000.0, 96.0, 5001)
    series.read = 0
    assert cache.over(series, grid)[grid.index(5000.0)].min == 96.0
    assert series.read <= 2


def test_another_series_or_an_earlier_window_begins_anew():
    one, other = Series(), Series()
    for t in range(40):
        one.append(float(t), 1.0, t + 1)
        other.append(float(t), 2.0, t + 1)
    cache = Bucketed()
    late, early = Grid(2, 10.0, 2), Grid(0, 10.0, 4)
    assert cache.over(one, late) == bucketize(one, 20.0, 10.0, 2)
    assert cache.over(one, early) == bucketize(one, 0.0, 10.0, 4)
    assert cache.over(other, early) == bucketize(other, 0.0, 10.0, 4)
    assert cache.over(other, Grid(0, 5.0, 8)) == bucketize(other, 0.0, 5.0, 8)
