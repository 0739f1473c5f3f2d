"""A list to choose from: a sentence above it, the rows, and the whole of the chosen row below. It can be searched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from ketamon.console.here import Row
from ketamon.console.widgets.line import Line
from ketamon.plain import plain


class SearchLine(Input):
    """What is searched for; the arrows move in the list meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    def action_move(self, by: int) -> None:
        """Move the highlight of the list."""
        choice = self.parent
        if isinstance(choice, Choice):
            choice.move(by)


class Choice(Vertical):
    """Shows rows. What stands in them is foreign, and shown as letters."""

    intro = getters.query_one("#intro", Line)
    field = getters.query_one(SearchLine)
    options = getters.query_one(OptionList)
    detail = getters.query_one("#detail", Line)

    @dataclass
    class Chosen(Message):
        """Somebody chose this row."""

        choice: "Choice"
        row: Row

    def __init__(self, title: str = "", *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id, classes="choice")
        self.border_title = title
        self.rows: Sequence[Row] = ()
        """All of them, also those that are not found by a search."""
        self._found: list[Row] = []

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Line(id="intro")
        yield SearchLine(placeholder="type a part of what you look for", compact=True, select_on_focus=False)
        yield OptionList(markup=False, compact=True)
        yield Line(id="detail")

    def on_mount(self) -> None:
        """Search only where that is asked for."""
        self.field.display = False

    def show(self, intro: str, rows: Sequence[Row], empty: str = "", *, last: bool = False) -> None:
        """Show rows below `intro`, or `empty` where there is none; the highlight stays, or goes to the last."""
        above = intro if rows else empty or intro
        self.intro.say(plain(above))
        self.intro.display = bool(above)
        self.rows = rows
        self._filter()
        if last and self._found:
            self.options.highlighted = len(self._found) - 1
            self.call_after_refresh(self.options.scroll_to_highlight)  # once it is known how long the list is

    @property
    def row(self) -> Row | None:
        """The highlighted row."""
        at = self.options.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    @property
    def searching(self) -> bool:
        """Whether something is being typed to search for."""
        return bool(self.field.display)

    def aim(self) -> None:
        """Give the list the keys."""
        self.screen.set_focus(self.options)

    def search(self) -> None:
        """Begin to search."""
        self.field.display = True
        self.screen.set_focus(self.field)

    def leave_search(self) -> None:
        """Show everything again; the highlight stays."""
        if self.searching:
            self.field.display = False
            self.field.value = ""
            self.aim()

    def move(self, by: int) -> None:
        """Move the highlight."""
        if self._found:
            self.options.highlighted = ((self.options.highlighted or 0) + by) % len(self._found)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._filter()

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        if self.row is not None:
            self.post_message(self.Chosen(self, self.row))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self, self._found[event.option_index]))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._explain()

    def _filter(self) -> None:
        """List what is searched for: rows with all the words in them."""
        before, words = self.row, self.field.value.casefold().split()
        self._found = [row for row in self.rows if all(word in _searched(row) for word in words)]
        self.options.set_options([Option(_written(row)) for row in self._found])
        if self._found:
            texts = [row.text for row in self._found]
            self.options.highlighted = texts.index(before.text) if before is not None and before.text in texts else 0
        self._explain()

    def _explain(self) -> None:
        nothing = "nothing of that is in the list" if self.rows else ""
        self.detail.say(plain(self.row.detail if self.row is not None else nothing))


def _searched(row: Row) -> str:
    return f"{row.text} {row.detail}".casefold()


def _written(row: Row) -> Content:
    return Content.assemble(("! ", "bold"), plain(row.text)) if row.wrong else Content(plain(row.text))
