"""A moment, on two clocks at once.

Durations, ages and deadlines use `monotonic_ns` only; `wall` is for people and documents. A device's own clock is a
third one, beside these, never instead of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """Nanoseconds on the session's monotonic clock (0 when the core started it), and the wall clock (aware, UTC)."""

    monotonic_ns: int
    wall: datetime

    @property
    def seconds(self) -> float:
        """The monotonic clock in seconds."""
        return self.monotonic_ns / 1e9

    def since(self, earlier: "Instant") -> float:
        """Seconds from `earlier` to this moment, on the monotonic clock."""
        return (self.monotonic_ns - earlier.monotonic_ns) / 1e9

    def plus(self, seconds: float) -> "Instant":
        """Return the moment that many seconds later, on both clocks."""
        return Instant(self.monotonic_ns + round(seconds * 1e9), self.wall + timedelta(seconds=seconds))
