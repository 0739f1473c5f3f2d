"""Charts as pictures: what a bucket list looks like, cell by cell, in each kind of terminal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.console.charts.buckets import Bucket
from ketamon.console.charts.drawing import (
    GUTTER,
    Cuff,
    cuffs_of,
    gutter_of,
    heights,
    minutes_row,
    pointed,
    rows_of,
)
from ketamon.console.look.glyphs import ASCII, BLOCKS, BRAILLE, glyphs_for
from ketamon.domain.series import Point


def b(low, high=None, *, gap=False):
    high = low if high is None else high
    return Bucket(low, high, high, 1, gap)


def pressure(*numbers):
    return Cuff(0.0, *numbers)


DIP = [b(97)] * 5 + [b(84, 97)] + [b(97)] * 6
JUMPS = [b(2), b(6), None, b(6), b(2, gap=True), b(6)]

PICTURES = {
    "one second at 84 is seen, in dots": (
        (DIP, 6, 4, 80, 100, BRAILLE),
        {"limits": [92]},
        """
⠤⠤⢤⠤⠤⠤|llllll|······
⠄⠄⢸⠄⠄⠄|ttlttt|······
··⢸···|··l···|······
··⠈···|··l···|······
""",
    ),
    "one second at 84 is seen, in ASCII": (
        (DIP[2:8], 6, 4, 80, 100, ASCII),
        {"limits": [92]},
        """
......|llllll|······
---:--|tttltt|······
···:··|···l··|······
···'··|···l··|······
""",
    ),
    "no line across an empty bucket nor across a gap inside": (
        (JUMPS, 6, 4, 0, 7, ASCII),
        {"due": range(6)},
        """
·.·.·.|·l·l·l|······
·:···:|·l···l|······
.'··.'|ll··ll|······
··x·x·|··g·g·|······
""",
    ),
    "a hole stays a hole, however far the line has moved": (
        ([b(6), None, b(0)], 3, 4, 0, 7, ASCII),
        {},
        """
.··|l··|···
···|···|···
···|···|···
··.|··l|···
""",
    ),
    "nothing is due, nothing is missing": (
        ([None, b(3), None], 3, 2, 0, 5, ASCII),
        {"due": range(1, 2)},
        """
·.·|·l·|···
···|···|···
""",
    ),
    "arrows where the range is left": (
        ([b(9), b(3), b(-2), b(3)], 4, 3, 0, 5, ASCII),
        {},
        """
^.··|ll··|····
·'.:|·lll|····
··v'|··ll|····
""",
    ),
    "cuffs in dots: upright, ends, mean": (
        ([None] * 8, 4, 4, 40, 200, BRAILLE),
        {"cuffs": [(1, pressure(138, 104, 115)), (5, pressure(170, 90))]},
        """
··⣀⡀|··ll|····
⢤⠄⢸·|lll·|····
⠛⠃⠼⠄|llll|····
····|····|····
""",
    ),
    "cuffs in ASCII: clamped, and one without diastole": (
        ([None] * 6, 6, 6, 40, 200, ASCII),
        {"cuffs": [(1, pressure(138, 64, 95)), (3, pressure(230, 90, 140)), (4, pressure(138))]},
        """
···^··|···l··|······
···|··|···l··|······
·+·o+·|·l·ll·|······
·o·|··|·l·l··|······
·+·+··|·l·l··|······
······|······|······
""",
    ),
    "band under the dots, mark": (
        ([b(100)] * 10, 5, 5, 40, 200, BRAILLE),
        {"band": (90, 140), "marks": {3: "n"}},
        """
···n·|···e·|·····
···┊·|···m·|·····
···┊·|sssms|bbbbb
⠉⠉⠉⠉⠉|lllll|·····
···┊·|···m·|·····
""",
    ),
    "the band shows without colours too": (
        ([None, b(100), b(100), None, None], 5, 5, 40, 200, ASCII),
        {"band": (90, 160), "marks": {4: ""}},
        """
