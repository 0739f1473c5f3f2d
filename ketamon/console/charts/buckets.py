"""A series in buckets of equal width, pinned to absolute session time.

Bucket number i holds the values with i * width <= t < (i + 1) * width, whatever part of the session is on the screen.
So a chart that moves on does not flicker, and only the newest bucket changes when a value comes.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isnan

from ketamon.domain.series import Series


@dataclass(frozen=True, slots=True)
class Bucket:
    """Smallest, greatest and last of `n` values. `gap`: there was no value for a time just before or within."""

    min: float
    max: float
    last: float
    n: int
    gap: bool = False

    def and_then(self, later: "Bucket") -> "Bucket":
        """Return both as one."""
        low, high = min(self.min, later.min), max(self.max, later.max)
        return Bucket(low, high, later.last, self.n + later.n, self.gap or later.gap)

    def plus(self, value: float, gap: bool) -> "Bucket":
        """Return the bucket with one value more."""
        low, high = min(self.min, value), max(self.max, value)
        return Bucket(low, high, value, self.n + 1, self.gap or gap)


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` buckets of `width_s` seconds, the first with the number `first`."""

    first: int
    width_s: float
    count: int

    @property
    def start(self) -> float:
        """Session time in seconds where the first bucket begins."""
        return self.first * self.width_s

    def index(self, t: float) -> int:
        """Return the place of the bucket that holds `t`, counted from the first; it may lie outside."""
        return floor(t / self.width_s) - self.first


def grid_of(start_s: float, end_s: float, count: int) -> Grid:
    """Lay `count` buckets over the time from `start_s` to `end_s`; the last one holds the moment before `end_s`."""
    # Rounded, as a window that moves on with the clock has the same length only up to the last bits of a float.
    width = max(round((end_s - start_s) / count, 6), 1e-6)
    return Grid(ceil(end_s / width - 1e-3) - count, width, count)


def _bucket(values: "array[float]", *, gap: bool) -> tuple[Bucket | None, bool]:
    """Put values into a bucket (nan: none), and tell whether the last one was none, as `gap` does of the one before."""
    if not isnan(sum(values)):
        return Bucket(min(values), max(values), values[-1], len(values), gap), False
    there = [n for n, value in enumerate(values) if not isnan(value)]
    if not there:
        return None, True
    known = [values[n] for n in there]
    broken = gap or len(known) <= there[-1]
    return Bucket(min(known), max(known), known[-1], len(known), broken), there[-1] < len(values) - 1


class Bucketed:
    """The buckets of one growing series: a new point costs one bucket, not a look at the whole history."""

    def __init__(self) -> None:
        self._series: Series | None = None
        self._grid = Grid(0, 0.0, 0)
        self._buckets: dict[int, Bucket] = {}
        self._next_t = 0.0
        self._seq = 0
        self._gap = False

    def over(self, series: Series, grid: Grid) -> list[Bucket | None]:
        """Return the buckets of the grid. A new series, another width or an earlier first bucket begin anew."""
        old = self._grid
        if series is not self._series or grid.width_s != old.width_s or grid.first < old.first:
            self._series, self._buckets, self._gap = series, {}, False
            self._next_t, self._seq = grid.start, -1
        elif grid.first > old.first:
            for number in [number for number in self._buckets if number < grid.first]:
                del self._buckets[number]
        self._grid = grid
        self._take_new(series)
        return [self._buckets.get(i) for i in range(grid.first, grid.first + grid.count)]

    def _take_new(self, series: Series) -> None:
        last, width = series.last, self._grid.width_s
        if last is None or last.seq <= self._seq:
            return
        for number, values in series.runs(self._next_t, self._seq, lambda t: floor(t / width)):
            bucket, self._gap = _bucket(values, gap=self._gap)
            if bucket is not None:
                known = self._buckets.get(number)
                self._buckets[number] = known.and_then(bucket) if known else bucket
        self._next_t, self._seq = last.t, last.seq


class Columns:
    """The columns of one chart: its buckets, and where there should have been one."""

    def __init__(self) -> None:
        self._bucketed = Bucketed()

    def over(
        self, series: Series | None, grid: Grid, interval_s: float, now_s: float
    ) -> tuple[list[Bucket | None], Sequence[int]]:
        """Return the bucket of each column of the grid, and the columns where there was to be a value.

        A value normally comes each `interval_s`: two that do must not stand in columns with an empty one between.
        """
        first = next(iter(series), None) if series is not None else None
        if series is None or first is None:
            return [None] * grid.count, ()
        width = max(grid.width_s, 2 * interval_s)
        if width == grid.width_s:
            return self._bucketed.over(series, grid), _due(grid, first.t, now_s)
        wide = Grid(floor(grid.start / width), width, ceil(grid.count * grid.width_s / width) + 1)
        buckets, due = self._bucketed.over(series, wide), _due(wide, first.t, now_s)
        places = [wide.index(grid.start + (x + 0.5) * grid.width_s) for x in range(grid.count)]
        return [buckets[i] for i in places], [x for x, i in enumerate(places) if i in due]


def _due(grid: Grid, first_s: float, now_s: float) -> range:
    """Return the buckets that are over, since there were values at all."""
    return range(max(grid.index(first_s), 0), min(grid.index(now_s), grid.count))
