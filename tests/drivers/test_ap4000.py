"""AP-4000: the recorded greetings, the status by its indexes, both heads, the whole alarm table, and what is asked."""

import json

import pytest
from drivers.hand import only
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import PUMP, START
from ketamon_drivers.ap4000 import SPEC
from ketamon_drivers.ap4000.alarms import ALARMS, NOTICES
from ketamon_drivers.ap4000.wire import CONNECT, ask_status, frame, unframe

V01 = "CONNREQ^0.1^032-19-50-014^2022-11-04^11:10:36.067"
V02 = "CONNREQ^v0.2^066-22-20-003^v0.1.0.8218^v1.0^2022-11-04^11:59:44.217"
FORBIDDEN = ("CNTLREQ", "INFPAUS", "INFRESM", "INFPROG")
HEAD_1 = {
    34: "A100",
    37: "KETAMINE",
    38: "10",
    39: "mg/ml",
    42: "36.0",
    54: "60",
    56: "3.125",
    58: "32.875",
    61: "54.0",
}
HEAD_2 = {index + 33: value for index, value in HEAD_1.items()} | {67: "B200", 70: "PROPOFOL", 89: "7.5", 94: "12.0"}
ALARMS_OF_HEADS = {12: "2", 14: "PA.02", 15: "PUMP1", 16: "HIGH", 18: "BA.02", 19: "SYSTEM", 20: "MEDIUM"}


def status_of(*changes, time="11:59:44:217", count=100):
    """A status by the indexes that the public program reads; later changes win."""
    fields = ["STATREQ", "", "066-22-20-003", "2022-11-04", time, *[""] * (count - 5)]
    for index, value in {12: "-1"}.items():
        fields[index] = value
    for change in changes:
        for index, value in change.items():
            fields[index] = value
    return "^".join(fields)


def decode(*contents):
    driver = SPEC.make()
    data = b"".join(c if isinstance(c, bytes) else frame(c) for c in contents)
    return [*driver.feed(data, START), *driver.flush(START)]


def heads(*contents):
    return {o.status.head: o.status for o in only(PumpTelemetry, decode(*contents))}


def alarms(*changes, times=1):
    return only(DeviceAlarms, decode(*[status_of(HEAD_1, *changes)] * times))[-1].alarms


def notices(*contents):
    return [o.text for o in only(DeviceNotice, decode(*contents))]


def test_published_frames(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [bytes.fromhex(v["hex"]) for v in every if v["device"] == "ap4000"]
    assert found == [CONNECT, frame(V01), frame(V02), ask_status("032-19-50-014")]
    for wire in found:
        assert decode(wire)[0].length == len(wire)
        assert frame("^".join(unframe(wire))) == wire
    assert ask_status("066-22-20-003") == b"!STATREQ^066-22-20-003|059B\r\n"
    assert notices(found[1]) == ["system 032-19-50-014, protocol 0.1"]
    assert notices(found[2]) == ["system 066-22-20-003, protocol v0.2, software v0.1.0.8218"]
    assert [o.name for o in (decode(found[0])[0], decode(found[3])[0])] == ["request CONNREQ", "request STATREQ"]


def test_both_heads():
    first = PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=3.125, vtbi=36.0, alarm=False,
                       drug="KETAMINE", serial="A100", head="1")  # fmt: skip
    second = PumpStatus(state=PumpState.INFUSING, rate=12.0, volume_infused=7.5, vtbi=36.0, alarm=False,
                        drug="PROPOFOL", serial="B200", head="2")  # fmt: skip
    assert heads(status_of(HEAD_1, HEAD_2)) == {"1": first, "2": second}
    readings = {(o.reading.site, o.reading.parameter): o.reading.value
                for o in only(Measured, decode(status_of(HEAD_1, HEAD_2)))}  # fmt: skip
    assert readings == {
        ("1", Parameter.RATE): 54.0, ("1", Parameter.VOLUME_INFUSED): 3.125, ("1", Parameter.VTBI): 36.0,
        ("2", Parameter.RATE): 12.0, ("2", Parameter.VOLUME_INFUSED): 7.5, ("2", Parameter.VTBI): 36.0,
    }  # fmt: skip


@pytest.mark.parametrize("serial", ["", "0", "-1", " "])
def test_a_head_that_is_not_there_is_not_told_unless_it_infuses(serial):
    assert heads(status_of(HEAD_1, HEAD_2, {67: serial, 94: "0.0"})).keys() == {"1"}
    assert heads(status_of(HEAD_1, HEAD_2, {67: serial})).keys() == {"1", "2"}


