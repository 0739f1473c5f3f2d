"""The locked screen: no name, all numbers and alarms; and whoever signs in is who acts from then on."""

import pytest
from console.chairs import NURSE, PHYSICIAN, Chair, infusing
from console.pilot import console

from ketamon.console.lock import Lock
from ketamon.console.view.chair import nameless
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.people import Person, Role

IDLE_S = 300.0
PIN = "407291"
LEE = Person("Lee", Role.NURSE)
SIZES = ((160, 48), (120, 36), (80, 24))


def clinic(minutes=3):
    chair = infusing(minutes, pins=True)
    return chair.say(e.Noted(text="J. D. asks for water", by=NURSE)).alarm("SpO2 84 < 88", Priority.HIGH)


async def idle(desk, seconds=IDLE_S):
    desk.clock.now += seconds
    desk.feed.chair.t += seconds
    desk.feed.tick()
    desk.feed.chair.vitals().cuff().pump(infused=10.0)
    desk.feed.tick()
    await desk.look()


def is_locked(desk):
    return desk.app.screen._view.locked


@pytest.mark.parametrize("size", SIZES)
async def test_after_idle_minutes_nobody_is_named_and_numbers_and_alarms_stay(size):
    async with console(clinic(), size) as desk:
        assert "J. D." in desk.text()
        await idle(desk, IDLE_S - 1)
        assert not is_locked(desk)
        await idle(desk, 1)
        text = desk.text()
        assert "LOCKED" in text.split("\n")[0]
        assert "J. D." not in text
        assert "··82" not in text
        for words in ("*** SpO2 84 < 88", "54.0 mL/h", "10.0 of 36.0 mg", "chair 2", "infusion"):
            assert words in text, words
        assert all(tile.has_class("-fresh") for tile in desk.app.screen.query("Tile"))


async def test_a_key_keeps_it_open_and_one_that_comes_too_late_meets_the_lock():
    async with console(clinic()) as desk:
        await idle(desk, IDLE_S - 1)
        await desk.press("down")
        await idle(desk, IDLE_S - 1)
        assert not is_locked(desk)
        desk.clock.now += 1
        await desk.press("o", "n", "1")
        assert is_locked(desk)
        assert desk.asked == []


async def test_without_pins_it_never_locks():
    async with console(infusing(3)) as desk:
        await idle(desk, 10 * IDLE_S)
        await desk.press("L", "i", "G")
        assert not is_locked(desk)
        assert "where nobody has a PIN" in desk.answer


async def test_a_locked_screen_acknowledges_pauses_and_marks_an_emergency_and_nothing_else():
    async with console(clinic()) as desk:
        await desk.press("L")
        assert is_locked(desk)
        for key in ("o", "n", "v", "x", "d", "b", "u", "w", "l", "t", "q", "ctrl+p", "c", "g"):
            await desk.press(key)
            assert desk.asked == []
            assert desk.app.screen._panels["sign_in"].display, key
            assert desk.app.is_running
            await desk.press("escape")
        await desk.press("a", "p", "exclamation_mark", "h")
        assert [type(intent) for intent in desk.asked] == [i.Acknowledge, i.PauseAudio, i.MarkEmergency, i.Rescue]


async def test_the_key_bar_offers_only_what_a_locked_screen_does():
    async with console(clinic(), (160, 48)) as desk:
        await desk.press("L")
        bar = desk.app.screen.key_bar.said
        assert "sign in" in bar
        assert "observe" not in bar


async def test_locking_puts_an_open_entry_away_and_keeps_what_was_typed():
    async with console(clinic()) as desk:
        await desk.press("n")
        await desk.type("J. D. says")
        await idle(desk)
        assert "J. D." not in desk.text()
        await signs_in(desk)
        await desk.press("n")
        assert desk.app.focused.value == "J. D. says"


async def test_locking_forgets_half_a_pin():
    async with console(clinic()) as desk:
        await desk.press("i", "enter", *PIN)
        await idle(desk)
        assert not desk.app.screen.pin.display
        assert desk.feed.pins == []


async def signs_in(desk, who=""):
    await desk.press("i")
    if who:
        await desk.press("ctrl+t")
        await desk.type(who)
    await desk.press("enter", *PIN, "enter")


