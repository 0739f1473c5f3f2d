"""A user's own themes: read with care, worn as soon as they are saved, and never taken from under the user."""

import os
from datetime import UTC

import pytest
from console.chairs import NURSE, Clock, FakeFeed, infusing
from console.stage import staged

from ketamon.console.app import KetamonApp
from ketamon.console.look.themes import DARK_ROOM, DEFAULT, LIGHT, THEMES, TOKENS, colours_of, made
from ketamon.console.look.user_themes import UserThemes, read
from ketamon.errors import ProfileError, SourceError

MINE = 'base = "light"\n# as on the ward\nspo2 = "#123456"\nalarm-high = "#7a0020"\n'


@pytest.fixture
def write(tmp_path):
    count = 0

    def do(text, name="mine.toml"):
        nonlocal count
        count += 1
        path = tmp_path / name
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        os.utime(path, ns=(count, count))  # file systems may be too coarse for two saves in one test
        return path

    return do


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_theme_is_made_of_its_colours(theme):
    assert made(theme.name, dark=theme.dark, colours=colours_of(theme)) == theme


def test_what_is_not_said_is_as_in_the_base(write):
    theme = read(write(MINE))
    assert (theme.name, theme.dark, theme.background) == ("mine", False, LIGHT.background)
    assert theme.variables["spo2"] == "#123456"
    same = set(TOKENS) - {"spo2", "alarm-high"}
    assert {token: theme.variables[token] for token in same} == {token: LIGHT.variables[token] for token in same}


def test_a_filled_ground_follows_its_colour_unless_it_is_said(write):
    assert read(write('alarm-high = "#FF8080"\n')).variables["high-ground"] == "#FF8080"
    assert read(write('alarm-high = "#FF8080"\nhigh-ground = "#800000"\n')).variables["high-ground"] == "#800000"
    assert read(write('background = "#010203"\n')).variables["medium-text"] == "#010203"


def test_an_empty_file_is_the_default(write):
    assert colours_of(read(write(""))) == colours_of(DARK_ROOM)


BROKEN = {
    "a word": ('base = "light"\n\nspo2 = "red"\n', ":3: spo2 is 'red'; allowed is a colour as \"#RRGGBB\""),
    "a short colour": ('spo2 = "#abc"\n', ":1: spo2 is '#abc'; allowed is a colour"),
    "a number": ("spo2 = 7\n", ":1: spo2 is 7; allowed is a colour"),
    "a colour with more behind it": ('spo2 = "#123456; x"\n', ":1: spo2 is '#123456; x'; allowed"),
    "a table": ("[spo2]\na = 1\n", ":1: spo2 is a table; allowed"),
    "an unknown key": ('spo2 = "#123456"\nsp02 = "#123456"\n', ":2: sp02 is no colour of a theme; known are base, "),
    "an unknown base": ('base = "drak"\n', ":1: base is 'drak'; allowed is one of dark-room, light, "),
    "a base that is a list": ("base = []\n", ":1: base is a list; allowed is one of"),
    "no TOML": ("spo2 = \n", ":1: is not TOML"),
    "no text": (b'spo2 = "\xff"\n', ": is not UTF-8 text: byte 8"),
    "much too long": ("#" * 70_000, ": is no theme: it is longer than"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_cannot_be_used_is_told_with_its_line(write, what):
    text, said = BROKEN[what]
    path = write(text)
    with pytest.raises(ProfileError) as told:
        read(path)
    assert f"{path}{said}" in str(told.value)


@pytest.mark.parametrize("name", ["light.toml", "my theme.toml", "x" * 40 + ".toml"])
def test_a_name_that_cannot_be_is_refused(write, name):
    with pytest.raises(ProfileError, match="name"):
        read(write(MINE, name))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_only_what_was_written_is_read_again(write, tmp_path):
    themes = UserThemes(tmp_path)
    assert themes.look() == []
    path = write(MINE)
    assert [theme.name for theme in themes.look()] == ["mine"]
    assert themes.look() == []
    write(MINE.replace("#123456", "#654321"))
    assert themes.look()[0].variables["spo2"] == "#654321"
    write("spo2 = 1")
    assert themes.look() == []
    assert themes.problem.startswith("mine.toml:1: spo2 is 1;")
    write(MINE)
    assert len(themes.look()) == 1
    assert themes.problem == ""
    path.unlink()
    assert themes.look() == []


def test_without_a_folder_there_are_none(tmp_path):
    assert UserThemes(None).look() == UserThemes(tmp_path / "none").look() == []


def app_in(folder, theme=DEFAULT):
    return KetamonApp(FakeFeed(infusing(1.0)), staff=NURSE, clock=Clock(), zone=UTC, theme=theme, themes=folder)


def spo2(app):
    """Return the colour in which the saturation is drawn."""
    return app.screen.query_one("#spo2").get_component_styles("tile--value").color.hex


async def test_a_saved_file_changes_the_colours_at_once_and_a_broken_one_changes_nothing(write, tmp_path):
    write(MINE)
    app = app_in(tmp_path, "mine")
    async with staged(app) as pilot:
        await pilot.pause()
        assert spo2(app) == "#123456"
        write(MINE.replace("#123456", "#654321"))
        app.look()
        await pilot.pause()
        assert spo2(app) == "#654321"
        assert app.screen.answer.said.strip() == "theme mine: nothing is hard to read"
        write(MINE.replace("#123456", "#e0e0e0"))
        app.look()
        await pilot.pause()
        assert "theme mine: spo2 on background has a contrast of 1.3; it takes 4.5, and " in app.screen.answer.said
        write(MINE.replace("#123456", "#654321"))
        app.look()
        write(MINE.replace("#123456", "red"))
        app.look()
        await pilot.pause()
        assert spo2(app) == "#654321"
        assert "mine.toml:3: spo2 is 'red'" in app.screen.answer.said
        write(MINE)
        app.look()
        await pilot.pause()
        assert spo2(app) == "#123456"


async def test_a_theme_that_is_broken_from_the_start_is_told_and_the_usual_one_worn(write, tmp_path):
    write("spo2 = 1")
    app = app_in(tmp_path, "mine")
    async with staged(app) as pilot:
        app.look()
        await pilot.pause()
        assert app.theme == DEFAULT
        assert "mine.toml:1: spo2 is 1" in app.screen.answer.said


async def test_a_theme_is_found_in_the_palette_and_by_its_key(write, tmp_path):
    write(MINE)
    app = app_in(tmp_path, THEMES[-1].name)
    async with staged(app, (120, 36)) as pilot:
        app.look()
        await pilot.press("t")
        assert app.theme == "mine"
        await pilot.press("ctrl+p", *"theme light", "enter")
        await pilot.pause()
        assert app.theme == "light"
        await pilot.press("ctrl+p", *"mine", "enter")
        await pilot.pause()
        assert app.theme == "mine"
        assert app.screen.answer.said.strip() == "theme: mine"
