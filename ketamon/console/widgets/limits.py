"""Limits off: one key chooses the parameter; off takes a reason, on again takes nothing but the same key."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.widgets import Input

from ketamon.console.view.chair import ChairView
from ketamon.console.view.room import LimitLine
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import SwitchLimits
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Person


class LimitsPanel(Panel):
    """A digit chooses a parameter. What is off says so here, in its tile and in the alarm line."""

    TITLE = "alarm limits"
    KEYS: ClassVar[str] = "1-9 off or on  esc back"

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._off: Parameter | None = None

    def compose(self) -> ComposeResult:
        """Hold the list and the reason."""
        yield Line(classes="menu")
        yield Input(placeholder="why are they off", classes="asked-later", compact=True, select_on_focus=False)

    def opened(self, what: str = "") -> None:
        """Show the list anew; with a parameter named whose limits are on, ask why they are to be off."""
        named = next((line for line in self.view.limits if line.parameter == what), None) if self.view else None
        self._ask_why(named.parameter if named and not named.off else None)

    def draw(self, view: ChairView) -> None:
        """Draw the list."""
        self.query_one(Line).say(drawn(view.limits, self._off, self.size.width - 1))

    @on(Resize)
    def _resized(self) -> None:
        if self.view is not None:
            self.draw(self.view)

    def pressed(self, character: str) -> None:
        """Choose a parameter by its number."""
        lines = self.view.limits if self.view else ()
        line = next((line for n, line in enumerate(lines, 1) if str(n) == character), None)
        if line is None:
            self.post_message(self.Refused(f"no parameter has the number “{character}”"))
        elif line.off:
            self.ask(SwitchLimits(parameter=line.parameter, off=False, by=self.staff), f"{line.label} limits on")
        else:
            self._ask_why(line.parameter)

    @on(Input.Submitted)
    def _why_typed(self, event: Input.Submitted) -> None:
        event.stop()
        why, off = event.value.strip(), self._off
        if not why:
            self.post_message(self.Refused("a reason is asked for"))
        elif off is not None:
            label = next((line.label for line in self.view.limits if line.parameter is off), off) if self.view else off
            self.ask(SwitchLimits(parameter=off, off=True, why=why, by=self.staff), f"{label} limits off: {why}")

    def _ask_why(self, parameter: Parameter | None) -> None:
        self._off = parameter
        why = self.query_one(Input)
        why.display = parameter is not None
        self.aim(why if parameter is not None else self)
        if self.view is not None:
            self.draw(self.view)

    def done(self) -> None:
        """Forget the reason and close."""
        self.query_one(Input).value = ""
        self._ask_why(None)
        super().done()

    def action_back(self) -> None:
        """Go back from the reason to the list, from the list out."""
        if self._off is not None:
            self._ask_why(None)
        else:
            super().action_back()


def drawn(lines: tuple[LimitLine, ...], chosen: Parameter | None, width: int) -> Content:
    """Draw the parameters: number, name, what raises an alarm, or why nothing does."""
    rows = [
        Content.assemble(
            ("›" if line.parameter is chosen else " ", "bold $pump"), link(Content.assemble(
                (f"{number}  ", "bold $pump"), (f"{line.label:<10}", "bold"),
                (f"OFF: {line.off}", "bold reverse") if line.off else line.alarms,
            ), "press", str(number)),
        ).truncate(max(width, 1), ellipsis=True)
        for number, line in enumerate(lines, 1)
    ]  # fmt: skip
    return Content("\n").join(rows) if rows else Content("the profile has no alarm limits")
