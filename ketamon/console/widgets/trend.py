"""The trend chart: stacked panels over one time axis, with a cursor that reads out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.reactive import var

from ketamon.console.buckets import Bucket, Bucketed, Grid, grid_of
from ketamon.console.charts import (
    AXIS,
    BAND,
    CURSOR,
    GAP,
    GUTTER,
    LABEL,
    LETTER,
    LIMIT,
    LINE,
    MARK,
    SHADE,
    Cuff,
    Mark,
    gutter_of,
    heights,
    minutes_row,
    rows_of,
)
from ketamon.console.glyphs import BRAILLE, Glyphs
from ketamon.console.rows import Row, row
from ketamon.console.widgets.picture import Picture
from ketamon.domain.series import Series
from ketamon.words import span

HUES = {"spo2": "S", "pulse": "P", "nibp": "N", "resp": "R", "co2": "C", "pump": "M"}
"""The hues a panel can have, by the name of their theme variable, and the letter of their cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One chart of the stack: a series as a line, or cuff readings as uprights, over the fixed range `low`..`high`.

    `interval_s` is how often a value normally comes; a chart that is zoomed in draws no gap between two such values.
    `band` is the expected course, lowest and highest. `legend` stands above the charts where the label says too little.
    """

    label: str
    unit: str
    hue: str
    low: float
    high: float
    series: Series | None = None
    cuffs: tuple[Cuff, ...] = ()
    interval_s: float = 1.0
    limits: tuple[float, ...] = ()
    band: tuple[float, float] | None = None
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrendData:
    """What the chart shows: session time in seconds from `start_s` to `end_s`, and the moment `now_s`.

    The panels stand in the order of their weight: where height is short the last ones are left out.
    """

    start_s: float
    end_s: float
    now_s: float
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()


class PanelPainter:
    """Draws one panel, and again only when it would look different."""

    def __init__(self) -> None:
        self._bucketed = Bucketed()
        self._key: object = None
        self._rows: list[Row] = []

    def rows(
        self, panel: Panel, data: TrendData, size: tuple[int, int], glyphs: Glyphs, cursor: int | None, *, letters: bool
    ) -> list[Row]:
        """Return the rows of the panel with its gutter; `size` is width and height of the chart alone.

        `letters` says whether the marks have their letters here: one panel of the stack is enough.
        """
        width, height = size
        grid = grid_of(data.start_s, data.end_s, width * glyphs.wide)
        columns, due = self._columns(panel, grid, data.now_s)
        looks = [(b.min, b.max, b.gap) if b else None for b in columns]
        cuffs = [(x, cuff) for cuff in panel.cuffs if -1 <= (x := grid.index(cuff.t)) <= grid.count]
        gravest_last = sorted(data.marks, key=lambda mark: mark.rank)
        marks = {grid.index(mark.t) // glyphs.wide: mark.letter if letters else "" for mark in gravest_last}
        frame = (panel.label, panel.unit, panel.hue, panel.low, panel.high, panel.limits, panel.band)
        key = (size, glyphs.name, cursor, frame, looks, due, cuffs, marks)
        if key != self._key:
            self._key = key
            chart = rows_of(
                columns, width, height, panel.low, panel.high, glyphs=glyphs,
                limits=panel.limits, band=panel.band, cuffs=cuffs, marks=marks, due=due, cursor=cursor,
            )  # fmt: skip
            gutter = gutter_of(
                panel.label, panel.unit, panel.low, panel.high, height, glyphs=glyphs, limits=panel.limits
            )
            self._rows = [_in_hue(left.beside(right), panel.hue) for left, right in zip(gutter, chart, strict=True)]
        return self._rows

    def _columns(self, panel: Panel, grid: Grid, now_s: float) -> tuple[list[Bucket | None], Sequence[int]]:
        """Return a bucket for each half column, and those half columns where there should have been a value."""
        first = next(iter(panel.series), None) if panel.series is not None else None
        if panel.series is None or first is None:
            return [None] * grid.count, ()
        # Two values that come in their normal rhythm must not fall into buckets with an empty one between.
        width = max(grid.width_s, 2 * panel.interval_s)
        if width == grid.width_s:
            return self._bucketed.over(panel.series, grid), _due(grid, first.t, now_s)
        wide = Grid(floor(grid.start / width), width, ceil(grid.count * grid.width_s / width) + 1)
        buckets, due = self._bucketed.over(panel.series, wide), _due(wide, first.t, now_s)
        places = [wide.index(grid.start + (x + 0.5) * grid.width_s) for x in range(grid.count)]
        return [buckets[i] for i in places], [x for x, i in enumerate(places) if i in due]


def _due(grid: Grid, first_s: float, now_s: float) -> range:
    """Return the buckets that are over, since there were values at all."""
    return range(max(grid.index(first_s), 0), min(grid.index(now_s), grid.count))


def _in_hue(one: Row, hue: str) -> Row:
    return one._replace(role=one.role.translate({ord(LINE): HUES[hue], ord(LABEL): HUES[hue]}))


def readout(data: TrendData, start_s: float, end_s: float, glyphs: Glyphs = BRAILLE) -> str:
    """Say what each panel shows between two moments; a cuff value is the last one before, with its time."""
    return "   ".join([span(start_s), *(_said(panel, start_s, end_s, glyphs.dash) for panel in data.panels)])


def _said(panel: Panel, start_s: float, end_s: float, dash: str) -> str:
    if panel.cuffs:
        cuff = next((cuff for cuff in reversed(panel.cuffs) if cuff.t <= end_s), None)
        if cuff is None:
            return f"{panel.label} --"
        sys, dia = (f"{value:.0f}" if value is not None else "--" for value in (cuff.sys, cuff.dia))
        mean = f" ({cuff.mean:.0f})" if cuff.mean is not None else ""
        return f"{panel.label} {sys}/{dia}{mean} at {span(cuff.t)}"
    points = panel.series.between(start_s, end_s) if panel.series is not None else ()
    values = [point.value for point in points if point.value is not None]
    if not values:
        return f"{panel.label} --"
    low, high = f"{min(values):.0f}", f"{max(values):.0f}"
    return f"{panel.label} {low if low == high else low + dash + high}"


class Trend(Picture, can_focus=True):
    """Stacked trends of one session. Feed it with `update`; left and right move the cursor while it has the focus."""

    HELP = """\
