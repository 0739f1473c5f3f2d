"""A device's line as the core hears it: counts, last bytes, waveforms; and the pulse that carries them."""

from dataclasses import replace
from pathlib import Path

import pytest
from chair.bedside import CALM, START, Bedside

from ketamon import driver as d
from ketamon.chair.health import LINES, TAIL, Health
from ketamon.chair.waves import BREAK_S, KEPT_S, Waves
from ketamon.codec import encode_body
from ketamon.domain.health import FRAME, REJECTED, WAITING, DeviceHealth
from ketamon.domain.instant import Instant
from ketamon.domain.session import SessionState
from ketamon.domain.waveforms import SampleBlock, Signal, Wave
from ketamon.driver import Truth
from ketamon.follow import Beat, SocketFeed, Source, _line, beat_line
from ketamon.profiles import load as load_profile
from ketamon.registry import load
from ketamon.simulator.curves import Curves

AT = Instant(0, START)


def pleth(*samples, rate_hz=100):
    return SampleBlock(signal=Signal.PLETH, rate_hz=rate_hz, samples=samples)


def test_nothing_heard_is_no_number():
    told = Health().told("m", AT)
    assert told == DeviceHealth(device="m")
    assert told.quiet_s is None
    assert told.garbage_s is None


def test_counts_the_last_bytes_and_what_became_of_each():
    health = Health()
    health.heard(b"abcdeXYfg", AT)
    for out in (d.Accepted(0, 5, "status"), d.DeviceNotice(0, "hello"), d.Garbage(5, b"XY", "no frame")):
        health.made(out)
    told = health.told("m", AT.plus(2))
    assert (told.received, told.accepted, told.rejected, told.quiet_s) == (9, 1, 1, 2.0)
    assert told.tail == b"abcdeXYfg"
    assert told.fate == FRAME * 5 + REJECTED * 2 + WAITING * 2
    assert (told.garbage, told.garbage_s, told.reason) == (b"XY", 2.0, "no frame")
    assert told.said == ("hello",)


@pytest.mark.parametrize("pieces", [[200], [1] * 200, [63, 64, 73]])
def test_only_the_tail_is_kept_however_the_bytes_come(pieces):
    data, health, begin = bytes(range(200)), Health(), 0
    for size in pieces:
        health.heard(data[begin : begin + size], AT)
        begin += size
    health.made(d.Accepted(0, 150, "a"))
    health.made(d.Garbage(150, data[150:160], "b"))
    told = health.told("m", AT)
    assert told.tail == data[-TAIL:]
    assert told.fate == FRAME * 14 + REJECTED * 10 + WAITING * 40


def test_a_new_connection_begins_with_no_bytes_and_keeps_its_counts():
    health = Health()
    health.heard(b"abc", AT)
    health.made(d.Garbage(0, b"abc", "no frame"))
    health.opened()
    health.heard(b"de", AT)
    told = health.told("m", AT)
    assert (told.received, told.rejected, told.tail, told.fate) == (5, 1, b"de", WAITING * 2)


def test_only_the_last_lines_are_kept_and_a_device_says_nothing_to_the_terminal():
    health = Health()
    for n in range(20):
        health.made(d.DeviceNotice(0, f"\x1b[2J{n}"))
    said = health.told("m", AT).said
    assert len(said) == LINES
    assert all(line.isprintable() for line in said)
    assert said[-1].endswith("19")


def test_bytes_a_second_fall_to_nothing_with_the_bytes():
    health = Health()
    for quarter in range(80):
        if quarter < 40:
            health.heard(bytes(25), AT.plus(quarter / 4))
        told = health.told("m", AT.plus(quarter / 4))
        if quarter == 39:
            assert told.bytes_per_s == pytest.approx(100, rel=0.1)
    assert told.bytes_per_s == 0.0


def test_blocks_between_two_pulses_are_one_piece_and_numbers_go_on():
    waves = Waves()
    waves.add(pleth(1, 2), AT)
    waves.add(pleth(3), AT.plus(0.1))
    (first,) = waves.take("m")
    assert (first.start, first.block.samples, first.device) == (0, (1, 2, 3), "m")
    assert waves.take("m") == ()
    waves.add(pleth(4), AT.plus(0.2))
    (second,) = waves.take("m")
    assert (second.start, second.block.samples) == (3, (4,))


def test_what_was_rejected_in_between_breaks_the_wave():
    waves = Waves()
    waves.add(pleth(1), AT)
    waves.broke()
    waves.add(pleth(2), AT.plus(0.1))
    (wave,) = waves.take("m")
    assert wave.block.samples == (1, *[None] * round(BREAK_S * 100), 2)


