"""A score over the sessions of a patient as a picture: of each session the first and the last beside each other."""

from collections.abc import Sequence

from ketamon.console.charts import drawing as charts
from ketamon.console.charts.buckets import Bucket
from ketamon.console.look.glyphs import Glyphs
from ketamon.console.look.rows import Row, row
from ketamon.domain.profile import ObservationItem
from ketamon.rules.course import Step

_CELLS = 6
"""Cells of a session: its month and day, and a blank."""


def plot(steps: Sequence[Step], item: ObservationItem, width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Draw a score in `height` rows and one with the days: the newest sessions, as many as `width` cells have room for.

    Rows end where the last session does, so they may be shorter than `width`.
    """
    shown = steps[-max(1, (width - charts.GUTTER) // _CELLS) :]
    blank: list[Bucket | None] = [None] * glyphs.wide
    columns: list[Bucket | None] = []
    for step in shown:
        pair = step.visit.scores.get(item.id, (None, None))
        points = [None if value is None else Bucket(value, value, value, 1) for value in pair]
        drawn = [point for point in points for _ in range(glyphs.wide)]
        columns += blank + drawn + blank * (_CELLS - 3)
    low, high = min(item.values), max(item.values)
    picture = charts.rows_of(columns, len(shown) * _CELLS, height, low, high, glyphs=glyphs)
    gutter = charts.gutter_of(item.label, "", low, high, height, glyphs=glyphs)
    days = " " * charts.GUTTER + " ".join(f"{step.visit.day:%m-%d}" for step in shown)
    return [*(left.beside(right) for left, right in zip(gutter, picture, strict=True)), row(days, charts.AXIS)]
