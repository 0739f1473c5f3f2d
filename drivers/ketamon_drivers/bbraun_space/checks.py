"""Second checks of what one pump says, as a sum does not see bytes that changed places."""

from dataclasses import replace

from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.wire.continuity import RATE_MOVES, Same, Smooth, Steady

HIGHEST_RATE = 1800.0
"""mL/h, the document's limit; what a bolus gives where no rate is told."""
_NOTHING = PumpStatus(state=PumpState.UNKNOWN)
_STEP_ML = 0.1
_SLACK, _SLACK_S = 1.25, 2.0
"""How much faster than its rate a volume may seem to grow, and a time to run out."""


class Checks:
    """What a pump said in the reply before. What does not follow from it counts when it is told again."""

    def __init__(self) -> None:
        self._rate, self._volume, self._remaining = Smooth(), Steady(), Smooth()
        self._same = {name: Same() for name in ("vtbi", "drug", "serial")}
        self._at: Instant | None = None

    def believed(self, status: PumpStatus, at: Instant) -> tuple[PumpStatus, frozenset[str]]:
        """Return a status without what is in doubt, and the names of that."""
        passed = 0.0 if self._at is None else max(0.0, at.since(self._at)) * _SLACK
        self._at = at
        grown = passed * (HIGHEST_RATE if status.rate is None else status.rate) / 3600 + 2 * _STEP_ML
        doubts = {n for n, same in self._same.items() if getattr(status, n) and not same.believes(getattr(status, n))}
        if status.rate is not None and not self._rate.believes(status.rate, RATE_MOVES * status.rate):
            doubts.add("rate")
        if status.volume_infused is not None and not self._volume.believes(status.volume_infused, grown):
            doubts.add("volume_infused")
        if status.time_remaining is not None and not self._remaining.believes(status.time_remaining, passed + _SLACK_S):
            doubts.add("time_remaining")
        return replace(status, **{name: getattr(_NOTHING, name) for name in doubts}), frozenset(doubts)
