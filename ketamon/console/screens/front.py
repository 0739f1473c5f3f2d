"""What the screens without a core have in common: keys from the table, answers, help, questions to this computer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar, TypeVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from ketamon.console.actions.front import ADVICE, DEEDS, At, Deed, Where, at, bar, bindings
from ketamon.console.actions.keys import shown
from ketamon.console.here import Here, Memory
from ketamon.console.look.themes import following, ours
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.choice import Choice
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.sheet import Sheet
from ketamon.errors import KetamonError
from ketamon.plain import plain

T = TypeVar("T")


def bindings_of(screen: At) -> list[BindingType]:
    """Return the bindings of a screen: those of the table, and the way back."""
    return [*bindings(screen), Binding("escape", "back", "Back", show=False)]


class FrontScreen(Screen[None]):
    """A screen of the start application. `AT` says which deeds of the table are its own, `KEYS` its keys besides."""

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

    def __init__(self, here: Here, memory: Memory) -> None:
        super().__init__()
        self.here, self.memory = here, memory
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
            "help": lambda: self.open_aside(FrontHelp()),
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
        self.deeds()[name]()

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
        return [deed for deed in at(self.AT) if deed.name != "lock" or self.memory.who is not None]

    def _search(self) -> None:
        """Search in the list that has the keys, or the first one."""
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
        """Change the colours."""
        self.app.theme = following(self.app.theme, ours(self.app.available_themes))
        self.answer.hint(f"theme: {self.app.theme}")

    def failed(self, why: str) -> None:
        """Say why something was not to be had; a form that was refused is open for another try."""
        self.answer.refused(plain(why))
        if isinstance(self.aside, Sheet):
            self.aside.refused()


KEYS_WIDTH = 8
"""Cells for the keys of a deed."""


class FrontHelp(VerticalScroll):
    """All deeds of all screens with their keys, by heading."""

    KEYS: ClassVar[str] = "↑ ↓ scroll  esc back"

    def __init__(self) -> None:
        super().__init__(classes="sheet")
        self.border_title = "help"

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="help")

    def on_mount(self) -> None:
        """Take the keys that scroll."""
        self.screen.set_focus(self)

    def on_resize(self) -> None:
        """Write the text for this width."""
        self.query_one(Line).say(written(max(self.size.width - 2, 2 * KEYS_WIDTH)))


def written(width: int) -> Content:
    """Write the whole help, its lines broken so that the keys stand in a column of their own."""
    rows: list[Content] = []
    for where in Where:
        rows.append(Content.styled(str(where), "bold $pump"))
        for deed in DEEDS.values():
            if deed.where is where:
                keys = " ".join(shown(key) for key in (*deed.keys, deed.always) if key)
                first, *rest = wrap(deed.help, width - KEYS_WIDTH)
                rows.append(Content.assemble((f"  {keys}".ljust(KEYS_WIDTH), "bold"), first))
                rows += [Content(" " * KEYS_WIDTH + line) for line in rest]
        rows.append(Content(""))
    return Content("\n").join([*rows, *(Content(line) for line in wrap(ADVICE, width))])
