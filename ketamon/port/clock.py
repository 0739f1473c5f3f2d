"""The clocks of a session. Nothing outside this package asks the system for the time.

All clocks count whole microseconds, as recorded streams do, so that a replay decides on exactly the times the live
session decided on.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

from ketamon.domain.instant import Boot, Instant

# Where there is one, the clock that goes on while the machine sleeps: a value read before the lid was shut is old.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
# The one that stands still meanwhile; what the other gains on it is time that was slept.
_AWAKE = getattr(time, "CLOCK_UPTIME_RAW", time.CLOCK_MONOTONIC)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Tells the time of a session. `boot`: the machine's own clock behind it, None where time is made up."""

    boot: Boot | None

    def now(self) -> Instant:
        """Tell the time on both clocks."""
        ...


class SystemClock:
    """The time as it is. `elapsed_ns` is what the session's clock showed already, when a session is resumed."""

    def __init__(self, elapsed_ns: int = 0) -> None:
        self._zero = time.clock_gettime_ns(_CLOCK) - elapsed_ns
        self._asleep = self._slept_ns()
        self.boot: Boot | None = Boot(_boot_id(), self._zero)

    def now(self) -> Instant:
        """Tell the time since the session began, and the wall clock in UTC."""
        ns = time.clock_gettime_ns(_CLOCK) - self._zero
        return Instant(ns - ns % 1000, datetime.now(UTC))

    def slept_s(self) -> float:
        """Tell for how long the machine slept since this was last asked."""
        before, self._asleep = self._asleep, self._slept_ns()
        return max(0.0, (self._asleep - before) / 1e9)

    @staticmethod
    def _slept_ns() -> int:
        return time.clock_gettime_ns(_CLOCK) - time.clock_gettime_ns(_AWAKE)


class Uptime(NamedTuple):
    """How long the machine runs, sleep included, and which run of it this is ("" where the system has no name)."""

    boot: str
    ns: int


def uptime() -> Uptime | None:
    """Tell how long the machine runs: time that nobody can set; None where the system does not tell."""
    if not hasattr(time, "clock_gettime_ns"):
        return None
    return Uptime(_boot_id(), time.clock_gettime_ns(_CLOCK))


def _boot_id() -> str:
    """Return the name of this run of the machine; "" where the system has none."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


class SteppedClock:
    """Time that passes only when it is told to: for demo, replay and tests, at any speed with the same decisions."""

    boot: Boot | None = None

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
