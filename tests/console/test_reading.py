"""Reading in the trend at the chair: each key of it, on a small screen, beside an entry, and on a locked screen."""

import pytest
from console.chairs import infusing
from console.pilot import console
from textual.content import Content

from ketamon.console.actions.trend import TREND_ACTIONS
from ketamon.console.view.curves import nameless, running
from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.domain.phases import Phase, Trigger


def title(desk):
    return Content.from_markup(desk.app.screen.trend.border_title).plain


async def test_every_key_of_the_trend_does_what_it_says():
    async with console(infusing(40), (120, 36)) as desk:
        trend = desk.app.screen.trend
        await desk.press("e")
        assert trend.scope.cursor_s == pytest.approx(desk.feed.chair.t, abs=60)
        await desk.press("left", "left", "right", "shift+left", "shift+right")
        assert "14:47:" in desk.text()
        await desk.press("e")
        assert not trend.scope.reading
        await desk.press("z", "z")
        assert title(desk) == "trend  15 min"
        await desk.press("y")
        assert title(desk) == "trend  30 min"
        await desk.press("f")
        assert title(desk) == "trend  30 min  NIBP alone"
        await desk.press(*["shift+left"] * 12)
        assert "not now" in title(desk)
        await desk.press("0")
        assert title(desk) == "trend  30 min  NIBP alone"
        await desk.press("left", "escape", "escape")
        assert title(desk) == "trend  30 min"


async def test_the_read_out_says_what_happened_in_words():
    chair = infusing(24)
    async with console(chair, (160, 48)) as desk:
        trend = desk.app.screen.trend
        while trend.scope.cursor_s is None or trend.scope.cursor_s > 8 * 60 + 910:
            await desk.press("left")
        text = desk.text()
        assert "infusion 14:" in text or "infusion 15:" in text
        assert "nausea, mild   sedation, 4" in text
        assert text.count("talks about the sea [/bold] quietly") == 2, "in the log, and in the read-out"


async def test_on_a_small_screen_the_trend_is_seen_while_it_is_read():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH), (80, 24)) as desk:
        screen = desk.app.screen
        assert not screen.trend.display
        await desk.press("f", "f", "left", "left")
        assert screen.trend.region.height >= 6
        assert screen.due.region.height >= 4
        text = desk.text()
        assert "SpO2 alone" in text
        assert "*** SpO2 84 < 88" in text
        assert "SpO2 97" in text
        await desk.press("o")
        assert not screen.trend.display, "an entry has the room"
        await desk.press("escape")
        assert screen.trend.display
        await desk.press("escape", "escape")
        assert not screen.trend.display


async def test_the_key_that_makes_the_trend_seen_puts_the_cursor_at_this_moment():
    chair = infusing(24)
    async with console(chair, (80, 24)) as desk:
        await desk.press("left")
        assert desk.app.screen.trend.scope.cursor_s == chair.t
        await desk.press("left")
        assert chair.t - 90 < desk.app.screen.trend.scope.cursor_s < chair.t


async def test_letters_belong_to_an_entry_that_is_open():
    async with console(infusing(), (120, 36)) as desk:
        await desk.press("n")
        await desk.press("e", "z", "left", "f")
        assert sorted(desk.app.focused.value) == ["e", "f", "z"]
        assert not desk.app.screen.trend.scope.reading


def test_a_locked_screen_reads_out_no_note():
    chair = infusing(24).alarm("SpO2 84 < 88", Priority.HIGH)
    texts = {mark.text for mark in nameless(chair.view().trend).marks}
    assert texts == {"", "*** SpO2 84 < 88"}


def test_the_infusion_ran_between_its_pauses():
    chair = infusing(10)
    chair.say(e.PhaseChanged(trigger=Trigger.PAUSE, phase=Phase.PAUSED))
    begin, stopped = 480.0, chair.t
    assert running(chair.state.infusion).stretches == ((begin, stopped),)
    chair.t += 60
    chair.say(e.PhaseChanged(trigger=Trigger.RESUME, phase=Phase.INFUSION))
    assert running(chair.state.infusion).stretches == ((begin, stopped), (stopped + 60, None))


def test_each_action_of_the_trend_has_a_key_of_its_own():
    assert len({action.keys for action in TREND_ACTIONS}) == len(TREND_ACTIONS)