STATES = [
    ({61: "0.01"}, "infusing"), ({61: "0", 56: "0"}, "ready"), ({61: "0.0"}, "held"), ({61: "0", 58: "0.0"}, "ended"),
    ({61: "0", 58: "0", 56: "0"}, "ready"), ({61: "0", 58: "0", 42: "0"}, "held"), ({61: ""}, "unknown"),
    ({61: "-1"}, "unknown"), ({61: "x"}, "unknown"), ({61: "0", 56: ""}, "unknown"), ({61: "2001"}, "unknown"),
    ({61: "0", 12: "1", 14: "PA.08", 15: "PUMP1"}, "ended"), ({61: "0", 12: "1", 14: "PA.08", 15: "PUMP2"}, "held"),
    ({61: "1", 12: "1", 14: "PA.08", 15: "PUMP1"}, "infusing"), ({61: "0", 14: "PA.08", 15: "PUMP1"}, "held"),
]  # fmt: skip


@each_row(("change", "state"), STATES)
def test_rate_and_volumes_make_the_state(change, state):
    assert heads(status_of(HEAD_1, change))["1"].state is PumpState(state)


NUMBERS = [("54.0", 54.0, "valid"), ("54,0", 54.0, "valid"), ("0", 0.0, "valid"), ("", None, "missing"),
           ("-1", None, "missing"),
           ("-1.0", None, "invalid"), ("nan", None, "invalid"), ("1e3", None, "invalid"), ("2001", None, "invalid"),
           ("5 4", None, "invalid"), ("+54", None, "invalid"), ("54.0 mL/h", None, "invalid")]  # fmt: skip


@each_row(("text", "value", "quality"), NUMBERS)
def test_only_plain_numbers_are_numbers(text, value, quality):
    content = status_of(HEAD_1, {61: text})
    (reading,) = [o.reading for o in only(Measured, decode(content)) if o.reading.parameter is Parameter.RATE]
    assert (reading.value, reading.quality) == (value, Quality(quality))
    assert heads(content)["1"].rate == value
    named = [f"head 1: rate cannot be read: {text!r}"] if quality == "invalid" else []
    assert notices(content, content) == named


def volumes(*values, index=56):
    told = heads_in_order(*(status_of(HEAD_1, {index: value}) for value in values))
    return [s.volume_infused if index == 56 else s.vtbi for s in told]


def heads_in_order(*contents):
    return [o.status for o in only(PumpTelemetry, decode(*contents))]


def test_a_volume_that_jumps_or_falls_counts_when_it_is_told_again():
    assert volumes("3.1", "3.2", "2.3", "3.3") == [3.1, 3.2, None, 3.3]
    assert volumes("3.1", "31.0", "3.2") == [3.1, None, 3.2]
    assert volumes("3.1", "0.0", "0.1") == [3.1, None, 0.1]
    assert volumes("36.0", "63.0", "36.0", "40.0", "40.0", index=42) == [36.0, None, 36.0, None, 40.0]


def test_a_rate_that_jumps_counts_when_it_is_told_again_and_the_pump_infuses_meanwhile():
    def rates(*values):
        return [(s.rate, s.state.value) for s in heads_in_order(*(status_of(HEAD_1, {61: value}) for value in values))]

    on = "infusing"
    assert rates("54.0", "45.0", "54.0") == [(54.0, on), (None, on), (54.0, on)]
    assert rates("54.0", "5.40", "54.1", "52.0") == [(54.0, on), (None, on), (54.1, on), (52.0, on)]
    assert rates("54.0", "45.0", "45.1") == [(54.0, on), (None, on), (45.1, on)]
    assert rates("54.0", "30.0", "12.0", "0") == [(54.0, on), (None, on), (12.0, on), (None, "held")]
    told = only(Measured, decode(status_of(HEAD_1), status_of(HEAD_1, {61: "45.0"})))
    assert [o.reading.value for o in told if o.reading.parameter is Parameter.RATE] == [54.0]


@pytest.mark.parametrize(("index", "field"), [(34, "serial"), (37, "drug")])
def test_a_name_that_changes_counts_when_it_is_told_again(index, field):
    names = [HEAD_1[index], "OTHER", HEAD_1[index], "OTHER", "OTHER"]
    found = heads_in_order(*(status_of(HEAD_1, {index: name}) for name in names))
    assert [getattr(s, field) for s in found] == [names[0], "", names[0], "", "OTHER"]
    assert {s.rate for s in found} == {54.0}


@pytest.mark.parametrize("swapped", ["-^1^", "^-^1"])
def test_a_count_that_lost_its_place_is_no_alarm_until_the_next_status_says_the_same(swapped):
    whole = frame(status_of(HEAD_1))
    damaged = whole.replace(b"^-1^", swapped.encode(), 1)
    assert unframe(damaged) is not None, "the sum does not see it"
    told = only(DeviceAlarms, decode(whole, damaged, whole))
    assert [o.alarms for o in told] == [(), (), ()]


