"""Philips IntelliVue: a recording of a real monitor, the published requests, the association, and what numbers mean."""

import re
from collections import Counter
from itertools import pairwise
from struct import pack, unpack_from

import pytest
from drivers.contract import START, check_accounting, check_chunks, cut, frames_of, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.readings import Mode, Quality
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Sampled, Send, Truth
from ketamon.registry import load
from ketamon.wire.checksums import crc16_x25
from ketamon_drivers.philips_intellivue import SPEC, association, requests, simulator
from ketamon_drivers.philips_intellivue.alarms import ENTRY, INFO, PATIENT, TECHNICAL
from ketamon_drivers.philips_intellivue.numerics import TABLE, float_of
from ketamon_drivers.philips_intellivue.pdus import (
    CONFIRMED_EVENT,
    DATA,
    ERROR,
    EXTENDED,
    FIRST,
    INVOKE,
    LAST,
    LINKED,
    MDS_CREATE,
    MIDDLE,
    RESULT,
    SINGLE,
    MalformedError,
    action,
    listed,
    message,
    read,
    written,
)
from ketamon_drivers.philips_intellivue.wires import LONGEST_PDU, BareWire, SerialWire, frame, unframe

UDP, SERIAL = load("philips-intellivue+udp"), load("philips-intellivue+serial")
HR_60 = "4182 0000 0aa0 0000003c"


def only(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]


def readings(outputs):
    return [output.reading for output in only(Measured, outputs)]


def values(outputs):
    return {r.parameter: r.value for r in readings(outputs)}


def notices(outputs):
    return [output.text for output in only(DeviceNotice, outputs)]


# what a monitor says, to be built in tests


def numeric(text, *more, handle=0x8400):
    """An object with one number, written as the recording's words are: id, state, unit, FLOAT."""
    return pack(">H", handle) + written((*more, (0x0950, bytes.fromhex(text))))


def cuff(systolic="0000 0f20 00000078", stamp="2026112108000000", state="0000", measured="0f20"):
    numbers = [f"4a05 {systolic}", f"4a06 {state} {measured} 00000050", f"4a07 {state} {measured} 0000005d"]
    value = (0x094B, listed([bytes.fromhex(number) for number in numbers]))
    return pack(">H", 0x8272) + written((((0x0990, bytes.fromhex(stamp)),) if stamp else ()) + (value,))


def result(*objects, part=None, sequence=1, ticks=8000, poll=requests.NUMERICS, extended=True, context=1):
    body = b"".join(objects)
    contexts = listed([pack(">HHH", context, len(objects), len(body)) + body] if objects else [])
    counted = pack(">H", sequence) if extended else b""
    head = pack(">H", poll.number) + counted + pack(">I", ticks) + b"\xff" * 8 + pack(">HHH", 1, poll.kind, poll.group)
    return action(LINKED if part else RESULT, poll.invoke, EXTENDED if extended else SINGLE, head + contexts, part)


def presented(*more, invoke=1, version="00010000", mode="4000", ticks=8000):
    words = b"\0\x08Philips\0\0\x06M8000\0"
    attributes = ((0x0928, words), (0x0948, bytes.fromhex(version)), (0x0946, bytes.fromhex(mode)))
    clock = ((0x0987, bytes.fromhex("2026112108003000")), (0x098F, pack(">I", ticks)))
    body = bytes.fromhex("002100000000") + written((*attributes, *clock, *more))
    origin = bytes.fromhex("002100000000") + pack(">I", ticks)
    return message(INVOKE, invoke, CONFIRMED_EVENT, origin + pack(">HH", MDS_CREATE, len(body)) + body)


def accepted(protocol=0x80000000, nomenclature=0x40000000):
    info = pack(">II", protocol, nomenclature) + simulator._user_info()[8:]
    return simulator._ACCEPT + info + bytes(16)


def decode(*pdus):
    """All outputs of these messages in one connection over RS-232."""
    return run(SPEC.make(), [b"".join(map(frame, pdus))])


# frames

FRAMES = [("3a71", "c03a719b26c1"), ("3a91", "c03a91957de1c1")]  # published with another implementation's tests


@pytest.mark.parametrize(("body", "wire"), FRAMES)
def test_the_crc_is_sent_low_byte_first_and_escaped(body, wire):
    assert pack("<H", crc16_x25(bytes.fromhex(body))) == bytes.fromhex(wire)[3:-1].replace(b"\x7d\xe1", b"\xc1")


@pytest.mark.parametrize("pdu", [requests.RELEASE, requests.ASSOCIATE, accepted(), presented(), result(numeric(HR_60))])
def test_frames_are_written_and_read(pdu):
    wire = frame(pdu)
    assert wire[:3] == b"\xc0\x11\x01"
    assert unframe(wire[1:-1]) == pdu
    check_chunks(SPEC, wire, [3, 7])


A, B = frame(result(numeric(HR_60))), frame(presented())
DAMAGED = [
    ("aborted", A[:-1] + b"\x7d\xc1" + B, "the monitor aborted the frame"),
    ("an escape that is none", A[:20] + b"\x7d\x00" + A[22:] + B, "an escape that does not exist"),
    ("CRC", A[:-3] + b"\0\0\xc1" + B, "the CRC is wrong"),
    ("short", b"\xc0\x11\x01\xc1" + B, "no frame is that short"),
    ("no start", A[1:] + B, "no frame"),
]


@pytest.mark.parametrize(("what", "wire", "reason"), DAMAGED)
def test_a_damaged_frame_is_garbage_and_its_neighbour_is_whole(what, wire, reason):
    check_chunks(SPEC, b"\xc0" + wire, [5])
    garbage, *rest = run(SERIAL.make(), [wire])
    assert (garbage.raw, garbage.reason) == (wire[: -len(B)], reason), what
    assert rest[0] == Accepted(len(wire) - len(B), len(B), "mds create")


def test_a_start_begins_a_frame_anew():
    garbage, frame_, *_ = run(SPEC.make(), [A[:30] + B])
    assert garbage == Garbage(0, A[:30], "a frame without an end")
    assert frame_ == Accepted(30, len(B), "mds create")


