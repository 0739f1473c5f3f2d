"""A chair in one line: what is said of it first, how it is written into few cells, and where one goes from there."""

from dataclasses import replace

import pytest
from console.chairs import NURSE, PROFILE, REACHED, empty, infusing, recovering

from ketamon.console.view.chair import Contact
from ketamon.console.view.chair_line import chair_line
from ketamon.console.view.strip import ChairLine, Need, following, label, neediest
from ketamon.console.widgets.strip import content
from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.follow import Source

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
ACKED = e.AlarmState.ACKNOWLEDGED
LOST = Contact(reached=False, since=infusing(1).at, why="refused")


def calm():
    """Early in the infusion: nothing is overdue."""
    return infusing(0.5)


def line(chair, contact=REACHED, **how):
    return chair_line("2", chair.state, PROFILE, chair.beat(**how), contact, chair.at, None)


SAID = {
    "clock": (calm(), "", "0:30 of 40:00", Need.NOBODY),
    "plan": (empty(), "", "plan 40:00", Need.NOBODY),
    "overdue": (infusing(), "", "overdue 9:00 headache", Need.DUE),
    "high": (infusing().alarm("SpO2 84 < 88", HIGH), "***", "SpO2 84 < 88", Need.HIGH),
    "medium": (infusing().alarm("DIA 104 > 100", MEDIUM), "**", "DIA 104 > 100", Need.MEDIUM),
    "low": (infusing().alarm("no cuff", LOW, technical=True), "!", "no cuff", Need.LOW),
    "highest": (infusing().alarm("SpO2 84 < 88", HIGH).alarm("HR 44 < 50", MEDIUM), "***", "SpO2 84 < 88", Need.HIGH),
    "not acknowledged": (
        infusing().alarm("SpO2 84 < 88", HIGH, state=ACKED).alarm("HR 44 < 50", MEDIUM), "**", "HR 44 < 50", Need.MEDIUM
    ),
    "acknowledged": (
        calm().alarm("SpO2 84 < 88", HIGH, state=ACKED), "***", "SpO2 84 < 88 (acknowledged)", Need.NOBODY
    ),
    "overdue before acknowledged": (
        infusing().alarm("SpO2 84 < 88", HIGH, state=ACKED), "", "overdue 9:00 headache", Need.DUE
    ),
    "over": (
        infusing().alarm("HR 44", HIGH, state=e.AlarmState.LATCHED), "***", "HR 44 (was so, is over)", Need.HIGH
    ),
}  # fmt: skip


@pytest.mark.parametrize(("chair", "mark", "text", "need"), SAID.values(), ids=SAID)
def test_the_most_urgent_is_said(chair, mark, text, need):
    found = line(chair)
    assert (found.mark, found.text, found.need) == (mark, text, need)
    assert found.label == "chair 2"


def test_what_else_stands_is_said():
    assert line(infusing().alarm("SpO2 84 < 88", HIGH).alarm("HR 44 < 50", MEDIUM)).also == "+1"
    assert line(infusing().alarm("SpO2 84 < 88", HIGH, state=ACKED)).also == "*** acknowledged"


@pytest.mark.parametrize(
    ("alarm", "blinks"),
    [((HIGH, e.AlarmState.ACTIVE), True), ((MEDIUM, e.AlarmState.ACTIVE), True), ((LOW, e.AlarmState.ACTIVE), False),
     ((HIGH, ACKED), False)],
)  # fmt: skip
def test_it_blinks_by_the_rule_of_the_alarm_bar(alarm, blinks):
    priority, state = alarm
    chair = calm().alarm("SpO2 84 < 88", priority, state=state)
    assert line(chair).blinks is blinks
    assert chair.view().alarms.lines[0].blinks is blinks


def test_a_core_that_is_lost_is_an_alarm_whatever_was_so_before():
    for chair in (calm(), infusing().alarm("HR 44 < 50", MEDIUM, state=ACKED)):
        found = line(chair, LOST)
        assert (found.mark, found.need, found.priority, found.blinks) == ("!!!", Need.HIGH, HIGH, True)
        assert found.text.startswith("no contact since ")


