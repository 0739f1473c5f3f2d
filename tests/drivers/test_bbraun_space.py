"""B. Braun Space: recorded replies, both forms of a frame, parts and their acknowledgement, racks, alarms."""

import json

import pytest
from drivers.bbraun import GOOD, ON, RUNNING, decode, notices, part, status, word
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, Garbage, Measured, PumpTelemetry
from ketamon_drivers.bbraun_space import SPEC, frames
from ketamon_drivers.bbraun_space.frames import ALIVE, GET, VERSION, frame, stuffed, unstuffed

# published frames


def vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    return [(bytes.fromhex(v["hex"]), v) for v in every if v["device"] == "bbraun_bcc"]


STATES = {"running": PumpState.INFUSING, "ready": PumpState.READY}


def test_published_vectors(captures):
    found = vectors(captures)
    assert len(found) == 9
    for wire, vector in found:
        outputs = run(SPEC.make(), [wire])
        if vector["kind"] == "BAD":
            assert outputs == [Garbage(0, wire, "the length is wrong")]
            continue
        check_chunks(SPEC, wire, [7, 40])
        check_chunks(SPEC, stuffed(wire), [7, 40])
        (accepted,) = only(Accepted, outputs)
        assert accepted.length == len(wire)
        if vector["direction"] == "host->pump":
            said = vector["decoded"].get("body") or vector["decoded"]["request"]
            assert outputs == [Accepted(0, len(wire), f"request {said}")]


def recorded(captures, pump_address):
    ((wire, vector),) = [(w, v) for w, v in vectors(captures) if v["decoded"].get("pump") == pump_address]
    return run(SPEC.make(), [wire]), vector["decoded"]


@pytest.mark.parametrize("address", ["50111", "50113"])
def test_the_recorded_replies_say_what_is_known_of_them(captures, address):
    outputs, known = recorded(captures, address)
    (told,) = [o.status for o in only(PumpTelemetry, outputs)]
    assert told.state is (PumpState.INFUSING if known["running"] else PumpState.READY)
    assert (told.rate, told.volume_infused) == (known["rate_ml_h"], known.get("infused_ml", 0.0))
    assert (told.head, told.drug) == (address[3:], known.get("drug", ""))
    assert (told.alarm, only(DeviceAlarms, outputs)) == (False, [DeviceAlarms(0, ())])
    assert known["alarms"] == []
    if "remaining" in known:
        assert told.time_remaining is known["remaining"] is None


def test_the_recorded_pump_that_runs_in_words(captures):
    outputs, known = recorded(captures, "50113")
    settings = "software 688F030006, syringe 50 mL, pressure level 4, bolus rate 800.00 mL/h"
    moving = "47.64 mL in the syringe, pressure 35 % of its limit, infused for 97 min"
    assert notices(outputs) == [f"pump 13: {settings}, {moving}"]
    assert f"{known['syringe_left_ml']} mL in" in notices(outputs)[0]
    assert f"pressure {known['pressure_pct']} %" in notices(outputs)[0]
    assert notices(recorded(captures, "50111")[0])[0].startswith("pump 11: software 688F030006, switched off, ")


def test_parts_of_one_reply_in_order(captures):
    wires = [wire for wire, v in vectors(captures) if "pump" in v["decoded"]]
    assert [o.status.head for o in only(PumpTelemetry, decode(*wires))] == ["11", "13"]


REQUESTS = [
    ("1", ALIVE, "0100313102312F312F313E41444D494E3A414C4956450330303036", None),
    ("ComSystem", GET, None, (35, 153)),
    ("1", VERSION, None, (33, 244)),
    ("ComSystem", b"MEM:GETSLOT#13", None, (42, 96)),
    ("ComSystem", b"214,50100,GNACK,0", None, (45, 70)),
]


@pytest.mark.parametrize(("bed", "body", "_hex", "numbers"), REQUESTS)
def test_frames_are_written_as_published(bed, body, _hex, numbers):
    length, check = numbers or (31, 61)
    assert frame(bed, body) == b"\x01%05d\x02%b/1/1>%b\x03%05d\x04" % (length, bed.encode(), body, check)


def test_the_stuffed_greeting_is_the_published_one():
    text = "01 30 30 30 33 31 02 31 2F 31 2F 31 3E 41 45 58 4D 49 4E 3A 41 4C 49 56 45 45 03 30 30 30 36 31 04"
    assert stuffed(frame("1", ALIVE)) == bytes.fromhex(text)


