"""An emergency: one key marks it, letters log what was done, and it is over only on purpose."""

import asyncio

import pytest
from console.chairs import NURSE, PHYSICIAN, PROFILE, infusing
from console.pilot import console
from textual.widgets import Input

from ketamon.console.view.chair import Contact
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.profile import Watch

SIZES = ((160, 48), (120, 36), (80, 24))
ON, OVER = e.EmergencyMarked(on=True, by=NURSE), e.EmergencyMarked(on=False, by=NURSE)


def marked(minutes=0.0):
    chair = infusing(3).say(ON)
    chair.t += minutes * 60
    return chair


async def fed(desk, *bodies):
    """Let the core say so."""
    desk.feed.chair.say(*bodies)
    desk.feed.tick()
    await desk.look()


async def test_one_key_marks_it_at_once_and_the_next_one_is_for_the_rescue_list():
    async with console(infusing(3), (80, 24)) as desk:
        await desk.press("exclamation_mark", "h")
        assert desk.asked == [i.MarkEmergency(by=NURSE), i.Rescue(item="help", by=NURSE)]


async def test_its_function_key_works_while_somebody_types_and_what_was_typed_is_kept():
    async with console(infusing(3)) as desk:
        await desk.press("n", "a", "f2")
        assert desk.asked == [i.MarkEmergency(by=NURSE)]
        await desk.press("escape", "n")
        assert desk.app.focused.value == "a"


async def test_an_exclamation_mark_in_a_note_is_no_emergency():
    async with console(infusing(3)) as desk:
        await desk.press("n", "exclamation_mark")
        assert desk.asked == []
        assert desk.app.focused.value == "!"


async def test_a_second_press_begins_nothing_new_and_opens_the_list():
    async with console(marked()) as desk:
        await desk.press("f2")
        assert desk.asked == []
        assert "rescue" in desk.text()


@pytest.mark.parametrize("size", SIZES)
async def test_the_stopwatch_runs_by_the_cores_clock_with_or_without_a_panel(size):
    async with console(marked(2.5).alarm("SpO2 84 < 88", Priority.HIGH), size) as desk:
        assert "EMERGENCY 2:30" in desk.text().split("\n")[0]
        await desk.press("n")
        desk.feed.chair.t += 61
        desk.feed.tick()
        await desk.look()
        head = desk.text().split("\n")[0]
        assert "EMERGENCY 3:31" in head
        assert "chair 2" in head
        assert "J. D. ··82" in head
        assert "*** SpO2 84 < 88" in desk.text()


def test_without_contact_it_says_since_when():
    view = marked(2).view(contact=Contact(reached=False, why="gone"))
    assert view.header.emergency == "EMERGENCY since 14:11:00"


async def test_o_is_the_rescue_list_until_it_is_over_and_tab_leads_to_the_observations():
    async with console(marked()) as desk:
        await desk.press("o", "c")
        assert desk.asked == [i.Rescue(item="compressions", by=NURSE)]
        await desk.press("tab", "n", "3")
        assert desk.asked[-1] == i.Observe(item="nausea", grade=3, by=NURSE)
        await fed(desk, OVER)
        await desk.press("o", "n", "1")
        assert desk.asked[-1] == i.Observe(item="nausea", grade=1, by=NURSE)


async def test_the_palette_finds_the_observations_too():
    async with console(marked()) as desk:
        await desk.press("ctrl+p")
        await desk.type("observe")
        await desk.press("enter", "n", "2")
        assert desk.asked == [i.Observe(item="nausea", grade=2, by=NURSE)]


async def test_keys_do_not_wait_for_each_other():
    async with console(marked()) as desk:
        desk.feed.held = asyncio.Event()
        await desk.press("o", "h", "p", "h")
        assert [intent.item for intent in desk.asked] == ["help", "pump-stopped", "help"]
        desk.feed.held.set()


async def test_text_is_asked_only_where_the_profile_asks_and_is_kept_until_it_is_saved():
    async with console(marked(), (80, 24)) as desk:
        await desk.press("o", "d", "enter")
        assert desk.asked == []
        assert "what was it" in desk.answer
        await desk.type("atropine 0.5 mg i.v.")
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("enter")
        assert "not done" in desk.answer
        assert desk.app.focused.value == "atropine 0.5 mg i.v."
        await desk.press("enter")
        assert desk.asked[-1] == i.Rescue(item="drug", by=NURSE, text="atropine 0.5 mg i.v.")
        await desk.press("o")
        assert isinstance(desk.app.focused, Input)
        assert desk.app.focused.value == "", "o is now oxygen"


async def test_a_text_waits_for_its_item_and_is_never_anothers():
    async with console(marked()) as desk:
        await desk.press("o", "d")
        await desk.type("atropine")
        await desk.press("escape", "d")
        assert desk.app.focused.value == "atropine"
        await desk.press("escape", "o")
        assert desk.app.focused.value == ""


async def test_enter_twice_logs_a_text_once():
    async with console(marked()) as desk:
        desk.feed.held = asyncio.Event()
        await desk.press("o", "o")
        await desk.type("10 L")
        await desk.press("enter", "enter")
        desk.feed.held.set()
        assert desk.asked == [i.Rescue(item="oxygen", by=NURSE, text="10 L")]


async def test_a_key_that_is_not_on_the_list_says_so():
    async with console(marked()) as desk:
        await desk.press("o", "z")
        assert desk.asked == []
        assert "nothing with the key “z”" in desk.answer


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_is_whole_and_says_when_it_was_done(size):
    chair = marked(1).say(e.RescueDone(item="help", by=NURSE), e.RescueDone(item="oxygen", by=NURSE, text="10 L"))
    chair.t += 60
    chair.say(e.RescueDone(item="oxygen", by=NURSE, text="15 L"))
    async with console(chair, size) as desk:
        await desk.press("o")
        text = desk.text()
        for item in PROFILE.rescue:
            assert item.label.split(",")[0].split("(")[0].strip() in text, item.id
        assert "h 14:12 help called" in text
        assert "o 14:13 2× oxygen" in text


async def test_it_is_over_only_when_the_key_comes_twice():
    async with console(marked()) as desk:
        await desk.press("o", "f4")
        assert desk.asked == []
        assert "again: the emergency is over" in desk.answer
        await desk.press("f4")
        assert desk.asked == [i.MarkEmergency(on=False, by=NURSE)]
        await fed(desk, OVER)
        assert "EMERGENCY" not in desk.text().split("\n")[0]


async def test_two_different_keys_are_not_the_same_key_twice():
    async with console(marked()) as desk:
        await desk.press("E", "b", "E")
        assert desk.asked == []


async def test_what_was_done_can_be_logged_afterwards():
    async with console(marked().say(e.RescueDone(item="help", by=PHYSICIAN), OVER)) as desk:
        await desk.press("r", "m")
        assert desk.asked == [i.Rescue(item="physician", by=NURSE)]


async def test_the_rescue_list_is_not_there_without_an_emergency():
    async with console(infusing(3)) as desk:
        await desk.press("r", "E")
        assert desk.asked == []
        assert "not possible" in desk.answer


def test_a_bolus_stands_at_the_pump_while_its_alarm_does():
    chair = infusing(3)
    said = e.AlarmChanged(
        alarm=f"{Watch.ORDER_BOLUS}:pump", state=e.AlarmState.ACTIVE, priority=Priority.HIGH, technical=False,
        text="pump gave 2.1 mL more than its rate", value=2.1, limit=1.0,
    )  # fmt: skip
    assert chair.say(said).view().pump.notes == ("bolus 2.1 mL",)
