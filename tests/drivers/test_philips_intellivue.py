"""Philips IntelliVue: a recording of a real monitor, the published requests, the association, and what numbers mean."""

from collections import Counter
from struct import pack, unpack_from

import pytest
from drivers.contract import START, check_accounting, check_chunks, cut, frames_of, run
from drivers.hand import only
from drivers.intellivue import (
    HR_60,
    SERIAL,
    UDP,
    accepted,
    decode,
    notices,
    numeric,
    presented,
    readings,
    result,
    values,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.readings import Mode, Quality
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceNotice, Garbage, Mismatch, Sampled
from ketamon.wire.checksums import crc16_x25
from ketamon_drivers.philips_intellivue import SPEC, requests
from ketamon_drivers.philips_intellivue.pdus import DATA, EXTENDED, RESULT, SINGLE, MalformedError, read
from ketamon_drivers.philips_intellivue.wires import LONGEST_PDU, BareWire, SerialWire, frame, unframe

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
