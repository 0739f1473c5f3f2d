"""Zyno: published frames, rounds of questions, every type of record in its log, and that it can only ask."""

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpAlarm, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import PUMP, START, alarming_truths, converse, truths
from ketamon.wire.checksums import sum8, xor8
from ketamon_drivers.zyno import SPEC, events, log, wire

PUBLISHED = {
    "RN": "02524E413003", "RS": "025253413503", "R3": "025233383503", "R7": "025237383903", "RI": "025249394203",
    "RD": "025244393603", "RC": "025243393503", "S9": "025339384303", "Q0": "025130383103", "Q3": "025133383403",
    "Q4": "025134383503", "Q5": "025135383603", "Q6": "025136383703", "Q7": "025137383803", "Q8": "025138383903",
}  # fmt: skip
ROUND = ("RN12345678", "Q4mL/hr", "Q70", "54.00", "Q500000136", "Q600000E10", "TRUE")


ANSWERS = dict(zip(wire.STATUS, ROUND, strict=True)) | {"RS": "RS2.0.1"}


def only(kind, outputs):
    return [output for output in outputs if isinstance(output, kind)]


class Cable:
    """A driver that hears messages, each a little later than the one before."""

    def __init__(self, *messages, checksum=sum8):
        variant = SPEC if checksum is sum8 else SPEC.variants[0]
        self.driver, self.at, self.checksum = variant.make(), START, checksum
        self.outputs = self.hear(*messages)

    def hear(self, *messages, wait=0.0):
        outputs = []
        for message in messages:
            raw = message if isinstance(message, bytes) else wire.frame(message, self.checksum)
            outputs += self.driver.feed(raw, self.at)
        self.at = self.at.plus(wait)
        return outputs

    def ask(self, ticks=1):
        asked = []
        for _ in range(ticks):
            self.at = self.at.plus(0.25)
            asked += [wire.unframe(o.data, self.checksum) for o in self.driver.tick(self.at) if isinstance(o, Send)]
        return asked


def changed(**answers):
    """The round of a running pump with some answers changed, by what they begin with."""
    return [answers.get(message[:2], message) for message in ROUND]


def status(*messages):
    found = only(PumpTelemetry, Cable(*messages).outputs)
    return found[-1].status if found else None


@each_row(("question", "raw"), PUBLISHED.items())
def test_questions_are_the_published_bytes(question, raw):
    raw = bytes.fromhex(raw)
    assert wire.frame(question, sum8) == raw
    assert Cable(raw).outputs == [Accepted(0, len(raw), f"request {question}")]
    for at in range(len(raw)):
        damaged = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        cable = Cable(damaged)
        assert b"".join(o.raw for o in [*cable.outputs, *cable.driver.flush(START)]) == damaged


def test_published_vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [vector for vector in every if vector["device"] == "zyno_miva"]
    assert {vector["decoded"]["verb"]: vector["hex"].upper() for vector in found} == PUBLISHED


def test_a_round_of_answers_is_a_status():
    found = status(*ROUND)
    assert (found.state, found.rate, found.volume_infused, found.vtbi) == (PumpState.INFUSING, 54.0, 3.1, 36.0)
    assert (found.serial, found.alarm) == ("12345678", None)
    readings = [o.reading for o in only(Measured, Cable(*ROUND).outputs)]
    assert [(r.parameter, r.value) for r in readings] == [
        (Parameter.RATE, 54.0), (Parameter.VOLUME_INFUSED, 3.1), (Parameter.VTBI, 36.0),
    ]  # fmt: skip


@each_row("missing", range(7))
def test_without_one_of_the_answers_there_is_no_status(missing):
    assert status(*ROUND[:missing], *ROUND[missing + 1 :]) is None


def test_an_answer_is_of_one_round_only():
    cable = Cable(*ROUND)
    assert not only(PumpTelemetry, cable.hear("TRUE"))
    cable.hear(*ROUND[:-1])
    cable.ask(40)  # a new round begins in between
    assert not only(PumpTelemetry, cable.hear("TRUE"))


@pytest.mark.parametrize(
    ("run", "state", "rate"), [("FALSE", "held", 0.0), ("false", "held", 0.0), ("True", "infusing", 54.0)]
)
def test_it_says_itself_whether_it_runs(run, state, rate):
    found = status(*ROUND[:-1], run)
    assert (found.state, found.rate) == (state, rate)


