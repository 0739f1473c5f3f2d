"""Vital sign tiles: a number without a fresh value is never drawn, and every state is said in words or shape."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from ketamon.console.look.glyphs import ASCII, BLOCKS, BRAILLE
from ketamon.console.look.themes import DARK_ROOM
from ketamon.console.widgets.tile import Spark, Tile, TileData, heading, limits_text, shortened, tile_rows
from ketamon.domain.devices import Priority
from ketamon.domain.series import Series

SPO2 = TileData(label="SpO2", unit="%", text="97", status="now", value_ok=True, low="92")
NIBP = TileData(
    label="NIBP",
    unit="mmHg",
    text="138/104",
    status="2 min ago, next 3:10",
    value_ok=True,
    low="90",
    high="160",
    detail=("(115)", "+12 %"),
)

SPARKED = {
    "dots: a dip out of the limits, a gap, and the time before there was a value": (
        BRAILLE, 24,
        """\
                  ┏━┓╺━┓
                  ┗━┫  ┃
                  ╺━┛  ╹
         ⠒⠒⠒⠒⠒▼⠒⠒⠒⠒⠂╌⠒⠒⠒

≥92                  now
""",
    ),
    "blocks": (
        BLOCKS, 16,
        """\
         █▀█ ▀▀█
         ▀▀█   █
         ▀▀▀   ▀
      ▀▀▀▼▀▀▀x▀▀

≥92          now
""",
    ),
    "ASCII": (
        ASCII, 16,
        """\
              97


      '''v'''x''
>=92
             now
""",
    ),
    "too narrow": (
        BRAILLE, 11,
        """\
     ┏━┓╺━┓
     ┗━┫  ┃
     ╺━┛  ╹

≥92
        now
""",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("glyphs", "width", "expected"), SPARKED.values(), ids=SPARKED)
async def test_the_small_trend(glyphs, width, expected):
    app = TileApp(glyphs)
    async with app.run_test(size=(width + 4, 8)) as pilot:
        tile = app.query_one(Tile)
        tile.styles.height = 8
        await pilot.pause()
        tile.update(replace(SPO2, spark=spark()))
        assert "\n".join(tile.render_line(y).text.rstrip() for y in range(6)) + "\n" == expected


def spark(now=900.0, low=92.0):
    """Ten minutes of SpO2 97 with a second at 84, and 80 seconds without a value."""
    series = Series()
    for t in range(345, 900, 5):
        series.append(float(t), None if 720 <= t < 800 else 84.0 if t == 540 else 97.0, t)
    return Spark(series=series, seq=series.last.seq, now_s=now, low=low, high=100.0, interval_s=5.0)


async def test_the_small_trend_is_dashed_while_nothing_comes():
    app = TileApp()
    async with app.run_test(size=(28, 8)) as pilot:
        tile = app.query_one(Tile)
        tile.styles.height = 8
        await pilot.pause()
        tile.update(replace(SPO2, spark=spark()))
        tile.update(replace(SPO2, value_ok=False, status="no data 5 min", spark=spark(1200.0)))
        assert tile.render_line(3).text == " ⠒⠒⠒⠒⠒▼⠒⠒⠒⠒⠂╌⠒⠒⠒╌╌╌╌╌╌╌╌"
        tile.update(replace(SPO2, spark=None))
        assert not tile.render_line(3).text.strip()


PICTURES = {
    "big": (
        (SPO2, 12, 4, BRAILLE),
        """\
      ┏━┓╺━┓
      ┗━┫  ┃
      ╺━┛  ╹
≥92      now
""",
    ),
    "wide, with details": (
        (NIBP, 29, 4, BRAILLE),
        """\
        ╺┓ ╺━┓┏━┓  ╱╺┓ ┏━┓╻ ╻
+12 %    ┃  ━┫┣━┫ ╱  ┃ ┃ ┃┗━┫
(115)   ╺┻╸╺━┛┗━┛╱  ╺┻╸┗━┛  ╹
90–160   2 min ago, next 3:10
""",  # noqa: RUF001 (the slash is part of the big digits)
    ),
    "no value": (
        (replace(NIBP, value_ok=False, status="no data 17 s"), 21, 4, BRAILLE),
        """\

