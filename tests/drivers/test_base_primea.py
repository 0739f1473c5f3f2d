"""Base Primea: published frames, the session with base and modules, alarms raw, and that it can only read."""

import json
from dataclasses import replace

import pytest
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Evidence, Priority, PumpAlarm, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import PUMP, START, converse, truths
from ketamon_drivers.base_primea import SPEC
from ketamon_drivers.base_primea.driver import variables
from ketamon_drivers.base_primea.line import ACK, DC4, ENQ, NAK, frame, unframe

FORBIDDEN = {"MO", "RZ", "OF", "SI", "EP", "AP", "EN", "PR", "PO", "PB", "PF", "PV", "RV", "PP", "PS"}
PUBLISHED = {
    "0DC": "02304443343803", "0LE;b": "02304c453b62413103", "1DC": "02314443343703", "1LE;dr": "02314c453b6472324303",
    "1DE;dram": "023144453b6472616d363603", "1AE": "02314145343803", "1LF;b": "02314c463b62394603",
    "1LN": "02314c4e333403", "1LP": "02314c50333203", "1FC": "02314643343503", "0FC": "02304643343603",
    "1E": "023145383903",
    "PR;1F40": "0250523b31463430343703", "1C;d1F40;r00C350": "0231433b64314634303b72303043333530323903",
}  # fmt: skip


class Cable:
    """A driver that hears messages; a tick passes a quarter of a second."""

    def __init__(self, *messages):
        self.driver, self.at, self.sent = SPEC.make(), START, []
        self.outputs = self.hear(*messages)

    def hear(self, *messages):
        data = b"".join(m if isinstance(m, bytes) else frame(m) for m in messages)
        return list(self.driver.feed(data, self.at))

    def tick(self, ticks=1):
        sent = []
        for _ in range(ticks):
            self.at = self.at.plus(0.25)
            sent += [output.data for output in self.driver.tick(self.at)]
        self.sent += sent
        return [unframe(data) or data if len(data) > 1 else data for data in sent]


def with_module(*messages):
    return Cable("0C;b01", *messages)


@each_row(("message", "wire"), PUBLISHED.items())
def test_frames_are_the_published_bytes(message, wire):
    wire = bytes.fromhex(wire)
    assert frame(message) == wire
    assert unframe(wire) == message
    for at in range(1, len(wire) - 1):
        damaged = wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]
        outputs = [*(d := SPEC.make()).feed(damaged, START), *d.flush(START)]
        assert b"".join(o.raw for o in only(Garbage, outputs)) == damaged, "a damaged frame is garbage"


def test_published_vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    found = [vector for vector in every if vector["device"] == "fresenius_base"]
    assert {vector["hex"] for vector in found} == set(PUBLISHED.values())
    for vector in found:
        wire, decoded = bytes.fromhex(vector["hex"]), vector["decoded"]
        accepted, *outputs = with_module().hear(wire)
        assert accepted.length == len(wire)
        if vector["direction"] == "host->pump":
            assert accepted.name.startswith(("request ", "acknowledged"))
            assert not outputs
            continue
        status = only(PumpTelemetry, outputs)[0].status
        assert (status.rate, status.volume_infused) == (decoded["rate_ml_h"], decoded["infused_ml"])
        assert (status.head, status.alarm) == (str(decoded["module"]), None)


def test_numbers_have_their_unit_and_module():
    readings = [o.reading for o in only(Measured, with_module("1C;d1F40;r00C350").outputs)]
    assert [(r.parameter, r.value, r.unit, r.site) for r in readings] == [
        (Parameter.RATE, 800.0, "mL/h", "1"), (Parameter.VOLUME_INFUSED, 50.0, "mL", "1"),
    ]  # fmt: skip


def test_a_module_that_the_base_does_not_name_has_no_values():
    assert not only(Measured, with_module("2C;d1F40;r00C350").outputs)
    assert not only(PumpTelemetry, Cable("1C;d1F40;r00C350").outputs)


@each_row("text", ["d1F40;d1F41", "d", "d1f40", "dxyz", "d123456789", "1F40", "D1F40", "d1F40;", ""])
def test_what_is_no_variable(text):
    assert variables(text) is None
    outputs = with_module(f"1E;{text}").outputs
    assert only(Garbage, outputs)[0].reason == "the layout is unknown"


