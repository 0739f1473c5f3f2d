"""A recorded session as a feed: the state up to a cursor in session time, and a person moves the cursor.

A replay and a review are the same thing to the screen that shows them. They differ in where the events come from: those
of a replay arrive from a core that plays a recorded stream as fast as it can, those of a review stand in the record.
Nothing that is typed changes either.
"""

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from ketamon.domain import events as e
from ketamon.domain.fold import apply
from ketamon.domain.health import DeviceHealth
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent, SetSpeed
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState, is_logged
from ketamon.domain.waveforms import Wave
from ketamon.errors import Refused, SourceError
from ketamon.follow import RECONNECT_S, Beat, Listened, SocketFeed, Source
from ketamon.profiles import loads

BEAT_S = 0.1
"""How often the cursor moves on."""
HELD_UP_S = 1.0
"""A player that was held up (its terminal was stopped) goes on from there; it does not leap by more than this."""
FASTEST = 1000.0
HEAR_S = 0.25
"""How often it is listened where the cursor is; as a core has a pulse."""
HEARD_SPEED = 2.0
"""Up to this speed eyes can follow waveforms and bytes."""
LATE_NS = 2_000_000_000
GRACE_S = 0.25
"""What was heard is shown until it is so far behind the cursor, or so long after somebody moved that elsewhere."""
BROKEN = "broken off: its core is gone"
COMING = "more is coming"
ASIDE = 2000
"""After so many events a state is put aside for going back: to copy one takes 3 ms, to fold so many 10 ms."""


class Kind(Enum):
    """What a person goes to next."""

    ENTRY = auto()
    ALARM = auto()
    MARK = auto()


_MARKS = (e.Observed, e.ObservationCorrected, e.Noted, e.PhaseChanged, e.EmergencyMarked)


class Film:
    """The events of a recording so far, in their order. It only grows.

    `times_ns` holds when each was, and never goes back. `places` holds for each kind how many events have happened when
    one of that kind just has.
    """

    def __init__(self) -> None:
        self.events: list[e.Event] = []
        self.times_ns: array[int] = array("q")
        self.places: dict[Kind, list[int]] = {kind: [] for kind in Kind}
        self._active: set[str] = set()

    def add(self, event: e.Event) -> bool:
        """Take one more; one that is there already (a connection that begins anew tells all) is let pass."""
        if self.events and event.seq <= self.events[-1].seq:
            return False
        self.events.append(event)
        self.times_ns.append(max(event.at.monotonic_ns, self.times_ns[-1] if self.times_ns else 0))
        for kind, so in (
            (Kind.ENTRY, is_logged(event)),
            (Kind.ALARM, self._begins(event.body)),
            (Kind.MARK, isinstance(event.body, _MARKS)),
        ):
            if so:
                self.places[kind].append(len(self.events))
        return True

    def _begins(self, body: e.Body) -> bool:
        """Whether an alarm begins to call. One that says a new number meanwhile goes on."""
        if not isinstance(body, e.AlarmChanged):
            return False
        before = body.alarm in self._active
        if body.state is e.AlarmState.ACTIVE:
            self._active.add(body.alarm)
        else:
            self._active.discard(body.alarm)
        return not before and body.alarm in self._active

    def count_at(self, ns: int) -> int:
        """Return how many events have happened at a moment."""
        return bisect_right(self.times_ns, ns)

    def moment_ns(self, wall: datetime) -> int:
        """Return the first moment at which the clock on the wall showed this, or later."""
        n = next((n for n, event in enumerate(self.events) if event.at.wall >= wall), len(self.events) - 1)
        ns = self.times_ns[n] + (wall - self.events[n].at.wall) // timedelta(microseconds=1) * 1000
        return max(ns, self.times_ns[n - 1]) if n else ns


