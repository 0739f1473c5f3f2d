"""What the core makes of consoles that sound, fail, or are gone: an event, and a technical alarm."""

import asyncio
from contextlib import suppress

import pytest
from chair.test_core import rehearsal, running, until
from rules.clinic import in_infusion

from ketamon.domain import events as e
from ketamon.domain.intents import ReportSound
from ketamon.domain.phases import Phase
from ketamon.follow import SocketFeed
from ketamon.local import socket_path
from ketamon.profiles import load, loads

WORKS = ReportSound(console="desk", working=True)
BROKEN = ReportSound(console="desk", working=False, why="no sound at desk: paplay: no device")
GONE = e.SoundChanged(console="desk", working=False, why="nothing sounds the alarms: desk is gone")


async def test_a_console_that_sounded_and_is_gone_is_missed(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        desk = SocketFeed(socket_path("t"), load(None)[0])
        following = asyncio.create_task(desk.run())
        await until(desk, lambda: desk.connected)
        assert await desk.ask(WORKS) == ""
        await until(feed, lambda: feed.state.sound == e.SoundChanged(console="desk", working=True))
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await until(feed, lambda: feed.state.sound == GONE)
        await until(feed, lambda: "sound" in feed.state.alarms)
        assert feed.state.alarms["sound"].change.technical


async def test_a_console_that_another_one_stands_in_for_is_not_missed(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        assert await feed.ask(WORKS) == ""
        core.engine.intend(ReportSound(console="other", working=True), core.clock.now())
        core._on_mute("desk")
        assert core.engine.state.sound.console == "other"
        phase, core.engine.state.phase = core.engine.state.phase, Phase.DISCHARGED
        core._on_mute("other")
        assert core.engine.state.sound.working is True, "after the end nobody needs to be heard"
        core.engine.state.phase = phase
        core._on_mute("other")
        assert core.engine.state.sound.working is False
        before = core.engine.state.seq
        core._on_mute("other")
        assert core.engine.state.seq == before, "it is told once"


def sound(clinic, intent):
    return clinic.say(e.SoundChanged(console=intent.console, working=intent.working, why=intent.why))


def found(clinic):
    return {name: change for name, change in clinic.standing().items() if name.startswith("sound")}


def test_no_sound_is_an_alarm_once_nobody_has_taken_over():
    clinic = in_infusion()
    clinic.wait(1)
    assert found(clinic) == {}
    sound(clinic, BROKEN).wait(2)
    assert found(clinic) == {}
    clinic.wait(2)
    assert found(clinic) == {"sound": ("active", "medium", BROKEN.why)}
    sound(clinic, WORKS).wait(1)
    assert found(clinic) == {}


def test_the_profile_says_how_much_it_matters():
    toml = load(None)[1]
    begin = toml.index('of = "sound-failed"')
    clinic = in_infusion()
    clinic.profile = loads(toml[:begin] + toml[begin:].replace('"medium"', '"high"', 1), "stricter")
    sound(clinic, BROKEN).wait(5)
    assert found(clinic) == {"sound": ("active", "high", BROKEN.why)}


def test_only_a_bell_is_a_low_one():
    clinic = in_infusion()
    sound(clinic, ReportSound(console="desk", working=True, why="only the bell")).wait(1)
    assert found(clinic) == {"sound:bell": ("active", "low", "only the bell")}


def test_a_core_that_was_down_knows_of_no_sound():
    clinic = in_infusion()
    sound(clinic, WORKS)
    assert clinic.state.sound is not None
    clinic.say(e.SessionResumed(gap_s=60.0, software="test"))
    assert clinic.state.sound is None


@pytest.mark.parametrize("of", ["sound-failed", "sound-by-bell"])
def test_a_profile_from_before_there_was_sound_still_holds_and_has_the_rule(of):
    toml = load(None)[1]
    head, _, tail = toml.partition(f'[[watch]]\nof = "{of}"')
    older = head + tail[tail.index("[[") :]
    profile = loads(older, "older")
    assert of not in {rule.of for rule in profile.watch}
    clinic = in_infusion()
    clinic.profile = profile
    sound(clinic, BROKEN if of == "sound-failed" else ReportSound(console="desk", working=True, why="bell")).wait(5)
    assert len(found(clinic)) == 1
