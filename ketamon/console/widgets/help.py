"""Help and the list of commands, both made from the table of actions. Neither covers numbers or alarms."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.fuzzy import Matcher
from textual.message import Message
from textual.widgets import Input

from ketamon.console.actions import ACTIONS, Action, Where, offered, shown
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Panel

KEYS_WIDTH = 11


class HelpPanel(Panel):
    """All actions with their keys, by heading."""

    TITLE = "help"
    ROOMY = True
    KEYS: ClassVar[str] = "↑ ↓ scroll  esc back"

    def compose(self) -> ComposeResult:
        """Show the text."""
        text = Line(classes="help")
        text.say(written())
        yield text


class PalettePanel(Panel):
    """Find an action by its name, and do it."""

    TITLE = "commands"
    KEYS: ClassVar[str] = "type to search  enter do it  esc back"

    class Chosen(Message):
        """Do this action."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def compose(self) -> ComposeResult:
        """Hold the search line and what it finds."""
        yield Input(placeholder="what do you want to do", compact=True)
        yield Line(classes="found")

    def opened(self, what: str = "") -> None:
        """Search anew."""
        field = self.query_one(Input)
        field.value = ""
        field.focus()
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
            self.post_message(self.Chosen(found[0].name))

    def _found(self) -> list[Action]:
        return found(offered(self.view), self.query_one(Input).value) if self.view else []


def found(actions: list[Action], query: str) -> list[Action]:
    """Return the actions whose label or help matches, the best first; all of them for an empty query."""
    if not query.strip():
        return [action for action in actions if action.name != "palette"]
    matcher = Matcher(query)
    scored = [(max(2 * matcher.match(a.label), matcher.match(a.help)), a) for a in actions]
    return [a for score, a in sorted(scored, key=lambda pair: -pair[0]) if score > 0]


def _row(action: Action, first: bool) -> Content:
    return Content.assemble(
        ("›" if first else " ", "bold $pump"), (f"{shown(action.keys[0]):<8}", "bold $pump"),
        (f"{action.label:<14}", "bold" if first else ""), (action.help, "$muted"),
    )  # fmt: skip


def written() -> Content:
    """Write the whole help."""
    rows: list[Content] = []
    for where in Where:
        rows += [Content.styled(str(where), "bold $pump")]
        for action in ACTIONS.values():
            if action.where is where:
                keys = " ".join(shown(key) for key in (*action.keys, action.always) if key)
                rows.append(Content.assemble((f"  {keys:<{KEYS_WIDTH}}", "bold"), action.help))
        rows.append(Content(""))
    rows.append(Content("Numbers that are not fresh are dashes, with the reason. Function keys work while you type."))
    return Content("\n").join(rows)
