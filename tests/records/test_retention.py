"""What is due, and that it is gone; what is not due, runs or cannot be judged is kept."""

import json
from datetime import timedelta

import pytest
from store.recorded import COUNT, NURSE, Making, session
from store.samples import START

from ketamon.cli import main
from ketamon.errors import Refused, SourceError
from ketamon.profiles import load
from ketamon.store import retention
from ketamon.store.keys import KEYS
from ketamon.store.lock import WriterLock
from ketamon.store.verify import examine, verify

CLINIC = """extends = "ketamine-40min"
name = "clinic"
version = "1"
title = "Clinic"
[retention]
session_days = {}
stream_days = {}
"""
NOW = START + timedelta(days=100)


@pytest.fixture
def rules(tmp_path):
    def write(session_days, stream_days):
        path = tmp_path / "clinic.toml"
        path.write_text(CLINIC.format(session_days, stream_days))
        return load(path)[0]

    return write


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    (tmp_path / "sessions").mkdir()
    return session(tmp_path / "sessions")


def logged(tmp_path):
    return [json.loads(line) for line in (tmp_path / retention.LOG).read_text("utf-8").splitlines()]


def test_by_the_shipped_profile_everything_is_kept_for_ever(record):
    assert retention.due([record], START + timedelta(days=36500), None) == ([], [])


@pytest.mark.parametrize(
    ("session_days", "stream_days", "whole"), [(99, 0, True), (0, 99, False), (101, 99, False), (99, 50, True)]
)
def test_what_is_over_is_due(record, rules, session_days, stream_days, whole):
    (one,), left = retention.due([record], NOW, rules(session_days, stream_days))
    assert (one.whole, left, one.events) == (whole, [], COUNT + 1)
    assert [path.name for path in one.files] == ["one.kstream", "one.ksession"][: 1 + whole]


@pytest.mark.parametrize(("session_days", "stream_days"), [(0, 0), (100, 100), (101, 0)])
def test_what_is_not_over_is_kept(record, rules, session_days, stream_days):
    assert retention.due([record], NOW, rules(session_days, stream_days)) == ([], [])


def test_a_session_is_erased_and_logged(record, rules, tmp_path):
    (one,), _ = retention.due([record], NOW, rules(99, 0))
    retention.erase(one, tmp_path / retention.LOG, NOW, NURSE.name)
    assert list(record.parent.iterdir()) == []
    stream, session_ = logged(tmp_path)
    assert (stream["file"], session_["file"]) == ("one.kstream", "one.ksession")
    assert session_["session"] == "session-one"
    assert (session_["head"], session_["by"], session_["erased"]) == (one.head, "A. N.", "2027-03-01T08:00:00.000Z")
    assert len(session_["sha256"]) == 64
    assert set(session_) == {"erased", "by", "session", "file", "sha256", "events", "head", "ended", "kept_days"}


def test_a_stream_is_erased_and_its_record_still_verifies(record, rules, tmp_path):
    (one,), _ = retention.due([record], NOW, rules(0, 99))
    retention.erase(one, tmp_path / retention.LOG, NOW, "Dr. A")
    assert not record.with_suffix(".kstream").exists()
    assert verify(record) == []
    assert examine(record).remarks == [
        "the recorded stream one.kstream was erased: 2027-03-01T08:00:00.000Z by Dr. A, 99 days after the session"
    ]
    assert retention.due([record], NOW, rules(0, 99)) == ([], [])
    (again,), _ = retention.due([record], NOW, rules(99, 99))
    retention.erase(again, tmp_path / retention.LOG, NOW, "Dr. A")
    assert list(record.parent.iterdir()) == []
    assert len(logged(tmp_path)) == 3, "the log is only ever added to"


def test_what_runs_was_not_closed_or_is_damaged_is_kept(record, rules, forge, tmp_path):
    (one,), _ = retention.due([record], NOW, rules(99, 0))
    lock = WriterLock(record)
    with pytest.raises(Refused, match="is being written"):
        retention.erase(one, tmp_path / retention.LOG, NOW, "Dr. A")
    lock.release()
    crashed = session(tmp_path, Making(ended=False), "crashed")
    forge(record, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    found, left = retention.due([record, crashed], NOW, rules(1, 1))
    assert found == []
    assert ["not what was written" in left[0], left[1]] == [True, "crashed.ksession was not closed; it is kept"]
    assert record.exists()


def test_without_a_log_nothing_is_erased(record, rules, tmp_path):
    (one,), _ = retention.due([record], NOW, rules(99, 0))
    (tmp_path / retention.LOG).mkdir()
    with pytest.raises(SourceError, match="nothing was erased"):
        retention.erase(one, tmp_path / retention.LOG, NOW, "Dr. A")
    assert record.exists()


def test_the_command_lists_and_erases(record, rules, tmp_path, capsys, monkeypatch):
    rules(1, 1)
    clinic = str(tmp_path / "clinic.toml")
    monkeypatch.setattr(
        "ketamon.cli.retention.SystemClock", type("", (), {"now": lambda _: type("", (), {"wall": NOW})})
    )
    assert main(["retention", "--profile", clinic]) == 0
    assert capsys.readouterr().out == "one.ksession: session of 2026-11-21, to be kept for 1 days\n"
    assert record.exists()
    assert main(["retention", "--profile", clinic, "--erase", "--yes", "--by", "Dr. A"]) == 0
    assert not record.exists()
    assert logged(tmp_path)[0]["by"] == "Dr. A"
    assert main(["retention", "--profile", clinic]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_days_below_zero_are_refused(rules):
    with pytest.raises(ValueError, match=r"retention\.session_days is -1"):
        rules(-1, 0)


def test_the_key_goes_first_so_a_file_that_stays_is_noise(tmp_path, rules, monkeypatch):
    pytest.importorskip("sqlcipher3")
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    KEYS.forget()
    KEYS.ring.create("five words of no poem")
    KEYS.tell("five words of no poem")
    (tmp_path / "sessions").mkdir()
    record = session(tmp_path / "sessions", key=KEYS.fresh())
    (one,), _ = retention.due([record], NOW, rules(99, 0))

    def fails(path):
        raise PermissionError(1, "not permitted", str(path))

    monkeypatch.setattr("pathlib.Path.unlink", fails)
    with pytest.raises(SourceError, match="erase it by hand"):
        retention.erase(one, tmp_path / retention.LOG, NOW, "Dr. A")
    monkeypatch.undo()
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    KEYS.forget()
    assert "its key is destroyed" in KEYS.erased(record)
    KEYS.forget()
