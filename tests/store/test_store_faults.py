"""The store in bad times: a disk that is full, that fails, that lies about a commit; a file that goes away."""

import errno
import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from store.samples import HEADER, QUICK, START, at, measured, noted

from ketamon.domain.events import NotRecorded
from ketamon.domain.recording import Unsaved
from ketamon.errors import SourceError, VerificationError
from ketamon.store import database
from ketamon.store.reader import load
from ketamon.store.verify import verify
from ketamon.store.writer import Limits, Store
from ketamon.stream.writer import StreamWriter

SMALL = Limits(group_s=0.001, retry_s=(0.001,), queue=3)


class Disk:
    """Fails commits as told: `before` nothing was written, `after` all was and only the answer is an error."""

    def __init__(self):
        self.fail = ""
        self.commits = 0
        self.failures = threading.Semaphore(0)
        self.during = lambda: None

    def error(self):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
        return error

    def full(self):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
        return error


class Connection(sqlite3.Connection):
    """A connection on a `Disk`; once it failed, it may only be closed."""

    disk: Disk
    failed = False

    def execute(self, sql, *args):
        assert not self.failed, "a connection that failed was used again"
        if sql != "COMMIT":
            return super().execute(sql, *args)
        self.disk.during()
        if self.disk.fail == "after":
            super().execute(sql)
        if self.disk.fail:
            self.failed = True
            self.disk.failures.release()
            raise self.disk.full() if self.disk.fail == "full" else self.disk.error()
        self.disk.commits += 1
        return super().execute(sql)


@pytest.fixture
def disk(path, monkeypatch):
    disk = Disk()
    kind = type("OnDisk", (Connection,), {"disk": disk})
    monkeypatch.setattr(database.sqlite3, "connect", partial(sqlite3.connect, factory=kind))
    return disk


@pytest.mark.parametrize("fail", ["before", "after", "full"])
def test_a_failed_commit_is_told_tried_again_and_loses_and_doubles_nothing(path, disk, opened, degraded, fail):
    store = opened()
    store.append([noted(1)], urgent=True).result(5)
    disk.fail = fail
    future = store.append([noted(2), measured(3)], urgent=True)
    assert degraded.bad.wait(5)
    assert not future.done()
    assert store.durable_seq == 1
    assert store.unsaved == Unsaved(2, 2, noted(2).at.wall, 3, measured(3).at.wall)
    later = store.append([noted(4)], urgent=True)
    disk.fail = ""
    assert future.result(5).seq in (3, 4), "the retry may come before or after the next append"
    assert (later.result(5).seq, store.durable_seq) == (4, 4)
    assert degraded.good.wait(5)
    causes = {"full": "the disk is full (SQLITE_FULL)"}
    assert degraded.told == [(True, causes.get(fail, "the disk reports an error (SQLITE_IOERR_FSYNC)")), (False, "")]
    store._thread.join(0.05)  # it lives on
    store.append([measured(5)], urgent=False).result(5)
    assert store.unsaved is None
    assert load(path) == [noted(1), noted(2), measured(3), noted(4), measured(5)]
    assert verify(path) == []


def test_a_cause_is_told_once_however_often_it_is_tried(disk, opened, degraded):
    store = opened()
    disk.fail = "before"
    future = store.append([noted(1)], urgent=True)
    assert all(disk.failures.acquire(timeout=5) for _ in range(5))
    disk.fail = "full"
    assert all(disk.failures.acquire(timeout=5) for _ in range(5))
    disk.fail = ""
    future.result(5)
    assert degraded.good.wait(5)
    assert [why.split(" (")[0] for _, why in degraded.told] == ["the disk reports an error", "the disk is full", ""]


def test_what_arrives_during_a_commit_is_in_the_next(path, disk, opened):
    store = opened()
    later = []

    def arrive():
        disk.during = lambda: None
        later.append(store.append([measured(2), noted(3)], urgent=True))

    disk.during = arrive
    assert store.append([noted(1)], urgent=True).result(5).seq == 1
    assert later[0].result(5).seq == 3
    assert load(path) == [noted(1), measured(2), noted(3)]


