"""Looking is a test: every screen, every state of a chair and every panel, at three sizes, beside what is kept of them.

At the middle size the states of a chair and of the start screen are looked at in every theme, else in the usual one.
"""

import time

import pytest
from console.front_desk import BROKEN, OPEN, RUNNING, Memory, front, looked
from console.pilot import console
from console.scenes import SCENES, in_alarm, recovering, stale
from console.snapshots import FOLDER, MIDDLE, SIZES, hold, path_of, seen
from console.test_chairs import console as several
from playback.test_walking import screen as walked
from textual.widgets import Input

from ketamon.console.look.themes import DEFAULT, THEMES
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


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """In colour and in UTC, and with what blinks in the lit half of its blink."""
    monkeypatch.setattr(Blinking, "blink", lambda *_: None)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def sizes_of(name, names):
    """Return the sizes for a scene. Each scene starts at one of them and comes to the others: larger, or smaller."""
    first = list(names).index(name) % len(SIZES)
    return (*SIZES[first:], *SIZES[:first])


def of_every_theme(size):
    """At the middle size each theme is worn, the usual one last."""
    others = [theme.name for theme in THEMES if theme.name != DEFAULT]
    return (*others, DEFAULT) if size == MIDDLE else (DEFAULT,)


async def hold_all(desk, name, sizes, kept, themes=lambda _size: (DEFAULT,), before=()):
    """Hold a screen at every size, after some keys, against what is kept; tell of all that is different at once."""
    differ = []
    for size in sizes:
        await desk.resize(size)
        await desk.press(*before)
        looks = {}
        for theme in themes(size):
            desk.app.theme = theme
            desk.app.look()
            await desk.settle()
            text, looks[theme] = seen(desk.app)
        try:
            hold(desk.app, name, text, looks, kept)
        except AssertionError as error:
            differ.append(str(error))
    assert not differ, "\n\n".join(differ)


@pytest.mark.parametrize("name", SCENES)
async def test_a_chair_looks_as_it_did_at_every_size(name, tmp_path):
    scene, sizes = SCENES[name], sizes_of(name, SCENES)
    async with console(scene.chair(), sizes[0], scene.source, scene.speed, paint=True) as desk:
        if scene.lost:
            desk.feed.connected, desk.feed.why = False, scene.lost
        await hold_all(desk, name, sizes, tmp_path, of_every_theme)


@pytest.mark.parametrize("name", PANELS)
async def test_every_panel_looks_as_it_did_at_every_size(name, tmp_path):
    """Each is opened over the same chair."""
    sizes = sizes_of(name, PANELS)
    async with console(SCENES[PANEL_SCENE].chair(), sizes[0], paint=True) as desk:
        await desk.app.screen.open(name)
        await desk.settle()
        await hold_all(desk, f"panel-{name}", sizes, tmp_path)


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
def test_no_panel_hides_the_numbers(size):
    """They are all held against the screen above."""
    assert all("SpO2" in path_of(f"panel-{name}", size).read_text(encoding="utf-8") for name in PANELS)


@pytest.mark.parametrize("name", FRONT)
async def test_a_screen_without_a_core_looks_as_it_did_at_every_size(name, tmp_path):
    (make, found, keys), sizes = FRONT[name], sizes_of(name, FRONT)
    async with front(make(**found), Memory(), sizes[0], paint=True) as desk:
        await desk.press(*keys)
        themes = {} if keys else {"themes": of_every_theme}
        await hold_all(desk, f"front-{name}", sizes, tmp_path, **themes)


async def test_a_review_looks_as_it_did_at_every_size(tmp_path):
    async with walked(SIZES[0], source=Source.REVIEW, remark="whole", speed=0.0) as (desk, _):
        await desk.press("end")
        await hold_all(desk, "review-end", SIZES, tmp_path)
        await desk.press("slash")
        await hold_all(desk, "review-record", reversed(SIZES), tmp_path)


async def test_several_chairs_look_as_they_did_at_every_size(tmp_path):
    async with several(recovering(), in_alarm(), stale(), size=SIZES[0]) as desk:
        await hold_all(desk, "several", SIZES, tmp_path)


async def test_jumping_looks_as_it_did_at_every_size(tmp_path):
    async with console(in_alarm(), SIZES[0]) as desk:
        await hold_all(desk, "jump", SIZES, tmp_path, before=("escape", "J"))


def test_nothing_is_kept_that_no_test_looks_at():
    names = (*SCENES, *(f"panel-{panel}" for panel in PANELS), *(f"front-{name}" for name in FRONT), *OTHERS)
    assert set(FOLDER.rglob("*.txt")) == {path_of(name, size) for size in SIZES for name in names}
