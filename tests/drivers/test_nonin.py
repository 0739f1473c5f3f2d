"""Nonin: the published packet, worked frames of each format, what status bits do, and that nothing slips through."""

from random import Random

import pytest
from drivers.contract import START, check_chunks, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceNotice, Garbage, Measured, Sampled, Send, Truth
from ketamon.testing.conversation import truths
from ketamon.testing.damage import damaged
from ketamon_drivers.nonin import SPEC
from ketamon_drivers.nonin.formats import FORMATS
from ketamon_drivers.nonin.simulator import NoninSimulator

GOOD = [("spo2", 97.0, "valid"), ("pr", 72.0, "valid")]
GONE = [("spo2", None, "missing"), ("pr", None, "missing")]


def decode(*chunks):
    return run(SPEC.make(), chunks)


def values(outputs):
    """(parameter, value, quality) of every reading."""
    found = (output.reading for output in outputs if isinstance(output, Measured))
    return [(reading.parameter.value, reading.value, reading.quality.value) for reading in found]


def notices(outputs):
    return [output.text for output in outputs if isinstance(output, DeviceNotice)]


def frame(*head):
    return bytes([*head, sum(head) % 256])


def rate(number):
    return number >> 7, number & 0x7F


def packet(form="2", *, spo2=97, hr=72, spo2_d=97, hr_d=72, others=None, status=None, pleth=None, stat2=0, reserved=0):
    """A packet, written after the vendor's table; `status` adds bits to frames, `others` is every other average."""
    echo, echo_hr = others or (spo2_d, hr_d)
    floats = [
        *rate(hr), spo2, 48, reserved, 0, 5, stat2, spo2_d, echo, echo, reserved, reserved, *rate(echo_hr), echo, echo,
        reserved, reserved, *rate(hr_d), *rate(echo_hr), reserved, reserved,
    ]  # fmt: skip
    raw = b""
    for n, number in enumerate(floats):
        bits = 0x80 | (n == 0) | (status or {}).get(n, 0)
        wave = (pleth or range(100, 125))[n]
        raw += frame(1, bits, wave, number) if form == "2" else frame(bits, wave >> 8, wave & 0xFF, number)
    return raw


# data formats #2 and #7


def test_the_published_packet(captures):
    text = (captures / "nonin" / "pufferfish_unit_test_packet_df2.hex").read_text("ascii")
    raw = bytes.fromhex("".join(line for line in text.splitlines() if not line.startswith("#")))
    assert len(raw) == 125
    outputs = decode(raw)
    assert outputs[0] == Accepted(0, 125, "format 2")
    assert values(outputs) == GOOD
    check_chunks(SPEC, raw * 3, [7])
    for at in range(125):
        broken = raw[:at] + bytes([raw[at] ^ 0x04]) + raw[at + 1 :]
        assert values(decode(broken)) == [], f"byte {at}"


@each_row("form", ["2", "7"])
@each_row(("spo2", "pr"), [(97, 72), (100, 127), (88, 128), (70, 255), (65, 256), (1, 321), (99, 18)])
def test_numbers_of_packets(form, spo2, pr):
    outputs = decode(packet(form, spo2=spo2, spo2_d=spo2, hr=pr, hr_d=pr))
    assert values(outputs) == [("spo2", float(spo2), "valid"), ("pr", float(pr), "valid")]
    assert notices(outputs) == [f"the device sends data format {form}"]


def test_the_display_values_are_given():
    """The recording, fast and extended values are other averages."""
    assert values(decode(packet(spo2=90, hr=60, spo2_d=97, hr_d=72, others=(97, 72)))) == GOOD


@pytest.mark.parametrize(("form", "top"), [("2", 255), ("7", 65535)])
def test_pleth(form, top):
    wave = [0, top, *range(100, 123)]
    (block,) = [o.block for o in decode(packet(form, pleth=wave)) if isinstance(o, Sampled)]
    assert (block.signal, block.rate_hz, block.unit) == (Signal.PLETH, 75.0, None)
    assert block.samples == tuple(map(float, wave))


