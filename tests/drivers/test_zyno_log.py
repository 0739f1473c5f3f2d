"""Zyno: the records of its log, and which alarms stand by them."""

import struct

import pytest
from drivers.hand import only
from drivers.zyno_cable import ROUND, Cable, codes
from rows import each_row

from ketamon.domain.devices import Priority, PumpState
from ketamon.driver import DeviceNotice, PumpTelemetry
from ketamon_drivers.zyno import events, log, wire

ANSWERS = dict(zip(wire.STATUS, ROUND, strict=True)) | {"RS": "RS2.0.1"}


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
