"""What a person looks at in the trend: how long a stretch, until when, where the cursor stands, and which chart alone.

Pure: whatever a key or the mouse does makes another `Scope`. All times are seconds of session time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

STEPS_S = {900.0: 150.0, 1800.0: 300.0, 3600.0: 600.0, 5400.0: 600.0}
"""Lengths of the trend, and how far each moves on at a time once the session is longer, so that nothing moves between.

Unless a person chose one it is the shortest that holds the session so far, and the longest for a longer session.
"""
ALL_S = inf
"""The length that is as long as the session is."""
LENGTHS_S = (*STEPS_S, ALL_S)
ALL_STEP_S = 1800.0
"""By how much the trend of a whole session grows, once it is longer than the longest of the others."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`length_s` None: as long as the session needs. `end_s` None: the trend goes with the time, as it does at first.

    `alone` is the label of the one chart that is shown, "" for all of them.
    """

    length_s: float | None = None
    end_s: float | None = None
    cursor_s: float | None = None
    alone: str = ""

    @property
    def reading(self) -> bool:
        """Whether somebody reads in it, rather than see what is now."""
        return self.cursor_s is not None or self.end_s is not None


FOLLOWING = Scope()


def window(now_s: float, scope: Scope = FOLLOWING) -> tuple[float, float]:
    """Return the stretch of session time that is shown."""
    length = _length(now_s, scope)
    if length == ALL_S:
        return 0.0, next((s for s in STEPS_S if now_s <= s), ceil(now_s / ALL_STEP_S) * ALL_STEP_S)
    if scope.end_s is not None:
        return scope.end_s - length, scope.end_s
    step = STEPS_S[length]
    start = -(-max(0.0, now_s - length) // step) * step
    return start, start + length


def _length(now_s: float, scope: Scope) -> float:
    return scope.length_s or next((s for s in STEPS_S if now_s <= s), [*STEPS_S][-1])


def zoomed(scope: Scope, now_s: float, by: int) -> Scope:
    """Take the next longer length (`by` 1) or the next shorter one (-1); what the cursor points at stays in sight."""
    place = LENGTHS_S.index(_length(now_s, scope)) + by
    wanted = replace(scope, length_s=LENGTHS_S[min(max(place, 0), len(LENGTHS_S) - 1)])
    if scope.cursor_s is not None:
        return pointed(replace(wanted, end_s=None), now_s, scope.cursor_s, 1 / 2)
    return _until(wanted, now_s, scope.end_s)


def pointed(scope: Scope, now_s: float, t: float, share: float = 1 / 3) -> Scope:
    """Put the cursor at `t`, not in the future; where it is out of sight the trend goes there, `share` of it beyond."""
    t = min(max(t, 0.0), now_s)
    start, end = window(now_s, scope)
    scope = replace(scope, cursor_s=t)
    if start <= t < end:
        return scope
    length = end - start
    return _until(scope, now_s, t + length * (1 - share if t < start else share))


def _until(scope: Scope, now_s: float, end_s: float | None) -> Scope:
    """Let the trend end about there, or go with the time where that shows it, too."""
    following = replace(scope, end_s=None)
    start, end = window(now_s, following)
    if end_s is None or scope.length_s == ALL_S:
        return following
    length = end - start
    step = STEPS_S[length]
    until = max(ceil(end_s / step) * step, length)
    return following if until >= end else replace(scope, end_s=until)


def returned(scope: Scope) -> Scope:
    """Take the cursor away, and go with the time again; length and charts stay as chosen."""
    return replace(scope, end_s=None, cursor_s=None)


def next_alone(scope: Scope, labels: Sequence[str]) -> Scope:
    """Show the next chart alone, after the last one all of them."""
    order = ["", *labels]
    place = order.index(scope.alone) if scope.alone in order else 0
    return replace(scope, alone=order[(place + 1) % len(order)])


def span_words(now_s: float, scope: Scope) -> str:
    """Say how long the stretch is: "30 min", "all, 90 min"."""
    start, end = window(now_s, scope)
    return f"{'all, ' if scope.length_s == ALL_S else ''}{ceil((end - start) / 60)} min"
