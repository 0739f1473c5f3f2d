"""Waveforms: evenly spaced samples of a signal, for eyes and for recordings; no rule ever reads one."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from ketamon.domain.units import Unit


class Signal(StrEnum):
    """What a waveform shows."""

    ECG = "ecg"
    PLETH = "pleth"
    RESP = "resp"
    CO2 = "co2"
    PRESSURE = "pressure"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBlock:
    """Samples that follow each other, `rate_hz` of them a second; the last one was measured just now.

    A sample is None where the device gave none. `unit` is None where the device's scale is its own (a pleth always
    is). `site` tells several signals of one kind apart ("II", "P1").
    """

    signal: Signal
    rate_hz: float
    samples: tuple[float | None, ...]
    unit: Unit | None = None
    site: str = ""

    def __post_init__(self) -> None:
        if not all(sample is None or isfinite(sample) for sample in self.samples):
            raise ValueError(f"{self.signal}: a sample is no number; use None")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A piece of one of a device's waveforms. `start` is the number of its first sample, counted from the beginning.

    A piece that begins later than the last one ended shows that samples in between never came here; one that begins
    earlier brings some once more. `quiet_s` is how long ago its last sample was measured.
    """

    device: str
    start: int
    block: SampleBlock
    quiet_s: float = 0.0
