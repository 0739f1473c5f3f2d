"""A note, and that something was left out, can be taken back by who entered it; both stay readable."""

import pytest
from chair.bedside import NURSE, PHYSICIAN, Bedside

from ketamon import words
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.fold import apply
from ketamon.domain.people import Person, Role
from ketamon.domain.session import logged
from ketamon.errors import Refused
from ketamon.export import TABLES
from ketamon.rules import schedule

SAME = Person(" ab ", Role.NURSE)
"""The nurse, typed another way."""


def bed():
    return Bedside().infusing().run(10)


def last(chair):
    return chair.state.log[-1].seq


def due(chair):
    return {d.item: d.due_s for d in schedule.due(chair.state, chair.profile, chair.now)}


def test_what_was_left_out_is_due_again():
    chair = bed().run(400)
    item = next(d.item for d in schedule.due(chair.state, chair.profile, chair.now) if d.due_s <= 0)
    chair.ask(i.SkipDue(item=item, because="asleep", by=NURSE))
    assert due(chair)[item] > 0
    chair.ask(i.Withdraw(withdraws=last(chair), why="by mistake", by=NURSE))
    assert due(chair)[item] <= 0


def test_a_note_stays_readable_and_so_does_that_it_was_taken_back():
    chair = bed().ask(i.Note(text="calm", by=NURSE))
    seq = last(chair)
    chair.ask(i.Withdraw(withdraws=seq, why="by mistake", by=SAME))
    said = [words.said(event, chair.state, chair.profile)[0] for event in chair.state.log[-2:]]
    assert said == ["note: calm", "taken back: note: calm (by mistake)"]
    rows = list(TABLES["observations.csv"][1](chair.state.log[-1].body))
    assert [(row[0], row[6]) for row in rows] == [("taken back", seq)]


def test_it_is_taken_back_once_and_by_nobody_else():
    chair = bed().ask(i.Note(text="calm", by=NURSE))
    seq = last(chair)
    with pytest.raises(Refused, match="can take this back"):
        chair.ask(i.Withdraw(withdraws=seq, why="x", by=PHYSICIAN))
    with pytest.raises(Refused, match="a reason"):
        chair.ask(i.Withdraw(withdraws=seq, why=" ", by=NURSE))
    chair.ask(i.Withdraw(withdraws=seq, why="x", by=NURSE))
    with pytest.raises(Refused, match="already"):
        chair.ask(i.Withdraw(withdraws=seq, why="x", by=NURSE))
    with pytest.raises(Refused, match="neither a note"):
        chair.ask(i.Withdraw(withdraws=last(chair), why="x", by=NURSE))
    with pytest.raises(Refused, match="event 99999"):
        chair.ask(i.Withdraw(withdraws=99999, why="x", by=NURSE))


def test_a_record_that_takes_back_what_it_does_not_have_is_read_all_the_same():
    chair = bed().ask(i.SkipDue(item="nausea", because="asleep", by=NURSE))
    seq = last(chair)
    for n, of in enumerate((99999, 1, seq, seq), 1):
        body = e.Withdrawn(withdraws=of, why="x", by=NURSE)
        apply(chair.state, e.Event(chair.state.seq + n, chair.now, body))
    assert chair.state.withdrawn == {seq}
    assert "nausea" not in {item for item, _ in chair.state.not_done}
    assert chair.state.unknown == 2


def test_an_event_of_the_log_is_found_by_its_number():
    chair = bed()
    assert all(logged(chair.state, event.seq) is event for event in chair.state.log)
    assert logged(chair.state, 0) is None
    assert logged(chair.state, chair.state.seq + 1) is None
