"""How the chair's screen asks the core: after a PIN where it takes one, and "saved" only when it is durable."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual import on
from textual.message import Message

from ketamon import words
from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.actions.keys import key_of
from ketamon.console.actions.undoing import AtOnce
from ketamon.console.screens.pointing import PointedScreen
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.panel import Panel
from ketamon.console.widgets.pin import PinLine
from ketamon.domain.intents import BreakGlass, Intent, SignIn
from ketamon.domain.people import WRONG_PIN, Person

COUNT_EVERY_S = 0.25
"""How often it is looked for how long the last entry can be taken back at once."""


class AskingScreen(PointedScreen):
    """A screen that asks in somebody's name, and says what became of it."""

    def __init__(
        self,
        staff: Person,
        ask: Callable[[Intent, str], Awaitable[str]],
        clock: Callable[[], float],
        actions: Actions = ACTIONS,
    ) -> None:
        super().__init__(actions)
        self._staff, self._ask, self._clock = staff, ask, clock
        self._at_once = AtOnce(clock)
        self.pin = PinLine()

    @dataclass
    class Came(Message):
        """Somebody said who they are, and the core has it."""

        by: Person

    def on_mount(self) -> None:
        """Count the seconds."""
        self.set_interval(COUNT_EVERY_S, self.count_down)

    def send(self, intent: Intent, what: str, panel: Panel | None = None) -> None:
        """Ask the core, after the PIN where it takes one; say "saved" only when it is durable, else why not."""
        if self._view is not None and type(intent) in self._view.pinned:
            self.pin.ask_for(intent, what, panel)
            self.again()
        else:
            self._send(intent, what, panel, "")

    @on(PinLine.Closed)
    def _pin_closed(self) -> None:
        self.again()

    @on(PinLine.Given)
    def _proven(self, message: PinLine.Given) -> None:
        self._send(message.intent, message.what, message.panel, message.pin)

    def _send(self, intent: Intent, what: str, panel: Panel | None, pin: str) -> None:
        self.answer.waiting(what)
        self._at_once.asked(intent)
        self.run_worker(self._answered(intent, what, panel, pin), group="ask")

    async def _answered(self, intent: Intent, what: str, panel: Panel | None, pin: str) -> None:
        after = self._newest
        refused = await self._ask(intent, pin)
        self._at_once.answered(intent, what, self._view, after, refused=bool(refused))
        if refused:
            self.answer.refused(refused)
            if pin and refused.startswith(WRONG_PIN):  # the next try belongs here, never in a plain field
                self.pin.ask_for(intent, what, panel)
                self.again()
                return
        else:
            self.answer.saved(self._view.header.clock if self._view else words.DASHES, what)
            if isinstance(intent, SignIn | BreakGlass):
                self.post_message(self.Came(intent.by))
        self.count_down()
        if panel is not None:
            panel.answered(refused)

    # ---------------------------------------------------------------- taking back at once

    @property
    def _newest(self) -> int:
        """The number of the last event of the log that is known."""
        return self._view.log[0].seq if self._view and self._view.log else 0

    def take_back(self, view: ChairView) -> bool:
        """Take back what was entered last, where that can be done at once; whether there is nothing more to do."""
        if self._at_once.waits:
            self.answer.refused("the last entry is not saved yet; again, please")
            return True
        entry = self._at_once.take(view)
        if entry is not None:
            self.send(entry.back, f"taken back: {entry.what}")
        return entry is not None

    def count_down(self) -> None:
        """Say for how long the last entry can be taken back."""
        for answer in self.query(Answer):  # a screen that is being put away has none any more
            answer.offer(key_of(self._actions, "undo"), self._at_once.offer())
