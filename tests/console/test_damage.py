"""What is written to the terminal is only what changed, and what stands there afterwards is what was to be shown."""

import re

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from ketamon.console.look.damage import Shown

WIDTH, HEIGHT = 24, 3
STYLES = (Style.parse("white on black"), Style.parse("bold red on black"), Style.parse("cyan on blue"))
SIGNS = st.sampled_from("ab▶⣿─° 日本é")


def strip(segments, width=WIDTH):
    return Strip(segments).adjust_cell_length(width, STYLES[0])


@st.composite
def strips(draw, width=WIDTH):
    pieces = st.lists(st.tuples(st.text(SIGNS, max_size=6), st.sampled_from(STYLES)), max_size=5)
    return strip([Segment(text, style) for text, style in draw(pieces) if text], width)


@st.composite
def updates(draw):
    """All of the screen, or one piece of a line, as the compositor gives them."""
    if draw(st.booleans()):
        return LayoutUpdate([[draw(strips())] for _ in range(HEIGHT)], Region(0, 0, WIDTH, HEIGHT))
    x, y = draw(st.integers(0, WIDTH - 2)), draw(st.integers(0, HEIGHT - 1))
    width = draw(st.integers(1, WIDTH - x))
    chops = [{}] * y + [{x: draw(strips(width))}]
    return ChopsUpdate(chops, [(y, x, x + width)], [[x + width]] * (y + 1))


def terminal():
    screen = pyte.Screen(WIDTH, HEIGHT)
    return screen, pyte.Stream(screen)


def cells(screen):
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


CONSOLE = Console(color_system="truecolor", force_terminal=True, width=WIDTH)


@given(st.lists(updates(), min_size=1, max_size=8))
def test_the_terminal_shows_what_textual_itself_would_have_shown(several):
    shown, (ours, to_ours), (theirs, to_theirs) = Shown(), terminal(), terminal()
    first = LayoutUpdate([[strip([])] for _ in range(HEIGHT)], Region(0, 0, WIDTH, HEIGHT))
    for update in (first, *several):
        to_ours.feed(shown.write(CONSOLE, update))
        to_theirs.feed(update.render_segments(CONSOLE).replace("\n", ""))
    assert cells(ours) == cells(theirs)


def screenful(*lines):
    return LayoutUpdate([[strip([Segment(line, STYLES[0])])] for line in lines], Region(0, 0, WIDTH, len(lines)))


def test_what_stands_there_is_not_written_again():
    shown = Shown()
    assert shown.write(CONSOLE, screenful("SpO2 97 %", "HR 80"))
    assert shown.write(CONSOLE, screenful("SpO2 97 %", "HR 80")) == ""
    shown.forget()
    assert shown.write(CONSOLE, screenful("SpO2 97 %", "HR 80"))


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("SpO2 97 %", "SpO2 98 %", ["8"]),
        ("97  HR 80", "98  HR 81", ["8  HR 81"]),  # near enough to go along
        ("97             80", "98             81", ["8", "1"]),
        ("日本 97", "日木 97", ["木"]),
        ("a本 97", "日 97", ["日 97 "]),
    ],
)
def test_only_the_cells_that_changed_are_written(old, new, written):
    shown = Shown()
    shown.write(CONSOLE, screenful(old))
    said = shown.write(CONSOLE, screenful(new))
    assert [text for text in re.split(r"(?:\x1b\[[\d;]*[mH])+", said) if text] == written
