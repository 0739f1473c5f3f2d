"""The SunTech module: the vendor's frames, one start for each time a person asks, and the watchdog."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from drivers.hand import Hand, only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Action
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.driver import Accepted, DeviceNotice, Garbage, Measured, Send, Truth
from ketamon_drivers.suntech_nibp import (
    ABORT,
    ERRORS,
    LIMIT_S,
    PRESSURE,
    RESULT,
    SPEC,
    START_ADULT,
    TRANSITIONS,
    Phase,
    SunTechNibp,
    command,
    reply,
)

START = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
GOOD = bytes.fromhex("3E 18 73 00 4A 00 1E 01 00 00 00 00 00 00 31 07 55 00 58 00 00 00 00 E9")
OTHER = reply(bytes.fromhex("7D 00 50 00 1E 01 00 00 00 00 00 00 31 07 55 00 5F 00 00 00 00"))


def failed(error):
    return reply(bytes.fromhex("7D 00 50 00 1E 01 00 00 00 00 00 00 31 07 55 00 5F 00") + bytes([error, 0, 0]))


def pressure(mmhg):
    return reply(mmhg.to_bytes(2, "little"))


class Bench(Hand):
    """A driver with a clock, and a hand that answers for the module."""

    def __init__(self):
        super().__init__(SunTechNibp(), START)

    def act(self, action):
        return list(self.driver.act(action, self.at))

    def measuring(self):
        """A connected module that has begun to measure, cuff inflated."""
        self.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
        assert only(Send, self.act(Action.CUFF_START)) == [Send(START_ADULT)]
        self.hear(reply(b"O"))
        self.hear(pressure(120))
        return self


def texts(outputs):
    return [notice.text for notice in only(DeviceNotice, outputs)]


def sent(outputs):
    return [send.data for send in only(Send, outputs)]


def told(outputs):
    return [(o.reading.value, o.reading.quality.value, o.reading.repeated) for o in only(Measured, outputs)]


NEW, OLD = ([(v, "valid", again) for v in (115.0, 74.0, 88.0)] for again in (False, True))
NOTHING = [(None, "invalid", False)] * 3


def test_the_vendors_frames(captures):
    lines = (line.split() for line in (captures / "suntech" / "suntech_vectors.hex").read_text().splitlines())
    vectors = {line[0]: bytes.fromhex("".join(line[1:])) for line in lines if not line[0].startswith("#")}
    assert vectors.pop("host_start_bp_adult") == START_ADULT
    assert vectors.pop("host_get_cuff_pressure") == PRESSURE
    assert vectors.pop("host_get_bp_data") == RESULT
    assert vectors.pop("host_pneumatics_closed") == command(0x0C, 0x00, 0x01, 0x01)
    names = {"module_cuff_258mmHg": "pressure", "module_done_K": "done", "module_bp_115_74_map88_hr85": "result"}
    for vector, raw in vectors.items():
        outputs = list((driver := SunTechNibp()).feed(raw, START)) + list(driver.flush(START))
        if "BAD" in vector:
            assert only(Garbage, outputs) == outputs != [], vector
        else:
            assert outputs[0] == Accepted(0, len(raw), names[vector])
    assert told(SunTechNibp().feed(GOOD, START)) == OLD


@each_row(
    ("frame", "raw"),
    [(ABORT, "3A 79 01 00 4C"), (command(0x87), "3A 87 3F"), (command(0x28), "3A 28 9E"), (reply(b"O"), "3E 04 4F 6F"),
     (reply(b"B"), "3E 04 42 7C"), (reply(b"A"), "3E 04 41 7D"), (reply(b"S"), "3E 04 53 6B")],
)  # fmt: skip
def test_frames_of_the_reference(frame, raw):
    assert frame == bytes.fromhex(raw)


@each_row(
    "raw",
    [reply(b"X"), pressure(331), reply(b"\x00\x05"), reply(bytes(21))[:-1] + b"\x01", reply(bytes(20)), b"\x3e\x00",
     reply(bytes.fromhex("FF FF 4A 00 1E 01 00 00 00 00 00 00 31 07 55 00 58 00 00 00 00"))],
)  # fmt: skip
def test_a_frame_that_cannot_be_true_is_none(raw):
    outputs = list((driver := SunTechNibp()).feed(raw, START)) + list(driver.flush(START))
    assert only(Garbage, outputs) == outputs != []


def test_a_result_of_before_is_no_new_one():
    bench = Bench()
    assert told(bench.hear(GOOD)) == OLD, "it may be another patient's"
    assert told(bench.hear(GOOD)) == OLD
    assert told(bench.hear(OTHER))[0] == (125.0, "valid", False), "but a changed one is new"
    assert told(bench.hear(OTHER))[0] == (125.0, "valid", True)


def test_a_measurement_that_somebody_asked_for():
    bench = Bench().measuring()
    during = bench.wait(20, {PRESSURE: pressure(90)})
    assert set(sent(during)) == {PRESSURE}
    assert set(told(during)) == {(None, "ongoing", False)}
    bench.hear(reply(b"K"))
    after = bench.wait(1, {RESULT: GOOD})
    assert sent(after)[0] == RESULT
    assert told(after) == NEW, "also with the numbers of before"
    assert told(bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})) == OLD


def test_the_end_before_the_yes_counts_too():
    bench = Bench()
    bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    bench.act(Action.CUFF_START)
    bench.hear(reply(b"K"))
    assert told(bench.hear(GOOD)) == NEW


def test_a_result_that_comes_while_the_cuff_works_is_an_old_one():
    bench = Bench().measuring()
    assert told(bench.hear(GOOD)) == OLD
    assert told(bench.hear(OTHER))[0][2] is True


@each_row("error", [*ERRORS, 0x77])
def test_an_error_is_told_in_words_and_has_no_numbers(error):
    bench = Bench().measuring()
    bench.hear(reply(b"K"))
    outputs = bench.hear(failed(error))
    assert texts(outputs) == [f"no cuff pressure: {ERRORS.get(error, 'error 77')}"]
    assert told(outputs) == NOTHING
    assert texts(bench.hear(failed(error))) == [], "told once"


@pytest.mark.parametrize(
    ("numbers", "quality"),
    [("00 00 00 00 00 00", "missing"), ("73 00 4A 00 80 00", "invalid"), ("4A 00 73 00 58 00", "invalid"),
     ("73 00 00 00 58 00", "invalid"), ("73 00 73 00 73 00", "invalid")],
)  # fmt: skip
def test_pressures_in_the_wrong_order_are_none(numbers, quality):
    sys, dia, mean = (numbers[i : i + 5] for i in (0, 6, 12))
    raw = reply(bytes.fromhex(f"{sys} {dia} 1E 01 00 00 00 00 00 00 31 07 55 00 {mean} 00 00 00"))
    assert told(SunTechNibp().feed(raw, START)) == [(None, quality, False)] * 3


def test_no_start_without_an_answer_and_none_while_one_runs():
    bench = Bench()
    assert sent(bench.act(Action.CUFF_START)) == []
    assert "does not answer" in texts(bench.act(Action.CUFF_START))[0]
    bench.measuring()
    assert texts(bench.act(Action.CUFF_START)) == ["not started: a measurement is under way"]
    bench.hear(reply(b"A"))
    bench.wait(10)
    assert sent(bench.act(Action.CUFF_START)) == [], "the module fell silent"


def test_a_busy_module_did_not_start():
    bench = Bench()
    bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    bench.act(Action.CUFF_START)
    assert texts(bench.hear(reply(b"B"))) == ["the module is busy and did not start; try again"]
    assert ABORT not in sent(bench.wait(10, {RESULT: GOOD, PRESSURE: pressure(0)}))


@pytest.mark.parametrize("state", ["silent", "idle", "measuring"])
def test_a_stop_is_always_sent_and_again_until_the_module_obeys(state):
    bench = Bench()
    if state != "silent":
        bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    if state == "measuring":
        bench.measuring()
    assert sent(bench.act(Action.CUFF_ABORT)) == [ABORT]
    assert sent(bench.wait(5)).count(ABORT) >= 4
    assert texts(bench.hear(reply(b"A"))) == ["the measurement was stopped"]
    assert ABORT not in sent(bench.wait(10, {RESULT: GOOD, PRESSURE: pressure(0)}))


def test_an_empty_cuff_ends_the_stopping_but_not_at_once():
    bench = Bench().measuring()
    bench.act(Action.CUFF_ABORT)
    assert ABORT in sent(bench.wait(3, {PRESSURE: pressure(2)})), "it may be about to inflate"
    assert "the cuff is empty" in texts(bench.wait(4, {PRESSURE: pressure(2)}))
    assert ABORT not in sent(bench.wait(10, {RESULT: GOOD, PRESSURE: pressure(0)}))


def test_the_end_of_a_measurement_that_was_stopped_makes_its_result_no_news():
    bench = Bench().measuring()
    bench.act(Action.CUFF_ABORT)
    bench.hear(reply(b"K"))
    assert told(bench.hear(GOOD)) == OLD


def test_the_watchdog_stops_what_takes_too_long():
    bench = Bench().measuring()
    early = bench.wait(LIMIT_S - 2, {PRESSURE: pressure(80)})
    assert ABORT not in sent(early)
    late = bench.wait(4, {PRESSURE: pressure(80)})
    assert ABORT in sent(late)
    assert "takes too long" in texts(late)[0]


def test_the_watchdog_stops_a_module_that_falls_silent():
    bench = Bench().measuring()
    outputs = bench.wait(10)
    assert sent(outputs).count(ABORT) >= 5
    assert "does not answer" in texts(outputs)[0]
    assert START_ADULT not in sent(outputs)


def test_a_start_without_an_answer_is_stopped_though_the_cuff_is_empty():
    bench = Bench()
    bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    bench.act(Action.CUFF_START)
    assert ABORT in sent(bench.wait(5, {PRESSURE: pressure(0)}))


def test_a_cuff_that_is_found_inflated_is_watched_too():
    bench = Bench()
    bench.wait(3, {RESULT: GOOD})
    found = bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(150)})
    assert texts(found) == ["the cuff is inflated, which nobody asked for here"]
    assert ABORT in sent(bench.wait(LIMIT_S, {PRESSURE: pressure(150)}))


def test_an_end_that_was_not_heard_shows_by_the_pressure():
    bench = Bench().measuring()
    bench.wait(5, {PRESSURE: pressure(100)})
    outputs = bench.wait(8, {PRESSURE: pressure(1), RESULT: OTHER})
    assert texts(outputs) == ["the cuff is empty, and the end of the measurement was not heard"]
    assert told(outputs)[-3][:2] == (125.0, "valid")
    assert sum(value == 125.0 and not again for value, _, again in told(outputs)) == 1


def test_a_start_just_before_the_next_poll_is_not_taken_for_silence():
    bench = Bench()
    bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    bench.at = bench.at.plus(3.5)
    assert sent(bench.act(Action.CUFF_START)) == [START_ADULT]
    assert ABORT not in sent(bench.wait(1))


def test_one_question_at_a_time_and_none_too_soon():
    bench, times = Bench(), []
    for _ in range(400):
        bench.at = bench.at.plus(0.05)
        if sent(bench.driver.tick(bench.at)):
            times.append(bench.at.seconds)
    assert min(b - a for a, b in pairwise(times)) >= 1.0, "no answer: wait"


STEPS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [GOOD, OTHER, *(reply(w) for w in (b"O", b"K", b"B", b"A", b"S")), *map(pressure, (0, 9, 40, 258))]
    ),
    st.sampled_from([0.0, 0.25, 1.0, 4.0, 200.0, -1.0]),
    st.just(Action.CUFF_ABORT),
)


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(STEPS, max_size=60))
def test_nothing_starts_the_cuff_but_a_person(steps):
    bench, everything = Bench(), []
    for step in steps:
        if isinstance(step, bytes):
            everything += bench.hear(step)
        elif isinstance(step, float):
            bench.at = bench.at.plus(step)
            everything += bench.driver.tick(bench.at)
        else:
            everything += bench.act(step)
    assert START_ADULT not in sent(everything)
    assert all(data in SPEC.allow_list for data in sent(everything))


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(st.one_of(STEPS, st.just(Action.CUFF_START)), max_size=60))
def test_one_start_for_each_time_a_person_asks(steps):
    bench = Bench()
    for step in steps:
        if isinstance(step, bytes):
            assert sent(bench.hear(step)) == []
        elif isinstance(step, float):
            bench.at = bench.at.plus(step)
            assert START_ADULT not in sent(bench.driver.tick(bench.at))
        else:
            outputs = bench.act(step)
            assert sent(outputs).count(START_ADULT) <= (step is Action.CUFF_START)
            assert len(sent(outputs)) + len(texts(outputs)) >= 1


def test_a_start_is_in_no_allow_list():
    assert START_ADULT not in SPEC.allow_list
    assert ABORT in SPEC.allow_list
    assert SPEC.actions[Action.CUFF_START].exact == {START_ADULT}
    assert SPEC.actions[Action.CUFF_ABORT].exact == {ABORT}


def test_only_a_person_begins_a_measurement_in_the_table():
    assert [p for p, row in TRANSITIONS.items() if Phase.STARTING in row.values()] == [Phase.IDLE]
    assert [event for row in TRANSITIONS.values() for event, to in row.items() if to is Phase.STARTING] == ["start"]


def truth(**pressures):
    values = dict(zip(CUFF, (pressures or {"s": 130, "d": 80, "m": 97}).values(), strict=True))
    return Truth(wall=START.wall, values={**values, Parameter.PR: 70})


def test_the_simulated_module():
    device = SPEC.simulate()
    assert device.receive(START_ADULT[:2]) + device.receive(START_ADULT[2:]) == reply(b"O")
    assert device.receive(START_ADULT) == reply(b"B")
    said = b"".join(device.advance(truth()) for _ in range(30))
    assert said == reply(b"K")
    assert told(SunTechNibp().feed(device.receive(RESULT), START))[0] == (130.0, "valid", True)
    device.receive(START_ADULT)
    assert device.receive(ABORT) == reply(b"A")
    assert [device.advance(truth()) for _ in range(30)] == [b""] * 30


def test_a_simulated_module_without_a_pulse_says_so():
    device = SPEC.simulate()
    device.receive(START_ADULT)
    for _ in range(30):
        device.advance(Truth(wall=START.wall))
    bench = Bench()
    bench.hear(GOOD)
    assert texts(bench.hear(device.receive(RESULT))) == ["no cuff pressure: the signal is too weak"]


def test_a_result_read_too_early_is_still_new_when_the_cuff_is_done():
    bench = Bench().measuring()
    bench.hear(OTHER)
    bench.wait(8, {PRESSURE: pressure(1)})
    assert told(bench.hear(OTHER))[0] == (125.0, "valid", False)


def test_a_cuff_that_is_slow_to_inflate_is_not_taken_for_done():
    bench = Bench()
    bench.wait(6, {RESULT: GOOD, PRESSURE: pressure(0)})
    bench.act(Action.CUFF_START)
    bench.hear(reply(b"O"))
    assert texts(bench.wait(8, {PRESSURE: pressure(3)})) == []
    bench.hear(reply(b"K"))
    assert told(bench.hear(GOOD)) == NEW


def test_an_empty_cuff_counts_from_the_stop_on():
    bench = Bench().measuring()
    bench.wait(4, {PRESSURE: pressure(3)})
    bench.act(Action.CUFF_ABORT)
    assert texts(bench.wait(3, {PRESSURE: pressure(3)})) == []


def test_the_limit_is_the_documented_one():
    assert LIMIT_S == 180
