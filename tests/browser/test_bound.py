"""A screen of one person passes nothing of anybody else on, and nothing of an observer."""

from pathlib import Path

import pytest

from ketamon.bound import BoundFeed, refusal
from ketamon.chair.asked import RULES
from ketamon.domain import intents as i
from ketamon.domain.people import Person, Role
from ketamon.profiles import load

LEE = Person("Dr. Lee", Role.PHYSICIAN)
GUEST = Person("Guest", Role.OBSERVER)


def note(name: str, role: Role) -> i.Note:
    return i.Note(text="all well", by=Person(name, role))


WHO = [
    (note("Dr. Lee", Role.PHYSICIAN), LEE, ""),
    (note(" dr. LEE", Role.PHYSICIAN), LEE, ""),
    (note("AB", Role.NURSE), LEE, "nobody else"),
    (note("Dr. Lee", Role.DIRECTOR), LEE, "nobody else"),
    (note("AB", Role.PHYSICIAN), LEE, "nobody else"),
    (note("Guest", Role.OBSERVER), GUEST, "only shows"),
    (note("AB", Role.NURSE), GUEST, "only shows"),
    (i.SignIn(by=Person("AB", Role.NURSE)), GUEST, "only shows"),
    (i.SignIn(by=Person("AB", Role.NURSE)), LEE, "nobody else"),
    (i.SetSpeed(speed=2), LEE, ""),
    (i.SetSpeed(speed=2), GUEST, "only shows"),
    (i.ReportSound(console="here", working=False, why="off"), GUEST, ""),
]


@pytest.mark.parametrize(("intent", "person", "why"), WHO)
def test_who_may_ask_at_a_screen_of_one_person(intent, person, why):
    assert why in refusal(intent, person)
    assert bool(why) == bool(refusal(intent, person))


async def test_what_is_refused_here_never_reaches_the_core(tmp_path):
    feed = BoundFeed(tmp_path / "no.sock", load(None)[0], GUEST)
    assert "only shows" in await feed.ask(note("Guest", Role.OBSERVER))
    lee = BoundFeed(Path("no.sock"), load(None)[0], LEE)
    assert await lee.ask(note("Dr. Lee", Role.PHYSICIAN)) == "the core cannot be reached"


def test_the_core_gives_an_observer_nothing_to_do_either():
    assert not [intent for intent, rule in RULES.items() if Role.OBSERVER in rule.roles]
