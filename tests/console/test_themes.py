"""Every theme is readable, and its alarm colours stay apart for people who see red and green as one."""

from itertools import combinations

import pytest

from ketamon.console.themes import DEFAULT, THEMES, TOKENS, following

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency",
# severity 1.0, on linear RGB.
VISIONS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
ALARMS = ("alarm-high", "alarm-medium", "alarm-low")


def linear(colour):
    def channel(c):
        return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4

    return [channel(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5)]


def seen(colour, vision):
    rgb = linear(colour)
    return [min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in VISIONS[vision]]


def lab(rgb):
    r, g, b = rgb
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def delta_e(a, b, vision):
    return sum((p - q) ** 2 for p, q in zip(lab(seen(a, vision)), lab(seen(b, vision)), strict=True)) ** 0.5


def luminance(colour):
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


themes = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


@themes
def test_every_token_has_a_colour(theme):
    assert set(TOKENS) <= set(theme.variables)


@themes
@pytest.mark.parametrize("token", sorted({*TOKENS} - {"band"}))
def test_text_is_readable_on_every_ground(theme, token):
    for ground in (theme.background, theme.surface):
        assert contrast(theme.variables[token], ground) >= 4.5, (token, ground)


@themes
def test_text_is_readable_on_the_expected_band_and_the_panel(theme):
    for colour in (theme.variables["nibp"], theme.foreground):
        for ground in (theme.variables["band"], theme.panel, theme.background):
            assert contrast(colour, ground) >= 4.5


@themes
@pytest.mark.parametrize("vision", VISIONS)
def test_alarm_colours_stay_apart(theme, vision):
    for a, b in combinations(ALARMS, 2):
        assert delta_e(theme.variables[a], theme.variables[b], vision) >= 30, (a, b)


@themes
def test_alarm_colours_differ_in_grey(theme):
    for a, b in combinations(ALARMS, 2):
        assert contrast(theme.variables[a], theme.variables[b]) >= 1.25, (a, b)


@themes
def test_no_parameter_looks_like_a_high_alarm(theme):
    for token in ("spo2", "pulse", "nibp", "resp", "co2", "pump", "ok"):
        assert delta_e(theme.variables[token], theme.variables["alarm-high"], "usual") >= 30, token


def test_the_measure_itself_finds_the_classic_traffic_light_unsafe():
    assert min(delta_e(a, b, "protan") for a, b in combinations(("#FF0000", "#FFFF00", "#00FF00"), 2)) < 30


def test_the_next_theme_goes_round():
    name = DEFAULT
    for _ in THEMES:
        name = following(name)
    assert name == DEFAULT
    assert following("no such theme") == DEFAULT