class Folded:
    """The state after the first `count` events of a film. Going on folds on; going back begins at a copy put aside."""

    def __init__(self, film: Film) -> None:
        self.state, self.count = SessionState(), 0
        self._film = film
        self._aside: list[SessionState] = []

    def to(self, count: int) -> SessionState:
        """Fold up to an event. A state that was returned before is not changed by going back."""
        if count < self.count:
            copies = count // ASIDE
            self.state, self.count = _copy(self._aside[copies - 1]) if copies else SessionState(), copies * ASIDE
        for event in self._film.events[self.count : count]:
            apply(self.state, event)
            self.count += 1
            if self.count == (len(self._aside) + 1) * ASIDE:
                self._aside.append(_copy(self.state))
        return self.state


def _copy(state: SessionState) -> SessionState:
    """Copy what a fold changes; what was logged never changes, and is most of it."""
    return deepcopy(state, {id(event): event for event in state.log})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How each device's line is at the cursor, and the last seconds of its waveforms; the rest is as in `Listened`."""

    devices: tuple[DeviceHealth, ...] = ()
    waves: tuple[Wave, ...] = ()
    why: str = ""
    passing: bool = False
    unproven: bool = False


FINDING = Heard(why="it is being looked for in the recorded stream", passing=True)


class Listener(Protocol):
    """Listens to the recorded bytes once more. It is called in a thread, one call at a time; none takes long."""

    def hear(self, ns: int) -> Heard:
        """Return what is heard at a moment, or why nothing is."""
        ...

    def read_on(self) -> bool:
        """Prepare a bit more for what may be asked; return whether there is more to prepare."""
        ...


