"""A vital sign as a tile: the number large, its limits, its age, and in words and shape whatever is wrong with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.renderables.digits import Digits

from ketamon.console.charts.buckets import Columns, grid_of
from ketamon.console.charts.drawing import GAP, LINE, rows_of
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Canvas, Row
from ketamon.console.widgets.picture import Picture
from ketamon.domain.devices import Priority
from ketamon.domain.series import Series

NO_VALUE = "- -"
"""What stands in place of a number that cannot be relied on."""
VALUE, LIMITS, STATUS, DETAIL, OFF = "vLsdo"
STARS = {Priority.HIGH: "***", Priority.MEDIUM: "**", Priority.LOW: "*"}
"""The signs of alarm priority, so that it does not hang on colour."""
_BORDER_CELLS = 6
"""Cells of a border line that Textual keeps from a title: corners, one line and one blank at each side."""
_USUAL_VALUE, _USUAL_STATUS = "100", "no data 10 s"
"""Room is kept for these beside the number and the status."""
_NUMBER_UNIT = re.compile(r"(\d) ([a-z])")
_BIG_FROM = 4
"""Lines from which a tile has big digits."""
SPARK_S = 900.0
"""How far back the small trend goes."""
SPARK_TURN_S = 5.0
"""How often it moves on where no value comes, so that silence is seen."""
_SPARK_FROM, _SPARK_WIDTH, _SPARK_LINE = 6, 12, 3
"""Lines and cells from which a tile has a small trend, and its line, below large digits."""
_OFF = "lim off"
"""The shortest way to say that limits are off; the narrowest tile holds it."""
_SLASH = ("  \u2571", " \u2571 ", "\u2571  ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """The small trend of a tile over the range `low`..`high`, up to `now_s` of session time; beyond it are arrows.

    It changes with `seq`, the last event of the series, and with `now_s`, which goes in turns of `SPARK_TURN_S`.
    """

    series: Series = field(compare=False, repr=False)
    seq: int
    now_s: float
    low: float
    high: float
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TileData:
    """What a tile shows. `value_ok` False: there is no value to rely on, and `status` says why or since when.

    `text` is the number as text ("97", "138/104"); without a reliable value it tells only whether there ever was one.
    `low` and `high` are the alarm limits as text, "" for none; `off` says that they are off ("limits off"), and stands
    whatever has to give way for it; `detail` are further short lines, the weightiest first.
    `source` is the device the number comes from, where that is not plain; it stands in the lower border.
    """

    label: str
    unit: str
    text: str
    status: str
    value_ok: bool
    low: str = ""
    high: str = ""
    off: str = ""
    detail: tuple[str, ...] = ()
    source: str = ""
    alarm: Priority | None = None
    questionable: bool = False
    simulated: bool = False
    spark: Spark | None = None


def spark_row(spark: Spark, columns: Columns, width: int, glyphs: Glyphs) -> Row:
    """Draw the last quarter of an hour in one line, as the trend does: lowest to highest value, dashes where none came.

    `columns` holds the buckets of this tile from one time to the next.
    """
    grid = grid_of(spark.now_s - SPARK_S, spark.now_s, width * glyphs.wide)
    buckets, due = columns.over(spark.series, grid, spark.interval_s, spark.now_s)
    return rows_of(buckets, width, 1, spark.low, spark.high, glyphs=glyphs, due=due)[0]


def tile_rows(data: TileData, width: int, height: int, glyphs: Glyphs, spark: Row | None = None) -> list[Row]:
    """Draw the inside of a tile: the number at the top right, the small trend below, the status at the bottom right.

    Big digits are drawn from four lines on, where they fit. Limits and details stand at the left, from the bottom line
    up, each in the first line with room for it; what finds none is left out, the last detail first. Lines that have
    room for it whatever the number and the age are come first, so that nothing jumps.
    """
    lines = [Canvas(width) for _ in range(height)]
    number = f"{data.text}{'?' if data.questionable else ''}" if data.value_ok and data.text else NO_VALUE
    pieces, usual = [number], len(_USUAL_VALUE)
    if height >= _BIG_FROM and len((big := big_digits(number, glyphs))[0]) <= width:
        pieces, usual = big, len(big_digits(_USUAL_VALUE, glyphs)[0])
    taken, kept = [0] * height, [0] * height
    for y, piece in enumerate(pieces):
        lines[y].put(width - len(piece), piece, VALUE)
        taken[y], kept[y] = len(piece) + 1, usual + 1
    if spark is not None and has_spark(width, height):
        lines[_SPARK_LINE].text, lines[_SPARK_LINE].role = [*spark.text], [*spark.role]
        taken[_SPARK_LINE] = kept[_SPARK_LINE] = width
    if height > 1:
        status = shortened(data.status, width)
        lines[-1].put(width - len(status), status, STATUS)
        taken[-1], kept[-1] = len(status) + 1, len(_USUAL_STATUS) + 1
    else:
        lines[0].put(0, shortened(data.status, max(width - taken[0], 0)), STATUS)
        taken[0] = width
    room = [width - one for one in taken]
    items = [(off_text(data.off, max(room)), OFF), (limits_text(data.low, data.high, glyphs), LIMITS)]
    items += [(text, DETAIL) for text in data.detail]
    steady = [width - max(one, other) for one, other in zip(taken, kept, strict=True)]
    _put_left(lines, items, steady, room)
    return [line.row() for line in lines]


def has_spark(width: int, height: int) -> bool:
    """Tell whether a tile of this size has room for a small trend."""
    return width >= _SPARK_WIDTH and height >= _SPARK_FROM


def _put_left(lines: Sequence[Canvas], items: Sequence[tuple[str, str]], steady: list[int], room: list[int]) -> None:
    """Write each item into the lowest line that has steady room for it, else into the lowest that has room now."""
    for text, role in items:
        fits = [y for space in (steady, room) for y in reversed(range(len(lines))) if len(text) <= space[y]]
        if text and fits:
            lines[fits[0]].put(0, text, role)
            steady[fits[0]] = room[fits[0]] = 0


def limits_text(low: str, high: str, glyphs: Glyphs) -> str:
    """Write alarm limits as the range that raises none."""
    if low and high:
        return low + glyphs.dash + high
    return glyphs.at_least + low if low else glyphs.at_most + high if high else ""


def off_text(off: str, room: int) -> str:
    """Shorten "SYS limits off" to what there is room for; it never becomes nothing."""
    if not off:
        return ""
    short = off.replace("limits", "lim")
    return next((text for text in (off, short) if len(text) <= room), _OFF)


def heading(data: TileData, width: int) -> tuple[str, str]:
    """Return the words of the upper and the lower border, for that many cells each.

    All above where it fits, without the unit if need be. Else the name stands alone: it is never cut for a sign. What
    has to stand below gives way to nothing; where nothing has to, the source does.
    """
    stars, demo = STARS[data.alarm] if data.alarm else "", "DEMO" if data.simulated else ""
    for unit in (data.unit, ""):
        title = " ".join(filter(None, (stars, demo, data.label, unit)))
        if len(title) <= width:
            return title, shortened(data.source, width)
    signs = f"{stars} {demo}".strip()
    name = f"{data.label} {data.unit}".strip()
    return name if len(name) <= width else data.label, signs if len(signs) <= width else stars or demo


def shortened(text: str, width: int) -> str:
    """Shorten words to a width by what matters least: the last clause, the blank before a unit, the last words.

    A number never loses its unit or digits.
    """
    clause = text.partition(",")[0]
    tries = [text, clause, _NUMBER_UNIT.sub(r"\1\2", clause)]
    words = tries[-1].split()
    tries += [" ".join(words[:n]) for n in range(len(words) - 1, 0, -1)]
    return next((short for short in tries if len(short) <= width), "")


def big_digits(text: str, glyphs: Glyphs) -> list[str]:
    """Write a number in three lines, or in one where the terminal has no signs for it."""
    font = glyphs.digits
    if font is None:
        return _textual_digits(text)
    if any(sign not in font for sign in text):
        return [text]
    return [" ".join(font[sign][line] for sign in text) for line in range(3)]


def _textual_digits(text: str) -> list[str]:
    """Write with the digits of Textual's own widget, and a slash of our own, which they lack."""
    lines = ["", "", ""]
    for i, part in enumerate(text.split("/")):
        segments = [piece for piece in Digits(part).render(Style(bold=True)) if isinstance(piece, Segment)]
        drawn = "".join(segment.text for segment in segments).split("\n")
        lines = [line + (slash if i else "") + piece for line, slash, piece in zip(lines, _SLASH, drawn, strict=False)]
    return lines


