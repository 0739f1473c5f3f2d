"""What `ketamon status` says of the estimate: nothing unless the profile shows it, and never a bare number."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from rules.clinic import PROFILE
from rules.test_estimate import Infusion

from ketamon.cli.status import fields, words
from ketamon.domain.profile import EstimateRules
from ketamon.follow import Beat, Source

SHOWN = replace(PROFILE, estimate=EstimateRules(shown=True))


def said(pump, profile):
    clinic = pump.clinic
    feed = SimpleNamespace(state=clinic.state, profile=profile)
    beat = Beat(at=clinic.at, source=Source.LIVE, speed=1.0, saved_s=0.0, chair="2")
    return fields(feed, beat)["estimate"], "\n".join(words(feed, beat))


def test_it_is_off_by_default():
    found, words = said(Infusion().start().run(60, 52.5), PROFILE)
    assert found is None
    assert "estimate" not in words


def test_it_is_a_range_labelled_with_both_models():
    found, words = said(Infusion().start().run(2400, 52.5), SHOWN)
    assert (found["low"], found["high"]) == (pytest.approx(240, rel=0.01), pytest.approx(253, rel=0.01))
    assert (found["unit"], found["models"], found["why"]) == ("ng/mL", ["Domino", "Kamp 2020"], "")
    assert "chair 2: estimate of ketamine in blood 240 to 253 ng/mL (models Domino and Kamp 2020)" in words


def test_where_it_is_not_known_it_says_why_and_has_no_number():
    found, words = said(Infusion().start().run(600, 52.5).silent(60, 52.5), SHOWN)
    assert (found["low"], found["high"], found["why"]) == (None, None, "the pump says nothing")
    assert "chair 2: estimate of ketamine in blood not known: the pump says nothing" in words