def test_a_rate_beyond_any_pump_is_none():
    cable = with_module("1C;dFFFF;r000001", "1C;dFFFF;r000001")
    assert {o.reading.value for o in only(Measured, cable.outputs)} == {None}
    assert not only(PumpTelemetry, cable.outputs)


# second checks: the checksum sees no swap


def test_a_swap_that_the_checksum_misses_gives_no_number():
    cable = with_module("1C;d021C;r00C350")
    outputs = cable.hear("1C;d02C1;r00C350")
    assert unframe(frame("1C;d021C")[:-3] + frame("1C;d02C1")[-3:]) is not None, "the same checksum"
    assert {o.reading.value for o in only(Measured, outputs)} == {None}
    assert not only(PumpTelemetry, outputs)
    assert only(PumpTelemetry, cable.hear("1C;d021C;r00C350"))[0].status.rate == 54.0


def test_a_new_rate_is_believed_when_it_is_told_twice():
    cable = with_module("1C;d021C;r00C350")
    assert [o.status.rate for _ in range(2) for o in only(PumpTelemetry, cable.hear("1C;d0100;r00C350"))] == [25.6]


def test_a_volume_grows_as_a_pump_can():
    cable = with_module("1C;d021C;r00C350")
    cable.tick(4)
    assert only(PumpTelemetry, cable.hear("1C;d021C;r00C35F"))[0].status.volume_infused == 50.015
    assert not only(PumpTelemetry, cable.hear("1C;d021C;r00C550"))
    assert not only(PumpTelemetry, cable.hear("1C;d021C;r000000")), "a counter set to zero is told twice"
    assert only(PumpTelemetry, cable.hear("1C;d021C;r000000"))[0].status.volume_infused == 0.0


# what it does


def test_it_infuses_while_its_counter_follows_its_rate():
    cable, states = with_module(), []
    for second in range(30):
        volume = 50000 + 15 * min(second, 10)
        states += [o.status.state for o in only(PumpTelemetry, cable.hear(f"1C;d021C;r{volume:06X}"))]
        cable.tick(4)
    assert states[0] is PumpState.UNKNOWN, "a rate alone proves nothing"
    assert set(states[1:15]) == {PumpState.INFUSING}
    assert set(states[17:]) == {PumpState.UNKNOWN}, "a rate that may only be set"


def test_without_a_rate_it_is_held():
    assert only(PumpTelemetry, with_module("1C;d0000;r00C350").outputs)[0].status.state is PumpState.HELD


# alarms


def alarms(outputs):
    return [{alarm.code for alarm in o.alarms} for o in only(DeviceAlarms, outputs)]


def test_a_set_alarm_bit_is_raw_and_high_and_at_once():
    cable = with_module()
    (reported,) = only(DeviceAlarms, cable.hear("1E;a0004"))
    (alarm,) = reported.alarms
    assert (alarm.code, alarm.priority) == ("1 a4", Priority.HIGH)
    assert "4 not known" in alarm.text
    status = only(PumpTelemetry, cable.hear("1C;a0004;d0000;r000000"))[0].status
    assert status.alarm is True


def test_an_alarm_ends_when_that_is_told_twice():
    cable = with_module("1C;a0000", "1E;a0004", "1E;a0004")
    assert alarms(cable.outputs) == [set(), {"1 a4"}]
    assert alarms(cable.hear("1C;a0000")) == []
    assert alarms(cable.hear("1C;a0000")) == [set()]


def test_no_alarm_bit_is_not_no_alarm():
    assert SPEC.alarms_decoded is False
    assert SPEC.evidence is Evidence.EXPERIMENTAL
    assert only(PumpTelemetry, with_module("1C;a0000;d0000;r000000").outputs)[0].status.alarm is None


def test_none_is_said_of_all_modules_only():
    cable = Cable("0C;b03", "1C;a0000")
    assert alarms(cable.outputs) == []
    assert alarms(cable.hear("2E;a0001")) == [{"2 a1"}]
    assert alarms(cable.hear("1E;a0002")) == [{"1 a2", "2 a1"}]