STATUS = [
    # every bit in some frame of the packet, at a frame that is not the first too
    ({}, "valid"),
    ({3: 0x02}, "valid"),  # green
    ({3: 0x06}, "valid"),  # yellow
    ({3: 0x04}, "questionable"),  # red
    ({3: 0x20}, "questionable"),  # artefact
    ({3: 0x22}, "questionable"),
    ({20: 0x10}, "questionable"),  # out of track
    ({3: 0x04, 20: 0x02}, "questionable"),
    ({0: 0x08}, "missing"),  # sensor alarm
    ({24: 0x40}, "missing"),  # disconnected
    ({3: 0x02, 24: 0x48}, "missing"),
]


@each_row("form", ["2", "7"])
@each_row(("status", "quality"), STATUS)
def test_status_bits_make_the_quality(form, status, quality):
    outputs = decode(packet(form, status=status))
    assert {said for _, _, said in values(outputs)} == {quality}
    assert all((value is None) is (quality == "missing") for _, value, _ in values(outputs))
    if quality == "missing":
        assert [set(o.block.samples) for o in outputs if isinstance(o, Sampled)] == [{None}]


def test_a_weak_pulse_makes_numbers_questionable_until_a_better_one():
    red, none, green = packet(status={3: 0x04}), packet(), packet(status={3: 0x02})
    said = [quality for _, _, quality in values(decode(red, none, b"\xff", none, green, none))]
    assert said[::2] == ["questionable", "questionable", "questionable", "valid", "valid"]
    both = packet(status={3: 0x04, 20: 0x02})
    assert [quality for _, _, quality in values(decode(both, none))][::2] == ["questionable", "valid"], (
        "the last counts"
    )


@pytest.mark.parametrize("raw", [packet(spo2=127, others=(97, 72)), packet(hr=511, others=(97, 72))])
def test_display_values_held_through_artefact_are_questionable(raw):
    assert {quality for _, _, quality in values(decode(raw))} == {"questionable"}


def test_a_number_of_a_removed_finger_is_none():
    """The display values stand for ten seconds more, then they are missing."""
    held = packet(spo2=127, hr=511, others=(127, 511), status=dict.fromkeys(range(25), 0x08))
    gone = packet(spo2=127, hr=511, spo2_d=127, hr_d=511, status=dict.fromkeys(range(25), 0x08))
    outputs = decode(packet(), held, held, gone, packet())
    assert values(outputs) == [*GOOD, *GONE * 3, *GOOD]
    assert notices(outputs)[1:] == ["no finger", "no remarks any more"]


@pytest.mark.parametrize(("spo2", "pr"), [(0, 17), (101, 322), (126, 510), (110, 0)])
def test_impossible_numbers_have_no_value(spo2, pr):
    outputs = decode(packet(spo2_d=spo2, hr_d=pr))
    assert values(outputs) == [("spo2", None, "invalid"), ("pr", None, "invalid")]


def test_one_number_may_be_missing_alone():
    assert values(decode(packet(hr=511, hr_d=511))) == [("spo2", 97.0, "questionable"), ("pr", None, "missing")]


def test_low_battery_is_told_once():
    outputs = decode(packet(stat2=1), packet(stat2=0x21), packet(stat2=0x20))
    assert notices(outputs)[1:] == ["low battery", "no remarks any more"]


def test_a_number_counts_when_another_average_or_the_packet_before_says_it():
    alone = packet(spo2_d=37, hr_d=200, others=(97, 72))
    assert values(decode(alone)) == []
    assert values(decode(packet(), alone, packet())) == GOOD * 2
    assert values(decode(alone, alone)) == [("spo2", 37.0, "valid"), ("pr", 200.0, "valid")]
    assert values(decode(alone, b"\0", alone)) == [], "not with something between them"


