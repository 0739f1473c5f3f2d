"""The application: a thin frame around a followed session. It looks four times a second whether anything changed.

Nothing that matters runs here: recording, alarms and the gate are the core's. Quitting or killing this loses nothing.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
from io import TextIOWrapper
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment, Segments
from textual import on
from textual.app import App
from textual.events import Event, Key, MouseDown
from textual.filter import LineFilter
from textual.theme import Theme
from textual.worker import Worker, WorkerState

from ketamon.console.estimated import EstimateChart
from ketamon.console.glyphs import BRAILLE, Glyphs, glyphs_for
from ketamon.console.in_turn import InTurn
from ketamon.console.lock import Lock
from ketamon.console.pulse import Pulse
from ketamon.console.screens.chair import ChairScreen
from ketamon.console.spelling import Spelling
from ketamon.console.themes import DARK_ROOM, DEFAULT, THEMES, usual
from ketamon.console.user_themes import UserThemes
from ketamon.console.view import ChairView, build, nameless
from ketamon.console.voice import VoiceThread
from ketamon.crash import report
from ketamon.domain.intents import Intent
from ketamon.domain.people import Person
from ketamon.follow import Feed, Source

LOOK_EVERY_S = 0.25


class KetamonApp(App[int]):
    """Follows `feed` and shows it. `clock` gives seconds of this computer's monotonic clock, `zone` the local time.

    `glyphs` are those that the terminal can draw, `theme` is the one to begin with, and `themes` the folder
    of the user's own. `voice` sounds the alarms, None where nothing is to sound.
    """

    TITLE = "ketamon"
    CSS_PATH = "screens/chair.tcss"  # here and not on the screen, as a screen's own sheet costs a second parse
    ENABLE_COMMAND_PALETTE = False  # a modal screen stops the one below; ours is a panel
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (104, "-normal"), (140, "-wide")]  # noqa: RUF012 (Textual sets it on the object)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall"), (44, "-full")]  # noqa: RUF012 (as above)
    SCREEN_NAMES: ClassVar[tuple[str, ...]] = ("chair",)

    def __init__(
        self,
        feed: Feed,
        *,
        staff: Person,
        start: str = "chair",
        clock: Callable[[], float] = time.monotonic,
        zone: tzinfo | None = None,
        glyphs: Glyphs = BRAILLE,
        theme: str = DEFAULT,
        themes: Path | None = None,
        voice: VoiceThread | None = None,
    ) -> None:
        super().__init__()
        if start not in self.SCREEN_NAMES:
            raise ValueError(f"there is no screen “{start}”; there is: {', '.join(self.SCREEN_NAMES)}")
        self._feed, self._staff, self._clock, self._zone, self._glyphs = feed, staff, clock, zone, glyphs
        self._spelling = Spelling(glyphs)
        self._user_themes, self._theme_problem = UserThemes(themes), ""
        for known in (*THEMES, *self._user_themes.look()):
            self.register_theme(known)
        self.theme = theme if theme in self.available_themes else DEFAULT
        self._pulse, self._voice, self._rung = Pulse(), voice, 0
        self._lock, self._estimate = Lock(clock()), EstimateChart()
        self.in_turn = InTurn(self, self._press)
        self._failed = ""
        self._seen: object = None
        self._view: ChairView | None = None

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Write everything with signs that the terminal has, last of all."""
        return [*super().get_line_filters(), *([self._spelling] if self._spelling.enabled else [])]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give every theme, also a foreign one, a colour for each of our tokens."""
        return dict(DARK_ROOM.variables)

    def get_default_screen(self) -> ChairScreen:
        """Begin at the chair."""
        return ChairScreen(self._staff, self._ask, self.leave, self._glyphs)

    def on_mount(self) -> None:
        """Follow the core, and look."""
        self.run_worker(self._feed.run(), group="feed", name="feed", exclusive=True, exit_on_error=False)
        self.set_interval(LOOK_EVERY_S, self.look)
        self.call_after_refresh(self.look)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Turn a feed that broke into something that is seen."""
        if event.worker.group == "feed" and event.state is WorkerState.ERROR:
            self._failed = f"the connection broke: {event.worker.error}"

    async def _ask(self, intent: Intent, pin: str) -> str:
        """Ask the core. What follows from it is drawn before the answer is said: the next key may need it."""
        refused = await self._feed.ask(intent, pin)
        self.look()
        return refused

    def look(self) -> None:
        """Draw what changed, and ring where that is how alarms sound here."""
        now = self._clock()
        self.in_turn.look(now)
        self._pulse.take(self._feed.beat, now)
        at = self._pulse.moment(self._feed.state.at, now)
        why = self._failed or ("" if self._feed.connected else self._feed.why or "not connected")
        contact = self._pulse.contact(now, why)
        beat = self._feed.beat
        pace = (beat.source, beat.speed, beat.ended) if beat else None
        locked = self._lock.look(self._feed.state, self._feed.profile, now)
        second = int(at.seconds) if at else None
        seen = (self._feed.state.seq, second, contact.reached, contact.why, pace, locked, self._staff)
        if seen != self._seen:
            self._seen = seen
            state, profile = self._feed.state, self._feed.profile
            charts = self._estimate.charts(state, profile, at)
            view = build(state, profile, beat, contact, at, self._zone, staff=self._staff, charts=charts)
            self._view = nameless(view) if locked else view
            if isinstance(self.screen, ChairScreen):
                self.screen.show(self._view)
        self._look_at_themes()
        self._ring()

    def _look_at_themes(self) -> None:
        """Wear what was saved at once; of a file that cannot be used the last good colours stay, and why is said."""
        for theme in self._user_themes.look():
            self.register_theme(theme)
            if theme.name == self.theme:
                self.mutate_reactive(KetamonApp.theme)
                self._judge(theme)
        problem = self._user_themes.problem
        if problem != self._theme_problem and isinstance(self.screen, ChairScreen):
            self._theme_problem = problem
            if problem:
                self.screen.answer.refused(problem)

    def _judge(self, theme: Theme) -> None:
        """Say what is hard to read in a theme that is being made."""
        from ketamon.console.contrast import problems  # noqa: PLC0415 (only for who makes a theme)

        if isinstance(self.screen, ChairScreen):
            first, *more = [*problems(theme), ""]
            also = f", and {len(more) - 1} more: ketamon themes check" if len(more) > 1 else ""
            self.screen.answer.hint(f"theme {theme.name}: {first or 'nothing is hard to read'}{also}")

    async def on_event(self, event: Event) -> None:
        """Let keys come one after the other."""
        if isinstance(event, Key) and not event.is_forwarded:
            if self.in_turn.comes(event, self._clock()):
                await self._press(event)
            return
        if isinstance(event, MouseDown) and not event.is_forwarded:
            self._somebody()
        await super().on_event(event)

    async def _press(self, key: Key) -> None:
        self._somebody()
        await super().on_event(key)
        self.in_turn.follow(self._clock())

    def _somebody(self) -> None:
        """Take note that somebody is there, before the key does anything: a locked screen is locked for it, too."""
        now = self._clock()
        if self._lock.look(self._feed.state, self._feed.profile, now):
            self.look()
        self._lock.touch(now)

    @on(ChairScreen.Locked)
    def _locked(self) -> None:
        self._lock.close()
        self.look()

    @on(ChairScreen.Came)
    def _came(self, message: ChairScreen.Came) -> None:
        """Whoever signed in, or works without a PIN, is who is at the screen from now on."""
        self._lock.open(self._clock())
        self._staff = message.by
        if isinstance(self.screen, ChairScreen):
            self.screen.hand_over(message.by)
        self.look()

    def _ring(self) -> None:
        bells = self._voice.bells if self._voice else 0
        if bells != self._rung:
            self._rung = bells
            self.bell()

    def leave(self) -> None:
        """Close the screen, and say what goes on without it."""
        view = self._view
        goes_on = view is not None and view.reached and view.source is Source.LIVE
        said = "the core goes on recording; its alarms sound only at a console."
        self.exit(0, message=f"{view.header.chair}: {said}" if view and goes_on else None)

    def _fatal_error(self) -> None:
        """Say where a bug is. Textual would show every local variable, and with them the patient, in the scrollback."""
        self.bell()
        error = sys.exception() or self._exception
        self._exit_renderables.append(Segments([Segment(report(error) + "\n" if error else "")]))
        self._close_messages_no_wait()

    async def action_quit(self) -> None:
        """Quit by Textual's own key, in the same way."""
        self.leave()


def run_console(
    feed: Feed,
    *,
    start: str = "chair",
    staff: Person,
    theme: str = "",
    themes: Path | None = None,
    voice: VoiceThread | None = None,
) -> int:
    """Show a followed session until the user leaves; return the exit code. The core is not touched by it.

    `theme` is the one to begin with, "" the terminal's usual one; `themes` is the folder of the user's own.
    """
    gc.freeze()  # what was imported stays; looking through it again and again costs a quarter of the first paint
    glyphs = glyphs_for(os.environ, sys.stdout.encoding or "")
    if isinstance(sys.__stderr__, TextIOWrapper):  # Textual draws there; what cannot be encoded must keep its width
        sys.__stderr__.reconfigure(errors="replace")
    worn = theme or usual(os.environ)
    app = KetamonApp(feed, staff=staff, start=start, glyphs=glyphs, theme=worn, themes=themes, voice=voice)
    app.run()
    return app.return_code or 0
