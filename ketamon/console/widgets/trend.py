"""The trend chart: stacked panels over one time axis, or one alone, with a cursor that reads out."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.content import Content
from textual.events import MouseDown, MouseMove, MouseScrollDown, MouseScrollUp, MouseUp
from textual.message import Message

from ketamon import words
from ketamon.console.charts.buckets import Grid, grid_of
from ketamon.console.charts.drawing import (
    AXIS,
    BAND,
    CURSOR,
    GAP,
    GUTTER,
    LETTER,
    LIMIT,
    MARK,
    SHADE,
    heights,
    minutes_row,
    pointed,
)
from ketamon.console.charts.readout import readout, readout_rows
from ketamon.console.charts.scope import FOLLOWING, Scope, next_alone, returned, span_words, window, zoomed
from ketamon.console.charts.scope import pointed as pointed_at
from ketamon.console.charts.trends import HUES, Panel, PanelPainter, TrendData
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Row, row
from ketamon.console.widgets.panel import Panel as Aside
from ketamon.console.widgets.picture import Picture

IDLE_S = 120.0
"""After so long without a key or the mouse the trend shows what is now, by itself."""
_TWO_LINES_FROM = 9
"""Rows of the whole from which the read-out has two lines."""


class Trend(Picture):
    """Trends of one session. Feed it with `update`; what a person looks at is its `scope`. `clock` gives seconds."""

    HELP = """\
## Trend

