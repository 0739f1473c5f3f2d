"""The store in good times: what is acknowledged is in the file, and nobody else writes it."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from store.samples import START, measured, noted

from ketamon import lock
from ketamon.errors import SourceError, VerificationError
from ketamon.store import database
from ketamon.store.chain import Head
from ketamon.store.database import APPLICATION_ID, FORMAT, connect, connect_writer, create, pragma
from ketamon.store.lock import WriterLock
from ketamon.store.reader import Reader, load
from ketamon.store.verify import verify
from ketamon.store.writer import Limits, Store

WAITING = Limits(group_s=3600.0)


def test_an_acknowledged_event_is_in_the_file(path, opened):
    store = opened()
    assert (store.durable_seq, store.saved_at) == (0, None)
    head = store.append([noted(1), noted(2)], urgent=True).result(5)
    assert load(path) == [noted(1), noted(2)]
    assert head == store.head == Head(2, head.hash)
    assert (store.durable_seq, store.saved_at, store.head_hash) == (2, 42, head.hash.hex())


def test_measurements_wait_for_company_and_share_a_commit(path, opened):
    store = opened(WAITING)
    futures = [store.append([measured(seq)], urgent=False) for seq in range(1, 6)]
    assert not any(future.done() for future in futures)
    assert load(path) == []
    assert store.append([noted(6)], urgent=True).result(5).seq == 6
    assert {future.result(5) for future in futures} == {store.head}
    with pytest.raises(TimeoutError):  # the next ones wait again
        store.append([measured(7)], urgent=False).result(0.05)


def test_measurements_do_not_wait_for_ever(opened):
    assert opened().append([measured(1)], urgent=False).result(5).seq == 1


def test_the_head_is_known_before_it_is_durable(opened):
    store = opened(WAITING)
    before = store.head_hash
    future = store.append([measured(1)], urgent=False)
    assert store.head_hash != before
    assert not future.done()


def test_nothing_to_append_resolves_when_all_before_is_durable(opened):
    store = opened(WAITING)
    assert store.append([], urgent=True).result(0) == store.head
    store.append([measured(1)], urgent=False)
    flushed = store.append([], urgent=False)
    assert not flushed.done()
    assert store.append([], urgent=True).result(5).seq == 1
    assert flushed.result(5).seq == 1


@pytest.mark.parametrize("events", [[noted(2)], [noted(1), noted(3)], [noted(1), noted(1)], [noted(0)]])
def test_a_number_that_is_not_the_next_is_refused_and_nothing_is_taken(path, opened, events):
    store = opened()
    with pytest.raises(ValueError, match="cannot follow"):
        store.append(events, urgent=True)
    store.append([noted(1)], urgent=True).result(5)
    assert load(path) == [noted(1)]


def test_closing_writes_what_waits(path, opened):
    store = opened(WAITING)
    future = store.append([measured(1)], urgent=False)
    store.close()
    store.close()
    assert future.result(0).seq == 1
    assert load(path) == [measured(1)]
    with pytest.raises(SourceError, match="closed"):
        store.append([noted(2)], urgent=True)


def test_a_session_is_resumed_and_ended_more_than_once(path, opened):
    for seq, ended in ((1, False), (2, True), (3, True)):
        with opened() as store:
            assert store.durable_seq == seq - 1
            store.append([noted(seq)], urgent=True).result(5)
            store.close(ended=ended)
        with Reader(path) as reader:
            assert reader.ended is ended
    store = opened()
    store.close(ended=True)  # nothing new: the mark stands already
    assert load(path) == [noted(1), noted(2), noted(3)]
    assert verify(path) == []


def test_an_ended_session_is_one_plain_file(path, opened):
    store = opened()
    store.append([noted(1)], urgent=True).result(5)
    store.close(ended=True)
    path.chmod(0o400)
    assert load(path) == [noted(1)]
    assert verify(path) == []
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_does_not_keep_a_session_from_ending(path, opened):
    store = opened()
    with Reader(path) as reader:
        store.append([noted(1)], urgent=True).result(5)
        assert list(reader.events()) == [noted(1)]
        store.close(ended=True)
        assert reader.ended
    assert verify(path) == []


def test_an_ended_session_without_events_needs_no_mark(path, opened):
    opened().close(ended=True)
    assert verify(path) == []


def test_the_files_are_for_the_owner_only_whatever_the_umask(tmp_path, degraded):
    path = tmp_path / "one.ksession"
    old = os.umask(0)
    try:
        create(path, "s", START)
        with Store(path, clock=int, on_degraded=degraded) as store:
            store.append([noted(1)], urgent=True).result(5)
            modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}
    finally:
        os.umask(old)
    assert modes == {f"one.ksession{end}": 0o600 for end in ("", "-wal", "-shm", ".lock")}


def test_a_second_writer_hears_who_the_first_is(opened):
    store = opened()
    with pytest.raises(SourceError, match=f"process {os.getpid()} "):
        opened()
    store.append([noted(1)], urgent=True).result(5)
    store.close()
    assert opened().durable_seq == 1


def test_a_file_with_a_second_name_is_not_written(path, opened):
    """Who opens the other name has another lock and another log beside it: two would write one file."""
    other = path.with_name("other.ksession")
    other.hardlink_to(path)
    for name in (path, other):
        with pytest.raises(SourceError, match=r"has a second name \(a hard link\)"):
            Store(name, clock=int, on_degraded=print)
    assert load(other) == []
    other.unlink()
    store = opened()
    other.hardlink_to(path)
    store.append([noted(1)], urgent=True).result(5)  # a session that runs goes on


def test_a_second_writer_in_another_process_is_refused(path, opened):
    opened()
    code = (
        "import sys, pathlib; from ketamon.store.writer import Store\n"
        "Store(pathlib.Path(sys.argv[1]), clock=int, on_degraded=print)"
    )
    child = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert f"being written by process {os.getpid()}" in child.stderr


def test_the_lock_of_a_dead_process_is_no_obstacle(path, opened):
    path.with_name(path.name + ".lock").write_text("999999999999999999\n")
    assert opened().durable_seq == 0
    with pytest.raises(SourceError, match=f"process {os.getpid()} "):
        opened()


def test_a_lock_file_removed_by_its_holder_while_we_wait_is_not_the_lock(path, monkeypatch):
    side = path.with_name(path.name + ".lock")
    take = lock._try_lock

    def late(handle):
        monkeypatch.setattr(lock, "_try_lock", take)
        side.unlink()
        take(handle)

    monkeypatch.setattr(lock, "_try_lock", late)
    ours = WriterLock(path)
    assert f'"pid":{os.getpid()},' in side.read_text()
    with pytest.raises(SourceError, match="is being written"):
        WriterLock(path)
    ours.release()


def test_a_store_that_cannot_open_gives_its_lock_back(tmp_path, degraded):
    other = tmp_path / "other.ksession"
    for _ in range(2):
        with pytest.raises(SourceError, match="no session file"):
            Store(other, clock=int, on_degraded=degraded)
    assert not list(tmp_path.glob("other*"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}'",
        "UPDATE events SET seq = 9 WHERE seq = 2",
        "DELETE FROM events",
        "INSERT INTO events SELECT 4, mono_ns, wall, type, version, body, hash FROM events WHERE seq = 2",
        "INSERT INTO events SELECT 0, mono_ns, wall, type, version, body, hash FROM events WHERE seq = 2",
        "INSERT INTO events SELECT NULL, mono_ns, wall, type, version, body, hash FROM events WHERE seq = 2",
        "REPLACE INTO events SELECT 2, mono_ns, wall, type, version, body, hash FROM events WHERE seq = 1",
        "INSERT INTO events SELECT 3, mono_ns, wall, type, version, 7.5, x'00' FROM events WHERE seq = 2",
        "UPDATE meta SET value = 'x'",
        "DELETE FROM meta",
        "REPLACE INTO meta VALUES ('session', 'x')",
        "INSERT INTO meta VALUES ('more', 'x')",
        "UPDATE closings SET seq = 1",
        "DELETE FROM closings",
        "REPLACE INTO closings VALUES (2, x'00')",
        "INSERT INTO closings VALUES (1, x'00')",
    ],
)
def test_the_guards_refuse(path, opened, statement):
    with opened() as store:
        store.append([noted(1), noted(2)], urgent=True).result(5)
        store.close(ended=True)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert load(path) == [noted(1), noted(2)]


def test_the_settings_stand(path):
    with closing(connect_writer(path)) as connection:
        wanted = {
            "journal_mode": b"wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "trusted_schema": 0,
            "application_id": APPLICATION_ID,
            "user_version": FORMAT,
        }
        assert {name: pragma(connection, name) for name in wanted} == wanted


def test_an_sqlite_that_ignores_a_setting_is_refused(path, monkeypatch):
    monkeypatch.setitem(database._SETTINGS, "synchronous", 7)
    with pytest.raises(SourceError, match="cannot set synchronous"):
        connect(path)


def test_an_sqlite_that_is_too_old_is_refused(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(SourceError, match=r"need SQLite 3\.37"):
        connect(path)
    with pytest.raises(SourceError, match=r"need SQLite 3\.37"):
        create(path, "s", START)


def test_a_file_without_its_guards_is_not_written(path, opened):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER events_no_update")
    with pytest.raises(VerificationError, match="trigger events_no_update is missing"):
        opened()


def test_an_existing_file_is_never_made_anew(path):
    before = path.read_bytes()
    with pytest.raises(SourceError, match="cannot be made: File exists"):
        create(path, "other", START)
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_filled_is_not_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "SCHEMA", ["CREATE NONSENSE"])
    with pytest.raises(SourceError, match="cannot be made"):
        create(tmp_path / "one.ksession", "s", START)
    assert not list(tmp_path.iterdir())
