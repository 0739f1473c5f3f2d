"""MEDIBUS: the protocol's own examples and their misprints, who answers whom and when, numbers, alarms, curves."""

from itertools import pairwise

import pytest
from drivers.hand import only
from drivers.medibus_line import (
    ALARMS,
    ALARMS_2,
    ASK,
    BEGIN,
    BOTH,
    CALL,
    CAPNOSAT,
    IDENTIFY,
    OFFER,
    OFFERS,
    Line,
    decode,
    sent,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Sampled, Send, Truth
from ketamon_drivers.medibus import SPEC, data
from ketamon_drivers.medibus.session import DATA, ENABLE, NOT_UNDERSTOOD, OUR_IDENTITY, TRANSITIONS, Medibus, Phase
from ketamon_drivers.medibus.simulator import CapnosatSimulator
from ketamon_drivers.medibus.wire import LONGEST, command, parse, response


def texts(outputs):
    return [notice.text for notice in only(DeviceNotice, outputs)]


def told(*messages):
    return {
        o.reading.parameter.value: (o.reading.value, o.reading.quality.value) for o in only(Measured, decode(*messages))
    }


NOTHING = dict.fromkeys(("spo2", "pr", "rr", "etco2", "fico2"), (None, "missing"))


def test_the_protocols_examples(captures):
    lines = (captures / "medibus" / "medibus_spec_examples.hex").read_text().splitlines()
    rows = [line.split("#")[0].split() for line in lines if line[0] != "#"]
    vectors = {row[0]: bytes.fromhex("".join(row[1:])) for row in rows}
    assert len(vectors) == 17
    for name, raw in vectors.items():
        assert [type(o) for o in decode(raw)][0] is Accepted, name
        message = parse(raw)
        assert (command if message.is_command else response)(message.code, message.body) == raw
        flipped = raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]
        assert only(Garbage, decode(flipped)), f"{name} with a wrong sum"
    assert (vectors["icc_command"], vectors["ident_request"]) == (CALL, IDENTIFY)
    assert (vectors["data_request_cp1"], vectors["rt_config_request"]) == (ASK, OFFERS)
    assert vectors["nak_response"] == NOT_UNDERSTOOD
    assert told(vectors["data_response_spo2_98_pr_70"]) == NOTHING | {"spo2": (98, "valid"), "pr": (70, "valid")}
    assert told(vectors["data_response_spo2_98"]) == NOTHING | {"spo2": (98, "valid")}
    assert told(vectors["data_response_empty"]) == NOTHING
    assert parse(vectors["datetime_response"]).body == b"11:11:1911-NOV-93"
    assert parse(vectors["configure_only_spo2"]).body == b"$EB"


@each_row(
    "misprint",
    [b"\x1b046\r", b"\x01$EB 98 7A\r", b"\x01R8888'Draeger Device'03.00:03.008C\r",
     b"\x01R8888'Draeger Device '03.00:03.008C\r", b"\x1b$3f\r", b"\x1b$03F\r", b"\x1b1B\r"],
)  # fmt: skip
def test_the_protocols_misprints_are_rejected(misprint):
    outputs = decode(misprint)
    assert only(Garbage, outputs) == outputs != []


def test_our_identity_has_the_recommended_form():
    assert data.identity(parse(OUR_IDENTITY).body) == data.Identity("0161", "ketamon", "01.00", (4, 3))
    assert response(0x52, b"0161'My PC'01.00:03.00").endswith(b"FC\r"), "as the protocol prints it"


# who answers whom


def test_a_device_that_calls_is_answered_and_asked_who_it_is():
    line = Line()
    assert sent(line.wait(0.25)) == [CALL]
    line.hear(CALL)
    assert sent(line.wait(0.25)) == [response(0x51), IDENTIFY]
    assert texts(line.hear(CAPNOSAT)) == ["Capnosat 01.00, MEDIBUS 03.00"]
    assert sent(line.wait(0.25, {})) == [OFFERS]


def test_nobody_there_is_called_every_three_seconds():
    line = Line()
    times = [line.at.seconds for _ in range(60) if sent(line.wait(0.25))]
    assert {b - a for a, b in pairwise(times)} == {3.0}


@each_row("code", [0x30, 0x49, 0x28, 0x61, 0x7F, 0x20])
def test_every_command_is_answered_if_only_empty(code):
    line = Line().active()
    assert sent(line.hear(command(code))) == [], "not by bytes alone"
    assert sent(line.wait(0.25)) == [response(code)]
    assert sent(line.wait(0.25)) != [response(code)], "once"


