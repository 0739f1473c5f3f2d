"""Keys at a chair and what they send: entries, check-in, gate and discharge; what is refused stays to be mended."""

import asyncio

import pytest
from console.chairs import NURSE, PHYSICIAN, PROFILE, Chair, infusing, recovering
from console.pilot import console
from textual.widgets import Input

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Trigger


async def test_three_keys_log_an_observation():
    async with console(infusing()) as desk:
        await desk.press("o", "n", "1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE)]
        assert desk.answer == "saved 14:32:00  nausea, mild"
        assert desk.app.screen.log_list.display


async def test_keys_that_come_in_one_go_reach_the_entry_they_open():
    async with console(infusing()) as desk:
        await desk.burst(*"on1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE)]
        await desk.burst("o", "F", "1", *"saline", "enter")
        assert desk.asked[-1] == i.Observe(item="fluid", grade=1, by=NURSE, text="saline")


async def test_nothing_is_called_saved_before_the_core_says_so():
    async with console(infusing()) as desk:
        desk.feed.held = asyncio.Event()
        await desk.press("o", "n", "1")
        assert "saved" not in desk.answer
        assert "asking the core" in desk.answer
        await desk.press("1")
        assert len(desk.asked) == 1
        held, desk.feed.held = desk.feed.held, None
        held.set()
        await desk.settle()
        assert desk.answer.startswith("saved")


async def test_a_refusal_is_said_in_words_and_the_entry_stays():
    async with console(infusing()) as desk:
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("o", "n", "2")
        assert desk.answer == "not done: the record cannot be written: disk full"
        assert "observe ▸ nausea" in desk.text()
        await desk.press("2")
        assert desk.answer.startswith("saved")


async def test_escape_backs_out_one_step_at_a_time():
    async with console(infusing()) as desk:
        await desk.press("o", "R", "1")
        await desk.type("ondansetron 4 mg iv")
        await desk.press("escape")
        assert "observe ▸ rescue drug" in desk.text()
        await desk.press("1", "enter")
        assert desk.asked == [i.Observe(item="rescue-drug", grade=1, by=NURSE, text="ondansetron 4 mg iv")]
        await desk.press("o", "n", "escape", "escape")
        assert not desk.app.screen.has_class("-entry")
        assert len(desk.asked) == 1


async def test_a_text_that_is_asked_for_must_be_there():
    async with console(infusing()) as desk:
        await desk.press("o", "R", "1", "enter")
        assert desk.asked == []
        assert "missing" in desk.answer


async def test_an_unknown_key_in_the_entry_says_so_and_does_nothing_else():
    async with console(infusing()) as desk:
        await desk.press("o", "Z", "n", "9")
        assert desk.asked == []
        assert "nausea has no grade with the key “9”" in desk.answer


async def test_a_total_is_typed_as_a_number_within_its_range():
    async with console(infusing()) as desk:
        await desk.press("o", "Q")
        assert "observe ▸ PHQ-9" in desk.text()
        assert "a whole number, 0 to 27, then enter" in desk.text()
        for wrong in ("28", "", "1.5", "²"):
            await desk.type(wrong)
            await desk.press("enter")
            assert desk.asked == []
            assert f"PHQ-9 is a whole number, 0 to 27, not “{wrong}”" in desk.answer
            await desk.press(*["backspace"] * len(wrong))
        await desk.type("15")
        await desk.press("enter")
        assert desk.asked == [i.Observe(item="phq9", grade=15, by=NURSE)]
        assert desk.answer == "saved 14:32:00  PHQ-9 15"


async def test_a_number_typed_for_one_total_is_not_kept_for_another():
    async with console(infusing()) as desk:
        await desk.press("o", "Q")
        await desk.type("15")
        await desk.press("escape", "7", "9", "enter")
        assert desk.asked == [i.Observe(item="gad7", grade=9, by=NURSE)]


async def test_a_total_that_the_core_refuses_can_be_typed_anew():
    async with console(infusing()) as desk:
        desk.feed.answers.append("the record cannot be written: disk full")
        await desk.press("o", "A", "9", "enter")
        assert "not done" in desk.answer
        await desk.press("enter")
        assert desk.asked[-1] == i.Observe(item="aldrete", grade=9, by=NURSE)
        assert desk.answer.startswith("saved")


async def test_a_total_comes_in_one_go_too():
    async with console(infusing()) as desk:
        await desk.burst(*"oA10", "enter")
        assert desk.asked == [i.Observe(item="aldrete", grade=10, by=NURSE)]


async def test_an_observation_can_be_set_back_with_a_reason():
    async with console(infusing()) as desk:
        await desk.press("o", "@")
        await desk.type("5")
        await desk.press("enter")
        assert "minutes and the reason" in desk.answer
        await desk.type(" was away")
        await desk.press("enter", "n", "1")
        assert desk.asked == [i.Observe(item="nausea", grade=1, by=NURSE, minutes_ago=5.0, why_then="was away")]


async def test_enter_on_a_due_item_opens_its_grades():
    async with console(infusing()) as desk:
        assert desk.app.screen.due.chosen == "headache"
        await desk.press("down", "enter", "1")
        assert desk.asked == [i.Observe(item="dizziness", grade=1, by=NURSE)]


async def test_enter_on_a_due_value_opens_its_field():
    async with console(infusing()) as desk:
        await desk.press("down", "down", "down", "enter")
        assert isinstance(desk.app.focused, Input)
        assert desk.app.focused.id == "nibp"


async def test_a_due_item_is_left_out_with_a_reason():
    async with console(infusing()) as desk:
        await desk.press("s", "enter")
        assert desk.asked == []
        await desk.type("asleep")
        await desk.press("enter")
        assert desk.asked == [i.SkipDue(item="headache", because="asleep", by=NURSE)]


async def test_a_note_is_kept_until_it_is_saved_or_thrown_away():
    async with console(infusing()) as desk:
        await desk.press("n")
        await desk.type("asks q")
        await desk.press("escape", "n")
        await desk.press("question_mark")
        desk.feed.answers.append("no")
        await desk.press("enter")
        assert desk.app.focused.value == "asks q?"
        await desk.press("enter")
        assert desk.asked[-1] == i.Note(text="asks q?", by=NURSE)
        await desk.press("n")
        assert desk.app.focused.value == ""
        await desk.type("wrong")
        await desk.press("ctrl+t")
        assert desk.app.focused.value == ""


async def test_a_manual_pressure_is_sent_as_readings():
    async with console(infusing()) as desk:
        await desk.press("v")
        await desk.type("138/92")
        assert "enter saves SYS 138, DIA 92" in desk.text()
        await desk.press("enter")
        (intent,) = desk.asked
        assert [(r.parameter, r.value) for r in intent.readings] == [
            (Parameter.NIBP_SYS, 138.0),
            (Parameter.NIBP_DIA, 92.0),
        ]


async def test_a_wrong_value_is_not_sent():
    async with console(infusing()) as desk:
        await desk.press("v")
        await desk.type("92/138")
        await desk.press("enter")
        assert desk.asked == []
        assert "systolic comes first" in desk.answer


async def test_acknowledge_and_pause_work_also_while_an_entry_is_open():
    async with console(infusing().alarm("SpO2 84 < 88", Priority.HIGH)) as desk:
        await desk.press("a", "n")
        await desk.press("a", "p", "o", "f8", "f9")
        assert [type(x) for x in desk.asked] == [i.Acknowledge, i.Acknowledge, i.PauseAudio]
        assert desk.app.focused.value == "apo"


async def test_pausing_again_ends_the_pause():
    async with console(infusing()) as desk:
        await desk.press("p")
        desk.feed.chair.say(*(_pause(),))
        desk.feed.tick()
        await desk.look()
        await desk.press("p")
        assert [x.on for x in desk.asked] == [True, False]


def _pause():
    from ketamon.domain.events import AudioPaused

    return AudioPaused(seconds=120.0, by=NURSE)


async def test_undo_sends_a_correction_for_what_was_shown():
    async with console(infusing()) as desk:
        last = max(desk.feed.state.observations)
        await desk.press("u")
        desk.feed.chair.observe("pain", 3)
        desk.feed.tick()
        await desk.look()
        await desk.press("enter")
        assert desk.asked == [i.Correct(corrects=last, grade=None, why="entered by mistake", by=NURSE)]


async def test_the_next_step_is_chosen_by_number_and_a_stop_asks_why():
    async with console(infusing()) as desk:
        await desk.press("x", "1")
        assert desk.asked == [i.Advance(trigger=Trigger.PAUSE, by=NURSE)]
        await desk.press("x", "3", "enter")
        assert len(desk.asked) == 1
        await desk.type("panic")
        await desk.press("enter")
        assert desk.asked[-1] == i.Advance(trigger=Trigger.STOP, by=NURSE, why="panic")


async def test_check_in_shows_the_arithmetic_and_keeps_what_was_typed():
    async with console(Chair().devices()) as desk:
        await desk.press("c")
        for text in ("J. D.", "1984-82"):
            await desk.type(text)
            await desk.press("enter")
        desk.app.screen.query_one(".panel").fill(
            {"weight": "72", "method": "scale", "indication": "ptsd", "dose": "0.5", "concentration": "1"}
        )
        await desk.pilot.pause()
        assert "0.5 mg/kg × 72 kg = 36 mg" in desk.text()
        assert "36 mL in 40 min = 54 mL/h" in desk.text()
        assert "a second person checks this order next" in desk.text()
        await desk.press("escape", "c")
        desk.app.screen.query_one("#concentration", Input).focus()
        await desk.press("enter")
        (intent,) = desk.asked
        assert (intent.dose_mg_per_kg, intent.minutes, intent.concentration_mg_per_ml) == (0.5, 40.0, 1.0)
        assert intent.patient.weight_kg == 72.0
        assert intent.by == NURSE


async def test_check_in_refuses_a_dose_out_of_bounds_before_asking():
    async with console(Chair().devices()) as desk:
        await desk.press("c")
        form = desk.app.screen.query_one(".panel")
        form.fill(
            {
                "label": "J. D.",
                "identifier": "82",
                "weight": "72",
                "method": "scale",
                "indication": "ptsd",
                "dose": "50",
                "concentration": "1",
            }
        )
        form.save()
        await desk.pilot.pause()
        assert desk.asked == []
        assert "outside 0.1 to 1 mg/kg" in desk.answer


async def test_the_gate_lists_and_confirms():
    async with console(recovering(), (160, 48)) as desk:
        await desk.press("g")
        text = desk.text()
        assert "gate: closed" in text
        assert text.index("UNMET time since the infusion") < text.index("met   SpO2")
        await desk.press("enter")
        assert desk.asked == [i.Confirm(item="oriented", met=True, by=NURSE)]
        assert "gate: closed" in desk.text()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_facts_are_confirmed_in_a_row_one_key_each(size):
    async with console(recovering(), size) as desk:
        await desk.press("g")
        for fact in ("oriented", "iv-out", "escort", "instructions"):
            label = next(c.label for c in PROFILE.criterion if fact in {c.id, c.item})
            assert f"›UNMET {label}" in desk.text()
            await desk.press("enter")
            assert desk.asked[-1] == i.Confirm(item=fact, met=True, by=NURSE)
            desk.feed.chair.say(e.Confirmed(item=fact, met=True, by=NURSE)).gate()
            desk.feed.tick()
            await desk.look()
        await desk.press("escape", "g")
        assert len(desk.asked) == 4


async def test_a_criterion_that_is_judged_cannot_be_confirmed():
    async with console(recovering()) as desk:
        await desk.press("g", "up", "enter")
        assert desk.asked == []
        assert "is judged from values" in desk.answer


async def test_two_people_sign_and_the_patient_leaves():
    async with console(recovering().gate_opens()) as desk:
        chair = desk.feed.chair
        await desk.press("d", "enter")
        assert desk.asked == [i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)]
        chair.say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="h"))
        desk.feed.tick()
        await desk.look()
        await desk.press("enter")
        assert "name and role" in desk.answer
        await desk.type("Chen physician")
        await desk.press("enter")
        assert desk.asked[-1] == i.Sign(meaning=Meaning.DISCHARGE, by=PHYSICIAN)
        chair.say(e.Signed(meaning=Meaning.DISCHARGE, by=PHYSICIAN, covers="h"))
        chair.say(e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=e.Phase.READY, by=PHYSICIAN))
        desk.feed.tick()
        await desk.look()
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked[-1] == i.Advance(trigger=Trigger.LEAVE, by=NURSE)
