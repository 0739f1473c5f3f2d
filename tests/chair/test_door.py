"""The door: who may ask for what, with and without PINs, and what a wrong PIN leaves behind."""

from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from chair.bedside import NURSE, PHYSICIAN, Bedside

from ketamon.chair.asked import RULES
from ketamon.chair.door import Door, WrongPin
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.profile import PeopleRules
from ketamon.errors import Refused
from ketamon.roster import Roster
from ketamon.rules.proof import PINNED, prover

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DIRECTOR = Person("Dr. D", Role.DIRECTOR)
PIN, OTHER = "407291", "550612"
SIGN = i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)
NOTE = i.Note(text="x", by=NURSE)


@pytest.fixture
def roster(tmp_path):
    roster = Roster.open(tmp_path, PeopleRules(), CHEAP)
    for person in (DIRECTOR, NURSE, PHYSICIAN):
        roster.add(person, PIN)
    return roster


async def test_without_people_names_are_taken_as_typed(tmp_path):
    door = Door(Roster.open(tmp_path, PeopleRules(), CHEAP))
    assert not door.asks_pins
    assert await door.prove(SIGN, "", NOW) is Proof.NAME
    assert await Door(None).prove(SIGN, PIN, NOW) is Proof.NAME


async def test_a_pin_proves_what_takes_one(roster):
    door = Door(roster)
    assert door.asks_pins
    assert await door.prove(SIGN, PIN, NOW) is Proof.PIN
    assert await door.prove(SIGN, "", NOW) is Proof.NAME, "the engine refuses this one"
    assert await door.prove(NOTE, "", NOW) is Proof.NAME


@pytest.mark.parametrize("who", [Person("Mallory", Role.NURSE), Person(NURSE.name, Role.PHYSICIAN)])
async def test_nobody_else_and_in_no_other_role(roster, who):
    with pytest.raises(Refused, match="roster"):
        await Door(roster).prove(i.Note(text="x", by=who), "", NOW)


async def test_wrong_pins_are_told_and_lock(roster):
    door = Door(roster)
    for n in range(5):
        with pytest.raises(WrongPin) as wrong:
            await door.prove(SIGN, OTHER, NOW)
        assert wrong.value.locked is (n == 4)
    with pytest.raises(WrongPin, match="locked"):
        await door.prove(SIGN, PIN, NOW)


async def test_the_witness_proves_waste(roster):
    roster.set_pin(PHYSICIAN.name, OTHER)
    waste = i.Waste(volume_ml=3.0, by=NURSE, witness=PHYSICIAN)
    assert prover(waste) == PHYSICIAN
    assert await Door(roster).prove(waste, OTHER, NOW) is Proof.PIN
    with pytest.raises(WrongPin):
        await Door(roster).prove(waste, PIN, NOW)


async def test_a_roster_that_cannot_be_read_keeps_nobody_from_writing_down_what_happens(roster, tmp_path):
    (tmp_path / "people.json").write_text("{", "utf-8")
    assert await Door(roster).prove(NOTE, "", NOW) is Proof.NAME
    with pytest.raises(Refused, match="cannot be read"):
        await Door(roster).prove(SIGN, PIN, NOW)


def with_pins() -> Bedside:
    bed = Bedside()
    opened = e.SessionOpened(
        session="s", chair="2", mode=bed.chair.mode, profile=bed.profile.name, profile_sha256=bed.sha,
        profile_toml=bed.toml, software="test", pins=True,
    )  # fmt: skip
    bed.chair.open(opened, bed.now)
    return bed.attach().run(3)


@pytest.mark.parametrize("kind", sorted(PINNED, key=lambda kind: kind.TYPE), ids=lambda kind: kind.TYPE)
def test_what_takes_a_pin_is_refused_without_one(kind):
    asked = {
        i.CheckOrder: i.CheckOrder(by=PHYSICIAN),
        i.DecideScreening: i.DecideScreening(item="stroke", go_on=True, why="old", by=PHYSICIAN),
        i.Waste: i.Waste(volume_ml=1.0, by=NURSE, witness=PHYSICIAN),
        i.Sign: SIGN,
        i.SignIn: i.SignIn(by=NURSE),
    }[kind]
    bed = with_pins()
    for proof in (Proof.NAME, Proof.EMERGENCY):
        with pytest.raises(Refused, match="PIN"):
            bed.chair.intend(asked, bed.now, proof)


def test_emergency_access_opens_all_but_signatures():
    bed = with_pins()
    bed.ask(i.BreakGlass(by=NURSE, why="no time"))
    bed.ask(i.Waste(volume_ml=1.0, by=NURSE, witness=PHYSICIAN))
    wasted = next(event.body for event in bed.events if isinstance(event.body, e.DrugWasted))
    assert wasted.proof is Proof.EMERGENCY
    with pytest.raises(Refused, match="PIN"):
        bed.ask(SIGN)
    bed.chair.intend(i.SignIn(by=NURSE), bed.now, Proof.PIN)
    with pytest.raises(Refused, match="PIN"):
        bed.ask(i.Waste(volume_ml=1.0, by=NURSE, witness=PHYSICIAN))


def test_no_glass_is_broken_where_no_pin_is_asked():
    with pytest.raises(Refused, match="no PINs"):
        Bedside().open().run(1).ask(i.BreakGlass(by=NURSE, why="no time"))


def test_an_observer_may_ask_for_nothing():
    observer = Person("O", Role.OBSERVER)
    bed = Bedside().open().run(1)
    for kind, rule in RULES.items():
        assert Role.OBSERVER not in rule.roles, kind
    with pytest.raises(Refused, match="not a observer"):
        bed.ask(i.Note(text="x", by=observer))


async def test_who_wastes_is_in_the_roster_too(roster):
    waste = i.Waste(volume_ml=3.0, by=Person("Mallory", Role.NURSE), witness=PHYSICIAN)
    with pytest.raises(Refused, match="Mallory is not in the roster"):
        await Door(roster).prove(waste, PIN, NOW)
    with pytest.raises(Refused, match="not a observer"):
        Bedside().open().run(1).ask(i.Waste(volume_ml=3.0, by=Person("O", Role.OBSERVER), witness=PHYSICIAN))
