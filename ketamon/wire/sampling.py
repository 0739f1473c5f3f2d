"""Waveforms at the rate that a device has."""

from collections.abc import Sequence


def resampled(samples: Sequence[float], count: int) -> list[float]:
    """Return `count` values at even distances out of `samples`, each the nearest one at or before it."""
    return [samples[i * len(samples) // count] for i in range(count)] if samples else []
