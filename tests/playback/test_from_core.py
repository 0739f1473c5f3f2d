"""A replay's events as they come from its core: ahead of the cursor, cut off in between, or all at once."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from playback.films import events, player

from ketamon import samples
from ketamon.chair import launch
from ketamon.chair.server import event_line
from ketamon.domain.intents import Note, SetSpeed
from ketamon.domain.people import Person, Role
from ketamon.follow import Beat, SocketFeed, Source, beat_line
from ketamon.local import runtime_dir
from ketamon.playback import BROKEN, from_core
from ketamon.profiles import load

WITHIN_S = 20.0


@asynccontextmanager
async def playing(path):
    made = player([], whole=False, speed=0.0, fill=from_core(path))
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(so) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not so():
            await asyncio.sleep(0.01)


def line(event, *, ended: bool) -> bytes:
    return beat_line(Beat(at=event.at, source=Source.REPLAY, speed=1000.0, saved_s=0.0, chair="replay", ended=ended))


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr("ketamon.playback.RECONNECT_S", 0.01)


async def test_a_core_that_breaks_off_and_comes_again_is_followed_to_the_end(private, hurried):
    """The first connection ends in the middle; the second tells all from the first event on."""
    told = [events()[:700], events()]

    async def tell(reader, writer):
        some = told.pop(0)
        writer.writelines(event_line(event) for event in some)
        writer.write(line(some[-1], ended=not told))
        if not told:
            await reader.read()  # the player has what it wants, and goes
        writer.close()
        await writer.wait_closed()

    path = runtime_dir() / "x.sock"
    server = await asyncio.start_unix_server(tell, str(path))
    async with playing(path) as made:
        await until(lambda: made.beat is not None and made.beat.remark == "")
        assert made.film.events == list(events())
        assert made.count < len(events())  # it stands at the start, and shows that
    server.close()


async def test_a_core_that_is_gone_leaves_what_came(private, hurried):
    async def tell(_reader, writer):
        writer.writelines(event_line(event) for event in events()[:700])
        writer.write(line(events()[699], ended=False))
        writer.close()
        server.close()
        await writer.wait_closed()

    path = runtime_dir() / "x.sock"
    server = await asyncio.start_unix_server(tell, str(path))
    async with playing(path) as made:
        await until(lambda: made.beat is not None and made.beat.remark == BROKEN)
        made.end()
        assert (made.count, made.connected) == (700, True)


async def test_the_core_of_a_replay_plays_ahead_waits_to_be_looked_at_and_takes_nothing(private, monkeypatch):
    monkeypatch.setattr("ketamon.chair.core.COMES_WITHIN_S", 0.5)
    core, reader = launch.replay(samples.path("vasovagal"), None, float("inf"), private / "r.ksession")
    path = runtime_dir() / "r.sock"
    with reader:
        running = asyncio.create_task(core.run(path))
        await until(path.exists)
        feed = SocketFeed(path, load(None)[0])
        following = asyncio.create_task(feed.run())
        async with playing(path) as made:
            await until(lambda: made.beat is not None and made.beat.remark == "")
            assert [v.body for v in made.film.events[1:]] == [
                v.body for v in events()[1:]
            ]  # the first has a name of its own
            nurse = Person("AB", Role.NURSE)
            assert await feed.ask(Note(text="x", by=nurse)) == "this is a replay: nothing is added to it"
            assert "walked through" in await feed.ask(SetSpeed(speed=2.0))
            assert len(made.film.events) == core.engine.state.seq
        following.cancel()
        await asyncio.wait_for(running, WITHIN_S)
