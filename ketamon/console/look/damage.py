"""Writes to the terminal only the cells that look different from what stands there.

Textual paints whole lines, and the whole screen whenever the layout changes: a panel that opens takes 30 to 75 kB, six
seconds of a line that carries 10 kB/s. What stands there already need not be sent again.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

NEAR = 8
"""Cells between two changes that are sent along: as many bytes move the cursor."""

Cell = tuple[str, Style | None]
"""What stands in one cell, with what is put on top of it; of a wide sign the second cell holds "" as its text."""
Piece = tuple[int, int, Iterable[Strip]]
"""Where it begins (column, row), and what stands there."""


class Shown:
    """What stands on the terminal, as far as it is known."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Cell]] = {}
        self._whole: dict[int, list[Segment]] = {}

    def forget(self) -> None:
        """Know nothing: the terminal was cleared, resized or used by another program."""
        self._rows.clear()
        self._whole.clear()

    def write(self, console: Console, update: "LayoutUpdate | ChopsUpdate") -> str:
        """Return what makes the terminal show an update, and take it as shown."""
        full = isinstance(update, LayoutUpdate)
        lines = (self._line(console, x, y, strips, full=full) for x, y, strips in _pieces(update))
        return "".join(text for line in lines for text in line)

    def _line(self, console: Console, x: int, y: int, strips: Iterable[Strip], *, full: bool) -> Iterator[str]:
        segments = [segment for strip in strips for segment in strip]
        if full and self._whole.get(y) == segments:
            return
        if full:
            self._whole[y] = segments
        else:
            self._whole.pop(y, None)
        row, cells = self._rows.setdefault(y, {}), list(_cells(segments))
        for begin, end in _spans([row.get(x + i) != cell for i, cell in enumerate(cells)], cells):
            yield Control.move_to(x + begin, y).segment.text
            yield Strip(_segments(cells[begin:end])).render(console)
        row.update(enumerate(cells, x))


class Damage(CompositorUpdate):
    """An update of Textual's, of which only the difference to what is `shown` is written."""

    def __init__(self, shown: Shown, update: LayoutUpdate | ChopsUpdate) -> None:
        self._shown, self._update = shown, update

    def render_segments(self, console: Console) -> str:
        """Return what is written to the terminal."""
        return self._shown.write(console, self._update)


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[Piece]:
    """Cut an update into pieces of lines, as its own `render_segments` does."""
    if isinstance(update, LayoutUpdate):
        yield from ((update.region.x, y, line) for y, line in enumerate(update.strips, update.region.y))
        return
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= x2 and end > x1:
                yield x, y, (strip if x1 <= x < x2 and end <= x2 else strip.crop(0, min(end, x2) - x),)


def _cells(segments: Iterable[Segment]) -> Iterator[Cell]:
    for text, style, _ in segments:
        if text.isascii() or cell_len(text) == len(text) == sum(map(cell_len, text)):
            yield from ((sign, style) for sign in text)
        else:
            yield from _wide(text, style)


def _wide(text: str, style: Style | None) -> Iterator[Cell]:
    """Cut text with signs of two cells and of none, which belong to the one before."""
    held = ""
    for sign in text:
        if held and cell_len(sign):
            yield from _held(held, style)
            held = ""
        held += sign
    if held:
        yield from _held(held, style)


def _held(held: str, style: Style | None) -> Iterator[Cell]:
    yield held, style
    yield from (("", style) for _ in range(cell_len(held) - 1))


def _spans(changed: Sequence[bool], cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Give begin and end of what is to be written, near ones joined, and no wide sign cut in two."""
    begin = end = -1
    for i in (i for i, is_new in enumerate(changed) if is_new):
        if begin >= 0 and i - end >= NEAR:
            yield begin, end
            begin = -1
        while not cells[i][0] and i > 0 and begin < 0:
            i -= 1  # noqa: PLW2901 (to where the wide sign begins)
        begin = i if begin < 0 else begin
        end = i + 1
        while end < len(cells) and not cells[end][0]:
            end += 1
    if begin >= 0:
        yield begin, end


def _segments(cells: Iterable[Cell]) -> Iterator[Segment]:
    for style, same in groupby(cells, lambda cell: cell[1]):
        yield Segment("".join(sign for sign, _ in same), style)