def test_after_a_failure_nothing_is_acknowledged_while_a_reader_holds_the_old_log(path, disk, opened, degraded):
    store = opened()
    store.append([noted(1)], urgent=True).result(5)
    with closing(database.connect(path)) as reader:
        reader.execute("BEGIN")
        assert database.read_head(reader).seq == 1
        disk.fail = "after"
        future = store.append([noted(2)], urgent=True)
        assert disk.failures.acquire(timeout=5)
        degraded.bad.wait(5)
        degraded.bad.clear()
        disk.fail = ""
        assert degraded.bad.wait(5)
        assert "is held by a reader" in degraded.told[-1][1]
        assert not future.done()
    assert future.result(5).seq == 2
    assert load(path) == [noted(1), noted(2)]


def test_measurements_that_wait_hold_no_memory_but_their_rows(disk, opened, degraded):
    store = opened(Limits(retry_s=(3600.0,)))
    disk.fail = "before"
    first = store.append([measured(1)], urgent=False)
    assert degraded.bad.wait(5)
    futures = {store.append([measured(seq)], urgent=False) for seq in range(2, 1000)}
    assert len(futures | {first}) <= 2
    with pytest.raises(SourceError, match="not saved are 999 events, 1 "):
        store.close()


def test_a_write_under_way_has_a_number_of_its_own(disk, opened):
    store, seen = opened(), []
    disk.during = lambda: seen.append((store.write, store.write))
    for seq in (1, 2):
        store.append([noted(seq)], urgent=True).result(5)
    assert seen == [(1, 1), (2, 2)]
    assert store.write == 0


def test_urgent_events_take_along_all_that_waits_in_one_commit(disk, opened):
    store = opened(Limits(group_s=3600.0))
    for commit in (1, 2, 3):
        for seq in range(store.head.seq + 1, store.head.seq + 10):
            store.append([measured(seq)], urgent=False)
        store.append([noted(seq + 1)], urgent=True).result(5)
        assert disk.commits == commit


def test_measurements_without_room_leave_a_mark_and_people_are_always_kept(path, disk, opened, degraded):
    store = opened(SMALL)
    disk.fail = "before"
    store.append([measured(seq) for seq in range(1, 4)], urgent=False)
    assert degraded.bad.wait(5)
    store.append([measured(4), noted(5), measured(6)], urgent=True)
    covered = store.head_hash
    disk.fail = ""
    assert store.append([], urgent=True).result(5).hash.hex() == covered
    assert degraded.good.wait(5)
    events = load(path)
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.at for event in events] == [measured(seq).at for seq in range(1, 7)]
    lost = [NotRecorded(devices={"monitor": 1}, since=measured(seq).at) for seq in (4, 6)]
    assert [event.body for event in events[3:]] == [lost[0], noted(5).body, lost[1]]
    assert degraded.told[-1] == (
        False,
        "measurements found no room and are not recorded: 2 events, 4 (08:00:04 UTC) to 6 (08:00:06 UTC)",
    )
    assert verify(path) == []


def test_a_log_whose_name_the_disk_does_not_take_is_no_place_for_a_record(path, opened, monkeypatch):
    """SQLite makes the log, syncs its folder, and lets it pass if that fails: all in it could go with the power."""

    def broken(folder):
        raise OSError(errno.EIO, f"{folder} cannot be synced")

    monkeypatch.setattr("ketamon.store.appender.sync_directory", broken)
    with pytest.raises(SourceError, match="cannot be synced"):
        opened()
    monkeypatch.undo()
    assert opened().append([noted(1)], urgent=True).result(5).seq == 1


def test_a_folder_that_cannot_be_synced_is_told_in_words_and_leaves_no_record(tmp_path, monkeypatch):
    def broken(folder):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("ketamon.store.database.sync_directory", broken)
    monkeypatch.setattr("ketamon.stream.writer.sync_directory", broken)
    with pytest.raises(SourceError, match=r"one.ksession cannot be made: .*Input/output error"):
        database.create(tmp_path / "one.ksession", "s", START)
    with pytest.raises(SourceError, match=r"cannot be written \(Input/output error\); record to another disk"):
        StreamWriter(tmp_path / "one.kstream", HEADER, at(0))
    assert not (tmp_path / "one.ksession").exists()


def test_what_waits_is_written_in_portions_and_all_is_well_after_the_last(path, disk, opened, degraded):
    store = opened(Limits(group_s=3600.0, retry_s=(0.001,), portion=10))
    disk.fail = "before"
    store.append([measured(seq) for seq in range(1, 100)], urgent=True)
    assert degraded.bad.wait(5)
    seen = []
    disk.during = lambda: seen.append(len(degraded.told))
    disk.fail = ""
    assert store.append([noted(100)], urgent=True).result(5).seq == 100
    assert degraded.good.wait(5)
    assert disk.commits == 10
    assert seen[-10:] == [1] * 10
    assert load(path) == [*(measured(seq) for seq in range(1, 100)), noted(100)]