@pytest.mark.parametrize("header", ["10010002", "11020002", "11010003", "11010001"])
def test_a_right_crc_behind_a_wrong_header_is_garbage(header):
    body = bytes.fromhex(header) + b"ab"
    assert unframe(body + pack("<H", crc16_x25(body))) == "the header is wrong"


def test_a_right_crc_around_a_broken_structure_is_garbage():
    pdu = result(numeric(HR_60))
    stranger = result(numeric(HR_60), part=(4, 1))
    padded = pdu.replace(pack(">HHH", 1, 1, 20), pack(">HHH", 1, 0, 20))  # a context that hides what it holds
    assert padded != pdu
    for broken in (
        stranger,
        padded,
        pdu[:-1],
        pdu + b"\0",
        b"\xe1\x00\x00\x03" + pdu[4:],
        DATA + b"\0\x09\0\0",
        b"\x0e\x05",
        b"",
    ):
        with pytest.raises(MalformedError):
            read(broken)
        assert [type(output) for output in decode(broken)] == [Garbage]


# the published requests


def published(captures):
    lines = (captures / "philips_intellivue" / "request_frames.hex").read_text(encoding="utf-8").splitlines()
    return {name: bytes.fromhex(text) for name, text in (ln.split() for ln in lines if ln and not ln.startswith("#"))}


def test_requests_are_the_published_bytes(captures):
    known = published(captures)
    assert known["aarq_wave_and_numerics_300"] == requests.ASSOCIATE
    assert known["release_request"] == requests.RELEASE
    assert known["assoc_abort"] == requests.ABORT
    assert known["ext_poll_numerics_30s"] == requests.NUMERICS.extended
    assert known["keep_alive_alert_0811"] == requests.KEEP_ALIVE.single
    period = {"ext_poll_waves_600s": requests.WAVES, "ext_poll_alerts_600s": requests.ALERTS}
    for name, poll in period.items():
        assert known[name][:-4] == poll.extended[:-4]
        assert [unpack_from(">I", pdu, len(pdu) - 4)[0] / 8000 for pdu in (known[name], poll.extended)] == [600, 30]
    single = known["single_poll_numerics"]
    assert single[:8] + single[10:] == requests.NUMERICS.single[:8] + requests.NUMERICS.single[10:]
    event = known["mds_create_result"]
    assert requests.confirmation(1, event[14:24]) == event


def test_every_published_message_is_known_by_name_on_both_wires(captures):
    for name, pdu in published(captures).items():
        for spec, wire in ((UDP, pdu), (SPEC, frame(pdu))):
            (found, *_) = run(spec.make(), [wire])
            assert found == Accepted(0, len(wire), found.name), name


def test_the_allow_list_only_reads(captures):
    """It holds polls of three classes and a keep-alive: no set, no other action, nothing about the patient."""
    assert len(SPEC.allow_list.exact) == 2 * len(requests.EXACT)
    for pdu in requests.EXACT:
        if pdu.startswith(DATA):
            kind, _, _, command = unpack_from(">HHHH", pdu, 4)
            code, _, _, _, class_, group = unpack_from(">HHHHHH", pdu, 24)
            assert (kind, command, code in (SINGLE, EXTENDED)) == (1, 7, True)
            assert (class_, group) in {(6, 0), (9, 0), (0x36, 0x0801), (0x36, 0x0811)}
    known = published(captures)
    for name in ("set_rtsa_priority_1wave", "get_rtsa_priority_list", "single_poll_mds_0x0000", "release_response"):
        assert known[name] not in SPEC.allow_list
        assert frame(known[name]) not in SPEC.allow_list


@settings(max_examples=60, deadline=None)
@given(invoke=st.integers(0, 0xFFFF), time=st.integers(0, 2**32 - 1))
def test_the_confirmation_may_be_sent_whatever_the_monitor_chose(invoke, time):
    pdu = requests.confirmation(invoke, bytes.fromhex("002100000000") + pack(">I", time))
    assert pdu in SPEC.allow_list
    assert frame(pdu) in SPEC.allow_list
    assert pdu[:24] + b"\0" + pdu[24:] not in SPEC.allow_list
    assert frame(pdu)[:-1] + b"\0\xc1" not in SPEC.allow_list
    for at in {*range(len(pdu))} - {8, 9, 20, 21, 22, 23}:
        other = pdu[:at] + bytes([pdu[at] ^ 0x40]) + pdu[at + 1 :]
        assert other not in SPEC.allow_list
        assert frame(other) not in SPEC.allow_list


# the recording of a real monitor


@pytest.fixture(name="recording", scope="module")
def fixture_recording(captures):
    return (captures / "philips_intellivue" / "MPRawoutput1_head.raw").read_bytes()


@pytest.fixture(name="pdus", scope="module")
def fixture_pdus(recording):
    return [piece.content for piece in SerialWire().feed(recording) if piece.content]


def test_the_recording(recording):
    outputs = run(SPEC.make(), [recording])
    check_accounting(outputs, recording)
    names = Counter(output.name for output in only(Accepted, outputs))
    one_each = dict.fromkeys(("accept", "mds create", "get result", "set result"), 1)
    assert names == {"numerics": 4 * 67, "waves": 259, **one_each}
    assert [(o.offset, len(o.raw)) for o in only(Garbage, outputs)] == [(299801, 199)]  # the last frame is cut off
    found = Counter((r.parameter, r.value, r.quality) for r in readings(outputs))
    nothing = {(p, None, Quality.INVALID): 66 for p in (Parameter.SPO2, Parameter.PR, Parameter.PI)}
    unavailable = {(p, None, Quality.MISSING): 66 for p in CUFF}
    assert found == {(Parameter.HR, 60.0, Quality.VALID): 66, **nothing, **unavailable}
    assert {(r.mode, r.repeated) for r in readings(outputs)} == {(Mode.REAL, False)}
    assert not only(Mismatch, outputs)
    model, unread = notices(outputs)
    assert model == "this is Philips M8000"
    assert unread.startswith("9 numbers are not read: ST (0301 0000 0512 fffffff7); ST (0302 0002 0512 fffffff1);")
    assert unread.endswith("PVC (4261 0000 0aa0 00000000)")


