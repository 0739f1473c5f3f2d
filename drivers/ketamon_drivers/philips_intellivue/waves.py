"""Waveforms: samples of 256 ms, and the context that says what they mean.

    samples    id(2) state(2) length(2) samples      alone (SA_VAL_OBS), or a list of them (several ECG leads)
    context    period of a sample in ticks; bits of a sample and which of them count; FLOAT values of two samples;
               masks of bits that mark a sample. It comes once a second, for one object after the other.

Nothing is told of a waveform whose period is not known yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from struct import Struct, unpack

from ketamon.domain.units import Unit
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon_drivers.philips_intellivue.numerics import INVALID, UNAVAILABLE, float_of
from ketamon_drivers.philips_intellivue.pdus import TICKS_PER_SECOND, Observed, items

SAMPLES, SAMPLES_LIST = 0x096E, 0x0967
PERIOD, FORM, RANGE, MARKS, UNIT = 0x098D, 0x096D, 0x096F, 0x0A16, 0x0996
_HEAD = Struct(">HHH")
_FORM, _RANGE, _MARK = Struct(">HBBH"), Struct(">IIHH"), Struct(">HH")
_EXTRA_BITS = 0x1000
"""Flag of the form: bits above those that count hold marks."""
_INVALID_MARK = 1
_BYTE, _WORD = 8, 16

SIGNALS = {
    0x0100: (Signal.ECG, ""), 0x0101: (Signal.ECG, "I"), 0x0102: (Signal.ECG, "II"), 0x013D: (Signal.ECG, "III"),
    0x013E: (Signal.ECG, "aVR"), 0x013F: (Signal.ECG, "aVL"), 0x0140: (Signal.ECG, "aVF"), 0x0143: (Signal.ECG, "V"),
    0x0103: (Signal.ECG, "V1"), 0x0104: (Signal.ECG, "V2"), 0x0105: (Signal.ECG, "V3"), 0x0106: (Signal.ECG, "V4"),
    0x0107: (Signal.ECG, "V5"), 0x0108: (Signal.ECG, "V6"), 0x014B: (Signal.ECG, "MCL"),
    0x4BB4: (Signal.PLETH, ""), 0x5000: (Signal.RESP, ""), 0x50AC: (Signal.CO2, ""),
}  # fmt: skip
UNITS = {0x10B2: (Unit.MILLIVOLT, 1.0), 0x10B3: (Unit.MILLIVOLT, 0.001), 0x0F20: (Unit.MMHG, 1.0)}


@dataclass(frozen=True, slots=True)
class Context:
    """What the samples of one object mean. `period` in ticks, 0 while unknown; a sample is `raw * factor + offset`."""

    period: int = 0
    bits: int = _WORD
    mask: int = 0xFFFF
    invalid: int = 0
    factor: float = 1.0
    offset: float = 0.0
    unit: Unit | None = None


class Waves:
    """The contexts of all waveforms that were described so far."""

    def __init__(self) -> None:
        self._contexts: dict[tuple[int, int], Context] = {}

    def blocks(self, observed: Observed) -> Iterator[SampleBlock]:
        """Give the samples of one object, once it is known what they mean."""
        key = (observed.context, observed.handle)
        attributes = dict(observed.attributes)
        if PERIOD in attributes:
            self._contexts[key] = context_of(attributes)
        context = self._contexts.get(key, Context())
        if not context.period:
            return
        for attribute, value in observed.attributes:
            for one in [value] if attribute == SAMPLES else items(value) if attribute == SAMPLES_LIST else []:
                yield from _block(one, context)


def context_of(attributes: dict[int, bytes]) -> Context:
    """Read what an object says of its samples; without a form or a range they are taken as they are."""
    context = Context(int.from_bytes(attributes[PERIOD], "big"))
    form, limits = attributes.get(FORM, b""), attributes.get(RANGE, b"")
    if len(form) == _FORM.size:
        _, bits, counting, flags = _FORM.unpack(form)
        mask = (1 << counting) - 1 if flags & _EXTRA_BITS else 0xFFFF
        context = replace(context, bits=bits, mask=mask)
    marks = dict(_MARK.unpack(mark) for mark in items(attributes.get(MARKS, b"")) if len(mark) == _MARK.size)
    context = replace(context, invalid=marks.get(_INVALID_MARK, 0))
    if len(limits) == _RANGE.size:
        low, high, low_raw, high_raw = _RANGE.unpack(limits)
        context = _ranged(context, float_of(low), float_of(high), low_raw, high_raw, attributes.get(UNIT, b""))
    return context


def _ranged(context: Context, low: object, high: object, low_raw: int, high_raw: int, unit: bytes) -> Context:
    """Take a scale over; where its ends are no numbers, the samples have no scale but their own."""
    if not isinstance(low, float) or not isinstance(high, float) or low_raw == high_raw:
        return context
    ours, by = UNITS.get(int.from_bytes(unit, "big"), (None, 1.0))
    factor = (high - low) / (high_raw - low_raw)
    return replace(context, factor=factor * by, offset=(low - low_raw * factor) * by, unit=ours)


def _block(value: bytes, context: Context) -> Iterator[SampleBlock]:
    if len(value) < _HEAD.size:
        return
    physio, state, length = _HEAD.unpack_from(value)
    data = value[_HEAD.size :]
    size = context.bits // _BYTE
    if physio not in SIGNALS or length != len(data) or context.bits not in (_BYTE, _WORD) or length % size:
        return
    raws = unpack(f">{length // size}{'H' if size > 1 else 'B'}", data)
    samples: tuple[float | None, ...] = (None,) * len(raws)
    if not state & (INVALID | UNAVAILABLE):
        invalid, mask, factor, offset = context.invalid, context.mask, context.factor, context.offset
        samples = tuple([None if raw & invalid else round((raw & mask) * factor + offset, 6) for raw in raws])
    signal, site = SIGNALS[physio]
    rate = TICKS_PER_SECOND / context.period
    yield SampleBlock(signal=signal, rate_hz=rate, samples=samples, unit=context.unit, site=site)
