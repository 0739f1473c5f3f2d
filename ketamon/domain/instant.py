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


@dataclass(frozen=True, slots=True)
class Boot:
    """The machine's own clock behind a session's: which run of the machine (its boot id), and what it showed at zero.

    That clock counts nanoseconds since the machine started, sleep included, and nobody can set it: while the machine
    runs on, it tells how long a core was down. `id` is "" where the system does not name its runs.
    """

    id: str
    zero_ns: int


def leap(seconds: float) -> str:
    """Say by how much a clock was moved, in a unit that people grasp: "+3 s", "-60 min", "+20454.1 days"."""
    unit, size = next(
        ((u, s) for u, s in (("days", 86_400), ("h", 3600), ("min", 60)) if abs(seconds) >= 2 * s), ("s", 1)
    )
    return f"{seconds / size:+.1f}".removesuffix(".0") + f" {unit}"
