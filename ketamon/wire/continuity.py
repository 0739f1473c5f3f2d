"""Second checks for devices with weak checksums: does a number follow from what was said before?

A sum of eight bits misses one damage in 256, and every swap of two bytes.
"""

from ketamon.domain.devices import PumpState
from ketamon.domain.instant import Instant

_STEPS = 3
"""After so many steps of its counter should have come and none came, a pump is not known to infuse."""
_SLACK_S = 5.0
"""Reports may come so late without meaning anything."""
_SLACK = 1.25
"""How much faster than its rate a volume may seem to grow: a pump reads its clock at other moments than we do."""


class Steady:
    """A number that may grow a little from one report to the next; one that jumps is believed when it is told twice."""

    def __init__(self) -> None:
        self._believed: float | None = None
        self._told: float | None = None

    def believes(self, value: float, most: float = 0.0) -> bool:
        """Whether this number lies at most `most` above the last believed one, or above the one told just before."""
        before, self._told = (self._believed, self._told), value
        if value not in before and not _follows(value, before, most):
            return False
        self._believed = value
        return True


def _follows(value: float, before: tuple[float | None, ...], most: float) -> bool:
    """Whether a number lies at most so far above one of those before, where there is one."""
    known = [number for number in before if number is not None]
    return not known or any(0 <= round(value - number, 6) <= round(most, 6) for number in known)


class Known:
    """A number of a device whose answers may have no checksum: what it is, for as long as it is known."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._steady = Steady()
        self._told = False
        self._value: float | None = None
        self._at: Instant | None = None

    def take(
        self, value: float | None, at: Instant, *, sure: bool = False, grows: float = 0.0, step: float = 0.0
    ) -> bool:
        """Take what an answer says (None is "cannot be read"); whether it counts.

        A checksum makes it `sure`. Without one it counts when it is told a second time, or lies above what was said
        before by no more than it `grows` in an hour, give or take two of its last digits (`step`).
        """
        first, self._told = not self._told, True
        most = 2 * step + grows / 3600 * _SLACK * min(self._age(at), self._lifetime_s)
        counts = (value is not None and self._steady.believes(value, most) and not first) or sure
        if counts:
            self._value, self._at = value, at
        return counts

    def get(self, at: Instant) -> float | None:
        """Return the number, None where it is not known any more."""
        return self._value if self._age(at) <= self._lifetime_s else None

    def _age(self, at: Instant) -> float:
        return self._lifetime_s + 1 if self._at is None else at.since(self._at)


class Flow:
    """What a pump does, where all it tells is a rate and a counter: it infuses while its counter follows its rate.

    The counter goes in steps of `step_ml`. Without a rate it is held: why it stands (held, ended, not begun) it does
    not tell. A rate alone proves nothing, it may only be set: then the state is unknown. Keep-vein-open looks the same.
    """

    def __init__(self, step_ml: float) -> None:
        self._step_ml = step_ml
        self._volume: float | None = None
        self._grew: Instant | None = None

    def state(self, rate: float | None, volume: float | None, at: Instant) -> PumpState:
        """Take a report (mL/h, mL; None where a number is not known) and say what the pump does."""
        if volume is not None:
            if self._volume is not None and volume != self._volume:
                self._grew = at if volume > self._volume else None
            self._volume = volume
        if rate is None:
            return PumpState.UNKNOWN
        if rate == 0:
            self._grew = None
            return PumpState.HELD
        if self._grew is None or at.since(self._grew) > _STEPS * self._step_ml / rate * 3600 + _SLACK_S:
            return PumpState.UNKNOWN
        return PumpState.INFUSING
