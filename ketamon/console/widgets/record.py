"""The record of a recording: all that a person reads in it, searched by typing; and going to a time of day."""

from datetime import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.view.desk import LogLine, log_line
from ketamon.console.widgets.line import Line, Lines
from ketamon.console.widgets.log_list import row
from ketamon.console.widgets.panel import Panel


class RecordPanel(Panel):
    """Every entry of the log, the oldest first, also what comes after the cursor. Enter goes to where it was."""

    TITLE = "record"
    ROOMY = True
    KEYS: ClassVar[str] = "type to search  ↑ ↓  enter go there  esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "Up", show=False),
        Binding("down", "choose(1)", "Down", show=False),
        Binding("pageup", "choose(-10)", "Far up", show=False),
        Binding("pagedown", "choose(10)", "Far down", show=False),
    ]

    _entries: tuple[tuple[int, LogLine], ...] = ()
    _found: tuple[tuple[int, LogLine], ...] = ()
    _at = 0

    def compose(self) -> ComposeResult:
        """Hold the search line and what it finds."""
        yield Input(placeholder="a word: nausea, signed, AB, 14:32", compact=True, select_on_focus=False)
        yield Lines(id="entries")
        yield Line(classes="live")

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Search anew, from where the cursor is."""
        if self.player is not None:
            places, state = self.player.entries()
            lines = (log_line(event, state, self.player.profile, self.player.zone) for _, event in places)
            self._entries = tuple(zip((place for place, _ in places), lines, strict=True))
        field = self.query_one(Input)
        field.value = ""
        self.aim(field)
        self.on_input_changed()

    def on_input_changed(self) -> None:
        """Show what is found; the last entry that had happened at the cursor is chosen."""
        query = self.query_one(Input).value.casefold().split()
        self._found = tuple(
            (place, line) for place, line in self._entries if all(word in _text(line) for word in query)
        )
        count = self.player.count if self.player is not None else 0
        self._at = max(0, sum(place <= count for place, _ in self._found) - 1)
        self._again()

    def draw(self, view: ChairView) -> None:  # noqa: ARG002 (others of the family use it)
        """Draw what has happened at the cursor as such."""
        self._again()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._again()

    def action_choose(self, by: int) -> None:
        """Move the pointer."""
        self._at = min(max(self._at + by, 0), max(0, len(self._found) - 1))
        self._again()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to where the chosen entry was; the list stays open."""
        event.stop()
        if self._found:
            place = self._found[self._at][0]
            self.post_message(self.Walk(lambda player: player.to(place)))

    def _again(self) -> None:
        """Draw as many entries as there is room for, the chosen one in the middle."""
        entries = self.query_one(Lines)
        width, height = entries.size.width, entries.size.height
        first = min(max(0, self._at - height // 2), max(0, len(self._found) - height))
        count = self.player.count if self.player is not None else 0
        self.border_title = Content(f"record, {len(self._found)} of {len(self._entries)} entries")
        entries.say(
            [
                Content.assemble(
                    ("›" if n == self._at else "·" if place > count else " ", "bold $pump"), row(line, width - 1)
                )
                for n, (place, line) in enumerate(self._found[first : first + height], first)
            ]
            or [Content.styled("nothing in the record is called so", "$muted")]
        )
        chosen = self._found[self._at][1] if self._found else None
        self.query_one(Line).say(f"{chosen.text}  {chosen.who}" if chosen else "")  # a narrow list cuts it off


def _text(line: LogLine) -> str:
    return f"{line.clock} {line.text} {line.who}".casefold()


class AtPanel(Panel):
    """A time of day, as the clock at the top shows it."""

    TITLE = "to a time"
    KEYS: ClassVar[str] = "enter go there  esc back"

    def compose(self) -> ComposeResult:
        """Hold the field."""
        yield Input(placeholder="14:32, or 14:32:10", compact=True, select_on_focus=False)

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Ask anew."""
        field = self.query_one(Input)
        field.value = ""
        self.aim(field)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there."""
        event.stop()
        try:
            clock: time = t.clock(event.value)
        except t.Mistake as mistake:
            self.post_message(self.Refused(str(mistake)))
            return
        self.post_message(self.Walk(lambda player: player.to_clock(clock)))
        self.post_message(self.Closed())
