"""GE monitors: official examples, crafted records and two recordings of real monitors."""

import struct
from collections import Counter
from datetime import timedelta

import pytest
from drivers.contract import START, check_accounting, check_chunks, cut, frames_of, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.readings import Quality
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, AllowList, DeviceAlarms, Garbage, Measured, Mismatch, Sampled, Send, Truth
from ketamon.wire.checksums import sum8
from ketamon_drivers.ge_dri import SPEC
from ketamon_drivers.ge_dri.numerics import HR_SITES, MISSING
from ketamon_drivers.ge_dri.record import MAIN_TYPES, frame, open_body, pack
from ketamon_drivers.ge_dri.requests import (
    ALARM_STATUS,
    FAST_WAVES,
    FOLLOW_ALARMS,
    REQUEST,
    STOP,
    WAVES,
    display_request,
    wave_request,
)
from ketamon_drivers.ge_dri.waves import Wave

HEAD = "7E 31 00" + " 00" * 19 + " FF" + " 00" * 18
OFFICIAL = {
    "displayed values every 10 s": f"{HEAD} 01 0A 00 0E 00 00 00 00 00 49 7E",
    "stop displayed values": f"{HEAD} 01 00 00 00 00 00 00 00 00 31 7E",
    "trend every 60 s": f"{HEAD} 03 3C 00 0E 00 00 00 00 00 7D 5D 7E",
    "start ECG 1": "7E 48 00" + " 00" * 12 + " 01" + " 00" * 6 + " FF" + " 00" * 22 + " 01 FF" + " 00" * 26 + " 48 7E",
    "stop waveforms": "7E 48 00"
    + " 00" * 12
    + " 01"
    + " 00" * 6
    + " FF"
    + " 00" * 18
    + " 01 00 00 00 FF"
    + " 00" * 27
    + " 48 7E",
}
ECG, NIBP, T1, T2, SPO2, CO2 = 4, 76, 90, 98, 122, 136
ACTIVE = 3
"""exists and active"""


def record(changes=None, kind=1, extra=b"", level=10, main_type=0):
    """A display record of a healthy patient, with some of its 16-bit words (by byte offset) changed."""
    basic = bytearray(278)
    words = {
        ECG: ACTIVE | 1 << 3, ECG + 6: 72, ECG + 14: 13,
        NIBP: ACTIVE, NIBP + 4: 0x0B, NIBP + 6: 12000, NIBP + 8: 8000, NIBP + 10: 9300, NIBP + 12: MISSING,
        SPO2: ACTIVE, SPO2 + 6: 9665, SPO2 + 8: 73, CO2: ACTIVE, CO2 + 4: 1, CO2 + 6: 487, CO2 + 8: 26, CO2 + 10: 15,
        CO2 + 12: 7598, **(changes or {}),
    }  # fmt: skip
    for at, word in words.items():
        struct.pack_into("<H", basic, at, word & 0xFFFF)
    size = 40 + 278 + len(extra)
    descriptors = [0, kind, *([278, 1] if extra else [0, 0xFF]), 0, 0xFF, *[0] * 10]
    return struct.pack("<hBBHIBBHh8s", size, 1, level, 0, 1532624765, 0, 0, 0, main_type, b"")[:16] + (
        struct.pack("<" + "hB" * 8, *descriptors) + basic + extra
    )


def decode(*records):
    """All outputs of the frames of these records."""
    return run(SPEC.make(), [b"".join(frame(r) for r in records)])


def readings(outputs):
    return [output.reading for output in outputs if isinstance(output, Measured)]


def read(changes=None, **how):
    """The readings of one record, by parameter (the last where there are several)."""
    return {reading.parameter: reading for reading in readings(decode(record(changes, **how)))}


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_requests_are_read_and_written_alike(name):
    wire = bytes.fromhex(OFFICIAL[name])
    body = open_body(wire[1:-1])
    assert isinstance(body, bytes), body
    assert frame(body) == wire
    assert run(SPEC.make(), [wire]) == [Accepted(0, len(wire), "request")]