async def test_who_signs_in_is_who_acts():
    async with console(clinic()) as desk:
        await desk.press("n", "escape", "L", "o")
        assert "sign in first" in desk.answer
        await desk.press("ctrl+t")
        await desk.type("Lee nurse")
        await desk.press("enter", *PIN, "enter")
        assert desk.asked == [i.SignIn(by=LEE)]
        assert desk.feed.pins == [PIN]
        assert not is_locked(desk)
        assert "J. D." in desk.text()
        assert "nurse Lee" in desk.text().split("\n")[0]
        await desk.press("o", "n", "1", "n")
        await desk.type("well")
        await desk.press("enter", "a")
        assert [intent.by for intent in desk.asked] == [LEE] * 4


async def test_a_wrong_pin_opens_nothing():
    async with console(clinic()) as desk:
        await desk.press("L")
        desk.feed.answers.append("wrong PIN; 4 more before it is locked")
        await signs_in(desk)
        assert is_locked(desk)
        assert "wrong PIN" in desk.answer
        assert "J. D." not in desk.text()


async def test_the_last_one_is_offered():
    async with console(clinic()) as desk:
        await signs_in(desk, "Lee nurse")
        await desk.press("L")
        await signs_in(desk)
        assert desk.asked == [i.SignIn(by=LEE)] * 2


async def test_glass_takes_a_name_and_a_reason_and_no_pin():
    async with console(clinic()) as desk:
        await desk.press("L", "G")
        await desk.type("Chen physician")
        await desk.press("enter", "enter")
        assert desk.asked == []
        await desk.type("PIN forgotten")
        await desk.press("enter")
        assert desk.asked == [i.BreakGlass(by=PHYSICIAN, why="PIN forgotten")]
        assert desk.feed.pins == [""]
        assert not is_locked(desk)
        await desk.press("n")
        await desk.type("now")
        await desk.press("enter")
        assert desk.asked[-1].by == PHYSICIAN


async def test_in_an_emergency_it_does_not_lock_by_itself():
    async with console(clinic().say(e.EmergencyMarked(on=True, by=NURSE))) as desk:
        await idle(desk, 10 * IDLE_S)
        assert not is_locked(desk)
        desk.feed.chair.say(e.EmergencyMarked(on=False, by=NURSE))
        await idle(desk, IDLE_S)
        assert is_locked(desk)


async def test_a_lost_core_does_not_unlock():
    async with console(clinic()) as desk:
        await desk.press("L")
        desk.feed.connected, desk.feed.why = False, "gone"
        await desk.look()
        assert is_locked(desk)
        await desk.press("o")
        assert "without contact" in desk.answer
        assert "J. D." not in desk.text()


async def test_somebody_else_signing_in_elsewhere_unlocks_nothing_here():
    async with console(clinic()) as desk:
        await desk.press("L")
        desk.feed.chair.say(e.SignedIn(by=LEE))
        desk.feed.tick()
        await desk.look()
        assert is_locked(desk)


def test_before_the_core_was_heard_nothing_is_locked():
    chair = Chair(pins=True)
    lock = Lock(0.0)
    profile = infusing(0).view().profile
    assert not lock.look([(type(chair.state)(), profile)], 10_000.0)
    assert not lock.look([(chair.state, profile)], 10_000.0), "the idle time begins now"


def test_behind_a_start_screen_without_a_sign_in_a_console_begins_locked_where_there_are_pins():
    profile = infusing(0).view().profile
    for pins in (True, False):
        lock, chair = Lock(0.0, closed=True), Chair(pins=pins)
        assert lock.look([(type(chair.state)(), profile)], 1.0), "nobody is named before it is known"
        assert lock.look([(chair.state, profile)], 2.0) is pins
    lock.open(3.0)
    assert not lock.look([(Chair(pins=True).state, profile)], 4.0)


async def test_a_console_that_begins_locked_names_nobody_until_somebody_signs_in():
    async with console(clinic(), locked=True) as desk:
        assert is_locked(desk)
        assert "J. D." not in desk.text()
        await desk.press("i")
        await desk.press("enter")
        await desk.type(PIN)
        await desk.press("enter")
        await desk.look()
        assert not is_locked(desk)
        assert "J. D." in desk.text()


def test_the_log_of_a_locked_screen_is_its_alarms():
    view = nameless(clinic().view())
    assert {line.kind for line in view.log} == {"alarm-changed"}
    assert view.alarms == clinic().view().alarms