@pytest.mark.parametrize("form", ["2", "7"])
def test_a_status_has_bit_seven(form):
    raw = bytearray(packet(form))
    at = 60 + (form == "2")
    raw[at] ^= 0x80
    raw[64] = sum(raw[60:64]) % 256
    assert not any(isinstance(o, Accepted) for o in decode(bytes(raw)))


@pytest.mark.parametrize("form", ["2", "7"])
def test_reserved_floats_may_be_anything(form):
    assert values(decode(packet(form, reserved=0xFF))) == GOOD


@each_row("form", ["2", "7"])
@each_row(
    "change",
    [
        lambda raw: raw[5:],
        lambda raw: raw[:-5],
        lambda raw: raw[:60] + raw[65:],
        lambda raw: raw[:50] + raw[:5] + raw[55:],  # SYNC in the middle
        lambda raw: raw[5:10] + raw[:5] + raw[10:],
        lambda raw: raw[:124],
        lambda raw: raw[1:],
    ],
)
def test_only_a_whole_packet_is_one(form, change):
    raw = packet(form)
    outputs = decode(change(raw), packet(form, spo2=95, spo2_d=95))
    assert values(outputs)[-2:] == [("spo2", 95.0, "valid"), GOOD[1]]
    assert len(values(outputs)) == 2
    assert sum(isinstance(o, Accepted) for o in outputs) == 1


@each_row("form", ["2", "7"])
@each_row("at", range(1, 25))
def test_frames_that_come_twice_or_in_another_order_make_no_number(form, at):
    raw, more = packet(form, stat2=0x20), packet(form, spo2=95, spo2_d=95)
    frames = [raw[n : n + 5] for n in range(0, 125, 5)]
    for changed in (
        [*frames[: at + 1], *frames[at:]],
        [*frames[: at - 1], frames[at], frames[at - 1], *frames[at + 1 :]],
    ):
        for before in (b"", packet(form)):
            said = values(decode(before, b"".join(changed), more))
            assert {value for _, value, _ in said} <= {97.0, 95.0, 72.0, None}


@each_row("at", [0, 1, 2, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22])
def test_floats_have_seven_bits(at):
    raw = bytearray(packet())
    raw[at * 5 + 3] |= 0x80
    raw[at * 5 + 4] = sum(raw[at * 5 : at * 5 + 4]) % 256
    assert not any(isinstance(o, Accepted) for o in decode(bytes(raw)))


# data format #8


ROW = bytes.fromhex("80 48 61")
EIGHT = [
    (ROW, GOOD),
    (ROW + b"\0", GOOD),
    (bytes.fromhex("81 02 60"), [("spo2", 96.0, "valid"), ("pr", 130.0, "valid")]),
    (bytes.fromhex("81 02 60 00"), [("spo2", 96.0, "valid"), ("pr", 130.0, "valid")]),
    (bytes.fromhex("82 40 60 00"), [("spo2", 96.0, "valid"), ("pr", 320.0, "valid")]),
    (bytes.fromhex("83 7F 7F 00"), GONE),
    (bytes.fromhex("80 48 7F 00"), [GONE[0], GOOD[1]]),
    (bytes.fromhex("80 48 61 08"), GONE),  # sensor alarm
    (bytes.fromhex("C0 48 61 00"), GONE),  # disconnected
    (bytes.fromhex("80 48 61 21"), GOOD),  # SmartPoint, low battery
    (bytes.fromhex("88 48 61 00"), GOOD),  # marginal perfusion
    *((bytes([0x80 | bit, 0x48, 0x61]), [(p, v, "questionable") for p, v, _ in GOOD]) for bit in (0x04, 0x10, 0x20)),
]


@each_row(("raw", "expected"), EIGHT)
def test_format_8(raw, expected):
    outputs = decode(raw * 4)
    assert values(outputs) == expected
    assert [o.length for o in outputs if isinstance(o, Accepted)] == [len(raw)] * 4
    assert values(decode(raw * 6)) == expected * 3
    check_chunks(SPEC, raw * 6, [3])


