"""What a start and a panel cost, in nodes styled: time depends on the machine, and this does not."""

from pathlib import Path

import pytest
from console.chairs import infusing
from console.pilot import console
from textual.css.stylesheet import Stylesheet

from ketamon.console import app as console_app
from ketamon.console.screens.chair import GIVES_WAY
from ketamon.console.widgets.sweep import Slice

SHEET = Path(console_app.__file__).parent / "screens" / "chair.tcss"
MAKE_WAY = {"-entry", "-roomy", "-chart", "-strip", "-two", "-tight"}
"""The classes that `ChairScreen.make_way` puts on."""
AT_START, FOR_A_PANEL, FOR_IT_AGAIN = 260, 110, 60
"""Measured 207, 76 and 43, and some for what will come; a class of the screen that styles everything costs 100 more."""


@pytest.fixture
def styled(monkeypatch):
    """Count the nodes that are styled, and the sheets that are parsed."""
    counted = {"nodes": 0, "sheets": 0}
    apply, parse = Stylesheet.apply, Stylesheet._parse_rules

    def applied(*args, **kwargs):
        counted["nodes"] += 1
        apply(*args, **kwargs)

    def parsed(sheet, css, read_from, *args, **kwargs):
        before = len(sheet._parse_cache)
        rules = parse(sheet, css, read_from, *args, **kwargs)
        counted["sheets"] += Path(read_from[0]) == SHEET and len(sheet._parse_cache) > before
        return rules

    monkeypatch.setattr(Stylesheet, "apply", applied)
    monkeypatch.setattr(Stylesheet, "_parse_rules", parsed)
    return counted


async def test_a_start_and_a_panel_style_little(styled):
    async with console(infusing(10), size=(160, 48)) as desk:
        assert styled["nodes"] <= AT_START
        assert styled["sheets"] == 1
        for most in (FOR_A_PANEL, FOR_IT_AGAIN):
            styled["nodes"] = 0
            await desk.press("o")
            assert desk.app.screen.has_class("-entry")
            assert 0 < styled["nodes"] <= most
            await desk.press("escape")


async def test_the_strip_is_made_when_a_waveform_comes():
    async with console(infusing(10), size=(160, 48)) as desk:
        assert not desk.app.screen.query(Slice)


async def test_classes_that_make_way_concern_only_what_gives_way():
    async with console(infusing(10), size=(160, 48)) as desk:
        found = 0
        for rule in desk.app.stylesheet.rules:
            for selectors in rule.selector_set:
                if MAKE_WAY & {one.name for one in selectors.selectors} and not rule.is_default_rules:
                    found += 1
                    assert rule.selector_names <= set(GIVES_WAY), rule.css
        assert found > 20