class Player:
    """A `Feed` that a person walks through. `clock` gives seconds that only grow, `zone` is the local time.

    `fill` brings the events while it runs, None where `add` and `reach` were called before; `listener` brings what is
    no event, for eyes only. It plays `speed` times as fast as life, 0 stands still. Every move raises `Refused` where
    there is nothing to go to.
    """

    def __init__(
        self,
        source: Source,
        profile: Profile,
        clock: Callable[[], float],
        *,
        speed: float,
        fill: "Callable[[Player], Awaitable[None]] | None" = None,
        zone: tzinfo | None = None,
        remark: str = "",
        listener: Listener | None = None,
    ) -> None:
        self.film = Film()
        self.profile = profile
        self.beat: Beat | None = None
        self.connected, self.why, self.changes = False, "nothing came yet", 0
        self._folded, self._all = Folded(self.film), Folded(self.film)
        self.state = self._folded.state
        self._source, self._clock, self._fill, self.zone, self._remark = source, clock, fill, zone, remark
        self._speed, self._looked = speed, clock()
        self._ns = self._reached_ns = 0
        self._whole = self._broken = False
        self._listener, self._heard = listener, FINDING
        self._wanted, self._one_at_a_time = asyncio.Event(), asyncio.Lock()
        self._heard_ns = self._walks = self._heard_walks = 0
        self._walked = clock()

    # ---------------------------------------------------------------- what comes

    def add(self, event: e.Event) -> None:
        """Take the next event of the recording."""
        if self.film.add(event) and isinstance(event.body, e.SessionOpened):
            self.profile = loads(event.body.profile_toml, event.body.profile)

    def reach(self, at: Instant | None, *, whole: bool, remark: str = "") -> None:
        """Hear how far the recording goes so far, whether that is all of it, and what is to be said of it."""
        self._remark = remark or self._remark
        self._reached_ns = max(self._reached_ns, at.monotonic_ns if at else 0)
        self._whole, self._broken = whole, False

    def part(self) -> None:
        """Hear that no more comes, for now. What came stays."""
        self.why, self._broken = "the core of this replay is gone; start it again", True

    # ---------------------------------------------------------------- playing

    async def run(self) -> None:
        """Play until cancelled."""
        also = ([self._fill(self)] if self._fill else []) + ([self._listen(self._listener)] if self._listener else [])
        await asyncio.gather(*also, self._play())

    async def _play(self) -> None:
        while True:
            self.tick(self._clock())
            await asyncio.sleep(BEAT_S)

    def tick(self, now: float) -> None:
        """Let time pass up to `now`."""
        passed, self._looked = min(now - self._looked, HELD_UP_S), now
        if self.film.events and (self._speed or not self.count):
            self._go(self._ns + round(passed * self._speed * 1e9))
        if self._whole and self._ns == self._end_ns:
            self._speed = 0.0
        self._tell()

    @property
    def count(self) -> int:
        """How many events have happened at the cursor."""
        return self._folded.count

    @property
    def _end_ns(self) -> int:
        return max(self._reached_ns, self.film.times_ns[-1] if self.film.times_ns else 0)

    def _go(self, ns: int, count: int | None = None) -> None:
        """Put the cursor to a moment; at a moment of several events behind the first `count` ones."""
        if not self.film.events:
            raise Refused("nothing of the recording came yet")
        self._ns = min(max(ns, self.film.times_ns[0]), self._end_ns)
        self.state = self._folded.to(self.film.count_at(self._ns) if count is None else count)

    def _tell(self) -> None:
        """Say where it is, as a core does."""
        last = self.state.at
        if last is None:
            return
        self.connected, self.why = True, ""
        self.changes += 1
        heard, walks = self._hearing(), self._heard_walks
        listened = Listened(walks=walks, why=heard.why, passing=heard.passing, unproven=heard.unproven)
        self.beat = Beat(
            at=last.plus((self._ns - last.monotonic_ns) / 1e9),
            source=self._source,
            speed=self._speed,
            saved_s=-1.0,
            chair=self.state.opened.chair if self.state.opened else "",
            ended=self._whole and self._ns == self._end_ns,
            length_s=self._end_ns / 1e9,
            remark=self._remark if self._whole else BROKEN if self._broken else COMING,
            devices=heard.devices,
            waves=heard.waves,
            listened=listened if self._listener else None,
        )

    # ---------------------------------------------------------------- listening

    async def _listen(self, listener: Listener) -> None:
        """Keep hearing where the cursor is. Neither keys nor time wait for it."""
        while True:
            self._wanted.clear()
            await self.hear()
            async with self._one_at_a_time:
                more = await asyncio.to_thread(listener.read_on)
            urgent = self._heard.passing and self._hearing() is self._heard
            with suppress(TimeoutError):
                async with asyncio.timeout(0 if urgent else BEAT_S / 4 if more else HEAR_S):
                    await self._wanted.wait()

    async def hear(self) -> None:
        """Listen where the cursor is; if somebody moves it meanwhile, what was heard is dropped."""
        if self._listener is None or not self.film.events or self._speed > HEARD_SPEED:
            return
        async with self._one_at_a_time:
            ns, walks = self._ns, self._walks
            heard = await asyncio.to_thread(self._listener.hear, ns)
        if walks == self._walks:
            self._heard, self._heard_ns, self._heard_walks = heard, ns, walks
            self._tell()

    def _hearing(self) -> Heard:
        """Return what was heard last where that is true of the cursor, else why nothing is."""
        if self._speed > HEARD_SPEED:
            return Heard(why=f"no waveforms and bytes at {self._speed:g}×, above {HEARD_SPEED:g}×", passing=True)
        walked = self._walks != self._heard_walks and self._clock() - self._walked > GRACE_S
        return FINDING if walked or self._ns - self._heard_ns > LATE_NS else self._heard

    async def ask(self, intent: Intent, pin: str = "") -> str:  # noqa: ARG002 (a feed is asked with a PIN)
        """Change the speed; nothing else can be asked of what is over."""
        if not isinstance(intent, SetSpeed):
            return f"this is a {self._source.lower()}: nothing is added to it"
        if not 0 <= intent.speed <= FASTEST:
            return f"speed {intent.speed:g} is not between 0 (stopped) and {FASTEST:g}"
        if intent.speed and self._whole and self._ns == self._end_ns:
            return "it is at its end; go back first, home goes to the start"
        self._speed, self._looked = intent.speed, self._clock()
        self._wanted.set()
        self._tell()
        return ""

    # ---------------------------------------------------------------- walking

    def _walk(self, ns: int, count: int | None = None) -> None:
        """Go somewhere because somebody wants to, and listen there."""
        self._go(ns, count)
        self._walks, self._walked = self._walks + 1, self._clock()
        self._wanted.set()
        self._tell()

    def move(self, seconds: float) -> None:
        """Go by a length of time, back where it is negative; no further than start and end."""
        self._walk(self._ns + round(seconds * 1e9))

    def start(self) -> None:
        """Go to the first moment."""
        self._walk(0)

    def end(self) -> None:
        """Go to the last moment that there is so far."""
        self._walk(self._end_ns)

    def step(self, by: int, kind: Kind) -> None:
        """Go to the next one of a kind (`by` 1), or the one before (-1), and stop there to look at it."""
        places = self.film.places[kind]
        n = bisect_right(places, self.count) if by > 0 else bisect_left(places, self.count) - 1
        if not 0 <= n < len(places):
            what = {Kind.ENTRY: "entry", Kind.ALARM: "alarm", Kind.MARK: "observation, note or change of phase"}[kind]
            raise Refused(f"there is no {what} {'after' if by > 0 else 'before'} this")
        self.to(places[n])

    def to(self, count: int) -> None:
        """Go to the moment when the first `count` events have just happened, and stop there to look at it."""
        self._speed = 0.0
        self._walk(self.film.times_ns[count - 1], count)

    def to_clock(self, clock: time) -> None:
        """Go to when the clock on the wall showed this."""
        first, last = (self.film.events[n].at.wall.astimezone(self.zone) for n in (0, -1))
        wanted = datetime.combine(first.date(), clock, first.tzinfo)
        if wanted <= first - timedelta(minutes=1):
            wanted += timedelta(days=1)
        if wanted > last + timedelta(minutes=1):
            raise Refused(f"the recording goes from {first:%H:%M} to {last:%H:%M}")
        self._walk(self.film.moment_ns(wanted))

    def entries(self) -> tuple[list[tuple[int, e.Event]], SessionState]:
        """Return all that a person reads, each with its place for `to`, and the state after the last event so far."""
        places = [(place, self.film.events[place - 1]) for place in self.film.places[Kind.ENTRY]]
        return places, self._all.to(len(self.film.events))


