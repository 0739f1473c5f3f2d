"""When which burst is due. Pure: priority and time are handed in.

- a new or higher priority sounds at once and interrupts a lower one;
- a burst is repeated after its pause, high most often, low never;
- another alarm of the same priority does not wait for the pause to end, only for the least one the standard allows;
- when nothing is audible any more, or only a lower priority, what sounds is stopped at once.
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
        self._ends = 0.0
        self._due = 0.0

    def look(self, audible: Priority | None, alarms: int, now: float) -> Priority | Do:
        """Say what to do at `now`: begin the burst of a priority, stop, or nothing.

        `audible` is the priority that calls, `alarms` how many alarms there were so far.
        """
        before, self.sounding = self.sounding, audible
        new, self._alarms = alarms > self._alarms, alarms
        if audible is None:
            return Do.STOP if before is not None else Do.NOTHING
        if before is None or audible.rank > before.rank:
            self._due = now
        elif audible.rank < before.rank:
            self._ends = min(self._ends, now)
            self._due = self._ends + LEAST_PAUSE_S
            return Do.STOP
        elif new:
            self._due = min(self._due, self._ends + LEAST_PAUSE_S)
        if now < self._due:
            return Do.NOTHING
        pattern = PATTERNS[audible]
        self._ends = now + pattern.burst_s
        self._due = float("inf") if pattern.pause_s is None else self._ends + pattern.pause_s
        return audible
