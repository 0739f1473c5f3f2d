"""A closed gate: two people let the patient go all the same, with a reason, and everything unmet in sight."""

import pytest
from console.chairs import NURSE, PHYSICIAN, recovering
from console.pilot import console

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase, Trigger

SIZES = ((160, 48), (120, 36), (80, 24))
FIRST = e.Signed(meaning=Meaning.OVERRIDE, by=PHYSICIAN, covers="h", why="a nurse goes home with him")
SECOND = e.Signed(meaning=Meaning.OVERRIDE_SECOND, by=NURSE, covers="h")
READY = e.PhaseChanged(trigger=Trigger.OVERRIDE, phase=Phase.READY, by=NURSE)


async def fed(desk, *bodies):
    desk.feed.chair.say(*bodies)
    desk.feed.tick()
    await desk.look()


async def test_enter_alone_overrides_nothing():
    async with console(recovering()) as desk:
        await desk.press("d", "enter", "enter")
        assert desk.asked == []
        await desk.press("escape", "d")
        await desk.type("Chen physician")
        await desk.press("enter", "enter")
        assert desk.asked == []
        assert "the gate is closed: the reason why the patient leaves all the same is missing" in desk.answer


async def test_a_physician_overrides_with_a_reason_and_a_second_person_signs_too():
    async with console(recovering(), (80, 24)) as desk:
        await desk.press("d")
        await desk.type("Chen physician")
        await desk.press("enter")
        await desk.type("a nurse goes home with him")
        await desk.press("enter")
        assert desk.asked == [i.Sign(meaning=Meaning.OVERRIDE, by=PHYSICIAN, why="a nurse goes home with him")]
        await fed(desk, FIRST)
        assert "[x] override signed    physician Chen" in desk.text()
        assert "because" not in desk.text()
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked[-1] == i.Sign(meaning=Meaning.OVERRIDE_SECOND, by=NURSE)
        await fed(desk, SECOND, READY)
        assert "[x] override seconded  nurse AB" in desk.text()
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked[-1] == i.Advance(trigger=Trigger.LEAVE, by=NURSE)


async def test_who_may_not_sign_is_told_so_before_anything_is_asked():
    async with console(recovering()) as desk:
        await desk.press("d")
        await desk.type("AB nurse")
        await desk.press("enter")
        await desk.type("in a hurry")
        await desk.press("enter")
        assert desk.asked == []
        assert "signed by a physician, not by a nurse" in desk.answer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("said", [(), (FIRST,)])
async def test_everything_unmet_can_be_read_beside_the_signature(size, said):
    async with console(recovering().say(*said), size) as desk:
        await desk.press("d")
        unmet = [line.label for line in desk.app.screen._view.gate.lines if not line.met]
        assert f"closed, {len(unmet)} of" in desk.text()
        seen = _read(desk)
        await desk.press("pagedown", "pagedown")
        seen += _read(desk)
        for label in unmet:
            assert label.replace(" ", "") in seen, label


def _read(desk):
    """The words of the panel as a person reads them, over the line breaks."""
    region = desk.app.screen._panels["discharge"].region
    lines = desk.text().split("\n")[region.y + 1 : region.bottom - 1]
    return "".join(line[region.x + 1 : region.right - 1].translate(_NOTHING) for line in lines)


_NOTHING = dict.fromkeys(map(ord, " ▁▂▃▄▅▆▇█"))
"""Blanks, and the scrollbar."""


async def test_a_gate_that_opens_meanwhile_is_signed_and_not_overridden():
    async with console(recovering().say(FIRST)) as desk:
        await desk.press("d")
        desk.feed.chair.gate_opens()
        desk.feed.tick()
        await desk.look()
        assert "enter: sign the assessment" in desk.text()
        await desk.type("AB nurse")
        await desk.press("enter")
        assert desk.asked == [i.Sign(meaning=Meaning.ASSESSMENT, by=NURSE)]


async def test_an_assessment_is_lost_when_the_gate_closes_and_the_screen_says_so():
    chair = recovering().gate_opens().say(e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="h"))
    async with console(chair) as desk:
        await desk.press("d")
        assert "[x] assessment signed  nurse AB" in desk.text()
        chair.t += 5
        chair.vitals().gate().gate_opens()
        desk.feed.tick()
        await desk.look()
        assert "[ ] assessment signed  --" in desk.text()


async def test_what_was_typed_stays_after_a_refusal():
    async with console(recovering()) as desk:
        desk.feed.answers.append("wrong PIN; 4 more before it is locked")
        await desk.press("d")
        await desk.type("Chen physician")
        await desk.press("enter")
        await desk.type("goes home with a nurse")
        await desk.press("enter")
        assert "wrong PIN" in desk.answer
        assert desk.app.focused.value == "goes home with a nurse"
