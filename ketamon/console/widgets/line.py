"""Text that is drawn anew only when it says something else; and one line that sheds its least wanted parts to fit."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.content import Content
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

EMPTY = Content("")


class Line(Static):
    """A `Static` for text that comes often: the same text costs nothing. Text is never markup.

    Links in it look as the rest does; where they lead is said by their words.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__("", id=id, classes=classes, markup=False)
        self.set_reactive(Line.auto_links, False)
        self._said = EMPTY

    def say(self, content: Content | str) -> None:
        """Show the text; do nothing if it stands there already."""
        content = Content(content) if isinstance(content, str) else content
        if content.is_same(self._said):
            return
        taller = self.styles.auto_dimensions and self._height(content) != self._height(self._said)
        self._said = content
        self.update(content, layout=taller)

    def on_resize(self, event: Resize) -> None:
        """Another width may take another height than the one that was worked out for what stood there before."""
        if self.styles.auto_dimensions and self._height(self._said) > event.size.height:
            self.refresh(layout=True)

    def _height(self, content: Content) -> int:
        """Return how many lines it takes here; long ones are wrapped."""
        if not self.size.width:
            return content.plain.count("\n")
        return content.get_height(self.styles.get_rules(), self.size.width)

    @property
    def said(self) -> str:
        """The plain text as it stands there."""
        return self._said.plain


def link(text: Content | str, action: str, *what: str) -> Content:
    """Make text clickable: a click does an action of the screen. What is a link can also be jumped to."""
    content = Content(text) if isinstance(text, str) else text
    return content.stylize(Style.from_meta({"@click": (f"screen.{action}", what)}))


class Lines(Widget):
    """Several lines of which only those are painted anew that say something else."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self._said: list[Content] = []

    def say(self, lines: list[Content]) -> None:
        """Show the lines, from the top; what is below stays empty."""
        before, self._said = self._said, lines
        for y in range(max(len(before), len(lines))):
            old, new = (said[y] if y < len(said) else EMPTY for said in (before, lines))
            if not new.is_same(old):
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = self._said[y] if y < len(self._said) else EMPTY
        strip = Strip(line.render_segments(self.visual_style))
        return strip.adjust_cell_length(self.size.width, self.rich_style)


def in_columns(cells: list[Content], width: int, height: int, narrowest: int) -> Content:
    """Set cells in columns that are read downwards, no more of them than it takes to fit the height.

    What does not fit even so comes below, page by page.
    """
    height = max(1, height)
    count = min(max(1, width // narrowest), -(-len(cells) // height) or 1)
    page = count * height
    rows = [
        _row(cells[start + y : start + page : height], width // count)
        for start in range(0, len(cells), page)
        for y in range(min(height, len(cells) - start))
    ]
    return Content("\n").join(rows)


def _row(cells: list[Content], room: int) -> Content:
    return Content("").join([cell.truncate(room - 1, ellipsis=True, pad=True).pad_right(1) for cell in cells])


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line with its style; parts of the highest `rank` give way first, those of rank 0 never."""

    text: str
    style: str = ""
    rank: int = 0


def fit(left: Iterable[Part], right: Iterable[Part], width: int, gap: int = 2) -> Content:
    """Set parts to the left and to the right of a line of `width` cells; leave out what does not fit, by rank."""
    lefts, rights = [p for p in left if p.text], [p for p in right if p.text]
    while _cells(lefts, gap) + _cells(rights, gap) + (gap if lefts and rights else 0) > width:
        droppable = [p for p in (*lefts, *rights) if p.rank]
        if not droppable:
            break
        worst = max(droppable, key=lambda p: p.rank)
        lefts, rights = [p for p in lefts if p is not worst], [p for p in rights if p is not worst]
    space = max(1 if rights else 0, width - _cells(lefts, gap) - _cells(rights, gap))
    line = Content.assemble(_joined(lefts, gap), " " * space, _joined(rights, gap))
    return line if line.cell_length <= width else line.truncate(width, ellipsis=True)


def _cells(parts: list[Part], gap: int) -> int:
    return sum(Content(p.text).cell_length for p in parts) + gap * max(0, len(parts) - 1)


def _joined(parts: list[Part], gap: int) -> Content:
    return Content(" " * gap).join([Content.styled(p.text, p.style) for p in parts])
