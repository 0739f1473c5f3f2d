"""Renders a pattern to a WAV file in memory: 16 bit, one channel. Pure."""

import wave
from array import array
from io import BytesIO
from math import pi, sin

from ketamon.sound.patterns import Pattern

RATE_HZ = 22_050
"""Twice more than the highest harmonic needs, and every player takes it."""
TAIL_S = 0.1
"""Silence at the end, for players that leave before the last of it was heard."""

_FULL_SCALE = 32_767


def render(pattern: Pattern) -> bytes:
    """Return the WAV file of one burst."""
    pulse = _pulse(pattern)
    samples = array("h")
    begins = 0.0
    for spacing in (*pattern.spacings_s, None):
        samples.extend([0] * (round(begins * RATE_HZ) - len(samples)))
        samples.extend(pulse)
        begins += pattern.pulse_s + (spacing or 0.0)
    samples.extend([0] * round(TAIL_S * RATE_HZ))
    return _file(samples)


def silence(seconds: float) -> bytes:
    """Return a WAV file of nothing, to see whether a player works."""
    return _file(array("h", [0] * round(seconds * RATE_HZ)))


def _pulse(pattern: Pattern) -> "array[int]":
    """Return one pulse, its highest point at the pattern's level, from the foot of its rise to the foot of its fall."""
    rise, fall = pattern.rise_s / 0.8, pattern.fall_s / 0.8  # a straight edge, told from a tenth to nine tenths
    length = pattern.pulse_s + 0.9 * (rise + fall)
    times = [n / RATE_HZ for n in range(round(length * RATE_HZ))]
    heights = [min(1.0, at / rise, (length - at) / fall) for at in times]
    turn = 2 * pi * pattern.frequency_hz
    tones = [[part * sin(turn * k * at) for at in times] for k, part in enumerate(pattern.harmonics, 1)]
    pulse = [height * sum(tone) for height, tone in zip(heights, zip(*tones, strict=True), strict=True)]
    scale = _FULL_SCALE * pattern.level / max(map(abs, pulse))
    return array("h", (round(value * scale) for value in pulse))


def _file(samples: "array[int]") -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(samples.itemsize)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return out.getvalue()