def test_what_is_sent_is_the_official_request_for_5_s_and_basic_only():
    official = bytes.fromhex(OFFICIAL["displayed values every 10 s"])
    assert len(REQUEST) == len(official) == 52
    assert {i: (official[i], REQUEST[i]) for i in range(52) if official[i] != REQUEST[i]} == {
        42: (10, 5), 44: (0x0E, 0), 50: (0x49, 0x36)
    }  # fmt: skip
    assert bytes.fromhex(OFFICIAL["stop displayed values"]) == STOP
    assert wave_request(Wave.ECG1) == bytes.fromhex(OFFICIAL["start ECG 1"])
    assert wave_request() == bytes.fromhex(OFFICIAL["stop waveforms"])
    assert SPEC.allow_list == AllowList(frozenset({REQUEST, WAVES, FAST_WAVES, FOLLOW_ALARMS, ALARM_STATUS}))


def test_it_asks_at_once_and_again_only_where_nothing_comes():
    driver = SPEC.make()
    asked = []
    for quarter in range(200):
        at = START.plus(quarter / 4)
        asked += [quarter / 4 for output in driver.tick(at) if output == Send(REQUEST)]
        if 3 < quarter / 4 < 20:
            list(driver.feed(frame(record()), at))
    assert asked == [0.0, 29.75, 39.75, 49.75]


def test_a_record_gives_one_reading_each():
    found = read()
    assert {p: r.value for p, r in found.items()} == {
        Parameter.HR: 72, Parameter.RR: 15, Parameter.NIBP_SYS: 120, Parameter.NIBP_DIA: 80, Parameter.NIBP_MAP: 93,
        Parameter.TEMP: None, Parameter.SPO2: 96.65, Parameter.PR: 73, Parameter.ETCO2: 37.0, Parameter.FICO2: 2.0,
    }  # fmt: skip
    assert len(readings(decode(record()))) == len(found)
    assert (found[Parameter.HR].site, found[Parameter.RR].site) == ("ECG", "CO2")
    assert {r.quality for p, r in found.items() if p is not Parameter.TEMP} == {Quality.VALID}


@each_row(
    ("code", "quality"),
    [
        (-32767, Quality.MISSING), (-32766, Quality.MISSING), (-32765, Quality.MISSING), (-32764, Quality.UNDER),
        (-32763, Quality.OVER), (-32762, Quality.CALIBRATING), (-32761, Quality.INVALID), (-32001, Quality.INVALID),
        (-1, Quality.INVALID), (10001, Quality.INVALID),
    ],
)  # fmt: skip
def test_codes_and_impossible_numbers_give_no_value(code, quality):
    spo2 = read({SPO2 + 6: code})[Parameter.SPO2]
    assert (spo2.value, spo2.quality) == (None, quality)


@each_row("status", [0, 1, 2])
@each_row(
    ("group", "parameter"),
    [(ECG, Parameter.HR), (NIBP, Parameter.NIBP_SYS), (SPO2, Parameter.SPO2), (SPO2, Parameter.PR),
     (CO2, Parameter.ETCO2), (CO2, Parameter.FICO2)],
)  # fmt: skip
def test_a_group_that_is_not_both_there_and_active_has_no_value(status, group, parameter):
    reading = read({group: status})[parameter]
    assert (reading.value, reading.quality) == (None, Quality.MISSING)


@each_row(
    ("group", "bit", "parameter", "quality"),
    [(ECG, bit, Parameter.HR, Quality.QUESTIONABLE) for bit in (7, 8, 9, 11, 12, 13)]
    + [(ECG, bit, Parameter.HR, Quality.VALID) for bit in (2, 10)]
    + [(CO2, bit, Parameter.ETCO2, Quality.CALIBRATING) for bit in (3, 4)]
    + [(CO2, bit, Parameter.ETCO2, Quality.QUESTIONABLE) for bit in (5, 6, 9)]
    + [(CO2, bit, Parameter.RR, Quality.VALID) for bit in (2, 7, 8)],
)
def test_status_bits_say_how_far_a_value_can_be_trusted(group, bit, parameter, quality):
    outputs = decode(record({group: ACTIVE | 1 << bit}))
    found = {r.parameter: r for r in readings(outputs)}[parameter]
    assert found.quality is quality
    assert found.value is not None
    assert not any(isinstance(output, DeviceAlarms) for output in outputs)


@pytest.mark.parametrize(
    ("changes", "value", "site"),
    [
        ({}, 15, "CO2"),
        ({CO2 + 4: 2}, 15, "impedance"),
        ({CO2 + 10: MISSING}, 13, "impedance"),
        ({CO2: 1}, 13, "impedance"),
        ({CO2: 1, ECG: 1}, None, "impedance"),
    ],
)
def test_respiratory_rate_comes_from_co2_or_else_from_impedance(changes, value, site):
    rr = read(changes)[Parameter.RR]
    assert (rr.value, rr.site) == (value, site)