# alarms

COUNTS = {"BA": 3, "BE": 3, "SE": 18, "PA": 10, "PE": 8, "DAE": 13, "PSE": 5}


def test_the_alarm_table_is_whole():
    assert {group: sum(code.split(".")[0] == group for code in ALARMS) for group in COUNTS} == COUNTS
    assert len(ALARMS) == sum(COUNTS.values())
    assert [*NOTICES] == [f"SN.{n:02}" for n in range(1, 12)]
    order = {Priority.HIGH: "H", Priority.MEDIUM: "M", Priority.LOW: "L"}
    letters = {group: "".join(order[p] for code, (_, p) in sorted(ALARMS.items()) if code.split(".")[0] == group)
               for group in COUNTS}  # fmt: skip
    assert letters == {"BA": "LMH", "BE": "LLL", "PA": "HHHHLHLHLL", "PE": "H" * 8, "DAE": "H" * 13, "PSE": "HHHHM",
                       "SE": "HMHMMMMHMHMHMHMMHM"}  # fmt: skip


@each_row("code", ALARMS)
def test_every_alarm_has_words_and_its_priority(code):
    (alarm,) = alarms({12: "1", 14: code, 15: "PUMP1"})
    text, priority = ALARMS[code]
    assert (alarm.code, alarm.text, alarm.priority) == (f"{code} PUMP1", f"{text} (PUMP1)", priority)


@pytest.mark.parametrize(("code", "words"), [("PA.01", "air"), ("PA.02", "downstream occlusion"), ("PA.03", "upstream"),
                                             ("PA.08", "end of infusion"), ("BA.03", "battery empty")])  # fmt: skip
def test_alarms_that_matter(code, words):
    assert words in ALARMS[code][0]
    assert ALARMS[code][1] is Priority.HIGH


def test_several_alarms_and_whose_they_are():
    found = alarms(HEAD_2, ALARMS_OF_HEADS)
    assert [(alarm.code, alarm.priority) for alarm in found] == [
        ("PA.02 PUMP1", Priority.HIGH), ("BA.02 SYSTEM", Priority.MEDIUM),
    ]  # fmt: skip
    told = heads(status_of(HEAD_1, HEAD_2, ALARMS_OF_HEADS))
    assert (told["1"].alarm, told["2"].alarm) == (True, False)


@pytest.mark.parametrize(("told", "priority"), [("HIGH", "high"), ("HP", "high"), ("LOW", "medium"), ("", "medium")])
def test_a_priority_that_the_pump_tells_only_raises(told, priority):
    (alarm,) = alarms({12: "1", 14: "BA.02", 16: told})
    assert (alarm.code, alarm.priority) == ("BA.02", Priority(priority))


@pytest.mark.parametrize(("code", "times"), [("PA.11", 1), ("SN.12", 1), ("SE.01", 1), ("", 2), ("pa.02", 2)])
def test_an_unknown_alarm_is_raw_and_high_never_none(code, times):
    change = {12: "1", 14: code, 15: "PUMP2", 16: "LOW"}
    (alarm,) = alarms(change, times=times)
    assert len(alarms(change)) == 2 - times, "without the form of a code it waits for the next status"
    assert (alarm.code, alarm.text, alarm.priority) == (
        f"{code} PUMP2".strip(), "unknown alarm (PUMP2)", Priority.HIGH,
    )  # fmt: skip


@each_row(("count", "many"), [("-1", 0), ("0", 0), ("1", 1), ("4", 4), ("5", 5), ("", 5), ("-2", 5), ("x", 5)])
def test_only_the_words_for_none_are_none(count, many):
    change = {12: count, **{14 + 4 * n: f"PA.0{n + 1}" for n in range(5)}}
    found = alarms(change, times=2)
    assert len(found) == many
    assert len(alarms(change)) == (many if count.isdecimal() or many == 0 else 4), "a count that is none waits"
    assert [a.code for a in found[:4]] == [f"PA.0{n + 1}" for n in range(min(many, 4))]
    if many > 4:
        assert (found[4].code, found[4].priority) == (f"count {count}".strip(), Priority.HIGH)


def test_notes_without_priority_are_notices_told_once():
    content = status_of(HEAD_1, {12: "2", 14: "SN.02", 15: "PUMP1", 16: "NONE", 18: "PA.07", 19: "PUMP1"})
    assert notices(content, content) == ["no network connection"]
    assert [a.code for a in only(DeviceAlarms, decode(content))[0].alarms] == ["PA.07 PUMP1"]
    assert heads(status_of(HEAD_1, {12: "1", 14: "SN.02", 15: "PUMP1"}))["1"].alarm is False


# frames and layouts


