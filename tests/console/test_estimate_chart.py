"""The estimate of ketamine in blood: a chart called so, only where the profile shows it, and only where it is known."""

from dataclasses import replace
from datetime import UTC

import pytest
from console import chairs
from console.chairs import PROFILE, REACHED, infusing
from console.pilot import console

from ketamon.console.view.chair import build
from ketamon.console.view.estimated import EVERY_S, EstimateChart
from ketamon.domain.profile import EstimateRules
from ketamon.rules import estimate

SHOWN = replace(PROFILE, estimate=EstimateRules(shown=True))


def charts(chair, profile=SHOWN):
    further = EstimateChart().charts(chair.state, profile, chair.at)
    view = build(chair.state, profile, chair.beat(), REACHED, chair.at, UTC, charts=further)
    return {panel.label: panel for panel in view.trend.panels}


def test_it_is_off_unless_the_profile_shows_it():
    assert "est." not in charts(infusing(24), PROFILE)
    assert list(charts(infusing(24)))[:4] == ["NIBP", "SpO2", "HR", "est."]


def test_it_is_worked_out_anew_only_when_its_time_has_come():
    chair, chart = infusing(24), EstimateChart()
    first = chart.charts(chair.state, SHOWN, chair.at)
    assert chart.charts(chair.state, SHOWN, chair.at.plus(EVERY_S - 1)) is first
    assert chart.charts(chair.state, SHOWN, chair.at.plus(EVERY_S)) is not first
    assert chart.charts(infusing(0).state, SHOWN, chair.at.plus(EVERY_S)) == ()
    assert chart.charts(chair.state, PROFILE, chair.at) == ()
    assert chart.charts(chair.state, SHOWN, None) == ()


def test_it_is_the_band_between_both_models():
    chair = infusing(40)
    panel = charts(chair)["est."]
    level, _ = estimate.level(chair.state, SHOWN, chair.at)
    *_, low, high = panel.series
    assert (low.value, high.value) == pytest.approx((level.low, level.high), rel=0.02)
    assert (panel.unit, panel.low, panel.high) == ("ng/mL", 0.0, 300.0)


def test_without_what_the_pump_gave_there_is_none():
    assert "est." not in charts(infusing(0))


def test_it_ends_where_nobody_knows_what_was_given():
    chair = infusing(24)
    heard = chair.t
    chair.t += 600
    panel = charts(chair)["est."]
    assert panel.series.last.t == heard


async def test_its_chart_says_that_it_is_an_estimate(monkeypatch):
    monkeypatch.setattr(chairs, "PROFILE", SHOWN)
    async with console(infusing(24), (160, 48)) as desk:
        assert "trend  60 min  est.: estimate of ketamine in blood, between two models" in desk.text()
        assert "ng/mL" in desk.text()
        await desk.resize((120, 36))
        assert "est." not in desk.text(), "there is no room for the chart, and so none for its legend"
