"""The rendered sounds, measured: what a microphone would see, not what the code says of itself."""

import wave
from array import array
from io import BytesIO
from itertools import pairwise
from math import cos, hypot, log10, pi, sin

import pytest

from ketamon.domain.devices import Priority
from ketamon.sound.patterns import LEAST_PAUSE_S, PATTERNS
from ketamon.sound.wave import RATE_HZ, render, silence

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW

# The ranges of the standard's tables 3 and 4, in seconds and hertz; see ketamon/sound/patterns.py for the sources.
RANGES = {
    HIGH: {"pulses": (10,), "length": (0.075, 0.200), "spacing": (0.050, 0.125), "pause": (2.5, 15.0)},
    MEDIUM: {"pulses": (3,), "length": (0.125, 0.250), "spacing": (0.125, 0.250), "pause": (2.5, 30.0)},
    LOW: {"pulses": (1, 2), "length": (0.125, 0.250), "spacing": (0.125, 0.250), "pause": (15.0, float("inf"))},
}
WINDOW = 1 / 400  # long enough for a whole period of the lowest tone used here


def samples(data):
    with wave.open(BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        return array("h", file.readframes(file.getnframes()))


WAVES = {priority: samples(render(pattern)) for priority, pattern in PATTERNS.items()}


def pulses(wave_):
    """Find the pulses by their height alone: where each passes nine tenths of the highest, up and down, in seconds."""
    width = round(WINDOW * RATE_HZ)
    highest = max(abs(v) for v in wave_)
    found, begin = [], None
    for n in range(0, len(wave_) - width, 8):
        loud = max(map(abs, wave_[n : n + width])) >= 0.9 * highest
        if loud and begin is None:
            begin = n + width
        elif not loud and begin is not None:
            found.append((begin / RATE_HZ, n / RATE_HZ))
            begin = None
    return found


def strength(part, hertz):
    """How strong one frequency is in a stretch of samples (one bin of a Fourier transform)."""
    turn = 2 * pi * hertz / RATE_HZ
    return hypot(sum(v * cos(turn * n) for n, v in enumerate(part)), sum(v * sin(turn * n) for n, v in enumerate(part)))


def plateau(priority, pulse=0):
    begin, end = pulses(WAVES[priority])[pulse]
    return WAVES[priority][round((begin + 0.02) * RATE_HZ) : round((end - 0.02) * RATE_HZ)]


@pytest.mark.parametrize("priority", Priority)
def test_pulses_and_their_times_are_within_the_standard(priority):
    found, allowed = pulses(WAVES[priority]), RANGES[priority]
    assert len(found) in allowed["pulses"]
    for begin, end in found:
        assert allowed["length"][0] <= end - begin <= allowed["length"][1]
        assert end - begin == pytest.approx(PATTERNS[priority].pulse_s, abs=0.004)
    gaps = [after[0] - before[1] for before, after in pairwise(found)]
    assert gaps == pytest.approx(PATTERNS[priority].spacings_s, abs=0.004)
    assert len(WAVES[priority]) / RATE_HZ == pytest.approx(PATTERNS[priority].burst_s, abs=0.2)


def test_high_is_three_and_two_twice():
    found = pulses(WAVES[HIGH])
    gaps = [after[0] - before[1] for before, after in pairwise(found)]
    x, length = gaps[0], found[0][1] - found[0][0]
    assert RANGES[HIGH]["spacing"][0] <= x <= RANGES[HIGH]["spacing"][1]
    for n in (0, 1, 3, 5, 6, 8):  # x may vary by 5 % within a burst
        assert gaps[n] == pytest.approx(x, rel=0.05)
    for n in (2, 7):
        assert gaps[n] == pytest.approx(2 * x + length, rel=0.05)
    assert 0.35 <= gaps[4] <= 1.3


def test_medium_is_three_even_pulses():
    found = pulses(WAVES[MEDIUM])
    gaps = [after[0] - before[1] for before, after in pairwise(found)]
    assert gaps[0] == pytest.approx(gaps[1], rel=0.05)
    assert RANGES[MEDIUM]["spacing"][0] <= gaps[0] <= RANGES[MEDIUM]["spacing"][1]


@pytest.mark.parametrize("priority", Priority)
def test_the_tone_repeats_at_the_pulse_frequency(priority):
    """Autocorrelation: the shift at which the wave looks most like itself is its period."""
    part = plateau(priority)[:2048]
    shifts = range(RATE_HZ // 1000, RATE_HZ // 150)
    like = {s: sum(a * b for a, b in zip(part[:1600], part[s : s + 1600], strict=False)) for s in shifts if s <= 448}
    best = max(like.values())
    period = min(s for s, value in like.items() if value > 0.98 * best)
    assert RATE_HZ / period == pytest.approx(PATTERNS[priority].frequency_hz, rel=0.02)
    assert 150 <= RATE_HZ / period <= 1000


@pytest.mark.parametrize("priority", Priority)
def test_at_least_four_harmonics_stand_out(priority):
    part, tone = plateau(priority), PATTERNS[priority].frequency_hz
    first = strength(part, tone)
    decibels = {k * tone: 20 * log10(strength(part, k * tone) / first) for k in range(1, 8)}
    within = [hertz for hertz, level in decibels.items() if 300 <= hertz <= 4000 and abs(level) <= 15]
    assert len(within) >= 4
    assert 20 * log10(strength(part, 2.5 * tone) / first) < -20  # between them there is nothing


@pytest.mark.parametrize("priority", Priority)
def test_rise_and_fall(priority):
    pattern = PATTERNS[priority]
    assert 0.1 <= pattern.rise_s / pattern.pulse_s <= 0.2
    assert all(pattern.fall_s <= spacing - pattern.rise_s for spacing in pattern.spacings_s)
    wave_, highest = WAVES[priority], max(map(abs, WAVES[priority]))
    first = {share: next(n for n, v in enumerate(wave_) if abs(v) >= share * highest) / RATE_HZ for share in (0.1, 0.9)}
    assert first[0.9] - first[0.1] == pytest.approx(pattern.rise_s, abs=0.003)


@pytest.mark.parametrize("priority", Priority)
def test_nothing_is_clipped_and_nothing_clicks(priority):
    wave_ = WAVES[priority]
    assert max(map(abs, wave_)) == pytest.approx(32767 * PATTERNS[priority].level, abs=2)
    assert max(map(abs, wave_)) < 32767
    assert abs(wave_[0]) < 50
    assert not any(wave_[-round(0.09 * RATE_HZ) :])
    assert abs(sum(wave_) / len(wave_)) < 50


def test_a_higher_priority_is_never_softer_nor_rarer():
    loud = [max(map(abs, WAVES[p])) for p in (LOW, MEDIUM, HIGH)]
    assert loud == sorted(loud)
    pauses = [PATTERNS[p].pause_s or float("inf") for p in (HIGH, MEDIUM, LOW)]
    assert pauses == sorted(pauses)
    for priority, pause in zip((HIGH, MEDIUM, LOW), pauses, strict=True):
        low, high = RANGES[priority]["pause"]
        assert low <= pause <= high
    assert min(RANGES[p]["pause"][0] for p in Priority) == LEAST_PAUSE_S


def test_silence_is_silent():
    assert not any(samples(silence(0.3)))
    assert len(samples(silence(0.3))) == round(0.3 * RATE_HZ)
