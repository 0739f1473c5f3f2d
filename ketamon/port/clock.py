"""The clocks of a session. Nothing outside this package asks the system for the time.

All clocks count whole microseconds, as recorded streams do, so that a replay decides on exactly the times the live
session decided on.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Protocol

from ketamon.domain.instant import Instant

# Where there is one, the clock that goes on while the machine sleeps: a value read before the lid was shut is old.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Tells the time of a session."""

    def now(self) -> Instant:
        """Tell the time on both clocks."""
        ...


class SystemClock:
    """The time as it is. `elapsed_ns` is what the session's clock showed already, when a session is resumed."""

    def __init__(self, elapsed_ns: int = 0) -> None:
        self._zero = time.clock_gettime_ns(_CLOCK) - elapsed_ns

    def now(self) -> Instant:
        """Tell the time since the session began, and the wall clock in UTC."""
        ns = time.clock_gettime_ns(_CLOCK) - self._zero
        return Instant(ns - ns % 1000, datetime.now(UTC))


class SteppedClock:
    """Time that passes only when it is told to: for demo, replay and tests, at any speed with the same decisions."""

    def __init__(self, wall: datetime, elapsed_ns: int = 0) -> None:
        if wall.tzinfo is None:
            raise ValueError("the wall clock needs a time zone")
        self._now = Instant(elapsed_ns - elapsed_ns % 1000, wall)
        self._lock = Lock()

    def now(self) -> Instant:
        """Tell the time reached so far."""
        return self._now

    def advance(self, seconds: float) -> Instant:
        """Let time pass on both clocks, to the microsecond, and tell the time then."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards (by {seconds} s)")
        step = timedelta(seconds=seconds)
        with self._lock:
            ns = step // timedelta(microseconds=1) * 1000
            self._now = Instant(self._now.monotonic_ns + ns, self._now.wall + step)
            return self._now

    def set_wall(self, wall: datetime) -> None:
        """Step the wall clock, as an operator or a time server does; durations are not touched."""
        with self._lock:
            self._now = Instant(self._now.monotonic_ns, wall)
