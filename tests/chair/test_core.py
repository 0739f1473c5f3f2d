"""The core as a program: its socket, its followers, its record, a drive that makes time pass."""

import asyncio
import contextlib
import errno
import os
import re
import socket
import stat
import threading
from contextlib import aclosing, asynccontextmanager

import pytest
from chair.bedside import NURSE

from ketamon import local
from ketamon.chair import launch
from ketamon.chair.core import Core
from ketamon.chair.rehearsal import demo
from ketamon.chair.server import _Place as Place
from ketamon.domain import events as e
from ketamon.domain.fold import fold
from ketamon.domain.intents import Correct, Note, Observe, SetSpeed, Withdraw
from ketamon.domain.phases import Phase
from ketamon.errors import SourceError, UsageError
from ketamon.follow import SocketFeed, Source
from ketamon.local import answers, peer_uid, runtime_dir, socket_path
from ketamon.profiles import load
from ketamon.store.reader import load as load_events
from ketamon.store.verify import verify
from ketamon.stream.reader import verify as verify_stream

WITHIN_S = 60


@asynccontextmanager
async def running(core: Core, name: str = "t"):
    """A core that serves, and a feed that follows it."""
    path = socket_path(name)
    task = asyncio.create_task(core.run(path))
    async with asyncio.timeout(WITHIN_S):
        while not answers(path):
            assert not task.done(), task.result()
            await asyncio.sleep(0.01)
    feed = SocketFeed(path, load(None)[0])
    following = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        following.cancel()
        task.cancel()
        await asyncio.gather(following, task, return_exceptions=True)


async def until(feed: SocketFeed, so) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not so():
            await asyncio.sleep(0.01)


def rehearsal(private, speed: float = 100.0) -> Core:
    return demo("uneventful", None, speed=speed, record=private / "r.ksession", sign=False)


async def test_a_follower_sees_the_session_and_can_ask(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.BASELINE)
        assert feed.beat.source is Source.SIMULATED
        assert await feed.ask(Note(text="window opened", by=NURSE)) == ""
        assert "no grade 9" in await feed.ask(Observe(item="nausea", grade=9, by=NURSE))
        await until(feed, lambda: any(isinstance(v.body, e.Noted) and v.body.by == NURSE for v in feed.state.log))
        assert await feed.ask(SetSpeed(speed=0.0)) == ""
        await until(feed, lambda: feed.beat.speed == 0.0)
        assert "not between" in await feed.ask(SetSpeed(speed=-1.0))
    assert [v.body.text for v in load_events(private / "r.ksession") if isinstance(v.body, e.Noted)][
        0
    ] == "window opened"


async def test_what_is_answered_is_durable(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        for n in range(20):
            assert await feed.ask(Note(text=f"note {n}", by=NURSE)) == ""
            texts = [v.body.text for v in load_events(private / "r.ksession") if isinstance(v.body, e.Noted)]
            assert f"note {n}" in texts


async def test_a_late_follower_folds_to_the_same_state(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.BASELINE)
        assert await feed.ask(SetSpeed(speed=0.0)) == ""
        await until(feed, lambda: feed.beat.speed == 0.0 and feed.state.seq == core.engine.state.seq)
        late = SocketFeed(socket_path("t"), load(None)[0])
        async with aclosing(late.updates()) as updates:
            async for _ in updates:
                break
        same = late.state == feed.state == core.engine.state
        assert same


async def test_record_and_stream_are_whole_and_fold_to_the_same_state(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.BASELINE)
    record = private / "r.ksession"
    assert verify(record) == []
    again = fold(load_events(record))
    assert again.seq == core.engine.state.seq
    same = again == core.engine.state  # not asserted at once: to print the difference of two states takes minutes
    assert same
    assert verify_stream(record.with_suffix(".kstream")).sentences() == []


async def test_a_replay_of_what_was_recorded_decides_the_same(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.BASELINE)
    again, reader = launch.replay(private / "r.kstream", None, float("inf"), None)
    with reader:
        await again.run(None)
    kinds = (e.PhaseChanged, e.Observed, e.PatientCheckedIn, e.OrderEntered)

    def decided(state):
        return [(v.at.monotonic_ns, v.body) for v in state.log if isinstance(v.body, kinds)]

    assert decided(again.engine.state) == decided(core.engine.state)


async def corrected(private, shift: int) -> Core:
    """A recording in which the second of two observations is corrected and a note withdrawn.

    Before them came what a replay does not say, so that its numbers are others.
    """
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.BASELINE)
        assert await feed.ask(SetSpeed(speed=0.0)) == ""
        for n in range(shift):
            core.engine.course(e.CourseFound(place=f"{n} of 6"), core.clock.now())
        core.publish()
        for intent in (
            Observe(item="nausea", grade=1, by=NURSE),
            Observe(item="sedation", grade=2, by=NURSE),
            Note(text="this stays", by=NURSE),
            Note(text="this goes", by=NURSE),
        ):
            assert await feed.ask(intent) == ""
        number = {v.body.text: v.seq for v in core.engine.state.log if isinstance(v.body, e.Noted)}
        seq = max(core.engine.state.observations)
        assert await feed.ask(Correct(corrects=seq, grade=0, why="typed wrong", by=NURSE)) == ""
        assert await feed.ask(Withdraw(withdraws=number["this goes"], why="typed wrong", by=NURSE)) == ""
    return core