def test_a_module_that_goes_is_unknown_and_if_it_did_not_stand_an_alarm():
    cable = Cable("0C;b03", "1C;d021C;r00C350", "2C;d0000;r000001")
    assert not only(DeviceNotice, cable.hear("0C;b02")), "told twice"
    outputs = cable.hear("0C;b02")
    assert [(o.status.head, o.status.state) for o in only(PumpTelemetry, outputs)] == [("1", PumpState.UNKNOWN)]
    assert alarms(outputs) == [{"1 gone"}]
    cable.hear("0C;b00")
    assert alarms(cable.hear("0C;b00")) == [], "module 2 stood"
    cable.hear("0C;b01")
    assert alarms([*cable.hear("0C;b01"), *cable.hear("1C;a0000")]) == [set()]


def test_a_mode_is_told_raw_once():
    cable = with_module("1C;m03", "1C;m03")
    assert [o.text for o in only(DeviceNotice, cable.outputs)][1:] == [
        "module 1 is in mode 3, its meaning is not known"
    ]


# the line


def test_an_enquiry_within_a_frame_is_answered_with_the_next_tick():
    raw = frame("1C;d1F40;r00C350")
    cable = with_module()
    cable.tick()
    outputs = cable.hear(raw[:7] + ENQ)
    assert not outputs
    assert DC4 in cable.tick()
    assert only(PumpTelemetry, cable.hear(raw[7:]))[0].status.rate == 800.0
    assert DC4 not in cable.tick(8)


def test_events_are_acknowledged_on_the_line_and_with_a_frame():
    cable = with_module()
    cable.tick(8)
    cable.hear("1E;d0000")
    assert cable.tick()[:2] == [ACK, "1E"]
    cable.hear("1M;d0000")
    assert cable.tick()[:2] == [ACK, "1M"]
    cable.hear("1C;d0000")
    assert cable.tick()[:1] == [ACK]


def test_a_bad_frame_is_not_acknowledged():
    cable = Cable()
    cable.tick()
    cable.hear(frame("1E;d0000")[:-2] + b"0\x03")
    assert ACK not in cable.tick()


def test_line_characters_are_frames():
    outputs = Cable(ENQ, ACK, DC4, NAK + b"2").outputs
    assert [o.name for o in only(Accepted, outputs)] == ["enquiry", "acknowledgement", "alive", "refusal"]
    assert "reason 2" in only(DeviceNotice, outputs)[0].text
    driver = SPEC.make()
    assert [o.raw for o in [*driver.feed(NAK + b"9", START), *driver.flush(START)]] == [NAK + b"9"]


def test_what_interrupts_a_frame_begins_something_new():
    cable = with_module()
    outputs = cable.hear(b"\x021C;d1F40", frame("1C;d0000;r000001"), b"\x021C\r\n", ACK)
    assert [o.name for o in only(Accepted, outputs)] == ["answer", "acknowledgement"]
    assert [o.raw for o in only(Garbage, outputs)] == [b"\x021C;d1F40", b"\x021C\r\n"]


def test_a_frame_without_an_end_holds_nothing_up():
    (garbage, accepted) = Cable(b"\x02" + b"x" * 110, ACK).outputs
    assert (len(garbage.raw), accepted.name) == (111, "acknowledgement")
    outputs = Cable(b"\x02" + b"x" * (SPEC.max_buffer + 96)).outputs
    assert only(Garbage, outputs), "not even without anything behind it"


# the session


ANSWERS = {"0DC": "0C", "0LE;b": "0C;b01", "1DC": "1C", "1DE;dram": "1C", "1LE;dram": "1C;a0000;d0000;r000001"}


def asked(cable, ticks):
    """The questions sent, without acknowledgements."""
    return [m for m in cable.tick(ticks) if isinstance(m, str)]


def talk(cable, ticks, but=()):
    """Answer each question at once; return the questions."""
    answers, found = ANSWERS | dict(but), []
    for _ in range(ticks):
        for question in asked(cable, 1):
            found.append(question)
            cable.hear(answers[question])
    return found


def test_the_session_is_opened_step_by_step():
    said = converse(SPEC, truths(12))
    questions = [unframe(o.data) for o in said.outputs if isinstance(o, Send) and len(o.data) > 1]
    steps = [q for q in questions if q != "1E"]
    assert steps[:8] == ["0DC", "0LE;b", "1DC", "0LE;b", "1DE;dram", "0LE;b", "1LE;dram", "0LE;b"]
    assert set(steps[7:]) == {"0LE;b", "1LE;dram"}
    assert "1E" in questions


