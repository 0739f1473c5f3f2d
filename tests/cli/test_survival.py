"""Processes that are killed: nothing that was answered is lost, and the session goes on."""

import asyncio
import signal
import subprocess
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path

import pytest
from chair.bedside import CHECK_IN, NURSE, checking_in
from cli.processes import WITHIN_S, Console, bench, console, core, kill, record, spawn, until

from ketamon.chair.drives import STILL_S
from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.fold import fold
from ketamon.domain.intents import Note
from ketamon.domain.phases import Phase
from ketamon.follow import SocketFeed
from ketamon.local import socket_path
from ketamon.profiles import load
from ketamon.store.reader import load as load_events
from ketamon.store.verify import verify
from ketamon.stream.reader import StreamReader


class Victim(StrEnum):
    CORE = "core"
    CONSOLE = "console"
    BOTH = "both"


async def notes_until_killed(core: subprocess.Popen, screen: Console, victim: Victim, seed: int) -> list[str]:
    """Ask for one note after the other while processes are killed at a moment of its own; return what was answered."""
    feed = SocketFeed(socket_path("k"), load(None)[0])
    following = asyncio.create_task(feed.run())
    await until(lambda: feed.connected)

    def strike() -> None:
        if victim is not Victim.CONSOLE:
            kill(core)
        if victim is not Victim.CORE:
            screen.kill()

    asyncio.get_running_loop().call_later(0.05 + seed * 0.37 % 0.55, strike)
    answered: list[str] = []
    struck = screen.process if victim is Victim.CONSOLE else core
    number = 0
    while struck.poll() is None:
        number += 1
        if await feed.ask(Note(text=f"{seed}/{number}", by=NURSE)) == "":
            answered.append(f"{seed}/{number}")
    if victim is Victim.CONSOLE:
        assert await feed.ask(Note(text=f"{seed} goes on", by=NURSE)) == "", "the core does not care"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    return answered


async def survive(private: Path, kills: int) -> None:
    """Kill core, console and both in turn."""
    with bench(private) as devices:
        process, screen = await core(*devices), await console()
        answered: list[str] = []
        victims = list(islice(cycle(Victim), kills))
        for seed, victim in enumerate(victims):
            answered += await notes_until_killed(process, screen, victim, seed)
            if victim is not Victim.CONSOLE:
                written = load_events(record())
                assert {v.body.text for v in written if isinstance(v.body, e.Noted)} >= set(answered)
                assert verify(record()) == []
                process = await core("--resume")
            if victim is not Victim.CORE:
                screen = await console()
        assert len(answered) > kills
        screen.kill()
        process.terminate()
        process.communicate()
    events = load_events(record())
    assert sum(isinstance(v.body, e.SessionResumed) for v in events) == kills - victims.count(Victim.CONSOLE)
    assert fold(events).seq == len(events)
    with StreamReader(record().with_suffix(".kstream")) as stream:
        assert sum(1 for _ in stream) > 0


async def test_killed_cores_and_consoles_lose_no_answered_note(private):
    await survive(private, 5)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
async def test_a_thousand_kills_lose_no_answered_note(private, part):
    """In ten sessions of a hundred kills: each is read and checked whole after each kill."""
    await survive(private, 100)


async def test_a_session_goes_on_after_its_core_was_killed(private):
    with bench(private) as devices:
        process = await core(*devices)
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected)
        for intent in checking_in(feed.profile):
            assert await feed.ask(intent) == ""
        kill(process)
        await until(lambda: not feed.connected)
        process = await core("--resume")
        await until(lambda: feed.connected)
        assert feed.state.phase is Phase.BASELINE
        assert feed.state.patient == CHECK_IN.patient
        await until(lambda: all(d.link is Link.LIVE for d in feed.state.devices.values()))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        process.terminate()
        assert process.wait(WITHIN_S) == 0
        process.communicate()


async def test_a_core_that_was_held_up_tells_how_long_nothing_was_seen(private):
    with bench(private) as devices:
        process = await core(*devices)
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected and feed.state.devices["monitor"].link is Link.LIVE)
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(STILL_S + 0.5)
        process.send_signal(signal.SIGCONT)
        await until(lambda: any(isinstance(v.body, e.StoodStill) for v in feed.state.log))
        (still,) = [v.body for v in feed.state.log if isinstance(v.body, e.StoodStill)]
        assert still.why == "the core was held up"
        assert STILL_S < still.gap_s < STILL_S + 5
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        process.terminate()
        process.communicate()


async def test_a_second_core_is_refused_with_who_holds_the_chair_and_the_port(private):
    with bench(private) as devices:
        process = await core(*devices)
        who = f"by process {process.pid} ("
        for chair, held in (("k", f"chair k is run {who}"), ("j", f"monitor is used {who}")):
            other = spawn("core", "--chair", chair, *devices)
            _, said = other.communicate(timeout=WITHIN_S)
            assert other.returncode == 3
            assert held in said.decode()
        kill(process)
        process = await core("--resume")
        process.terminate()
        process.communicate()


async def test_an_unplugged_monitor_is_told_and_comes_back(private):
    with bench(private) as devices:
        process = await core(*devices)
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected and feed.state.devices["monitor"].link is Link.LIVE)
    await until(lambda: feed.state.devices["monitor"].link is Link.CLOSED)
    assert feed.state.devices["monitor"].why
    assert not feed.state.samples or all(key[0].startswith("nibp") for key in feed.state.samples)
    with bench(private):
        await until(lambda: feed.state.devices["monitor"].link is Link.LIVE)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        process.terminate()
        process.communicate()
