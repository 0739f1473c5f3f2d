"""B. Braun Space: recorded replies, both forms of a frame, parts and their acknowledgement, racks, alarms."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from drivers.contract import START, check_chunks, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

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
from ketamon.testing.conversation import converse, truths
from ketamon_drivers.bbraun_space import SPEC, frames, pump
from ketamon_drivers.bbraun_space.frames import ACK, ALIVE, GET, VERSION, frame, stuffed, unstuffed
from ketamon_drivers.bbraun_space.simulator import BBraunSpaceSimulator
from ketamon_drivers.bbraun_space.tables import ALARMS, EVERY_ALARM, UNITS, WORDS

RUNNING = {"INRT": "12.50", "INVI": "3.1", "INVTB": "36.0", "INRMT": "2160", "INM1": "0", "INM2": "0", "INM3": "1",
           "INM6": "0", "INM10": "0"} | dict.fromkeys(sorted(EVERY_ALARM), "0")  # fmt: skip


def part(*pumps, last=True, bed="ComSystem", second=214):
    """One part of a reply: (address, records) for each pump."""
    body = "\x1e".join(f"{second},501{head},{n},{v}" for head, said in pumps for n, v in said.items())
    return frame(bed, body.encode(), last=last)


def only(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]


def decode(*wires):
    return run(SPEC.make(), wires)


def status(**changes):
    return only(PumpTelemetry, decode(part(("13", RUNNING | changes))))[-1].status


def alarms(**changes):
    return only(DeviceAlarms, decode(part(("13", RUNNING | changes))))[-1].alarms


def notices(outputs):
    return [o.text for o in only(DeviceNotice, outputs)]


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


GOOD = part(("13", RUNNING))


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


def word(*bits):
    return str(sum(1 << bit for bit in bits))


ON = (0, 1, 8, 23)


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


# alarms


@each_row("name", ALARMS)
def test_each_alarm_has_its_words_and_its_pump(name):
    found = alarms(**{name: "1"})
    words, priority = ALARMS[name]
    assert [(a.code, a.text, a.priority) for a in found] == [(f"13 {name}", f"pump 13: {words}", priority)]
    assert status(**{name: "1"}).alarm is True


WORD_BITS = [(name, bit) for name, table in WORDS.items() for bit in table]


@each_row(("name", "bit"), WORD_BITS)
def test_each_bit_of_an_alarm_word(name, bit):
    (alarm,) = alarms(**{name: str(1 << bit)})
    words, priority = WORDS[name][bit]
    assert (alarm.code, alarm.priority) == (f"13 {name} {bit}", priority)
    assert alarm.text == f"pump 13: {words} ({name}={1 << bit})"


def test_keep_vein_open_in_the_status_word_is_an_alarm_too():
    said = {name: value for name, value in RUNNING.items() if not name.startswith("INM")}
    outputs = decode(part(("13", said | {"STATUS1": word(*ON, 7, 13)})))
    assert [(a.code, a.text) for a in only(DeviceAlarms, outputs)[0].alarms] == [
        ("13 STATUS1 13", "pump 13: keeps vein open")
    ]
    told = decode(part(("13", said | {"STATUS1": word(*ON, 7, 13), "PREALARM": word(5)})))
    assert [a.code for a in only(DeviceAlarms, told)[0].alarms] == ["13 PREALARM 5"]


def test_several_bits_are_several_alarms():
    assert [a.code for a in alarms(ALARM1=word(10, 28), INA1="1")] == ["13 INA1", "13 ALARM1 10", "13 ALARM1 28"]


@pytest.mark.parametrize("value", ["0", "1", "00000000", "_NV", "_NA"])
def test_an_alarm_word_without_alarms(value):
    assert alarms(ALARM1=value) == ()


@each_row(
    ("changes", "code"),
    [
        ({"INA3": "2"}, "INA3=2"), ({"INA10": "1"}, "INA10=1"), ({"INA17": "1"}, "INA17=1"),
        ({"ALARM1": str(1 << 21)}, f"ALARM1={1 << 21}"), ({"ALARM2": str(1 << 8)}, "ALARM2=256"),
        ({"ALARM1": "0x00000400"}, "ALARM1=0x00000400"), ({"PREALARM": "0000000A"}, "PREALARM=0000000A"),
        ({"ALARM1": "00000010"}, "ALARM1=00000010"), ({"RUNSTATE": "6"}, "RUNSTATE 2"),
    ],
)  # fmt: skip
def test_an_unknown_alarm_is_raw_and_high(changes, code):
    (alarm,) = alarms(**changes)
    assert (alarm.code, alarm.priority) == (f"13 {code}", Priority.HIGH)
    assert status(**changes).alarm is True


@pytest.mark.parametrize("names", [("INA17", "INM15"), ("INAX", "INRTX")])
def test_names_of_a_later_edition_are_no_damage(names):
    assert only(PumpTelemetry, decode(part(("13", RUNNING | dict.fromkeys(names, "0")))))


def test_the_run_state_adds_nothing_to_a_cause_that_is_named():
    assert [a.code for a in alarms(RUNSTATE="6", INA3="1")] == ["13 INA3"]
    assert alarms(RUNSTATE="2") == ()


@each_row("missing", sorted(EVERY_ALARM))
def test_alarms_that_do_not_all_come_are_told(missing):
    said = {name: value for name, value in RUNNING.items() if name != missing}
    outputs = decode(part(("13", said)))
    (alarm,) = only(DeviceAlarms, outputs)[0].alarms
    assert alarm.text == "pump 13: not all of its alarms come here, listen to the pump"
    assert only(PumpTelemetry, outputs)[0].status.alarm is None


def test_the_alarm_words_stand_for_all_alarms():
    said = {name: value for name, value in RUNNING.items() if name not in EVERY_ALARM}
    outputs = decode(part(("13", said | {"ALARM1": "0", "ALARM2": "0"})))
    assert only(DeviceAlarms, outputs)[0].alarms == ()


def test_an_alarm_without_a_value_just_now_stands_as_it_stood():
    wires = [
        part(("13", RUNNING | {"INA3": value}), second=n) for n, value in enumerate(("1", "_NA", "_NV", "0", "_NV"))
    ]
    assert [len(o.alarms) for o in only(DeviceAlarms, decode(*wires))] == [1, 1, 1, 0, 0]


# words


@each_row(
    ("changes", "words"),
    [
        ({"INDOCAL": "1", "INDORT": "0.5", "INDORTU": "69", "INDCON": "2", "INDCONU": "31"},
         "dose mode, concentration 2 mg/mL, dose rate 0.5 mg/kg/h"),
        ({"INDORT": "3", "INDORTU": "200"}, "dose rate 3 unit 200"),
        ({"INM8": "0"}, "on battery"),
        ({"INM12": "1", "INM13": "1"}, "below the soft limit, above the soft limit"),
        ({"OPMODE": "5", "TCITAR": "0.20", "TCIUT": "32"}, "TCI infusion, target 0.20 µg/mL"),
        ({"OPMODE": "9"}, "mode 9 infusion"),
        ({"INM6": "1", "INSTBY": "1434", "INAKKU": "240"}, "standby, battery for 240 min, standby for 1434 min"),
        ({"GNMODEL": "688F030006\r"}, "software 688F030006"),
    ],
)  # fmt: skip
def test_what_has_no_parameter_is_told_in_words(changes, words):
    outputs = decode(part(("13", RUNNING)), part(("13", RUNNING | changes)))
    assert notices(outputs) == [f"pump 13: {words}"]


def test_words_come_again_only_when_people_changed_something():
    wires = [
        part(("13", RUNNING | {"INSYR": size, "INVOLACT": left}))
        for size, left in (("50", "47.64"), ("50", "47.60"), ("20", "19.0"), ("20", "18.0"))
    ]
    assert notices(decode(*wires)) == [
        "pump 13: syringe 50 mL, 47.64 mL in the syringe",
        "pump 13: syringe 20 mL, 19.0 mL in the syringe",
    ]


def test_each_bolus_is_told():
    wires = [part(("13", RUNNING | {"INBOCNT": n, "INBOVAL": "0.50"})) for n in ("0", "1", "1", "_NV")]
    assert notices(decode(*wires)) == ["pump 13: 1 bolus since the last reply, the last one 0.50 mL"] * 2


def test_people_are_never_named():
    said = {"PATID": "Smith", "PATIDBADGE": "Smith", "PATIDDRUG": "Smith", "NURSEID": "Smith", "DRUGORDERNO": "Smith"}
    assert "Smith" not in str(decode(part(("13", RUNNING | said)))[1:])


def test_units():
    assert [UNITS[code] for code in (1, 2, 22, 29, 31, 32, 39, 43)] == [
        "mL/h", "mL", "kg", "IU", "mg/mL", "µg/mL", "µg/kg", "IU/kg",
    ]  # fmt: skip
    assert [UNITS[code] for code in (44, 48, 52, 64, 67, 69, 72, 85)] == [
        "ng/min", "mg/h", "µg/d", "IU/d", "ng/kg/d", "mg/kg/h", "µg/kg/h", "IU/kg/d",
    ]  # fmt: skip


# racks


@each_row(
    ("address", "head"),
    [("13", "13"), ("0A", "0A"), ("3O", "3O"), ("112", "1C"), ("110", "1A"), ("224", "2O")],
)
def test_heads(address, head):
    assert only(PumpTelemetry, decode(part((address, RUNNING))))[0].status.head == head


def test_the_alarms_of_a_rack_are_told_together():
    outputs = decode(
        part(("11", RUNNING | {"INA3": "1"}), last=False), part(("13", RUNNING), ("1C", RUNNING | {"INA15": "1"}))
    )
    assert [o.status.head for o in only(PumpTelemetry, outputs)] == ["11", "13", "1C"]
    assert [a.code for a in only(DeviceAlarms, outputs)[-1].alarms] == ["11 INA3", "1C INA15"]
    assert {o.reading.site for o in only(Measured, outputs)} == {"11", "13", "1C"}


def test_a_pump_whose_records_go_on_in_the_next_part_is_joined():
    names = list(RUNNING)
    first, second = ({n: RUNNING[n] for n in some} for some in (names[:6], names[6:]))
    for cut in (1, 6, 12):
        first, second = ({n: RUNNING[n] for n in some} for some in (names[:cut], names[cut:]))
        outputs = decode(part(("11", RUNNING), ("13", first), last=False), part(("13", second), ("15", RUNNING)))
        told = [o.status for o in only(PumpTelemetry, outputs)]
        assert [s.head for s in told] == ["11", "13", "15"]
        assert told[1] == replace(told[0], head="13")
        assert not any(o.alarms for o in only(DeviceAlarms, outputs))


def test_a_pump_that_is_cut_off_is_told_with_what_there_is_at_the_end_only():
    outputs = decode(part(("13", {"INRT": "12.5"}), last=False))
    assert not only(PumpTelemetry, outputs)
    (told,) = only(PumpTelemetry, decode(part(("13", {"INRT": "12.5"}))))
    assert told.status.state is PumpState.UNKNOWN


def gone(outputs):
    return [o.status.head for o in only(PumpTelemetry, outputs) if o.status.state is PumpState.UNKNOWN]


def test_a_pump_that_is_removed_is_unknown_and_an_alarm_where_it_was_at_work():
    error = frame("ComSystem", b"300,50113,GNERR,39")
    outputs = decode(part(("13", RUNNING)), error)
    assert gone(outputs) == ["13"]
    assert "pump 13: a pump was removed or cannot be reached (GNERR 39)" in notices(outputs)
    (alarm,) = only(DeviceAlarms, outputs)[-1].alarms
    assert (alarm.code, alarm.priority) == ("13 gone", Priority.MEDIUM)
    idle = decode(part(("13", RUNNING | {"INM3": "0"})), error)
    assert (gone(idle), only(DeviceAlarms, idle)[-1].alarms) == (["13"], ())
    back = decode(part(("13", RUNNING)), error, part(("13", RUNNING)))
    assert only(DeviceAlarms, back)[-1].alarms == ()


@pytest.mark.parametrize(
    ("code", "words"),
    [("11", "no pumps, or no further data"), ("811", "there is no such pump"), ("51", "unknown error")],
)
def test_errors_of_the_rack_are_told_once(code, words):
    error = frame("ComSystem", f"300,50100,GNERR,{code}".encode())
    assert notices(decode(error, error)) == [f"{words} (GNERR {code})"]


# the conversation


class Host:
    """A driver with its rack on a line where each byte takes time; what it sends is kept with its time."""

    def __init__(self, device, *, bytes_a_second=float("inf"), deaf=()):
        self.driver, self.device, self.rate, self.deaf = SPEC.make(), device, bytes_a_second, deaf
        self.sent, self.outputs, self.line, self.now = [], [], [], 0

    def run(self, seconds, truth=None):
        given = list(truths(1))[0] if truth is None else truth
        for n in range(self.now, self.now + int(seconds * 20)):
            at = START.plus(n / 20)
            if n % 20 == 0:
                self.device.advance(replace(given, wall=at.wall))
            while self.line and self.line[0][0] <= n / 20:
                self.outputs += self.driver.feed(self.line.pop(0)[1], at)
            for output in self.driver.tick(at) if n % 5 == 0 else ():
                self.outputs.append(output)
                if isinstance(output, Send):
                    assert output.data in SPEC.allow_list
                    assert not self.line, "sent while the rack was speaking"
                    self.hear(n / 20, output.data)
        self.now += int(seconds * 20)
        return self

    def hear(self, now, data):
        self.sent.append((now, data))
        answer = b"" if len(self.sent) - 1 in self.deaf else self.device.receive(data)
        for n in range(0, len(answer), 16):
            self.line.append((now + 0.02 + n / self.rate, answer[n : n + 16]))

    @property
    def verbs(self):
        return [(t, "ACK" if d == ACK else frames.parse(d).body.decode()) for t, d in self.sent]


def times(host, verb):
    return [t for t, v in host.verbs if v == verb]


def test_it_greets_asks_the_version_and_then_for_all_values_every_five_seconds():
    host = Host(BBraunSpaceSimulator()).run(31)
    assert [v for _, v in host.verbs[:6]] == ["ADMIN:ALIVE", "ACK", "ADMIN:VERSION", "ACK", "MEM:GET", "ACK"]
    polls = times(host, "MEM:GET")
    assert len(polls) == 6
    assert {round(b - a, 2) for a, b in pairwise(polls)} == {5.0}
    assert notices(host.outputs)[0] == "BCC V3.30"
    assert len(times(host, "ADMIN:ALIVE")) == len(times(host, "ADMIN:VERSION")) == 1


RACK = tuple(
    PumpStatus(state=PumpState.INFUSING, rate=10.0 * n, volume_infused=1.0, serial=str(n)) for n in range(1, 4)
)


@pytest.mark.parametrize("form", [True, False])
def test_a_rack_at_9600_baud_is_read_part_by_part(form):
    host = Host(BBraunSpaceSimulator(RACK, stuffed=form), bytes_a_second=960).run(60)
    told = [o.status.head for o in only(PumpTelemetry, host.outputs)]
    assert told[:8] == ["11", "13", "15", "17"] * 2
    assert not only(Garbage, host.outputs)
    assert len(times(host, "ADMIN:ALIVE")) <= 2, "a long reply is no time-out"
    acks = len(times(host, "ACK"))
    assert acks >= len(told)
    gaps = [b - a for (a, _), (b, v) in pairwise(host.verbs) if v != "ACK"]
    assert min(gaps) >= 0.5
    polls = times(host, "MEM:GET")
    assert all(5.0 <= b - a <= 7.0 for a, b in pairwise(polls))
    assert max(len(d) for _, d in host.sent) < 50


def test_the_host_writes_as_the_rack_does():
    for form in (True, False):
        host = Host(BBraunSpaceSimulator(stuffed=form)).run(20)
        assert [b"MEEM" in d for _, d in host.sent if b"GE" in d] == [form] * 4
        assert only(PumpTelemetry, host.outputs)


def test_a_rack_that_is_deaf_is_greeted_in_both_forms_and_no_faster_than_every_five_seconds():
    host = Host(BBraunSpaceSimulator(), deaf=range(99)).run(26)
    assert [t for t, _ in host.sent] == [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]
    plain = frame("1", ALIVE)
    assert [d for _, d in host.sent] == [plain, stuffed(plain)] * 3


def test_after_a_lost_acknowledgement_the_link_is_set_up_anew():
    host = Host(BBraunSpaceSimulator(RACK), deaf=(5,)).run(20)  # the ACK of the first pump
    assert [v for _, v in host.verbs[4:7]] == ["MEM:GET", "ACK", "ADMIN:ALIVE"]
    assert [o.status.head for o in only(PumpTelemetry, host.outputs)][:6] == ["11", "11", "13", "15", "17", "11"]


def test_a_damaged_part_is_not_acknowledged():
    driver = SPEC.make()
    (greeting,) = driver.tick(START)
    list(driver.feed(GOOD.replace(b"12.50", b"92.50"), START))
    assert [list(driver.tick(START.plus(n / 4))) for n in range(20)] == [[]] * 20
    assert list(driver.tick(START.plus(5))) == [Send(stuffed(greeting.data))]


def test_while_bytes_come_nothing_is_asked():
    driver, sent = SPEC.make(), []
    for n in range(200):
        at = START.plus(n / 4)
        sent += [n / 4 for _ in driver.tick(at)]
        list(driver.feed(b"x" if n < 80 else b"", at))
    assert sent == [0.0, 24.75, 29.75, 34.75, 39.75, 44.75, 49.75]


@pytest.mark.parametrize("wait", [0.0, 0.05])
def test_an_acknowledgement_waits_a_tenth_of_a_second(wait):
    driver = SPEC.make()
    list(driver.feed(GOOD, START))
    assert list(driver.tick(START.plus(wait))) == []
    assert list(driver.tick(START.plus(0.1))) == [Send(ACK)]
    assert Send(ACK) not in [o for n in range(4, 60) for o in driver.tick(START.plus(n / 4))]


def test_a_reply_of_another_bed_is_garbage_until_that_bed_greets():
    greeting = frame("ICU/4", b"214,50100,GNACK,0")
    outputs = decode(greeting, part(("13", RUNNING)), part(("13", RUNNING), bed="ICU/4"))
    assert [type(o).__name__ for o in outputs[:2]] == ["Accepted", "Garbage"]
    assert len(only(PumpTelemetry, outputs)) == 1
    again = decode(greeting, frame("ComSystem", b"214,50100,GNACK,0"), part(("13", RUNNING)))
    assert not only(Garbage, again)


def test_a_wrong_bed_makes_it_greet_again():
    host = Host(BBraunSpaceSimulator()).run(8)
    host.driver._bed = "Elsewhere"
    host.run(7)
    assert "the request had a wrong form or checksum (GNERR 68)" in notices(host.outputs)
    assert host.driver._bed == "ComSystem"


@pytest.mark.parametrize(("version", "fits"), [("V2.25", True), ("V3.26", True), ("V3.36", True), ("V4.00", False),
                                              ("V3", False)])  # fmt: skip
def test_another_version_of_the_protocol_is_told_and_nothing_after_it(version, fits):
    driver = SPEC.make()
    outputs = run(driver, [frame("ComSystem", f"207,50100,{version}".encode()), GOOD])
    assert bool(only(PumpTelemetry, outputs)) is bool(only(Measured, outputs)) is fits
    assert bool(only(Mismatch, outputs)) is not fits
    assert fits or list(driver.tick(START.plus(60))) == []


def test_a_pump_that_two_whole_replies_do_not_hold_is_gone():
    device = BBraunSpaceSimulator(RACK[:1])
    host = Host(device).run(9)
    assert {o.status.head for o in only(PumpTelemetry, host.outputs)} == {"11", "13"}
    device._others = ()
    host.outputs.clear()
    host.run(20)
    assert gone(host.outputs) == ["13"], "once, and only the one that is missing"
    assert [a.code for a in only(DeviceAlarms, host.outputs)[-1].alarms] == ["13 gone"]


def test_a_pump_that_was_said_to_be_gone_is_not_told_again():
    device = BBraunSpaceSimulator(RACK[:1])
    host = Host(device).run(9)
    device._others = ()
    host.outputs = list(host.driver.feed(frame("ComSystem", b"300,50113,GNERR,39"), START.plus(9)))
    assert gone(host.run(30).outputs) == ["13"]


# what goes out

BEDS = ("1", "ComSystem", "ICU/4", "[a]_`", "z" * 15)


@each_row("bed", BEDS)
@each_row("verb", [VERSION, GET])
def test_the_questions_may_be_sent_to_any_bed_in_both_forms(bed, verb):
    assert frame(bed, verb) in SPEC.allow_list
    assert stuffed(frame(bed, verb)) in SPEC.allow_list


FORBIDDEN = [b"MEM:SET", b"MEM:GETSLOT#13", b"ADMIN:RESET", b"MEM:GET,1", b"mem:get", b"INRT,100", b"", b"PUMP:START"]


@each_row("verb", FORBIDDEN)
@each_row("bed", [*BEDS, "1/1/1>MEM:GET\x0300000\x04\x01"])
def test_nothing_else_may_be_sent(bed, verb):
    assert frame(bed, verb) not in SPEC.allow_list
    assert stuffed(frame(bed, verb)) not in SPEC.allow_list


@each_row("data", [b"", b"\x15", b"\x06\x06", frame("1", ALIVE) * 2, frame("1", GET) + b"\n",
                                  frame("1>MEM:SET", GET), frame("", GET)])  # fmt: skip
def test_no_byte_more(data):
    assert data not in SPEC.allow_list


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20))
def test_no_bed_smuggles_another_question(bed):
    data = frame(bed, GET)
    assert data not in SPEC.allow_list or re.fullmatch(r"[/-9A-z]{1,30}", bed)


def test_the_simulated_rack_obeys_nothing():
    device = BBraunSpaceSimulator()
    device.advance(list(truths(1))[0])
    for verb in FORBIDDEN:
        answer = frames.parse(device.receive(frame("ComSystem", verb)))
        assert answer.body.endswith(b"GNERR,68")


def test_the_spec():
    assert SPEC.evidence is Evidence.ESTABLISHED
    assert SPEC.alarms_decoded
    assert all(request in SPEC.allow_list for request in SPEC.probe)
    assert set(pump.t.NUMBERS) == set(SPEC.parameters)


PUMPS = st.builds(
    PumpStatus,
    state=st.sampled_from((PumpState.INFUSING, PumpState.KVO, PumpState.HELD, PumpState.ENDED)),
    rate=st.integers(0, 180000).map(lambda n: n / 100),
    volume_infused=st.integers(1, 99999).map(lambda n: n / 10),
    vtbi=st.none() | st.integers(0, 99999).map(lambda n: n / 10),
    time_remaining=st.none() | st.integers(0, 65534).map(float),
    drug=st.sampled_from(("", "Ketamin", "Esketamin 5,0 mg")),
    serial=st.just("40864"),
)
RAISED = {PumpAlarm.OCCLUSION: "INA3", PumpAlarm.BATTERY_LOW: "INA11", PumpAlarm.NEAR_END: "INA12"}


@settings(max_examples=60, deadline=None)
@given(given_pump=PUMPS, raised=st.lists(st.sampled_from(list(RAISED)), max_size=2, unique=True), form=st.booleans())
def test_what_the_simulator_says_is_what_the_driver_reads(given_pump, raised, form):
    device = BBraunSpaceSimulator(stuffed=form)
    device.advance(Truth(wall=START.wall, pump=given_pump, pump_alarms=tuple(raised)))
    asked = frame("ComSystem", GET)
    outputs = decode(device.receive(stuffed(asked) if form else asked))
    own = {PumpState.KVO: {"11 INM10"}, PumpState.ENDED: {"11 INA7"}}.get(given_pump.state, set())
    expected = {f"11 {RAISED[alarm]}" for alarm in raised} | own
    (told,) = only(PumpTelemetry, outputs)
    assert told.status == replace(given_pump, head="11", alarm=bool(expected), pressure=None)
    assert {a.code for a in only(DeviceAlarms, outputs)[0].alarms} == expected
    assert not only(Garbage, outputs)


def test_a_whole_conversation_has_no_garbage():
    said = converse(SPEC, truths(30))
    assert not only(Garbage, said.outputs)
    assert len(only(PumpTelemetry, said.outputs)) >= 5
