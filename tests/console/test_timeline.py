"""The session on one line, as pictures; and the widget that shows it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from ketamon.console.charts.drawing import Mark
from ketamon.console.look.glyphs import ASCII, BRAILLE
from ketamon.console.look.themes import DARK_ROOM
from ketamon.console.widgets.timeline import Stage, Stretch, Timeline, TimelineData, timeline_rows
from ketamon.domain.devices import Priority

MIN = 60.0
SESSION = TimelineData(
    stretches=(
        Stretch(Stage.BASELINE, 0, 15 * MIN),
        Stretch(Stage.INFUSION, 15 * MIN, 25 * MIN),
        Stretch(Stage.PAUSE, 25 * MIN, 25.2 * MIN),
        Stretch(Stage.INFUSION, 25.2 * MIN, 32 * MIN),
        Stretch(Stage.PLANNED, 32 * MIN, 40 * MIN),
        Stretch(Stage.AHEAD, 40 * MIN, 60 * MIN),
    ),
    now_s=32 * MIN,
    end_s=60 * MIN,
    marks=(Mark(17 * MIN, "n", "nausea"), Mark(20 * MIN, "A", "alarm", Priority.HIGH)),
    text="16:48 of 25:00",
)
LATER = replace(
    SESSION,
    stretches=(
        Stretch(Stage.BASELINE, 0, 5 * MIN),
        Stretch(Stage.INFUSION, 5 * MIN, 30 * MIN),
        Stretch(Stage.RECOVERY, 30 * MIN, 50 * MIN),
        Stretch(Stage.AHEAD, 50 * MIN, 60 * MIN),
    ),
    now_s=50 * MIN,
    text="",
)

PICTURES = {
    "a running infusion": (
        (SESSION, 76, 4, BRAILLE),
        """\
0        10        20        30        40        50      min
├── baseline ─┤▓▓▓▓▓▓▓▓▓▓│▓▓▓▓▓▓░░░░░░░░┄┄┄┄┄ recovery ┄┄┄┄┊  16:48 of 25:00
                 n  A           ▲ now   A alarm  n nausea
""",
    ),
    "in ASCII": (
        (SESSION, 76, 3, ASCII),
        """\
0        10        20        30        40        50      min
|-- baseline -|##########|######--------..... recovery ....|  16:48 of 25:00
                 n  A           ^ now   A alarm  n nausea
""",
    ),
    "recovery, and no room for the legend": (
        (LATER, 60, 3, BRAILLE),
        """\
0        10        20        30        40        50      min
├───┤▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓───── recovery ─────┄┄┄┄┄┄┄┄┄┊
                 n  A                             ▲ now
""",
    ),
    "the legend on its own line": (
        (LATER, 60, 4, BRAILLE),
        """\
0        10        20        30        40        50      min
├───┤▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓───── recovery ─────┄┄┄┄┄┄┄┄┄┊
                 n  A                             ▲ now
A alarm  n nausea
""",
    ),
    "recovery is named once": (
        (
            replace(LATER, stretches=(Stretch(Stage.RECOVERY, 0, 30 * MIN), Stretch(Stage.AHEAD, 30 * MIN, 3600))),
            60,
            1,
            BRAILLE,
        ),
        "────────── recovery ──────────┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┊\n",
    ),
    "two lines: bar and marks": (
        (LATER, 30, 2, BRAILLE),
        """\
├┤▓▓▓▓▓▓▓▓▓▓▓▓▓──────────┄┄┄┄┊
        n A              ▲
""",
    ),
    "one line": ((LATER, 30, 1, BRAILLE), "├┤▓▓▓▓▓▓▓▓▓▓▓▓▓──────────┄┄┄┄┊\n"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture(name):
    args, expected = PICTURES[name]
    rows = timeline_rows(*args)
    assert all(len(part) == args[1] for row in rows for part in row)
    assert [row.text.rstrip() for row in rows if row.text.strip()] == expected.splitlines()


def marks(*places):
    return replace(SESSION, marks=tuple(Mark(minute * MIN, letter, letter, p) for minute, letter, p in places), text="")


PLACES = [
    ("two in one cell stand side by side", [(20, "d", None), (20, "n", None)], "dn"),
    ("the same twice is one", [(20, "d", None), (20.4, "d", None)], "d "),
    ("the gravest keeps its place", [(20, "n", None), (20, "L", Priority.LOW), (20, "H", Priority.HIGH)], "nHL"),
    ("what finds no place is a plus", [(20, x, None) for x in "abcd"], "c+b"),
    ("an alarm stays an alarm", [(20, "H", Priority.HIGH), *((20, x, None) for x in "abc")], "bHa"),
]


@pytest.mark.parametrize(("places", "expected"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_marks_find_a_place(places, expected):
    row = timeline_rows(marks(*places), 60, 2, BRAILLE)[1]
    start = 20 if len(expected) < 3 else 19
    assert row.text[start : start + len(expected)] == expected


def test_alarms_are_told_apart_by_their_role():
    row = timeline_rows(marks((10, "A", Priority.HIGH), (20, "A", Priority.MEDIUM), (24, "n", None)), 60, 2, BRAILLE)[1]
    assert (row.role[10], row.role[20], row.role[24]) == ("h", "d", "m")


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 5), st.floats(0, 5 * 3600), st.sampled_from([BRAILLE, ASCII]))
def test_whatever_the_size_it_is_a_full_picture(width, height, now, glyphs):
    data = replace(SESSION, now_s=now, marks=(Mark(now, "x", "x"), Mark(-5.0, "y", "y")))
    rows = timeline_rows(data, width, height, glyphs)
    assert len(rows) == min(height, 4)
    assert all(len(part) == width for row in rows for part in row)
    if height > 1:
        assert glyphs.now in rows[-2 if height >= 4 else -1].text


def test_a_short_pause_is_never_hidden():
    for width in range(20, 120):
        assert BRAILLE.pause in timeline_rows(replace(SESSION, text=""), width, 1, BRAILLE)[0].text


class TimelineApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK_ROOM)
        self.theme = DARK_ROOM.name

    def compose(self) -> ComposeResult:
        yield Timeline()


async def test_the_widget_shows_what_it_is_given():
    app = TimelineApp()
    async with app.run_test(size=(76, 10)):
        timeline = app.query_one(Timeline)
        assert timeline.render_line(0).text.strip() == ""
        timeline.update(SESSION)
        assert timeline.render_line(1).text.startswith("├── baseline ─┤▓")
        timeline.update(replace(SESSION, text="16:49 of 25:00"))
        assert timeline.render_line(1).text.endswith("16:49 of 25:00")