def test_where_the_recording_says_what(recording):
    found = frames_of(run(SPEC.make(), [recording]))
    assert found.keys() >= {0, 217, 2353, 2411}
    assert {r.parameter: r.value for r in readings(found[2515])} == {Parameter.HR: 60.0, **dict.fromkeys(CUFF)}
    assert values(found[4219]) == dict.fromkeys((Parameter.SPO2, Parameter.PR, Parameter.PI))


def test_the_waveforms_of_the_recording(recording):
    blocks = [output.block for output in only(Sampled, run(SPEC.make(), [recording]))]
    shapes = Counter((b.signal, b.site, b.rate_hz, b.unit, len(b.samples)) for b in blocks)
    leads = {(Signal.ECG, site, 250.0, Unit.MILLIVOLT, 64): 258 for site in ("II", "V", "aVR")}
    assert shapes == {**leads, (Signal.PLETH, "", 125.0, None, 32): 258}
    ecg = [sample for block in blocks if block.site == "II" for sample in block.samples]
    assert (ecg[0], min(ecg), max(ecg)) == (0.155, -0.47, 1.585)
    assert {sample for block in blocks if block.signal is Signal.PLETH for sample in block.samples} == {2048.0}


def test_the_recording_bytewise(recording):
    part = recording[:20_000]
    assert run(SPEC.make(), cut(part, [1])) == run(SPEC.make(), [part])


