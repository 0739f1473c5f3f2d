"""The trend widget: panels by height, gaps and zoom, a cursor that reads out, and repaints of what changed only."""

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from ketamon.console.charts import GUTTER, Cuff, Mark
from ketamon.console.glyphs import ASCII, BRAILLE
from ketamon.console.themes import DARK_ROOM, LIGHT
from ketamon.console.widgets.trend import Panel, PanelPainter, Trend, TrendData, readout
from ketamon.domain.devices import Priority
from ketamon.domain.series import Series


def series(end, value, *, every=1, gap=range(0)):
    made = Series()
    for t in range(0, end, every):
        made.append(float(t), None if t in gap else value(t), t + 1)
    return made


def panels():
    """Pressure, SpO2 with one second at 84 and three minutes without a value, and rate."""
    spo2 = series(1800, lambda t: 84.0 if t == 1500 else 97.0, gap=range(600, 780))
    cuffs = (Cuff(310.0, 122, 76, 91), Cuff(610.0, 138, 104, 115))
    return (
        Panel(label="NIBP", unit="mmHg", hue="nibp", low=40, high=200, cuffs=cuffs, limits=(160,), band=(76, 140)),
        Panel(label="SpO2", unit="%", hue="spo2", low=80, high=100, series=spo2, limits=(92,)),
        Panel(label="PR", unit="/min", hue="pulse", low=40, high=140, series=series(1800, lambda _: 70.0)),
    )


def trend_data(**changes):
    marks = (Mark(900.0, "n", "nausea"),)
    return replace(TrendData(start_s=0, end_s=3600, now_s=1800, panels=panels(), marks=marks), **changes)


class Watched(Trend):
    """A trend that notes which regions it has repainted."""

    regions: list[Region]

    def refresh(self, *regions, repaint=True, layout=False, recompose=False):
        self.regions = [*getattr(self, "regions", []), *regions] if regions else [*getattr(self, "regions", []), None]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TrendApp(App[None]):
    def __init__(self, glyphs=BRAILLE) -> None:
        super().__init__()
        for theme in (DARK_ROOM, LIGHT):
            self.register_theme(theme)
        self.theme = DARK_ROOM.name
        self.glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield Watched(glyphs=self.glyphs)


def text_of(trend):
    return [trend.render_line(y).text for y in range(trend.size.height)]


