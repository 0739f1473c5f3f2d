"""Every built-in driver keeps every promise of `ketamon.driver`."""

from dataclasses import replace
from datetime import timedelta

import pytest
from drivers.contract import (
    START,
    Case,
    check_accounting,
    check_bound,
    check_chunks,
    check_linear,
    check_resync,
    cut,
    frames_of,
    run,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon_drivers import alaris_gh, ge_dri, masimo_ascii1

VALUES = {
    Parameter.HR: 71, Parameter.RR: 14, Parameter.NIBP_SYS: 126, Parameter.NIBP_DIA: 125, Parameter.NIBP_MAP: 90,
    Parameter.TEMP: 36.6, Parameter.SPO2: 93, Parameter.PR: 72, Parameter.ETCO2: 37.3, Parameter.FICO2: 0.4,
    Parameter.PI: 3.25,
}  # fmt: skip
PUMP = PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=3.125, pressure=-17.5, time_remaining=1449)


def truths():
    """A minute of a patient; the values walk, so that the bytes that need escaping come up too."""
    for second in range(60):
        values = {p: v + second % 7 if v > 20 else v for p, v in VALUES.items()}
        yield Truth(
            wall=START.wall + timedelta(seconds=second), values=values, cuff_age_s=second, cuff_measuring=second > 50,
            pump=replace(PUMP, volume_infused=3.125 + second / 100),
        )  # fmt: skip


def simulated(spec, request=b""):
    device = spec.simulate()
    if request:
        device.receive(request)
    return [device.advance(truth) for truth in truths()]


def pump_answers():
    device = alaris_gh.SPEC.simulate()
    for truth in truths():
        device.advance(truth)
        for question in alaris_gh.REQUESTS.values():
            yield device.receive(question)


CASES = [
    Case(ge_dri.SPEC, tuple(simulated(ge_dri.SPEC, ge_dri.REQUEST)), 0x7D),
    Case(masimo_ascii1.SPEC, tuple(line[:-1] for line in simulated(masimo_ascii1.SPEC)), 0xF7),
    Case(alaris_gh.SPEC, tuple(pump_answers()), 0x07),
]
every_driver = pytest.mark.parametrize("case", CASES, ids=str)
SIZES = st.lists(st.integers(1, 400), min_size=1, max_size=6)
NOISE = st.one_of(
    st.binary(max_size=700),
    st.text("!~}|^\r\n\x1b\0 :/0123456789=SNINF", max_size=700).map(str.encode),
)


@st.composite
def streams(draw, case):
    """Frames, damaged frames and noise in any order."""
    parts = []
    for _ in range(draw(st.integers(1, 6))):
        frame = draw(st.sampled_from(case.frames))
        kind = draw(st.sampled_from(("whole", "flipped", "cut", "doubled", "noise")))
        at = draw(st.integers(0, len(frame) - 1))
        parts.append({
            "whole": frame,
            "flipped": frame[:at] + bytes([frame[at] ^ draw(st.integers(1, 255))]) + frame[at + 1 :],
            "cut": frame[:at] + frame[at + draw(st.integers(1, 40)) :],
            "doubled": frame[:at] + frame[at : at + 9] + frame[at:],
            "noise": draw(NOISE),
        }[kind])  # fmt: skip
    return b"".join(parts)


@every_driver
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_byte_is_accounted_for_however_the_stream_is_cut(case, data):
    check_chunks(case.spec, data.draw(streams(case)), data.draw(SIZES))


@every_driver
@settings(max_examples=40, deadline=None)
@given(noise=NOISE, sizes=SIZES)
def test_noise_alone_is_garbage_and_nothing_fails(case, noise, sizes):
    check_chunks(case.spec, noise, sizes)
    assert not any(isinstance(o, Measured | PumpTelemetry | DeviceAlarms) for o in run(case.spec.make(), [noise]))


@every_driver
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_more_is_held_back_than_declared(case, data):
    check_bound(case.spec, data.draw(streams(case)) + data.draw(st.binary(max_size=9)) * 700, data.draw(SIZES))


@every_driver
@settings(max_examples=60, deadline=None)
@given(data=st.data(), noise=NOISE)
def test_a_whole_frame_right_behind_noise_is_found(case, data, noise):
    check_resync(case.spec, noise, data.draw(st.sampled_from(case.frames)))
    check_resync(case.spec, data.draw(streams(case)), data.draw(st.sampled_from(case.frames)))


