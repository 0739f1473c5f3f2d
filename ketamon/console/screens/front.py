"""What the screens without a core have in common: keys from the table, answers, help, questions to this computer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from textual import getters, on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from ketamon.console.actions.front import DEEDS, At, Deed, Deeds, Where, at, bar
from ketamon.console.actions.keys import WEAR, Keyed, bindings, key_of, wearing
from ketamon.console.here import Here, Memory
from ketamon.console.look.themes import following, ours
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.choice import Choice
from ketamon.console.widgets.commands import Commands
from ketamon.console.widgets.front_help import FrontCommands, FrontHelp
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.sheet import Sheet
from ketamon.errors import KetamonError
from ketamon.plain import plain

T = TypeVar("T")


def bindings_of(screen: At) -> list[BindingType]:
    """Return the bindings of a screen: those of the table, and the way back."""
    return [*bindings(at(screen)), Binding("escape", "back", "Back", show=False)]


class FrontScreen(Screen[None]):
    """A screen of the start application. `AT` says which deeds of the table are its own, `KEYS` its keys besides.

    `table` is the table with the keys that count here.
    """

    @dataclass
    class Run(Message):
        """Leave for a command; for none of them, leave."""

        args: tuple[str, ...]

    class SignOut(Message):
        """Forget who signed in."""

    AUTO_FOCUS = ""
    AT: ClassVar[At]
    KEYS: ClassVar[str] = "esc back"

    answer = getters.query_one(Answer)
    key_bar = getters.query_one(KeyBar)

    def __init__(self, here: Here, memory: Memory, table: Deeds = DEEDS) -> None:
        super().__init__()
        self.here, self.memory, self.table = here, memory, table
        self.aside: VerticalScroll | None = None
        self._before: Widget | None = None

    def again(self) -> None:
        """Look what there is now."""
        raise NotImplementedError

    def deeds(self) -> dict[str, Callable[[], None]]:
        """Return what each deed does; these are on every screen."""
        return {
            "search": self._search,
            "again": self.again,
            "lock": lambda: self._say(self.SignOut()),
            "theme": self._next_theme,
            "palette": lambda: self.open_aside(FrontCommands(self._found_here)),
            "redraw": lambda: self.call_next(self.app.run_action, "redraw"),
            "help": lambda: self.open_aside(FrontHelp(at(self.AT, self.table))),
            "quit": lambda: self._say(self.Run(())),
        }

    def _say(self, message: Message) -> None:
        self.post_message(message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's signature)
        """Leave the letters to what is typed."""
        return action != "do" or not self.typing

    def action_do(self, name: str) -> None:
        """Do a deed of the table."""
        self.deeds()[name]()

    def action_always(self, name: str) -> None:
        """Do a deed by its function key."""
        self.action_do(name)

    def action_pick(self, name: str) -> None:
        """Do what was chosen in help or in the list of commands, or wear those colours."""
        self.close_aside()
        if name.startswith(WEAR):
            self._wear(name.removeprefix(WEAR))
        else:
            self.action_do(name)

    @on(Commands.Chosen)
    def _picked(self, message: Commands.Chosen) -> None:
        self.action_pick(message.name)

    def key(self, name: str) -> str:
        """Write the key of a deed."""
        return key_of(self.table, name)

    def action_press(self, key: str) -> None:
        """Press a key that was clicked."""
        self.app.simulate_key(key)

    def action_back(self) -> None:
        """Go back one step: close what is open, leave the search, then whatever the screen has."""
        searched = [choice for choice in self.query(Choice) if choice.searching]
        if self.aside is not None:
            self.close_aside()
        elif searched:
            searched[0].leave_search()
        else:
            self.step_back()
        self.show_keys()

    def step_back(self) -> None:
        """Go back where nothing is open: to the screen before."""
        self.dismiss()

    # ---------------------------------------------------------------- forms and help

    def open_aside(self, aside: VerticalScroll) -> None:
        """Show a form or help in place of what stands there."""
        if self.aside is not None:
            self.aside.remove()
        else:
            self._before = self.focused
        self.aside = aside
        aside.add_class("aside")
        self.add_class("-aside")
        self.query_one("#body").mount(aside)  # it takes the keys itself, once it is there

    def close_aside(self) -> None:
        """Show again what stood there."""
        if self.aside is not None:
            self.aside.remove()
            self.aside = None
            self.remove_class("-aside")
            self.set_focus(self._before)
            self.show_keys()

    @property
    def typing(self) -> bool:
        """Whether keys are text now."""
        return isinstance(self.focused, Input)

    @property
    def entry(self) -> str:
        """The keys of the form, of help, or of the search; "" where nothing is open."""
        if self.aside is not None:
            return str(getattr(self.aside, "KEYS", ""))
        return "enter choose  esc back" if self.typing else self.KEYS

    def on_descendant_focus(self) -> None:
        """Show the keys that work now."""
        self.show_keys()

    def on_resize(self) -> None:
        """Show as many keys as there is room for."""
        self.call_after_refresh(self.show_keys)

    def show_keys(self) -> None:
        """Write the key bar."""
        self.key_bar.show(bar(self.offered(), typing=self.typing), entry=self.entry)

    def offered(self) -> list[Deed]:
        """Return the deeds that make sense now."""
        return [deed for deed in at(self.AT, self.table) if deed.name != "lock" or self.memory.who is not None]

    def _search(self) -> None:
        """Search in the list that has the keys, or the first one; where something stands in its place, that goes."""
        self.close_aside()
        choices = self.query(Choice)
        focused = [choice for choice in choices if self.focused is not None and choice in self.focused.ancestors]
        (focused or list(choices))[0].search()
        self.show_keys()

    def ask(self, what: Callable[[], T], then: Callable[[T], None], *, group: str, wait: str = "") -> None:
        """Ask this computer in a thread; what it finds is shown, and what goes wrong said in words."""

        async def answered() -> None:
            try:
                found = await asyncio.to_thread(what)
            except KetamonError as error:
                self.failed(str(error))
            else:
                then(found)

        if wait:
            self.answer.hint(wait)
        work: Callable[[], Awaitable[None]] = answered  # not called here: a screen that is left never awaits it
        self.run_worker(work, group=group, exclusive=True)

    def _next_theme(self) -> None:
        self._wear(following(self.app.theme, ours(self.app.available_themes)))

    def _wear(self, theme: str) -> None:
        self.app.theme = theme
        self.answer.hint(f"theme: {theme}")

    def _found_here(self) -> list[Keyed]:
        return [*self.offered(), *wearing(ours(self.app.available_themes), Where.SCREEN)]

    def failed(self, why: str) -> None:
        """Say why something was not to be had; a form that was refused is open for another try."""
        self.answer.refused(plain(why))
        if isinstance(self.aside, Sheet):
            self.aside.refused()