UNSTYLED = frozenset({"-fresh", "-simulated"})
"""States of a tile that look like any other: the words say them."""


class Tile(Picture):
    """One vital sign. Feed it with `update`; its state is a class, and how that looks stands in the style sheet.

    `classes` can name the hue of the number (`-spo2`, `-pulse`, `-nibp`, `-resp`, `-co2`) and `-compact`.
    """

    HELP = """\
## A vital sign

The number as the monitor gave it, its alarm limits, how old it is, and the last 15 minutes where there is room. Dashes:
there is no value to rely on, and the words at the bottom say why. A question mark: the monitor itself doubts it. Stars
in the border: it is in alarm, three for the highest priority.
"""
    DEFAULT_CSS = """
    Tile {
        height: 6;
        border: round $muted;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $foreground;
        border-subtitle-style: bold;
        padding: 0 1;
        &.-compact { height: 4; padding: 0; }
        & > .tile--value { color: $foreground; text-style: bold; }
        &.-spo2 > .tile--value { color: $spo2; }
        &.-pulse > .tile--value { color: $pulse; }
        &.-nibp > .tile--value { color: $nibp; }
        &.-resp > .tile--value { color: $resp; }
        &.-co2 > .tile--value { color: $co2; }
        & > .tile--limits { color: $limit; }
        & > .tile--off { color: $foreground; text-style: bold reverse; }
        & > .tile--status { color: $muted; }
        & > .tile--detail { color: $foreground; }
        & > .tile--gap { color: $stale; }
        &.-stale, &.-missing { border: dashed $stale; }
        &.-stale > .tile--value, &.-missing > .tile--value { color: $stale; }
        &.-stale > .tile--status, &.-missing > .tile--status { color: $foreground; text-style: bold; }
        &.-questionable > .tile--status { color: $foreground; text-style: bold; }
        &.-alarm-high {
            border: heavy $alarm-high;
            border-title-color: $alarm-high;
            border-subtitle-color: $alarm-high;
        }
        &.-alarm-high > .tile--value { color: $alarm-high; }
        &.-alarm-medium {
            border: heavy $alarm-medium;
            border-title-color: $alarm-medium;
            border-subtitle-color: $alarm-medium;
        }
        &.-alarm-medium > .tile--value { color: $alarm-medium; }
        &.-alarm-low {
            border: heavy $alarm-low;
            border-title-color: $alarm-low;
            border-subtitle-color: $alarm-low;
        }
        &.-alarm-low > .tile--value { color: $alarm-low; }
    }
    """
    LOOKS: ClassVar[dict[str, str]] = {
        VALUE: "tile--value", LIMITS: "tile--limits", STATUS: "tile--status", DETAIL: "tile--detail",
        OFF: "tile--off", LINE: "tile--value", GAP: "tile--gap",
    }  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOKS.values())

    def __init__(self, *, glyphs: Glyphs = BRAILLE, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(glyphs=glyphs, id=id, classes=classes)
        self._shown: TileData | None = None
        self._columns = Columns()
        self._written = ("", "")

    def update(self, data: TileData) -> None:
        """Show other data."""
        if data == self._shown:
            return
        self._shown = data
        self._head()
        worn = self.classes - UNSTYLED
        self.update_classes(_states(data), update=False)
        if self.classes - UNSTYLED != worn:
            self.update_node_styles()
        self.redraw()

    def on_resize(self) -> None:
        """Fit the words in the border to the width."""
        self._head()

    def _head(self) -> None:
        words = heading(self._shown, self.outer_size.width - _BORDER_CELLS) if self._shown is not None else ("", "")
        if words != self._written:
            self._written = words
            self.border_title, self.border_subtitle = map(Content, words)

    def picture(self, width: int, height: int) -> list[Row]:
        """Draw the tile."""
        data = self._shown
        if data is None:
            return []
        drawn = data.spark if has_spark(width, height) else None
        spark = spark_row(drawn, self._columns, width, self.glyphs) if drawn else None
        return tile_rows(data, width, height, self.glyphs, spark)


def _states(data: TileData) -> dict[str, bool]:
    return {
        "-fresh": data.value_ok,
        "-stale": not data.value_ok and data.text != "",
        "-missing": not data.value_ok and data.text == "",
        **{f"-alarm-{priority}": data.alarm is priority for priority in Priority},
        "-questionable": data.questionable,
        "-simulated": data.simulated,
    }