@each_row("source", HR_SITES)
def test_heart_rate_says_where_it_comes_from(source):
    assert read({ECG: ACTIVE | source << 3})[Parameter.HR].site == HR_SITES[source]


def test_a_source_that_is_left_has_no_value_any_more():
    outputs = decode(record(), record({CO2: 1}), record({CO2: 1, ECG: 1}), record())
    assert [(r.value, r.site) for r in readings(outputs) if r.parameter is Parameter.RR] == [
        (15, "CO2"), (None, "CO2"), (13, "impedance"), (None, "impedance"), (None, "impedance"), (15, "CO2"),
    ]  # fmt: skip


def test_each_probe_that_is_or_was_active_is_reported():
    one, two = {T1: ACTIVE, T1 + 6: 3672}, {T2: ACTIVE, T2 + 6: 3650}
    outputs = decode(record(), record(one), record({**one, **two}), record(two))
    assert [(r.value, r.site) for r in readings(outputs) if r.parameter is Parameter.TEMP] == [
        (None, ""), (36.72, "T1"), (36.72, "T1"), (36.5, "T2"), (None, "T1"), (36.5, "T2"),
    ]  # fmt: skip


@pytest.mark.parametrize("label", [8, 9])
def test_the_temperature_of_the_room_or_the_airway_is_not_the_patients(label):
    one, other = {T1: ACTIVE, T1 + 6: 3672}, {T1: ACTIVE, T1 + 4: label, T1 + 6: 2200}
    found = [(r.value, r.site) for r in readings(decode(record(other), record(one), record(other)))
             if r.parameter is Parameter.TEMP]  # fmt: skip
    assert found == [(None, ""), (36.72, "T1"), (None, "T1")]


@pytest.mark.parametrize("ambient", [0, MISSING, 2999, 9001])
def test_without_a_sane_ambient_pressure_there_is_no_partial_pressure(ambient):
    etco2 = read({CO2 + 12: ambient})[Parameter.ETCO2]
    assert (etco2.value, etco2.quality) == (None, Quality.INVALID)


CUFF_LIFE = [
    # label, systolic, is it new
    (0x10B, 12000, False),
    (0x12B, 12000, False),
    (0x2B, 13000, True),
    (0x0B, 13000, False),
    (0x03, 13000, False),
    (0x10B, 13000, False),
    (0x2B, 13000, True),  # the same numbers once more, but young
    (0x2B, MISSING, False),
    (0x2B, 13000, False),  # back after a gap: not measured again
    (0x10B, 12900, True),
]


def test_a_cuff_result_is_new_once():
    outputs = decode(
        *(record({NIBP + 4: label, **dict.fromkeys((82, 84, 86), value)}) for label, value, _ in CUFF_LIFE)
    )
    for parameter in CUFF:
        found = [r for r in readings(outputs) if r.parameter is parameter]
        assert [r.value is not None and not r.repeated for r in found] == [new for _, _, new in CUFF_LIFE]


def test_a_cuff_number_that_is_gone_for_a_while_makes_the_others_no_newer():
    outputs = decode(*(record({NIBP + 4: 0x0B, 82: 12000, 84: 7500, 86: mean}) for mean in (9000, -32767, 9000, 9100)))
    systolic = [r.repeated for r in readings(outputs) if r.parameter is Parameter.NIBP_SYS]
    assert systolic == [False, True, True, False]


def test_a_calibrating_cuff_is_marked():
    assert read({NIBP + 4: 0x8B})[Parameter.NIBP_MAP].quality is Quality.CALIBRATING


@pytest.mark.parametrize("kind", [2, 3])
def test_trend_records_are_stored_and_teach_the_cuff_nothing(kind):
    trend = record({NIBP + 6: 20000}, kind=kind)
    found = readings(decode(record(), trend, record()))
    assert {r.stored for r in found[10:-10]} == {True}
    assert [r.repeated for r in found[-10:] if r.parameter in CUFF] == [True] * 3


def test_extension_classes_and_auxiliary_records_are_passed_over():
    extension = bytearray(278)
    extension[277] = 1
    assert len(readings(decode(record(extra=bytes(extension))))) == 10
    assert readings(decode(record(kind=4))) == []
    assert readings(decode(record({276: 0x100}))) == []


