"""What the chair's screen does with a click and with a jump: both lead to an action of the table, as a key does."""

from collections.abc import Callable

from textual.events import Click, Key
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.actions.keys import named, written
from ketamon.console.actions.pointing import Deed, deed_at
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.jump import Jump, Link
from ketamon.console.widgets.panel import Panel

MEANT_S = 5.0
"""So long the first of two keys is remembered, where one alone does nothing."""

JUMPING = "esc back  a letter goes there"
"""What the key bar says during a jump."""


class PointedScreen(Screen[None]):
    """A screen whose actions are done by key, by click and by jump."""

    answer: Answer

    def __init__(self, actions: Actions = ACTIONS) -> None:
        super().__init__()
        self._actions = actions
        self._view: ChairView | None = None
        self._open: Panel | None = None
        self._meant: tuple[str, Timer] | None = None
        self._jump = Jump(self)

    async def do(self, name: str, what: str = "") -> None:
        """Do an action of the table; `what` is the item, field or entry it is meant for, "" for the usual one."""
        raise NotImplementedError

    def again(self) -> None:
        """Draw the same view once more."""
        raise NotImplementedError

    async def action_go(self, name: str, what: str = "") -> None:
        """Do an action with what was clicked, or jumped to."""
        await self.do(name, what)

    def action_press(self, key: str) -> None:
        """Press a key that stands on the screen."""
        self.app.post_message(Key(named(key), key if len(key) == 1 else None))

    def action_pick(self, what: str) -> None:
        """Choose a line of the panel that is open."""
        if self._open is not None:
            self._open.picked(what)

    def action_read(self, seq: str) -> None:
        """Say a line of the log in full."""
        for line in self._view.log if self._view else ():
            if str(line.seq) == seq:
                self.answer.hint(f"{line.clock}  {line.text}  {line.who}")

    async def on_click(self, event: Click) -> None:
        """Do what the thing is for that was clicked. An alarm takes two clicks: one may only mean the window."""
        deed = deed_at(event.widget, event.screen_offset)
        if deed is None or self._view is None:
            return
        if deed.twice and self._actions[deed.action].possible(self._view):
            meant = "click again: acknowledge all alarms that stand"
            self.twice(deed.action, meant, lambda: self.call_next(self.do, deed.action))
        elif not deed.twice:
            await self.do(deed.action, deed.what)

    def jump(self) -> None:
        """Show the letters; the next key is for them."""
        self._jump.begin()
        self.again()

    async def on_key(self, event: Key) -> None:
        """Go where a letter of the jump leads; esc leaves it."""
        if not self._jump.on:
            return
        event.stop()
        event.prevent_default()
        goal = self._jump.goal(event.character or "")
        if goal is None and event.key != "escape":
            self.answer.refused(f"nothing has the letter “{event.character or event.key}”; esc leaves the jump")
            return
        self._jump.leave()
        if goal is not None:
            await self._go_to(goal)
        self.again()

    async def _go_to(self, goal: Deed | Link | Widget) -> None:
        if isinstance(goal, Widget):
            self.set_focus(goal)
        elif isinstance(goal, Deed):
            await self.do(goal.action, goal.what)
        else:
            await self.app.run_action(("", goal[0].removeprefix("screen."), goal[1]), self)

    def twice(self, name: str, hint: str, deed: Callable[[], object]) -> None:
        """Do what must not happen by accident: it must come twice within a few seconds."""
        meant = self._meant is not None and self._meant[0] == name
        self.forget()
        if meant:
            deed()
            return
        self._meant = name, self.set_timer(MEANT_S, self.forget)
        self.answer.hint(hint)

    def keys_twice(self, name: str, what: str, deed: Callable[[], object]) -> None:
        """Do it when its key comes again."""
        self.twice(name, f"{written(self._actions[name], ' or ')} again: {what}", deed)

    def forget(self) -> None:
        """Forget that something was meant."""
        if self._meant is not None:
            self._meant[1].stop()
            self._meant = None
