"""Looking is a test: every screen, every state of a chair and every panel, at three sizes, beside what is kept of them.

At the middle size the states of a chair and of the start screen are looked at in every theme, else in the usual one.
"""

import time

import pytest
from console.front_desk import BROKEN, OPEN, RUNNING, Memory, front, looked
from console.pilot import Desk, console
from console.scenes import SCENES, in_alarm, recovering, stale
from console.snapshots import FOLDER, MIDDLE, SIZES, colours, hold, path_of
from console.test_chairs import console as several
from playback.test_walking import screen as walked

from ketamon.console.look.themes import THEMES
from ketamon.console.screens.panels import PANELS
from ketamon.console.widgets.blinking import Blinking
from ketamon.follow import Source

PANEL_SCENE = "recovery"
FRONT = {
    "first-run": (looked, {"fresh": True}, ()),
    "start": (looked, {"open": (OPEN, BROKEN), "running": (RUNNING,)}, ()),
    "problems": (looked, {"problems": ("the configuration is not used: line 3: “colour” is no theme",)}, ()),
    "new": (looked, {}, ("n",)),
    "demo": (looked, {}, ("d",)),
    "replay": (looked, {}, ("p",)),
    "review": (looked, {}, ("v",)),
    "course": (looked, {}, ("c", "enter")),
    "devices": (looked, {}, ("s",)),
    "help": (looked, {}, ("question_mark",)),
    "sign-in": (looked, {"pins": True}, ("v",)),
}
"""Scenes without a core: what is found on the computer, and the keys pressed."""
OTHERS = ("review-end", "review-record", "several", "jump")
sizes = pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """In colour and in UTC, and with what blinks in the lit half of its blink."""
    monkeypatch.setattr(Blinking, "blink", lambda *_: None)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def rest(desk) -> str:
    """Wait until nothing on the screen changes any more; return what its colours come to."""
    before, now = "", colours(desk.app)
    while now != before:
        await desk.pilot.pause()
        await desk.pilot.pause()
        before, now = now, colours(desk.app)
    return now


async def every_theme(desk):
    """Wear each theme, the usual one last; return what the colours of each come to."""
    looks = {}
    for theme in (*(t.name for t in THEMES[1:]), THEMES[0].name):
        desk.app.theme = theme
        if isinstance(desk, Desk):
            desk.app.look()
        looks[theme] = await rest(desk)
    return looks


async def usual(desk):
    return {desk.app.theme: await rest(desk)}


@sizes
@pytest.mark.parametrize("name", SCENES)
async def test_a_chair_looks_as_it_did(name, size, tmp_path):
    scene = SCENES[name]
    async with console(scene.chair(), size=size, source=scene.source, speed=scene.speed) as desk:
        if scene.lost:
            desk.feed.connected, desk.feed.why = False, scene.lost
            desk.app.look()
        hold(desk.app, name, await (every_theme if size == MIDDLE else usual)(desk), tmp_path)


@sizes
async def test_every_panel_looks_as_it_did(size, tmp_path):
    """They are opened one after the other over one chair, and none of them hides a number."""
    async with console(SCENES[PANEL_SCENE].chair(), size=size) as desk:
        differ = []
        for name in PANELS:
            await desk.app.screen.open(name)
            await desk.settle()
            await desk.look()
            try:
                hold(desk.app, f"panel-{name}", await usual(desk), tmp_path)
            except AssertionError as error:
                differ.append(str(error))
            assert "SpO2" in desk.text(), name
        assert not differ, "\n\n".join(differ)


@sizes
@pytest.mark.parametrize("name", FRONT)
async def test_a_screen_without_a_core_looks_as_it_did(name, size, tmp_path):
    make, found, keys = FRONT[name]
    async with front(make(**found), Memory(), size) as desk:
        await desk.press(*keys)
        hold(desk.app, f"front-{name}", await (every_theme if size == MIDDLE and not keys else usual)(desk), tmp_path)


@sizes
async def test_a_review_looks_as_it_did(size, tmp_path):
    async with walked(size, source=Source.REVIEW, remark="whole", speed=0.0) as (desk, _):
        await desk.press("end")
        hold(desk.app, "review-end", await usual(desk), tmp_path)
        await desk.press("slash")
        hold(desk.app, "review-record", await usual(desk), tmp_path)


@sizes
async def test_several_chairs_look_as_they_did(size, tmp_path):
    async with several(recovering(), in_alarm(), stale(), size=size) as desk:
        hold(desk.app, "several", await usual(desk), tmp_path)


@sizes
async def test_jumping_looks_as_it_did(size, tmp_path):
    async with console(in_alarm(), size=size) as desk:
        await rest(desk)
        await desk.press("J")
        hold(desk.app, "jump", await usual(desk), tmp_path)


def test_nothing_is_kept_that_no_test_looks_at():
    names = (*SCENES, *(f"panel-{panel}" for panel in PANELS), *(f"front-{name}" for name in FRONT), *OTHERS)
    assert set(FOLDER.rglob("*.txt")) == {path_of(name, size) for size in SIZES for name in names}
