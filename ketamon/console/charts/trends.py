"""What a trend shows, as data, and the drawing of one of its charts: once, until it would look different."""

from dataclasses import dataclass
from datetime import tzinfo

from ketamon.console.charts.buckets import Bucket, Columns, Grid
from ketamon.console.charts.drawing import LABEL, LINE, Cuff, Mark, gutter_of, rows_of
from ketamon.console.look.glyphs import Glyphs
from ketamon.console.look.rows import Row
from ketamon.domain.instant import Instant
from ketamon.domain.series import Series

HUES = {"spo2": "S", "pulse": "P", "nibp": "N", "resp": "R", "co2": "C", "pump": "M"}
"""The hues a panel can have, by the name of their theme variable, and the letter of their cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One chart of the stack: a series as a line, or cuff readings as uprights, over the fixed range `low`..`high`.

    `interval_s` is how often a value normally comes; a chart that is zoomed in draws no gap between two such values.
    `lower` and `upper` are the alarm limits, `band` is the expected course, lowest and highest. `legend` stands above
    the charts where the label says too little. `between`: the values of one moment are a lowest and a highest one.
    """

    label: str
    unit: str
    hue: str
    low: float
    high: float
    series: Series | None = None
    cuffs: tuple[Cuff, ...] = ()
    interval_s: float = 1.0
    lower: float | None = None
    upper: float | None = None
    band: tuple[float, float] | None = None
    decimals: int = 0
    legend: str = ""
    between: bool = False

    @property
    def limits(self) -> tuple[float, ...]:
        """The alarm limits that there are."""
        return tuple(limit for limit in (self.lower, self.upper) if limit is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """When the infusion ran, in seconds of session time, oldest first; the last stretch is open while it runs.

    `exact` False: the core was down meanwhile, and for how long is not known.
    """

    stretches: tuple[tuple[float, float | None], ...] = ()
    ended: bool = False
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrendData:
    """Everything that can be shown of a session, as of `at`; `zone` is the local time.

    The panels stand in the order of their weight: where height is short the last ones are left out.
    """

    at: Instant
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()
    running: Running = Running()
    zone: tzinfo | None = None


class PanelPainter:
    """Draws one panel, and again only when it would look different."""

    def __init__(self) -> None:
        self._columns = Columns()
        self._key: object = None
        self._rows: list[Row] = []

    def columns(self, panel: Panel, grid: Grid, now_s: float) -> list[Bucket | None]:
        """Return the buckets that are drawn."""
        return self._columns.over(panel.series, grid, panel.interval_s, now_s)[0]

    def rows(
        self, panel: Panel, data: TrendData, grid: Grid, height: int, glyphs: Glyphs, *, letters: bool
    ) -> list[Row]:
        """Return the rows of the panel with its gutter; `grid` has a bucket for each half column of the chart.

        `letters` says whether the marks have their letters here: one panel of the stack is enough.
        """
        columns, due = self._columns.over(panel.series, grid, panel.interval_s, data.at.seconds)
        looks = [(b.min, b.max, b.gap) if b else None for b in columns]
        cuffs = [(x, cuff) for cuff in panel.cuffs if -1 <= (x := grid.index(cuff.t)) <= grid.count]
        gravest_last = sorted(data.marks, key=lambda mark: mark.rank)
        marks = {grid.index(mark.t) // glyphs.wide: mark.letter if letters else "" for mark in gravest_last}
        frame = (panel.label, panel.unit, panel.hue, panel.low, panel.high, panel.limits, panel.band)
        key = (grid.count, height, glyphs.name, frame, looks, due, cuffs, marks)
        if key != self._key:
            self._key = key
            chart = rows_of(
                columns, grid.count // glyphs.wide, height, panel.low, panel.high, glyphs=glyphs,
                limits=panel.limits, band=panel.band, cuffs=cuffs, marks=marks, due=due,
            )  # fmt: skip
            gutter = gutter_of(
                panel.label, panel.unit, panel.low, panel.high, height, glyphs=glyphs, limits=panel.limits
            )
            self._rows = [_in_hue(left.beside(right), panel.hue) for left, right in zip(gutter, chart, strict=True)]
        return self._rows


def _in_hue(one: Row, hue: str) -> Row:
    return one._replace(role=one.role.translate({ord(LINE): HUES[hue], ord(LABEL): HUES[hue]}))
