"""Slow lines, terminals that stop reading, and consoles that die: nobody is misled, and nothing stands still."""

import asyncio
import re
import signal
import sys
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime

import pytest
from chair.bedside import NURSE, checking_in
from cli.processes import WITHIN_S, bench, core, until
from cli.pseudo import Terminal

from ketamon.domain.devices import Link
from ketamon.domain.intents import Note
from ketamon.follow import SocketFeed
from ketamon.local import socket_path
from ketamon.profiles import load

pytestmark = pytest.mark.usefixtures("private")

CONSOLE = (sys.executable, "-m", "ketamon", "attach", "--chair", "k", "--as", "AN")
STALL_S = 15
LEFT = b"\x1b[?1049l"
"""What leaves the second screen (xterm, "Alternate Screen Buffer"); without it the shell's own text stays hidden."""


SPOILED = """
import sys
from ketamon.console import app
from ketamon.domain.people import Person, Role
from ketamon.follow import SocketFeed
from ketamon.local import socket_path
from ketamon.profiles import load

class Spoiled(SocketFeed):
    @property
    def beat(self):
        if self.changes > 2:
            raise RuntimeError("a bug")
        return self._beat
    @beat.setter
    def beat(self, beat):
        self._beat = beat

sys.exit(app.run_console(Spoiled(socket_path("k"), load(None)[0]), staff=Person("AN", Role.NURSE)))
"""


@asynccontextmanager
async def chair(tmp_path):
    """A running chair with a patient; gives who follows it over a good line, and what pulls out all cables."""
    with ExitStack() as cables:
        process = await core(*cables.enter_context(bench(tmp_path)))
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected and all(d.link is Link.LIVE for d in feed.state.devices.values()))
        for intent in checking_in(feed.profile):
            assert await feed.ask(intent) == ""
        try:
            yield feed, cables.close
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            process.terminate()
            process.communicate()


@contextmanager
def terminal(command=CONSOLE, **how):
    opened = Terminal(command, **how)
    try:
        yield opened
    finally:
        opened.close()


def behind(screen: Terminal) -> float:
    """How old what is shown is, by the clock in the head line."""
    (clock,) = re.findall(r"\d\d:\d\d:\d\d", screen.text.splitlines()[0])
    now = datetime.now(UTC).astimezone()
    shown = now.replace(**dict(zip(("hour", "minute", "second"), map(int, clock.split(":")), strict=True)))
    return (now - shown).total_seconds() % 86400


async def test_a_slow_line_shows_the_present_and_takes_three_keys(tmp_path):
    """200 ms each way and 10 kB/s: what is shown is as old as the way is long, and never grows older."""
    async with chair(tmp_path):
        with terminal(size=(120, 36), rate=10_000, delay_s=0.2) as screen:
            await asyncio.to_thread(screen.see, "o observe")
            screen.press("o", "n", "1")
            assert await asyncio.to_thread(screen.see, "nausea, mild") < 3
            before = screen.written
            await asyncio.sleep(3)
            assert (screen.written - before) / 3 < 5000
            assert behind(screen) < 3


async def test_a_terminal_that_stops_reading_stops_nothing_else(tmp_path):
    async with chair(tmp_path) as (feed, unplug):
        with terminal(size=(120, 36)) as screen:
            await asyncio.to_thread(screen.see, "o observe")
            screen.stalled, seq = True, feed.state.seq
            answers = []
            for number in range(STALL_S):
                begin = time.monotonic()
                assert await feed.ask(Note(text=f"note {number}", by=NURSE)) == ""
                answers.append(time.monotonic() - begin)
                if number == 1:
                    unplug()
                await asyncio.sleep(1)
            assert max(answers) < 1
            assert feed.state.seq > seq + STALL_S
            lost = next(alarm.change.text for alarm in feed.state.alarms.values() if "monitor" in alarm.change.text)
            assert "note 14" not in screen.text
            screen.stalled = False
            assert await asyncio.to_thread(screen.see, "note 14") < 3
            await asyncio.to_thread(screen.see, lost[:40])
            assert behind(screen) < 3


async def test_a_console_that_ends_leaves_the_terminal_as_it_was(tmp_path):
    """One after the other beside the same chair, each at a terminal of its own."""
    async with chair(tmp_path) as _:
        for end in ("q", "a bug", signal.SIGTERM, signal.SIGHUP):
            command = (sys.executable, "-c", SPOILED) if end == "a bug" else CONSOLE
            with terminal(command) as screen:
                await leaves_it_as_it_was(screen, end)


async def leaves_it_as_it_was(screen, end):
    if end != "a bug":
        await asyncio.to_thread(screen.see, "observe")
        assert screen.settings != screen.before
    if isinstance(end, signal.Signals):
        screen.process.send_signal(end)
    elif end == "q":
        screen.press("q")
    await asyncio.to_thread(screen.process.wait, WITHIN_S)
    await until(lambda: LEFT in screen.raw)
    assert b"\x1b[?25h" in screen.raw[-2000:], end
    assert b"\x1b[?1000l" in screen.raw, end
    assert b"\x1b[?2004l" in screen.raw, end
    assert screen.settings == screen.before, end


async def test_a_console_whose_terminal_takes_no_more_can_be_ended(tmp_path):
    async with chair(tmp_path) as _:
        with terminal(size=(120, 36)) as screen:
            await asyncio.to_thread(screen.see, "o observe")
            screen.stalled = True
            screen.press(*"og" * 200)
            await asyncio.sleep(1)
            screen.process.terminate()
            assert await asyncio.to_thread(screen.process.wait, 10)
