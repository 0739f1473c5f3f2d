"""Zyno: published frames, rounds of questions, every type of record in its log, and that it can only ask."""

import json

import pytest
from drivers.hand import only
from drivers.zyno_cable import ROUND, Cable, codes
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Evidence, PumpAlarm, PumpState
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.testing.conversation import PUMP, START, alarming_truths, converse, truths
from ketamon.wire.checksums import sum8, xor8
from ketamon_drivers.zyno import SPEC, wire

PUBLISHED = {
    "RN": "02524E413003", "RS": "025253413503", "R3": "025233383503", "R7": "025237383903", "RI": "025249394203",
    "RD": "025244393603", "RC": "025243393503", "S9": "025339384303", "Q0": "025130383103", "Q3": "025133383403",
    "Q4": "025134383503", "Q5": "025135383603", "Q6": "025136383703", "Q7": "025137383803", "Q8": "025138383903",
}  # fmt: skip


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
