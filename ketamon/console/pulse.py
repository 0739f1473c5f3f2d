"""When is now: the core's clock carried on between its beats, the moment contact is lost, and when the bell is due.

Pure: the time that passes here is handed in.
"""

from ketamon.console.view import Contact
from ketamon.domain.devices import Priority
from ketamon.domain.instant import Instant
from ketamon.follow import Beat

LOST_AFTER_S = 3.0
"""A core beats four times a second. After this long without a beat nothing on the screen counts as current."""

BELL_EVERY_S = {Priority.HIGH: 3.0, Priority.MEDIUM: 9.0}
"""Seconds between bells (IEC 60601-1-8, table 4: bursts 2.5 to 15 s apart for high, 2.5 to 30 s for medium)."""


class Pulse:
    """Follows the beats of a core against a clock of this computer."""

    def __init__(self) -> None:
        self._beat: Beat | None = None
        self._heard = 0.0

    def take(self, beat: Beat | None, now: float) -> None:
        """Look at the newest beat at `now`, in seconds of a clock that only goes forward."""
        if beat is not None and beat is not self._beat:
            self._beat, self._heard = beat, now

    def moment(self, last: Instant | None, now: float) -> Instant | None:
        """Return the moment to draw: the last beat carried on at its speed, and never before the last event, `last`.

        Above real time nothing is carried on: a fraction of a second here would be half a minute there, and make
        values look old that are not.
        """
        if self._beat is None:
            return last
        ahead = (now - self._heard) * self._beat.speed if self._beat.speed <= 1 else 0.0
        at = self._beat.at.plus(min(ahead, LOST_AFTER_S))
        return last if last is not None and last > at else at

    def contact(self, now: float, why: str) -> Contact:
        """Say whether the core is heard; `why` is the feed's reason, "" while it is connected."""
        if self._beat is None:
            return Contact(reached=False, why=why)
        silent = now - self._heard >= LOST_AFTER_S
        return Contact(reached=not why and not silent, since=self._beat.at, why=why or "no beat" * silent)


class Bell:
    """The bell of this terminal: at once for a new or higher alarm, then again and again, for low priority once."""

    def __init__(self) -> None:
        self._last = 0.0
        self._for: Priority | None = None

    def due(self, audible: Priority | None, now: float) -> bool:
        """Tell whether to ring now."""
        before, self._for = self._for, audible
        if audible is None:
            return False
        louder = before is None or audible.rank > before.rank
        again = audible in BELL_EVERY_S and now - self._last >= BELL_EVERY_S[audible]
        if louder or again:
            self._last = now
        return louder or again