# the form of a frame


@given(st.text("DEdeXx12,", max_size=30).map(str.encode))
def test_stuffing_is_undone_from_left_to_right(data):
    assert unstuffed(stuffed(data)) == data


@pytest.mark.parametrize(
    ("wire", "plain"), [(b"EEX", b"EX"), (b"EXE", None), (b"D", None), (b"Ea", None), (b"eeex", b"ed")]
)
def test_stuffing_that_is_none(wire, plain):
    assert unstuffed(wire) == plain


@pytest.mark.parametrize("last", [True, False])
def test_both_forms_of_a_frame_are_read(last):
    wire = part(("13", RUNNING | {"INSOL": "Ketanest EEX de"}), last=last)
    for form, known in ((wire, False), (stuffed(wire), True)):
        message = frames.parse(form)
        assert (message.last, message.stuffed, message.bed) == (last, known, "ComSystem")
        assert only(PumpTelemetry, run(SPEC.make(), [form]))[0].status.drug == "Ketanest EEX de"


def declared(length):
    """The good frame with another length and the checksum that belongs to it."""
    checked = b"\x01%05d" % length + GOOD[6:-6]
    return b"%b%05d\x04" % (checked, sum(checked) % 256)


BAD = {
    "length": declared(len(GOOD) + 1),
    "length of a stuffed frame": stuffed(declared(len(GOOD) + 7)),
    "length of the stuffed frame itself": stuffed(declared(len(stuffed(GOOD)))),
    "checksum": GOOD[:-6] + b"%05d\x04" % ((int(GOOD[-6:-1]) + 1) % 256),
    "checksum over 255": GOOD[:-6] + b"%05d\x04" % (int(GOOD[-6:-1]) + 256),
    "a digit": GOOD.replace(b"12.50", b"92.50"),
    "no bed": b"\x0100030\x02/1/1>ADMIN:ALIVE\x0300012\x04",
    "a long bed": frame("A" * 16, b"214,50100,GNACK,0"),
    "a bed with >": frame("A>B", b"214,50100,GNACK,0"),
    "a control character": frame("ComSystem", b"214,50113,INRT,1\x002.5"),
    "no record": frame("ComSystem", b"214,50113,INRT,12.5\x1e"),
    "an address": frame("ComSystem", b"214,50213,INRT,12.5"),
    "a place": frame("ComSystem", b"214,5011P,INRT,12.5"),
    "two seconds": frame("ComSystem", b"214,50113,INRT,12.5\x1e215,50113,INM3,1"),
    "a fact twice": frame("ComSystem", b"214,50113,INRT,12.5\x1e214,50113,INRT,12.6"),
    "a name in disorder": frame("ComSystem", b"214,50113,IRNT,12.5\x1e214,50113,INM3,1"),
    "a comma behind a digit": GOOD.replace(b"INA8,0", b"INA,80"),
    "a comma before a digit": GOOD.replace(b"INRT,12.50", b"INRT1,2.50"),
    "no value in disorder": part(("13", RUNNING | {"INA6": "_VN"})),
    "too long": part(("13", RUNNING | {"INSOL": "x" * 8192})),
}


@each_row("case", BAD)
def test_a_frame_that_is_none_says_nothing(case):
    outputs = decode(BAD[case])
    assert b"".join(o.raw for o in only(Garbage, outputs)) == BAD[case]
    assert len(only(Garbage, outputs)) == len(outputs)


def test_noise_before_a_frame_is_cut_off():
    outputs = decode(b"\x06\x15" + GOOD[:50] + GOOD)
    assert outputs[0] == Garbage(0, b"\x06\x15" + GOOD[:50], "noise before a frame")
    assert outputs[1].offset == 52


# what a pump says


