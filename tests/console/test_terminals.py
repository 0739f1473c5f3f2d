"""A terminal shows what it can: no sign it lacks reaches it, and what a shape says is said by another shape."""

import re
from datetime import UTC
from io import BytesIO, TextIOWrapper
from itertools import chain
from pathlib import Path

import pytest
from console.chairs import NURSE, Clock, FakeFeed, infusing
from console.stage import staged
from rich.segment import Segment
from textual.color import Color
from textual.strip import Strip

import ketamon
from ketamon.console.app import KetamonApp, run_console
from ketamon.console.look.glyphs import ASCII, BLOCKS, BRAILLE
from ketamon.console.look.spelling import Spelling
from ketamon.console.look.themes import DEFAULT
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.follow import Source

# The first 32 signs of code page 437 are no part of Python's codec.
CP437 = set(bytes(range(32, 256)).decode("cp437")) | set("☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼")
FONTS = {"blocks": CP437, "ascii": {chr(code) for code in range(32, 127)}}
PANELS = ("", "question_mark", "o", "v", "ctrl+p", "g", "n")

weak = pytest.mark.parametrize("glyphs", [BLOCKS, ASCII], ids=lambda glyphs: glyphs.name)


async def screens(glyphs, sizes=((80, 24), (120, 36)), source=Source.REPLAY):
    """Yield the text of a chair in alarm, with stale numbers, behind each of some panels."""
    chair = infusing()
    chair.alarm("** DIA 104 > 100", Priority.HIGH, parameter=Parameter.NIBP_DIA).measure(spo2=None).pump(rate=40.0)
    app = KetamonApp(FakeFeed(chair, source), staff=NURSE, clock=Clock(), zone=UTC, glyphs=glyphs)
    async with staged(app, sizes[0]) as pilot:
        for size in sizes:
            await pilot.resize_terminal(*size)
            for key in PANELS:
                if key:
                    await pilot.press(key)
                await pilot.pause()
                app.look()
                await pilot.pause()
                yield "\n".join(strip.text for strip in app.screen._compositor.render_strips())
                await pilot.press("escape", "escape")
                await pilot.pause()


@weak
async def test_every_sign_on_every_screen_is_in_the_font(glyphs):
    async for text in screens(glyphs, sizes=((120, 36),)):
        assert not set(text) - FONTS[glyphs.name] - {"\n"}, text


@weak
def test_every_sign_that_the_code_can_write_is_in_the_font(glyphs):
    """Also those of screens that no test opens. Braille and large slashes are signs of the other glyph set."""
    root = Path(ketamon.__file__).parent
    files = {*root.glob("console/**/*.py"), root / "words.py", *root.glob("rules/*.py")} - {
        root / "console" / "look" / "glyphs.py"
    }
    literals = chain.from_iterable(re.findall(r'"(?:[^"\\\n]|\\.)*"', file.read_text()) for file in files)
    own = set(BRAILLE.cells + BRAILLE.limit)
    written = {sign for sign in "".join(literals) if ord(sign) > 126} - own - {"λ", "³", "²"}
    assert not set("".join(written).translate(glyphs.stand_ins)) - FONTS[glyphs.name]


@weak
def test_a_stand_in_is_one_sign_that_needs_no_other(glyphs):
    for sign in glyphs.stand_ins.values():
        assert len(sign) == 1
        assert sign in FONTS[glyphs.name]
        assert ord(sign) not in glyphs.stand_ins


@weak
def test_borders_of_an_alarm_of_no_value_and_of_all_others_stay_apart(glyphs):
    usual, alarm, stale = ("─│", "━┃", "╍╏")
    drawn = {border.translate(glyphs.stand_ins) for border in (usual, alarm, stale)}
    assert len(drawn) == 3
    assert len({border[1] for border in drawn}) == 3


async def test_a_cut_off_text_never_ends_like_a_number():
    assert "12…".translate(ASCII.stand_ins) == "12~"


@pytest.mark.parametrize(
    ("environment", "theme", "sign"),
    [({"TERM": "linux"}, "ansi", "┌"), ({"LC_ALL": "C"}, DEFAULT, "+"), ({"TERM": "xterm"}, DEFAULT, "╭")],
)
def test_a_console_begins_as_its_terminal_wants_it(monkeypatch, environment, theme, sign):
    begun = []
    monkeypatch.setattr(KetamonApp, "run", lambda app: begun.append(app))  # noqa: PLW0108 (a builtin is not bound to the app)
    monkeypatch.setattr("gc.freeze", lambda: None)
    monkeypatch.setattr("sys.__stderr__", None)
    monkeypatch.setattr("sys.stdout", TextIOWrapper(BytesIO(), "utf-8"))
    monkeypatch.delenv("LC_ALL", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run_console(FakeFeed(infusing(1.0)), staff=NURSE)
    (app,) = begun
    assert app.theme == theme
    line = Strip([Segment("╭")])
    for one in app.get_line_filters():
        if isinstance(one, Spelling):
            line = line.apply_filter(one, Color(0, 0, 0))
    assert line.text == sign


async def test_a_terminal_that_has_all_signs_pays_nothing():
    app = KetamonApp(FakeFeed(infusing(1.0)), staff=NURSE, clock=Clock(), zone=UTC)
    assert len(app.get_line_filters()) == len(super(KetamonApp, app).get_line_filters())