@pytest.mark.parametrize(
    ("sensors", "state"), [("S9400000000", "unknown"), ("S9BFF000000", "held"), ("S98FF000000", "held")]
)
def test_a_motor_that_turns_while_nothing_runs_is_unknown(sensors, state):
    assert status(sensors, *ROUND[:-1], "FALSE").state == state
    assert status(sensors, *ROUND).state == "infusing"


RATES = [
    ("54.00", "mL/hr", 54.0), ("54,5", "ML/HR", 54.5), ("0", "ml/h", 0.0), ("45", "mL/hr", 45.0),
    ("1501", "mL/hr", "no status"),
    ("54.00", "mg/kg/min", None), ("54.00", "mL/min", None), ("54.00", "mcg/min", None),
]  # fmt: skip


@each_row(("text", "unit", "value"), RATES)
def test_a_rate_in_another_unit_is_never_converted(text, unit, value):
    messages = ["RN12345678", f"Q4{unit}", "Q70", text, *ROUND[4:]]
    found = status(*messages)
    assert (found.rate if found else "no status") == value
    (reading,) = [o.reading for o in only(Measured, Cable(*messages).outputs) if o.reading.parameter is Parameter.RATE]
    assert reading.quality == ("valid" if isinstance(value, float) else "invalid")


def test_while_a_bolus_runs_the_rate_is_not_told():
    cable = Cable(*changed(Q7="Q71"))
    found = only(PumpTelemetry, cable.outputs)[0].status
    assert (found.state, found.rate) == (PumpState.INFUSING, None)
    assert "a bolus runs, its rate is not told" in [o.text for o in only(DeviceNotice, cable.outputs)]


def test_no_such_number_is_missing():
    cable = Cable(*changed(Q6="Q6ERROR"))
    assert only(PumpTelemetry, cable.outputs)[0].status.vtbi is None
    assert [o.reading.quality for o in only(Measured, cable.outputs)][-1] == "missing"


NOTHING = (
    "Q5xyz",
    "Q5 136",
    "Q5123456789",
    "Q72",
    "54.",
    ".5",
    "12345",
    "-1",
    "1e3",
    "NaN",
    "maybe",
    "RE00",
    "RI0",
    "",
    "~",
)


@each_row("text", NOTHING)
def test_what_has_no_known_form_gives_nothing(text):
    (garbage,) = Cable(text).outputs
    assert garbage.raw == wire.frame(text, sum8)
    assert garbage.reason == ("the layout is unknown" if text else "the checksum or the form is wrong")


@pytest.mark.parametrize("noise", [b"\n\0", b"\x02", b"\x02Q5000", b"\xff" * 200])
def test_noise_before_a_message_is_cut_off(noise):
    outputs = Cable(noise + wire.frame("Q500000136", sum8)).outputs
    assert b"".join(o.raw for o in only(Garbage, outputs)) == noise
    assert only(Measured, outputs)[0].reading.value == 3.1


def test_the_other_checksum_is_another_device():
    assert not only(Accepted, Cable(*(wire.frame(m, xor8) for m in ROUND)).outputs)
    assert only(PumpTelemetry, Cable(*ROUND, checksum=xor8).outputs)


# second checks


@pytest.mark.parametrize(
    ("before", "after"), [("54.00", "45.00"), ("Q500000136", "Q500000163"), ("Q600000E10", "Q6000001E0")]
)
def test_a_swap_that_the_checksum_misses_gives_no_number(before, after):
    assert sum8(before.encode()) == sum8(after.encode())
    cable = Cable(*ROUND)
    outputs = cable.hear(*[after if message == before else message for message in ROUND])
    assert not only(PumpTelemetry, outputs)
    assert None in [o.reading.value for o in only(Measured, outputs)]
    assert only(PumpTelemetry, cable.hear(*[after if m == before else m for m in ROUND])), "told twice"


@each_row(
    ("told", "bolus", "counts"),
    [("139", "0", True), ("13B", "0", True), ("13C", "0", False), ("163", "0", False), ("163", "1", True),
     ("18B", "1", True), ("18D", "1", False)],
)  # fmt: skip
def test_a_volume_grows_as_its_rate_says_or_while_a_bolus_runs_as_a_pump_can(told, bolus, counts):
    cable = Cable(*ROUND)
    cable.at = cable.at.plus(2)
    outputs = cable.hear(*changed(Q5=f"Q500000{told}", Q7=f"Q7{bolus}"))
    assert [o.status.volume_infused for o in only(PumpTelemetry, outputs)] == [int(told, 16) / 100] * counts


