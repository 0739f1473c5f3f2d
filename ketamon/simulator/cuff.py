"""The blood pressure cuff: it measures now and then, takes half a minute, and repeats its last numbers in between."""

from dataclasses import dataclass

MEASURING_S = 30.0
"""How long one measurement takes: 28 to 33 s between the "measuring" flag and the new numbers in recordings of a GE
CARESCAPE monitor in automatic mode."""


@dataclass(frozen=True, slots=True)
class Pressures:
    """Systolic, diastolic and mean pressure in mmHg."""

    sys: int
    dia: int
    mean: int


class Cuff:
    """A cuff on a schedule. `interval_s` is the time from the start of one measurement to the start of the next."""

    def __init__(self, interval_s: float) -> None:
        self.interval_s = interval_s
        self.result: Pressures | None = None
        self.age_s: float | None = None
        self._since_start_s = interval_s  # the first one starts at once
        self.failing = False
        """It leaks, or the arm moves: a measurement ends without numbers, and those from before are gone."""
        self._measuring = False

    @property
    def measuring(self) -> bool:
        """Whether it is at work; the old numbers stand until it is done."""
        return self._measuring

    def measure(self) -> None:
        """Start a measurement now, as the key on the monitor does; nothing where one runs."""
        if not self._measuring:
            self._measuring, self._since_start_s = True, 0.0

    def process(self, dt_s: float, sys: float, dia: float) -> None:
        """Let time pass over an artery with these pressures."""
        if self.age_s is not None:
            self.age_s += dt_s
        self._since_start_s += dt_s
        if self._measuring and self._since_start_s >= MEASURING_S:
            # One third of the way up is the usual estimate of the mean.
            measured = Pressures(round(sys), round(dia), round(dia + (sys - dia) / 3))
            self.result, self.age_s = (None, None) if self.failing else (measured, 0.0)
            self._measuring = False
        elif self._since_start_s >= self.interval_s:
            self.measure()
