"""Whether a theme can be read, and whether its alarms stay apart for everyone: measured, not hoped.

Contrast is that of WCAG 2.2 (success criteria 1.4.3 for text, 1.4.6 for high contrast, 1.4.11 for lines). Colours are
compared as CIE L*a*b* distances (CIE 1976) after the simulation of Machado, Oliveira and Fernandes, "A
Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.0, on linear RGB.
"""

from collections.abc import Iterator
from itertools import combinations
from math import dist
from typing import NamedTuple

from textual.theme import Theme

Colour = tuple[float, float, float]

VISIONS: dict[str, tuple[Colour, Colour, Colour]] = {
    "usual sight": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
TEXT, HIGH, LINE, GREY = 4.5, 7.0, 3.0, 1.25
"""The least contrast of text, of text in a high-contrast theme, of lines, and of two alarm priorities in grey."""
ALARMS_APART, LIMIT_APART = 30.0, 20.0
"""The least distance between two priorities, and between an alarm limit and a priority."""

_SRGB_KNEE, _LAB_KNEE = 0.04045, 0.008856
"""Where the curves of sRGB (IEC 61966-2-1) and of L*a*b* (CIE 15) become straight lines."""

ALARMS = ("alarm-high", "alarm-medium", "alarm-low")
LINES = ("spo2", "pulse", "nibp", "resp", "co2", "pump", "limit")
TEXTS = (*LINES, *ALARMS, "foreground", "ok", "stale", "muted", "rehearsal")


class Pair(NamedTuple):
    """Two colours that are drawn together, and the contrast they need."""

    front: str
    ground: str
    least: float


def pairs(theme: Theme) -> Iterator[Pair]:
    """Yield what is drawn on what."""
    text = HIGH if theme.name == "high-contrast" else TEXT
    yield from (Pair(front, ground, text) for front in TEXTS for ground in ("background", "surface"))
    yield from (Pair(front, "panel", text) for front in ("foreground", "muted", "pump", "alarm-medium"))
    yield from (Pair(f"{sign}-text", f"{sign}-ground", text) for sign in ("high", "medium", "rehearsal"))
    yield from (Pair(front, ground, LINE) for front in LINES for ground in ("band", "cursor"))


def of_16(theme: Theme) -> bool:
    """Tell whether a theme is of 16 colours. Four of those are grey: only marks and words keep alarms apart in grey."""
    return theme.name == "ansi"


def colour(theme: Theme, name: str) -> str:
    """Return the colour that a theme gives to a token or a ground, as "#RRGGBB"."""
    return str(theme.variables.get(name) or getattr(theme, name))


def problems(theme: Theme) -> Iterator[str]:
    """Say what is hard to read or hard to tell apart in a theme, a sentence each."""
    for front, ground, least in pairs(theme):
        found = contrast(colour(theme, front), colour(theme, ground))
        if found < least:
            yield f"{front} on {ground} has a contrast of {found:.1f}; it takes {least:g}"
    for a, b in combinations(ALARMS, 2):
        yield from _too_near(theme, a, b, ALARMS_APART)
        if (found := contrast(colour(theme, a), colour(theme, b))) < GREY and not of_16(theme):
            yield f"{a} and {b} are alike in grey: a contrast of {found:.2f}; it takes {GREY:g}"
    yield from _too_near(theme, "high-ground", "medium-ground", ALARMS_APART)
    for alarm in ALARMS:
        yield from _too_near(theme, "limit", alarm, LIMIT_APART)


def _too_near(theme: Theme, a: str, b: str, least: float) -> Iterator[str]:
    for vision in VISIONS:
        found = distance(colour(theme, a), colour(theme, b), vision)
        if found < least:
            yield f"{a} and {b} are alike for {vision}: a distance of {found:.0f}; it takes {least:g}"


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1."""
    return _dot((0.2126, 0.7152, 0.0722), _linear(colour))


def distance(a: str, b: str, vision: str) -> float:
    """Return how far apart two colours look to somebody with this vision."""
    return dist(_lab(_seen(a, vision)), _lab(_seen(b, vision)))


def _linear(colour: str) -> Colour:
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _curve(r), _curve(g), _curve(b)


def _curve(c: float) -> float:
    return c / 12.92 if c <= _SRGB_KNEE else float(((c + 0.055) / 1.055) ** 2.4)


def _seen(colour: str, vision: str) -> Colour:
    rgb = _linear(colour)
    r, g, b = (min(1.0, max(0.0, _dot(row, rgb))) for row in VISIONS[vision])
    return r, g, b


def _lab(rgb: Colour) -> Colour:
    x = _root(_dot((0.4124, 0.3576, 0.1805), rgb) / 0.95047)
    y = _root(_dot((0.2126, 0.7152, 0.0722), rgb))
    z = _root(_dot((0.0193, 0.1192, 0.9505), rgb) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(t: float) -> float:
    return t ** (1 / 3) if t > _LAB_KNEE else 7.787 * t + 16 / 116


def _dot(row: Colour, rgb: Colour) -> float:
    return row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]