def standing(state) -> tuple[dict, list]:
    grades = {o.item: o.grade for o in state.observations.values() if o.by == NURSE}
    return grades, [v.body.text for v in state.log if v.seq in state.withdrawn]


@pytest.mark.parametrize("shift", [0, 1, 2])
async def test_a_correction_lands_on_the_same_entry_when_it_is_replayed(private, shift):
    core = await corrected(private, shift)
    again, reader = launch.replay(private / "r.kstream", None, float("inf"), None)
    with reader:
        await again.run(None)
    assert again.drive.refused == []
    assert standing(again.engine.state) == standing(core.engine.state) == ({"nausea": 1, "sedation": 0}, ["this goes"])


async def test_a_correction_of_nobody_knows_what_is_refused_and_said(private):
    core = await corrected(private, 1)
    old = private / "old.kstream"
    lines = (private / "r.kstream").read_text("utf-8").splitlines(keepends=True)
    kept = [re.sub(r'\\"first\\":\d+', r'\\"first\\":0', line) for line in lines if '"sum"' not in line]
    assert kept != [line for line in lines if '"sum"' not in line]
    old.write_text("".join(kept), "utf-8")
    again, reader = launch.replay(old, None, float("inf"), None)
    with reader:
        await again.run(None)
    assert len(again.drive.refused) == 2
    assert all("the recording does not say what its event" in text for text in again.drive.refused)
    assert again.drive.remark.startswith("2 entries of the recording are missing here; the first at ")
    assert standing(again.engine.state) == ({"nausea": 1, "sedation": 2}, [])
    assert core.drive.remark == ""


async def test_followers_that_do_not_read_are_cut_off_and_slow_nobody(private, monkeypatch):
    monkeypatch.setattr("ketamon.chair.server.MAX_BACKLOG", 1000)
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        with contextlib.ExitStack() as stalled:
            for _ in range(10):
                one = stalled.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                one.connect(str(socket_path("t")))
            slowest = await slowest_answer(feed, lambda: core._server.followers == 1)
        assert slowest < 2.0, f"somebody who asked waited {slowest:.1f} s"


async def slowest_answer(feed: SocketFeed, so) -> float:
    """Ask for one note after the other until it is so; say how long the slowest answer took."""
    clock, slowest = asyncio.get_running_loop().time, 0.0
    async with asyncio.timeout(WITHIN_S):
        while not so():
            asked = clock()
            assert await feed.ask(Note(text="x", by=NURSE)) == ""
            slowest = max(slowest, clock() - asked)
            await asyncio.sleep(0.05)
    return slowest


