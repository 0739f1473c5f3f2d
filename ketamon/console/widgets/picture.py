"""A widget whose content is rows of text made by a pure function; it repaints only the cells that changed."""

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Row, changed, row


class Picture(Widget):
    """Draws what `picture` returns. `LOOKS` names the component class of each role and ground letter."""

    LOOKS: ClassVar[dict[str, str]] = {}

    def __init__(self, *, glyphs: Glyphs = BRAILLE, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self.glyphs = glyphs
        self._drawn: list[Row] = []
        self._drawn_size = Size(0, 0)
        self._looks: dict[tuple[str, str], Style] = {}

    def picture(self, width: int, height: int) -> list[Row]:
        """Return the rows of the content, each `width` long; rows that are missing are blank."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw anew, and have those cells repainted that differ."""
        if self.size != self._drawn_size:
            self.refresh()
            return
        before, self._drawn = self._drawn, self._fresh()
        for y, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
            if (span := changed(old, new)) is not None:
                self.refresh(Region(span[0], y, span[1] - span[0] + 1, 1))

    def render_line(self, y: int) -> Strip:
        """Turn one row into a strip."""
        if self.size != self._drawn_size:
            self._drawn_size, self._drawn = self.size, self._fresh()
        if y >= len(self._drawn):
            return Strip.blank(self.size.width, self.rich_style)
        segments = [Segment(text, self._look(role, ground)) for text, role, ground in self._drawn[y].runs()]
        return Strip(segments, self.size.width)

    def notify_style_update(self) -> None:
        """Forget the colours when the theme changes."""
        super().notify_style_update()
        self._looks.clear()

    def _fresh(self) -> list[Row]:
        width, height = self.size
        rows = self.picture(width, height)[:height] if width and height else []
        return rows + [row(" " * width)] * (height - len(rows))

    def _look(self, role: str, ground: str) -> Style:
        key = role, ground
        style = self._looks.get(key)
        if style is None:
            style = self.rich_style
            for letter in (role, ground):
                if letter in self.LOOKS:
                    style += self.get_component_rich_style(self.LOOKS[letter], partial=True)
            self._looks[key] = style
        return style
