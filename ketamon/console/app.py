"""The application: a thin frame around a followed session. It looks four times a second whether anything changed.

Nothing that matters runs here: recording, alarms and the gate are the core's. Quitting or killing this loses nothing.
"""

import time
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

from textual import on
from textual.worker import Worker, WorkerState

from ketamon.console.estimated import EstimateChart
from ketamon.console.frame import Frame, prepared
from ketamon.console.glyphs import BRAILLE, Glyphs
from ketamon.console.lock import Lock
from ketamon.console.pulse import Pulse
from ketamon.console.screens.chair import ChairScreen
from ketamon.console.themes import DEFAULT
from ketamon.console.view import ChairView, build, nameless
from ketamon.console.voice import VoiceThread
from ketamon.domain.intents import Intent
from ketamon.domain.people import Person
from ketamon.follow import Feed, Source

LOOK_EVERY_S = 0.25
SWEEP_EVERY_S = 0.125
"""How often the waveforms go on."""


class KetamonApp(Frame):
    """Follows `feed` and shows it. `zone` is the local time, `voice` sounds the alarms, None where nothing is to sound.

    The rest is as in `Frame`.
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
        voice: VoiceThread | None = None,
    ) -> None:
        super().__init__(clock=clock, glyphs=glyphs, theme=theme, themes=themes)
        self._feed, self._staff, self._zone = feed, staff, zone
        self._pulse, self._voice, self._rung = Pulse(), voice, 0
        self._lock, self._estimate = Lock(clock()), EstimateChart()
        self._failed = ""
        self._seen: object = None
        self._view: ChairView | None = None

    def get_default_screen(self) -> ChairScreen:
        """Begin at the chair."""
        return ChairScreen(self._staff, self._ask, self.leave, self.glyphs, self.clock)

    def on_mount(self) -> None:
        """Follow the core, and look."""
        self.run_worker(self._feed.run(), group="feed", name="feed", exclusive=True, exit_on_error=False)
        self.set_interval(LOOK_EVERY_S, self.look)
        self.set_interval(SWEEP_EVERY_S, self.sweep)
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
        now = self.clock()
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
        self.look_at_themes()
        self._ring()

    def sweep(self) -> None:
        """Let the waveforms go on."""
        heard = self._feed.connected and not self._failed
        if isinstance(self.screen, ChairScreen):
            self.screen.sweep.take(self._feed.beat if heard else None, self.clock())

    def tell(self, text: str, *, refused: bool = False) -> None:
        """Say it on the chair's line of answers."""
        if isinstance(self.screen, ChairScreen):
            (self.screen.answer.refused if refused else self.screen.answer.hint)(text)

    def somebody(self) -> None:
        """A locked screen is locked for the key that finds it so, too."""
        now = self.clock()
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
        self._lock.open(self.clock())
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

    async def action_quit(self) -> None:
        """Quit by Textual's own key, in the same way."""
        self.leave()


def run_console(
    feed: Feed,
    *,
    staff: Person,
    theme: str = "",
    themes: Path | None = None,
    voice: VoiceThread | None = None,
) -> int:
    """Show a followed session until the user leaves; return the exit code. The core is not touched by it.

    `theme` is the one to begin with, "" the terminal's usual one; `themes` is the folder of the user's own.
    """
    glyphs, worn = prepared(theme)
    app = KetamonApp(feed, staff=staff, glyphs=glyphs, theme=worn, themes=themes, voice=voice)
    app.run()
    return app.return_code or 0
