"""What is due when, what satisfies it, and how what was missed collapses into one row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row
from rules.clinic import CALM, NURSE, PROFILE, Clinic, P, reading

from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Anchor, Profile, ScheduleRule
from ketamon.rules import schedule


def rule(item: str = "nausea", **more: object) -> ScheduleRule:
    given_ = {"anchor": Anchor.INFUSION_START, "phases": (Phase.INFUSION,), "grace_minutes": 2.0} | more
    return ScheduleRule(item=item, label=item, **given_)


def infused(*rules: ScheduleRule) -> Clinic:
    """An infusion that begins 10 min into the session."""
    profile: Profile = replace(PROFILE, schedule=rules) if rules else PROFILE
    clinic = Clinic(profile=profile).attach().check_in()
    clinic.t = 600.0
    return clinic.phase(Phase.INFUSION, Trigger.START)


def rows(clinic: Clinic, minutes: float | None = None) -> list[tuple[str, float, bool]]:
    """Return (item, minutes until due, overdue) at so many minutes of the infusion."""
    if minutes is not None:
        clinic.t = 600 + minutes * 60
    found = schedule.due(clinic.state, clinic.profile, clinic.at)
    assert all(row.at.since(clinic.at) == pytest.approx(row.due_s) for row in found)
    return [(row.item, round(row.due_s / 60, 2), row.overdue) for row in found]


EVERY = [
    (0, 5, False),
    (4, 1, False),
    (5, 0, False),
    (7, -2, False),
    (7.01, -2.01, True),
    (7.1, -2.1, True),
    (31, -26, True),
]


@each_row(("minute", "due", "overdue"), EVERY)
def test_every_five_minutes(minute, due, overdue):
    assert rows(infused(rule(every_minutes=5.0)), minute) == [("nausea", due, overdue)]


@each_row(("done", "next_due"), [(2.9, 5), (2.99, 5), (3, 10), (5, 10), (7, 10), (8, 15), (31, 35), (34, 40)])
def test_what_is_done_satisfies_from_the_grace_before_on(done, next_due):
    clinic = infused(rule(every_minutes=5.0))
    clinic.t = 600 + done * 60
    clinic.observe("nausea", 0)
    assert rows(clinic, 31) == [("nausea", next_due - 31, next_due < 29)]


def test_fixed_times_and_then_a_rhythm():
    clinic = infused(rule(at_minutes=(0.0, 20.0, 40.0)))
    assert rows(clinic, 1) == [("nausea", -1, False)]
    clinic.observe("nausea", 0)
    assert rows(clinic, 1) == [("nausea", 19, False)]
    clinic.t = 600 + 41 * 60
    clinic.observe("nausea", 0)
    assert rows(clinic, 41) == []
    both = infused(rule(at_minutes=(0.0,), every_minutes=15.0))
    assert rows(both, 0) == [("nausea", 0, False)]
    both.observe("nausea", 0)
    assert rows(both, 0) == [("nausea", 15, False)]


def test_nothing_before_the_anchor_and_in_other_phases():
    clinic = infused(
        rule(every_minutes=5.0, anchor=Anchor.INFUSION_END), rule("pain", every_minutes=5.0, phases=(Phase.READY,))
    )
    assert rows(clinic, 40) == []


def test_the_session_is_an_anchor_too():
    assert rows(infused(rule(every_minutes=30.0, anchor=Anchor.SESSION)), 0) == [("nausea", 20, False)]


def test_not_done_because():
    clinic = infused(rule(every_minutes=5.0))
    clinic.t = 600 + 300
    clinic.say(e.NotDone(item="nausea", because="asleep", by=NURSE))
    assert rows(clinic, 6) == [("nausea", 4, False)]


def test_an_observation_taken_back_satisfies_nothing():
    clinic = infused(rule(every_minutes=5.0))
    clinic.t = 600 + 300
    seq = clinic.observe("nausea", 0)
    clinic.say(e.ObservationCorrected(corrects=seq, grade=None, why="wrong patient", by=NURSE))
    assert rows(clinic, 8) == [("nausea", -3, True)]


def test_a_cuff_result_that_arrives_by_itself():
    clinic = infused(rule("nibp_sys", every_minutes=5.0))
    clinic.t = 600 + 280
    clinic.cuff(120)
    assert rows(clinic, 6) == [("nibp_sys", 4, False)]
    clinic.link(Link.SILENT)
    assert rows(clinic, 6) == [("nibp_sys", 4, False)], "it was measured, whatever became of the cable"


SAYS_NOTHING_NEW = [{"repeated": True}, {"stored": True}]


@pytest.mark.parametrize("what", SAYS_NOTHING_NEW)
def test_an_old_cuff_result_satisfies_nothing(what):
    clinic = infused(rule("nibp_sys", every_minutes=5.0))
    clinic.t = 600 + 300
    clinic.measure(reading(P.NIBP_SYS, 120.0, **what))
    assert rows(clinic, 5) == [("nibp_sys", 0, False)]


def test_a_running_stream_satisfies_its_item_and_a_lost_one_does_not():
    clinic = infused(rule("spo2", every_minutes=5.0))
    clinic.stream = dict(CALM)
    clinic.wait(420)
    assert rows(clinic) == [("spo2", 3, False)]
    clinic.stream[P.SPO2] = None
    clinic.wait(600)
    assert rows(clinic, 17) == [("spo2", -7, True)], "due at 10 since it stopped at 7"


def test_the_pulse_satisfies_the_heart_rate():
    clinic = infused(rule("hr", every_minutes=5.0))
    clinic.stream = dict(CALM)
    clinic.wait(310)
    assert rows(clinic)[0][1] > 0


def test_a_value_typed_in_satisfies():
    clinic = infused(rule("rr", every_minutes=5.0))
    clinic.t = 600 + 330
    clinic.enter(P.RR, 14)
    assert rows(clinic) == [("rr", 4.5, False)]


def test_one_row_per_item_the_most_urgent_first():
    clinic = infused()
    clinic.t += 60 * 60
    found = rows(clinic)
    assert len({item for item, _, _ in found}) == len(found)
    assert [due for _, due, _ in found] == sorted(due for _, due, _ in found)
    assert {item for item, _, _ in found} == {schedule.OVERRUN, *(r.item for r in PROFILE.schedule)}


def test_of_two_rules_for_one_item_the_more_urgent_counts():
    often, seldom = rule(every_minutes=5.0), rule(every_minutes=15.0)
    for rules in ((often, seldom), (seldom, often)):
        assert rows(infused(*rules), 3) == [("nausea", 2, False)]


def test_recovery_has_its_own_rhythm():
    clinic = infused()
    clinic.t = 600 + 2400
    clinic.phase(Phase.RECOVERY)
    assert dict((item, due) for item, due, _ in rows(clinic)) == {  # noqa: C402 (three of each)
        "dissociation": 0, "nibp_sys": 15, "hr": 15, "spo2": 15, "rr": 15, "sedation": 15, "nausea": 15,
        "headache": 15, "dizziness": 15,
    }  # fmt: skip


def test_in_a_pause_the_schedule_goes_on():
    clinic = infused(rule(every_minutes=5.0, phases=(Phase.INFUSION, Phase.PAUSED)))
    clinic.phase(Phase.PAUSED, Trigger.PAUSE)
    assert rows(clinic, 6) == [("nausea", -1, False)]


@given(st.floats(0, 300), st.floats(1, 30), st.floats(0, 0.99), st.lists(st.floats(0, 200), max_size=3))
def test_the_open_slot_is_the_first_not_satisfied(done, every, share, fixed):
    """Against the slow way: write all slots down and cross out what was done."""
    fixed = tuple(sorted(set(fixed)))
    one = rule(every_minutes=every, grace_minutes=every * share, at_minutes=fixed)
    slots = sorted({*(f * 60 for f in fixed), *(every * 60 * k for k in range(1, int(400 / every) + 400))})
    reach = done * 60 + every * share * 60
    slow = next(slot for slot in slots if slot > reach)
    fast = schedule._open_slot(one, done * 60)
    assert fast is not None
    assert fast == pytest.approx(slow) or abs(fast - reach) < 1e-6 or abs(slow - reach) < 1e-6
    assert schedule._open_slot(one, None) == min(slots)


def test_a_prompt_after_the_planned_end_until_somebody_says_why_it_goes_on():
    clinic = infused(rule(every_minutes=500.0))
    wait = PROFILE.plan.overrun_prompt_minutes
    end = clinic.state.order.order.minutes + wait
    overrun = [(schedule.OVERRUN, 0.0, True)]
    assert [row for row in rows(clinic, end - 0.1) if row[0] == schedule.OVERRUN] == []
    assert [row for row in rows(clinic, end) if row[0] == schedule.OVERRUN] == overrun
    clinic.say(e.NotDone(item=schedule.OVERRUN, because="pauses before", by=NURSE))
    assert [row for row in rows(clinic, end + wait - 0.1) if row[0] == schedule.OVERRUN] == []
    assert [row for row in rows(clinic, end + wait) if row[0] == schedule.OVERRUN] == overrun
    clinic.phase(Phase.RECOVERY)
    assert [row for row in rows(clinic, end + 60) if row[0] == schedule.OVERRUN] == []


def test_a_score_with_a_question_of_its_own_asks_for_it():
    clinic = infused(rule(every_minutes=500.0))
    assert ("phq9-item9", 0.0, False) not in rows(clinic, 1.0)
    clinic.observe("phq9", 14)
    assert ("phq9-item9", 0.0, False) in rows(clinic)
    assert ("phq9-item9", -2.0, False) in rows(clinic, 3.0)
    clinic.observe("phq9-item9", 0)
    assert [row for row in rows(clinic, 4.0) if row[0] == "phq9-item9"] == []


def labels(clinic: Clinic) -> list[tuple[str, str, float]]:
    found = schedule.due(clinic.state, clinic.profile, clinic.at)
    return [(row.item, row.label, row.due_s) for row in found]


def test_what_a_row_is_called():
    clinic = infused(
        replace(rule(every_minutes=50.0), label="nausea?"), replace(rule(at_minutes=(50.0,)), label="twice")
    )
    clinic.observe("phq9", 14)
    clinic.t += 40 * 60
    assert labels(clinic) == [("phq9-item9", "PHQ-9, item 9 alone", -2400.0), ("nausea", "nausea?", 600.0)]


def test_a_follow_up_that_was_answered_at_the_same_moment():
    clinic = infused(rule(every_minutes=500.0))
    clinic.observe("phq9-item9", 0)
    clinic.observe("phq9", 14)
    assert [item for item, _, _ in rows(clinic)] == ["nausea"]


def test_a_fixed_time_is_satisfied_from_exactly_its_grace_before():
    clinic = infused(rule(at_minutes=(20.0, 40.0)))
    clinic.t = 600 + 18 * 60
    clinic.observe("nausea", 0)
    assert rows(clinic, 20) == [("nausea", 20, False)]


@pytest.mark.parametrize("planned", [60.0, None])
def test_the_planned_end_is_that_of_the_order_or_else_of_the_profile(planned):
    clinic = infused(rule(every_minutes=500.0))
    order = clinic.state.order
    clinic.state.order = None if planned is None else replace(order, order=replace(order.order, minutes=planned))
    end = (planned or PROFILE.plan.minutes) + PROFILE.plan.overrun_prompt_minutes
    assert [item for item, _, _ in rows(clinic, end - 0.01)] == ["nausea"]
    clinic.t = 600 + (end + 2) * 60
    assert labels(clinic)[0] == (schedule.OVERRUN, "planned end is over: go on or stop", -120.0)


DONE = [
    # (minute, how) in the order of entry → the minute of the next slot, of one every 5 min
    ([(5, "not done")], 10),
    ([(5, "not done"), (10, "measured")], 15),
    ([(5, "measured"), (10, "not done")], 15),
    ([(5, "not done"), (6, "no value")], 10),
    ([(5, "measured"), (6, "no value")], 10),
    ([(6, "no value")], 5),
]


@each_row(("done", "slot"), DONE)
@each_row("parameter", [P.NIBP_SYS, P.SPO2])
def test_what_was_measured_and_what_was_left_out_both_count(parameter, done, slot):
    clinic = infused(rule(parameter.value, every_minutes=5.0))
    for minute, how in done:
        clinic.t = 600 + minute * 60
        if how == "not done":
            clinic.say(e.NotDone(item=parameter.value, because="asleep", by=NURSE))
        else:
            clinic.measure(reading(parameter, 98.0 if how == "measured" else None))
    assert rows(clinic, 12) == [(parameter.value, slot - 12, slot < 10)]


def test_what_was_observed_later_counts_whenever_it_was_entered():
    clinic = infused(rule(every_minutes=5.0))
    clinic.t = 600 + 600
    clinic.observe("nausea", 0)
    clinic.observe("nausea", 0, at=clinic.at.plus(-300))
    assert rows(clinic) == [("nausea", 5, False)]
    clinic.say(e.NotDone(item="headache", because="asleep", by=NURSE))
    assert rows(clinic) == [("nausea", 5, False)]


def test_what_was_done_in_the_first_moment_is_done():
    profile = replace(PROFILE, schedule=(rule(at_minutes=(0.0, 5.0), anchor=Anchor.SESSION, phases=(Phase.CHECK_IN,)),))
    clinic = Clinic(profile=profile)
    assert labels(clinic) == [("nausea", "nausea", 0.0)]
    clinic.observe("nausea", 0)
    assert labels(clinic) == [("nausea", "nausea", 300.0)]


def test_of_two_monitors_the_one_that_counts_satisfies():
    clinic = infused(rule("spo2", every_minutes=5.0)).attach("second")
    for minute in (3, 4):
        clinic.t = 600 + minute * 60
        clinic.measure(reading(P.SPO2, 98.0))
        clinic.measure(reading(P.SPO2, 98.0), device="second")
    clinic.t = 600 + 6 * 60
    clinic.measure(reading(P.SPO2, None), device="second")
    assert rows(clinic) == [("spo2", 4, False)]
