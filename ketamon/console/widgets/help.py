"""Help and the list of commands, both made from the table of actions. Neither covers numbers or alarms."""

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input

from ketamon.console.actions.chair import Actions, offered, wearing
from ketamon.console.actions.chair import written as keys_of
from ketamon.console.actions.keys import shown
from ketamon.console.actions.row import Action, Where
from ketamon.console.look.themes import ours
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel

KEYS_WIDTH = 13
"""Cells for the keys of an action."""

ADVICE = (
    "Dashes stand where a number is not fresh, with the reason. Function keys work while you type. "
    "ketamon is no medical device: the alarms of the monitor and the pump stay on."
)


class HelpPanel(Panel):
    """All actions with their keys, by heading."""

    TITLE = "help"
    ROOMY = True
    KEYS: ClassVar[str] = "↑ ↓ scroll  esc back"

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="help")

    def on_resize(self) -> None:
        """Write the text for this width."""
        self.query_one(Line).say(written(self.actions, max(self.size.width - 1, 2 * KEYS_WIDTH)))


class PalettePanel(Panel):
    """Find an action by its name, and do it."""

    TITLE = "commands"
    KEYS: ClassVar[str] = "enter do it  esc back  type to search"

    def compose(self) -> ComposeResult:
        """Hold the search line and what it finds."""
        yield Input(placeholder="what do you want to do", compact=True, select_on_focus=False)
        yield Line(classes="found")

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Search anew."""
        field = self.query_one(Input)
        field.value = ""
        self.aim(field)
        self.on_input_changed()

    def on_input_changed(self) -> None:
        """Show what is found, the best first."""
        rows = [_row(action, n == 0) for n, action in enumerate(self._found())]
        self.query_one(Line).say(Content("\n").join(rows) if rows else "no action is called so")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do the first that is found."""
        event.stop()
        found = self._found()
        if found:
            self.post_message(self.Do(found[0].name))

    def picked(self, what: str) -> None:
        """Do what was clicked."""
        self.post_message(self.Do(what))

    def _found(self) -> list[Action]:
        deeds = [*offered(self.view, self.actions), *wearing(ours(self.app.available_themes))] if self.view else []
        return found(deeds, self.query_one(Input).value)


def found(actions: list[Action], query: str) -> list[Action]:
    """Return the actions whose label or help matches, the best first; all of them for an empty query."""
    if not query.strip():
        return [action for action in actions if action.name != "palette"]
    matcher = Matcher(query)
    scored = [(max(2 * matcher.match(a.label), matcher.match(a.help)), a) for a in actions]
    return [a for score, a in sorted(scored, key=lambda pair: -pair[0]) if score > 0]


def _row(action: Action, first: bool) -> Content:
    row = Content.assemble(
        ("›" if first else " ", "bold $pump"), (f"{shown(action.keys[0]):<8}", "bold $pump"),
        (f"{action.label:<20}", "bold" if first else ""), (action.help, "$muted"),
    )  # fmt: skip
    return link(row, "pick", action.name)


def written(actions: Actions, width: int) -> Content:
    """Write the whole help, its lines broken so that the keys stand in a column of their own."""
    rows: list[Content] = []
    for where in Where:
        rows += [Content.styled(str(where), "bold $pump")]
        for action in actions.values():
            if action.where is where:
                first, *rest = wrap(action.help, width - KEYS_WIDTH)
                rows.append(Content.assemble((f"  {keys_of(action)} ".ljust(KEYS_WIDTH), "bold"), first))
                rows += [Content(" " * KEYS_WIDTH + line) for line in rest]
        rows.append(Content(""))
    rows += [Content(line) for line in wrap(ADVICE, width)]
    return Content("\n").join(rows)