@pytest.mark.parametrize("size", [3, 4])
def test_format_8_is_certain_with_the_fourth_frame(size):
    raw = (ROW + b"\0")[:size]
    driver = SPEC.make()
    said = [[type(o) for o in driver.feed(raw, START)] for _ in range(6)]
    assert said[:3] == [[], [], []]
    assert said[3].count(Accepted) == 4
    assert all(kinds.count(Measured) == 2 for kinds in said[3:])
    assert decode(raw * 3) == [Garbage(0, raw * 3, "no frame of any Nonin format")]


def test_frames_of_8_that_contradict_each_other_are_none():
    frames = [bytes((0x80, pr, spo2, 0)) for pr, spo2 in ((72, 97), (72, 60), (100, 97), (30, 80)) * 3]
    assert not any(isinstance(o, Accepted) for o in decode(*frames))


def test_a_jump_in_8_needs_a_second_frame():
    far, near = bytes((0x80, 100, 80, 0)), bytes((0x80, 102, 82, 0))
    assert values(decode((ROW + b"\0") * 4, far, near)) == [*GOOD, ("spo2", 82.0, "valid"), ("pr", 102.0, "valid")]


@pytest.mark.parametrize("noise", [b"\xff", b"\x85", b"\x80\x48", b"a", b"\x00"])
def test_after_noise_8_must_be_certain_anew(noise):
    raw = ROW + b"\0"
    outputs = decode(raw * 5, noise, raw * 3)
    assert values(outputs) == GOOD * 2
    assert values(decode(raw * 5, noise, raw * 4)) == GOOD * 3
    assert sum(isinstance(o, Accepted) for o in outputs) == 5


# data format #13


CHECKED = bytes.fromhex("00 02 00 0D 00 0E 20 26 01 02 03 04 07 00 02 00 00 48 00 61 02 03")


def spot(change=None, *, more=b""):
    """The worked spot check with some of its data changed; checksum and length are right."""
    data = bytearray(CHECKED[6:-2] + more)
    for at, byte in (change or {}).items():
        data[at] = byte
    return CHECKED[:4] + len(data).to_bytes(2, "big") + bytes(data) + bytes([sum(data) % 256, 3])


SPOTS = [
    ({}, GOOD),
    ({11: 0x82}, [GOOD[0], ("pr", 130.0, "valid")]),
    ({10: 1, 11: 0}, [GOOD[0], ("pr", 256.0, "valid")]),
    ({8: 0}, [(p, v, "questionable") for p, v, _ in GOOD]),
    ({8: 3}, GONE),
    ({10: 1, 11: 0xFF, 13: 127}, GONE),
    ({9: 1}, GOOD),
    ({13: 0}, [("spo2", None, "invalid"), GOOD[1]]),
    ({12: 0xFF}, GOOD),
]


@each_row(("change", "expected"), SPOTS)
def test_spot_checks(change, expected):
    outputs = decode(spot(change))
    assert values(outputs) == expected
    assert outputs[0] == Accepted(0, 22, "format 13")
    check_chunks(SPEC, spot(change) * 2, [5])


def test_the_worked_spot_check():
    assert spot() == CHECKED
    assert values(decode(spot(more=b"\x81" * 9))) == GOOD, "the data may be longer"
    stored = [o.reading.stored for o in decode(CHECKED, spot({9: 0x10})) if isinstance(o, Measured)]
    assert stored == [False, False, True, True]