@pytest.mark.parametrize(("main_type", "name"), [item for item in MAIN_TYPES.items() if item[0] not in (0, 1)])
def test_other_records_are_known_by_name_and_give_nothing(main_type, name):
    (output,) = decode(record(main_type=main_type, kind=9))
    assert output == Accepted(0, len(frame(record())), name)


def damaged():
    """Records that pass the 8-bit sum and are still not what a monitor sends."""
    good = record()
    yield "length", good[:-2]
    yield "length", good + b"\0"
    yield "too short", good[:40]
    yield "too long", struct.pack("<h", 1500) + good[2:] + bytes(1500 - len(good))
    yield "main type", record(main_type=2)
    yield "subrecord", good[:16] + struct.pack("<h", 1) + good[18:]
    yield "subrecord", good[:16] + struct.pack("<h", -1) + good[18:]
    yield "no subrecord", good[:18] + b"\xff" + good[19:]
    yield "numbers too short", pack(10, 0, 1, 0, {1: bytes(276)})
    yield "numbers too long", pack(10, 0, 1, 0, {1: bytes(280)})
    yield "the second numbers too short", pack(10, 0, 1, 0, {1: bytes(278), 2: bytes(8)})
    yield "subrecord twice", good[:21] + b"\x01" + good[22:]


@each_row(("what", "bad"), list(damaged()))
def test_the_checksum_alone_is_not_believed(what, bad):
    wire = frame(bad)
    (garbage,) = run(SPEC.make(), [wire])
    assert (garbage.offset, garbage.raw) == (0, wire), what
    assert isinstance(garbage, Garbage)


@pytest.mark.parametrize("level", [0, 1, 12, 255])
def test_a_monitor_of_another_level_is_told_and_gives_no_value(level):
    strange, size = record(level=level), len(frame(record(level=level)))
    outputs = decode(strange, strange, record(), strange)
    assert [o for o in outputs if not isinstance(o, Accepted)] == [
        Mismatch(size, f"a monitor of interface level {level}; this driver reads the levels 2 to 11")
    ]
    driver = SPEC.make()
    list(driver.tick(START))
    list(driver.feed(frame(strange) * 2, START))
    assert list(driver.tick(START.plus(60))) == []


def test_one_strange_level_is_no_other_monitor():
    outputs = decode(record(level=12), record(), record(level=12), record(level=13), record(level=11))
    assert not any(isinstance(o, Mismatch) for o in outputs)
    assert len(readings(outputs)) == 2 * 10


@each_row("level", range(2, 12))
def test_every_level_of_the_specification_is_read(level):
    assert read(level=level)[Parameter.HR].value == 72


@pytest.mark.parametrize("escape", [b"\x7d\x00", b"\x7d\x7d\x5e", b"\x7d"])
def test_an_escape_that_does_not_exist_is_garbage(escape):
    body = frame(record())[1:-2] + escape
    (garbage,) = run(SPEC.make(), [b"\x7e" + body + bytes([sum8(body)]) + b"\x7e"])
    assert garbage.reason == "an escape that does not exist"


A, B = frame(record()), frame(record({ECG + 6: 99}))
FLAGS = [
    ("two flags between frames", A + B, [A, B]),
    ("closing flag lost", A[:-1] + B, [A[:-1] + b"~", B[1:]]),
    ("opening flag lost", A + B[1:], [A, B[1:]]),
    ("idle flags", A + b"~~~" + B, [A, B]),
    ("damaged, then whole", A[:90] + B, [B]),
    ("noise with flags", b"~x~~yy~" + B, [B]),
    ("no opening flag at the very start", A[1:] + B, [B]),
]


@each_row(("what", "wire", "expected"), FLAGS)
def test_a_flag_can_close_one_frame_and_open_the_next(what, wire, expected):
    check_chunks(SPEC, wire, [3, 90])
    found = [wire[o.offset : o.offset + o.length] for o in run(SPEC.make(), [wire]) if isinstance(o, Accepted)]
    assert found == expected, what


def test_the_flag_before_another_flag_belongs_to_the_garbage():
    outputs = run(SPEC.make(), [b"~damaged~" + A])
    assert outputs[0] == Garbage(0, b"~damaged~", outputs[0].reason)
    outputs = run(SPEC.make(), [b"~damaged" + A])
    assert outputs[0] == Garbage(0, b"~damaged", outputs[0].reason)