def test_the_first_measurement_without_room_is_told_at_once_and_only_once(disk, opened, degraded):
    store = opened(SMALL)
    disk.fail = "before"
    store.append([measured(seq) for seq in range(1, 4)], urgent=False)
    assert degraded.bad.wait(5)
    degraded.bad.clear()
    store.append([measured(4)], urgent=False)
    assert degraded.bad.wait(5)
    store.append([measured(5)], urgent=False)
    disk.fail = ""
    store.append([], urgent=True).result(5)
    assert degraded.good.wait(5)
    assert [bad for bad, _ in degraded.told] == [True, True, False]
    assert "not recorded" in degraded.told[1][1]


def test_closing_while_the_disk_fails_says_what_is_lost_and_hangs_nobody(path, disk, opened, degraded):
    store = opened(Limits(retry_s=(3600.0,)))
    disk.fail = "before"
    future = store.append([noted(1), noted(2)], urgent=True)
    assert degraded.bad.wait(5)
    with pytest.raises(
        SourceError,
        match=r"not saved are 2 events, 1 \(08:00:01 UTC\) to 2 \(08:00:02 UTC\): the disk reports an error",
    ):
        store.close()
    with pytest.raises(SourceError, match="not saved"):
        future.result(0)
    assert load(path) == []
    disk.fail = ""
    assert opened().durable_seq == 0  # the lock was given back


@pytest.mark.parametrize("replacement", ["nothing", "another file", "a copy"])
def test_a_file_that_went_away_is_noticed_and_nothing_is_acknowledged(path, opened, degraded, replacement):
    store = opened()
    store.append([noted(1)], urgent=True).result(5)
    away = path.with_name("away")
    path.rename(away)
    if replacement != "nothing":
        path.write_bytes(away.read_bytes() if replacement == "a copy" else b"nothing of ours")
    future = store.append([noted(2)], urgent=True)
    assert degraded.bad.wait(5)
    assert not future.done()
    with pytest.raises(SourceError, match="not saved are 1 event, "):
        store.close()


def test_another_writer_that_ignores_the_lock_is_noticed(path, opened, degraded):
    store = opened()
    row = (1, 0, "2026-11-21T08:00:00+00:00", "noted", 1, "{}", bytes(32))
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    future = store.append([noted(1)], urgent=True)
    assert degraded.bad.wait(5)
    assert not future.done()
    assert "was changed by another program" in degraded.told[0][1]
    with pytest.raises(SourceError):
        store.close()
    with pytest.raises(VerificationError, match="event 1 is not what was written"):
        load(path)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_dies_of_a_bug_leaves_nobody_waiting(path, disk):
    def broken(*_):
        raise ZeroDivisionError

    store = Store(path, clock=int, on_degraded=broken, limits=QUICK)
    disk.fail = "before"
    future: Future = store.append([noted(1)], urgent=True)
    with pytest.raises(SourceError, match="not saved"):
        future.result(5)
    with pytest.raises(SourceError, match="closed"):
        store.append([noted(2)], urgent=True)
    with pytest.raises(SourceError, match="not saved are 1 event, "):
        store.close()


def test_a_mark_that_cannot_be_put_is_told(path, opened, monkeypatch):
    store = opened()
    store.append([noted(1)], urgent=True).result(5)

    def refuse(_):
        raise sqlite3.OperationalError("no more ink")

    monkeypatch.setattr("ketamon.store.appender.has_ended", refuse)
    with pytest.raises(SourceError, match="saved but could not be marked as ended: no more ink"):
        store.close(ended=True)
    assert load(path) == [noted(1)]


FULL_DISK = Path(__file__).with_name("full_disk_child.py")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_disk_that_is_really_full_and_then_has_room_again(path):
    done = subprocess.run([sys.executable, FULL_DISK, path], capture_output=True, text=True, check=True, timeout=60)
    report = json.loads(done.stdout)
    assert report["first"][0] is True
    assert "SQLITE_" in report["first"][1]
    assert report["durable_while_full"] < report["appended_while_full"]
    assert report["last"] == [False, ""]
    assert load(path) == [noted(seq) for seq in range(1, report["durable"] + 1)]
    assert report["durable"] == report["appended_while_full"] + 1
    assert verify(path) == []
