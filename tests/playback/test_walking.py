"""A recording on the screen: the keys walk through it, the banner says where, and nothing is added."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from types import SimpleNamespace

import pytest
from console.chairs import NURSE
from console.pilot import Desk
from console.stage import staged
from playback.films import Hand, events, player

from ketamon.console.actions.chair import ACTIONS, offered
from ketamon.console.actions.walks import WALKS
from ketamon.console.app import KetamonApp
from ketamon.console.view.chair import Contact, build
from ketamon.domain import events as e
from ketamon.playback import Kind


@asynccontextmanager
async def screen(size=(120, 36), some=None, **how):
    clock = Hand()
    made = player(events() if some is None else some, clock=clock, **how)
    app = KetamonApp(made, staff=NURSE, clock=clock, zone=UTC)
    async with staged(app, size) as pilot:
        await pilot.pause()
        desk = Desk(app, pilot, SimpleNamespace(held=None), clock)
        await desk.look()
        yield desk, made


def banner(desk) -> str:
    return desk.text().splitlines()[0].strip()


KEYS = [
    ("full_stop", lambda p: p.step(1, Kind.ENTRY)),
    ("comma", lambda p: p.step(-1, Kind.ENTRY)),
    ("right_square_bracket", lambda p: p.step(1, Kind.ALARM)),
    ("left_square_bracket", lambda p: p.step(-1, Kind.ALARM)),
    ("greater_than_sign", lambda p: p.step(1, Kind.MARK)),
    ("less_than_sign", lambda p: p.step(-1, Kind.MARK)),
    ("right_parenthesis", lambda p: p.move(60)),
    ("left_parenthesis", lambda p: p.move(-60)),
    ("pagedown", lambda p: p.move(300)),
    ("pageup", lambda p: p.move(-300)),
    ("home", lambda p: p.start()),
    ("end", lambda p: p.end()),
]


def test_every_walk_has_a_key_that_is_tried():
    assert sorted(key for key, _ in KEYS) == sorted(key for name in WALKS for key in ACTIONS[name].keys)


async def test_each_key_goes_where_it_says():
    async with screen(speed=0.0) as (desk, made):
        beside = player(events(), speed=0.0)
        between = made.film.places[Kind.ALARM][1]
        for key, walk in KEYS:
            beside.to(between)
            made.to(between)
            walk(beside)
            await desk.press(key)
            assert (made.count, made.beat.at) == (beside.count, beside.beat.at), key


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_banner_says_what_it_is_where_and_how_fast(size):
    async with screen(size, speed=10.0) as (desk, made):
        assert "REPLAY 10× 0:00 of 25:00 — not a live patient" in banner(desk)
        await desk.press("plus")
        assert "REPLAY 30× 0:00 of 25:00" in banner(desk)
        desk.clock.now += 1.0
        made.tick(desk.clock.now)
        await desk.look()
        assert "REPLAY 30× 0:30 of 25:00" in banner(desk)
        await desk.press("space")
        assert "REPLAY stopped 0:30 of 25:00" in banner(desk)
        await desk.press("end")
        assert "REPLAY stopped 25:00 of 25:00" in banner(desk)
        await desk.press("space")
        assert desk.answer == "not done: it is at its end; go back first, home goes to the start"
        for key in ("slash", "g", "question_mark", "at"):
            await desk.press(key)
            assert "not a live patient" in banner(desk)
            await desk.press("escape")


async def test_a_step_says_what_happened_there():
    async with screen(speed=0.0) as (desk, made):
        await desk.press("end", "left_square_bracket")
        alarm = events()[made.count - 1].body
        assert isinstance(alarm, e.AlarmChanged)
        assert alarm.text in desk.answer
        assert "a acknowledge" not in desk.text()
        await desk.press("right_square_bracket")
        assert desk.answer == "not done: there is no alarm after this"


async def test_the_record_is_searched_by_typing_and_enter_goes_there():
    async with screen((80, 24), speed=0.0) as (desk, made):
        await desk.press("slash")
        assert "record, 68 of 68 entries" in desk.text()
        await desk.type("baseline:")
        assert "record, 1 of 68 entries" in desk.text()
        await desk.press("enter")
        assert isinstance(events()[made.count - 1].body, e.BaselineTaken)
        assert "baseline" in desk.answer
        await desk.press("escape", "slash")
        await desk.press("down", "down", "up", "enter")
        places = made.film.places[Kind.ENTRY]
        assert made.count == places[places.index(made.count - 1) + 1] or made.count in places
        await desk.type("zzzz")
        assert "nothing in the record is called so" in desk.text()


async def test_a_time_of_day_is_typed():
    async with screen((80, 24), speed=0.0) as (desk, made):
        await desk.press("at", *"8:12:30", "enter")
        assert made.beat.at.seconds == 750.0
        assert "12:30 of 25:00" in banner(desk)
        await desk.press("at", *"23:40", "enter")
        assert desk.answer == "not done: the recording goes from 08:00 to 08:25"
        await desk.press("at", *"25:00", "enter")
        assert desk.answer == "not done: there is no 25:00 in a day"
        await desk.press("escape", "at", *"noon", "enter")
        assert "like 14:32" in desk.answer


ADDING = ("o", "n", "v", "x", "c", "a", "p", "exclamation_mark", "f8", "f2", "m", "w", "i", "L")


async def test_nothing_is_added_and_that_is_said_before_anything_is_typed():
    async with screen(speed=0.0) as (desk, made):
        await desk.press("end", "pageup")
        said = set()
        for key in ADDING:
            await desk.press(key)
            assert desk.answer.startswith("not done: "), key
            assert not desk.app.screen.has_class("-entry"), key
            said.add(desk.answer)
        assert "not done: observe is not possible in a replay: nothing is added to it" in said
        assert len(made.film.events) == len(events())


async def test_the_gate_is_read_while_walking_and_confirms_nothing():
    async with screen(speed=0.0) as (desk, made):
        await desk.press("end", "g")
        assert "gate" in desk.text()
        before = made.count
        await desk.press("comma")
        assert made.count < before
        await desk.press("enter")
        assert len(made.film.events) == len(events())


def view_of(made):
    return build(made.state, made.profile, made.beat, Contact(reached=True), made.beat.at, UTC)


def test_what_adds_to_a_record_is_not_offered_in_one():
    made = player(events())
    made.move(900)
    names = {action.name for action in offered(view_of(made))}
    assert set(WALKS) | {"record", "at", "hold", "faster", "slower", "gate", "help", "quit", "due_next"} <= names
    assert names.isdisjoint({"observe", "note", "value", "emergency", "step", "acknowledge", "staff", "skip"})


async def test_a_review_of_a_clinic_with_pins_never_locks_and_asks_for_none():
    first = events()[0]
    some = [replace(first, body=replace(first.body, pins=True)), *events()[1:]]
    async with screen(some=some, speed=0.0) as (desk, made):
        desk.clock.now += 24 * 3600.0
        await desk.press("end")
        assert made.state.opened.pins
        assert "LOCKED" not in desk.text()
        assert view_of(made).pinned == frozenset()