BAD_SPOTS = [
    spot({0: 0x19}), spot({1: 0x2A}), spot({2: 0x13}), spot({2: 0}), spot({3: 0x32}), spot({3: 0}), spot({4: 0x24}),
    spot({5: 0x60}), spot({6: 0x60}), spot({7: 1}), spot({8: 6}), spot({9: 2}), spot({10: 2}), spot({13: 0xE1}),
    CHECKED[:-1] + b"\x04", CHECKED[:-2] + b"\x03\x03", CHECKED[:-1], b"\x01" + CHECKED[1:],
    CHECKED[:5] + b"\x0f" + CHECKED[6:], CHECKED[:5] + b"\x0d" + CHECKED[6:],
    CHECKED[:17] + b"\x00\x48" + CHECKED[19:-1] + b"\x04", spot(more=bytes(60)),
]  # fmt: skip


@each_row("raw", BAD_SPOTS)
def test_a_spot_check_that_does_not_fit_is_garbage(raw):
    assert b"".join(o.raw for o in decode(raw)) == raw


# lines


LINES = [
    (b"SPO2=097 HR=072\r\n", GOOD),
    (b"SPO2=100 HR=321\r\n", [("spo2", 100.0, "valid"), ("pr", 321.0, "valid")]),
    (b"SPO2=--- HR=---\r\n", GONE),
    (b"SPO2=097 HR=---\r\n", [GOOD[0], GONE[1]]),
    (b"SPO2=097 HR=072 F\r\n", GOOD),
    (b"SPO2=097 HR=072*\r\n", GOOD),
    (b"SPO2=097 HR=072 *\r\n", GOOD),
    (b"SPO2=097 HR=072 F*\r\n", GOOD),
    (b"SPO2=097 HR=072 B\r\n", GOOD),
    (b"13:05:59 SPO2=097 HR=072\r\n", GOOD),
    (b"23:59:59 SPO2=--- HR=--- *\r\n", GONE),
    (b"SPO2=000 HR=000\r\n", [("spo2", None, "invalid"), ("pr", None, "invalid")]),
]


@each_row(("raw", "expected"), LINES)
def test_lines(raw, expected):
    outputs = decode(raw * 3)
    assert values(outputs) == expected * 2, "the first line is not certain"
    assert [o.length for o in outputs if isinstance(o, Accepted)] == [len(raw)] * 3
    check_chunks(SPEC, raw * 3, [3])


BAD_LINES = [
    b"SPO2=97 HR=72\r\n", b"SPO2=101 HR=072\r\n", b"SPO2=197 HR=072\r\n", b"SPO2=097 HR=400\r\n", b"SPO2=097HR=072\r\n",
    b"SPO2=097 HR=072\n", b"SPO2=097 HR=072\r", b"SPO2=-97 HR=072\r\n", b"SPO2=097 HR=0 72\r\n", b"spo2=097 hr=072\r\n",
    b"SPO2=097 HR=072 X\r\n", b"SPO2=O97 HR=072\r\n", b"SPO2=097 PR=072\r\n", b"SPO2=0\xb97 HR=072\r\n",
]  # fmt: skip


@each_row("raw", BAD_LINES)
def test_a_line_that_does_not_fit_is_garbage(raw):
    assert not any(isinstance(o, Accepted) for o in decode(raw * 3))
    good = LINES[0][0]
    assert values(decode(good * 2, raw, good)) == GOOD, "and the line after it must be confirmed"


def test_the_header_at_power_up_is_no_line():
    header = b"NONIN MODEL 8500\r\nDATE 11/21/26 TIME 08:00:00\r\n\r\n"
    outputs = decode(header, LINES[0][0] * 2)
    assert values(outputs) == GOOD
    assert b"".join(o.raw for o in outputs if isinstance(o, Garbage)) == header


def test_a_jump_in_lines_needs_a_second_one():
    good, other = LINES[0][0], b"SPO2=087 HR=092\r\n"
    assert values(decode(good, good, other)) == GOOD
    assert values(decode(good, good, other, other)) == [*GOOD, ("spo2", 87.0, "valid"), ("pr", 92.0, "valid")]


def test_fast_averages_are_told():
    assert notices(decode(LINES[4][0] * 3))[1:] == ["fast responding averages"]


