"""The value now: each way in which a number is not one."""

from dataclasses import replace

import pytest
from rows import each_row
from rules.clinic import PROFILE, Clinic, P, reading

from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.events import AlarmState
from ketamon.domain.profile import SourceRule
from ketamon.domain.readings import Mode, Quality
from ketamon.rules import baseline
from ketamon.rules.current import current, current_or_twin, track


def now(clinic: Clinic, parameter: P = P.SPO2):
    found = current(clinic.state, clinic.profile, parameter, clinic.at)
    return found.value, found.usable, found.why


def fresh() -> Clinic:
    return Clinic().attach().measure(reading(P.SPO2, 97.0))


def test_a_live_fresh_valid_value():
    found = current(fresh().state, PROFILE, P.SPO2, fresh().at)
    assert (found.value, found.usable, found.why, found.age_s) == (97.0, True, "", 0.0)
    assert found.sample.device == "monitor"


NOT_USABLE = [
    (reading(P.SPO2, 97.0, Quality.QUESTIONABLE), 97.0, "questionable"),
    (reading(P.SPO2, 97.0, Quality.CALIBRATING), None, "calibrating"),
    (reading(P.SPO2, 97.0, Quality.OVER), None, "above its range"),
    (reading(P.SPO2, 97.0, Quality.UNDER), None, "below its range"),
    (reading(P.SPO2, 97.0, Quality.INVALID), None, "invalid"),
    (reading(P.SPO2, 97.0, Quality.ONGOING), None, "measuring"),
    (reading(P.SPO2, None), None, "sensor off"),
    (reading(P.SPO2, 97.0, mode=Mode.DEMO), None, "simulated"),
    (reading(P.SPO2, 97.0, mode=Mode.TEST), None, "simulated"),
    (reading(P.SPO2, 97.0, repeated=True), 97.0, "age unknown"),
]


@each_row(("said", "value", "why"), NOT_USABLE)
def test_what_is_not_usable(said, value, why):
    assert now(Clinic().attach().measure(said)) == (value, False, why)


def test_a_stored_value_is_never_the_value_now():
    assert now(fresh().measure(reading(P.SPO2, 80.0, stored=True)))[:2] == (97.0, True)
    assert now(Clinic().attach().measure(reading(P.SPO2, 80.0, stored=True))) == (None, False, "no data")


def test_a_demonstration_counts_in_a_demonstration_only():
    said = reading(P.SPO2, 97.0, mode=Mode.DEMO)
    assert now(Clinic(Mode.DEMO).attach().measure(said))[:2] == (97.0, True)
    assert P.SPO2 in Clinic().attach().measure(said).state.history
    assert Clinic().attach().measure(said).state.history[P.SPO2].last.value is None


@pytest.mark.parametrize(("age", "expected"), [(15, (97.0, True, "")), (16, (None, False, "no data 16 s"))])
def test_a_stream_is_stale_after_three_intervals(age, expected):
    clinic = fresh()
    clinic.t += age
    assert now(clinic) == expected


@pytest.mark.parametrize(("minutes", "usable"), [(20, True), (20.1, False)])
def test_a_cuff_result_and_a_typed_value_count_for_as_long_as_the_profile_says(minutes, usable):
    clinic = Clinic().attach().cuff(120)
    clinic.enter(P.RR, 14)
    clinic.t += minutes * 60
    assert now(clinic, P.NIBP_SYS)[1] is usable
    assert now(clinic, P.RR)[1] is usable


@pytest.mark.parametrize("link", [link for link in Link if link is not Link.LIVE])
def test_only_a_live_link_has_values(link):
    clinic = fresh().cuff(120)
    clinic.link(link)
    assert now(clinic) == (None, False, "link lost")
    assert now(clinic, P.NIBP_SYS) == (None, False, "link lost")


def test_a_value_does_not_come_back_with_the_link():
    clinic = fresh()
    clinic.link(Link.SILENT).link(Link.LIVE)
    assert now(clinic) == (None, False, "no data")


def test_nothing_is_current_after_the_core_was_down():
    clinic = fresh()
    clinic.say(e.SessionResumed(gap_s=2, software="t"))
    assert now(clinic)[0] is None


def test_why_there_is_nothing():
    assert now(Clinic()) == (None, False, "no monitor")
    assert now(Clinic().attach(live=False)) == (None, False, "no link")


def test_a_step_of_the_wall_clock_changes_no_age():
    clinic = fresh()
    clinic.wall_offset = 86400
    assert now(clinic)[:2] == (97.0, True)
    clinic.t += 16
    clinic.wall_offset = -86400
    assert now(clinic) == (None, False, "no data 16 s")


def test_of_several_sources_the_first_that_is_usable_counts():
    clinic = Clinic().attach().attach("second")
    clinic.measure(reading(P.SPO2, 91.0), device="second").measure(reading(P.SPO2, 97.0))
    assert now(clinic)[0] == 97.0, "the device that was attached first, not the one that spoke first"
    clinic.measure(reading(P.SPO2, 97.0, Quality.QUESTIONABLE))
    assert now(clinic)[:2] == (91.0, True)
    clinic.measure(reading(P.SPO2, None), device="second")
    assert now(clinic)[:2] == (97.0, False), "a questionable value is better told than hidden"