Each column of dots goes from the smallest to the greatest value of its time: the shortest dip stays visible. A line
that stops, with dashes below it, is a time without values. Dotted: alarm limits. Shaded: the expected course. An arrow
at the edge: the value lies outside of the range. A click puts a cursor there that reads out; the wheel changes how long
a stretch is shown.
"""
    DEFAULT_CSS = """
    Trend {
        height: 1fr;
        border: round $muted;
        border-title-color: $foreground;
        border-subtitle-color: $muted;
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

    @dataclass
    class Scoped(Message):
        """Somebody looks at something else; `wanted` tells whether that needs the chart to be seen."""

        wanted: bool

    def __init__(
        self,
        *,
        glyphs: Glyphs = BRAILLE,
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002 (Textual's name)
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, id=id, classes=classes)
        self.scope = FOLLOWING
        self._data: TrendData | None = None
        self._painters: dict[str, PanelPainter] = {}
        self._clock, self._touched = clock, 0.0
        self._dragged = False
        self._written = (Content(""), Content(""))

    def update(self, data: TrendData) -> None:
        """Show other data; where nobody touched the trend for long, as of now."""
        self._data = data
        for panel in data.panels:
            self._painters.setdefault(panel.label, PanelPainter())
        if self.scope.reading and self._clock() - self._touched >= IDLE_S:
            self._turn_to(returned(self.scope))
        else:
            self._draw()

    # ---------------------------------------------------------------- what a person does

    def read_out(self) -> None:
        """Put the cursor at this moment; take it away where there is one."""
        if self.scope.cursor_s is None:
            self.move(0)
        else:
            self._turn_to(replace(self.scope, cursor_s=None))

    def move(self, cells: int) -> None:
        """Move the cursor by columns; the first time it appears at this moment, or at the end of an earlier stretch."""
        if self._data is None:
            return
        now_s, at = self._data.at.seconds, self.scope.cursor_s
        if self.size.width <= GUTTER:  # not seen yet: it will be, and there are no columns so far
            self._turn_to(pointed_at(self.scope, now_s, now_s if at is None else at))
            return
        grid = self._grid(self._data)
        cell_s = grid.width_s * self.glyphs.wide
        if at is None:
            at = min(now_s, grid.start + grid.count * grid.width_s - cell_s)
        cell = grid.index(at) // self.glyphs.wide + cells
        self._turn_to(pointed_at(self.scope, now_s, grid.start + (cell + 0.5) * cell_s))

    def zoom(self, by: int) -> None:
        """Show a longer stretch (1) or a shorter one (-1)."""
        if self._data is not None:
            self._turn_to(zoomed(self.scope, self._data.at.seconds, by))

    def next_alone(self) -> None:
        """Show the next chart alone, after the last one all of them."""
        if self._data is not None:
            self._turn_to(next_alone(self.scope, [panel.label for panel in self._data.panels]))

    def go_back(self) -> None:
        """Take the cursor away, and show what is now; where it does, show all charts."""
        self._turn_to(returned(self.scope) if self.scope.reading else replace(self.scope, alone=""))

    def looks_at(self) -> tuple[Scope, int | None]:
        """Return what a person sees of the scope: the cursor stands in a column, however its time differs."""
        return replace(self.scope, cursor_s=None), None if self._data is None else self._cell(self._data)

    def on_mouse_down(self, event: MouseDown) -> None:
        """Put the cursor where the mouse is; it goes with it while the button is held."""
        offset = event.get_content_offset(self)
        if event.button == 1 and offset is not None and offset.x >= GUTTER:
            self._dragged = True
            self.capture_mouse()
            self._point(offset.x)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Drag the cursor."""
        if self._dragged:
            self._point(event.get_content_offset_capture(self).x)

    def on_mouse_up(self, _event: MouseUp) -> None:
        """Let the cursor stand."""
        self._dragged = False
        self.release_mouse()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look closer."""
        event.stop().prevent_default()
        self.zoom(-1)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look from further away."""
        event.stop().prevent_default()
        self.zoom(1)

    def _point(self, x: int) -> None:
        """Put the cursor into a column of the widget, never beyond its edges."""
        if self._data is not None:
            grid = self._grid(self._data)
            cell = min(max(x - GUTTER, 0), grid.count // self.glyphs.wide - 1)
            t = grid.start + (cell + 0.5) * self.glyphs.wide * grid.width_s
            self._turn_to(pointed_at(self.scope, self._data.at.seconds, t))

    def _turn_to(self, scope: Scope) -> None:
        self.scope, self._touched = scope, self._clock()
        self.post_message(self.Scoped(scope.reading or bool(scope.alone)))
        self._draw()

    # ---------------------------------------------------------------- drawing

    def _draw(self) -> None:
        self.redraw()
        if self._data is not None:
            written = self._title(self._data), Content(self._hint())
            if written != self._written:
                self._written = written
                self.border_title, self.border_subtitle = written

    def picture(self, width: int, height: int) -> list[Row]:
        """Draw as many panels as there is room for, the minutes below, and what the cursor reads out."""
        data = self._data
        if data is None or width <= GUTTER:
            return []
        grid, cell = self._grid(data), self._cell(data)
        lines = 0 if cell is None else 2 if height >= _TWO_LINES_FROM else 1
        rows: list[Row] = []
        panels = self._panels(data)
        for panel, share in zip(panels, heights(height - 1 - lines, len(panels)), strict=False):
            painter = self._painters[panel.label]
            rows += painter.rows(panel, data, grid, share, self.glyphs, letters=not rows)
        if not rows:
            return []
        rows.append(row(" " * GUTTER).beside(minutes_row(grid.start, grid.width_s * self.glyphs.wide, width - GUTTER)))
        if cell is None:
            return rows
        if 0 <= cell < width - GUTTER:
            rows = [pointed(one, GUTTER + cell, self.glyphs.cursor) for one in rows[:-1]] + [
                _arrow(rows[-1], GUTTER + cell, self.glyphs.now)
            ]
        return [*rows, *self._read(data, grid, cell, width, lines)]

    def _read(self, data: TrendData, grid: Grid, cell: int, width: int, lines: int) -> list[Row]:
        """Return the lines that say what the cursor points at, of all parameters, drawn or not; one alone is first."""
        wide, now_s = self.glyphs.wide, data.at.seconds
        first = cell * wide
        panels = sorted(data.panels, key=lambda panel: panel.label != self.scope.alone)
        columns = [(p, self._painters[p.label].columns(p, grid, now_s)[first : first + wide]) for p in panels]
        start_s = grid.start + first * grid.width_s
        return readout_rows(readout(data, columns, start_s, start_s + wide * grid.width_s, self.glyphs), width, lines)

    def _panels(self, data: TrendData) -> tuple[Panel, ...]:
        """Return the charts that are wanted; all where the chosen one is no longer there."""
        return tuple(panel for panel in data.panels if panel.label == self.scope.alone) or data.panels

    def _grid(self, data: TrendData) -> Grid:
        cells = max(self.size.width - GUTTER, 1)
        return grid_of(*window(data.at.seconds, self.scope), cells * self.glyphs.wide)

    def _cell(self, data: TrendData) -> int | None:
        """Return the column of the cursor, counted from the axis; it may have moved out on the left."""
        at = self.scope.cursor_s
        return None if at is None else self._grid(data).index(at) // self.glyphs.wide

    def _title(self, data: TrendData) -> Content:
        now_s, end_s = data.at.seconds, self.scope.end_s
        panels = self._panels(data)
        drawn = panels[: len(heights(self.size.height - 1, len(panels)))]
        pieces = ["trend", span_words(now_s, self.scope), self.scope.alone and f"{self.scope.alone} alone"]
        pieces += [panel.legend for panel in drawn]
        title = Content("  ".join(piece for piece in pieces if piece))
        if end_s is None:
            return title
        until = words.clock(data.at.plus(end_s - now_s), data.zone, seconds=False)
        return Content.assemble(title, "  ", (f" until {until}, not now ", "bold reverse"))

    def _hint(self) -> str:
        return "esc back to now" if self.scope.reading else ""


FAR = 10
"""Columns of a long step of the cursor."""


def _or_say(deed: Callable[[Trend], None], why: str) -> Callable[[Trend], None]:
    """Return the deed that says why where nothing on the chart changes: no key is dead."""

    def done(trend: Trend) -> None:
        before = trend.looks_at()
        deed(trend)
        if trend.looks_at() == before:
            trend.post_message(Aside.Hint(why))

    return done


_BEGINNING, _NOW = "the session begins here", "what is now is here; nothing is later"
DEEDS: dict[str, Callable[[Trend], None]] = {
    "read_out": Trend.read_out,
    "cursor_left": _or_say(lambda trend: trend.move(-1), _BEGINNING),
    "cursor_right": _or_say(lambda trend: trend.move(1), _NOW),
    "cursor_far_left": _or_say(lambda trend: trend.move(-FAR), _BEGINNING),
    "cursor_far_right": _or_say(lambda trend: trend.move(FAR), _NOW),
    "zoom_in": _or_say(lambda trend: trend.zoom(-1), "the trend shows no shorter stretch"),
    "zoom_out": _or_say(lambda trend: trend.zoom(1), "the trend shows all of it already"),
    "one_chart": Trend.next_alone,
    "trend_now": _or_say(Trend.go_back, "the trend shows now already"),
}
"""What each action of the trend does."""


def _arrow(minutes: Row, column: int, sign: str) -> Row:
    """Put the arrow into the minutes, in place of a whole number: what is left of one would be another."""
    word = next((w for w in re.finditer(r"\S+", minutes.text) if w.start() <= column < w.end()), None)
    text = minutes.text if word is None else minutes.text[: word.start()].ljust(word.end()) + minutes.text[word.end() :]
    text = text[:column] + sign + text[column + 1 :]
    return minutes._replace(text=text, role=minutes.role[:column] + LETTER + minutes.role[column + 1 :])