def test_a_good_frame_does_not_wait_for_the_next_byte():
    assert isinstance(next(iter(SPEC.make().feed(A, START))), Accepted)


# the simulator


def test_the_simulator_is_silent_until_asked_and_after_stop():
    device, truth = SPEC.simulate(), Truth(wall=START.wall, values={Parameter.HR: 70})
    assert device.advance(truth) == b""
    for chunk in cut(REQUEST, [5]):
        assert device.receive(chunk) == b""
    assert len(device.advance(truth)) >= 40 + 278 + 3
    device.receive(STOP)
    assert device.advance(truth) == b""
    device.receive(display_request(10))
    assert device.advance(truth) == b""


def grid(low, high, step):
    return st.integers(round(low / step), round(high / step)).map(lambda n: round(n * step, 2))


TRUE_VALUES = st.fixed_dictionaries({}, optional={
    Parameter.HR: st.none() | grid(0, 350, 1), Parameter.RR: st.none() | grid(0, 100, 1),
    **{p: grid(1, 300, 1) for p in CUFF}, Parameter.TEMP: st.none() | grid(20, 45, 0.01),
    Parameter.SPO2: st.none() | grid(0, 100, 0.01), Parameter.PR: st.none() | grid(0, 350, 1),
    Parameter.ETCO2: st.none() | grid(0, 100, 0.1), Parameter.FICO2: st.none() | grid(0, 20, 0.1),
})  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(values=TRUE_VALUES, seconds=st.integers(0, 10**8))
def test_what_the_simulator_says_is_what_the_driver_reads(values, seconds):
    device = SPEC.simulate()
    device.receive(REQUEST)
    wire = device.advance(Truth(wall=START.wall + timedelta(seconds=seconds), values=values, cuff_age_s=10.0))
    outputs = run(SPEC.make(), [wire])
    assert outputs[0] == Accepted(0, len(wire), "phdb")
    assert {r.parameter: r.value for r in readings(outputs)} == {p: values.get(p) for p in SPEC.parameters}


@pytest.mark.parametrize(("with_co2", "site"), [(False, "impedance"), (True, "CO2")])
def test_the_simulated_respiratory_rate_comes_from_what_is_connected(with_co2, site):
    values = {Parameter.RR: 14.0} | ({Parameter.ETCO2: 38.0} if with_co2 else {})
    device = SPEC.simulate()
    device.receive(REQUEST)
    found = readings(run(SPEC.make(), [device.advance(Truth(wall=START.wall, values=values))]))
    assert [(r.value, r.site) for r in found if r.parameter is Parameter.RR] == [(14.0, site)]


def test_the_simulated_cuff_lives_as_a_real_one():
    device, driver = SPEC.simulate(), SPEC.make()
    device.receive(REQUEST)
    life = [
        (None, True, 118),
        (2.0, True, 118),
        (30.0, False, 118),
        (61.0, False, 118),
        (90.0, True, 118),
        (0.5, True, 121),
    ]
    found, labels = [], []
    for age, measuring, systolic in life:
        values = dict.fromkeys(CUFF, float(systolic))
        wire = device.advance(Truth(wall=START.wall, values=values, cuff_age_s=age, cuff_measuring=measuring))
        content = open_body(wire[1:-1])
        assert isinstance(content, bytes)
        labels.append(struct.unpack_from("<H", content, 40 + NIBP + 4)[0])
        found += [r for r in readings(driver.feed(wire, START)) if r.parameter is Parameter.NIBP_SYS]
    assert labels == [0x12B, 0x2B, 0x0B, 0x10B, 0x12B, 0x2B]
    assert [(r.value, r.repeated) for r in found] == [
        (None, False), (118, False), (118, True), (118, True), (118, True), (121, False)
    ]  # fmt: skip


# recordings of real monitors


