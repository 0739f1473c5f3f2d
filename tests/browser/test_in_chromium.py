"""The console in a real browser: a real core, real consoles, and a headless Chromium that a person could be."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from contextlib import asynccontextmanager

import pytest
from browser.chromium import PROGRAM, WITHIN_S, browser
from browser.serving import begin, core_that_only_answers

from ketamon.browser import site as web
from ketamon.domain import events as e
from ketamon.domain.people import Role
from ketamon.domain.phases import Phase
from ketamon.follow import SocketFeed
from ketamon.local import answers, socket_path
from ketamon.profiles import load

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (apt-get install chromium)")
DEMO = ("core", "--chair", "2", "--demo", "uneventful", "--speed", "60")


@pytest.fixture
def core(private):
    """The core of chair 2, with a simulated patient."""
    with subprocess.Popen([sys.executable, "-m", "ketamon", *DEMO]) as process:
        while not answers(socket_path("2")):
            assert process.poll() is None
            time.sleep(0.02)
        yield process
        process.kill()


@pytest.fixture
async def serving(private, monkeypatch):
    found, runner = await begin(monkeypatch)
    yield found
    await runner.cleanup()


@pytest.fixture
async def chromium(tmp_path):
    async with browser(tmp_path / "chromium") as found:
        yield found


@asynccontextmanager
async def followed():
    """Follow the core as any console does: what it knows is what was really done."""
    feed = SocketFeed(socket_path("2"), load(None)[0])
    task = asyncio.create_task(feed.run())
    while feed.state.phase is Phase.CHECK_IN:  # nobody sits there yet
        await asyncio.sleep(0.02)
    yield feed
    task.cancel()


async def come_true(true) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.02)


async def click(page, what: str) -> None:
    await page.run(f"document.querySelector({what!r}).click()")


async def tiles(page) -> list[str]:
    return (await page.screen()).splitlines()[6:14]


async def test_from_the_link_to_the_end_of_the_login(chromium, core, serving):
    page = await chromium.open(f"data:text/html,a mail with <a href='{serving.link()}'>the link</a>")
    await page.see("a mail")
    await click(
        page, "a"
    )  # a strict cookie is not sent along a redirect that begins elsewhere: it must work all the same
    await page.see("chair 2", "Log out")
    assert await page.run("location.href") == f"http://{serving.host}/"
    assert await page.run("document.cookie") == ""
    visited = [entry["url"] for entry in (await page.tell("Page.getNavigationHistory"))["entries"]]
    assert not [url for url in visited if url.startswith("http") and "token" in url]

    await click(page, "a")
    await page.see("ketamon: chair 2", "SIMULATED", "physician Dr. Lee", "DEMO SpO2", "━")
    before = await tiles(page)
    async with asyncio.timeout(WITHIN_S):
        while await tiles(page) == before:
            await asyncio.sleep(0.05)
    async with followed() as feed:
        await page.press("o")
        await page.see("esc back")
        await page.press("n")
        await page.see("observe ▸")
        await page.press("2")
        await come_true(lambda: by_lee(feed))
        assert [(one.by.role, one.item, one.grade) for one in by_lee(feed)] == [(Role.PHYSICIAN, "nausea", 2)]
    assert colours(await page.picture()) > 8
    assert page.errors == []
    asked = {url.split("/")[2] for url in page.requests if not url.startswith("data:")}
    assert asked == {serving.host}, "the page needs something from elsewhere"

    await page.tell("Page.reload")
    await come_true(lambda: len(serving.tabs) == 2)
    await page.see("DEMO HR")
    await serving.gone(serving.tabs[0])

    serving.now[0] = 3600.0
    await page.see("This login has ended; a new link is needed.")
    assert await page.run("getComputedStyle(document.getElementById('terminal')).display") == "none"
    await serving.gone(serving.tabs[1])
    await page.tell("Page.reload")
    await page.see("You are not logged in here, or your login has ended.")
    assert core.poll() is None
    assert answers(socket_path("2"))


def by_lee(feed: SocketFeed) -> list[e.Observed]:
    bodies = [event.body for event in feed.state.log]
    return [body for body in bodies if isinstance(body, e.Observed) and body.by.name == "Dr. Lee"]


def colours(png: bytes) -> int:
    """Count colours in a picture of 8 bits a channel, roughly: where nothing is drawn there are one or two."""
    at, data, depth = 8, b"", {2: 3, 6: 4}[png[25]]
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    rows = zlib.decompress(data)
    return len({rows[x : x + depth] for x in range(1, len(rows), 7 * depth)})


async def logged_in(chromium, serving, **whom):
    """Open a link, and the chair."""
    page = await chromium.open(serving.link(**whom))
    await page.see("chair 2", "Log out")
    await click(page, "a")
    await page.see("DEMO HR")
    return page


async def test_an_observer_sees_everything_and_does_nothing(chromium, core, serving):
    page = await logged_in(chromium, serving, name="Guest", role=Role.OBSERVER)
    async with followed() as feed:
        await page.see("observer Guest")
        for keys, shown in (("o", "esc back"), ("n", "observe ▸"), ("2", "this screen only shows")):
            await page.press(keys)
            await page.see(shown)
        seq = feed.state.seq
        await come_true(lambda: feed.state.seq > seq + 20)
        assert "Guest" not in "".join(
            repr(event.body) for event in feed.state.log if isinstance(event.body, e.Observed)
        )
    await chromium.shut(page)
    await serving.gone(serving.tabs[0])
    assert core.poll() is None


async def test_without_a_link_nothing_is_to_be_seen(chromium, serving):
    core = await core_that_only_answers()
    page = await chromium.open(f"http://{serving.host}/chair/2")
    await page.see("You are not logged in here")
    line = (
        f"new Promise(done => {{ const line = new WebSocket('ws://{serving.host}/ws/2');"
        "line.onclose = line.onopen = event => done(event.type); })"
    )
    assert await page.run(line) == "close"
    elsewhere = await chromium.open("data:text/html,another page")
    await elsewhere.see("another page")
    await page.go(serving.link())
    await page.see("Log out")
    assert await elsewhere.run(line) == "close", "another page opened a console with this browser's login"
    await click(page, "button")
    await page.see("You are logged out")
    await page.go(f"http://{serving.host}/chair/2")
    await page.see("You are not logged in here")
    assert serving.tabs == []
    core.close()


async def test_a_dead_core_and_a_picture_that_stands_still_are_told(chromium, core, serving, monkeypatch):
    page = await logged_in(chromium, serving)
    monkeypatch.setattr(web, "BEAT_S", 60)
    os.kill(serving.tabs[0]._process.pid, signal.SIGSTOP)
    try:
        await page.see("What is shown below is OLD.")
        assert float(await page.run("getComputedStyle(document.getElementById('terminal')).opacity")) < 0.5
    finally:
        os.kill(serving.tabs[0]._process.pid, signal.SIGCONT)
    async with asyncio.timeout(WITHIN_S):
        while await page.run("document.body.classList.contains('quiet')"):
            await asyncio.sleep(0.05)
    core.kill()
    await page.see("no contact with the core", "lost")
    await page.tell("Page.reload")
    await page.see("This chair has no running core.")
