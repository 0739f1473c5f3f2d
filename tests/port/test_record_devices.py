"""Recording without a session: drivers ask, devices answer, and every byte of it stands in the file."""

import errno
import hashlib
import os
import queue
import threading
from dataclasses import replace

import pytest

from ketamon.domain.readings import Mode
from ketamon.driver import AllowList, Garbage, Send
from ketamon.errors import SourceError
from ketamon.port.clock import SystemClock
from ketamon.port.pty import PtyEnd
from ketamon.port.record import _Recording, _Tap, record
from ketamon.stream import writer as writer_module
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.record import Header, Kind
from ketamon.stream.writer import StreamWriter

WAIT_S = 5
ASK, MORE = b"ASK\r", b"MORE\r"


class AskingDriver:
    """Asks at each tick; asks for more where it is answered "more"."""

    def feed(self, data, at):
        yield Garbage(0, data, "test")
        if b"more" in data:
            yield Send(MORE)

    def tick(self, _at):
        yield Send(ASK)


class Device(PtyEnd):
    """A device that answers once with "more", and then with what it was asked."""

    def __init__(self):
        self.asked = queue.Queue()
        super().__init__(self._answer)

    def _answer(self, data):
        self.asked.put(data)
        return b"more\x00" if data == ASK else b"ok:" + data


@pytest.fixture(name="asking")
def fixture_asking(spec):
    return replace(spec, make=AskingDriver, allow_list=AllowList(frozenset({ASK, MORE})))


class Running:
    """A recording in a thread of its own, as the command has it in the main one."""

    def __init__(self, devices, path, **options):
        self.told = queue.Queue()
        self.stop = threading.Event()
        self.sha256 = ""
        self._thread = threading.Thread(target=self._run, args=(devices, path, options))
        self._thread.start()

    def _run(self, devices, path, options):
        self.sha256 = record(devices, path, SystemClock(), self.stop, tell=self.told.put, **options)

    def finish(self):
        self.stop.set()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        return self.sha256


def test_what_was_asked_and_answered_is_recorded(tmp_path, asking):
    path = tmp_path / "two.kstream"
    with Device() as monitor, Device() as pump:
        running = Running({"monitor": (asking, monitor.path), "pump": (asking, pump.path)}, path, mode=Mode.TEST)
        for device in (monitor, pump):
            while device.asked.get(timeout=WAIT_S) != MORE:
                pass
        sha256 = running.finish()
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert verify(path).sentences() == []
    assert {running.told.get() for _ in range(2)} == {"monitor: opened", "pump: opened"}
    with StreamReader(path) as reader:
        records = [r for r in reader if r.device == "pump"]
    assert reader.header.mode is Mode.TEST
    assert reader.header.devices["pump"].driver == "echo"
    assert (records[0].kind, records[0].data) == (Kind.LINK, "opened")
    talk = [(r.kind, r.data) for r in records[1:4]]
    assert talk == [(Kind.TX, ASK), (Kind.RX, b"more\x00"), (Kind.TX, MORE)]


def test_a_pulled_cable_is_told_and_recorded(tmp_path, asking):
    path = tmp_path / "pulled.kstream"
    device = Device()
    running = Running({"monitor": (asking, device.path)}, path)
    assert running.told.get(timeout=WAIT_S) == "monitor: opened"
    device.close()
    told = running.told.get(timeout=WAIT_S)
    running.finish()
    assert told == f"monitor: lost: {device.path} is gone; the cable was pulled or the adapter failed"
    with StreamReader(path) as reader:
        links = [record.data for record in reader if record.kind is Kind.LINK]
    assert links[:2] == ["opened", told.removeprefix("monitor: ")]


def test_a_second_recording_goes_on_with_the_file(tmp_path, asking):
    path = tmp_path / "again.kstream"
    with Device() as device:
        for begins in ("monitor: opened", "recording goes on after"):
            running = Running({"monitor": (asking, device.path)}, path)
            assert running.told.get(timeout=WAIT_S).startswith(begins)
            running.finish()
    assert verify(path).sentences() == []


def test_a_port_that_is_not_there_stops_it_before_a_file_is_made(tmp_path, asking):
    path = tmp_path / "never.kstream"
    before = threading.active_count()
    with Device() as device:
        devices = {"monitor": (asking, device.path), "pump": (asking, str(tmp_path / "none"))}
        with pytest.raises(SourceError, match="is not there"):
            record(devices, path, SystemClock(), threading.Event())
    assert not path.exists()
    assert threading.active_count() == before


def test_a_file_that_cannot_be_written_stops_it_and_frees_the_ports(tmp_path, asking):
    path = tmp_path / "foreign"
    path.write_text("mine\n")
    with Device() as device:
        for _ in range(2):
            with pytest.raises(SourceError, match="not a recorded stream"):
                record({"monitor": (asking, device.path)}, path, SystemClock(), threading.Event())


class LastWords:
    """A port that reads its last bytes while it is being closed."""

    def __init__(self, inbox, clock):
        self._inbox = inbox
        self._clock = clock

    def start(self):
        pass

    def close(self):
        self._inbox.put(("monitor", "rx", b"last words", self._clock.now()))


def test_what_was_read_while_it_ended_is_recorded(tmp_path, asking):
    path, clock, inbox, stop = tmp_path / "last.kstream", SystemClock(), queue.SimpleQueue(), threading.Event()
    tap = _Tap("monitor", asking, "tcp://127.0.0.1:1", clock, inbox)
    tap.port = LastWords(inbox, clock)
    stop.set()
    with StreamWriter(path, Header(clock.now().wall, {}), clock.now()) as writer:
        _Recording({"monitor": tap}, inbox, writer, clock, lambda _: None).run(stop)
    with StreamReader(path) as reader:
        assert [record.data for record in reader if record.kind is Kind.RX] == [b"last words"]


def test_trouble_with_the_disk_is_told_while_it_lasts(tmp_path, asking, monkeypatch):
    full = threading.Event()
    write = os.write

    def write_if_room(fd, data):
        if full.is_set() and len(data) > 20:  # the device's end uses the same call, with less
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    with Device() as device:
        running = Running({"monitor": (asking, device.path)}, tmp_path / "full.kstream")
        assert running.told.get(timeout=WAIT_S) == "monitor: opened"
        monkeypatch.setattr(writer_module.os, "write", write_if_room)
        full.set()
        assert "cannot be written (No space left on device)" in running.told.get(timeout=WAIT_S)
        full.clear()
        assert running.told.get(timeout=WAIT_S) == "the recording is written again"
        running.finish()
