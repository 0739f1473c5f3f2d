"""Every action of every table by the mouse alone, on a small screen: help is always in the key bar, its lines do."""

import pytest
from console.front_desk import front
from console.pilot import console
from console.scenes import in_alarm
from textual.events import MouseDown, MouseUp

from ketamon.console.actions.chair import ACTIONS, bar
from ketamon.console.actions.front import MENU, At, at
from ketamon.console.actions.row import Where
from ketamon.console.screens.start import Menu
from ketamon.console.widgets.help import HelpPanel
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line
from ketamon.follow import Source

NARROW = (80, 24)


async def click(desk, x, y):
    """Press and let go a button of the mouse; the application finds out by itself what was clicked."""
    place = {"delta_x": 0, "delta_y": 0, "button": 1, "shift": False, "meta": False, "ctrl": False}
    for event in (MouseDown, MouseUp):
        desk.app.post_message(event(None, x, y, screen_x=x, screen_y=y, **place))
    await desk.pilot.pause()


async def click_in_bar(desk, words):
    key_bar = desk.app.screen.query_one(KeyBar)
    assert words in key_bar.said
    await click(desk, key_bar.content_region.x + key_bar.said.index(words) + 1, key_bar.region.y)


async def click_in_help(desk, rows, done):
    """Click on the line of each row of help, which is open, and see that this is what is done."""
    text = next(line for line in desk.app.screen.query(Line) if line.has_class("help"))
    lines = [
        [cell.style.meta.get("@click") for cell in text.render_line(y) if cell.style] for y in range(text.size.height)
    ]
    first = {}
    for y, found in enumerate(lines):
        for link in filter(None, found):
            first.setdefault(link[1], y)
    for row in rows:
        if not text.parent.content_region.contains(text.region.x, text.region.y + first[row.name,]):
            text.parent.scroll_to(y=first[row.name,], animate=False)
            await desk.pilot.pause()
        await click(desk, text.region.x + 4, text.region.y + first[row.name,])
        assert done == [row.name], (row.name, done)
        done.clear()


@pytest.mark.parametrize("source", [Source.LIVE, Source.REVIEW])
async def test_at_a_chair(source, monkeypatch):
    """What a key does is `do` of the action's name: the click must come to the same."""
    async with console(in_alarm(), NARROW, source=source) as desk:
        screen, done = desk.app.screen, []

        async def do(name, what=""):
            done.append(name + what)

        shown = [key for key in bar(screen._view, entry=False) if f"{key.key} {key.label}" in screen.key_bar.said]
        assert len(shown) >= 5
        await click_in_bar(desk, "? help")
        assert isinstance(screen._open, HelpPanel)
        monkeypatch.setattr(screen, "do", do)
        monkeypatch.setattr(screen, "_close", lambda: None)  # help stays open for the next one
        live = source is Source.LIVE
        await click_in_help(desk, [a for a in ACTIONS.values() if live or a.where in (Where.TIME, Where.TREND)], done)
        monkeypatch.undo()
        await desk.press("escape")
        monkeypatch.setattr(screen, "do", do)
        for key in shown:
            await click_in_bar(desk, f"{key.key} {key.label}")
            by_click = done.copy()
            done.clear()
            await screen.action_do(key.action)
            assert by_click == done, key
            done.clear()


@pytest.mark.parametrize("screen", At)
async def test_where_no_chair_is_shown(screen, monkeypatch):
    async with front(size=NARROW) as desk:
        start, done = desk.app.screen, []
        if screen is At.START:
            monkeypatch.setattr(start, "action_do", done.append)
            await click_in_menu(desk, start.menu, done)
            monkeypatch.undo()
        else:
            row = MENU.index(screen.value)
            await click(desk, start.menu.content_region.x + 4, start.menu.content_region.y + row)
            await desk.settle()
        there = desk.app.screen
        assert screen is there.AT
        await click_in_bar(desk, "? help")
        await desk.settle()
        monkeypatch.setattr(there, "action_do", done.append)
        monkeypatch.setattr(there, "close_aside", lambda: None)
        await click_in_help(desk, at(screen), done)


async def click_in_menu(desk, menu: Menu, done):
    for y, name in enumerate(MENU):
        await click(desk, menu.content_region.x + 4, menu.content_region.y + y)
        assert done == [name]
        done.clear()
