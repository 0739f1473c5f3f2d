"""What help and the list of commands show, at a chair and without one: both made from a table of actions."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from ketamon.console.actions.keys import Keyed, found, shown
from ketamon.console.actions.keys import written as keys_of
from ketamon.console.widgets.line import Line, link

KEYS_WIDTH = 13
"""Cells for the keys of an action."""


class Commands(Vertical):
    """Find an action by its name; enter chooses the first that is found, a click any. `screen.pick` hears the click."""

    @dataclass
    class Chosen(Message):
        """Somebody chose this action."""

        name: str

    def __init__(self, offered: Callable[[], Iterable[Keyed]]) -> None:
        super().__init__(classes="commands")
        self._offered = offered

    def compose(self) -> ComposeResult:
        """Hold the search line and what it finds."""
        yield Input(placeholder="what do you want to do", compact=True, select_on_focus=False)
        yield Line(classes="found")

    def begin(self) -> None:
        """Search anew."""
        field = self.query_one(Input)
        field.value = ""
        self.screen.set_focus(field)
        self._list()

    def on_input_changed(self) -> None:
        """Show what is found, the best first."""
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Choose the first that is found."""
        event.stop()
        for row in self._found()[:1]:
            self.post_message(self.Chosen(row.name))

    def _list(self) -> None:
        rows = [_row(row, first=n == 0) for n, row in enumerate(self._found())]
        self.query_one(Line).say(Content("\n").join(rows) if rows else "no action is called so")

    def _found(self) -> list[Keyed]:
        return found(self._offered(), self.query_one(Input).value)


def _row(row: Keyed, *, first: bool) -> Content:
    line = Content.assemble(
        ("›" if first else " ", "bold $pump"), (f"{shown(row.keys[0]):<9}", "bold $pump"),
        (f"{row.label:<20}", "bold" if first else ""), (row.help, "$muted"),
    )  # fmt: skip
    return link(line, "pick", row.name)


def written(rows: Collection[Keyed], headings: Iterable[StrEnum], advice: str, width: int) -> Content:
    """Write the whole help, its lines broken so that the keys stand in a column of their own; a click does a line."""
    lines: list[Content] = []
    for where in headings:
        under = [row for row in rows if row.where is where]
        lines += [Content.styled(str(where), "bold $pump"), *(_helped(row, width) for row in under), Content("")]
    return Content("\n").join([*lines, *(Content(line) for line in wrap(advice, width))])


def _helped(row: Keyed, width: int) -> Content:
    first, *rest = wrap(row.help, width - KEYS_WIDTH)
    keys = (f"  {keys_of(row)} ".ljust(KEYS_WIDTH), "bold")
    lines = [Content.assemble(keys, first), *(Content(" " * KEYS_WIDTH + line) for line in rest)]
    return Content("\n").join([link(line, "pick", row.name) for line in lines])