@settings(max_examples=12, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_a_damaged_recording_loses_the_damaged_frames_only(recording, random):
    data = recording[:40_000]
    whole = frames_of(run(SPEC.make(), [data]))
    spans = [(o.offset, o.length) for o in only(Accepted, run(SPEC.make(), [data]))]
    hurt, hit = bytearray(data), random.sample(spans, 8)
    for offset, length in hit:
        hurt[offset + random.randrange(length)] ^= random.randrange(1, 256)
    outputs = run(SPEC.make(), [bytes(hurt)])
    check_accounting(outputs, bytes(hurt))
    found = frames_of(outputs)
    assert set(found) == set(whole) - {offset for offset, _ in hit}
    for offset, made in found.items():
        told = [(r.parameter, r.value) for r in readings(made) if r.quality is not Quality.MISSING]
        assert told == [(r.parameter, r.value) for r in readings(whole[offset]) if r.quality is not Quality.MISSING]


# the other wire


@pytest.mark.parametrize("spec", [SPEC, UDP], ids=lambda spec: spec.id)
def test_the_same_messages_over_udp(pdus, recording, spec):
    data = b"".join(pdus)
    outputs = run(spec.make(), [data])
    assert not only(Garbage, outputs)
    check_chunks(spec, data[:30_000], [1456, 7])
    assert readings(outputs) == readings(run(SPEC.make(), [recording]))
    assert len(only(Accepted, outputs)) == 531


@pytest.mark.parametrize("start", [0, 1, 5, 6, 100, 217, 222, 520, 522])
def test_a_serial_line_opened_anywhere_is_a_serial_line(recording, start):
    """Five bytes behind a flag stands what could be a bare message."""
    data = recording[start:20_000]
    whole = [o.offset for o in only(Accepted, run(SERIAL.make(), [recording[:20_000]]))]
    found = [o.offset + start for o in only(Accepted, run(SPEC.make(), [data]))]
    assert found == [offset for offset in whole if offset >= start]
    check_chunks(SPEC, data[:3000], [1, 40])


def test_it_answers_on_the_wire_it_found():
    for spec, wrap in ((SPEC, frame), (UDP, bytes), (SERIAL, frame)):
        assert [o.data for o in spec.make().tick(START)] == [wrap(requests.RELEASE)]
    driver = SPEC.make()
    list(driver.feed(accepted() + presented(), START))
    assert [o.data for o in driver.tick(START)] == [requests.RELEASE]


def test_the_indication_of_a_monitor_on_the_network(captures):
    data = (captures / "philips_intellivue" / "koshsky_connect_indication_mx450.udp_payload.bin").read_bytes()
    for spec in (SPEC, UDP):
        assert run(spec.make(), [data]) == [
            Accepted(0, 418, "connect indication"),
            DeviceNotice(0, "this is Philips 866062"),
        ]


@pytest.mark.parametrize("lost", [1, 5, 6, 7, 40, 130, 300])
def test_bare_messages_behind_a_torn_one_are_found(pdus, lost):
    """Of the last five bytes nothing tells that they are another message's: then that one is lost with it."""
    follow = pdus[100:103]
    for torn in (pdu[:-lost] for pdu in pdus[8:60] if len(pdu) > lost):
        data = torn + b"".join(follow)
        outputs = run(UDP.make(), [data])
        check_accounting(outputs, data)
        whole = [data[o.offset : o.offset + o.length] for o in only(Accepted, outputs)]
        assert whole[-2:] == follow[1:]
        assert lost <= 5 or whole == follow


def test_a_bare_message_longer_than_any_is_none():
    huge = DATA + pack(">HH", RESULT, LONGEST_PDU) + bytes(40)
    good = result(numeric(HR_60))
    pieces = [*BareWire().feed(huge + good)]
    assert [piece.content for piece in pieces if piece.content] == [good]


# numbers

NUMBERS = [
    ("4182 0000 0aa0 0000003c", Parameter.HR, 60.0, "valid", ""),
    ("4822 0001 0aa0 00000048", Parameter.PR, 72.0, "valid", ""),
    ("480a 0000 0ac0 00000048", Parameter.PR, 72.0, "valid", "pulse"),
    ("4bb8 0000 0220 ff0003cf", Parameter.SPO2, 97.5, "valid", ""),
    ("4bb0 0000 0200 fe000145", Parameter.PI, 3.25, "valid", ""),
    ("500a 0000 0ae0 0000000e", Parameter.RR, 14.0, "valid", "impedance"),
    ("5012 0000 0ae0 0000000f", Parameter.RR, 15.0, "valid", "CO2"),
    ("50b0 0000 0f20 ff000177", Parameter.ETCO2, 37.5, "valid", ""),
    ("50b0 0000 0f03 ff000032", Parameter.ETCO2, 37.5, "valid", ""),
    ("50ba 0000 0f20 00000000", Parameter.FICO2, 0.0, "valid", ""),
    ("4b48 0000 17a0 ff00016e", Parameter.TEMP, 36.6, "valid", ""),
    ("4b48 0000 1140 ff0003da", Parameter.TEMP, 37.0, "valid", ""),
    ("f108 0000 17a0 ff00016e", Parameter.TEMP, 36.6, "valid", "oral"),
    # what the state says
    ("4bb8 8000 0220 007fffff", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 8000 0220 00000061", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 2000 0220 00000061", Parameter.SPO2, None, "missing", ""),
    ("4bb8 a000 0220 007fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 4000 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 0040 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 0200 0220 00000061", Parameter.SPO2, 97.0, "questionable", ""),
    ("4bb8 5000 0220 00000061", Parameter.SPO2, 97.0, "calibrating", ""),
    ("4bb8 0020 0220 00000061", Parameter.SPO2, 97.0, "ongoing", ""),
    ("4bb8 0083 0220 00000061", Parameter.SPO2, 97.0, "valid", ""),
    # what is no number
    ("4bb8 0000 0220 007fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 0000 0220 fe7fffff", Parameter.SPO2, None, "missing", ""),
    ("4bb8 0000 0220 00800000", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 0000 0220 00800001", Parameter.SPO2, None, "invalid", ""),
    ("4bb8 0000 0220 007ffffe", Parameter.SPO2, None, "over", ""),
    ("4bb8 0000 0220 00800002", Parameter.SPO2, None, "under", ""),
    # what no body has, and units that are others
    ("4bb8 0000 0220 00000065", Parameter.SPO2, None, "invalid", ""),
    ("4182 0000 0aa0 00ffffff", Parameter.HR, None, "invalid", ""),
    ("4182 0000 0aa0 7f000001", Parameter.HR, None, "invalid", ""),
    ("4182 0000 0ae0 0000003c", Parameter.HR, None, "invalid", ""),
    ("4bb8 0000 0200 00000061", Parameter.SPO2, None, "invalid", ""),
    ("4b48 0000 0220 ff00016e", Parameter.TEMP, None, "invalid", ""),
]


@each_row(("words", "parameter", "value", "quality", "site"), NUMBERS)
def test_numbers(words, parameter, value, quality, site):
    (found,) = readings(decode(result(numeric(words))))
    assert (found.parameter, found.value, found.quality.value, found.site) == (parameter, value, quality, site)
    assert (found.mode, found.repeated, found.stored) == (Mode.REAL, False, False)


@each_row(
    ("state", "monitor", "mode"),
    [
        ("0400", "4000", Mode.DEMO),
        ("0800", "4000", Mode.TEST),
        ("0c00", "4000", Mode.TEST),
        ("0000", "2000", Mode.DEMO),
        ("0000", "1000", Mode.TEST),
        ("0800", "2000", Mode.TEST),
        ("0000", "4000", Mode.REAL),
    ],
)
def test_numbers_that_are_no_patients_are_marked(state, monitor, mode):
    outputs = decode(presented(mode=monitor), result(numeric(f"4182 {state} 0aa0 0000003c")))
    (found,) = readings(outputs)
    assert (found.value, found.mode) == (60.0, mode)
    assert ("its numbers are no patient's" in notices(outputs)[0]) is (monitor != "4000")


def test_what_is_not_read_is_told_once_as_it_came():
    label = (0x0927, pack(">H", 10) + "PVC \0".encode("utf-16-be"))
    objects = (
        numeric("4261 0000 0aa0 00000000", label),
        numeric("4182 0000 0ae0 0000003c"),
    )
    outputs = decode(result(*objects), result(*objects, sequence=2))
    assert notices(outputs) == [
        "2 numbers are not read: PVC (4261 0000 0aa0 00000000); a number in an unknown unit (4182 0000 0ae0 0000003c)"
    ]


def test_the_pulse_of_the_cuff_is_no_pulse_of_now():
    outputs = decode(result(numeric("f0e5 0000 0aa0 00000048")))
    assert readings(outputs) == []
    assert 0xF0E5 not in TABLE


@pytest.mark.parametrize("value", ["4182 0000 0aa0 0000", "4182 0000 0aa0 0000003c 00", ""])
def test_a_number_of_another_size_is_none(value):
    assert readings(decode(result(numeric(value)))) == []


@pytest.mark.parametrize("head", ["0002001e", "0003001d", "0003001f", "00000000", "0000"])
def test_a_list_of_numbers_that_lies_is_none(head):
    numbers = b"".join(bytes.fromhex(f"4a0{n} 0000 0f20 00000078") for n in (5, 6, 7))
    lying = pack(">H", 0x8272) + written(((0x094B, bytes.fromhex(head) + numbers),))
    assert readings(decode(result(lying))) == []


def test_a_number_that_a_whole_result_holds_no_more_is_missing():
    hr, rr = numeric(HR_60), numeric("500a 0000 0ae0 0000000e", handle=0x8500)
    outputs = decode(result(hr, rr), result(hr, rr, sequence=2), result(hr, sequence=3))
    outputs += decode(result(hr, rr), *parts(1, 2, 3, 0, sequence=2), result(hr, rr, sequence=3))  # never away
    gone = [(r.quality, r.site) for r in readings(outputs) if r.parameter is Parameter.RR and r.value is None]
    assert gone == [(Quality.MISSING, "impedance")]


# the cuff


def cuffs(*results):
    """For each result whether its systolic pressure is new; None where it has no value."""
    pdus = [presented(ticks=8000)] + [result(one, sequence=n, ticks=8000 * n) for n, one in enumerate(results, 1)]
    found = [r for r in readings(decode(*pdus)) if r.parameter is Parameter.NIBP_SYS]
    return [None if r.value is None else not r.repeated for r in found]


AT_122 = "0000 0f20 0000007a"
MEASURING, GONE = "0020 0f20 0000007a", "2000 0f20 007fffff"
LIVES = [
    ("young, then said again", [cuff(), cuff()], [True, False]),
    ("a month old", [cuff(stamp="2026102108000000"), cuff(stamp="2026102108000000")], [False, False]),
    ("from the future", [cuff(stamp="2026112109000000")], [False]),
    ("no date", [cuff(stamp=""), cuff(stamp="")], [False, False]),
    ("other numbers", [cuff(), cuff(AT_122)], [True, True]),
    ("the same numbers at another time", [cuff(), cuff(stamp="2026112108020000")], [True, True]),
    ("nothing in between", [cuff(), cuff(GONE, state="2000"), cuff()], [True, None, False]),
    ("a number that is merely gone", [cuff(), cuff(GONE), cuff()], [True, None, False]),
    ("at work", [cuff(), cuff(MEASURING, state="0020"), cuff(AT_122, stamp="2026112108020000")], [True, False, True]),
    ("at work, failed", [cuff(), cuff("0020 0f20 00000078", state="0020"), cuff()], [True, False, False]),
    ("at work, no date", [cuff(stamp=""), cuff(MEASURING, "", "0020"), cuff(stamp="")], [False, False, True]),
]


@each_row(("what", "results", "new"), LIVES)
def test_a_cuff_result_is_new_once(what, results, new):
    assert cuffs(*results) == new, what


def test_a_cuff_at_work_gives_no_good_number():
    found = readings(decode(result(cuff(MEASURING, state="0020"))))
    assert {(r.quality, r.repeated) for r in found} == {(Quality.ONGOING, True)}


def test_a_cuff_in_kilopascal():
    found = decode(result(cuff("0000 0f03 ff0000a0", measured="0f03", state="4000")))
    assert values(found)[Parameter.NIBP_SYS] == 120.0
    assert {r.quality for r in readings(found)} == {Quality.VALID, Quality.INVALID}  # 80 kPa is nobody's diastole


# results in parts


def parts(*states, sequence=1):
    objects = [numeric(HR_60), numeric("500a 0000 0ae0 0000000e"), numeric("4bb8 0000 0220 00000061")]
    kinds = {1: FIRST, 2: MIDDLE, 3: LAST}
    linked = [result(objects[n - 1], part=(kinds[n], n), sequence=sequence) for n in states if n]
    return linked + ([result(sequence=sequence)] if 0 in states else [])


PARTIAL = "a result of numerics came only in part; it was used"


@each_row(
    ("came", "told"),
    [
        (parts(1, 2, 3, 0), []),
        (parts(1, 2, 3, 0) + parts(1, 2, 3, 0, sequence=2), []),
        (parts(1, 2) + parts(1, 2, 3, 0, sequence=2), [PARTIAL]),
        (parts(1, 3, 0), [PARTIAL]),
        (parts(2, 3, 0), [PARTIAL]),
        (parts(1, 2, 0), [PARTIAL]),
        (parts(1, 2, 3) + parts(1, 2, 3, 0, sequence=2), [PARTIAL]),
        (parts(1, 2) + parts(1, 2, sequence=2) + parts(1, 2, 3, 0, sequence=3), [PARTIAL]),
        (parts(1, 0) + parts(1, 2, 3, 0, sequence=2) + parts(1, 0, sequence=3), [PARTIAL, PARTIAL]),
    ],
)
def test_parts_are_used_and_a_result_in_part_is_told(came, told):
    outputs = decode(*came)
    assert notices(outputs) == told
    assert len(readings([o for o in outputs if isinstance(o, Measured) and o.reading.value is not None])) == sum(
        numeric_part.count(b"\x09\x50") for numeric_part in came
    )


def test_a_result_in_part_makes_nothing_missing():
    outputs = decode(*parts(1, 2, 3, 0), *parts(1, 0, sequence=2), *parts(1, 2, 3, 0, sequence=3))
    assert None not in [r.value for r in readings(outputs)]


def test_waves_between_the_parts_of_numerics_are_no_gap():
    first, second, third, last = parts(1, 2, 3, 0)
    wave = result(poll=requests.WAVES, sequence=7)
    assert notices(decode(first, wave, second, wave, third, last)) == []


def test_a_result_that_follows_a_torn_one_is_whole():
    parts_seen = association.Parts()
    assert list(parts_seen.take(1, (1, 1), (FIRST, 1))) == []
    assert list(parts_seen.take(1, (2, 2), (FIRST, 1))) == [False]
    assert list(parts_seen.take(1, (2, 2), (LAST, 2))) == []
    assert list(parts_seen.take(1, (2, 2), None)) == [True]


def test_the_first_result_of_a_poll_only_describes_and_takes_no_number_away():
    hr = numeric(HR_60)
    described = pack(">H", 0x8400) + written(((0x0921, b"\x84\0"),))
    outputs = decode(result(hr), result(described, sequence=0), result(hr, sequence=1))
    assert [r.value for r in readings(outputs)] == [60.0, 60.0]
    single = [result(one, sequence=0, extended=False, ticks=n) for n, one in enumerate((hr, hr, described, described))]
    assert [r.value for r in readings(decode(*single))] == [60.0, 60.0, None]


# another version


@pytest.mark.parametrize(
    ("greeting", "text"),
    [
        ([accepted(protocol=0x40000000)], "protocol version 40000000, this driver reads 80000000"),
        ([accepted(nomenclature=0x20000000)], "nomenclature version 20000000, this driver reads 40000000"),
        ([accepted(), presented(version="00020000")], "nomenclature version 00020000, this driver reads 00010000"),
        ([b"\x0e\x05\xc1\x03abc"], "the monitor tells no protocol version in its answer"),
    ],
)
def test_another_version_gives_no_value_from_then_on(greeting, text):
    alarm = result(pack(">H", 1) + written(((PATIENT, listed([])), (TECHNICAL, listed([])))), poll=requests.ALERTS)
    outputs = decode(*greeting, result(numeric(HR_60)), alarm, accepted(), presented(), result(numeric(HR_60)))
    assert [output.text for output in only(Mismatch, outputs)] == [text]
    assert readings(outputs) == only(DeviceAlarms, outputs) == only(Sampled, outputs) == []


def test_another_version_is_left():
    talk = Talk()
    talk.until(association.State.ASKED)
    talk.hear(accepted(protocol=1))
    assert talk.sent(10) == [requests.RELEASE]


# the association


class Talk:
    """A driver, a clock, and what it sends; four ticks a second."""

    def __init__(self):
        self.driver = SERIAL.make()
        self.at = START

    @property
    def state(self):
        return self.driver._association.state

    def tick(self):
        self.at = self.at.plus(0.25)
        return [unframe(output.data[1:-1]) for output in self.driver.tick(self.at) if isinstance(output, Send)]

    def sent(self, seconds, heard=()):
        found = []
        for _ in range(round(seconds * 4)):
            found += self.tick()
            self.hear(*heard)
        return found

    def hear(self, *pdus):
        return [o for pdu in pdus for o in self.driver.feed(frame(pdu), self.at)]

    def until(self, state):
        while self.state is not state:
            self.tick()
        return self

    def live(self):
        self.until(association.State.ASKED)
        self.hear(accepted(), presented())
        assert self.state is association.State.LIVE
        return self


ENOUGH = (
    result(numeric(HR_60)),
    result(poll=requests.ALERTS),
    result(poll=requests.WAVES),
)


def test_each_try_ends_the_old_association_and_asks_for_a_new_one():
    talk = Talk()
    found = []
    for n in range(40):
        found += [(n / 4, pdu) for pdu in talk.tick()]
    assert found == [
        (0.0, requests.RELEASE), (0.5, requests.ASSOCIATE), (2.5, requests.ABORT), (3.0, requests.ASSOCIATE),
        (5.0, requests.RELEASE), (5.5, requests.ASSOCIATE), (7.5, requests.ABORT), (8.0, requests.ASSOCIATE),
    ]  # fmt: skip


def test_results_of_a_dead_association_stop_no_try():
    talk = Talk()
    sent = talk.sent(4, heard=[result(numeric(HR_60)), presented()])
    assert sent == [requests.RELEASE, requests.ASSOCIATE, requests.ABORT, requests.ASSOCIATE]


@pytest.mark.parametrize("invoke", [0, 1, 0xC0C1, 0x7D7D])
def test_the_monitors_own_numbers_are_confirmed_before_anything_is_asked(invoke):
    talk = Talk().until(association.State.ASKED)
    assert talk.hear(accepted()) == [Accepted(0, len(frame(accepted())), "accept")]
    talk.hear(presented(invoke=invoke, ticks=0x7DC0C17D))
    (confirmation,) = talk.tick()
    assert confirmation == requests.confirmation(invoke, bytes.fromhex("002100000000 7dc0c17d"))
    assert talk.sent(1) == [poll.extended for poll in (requests.NUMERICS, requests.ALERTS, requests.WAVES)]


def test_a_monitor_that_presents_itself_again_is_confirmed_again():
    talk = Talk().live()
    talk.sent(2, heard=ENOUGH)
    talk.hear(presented(invoke=9))
    assert talk.tick() == [requests.confirmation(9, presented(invoke=9)[14:24])]


def test_polls_are_renewed_before_they_lapse_and_the_association_is_kept():
    talk = Talk().live()
    times = {}
    for n in range(400):
        for pdu in talk.tick():
            times.setdefault(pdu, []).append(n / 4)
        talk.hear(*ENOUGH)
    every = sorted(t for sent in times.values() for t in sent)
    assert max(b - a for a, b in pairwise(every)) <= 5.0
    assert requests.RELEASE not in times
    for poll in (requests.NUMERICS, requests.ALERTS, requests.WAVES):
        asked = times[poll.extended]
        gaps = [b - a for a, b in pairwise(asked)]
        assert len(asked) == 5
        assert set(gaps) <= {20.0, 20.25, 20.5}


def test_a_poll_that_gives_nothing_is_asked_again():
    talk = Talk().live()
    sent = talk.sent(12, heard=ENOUGH[1:])
    assert sent.count(requests.NUMERICS.extended) == 3
    assert sent.count(requests.ALERTS.extended) == 1


def test_silence_ends_the_association():
    talk = Talk().live()
    assert not {requests.RELEASE, requests.ABORT} & set(talk.sent(9.75))
    assert talk.sent(1) in ([requests.RELEASE, requests.ASSOCIATE], [requests.ABORT, requests.ASSOCIATE])


@pytest.mark.parametrize(
    ("pdu", "text"),
    [
        (simulator.ABORT, "the monitor aborted the association; it is asked again"),
        (requests.ABORT, "the monitor aborted the association; it is asked again"),
        (requests.RELEASE, "the monitor ended the association; it is asked again"),
    ],
)
def test_an_association_that_the_monitor_ends_is_asked_again(pdu, text):
    talk = Talk().live()
    assert notices(talk.hear(pdu)) == [text]
    assert talk.sent(3)[-1] == requests.ASSOCIATE


def test_a_refusal_is_told_once_and_asked_again_later():
    talk = Talk().until(association.State.ASKED)
    assert "refuses" in notices(talk.hear(simulator.REFUSE))[0]
    assert talk.sent(5) == []
    talk.until(association.State.ASKED)
    assert notices(talk.hear(simulator.REFUSE)) == []


def test_waves_that_are_denied_are_not_asked_again():
    talk = Talk().live()
    talk.sent(1, heard=ENOUGH)
    outputs = talk.hear(message(ERROR, requests.WAVES.invoke, 2, b""))
    assert notices(outputs) == ["the monitor gives no waves: access denied"]
    assert requests.WAVES.extended not in talk.sent(60, heard=ENOUGH)


def test_an_older_monitor_is_asked_for_each_result():
    talk = Talk().live()
    talk.sent(1)
    talk.hear(message(ERROR, requests.NUMERICS.invoke, 9, b""))
    sent = Counter(talk.sent(10, heard=[result(numeric(HR_60), extended=False)]))
    assert set(sent) == {requests.NUMERICS.single, requests.ALERTS.single}
    assert set(sent.values()) <= {8, 9, 10}


def test_a_late_error_for_a_poll_of_before_changes_the_way_once():
    talk = Talk().live()
    talk.hear(message(ERROR, requests.NUMERICS.invoke, 9, b""), message(ERROR, 77, 9, b""))
    assert notices(talk.hear(message(ERROR, 77, 99, b""))) == ["the monitor gives no request 77: error 99"]
    assert requests.NUMERICS.single in talk.sent(2)


# alarms


def entry(source, code, kind, state=0, text=None):
    raw = b"" if text is None else text.encode("utf-16-be")
    info = INFO.pack(1, 0, 0, 0) + (b"" if text is None else pack(">H", len(raw)) + raw)
    return ENTRY.pack(source, code, kind, state, bytes(6), 513 if text is None else 516, len(info)) + info


def alerts(patient=(), technical=()):
    lists = []
    for attribute, entries in ((PATIENT, patient), (TECHNICAL, technical)):
        if entries is not None:
            lists.append((attribute, listed(list(entries))))
    return result(pack(">H", 1) + written(tuple(lists)), poll=requests.ALERTS)


ALARMS = [
    (entry(0x4BB8, 62, 0x0400, text="***SpO₂ LOW\0"), "4bb8:62", "***SpO₂ LOW", "high"),
    (entry(0x4BB8, 62, 0x0200), "4bb8:62", "SpO2 low", "medium"),
    (entry(0x4182, 40, 0x0100), "4182:40", "HR high", "low"),
    (entry(0x4BB8, 308, 0x0001, text="SpO₂ SENSOR OFF"), "4bb8:308", "SpO₂ SENSOR OFF", "low"),
    (entry(0x4A04, 232, 0x0004), "4a04:232", "NIBP cuff overpressure", "high"),
    (entry(0x0100, 274, 0x0002, 0x2008), "0100:274", "ECG leads off (latched)", "medium"),
    (entry(0x4BB8, 3246, 0x0400, 0x9000), "4bb8:3246", "SpO2 desaturation (inhibited, silenced)", "high"),
    (entry(0x9999, 7777, 0x0100), "9999:7777", "source 9999 alarm 7777", "low"),
    (entry(0x9999, 7777, 0x0040), "9999:7777", "source 9999 alarm 7777 (type 0040)", "high"),
    (entry(0x4BB8, 62, 0), "4bb8:62", "SpO2 low (type 0000)", "high"),
    (entry(0x4BB8, 62, 0x0500), "4bb8:62", "SpO2 low (type 0500)", "high"),
]


@each_row(("raw", "code", "text", "priority"), ALARMS)
@each_row("which", ["patient", "technical"])
def test_alarms(raw, code, text, priority, which):
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode(alerts(**{which: [raw]})))]
    assert (alarm.code, alarm.text, alarm.priority) == (code, text, Priority(priority))


