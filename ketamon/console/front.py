"""The application without a core: where to begin. What is chosen is an ordinary command, and runs as if typed."""

import time
from collections.abc import Callable
from pathlib import Path

from textual import on

from ketamon.console.actions.front import DEEDS, Deeds
from ketamon.console.actions.keys import key_map
from ketamon.console.frame import Frame, prepared
from ketamon.console.here import Here, Memory
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.themes import DEFAULT
from ketamon.console.screens.front import FrontScreen
from ketamon.console.screens.start import StartScreen

LOOK_EVERY_S = 0.25


class FrontApp(Frame):
    """Shows what can be begun on this computer. `chosen` is the command when it is left with one, else empty."""

    CSS_PATH = "screens/front.tcss"

    def __init__(
        self,
        here: Here,
        memory: Memory,
        *,
        clock: Callable[[], float] = time.monotonic,
        glyphs: Glyphs = BRAILLE,
        theme: str = DEFAULT,
        themes: Path | None = None,
        keys: Path | None = None,
    ) -> None:
        super().__init__(clock=clock, glyphs=glyphs, theme=memory.theme or theme, themes=themes)
        self._table, self._keys_problem = _own(keys)
        self._here, self._memory, self._begun = here, memory, self.theme
        self.chosen: tuple[str, ...] = ()

    def get_default_screen(self) -> StartScreen:
        """Begin at the start."""
        return StartScreen(self._here, self._memory, self._table, self._keys_problem)

    def on_mount(self) -> None:
        """Go by the user's own keys, and look whether somebody is still there."""
        self.set_keymap(key_map(self._table.values()))
        self.set_interval(LOOK_EVERY_S, self.look)

    def look(self) -> None:
        """Take over a theme that was saved, and forget who signed in and went away."""
        now = self.clock()
        self.in_turn.look(now)
        self.look_at_themes()
        if self._memory.who is not None and now - self._memory.touched >= self._here.idle_s:
            self.forget()

    @on(FrontScreen.SignOut)
    def forget(self) -> None:
        """Hide what names patients until somebody signs in again."""
        self._memory.who = None
        while len(self.screen_stack) > 1 and not isinstance(self.screen, StartScreen):
            self.pop_screen()
        if isinstance(self.screen, StartScreen):
            self.screen.forgotten()

    def somebody(self) -> None:
        """A screen that was left is closed for the key that finds it so, too."""
        self.look()
        self._memory.touched = self.clock()

    def tell(self, text: str, *, refused: bool = False) -> None:
        """Say it on the line of answers."""
        if isinstance(self.screen, FrontScreen):
            (self.screen.answer.refused if refused else self.screen.answer.hint)(text)

    @on(FrontScreen.Run)
    def _run(self, message: FrontScreen.Run) -> None:
        self.chosen = message.args
        self.leave()

    def leave(self) -> None:
        """Close the screen; a theme that was changed is there again at the next one."""
        if self.theme != self._begun:
            self._memory.theme = self.theme
        self.exit(0)

    async def action_quit(self) -> None:
        """Quit by Textual's own key, in the same way."""
        self.leave()


def _own(keys: Path | None) -> tuple[Deeds, str]:
    """Return the table with the user's own keys, and what is wrong with them. Without a file nothing is loaded."""
    if keys is None or not keys.exists():
        return DEEDS, ""
    from ketamon.console.actions.key_map import own  # noqa: PLC0415 (it loads all that a chair needs)

    (_, table), problem = own(keys)
    return table, problem


def run_front(
    here: Here, memory: Memory, *, theme: str = "", themes: Path | None = None, keys: Path | None = None
) -> tuple[tuple[str, ...], int]:
    """Show the start screen; return the command that was chosen (empty: none), and the exit code.

    `theme` is the one to begin with, "" the terminal's usual one; `themes` is the folder of the user's own, `keys` the
    file of the user's own keys.
    """
    glyphs, worn = prepared(theme)
    app = FrontApp(here, memory, glyphs=glyphs, theme=worn, themes=themes, keys=keys)
    code = app.until_left()
    return app.chosen, code
