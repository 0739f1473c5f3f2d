"""The last step before the terminal: signs it lacks are written with signs it has, in borders and scroll bars, too."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from ketamon.console.look.glyphs import Glyphs


class Spelling(LineFilter):
    """Writes each sign that the terminal lacks as its stand-in, which is as wide; widgets need not know."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(enabled=bool(glyphs.stand_ins))
        self._stand_ins = glyphs.stand_ins

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """Spell a line."""
        return [Segment(text.translate(self._stand_ins), style, control) for text, style, control in segments]
