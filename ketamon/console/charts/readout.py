"""What the cursor of the trend reads out, in words: the time, each value there, its limits, and what happened.

It reads the very buckets that are drawn. Where they are empty it says so; a number beside them never stands in.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ketamon import words
from ketamon.console.charts.buckets import Bucket
from ketamon.console.charts.drawing import LETTER, LIMIT, Cuff
from ketamon.console.charts.trends import HUES, Panel, Running, TrendData
from ketamon.console.look.glyphs import Glyphs
from ketamon.console.look.rows import Canvas, Row
from ketamon.console.widgets.tile import limits_text

NO_VALUE = "no value"
GAP = 3
"""Cells between two things that are said."""
_MORE = 2
"""Cells kept for the sign that there was more."""


class Said(NamedTuple):
    """One thing that is said: `head` in the look of `role`, then `text`, and the limits where there is room for all."""

    head: str
    role: str
    text: str = ""
    limits: str = ""

    def cells(self, *, limits: bool) -> list[tuple[str, str]]:
        """Return the pieces with their roles."""
        pieces = [(self.head, self.role), (self.text, " "), (self.limits if limits else "", LIMIT)]
        return [(text, role) for text, role in pieces if text]


def readout(
    data: TrendData,
    columns: Iterable[tuple[Panel, Sequence[Bucket | None]]],
    start_s: float,
    end_s: float,
    glyphs: Glyphs,
) -> list[Said]:
    """Say what there was from `start_s` until before `end_s`; `columns` are the buckets of each panel of that time."""
    clocks = [words.clock(data.at.plus(t - data.at.seconds), data.zone) for t in (start_s, end_s)]
    said = [Said(glyphs.dash.join(clocks), LETTER, minute(data.running, start_s))]
    for panel, buckets in columns:
        lower, upper = ("" if limit is None else _number(panel, limit) for limit in (panel.lower, panel.upper))
        text = _values(panel, buckets, start_s, end_s, glyphs.dash)
        said.append(Said(panel.label, HUES[panel.hue], text, limits_text(lower, upper, glyphs)))
    happened = dict.fromkeys(mark.text or mark.word for mark in data.marks if start_s <= mark.t < end_s)
    return [*said, *(Said(text, LETTER) for text in happened)]


def minute(running: Running, t: float) -> str:
    """Say how long the infusion had run: its clock stands in pauses."""
    if not running.stretches or t < running.stretches[0][0]:
        return "before the infusion"
    last = running.stretches[-1][1]
    if running.ended and last is not None and t >= last:
        return "after the infusion"
    so_far = sum(min(t, t if end is None else end) - begin for begin, end in running.stretches if begin <= t)
    return f"infusion {'' if running.exact else 'at least '}{words.span(so_far)}"


def _values(panel: Panel, buckets: Sequence[Bucket | None], start_s: float, end_s: float, dash: str) -> str:
    if panel.series is None:
        return ", ".join(_cuff(cuff) for cuff in panel.cuffs if start_s <= cuff.t < end_s) or NO_VALUE
    there = [bucket for bucket in buckets if bucket is not None]
    if not there:
        return NO_VALUE
    low, high = (_number(panel, value) for value in (min(b.min for b in there), max(b.max for b in there)))
    last, both = _number(panel, there[-1].last), low + dash + high
    if panel.between:
        return both
    more = [both] if low != high else []
    more += ["with a gap"] if len(there) < len(buckets) or any(b.gap for b in there) else []
    return f"{last} ({', '.join(more)})" if more else last


def _number(panel: Panel, value: float) -> str:
    return f"{value:.{panel.decimals}f}"


def _cuff(cuff: Cuff) -> str:
    sys, dia = (words.DASHES if value is None else f"{value:.0f}" for value in (cuff.sys, cuff.dia))
    return f"{sys}/{dia}" + (f" ({cuff.mean:.0f})" if cuff.mean is not None else "")


def readout_rows(said: Sequence[Said], width: int, height: int) -> list[Row]:
    """Set what is said in lines, with limits if all fits so. What finds no room is left out, and seen to be.

    No number is ever cut: what is left out is a whole word, or a whole value with its name.
    """
    for limits in (True, False):
        lines, whole = _flow([one.cells(limits=limits) for one in said], width, height)
        if whole:
            break
    return [line.row() for line in lines]


def _flow(said: Sequence[Sequence[tuple[str, str]]], width: int, height: int) -> tuple[list[Canvas], bool]:
    """Write from left to right and line by line; tell whether it all fits."""
    lines, x, y = [Canvas(width) for _ in range(height)], 0, 0
    for n, pieces in enumerate(said):
        length = sum(len(text) for text, _ in pieces) + len(pieces) - 1
        if x and x + length > width and y < height - 1:
            x, y = 0, y + 1
        last = y < height - 1 or n == len(said) - 1
        if x + length > width - (0 if last else _MORE):
            _cut(lines[y], x, pieces, width - _MORE)
            return lines, False
        for text, role in pieces:
            lines[y].put(x, text, role)
            x += len(text) + 1
        x += GAP - 1
    return lines, True


def _cut(line: Canvas, x: int, pieces: Sequence[tuple[str, str]], width: int) -> None:
    """Write the first words of what happened, of a value nothing, and that there was more."""
    (text, role), *more = pieces
    kept = [] if more else text.split()
    while kept and x + len(" ".join(kept)) > width:
        kept.pop()
    line.put(x, " ".join(kept), role)
    line.put(x + len(" ".join(kept)) + 1 if kept else max(x - GAP + 1, 0), "…", role)
