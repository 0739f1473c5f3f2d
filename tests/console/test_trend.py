"""The trend widget: panels by height, gaps and zoom, a cursor that reads out, and repaints of what changed only."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Region

from ketamon.console.charts.buckets import grid_of
from ketamon.console.charts.drawing import GUTTER, Cuff, Mark
from ketamon.console.charts.scope import Scope
from ketamon.console.charts.trends import Panel, PanelPainter, TrendData
from ketamon.console.look.glyphs import ASCII, BRAILLE
from ketamon.console.look.themes import DARK_ROOM, LIGHT
from ketamon.console.widgets.trend import DEEDS, Trend
from ketamon.domain.devices import Priority
from ketamon.domain.instant import Instant
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
        Panel(label="NIBP", unit="mmHg", hue="nibp", low=40, high=200, cuffs=cuffs, upper=160, band=(76, 140)),
        Panel(label="SpO2", unit="%", hue="spo2", low=80, high=100, series=spo2, lower=92),
        Panel(label="PR", unit="/min", hue="pulse", low=40, high=140, series=series(1800, lambda _: 70.0)),
    )


def trend_data(**changes):
    marks = (Mark(900.0, "n", "nausea"),)
    return replace(TrendData(at=at(1800), panels=panels(), marks=marks, zone=UTC), **changes)


def at(seconds):
    return Instant(0, datetime(2026, 11, 21, 14, 0, tzinfo=UTC)).plus(seconds)


def painted(panel, data, start, end, painter=None):
    """Return the rows of one panel of 60 columns and four rows, in ASCII."""
    return (painter or PanelPainter()).rows(panel, data, grid_of(start, end, 60), 4, ASCII, letters=True)


def title(trend):
    return Content.from_markup(trend.border_title).plain


def shown_in(trend):
    names = [line[:GUTTER].split()[0] for line in text_of(trend) if line[:1].isalpha()]
    return [name for name in names if name != "mmHg"]


class Watched(Trend):
    """A trend that notes which regions it has repainted."""

    regions: list[Region]

    def refresh(self, *regions, repaint=True, layout=False, recompose=False):
        self.regions = [*getattr(self, "regions", []), *regions] if regions else [*getattr(self, "regions", []), None]
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TrendApp(App[None]):
    def __init__(self, glyphs=BRAILLE, clock=lambda: 0.0) -> None:
        super().__init__()
        for theme in (DARK_ROOM, LIGHT):
            self.register_theme(theme)
        self.theme = DARK_ROOM.name
        self.glyphs, self.clock = glyphs, clock

    def compose(self) -> ComposeResult:
        yield Watched(glyphs=self.glyphs, clock=self.clock)


class Saying(TrendApp):
    """A trend in an application that notes what the trend has to say."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def on_panel_hint(self, message) -> None:
        self.said.append(message.text)


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
        assert shown_in(trend) == names


async def test_the_dip_the_gap_and_the_mark_are_there():
    app = TrendApp(ASCII)
    async with app.run_test(size=(92, 22)):  # 80 columns of 45 s
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.zoom(1)
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
        rows = painted(slow, TrendData(at=at(end), panels=(slow,)), end - 120.0, end)
        assert "x" not in "".join(row.text for row in rows)
        line = ["".join(row.text[x] for row in rows).strip() for x in range(GUTTER, GUTTER + 60)]
        assert all(line[: 60 - 20])


def test_silence_at_the_end_becomes_a_gap_without_a_word_from_the_device():
    panel = Panel(label="PR", unit="/min", hue="pulse", low=40, high=140, series=series(100, lambda _: 70.0))
    data = TrendData(at=at(300), panels=(panel,))
    painter = PanelPainter()
    for now, gap in ((100, 0), (300, 20), (410, 31)):
        rows = painted(panel, replace(data, at=at(now)), 0, 600, painter)
        assert rows[-1].text[GUTTER:] == " " * 10 + "x" * gap + " " * (50 - gap)


