"""Terumo pumps: the manuals' own frames, the status laid out by hand, alarms, and that only two questions are asked."""

import json
from base64 import b64decode

import pytest
from drivers.hand import only
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpAlarm, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.registry import load
from ketamon.testing.conversation import PUMP, START
from ketamon.wire.checksums import crc16_xmodem
from ketamon_drivers.terumo_te import ALARMS, DISCOVER, SPEC, ask_status, frame, unframe

PUMP_ID = "000100700000001201000001"
OTHER_ID = "000100700000001201000002"
REAL = b64decode(
    "AAEAAAAEAwAQAAAAAFUABgAAAAAAAO7u7gAAAAgCvAAD6BOZmQAAhgAAAAAA"
    "AAAAAAALAAIBAgAo////AZASAHj6AEL3AAAAAAAAAAAAAAAARQApAAAT"
)


def command(**at):
    """The recorded status with other bytes: `at` maps "_7" (an offset) to bytes or one byte."""
    changed = bytearray(REAL)
    for place, value in at.items():
        new = bytes([value]) if isinstance(value, int) else value
        changed[int(place[1:]) : int(place[1:]) + len(new)] = new
    return bytes(changed)


def answer(**at):
    return frame("REP", PUMP_ID, command(**at))


def decode(*wires):
    driver = SPEC.make()
    return [*driver.feed(b"".join(wires), START), *driver.flush(START)]


def status(*wires):
    return only(PumpTelemetry, decode(*wires))[-1].status


def readings(*wires):
    return {o.reading.parameter: o.reading for o in only(Measured, decode(*wires))}


def notices(*wires):
    return [o.text for o in only(DeviceNotice, decode(*wires))]


def three(value):
    return value.to_bytes(3, "big")


def test_published_frames(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [v for v in every if v["device"] == "terumo_ss"]
    assert len(found) == 5
    for vector in found:
        wire = bytes.fromhex(vector["hex"])
        outputs = decode(wire)
        if vector["kind"] == "BAD":
            assert outputs == [Garbage(0, wire, "the CRC or the form is wrong")]
            continue
        assert outputs[0] == Accepted(0, len(wire), "request" if vector["direction"] == "host->pump" else "answer")
        decoded = vector["decoded"]
        if decoded.get("request"):
            assert wire == {"discover": DISCOVER, "status": ask_status(PUMP_ID, 1)}[decoded["request"]]
            assert wire in SPEC.allow_list
            assert len(outputs) == 1
        elif "devid" in decoded:
            assert outputs[1] == DeviceNotice(0, f"device number {decoded['devid']}")
            assert wire == frame("REP", decoded["devid"])
        else:
            assert wire == frame("REP", PUMP_ID, REAL)
            assert (decoded["state"], decoded["alarms"], decoded["vtbi_ml"]) == ("stop", [], None)
            assert outputs[1].status == PumpStatus(
                state=PumpState.READY, rate=0.0, volume_infused=0.0, alarm=False, serial=PUMP_ID
            )
            assert outputs[2].alarms == ()


def test_the_numbers():
    wire = answer(_7=0x10, _16=three(5400), _19=three(312), _22=three(360))
    assert status(wire) == PumpStatus(
        state=PumpState.INFUSING, rate=54.0, volume_infused=3.12, vtbi=36.0, alarm=False, serial=PUMP_ID
    )
    assert {p: r.value for p, r in readings(wire).items()} == {
        Parameter.RATE: 54.0, Parameter.VOLUME_INFUSED: 3.12, Parameter.VTBI: 36.0,
    }  # fmt: skip


@each_row(("raw", "quality"), [(0xFFFFFF, "missing"), (0xEEEEEE, "missing"), (100_001, "invalid"),
                                              (0xFFFFFE, "invalid"), (100_000, "valid"), (0, "valid")])  # fmt: skip
def test_a_target_that_is_none(raw, quality):
    reading = readings(answer(_22=three(raw)))[Parameter.VTBI]
    assert (reading.quality, reading.value is None) == (Quality(quality), quality != "valid")


@pytest.mark.parametrize(("at", "parameter"), [(16, "rate"), (19, "volume_infused")])
def test_what_no_pump_can_do_has_no_value_and_is_named(at, parameter):
    wire = answer(_7=0x10, **{f"_{at}": b"\xee\xee\xee"})
    assert readings(wire)[Parameter(parameter)].quality is Quality.INVALID
    assert getattr(status(wire), parameter) is None
    assert notices(wire, wire) == [f"{parameter.replace('_', ' ')} cannot be read"]


STATES = [  # byte, given, alarms: state, rate
    (0x00, 0, 0, "ready", 0.0), (0x00, 1, 0, "held", 0.0), (0x00, 1, 4, "ended", 0.0), (0x0F, 0, 0, "ready", 0.0),
    (0x10, 0, 0, "infusing", 54.0), (0x1F, 1, 4, "infusing", 54.0), (0x20, 0, 0, "held", 0.0),
    (0x20, 1, 4, "ended", 0.0),
    (0x30, 1, 0, "unknown", None), (0x40, 1, 0, "infusing", None), (0x50, 1, 0, "infusing", None),
    (0x60, 1, 0, "unknown", None), (0xF0, 1, 4, "unknown", None),
]  # fmt: skip


@pytest.mark.parametrize(("byte", "given", "bits", "state", "rate"), STATES)
def test_what_the_pump_does(byte, given, bits, state, rate):
    wire = answer(_7=byte, _16=three(5400), _19=three(given), _10=three(bits))
    found = status(wire)
    assert (found.state, found.rate) == (PumpState(state), rate)
    assert readings(wire)[Parameter.RATE].value == rate
    assert notices(wire, wire) == {3: ["pump purges"], 4: ["bolus, by hand"], 5: ["bolus"], 6: ["unknown state 6"],
                                   15: ["unknown state F"]}.get(byte >> 4, [])  # fmt: skip


def test_a_pump_whose_volume_cannot_be_read_is_in_no_known_state():
    assert status(answer(_19=b"\xff\xff\xff")).state is PumpState.UNKNOWN


@each_row("bit", range(24))
def test_every_alarm_bit(bit):
    outputs = decode(answer(_10=three(1 << bit)))
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, outputs)]
    assert alarm.code == f"bit {bit}"
    assert (alarm.text, alarm.priority) == ALARMS.get(bit, ("unknown alarm", Priority.HIGH))
    assert only(PumpTelemetry, outputs)[0].status.alarm is True