@each_row(
    ("changes", "state"),
    [
        ({}, PumpState.INFUSING),
        ({"INM6": "1"}, PumpState.HELD),
        ({"INM14": "1"}, PumpState.UNKNOWN),
        ({"INM2": "1"}, PumpState.INFUSING),
        ({"INM10": "1"}, PumpState.KVO),
        ({"INM10": "1", "INM2": "1"}, PumpState.INFUSING),
        ({"INM3": "0"}, PumpState.HELD),
        ({"INM3": "0", "INM1": "1"}, PumpState.HELD),
        ({"INM3": "0", "INM1": "1", "INVI": "0"}, PumpState.READY),
        ({"INM3": "0", "INM1": "1", "INVI": "0.0"}, PumpState.READY),
        ({"INM3": "0", "INM1": "1", "INVI": "_NV"}, PumpState.HELD),
        ({"INM3": "0", "INM1": "1", "INA7": "1"}, PumpState.ENDED),
        ({"INM3": "0", "INA8": "1"}, PumpState.ENDED),
        ({"INM3": "0", "INA3": "1"}, PumpState.HELD),
        ({"INA7": "1"}, PumpState.INFUSING),
        ({"INM3": "_NV"}, PumpState.UNKNOWN),
        ({"INM3": "2"}, PumpState.UNKNOWN),
        ({"INM10": "_NV"}, PumpState.UNKNOWN),
        ({"INM6": "_NA"}, PumpState.UNKNOWN),
        ({"INM14": "_NV"}, PumpState.INFUSING),
    ],
)
def test_flags_make_the_state(changes, state):
    assert status(**changes).state is state


@each_row(
    ("value", "state"),
    [
        (word(*ON, 7), PumpState.INFUSING),
        (word(*ON, 7, 13), PumpState.KVO),
        (word(*ON, 7, 4), PumpState.UNKNOWN),
        (word(*ON, 7, 10), PumpState.INFUSING),
        (word(*ON, 7, 11), PumpState.INFUSING),
        (word(*ON, 2), PumpState.HELD),
        (word(*ON, 6), PumpState.HELD),
        (word(*ON, 7, 18), PumpState.UNKNOWN),
        (word(*ON, 7, 25), PumpState.UNKNOWN),
        (str(1 << 32), PumpState.UNKNOWN),
        ("0x00800183", PumpState.UNKNOWN),
        ("0080018B", PumpState.UNKNOWN),
        ("83", PumpState.UNKNOWN),  # 0x83 is "runs", 83 is "primes"
        ("128", PumpState.UNKNOWN),  # 128 is "runs", 0x128 is not
        ("", PumpState.UNKNOWN),
        ("_NV", PumpState.UNKNOWN),
        ("0", PumpState.HELD),
    ],
)
def test_the_status_word_is_believed_only_where_every_reading_agrees(value, state):
    said = {name: value for name, value in RUNNING.items() if not name.startswith("INM")} | {"STATUS1": value}
    assert only(PumpTelemetry, decode(part(("13", said))))[-1].status.state is state


NUMBERS = [
    ("12.50", 12.5), ("12,50", 12.5), ("0", 0.0), ("0.00", 0.0), ("1800", 1800.0), ("_NV", None), ("_NA", None),
    ("", None), ("1800.01", None), ("-1", None), ("+1", None), ("1e3", None), ("nan", None), ("1_0", None),
    (".5", None), ("5.", None), ("1.2.3", None), ("1,234,5", None), ("12.5 mL/h", None), ("\u0661", None),
    ("0x10", None),
]  # fmt: skip


@each_row(("text", "value"), NUMBERS)
def test_only_plain_numbers_in_their_range_are_numbers(text, value):
    outputs = decode(part(("13", RUNNING | {"INRT": text})))
    (reading,) = [o.reading for o in only(Measured, outputs) if o.reading.parameter is Parameter.RATE]
    quality = "valid" if value is not None else "missing" if text in ("", "_NV", "_NA") else "invalid"
    assert (reading.value, reading.quality.value, reading.site) == (value, quality, "13")
    assert status(INRT=text).rate == value


@each_row(
    ("name", "field", "text", "value"),
    [
        ("INVI", "volume_infused", "9999.9", 9999.9),
        ("INVI", "volume_infused", "10000", None),
        ("INVTB", "vtbi", "36,0", 36.0),
        ("INRMT", "time_remaining", "65534", 65534.0),
        ("INRMT", "time_remaining", "65535", None),
        ("INSERNUM", "serial", "40864", "40864"),
        ("INSOL", "drug", "Ketamin 1,5,2", "Ketamin 1,5,2"),
        ("INSOL", "drug", "Arteren<EE><80><A1>", "Arteren\ufffd"),
        ("INSOL", "drug", "a\ue01fb\rc", "a\ufffdb\ufffdc"),
        ("INSOL", "drug", "_NV", ""),
        ("INSOLSN", "drug", "Ketamin", "Ketamin"),
    ],
)
def test_every_field_of_the_status(name, field, text, value):
    assert getattr(status(**{name: text}), field) == value


