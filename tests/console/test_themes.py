"""Every theme can be read, and its alarms stay apart for people who see red and green, or blue and yellow, as one."""

from dataclasses import replace
from datetime import UTC
from itertools import combinations

import pytest
from console.chairs import NURSE, Clock, FakeFeed, infusing
from console.stage import staged
from rich._palettes import STANDARD_PALETTE
from rich.color import Color, ColorSystem

from ketamon.console.app import KetamonApp
from ketamon.console.look.contrast import HIGH, LINE, TEXT, VISIONS, contrast, distance, problems
from ketamon.console.look.themes import (
    ANSI,
    DARK_ROOM,
    DEFAULT,
    HIGH_CONTRAST,
    THEMES,
    TOKENS,
    WRITTEN,
    following,
    usual,
)
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.follow import Source

themes = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)


@themes
def test_every_token_has_a_colour(theme):
    assert {*TOKENS, *WRITTEN} <= set(theme.variables)


@themes
def test_a_theme_has_no_problem(theme):
    assert not list(problems(theme))


@themes
def test_no_parameter_looks_like_a_high_alarm(theme):
    for token in ("spo2", "pulse", "nibp", "resp", "co2", "pump", "ok"):
        assert distance(theme.variables[token], theme.variables["alarm-high"], "usual sight") >= 30, token


SPOILT = {
    "muted": ("#30363C", "muted on background has a contrast of"),
    "alarm-low": ("#F0E442", "alarm-medium and alarm-low are alike for usual sight"),
    "alarm-medium": ("#8A9A30", "alarm-high and alarm-medium are alike for deuteranopia"),
    "limit": ("#FF6060", "limit and alarm-high are alike for tritanopia"),
    "high-text": ("#FF9090", "high-text on high-ground has a contrast of"),
    "cursor": ("#808890", "limit on cursor has a contrast of"),
}


@pytest.mark.parametrize("token", SPOILT)
def test_a_spoilt_theme_is_found_out(token):
    colour, said = SPOILT[token]
    theme = replace(DARK_ROOM, variables={**DARK_ROOM.variables, token: colour})
    assert any(problem.startswith(said) for problem in problems(theme)), list(problems(theme))


def test_the_measure_of_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes on white


def test_the_measure_of_distance_finds_the_classic_traffic_light_unsafe():
    lights = list(combinations(("#FF0000", "#FFFF00", "#00FF00"), 2))
    assert min(distance(a, b, "usual sight") for a, b in lights) > 60
    assert min(distance(a, b, "protanopia") for a, b in lights) < 30


@pytest.mark.parametrize("vision", VISIONS)
def test_a_simulated_eye_sees_grey_as_grey(vision):
    assert distance("#808080", "#808080", vision) == 0
    for row in VISIONS[vision]:
        assert sum(row) == pytest.approx(1, abs=1e-5)


def test_the_next_theme_goes_round():
    name = DEFAULT
    for _ in THEMES:
        name = following(name, [theme.name for theme in THEMES])
    assert name == DEFAULT
    assert following("no such theme", [DEFAULT]) == DEFAULT


def test_the_linux_console_begins_with_its_own_colours():
    assert usual({"TERM": "linux"}) == ANSI.name
    assert usual({"TERM": "xterm-256color"}) == usual({}) == DEFAULT


def test_the_colours_of_the_linux_console_are_the_16_to_the_bit():
    grounds = ("background", "surface", "panel")
    names = [*ANSI.variables.values(), *(getattr(ANSI, ground) for ground in grounds)]
    for name in names:
        colour = Color.parse(name)
        assert STANDARD_PALETTE[colour.downgrade(ColorSystem.STANDARD).number] == colour.triplet, name
    for ground in (*(getattr(ANSI, g) for g in grounds), *(ANSI.variables[t] for t in WRITTEN if "ground" in t)):
        assert Color.parse(ground).downgrade(ColorSystem.STANDARD).number < 8, ground


# ---------------------------------------------------------------- what is really drawn

PANELS = ("", "question_mark", "n")


async def drawn(monkeypatch, panels, *, no_color=False):
    """Yield theme, sign, its colour, its ground and its line for each cell of a chair with all that can be wrong."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    chair = infusing(16.0)
    chair.alarm("EtCO2 28 < 30", Priority.LOW, parameter=Parameter.ETCO2)
    chair.alarm("DIA 104 > 100", Priority.HIGH, parameter=Parameter.NIBP_DIA)
    chair.alarm("RR 7 < 8", Priority.MEDIUM, parameter=Parameter.RR).measure(spo2=None).pump(rate=40.0)
    app = KetamonApp(FakeFeed(chair, Source.REPLAY), staff=NURSE, clock=Clock(), zone=UTC)
    async with staged(app, (104, 36)) as pilot:
        for key in panels:
            await pilot.press(*([key] if key else []))
            app.look()
            for theme in THEMES:
                app.theme = theme.name
                app.screen.answer.refused("no")
                await pilot.pause()
                for strip in app.screen._compositor.render_strips():
                    for text, style, _ in strip:
                        if text.strip():
                            colours = [style.color.get_truecolor().hex, style.bgcolor.get_truecolor().hex]
                            yield theme, text, *(reversed(colours) if style.reverse else colours), strip.text.strip()
            await pilot.press("escape", "escape")
            await pilot.pause()


def too_weak(text, front, ground, least=TEXT):
    """Tell whether text, or lines, have less contrast than they need."""
    return contrast(front, ground) < (least if any(sign.isalnum() for sign in text) else LINE)


async def test_everything_that_is_drawn_can_be_read(monkeypatch):
    seen, bad = set(), {}
    async for theme, text, front, ground, line in drawn(monkeypatch, PANELS):
        seen.add((theme.name, front, ground))
        if too_weak(text, front, ground, HIGH if theme is HIGH_CONTRAST else TEXT):
            bad[theme.name, front, ground] = f"“{text}” in “{line}”: {contrast(front, ground):.2f}"
    assert not bad, "\n".join(f"{key}: {words}" for key, words in bad.items())
    assert len(seen) >= 10 * len(THEMES)


async def test_without_colour_all_is_grey_and_can_be_read_too(monkeypatch):
    bad = {}
    async for theme, text, front, ground, line in drawn(monkeypatch, ("",), no_color=True):
        assert front[1:3] * 3 == front[1:], f"{front} is no grey"
        if too_weak(text, front, ground):
            bad[theme.name, front, ground] = f"“{text}” in “{line}”: {contrast(front, ground):.2f}"
    assert not bad, "\n".join(f"{key}: {words}" for key, words in bad.items())
