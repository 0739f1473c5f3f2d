"""Blinking at the pace of an alarm, the same wherever one stands."""

from collections.abc import Iterable

from textual.timer import Timer
from textual.widget import Widget

from ketamon.domain.devices import Priority

HALF_PERIOD_S = {Priority.HIGH: 0.25, Priority.MEDIUM: 1 / 1.2}
"""Half a blink: 2 Hz for high, 0.6 Hz for medium priority (IEC 60601-1-8, table 2: 1.4 to 2.8 and 0.4 to 0.8 Hz)."""


class Blinking(Widget):
    """A widget that wears the class `-off` for half of each blink; the style sheet says what that looks like."""

    _timer: Timer | None = None
    _rate: Priority | None = None

    @property
    def blinking(self) -> bool:
        """Whether an alarm blinks now."""
        return self._timer is not None

    def blink(self, priorities: Iterable[Priority] = ()) -> None:
        """Blink at the pace of the highest of these, without any not at all."""
        rate = max(priorities, key=lambda p: p.rank, default=None)
        if rate is self._rate:
            return
        self._rate = rate
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self.remove_class("-off")
        if rate in HALF_PERIOD_S:
            self._timer = self.set_interval(HALF_PERIOD_S[rate], lambda: self.toggle_class("-off"))