def test_all_alarms_that_stand_are_told_and_none_when_they_end():
    outputs = decode(alerts([ALARMS[0][0]], [ALARMS[3][0], ALARMS[5][0]]), alerts())
    assert [len(output.alarms) for output in only(DeviceAlarms, outputs)] == [3, 0]


def test_no_alarm_is_told_only_where_both_lists_say_so():
    assert only(DeviceAlarms, decode(alerts(technical=None))) == []
    one = decode(alerts([ALARMS[0][0]], technical=None), alerts(None, [ALARMS[3][0]]), alerts(technical=None))
    assert [len(output.alarms) for output in only(DeviceAlarms, one)] == [1, 2, 1]


def damaged_lists():
    good = listed([ALARMS[0][0], ALARMS[3][0]])
    yield good[:-1], 2
    yield good + b"\0", 1
    yield pack(">HH", 3, len(good) - 4) + good[4:], 3
    yield pack(">HH", 1, len(good) - 4) + good[4:], 2
    yield b"\0", 1
    yield b"", 1


@each_row(("value", "count"), list(damaged_lists()))
def test_a_list_that_cannot_be_read_is_an_alarm(value, count):
    outputs = decode(result(pack(">H", 1) + written(((PATIENT, value),)), poll=requests.ALERTS))
    ((*_, last),) = [o.alarms for o in only(DeviceAlarms, outputs)]
    assert last.priority is Priority.HIGH
    assert re.match("patient alarms that cannot be read", last.text)
    assert len(only(DeviceAlarms, outputs)[0].alarms) <= count