def test_the_gravest_mark_of_a_column_has_its_letter_there():
    found = (Mark(60.0, "!", "alarm", Priority.HIGH), Mark(61.0, "n", "nausea"))
    data = trend_data(marks=found)
    rows = painted(data.panels[1], data, 0, 3600)
    assert "".join(row.text[GUTTER + 1] for row in rows).strip(" .':-")[0] == "!"
    assert "n" not in "".join(row.text[GUTTER:] for row in rows)


async def test_keys_move_the_cursor_and_it_reads_what_is_drawn():
    app = TrendApp()
    async with app.run_test(size=(92, 22)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.zoom(1)  # 60 min: 80 columns of 45 s
        trend.move(-1)
        assert 1755 <= trend.scope.cursor_s < 1800
        trend.move(-2)
        assert 1665 <= trend.scope.cursor_s < 1710
        trend.move(-4)
        text = text_of(trend)
        assert text[-3].index(BRAILLE.now) == GUTTER + 1500 // 45
        said = ["14:24:45–14:25:30 before the infusion", "NIBP no value ≤160", "SpO2 97 (84–97) ≥92", "PR 70"]
        assert text[-2].rstrip().split("   ") == said
        assert all(line[GUTTER + 1500 // 45].strip() for line in text[:-3]), "it stands in every row"
        trend.read_out()
        assert trend.scope.cursor_s is None
        assert BRAILLE.now not in "".join(text_of(trend))


async def test_the_arrow_leaves_no_part_of_a_number():
    app = TrendApp()
    async with app.run_test(size=(92, 22)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.zoom(1)
        before = set(text_of(trend)[-1].split())
        for _ in range(41):
            trend.move(-1)
            assert set(text_of(trend)[-3].replace(BRAILLE.now, " ").split()) <= before


async def test_a_gap_is_read_as_no_value():
    app = TrendApp()
    async with app.run_test(size=(92, 22)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.zoom(1)
        trend.move(-1 - (1800 - 700) // 45)
        assert 630 <= trend.scope.cursor_s < 780
        assert "SpO2 no value" in "".join(text_of(trend)[-2:])


async def test_the_mouse_points_drags_and_zooms():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.zoom(1)
        await pilot.click(Trend, offset=(1 + GUTTER + 10, 4))
        assert 450 <= trend.scope.cursor_s < 495
        await pilot.mouse_down(Trend, offset=(1 + GUTTER + 20, 4))
        await pilot.hover(Trend, offset=(1 + GUTTER + 30, 4))
        assert 1350 <= trend.scope.cursor_s < 1395
        await pilot.hover(Trend, offset=(2, 4))
        assert trend.scope.cursor_s < 45
        await pilot.mouse_up(Trend, offset=(2, 4))
        await pilot.hover(Trend, offset=(1 + GUTTER + 30, 4))
        assert trend.scope.cursor_s < 45, "the button is not held any more"
        await pilot.click(Trend, offset=(3, 4))
        assert trend.scope.cursor_s < 45, "the gutter is no time"
        await pilot._post_mouse_events([MouseScrollUp], Trend, offset=(20, 4), button=0)
        assert title(trend) == "trend  30 min"
        await pilot._post_mouse_events([MouseScrollDown], Trend, offset=(20, 4), button=0)
        assert title(trend) == "trend  60 min"


async def test_back_in_time_it_says_that_this_is_not_now_and_returns_by_itself():
    now = [0.0]
    app = TrendApp(clock=lambda: now[0])
    async with app.run_test(size=(92, 22)):
        trend = app.query_one(Trend)
        data = trend_data()
        trend.update(data)
        trend.zoom(-1)  # 15 min: 80 columns of 11 s
        assert title(trend) == "trend  15 min"
        for _ in range(9):
            trend.move(-10)
        assert title(trend) == "trend  15 min   until 14:25, not now "
        assert "esc" in str(trend.border_subtitle)
        for now[0] in (60.0, 119.0):
            trend.update(data)
            assert trend.scope.reading
        now[0] = 120.0
        trend.update(data)
        assert trend.scope == Scope(length_s=900.0)
        assert title(trend) == "trend  15 min"
        assert str(trend.border_subtitle) == ""


async def test_every_key_begins_the_two_minutes_anew():
    now = [0.0]
    app = TrendApp(clock=lambda: now[0])
    async with app.run_test(size=(92, 22)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        for now[0] in (0.0, 100.0, 200.0, 300.0):
            trend.move(-1)
            trend.update(trend_data())
            assert trend.scope.cursor_s is not None


async def test_one_chart_alone_is_large_and_the_read_out_still_says_all():
    app = TrendApp()
    async with app.run_test(size=(140, 22)):
        trend = app.query_one(Trend)
        trend.update(trend_data())
        trend.next_alone()
        trend.next_alone()
        assert title(trend) == "trend  30 min  SpO2 alone"
        assert shown_in(trend) == ["SpO2"]
        trend.move(-5)
        assert text_of(trend)[-2].index("SpO2 97") < text_of(trend)[-2].index("NIBP no value"), "it is first"
        assert "PR 70" in text_of(trend)[-2]
        trend.update(trend_data(panels=panels()[:1]))
        assert shown_in(trend) == ["NIBP"], "the chosen one is gone"
        trend.go_back()
        trend.go_back()
        assert trend.scope == Scope()


async def test_the_cursor_that_moves_paints_two_columns_and_the_read_out():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Watched)
        trend.update(trend_data())
        trend.zoom(1)
        trend.move(-10)
        await pilot.pause()
        trend.regions = []
        trend.move(-1)
        column = GUTTER + 1800 // 45 - 11
        charts = [r for r in trend.regions if r is not None and r.y < trend.size.height - 2]
        assert len(charts) == trend.size.height - 2
        assert all((r.height, r.x, r.width) == (1, column, 2) for r in charts)
        assert None not in trend.regions


async def test_only_what_changed_is_painted():
    app = TrendApp()
    async with app.run_test(size=(92, 22)) as pilot:
        trend = app.query_one(Watched)
        data = trend_data()
        trend.update(data)
        trend.zoom(1)
        await pilot.pause()
        trend.regions = []
        trend.update(data)
        assert trend.regions == []
        data.panels[1].series.append(1800.0, 85.0, 1801)
        trend.update(replace(data, at=at(1801)))
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
        for deed in DEEDS.values():
            deed(trend)
            assert trend.scope.cursor_s in {None, 1800.0}
        await pilot.pause()
        assert "".join(text_of(trend)).strip() == ""


@pytest.mark.parametrize(
    ("name", "before", "words"),
    [
        ("trend_now", [], "the trend shows now already"),
        ("cursor_right", ["read_out"], "what is now is here"),
        ("cursor_far_right", ["read_out"], "what is now is here"),
        ("cursor_left", [*["zoom_out"] * 5, *["cursor_far_left"] * 20], "the session begins here"),
        ("zoom_in", ["zoom_in"] * 5, "no shorter stretch"),
        ("zoom_out", ["zoom_out"] * 5, "all of it already"),
    ],
)
async def test_a_key_that_can_go_no_further_says_so(name, before, words):
    async with Saying().run_test(size=(92, 22)) as pilot:
        trend = pilot.app.query_one(Trend)
        trend.update(trend_data(at=at(1790)))
        for step in before:
            DEEDS[step](trend)
        await pilot.pause()
        pilot.app.said.clear()
        DEEDS[name](trend)
        await pilot.pause()
        assert [words in said for said in pilot.app.said] == [True]


async def test_a_key_that_changes_the_trend_says_nothing_more():
    async with Saying().run_test(size=(92, 22)) as pilot:
        trend = pilot.app.query_one(Trend)
        trend.update(trend_data())
        for step in ("cursor_left", "cursor_right", "trend_now", "zoom_out", "zoom_in", "one_chart", "trend_now"):
            DEEDS[step](trend)
        await pilot.pause()
        assert pilot.app.said == []
