"""How long a core was down, and why, as far as anybody can tell.

While the machine runs on, its own clock tells the length, whatever was done to the wall clock. After a new start of the
machine only the wall clock is left, and that may have been set, or have forgotten the year with an empty battery: a
length that makes no sense is unknown, never zero.
"""

from datetime import timedelta
from typing import NamedTuple

from ketamon.domain.instant import Boot, Instant, leap

LONGEST = timedelta(days=7)
"""Nobody goes on with a session after that; a wall clock that says so was moved."""


class Gap(NamedTuple):
    """The length in seconds, None where it is unknown, and the cause in words."""

    seconds: float | None
    why: str


def gap(last: Instant, before: Boot | None, now: Instant, boot: Boot | None, *, broke_off: bool) -> Gap:
    """Tell the gap between `last` and `now`, each with the machine's clock behind it.

    `broke_off`: the core that was at work did not come to its end by itself.
    """
    core = "the core broke off" if broke_off else "the core was stopped"
    if before is None or boot is None or not (before.id and boot.id):
        return _by_wall(last, now, core)
    if before.id != boot.id:
        return _by_wall(last, now, f"{core}, the machine was started anew")
    seconds = (boot.zero_ns + now.monotonic_ns - before.zero_ns - last.monotonic_ns) / 1e9
    return Gap(seconds, core) if seconds >= 0 else Gap(None, f"{core}, the machine's own clock went back")


def _by_wall(last: Instant, now: Instant, why: str) -> Gap:
    moved = now.wall - last.wall
    if timedelta(0) <= moved <= LONGEST:
        return Gap(moved.total_seconds(), why)
    return Gap(None, f"{why}, the wall clock was moved by about {leap(moved.total_seconds())}")