# waveforms


def wave(samples, *context, state=0, physio=0x4BB4, form=">H"):
    data = b"".join(pack(form, sample) for sample in samples)
    value = (0x096E, pack(">HHH", physio, state, len(data)) + data)
    return result(pack(">H", 0x0402) + written((*context, value)), poll=requests.WAVES)


PERIOD = (0x098D, pack(">I", 64))
SCALE = (0x096F, bytes.fromhex("00000000 00000064") + pack(">HH", 0, 1000))


def blocks(*pdus):
    return [output.block for output in only(Sampled, decode(*pdus))]


def test_nothing_is_told_of_a_waveform_before_its_period_is_known():
    assert blocks(wave([1, 2])) == []
    first, second = blocks(wave([1, 2]), wave([3, 4], PERIOD), wave([5, 6]))
    assert (first.samples, second.samples, second.rate_hz) == ((3.0, 4.0), (5.0, 6.0), 125.0)
    assert (second.signal, second.unit) == (Signal.PLETH, None)


WAVES = [
    ([0, 500, 1000], (PERIOD, SCALE, (0x0996, b"\x0f\x20")), 0x50AC, (0.0, 50.0, 100.0), Unit.MMHG),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x10\xb2")), 0x0102, (0.0, 50.0), Unit.MILLIVOLT),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x10\xb3")), 0x0102, (0.0, 0.05), Unit.MILLIVOLT),
    ([0, 500], (PERIOD, SCALE, (0x0996, b"\x99\x99")), 0x5000, (0.0, 50.0), None),
    ([7, 8], (PERIOD, (0x096F, bytes.fromhex("007fffff 007fffff 0000 0fff"))), 0x4BB4, (7.0, 8.0), None),
    ([7, 8], (PERIOD, (0x096F, bytes.fromhex("00000000 00000064 0000 0000"))), 0x4BB4, (7.0, 8.0), None),
    ([0xC007, 8], (PERIOD, (0x096D, bytes.fromhex("0040 10 0e 3000"))), 0x4BB4, (7.0, 8.0), None),
    ([0xC007, 8], (PERIOD, (0x096D, bytes.fromhex("0040 10 0e 2000"))), 0x4BB4, (49159.0, 8.0), None),
    ([0x4007, 8], (PERIOD, (0x0A16, bytes.fromhex("0001 0004 0001 4000"))), 0x4BB4, (None, 8.0), None),
    ([0x4007, 8], (PERIOD, (0x0A16, bytes.fromhex("0001 0004 0002 4000"))), 0x4BB4, (16391.0, 8.0), None),
]