def test_the_alarm_bits_of_the_manual():
    words = {0: "shutdown", 1: "link", 2: "complete", 3: "occlusion", 4: "syringe", 5: "plunger", 6: "slider",
             7: "barrel", 8: "nearly empty", 13: "power failure", 15: "mains", 16: "no flow rate", 17: "do not fit",
             18: "no volume", 19: "battery", 20: "start", 21: "pressure", 22: "maintenance", 23: "battery"}  # fmt: skip
    assert {n: word for n, word in words.items() if word in ALARMS[n][0]} == words
    assert ALARMS.keys() == words.keys()


def test_several_alarms():
    (found,) = only(DeviceAlarms, decode(answer(_10=three(0b1100))))
    assert [alarm.text for alarm in found.alarms] == ["infusion complete", "occlusion"]


def test_battery_is_told_when_it_begins():
    assert notices(answer(_13=0x45), answer(_13=0x45), answer(), answer(_13=0x44)) == ["on battery"] * 2


@each_row(("result", "text"), [
    (0x11, "does not know"), (0x12, "cannot answer"), (0x13, "too short"), (0x14, "too long"), (0x15, "out of range"),
    (0x99, "result 99"),
])  # fmt: skip
def test_a_refusal_is_told_and_no_value(result, text):
    wire = frame("REP", PUMP_ID, bytes([0, 1, 0, 0, result]) + REAL[5:])
    accepted, notice = decode(wire)
    assert isinstance(accepted, Accepted)
    assert text in notice.text


@pytest.mark.parametrize("cut", [REAL[:33], REAL[:5], REAL[:4], b"\x00\x02" + REAL[2:], b"\x00\x01\x00\x01" + REAL[4:]])
def test_an_answer_to_something_else_gives_no_value(cut):
    outputs = decode(frame("REP", PUMP_ID, cut))
    assert [type(o) for o in outputs] == [Accepted, DeviceNotice]


def test_the_answer_of_another_pump_gives_no_value():
    outputs = decode(frame("REP", PUMP_ID), frame("REP", OTHER_ID, REAL), answer(_7=0x10))
    assert [o.status.serial for o in only(PumpTelemetry, outputs)] == [PUMP_ID]
    assert OTHER_ID in only(DeviceNotice, outputs)[1].text


WHOLE = answer()
BAD = [
    WHOLE[:-1], WHOLE[1:], WHOLE.replace(b"901D", b"901d"), WHOLE.replace(b"901D", b"901E"),
    WHOLE.replace(b"REP", b"REQ", 1),
    WHOLE.replace(b"AAEA", b"AAEB", 1), WHOLE.replace(b"?><", b"?> <"), frame("REP", PUMP_ID[:-1]),
    frame("ASK", PUMP_ID),
    frame("REP", PUMP_ID + "0", REAL), frame("REP", PUMP_ID, REAL * 4), frame("REP", PUMP_ID).lower(),
]  # fmt: skip


