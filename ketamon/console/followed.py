"""One core as a console follows it: its feed, when now is there, and what is drawn of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import tzinfo
from typing import Protocol

from ketamon.console.pulse import Pulse
from ketamon.console.view.chair import ChairView, Contact, build, nameless
from ketamon.console.view.chair_line import chair_line
from ketamon.console.view.estimated import EstimateChart
from ketamon.console.view.strip import ChairLine, label
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person
from ketamon.follow import Beat, Feed, Source
from ketamon.playback import Player


class Others(Protocol):
    """The other chairs of this workstation, which come and go."""

    def found(self, known: Collection[str]) -> Iterable[str]:
        """Return the chairs that run now, without those that are `known`. It may wait, and is called from a thread."""
        ...

    def feed(self, name: str) -> Feed:
        """Return a new feed of a chair."""
        ...


class Followed:
    """A core that is followed by `name`, and called by it; "" for one alone, which is called what it calls itself.

    `failed` is why its feed broke, `at` when now is there, None while unknown, `player` its feed where that is a
    recording that is walked through. What is drawn is worked out only when it is asked for, and anew only when
    something changed.
    """

    def __init__(self, name: str, feed: Feed, zone: tzinfo | None) -> None:
        self.name, self.feed, self.failed = name, feed, ""
        self.player = feed if isinstance(feed, Player) else None
        self.at: Instant | None = None
        self.contact = Contact(reached=False)
        self._zone, self._pulse, self._estimate = zone, Pulse(), EstimateChart()
        self._ended_at: float | None = None
        self._seen: object = None
        self._view: ChairView | None = None
        self._line_seen: object = None
        self._line: ChairLine | None = None

    def look(self, now: float) -> None:
        """Hear the newest beat at `now`, in seconds of this computer's clock."""
        feed = self.feed
        self._pulse.take(feed.beat, now)
        self.at = self._pulse.moment(feed.state.at, now)
        why = self.failed or ("" if feed.connected else feed.why or "not connected")
        self.contact = self._pulse.contact(now, why)
        if self.contact.reached or not self.contact.ended:
            self._ended_at = None
        elif self._ended_at is None:
            self._ended_at = now

    def over_for(self, now: float) -> float:
        """Return for how many seconds its session has been over and its core gone, 0 where that is not so."""
        return 0.0 if self._ended_at is None else now - self._ended_at

    def heard(self) -> Beat | None:
        """Return the newest beat, None while its core is not heard."""
        return self.feed.beat if self.feed.connected and not self.failed else None

    @property
    def live(self) -> bool:
        """Whether its core is heard and has a patient."""
        return self.contact.reached and self.feed.beat is not None and self.feed.beat.source is Source.LIVE

    @property
    def pins(self) -> bool:
        """Whether people prove there who they are."""
        return self.feed.state.opened is not None and self.feed.state.opened.pins

    def line(self) -> ChairLine:
        """Say it in one line."""
        seen = self._now()
        if self._line is None or seen != self._line_seen:
            self._line_seen = seen
            feed = self.feed
            self._line = chair_line(self.name, feed.state, feed.profile, feed.beat, self.contact, self.at, self._zone)
        return self._line

    def view(self, staff: Person, *, locked: bool) -> ChairView:
        """Return all of it; the same object again where nothing changed. `staff` is who is at the screen."""
        feed = self.feed
        seen = (self._now(), locked, staff)
        if self._view is None or seen != self._seen:
            self._seen = seen
            charts = self._estimate.charts(feed.state, feed.profile, self.at)
            view = build(
                feed.state, feed.profile, feed.beat, self.contact, self.at, self._zone, staff=staff, charts=charts
            )
            if self.name:
                view = replace(view, header=replace(view.header, chair=label(self.name)))
            self._view = nameless(view) if locked and self.pins else view
        return self._view

    def _now(self) -> tuple[object, ...]:
        """Return what everything drawn depends on."""
        feed, beat, second = self.feed, self.feed.beat, int(self.at.seconds) if self.at else None
        pace = (beat.source, beat.speed, beat.ended, beat.length_s, beat.remark, beat.listened) if beat else None
        return (id(feed.state), feed.state.seq, second, self.contact.reached, self.contact.why, pace)