@each_row(("raw", "context", "physio", "samples", "unit"), WAVES)
def test_samples_mean_what_their_context_says(raw, context, physio, samples, unit):
    (block,) = blocks(wave(raw, *context, physio=physio))
    assert (block.samples, block.unit) == (samples, unit)


@pytest.mark.parametrize("head", ["4bb4 0000 0002", "4bb4 0000 0006", "4bb4 0000", "0300 0000 0004"])
def test_samples_that_lie_or_are_of_another_kind_are_left(head):
    value = (0x096E, bytes.fromhex(head) + bytes(4))
    assert blocks(result(pack(">H", 0x0402) + written((PERIOD, value)), poll=requests.WAVES)) == []


@pytest.mark.parametrize("state", [0x8000, 0x2000, 0xA000])
def test_an_invalid_waveform_has_no_samples(state):
    assert [block.samples for block in blocks(wave([1, 2], PERIOD, state=state))] == [(None, None)]


def test_samples_of_one_byte():
    form = (0x096D, bytes.fromhex("0020 08 08 0000"))
    assert [block.samples for block in blocks(wave([1, 255], PERIOD, form, form=">B"))] == [(1.0, 255.0)]


@pytest.mark.parametrize("form", ["0020 00 00 0000", "0020 0c 0c 0000", "0020 20 20 0000"])
def test_samples_of_a_size_that_is_not_known_are_left(form):
    assert blocks(wave([1, 2], PERIOD, (0x096D, bytes.fromhex(form)))) == []