# records

KINDS = [(t, k, kind) for t, what in events.TYPES.items() for k, kind in what.kinds.items()]


def record(number, kind=0, more=b"", byte=False):
    """Sixteen bytes, laid out as published."""
    kinds = bytes([kind, 0]) if byte else struct.pack(">H", kind)
    return (bytes([number]) + b"\xf0\0\0\x07" + kinds + more).ljust(16, b"\0")


def test_all_32_types_have_words():
    assert sorted(events.TYPES) == list(range(32))
    assert {t: what.text for t, what in events.TYPES.items() if t in (3, 9, 14, 18, 28)} == {
        3: "cassette empty, infusion complete", 9: "occlusion", 14: "cassette detached", 18: "system error",
        28: "battery depleted",
    }  # fmt: skip


@each_row(("number", "value", "kind"), KINDS)
def test_every_kind_of_every_type(number, value, kind):
    what = events.TYPES[number]
    found = events.read(record(number, value, byte=what.form is events.Form.BYTE))
    assert (found.text, found.priority) == (f"{what.text} {kind.text}", kind.priority)
    assert found.code == f"{number}.{value:X}"


@each_row("number", [t for t, what in events.TYPES.items() if what.form is events.Form.NONE])
def test_types_without_kinds(number):
    found = events.read(record(number))
    assert found.code == str(number)
    assert found.text.startswith(events.TYPES[number].text)
    assert found.priority is events.TYPES[number].priority


ALARM_TYPES = {3, 4, 9, 11, 13, 14, 17, 18, 19, 21, 24, 26, 27, 28, 29, 30, 31}


def test_which_types_can_be_alarms():
    kinds = {t: {k.priority for k in what.kinds.values()} | {what.priority} for t, what in events.TYPES.items()}
    assert {t for t, priorities in kinds.items() if priorities != {None}} == ALARM_TYPES
    assert events.read(record(9, 1)).priority is events.read(record(9, 2)).priority is Priority.HIGH


@each_row("raw", [record(32), record(255), record(9, 3), record(13, 1024), record(17, 0), record(6, 4, byte=True)])
def test_what_is_not_known_is_raw_and_high(raw):
    found = events.read(raw)
    assert found.priority is Priority.HIGH
    assert "unknown" in found.text


def test_bits_are_all_told_and_the_highest_priority_counts():
    found = events.read(record(13, 2 | 4 | 16))
    assert (found.text, found.priority) == ("battery low, depleted, mains", Priority.HIGH)
    assert events.read(record(18, 1 | 4096)).text == "system error upstream pressure sensor, motor sensor failed"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (record(2, 0, struct.pack(">f", 12.345)), "infusion paused after 12.35 mL"),
        (record(2, 0, b"\x7f\xc0\0\0"), "infusion paused"),
        (record(22, 1, struct.pack(">2f", 5, 7.5)), "setting changed rate from 5 to 7.5"),
        (record(22, 3, struct.pack(">2f", 5, 7.5)), "setting changed"),
        (record(22, 1, b"\x7f\x80\0\0" * 2), "setting changed"),
    ],
)  # fmt: skip
def test_what_else_a_record_says(raw, text):
    assert events.read(raw).text == text


class LogCable(Cable):
    """A pump with a log: every question about it is answered."""

    def __init__(self, *records, head=None, tail=0):
        super().__init__()
        self.records = dict(enumerate(records))
        self.tail, self.head = tail, len(records) - 1 if head is None else head

    def run(self, ticks=200):
        outputs = []
        for _ in range(ticks):
            for question in self.ask():
                if question == "RI":
                    outputs += self.hear(f"RI{self.tail:08X}{self.head:08X}")
                elif question.startswith("RE"):
                    raw = self.records.get(int.from_bytes(bytes.fromhex(question[2:])))
                    outputs += self.hear(f"{question}{raw.hex().upper()}") if raw else []
                else:
                    outputs += self.hear(ANSWERS[question])
        return outputs

    def add(self, *records):
        for raw in records:
            self.head = (self.head + 1) % log.SIZE
            self.records[self.head] = raw
        return self.run()


def codes(outputs):
    return [[alarm.code for alarm in o.alarms] for o in only(DeviceAlarms, outputs)]


