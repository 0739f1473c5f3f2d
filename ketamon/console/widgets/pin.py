"""The PIN line: one way to ask for a PIN, whatever asks for it. It opens above the answer line and covers nothing.

What is typed is masked, leaves once and for the one question it was asked for, and is gone when anything else happens.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Panel
from ketamon.console.widgets.pin_field import PinField
from ketamon.domain.intents import Intent
from ketamon.rules.proof import prover

KEYS = "enter prove it  esc give up"


class PinLine(Horizontal):
    """Asks for the PIN that an intent takes, and hands both back together. Esc gives the intent up."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Give up", show=False)]

    whose = getters.query_one("#whose", Line)
    what = getters.query_one("#what", Line)
    field = getters.query_one(PinField)

    @dataclass
    class Given(Message):
        """The PIN was typed; whether it is right, the core says."""

        intent: Intent
        what: str
        panel: Panel | None
        pin: str = field(default="", repr=False)

    class Closed(Message):
        """No PIN is asked for any more."""

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._held: PinLine.Given | None = None
        self._before: Widget | None = None

    def compose(self) -> ComposeResult:
        """Say whose PIN it is, and what for, beside the field."""
        yield Line(id="whose")
        yield PinField()
        yield Line(id="what")

    def ask_for(self, intent: Intent, what: str, panel: Panel | None) -> None:
        """Ask for the PIN that this takes. The cursor goes back to where it was afterwards."""
        self.give_up()
        self._held, self._before = self.Given(intent, what, panel), self.screen.focused
        self.whose.say(f" PIN of {prover(intent)}  ")
        self.what.say(f"  {what}")
        self.display = True
        self.screen.set_focus(self.field)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        held, pin = self._held, event.value
        if held is not None and pin:
            self._put_away()
            self.post_message(self.Given(held.intent, held.what, held.panel, pin))

    def on_descendant_blur(self) -> None:
        """Somebody turned to something else: nothing of a PIN stays behind."""
        self.give_up()

    def give_up(self) -> None:
        """Forget the PIN and what it was for; a panel that waits hears that nothing was asked."""
        held = self._held
        self._put_away()
        if held is not None and held.panel is not None:
            held.panel.answered("no PIN was given")

    def action_give_up(self) -> None:
        """Give up by key."""
        self.give_up()

    def _put_away(self) -> None:
        if self._held is None:
            return
        self._held, self.field.value = None, ""
        if self.field.has_focus or self.screen.focused is None:
            self.screen.set_focus(self._before)
        self.display = False
        self.post_message(self.Closed())
