"""Painting anew: after another program wrote over the terminal, one key shows all of it again, whatever is open."""

import pyte
import pytest
from console.chairs import infusing
from console.front_desk import front
from console.pilot import console
from textual.app import App

RUBBISH = "\x1b[3;5HWrote over it\x1b[2K\x1b[20;1H\x1b[41mBroadcast message\x1b[0m"
CHAIR = {
    "nothing": (),
    "a field": ("n", "c"),
    "a panel": ("escape", "question_mark"),
    "a jump": ("escape", "f3"),
    "the palette": ("escape", "ctrl+p", "x"),
    "a lock": ("escape", "L"),
}
FRONT = {"nothing": (), "a search": ("d", "slash", "s"), "help": ("escape", "question_mark"), "a form": ("n", "enter")}


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on which stands what an application writes, and nothing that it does not."""
    screen = pyte.Screen(120, 36)
    stream = pyte.Stream(screen)

    def displayed(app, _, update):
        if update is not None:
            stream.feed(update.render_segments(app.console))

    monkeypatch.setattr(App, "_display", displayed)
    screen.rubbish = lambda: stream.feed(RUBBISH)
    return screen


async def painted(desk, terminal):
    """Whether rubbish goes away by the key, and not before."""
    terminal.rubbish()
    assert lines(terminal.display) != lines(desk.text().split("\n"))
    field = desk.app.focused
    typed = getattr(field, "value", None)
    await desk.press("ctrl+l")
    assert desk.app.focused is field
    assert getattr(field, "value", None) == typed
    return lines(terminal.display) == lines(desk.text().split("\n"))


def lines(text):
    return [line.rstrip() for line in text]


async def test_whatever_is_open_at_a_chair(terminal):
    async with console(infusing(pins=True), paint=True) as desk:
        for what, keys in CHAIR.items():
            await desk.press(*keys)
            assert await painted(desk, terminal), what
        assert desk.app.screen._view.locked


async def test_whatever_is_open_where_no_chair_is_shown(terminal):
    async with front(paint=True) as desk:
        for what, keys in FRONT.items():
            await desk.press(*keys)
            assert await painted(desk, terminal), what
        await desk.press("escape", "c")
        assert await painted(desk, terminal), "course"
        await desk.press("escape", "s")
        assert await painted(desk, terminal), "devices"