def test_a_silence_breaks_the_wave_for_as_long_as_it_lasted_and_no_longer_than_is_kept():
    waves = Waves()
    waves.add(pleth(1), AT)
    waves.take("m")
    waves.add(pleth(2), AT.plus(3.01))
    (wave,) = waves.take("m")
    assert wave.block.samples == (*[None] * 300, 2)
    waves.add(pleth(3), AT.plus(4000))
    (wave,) = waves.take("m")
    assert len(wave.block.samples) == round(KEPT_S * 100)
    assert wave.block.samples[-1] == 3


def test_what_nobody_takes_does_not_pile_up_and_its_loss_shows_in_the_numbers():
    waves = Waves()
    for second in range(100):
        waves.add(pleth(*[float(second)] * 100), AT.plus(second))
    (wave,) = waves.take("m")
    assert len(wave.block.samples) == round(KEPT_S * 100)
    assert wave.start + len(wave.block.samples) == 10_000


def test_waveforms_of_a_real_driver_go_with_the_pulse_and_into_no_event():
    bed, curves = Bedside().open(), Curves(1)
    nonin = load("nonin")
    bed.chair.attach("monitor2", nonin, "x", bed.now)
    bed.chair.on_link("monitor2", "opened", "", bed.now)
    simulator = nonin.simulate()
    for _ in range(6):
        bed.run(1)
        truth = Truth(wall=bed.now.wall, values=CALM, waves=curves.second(CALM))
        bed.chair.on_bytes("monitor2", simulator.advance(truth), bed.now)
    bed.chair.on_bytes("monitor2", b"\xff" * 40, bed.now)
    (wave,) = [wave for wave in bed.chair.waves() if wave.device == "monitor2"]
    assert wave.block.rate_hz == 75
    assert len(set(wave.block.samples)) > 10
    health = {h.device: h for h in bed.chair.health(bed.now)}["monitor2"]
    assert health.waves == ("pleth 75 Hz",)
    assert health.accepted >= 6
    assert any("spo2 98 %" in line for line in health.said)
    events, _ = bed.chair.take()
    assert not any(b"samples" in encode_body(event.body)[2] for event in events)


def pulse(**more):
    return Beat(at=AT, source=Source.LIVE, speed=1.0, saved_s=0.2, chair="2", **more)


def read_back(beat, line=None):
    """Return the beat as a follower has it."""
    feed = SocketFeed(Path("none"), load_profile(None)[0])
    assert feed._take(_line.decode(line or beat_line(beat)), SessionState())
    return feed.beat


def test_a_pulse_comes_back_as_it_was_sent():
    health = DeviceHealth(
        device="monitor", received=9, accepted=1, rejected=1, quiet_s=0.2, tail=bytes(range(64)), fate=FRAME * 64,
        said=("spo2 97 %",), waves=("pleth 75 Hz",), garbage=b"\x00\xff", garbage_s=1.0, reason="no frame",
    )  # fmt: skip
    beat = pulse(devices=(health,), waves=(Wave(device="monitor", start=7, block=pleth(1.0, None, 2.5)),))
    assert read_back(beat) == beat


def test_a_pulse_of_an_older_core_has_neither():
    old = beat_line(pulse()).replace(b',"devices":[],"waves":[]', b"")
    assert b"devices" not in old
    assert read_back(None, old) == pulse()


def test_what_a_device_says_is_letters_by_the_time_a_follower_has_it():
    beat = pulse(devices=(DeviceHealth(device="m", said=("a\x1b[2Jb\u202e",), reason="\x9b1m"),))
    (health,) = read_back(beat).devices
    assert all(text.isprintable() for text in (*health.said, health.reason))
    assert health == replace(health, device="m")


def test_a_pulse_of_a_busy_chair_is_small():
    health = tuple(
        DeviceHealth(
            device=f"monitor{n}", received=10**7, accepted=10**5, rejected=10**3, quiet_s=0.1, bytes_per_s=1400.0,
            tail=bytes(64), fate=FRAME * 64, said=("pump ready, rate 0 mL/h, volume_infused 0 mL",) * LINES,
            waves=("pleth 100 Hz", "ecg II 300 Hz"), garbage=bytes(32), garbage_s=9.0, reason="no frame of it",
        )
        for n in range(3)
    )  # fmt: skip
    waves = tuple(
        Wave(device="m", start=10**6, block=pleth(*[-0.123] * (rate // 4), rate_hz=rate)) for rate in (100, 300, 25, 25)
    )
    assert len(beat_line(pulse(devices=health, waves=waves))) < 4000
