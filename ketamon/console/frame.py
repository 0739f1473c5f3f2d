"""The frame around every screen: colours, the terminal's signs, keys in turn, and a crash that names no patient."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import ClassVar, cast

from rich.console import RenderableType
from rich.segment import Segment, Segments
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.events import Event, Key, MouseDown, Paste
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from ketamon.console.actions.keys import REDRAW
from ketamon.console.in_turn import InTurn, Typed
from ketamon.console.look.damage import Damage, Shown
from ketamon.console.look.glyphs import BRAILLE, Glyphs, glyphs_for
from ketamon.console.look.spelling import Spelling
from ketamon.console.look.themes import DARK_ROOM, DEFAULT, THEMES, usual
from ketamon.console.look.user_themes import UserThemes
from ketamon.crash import report

THERE_EVERY_S = 0.5
"""How often it is looked whether the terminal is still there."""
ENDS_WITHIN_S = 2
"""How long one that is ended from outside may take to give the terminal back."""


class Frame(App[int]):
    """An application of ours. `clock` gives seconds of this computer's monotonic clock.

    `glyphs` are those that the terminal can draw, `theme` is the one to begin with, and `themes` the folder
    of the user's own.
    """

    TITLE = "ketamon"
    CSS_PATH = "screens/chair.tcss"  # here and not on the screen, as a screen's own sheet costs a second parse
    ENABLE_COMMAND_PALETTE = False  # a modal screen stops the one below; ours is a panel
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-normal"), (140, "-wide")]  # noqa: RUF012 (Textual sets it on the object)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall"), (44, "-full")]  # noqa: RUF012 (as above)

    BINDINGS: ClassVar[list[BindingType]] = [Binding(REDRAW, "redraw", show=False, priority=True)]

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        glyphs: Glyphs = BRAILLE,
        theme: str = DEFAULT,
        themes: Path | None = None,
    ) -> None:
        super().__init__()
        self.clock, self.glyphs = clock, glyphs
        self._spelling = Spelling(glyphs)
        self._user_themes, self._theme_problem = UserThemes(themes), ""
        for known in (*THEMES, *self._user_themes.look()):
            self.register_theme(known)
        self.theme = theme if theme in self.available_themes else DEFAULT
        self._terminal = Shown()
        self.in_turn = InTurn(self, self._press)

    def on_mount(self) -> None:
        """Whoever ends this from outside, or closes its window, gets the terminal back as it was."""
        if not self.is_headless and sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGHUP):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)
            self.set_interval(THERE_EVERY_S, self._look_at_terminal)
        self.app_resume_signal.subscribe(self, lambda _app: self._terminal.forget())

    def _end(self, number: signal.Signals) -> None:
        signal.alarm(ENDS_WITHIN_S)  # the system's own end for one whose terminal takes no more
        self.exit(return_code=128 + number)

    def get_driver_class(self) -> type[Driver]:
        """Draw on a terminal that may go away; a browser, and Windows, have drivers of their own."""
        usual = super().get_driver_class()
        if sys.platform != "win32" and usual.__name__ == "LinuxDriver":
            from ketamon.console.terminal import Terminal  # noqa: PLC0415 (Windows has none of what it needs)

            return Terminal
        return usual

    def _look_at_terminal(self) -> None:
        """End as if the system had told that the terminal is gone: it does not tell everybody."""
        if getattr(self._driver, "gone", False):
            self._end(signal.SIGHUP)

    def until_left(self) -> int:
        """Show it until the person leaves; return the exit code."""
        self.run()
        if sys.platform != "win32":
            signal.alarm(0)
        return self.return_code or 0

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write only what changed. The name is Textual's own, whose version is pinned."""
        if isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, cast("RenderableType", Damage(self._terminal, renderable)))
        else:
            super()._display(screen, renderable)

    def action_redraw(self) -> None:
        """Paint everything anew: another program wrote over the terminal."""
        self._terminal.forget()
        self.refresh(layout=True)
        self.tell("the screen is painted anew")

    def on_resize(self) -> None:
        """A terminal of another size shows what it likes."""
        self._terminal.forget()

    def tell(self, text: str, *, refused: bool = False) -> None:
        """Say something to whoever is at the screen."""
        raise NotImplementedError

    def somebody(self) -> None:
        """Take note that somebody pressed a key or a button of the mouse, before that does anything."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Write everything with signs that the terminal has, last of all."""
        return [*super().get_line_filters(), *([self._spelling] if self._spelling.enabled else [])]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme, also a foreign one, a colour for each of our tokens."""
        return dict(DARK_ROOM.variables)

    def refresh_css(self, animate: bool = True) -> None:
        """Wear the colours. Before there is a screen it is enough to know them: Textual would parse the sheet twice."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    def look_at_themes(self) -> None:
        """Wear what was saved at once; of a file that cannot be used the last good colours stay, and why is said."""
        for theme in self._user_themes.look():
            self.register_theme(theme)
            if theme.name == self.theme:
                self.mutate_reactive(Frame.theme)
                self._judge(theme)
        problem = self._user_themes.problem
        if problem != self._theme_problem:
            self._theme_problem = problem
            if problem:
                self.tell(problem, refused=True)

    def _judge(self, theme: Theme) -> None:
        """Say what is hard to read in a theme that is being made."""
        from ketamon.console.look.contrast import problems  # noqa: PLC0415 (only for who makes a theme)

        first, *more = [*problems(theme), ""]
        also = f", and {len(more) - 1} more: ketamon themes check" if len(more) > 1 else ""
        self.tell(f"theme {theme.name}: {first or 'nothing is hard to read'}{also}")

    async def on_event(self, event: Event) -> None:
        """Let keys, and what is pasted, come one after the other."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if self.in_turn.comes(event, self.clock()):
                await self._press(event)
            return
        if isinstance(event, MouseDown) and not event.is_forwarded:
            self.somebody()
        await super().on_event(event)

    async def _press(self, key: Typed) -> None:
        self.somebody()
        await super().on_event(key)
        self.in_turn.follow(self.clock())

    def _fatal_error(self) -> None:
        """Say where a bug is. Textual would show every local variable, and with them the patient, in the scrollback."""
        self.bell()
        error = sys.exception() or self._exception
        self._exit_renderables.append(Segments([Segment(report(error) + "\n" if error else "")]))
        self._close_messages_no_wait()


def prepared(theme: str) -> tuple[Glyphs, str]:
    """Make the terminal ready for an application of ours; return the signs it has, and the theme to begin with.

    `theme` is the one that is wanted, "" the terminal's usual one.
    """
    gc.freeze()  # what was imported stays; looking through it again and again costs a quarter of the first paint
    if isinstance(sys.__stderr__, TextIOWrapper):  # Textual draws there; what cannot be encoded must keep its width
        sys.__stderr__.reconfigure(errors="replace")
    return glyphs_for(os.environ, sys.stdout.encoding or ""), theme or usual(os.environ)
