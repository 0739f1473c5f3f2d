"""The sound of one console, in a thread of its own: a terminal that does not read stops a screen, never an alarm.

It follows the core by itself. Of the consoles of a chair one sounds: the first that told the core so (`SoundChanged`).
The others keep quiet as long as it works, and one that works better takes over: a player is better than the bell,
the bell better than nothing. That nothing sounds is a technical alarm of the core. A live session sounds; a replay, a
simulation and an observer's console do so only when asked.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Self

from ketamon.console.pulse import Pulse
from ketamon.console.view import calling
from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmChanged, AudioPaused, SoundChanged
from ketamon.domain.intents import ReportSound
from ketamon.domain.people import Role
from ketamon.follow import Beat, Feed, Source
from ketamon.sound.player import REMEDY, Player, installed, nothing, sounds
from ketamon.sound.siren import Do, Siren

LOOK_EVERY_S = 0.1
REPORT_EVERY_S = 2.0
"""How soon a report is repeated that the core has not taken."""
RETRY_EVERY_S = 30.0
"""How often a player that failed is tried again without an alarm, silently."""
LEAVES_WITHIN_S = 1.0

BELL_ONLY = f"no sound player found, only the terminal's bell; {REMEDY}"


class Voice:
    """Decides what sounds, plays it, and tells the core how that goes.

    `console` names this one in the record. `asked`: True, to sound in any case; False, not to; None, as is usual.
    `bells` counts how often the terminal's bell is due: where no program plays, or none could.
    """

    def __init__(self, feed: Feed, player: Player, *, console: str, role: Role, asked: bool | None = None) -> None:
        self.bells = 0
        self._feed, self._player, self._console, self._role, self._asked = feed, player, console, role, asked
        self._pulse, self._siren, self._sounds = Pulse(), Siren(), sounds()
        self._reported = self._tried = float("-inf")
        self._seen = 0

    def look(self, now: float) -> ReportSound | None:
        """Sound what is due at `now`; return what the core is to be told, if anything."""
        beat = self._feed.beat
        if beat is None:
            return None
        self._pulse.take(beat, now)
        if self._player.look(now):
            self.bells += self._siren.sounding is not None
        off = self._off(beat)
        mine = self._how(off)
        if not off and not (mine and mine.working) and not self._player.busy and now - self._tried >= RETRY_EVERY_S:
            self._tried = now
            self._player.play(nothing(), now)  # what does not work is to be known before there is an alarm
        quiet = off or (beat.source is Source.LIVE and self._elsewhere())
        audible = None if quiet else self._audible(beat, now)
        silenced = bool(quiet) or self._somebody_acted()
        self._do(self._siren.look(audible, self._feed.state.alarm_count, now, silenced=silenced), now)
        return self._report(mine, beat, now)

    def _do(self, what: Priority | Do, now: float) -> None:
        if isinstance(what, Priority):
            self._player.play(self._sounds[what], now)
            self.bells += not self._player.programs
        elif what is Do.STOP:
            self._player.stop()

    def stop(self) -> None:
        """Be silent."""
        self._player.stop()

    def _off(self, beat: Beat) -> str:
        """Say why this console makes no sound, "" where it does."""
        if self._asked is False:
            return f"the sound is off at {self._console}"
        if self._asked is None and self._role is Role.OBSERVER:
            return f"nothing sounds at {self._console}, as an observer's makes no sound"
        return "" if self._asked or beat.source is Source.LIVE else "not a live session"

    def _elsewhere(self) -> bool:
        """Whether another console sounds."""
        said = self._feed.state.sound
        return said is not None and said.working and said.console != self._console

    def _audible(self, beat: Beat, now: float) -> Priority | None:
        state = self._feed.state
        contact = self._pulse.contact(now, "" if self._feed.connected else self._feed.why or "not connected")
        if beat.ended and not contact.reached:
            return None  # its core has nothing more to do
        return calling(state, self._feed.profile, contact, self._pulse.moment(state.at, now))

    def _somebody_acted(self) -> bool:
        """Whether, since the last look, a person acknowledged an alarm or paused the sound."""
        seen, self._seen = self._seen, self._feed.state.seq
        for event in reversed(self._feed.state.log):
            if event.seq <= seen:
                return False
            if isinstance(event.body, AlarmChanged | AudioPaused) and event.body.by is not None:
                return True
        return False

    def _report(self, mine: ReportSound | None, beat: Beat, now: float) -> ReportSound | None:
        """Return what the core should know and does not know yet; the worse of two consoles says nothing."""
        said = self._feed.state.sound
        if mine is None or beat.source is not Source.LIVE or beat.ended:
            return None
        if said is not None and said.console == self._console:
            if (said.working, said.why) == (mine.working, mine.why):
                return None
        elif said is not None and _rank(said) >= _rank(mine):
            return None
        if now - self._reported < REPORT_EVERY_S:
            return None
        self._reported = now
        return mine

    def _how(self, off: str) -> ReportSound | None:
        """Say how this console sounds; None while that is not known."""
        if off:
            return ReportSound(console=self._console, working=False, why=off)
        if not self._player.programs:
            return ReportSound(console=self._console, working=True, why=BELL_ONLY)
        if self._player.trouble:
            why = f"no sound at {self._console}: {self._player.trouble}"
            return ReportSound(console=self._console, working=False, why=why)
        return ReportSound(console=self._console, working=True) if self._player.through else None


def _rank(said: ReportSound | SoundChanged) -> int:
    """Rank how a console sounds: 2 by a player, 1 by the bell, 0 not at all."""
    return 0 if not said.working else 1 if said.why else 2


class VoiceThread:
    """Runs a voice beside the screen, with a feed of its own. `clock` gives seconds that only grow."""

    def __init__(
        self,
        make_feed: Callable[[], Feed],
        folder: Path,
        clock: Callable[[], float],
        *,
        console: str,
        role: Role,
        asked: bool | None,
    ) -> None:
        self._make_feed, self._folder, self._clock = make_feed, folder, clock
        self._console, self._role, self._asked = console, role, asked
        self._voice: Voice | None = None
        self._leaves = False
        self._thread = Thread(target=self._run, name="voice", daemon=True)

    @property
    def bells(self) -> int:
        """How often the terminal's bell was due so far."""
        return self._voice.bells if self._voice else 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaves = True
        self._thread.join(LEAVES_WITHIN_S)

    def _run(self) -> None:
        asyncio.run(self._follow(Player(installed(), self._folder)))

    async def _follow(self, player: Player) -> None:
        feed = self._make_feed()
        self._voice = Voice(feed, player, console=self._console, role=self._role, asked=self._asked)
        following = asyncio.create_task(feed.run())
        asking: asyncio.Task[str] | None = None
        try:
            while not self._leaves and not following.done():
                report = self._voice.look(self._clock())
                if report is not None and (asking is None or asking.done()):
                    asking = asyncio.create_task(feed.ask(report))
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            self._voice.stop()
            for task in (following, asking):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
