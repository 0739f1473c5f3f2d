"""The writer: goes on after a crash, refuses what is not its own, and never stops a session for a full disk."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.errors import SourceError
from ketamon.stream import writer as writer_module
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.record import Kind, StreamDevice
from ketamon.stream.writer import StreamWriter


def notes(path):
    with StreamReader(path) as reader:
        return [record.data for record in reader if record.kind is Kind.NOTE]


def test_each_record_is_in_the_file_before_the_call_returns(tmp_path, header, start):
    path = tmp_path / "live.kstream"
    with StreamWriter(path, header, start) as writer:
        for number in range(3):
            writer.note("", start.plus(number), f"note {number}")
            assert notes(path)[-1] == f"note {number}"
            assert writer.head_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sum_is_written_about_every_minute_with_the_wall_clock(tmp_path, header, start):
    path = tmp_path / "sums.kstream"
    with StreamWriter(path, header, start) as writer:
        for second in range(0, 181, 10):
            writer.note("", start.plus(second), "x")
        lines = path.read_text().splitlines()
    marks = [line.split(",")[0] for line in lines if '"sum"' in line]
    assert marks == ["[60.000000", "[120.000000", "[180.000000"]
    assert '[60.000000,"","wall","2026-11-21T08:01:00.000Z"]' in lines


@pytest.mark.parametrize("torn", [b"", b"[", b'[130.5,"monitor","rx","SPO2=\xff\x00', b"\x00" * 40, b"# half a com"])
def test_it_goes_on_after_a_torn_tail(recording, header, start, torn):
    with recording.open("ab") as file:
        file.write(torn)
    before = verify(recording)
    with StreamWriter(recording, header, start.plus(200)) as writer:
        writer.note("", start.plus(201), "after")
    after = verify(recording)
    assert after.sentences() == []
    assert notes(recording)[-2:] == [writer.resumed, "after"]
    assert writer.resumed.startswith(f"recording goes on after {before.records} records")
    assert ("a torn line was cut off: " in writer.resumed) == bool(torn)
    assert torn.decode("ascii", "backslashreplace") in writer.resumed
    assert after.sha256 == writer.head_sha256 == hashlib.sha256(recording.read_bytes()).hexdigest()


def test_a_clock_that_starts_anew_goes_on_where_the_file_ends(recording, header, start):
    last = verify(recording).last_t
    with StreamWriter(recording, header, start) as writer:
        writer.note("", start.plus(2), "after")
    with StreamReader(recording) as reader:
        assert list(reader)[-1].t == last + 2


def test_a_record_that_comes_late_gets_the_time_of_the_one_before(tmp_path, header, start):
    path = tmp_path / "race.kstream"
    with StreamWriter(path, header, start) as writer:
        writer.note("", start.plus(2), "second")
        writer.note("", start.plus(1), "late")
    assert verify(path).sentences() == []
    with StreamReader(path) as reader:
        assert [record.t for record in reader if record.kind is Kind.NOTE] == [2.0, 2.0]


def test_an_error_inside_is_a_crash_and_not_an_end(tmp_path, header, start):
    path = tmp_path / "crash.kstream"
    with pytest.raises(ZeroDivisionError), StreamWriter(path, header, start):
        _ = 1 / 0
    report = verify(path)
    assert not report.ended
    assert report.uncovered == 0
    assert len(report.problems) == 1


def test_it_is_open_in_one_place_only(tmp_path, header, start):
    path = tmp_path / "locked.kstream"
    with StreamWriter(path, header, start), pytest.raises(SourceError, match="is being written by another program"):
        StreamWriter(path, header, start)
    StreamWriter(path, header, start).close()


def test_foreign_and_newer_files_are_refused_untouched(tmp_path, header, start):
    for content, words in [(b"hello\n", "not a recorded stream"), (b'{"ketamon-stream":9}\n', "newer ketamon")]:
        path = tmp_path / "theirs"
        path.write_bytes(content)
        with pytest.raises(SourceError, match=words):
            StreamWriter(path, header, start)
        assert path.read_bytes() == content


def test_a_file_of_other_devices_or_another_mode_is_refused(recording, header, start):
    before = recording.read_bytes()
    other = replace(header, devices={**header.devices, "pump": StreamDevice("other")})
    with pytest.raises(SourceError, match="recorded from other devices"):
        StreamWriter(recording, other, start)
    with pytest.raises(SourceError, match="is a demo recording, not a real one"):
        StreamWriter(recording, replace(header, mode=Mode.REAL), start)
    assert recording.read_bytes() == before
    moved = replace(header, devices={k: replace(d, port="elsewhere") for k, d in header.devices.items()})
    StreamWriter(recording, moved, start).close()


def test_a_folder_that_is_not_there_is_named(tmp_path, header, start):
    with pytest.raises(SourceError, match=r"nowhere/x.kstream cannot be written \(No such file"):
        StreamWriter(tmp_path / "nowhere" / "x.kstream", header, start)


def test_after_close_a_record_is_a_mistake(tmp_path, header, start):
    writer = StreamWriter(tmp_path / "x.kstream", header, start)
    writer.close()
    writer.close()
    with pytest.raises(ValueError, match="is closed"):
        writer.note("", start, "late")


class Disk:
    """Stands in for os.write: takes `room` bytes, then is full."""

    def __init__(self, monkeypatch):
        self.room = None
        self._write = os.write
        monkeypatch.setattr(writer_module.os, "write", self)

    def __call__(self, fd, data):
        if self.room is None:
            return self._write(fd, data)
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._write(fd, bytes(data[: self.room]))
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 20, 60])
def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(tmp_path, header, start, monkeypatch, room):
    path, disk = tmp_path / "full.kstream", Disk(monkeypatch)
    with StreamWriter(path, header, start) as writer:
        disk.room = room
        for number in range(5):
            writer.note("", start.plus(number), f"note {number}")
        why = "cannot be written (No space left on device); make room on its disk, or repair it"
        assert writer.trouble == f"{path} {why}"
        disk.room = None
        writer.note("", start.plus(6), "note 5")
        assert writer.trouble == ""
    assert notes(path) == [f"note {number}" for number in range(6)]
    assert verify(path).sentences() == []


def test_the_queue_is_bounded_and_what_was_dropped_is_owned_up_to(tmp_path, header, start, monkeypatch):
    path, disk = tmp_path / "full.kstream", Disk(monkeypatch)
    monkeypatch.setattr(writer_module, "_MAX_WAITING", 1000)
    with StreamWriter(path, header, start) as writer:
        disk.room = 0
        for number in range(1000):
            writer.note("", start.plus(number * 0.01), f"note {number}")
        assert len(writer._waiting) < 1200
        disk.room = None
        writer.wall(start.plus(11))  # dropped as well, but it makes room
        writer.note("", start.plus(12), "again")
    kept = notes(path)
    lost = int(kept[-2].split()[0])
    assert kept[-1] == "again"
    assert "records were lost here" in kept[-2]
    assert lost == 1000 - (len(kept) - 2) + 1
    assert verify(path).sentences() == []


def synced(writer):
    """Wait for the thread that syncs."""
    if thread := writer._syncing:
        thread.join(5)
        assert not thread.is_alive()


def test_a_disk_that_takes_its_time_holds_nobody_up(tmp_path, header, start, monkeypatch):
    path, hangs, answers, asked = tmp_path / "slow.kstream", threading.Event(), threading.Event(), []

    def slow(fd):
        asked.append(threading.current_thread() is threading.main_thread())
        hangs.set()
        assert answers.wait(5)

    with StreamWriter(path, header, start) as writer:
        monkeypatch.setattr(writer_module.os, "fsync", slow)
        for number in range(5):  # each is due
            writer.note("", start.plus(61 * number), f"note {number}")
            assert number == 0 or hangs.wait(5)
        assert notes(path) == [f"note {number}" for number in range(5)]
        assert len(asked) <= 1
        answers.set()
        synced(writer)
    assert asked == [False, False, True], "one that hung, one for all that came meanwhile, and the last"


def test_a_failed_sync_is_never_forgotten(tmp_path, header, start, monkeypatch):
    path = tmp_path / "eio.kstream"
    writer = StreamWriter(path, header, start)

    def fail(_fd):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(writer_module.os, "fsync", fail)
        writer.note("", start.plus(61), "x")
        synced(writer)
    assert "may be lost (Input/output error)" in writer.trouble
    writer.note("", start.plus(130), "x")
    assert "may be lost" in writer.trouble
    with pytest.raises(SourceError, match="may be lost"):
        writer.close()


CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ketamon.domain.instant import Instant
from ketamon.stream.record import Header
from ketamon.stream.writer import StreamWriter
wall = datetime(2026, 11, 21, tzinfo=UTC)
writer = StreamWriter(Path(sys.argv[1]), Header(wall, {}), Instant(0, wall))
for number in range(10**9):
    writer.note("", Instant(number * 10**7, wall), str(number))
    print(number, flush=True)
"""


def test_kill_nine_loses_nothing_that_was_acknowledged(tmp_path):
    path = tmp_path / "killed.kstream"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    acknowledged = [child.stdout.readline().strip() for _ in range(200)]
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split("\n")[:-1]
    child.wait()
    child.stdout.close()
    assert notes(path)[: 200 + len(rest)] == acknowledged + rest


def test_the_wall_clock_may_step_while_the_record_goes_on(tmp_path, header, start):
    path = tmp_path / "step.kstream"
    with StreamWriter(path, header, start) as writer:
        writer.wall(Instant(5_000_000_000, start.wall.replace(hour=3)))
    with StreamReader(path) as reader:
        last = list(reader)[-1]
    assert (last.t, last.kind, last.data) == (5.0, Kind.WALL, "2026-11-21T03:00:00.000Z")
