"""DIANET STAR: published frames, the four segments that are read, asking at address 0, and that it can only ask."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon import registry
from ketamon.domain.devices import Evidence, Priority, PumpAlarm, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    Garbage,
    Measured,
    Mismatch,
    PumpTelemetry,
    Send,
    Truth,
)
from ketamon.errors import UsageError
from ketamon.testing.conversation import truths
from ketamon.wire.checksums import crc16_dianet
from ketamon_drivers.dianet_star import SPEC, frames
from ketamon_drivers.dianet_star.frames import (
    ACTUAL_LAYOUT,
    ALARMS,
    ERRORS,
    IDENTITY_LAYOUT,
    REQUESTS,
    SEGMENTS,
    STATUS_LAYOUT,
    TARGET_LAYOUT,
    frame,
    unframe,
)

_32, _16, _8 = 0xFFFFFFFF, 0xFFFF, 0xFF


def answer(segment, data, address=0, kind=6):
    return frame(bytes([address, segment, kind]) + data)


def status(alarms=0, bits=1 << 4 | 1 << 7, rate=1250, request=0, address=0):
    return answer(2, STATUS_LAYOUT.pack(request, alarms, bits, rate, 487, 234), address)


def actual(infused=31, rest=(97, _16, 240, 0, 50, _16, _16, _16), pressure=35, address=0):
    return answer(3, ACTUAL_LAYOUT.pack(pressure, infused, *rest), address)


def target(vtbi=360, drug=b"Ketamin", rate=1250, address=0):
    data = TARGET_LAYOUT.pack(rate, vtbi, 40, 80000, 50, 4, _16, drug.ljust(20))
    return answer(4, data, address)


def identity(model=1019, serial=36248, protocol=0x000E, address=0):
    return answer(1, IDENTITY_LAYOUT.pack(model << 18 | serial, protocol, b"FMA001    ", 0), address)


def decode(*wires):
    return run(SPEC.make(), wires)


def told(*wires):
    return only(PumpTelemetry, decode(*wires))[-1].status


def readings(*wires):
    return {o.reading.parameter: o.reading for o in only(Measured, decode(*wires))}


# published frames


def test_the_checksum_is_the_vendors():
    assert crc16_dianet(b"123456789") == 0xA69D
    for bit in range(8 * 9):  # each single bit of data is seen
        data = bytearray(b"123456789")
        data[bit // 8] ^= 1 << bit % 8
        assert crc16_dianet(bytes(data)) != 0xA69D


VECTORS = [
    ("7E 00 01 1D 0E 7E", "request IDENT"),
    ("7E 41 02 5C 0D 7E", "request STATUS"),
    ("7E 41 03 5C 0C 7E", "request ISTWERT"),
    ("7E 41 02 06 00 00 00 00 00 00 00 00 92 00 00 04 E2 00 00 01 E7 00 EA 56 86 7E", "STATUS"),
    ("7E 41 02 06 00 00 00 00 08 00 00 7D A0 10 00 00 04 E2 00 00 7D 5E 7D A0 FF FF 3B 0E 7E", "STATUS"),
    ("7E 41 02 15 09 8F 76 7E", "STATUS"),
]


@each_row(("text", "name"), VECTORS)
def test_frames_are_written_and_read_as_published(text, name):
    wire = bytes.fromhex(text)
    assert frame(unframe(wire[1:-1])) == wire
    check_chunks(SPEC, wire, [3, 1])
    assert run(SPEC.make(), [wire])[0] == Accepted(0, len(wire), name)


def test_published_vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [v for v in every if v["device"] == "bbraun_dianet"]
    assert len(found) == 9
    for vector in found:
        wire, known = bytes.fromhex(vector["hex"]), vector["decoded"]
        accepted, *outputs = run(SPEC.make(), [wire])
        if vector["direction"] == "host->pump":
            assert (accepted.name, outputs) == (f"request {known['segment']}", [])
        elif "nak" in known:
            assert outputs == [DeviceNotice(0, f"STATUS refused: {known['nak']} (09)")]
        else:
            pump = outputs[0].status
            assert pump.rate == known["rate_ml_h"]
            assert pump.state is (PumpState.INFUSING if known.get("running") else PumpState.HELD)
            assert [a.code for a in outputs[-1].alarms] == (["A bit 3"] if "alarms" in known else [])
            assert pump.head == "A"


# the form of a frame


@given(st.binary(min_size=2, max_size=60))
def test_every_content_survives_the_wire(content):
    wire = frame(content)
    assert not set(wire[1:-1]) & {0x7E, 0x80}
    assert unframe(wire[1:-1]) == content


REFUSAL = b"\x41\x02\x15\x80"  # with a right checksum, but its 80 is not escaped
BAD = {
    "CRC": status()[:-2] + bytes([status()[-2] ^ 1]) + b"\x7e",
    "the monitor byte": b"\x7e" + REFUSAL + crc16_dianet(REFUSAL).to_bytes(2, "big") + b"\x7e",
    "an escape of nothing": b"\x7e\x7d\x61\x02\x5c\x0d\x7e",
    "an escape at the end": b"\x7e\x41\x02\x5c\x7d\x7e",
    "too short": b"\x7e\x1d\x0f\x7e",
    "a segment that writes": frame(b"\x00\x10\x9f\xff\x72\x67"),
    "an answer of a segment that writes": frame(b"\x00\x0b\x06"),
    "a status that is too long": answer(2, bytes(20)),
    "a status that is too short": answer(2, bytes(18)),
    "an identity that is too short": answer(1, bytes(19)),
    "actual values that are too long": answer(3, bytes(22)),
    "targets that are too short": answer(4, bytes(38)),
    "a refusal of two bytes": answer(2, b"\x09\x09", kind=0x15),
    "neither answer nor refusal": answer(2, bytes(19), kind=0x07),
    "request bits that are none": status(request=0x10),
    "state bits that are none": status(bits=1 << 30),
}


@each_row("case", BAD)
def test_a_frame_that_is_none_says_nothing(case):
    outputs = decode(BAD[case])
    assert outputs
    assert all(isinstance(o, Garbage) for o in outputs)


@each_row("segment", range(5, 11))
def test_segments_that_are_not_read_are_recognised(segment):
    assert decode(answer(segment, bytes(21), 0x41)) == [Accepted(0, len(answer(segment, bytes(21))), SEGMENTS[segment])]


# what a pump says


def bits(*some):
    return sum(1 << bit for bit in some)


@each_row(
    ("state_bits", "alarms", "state"),
    [
        (bits(1, 4, 7), 0, PumpState.INFUSING),
        (bits(4, 7, 13), 0, PumpState.KVO),
        (bits(4, 7, 9), 0, PumpState.INFUSING),
        (bits(4, 10), 0, PumpState.INFUSING),
        (bits(4, 12), 0, PumpState.INFUSING),
        (bits(4, 7, 19), 0, PumpState.UNKNOWN),
        (bits(4, 20), 0, PumpState.UNKNOWN),
        (bits(4, 5, 7), 0, PumpState.HELD),
        (bits(4, 6), bits(12), PumpState.ENDED),
        (bits(4), bits(13), PumpState.ENDED),
        (bits(4, 7), bits(12), PumpState.INFUSING),
        (bits(4), bits(3), PumpState.HELD),
        (bits(4, 6), 0, PumpState.HELD),
        (bits(4), _32, PumpState.HELD),
        (0, 0, PumpState.HELD),
        (_32, 0, PumpState.UNKNOWN),
    ],
)
def test_bits_make_the_state(state_bits, alarms, state):
    assert told(status(alarms, state_bits)).state is state


def test_ready_is_before_the_first_drop():
    assert told(actual(infused=0), status(bits=bits(4, 6))).state is PumpState.READY
    assert told(actual(infused=1), status(bits=bits(4, 6))).state is PumpState.HELD
    assert told(actual(infused=0), status(bits=bits(4))).state is PumpState.HELD


def test_a_whole_pump():
    assert told(identity(), actual(), target(), status(), status(alarms=bits(3))) == PumpStatus(
        state=PumpState.INFUSING, rate=12.5, volume_infused=3.1, vtbi=36.0, alarm=True, drug="Ketamin", serial="36248",
    )  # fmt: skip
    found = readings(identity(), actual(), target(), status())
    assert {p: (r.value, r.unit.value) for p, r in found.items()} == {
        Parameter.RATE: (12.5, "mL/h"), Parameter.VOLUME_INFUSED: (3.1, "mL"), Parameter.VTBI: (36.0, "mL"),
    }  # fmt: skip


@each_row(
    ("wire", "parameter", "quality"),
    [
        (status(rate=_32), Parameter.RATE, "missing"),
        (status(rate=200001), Parameter.RATE, "invalid"),
        (status(bits=bits(4, 7, 9)), Parameter.RATE, "invalid"),
        (status(bits=bits(4, 7, 12)), Parameter.RATE, "invalid"),
        (status(bits=bits(4, 19)), Parameter.RATE, "invalid"),
        (actual(infused=_32), Parameter.VOLUME_INFUSED, "missing"),
        (actual(infused=1000000), Parameter.VOLUME_INFUSED, "invalid"),
        (target(vtbi=_32), Parameter.VTBI, "missing"),
        (target(vtbi=1000000), Parameter.VTBI, "invalid"),
    ],
)
def test_a_number_that_is_none_has_no_value(wire, parameter, quality):
    reading = readings(wire)[parameter]
    assert (reading.value, reading.quality.value) == (None, quality)
    assert getattr(told(wire, status() if parameter is not Parameter.RATE else b""), parameter) is None


def test_an_old_volume_does_not_count_beside_a_new_status():
    for seconds, volume in ((0, 3.1), (15, 3.1), (15.25, None)):
        driver, at = SPEC.make(), START.plus(seconds)
        outputs = [*driver.feed(actual() + target(), START), *driver.feed(status(), at)]
        found = only(PumpTelemetry, outputs)[0].status
        assert (found.volume_infused, found.vtbi) == (volume, None if volume is None else 36.0)


@pytest.mark.parametrize("drug", [b"", b"\xff" * 20, b"\0" * 20, b" " * 20])
def test_no_drug(drug):
    assert told(target(drug=drug), status()).drug == ""


def test_a_drug_is_text():
    assert told(target(drug=b"Ketamin\x07 \xb5g"), status()).drug == "Ketamin\ufffd µg"


# alarms


@each_row("bit", range(21))
def test_each_alarm_has_its_words_and_its_pump(bit):
    (found,) = only(DeviceAlarms, decode(status(alarms=1 << bit, address=0x42)))
    words, priority = ALARMS[bit]
    assert [(a.code, a.text, a.priority) for a in found.alarms] == [(f"B bit {bit}", f"pump B: {words}", priority)]
    assert only(DeviceAlarms, decode(status(alarms=1 << bit)))[0].alarms[0].text == words


@each_row("bit", range(21, 32))
def test_an_unknown_alarm_is_raw_and_high(bit):
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode(status(alarms=1 << bit)))]
    assert (alarm.code, alarm.text, alarm.priority) == (f"bit {bit}", f"unknown alarm, bit {bit}", Priority.HIGH)


def test_alarms_that_are_not_told_are_not_none():
    outputs = decode(status(alarms=_32))
    assert not only(DeviceAlarms, outputs)
    assert only(PumpTelemetry, outputs)[0].status.alarm is None


def test_pumps_on_one_line_are_told_apart_and_their_alarms_together():
    outputs = decode(status(bits(3), address=0x41), status(bits(4), address=0x42), status(0, address=0x41))
    assert [[a.code for a in o.alarms] for o in only(DeviceAlarms, outputs)] == [
        ["A bit 3"], ["A bit 3", "B bit 4"], ["B bit 4"],
    ]  # fmt: skip
    assert [o.status.head for o in only(PumpTelemetry, outputs)] == ["A", "B", "A"]
    assert told(actual(address=0x41), status(address=0x42)).volume_infused is None
    assert told(status(address=0x05)).head == "05"


# words


def test_what_people_set_is_told_when_it_changes():
    outputs = decode(actual(), target(), target(), target(vtbi=370))
    settings = "set to rate 12.5 mL/h, volume {} mL, time 40 min, bolus rate 800 mL/h, bolus 5 mL, pressure level 4"
    moving = "pressure 35 % of its limit, 3.1 mL infused, infused for 97 min, battery for 240 min, standby for 0 min"
    assert [o.text for o in only(DeviceNotice, outputs)] == [
        f"{settings.format(volume)}, {moving}, syringe 50 mL" for volume in ("36", "37")
    ]


@each_row("error", ERRORS)
def test_a_refusal_is_told_once(error):
    refusal = answer(3, bytes([error]), kind=0x15)
    outputs = decode(refusal, refusal, actual(), refusal)
    text = f"ISTWERT refused: {ERRORS[error]} ({error:02X})"
    assert [o.text for o in only(DeviceNotice, outputs)] == [text, text]


# which pump it is


@each_row("model", [202, 203, 1019, 1020, 1200, 1201])
def test_known_pumps(model):
    outputs = decode(identity(model), identity(model), status())
    assert len(only(DeviceNotice, outputs)) == 1
    assert "serial number 36248, software FMA001" in only(DeviceNotice, outputs)[0].text
    assert only(PumpTelemetry, outputs)[0].status.serial == "36248"


@pytest.mark.parametrize("other", [identity(model=6144), identity(protocol=0x000D)])
def test_another_device_is_told_and_nothing_after_it(other):
    driver = SPEC.make()
    outputs = run(driver, [status(), other, status(), actual(), answer(2, b"\x09", kind=0x15)])
    assert len(only(Mismatch, outputs)) == 1
    after = outputs[outputs.index(only(Mismatch, outputs)[0]) + 1 :]
    assert {type(o) for o in after} == {Accepted}
    assert list(driver.tick(START.plus(60))) == []


# asking


def asked(driver, seconds, answering=lambda _: b""):
    found = []
    for n in range(int(seconds * 4)):
        at = START.plus(n / 4)
        for output in driver.tick(at):
            assert output.data in SPEC.allow_list
            found.append((n / 4, SEGMENTS[unframe(output.data[1:-1])[1]]))
            list(driver.feed(answering(output.data), at))
    return found


def answering():
    device = SPEC.simulate()
    device.advance(next(truths(1)))
    return device.receive


def test_it_asks_who_the_pump_is_until_it_knows():
    assert asked(SPEC.make(), 9) == [(t, "IDENT") for t in (0.0, 2.0, 4.0, 6.0, 8.0)]


def test_then_it_asks_one_question_a_second():
    found = asked(SPEC.make(), 9, answering())
    assert [verb for _, verb in found] == [
        "IDENT", "STATUS", "ISTWERT", "STATUS", "SOLLWERT", "STATUS", "ISTWERT", "STATUS", "SOLLWERT",
    ]  # fmt: skip
    assert {b - a for (a, _), (b, _) in pairwise(found)} == {1.0}


def test_a_question_without_an_answer_is_left_after_two_seconds():
    device = answering()
    found = asked(SPEC.make(), 9, lambda data: device(data) if data == REQUESTS[1] else b"")
    assert [t for t, _ in found] == [0.0, 1.0, 3.0, 5.0, 7.0]


def test_where_another_host_asks_it_only_listens():
    for heard in (frame(b"\x41\x02"), status(address=0x41)):
        driver = SPEC.make()
        list(driver.feed(heard, START))
        assert asked(driver, 30) == []
    own = SPEC.make()
    list(own.feed(REQUESTS[1] + status(), START))  # its own echo is no other host
    assert asked(own, 3)


def test_after_a_long_pause_there_is_one_question_not_many():
    driver = SPEC.make()
    assert [len(list(driver.tick(START.plus(t)))) for t in (0, 60, 60.25, 61, 62)] == [1, 1, 0, 0, 1]


# what goes out


def test_it_may_only_ask_four_things_and_only_where_there_is_no_address():
    assert [unframe(data[1:-1]) for data in sorted(SPEC.allow_list.exact)] == [bytes([0, n]) for n in (1, 2, 3, 4)]
    assert SPEC.allow_list.templates == ()


@each_row("segment", [0, *range(5, 256)])
@each_row("address", [0x00, 0x41])
def test_no_other_segment_may_be_sent(segment, address):
    for data in (b"", b"\x9f\xff\x72\x67", b"\x06", bytes(8)):
        assert frame(bytes([address, segment]) + data) not in SPEC.allow_list


def test_the_simulated_pump_obeys_nothing():
    device = answering()
    for segment in range(256):
        if segment not in REQUESTS:
            assert device(frame(bytes([0, segment]))) == b""
            assert device(frame(bytes([0, segment]) + bytes(4))) == b""
        assert device(frame(bytes([0x41, segment]))) == b""


# off by default


def test_the_plain_id_is_refused_with_the_reason():
    row = next(row for row in registry.rows() if row.id == "dianet-star")
    assert row.spec is SPEC
    with pytest.raises(UsageError, match=r"off by default.*dianet-star\+unproven"):
        registry.load("dianet-star")
    assert registry.load("dianet-star+unproven").id == "dianet-star+unproven"
    assert SPEC.evidence is Evidence.EXPERIMENTAL


# the simulator

PUMPS = st.builds(
    PumpStatus,
    state=st.sampled_from((PumpState.INFUSING, PumpState.KVO, PumpState.HELD, PumpState.ENDED)),
    rate=st.none() | st.integers(0, 180000).map(lambda n: n / 100),
    volume_infused=st.integers(1, 99999).map(lambda n: n / 10),
    vtbi=st.none() | st.integers(0, 99999).map(lambda n: n / 10),
    drug=st.sampled_from(("", "Ketamin", "S-Ketamin 5 mg/mL ä")),
    serial=st.just("36248"),
)
RAISED = {PumpAlarm.OCCLUSION: 3, PumpAlarm.BATTERY_LOW: 7, PumpAlarm.NEAR_END: 1}


@settings(max_examples=60, deadline=None)
@given(pump=PUMPS, raised=st.lists(st.sampled_from(list(RAISED)), max_size=2, unique=True))
def test_what_the_simulator_says_is_what_the_driver_reads(pump, raised):
    device = SPEC.simulate()
    device.advance(Truth(wall=START.wall, pump=pump, pump_alarms=tuple(raised)))
    outputs = decode(*(device.receive(REQUESTS[n]) for n in (1, 3, 4, 2)))
    own = {PumpState.KVO: {17}, PumpState.ENDED: {12}}.get(pump.state, set())
    expected = {f"bit {bit}" for bit in {RAISED[alarm] for alarm in raised} | own}
    assert only(PumpTelemetry, outputs)[0].status == replace(pump, alarm=bool(expected))
    assert {a.code for a in only(DeviceAlarms, outputs)[0].alarms} == expected
    assert not only(Garbage, outputs)


def test_names_of_segments_and_sizes():
    assert (STATUS_LAYOUT.size, ACTUAL_LAYOUT.size, TARGET_LAYOUT.size, IDENTITY_LAYOUT.size) == (19, 21, 39, 20)
    assert frames.number(_8, frames.ACTUAL_FIELDS[0]) is None


def test_only_asks_by_send():
    assert all(isinstance(output, Send) for output in SPEC.make().tick(START))
