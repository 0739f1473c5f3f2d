"""The player: whatever way a person goes through a recording, what is shown is the fold up to where they are."""

import asyncio
from datetime import datetime, time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playback.films import Hand, events, player

from ketamon import playback
from ketamon.domain import events as e
from ketamon.domain.events import Event
from ketamon.domain.fold import fold
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Note, SetSpeed
from ketamon.domain.people import Person, Role
from ketamon.domain.session import is_logged
from ketamon.errors import Refused
from ketamon.follow import Source
from ketamon.playback import BROKEN, COMING, Film, Kind, Overheard

NURSE = Person("AB", Role.NURSE)

a_walk = st.one_of(
    st.tuples(st.just("move"), st.floats(-2000.0, 2000.0)),
    st.tuples(st.just("step"), st.sampled_from([-1, 1]), st.sampled_from(Kind)),
    st.tuples(st.sampled_from(["start", "end"])),
    st.tuples(st.just("to_clock"), st.times()),
    st.tuples(st.just("to"), st.integers(1, 2000)),
    st.tuples(st.just("tick"), st.floats(0.0, 3.0)),
)


def refused(do) -> str:
    with pytest.raises(Refused) as caught:
        do()
    return str(caught.value)


@settings(max_examples=15, deadline=None)
@given(walks=st.lists(a_walk, max_size=8), speed=st.sampled_from([0.0, 1.0, 1000.0]))
def test_any_walk_ends_at_the_fold_up_to_its_cursor(walks, speed):
    clock, before = Hand(), playback.ASIDE
    playback.ASIDE = 300
    try:
        made = player(events(), speed=speed, clock=clock)
        listener = Overheard(made)
        for name, *how in walks:
            try:
                if name == "tick":
                    clock.now += how[0]
                    made.tick(clock.now)
                else:
                    getattr(made, name)(*how)
            except Refused:
                pass
            listener.look()
    finally:
        playback.ASIDE = before
    folded = fold(events()[: made.count])
    assert repr(made.state) == repr(listener.state) == repr(folded)
    assert made.beat.at >= made.state.at
    assert made.count == len(events()) or events()[made.count].at.monotonic_ns >= made.beat.at.monotonic_ns


def test_what_was_shown_is_not_changed_by_going_back():
    made = player(events())
    made.end()
    shown, said = made.state, repr(made.state)
    made.start()
    made.move(600)
    assert made.state is not shown
    assert repr(shown) == said


@pytest.mark.parametrize("kind", Kind)
def test_forth_and_back_goes_through_the_same_places(kind):
    made, forth, back = player(events()), [], []
    made.start()
    for _ in [n for n in made.film.places[kind] if n > made.count]:
        made.step(1, kind)
        forth.append(made.count)
    assert "after this" in refused(lambda: made.step(1, kind))
    back.append(made.count)
    for _ in made.film.places[kind][1:]:
        made.step(-1, kind)
        back.append(made.count)
    assert "before this" in refused(lambda: made.step(-1, kind))
    assert len(forth) >= 3
    assert all(one < other for one, other in pairwise(forth))
    assert [place for place in reversed(back) if place >= forth[0]] == forth


def test_each_kind_is_what_it_says():
    made = player(events())
    bodies = {kind: [events()[n - 1].body for n in made.film.places[kind]] for kind in Kind}
    assert [n - 1 for n in made.film.places[Kind.ENTRY]] == [n for n, v in enumerate(events()) if is_logged(v)]
    assert all(isinstance(body, e.AlarmChanged) and body.state is e.AlarmState.ACTIVE for body in bodies[Kind.ALARM])
    assert {e.Observed, e.PhaseChanged} <= {type(body) for body in bodies[Kind.MARK]}
    assert not any(isinstance(body, e.AlarmChanged) for body in bodies[Kind.MARK])


def test_a_step_stops_at_the_event_itself_also_among_others_of_the_same_moment():
    made = player(events())
    together = made.count
    assert together > 3
    for count in range(together - 1, 0, -1):
        made.step(-1, Kind.ENTRY)
        assert (made.count, made.beat.speed) == (count, 0.0)
        assert made.state.log[-1] is events()[count - 1]


PLAYED = [
    (1.0, 0.5, 0.5),
    (0.5, 0.5, 0.25),
    (1000.0, 0.5, 500.0),
    (0.0, 0.5, 0.0),
    (10.0, 100.0, 10.0),  # held up: it goes on, and leaps by no more than a second's worth
]


@pytest.mark.parametrize(("speed", "passes_s", "session_s"), PLAYED)
def test_it_plays_as_fast_as_it_was_told(speed, passes_s, session_s):
    clock = Hand()
    made = player(events(), speed=speed, clock=clock)
    begin = made.beat.at
    clock.now += passes_s
    made.tick(clock.now)
    assert made.beat.at.since(begin) == pytest.approx(session_s)


