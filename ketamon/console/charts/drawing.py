"""Trend charts as text: pure functions from buckets to rows.

A half column of dots stands for one bucket and is drawn from its smallest to its greatest value, so nothing is averaged
away: one second at 84 % stays a dot at 84 % however long the chart is. Where a bucket has no value the line stops, and
the lowest row says so; it is never joined across. The range is fixed: what lies outside is shown at the edge with an
arrow.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from ketamon.console.charts.buckets import Bucket
from ketamon.console.look.glyphs import Glyphs
from ketamon.console.look.rows import Canvas, Row
from ketamon.domain.devices import Priority
from ketamon.domain.series import Point

LINE, LIMIT, SHADE, GAP, MARK, LETTER, AXIS, LABEL = "ltsgmeaL"
"""The roles of the cells of a chart."""
BAND, CURSOR = "bc"
"""Their grounds."""
_COVERED = frozenset({" ", LIMIT, SHADE, MARK})
"""What the cursor covers; values, gaps and the letters of marks it never does."""

GUTTER = 10
"""Cells left of a chart: name or unit, a value, the axis."""
_TOGETHER_S = 2.0
"""Cuff values that come within this time belong to one measurement."""
_TICK_CELLS = 8
"""Cells between two numbers on the time axis, at least."""
_TICK_ROWS = 4
"""Rows from one number beside a chart to the next, at least."""
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
_STEPS_MIN = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480, 1440)


@dataclass(frozen=True, slots=True)
class Cuff:
    """One cuff measurement in mmHg; a number is None where there was none."""

    t: float
    sys: float | None = None
    dia: float | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at `t`: its letter in the picture and its word in the legend. An alarm has a priority.

    `text` says in full what it was.
    """

    t: float
    letter: str
    word: str
    priority: Priority | None = None
    text: str = ""

    @property
    def rank(self) -> int:
        """0 for what is no alarm, else the rank of its priority."""
        return self.priority.rank if self.priority else 0


def cuffs_of(sys: Iterable[Point], dia: Iterable[Point], mean: Iterable[Point]) -> tuple[Cuff, ...]:
    """Put the three numbers of each cuff measurement together again, oldest first."""
    named = [(p.t, name, p.value) for name, s in (("sys", sys), ("dia", dia), ("mean", mean)) for p in s]
    found: list[dict[str, float]] = []
    for t, name, value in sorted(named, key=lambda one: one[0]):
        if value is None:
            continue
        if not found or name in found[-1] or t - found[-1]["t"] > _TOGETHER_S:
            found.append({"t": t})
        found[-1][name] = value
    return tuple(Cuff(**numbers) for numbers in found)


def rows_of(
    columns: Sequence[Bucket | None],
    width: int,
    height: int,
    low: float,
    high: float,
    *,
    glyphs: Glyphs,
    limits: Iterable[float] = (),
    band: tuple[float, float] | None = None,
    cuffs: Iterable[tuple[int, Cuff]] = (),
    marks: Mapping[int, str] | None = None,
    due: Collection[int] = (),
) -> list[Row]:
    """Draw one chart of `width` x `height` cells over the fixed range `low`..`high`.

    `columns` holds one bucket per half column (`width * glyphs.wide`), `due` the half columns where a value was to be
    expected: without one they are a gap. `cuffs` have the half column they stand in, `marks` the column and the letter.
    """
    chart = _Chart(width, height, low, high, glyphs)
    if band is not None:
        chart.band(*band)
    for limit in limits:
        chart.limit(limit)
    chart.gaps(columns, due)
    chart.line(columns)
    for x, cuff in cuffs:
        chart.cuff(x, cuff)
    for column, letter in (marks or {}).items():
        chart.mark(column, letter)
    return chart.rows()


