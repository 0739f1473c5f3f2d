"""Contec CMS50: recorded traffic, worked packets of both protocols, what is sent, and that nothing slips through."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from drivers.contract import START, check_chunks, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceNotice, Garbage, Measured, Sampled, Send, Truth
from ketamon.testing.conversation import converse, truths
from ketamon.testing.damage import damaged
from ketamon_drivers.contec_cms50 import (
    ALIVE,
    BLOCK,
    LENGTHS,
    SPEC,
    START_UP,
    OldSimulator,
    V7Simulator,
    command,
    look_v7,
    packed,
    pleth_old,
    pleth_v7,
    read_old,
    read_v7,
    unpacked,
)

REAL = bytes.fromhex("01 E0 85 B3 96 C1 E1 FF FF")
GOOD = [("spo2", 97.0, "valid"), ("pr", 65.0, "valid"), ("pi", None, "missing")]


def decode(*chunks):
    return run(SPEC.make(), chunks)


def values(outputs):
    """(parameter, value, quality) of every reading."""
    found = (output.reading for output in outputs if isinstance(output, Measured))
    return [(reading.parameter.value, reading.value, reading.quality.value) for reading in found]


def notices(outputs):
    return [output.text for output in outputs if isinstance(output, DeviceNotice)]


def names(outputs):
    return [output.name for output in outputs if isinstance(output, Accepted)]


def traffic(captures, direction):
    """The packets of the recorded session that went one way."""
    lines = (captures / "contec_cms50" / "v7_real_session.hex").read_text("ascii").splitlines()
    return [bytes.fromhex(line[1:]) for line in lines if line.startswith(direction)]


# the recording


def test_the_recorded_session(captures):
    said = traffic(captures, "<")
    outputs = decode(*said)
    assert not any(isinstance(o, Garbage) for o in outputs)
    assert names(outputs) == ["v7 answer"] * 11 + ["v7"] * 7
    assert [o.length for o in outputs if isinstance(o, Accepted)] == [len(raw) for raw in said]
    assert values(outputs) == GOOD
    assert notices(outputs) == ["the device calls itself 'user'"]
    check_chunks(SPEC, b"".join(said), [4])


def test_the_recorded_packets(captures):
    packets = [raw for raw in traffic(captures, "<") if raw[0] == 1]
    assert [pleth_v7(raw) for raw in packets] == [0x33, 0x30, 0x2E, 0x2C, 0x2B, 0x2A, 0x2A]
    for said in map(read_v7, packets):
        assert dict(said.numbers) == {Parameter.SPO2: 97, Parameter.PR: 65, Parameter.PI: None}
        assert not said.out
        assert not said.searching


def test_recorded_commands_are_what_we_write(captures):
    asked = traffic(captures, ">")
    assert asked == [command(code) for code in (0xA7, 0xA2, 0xA0, 0xB0, 0xAC, 0xB3, 0xA8, 0xAA, 0xA9, 0xA1)]
    assert set(START_UP) <= set(asked)
    assert bytes.fromhex("7D 81 AF 80 80 80 80 80 80") == ALIVE


# V7


def real(status=5, pleth=0x33, bar=6, pr=65, spo2=97, pi=325):
    return packed(1, bytes((status, pleth, bar, pr, spo2, pi & 0xFF, pi >> 8)))


V7 = [
    ({}, [97.0, 65.0, 3.25], "valid"),
    ({"pr": 140, "spo2": 100}, [100.0, 140.0, 3.25], "valid"),
    ({"pr": 254, "spo2": 1, "pi": 2200}, [1.0, 254.0, 22.0], "valid"),
    ({"pr": 128, "pi": 1}, [97.0, 128.0, 0.01], "valid"),
    ({"pi": 0x0180}, [97.0, 65.0, 3.84], "valid"),
    ({"pr": 255, "spo2": 127, "pi": 0xFFFF}, [None] * 3, "missing"),
    ({"pr": 0, "spo2": 0, "pi": 0}, [None] * 3, "invalid"),
    ({"spo2": 101, "pr": 0, "pi": 2201}, [None] * 3, "invalid"),
    ({"status": 0x85}, [None] * 3, "missing"),
    ({"status": 0x15}, [97.0, 65.0, 3.25], "questionable"),
    ({"pleth": 0xB3}, [97.0, 65.0, 3.25], "questionable"),
    ({"status": 0x65}, [97.0, 65.0, 3.25], "valid"),
]


@each_row(("fields", "numbers", "quality"), V7)
def test_v7_packets(fields, numbers, quality):
    outputs = decode(real(**fields) * 3)
    assert values(outputs) == [(p, n, quality) for p, n in zip(("spo2", "pr", "pi"), numbers, strict=True)]
    check_chunks(SPEC, real(**fields) * 25, [5])


def test_the_bit_for_no_perfusion_index():
    assert values(decode(real(bar=0x16) * 3))[2] == ("pi", None, "missing")


def test_bits_seven_go_through_the_second_byte():
    data = bytes(range(120, 127 + 7, 2))[:7]
    assert unpacked(packed(1, data)) == data
    assert unpacked(REAL) == bytes.fromhex("05 33 16 41 61 FF FF")
    assert packed(1, unpacked(REAL)) == REAL


BAD = [
    REAL[1:], REAL[:-1], REAL[:8] + b"\x7f", b"\x01\x60" + REAL[2:], REAL[:4] + b"\x16" + REAL[5:],
    real(bar=0x26), real(bar=0x86), b"\0" + REAL[1:], b"\x16" + REAL[1:], b"\x0c\x81", b"\x0d\x82\x80",
    b"\x0b\x84\x80\x80", b"\x06\x80\x80", b"\x0e\x80\x01",
]  # fmt: skip


@each_row("raw", BAD)
def test_what_is_no_packet_is_garbage(raw):
    assert b"".join(o.raw for o in decode(raw)) == raw
    assert names(decode(REAL, raw, REAL)) == ["v7", "v7"], "and its neighbours are whole"


@each_row("kind", LENGTHS)
def test_every_type_has_its_length(kind):
    raw = packed(kind, bytes(LENGTHS[kind] - 2))
    (accepted,) = (o for o in decode(raw) if isinstance(o, Accepted))
    assert accepted.length == LENGTHS[kind]
    assert look_v7(bytearray(raw + b"\x80"), 0)[0] == LENGTHS[kind]


def test_stored_sessions_say_nothing():
    stored = packed(0x09, bytes((97, 65, 0x45, 1))) + packed(0x0F, bytes((97, 65) * 3)) + packed(0x07, bytes(6))
    outputs = decode(stored * 20)
    assert names(outputs) == ["v7 answer"] * 60
    assert values(outputs) == []


def test_what_the_device_tells_of_itself():
    said = [packed(0x0D, b"\x01"), packed(0x0D, b"\x77"), packed(0x0B, b"\xa1\x05"), packed(0x0B, b"\xaf\x00")]
    assert notices(decode(*said)) == [
        "the device ends the connection: the device is switched off",
        "the device ends the connection: reason unknown",
        "command A1: not supported",
    ]


def test_numbers_and_pleth_come_in_blocks():
    outputs = decode(*(real(pleth=n % 0x40) for n in range(2 * BLOCK + 5)))
    told = [o.offset // 9 for o in outputs if isinstance(o, Measured)][::3]
    assert told == [2, BLOCK - 1, 2 * BLOCK - 1]
    blocks = [o.block for o in outputs if isinstance(o, Sampled)]
    assert [block.samples for block in blocks] == [
        tuple(map(float, range(20))), tuple(map(float, range(20, 40))),
    ]  # fmt: skip
    assert {(block.signal, block.rate_hz, block.unit) for block in blocks} == {(Signal.PLETH, 60.0, None)}


def test_without_a_finger_there_is_no_pleth():
    (block,) = [o.block for o in decode(real(status=0x85, pleth=0x40) * BLOCK) if isinstance(o, Sampled)]
    assert set(block.samples) == {None}


def test_remarks_are_told_when_they_change():
    good, out, searching = real() * BLOCK, real(status=0x85) * BLOCK, real(pleth=0xB3) * BLOCK
    assert notices(decode(good, good, out, out, searching, good)) == [
        "no finger or probe error", "searching for the pulse", "no remarks any more",
    ]  # fmt: skip


@pytest.mark.parametrize("at", range(BLOCK - 3, BLOCK))
def test_a_number_needs_three_packets_in_a_row(at):
    """Others of the same packets are told."""
    packets = [real()] * BLOCK
    packets[at] = real(spo2=60)
    later = [o.reading.parameter for o in decode(*packets) if isinstance(o, Measured)][3:]
    assert later == [Parameter.PR, Parameter.PI]
    assert values(decode(real(), real(), b"\x80", real(), real())) == []


# the old protocol

OLD = bytes.fromhex("85 33 46 0C 61")
OLDS = [
    (OLD, [97.0, 140.0], "valid"),
    (bytes.fromhex("85 33 06 41 61"), [97.0, 65.0], "valid"),
    (bytes.fromhex("85 33 46 00 64"), [100.0, 128.0], "valid"),
    (bytes.fromhex("90 40 10 00 00"), [None, None], "missing"),
    (bytes.fromhex("85 33 56 0C 61"), [None, None], "missing"),
    (bytes.fromhex("95 33 46 0C 61"), [None, None], "missing"),
    (bytes.fromhex("85 33 66 0C 61"), [97.0, 140.0], "questionable"),
    (bytes.fromhex("85 33 06 00 7F"), [None, None], "missing"),
    (bytes.fromhex("85 33 46 7F 65"), [None, None], "invalid"),
    (bytes.fromhex("E5 33 46 0C 61"), [97.0, 140.0], "valid"),
]


@each_row(("raw", "numbers", "quality"), OLDS)
def test_old_packets(raw, numbers, quality):
    outputs = decode(raw * 3)
    assert names(outputs) == ["old"] * 3
    assert values(outputs) == [(p, n, quality) for p, n in zip(("spo2", "pr"), numbers, strict=True)]
    check_chunks(SPEC, raw * 25, [3])


def test_the_worked_old_packet():
    said = read_old(OLD)
    assert (dict(said.numbers), pleth_old(OLD)) == ({Parameter.SPO2: 97, Parameter.PR: 140}, 0x33)


def test_it_takes_three_old_packets_to_be_one():
    assert names(decode(OLD * 2)) == []
    driver = SPEC.make()
    assert [names(driver.feed(OLD, START)) for _ in range(4)] == [[], [], ["old"] * 3, ["old"]]
    assert names(decode(OLD * 3, b"\x01", OLD * 2)) == ["old"] * 3
    assert names(decode(OLD * 3, b"\x01", OLD * 3)) == ["old"] * 6


def test_records_out_of_an_old_memory_say_nothing():
    stored = bytes.fromhex("F2 80 00") * 3 + bytes.fromhex("F1 8C 61") * 30 + bytes.fromhex("F0 C1 5F") * 30
    outputs = decode(OLD * 3, stored, OLD * 3)
    assert names(outputs) == ["old"] * 3 + ["old stored"] * 63 + ["old"] * 3
    assert {o.offset for o in outputs if isinstance(o, Measured)} == {10}
    assert names(decode(bytes.fromhex("F1 8C 61") * 5)) == ["old stored"] * 5


@pytest.mark.parametrize(
    "raw", [b"\x05" + OLD[1:], OLD[:2] + b"\xc6" + OLD[3:], OLD[:4], OLD[:4] + b"\xe1", OLD + b"\0"]
)
def test_a_damaged_old_packet_is_garbage(raw):
    outputs = decode(OLD * 3, raw, OLD * 3)
    assert [o for o in outputs if isinstance(o, Garbage)]
    assert 6 <= len(names(outputs)) <= 7
    assert {value for _, value, _ in values(outputs)} == {97.0, 140.0}


# which protocol


def test_a_variant_reads_its_own_protocol_only():
    old, v7 = OLD * 30, REAL * 30
    for variant in SPEC.variants:
        mine, other = (v7, old) if variant.name == "v7" else (old, v7)
        assert len(names(run(variant.make(), [mine]))) == 30
        assert names(run(variant.make(), [other])) == []
    assert [str(variant.line) for variant in SPEC.variants] == ["115200 8N1", "19200 8O1"]


def test_a_change_of_protocol_is_found():
    outputs = decode(REAL * 4, OLD * 4, REAL * 4)
    assert names(outputs) == ["v7"] * 4 + ["old"] * 4 + ["v7"] * 4
    assert [n for n, (parameter, *_) in enumerate(values(outputs)) if parameter == "spo2"] == [0, 3, 5]


# what is sent


def sends(driver, seconds, hear=lambda second: b"", rate=4):
    """(second, bytes) of what goes out; `hear` gives what arrives in each second."""
    found = []
    for n in range(int(seconds * rate)):
        at = START.plus(n / rate)
        if n % rate == 0:
            list(driver.feed(hear(n // rate), at))
        found += [(n / rate, output.data) for output in driver.tick(at) if isinstance(output, Send)]
    return found


def test_it_starts_and_says_every_five_seconds_that_it_is_there():
    found = sends(SPEC.make(), 31, lambda second: REAL * 60)
    assert found[:4] == [(n / 4, data) for n, data in enumerate(START_UP)]
    assert {data for _, data in found[4:]} == {ALIVE}
    assert [at for at, _ in found[4:]] == [5.75, 10.75, 15.75, 20.75, 25.75, 30.75]


def test_it_starts_again_where_nothing_comes():
    found = sends(SPEC.make(), 10)
    assert [data for _, data in found] == list(START_UP) * 4
    found = sends(SPEC.make(), 20, lambda second: REAL * 60 if second < 10 else b"")
    assert (12.0, START_UP[0]) in found


@pytest.mark.parametrize("rate", [4, 5, 10, 50])
def test_commands_keep_their_distance(rate):
    times = [at for at, _ in sends(SPEC.make(), 40, rate=rate)]
    assert min(b - a for a, b in pairwise(times)) >= 0.25 - 1e-6


def test_nothing_is_sent_to_an_old_device():
    (old,) = (variant for variant in SPEC.variants if variant.name == "old")
    assert sends(old.make(), 20) == []
    found = sends(SPEC.make(), 20, lambda second: OLD * 60)
    assert found == [], "the first thing that it heard was an old one"
    found = sends(SPEC.make(), 20, lambda second: OLD * 60 if second > 3 else b"")
    assert max(at for at, _ in found) < 4
    found = sends(SPEC.make(), 20, lambda second: OLD * 60 if second < 4 else b"")
    assert found[0] == (6.0, START_UP[0]), "three old packets out of noise must not silence it for ever"


CHANGES = [0xA3, 0xA4, 0xA5, 0xA6, 0xAB, 0xAE, 0xB0, 0xB1, 0xB2, 0xB3, 0xB6]


def test_the_allow_list():
    assert SPEC.allow_list.exact == {*START_UP, ALIVE}
    assert not SPEC.allow_list.templates
    assert not any(command(code) in SPEC.allow_list for code in CHANGES)
    assert packed(0x04, b"another") not in SPEC.allow_list, "sets the device's name"


# the simulated devices


def second(spo2=97.0, pr=72.0, pi=3.25):
    return Truth(wall=START.wall, values={Parameter.SPO2: spo2, Parameter.PR: pr, Parameter.PI: pi})


def test_the_simulated_device_streams_while_it_is_told_that_somebody_is_there():
    device = V7Simulator()
    assert device.advance(second()) == b""
    assert device.receive(ALIVE) == b""
    assert device.advance(second()) == b""
    device.receive(START_UP[-1])
    assert [len(device.advance(second())) for _ in range(12)] == [540] * 10 + [0, 0]
    device.receive(START_UP[-1])
    device.receive(ALIVE)
    assert device.receive(START_UP[1]) == b"\x0c\x80"
    assert device.advance(second()) == b""


@each_row("code", CHANGES)
def test_the_simulated_device_does_nothing_else(code):
    device = V7Simulator()
    device.receive(START_UP[-1])
    assert unpacked(device.receive(command(code))) == bytes((code, 5))
    assert len(device.advance(second())) == 540


def whole(low, high):
    return st.none() | st.integers(low, high).map(float)


@settings(max_examples=60, deadline=None)
@given(spo2=whole(1, 100), pr=whole(1, 254), pi=st.none() | st.integers(1, 2200).map(lambda n: n / 100))
def test_what_the_simulators_say_is_what_the_driver_reads(spo2, pr, pi):
    truth = second(spo2, pr, pi)
    v7 = V7Simulator()
    v7.receive(START_UP[-1])
    gone = spo2 is None and pr is None
    for device, known in ((v7, truth.values), (OldSimulator(), {**truth.values, Parameter.PI: None})):
        outputs = decode(device.advance(truth))
        assert not any(isinstance(o, Garbage) for o in outputs)
        said = {o.reading.parameter: o.reading.value for o in outputs if isinstance(o, Measured)}
        assert said == {p: None if gone else known[p] for p in said}
        assert Parameter.SPO2 in said


# damage


@pytest.mark.parametrize("simulate", [V7Simulator, OldSimulator])
def test_damage_makes_no_number(simulate):
    """There is no checksum, so every packet of a second may be hit: but not three alike."""
    random = Random(12)  # noqa: S311 (damage, not secrets)
    said = converse(replace(SPEC, simulate=simulate), truths(8))
    true = {(p, v) for truth in truths(8) for p, v in truth.values.items()} | {(p, None) for p in Parameter}
    frames, wrong = said.frames, 0
    for _ in range(150):
        broken = [damaged(random, raw) if random.random() < 0.1 else raw for raw in frames]
        readings = [o.reading for o in decode(*broken) if isinstance(o, Measured)]
        wrong += sum((reading.parameter, reading.value) not in true for reading in readings)
    assert wrong == 0


@settings(max_examples=40, deadline=None)
@given(noise=st.binary(max_size=3000))
def test_noise_says_nothing(noise):
    assert [value for _, value, _ in values(decode(noise)) if value is not None] == []