def test_who_are_you_is_answered_with_a_name():
    line = Line()
    line.hear(IDENTIFY)
    assert sent(line.wait(0.25))[0] == OUR_IDENTITY


@pytest.mark.parametrize("inside", [3, 7, 14])
def test_a_command_inside_a_response_is_answered_and_counts_in_no_sum(inside):
    line = Line().active()
    outputs = line.hear(BOTH[:inside] + IDENTIFY + BOTH[inside:])
    assert only(Accepted, outputs) == [Accepted(outputs[0].offset, len(BOTH) + len(IDENTIFY), "data")]
    assert len(only(Measured, outputs)) == len(NOTHING)
    assert sent(line.wait(0.25)) == [OUR_IDENTITY]


def test_a_command_with_a_wrong_sum_is_not_understood():
    line = Line().active()
    line.hear(b"\x1b046\r" + BOTH)
    assert sent(line.wait(0.25)) == [NOT_UNDERSTOOD]


def test_several_commands_are_all_answered():
    line = Line().active()
    line.hear(command(0x30) + command(0x49) + command(0x30))
    assert sent(line.wait(0.25)) == [response(0x30), response(0x49)]


def test_data_and_alarms_in_turn_one_question_at_a_time():
    line = Line().active()
    answers = {ASK: BOTH, ALARMS: response(0x27)}
    asked = sent(line.wait(6, answers))
    assert 10 <= len(asked) <= 12
    assert set(pairwise(asked)) == {(ASK, ALARMS), (ALARMS, ASK)}
    assert len(sent(line.wait(2))) == 1, "it waits for the answer"


def test_alarms_of_the_second_page_are_asked_of_newer_devices_only():
    line = Line().active(response(0x52, b"8200'Evita 4'04.00:04.00"))
    asked = sent(line.wait(6, {ASK: BOTH, ALARMS: response(0x27), ALARMS_2: response(0x2E)}))
    assert {ASK, ALARMS, ALARMS_2} == set(asked)


@pytest.mark.parametrize("identity", [b"", b"8300'Old'01.00:02.00"])
def test_a_device_of_the_first_version_gets_no_arguments_and_no_new_questions(identity):
    line = Line().active(response(0x52, identity), OFFER)
    assert set(sent(line.wait(6, {ASK: BOTH, ALARMS: response(0x27)}))) == {ASK, ALARMS}


def test_an_answer_that_does_not_come_is_waited_for_then_asked_anew():
    line, asked = Line().active(), []
    for _ in range(80):
        line.hear(command(0x30))
        asked += [s for s in sent(line.wait(0.25)) if s != response(0x30)]
    assert len(asked) == 2


def test_three_seconds_of_silence_begin_anew():
    line = Line().active()
    line.wait(2, {ASK: BOTH, ALARMS: response(0x27)})
    assert CALL in sent(line.wait(4))
    line.hear(response(0x51))
    assert sent(line.wait(0.5))[-1] == IDENTIFY


def test_a_stop_of_the_device_is_answered():
    line = Line().active()
    line.hear(command(0x55))
    assert sent(line.wait(0.5)) == [response(0x55), CALL]


def test_a_device_that_forgot_everything_is_met_again():
    line = Line().active()
    line.hear(CALL)
    assert sent(line.wait(1, {IDENTIFY: CAPNOSAT}))[:2] == [response(0x51), IDENTIFY]


def test_flow_control():
    line = Line().active()
    assert only(Accepted, line.hear(b"\x11"))[0].name == "flow control"
    line.hear(command(0x30))
    assert sent(line.wait(2)) == [], "suspended"
    line.hear(b"\x13")
    assert sent(line.wait(0.25))[0] == response(0x30)
    line.hear(b"\x11")
    assert CALL in sent(line.wait(4)), "never resumed: begin anew"
    assert told(BOTH[:5] + b"\x13" + BOTH[5:])["spo2"] == (98, "valid"), "it counts in no sum"


def test_a_device_that_never_lets_us_go_on_is_called_anew():
    line, everything = Line().active(), []
    line.hear(b"\x11")
    for _ in range(16):
        line.hear(command(0x30))
        everything += sent(line.wait(0.25))
    assert CALL in everything


def test_a_message_has_its_greatest_length():
    longest = response(0x2A, b"x" * (LONGEST - 5))
    assert len(only(Accepted, decode(longest))) == 1
    assert only(Accepted, decode(response(0x2A, b"x" * (LONGEST - 4)))) == []