async def test_followers_that_ask_and_never_read_the_answers_are_cut_off(private, monkeypatch):
    monkeypatch.setattr("ketamon.chair.server.MAX_BACKLOG", 1000)
    core = rehearsal(private, speed=1.0)
    question = b'{"id":1,"intent":{"type":"nonsense","body":{}}}\n'
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        _, writer = await asyncio.open_unix_connection(str(socket_path("t")), limit=1000)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(WITHIN_S):
                while True:
                    writer.write(question * 1000)
                    await writer.drain()
        writer.close()
        await until(feed, lambda: core._server.followers == 1)
        assert await feed.ask(Note(text="still here", by=NURSE)) == ""


@pytest.mark.parametrize(
    "nonsense", [b"\n", b"{}\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\n", b'{"id":1}\n', b"[" * 999 + b"\n"]
)
async def test_nonsense_on_the_socket_harms_nobody(private, nonsense):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        reader, writer = await asyncio.open_unix_connection(str(socket_path("t")), limit=1 << 24)
        writer.write(nonsense)
        async with asyncio.timeout(WITHIN_S):
            await reader.read()
        writer.close()
        assert await feed.ask(Note(text="still here", by=NURSE)) == ""


async def test_another_user_is_shown_nothing(private, monkeypatch):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        monkeypatch.setattr("ketamon.chair.server.peer_uid", lambda _: 12345)
        reader, writer = await asyncio.open_unix_connection(str(socket_path("t")))
        assert await reader.read() == b""
        writer.close()


def test_socket_and_folder_are_private(private):
    folder = runtime_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(SourceError, match="private"):
        runtime_dir()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "x" * 40])
def test_a_chair_is_no_path(private, name):
    with pytest.raises(UsageError):
        socket_path(name)


def test_the_kernel_says_who_is_there(monkeypatch):
    left, right = socket.socketpair(socket.AF_UNIX)
    with left, right:
        assert peer_uid(left) == local.os.getuid()


async def test_a_second_core_on_the_same_chair_is_refused(private):
    core = rehearsal(private)
    async with running(core):
        with pytest.raises(SourceError, match=rf"chair-t is run by process {os.getpid()} \(.*“ketamon .*attach"):
            await demo("uneventful", None, speed=1.0, record=None, sign=False).run(socket_path("t"))


async def test_a_disk_that_fails_is_loud_and_stops_nothing(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        core.on_degraded(True, "no space left")
        await until(feed, lambda: feed.state.recording_degraded == "no space left")
        await until(feed, lambda: any("no space" in a.change.text for a in feed.state.alarms.values()))
        core.on_degraded(False, "")
        await until(feed, lambda: not feed.state.recording_degraded)


async def test_a_record_that_cannot_be_read_any_more_parts_new_followers_with_the_reason(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and core.store.durable_seq)

        def gone(_after):
            raise SourceError("the file cannot be opened; its disk is gone")
            yield

        core._server._history = gone
        late = SocketFeed(socket_path("t"), load(None)[0])
        with pytest.raises(SourceError, match="its disk is gone"):
            async for _ in late.updates():
                pass
        assert not late.connected
        assert feed.connected


async def test_who_comes_late_while_the_disk_takes_nothing_is_told_all_and_not_cut_off(private, monkeypatch):
    def full(_appender, _rows):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr("ketamon.chair.server.MAX_BACKLOG", 50_000)
    monkeypatch.setattr("ketamon.chair.server.CHUNK", 50)
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        with monkeypatch.context() as patch:
            patch.setattr("ketamon.store.appender.Appender.write", full)
            await until(feed, lambda: core.store.unsaved and core.store.unsaved.count > 500)
            await feed.ask(SetSpeed(speed=0.0))
            late = SocketFeed(socket_path("t"), load(None)[0])
            async with aclosing(late.updates()) as updates:
                async for _ in updates:
                    break
            assert late.state.seq == core.engine.state.seq > 500
            assert late.state.recording_degraded
        await feed.ask(SetSpeed(speed=100.0))
        await until(feed, lambda: not feed.state.recording_degraded)


async def test_a_recording_that_cannot_be_written_is_loud(private):
    core = rehearsal(private)

    def broken() -> bool:
        core.stream.trouble = "r.kstream cannot be written: no space left"  # again: a write that works ends it
        return "no space" in feed.state.recording_degraded

    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        await until(feed, broken)
        await until(feed, lambda: not feed.state.recording_degraded)


async def test_a_recording_without_people_is_played_from_the_baseline_on(private):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.phase is Phase.INFUSION)
    whole = (private / "r.kstream").read_text("utf-8").splitlines(keepends=True)
    bare = private / "bare.kstream"
    bare.write_text("".join(line for line in whole if '"intent"' not in line and '"sum"' not in line), "utf-8")
    again, reader = launch.replay(bare, None, float("inf"), None)
    with reader:
        await again.run(None)
    phases = [v.body.phase for v in again.engine.state.log if isinstance(v.body, e.PhaseChanged)]
    assert phases == ["baseline", "infusion"]
    assert again.engine.state.patient is None


