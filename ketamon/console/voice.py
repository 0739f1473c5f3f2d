"""The sound of one console, in a thread of its own: a terminal that does not read stops a screen, never an alarm.

It follows the cores by itself, and of all their alarms sounds the highest. Of the consoles of a chair one sounds: the
first that told the core so (`SoundChanged`). The others keep quiet as long as it works, and one that works better takes
over: a player is better than the bell, the bell better than nothing. That nothing sounds is a technical alarm of the
core. A live session sounds; a replay, a simulation and an observer's console do so only when asked.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Self

from ketamon.console.pulse import Pulse
from ketamon.console.view.chair import calling
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


class Ear:
    """Listens to one core for the console that calls itself `console`."""

    def __init__(self, feed: Feed, console: str) -> None:
        self.feed, self.silenced = feed, False
        self._console = console
        self._pulse = Pulse()
        self._reported = float("-inf")
        self._seen = 0
        self._called = False

    def listen(self, beat: Beat, off: str, now: float) -> Priority | None:
        """Return the priority that is to sound; `silenced` says whether somebody wanted less. `off`: why nothing."""
        self._pulse.take(beat, now)
        quiet = off or (beat.source is Source.LIVE and self._elsewhere())
        audible = None if quiet else self._audible(now)
        self.silenced = self._somebody_acted() or (self._called and bool(quiet))
        self._called = audible is not None
        return audible

    def _elsewhere(self) -> bool:
        """Whether another console sounds."""
        said = self.feed.state.sound
        return said is not None and said.working and said.console != self._console

    def _audible(self, now: float) -> Priority | None:
        state = self.feed.state
        contact = self._pulse.contact(now, "" if self.feed.connected else self.feed.why or "not connected")
        return calling(state, self.feed.profile, contact, self._pulse.moment(state.at, now))

    def _somebody_acted(self) -> bool:
        """Whether, since the last look, a person acknowledged an alarm or paused the sound."""
        seen, self._seen = self._seen, self.feed.state.seq
        for event in reversed(self.feed.state.log):
            if event.seq <= seen:
                return False
            if isinstance(event.body, AlarmChanged | AudioPaused) and event.body.by is not None:
                return True
        return False

    def report(self, mine: ReportSound | None, beat: Beat, now: float) -> ReportSound | None:
        """Return what the core should know and does not know yet; the worse of two consoles says nothing."""
        said = self.feed.state.sound
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


class Voice:
    """Decides what sounds, plays it, and tells the cores how that goes.

    `console` names this one in the record. `asked`: True, to sound in any case; False, not to; None, as is usual.
    `bells` counts how often the terminal's bell is due: where no program plays, or none could.
    """

    def __init__(self, player: Player, *, console: str, role: Role, asked: bool | None = None) -> None:
        self.bells = 0
        self._player, self._console, self._role, self._asked = player, console, role, asked
        self._ears: dict[str, Ear] = {}
        self._siren, self._sounds = Siren(), sounds()
        self._tried = float("-inf")

    def follow(self, chair: str, feed: Feed) -> None:
        """Sound the alarms of a chair, too."""
        self._ears[chair] = Ear(feed, self._console)

    def leave(self, chair: str) -> None:
        """Sound the alarms of a chair no more."""
        del self._ears[chair]

    def look(self, now: float) -> list[tuple[Feed, ReportSound]]:
        """Sound what is due at `now`; return what cores are to be told."""
        if self._player.look(now):
            self.bells += self._siren.sounding is not None
        heard = [(ear, beat, self._off(beat)) for ear in self._ears.values() if (beat := ear.feed.beat) is not None]
        mine = {off: self._how(off) for _, _, off in heard}
        working = mine.get("")
        if "" in mine and not (working and working.working) and not self._player.busy:
            self._try(now)
        called = [ear.listen(beat, off, now) for ear, beat, off in heard]
        loudest = max(filter(None, called), key=lambda priority: priority.rank, default=None)
        count = sum(ear.feed.state.alarm_count for ear, _, _ in heard)
        silenced = any(ear.silenced for ear, _, _ in heard)
        self._do(self._siren.look(loudest, count, now, silenced=silenced), now)
        reports = [(ear.feed, ear.report(mine[off], beat, now)) for ear, beat, off in heard]
        return [(feed, report) for feed, report in reports if report is not None]

    def _try(self, now: float) -> None:
        """What does not work is to be known before there is an alarm."""
        if now - self._tried >= RETRY_EVERY_S:
            self._tried = now
            self._player.play(nothing(), now)

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
    """Runs a voice beside the screen, with feeds of its own. `clock` gives seconds that only grow.

    `make_feed` makes the feed of the first chair, which is called `chair`; others come and go.
    """

    def __init__(
        self,
        make_feed: Callable[[], Feed],
        folder: Path,
        clock: Callable[[], float],
        *,
        console: str,
        role: Role,
        asked: bool | None,
        chair: str = "",
    ) -> None:
        self._wanted = {chair: make_feed}  # changed by the screen's thread as a whole, never in place
        self._folder, self._clock = folder, clock
        self._console, self._role, self._asked = console, role, asked
        self._voice: Voice | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: dict[Feed, asyncio.Task[str]] = {}
        self._leaves = False
        self._thread = Thread(target=self._run, name="voice", daemon=True)

    @property
    def bells(self) -> int:
        """How often the terminal's bell was due so far."""
        return self._voice.bells if self._voice else 0

    def follow(self, chair: str, make_feed: Callable[[], Feed]) -> None:
        """Sound the alarms of a chair, too."""
        self._wanted = self._wanted | {chair: make_feed}

    def leave(self, chair: str) -> None:
        """Sound the alarms of a chair no more."""
        self._wanted = {name: make_feed for name, make_feed in self._wanted.items() if name != chair}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaves = True
        self._thread.join(LEAVES_WITHIN_S)

    def _run(self) -> None:
        asyncio.run(self._sound(Player(installed(), self._folder)))

    async def _sound(self, player: Player) -> None:
        """Sound until told to leave. A feed that breaks is a core that is lost; without any there is nothing to do."""
        voice = self._voice = Voice(player, console=self._console, role=self._role, asked=self._asked)
        try:
            while not self._leaves:
                await self._come_and_go(voice)
                if all(task.done() for task in self._tasks.values()):
                    break
                for feed, report in voice.look(self._clock()):
                    self._tell(feed, report)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            voice.stop()
            for task in (*self._tasks.values(), *self._asking.values()):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _come_and_go(self, voice: Voice) -> None:
        wanted = self._wanted
        for chair in wanted.keys() - self._tasks.keys():
            feed = wanted[chair]()
            voice.follow(chair, feed)
            self._tasks[chair] = asyncio.create_task(feed.run())
        for chair in self._tasks.keys() - wanted.keys():
            voice.leave(chair)
            self._tasks.pop(chair).cancel()

    def _tell(self, feed: Feed, report: ReportSound) -> None:
        self._asking = {asked: task for asked, task in self._asking.items() if not task.done()}
        if feed not in self._asking:
            self._asking[feed] = asyncio.create_task(feed.ask(report))