@pytest.mark.parametrize("protocol", ["0.2", "v0.1", "v0.3", "1.0", "v1.0"])
def test_another_protocol_is_a_mismatch_and_gives_nothing_from_then_on(protocol):
    outputs = decode(V02.replace("v0.2", protocol), status_of(HEAD_1), V02, status_of(HEAD_1))
    assert [type(o) for o in outputs] == [Accepted, Mismatch, Accepted, Accepted, Accepted]
    assert protocol in outputs[1].text
    driver = SPEC.make()
    list(driver.feed(frame(V02.replace("v0.2", protocol)), START))
    assert [*driver.tick(START), *driver.tick(START.plus(60))] == []


WHOLE = frame(status_of(HEAD_1))
BAD = [
    WHOLE[:-1], WHOLE[:-2] + b"\n", WHOLE[1:], WHOLE.replace(b"54.0", b"45.1"), WHOLE.replace(b"|", b"||"),
    frame("CONNREQ").lower(), frame("CONNREQ^"), frame("CONNREQ^0.1"), frame("CONNREQ^0.1^032^2022-11-04"),
    frame("CONNREQ^v0.2^032^2022-11-04^11:10:36.067"), frame("CONNREQ^latest^032^2022-11-04^11:10:36.067"),
    frame("STATREQ^"), frame("STATREQ^a b"), frame("NEW^1"), frame(""), frame(status_of(HEAD_1, count=96)),
    frame(status_of(HEAD_1, count=132)), frame(status_of(HEAD_1, time="11:59:61:000")),
    frame(status_of(HEAD_1, time="11:59:44")), frame(status_of(HEAD_1, {3: "2022-13-04"})),
    frame(status_of(HEAD_1, {37: "x" * 2000})),
]  # fmt: skip


@each_row("wire", BAD)
def test_a_damaged_or_unknown_frame_is_garbage(wire):
    outputs = decode(wire)
    assert b"".join(o.raw for o in only(Garbage, outputs)) == wire
    assert len(outputs) == len(only(Garbage, outputs))


@each_row("time", ["11:59:44:217", "11:59:44.217"])
@each_row("count", [97, 100, 130])
def test_layouts_that_are_read(time, count):
    assert heads(status_of(HEAD_1, time=time, count=count))["1"].rate == 54.0


@pytest.mark.parametrize("noise", [b"!", b"!STATREQ^", b"\xff" * 3000, b"!" * 3000, b"\r\n"])
def test_a_frame_behind_noise_is_found(noise):
    outputs = decode(noise + WHOLE)
    assert sum(len(o.raw) for o in only(Garbage, outputs)) == len(noise)
    assert only(PumpTelemetry, outputs)


def test_the_alaris_frame_that_looks_the_same_is_none():
    assert isinstance(decode(b"!INF|4961\r\n")[0], Garbage)


# asking


def talk(seconds, answers):
    driver, sent = SPEC.make(), []
    for n in range(int(seconds * 4)):
        at = START.plus(n / 4)
        for output in driver.tick(at):
            assert isinstance(output, Send)
            sent.append((n / 4, output.data))
            list(driver.feed(answers(output.data), at))
    return sent


def test_it_asks_who_is_there_and_then_the_status_every_three_seconds():
    device = SPEC.simulate()
    device.advance(Truth(wall=START.wall, pump=PUMP))
    sent = talk(60, device.receive)
    assert sent == [(0, CONNECT), *((n, ask_status("066-22-20-003")) for n in range(3, 60, 3))]


def test_a_pump_that_is_silent_is_looked_for_again():
    greeting = [frame(V01)]
    sent = [data for _, data in talk(30, lambda _: greeting.pop() if greeting else b"")]
    assert sent == [CONNECT, *[ask_status("032-19-50-014")] * 3, *[CONNECT] * 6]


def test_the_allow_list_only_reads():
    assert SPEC.allow_list.exact == {CONNECT}
    assert ask_status("066-22-20-003") in SPEC.allow_list
    for verb in FORBIDDEN:
        for content in (verb, f"{verb}^066-22-20-003", f"STATREQ^{verb}^1", f"STATREQ^1\r\n!{verb}"):
            assert frame(content) not in SPEC.allow_list, content
    assert SPEC.evidence is Evidence.EXPERIMENTAL


def test_the_simulator_obeys_nothing():
    device = SPEC.simulate()
    assert device.receive(CONNECT) == b""
    device.advance(Truth(wall=START.wall, pump=PUMP))
    assert device.receive(CONNECT[:4]) + device.receive(CONNECT[4:]) == device.receive(CONNECT) != b""
    for verb in FORBIDDEN:
        assert device.receive(frame(f"{verb}^066-22-20-003")) == b""
    assert device.receive(ask_status("032-19-50-014")) == b""