@every_driver
@pytest.mark.parametrize("length", [*range(250, 262), *range(505, 518), *range(1020, 1028), *range(2975, 2995)])
def test_a_frame_behind_any_length_of_noise_is_found(case, length):
    check_resync(case.spec, bytes([case.foreign]) * length, case.frames[0])
    check_resync(case.spec, case.frames[0] + bytes([case.foreign]) * length, case.frames[1])


@every_driver
def test_a_healthy_stream_has_no_garbage(case):
    data = b"".join(case.frames)
    outputs = run(case.spec.make(), [data])
    assert [o for o in outputs if isinstance(o, Garbage)] == []
    assert sum(isinstance(o, Accepted) for o in outputs) == len(case.frames)


@every_driver
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_frame_gives_nothing_and_its_neighbours_all(case, data):
    first, second, third = (data.draw(st.sampled_from(case.frames)) for _ in range(3))
    at = data.draw(st.integers(0, len(second) - 1))
    damage = bytes([case.foreign])
    if second[at : at + 1] == damage:
        damage = b"\0"
    damaged = second[:at] + damage + second[at + 1 :]
    outputs = run(case.spec.make(), [first + damaged + third])
    check_accounting(outputs, first + damaged + third)
    found = frames_of(outputs)
    within = [offset for offset in found if len(first) <= offset < len(first) + len(second)]
    assert within == []
    assert len(found) == 2
    assert max(found) == len(first) + len(second)


@every_driver
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_lost_byte_changes_no_value(case, data):
    frame = data.draw(st.sampled_from(case.frames))
    at = data.draw(st.integers(0, len(frame) - 1))
    truth = frames_of(run(case.spec.make(), [frame]))[0]
    for outputs in frames_of(run(case.spec.make(), [frame[:at] + frame[at + 1 :]])).values():
        said = [getattr(o, "reading", None) or getattr(o, "status", None) for o in outputs]
        assert said == [getattr(o, "reading", None) or getattr(o, "status", None) for o in truth]


@every_driver
def test_a_truncated_frame_gives_nothing(case):
    frame = max(case.frames[:10], key=len)
    for end in range(len(frame)):
        outputs = run(case.spec.make(), [frame[:end]])
        check_accounting(outputs, frame[:end])
        assert not frames_of(outputs)


WORST = {
    "flags": b"~",
    "starts": b"!",
    "ends": b"\r",
    "abandoned": b"\x1b",
    "nothing": b"\0",
    "text": b"x",
    "escapes": b"}^",
    "empty frames": b"!|FFFF\r",
    "frames of one byte": b"~x",
    "dates": b"02/22/16 22:47:45 SN=",
    "bars": b"!|^",
}


@every_driver
@pytest.mark.parametrize("worst", WORST)
@pytest.mark.parametrize("size", [7, 100_000])
def test_time_is_linear_on_the_worst_input(case, worst, size):
    check_linear(case.spec, (WORST[worst] * 24_000)[:24_000], size)


@every_driver
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nothing_but_the_allow_list_is_ever_sent(case, data):
    driver, clock = case.spec.make(), START
    for _ in range(data.draw(st.integers(1, 40))):
        clock = clock.plus(data.draw(st.sampled_from((-1.0, 0.0, 0.25, 1.0, 30.0))))
        stream = data.draw(st.one_of(NOISE, st.sampled_from(case.frames)))
        step = data.draw(st.sampled_from((driver.tick, lambda at, s=stream: driver.feed(s, at), driver.flush)))
        sent = [output.data for output in step(clock) if isinstance(output, Send)]
        assert all(data in case.spec.allow_list for data in sent)


@every_driver
def test_the_polls_depend_on_the_clock_only(case):
    def polls():
        driver = case.spec.make()
        return [list(driver.tick(START.plus(n / 4))) for n in range(200)]

    assert polls() == polls()


@every_driver
def test_a_driver_says_only_what_it_declares(case):
    outputs = run(case.spec.make(), cut(b"".join(case.frames), [100]))
    parameters = {o.reading.parameter for o in outputs if isinstance(o, Measured)}
    assert parameters == set(case.spec.parameters)
