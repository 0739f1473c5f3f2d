"""What was entered last is taken back for ten seconds by one key: one's own entry, and both stay in the record."""

import asyncio

import pytest
from console.chairs import NURSE, PHYSICIAN, infusing, recovering
from console.pilot import console

from ketamon.console.actions.undoing import AT_ONCE, AtOnce
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Person, Role


class Answering:
    """Makes of what is asked the events a core would make."""

    def __init__(self, desk):
        self.feed, self.plain = desk.feed, desk.feed.ask
        self.beside = []
        desk.feed.ask = self.ask

    async def ask(self, intent, pin=""):
        refused = await self.plain(intent, pin)
        if not refused:
            self.feed.chair.say(*self.beside, *_bodies(intent))
            self.feed.tick()
        return refused


def _bodies(intent):
    match intent:
        case i.Observe():
            return [e.Observed(item=intent.item, grade=intent.grade, by=intent.by)]
        case i.Note():
            return [e.Noted(text=intent.text, by=intent.by)]
        case i.SkipDue():
            return [e.NotDone(item=intent.item, because=intent.because, by=intent.by)]
        case i.Confirm():
            return [e.Confirmed(item=intent.item, met=intent.met, by=intent.by, text=intent.text)]
        case i.Withdraw():
            return [e.Withdrawn(withdraws=intent.withdraws, why=intent.why, by=intent.by)]
        case i.Correct():
            return [e.ObservationCorrected(corrects=intent.corrects, grade=intent.grade, why=intent.why, by=intent.by)]
    return []


def newest(desk):
    return desk.feed.state.log[-1].seq


async def observed(desk):
    await desk.press("o", "n", "1")
    return i.Correct(corrects=newest(desk), grade=None, why=AT_ONCE, by=NURSE)


async def noted(desk):
    await desk.press("n", *"sleeps", "enter")
    return i.Withdraw(withdraws=newest(desk), why=AT_ONCE, by=NURSE)


async def skipped(desk):
    await desk.press("s", *"asleep", "enter")
    return i.Withdraw(withdraws=newest(desk), why=AT_ONCE, by=NURSE)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("entered", [observed, noted, skipped])
async def test_u_takes_back_exactly_what_was_just_entered(entered, size):
    async with console(infusing(), size) as desk:
        Answering(desk)
        back = await entered(desk)
        assert desk.answer.startswith("saved")
        assert desk.answer.endswith("u takes it back (10 s)")
        await desk.press("u")
        assert desk.asked[1:] == [back]
        assert desk.answer.startswith("saved")
        assert "taken back: " in desk.answer
        assert "takes it back" not in desk.answer


async def test_a_confirmation_is_taken_back_at_the_open_gate():
    async with console(recovering()) as desk:
        Answering(desk)
        await desk.press("g", "enter")
        (confirm,) = desk.asked
        await desk.press("u")
        assert desk.asked[1:] == [i.Confirm(item=confirm.item, met=False, by=NURSE, text=AT_ONCE)]


async def test_the_seconds_are_counted_and_then_the_form_asks():
    async with console(infusing()) as desk:
        Answering(desk)
        await observed(desk)
        desk.clock.now += 7.5
        desk.app.screen.count_down()
        assert desk.answer.endswith("u takes it back (3 s)")
        desk.clock.now += 2.5
        desk.app.screen.count_down()
        assert "takes it back" not in desk.answer
        await desk.press("u")
        assert len(desk.asked) == 1
        assert "take back: nausea, mild" in desk.text()
        await desk.press("enter")
        assert desk.asked[1:] == [i.Correct(corrects=newest(desk) - 1, grade=None, why="entered by mistake", by=NURSE)]


async def test_it_is_done_once_and_the_next_u_asks():
    async with console(infusing()) as desk:
        Answering(desk)
        await observed(desk)
        await desk.press("u", "u")
        assert len(desk.asked) == 2
        assert desk.app.screen.has_class("-entry")


async def test_while_the_core_has_not_answered_nothing_is_taken_back():
    async with console(infusing()) as desk:
        desk.feed.held = asyncio.Event()
        await desk.press("o", "n", "1", "escape", "escape", "escape", "u")
        assert "not saved yet" in desk.answer
        assert len(desk.asked) == 1
        assert not desk.app.screen.has_class("-entry")
        desk.feed.held.set()


async def test_what_cannot_be_told_from_another_consoles_entry_is_not_offered():
    async with console(infusing()) as desk:
        Answering(desk).beside.append(e.Observed(item="nausea", grade=1, by=NURSE))
        await observed(desk)
        assert "takes it back" not in desk.answer
        await desk.press("u")
        assert len(desk.asked) == 1


async def test_what_somebody_else_entered_meanwhile_stays():
    async with console(infusing()) as desk:
        Answering(desk)
        back = await observed(desk)
        desk.feed.chair.observe("nausea", 2).say(e.Observed(item="nausea", grade=3, by=PHYSICIAN))
        desk.feed.tick()
        await desk.look()
        await desk.press("u")
        assert desk.asked[1:] == [back]


async def test_what_was_confirmed_anew_elsewhere_is_not_turned_round():
    async with console(recovering()) as desk:
        Answering(desk)
        await desk.press("g", "enter", "escape")
        (confirm,) = desk.asked
        desk.feed.chair.say(e.Confirmed(item=confirm.item, met=True, by=PHYSICIAN))
        desk.feed.tick()
        await desk.look()
        await desk.press("u")
        assert desk.asked == [confirm]


async def test_anything_else_that_is_saved_ends_the_offer():
    async with console(infusing()) as desk:
        Answering(desk)
        await observed(desk)
        await desk.press("p")
        assert "takes" not in desk.answer
        await desk.press("u")
        assert len(desk.asked) == 2
        assert desk.app.screen.has_class("-entry")


async def test_a_refusal_or_a_hint_names_what_would_be_taken_back():
    async with console(infusing()) as desk:
        Answering(desk)
        await observed(desk)
        await desk.press("d")
        assert desk.answer.startswith("not done")
        desk.app.screen.count_down()
        assert desk.answer.endswith("u takes “nausea, mild” back (10 s)")


async def test_whoever_comes_next_takes_back_nothing_of_the_one_before():
    async with console(infusing()) as desk:
        Answering(desk)
        await observed(desk)
        desk.app.screen.hand_over(Person("CD", Role.NURSE))
        desk.app.screen.count_down()
        assert "takes" not in desk.answer
        await desk.press("u")
        assert len(desk.asked) == 1


def test_what_is_refused_is_never_offered():
    at_once = AtOnce(lambda: 0.0)
    intent = i.Note(text="x", by=NURSE)
    at_once.asked(intent)
    assert at_once.waits
    at_once.answered(intent, "note", infusing(1).view(), 0, refused=True)
    assert not at_once.waits
    assert at_once.offer() is None
