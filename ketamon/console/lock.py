"""When a console locks itself, in a clinic with PINs: by key, or so long without one as the profile says."""

from collections.abc import Iterable

from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState


class Lock:
    """The lock of one console; `now` is in seconds of this computer's monotonic clock.

    Its chairs lock together, after the shortest time that one of them asks for. In an emergency, and while people work
    without a PIN, it does not close by itself: a locked screen costs time. One that begins `closed` is behind a start
    screen at which nobody signed in.
    """

    def __init__(self, now: float, *, closed: bool = False) -> None:
        self._closed = closed
        self._last_key = now

    def look(self, sessions: Iterable[tuple[SessionState, Profile]], now: float) -> bool:
        """Return whether the console is locked; without PINs nobody could open it, and it never is."""
        opened = [(state, profile) for state, profile in sessions if state.opened is not None]
        guarded = [(state, profile) for state, profile in opened if state.opened and state.opened.pins]
        if opened and not guarded:
            self._closed = False
        if not guarded or any(state.emergency_since or state.glass_broken for state, _ in guarded):
            self._last_key = now
        elif now - self._last_key >= min(profile.people.idle_lock_minutes for _, profile in guarded) * 60:
            self._closed = True
        return self._closed

    def touch(self, now: float) -> None:
        """Take note of a key."""
        self._last_key = now

    def close(self) -> None:
        """Lock at once."""
        self._closed = True

    def open(self, now: float) -> None:
        """Unlock: somebody said who they are."""
        self._closed, self._last_key = False, now