# which format


def device(name, seconds):
    """The bytes of a simulated device, second by second."""
    simulator = NoninSimulator(name)
    return [simulator.advance(truth) for truth in truths(seconds)]


@each_row("first", FORMATS)
@each_row("then", FORMATS)
def test_a_change_of_format_is_found(first, then):
    outputs = decode(b"".join(device(first, 12)) + b"".join(device(then, 12)))
    assert not any(isinstance(o, Garbage) for o in outputs)
    told = [f"the device sends data format {name}" for name in dict.fromkeys((first, then))]
    assert notices(outputs) == told
    true = {value for truth in truths(12) for value in truth.values.values()}
    assert {o.reading.value for o in outputs if isinstance(o, Measured)} <= true


@each_row("name", FORMATS)
@each_row("told", FORMATS)
def test_a_variant_reads_its_own_format_only(name, told):
    (variant,) = (v for v in SPEC.variants if v.name == told)
    outputs = run(variant.make(), device(name, 12))
    assert any(isinstance(o, Measured) for o in outputs) is (name == told)
    assert any(isinstance(o, Accepted) for o in outputs) is (name == told)


@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_that_begins_anywhere_is_found(name):
    data = b"".join(device(name, 12))
    true = {value for truth in truths(12) for value in truth.values.values()}
    for begin in range(0, min(130, len(data) // 2), 3):
        said = [o.reading.value for o in decode(data[begin:]) if isinstance(o, Measured)]
        assert set(said) <= true
        assert said or name == "13"


@settings(max_examples=40, deadline=None)
@given(noise=st.binary(max_size=2000))
def test_noise_says_nothing(noise):
    assert values(decode(noise)) == []


# damage


@pytest.mark.parametrize(("name", "most"), [("2", 0.0), ("7", 0.0), ("8", 0.03), ("ascii", 0.015), ("13", 0.001)])
def test_damage_makes_no_number(name, most):
    """One second of twelve is damaged: a number that the device never said must not come up, or rarely."""
    random, seconds = Random(11), device(name, 12)  # noqa: S311 (damage, not secrets)
    true = {(p, v) for truth in truths(12) for p, v in truth.values.items()} | {(p, None) for p in Parameter}
    hits = [n for n, said in enumerate(seconds) if said and n >= min(5, len([s for s in seconds if s]) - 1)]
    wrong = tried = 0
    for _ in range(400):
        at = random.choice(hits)
        broken = [*seconds[:at], damaged(random, seconds[at]), *seconds[at + 1 :]]
        readings = [o.reading for o in decode(*broken) if isinstance(o, Measured)]
        wrong += any((reading.parameter, reading.value) not in true for reading in readings)
        tried += 1
    assert wrong <= most * tried, f"{wrong} of {tried}"


def test_nothing_is_sent_or_may_be():
    assert not SPEC.allow_list.exact
    assert not SPEC.allow_list.templates
    assert not SPEC.probe
    driver = SPEC.make()
    assert not any(isinstance(o, Send) for n in range(400) for o in driver.tick(START.plus(n / 4)))


def whole(low, high):
    return st.none() | st.integers(low, high).map(float)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(list(FORMATS)), spo2=whole(1, 100), pr=whole(18, 321))
def test_what_the_simulator_says_is_what_the_driver_reads(name, spo2, pr):
    given_ = Truth(wall=START.wall, values={Parameter.SPO2: spo2, Parameter.PR: pr})
    simulator = NoninSimulator(name)
    outputs = decode(*(simulator.advance(given_) for _ in range(12)))
    assert not any(isinstance(o, Garbage) for o in outputs)
    said = {o.reading.parameter: o.reading.value for o in outputs if isinstance(o, Measured)}
    assert said == ({} if name == "13" and spo2 is pr is None else {Parameter.SPO2: spo2, Parameter.PR: pr})