@pytest.mark.parametrize("flag", ["INM2", "INM14"])
def test_there_is_no_rate_while_the_pump_moves_at_another_one(flag):
    outputs = decode(part(("13", RUNNING | {flag: "1", "INBORT": "800.00"})))
    (rate,) = [o.reading for o in only(Measured, outputs) if o.reading.parameter is Parameter.RATE]
    assert (rate.value, rate.quality.value) == (None, "invalid")
    assert "bolus rate 800.00 mL/h" in notices(outputs)[0]
    assert ("gives a bolus" if flag == "INM2" else "primes the line") in notices(outputs)[0]


# what follows from the reply before


def replies(*changes, seconds=5.0):
    """The statuses of replies one after the other, and what was told of numbers in the last one."""
    driver, told = SPEC.make(), []
    for n, change in enumerate(changes):
        wire = part(("13", RUNNING | change), second=n)
        told.append(list(driver.feed(wire, START.plus(n * seconds))))
    numbers = {o.reading.parameter.value: o.reading.value for o in only(Measured, told[-1])}
    return [only(PumpTelemetry, outputs)[0].status for outputs in told], numbers


JUMPS = [
    ("INRT", "rate", "12.50", 12.5, "21.50", 21.5), ("INRT", "rate", "12.50", 12.5, "0.00", 0.0),
    ("INVTB", "vtbi", "36.0", 36.0, "63.0", 63.0), ("INVI", "volume_infused", "3.1", 3.1, "1.3", 1.3),
    ("INVI", "volume_infused", "3.1", 3.1, "3.6", 3.6), ("INRMT", "time_remaining", "2160", 2160.0, "2610", 2610.0),
    ("INSERNUM", "serial", "40864", "40864", "48064", "48064"),
    ("INSOL", "drug", "Ketamin", "Ketamin", "Ketmain", "Ketmain"),
]  # fmt: skip


@each_row(("name", "field", "first", "value", "other", "changed"), JUMPS)
def test_what_does_not_follow_counts_when_it_is_told_again(name, field, first, value, other, changed):
    a, b = {name: first}, {name: other}
    nothing = "" if isinstance(value, str) else None
    assert [getattr(s, field) for s in replies(a, b, a, b, b)[0]] == [value, nothing, value, nothing, changed]
    statuses, numbers = replies(a, b)
    assert field not in numbers
    assert {s.state for s in statuses} == {PumpState.INFUSING}
    assert replies(a, b, b)[1].get(field, changed) == changed


FOLLOWS = [
    ({"INRT": "12.50"}, {"INRT": "12.90"}), ({"INVI": "3.1"}, {"INVI": "3.3"}),
    ({"INRT": "900.0", "INVI": "3.1"}, {"INRT": "900.0", "INVI": "4.4"}),
    ({"INM2": "1", "INVI": "3.1"}, {"INM2": "1", "INVI": "6.2"}),
    ({"INRMT": "2160"}, {"INRMT": "2155"}), ({"INRMT": "2160"}, {"INRMT": "2160"}),
]  # fmt: skip


@each_row(("before", "after"), FOLLOWS)
def test_what_follows_counts_at_once(before, after):
    (_, second), numbers = replies(before, after)
    told = {n: v for n, v in numbers.items() if v is not None}
    assert told == {n: v for n in ("rate", "vtbi", "volume_infused", "time_remaining")
                    if (v := getattr(second, n)) is not None}  # fmt: skip
    assert numbers.keys() == {"rate", "vtbi", "volume_infused", "time_remaining"}


def test_what_has_no_value_is_passed_on_at_once():
    for name, field in (("INRT", "rate"), ("INVTB", "vtbi"), ("INVI", "volume_infused"), ("INRMT", "time_remaining")):
        statuses, _ = replies({}, {name: "_NV"}, {})
        assert getattr(statuses[1], field) is None
        assert getattr(statuses[2], field) == getattr(statuses[0], field)
        assert replies({}, {name: "_NV"})[1][field] is None
