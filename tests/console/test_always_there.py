"""What a person reads at every size, with whatever is open: numbers, alarms, the banner; and nothing covers it."""

import pytest
from console.chairs import Chair, empty, infusing, recovering
from console.pilot import console

from ketamon.console.look.themes import THEMES
from ketamon.console.widgets.tile import Tile
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.follow import Source

SIZES = ((160, 48), (120, 36), (80, 24))

SCENES = {
    "full": infusing,
    "empty": empty,
    "waiting": lambda: Chair().devices().check_in(),
    "recovery": recovering,
    "alarm": lambda: infusing().alarm("SpO2 84 < 88", Priority.HIGH, parameter=Parameter.SPO2),
}
PANELS = ("observe", "note", "value", "step", "help", "gate", "palette")


@pytest.mark.parametrize("scene", SCENES)
async def test_numbers_alarms_pump_and_due_list_are_never_covered(scene):
    async with console(SCENES[scene](), SIZES[0]) as desk:
        for size in SIZES:
            await desk.resize(size)
            for panel in ("note", "gate"):
                nothing_is_covered(desk.app.screen)
                await desk.app.screen.action_do(panel)
                await desk.pilot.pause()
            nothing_is_covered(desk.app.screen)
            await desk.press("escape")


async def test_everything_is_on_the_screen_at_every_size():
    """Where the layout changes from one kind to the next nothing may fall off its edge."""
    widths = [(width, 30) for width in (80, 81, 90, 99, 100, 103, 104, 105, 119, 139, 140, 141, 240)]
    heights = [(100, height) for height in (24, 25, 29, 31, 32, 43, 44, 45, 60)]
    async with console(infusing(), SIZES[-1]) as desk:
        for size in (*widths, *heights):
            await desk.resize(size)
            nothing_is_covered(desk.app.screen)


async def test_no_panel_covers_anything_on_the_smallest_screen():
    async with console(infusing(), SIZES[-1]) as desk:
        for panel in PANELS:
            await desk.app.screen.action_do(panel)
            await desk.pilot.pause()
            nothing_is_covered(desk.app.screen)


def nothing_is_covered(screen):
    kept = [screen.header, screen.alarm_bar, *screen.query(Tile), screen.pump, screen.due, screen.answer]
    regions = [widget.region for widget in [*kept, screen.key_bar]]
    opened = [w for w in screen.query(".panel") if w.display]
    for n, region in enumerate(regions):
        assert region.area > 0
        assert screen.region.contains_region(region)
        assert not any(region.overlaps(other) for other in [*regions[n + 1 :], *(w.region for w in opened)])
    assert all(panel.region.height >= 8 for panel in opened)


async def test_a_person_reads_the_essentials_at_every_size():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        for size in SIZES:
            await desk.resize(size)
            reads_the_essentials(desk.text())


def reads_the_essentials(text):
    for words in (
        "chair 2", "infusion", "J. D. ··82", "72.0 kg", "LIVE", "14:32:00", "*** SpO2 84 < 88", "▶ infusing",
        "54.0 mL/h", "= order", "21.6 of 36.0 mg", "0.75 mg/kg/h", "alarms not available", "overdue 9:00",
        "headache", "open: nausea, mild 9 min", "24:00 of 40:00", "? help",
    ):  # fmt: skip
        assert words in text, words


async def test_a_narrow_tile_says_the_reason_in_a_whole_word():
    async with console(empty(), (80, 24)) as desk:
        assert desk.text().count("absent") == 5
    async with console(infusing().measure(spo2=None, rr=None), (80, 24)) as desk:
        assert desk.text().count(" off│") == 2


async def test_the_timeline_keeps_its_scale_and_the_clock_its_place():
    async with console(infusing(), (120, 36)) as desk:
        lines = desk.text().split("\n")
        bar = next(n for n, line in enumerate(lines) if "24:00 of 40:00, 16:00 to go" in line)
        assert "recovery" in lines[bar]
        assert lines[bar - 1].split()[0] == "0"
        assert "now" in lines[bar + 1]


async def test_the_trend_gives_way_first():
    async with console(infusing()) as desk:
        for size in SIZES:
            await desk.resize(size)
            assert desk.app.screen.trend.display == (size != (80, 24))
            assert desk.app.screen.log_list.region.area > 0


@pytest.mark.parametrize("source", [Source.REPLAY, Source.SIMULATED])
async def test_the_banner_stands_on_every_panel(source):
    async with console(infusing(), (80, 24), source, 60.0) as desk:
        for panel in PANELS:
            await desk.app.screen.action_do(panel)
            await desk.pilot.pause()
            assert f"{source} 60× — not a live patient" in desk.text().split("\n")[0]
            assert desk.app.screen.banner.region.width == 80
            assert desk.app.screen.has_class("-rehearsal")


async def test_a_live_session_has_no_banner():
    async with console(infusing()) as desk:
        assert "not a live patient" not in desk.text()


async def test_foreign_text_is_never_markup():
    async with console(infusing(), (160, 48)) as desk:
        assert "talks about the sea [/bold] quietly" in desk.text()


async def test_every_theme_shows_the_same_words():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        before = desk.text()
        for theme in THEMES:
            desk.app.theme = theme.name
            await desk.pilot.pause()
            assert desk.text() == before, theme.name


async def test_without_colour_the_same_words_stand_there(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH), (80, 24)) as desk:
        reads_the_essentials(desk.text())


async def test_the_theme_goes_round_by_key():
    async with console(infusing()) as desk:
        seen = []
        for _ in THEMES:
            await desk.press("t")
            seen.append(desk.app.theme)
        assert sorted(seen) == sorted(theme.name for theme in THEMES)
