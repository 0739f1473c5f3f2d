"""What the cursor of the trend reads out: the bucket that is drawn, in words, and never a number from beside it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rows import each_row

from ketamon.console.charts.buckets import Bucket
from ketamon.console.charts.drawing import Cuff, Mark
from ketamon.console.charts.readout import minute, readout, readout_rows
from ketamon.console.charts.trends import Panel, Running, TrendData
from ketamon.console.look.glyphs import ASCII, BRAILLE
from ketamon.domain.devices import Priority
from ketamon.domain.instant import Instant
from ketamon.domain.series import Series

AT = Instant(0, datetime(2026, 11, 21, 14, 0, tzinfo=UTC)).plus(1800.0)
CUFFS = (Cuff(310.0, 122, 76, 91), Cuff(610.0, 138, 104), Cuff(615.0, 140, None, 116))
NIBP = Panel(label="NIBP", unit="mmHg", hue="nibp", low=40, high=220, cuffs=CUFFS, lower=90, upper=160)
SPO2 = Panel(label="SpO2", unit="%", hue="spo2", low=80, high=100, series=Series(), lower=92)
TEMP = replace(SPO2, label="temp", lower=None, upper=39.5, decimals=1)
LEVEL = replace(SPO2, label="est.", lower=None, between=True)
DATA = TrendData(
    at=AT,
    panels=(NIBP, SPO2),
    marks=(
        Mark(600.0, "n", "nausea", text="nausea, mild"),
        Mark(630.0, "!", "alarm", Priority.HIGH, "*** SpO2 84 < 88"),
        Mark(640.0, "#", "note"),
    ),
    running=Running(stretches=((300.0, 620.0), (700.0, None))),
    zone=UTC,
)


def said(panel, buckets, start=1200.0, end=1240.0, glyphs=BRAILLE):
    _, one, *_ = readout(DATA, [(panel, buckets)], start, end, glyphs)
    return " ".join(text for text, _ in one.cells(limits=True))


VALUES = {
    "one value": (SPO2, [Bucket(97, 97, 97, 1)] * 2, "SpO2 97 ≥92"),
    "last, lowest, highest": (SPO2, [Bucket(84, 98, 96, 9), Bucket(90, 97, 95, 9)], "SpO2 95 (84–98) ≥92"),
    "nothing": (SPO2, [None, None], "SpO2 no value ≥92"),
    "a part is missing": (SPO2, [Bucket(97, 97, 97, 3), None], "SpO2 97 (with a gap) ≥92"),
    "a gap within": (SPO2, [Bucket(95, 97, 97, 3, gap=True)], "SpO2 97 (95–97, with a gap) ≥92"),
    "decimals": (TEMP, [Bucket(36.44, 36.6, 36.55, 3)], "temp 36.5 (36.4–36.6) ≤39.5"),
    "two models": (LEVEL, [Bucket(118.2, 161.0, 161.0, 4)], "est. 118–161"),
    "no model": (LEVEL, [None], "est. no value"),
}


@each_row(("panel", "buckets", "expected"), VALUES.values(), ids=VALUES)
def test_a_value_is_said_as_it_is_drawn(panel, buckets, expected):
    assert said(panel, buckets) == expected


CUFF_TIMES = [
    ((300, 340), "NIBP 122/76 (91) 90-160"),
    ((340, 380), "NIBP no value 90-160"),
    ((270, 310), "NIBP no value 90-160"),
    ((600, 640), "NIBP 138/104, 140/-- (116) 90-160"),
]


@pytest.mark.parametrize(("times", "expected"), CUFF_TIMES)
def test_a_cuff_is_said_only_where_it_stands(times, expected):
    assert said(NIBP, [], *times, glyphs=ASCII) == expected


def test_the_time_is_that_of_the_clock_and_of_the_infusion_and_what_happened_is_in_words():
    first, *happened = readout(DATA, [], 600.0, 640.0, BRAILLE)
    assert (first.head, first.text) == ("14:10:00–14:10:40", "infusion 5:00")
    assert [one.head for one in happened] == ["nausea, mild", "*** SpO2 84 < 88"]
    assert [one.head for one in readout(DATA, [], 640.0, 680.0, BRAILLE)[1:]] == ["note"]


MINUTES = [
    (Running(), 900.0, "before the infusion"),
    (DATA.running, 299.0, "before the infusion"),
    (DATA.running, 301.0, "infusion 0:01"),
    (DATA.running, 650.0, "infusion 5:20"),
    (DATA.running, 760.0, "infusion 6:20"),
    (replace(DATA.running, exact=False), 760.0, "infusion at least 6:20"),
    (Running(stretches=((300.0, 620.0),), ended=True), 619.0, "infusion 5:19"),
    (Running(stretches=((300.0, 620.0),), ended=True), 620.0, "after the infusion"),
    (Running(stretches=((300.0, 620.0),)), 900.0, "infusion 5:20"),
]


@each_row(("running", "t", "expected"), MINUTES)
def test_the_infusion_clock_stands_in_pauses(running, t, expected):
    assert minute(running, t) == expected


ROOM = {
    "all in one line": (
        (100, 1),
        ["14:10:00-14:10:40 infusion 5:00   SpO2 97 >=92   nausea, mild   *** SpO2 84 < 88"],
    ),
    "limits give way first": ((76, 1), ["14:10:00-14:10:40 infusion 5:00   SpO2 97   nausea, mild   *** SpO2 84 < 88"]),
    "a second line": ((52, 2), ["14:10:00-14:10:40 infusion 5:00   SpO2 97 >=92", "nausea, mild   *** SpO2 84 < 88"]),
    "what is cut off is seen to be": ((54, 1), ["14:10:00-14:10:40 infusion 5:00   SpO2 97   nausea, …"]),
    "a value is said whole or not at all": ((42, 1), ["14:10:00-14:10:40 infusion 5:00 …"]),
    "with the room for the sign that there is more": ((43, 1), ["14:10:00-14:10:40 infusion 5:00   SpO2 97 …"]),
}


@each_row(("size", "expected"), ROOM.values(), ids=ROOM)
def test_it_fits_the_room(size, expected):
    rows = readout_rows(readout(DATA, [(SPO2, [Bucket(97, 97, 97, 1)])], 600.0, 640.0, ASCII), *size)
    assert [row.text.rstrip() for row in rows] == expected
    assert all(len(part) == size[0] for row in rows for part in row)


@each_row("width", range(1, 140))
def test_no_number_is_ever_cut(width):
    everything = readout(DATA, [(SPO2, [Bucket(84, 100, 97, 5)]), (NIBP, [])], 600.0, 640.0, ASCII)
    whole = " ".join(row.text for row in readout_rows(everything, 200, 1)).split()
    for height in (1, 2):
        lines = [row.text for row in readout_rows(everything, width, height)]
        assert set(" ".join(lines).split()) <= {*whole, "…"}
        assert all(len(line) == width for line in lines)