def from_core(path: Path) -> Callable[[Player], Awaitable[None]]:
    """Return what fills a player from the core at a socket, until that has played all it has."""

    async def fill(player: Player) -> None:
        feed = SocketFeed(path, player.profile)
        feed.listeners.append(player.add)
        while True:
            try:
                async with aclosing(feed.updates()) as updates:
                    async for _ in updates:
                        if feed.beat is not None:
                            player.reach(feed.beat.at, whole=feed.beat.ended, remark=feed.beat.remark)
                            if feed.beat.ended:
                                return
            except SourceError:
                player.part()
            await asyncio.sleep(RECONNECT_S)

    return fill


class Overheard:
    """What a player shows, as a `Feed` for another thread: the sound of a replay keeps step with its screen.

    The two threads share only events, which never change; each folds them for itself.
    """

    def __init__(self, player: Player) -> None:
        self._player, self._folded = player, Folded(player.film)
        self.look()

    def look(self) -> None:
        """Take what the player shows now."""
        player = self._player
        self.state, self.profile, self.beat = self._folded.to(player.count), player.profile, player.beat
        self.connected, self.why, self.changes = player.connected, player.why, player.changes

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(BEAT_S)

    async def ask(self, intent: Intent, pin: str = "") -> str:
        """Ask nothing: who only listens has no say."""
        return await self._player.ask(intent, pin)