def test_another_version_is_a_mismatch_and_gives_nothing_but_answers():
    line = Line()
    line.wait(0.25, {CALL: response(0x51)})
    outputs = line.hear(response(0x52, b"9999'Future'01.00:07.00") * 2)
    assert [m.text for m in only(Mismatch, outputs)] == [
        "Future 01.00, MEDIBUS 07.00: this driver reads MEDIBUS 2 to 6"
    ]
    outputs = line.hear(BOTH + response(0x27, b"O0DAPNEA CO2   "))
    assert only(Measured, outputs) + only(DeviceAlarms, outputs) == []
    line.hear(command(0x30))
    assert response(0x30) in sent(line.wait(0.5))


def test_the_table_has_no_dead_ends():
    assert {after for row in TRANSITIONS.values() for after in row.values()} == set(Phase)
    assert all("called" in row for row in TRANSITIONS.values())


# numbers


@each_row(
    ("body", "expected"),
    [
        (b"EB100 ", {"spo2": (100, "valid")}),
        (b"EB  0 ", {"spo2": (None, "invalid")}),
        (b"EB101 ", {"spo2": (None, "invalid")}),
        (b"EB098 ", {"spo2": (None, "invalid")}),
        (b"EB9 8 ", {"spo2": (None, "invalid")}),
        (b"EB ---", {"spo2": (None, "invalid")}),
        (b"E1 70 ", {"pr": (70, "valid")}),
        (b"D514  ", {"rr": (14, "valid")}),
        (b"D5 8  ", {"rr": (8, "valid")}),
        (b"D5 0  ", {"rr": (0, "valid")}),
        (b"E638  ", {"etco2": (38, "valid")}),
        (b"E6 38 ", {"etco2": (38, "valid")}),
        (b"E3 5.1", {"etco2": (38.3, "valid")}),
        (b"E3 5,1", {"etco2": (None, "invalid")}),
        (b"DB 5.0", {"etco2": (None, "invalid")}),
        (b"DB 5.0E638  E3 5.1", {"etco2": (38, "valid")}),
        (b"DB 5.0E3 5.1", {"etco2": (38.3, "valid")}),
        (b"E5 1  ", {"fico2": (1, "valid")}),
        (b"FF 0.2", {"fico2": (1.5, "valid")}),
        (b"DA 0.1", {"fico2": (None, "invalid")}),
        (b"C1 37 D6 12 7D 20 ", {}),
        (b"EB 98", {}),
        (b"EB 98 EB 97 ", {}),
        (b"eb 98 ", {}),
    ],
)
def test_numbers(body, expected):
    assert told(response(DATA, body)) == NOTHING | expected


@pytest.mark.parametrize(("body", "swapped"), [(b"EB 98 ", b"EB 89 "), (b"E1 71 ", b"E1 17 "), (b"D514  ", b"D541  "),
                                               (b"E638  ", b"E683  "), (b"E3 5.1", b"E3 1.5")])  # fmt: skip
def test_a_swap_that_the_sum_misses_waits_for_the_next_answer(body, swapped):
    def numbers(*bodies):
        outputs = only(Measured, decode(*(response(DATA, b) for b in bodies)))
        return [o.reading.value for o in outputs if o.reading.value is not None]

    assert response(DATA, body)[-3:] == response(DATA, swapped)[-3:]
    assert numbers(body, swapped, body) == numbers(body) * 2
    assert numbers(body, swapped, swapped) == numbers(body) + numbers(swapped)
    assert numbers(body, b"", swapped) == numbers(body) + numbers(swapped), "behind no value comes a first one"


def test_data_that_cannot_be_read_are_told_once():
    assert texts(decode(response(DATA, b"EB 98"), response(DATA, b"EB 98"))) == ["the data cannot be read"]


# alarms

UNREADABLE = ("?", "the device's alarms cannot be read")


@each_row("code", data.ALARMS)
def test_known_alarms_have_words_of_ours(code):
    (alarm,) = only(DeviceAlarms, decode(response(0x27, b"B%bAPNEE CO2   " % code.encode())))[0].alarms
    assert (alarm.code, alarm.text, alarm.priority) == (code, *data.ALARMS[code])


