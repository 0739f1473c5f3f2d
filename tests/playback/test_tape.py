"""What is heard of a recorded stream at its cursor: the same as whoever listened to all of it, or why nothing is."""

import json
import shutil
from dataclasses import replace
from functools import cache

import pytest

from ketamon import driver as d
from ketamon import samples
from ketamon.chair import tape
from ketamon.chair.tape import WINDOW_S, Part, Reel, of_record, of_stream
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.domain.waveforms import Signal
from ketamon.registry import load
from ketamon.simulator.generate import CREATED as START
from ketamon.store.keys import KEYS
from ketamon.stream.reader import StreamReader
from ketamon.stream.record import Kind
from ketamon.stream.writer import StreamWriter

END_S = 130
"""Two of its sums stand before, at 60 and 120 s."""


@cache
def lines():
    """The first two minutes of the sample that has waveforms."""
    every = samples.path("vasovagal").read_bytes().splitlines(keepends=True)
    return every[:1] + [line for line in every[1:] if json.loads(line)[0] < END_S]


@pytest.fixture(autouse=True)
def _closed(monkeypatch):
    """Every reel that a test makes is closed behind it."""
    reels, make = [], Reel.__init__

    def noted(reel, parts):
        make(reel, parts)
        reels.append(reel)

    monkeypatch.setattr(Reel, "__init__", noted)
    yield
    for reel in reels:
        reel.__exit__(None, None, None)


def records(path):
    with StreamReader(path) as reader:
        return reader.header, list(reader)


@pytest.fixture
def stream(tmp_path):
    path = tmp_path / "s.kstream"
    path.write_bytes(b"".join(lines()))
    return path


def read(reel):
    while reel.read_on():
        pass
    return reel


def ns(t):
    return round(t * 1e9)


def without_rate(heard):
    """A rate is counted from one pulse to the next, so it depends a bit on when somebody looked."""
    return replace(heard, devices=tuple(replace(device, bytes_per_s=0.0) for device in heard.devices))


def changed(path, where, change):
    """Change the first line from a moment on of which the payload is a monitor's."""
    every = path.read_bytes().splitlines(keepends=True)
    n = next(n for n, line in enumerate(every[1:], 1) if json.loads(line)[0] >= where and b'"monitor","rx' in line)
    every[n] = change(every[n])
    path.write_bytes(b"".join(every))
    return json.loads(lines()[n])[0]


def test_wherever_somebody_goes_it_is_as_for_who_listened_to_all(stream):
    through, reel = of_stream(stream), read(of_stream(stream))
    heard = {quarter / 4: through.hear(ns(quarter / 4)) for quarter in range(4 * END_S)}
    for t in [100.0, 99.75, 10.0, 129.5, 0.0, 30.25, *(n * 6.5 for n in range(20))]:
        there = reel.hear(ns(t))
        assert without_rate(there).devices == without_rate(heard[t]).devices, t
        assert there.waves == heard[t].waves, t
        assert there.why == heard[t].why == ""


def test_the_samples_are_those_of_the_moment_and_have_their_numbers(stream):
    reel = read(of_stream(stream))
    header, every = records(stream)
    driver, came, at = load("ge-dri").make(), [], Instant(0, header.created)
    for record in every:
        if (record.device, record.kind) != ("monitor", Kind.RX):
            continue
        outs = [*driver.tick(at), *driver.feed(record.data, at)]
        came += [(record.t, v) for o in outs if isinstance(o, d.Sampled) and o.block.signal is Signal.PLETH
                 for v in o.block.samples]  # fmt: skip
    for t in (127.3, 12.0, 60.05):
        (pleth,) = [wave for wave in reel.hear(ns(t)).waves if wave.block.signal is Signal.PLETH]
        until_now = [value for when, value in came if when <= t]
        assert pleth.start + len(pleth.block.samples) == len(until_now)
        assert list(pleth.block.samples) == until_now[-round(WINDOW_S * 100) :]
        assert pleth.quiet_s == pytest.approx(t - max(when for when, _ in came if when <= t), abs=0.001)


def test_what_the_sums_cover_is_proven_and_what_follows_the_last_is_not(stream):
    reel = read(of_stream(stream))
    assert [reel.hear(ns(t)).unproven for t in (0, 59, 119, 125)] == [False, False, False, True]


def test_a_line_that_cannot_be_read_is_damage_as_long_as_it_would_be_seen(stream):
    t = changed(stream, 70.0, lambda line: b"\xff" + line[1:])
    reel = read(of_stream(stream))
    assert reel.hear(ns(50)).why == ""
    for seen in (t + 0.5, t + WINDOW_S - 2):
        heard = reel.hear(ns(seen))
        assert heard.why.startswith("the recorded stream is damaged from ")
        assert (heard.waves, heard.devices) == ((), ())


def test_where_a_sum_does_not_fit_nothing_before_it_is_shown_and_nothing_behind_it_is_proven(stream):
    digits = {ord("4"): "5", ord("5"): "4"}
    changed(stream, 70.0, lambda line: line[:40] + line[40:].decode().translate(digits).encode())
    reel = read(of_stream(stream))
    assert reel.hear(ns(59)).why == ""
    said = {reel.hear(ns(t)).why for t in (65, 100, 119, 128)}
    assert said == {"the recorded stream is damaged from 1:00 to 2:00: nothing of it is shown"}
    assert reel.hear(ns(59)).unproven is False


