"""The application: a thin frame around followed sessions. It looks four times a second whether anything changed.

Most consoles follow one chair. One that follows several shows one of them in full, each with a screen of its own, and
of all of them a line.

Nothing that matters runs here: recording, alarms and the gate are the core's. Quitting or killing this loses nothing.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from pathlib import Path

from textual import on
from textual.worker import Worker, WorkerState

from ketamon.console.actions.key_map import own
from ketamon.console.actions.keys import key_map
from ketamon.console.followed import Followed, Others
from ketamon.console.frame import Frame, prepared
from ketamon.console.lock import Lock
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.themes import DEFAULT
from ketamon.console.screens.chair import ChairScreen
from ketamon.console.view.chair import ChairView
from ketamon.console.view.strip import ChairLine, following
from ketamon.console.voice import VoiceThread
from ketamon.console.widgets.strip import Strip
from ketamon.domain.intents import Intent
from ketamon.domain.people import Person
from ketamon.follow import Feed

LOOK_EVERY_S = 0.25
FIND_EVERY_S = 2.0
"""How often a console that follows several chairs looks for another one."""
GONE_S = 600.0
"""So long a chair stays in view whose session is over and whose core has ended."""


class KetamonApp(Frame):
    """Follows `feed` and shows it. `zone` is the local time, `voice` sounds the alarms, None where nothing is to sound.

    `chair` is the name of that first chair, where there are `others` beside it; None follows it alone. `locked`: where
    the clinic has PINs, somebody signs in first. The rest is as in `Frame`.
    """

    def __init__(
        self,
        feed: Feed,
        *,
        staff: Person,
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        glyphs: Glyphs = BRAILLE,
        theme: str = DEFAULT,
        themes: Path | None = None,
        keys: Path | None = None,
        voice: VoiceThread | None = None,
        chair: str = "",
        others: Others | None = None,
        locked: bool = False,
    ) -> None:
        super().__init__(clock=clock, glyphs=glyphs, theme=theme, themes=themes)
        self._staff, self._zone = staff, zone
        self._voice, self._rung = voice, 0
        self._lock, self._others = Lock(clock(), closed=locked), others
        self._current = Followed(chair, feed, zone)
        self._chairs = {chair: self._current}
        self._screens: dict[str, ChairScreen] = {}
        (self._actions, _), self._keys_problem = own(keys)
        self._seen: tuple[ChairView, tuple[ChairLine, ...]] | None = None

    def get_default_screen(self) -> ChairScreen:
        """Begin at the chair."""
        screen = self._screen_of(self._current)
        screen._push_result_callback(screen, None)  # noqa: SLF001 (Textual forgets it, and cannot leave this screen then)
        return screen

    def _screen_of(self, chair: Followed) -> ChairScreen:
        """Return the screen of a chair. It is kept while another one is shown, and what is typed in it, too."""
        if chair.name not in self._screens:
            ask = partial(self._ask, chair)
            screen = ChairScreen(
                self._staff, ask, self.leave, self.glyphs, self.clock, self._actions, chair.player, chair.heard
            )
            self.install_screen(screen, f"chair {chair.name}")
            self._screens[chair.name] = screen
        return self._screens[chair.name]

    def on_mount(self) -> None:
        """Follow the core, and look; keys of the user's own that cannot be used are told."""
        self.set_keymap(key_map(self._actions.values()))
        if self._keys_problem:
            self.call_after_refresh(self.tell, self._keys_problem, refused=True)
        self._follow(self._current)
        self.set_interval(LOOK_EVERY_S, self.look)
        self.call_after_refresh(self.look)
        if self._others is not None:
            self.run_worker(self._keep_finding(), group="find", exit_on_error=False)

    def _follow(self, chair: Followed) -> None:
        # the name goes into the group: Textual gives a worker whose name is "" one of its own
        self.run_worker(chair.feed.run(), group=f"feed {chair.name}", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Turn what broke into something that is seen."""
        if event.state is not WorkerState.ERROR:
            return
        name = event.worker.group.removeprefix("feed ")
        if event.worker.group.startswith("feed ") and name in self._chairs:
            self._chairs[name].failed = f"the connection broke: {event.worker.error}"
        elif event.worker.group == "find":
            self.tell(f"other chairs are looked for no more: {event.worker.error}", refused=True)

    async def _ask(self, chair: Followed, intent: Intent, pin: str) -> str:
        """Ask the core of a chair. What follows is drawn before the answer is said: the next key may need it."""
        refused = await chair.feed.ask(intent, pin)
        self.look()
        if refused and chair is not self._current:
            self.tell(f"{chair.line().label}: {refused}", refused=True)
        return refused

    def look(self) -> None:
        """Draw what changed, and ring where that is how alarms sound here."""
        now = self.clock()
        self.in_turn.look(now)
        for chair in self._chairs.values():
            chair.look(now)
        seen = self._current.view(self._staff, locked=self._is_locked(now)), self._lines()
        screen = self._screen_of(self._current)
        if seen != self._seen and screen.is_mounted:
            self._seen = seen
            screen.show(replace(seen[0], chairs=seen[1]))
        self.look_at_themes()
        self._ring()

    def _lines(self) -> tuple[ChairLine, ...]:
        """Say every chair in a line, in the order of their names; nothing where there is only one."""
        if len(self._chairs) == 1:
            return ()
        chairs = sorted(self._chairs.values(), key=lambda chair: (len(chair.name), chair.name))
        return tuple(replace(chair.line(), shown=chair is self._current) for chair in chairs)

    # ---------------------------------------------------------------- several chairs

    async def _keep_finding(self) -> None:
        while True:
            await self.find()
            await asyncio.sleep(FIND_EVERY_S)

    async def find(self) -> None:
        """Follow the chairs that have come, and forget those that are long over."""
        if self._others is None:
            return
        found = await asyncio.to_thread(self._others.found, tuple(self._chairs))
        for name in [name for name in found if name not in self._chairs]:
            chair = self._chairs[name] = Followed(name, self._others.feed(name), self._zone)
            self._follow(chair)
            if self._voice is not None:
                self._voice.follow(name, partial(self._others.feed, name))
        now = self.clock()
        for chair in [*self._chairs.values()]:
            if chair is not self._current and chair.over_for(now) >= GONE_S:
                await self._forget(chair)

    async def _forget(self, chair: Followed) -> None:
        """Follow a chair no more; what was typed there goes with its screen."""
        if self._chairs.pop(chair.name, None) is None:
            return
        for worker in self.workers:
            if worker.group == f"feed {chair.name}":
                worker.cancel()
        if self._voice is not None:
            self._voice.leave(chair.name)
        screen = self._screens.pop(chair.name, None)
        if screen is not None:
            self.uninstall_screen(screen)
            await screen.remove()

    @on(Strip.Chosen)
    async def _chosen(self, message: Strip.Chosen) -> None:
        """Show a chair, and say which one it is."""
        chair = self._chairs.get(message.name)
        if chair is None:
            return
        if chair is not self._current:
            self._screen_of(self._current).rest()
            await self.switch_screen(self._screen_of(chair))
            self._current = chair
            self.look()
        self.tell(f"{chair.line().label} is shown")  # nobody's name: it would stand there when the screen locks

    @on(ChairScreen.PutAway)
    async def _put_away(self) -> None:
        """Follow the chair that is shown no more, and show the next one."""
        gone = self._current
        await self._chosen(Strip.Chosen(following(self._lines())))
        if gone is not self._current:
            await self._forget(gone)
            self.look()

    def tell(self, text: str, *, refused: bool = False) -> None:
        """Say it on the chair's line of answers."""
        if isinstance(self.screen, ChairScreen):
            (self.screen.answer.refused if refused else self.screen.answer.hint)(text)

    # ---------------------------------------------------------------- who is here

    def _is_locked(self, now: float) -> bool:
        """Whether the screen is locked. A recording has nobody at it: whoever opened it may read it."""
        live = (chair.feed for chair in self._chairs.values() if chair.player is None)
        return self._lock.look(((feed.state, feed.profile) for feed in live), now)

    def somebody(self) -> None:
        """A locked screen is locked for the key that finds it so, too."""
        now = self.clock()
        if self._is_locked(now):
            self.look()
        self._lock.touch(now)

    @on(ChairScreen.Walked)
    def _walked(self) -> None:
        """Show at once where somebody went in a recording, and what happened there last."""
        self.look()
        if self._seen is not None and self._seen[0].log:
            last = self._seen[0].log[0]
            self.tell(f"{last.clock}  {last.text}  {last.who}")

    @on(ChairScreen.Locked)
    def _locked(self) -> None:
        self._lock.close()
        self.look()

    @on(ChairScreen.Came)
    def _came(self, message: ChairScreen.Came) -> None:
        """Whoever signed in, or works without a PIN, is who is at this console from now on, at each of its chairs."""
        self._lock.open(self.clock())
        self._staff = message.by
        for screen in self._screens.values():
            screen.hand_over(message.by)
        self.look()

    def _ring(self) -> None:
        bells = self._voice.bells if self._voice else 0
        if bells != self._rung:
            self._rung = bells
            self.bell()

    def leave(self) -> None:
        """Close the screen, and say what goes on without it."""
        live = [chair for chair in self._chairs.values() if chair.live]
        its, goes = ("its", "core goes") if len(live) == 1 else ("their", "cores go")
        said = f"the {goes} on recording; {its} alarms sound only at a console."
        self.exit(0, message=f"{', '.join(chair.line().label for chair in live)}: {said}" if live else None)

    async def action_quit(self) -> None:
        """Quit by Textual's own key, in the same way."""
        self.leave()


def run_console(
    feed: Feed,
    *,
    staff: Person,
    theme: str = "",
    themes: Path | None = None,
    keys: Path | None = None,
    voice: VoiceThread | None = None,
    chair: str = "",
    others: Others | None = None,
    locked: bool = False,
) -> int:
    """Show a followed session until the user leaves; return the exit code. The core is not touched by it.

    `theme` is the one to begin with, "" the terminal's usual one; `themes` is the folder of the user's own,
    `keys` the file of the user's own keys. `chair`, `others` and `locked` are as in `KetamonApp`.
    """
    glyphs, worn = prepared(theme)
    app = KetamonApp(
        feed,
        staff=staff,
        glyphs=glyphs,
        theme=worn,
        themes=themes,
        keys=keys,
        voice=voice,
        chair=chair,
        others=others,
        locked=locked,
    )
    return app.until_left()