@pytest.mark.parametrize(
    ("code", "page", "body", "expected"),
    [(0x27, 1, b"193UNKNOWN ONE ", ("93", "UNKNOWN ONE")), (0x27, 1, b"193            ", ("93", "unknown alarm")),
     (0x2E, 2, b"K0DSOMETHING   ", ("2:0D", "SOMETHING")), (0x27, 1, b"P0DAPNEA CO2   ", UNREADABLE),
     (0x27, 1, b"O0DAPNEA", UNREADABLE)],
)  # fmt: skip
def test_what_is_not_known_is_raw_and_high(code, page, body, expected):
    (alarm,) = only(DeviceAlarms, decode(response(code, body)))[0].alarms
    assert (alarm.code, alarm.text, alarm.priority) == (*expected, Priority.HIGH)


def test_alarms_of_both_pages_stand_together_and_go():
    first, second, none = response(0x27, b"O0DAPNEA CO2   "), response(0x2E, b"199INSPHOLD    "), response(0x27)
    codes = [[a.code for a in o.alarms] for o in only(DeviceAlarms, decode(first, second, none))]
    assert codes == [["0D"], ["0D", "2:99"], ["2:99"]]


@pytest.mark.parametrize(
    ("code", "doubtful"),
    [(b"35", {"spo2", "pr"}), (b"63", {"etco2", "fico2", "rr"}), (b"6A", {"etco2", "fico2", "rr"}), (b"0D", set())],
)
def test_numbers_under_an_alarm_of_their_sensor_are_questionable(code, doubtful):
    body = response(DATA, b"EB 98 E1 70 D514  E638  E5 1  ")
    found = told(response(0x27, b"1" + code + b"TEXT        "), body)
    assert {p for p, (_, quality) in found.items() if quality == "questionable"} == doubtful
    assert {quality for _, quality in told(response(0x27), body).values()} == {"valid"}


# anything at all

STEPS = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([CALL, IDENTIFY, BOTH, CAPNOSAT, response(0x51), response(0x53, OFFER), response(0x54),
                     response(0x27, b"O0DAPNEA CO2   "), command(0x55), command(0x56), NOT_UNDERSTOOD, b"\x11", b"\x13",
                     bytes.fromhex("D1 8D 83") * 5, b"\x1b046\r"]),
    st.sampled_from([0.25, 1.0, 4.0, 12.0, -1.0]),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(STEPS, max_size=50))
def test_only_answers_and_questions_go_out(steps):
    line = Line()
    for step in steps:
        if isinstance(step, bytes):
            assert sent(line.hear(step)) == []
        else:
            line.at = line.at.plus(step)
            assert all(data_ in SPEC.allow_list for data_ in sent(line.driver.tick(line.at)))


@each_row(
    "order", [command(0x55), command(0x4A, b"$EB"), command(0x54, b"0001"), command(0x54, b"0600"), command(0x30, b"x"),
              command(0x6A), ENABLE[2][:-1], bytes.fromhex("D0 C1 C0 C0 C0")],
)  # fmt: skip
def test_no_setting_and_no_stop_may_be_sent(order):
    assert order not in SPEC.allow_list


def test_the_simulated_capnosat():
    device, driver, outputs = CapnosatSimulator(), Medibus(), []
    truth = Truth(
        wall=BEGIN.wall,
        values={Parameter.PR: 70.0, Parameter.RR: 12.0, Parameter.ETCO2: 38.0, Parameter.FICO2: 0.0},
        waves={Signal.CO2: (0.0, 1.0)},
    )
    for quarter in range(80):
        at = BEGIN.plus(quarter / 4)
        said = device.advance(truth) if quarter % 4 == 0 else b""
        outputs += driver.feed(said, at)
        for send in only(Send, made := list(driver.tick(at))):
            outputs += driver.feed(device.receive(send.data), at)
        outputs += made
    assert only(Garbage, outputs) == []
    last = {o.reading.parameter.value: o.reading.value for o in only(Measured, outputs)}
    assert last == {"spo2": None, "pr": 70, "rr": 12, "etco2": 38, "fico2": 0}
    assert only(DeviceAlarms, outputs)[-1].alarms[0].code == "35"
    samples = [s for o in only(Sampled, outputs) for s in o.block.samples if o.block.signal is Signal.CO2]
    assert {round(s) for s in samples} == {0, 38}


def test_a_simulated_capnosat_that_hears_nothing_calls_again():
    device, truth = CapnosatSimulator(), Truth(wall=BEGIN.wall)
    assert device.advance(truth) == CALL
    assert device.receive(response(0x51)) == IDENTIFY
    assert [device.advance(truth) for _ in range(8)].count(CALL) >= 1