def test_a_time_that_cannot_be_is_damage_and_nobody_waits_for_it(stream):
    t = changed(stream, 70.0, lambda line: line.replace(b"[7", b"[900000007", 1))
    reel = read(of_stream(stream))
    assert "damaged from 1:" in reel.hear(ns(t + 1)).why
    assert reel.hear(ns(30)).why == ""


NONE = [
    ("it is not there", lambda path: path.unlink(), "s.kstream is not there: no waveforms and bytes"),
    ("it was erased", lambda path: path.rename(path.with_suffix(".kstream.erased")), "stream was erased: {"),
    ("it is empty", lambda path: path.write_bytes(b""), "is empty"),
    ("it is another file", lambda path: path.write_bytes(b"hello\n"), "is not a recorded stream"),
    ("its driver is not installed", lambda path: path.write_bytes(path.read_bytes().replace(b"ge-dri", b"gone", 1)),
     "gone"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "spoil", "said"), NONE, ids=[row[0] for row in NONE])
def test_where_there_is_none_that_is_said(stream, what, spoil, said):
    spoil(stream)
    heard = read(of_stream(stream)).hear(ns(10))
    assert said in heard.why, what
    assert (heard.waves, heard.devices, heard.passing) == ((), (), False)


def test_a_stream_of_which_the_record_tells_otherwise_is_not_shown(stream):
    mark = e.StreamMark(name=stream.name, size=stream.stat().st_size, sha256="0" * 64)
    heard = read(Reel([Part(0, stream, (mark,))])).hear(ns(10))
    assert heard.why == "s.kstream is not the stream that this record tells of: nothing of it is shown"


def opened(name, t=0.0):
    body = e.SessionOpened(
        session="s", chair="2", mode=Mode.REAL, profile="p", profile_sha256="", profile_toml="", software="test",
        stream=name,
    )  # fmt: skip
    return e.Event(1, Instant(ns(t), START), body)


def test_a_session_that_went_on_is_heard_in_the_stream_of_each_of_its_parts(stream):
    resumed = e.SessionResumed(gap_s=5.0, software="test", stream="later.kstream")
    shutil.copy(stream, stream.with_name("later.kstream"))
    events = [opened(stream.name), e.Event(2, replace(opened("").at, monotonic_ns=ns(60)), resumed)]
    stream.unlink()
    reel = read(of_record(stream.with_suffix(".ksession"), events))
    assert reel.hear(ns(59)).why.startswith("s.kstream is not there")
    assert reel.hear(ns(61)).why == ""


@pytest.mark.parametrize("name", ["", "../s.kstream"])
def test_a_record_without_a_stream_beside_it_says_so(stream, name):
    reel = read(of_record(stream.with_suffix(".ksession"), [opened(name)]))
    assert reel.hear(0).why == "what the devices sent was not recorded: no waveforms and bytes"


def test_an_encrypted_stream_is_heard_alike_and_no_plain_copy_is_left(stream, private):
    path, (header, every) = private / "sealed.kstream", records(stream)
    with StreamWriter(path, header, Instant(0, START), key=KEYS.passing()) as writer:
        for record in every:
            if record.device and record.kind in (Kind.RX, Kind.LINK):
                at = Instant(record.monotonic_ns, START)
                (writer.rx if record.kind is Kind.RX else writer.link)(record.device, at, record.data)
    before = {file: file.read_bytes() for file in private.rglob("*") if file.is_file()}
    sealed, plain = read(of_stream(path)), read(of_stream(stream))
    for t in (100.0, 20.0):
        assert sealed.hear(ns(t)).waves == plain.hear(ns(t)).waves != ()
    assert {file: file.read_bytes() for file in private.rglob("*") if file.is_file()} == before


def test_a_driver_that_cannot_be_copied_is_heard_from_the_beginning(stream, monkeypatch):
    plain = read(of_stream(stream)).hear(ns(50))

    def refuse(devices):
        raise TypeError("cannot pickle 'generator' object")

    monkeypatch.setattr(tape, "_copied", refuse)
    reel = read(of_stream(stream))
    reel.hear(ns(120))
    assert without_rate(reel.hear(ns(50))) == without_rate(plain)


def test_a_long_stream_takes_no_more_memory(stream, monkeypatch):
    monkeypatch.setattr(tape, "MOST_MARKS", 4)
    reel, whole = read(of_stream(stream)), of_stream(stream)
    assert len(reel._tapes[stream]._marks) <= 4
    for t in (125.0, 45.0, 85.0):
        assert reel.hear(ns(t)).waves == read(whole).hear(ns(t)).waves


def test_what_was_not_read_yet_is_waited_for_in_words(stream, monkeypatch):
    monkeypatch.setattr(tape, "AT_ONCE", 10)
    reel = of_stream(stream)
    heard = reel.hear(ns(100))
    assert heard.why.startswith("the recorded stream is being read")
    assert heard.passing
    assert read(reel).hear(ns(100)).why == ""