def news(outputs):
    return [o.text.partition(": ")[0] for o in only(DeviceNotice, outputs) if o.text.startswith("log ")]


def test_records_from_before_tell_which_alarms_stand_and_are_no_news():
    outputs = LogCable(record(24, 1), record(1), record(9, 2), record(30)).run()
    assert codes(outputs) == [["9.2", "30"]]
    assert not news(outputs)


def test_a_new_record_is_told_once_and_may_be_an_alarm():
    cable = LogCable(record(24, 1))
    assert codes(cable.run()) == [[]]
    outputs = cable.add(record(9, 1))
    assert (codes(outputs), news(outputs)) == ([["9.1"]], ["log 9.1"])
    assert only(PumpTelemetry, cable.run(40))[-1].status.alarm is True
    assert codes(cable.add(record(9, 4))) == [[]]
    assert only(PumpTelemetry, cable.run(40))[-1].status.alarm is None


ENDINGS = [
    (record(9, 2), record(1), True), (record(9, 2), record(9, 4), True), (record(9, 2), record(13, 16), False),
    (record(4, 1), record(4, 4), True), (record(14), record(1), True), (record(21), record(1), True),
    (record(13, 2), record(13, 64), True), (record(13, 2), record(13, 0), False), (record(13, 2), record(13, 1), False),
    (record(30), record(13, 16), True), (record(30), record(1), False), (record(28), record(13, 2), False),
    (record(18, 8), record(1), False), (record(18, 8), record(24, 1), True), (record(17, 1), record(16), True),
    (record(28), record(24, 3), "24.3"), (record(200), record(1), False), (record(200), record(24, 5), True),
]  # fmt: skip


@each_row(("alarm", "then", "ended"), ENDINGS)
def test_what_ends_an_alarm(alarm, then, ended):
    cable = LogCable(record(24, 1))
    cable.run()
    ((code,),) = codes(cable.add(alarm))
    cable.add(then)
    standing = [a.code for a in cable.driver._alarms]
    assert (code not in standing) is bool(ended)
    if isinstance(ended, str):
        assert standing == [ended]


def test_a_complete_infusion_has_ended():
    cable = LogCable(record(24, 1), record(3))
    cable.run()
    assert only(PumpTelemetry, cable.hear(*ROUND[:-1], "FALSE"))[0].status.state is PumpState.ENDED
    assert only(PumpTelemetry, cable.hear(*ROUND))[0].status.state is PumpState.INFUSING


def test_a_record_is_believed_when_it_is_told_twice():
    cable = LogCable(record(24, 1))
    cable.run()
    cable.hear("RI0000000000000001")
    raw, other = record(9, 2).hex().upper(), record(9, 4).hex().upper()
    for told, told_news in ((raw, []), (other, []), (raw, []), (raw, ["log 9.2"]), (raw, [])):
        assert news(cable.hear("RE00000001" + told)) == told_news


def test_a_jump_of_the_log_is_told_twice():
    cable = LogCable(record(24, 1))
    cable.run()
    cable.hear("RI0000000000004E20")
    assert cable.driver._log.wanted is None
    cable.hear("RI0000000000000001")
    assert cable.driver._log.wanted == 1


def test_a_record_of_another_number_is_none():
    cable = LogCable(record(24, 1))
    cable.run()
    cable.hear("RI0000000000000001")
    assert not news(cable.hear(*["RE00000002" + record(9, 2).hex().upper()] * 3))


def test_a_record_that_never_comes_is_an_alarm():
    cable = LogCable(record(24, 1))
    cable.run()
    cable.head = 1
    outputs = cable.run(400)
    assert codes(outputs) == [["log"]]
    assert codes(cable.add(record(1))) == [], "and is left"
    assert codes(cable.add(record(24, 1))) == [[]]


@pytest.mark.parametrize("length", [2, 16])
def test_raw_data_of_an_infusion_is_no_record(length):
    data = [record(9, 2)] * length
    block = [record(0, 1, byte=True), *data, record(0, 2, byte=True)]
    cable = LogCable(record(24, 1))
    cable.run()
    outputs = cable.add(*block, record(14))
    outputs += cable.run(600)
    assert news(outputs) == ["log 0.1", "log 0.2", "log 14"]
    assert codes(outputs) == [["14"]]
    for behind in range(8):
        early = LogCable(record(24, 1), *block, *[record(5)] * behind)
        assert codes(early.run(600)) == [[]], "raw data from before the connection"