def test_the_profile_says_which_device_comes_first():
    first = SourceRule(parameter=P.SPO2, apart=6.0, drivers=("ge-dri", "second-driver"))
    clinic = Clinic(profile=replace(PROFILE, source=(first,))).attach().attach("second")
    clinic.state.devices["second"].attached = replace(clinic.state.devices["second"].attached, driver="second-driver+x")
    clinic.state.devices["monitor"].attached = replace(clinic.state.devices["monitor"].attached, driver="another")
    clinic.measure(reading(P.SPO2, 91.0), device="second").measure(reading(P.SPO2, 97.0))
    assert now(clinic)[0] == 91.0
    clinic.measure(reading(P.SPO2, None), device="second")
    assert now(clinic)[0] == 97.0, "a preferred device without a good value hides no good one"


def test_devices_that_disagree_are_told():
    clinic = Clinic().attach().attach("second")
    for _ in range(45):
        clinic.measure(reading(P.SPO2, 91.0), device="second").measure(reading(P.SPO2, 98.0)).wait(1)
    (alarm,) = [a.change for key, a in clinic.state.alarms.items() if key.startswith("differ")]
    assert "SpO2 differs" in alarm.text
    assert "98" in alarm.text
    assert "91" in alarm.text
    for _ in range(45):
        clinic.measure(reading(P.SPO2, 92.0), device="second").measure(reading(P.SPO2, 98.0)).wait(1)
    assert not any(
        key.startswith("differ") and a.change.state is AlarmState.ACTIVE for key, a in clinic.state.alarms.items()
    )


def test_by_site_and_persons_last():
    clinic = Clinic().attach().enter(P.TEMP, 38.0)
    clinic.measure(reading(P.TEMP, 36.2, site="T2"), reading(P.TEMP, 36.1, site="T1"))
    assert now(clinic, P.TEMP)[0] == 36.1


def test_of_cuff_results_the_newest_counts():
    clinic = Clinic().attach().cuff(120)
    clinic.t += 60
    clinic.enter(P.NIBP_SYS, 140)
    assert now(clinic, P.NIBP_SYS)[0] == 140


def test_a_repeated_cuff_result_stays_as_old_as_it_is():
    clinic = Clinic().attach().cuff(120)
    clinic.t += 600
    clinic.measure(reading(P.NIBP_SYS, 120.0, repeated=True))
    assert current(clinic.state, PROFILE, P.NIBP_SYS, clinic.at).age_s == 600
    assert len(clinic.state.history[P.NIBP_SYS]) == 1


def test_the_pulse_stands_in_for_the_heart_rate():
    clinic = Clinic().attach().measure(reading(P.PR, 71.0))
    assert current_or_twin(clinic.state, PROFILE, P.HR, clinic.at).value == 71
    clinic.measure(reading(P.HR, 72.0))
    assert current_or_twin(clinic.state, PROFILE, P.HR, clinic.at).value == 72
    assert current_or_twin(clinic.state, PROFILE, P.SPO2, clinic.at).value is None


def test_what_was_typed_in_does_not_come_back_after_a_newer_value_of_a_device():
    clinic = fresh().enter(P.SPO2, 98.0)
    clinic.t += 60
    clinic.measure(reading(P.SPO2, 80.0))
    clinic.measure(reading(P.SPO2, None))
    assert now(clinic)[0] is None
    clinic.enter(P.SPO2, 97.0).measure(reading(P.SPO2, 80.0, Quality.QUESTIONABLE))
    assert now(clinic)[0] == 97.0, "what a device does not vouch for takes nobody's place"


def test_an_older_cuff_result_never_stands_in_for_a_newer_one_that_is_not_good():
    clinic = fresh().enter(P.NIBP_SYS, 120.0)
    clinic.t += 60
    clinic.measure(reading(P.NIBP_SYS, 100.0, mode=Mode.DEMO))
    assert now(clinic, P.NIBP_SYS) == (120.0, True, ""), "a demonstration is no result"
    clinic.measure(reading(P.NIBP_SYS, 195.0, Quality.QUESTIONABLE))
    assert now(clinic, P.NIBP_SYS) == (195.0, False, "questionable")


def two_oximeters() -> Clinic:
    """The first says 98, the second, attached later, 91."""
    clinic = Clinic().attach().attach("second").check_in()
    for _ in range(700):
        clinic.t += 1
        clinic.measure(reading(P.SPO2, 98.0)).measure(reading(P.SPO2, 91.0), device="second")
    return clinic


def test_the_trend_that_counts_is_that_of_the_source_that_counts():
    clinic = two_oximeters()
    assert {p.value for p in track(clinic.state, PROFILE, P.SPO2, clinic.at)} == {98.0}
    assert baseline.values(clinic.state, PROFILE, clinic.at) == {P.SPO2: 98.0}
    clinic.link(Link.CLOSED).measure(reading(P.SPO2, 92.0), device="second")
    assert {p.value for p in track(clinic.state, PROFILE, P.SPO2, clinic.at)} == {91.0, 92.0}


def test_what_is_typed_in_stands_in_every_trend_of_its_parameter():
    clinic = two_oximeters().link(Link.CLOSED).link(Link.CLOSED, "second")
    clinic.t += 60
    clinic.enter(P.SPO2, 97.0)
    assert current(clinic.state, PROFILE, P.SPO2, clinic.at).value == 97.0
    *_, last = track(clinic.state, PROFILE, P.SPO2, clinic.at)
    assert last.value == 97.0
