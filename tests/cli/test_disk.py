"""A disk that is full, read-only, slow or gone under a live chair: loud on every console, and nothing is lost."""

import asyncio
import errno
import re
import time
from contextlib import asynccontextmanager

from chair.bedside import NURSE
from cli.processes import bench, core, record, spawn, until
from store.disk import Control, build, environment

from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.intents import Note
from ketamon.follow import SocketFeed
from ketamon.local import socket_path
from ketamon.profiles import load
from ketamon.store.reader import load as load_events
from ketamon.store.verify import verify

TOLD_WITHIN_S = 1.0
SLACK_S = 1.5  # for a machine that runs other tests meanwhile; a quiet one takes 0.2 s, 0.7 s for a disk that is pulled


@asynccontextmanager
async def running(*devices: str, env: dict[str, str]):
    """A core on that disk; ended in good order."""
    process = await core(*devices, env=env)
    try:
        yield
    finally:
        process.terminate()
        process.communicate()


@asynccontextmanager
async def followed(number: int):
    """So many followers of the core, each connected."""
    feeds = [SocketFeed(socket_path("k"), load(None)[0]) for _ in range(number)]
    tasks = [asyncio.create_task(feed.run()) for feed in feeds]
    await until(lambda: all(feed.connected for feed in feeds))
    try:
        yield feeds
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def told(feeds: list[SocketFeed], since: float) -> None:
    """Wait until every follower says that the record is in trouble, in the state and by an alarm."""

    def loud(feed: SocketFeed) -> bool:
        alarms = (alarm.change.text for alarm in feed.state.alarms.values())
        return bool(feed.state.recording_degraded) and any("recording degraded" in text for text in alarms)

    await until(lambda: all(map(loud, feeds)))
    assert time.monotonic() - since < TOLD_WITHIN_S + SLACK_S


async def status() -> str:
    process = await asyncio.to_thread(lambda: spawn("status", "--chair", "k").communicate(timeout=20))
    return process[0].decode()


TROUBLES = {
    "full": (errno.ENOSPC, r"the disk is full|the disk reports an error"),
    "read-only": (errno.EROFS, r"the file is read-only|the disk reports an error"),
    "gone": (errno.ENODEV, r"the file cannot be opened|the disk reports an error|cannot be read"),
    "slow": (0, r"the disk does not answer"),
}


async def live_through(trouble: str, disk: Control, feeds: list[SocketFeed]) -> None:
    """Let a trouble come and go, with a note in the middle of it."""
    error, said = TROUBLES[trouble]
    first, second = feeds
    began = time.monotonic()
    if error:
        disk.fail(1, error, forever=True)
    else:
        disk.slow(2000)
    await told(feeds, began)
    asked = asyncio.create_task(second.ask(Note(text=trouble, by=NURSE)))
    seq = first.state.seq
    await until(lambda: first.state.seq > seq + 2)  # the session goes on
    assert re.search(said, first.state.recording_degraded)
    if trouble == "full":
        assert re.search(rf"RECORD ({said}).*: \d+ not saved, event ", await status())
    disk.mend()
    assert await asked in ("", f"taken, but not saved yet: {second.state.recording_degraded}")
    await until(lambda: not any(feed.state.recording_degraded for feed in feeds))
    await until(lambda: not first.beat.unsaved or first.beat.unsaved.count < 10)


async def test_a_disk_in_trouble_is_loud_at_once_and_everything_is_written_when_it_is_over(private):
    env = environment(build(private), private / "home")
    disk = Control(env["DISK_LOG"])
    with bench(private) as devices:
        async with running(*devices, env=env), followed(2) as feeds:
            state = feeds[0].state
            await until(lambda: all(d.link is Link.LIVE for d in feeds[0].state.devices.values()))
            assert not any(isinstance(v.body, e.RecordingChanged) for v in state.log), "no false alarm at the start"
            for trouble in TROUBLES:
                await live_through(trouble, disk, feeds)
            seen = feeds[0].state.seq
    events = load_events(record())
    assert [v.seq for v in events] == list(range(1, len(events) + 1))
    assert len(events) >= seen
    assert [v.body.text for v in events if isinstance(v.body, e.Noted)] == list(TROUBLES)
    changes = [v.body for v in events if isinstance(v.body, e.RecordingChanged)]
    assert (changes[0].degraded, changes[-1].degraded) == (True, False)
    assert verify(record()) == []