@pytest.mark.parametrize(
    ("height", "names"), [(3, []), (6, ["NIBP"]), (9, ["NIBP", "SpO2"]), (20, ["NIBP", "SpO2", "PR"])]
)
async def test_panels_give_way_from_the_last(height, names):
    app = TrendApp()
    async with app.run_test(size=(80, height)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        shown = [line[:GUTTER].split()[0] for line in text_of(trend) if line[:1].isalpha()]
        assert [name for name in shown if name != "mmHg"] == names


async def test_the_dip_the_gap_and_the_mark_are_there():
    app = TrendApp(ASCII)
    async with app.run_test(size=(92, 22)):  # 80 columns of 45 s
        trend = app.query_one(Trend)
        trend.update(trend_data())
        lines = [line[GUTTER:] for line in text_of(trend)]
        spo2 = lines[9:14]
        dip, gap = 1500 // 45, range(630 // 45, 780 // 45)
        assert [x for x in range(80) if spo2[3][x] in ":'."] == [dip]
        assert {spo2[-1][x] for x in gap} == {"x"}
        assert not any(spo2[0][x].strip() for x in gap)
        assert lines[0][900 // 45] == "n"
        assert "n" not in "".join(spo2)
        assert spo2[0][40:].strip() == ""


def test_a_rhythm_slower_than_a_column_is_no_gap():
    slow = Panel(
        label="RR", unit="/min", hue="resp", low=0, high=30, series=series(600, lambda _: 14.0, every=10), interval_s=10
    )
    for end in (600, 400, 130):
        data = TrendData(start_s=end - 120.0, end_s=end, now_s=end, panels=(slow,))
        rows = PanelPainter().rows(slow, data, (60, 4), ASCII, None, letters=True)
        assert "x" not in "".join(row.text for row in rows)
        line = ["".join(row.text[x] for row in rows).strip() for x in range(GUTTER, GUTTER + 60)]
        assert all(line[: 60 - 20])


def test_silence_at_the_end_becomes_a_gap_without_a_word_from_the_device():
    panel = Panel(label="PR", unit="/min", hue="pulse", low=40, high=140, series=series(100, lambda _: 70.0))
    data = TrendData(start_s=0, end_s=600, now_s=300, panels=(panel,))
    painter = PanelPainter()
    for now, gap in ((100, 0), (300, 20), (410, 31)):
        rows = painter.rows(panel, replace(data, now_s=now), (60, 4), ASCII, None, letters=True)
        assert rows[-1].text[GUTTER:] == " " * 10 + "x" * gap + " " * (50 - gap)


def test_the_gravest_mark_of_a_column_has_its_letter_there():
    found = (Mark(60.0, "!", "alarm", Priority.HIGH), Mark(61.0, "n", "nausea"))
    data = trend_data(marks=found)
    rows = PanelPainter().rows(data.panels[1], data, (60, 4), ASCII, None, letters=True)
    assert "".join(row.text[GUTTER + 1] for row in rows).strip(" .':-")[0] == "!"
    assert "n" not in "".join(row.text[GUTTER:] for row in rows)


READOUTS = [
    ((300, 340), "5:00   NIBP 122/76 (91) at 5:10   SpO2 97   PR 70"),
    ((1490, 1510), "24:50   NIBP 138/104 (115) at 10:10   SpO2 84–97   PR 70"),
    ((640, 700), "10:40   NIBP 138/104 (115) at 10:10   SpO2 --   PR 70"),
    ((2000, 2040), "33:20   NIBP 138/104 (115) at 10:10   SpO2 --   PR --"),
    ((0, 40), "0:00   NIBP --   SpO2 97   PR 70"),
]


@pytest.mark.parametrize(("span", "expected"), READOUTS)
def test_the_cursor_says_what_was(span, expected):
    assert readout(trend_data(), *span) == expected


def test_the_read_out_of_a_cuff_without_diastole():
    lone = replace(panels()[0], cuffs=(Cuff(60.0, 122),))
    assert readout(trend_data(panels=(lone,)), 60, 90, ASCII) == "1:00   NIBP 122/-- at 1:00"


async def test_keys_and_mouse_move_the_cursor():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.focus()
        assert trend.cursor_s is None
        await pilot.press("left")
        assert 1755 <= trend.cursor_s < 1800
        await pilot.press("left", "left", "right")
        assert 1710 <= trend.cursor_s < 1755
        assert "SpO2 97" in str(trend.border_subtitle)
        await pilot.press("home")
        assert 0 <= trend.cursor_s < 45
        assert BRAILLE.now in text_of(trend)[-1][GUTTER]
        await pilot.press("end", "right")
        assert 3555 <= trend.cursor_s < 3600
        await pilot.press("escape")
        assert trend.cursor_s is None
        assert str(trend.border_subtitle) == ""
        await pilot.click(Trend, offset=(1 + GUTTER + 10, 4))
        assert 450 <= trend.cursor_s < 495


async def test_only_what_changed_is_painted():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Watched)
        data = trend_data()
        trend.update(data)
        await pilot.pause()
        trend.regions = []
        trend.update(data)
        assert trend.regions == []
        data.panels[1].series.append(1800.0, 85.0, 1801)
        trend.update(replace(data, now_s=1801.0))
        column = GUTTER + 1800 // 45
        assert trend.regions
        assert all(r.height == 1 and r.x == column and r.width == 1 for r in trend.regions)
        await pilot.pause()
        assert trend.render_line(trend.regions[-1].y).text[column].strip()


async def test_another_size_and_another_theme():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Trend)
        trend.update(trend_data())
        await pilot.resize_terminal(120, 30)
        await pilot.pause()
        assert {len(line) for line in text_of(trend)} == {118}

        def hue():
            return next(s.style.color.triplet.hex.upper() for s in trend.render_line(0) if "NIBP" in s.text)

        assert hue() == DARK_ROOM.variables["nibp"]
        app.theme = LIGHT.name
        await pilot.pause()
        assert hue() == LIGHT.variables["nibp"]


async def test_too_narrow_is_empty_and_does_no_harm():
    app = TrendApp()
    async with app.run_test(size=(8, 8)) as pilot:
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.focus()
        await pilot.press("left", "home")
        assert "".join(text_of(trend)).strip() == ""
