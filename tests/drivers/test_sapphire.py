"""Sapphire: signs of life, batches read and doubted, and that nothing else can be sent."""

import json
import struct

import pytest
from drivers.hand import only
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import PUMP as TRUE_PUMP
from ketamon.testing.conversation import START, converse, truths
from ketamon_drivers.sapphire import BATCH, EVENT, EVENTS, PC, PUMP, SIGNS_OF_LIFE, SPEC, frame


def data(rate=540, remaining=3290, infused=310, serial=4711, size=180, **more):
    """A batch written by the published offsets, not by the driver's own layout."""
    raw = bytearray(size)
    fields = {34: ("<I", more.get("software", 1500)), 38: ("<I", serial), 45: ("<H", more.get("drop", 50)),
              47: ("<H", rate), 163: ("<I", remaining), 167: ("<I", infused)}  # fmt: skip
    for at, (form, value) in fields.items():
        struct.pack_into(form, raw, at, value)
    return bytes(raw)


def message(number=0, **fields):
    return frame(PUMP, PC, BATCH, number, data(**fields))


class Cable:
    def __init__(self):
        self.driver, self.at = SPEC.make(), START

    def hear(self, *messages, wait=0.1):
        outputs = []
        for raw in messages:
            outputs += self.driver.feed(raw, self.at)
            self.at = self.at.plus(wait)
        return outputs


def told(outputs):
    return [(o.status.rate, o.status.volume_infused, o.status.vtbi) for o in only(PumpTelemetry, outputs)]


@pytest.mark.parametrize(
    ("number", "wire"), [(0, "BB 65 00 67 03 00 01 00 16 E6"), (1, "BB 65 00 67 03 00 01 01 16 E7")]
)
def test_signs_of_life_are_the_published_bytes(number, wire):
    assert SIGNS_OF_LIFE[number] == bytes.fromhex(wire)


def test_published_vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [vector for vector in every if vector["device"] == "qcore_sapphire"]
    assert len(found) == 2
    for vector in found:
        wire = bytes.fromhex(vector["hex"])
        assert SIGNS_OF_LIFE[vector["decoded"]["heartbeat"]] == wire
        assert Cable().hear(wire) == [Accepted(0, len(wire), "request this is a PC")]


def test_a_batch_by_its_published_offsets():
    outputs = Cable().hear(message())
    assert outputs[0] == Accepted(0, 189, "batch")
    (status,) = [o.status for o in only(PumpTelemetry, outputs)]
    assert (status.rate, status.volume_infused, status.vtbi, status.serial) == (54.0, 3.1, 36.0, "4711")
    assert (status.state, status.alarm) == (PumpState.UNKNOWN, None), "a rate alone proves nothing"
    assert {(r.parameter, r.value) for r in (o.reading for o in only(Measured, outputs))} == {
        (Parameter.RATE, 54.0), (Parameter.VOLUME_INFUSED, 3.1), (Parameter.VTBI, 36.0),
    }  # fmt: skip
    assert [o.text for o in only(DeviceNotice, outputs)] == ["serial number 4711, software 1500"]


@pytest.mark.parametrize(
    "change",
    [{"size": 171}, {"size": 512}],
)
def test_batches_of_any_length_that_holds_the_numbers(change):
    assert told(Cable().hear(message(**change))) == [(54.0, 3.1, 36.0)]


NO_BATCHES = [
    frame(PUMP, PC, BATCH, 0, data(size=171)[:-1]),
    frame(0x64, PC, BATCH, 0, data()),
    frame(PUMP, PC, 11, 0, data()),
    message(rate=15001),
    message(infused=1000001),
]


@pytest.mark.parametrize("raw", NO_BATCHES)
def test_what_is_no_batch_of_a_pump_tells_nothing(raw):
    outputs = Cable().hear(raw)
    assert [type(o) for o in outputs] == [Accepted]


def with_head(at, value):
    """A message with another byte in its head and a checksum that is right."""
    raw = bytearray(message())
    raw[at] = value
    raw[-1] = sum(raw[1:-1]) % 256
    return bytes(raw)


BAD = [
    message()[:-1] + bytes([message()[-1] ^ 1]),
    *(with_head(at, value) for at, value in ((1, 0x60), (2, 1), (3, 0x68), (4, 28))),
    b"\xbb\x67\x00\x65\x01\x00\x00\x00\xcd",
    b"\xbb\x67\x00\x65\x01\x02\x01\x00" + bytes(513) + b"\xd0",
    b"\xaa" + message()[1:],
]


@each_row("raw", BAD)
def test_damage_is_garbage(raw):
    cable = Cable()
    outputs = cable.hear(raw + message())
    outputs += cable.driver.flush(cable.at)
    assert b"".join(o.raw for o in only(Garbage, outputs)) == raw
    assert len(told(outputs)) == 1, "and the next one is read"