def test_the_log_begins_again_behind_its_last_number():
    cable = LogCable(tail=5, head=log.SIZE - 1)
    cable.records = {log.SIZE - n: record(5) for n in range(1, 20)}
    assert codes(cable.run(600)) == [[]]
    assert news(cable.add(record(14), record(5))) == ["log 14", "log 5"]
    assert cable.head == 1


def test_a_log_that_jumps_is_read_anew():
    cable = LogCable(record(24, 1), record(9, 1))
    cable.run()
    cable.records |= {20000 - n: record(5) for n in range(15)} | {19985: record(24, 1)}
    cable.head = 20000
    assert codes(cable.run(600)) == [[]]


# asking


def test_it_asks_round_after_round():
    said = converse(SPEC, truths(8))
    asked = [wire.unframe(o.data, sum8) for o in only(Send, said.outputs)]
    rounds = [question for question in asked if not question.startswith("RE")]
    assert rounds[0] == "RS"
    assert rounds[1:17] == [*wire.CYCLE, *wire.CYCLE]
    assert asked[9] == "RE00000001", "records in between"


def test_one_question_at_a_time():
    cable = Cable()
    assert cable.ask(4) == ["RS"]
    assert cable.ask(4) == ["RN"], "unanswered for a second"
    cable.hear("RN12345678")
    assert cable.ask(1) == ["Q4"]
    cable.hear("Q500000001")
    assert cable.ask(1) == [], "that was no answer to it"


def test_the_allow_list_only_reads():
    asked = {wire.unframe(raw, sum8) or wire.unframe(raw, xor8) for raw in SPEC.allow_list.exact}
    assert asked == {*wire.CYCLE, *wire.ONCE}
    assert all(question[0] in "RQ:" for question in asked)
    assert not any(c in question for question in asked for c in " =")
    (template,) = SPEC.allow_list.templates
    for checksum in (sum8, xor8):
        assert template.fullmatch(wire.frame("RE0000A8FF", checksum))
    for order in ("RE", "RE0000A8FFF", "WE0000A8FF", "RC0000A8FF"):
        assert not template.fullmatch(wire.frame(order, sum8))


@settings(max_examples=50, deadline=None)
@given(heard=st.lists(st.sampled_from([*ROUND, "RI000000000000FFFF", "RI0000000000000009", "RE00000001" + "09" * 16,
                                       "WT01", "KE60"]), max_size=40))  # fmt: skip
def test_whatever_comes_only_the_allow_list_is_sent(heard):
    cable = Cable()
    for message in heard:
        cable.hear(message)
        cable.at = cable.at.plus(0.5)
        assert all(o.data in SPEC.allow_list for o in cable.driver.tick(cable.at))


# the simulator


@pytest.mark.parametrize(
    ("alarm", "code"),
    [(PumpAlarm.OCCLUSION, "9.2"), (PumpAlarm.BATTERY_LOW, "13.2"), (PumpAlarm.NEAR_END, None), (PumpAlarm.KVO, None)],
)
def test_alarms_of_the_simulated_pump_reach_the_driver(alarm, code):
    said = converse(SPEC, alarming_truths(alarm, PumpState.HELD, 12))
    assert codes(said.outputs)[-1] == ([code] if code else [])


def test_the_end_of_the_simulated_pump_reaches_the_driver():
    said = converse(SPEC, alarming_truths(PumpAlarm.ENDED, PumpState.ENDED, 12))
    assert codes(said.outputs)[-1] == ["3"]
    assert only(PumpTelemetry, said.outputs)[-1].status.state is PumpState.ENDED


def test_the_simulated_pump_answers_nothing_but_questions_that_are_asked():
    device = SPEC.simulate()
    assert device.receive(wire.frame("Q5", sum8)) == b""
    device.advance(Truth(wall=START.wall, pump=PUMP))
    assert device.receive(wire.frame("Q5", sum8)[:3]) + device.receive(wire.frame("Q5", sum8)[3:]) != b""
    for order in ("WT01", "KE60", "Q9", "RE00000099", ":POWER"):
        assert device.receive(wire.frame(order, sum8)) == b""


def test_alarms_count_as_not_decoded():
    assert SPEC.alarms_decoded is False
    assert SPEC.evidence is Evidence.EXPERIMENTAL
    assert SPEC.variants[0].name == "xor"