def test_one_question_at_a_time_and_not_too_often():
    cable = Cable()
    assert asked(cable, 3) == ["0DC"], "no answer yet"
    cable.hear("0C")
    assert asked(cable, 3) == [], "the base needs a second"
    assert asked(cable, 2) == ["0LE;b"]
    cable.hear("0C;b01")
    assert asked(cable, 2) == ["1DC"]


def test_a_base_that_does_not_answer_is_connected_to_anew():
    cable = Cable()
    assert talk(cable, 40)[-1] in {"0LE;b", "1LE;dram"}
    questions = asked(cable, 20)
    assert "0DC" not in questions[:3]
    assert set(questions[3:]) == {"0DC"}


def test_a_lost_session_is_opened_again():
    cable = Cable()
    talk(cable, 40)
    cable.hear("1I;1E")
    assert [q for q in talk(cable, 16) if q[0] == "1"][:3] == ["1DC", "1DE;dram", "1LE;dram"]
    (notice,) = only(DeviceNotice, cable.hear("0I0D"))
    assert notice.text.endswith("session with the base not open (0D)")
    assert [q for q in talk(cable, 40) if q != "0LE;b"][:3] == ["0DC", "1DC", "1DE;dram"]


@pytest.mark.parametrize(("error", "then"), [("0E", "1DC"), ("1E", "1DC"), ("20", "1LE;dram")])
def test_a_module_that_takes_no_subscription_is_asked_all_the_same(error, then):
    questions = talk(Cable(), 30, {"1DE;dram": f"1I;{error}"})
    assert [q for q in questions if q[0] == "1"][:3] == ["1DC", "1DE;dram", then]


def test_the_allow_list_only_reads():
    messages = [unframe(data) for data in SPEC.allow_list.exact if len(data) > 1]
    orders = {message.lstrip("0123456789").split(";")[0] for message in messages}
    assert orders == {"DC", "LE", "DE", "E", "M"}
    assert not orders & FORBIDDEN
    assert {data for data in SPEC.allow_list.exact if len(data) == 1} == {ACK, DC4}
    assert not SPEC.allow_list.templates


HEARD = ("0C", "0C;b1FF", "1C", "2I;1E", "3E;d1", "0I;0D", "C;d1", "1PR;1F40", "1M;a1", "9E;a3")


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(st.sampled_from([ENQ, ACK, NAK + b"5", *map(frame, HEARD)]), max_size=30))
def test_whatever_comes_only_the_allow_list_is_sent(parts):
    cable = Cable()
    for part in parts:
        cable.hear(part)
        cable.tick()
    assert all(data in SPEC.allow_list for data in cable.sent)


# the simulator


def test_a_simulated_host_that_is_not_alive_loses_the_session():
    device = SPEC.simulate()
    for question in ("0DC", "1DC"):
        assert unframe(device.receive(frame(question))[1:]) == question[0] + "C"
    for truth in truths(12):
        device.advance(truth)
    assert unframe(device.receive(frame("1LE;dram"))[1:]) == "1I;0D"


def test_a_simulated_event_is_repeated_until_it_is_taken():
    device = SPEC.simulate()
    device.receive(frame("0DC") + frame("1DC") + frame("1DE;dram"))
    truth = Truth(wall=START.wall, pump=PUMP, pump_alarms=(PumpAlarm.OCCLUSION,))
    first = device.advance(truth)
    assert unframe(first) == "1E;a0001;m01;d021C;r000C1C"
    assert device.advance(truth) == first
    device.receive(frame("1E"))
    assert device.advance(truth) == b""
    assert device.advance(replace(truth, pump_alarms=())) != b""


@each_row("order", sorted(FORBIDDEN))
def test_the_simulated_base_obeys_no_order(order):
    device = SPEC.simulate()
    device.receive(frame("0DC") + frame("1DC"))
    assert unframe(device.receive(frame(f"1{order};2"))[1:]) == "1I;20"


def test_variants_differ_in_their_line_only():
    (variant,) = SPEC.variants
    assert (str(SPEC.line), str(variant.line)) == ("19200 7E1", "19200 7N2")