class _Chart:
    """The cells of a chart while it is drawn; what is drawn later covers what was drawn before."""

    def __init__(self, width: int, height: int, low: float, high: float, glyphs: Glyphs) -> None:
        self.width, self.height, self.glyphs = width, height, glyphs
        self.low, self.high = low, high
        self.text = [[" "] * width for _ in range(height)]
        self.role = [[" "] * width for _ in range(height)]
        self.dots = [[0] * width for _ in range(height)]
        self.banded: range = range(0)
        self.arrows: list[tuple[int, int, str]] = []

    def at(self, value: float) -> int:
        """Return the row of dots of a value, 0 at the top; outside of the range it is the nearest one."""
        last = self.height * self.glyphs.high - 1
        return min(max(round((self.high - value) / (self.high - self.low) * last), 0), last)

    def band(self, bottom: float, top: float) -> None:
        """Shade the rows whose middle lies within, or the nearest one."""
        if bottom > self.high or top < self.low:
            return
        step = (self.high - self.low) / self.height
        middles = [self.high - (y + 0.5) * step for y in range(self.height)]
        inside = [y for y, middle in enumerate(middles) if bottom <= middle <= top]
        nearest = self.at((bottom + top) / 2) // self.glyphs.high
        self.banded = range(inside[0], inside[-1] + 1) if inside else range(nearest, nearest + 1)
        for y in self.banded:
            for x in range(self.width):
                self.text[y][x], self.role[y][x] = self.glyphs.band[(x + y) % 2], SHADE

    def mark(self, column: int, letter: str) -> None:
        """Draw the upright line of an event where nothing else stands, its letter (if any) in the highest such cell."""
        sign, role = (letter, LETTER) if letter else (self.glyphs.mark, MARK)
        for y in range(self.height):
            if 0 <= column < self.width and not self.dots[y][column] and self.role[y][column] in {" ", SHADE}:
                self._put(column, y, sign, role)
                sign, role = self.glyphs.mark, MARK

    def limit(self, value: float) -> None:
        """Draw a dotted line at a limit within the range; where signs shade the band there, every other one stays."""
        if not self.low <= value <= self.high:
            return
        y, dot = divmod(self.at(value), self.glyphs.high)
        shaded = y in self.banded and self.glyphs.band.strip()
        for x in range(self.width):
            if not shaded or (x + y) % 2:
                self._put(x, y, self.glyphs.limit[dot], LIMIT)

    def gaps(self, columns: Sequence[Bucket | None], due: Collection[int]) -> None:
        """Mark in the lowest row where there was no value, however short that was."""
        for x in due:
            bucket = columns[x]
            broken = bucket is not None and bucket.gap and x > 0 and columns[x - 1] is not None
            if bucket is None or broken:
                self._put(x // self.glyphs.wide, self.height - 1, self.glyphs.gap, GAP)

    def line(self, columns: Sequence[Bucket | None]) -> None:
        """Draw each bucket from its smallest to its greatest value, joined to its neighbour but never across a gap."""
        before: tuple[int, int] | None = None
        for x, bucket in enumerate(columns):
            if bucket is None:
                before = None
                continue
            top, bottom = span = self.at(bucket.max), self.at(bucket.min)
            if before is not None and not bucket.gap:
                top, bottom = min(top, before[1] + 1), max(bottom, before[0] - 1)
            before = span
            self._upright(x, top, bottom)
            self._clamped(x // self.glyphs.wide, bucket.min, bucket.max)

    def cuff(self, x: int, cuff: Cuff) -> None:
        """Draw a cuff reading as on an anaesthesia chart: an upright from diastolic to systolic, a tick at the mean."""
        values = [value for value in (cuff.sys, cuff.dia, cuff.mean) if value is not None]
        if not values:
            return
        top, bottom = self.at(max(values)), self.at(min(values))
        self._upright(x, top, bottom)
        if self.glyphs.cuff is None:
            for value in values:
                self._dot(x - 1, self.at(value))
                self._dot(x + 1, self.at(value))
        else:
            self._cuff_signs(x // self.glyphs.wide, cuff, self.glyphs.cuff)
        self._clamped(x // self.glyphs.wide, min(values), max(values))

    def rows(self) -> list[Row]:
        """Return what was drawn."""
        for x, y, arrow in self.arrows:
            self.text[y][x], self.role[y][x], self.dots[y][x] = arrow, LINE, 0
        return [self._row(y) for y in range(self.height)]

    def _row(self, y: int) -> Row:
        text, role, cells = self.text[y], self.role[y], self.glyphs.cells
        for x, dots in enumerate(self.dots[y]):
            if dots:
                text[x], role[x] = cells[dots], LINE
        return Row("".join(text), "".join(role), (BAND if y in self.banded else " ") * self.width)

    def _put(self, x: int, y: int, sign: str, role: str) -> None:
        if 0 <= x < self.width:
            self.text[y][x], self.role[y][x] = sign, role

    def _dot(self, x: int, y: int) -> None:
        wide, high = self.glyphs.wide, self.glyphs.high
        if 0 <= x < self.width * wide:
            self.dots[y // high][x // wide] |= self.glyphs.bits[y % high][x % wide]

    def _upright(self, x: int, top: int, bottom: int) -> None:
        for y in range(top, bottom + 1):
            self._dot(x, y)

    def _clamped(self, x: int, least: float, most: float) -> None:
        if not 0 <= x < self.width:
            return
        if most > self.high:
            self.arrows.append((x, 0, self.glyphs.over))
        if least < self.low:
            self.arrows.append((x, self.height - 1, self.glyphs.under))

    def _cuff_signs(self, x: int, cuff: Cuff, signs: str) -> None:
        """Draw with whole signs where dots are too coarse for ticks."""
        if not 0 <= x < self.width:
            return
        for y in range(self.height):
            if self.dots[y][x]:
                self._put(x, y, signs[1], LINE)
                self.dots[y][x] = 0
        for value, sign in ((cuff.mean, signs[2]), (cuff.sys, signs[0]), (cuff.dia, signs[3])):
            if value is not None:
                self._put(x, self.at(value) // self.glyphs.high, sign, LINE)


def pointed(one: Row, column: int, sign: str) -> Row:
    """Return a row with the cursor in a column: its ground, and its sign where nothing of weight stands."""
    covers = one.role[column] in _COVERED
    text = one.text[:column] + (sign if covers else one.text[column]) + one.text[column + 1 :]
    role = one.role[:column] + (LETTER if covers else one.role[column]) + one.role[column + 1 :]
    return Row(text, role, one.ground[:column] + CURSOR + one.ground[column + 1 :])


def gutter_of(
    label: str, unit: str, low: float, high: float, height: int, *, glyphs: Glyphs, limits: Iterable[float] = ()
) -> list[Row]:
    """Draw what stands left of a chart: its name and unit, the ends of its range, its limits where there is room."""
    chart = _Chart(1, height, low, high, glyphs)
    values = {
        chart.at(limit) // glyphs.high: (limit, LIMIT) for limit in sorted(limits, reverse=True) if low <= limit <= high
    }
    values |= {height - 1: (low, AXIS), 0: (high, AXIS)}
    for value in _between(low, high, height):
        y = chart.at(value) // glyphs.high
        if values.keys().isdisjoint(range(y - 1, y + 2)):
            values[y] = value, AXIS
    top, side, tick, bottom = glyphs.axis
    rows = []
    for y in range(height):
        line = Canvas(GUTTER)
        line.put(0, {0: label[:5], 1: unit[:5]}.get(y, ""), LABEL)
        axis = top if y == 0 else bottom if y == height - 1 else side
        if y in values:
            value, role = values[y]
            line.put(GUTTER - 4, f"{value:3.0f}", role)
            axis = tick if 0 < y < height - 1 else axis
        line.put(GUTTER - 1, axis, AXIS)
        rows.append(line.row())
    return rows


def _between(low: float, high: float, height: int) -> list[float]:
    """Return round values between the ends of the range, where a chart is high enough for them."""
    step = next((s for s in _STEPS if (high - low) / s * _TICK_ROWS <= height), high - low)
    return [n * step for n in range(int(low // step) + 1, ceil(high / step))]


def minutes_row(start_s: float, seconds_per_cell: float, width: int) -> Row:
    """Write the minutes of session time under a chart or over a timeline, as many as there is room for."""
    cells_per_minute = 60.0 / seconds_per_cell
    step = next((s for s in _STEPS_MIN if s * cells_per_minute >= _TICK_CELLS), _STEPS_MIN[-1])
    line = Canvas(width)
    minute = -(-start_s // (step * 60)) * step
    while (x := int((minute * 60 - start_s) / seconds_per_cell + 1e-6)) < width:
        text = f"{minute:.0f}"
        at = max(x - len(text) // 2, 0)
        if line.free(at, len(text)):
            line.put(at, text, AXIS)
        minute += step
    if line.free(width - 4, 4):
        line.put(width - 3, "min", AXIS)
    return line.row()


def heights(rows: int, panels: int) -> list[int]:
    """Share rows among stacked panels, at least three each: the last ones give way, the first one gets most.

    The first is the pressure, which ketamine moves: it is worth more to see its slope than a fifth line.
    """
    shown = min(panels, max(rows // 4, min(2, rows // 3)))
    each = max(3, rows * 2 // (2 * shown + 1))
    return [rows - each * (shown - 1)] + [each] * (shown - 1) if shown else []