def test_it_stops_at_the_end_and_says_so():
    clock = Hand()
    made = player(events(), speed=1000.0, clock=clock)
    for _ in range(10):
        clock.now += 1.0
        made.tick(clock.now)
    assert (made.beat.ended, made.beat.speed) == (True, 0.0)
    assert made.beat.at.seconds == pytest.approx(made.beat.length_s) == events()[-1].at.seconds
    assert asyncio.run(made.ask(SetSpeed(speed=1.0))) == "it is at its end; go back first, home goes to the start"
    made.move(-60)
    assert asyncio.run(made.ask(SetSpeed(speed=1.0))) == ""
    assert (made.beat.ended, made.beat.speed) == (False, 1.0)


def test_it_waits_where_more_is_to_come():
    clock = Hand()
    made = player(events()[:500], whole=False, speed=1000.0, clock=clock)
    clock.now += 1.0
    made.tick(clock.now)
    assert (made.beat.ended, made.beat.speed, made.beat.remark) == (False, 1000.0, COMING)
    assert made.count == 500
    for event in events():  # a connection that began anew tells all from the first on
        made.add(event)
    assert made.film.events == list(events())
    clock.now += 0.1
    made.tick(clock.now)
    assert made.count > 500


def test_a_core_that_goes_is_said_and_what_came_stays():
    made = player([], whole=False)
    made.part()
    made.tick(101.0)
    assert not made.connected
    assert "start it again" in made.why
    assert "nothing of the recording" in refused(lambda: made.move(1))
    made = player(events()[:900], whole=False)
    made.part()
    made.end()
    assert (made.connected, made.beat.remark, made.count) == (True, BROKEN, 900)
    made.reach(events()[-1].at, whole=True)
    made.tick(101.0)
    assert made.beat.remark == ""


def test_nothing_but_its_speed_can_be_asked_of_it():
    made = player(events())
    assert asyncio.run(made.ask(Note(text="x", by=NURSE))) == "this is a replay: nothing is added to it"
    assert "not between 0 (stopped) and 1000" in asyncio.run(made.ask(SetSpeed(speed=2000.0)))
    assert len(made.film.events) == len(events())


CLOCKS = [  # the samples begin at 08:00:00 UTC
    (time(8, 10), 600.0),
    (time(8, 10, 30), 630.0),
    (time(8, 0), 0.0),
    (time(8, 25), 1500.0),
]


@pytest.mark.parametrize(("clock", "seconds"), CLOCKS)
def test_a_time_of_day_is_found(clock, seconds):
    made = player(events())
    made.to_clock(clock)
    assert made.beat.at.seconds == pytest.approx(seconds, abs=0.001)


@pytest.mark.parametrize("clock", [time(7, 58), time(9, 0), time(0, 0)])
def test_a_time_outside_is_refused_with_what_there_is(clock):
    made = player(events())
    assert refused(lambda: made.to_clock(clock)) == "the recording goes from 08:00 to 08:25"


def noted(seq: int, seconds: float, wall: str) -> Event:
    return Event(seq, Instant(round(seconds * 1e9), datetime.fromisoformat(wall)), e.Noted(text=str(seq), by=NURSE))


NIGHT = [
    noted(1, 0, "2026-11-21T23:50:00+00:00"),
    noted(2, 1200, "2026-11-22T00:10:00+00:00"),
    noted(3, 1300, "2026-11-22T01:11:40+00:00"),  # the clock was moved on by an hour
]


@pytest.mark.parametrize(
    ("clock", "seconds"), [(time(23, 55), 300), (time(0, 5), 900), (time(0, 10), 1200), (time(1, 0), 1200)]
)
def test_a_time_behind_midnight_and_one_that_was_leapt_over_are_found(clock, seconds):
    made = player(NIGHT)
    made.to_clock(clock)
    assert made.beat.at.seconds == seconds


def test_the_cursor_never_goes_back_by_a_stamp_that_does():
    film = Film()
    for seq, t in ((1, 5.0), (2, 4.0), (3, 6.0)):
        film.add(noted(seq, t, "2026-11-21T23:50:00+00:00"))
    assert list(film.times_ns) == [5 * 10**9, 5 * 10**9, 6 * 10**9]
    assert [film.count_at(n * 10**9) for n in (4, 5, 6)] == [0, 2, 3]


def test_all_that_a_person_reads_is_there_also_what_is_still_to_come():
    made = player(events())
    entries, state = made.entries()
    assert [event for _, event in entries] == [v for v in events() if is_logged(v)]
    assert state.seq == events()[-1].seq
    made.to(entries[5][0])
    assert made.state.log[-1] is entries[5][1]


def test_a_beat_says_whose_it_is():
    made = player(events(), remark="whole")
    beat = made.beat
    assert (beat.source, beat.chair, beat.remark, beat.saved_s) == (Source.REPLAY, "replay", "whole", -1.0)
