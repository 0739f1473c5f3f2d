"""Serial ports, on real pseudo-terminals."""

import errno
import os
import queue
import termios
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from rows import each_row

from ketamon.driver import AllowList, LineSettings, Parity
from ketamon.errors import SourceError, UsageError
from ketamon.port.clock import SystemClock
from ketamon.port.open import line_opener, make_port
from ketamon.port.pty import PtyEnd
from ketamon.port.serial import SerialLine

ASK = b"ASK\r"
ALL_BYTES = bytes(range(256))


@pytest.fixture(name="end")
def fixture_end():
    with PtyEnd(lambda data: b"<" + data + b">") as end:
        yield end


def test_bytes_go_both_ways_unchanged(ears, end):
    port = ears.started(end.path)
    assert ears.link() == ("opened", "")
    assert port.write(ASK)
    assert ears.hear(6) == b"<ASK\r>"
    assert end.write(ALL_BYTES * 16) == 4096
    assert ears.hear(4096) == ALL_BYTES * 16


def test_what_went_out_on_a_machine_that_stalls_is_not_called_unsent(ears, end, monkeypatch):
    port = ears.started(end.path)
    ears.link()
    monkeypatch.setattr(serial.serialposix.Timeout, "expired", lambda _: True)
    assert port.write(ASK)
    assert ears.hear(6) == b"<ASK\r>"


def test_bytes_read_counts_what_was_handed_on(ears, end):
    port = ears.started(end.path)
    ears.link()
    end.write(b"x" * 100)
    ears.hear(100)
    port.close()
    assert port.bytes_read == 100


def test_each_read_has_its_time_in_order(ears, end):
    ears.started(end.path)
    opened = ears.links.get(timeout=5)[2]
    end.write(b"a")
    first = ears.bytes.get(timeout=5)[1]
    end.write(b"b")
    second = ears.bytes.get(timeout=5)[1]
    assert opened.monotonic_ns <= first.monotonic_ns < second.monotonic_ns
    assert second.since(first) < 5


@pytest.mark.parametrize("data", [b"", b"ASK", b"ASK\r\r", b"ask\r", b"ASK\rASK\r", b"STOP\r", b"\x00"])
def test_nothing_but_the_allow_list_goes_out(ears, end, data):
    port = ears.started(end.path)
    ears.link()
    with pytest.raises(ValueError, match="not one of the requests this driver may send"):
        port.write(data)
    assert port.write(ASK)
    assert ears.hear(6) == b"<ASK\r>"  # and nothing came before it


def test_a_driver_that_sends_nothing_may_send_nothing(ears, end, spec):
    port = ears.started(end.path, replace(spec, allow_list=AllowList()))
    with pytest.raises(ValueError, match="refused to send"):
        port.write(ASK)


def test_writing_while_not_connected_is_answered_no(ears, tmp_path):
    port = ears.started(str(tmp_path / "none"))
    assert ears.link()[0] == "failed"
    assert port.write(ASK) is False


def test_a_pulled_cable_is_told_and_the_port_comes_back_under_its_name(ears, tmp_path):
    name = tmp_path / "by-id-monitor"
    first = PtyEnd(lambda _: b"")
    name.symlink_to(first.path)
    port = ears.started(str(name))
    assert ears.link() == ("opened", "")
    first.write(b"one")
    assert ears.hear(3) == b"one"
    name.unlink()
    first.close()
    assert ears.link() == ("lost", f"{name} is gone; the cable was pulled or the adapter failed")
    assert port.write(ASK) is False
    assert ears.let_retry() == 0.5
    assert ears.link() == ("failed", f"{name} is not there; plug the cable in, or choose another port")
    with PtyEnd(lambda data: data) as second:
        name.symlink_to(second.path)
        assert ears.let_retry() == 1.0
        assert ears.link() == ("opened", "")
        assert port.write(ASK)
        assert ears.hear(4) == ASK