def test_a_core_that_was_never_heard_is_told_and_no_alarm():
    chair = empty()
    found = chair_line("7", type(chair.state)(), PROFILE, None, Contact(reached=False, why="x"), None)
    assert (found.label, found.text, found.blinks, found.need) == ("chair 7", "no contact yet", False, Need.DUE)


def test_a_session_that_is_over_says_so_and_needs_nobody():
    found = line(recovering().alarm("SpO2 84 < 88", HIGH), replace(LOST, ended=True), ended=True)
    assert found.text.startswith("ended, no core since ")
    assert (found.need, found.blinks, found.ended) == (Need.NOBODY, False, True)


def test_an_emergency_stands_beside_whatever_else_is_so():
    chair = calm().say(e.EmergencyMarked(on=True, by=NURSE))
    chair.t += 65
    found = line(chair)
    assert (found.emergency, found.need) == ("EMERGENCY 1:05", Need.HIGH)


def test_a_pause_of_the_sound_is_said():
    assert line(calm().say(e.AudioPaused(seconds=120.0, by=NURSE))).audio == "audio paused 2:00"


def test_what_is_no_patient_is_marked():
    assert line(calm(), source=Source.SIMULATED).rehearsal == "SIM"
    assert line(calm(), source=Source.REPLAY).rehearsal == "REPLAY"
    assert not line(calm()).rehearsal


@pytest.mark.parametrize(
    ("width", "chair", "how", "text"),
    [
        (40, calm(), {}, " chair 2 infusion 0:30 of 40:00"),
        (25, calm(), {}, " chair 2 0:30 of 40:00"),
        (40, infusing().alarm("SpO2 84 < 88", HIGH), {}, " chair 2 infusion *** SpO2 84 < 88"),
        (25, infusing().alarm("SpO2 84 < 88", HIGH), {}, " chair 2 *** SpO2 84 < 88"),
        (19, infusing().alarm("SpO2 84 < 88", HIGH), {}, " 2 *** SpO2 84 < 88"),
        (25, infusing().alarm("SpO2 84 < 88", HIGH), {"source": Source.SIMULATED}, " 2 SIM *** SpO2 84 < 88"),
        (25, infusing().alarm("SpO2 84 < 88", HIGH).alarm("HR 44", MEDIUM), {}, " chair 2 *** SpO2 84 < 88"),
        (28, infusing().alarm("SpO2 84 < 88", HIGH).alarm("HR 44", MEDIUM), {}, " chair 2 *** SpO2 84 < 88 +1"),
        (25, infusing(), {}, " 2 overdue 9:00 headache"),
    ],
)
def test_of_few_cells_the_alarm_keeps_its_own(width, chair, how, text):
    assert content(line(chair, **how), width).plain.rstrip() == text


def test_the_one_that_is_shown_is_marked_without_colour():
    assert content(replace(line(calm()), shown=True), 40).plain.startswith("▸chair 2 ")


@pytest.mark.parametrize(("name", "called"), [("2", "chair 2"), ("chair 2", "chair 2"), ("window", "chair window")])
def test_a_chair_is_called_a_chair(name, called):
    assert label(name) == called


def row(*needs, shown=0):
    return [
        ChairLine(name=str(n + 1), label="", phase="", text="", need=need, shown=n == shown)
        for n, need in enumerate(needs)
    ]


N, D, H = Need.NOBODY, Need.DUE, Need.HIGH


@pytest.mark.parametrize(
    ("needs", "shown", "goes"),
    [
        ((N, N, N), 0, ""),
        ((N, D, H), 0, "3"),
        ((N, D, H), 2, "3"),
        ((H, H, N), 0, "2"),
        ((H, H, N), 1, "1"),
        ((D, N, D), 1, "3"),
        ((D, N, N), 2, "1"),
    ],
)
def test_where_somebody_is_needed_most(needs, shown, goes):
    assert neediest(row(*needs, shown=shown)) == goes


def test_one_chair_after_the_other():
    assert [following(row(N, N, N, shown=shown)) for shown in range(3)] == ["2", "3", "1"]
