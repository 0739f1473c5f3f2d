"""Waveforms at the rate that a device has, and in pieces of a handy size."""

from collections.abc import Sequence


def resampled(samples: Sequence[float], count: int) -> list[float]:
    """Return `count` values at even distances out of `samples`, each the nearest one at or before it."""
    return [samples[i * len(samples) // count] for i in range(count)] if samples else []


class Gathered:
    """Single samples on their way into blocks of `size`, for devices that send one sample a frame."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._samples: list[float | None] = []

    def add(self, sample: float | None) -> tuple[float | None, ...]:
        """Take a sample; return a whole block where it is complete, else nothing."""
        self._samples.append(sample)
        if len(self._samples) < self._size:
            return ()
        block = tuple(self._samples)
        self._samples.clear()
        return block

    def gap(self) -> None:
        """Samples were lost: what was begun is dropped, as samples of a block follow each other."""
        self._samples.clear()