+12 %       ╺━╸   ╺━╸
(115)
90–160   no data 17 s
""",
    ),
    "a long status sends the limits up": (
        (replace(SPO2, status="12 min ago"), 12, 4, BRAILLE),
        """\
      ┏━┓╺━┓
      ┗━┫  ┃
≥92   ╺━┛  ╹
  12 min ago
""",
    ),
    "questionable": (
        (replace(SPO2, questionable=True), 12, 2, BRAILLE),
        """\
≥92      97?
         now
""",
    ),
    "blocks": (
        (SPO2, 12, 4, BLOCKS),
        """\
     █▀█ ▀▀█
     ▀▀█   █
     ▀▀▀   ▀
≥92      now
""",
    ),
    "ASCII": (
        (NIBP, 20, 4, ASCII),
        """\
+12 %        138/104
(115)
90-160
2 min ago, next 3:10
""",
    ),
    "too narrow for big digits": (
        (NIBP, 12, 4, BRAILLE),
        """\
     138/104
(115)
90–160
   2 min ago
""",
    ),
    "one line": ((SPO2, 12, 1, BRAILLE), "now       97\n"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture(name):
    args, expected = PICTURES[name]
    assert "".join(row.text.rstrip() + "\n" for row in tile_rows(*args)) == expected


def test_without_a_value_the_number_is_nowhere():
    for glyphs in (BRAILLE, BLOCKS, ASCII):
        for height in range(1, 7):
            lost = replace(SPO2, value_ok=False, status="no data")
            rows = tile_rows(lost, 14, height, glyphs)
            assert rows == tile_rows(replace(lost, text="84"), 14, height, glyphs)
            assert rows != tile_rows(SPO2, 14, height, glyphs)
            assert "no data" in rows[-1].text


words = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=14)


@settings(max_examples=80)
@given(st.integers(1, 40), st.integers(1, 7), words, words, words, st.sampled_from([BRAILLE, BLOCKS, ASCII]))
def test_whatever_the_size_it_is_a_full_picture(width, height, text, status, detail, glyphs):
    data = TileData(label="x", unit="", text=text, status=status, value_ok=True, low="1", detail=(detail,))
    rows = tile_rows(data, width, height, glyphs)
    assert len(rows) == height
    assert all(len(part) == width for row in rows for part in row)


SHORT = [
    ("2 min ago, next 3:10", 20, "2 min ago, next 3:10"),
    ("2 min ago, next 3:10", 19, "2 min ago"),
    ("no data 17 s", 11, "no data 17s"),
    ("no data 17 s", 10, "no data"),
    ("12 min ago", 7, "12min"),
    ("sensor off", 3, ""),
]


@pytest.mark.parametrize(("text", "width", "expected"), SHORT)
def test_words_are_shortened_never_a_number(text, width, expected):
    assert shortened(text, width) == expected


def test_limits_are_the_range_without_an_alarm():
    assert [limits_text(low, high, BRAILLE) for low, high in (("50", "120"), ("92", ""), ("", "50"), ("", ""))] == [
        "50–120",
        "≥92",
        "≤50",
        "",
    ]


DEMO_HIGH = replace(SPO2, alarm=Priority.HIGH, simulated=True)
HEADINGS = [
    (SPO2, 20, ("SpO2 %", "")),
    (SPO2, 5, ("SpO2", "")),
    (DEMO_HIGH, 20, ("*** DEMO SpO2 %", "")),
    (DEMO_HIGH, 14, ("*** DEMO SpO2", "")),
    (DEMO_HIGH, 12, ("SpO2 %", "*** DEMO")),
    (DEMO_HIGH, 5, ("SpO2", "***")),
    (replace(SPO2, simulated=True), 5, ("SpO2", "DEMO")),
]


@pytest.mark.parametrize(("data", "width", "expected"), HEADINGS)
def test_the_name_is_never_cut_for_a_sign(data, width, expected):
    assert heading(data, width) == expected


async def test_the_border_follows_the_width():
    app = TileApp()
    async with app.run_test(size=(30, 8)) as pilot:
        tile = app.query_one(Tile)
        tile.update(DEMO_HIGH)
        assert (tile.border_title, tile.border_subtitle) == ("*** DEMO SpO2 %", "")
        await pilot.resize_terminal(11, 8)
        await pilot.pause()
        assert (tile.border_title, tile.border_subtitle) == ("SpO2", "***")


class TileApp(App[None]):
    def __init__(self, glyphs=BRAILLE) -> None:
        super().__init__()
        self.register_theme(DARK_ROOM)
        self.theme = DARK_ROOM.name
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield Tile(glyphs=self.glyphs)


STATES = [
    (SPO2, {"-fresh"}, "SpO2 %"),
    (replace(SPO2, value_ok=False), {"-stale"}, "SpO2 %"),
    (replace(SPO2, value_ok=False, text=""), {"-missing"}, "SpO2 %"),
    (replace(SPO2, alarm=Priority.HIGH), {"-fresh", "-alarm-high"}, "*** SpO2 %"),
    (replace(SPO2, alarm=Priority.MEDIUM), {"-fresh", "-alarm-medium"}, "** SpO2 %"),
    (replace(SPO2, alarm=Priority.LOW, value_ok=False), {"-stale", "-alarm-low"}, "* SpO2 %"),
    (replace(SPO2, questionable=True), {"-fresh", "-questionable"}, "SpO2 %"),
    (replace(SPO2, simulated=True), {"-fresh", "-simulated"}, "DEMO SpO2 %"),
]


async def test_each_state_is_a_class_and_a_title():
    app = TileApp()
    async with app.run_test(size=(30, 8)):
        tile = app.query_one(Tile)
        for data, classes, title in STATES:
            tile.update(data)
            assert {name for name in tile.classes if name.startswith("-")} == classes
            assert tile.border_title == title


async def test_foreign_text_is_never_markup():
    app = TileApp()
    async with app.run_test(size=(30, 8)):
        tile = app.query_one(Tile)
        tile.update(replace(SPO2, label="[/red]x[b]", status="[/foo]", detail=("[bold]",)))
        lines = "".join(tile.render_line(y).text for y in range(4))
        assert "[/foo]" in lines
        assert "[bold]" in lines
        assert "[/red]x[b]" in app.export_screenshot().replace("&#160;", " ")


async def test_the_colour_follows_the_state():
    app = TileApp()
    async with app.run_test(size=(20, 8)) as pilot:
        tile = app.query_one(Tile)
        tile.add_class("-spo2")
        shown = {}
        for name, data in {
            "fine": SPO2,
            "alarm": replace(SPO2, alarm=Priority.HIGH),
            "stale": replace(SPO2, value_ok=False),
        }.items():
            tile.update(data)
            await pilot.pause()
            shown[name] = next(s.style.color.triplet.hex.upper() for s in tile.render_line(1) if s.text.strip())
        variables = DARK_ROOM.variables
        assert shown == {
            "fine": variables["spo2"], "alarm": variables["alarm-high"], "stale": variables["stale"]
        }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "width", "below"),
    [
        ("Masimo", 7, "Masimo"),
        ("GE DRI", 20, "GE DRI"),
        ("experimental Berry PM6750", 14, "experimental"),
        ("experimental Berry PM6750", 30, "experimental Berry PM6750"),
        ("", 20, ""),
    ],
)
def test_the_lower_border_says_whose_number_it_is(source, width, below):
    assert heading(replace(SPO2, source=source), width)[1] == below


def test_a_sign_goes_before_the_source():
    demo = replace(SPO2, source="Masimo", simulated=True)
    assert heading(demo, 8) == ("SpO2 %", "DEMO")
    assert heading(demo, 30) == ("DEMO SpO2 %", "Masimo")