@pytest.mark.parametrize("period", [b"", bytes(4)])
def test_a_period_of_nothing_is_none(period):
    assert blocks(wave([1, 2], (0x098D, period))) == []


# the simulator


def talking(spec=SPEC):
    """A driver and a monitor that know each other."""
    driver, device = spec.make(), spec.simulate()
    for second in range(4):
        list(driver.feed(device.advance(TRUTH), START.plus(second)))
        for tick in range(4):
            at = START.plus(second + tick / 4)
            for output in driver.tick(at):
                list(driver.feed(device.receive(output.data), at))
    return driver, device


TRUTH = Truth(wall=START.wall, values={Parameter.HR: 70.0, Parameter.SPO2: None, Parameter.NIBP_SYS: 120.0})


@settings(max_examples=30, deadline=None)
@given(
    given_values=st.fixed_dictionaries(
        {}, optional={p: st.none() | st.integers(2, 40).map(float) for p in SPEC.parameters}
    )
)
@pytest.mark.parametrize("spec", [SERIAL, UDP], ids=lambda spec: spec.id)
def test_what_the_simulator_says_is_what_the_driver_reads(spec, given_values):
    driver, device = talking(spec)
    outputs = list(
        driver.feed(device.advance(Truth(wall=START.wall, values=given_values, cuff_age_s=9)), START.plus(5))
    )
    found = {r.parameter: r.value for r in readings(outputs) if r.parameter in given_values}
    assert found == given_values
    assert not only(Garbage, outputs)


def test_a_sensor_that_is_off_is_an_alarm_of_the_simulated_monitor():
    driver, device = talking()
    (output,) = only(DeviceAlarms, driver.feed(device.advance(TRUTH), START.plus(5)))
    assert [(alarm.text, alarm.priority) for alarm in output.alarms] == [("SpO₂ SENSOR OFF", Priority.LOW)]


def test_the_simulated_monitor_gives_up_on_a_silent_host():
    driver, device = talking()
    said = b"".join(device.advance(TRUTH) for _ in range(12))
    outputs = list(driver.feed(said, START.plus(6)))
    assert only(Accepted, outputs)[-1].name == "abort"
    assert device.advance(TRUTH) == b""


def test_the_simulated_monitor_has_one_association_and_says_nothing_without():
    device = SERIAL.simulate()
    assert device.receive(frame(requests.ASSOCIATE)) == b""  # it has just been switched on
    assert device.advance(TRUTH) == b""
    assert device.receive(frame(requests.NUMERICS.extended)) == b""
    assert len(run(SPEC.make(), [device.receive(frame(requests.ASSOCIATE))])) == 3
    assert device.receive(frame(requests.ASSOCIATE)) == frame(simulator.REFUSE)
    assert device.receive(frame(requests.NUMERICS.extended)) == b""  # it was not confirmed yet
    assert device.receive(frame(requests.RELEASE)) == frame(simulator.RELEASED)
    assert device.advance(TRUTH) == b""


def test_a_simulated_poll_lapses():
    driver, device = talking()
    del driver
    names = []
    for second in range(40):
        said = device.advance(TRUTH)
        if second % 5 == 0:
            device.receive(frame(requests.KEEP_ALIVE.single))
        names.append({o.name for o in only(Accepted, run(SERIAL.make(), [said]))})
    assert "numerics" in names[20]
    assert names[-1] == set()


@each_row(
    ("raw", "value"),
    [(0xFE002580, 96.0), (0x00000060, 96.0), (0xFA000001, 1e-6), (0x03000001, 1000.0), (0xF9000001, Quality.INVALID),
     (0x04000001, Quality.INVALID), (0xCB74CD30, Quality.INVALID), (0xFF8000FF, -838835.3)],
)  # fmt: skip
def test_an_exponent_that_no_number_of_a_patient_has_is_invalid(raw, value):
    assert float_of(raw) == (pytest.approx(value) if isinstance(value, float) else value)
