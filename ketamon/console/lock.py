"""When a screen locks itself, in a clinic with PINs: by key, or so long without one as the profile says."""

from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState


class Lock:
    """The lock of one screen; `now` is in seconds of this computer's monotonic clock.

    In an emergency, and while people work without a PIN, it does not close by itself: a locked screen costs time.
    """

    def __init__(self, now: float) -> None:
        self._closed = False
        self._last_key = now

    def look(self, state: SessionState, profile: Profile, now: float) -> bool:
        """Return whether the screen is locked; without PINs nobody could open it, and it never is."""
        if state.opened is not None and not state.opened.pins:
            self._closed = False
        if state.opened is None or not state.opened.pins or state.emergency_since or state.glass_broken:
            self._last_key = now
        elif now - self._last_key >= profile.people.idle_lock_minutes * 60:
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