····!|····m|·····
·/·/!|ssssm|bbbbb
/·/·!|ssssm|bbbbb
·''·!|·ll·m|·····
····!|····m|·····
""",
    ),
    "a limit in the row of the band leaves it to be seen": (
        ([None] * 5, 5, 2, 0, 100, ASCII),
        {"band": (55, 90), "limits": [60, 20]},
        """
/-/-/|ststs|bbbbb
-----|ttttt|·····
""",
    ),
    "a band thinner than a row is still there": (
        ([None], 1, 2, 0, 100, BLOCKS),
        {"band": (90, 91)},
        """
░|s|b
·|·|·
""",
    ),
    "blocks": (
        ([b(1), b(1, 3), b(5)], 3, 3, 0, 5, BLOCKS),
        {"limits": [4]},
        """
··█|ttl|···
·█·|·l·|···
▀▀·|ll·|···
""",
    ),
}


def look(row):
    return "|".join(row).replace(" ", "·")


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture(name):
    (columns, width, height, low, high, glyphs), more, expected = PICTURES[name]
    rows = rows_of(columns, width, height, low, high, glyphs=glyphs, **more)
    assert "\n" + "\n".join(map(look, rows)) + "\n" == expected


def test_the_cursor_stands_in_every_row_and_covers_no_value():
    columns = [b(0, 6), None, b(0)]
    for glyphs in (BRAILLE, BLOCKS, ASCII):
        rows = rows_of(
            columns[: 3 * glyphs.wide] + [None] * (3 * glyphs.wide - 3), 3, 4, 0, 7, glyphs=glyphs, limits=[3.4],
            band=(1, 5), marks={1: "n"}, due=range(3),
        )  # fmt: skip
        for x in range(3):
            for before, row in zip(rows, (pointed(row, x, glyphs.cursor) for row in rows), strict=True):
                assert row.ground[x] == "c"
                covered = before.role[x] in " tsm"
                assert row.text[x] == (glyphs.cursor if covered else before.text[x])
                assert row.text[:x] + row.text[x + 1 :] == before.text[:x] + before.text[x + 1 :]
                assert len({len(part) for part in row}) == 1


bucket = st.builds(
    lambda one, other, gap: Bucket(min(one, other), max(one, other), other, 2, gap),
    st.floats(-50, 150),
    st.floats(-50, 150),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.sampled_from([BRAILLE, BLOCKS, ASCII]), st.integers(1, 12), st.integers(1, 8), st.data())
def test_whatever_comes_it_is_a_full_picture(glyphs, width, height, data):
    count = width * glyphs.wide
    columns = data.draw(st.lists(st.one_of(st.none(), bucket), min_size=count, max_size=count))
    cuffs = data.draw(st.lists(st.tuples(st.integers(-3, count + 3), st.just(pressure(140, 90, 110))), max_size=3))
    rows = rows_of(
        columns, width, height, 0.0, 100.0, glyphs=glyphs, cuffs=cuffs, limits=[90, 300], band=(20, 60),
        marks={-4: "x", 2: "n", 99: "y"}, due=range(count),
    )  # fmt: skip
    assert len(rows) == height
    assert all(len(part) == width for row in rows for part in row)
    if glyphs is ASCII:
        assert all(row.text.isascii() for row in rows)
    for x, one in enumerate(columns):
        drawn = any(row.role[x // glyphs.wide] == "l" for row in rows)
        assert drawn or one is None


CUFFS = {
    "one event, three numbers": ([(10, 120)], [(10, 80)], [(10, 93)], (Cuff(10, 120, 80, 93),)),
    "typed one after the other": ([(10, 120)], [(11.5, 80)], [], (Cuff(10, 120, 80),)),
    "too far apart": ([(10, 120)], [(13, 80)], [], (Cuff(10, 120), Cuff(13, None, 80))),
    "two in a row are two": ([(10, 120), (11, 122)], [(10, 80)], [], (Cuff(10, 120, 80), Cuff(11, 122))),
    "no value, no cuff": ([(10, None)], [(10, 80)], [], (Cuff(10, None, 80),)),
}


@pytest.mark.parametrize(("sys", "dia", "mean", "expected"), CUFFS.values(), ids=CUFFS)
def test_numbers_of_one_measurement_belong_together(sys, dia, mean, expected):
    assert cuffs_of(*([Point(t, value, 1) for t, value in one] for one in (sys, dia, mean))) == expected


def test_the_gutter_names_the_panel_its_range_and_its_limits():
    rows = gutter_of("SpO2", "%", 80, 100, 5, glyphs=BRAILLE, limits=[92])
    assert [row.text for row in rows] == ["SpO2  100┬", "%        │", "       92┤", "         │", "       80┴"]
    assert all(len(row.text) == GUTTER for row in rows)


def test_a_high_chart_has_numbers_in_between_that_are_round_and_apart():
    rows = gutter_of("SpO2", "%", 80, 100, 17, glyphs=BRAILLE, limits=[92])
    assert [(y, row.text[5:]) for y, row in enumerate(rows) if row.text[6:9].strip()] == [
        (0, " 100┬"), (4, "  95┤"), (6, "  92┤"), (8, "  90┤"), (12, "  85┤"), (16, "  80┴"),
    ]  # fmt: skip


MINUTES = [
    ((0.0, 60.0, 40), "0        10        20        30      min"),
    ((1000.0, 40.0, 50), "    20             30             40           min"),
    ((0.0, 6.0, 30), "0         1         2      min"),
    ((0.0, 60.0, 3), "0  "),
]


@pytest.mark.parametrize(("args", "expected"), MINUTES)
def test_minutes_stand_where_they_belong(args, expected):
    assert minutes_row(*args).text == expected


@pytest.mark.parametrize(
    ("rows", "panels", "expected"),
    [
        (2, 3, []),
        (3, 3, [3]),
        (6, 3, [3, 3]),
        (8, 2, [5, 3]),
        (9, 3, [6, 3]),
        (17, 5, [8, 3, 3, 3]),
        (21, 3, [9, 6, 6]),
        (5, 0, []),
    ],
)
def test_the_last_panels_give_way(rows, panels, expected):
    assert heights(rows, panels) == expected


@pytest.mark.parametrize(
    ("environment", "encoding", "expected"),
    [
        ({"TERM": "xterm-256color"}, "utf-8", BRAILLE),
        ({}, "UTF8", BRAILLE),
        ({"TERM": "linux"}, "utf-8", BLOCKS),
        ({"TERM": "linux"}, "ANSI_X3.4-1968", ASCII),
        ({"TERM": "xterm"}, "latin-1", ASCII),
        ({"TERM": "linux", "LC_ALL": "C"}, "utf-8", ASCII),
        ({"TERM": "xterm", "LC_ALL": "C.UTF-8"}, "utf-8", BRAILLE),
    ],
)
def test_a_terminal_gets_what_it_can_draw(environment, encoding, expected):
    assert glyphs_for(environment, encoding) is expected


def signs(glyphs):
    named = (
        "cells",
        "limit",
        "band",
        "gap",
        "mark",
        "over",
        "under",
        "now",
        "cursor",
        "given",
        "planned",
        "pause",
        "dash",
    )
    more = (*glyphs.axis, *glyphs.phase, glyphs.at_least, glyphs.at_most, glyphs.cuff or "")
    font = "".join("".join(lines) for lines in (glyphs.digits or {}).values())
    return "".join(getattr(glyphs, name) for name in named) + "".join(more) + font


def test_each_glyph_set_stays_within_its_font():
    assert signs(ASCII).isascii()
    # Python's cp437 leaves the lower 32 places of the font, where the arrows are, to control characters.
    assert signs(BLOCKS).replace("▲", "").replace("▼", "").encode("cp437")
    assert len(set(BRAILLE.cells)) == 256
