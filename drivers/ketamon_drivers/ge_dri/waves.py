"""Waveforms: main type 1, a subrecord each.

    number of samples s16, status u16, label u16, samples s16 …

Of the status only bit 3 is read (the ECG channel is off); real monitors count in the bits from 4 up. Samples up to
-32000 are codes: no value. The real rate wanders (99 to 101 pleth samples a second), which the blocks follow by
their length. Which lead an ECG channel shows stands in the numbers, not here; until the first of these it is known by
its channel.

The specification gives neither the rate of the high-resolution respiration (type 39) nor a unit that we have for
impedance: the one is not read, the other keeps the monitor's scale.

Source: GE Healthcare, Record Specification 8005313, 12th edition; layout and pleth confirmed in recordings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from struct import Struct

from ketamon.domain.units import Unit
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon_drivers.ge_dri.record import WAVE_HEADER, Subrecord

_NO_SAMPLE = -32000
"""Samples up to this one are codes."""
_LEAD_OFF = 1 << 3


class Wave(IntEnum):
    """Subrecord types that are read."""

    ECG1, ECG2, ECG3 = 1, 2, 3
    INVP1, INVP2, INVP3, INVP4 = 4, 5, 6, 7
    PLETH = 8
    CO2 = 9
    RESP = 15
    INVP5, INVP6, INVP7, INVP8 = 16, 17, 36, 37
    PLETH_2 = 38


@dataclass(frozen=True, slots=True)
class Shape:
    """What a sample of a waveform is: one in 1/`scale` of `unit`, `rate_hz` of them a second."""

    signal: Signal
    rate_hz: int
    scale: int
    unit: Unit | None = None
    site: str = ""


def _pressure(number: int) -> Shape:
    return Shape(Signal.PRESSURE, 100, 100, Unit.MMHG, f"P{number}")


def _ecg(channel: int) -> Shape:
    return Shape(Signal.ECG, 300, 1000, Unit.MILLIVOLT, f"ECG{channel}")


_PRESSURES = (Wave.INVP1, Wave.INVP2, Wave.INVP3, Wave.INVP4, Wave.INVP5, Wave.INVP6, Wave.INVP7, Wave.INVP8)
SHAPES: dict[int, Shape] = {
    Wave.ECG1: _ecg(1),
    Wave.ECG2: _ecg(2),
    Wave.ECG3: _ecg(3),
    Wave.PLETH: Shape(Signal.PLETH, 100, 100),
    Wave.PLETH_2: Shape(Signal.PLETH, 100, 100, site="SpO2-2"),
    Wave.CO2: Shape(Signal.CO2, 25, 100, Unit.PERCENT),
    Wave.RESP: Shape(Signal.RESP, 25, 100),
    **{kind: _pressure(number) for number, kind in enumerate(_PRESSURES, 1)},
}


@lru_cache(maxsize=64)
def _samples(count: int) -> Struct:
    return Struct(f"<{count}h")


def block(record: bytes, wave: Subrecord, leads: Mapping[int, str]) -> SampleBlock | None:
    """Read a waveform; None where it is none of those known, or empty. `leads` are the sites of ECG channels."""
    shape = SHAPES.get(wave.kind)
    count, status, _ = WAVE_HEADER.unpack_from(record, wave.start)
    if shape is None or not count:
        return None
    raw = _samples(count).unpack_from(record, wave.start + WAVE_HEADER.size)
    samples: tuple[float | None, ...]
    if shape.signal is Signal.ECG and status & _LEAD_OFF:
        samples = (None,) * count
    elif min(raw) > _NO_SAMPLE:
        samples = tuple([sample / shape.scale for sample in raw])
    else:
        samples = tuple([sample / shape.scale if sample > _NO_SAMPLE else None for sample in raw])
    site = leads.get(wave.kind, shape.site)
    return SampleBlock(signal=shape.signal, rate_hz=shape.rate_hz, samples=samples, unit=shape.unit, site=site)
