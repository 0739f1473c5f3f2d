"""When which burst is due. Pure: priority and time are handed in.

- a new or higher priority sounds at once and interrupts a lower one;
- a burst is repeated after its pause, high most often, low never;
- another alarm of the same priority does not wait for the pause to end, only for the least one the standard allows;
- what somebody silenced stops at once; what is over by itself sounds to the end of its burst, so that also a short
  alarm is known for what it is (IEC 60601-1-8, 6.10 asks for half a burst of high priority and a whole one of medium).
"""

from enum import Enum, auto

from ketamon.domain.devices import Priority
from ketamon.sound.patterns import LEAST_PAUSE_S, PATTERNS


class Do(Enum):
    """What is to be done besides beginning a burst."""

    NOTHING = auto()
    STOP = auto()


class Siren:
    """The rhythm of one console. `sounding` is the priority that calls now, also in the pause between its bursts."""

    def __init__(self) -> None:
        self.sounding: Priority | None = None
        self._alarms = 0
        self._begun = False
        self._ends = 0.0
        self._due = 0.0

    def look(self, audible: Priority | None, alarms: int, now: float, *, silenced: bool = False) -> Priority | Do:
        """Say what to do at `now`: begin the burst of a priority, stop, or nothing.

        `audible` is the priority that calls, `alarms` how many alarms there were so far. `silenced`: what called
        before does not any more because somebody wanted it so.
        """
        before, self.sounding = self.sounding, audible
        new, self._alarms = alarms > self._alarms, alarms
        if silenced and self._begun and (audible is None or (before is not None and audible.rank < before.rank)):
            self._begun, self._ends, self._due = False, now, now + LEAST_PAUSE_S
            return Do.STOP
        if audible is None:
            return Do.NOTHING
        if before is None or audible.rank > before.rank:
            self._due = now
        elif audible.rank < before.rank or new:
            self._due = min(self._due, self._ends + LEAST_PAUSE_S)
        if now < self._due:
            return Do.NOTHING
        pattern = PATTERNS[audible]
        self._begun, self._ends = True, now + pattern.burst_s
        self._due = float("inf") if pattern.pause_s is None else self._ends + pattern.pause_s
        return audible
