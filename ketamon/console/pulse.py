"""When is now: the core's clock carried on between its beats, and the moment contact is lost.

Pure: the time that passes here is handed in.
"""

from ketamon.console.view.chair import Contact
from ketamon.domain.instant import Instant
from ketamon.follow import Beat

LOST_AFTER_S = 3.0
"""A core beats four times a second. After this long without a beat nothing on the screen counts as current."""


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
        return Contact(
            reached=not why and not silent, since=self._beat.at, why=why or "no beat" * silent, ended=self._beat.ended
        )
