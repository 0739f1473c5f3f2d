"""The curves of a patient who is not there: ECG and pleth of one heart, breath and its CO2 of one chest.

Each is one drawn cycle, told again and again at the rate that the numbers say, a little shorter or longer each time.
They follow from the seed and the numbers alone, and are made for eyes: nothing clinical may be read from them.
"""

from collections.abc import Mapping
from math import ceil, cos, exp, tau
from random import Random

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal

RATE_HZ = 300
"""Samples a second: as many as the fastest curve of any device has (the ECG of a GE monitor)."""

SHOWN_WITH: dict[Signal, Parameter] = {
    Signal.ECG: Parameter.HR,
    Signal.PLETH: Parameter.SPO2,
    Signal.RESP: Parameter.RR,
    Signal.CO2: Parameter.ETCO2,
}
"""The number of the same sensor: where it gives none, there is no curve."""

_POINTS = 512
_BEAT_SPREAD, _BREATH_SPREAD = 0.03, 0.08


def _hill(x: float, at: float, width: float) -> float:
    return exp(-(((x - at) / width) ** 2))


def _ecg(x: float) -> float:
    """P, Q, R, S, T on a line."""
    spikes = _hill(x, 0.16, 0.012) * 0.8 - _hill(x, 0.135, 0.01) * 0.08 - _hill(x, 0.19, 0.012) * 0.15
    return 0.18 + spikes + _hill(x, 0.06, 0.025) * 0.09 + _hill(x, 0.42, 0.05) * 0.18


def _pleth(x: float) -> float:
    """A steep rise, a fall with a notch; it comes to the finger a quarter of a beat after the heart."""
    x = (x - 0.25) % 1
    return 0.05 + 0.85 * min(1.0, x / 0.15) * exp(-3 * max(0.0, x - 0.15)) * (1 - x) + 0.15 * _hill(x, 0.45, 0.06)


def _resp(x: float) -> float:
    return 0.5 - 0.4 * cos(tau * x)


def _co2(x: float) -> float:
    """Nothing while air goes in; then a rise, a plateau up to the end-tidal value (1), and a fall."""
    return max(0.0, min((x - 0.4) / 0.08, 0.9 + 0.1 * (x - 0.48) / 0.48, (1 - x) / 0.04))


_HEART = {Signal.ECG: _ecg, Signal.PLETH: _pleth}
_CHEST = {Signal.RESP: _resp, Signal.CO2: _co2}
_DRAWN = {signal: [draw(n / _POINTS) for n in range(_POINTS + 1)] for signal, draw in (_HEART | _CHEST).items()}


class _Cycle:
    """Something that comes again and again, no time quite as the last one."""

    def __init__(self, random: Random, spread: float) -> None:
        self._random, self._spread = random, spread
        self._phase, self._step = 1.0, 0.0  # the first one begins at once

    def second(self, per_minute: float) -> list[int]:
        """Give where in its drawn cycle each sample of this second is."""
        points: list[int] = []
        while len(points) < RATE_HZ:
            if self._phase >= 1:
                self._phase -= 1
                vary = max(-2.0, min(2.0, self._random.gauss(0.0, 1.0)))
                self._step = per_minute / 60 / RATE_HZ / (1 + self._spread * vary)
            count = min(RATE_HZ - len(points), ceil((1 - self._phase) / self._step))
            points += [int((self._phase + n * self._step) * _POINTS) for n in range(count)]
            self._phase += count * self._step
        return points


class Curves:
    """The curves of one patient, a second at a time."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)  # noqa: S311 (it plays a patient, it keeps no secret)
        self._heart, self._chest = _Cycle(random, _BEAT_SPREAD), _Cycle(random, _BREATH_SPREAD)
        self._hr, self._rr = 70.0, 14.0  # as the sensors said last

    def second(self, values: Mapping[Parameter, float | None]) -> dict[Signal, tuple[float, ...]]:
        """Return the next second of each curve whose sensor gives something, 0 to 1; CO2 in parts of the end-tidal."""
        self._hr = values.get(Parameter.HR) or self._hr
        self._rr = values.get(Parameter.RR) or self._rr
        heart, chest = self._heart.second(self._hr), self._chest.second(self._rr)
        return {
            signal: tuple([_DRAWN[signal][point] for point in (heart if signal in _HEART else chest)])
            for signal, parameter in SHOWN_WITH.items()
            if values.get(parameter) is not None
        }
