"""A PIN is asked for where the core takes one, and nowhere else; it is never seen, kept or sent twice."""

from console.chairs import NURSE, PHYSICIAN, Chair, infusing, recovering
from console.pilot import console
from textual.widgets import Input

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Meaning
from ketamon.rules.proof import ALWAYS, PINNED, pinned

PIN = "407291"


def with_pins(chair):
    opened = next(event.body for event in chair.state.log if isinstance(event.body, e.SessionOpened))
    object.__setattr__(opened, "pins", True)
    return chair


def ready():
    return with_pins(recovering().gate_opens())


async def test_a_signature_goes_out_with_the_pin_that_was_typed_for_it():
    async with console(ready(), (80, 24)) as desk:
        await desk.press("d", "enter")
        assert desk.asked == []
        assert "PIN of nurse AB" in desk.text()
        assert "assessment signed" in desk.text(), "what is signed stays in sight"
        await desk.press(*PIN)
        assert PIN not in desk.text()
        assert "•" * len(PIN) in desk.text()
        await desk.press("enter")
        assert desk.asked == [i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)]
        assert desk.feed.pins == [PIN]
        forgotten(desk)


def forgotten(desk):
    assert PIN not in desk.text()
    assert all(field.value == "" for field in desk.app.screen.pin.query(Input))
    assert not desk.app.screen.pin.display
    assert PIN not in desk.answer


async def test_a_wrong_pin_keeps_the_form_and_asks_anew():
    async with console(ready()) as desk:
        desk.feed.answers.append("wrong PIN; 4 more before it is locked")
        await desk.press("d", "enter", *PIN, "enter")
        assert desk.answer == "not done: wrong PIN; 4 more before it is locked"
        assert desk.app.screen.pin.display, "the next try must not go into a field that shows it"
        assert desk.app.screen.pin.field.value == ""
        await desk.press("1", "enter")
        assert desk.feed.pins == [PIN, "1"]
        forgotten(desk)


async def test_escape_gives_up_and_says_so_and_nothing_is_asked():
    async with console(ready()) as desk:
        await desk.press("d", "enter", *PIN, "escape")
        assert desk.asked == []
        forgotten(desk)
        assert desk.app.screen.has_class("-entry"), "the form is still open"
        await desk.press("enter", "enter")
        assert desk.asked == [], "an empty PIN is none"
        await desk.press("1", "enter")
        assert len(desk.asked) == 1


async def test_what_was_typed_of_a_pin_is_gone_when_somebody_turns_to_something_else():
    async with console(ready()) as desk:
        await desk.press("d", "enter", *PIN, "f1")
        forgotten(desk)
        await desk.press("escape", "d", "enter", *PIN, "tab")
        forgotten(desk)
        assert desk.asked == []


async def test_a_pin_is_digits_and_cannot_be_copied():
    async with console(ready()) as desk:
        await desk.press("d", "enter", "q", "a", *PIN, "home", "shift+end", "ctrl+c", "ctrl+x")
        assert desk.app.clipboard == ""
        await desk.press("enter")
        assert desk.feed.pins == [PIN]


async def test_no_message_that_carries_it_says_it():
    async with console(ready()) as desk:
        given = desk.app.screen.pin.Given(i.SignIn(by=NURSE), "sign in", None, PIN)
        assert PIN not in repr(given)


async def test_without_pins_none_is_asked():
    async with console(recovering().gate_opens()) as desk:
        await desk.press("d", "enter")
        assert desk.feed.pins == [""]


async def test_what_takes_no_pin_is_not_asked_for_one():
    async with console(with_pins(infusing())) as desk:
        await desk.press("o", "n", "1")
        assert desk.feed.pins == [""]


def test_emergency_access_leaves_the_signatures():
    chair = Chair(pins=True)
    assert pinned(chair.state) == PINNED
    chair.say(e.EmergencyAccess(by=PHYSICIAN, why="no time"))
    assert pinned(chair.state) == ALWAYS
    assert pinned(Chair().state) == frozenset()