@each_row("wire", BAD)
def test_a_damaged_frame_is_garbage(wire):
    assert b"".join(o.raw for o in decode(wire)) == wire


def test_base64_that_is_none_is_garbage():
    xml = f'<?xml version="1.0"?><REP><DEVID>{PUMP_ID}</DEVID><CMD>AAEAA</CMD></REP>'
    wire = f"\x02{xml}{crc16_xmodem(xml.encode()):04X}\x03".encode()
    assert isinstance(decode(wire)[0], Garbage)
    assert unframe(wire) is None


@pytest.mark.parametrize("noise", [b"\x02", b"\x02<?xml", b"\xff" * 600, b"\x02" * 600, b"\x03"])
def test_a_frame_behind_noise_is_found(noise):
    outputs = decode(noise + WHOLE)
    assert sum(len(o.raw) for o in only(Garbage, outputs)) == len(noise)
    assert only(Accepted, outputs)[0].offset == len(noise)


# asking


def talk(seconds, answers):
    """What the driver sends, with times; `answers` says what comes back."""
    driver, sent = SPEC.make(), []
    for n in range(int(seconds * 4)):
        at = START.plus(n / 4)
        for output in driver.tick(at):
            assert isinstance(output, Send)
            sent.append((n / 4, output.data))
            list(driver.feed(answers(output.data), at))
    return sent


def device():
    pump = SPEC.simulate()
    pump.advance(Truth(wall=START.wall, pump=PUMP))
    return pump


def test_it_asks_who_is_there_and_then_what_it_does_every_two_seconds():
    sent = talk(300, device().receive)
    assert sent[:3] == [(0, DISCOVER), (2, ask_status(PUMP_ID, 1)), (4, ask_status(PUMP_ID, 2))]
    assert sent[-1] == (298, ask_status(PUMP_ID, 149 % 127))
    assert {data for _, data in sent} == {DISCOVER, *(ask_status(PUMP_ID, n) for n in range(127))}


def test_a_pump_that_is_silent_is_looked_for_again():
    known = [frame("REP", PUMP_ID)]
    sent = [data for _, data in talk(20, lambda _: known.pop() if known else b"")]
    assert sent == [DISCOVER, *(ask_status(PUMP_ID, n) for n in (1, 2, 3)), *[DISCOVER] * 6]


def test_only_two_questions_pass_the_allow_list():
    for sequence in range(127):
        assert ask_status(PUMP_ID, sequence) in SPEC.allow_list
    for head in (0x7F, 0x80, 0xFF):
        assert frame("REQ", PUMP_ID, bytes([head, 1, 0, 0])) not in SPEC.allow_list
    for body in (
        [1, 2, 0, 0],
        [1, 1, 0, 1],
        [1, 1, 1, 0],
        [1, 1, 0x80, 0],
        [1, 0x11, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 0],
    ):
        assert frame("REQ", PUMP_ID, bytes(body)) not in SPEC.allow_list
    assert frame("REP", PUMP_ID) not in SPEC.allow_list
    assert frame("REQ", PUMP_ID) not in SPEC.allow_list


def test_line_settings_are_for_the_user_to_choose():
    assert [load(name).line.baud for name in ("terumo-te", "terumo-te+19200", "terumo-te+38400")] == [
        9600,
        19200,
        38400,
    ]
    assert SPEC.evidence is Evidence.EXPERIMENTAL
    assert "+19200" in SPEC.note


def test_the_simulator_answers_its_own_questions_only():
    pump = SPEC.simulate()
    assert pump.receive(DISCOVER) == b""
    pump.advance(Truth(wall=START.wall, pump=PUMP, pump_alarms=(PumpAlarm.OCCLUSION,)))
    assert pump.receive(DISCOVER[:9]) + pump.receive(DISCOVER[9:]) == frame("REP", PUMP_ID)
    assert pump.receive(ask_status(OTHER_ID, 1)) == b""
    said = pump.receive(ask_status(PUMP_ID, 1))
    assert status(said) == PumpStatus(
        state=PumpState.INFUSING, rate=54.0, volume_infused=3.1, vtbi=36.0, alarm=True, serial=PUMP_ID
    )
    assert [alarm.text for alarm in only(DeviceAlarms, decode(said))[0].alarms] == ["occlusion"]