def test_numbers_are_told_once_a_second():
    outputs = Cable().hear(*(message(n, infused=310 + n, remaining=3290 - n) for n in range(60)))
    assert [volume for _, volume, _ in told(outputs)][:2] == [3.1, 3.2]
    assert 5 <= len(told(outputs)) <= 6
    assert len(only(Accepted, outputs)) == 60


@each_row(
    "changed",
    [
        {"rate": 541},
        {"serial": 4712},
        {"software": 2},
        {"drop": 5},
        {"remaining": 3299},
        {"infused": 400},
        {"infused": 400, "remaining": 3200},
        {"infused": 300, "remaining": 3300},
    ],
)
def test_a_jump_is_doubted_until_it_is_told_twice(changed):
    cable = Cable()
    cable.hear(message())
    cable.at = cable.at.plus(1)
    assert told(cable.hear(message(1, **changed), wait=0.01)) == []
    assert len(told(cable.hear(message(2, **changed)))) == 1
    assert told(cable.hear(message(3), wait=1.0)) == [], "and so is the way back"


def test_it_infuses_while_its_counter_follows_its_rate():
    cable, states = Cable(), []
    for second in range(30):
        moved = min(second, 10)
        outputs = cable.hear(message(second, infused=310 + 2 * moved, remaining=3290 - 2 * moved), wait=1.0)
        states += [o.status.state for o in only(PumpTelemetry, outputs)]
    assert states[0] is PumpState.UNKNOWN
    assert set(states[1:15]) == {PumpState.INFUSING}
    assert set(states[18:]) == {PumpState.UNKNOWN}
    assert only(PumpTelemetry, Cable().hear(message(rate=0)))[0].status.state is PumpState.HELD


# alarms


def test_no_alarm_is_decoded_and_it_says_so():
    assert SPEC.alarms_decoded is False
    assert SPEC.evidence is Evidence.EXPERIMENTAL
    assert "listen to the pump" in SPEC.note
    said = converse(SPEC, truths(20))
    assert not only(DeviceAlarms, said.outputs)
    assert {o.status.alarm for o in only(PumpTelemetry, said.outputs)} == {None}


@each_row("number", [*EVENTS, 0, 33, 255])
def test_an_event_is_told_and_a_pause_by_an_alarm_is_one(number):
    cable = Cable()
    outputs = cable.hear(frame(PUMP, PC, EVENT, 0, bytes([number])))
    (notice,) = only(DeviceNotice, outputs)
    assert notice.text == f"event {number}: {EVENTS.get(number, 'its meaning is not known')}"
    alarms = [alarm for o in only(DeviceAlarms, outputs) for alarm in o.alarms]
    assert [(a.code, a.priority) for a in alarms] == ([("event 13", Priority.HIGH)] if number == 13 else [])
    if number == 13:
        assert only(DeviceAlarms, cable.hear(frame(PUMP, PC, EVENT, 1, b"\x03")))[0].alarms == ()


# what is sent


def test_the_first_sign_goes_twice_and_then_one_every_15_seconds():
    driver, sent = SPEC.make(), []
    for tick in range(62 * 4):
        at = START.plus(tick / 4)
        sent += [(tick / 4, SIGNS_OF_LIFE.index(o.data)) for o in driver.tick(at) if isinstance(o, Send)]
    assert sent == [(0.0, 0), (1.0, 0), (16.0, 1), (31.0, 2), (46.0, 3), (61.0, 4)]


def test_signs_are_numbered_modulo_256():
    driver = SPEC.make()
    sent = [o.data for n in range(300) for o in driver.tick(START.plus(20 * n))]
    assert len(sent) == 300
    assert sent[257] == SIGNS_OF_LIFE[0]


def test_the_allow_list_is_signs_of_life_only():
    assert not SPEC.allow_list.templates
    assert len(SPEC.allow_list.exact) == 256
    for raw in SPEC.allow_list.exact:
        assert raw[1:7] == bytes.fromhex("65 00 67 03 00 01")
        assert raw[8] == 0x16


# the simulator


def test_a_simulated_pump_falls_silent_without_signs_of_life():
    device = SPEC.simulate()
    truth = Truth(wall=START.wall, pump=TRUE_PUMP)
    assert device.advance(truth) == b""
    device.receive(SIGNS_OF_LIFE[0])
    assert [bool(device.advance(truth)) for _ in range(32)] == [True] * 30 + [False] * 2


def test_a_simulated_number_that_is_not_known_tells_nothing():
    device = SPEC.simulate()
    device.receive(SIGNS_OF_LIFE[0])
    empty = type(TRUE_PUMP)(state=PumpState.UNKNOWN)
    assert told(Cable().hear(device.advance(Truth(wall=START.wall, pump=empty)))) == []
