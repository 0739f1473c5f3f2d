"""Help and the list of commands where no core is followed: they stand in place of the list."""

from collections.abc import Callable, Collection, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from ketamon.console.actions.front import ADVICE, Deed, Where
from ketamon.console.actions.keys import Keyed
from ketamon.console.widgets.commands import KEYS_WIDTH, Commands, written
from ketamon.console.widgets.line import Line


class FrontHelp(VerticalScroll):
    """All deeds of a screen with their keys, by heading. A click on one does it."""

    KEYS: ClassVar[str] = "↑ ↓ scroll  esc back"

    def __init__(self, deeds: Collection[Deed]) -> None:
        super().__init__(classes="sheet")
        self.border_title = "help"
        self._deeds = deeds

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="help")

    def on_mount(self) -> None:
        """Take the keys that scroll."""
        self.screen.set_focus(self)

    def on_resize(self) -> None:
        """Write the text for this width."""
        headings = [where for where in Where if any(deed.where is where for deed in self._deeds)]
        width = max(self.size.width - 2, 2 * KEYS_WIDTH)
        self.query_one(Line).say(written(self._deeds, headings, ADVICE, width))


class FrontCommands(VerticalScroll):
    """Find a deed by its name, and do it."""

    KEYS: ClassVar[str] = "enter do it  esc back  type to search"

    def __init__(self, offered: Callable[[], Iterable[Keyed]]) -> None:
        super().__init__(classes="sheet", can_focus=False)
        self.border_title = "commands"
        self._offered = offered

    def compose(self) -> ComposeResult:
        """Hold the search."""
        yield Commands(self._offered)

    def on_mount(self) -> None:
        """Begin to search."""
        self.query_one(Commands).begin()
