r"""The sound of each priority as data, after IEC 60601-1-8 (2006 with Amendments 1 and 2), tables 3 and 4.

A burst is a row of pulses. Times are measured between the points where a pulse has nine tenths of its height:

        ____        ____
       /    \      /    \                 td  length of a pulse            ts  from its end to the next one's beginning
      /      \    /      \                tr  its rise, tf its fall (from a tenth to nine tenths of the height)
    _/        \__/        \____  …  tb    tb  from the end of a burst to the beginning of the next
     tr  td  tf ts

The standard is not free to read. Its ranges, as others state them: times of high and low priority, rise and fall in the
generator of conforming sounds at github.com/MarkusRJK/IEC-60601-1-8; frequencies and harmonics by PUI Audio, "IEC
60601-1-8 requirements"; the numbers of pulses in NXP AN10875. Medium priority's pause rests on one reading of table 3.

                                  high             medium           low
    pulses                        10 (3 + 2, twice)  3              1 or 2
    length td                     75 to 200 ms     125 to 250 ms    125 to 250 ms
    spacing x, in a group         50 to 125 ms     125 to 250 ms    125 to 250 ms
    spacing between 3 and 2       2x + td          -                -
    spacing between the halves    0.35 to 1.3 s    -                -
    pause tb                      2.5 to 15 s      2.5 to 30 s      above 15 s, or no repetition

    rise tr 10 to 20 % of td; fall tf at most ts - tr; pulse frequency 150 to 1000 Hz; at least four harmonic components
    from 300 to 4000 Hz, each within 15 dB of the pulse frequency; no priority pauses longer or is softer than a lower
"""

from dataclasses import dataclass

from ketamon.domain.devices import Priority

LEAST_PAUSE_S = 2.5
"""No burst begins sooner after the last one, unless it is of a higher priority (tb, as above)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One burst. `spacings_s` stand between its pulses; `pause_s` follows it, None where it is not repeated.

    `harmonics` are the heights of the pulse frequency and its multiples, `level` is the share of full scale.
    """

    pulse_s: float
    spacings_s: tuple[float, ...]
    pause_s: float | None
    rise_s: float
    fall_s: float
    frequency_hz: float
    harmonics: tuple[float, ...]
    level: float

    @property
    def burst_s(self) -> float:
        """From the beginning of the first pulse to the end of the last."""
        return self.pulse_s * (len(self.spacings_s) + 1) + sum(self.spacings_s)


_HARMONICS = (1.0, 0.8, 0.6, 0.5, 0.4)  # the weakest is 8 dB below the pulse frequency

PATTERNS: dict[Priority, Pattern] = {
    Priority.HIGH: Pattern(
        pulse_s=0.150,
        spacings_s=(0.1, 0.1, 0.35, 0.1, 0.5, 0.1, 0.1, 0.35, 0.1),
        pause_s=3.0,
        rise_s=0.022,
        fall_s=0.022,
        frequency_hz=660.0,
        harmonics=_HARMONICS,
        level=0.9,
    ),
    Priority.MEDIUM: Pattern(
        pulse_s=0.200,
        spacings_s=(0.2, 0.2),
        pause_s=8.0,
        rise_s=0.030,
        fall_s=0.030,
        frequency_hz=550.0,
        harmonics=_HARMONICS,
        level=0.7,
    ),
    Priority.LOW: Pattern(
        pulse_s=0.200,
        spacings_s=(),
        pause_s=None,
        rise_s=0.030,
        fall_s=0.030,
        frequency_hz=440.0,
        harmonics=_HARMONICS,
        level=0.5,
    ),
}