def test_it_waits_longer_and_longer_and_says_the_same_reason_once(ears, tmp_path):
    name = tmp_path / "port"
    ears.started(str(name))
    assert [ears.let_retry() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    name.write_text("no terminal")
    for _ in range(2):
        ears.let_retry()
    ears.waits.get(timeout=5)
    assert ears.link() == ("failed", f"{name} is not there; plug the cable in, or choose another port")
    event, why = ears.link()
    assert (event, why.split(" (")[0]) == ("failed", f"{name} cannot be used as a serial line at 19200 8E1")
    assert ears.links.empty()


def test_a_port_that_another_holds_is_refused(ears, end):
    ears.started(end.path)
    ears.link()
    with pytest.raises(SourceError, match="is held by another program; close it, or choose another port"):
        SerialLine(end.path, LineSettings(baud=9600))


def test_it_is_free_again_after_close(ears, end):
    ears.started(end.path)
    ears.link()
    ears.ports[0].close()
    ears.started(end.path)
    assert ears.link() == ("opened", "")


SENTENCES = [
    (errno.ENOENT, "is not there; plug the cable in, or choose another port"),
    (errno.EACCES, "may not be used by you; add yourself to the group that owns it (often dialout) and log in again"),
    (errno.EBUSY, "is held by another program; close it, or choose another port"),
    (errno.EAGAIN, "is held by another program; close it, or choose another port"),
]


@pytest.mark.parametrize(("number", "words"), SENTENCES)
def test_each_refusal_of_the_system_has_its_sentence(monkeypatch, number, words):
    def refuse(_port):
        raise serial.SerialException(number, "could not open port")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    with pytest.raises(SourceError) as caught:
        SerialLine("/dev/ttyUSB0", LineSettings(baud=9600))
    assert str(caught.value).startswith(f"/dev/ttyUSB0 {words}")


def test_opening_first_raises_where_a_failure_must_stop_the_caller(ears, tmp_path, end):
    with pytest.raises(SourceError, match="is not there"):
        ears.port(str(tmp_path / "none")).open()
    port = ears.port(end.path)
    port.open()
    port.start()
    assert ears.link() == ("opened", "")
    end.write(b"x")
    assert ears.hear(1) == b"x"


def test_the_line_is_set_as_the_driver_says(end):
    line = SerialLine(end.path, LineSettings(baud=19200, rtscts=True))
    fd = os.open(end.path, os.O_RDWR | os.O_NOCTTY)
    _, _, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(fd)
    os.close(fd)
    line.close()
    assert ispeed == ospeed == termios.B19200
    assert cflag & termios.CRTSCTS
    assert not lflag & (termios.ECHO | termios.ICANON)


def test_all_settings_and_rts_reach_the_serial_library(monkeypatch):
    opened = []

    def take(port):
        opened.append(port)

    monkeypatch.setattr(serial.Serial, "open", take)
    SerialLine("/dev/ttyUSB0", LineSettings(baud=38400, bits=7, parity=Parity.EVEN, stop=2))
    (port,) = opened
    assert (port.port, port.baudrate, port.bytesize, port.parity, port.stopbits) == ("/dev/ttyUSB0", 38400, 7, "E", 2)
    assert (port.exclusive, port.rts, port.rtscts, port.timeout) == (True, True, False, 0.1)


def test_a_device_that_takes_nothing_does_not_hold_us(ears, spec):
    flood = b"F" * 200_000
    master, slave = os.openpty()  # nobody reads the master
    port = ears.started(os.ttyname(slave), replace(spec, allow_list=AllowList(frozenset({flood}))))
    assert ears.link() == ("opened", "")
    assert port.write(flood) is False
    port.close()
    os.close(slave)
    os.close(master)


def test_no_call_comes_after_close(ears, end):
    port = ears.started(end.path)
    ears.link()
    port.close()
    end.write(b"late")
    end.close()
    assert ears.links.empty()
    assert ears.bytes.empty()
    port.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_of_a_bug_says_that_the_link_is_lost(end, spec):
    told = queue.Queue()

    def break_down(_data, _at):
        raise ZeroDivisionError

    port = make_port(end.path, spec, SystemClock(), break_down, lambda event, why, _: told.put((event, why)))
    port.start()
    assert told.get(timeout=5) == ("opened", "")
    end.write(b"x")
    assert told.get(timeout=5) == ("lost", "the port's thread came to an end; this is a bug")
    port._thread.join(5)
    assert port.write(ASK) is False


BAD_ADDRESSES = ["", "tcp://", "tcp://host", "tcp://host:0", "tcp://host:99999", "ftp://host:1", "foo://bar"]


@each_row("address", BAD_ADDRESSES)
def test_an_address_that_makes_no_sense_is_refused(address):
    with pytest.raises(UsageError, match="tcp://host:port"):
        line_opener(address, LineSettings(baud=9600))


def test_the_sentence_for_a_missing_port_names_those_that_are_there(monkeypatch, tmp_path):
    (tmp_path / "usb-FTDI-if00-port0").touch()
    monkeypatch.setattr("ketamon.port.serial.Path", lambda _: Path(tmp_path))
    with pytest.raises(SourceError, match=r"is not there.* \(there are .*usb-FTDI-if00-port0\)"):
        SerialLine("/dev/no-such-port", LineSettings(baud=9600))