async def test_without_a_core_the_feed_says_so_and_comes_back(private):
    feed = SocketFeed(socket_path("t"), load(None)[0])
    following = asyncio.create_task(feed.run())
    await until(feed, lambda: "no core answers" in feed.why)
    assert not feed.connected
    assert "cannot be reached" in await feed.ask(Note(text="x", by=NURSE))
    async with running(rehearsal(private)):
        await until(feed, lambda: feed.connected)
    await until(feed, lambda: not feed.connected)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_what_could_not_be_saved_is_not_answered_as_done(private, monkeypatch):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        lost = asyncio.get_running_loop().create_future()
        lost.set_exception(SourceError("the event was not saved"))
        monkeypatch.setattr(core, "intend", lambda _intent, _at, _proof: lost)
        assert "not saved" in await feed.ask(Note(text="x", by=NURSE))


async def test_an_answer_that_nobody_waits_for_any_more_stops_no_feed(private, monkeypatch):
    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        asking = asyncio.create_task(feed.ask(Note(text="x", by=NURSE)))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await feed.ask(Note(text="y", by=NURSE)) == ""


async def test_staff_who_are_refused_stop_no_simulation(private):
    core = rehearsal(private)
    core.drive._script = lambda _state, _profile, _at: [Observe(item="nausea", grade=9, by=NURSE)]
    async with running(core) as feed:
        await until(feed, lambda: feed.connected and feed.state.at and feed.state.at.seconds > 5)
        assert await feed.ask(Note(text="still here", by=NURSE)) == ""


async def test_a_stream_that_cannot_be_closed_keeps_no_event_from_the_record(private, monkeypatch):
    def fails() -> None:
        raise SourceError("the disk of the stream is gone")

    core = rehearsal(private)
    async with running(core) as feed:
        await until(feed, lambda: feed.connected)
        monkeypatch.setattr(core.stream, "close", fails)
    assert load_events(private / "r.ksession")[-1].seq == core.engine.state.seq
    with pytest.raises(SourceError, match="closed"):
        core.store.append([], urgent=True)
    core.on_degraded(True, "comes too late")
    assert load_events(private / "r.ksession")[-1].seq == core.engine.state.seq


def test_a_socket_belongs_to_its_core_before_anybody_listens(private):
    place = Place(socket_path("2"))
    with pytest.raises(SourceError, match="chair-2 is run by process"):
        Place(socket_path("2"))
    assert socket_path("2").exists(), "whoever is refused takes nothing away"
    place.release()
    place.socket.close()
    assert not any(runtime_dir().iterdir())


def test_of_many_that_want_one_chair_at_once_one_gets_it(private):
    """Also where a dead core left its socket and its lock behind."""
    socket_path("2").touch()
    socket_path("2").with_suffix(".lock").write_text('{"pid":999999999}\n')
    ready, got = threading.Barrier(8), []

    def take() -> None:
        ready.wait()
        with contextlib.suppress(SourceError):
            got.append(Place(socket_path("2")))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (place,) = got
    place.socket.listen()
    assert answers(socket_path("2"))
    place.release()
    place.socket.close()