## Trend

Each column of dots goes from the smallest to the greatest value of its time: the shortest dip stays visible. A line
that stops, with dashes below it, is a time without values. Dotted: alarm limits. Shaded: the expected course. An arrow
at the edge: the value lies outside of the range. Left and right move a cursor that reads out, escape takes it away.
"""
    DEFAULT_CSS = """
    Trend {
        height: 1fr;
        border: round $muted;
        border-title-color: $foreground;
        border-subtitle-color: $foreground;
        &:focus { border: round $accent; }
        & > .trend--line-spo2 { color: $spo2; }
        & > .trend--line-pulse { color: $pulse; }
        & > .trend--line-nibp { color: $nibp; }
        & > .trend--line-resp { color: $resp; }
        & > .trend--line-co2 { color: $co2; }
        & > .trend--line-pump { color: $pump; }
        & > .trend--limit { color: $limit; }
        & > .trend--band { background: $band; }
        & > .trend--shade { color: $muted; }
        & > .trend--gap { color: $stale; }
        & > .trend--mark { color: $muted; }
        & > .trend--letter { color: $foreground; text-style: bold; }
        & > .trend--axis { color: $muted; }
        & > .trend--cursor { background: $cursor; }
    }
    """
    LOOKS: ClassVar[dict[str, str]] = {
        **{letter: f"trend--line-{hue}" for hue, letter in HUES.items()},
        LIMIT: "trend--limit",
        SHADE: "trend--shade",
        GAP: "trend--gap",
        MARK: "trend--mark",
        LETTER: "trend--letter",
        AXIS: "trend--axis",
        BAND: "trend--band",
        CURSOR: "trend--cursor",
    }
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOKS.values())
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, action, words, tooltip=tooltip, show=False)
        for key, action, words, tooltip in (
            ("left", "move(-1)", "Earlier", "Move the cursor to the left"),
            ("right", "move(1)", "Later", "Move the cursor to the right"),
            ("shift+left", "move(-10)", "Much earlier", "Move the cursor ten columns to the left"),
            ("shift+right", "move(10)", "Much later", "Move the cursor ten columns to the right"),
            ("home", "move(-10000)", "Begin", "Move the cursor to the first column"),
            ("end", "move(10000)", "End", "Move the cursor to the last column"),
            ("escape", "clear", "No cursor", "Take the cursor away"),
        )
    ]

    cursor_s: var[float | None] = var(None)
    """Session time the cursor stands at, or None."""

    def __init__(self, *, glyphs: Glyphs = BRAILLE, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(glyphs=glyphs, id=id, classes=classes)
        self._data = TrendData(start_s=0.0, end_s=1.0, now_s=0.0, panels=())
        self._painters: list[PanelPainter] = []
        self._written = ("", "")

    def update(self, data: TrendData) -> None:
        """Show other data."""
        self._data = data
        while len(self._painters) < len(data.panels):
            self._painters.append(PanelPainter())
        self.redraw()
        self._say()

    def picture(self, width: int, height: int) -> list[Row]:
        """Draw as many panels as there is room for, and the minutes below."""
        chart, data = width - GUTTER, self._data
        if chart < 1:
            return []
        cursor = self._cell()
        rows: list[Row] = []
        shares = heights(height - 1, len(data.panels))
        for painter, panel, share in zip(self._painters, data.panels, shares, strict=False):
            rows += painter.rows(panel, data, (chart, share), self.glyphs, cursor, letters=not rows)
        fine = self._grid()
        minutes = minutes_row(fine.start, fine.width_s * self.glyphs.wide, chart)
        if cursor is not None:
            minutes = _pointed(minutes, cursor, self.glyphs.now)
        return [*rows, row(" " * GUTTER).beside(minutes)] if rows else []

    def watch_cursor_s(self) -> None:
        """Show the cursor where it stands now."""
        self.redraw()
        self._say()

    def action_move(self, cells: int) -> None:
        """Move the cursor; the first time it appears at this moment."""
        grid = self._grid()
        at = self._cell()
        if at is None:
            at, cells = grid.index(self._data.now_s) // self.glyphs.wide, max(min(cells, 0), -1)
        self._point_at(at + cells)

    def action_clear(self) -> None:
        """Take the cursor away."""
        self.cursor_s = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's signature)
        """Leave escape to others while there is no cursor."""
        return action != "clear" or self.cursor_s is not None

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.x >= GUTTER:
            self._point_at(offset.x - GUTTER)

    def _point_at(self, cell: int) -> None:
        cells = self.size.width - GUTTER
        if cells > 0:
            grid = self._grid()
            cell = min(max(cell, 0), cells - 1)
            self.cursor_s = grid.start + (cell + 0.5) * self.glyphs.wide * grid.width_s

    def _grid(self) -> Grid:
        return grid_of(self._data.start_s, self._data.end_s, max(self.size.width - GUTTER, 1) * self.glyphs.wide)

    def _cell(self) -> int | None:
        """Return the column of the cursor, counted from the axis; it may have moved out on the left."""
        return None if self.cursor_s is None else self._grid().index(self.cursor_s) // self.glyphs.wide

    def _say(self) -> None:
        """Write the read-out into the border, if it changed."""
        said = ""
        cell = self._cell()
        if cell is not None:
            grid = self._grid()
            length = grid.width_s * self.glyphs.wide
            said = readout(self._data, grid.start + cell * length, grid.start + (cell + 1) * length, self.glyphs)
        panels = self._data.panels
        drawn = panels[: len(heights(self.size.height - 1, len(panels)))]
        minutes = f"{ceil((self._data.end_s - self._data.start_s) / 60)} min"
        title = "  ".join(["trend", minutes, *(panel.legend for panel in drawn if panel.legend)])
        if (said, title) != self._written:
            self._written = said, title
            self.border_title, self.border_subtitle = Content(title), Content(said)


def _pointed(minutes: Row, cell: int, sign: str) -> Row:
    if not 0 <= cell < len(minutes.text):
        return minutes
    text = minutes.text[:cell] + sign + minutes.text[cell + 1 :]
    return minutes._replace(text=text, role=minutes.role[:cell] + LETTER + minutes.role[cell + 1 :])
