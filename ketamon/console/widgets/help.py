"""Help and the list of commands of a chair, as panels: neither covers numbers or alarms."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from ketamon.console.actions.chair import offered
from ketamon.console.actions.keys import Keyed, wearing
from ketamon.console.actions.row import Where
from ketamon.console.look.themes import ours
from ketamon.console.widgets.commands import KEYS_WIDTH, Commands, written
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Panel

ADVICE = (
    "Dashes stand where a number is not fresh, with the reason. Function keys work while you type. "
    "ketamon is no medical device: the alarms of the monitor and the pump stay on."
)


class HelpPanel(Panel):
    """All actions with their keys, by heading. A click on one does it."""

    TITLE = "help"
    ROOMY = True
    KEYS: ClassVar[str] = "↑ ↓ scroll  esc back"

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="help")

    def on_resize(self) -> None:
        """Write the text for this width."""
        width = max(self.size.width - 1, 2 * KEYS_WIDTH)
        self.query_one(Line).say(written(self.actions.values(), Where, ADVICE, width))

    def picked(self, what: str) -> None:
        """Do what was clicked."""
        self.post_message(self.Do(what))


class PalettePanel(Panel):
    """Find an action by its name, and do it."""

    TITLE = "commands"
    KEYS: ClassVar[str] = "enter do it  esc back  type to search"

    def compose(self) -> ComposeResult:
        """Hold the search."""
        yield Commands(self._offered)

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Search anew."""
        self.query_one(Commands).begin()

    @on(Commands.Chosen)
    def _chosen(self, message: Commands.Chosen) -> None:
        self.picked(message.name)

    def picked(self, what: str) -> None:
        """Do what was clicked."""
        self.post_message(self.Do(what))

    def _offered(self) -> list[Keyed]:
        themes = wearing(ours(self.app.available_themes), Where.SCREEN)
        return [*offered(self.view, self.actions), *themes] if self.view else []