def test_recording_db02(captures):
    data = (captures / "ge_datex_dri" / "db02.raw").read_bytes()
    outputs = run(SPEC.make(), [data])
    assert Counter(o.name for o in outputs if isinstance(o, Accepted)) == {"phdb": 107, "wave": 106}
    assert outputs[0] == Accepted(0, 1160, "phdb")
    first = {o.reading.parameter: o.reading for o in outputs[1:11]}
    assert {p: r.value for p, r in first.items()} == {
        Parameter.HR: 80, Parameter.RR: 15, Parameter.NIBP_SYS: 93, Parameter.NIBP_DIA: 48, Parameter.NIBP_MAP: 69,
        Parameter.TEMP: None, Parameter.SPO2: 96.65, Parameter.PR: 83, Parameter.ETCO2: 37.0, Parameter.FICO2: 2.0,
    }  # fmt: skip
    every = readings(outputs)
    for parameter, low, high in ((Parameter.HR, 76, 80), (Parameter.SPO2, 95.7, 96.7), (Parameter.RR, 15, 17)):
        values = [r.value for r in every if r.parameter is parameter]
        assert len(values) == 107
        assert low <= min(values) <= max(values) <= high
    assert [r.value for r in every if r.parameter in CUFF and not r.repeated] == [93, 48, 69]
    assert len([o for o in outputs if isinstance(o, Garbage)]) == 1  # the last record is cut off
    blocks = [o.block for o in outputs if isinstance(o, Sampled)]
    assert {(b.signal, b.rate_hz, b.unit, b.site, len(b.samples)) for b in blocks} == {
        (Signal.PLETH, 100, None, "", 100)
    }
    assert len(blocks) == 106  # the entropy that comes with it is passed over
    assert blocks[0].samples[:5] == (-1.54, -1.57, -1.61, -1.64, -1.68)
    assert (min(map(min, (b.samples for b in blocks))), max(map(max, (b.samples for b in blocks)))) == (-2.57, 4.37)


def test_recording_db00(captures):
    data = (captures / "ge_datex_dri" / "db00_head.raw").read_bytes()
    outputs = run(SPEC.make(), cut(data, [611]))
    assert Counter(o.name for o in outputs if isinstance(o, Accepted)) == {"phdb": 434, "wave": 433}
    assert [(o.offset, len(o.raw)) for o in outputs if isinstance(o, Garbage)] == [(0, 420), (699605, 395)]
    found = frames_of(outputs)
    assert {25769, 221284} <= found.keys()  # their checksums are escaped
    first = {o.reading.parameter: o.reading for o in found[420]}
    assert [first[p].value for p in (Parameter.HR, Parameter.RR, *CUFF, Parameter.SPO2, Parameter.PR)] == [
        85, 21, 87, 61, 73, 100, 87
    ]  # fmt: skip
    assert first[Parameter.NIBP_SYS].repeated
    assert (first[Parameter.ETCO2].value, first[Parameter.ETCO2].quality) == (None, Quality.MISSING)
    new = [r for r in readings(outputs) if r.parameter in CUFF and not r.repeated]
    assert [r.value for r in new] == [86, 58, 71, 91, 57, 69, 79, 55, 65, 94, 63, 77]
    assert {r.quality for r in readings(outputs) if r.parameter is Parameter.HR} == {
        Quality.VALID,
        Quality.QUESTIONABLE,
    }
    without = sum(r.value is None for r in readings(outputs) if r.parameter is Parameter.PR)
    assert without == 55
    assert all(r.value is not None for r in readings(outputs) if r.parameter is Parameter.SPO2)
    lengths = Counter(len(o.block.samples) for o in outputs if isinstance(o, Sampled))
    assert lengths.keys() == {99, 100, 101}
    assert lengths.total() == 433


@settings(max_examples=15, deadline=None)
@given(seed=st.randoms(use_true_random=False))
def test_a_damaged_recording_loses_the_damaged_frames_only(captures, seed):
    """One byte in each of a few frames: two in one frame can cancel out in a sum of 8 bits, and nothing could tell."""
    data = (captures / "ge_datex_dri" / "db02.raw").read_bytes()[:40_000]
    undamaged = run(SPEC.make(), [data])
    frames = [(o.offset, o.length) for o in undamaged if isinstance(o, Accepted)]
    hurt, hit = bytearray(data), seed.sample(frames, 8)
    for offset, length in hit:
        hurt[offset + seed.randrange(length)] ^= seed.randrange(1, 256)
    outputs = run(SPEC.make(), [bytes(hurt)])
    check_accounting(outputs, bytes(hurt))
    found, whole = frames_of(outputs), frames_of(undamaged)
    assert sorted(found) == sorted(whole.keys() - dict(hit).keys())
    for offset, outputs in found.items():
        assert [said(o) for o in outputs] == [said(o) for o in whole[offset]]


def said(output):
    """A value or a waveform; whether a cuff result is new depends on the records before."""
    return output.reading.value if isinstance(output, Measured) else output.block
