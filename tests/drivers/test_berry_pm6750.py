"""The Berry board: frames of its manual, states before numbers, the cuff's newness, and that it only reports."""

import re
from datetime import UTC, datetime

import pytest
from drivers.hand import only
from rows import each_row

from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Sampled, Send, Truth
from ketamon_drivers import berry_pm6750
from ketamon_drivers.berry_pm6750 import CUFF_STATES, ENABLE, RHYTHMS, SOFTWARE, SPEC, BerryPm6750, frame

BEGIN = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))


def decode(*frames):
    driver = BerryPm6750()
    return list(driver.feed(b"".join(frames), BEGIN)) + list(driver.flush(BEGIN))


def told(*frames):
    return [
        (f"{o.reading.parameter}{o.reading.site}", o.reading.value, o.reading.quality.value)
        for o in only(Measured, decode(*frames))
    ]


def texts(*frames):
    return [notice.text for notice in only(DeviceNotice, decode(*frames))]


@pytest.mark.parametrize(
    ("made", "raw"),
    [(frame(0xFE, 1), "55 AA 04 FE 01 FC"), (SOFTWARE, "55 AA 04 FC 00 FF"),
     (frame(1, *[0x80] * 7), "55 AA 0A 01 80 80 80 80 80 80 80 74")],
)  # fmt: skip
def test_published_frames(made, raw):
    assert made == bytes.fromhex(raw)


def test_the_frames_that_the_module_explains():
    examples = re.findall(r"55 AA(?: [0-9A-F]{2})+(?=   )", berry_pm6750.__doc__)
    assert [o.name for o in decode(*map(bytes.fromhex, examples)) if isinstance(o, Accepted)] == [
        "ECG", "cuff", "SpO2", "temperature",
    ]  # fmt: skip


@each_row(
    ("data", "expected"),
    [
        ((2, 0x18, 71, 14, 0, 1), [("hr", 71, "valid"), ("rr", 14, "valid")]),
        ((2, 0x18, 71, 14), [("hr", 71, "valid"), ("rr", 14, "valid")]),
        ((2, 0x19, 71, 14, 0, 1), [("hr", 71, "questionable"), ("rr", 14, "questionable")]),
        ((2, 0x1A, 71, 14, 0, 1), [("hr", None, "missing"), ("rr", None, "missing")]),
        ((2, 0x18, 251, 0, 0, 1), [("hr", None, "invalid"), ("rr", None, "missing")]),
        ((4, 0, 98, 72), [("spo2", 98, "valid"), ("pr", 72, "valid")]),
        ((4, 0, 127, 72), [("spo2", None, "invalid"), ("pr", 72, "valid")]),
        ((4, 0, 98, 255), [("spo2", 98, "valid"), ("pr", None, "invalid")]),
        ((4, 1, 98, 72), [("spo2", None, "missing"), ("pr", None, "missing")]),
        ((4, 2, 98, 72), [("spo2", None, "missing"), ("pr", None, "missing")]),
        ((4, 3, 98, 72), [("spo2", 98, "questionable"), ("pr", 72, "questionable")]),
        ((4, 9, 98, 72), [("spo2", 98, "questionable"), ("pr", 72, "questionable")]),
        ((4, 0, 0, 0), [("spo2", None, "missing"), ("pr", None, "missing")]),
        ((5, 0, 36, 6), [("tempT1", 36.6, "valid")]),
        ((5, 2, 36, 6, 0, 0), [("tempT1", 36.6, "valid"), ("tempT2", None, "missing")]),
        ((5, 1, 36, 6, 37, 1), [("tempT1", None, "missing"), ("tempT2", 37.1, "valid")]),
        ((5, 0, 36, 10), [("tempT1", None, "invalid")]),
        ((5, 0, 50, 1), [("tempT1", None, "invalid")]),
    ],
)
def test_numbers(data, expected):
    assert told(frame(*data)) == expected


def cuff(state, sys=120, mean=93, dia=80):
    return frame(3, state << 2, 30, sys, mean, dia)


def pressures(*frames):
    return [(o.reading.value, o.reading.quality.value, o.reading.repeated) for o in only(Measured, decode(*frames))]


NEW, OLD = ([(v, "valid", again) for v in (120.0, 80.0, 93.0)] for again in (False, True))


def test_a_cuff_result_is_new_when_the_measuring_ends_or_the_numbers_change():
    assert pressures(cuff(0)) == OLD
    assert pressures(cuff(0), cuff(1), cuff(0), cuff(0))[6:] == NEW + OLD
    assert pressures(cuff(0, 130), cuff(0), cuff(0))[3:] == NEW + OLD
    assert pressures(cuff(1), cuff(0))[:3] == [(None, "ongoing", False)] * 3
    assert pressures(cuff(0), cuff(1), cuff(4), cuff(0))[9:] == OLD, "it failed, these are the old ones"
    assert pressures(cuff(0), cuff(4, 0, 0, 0), cuff(0))[6:] == OLD, "numbers of a failure are none"


@each_row("state", [state for state in CUFF_STATES if state != 1] + [11, 15])
def test_a_cuff_that_measured_nothing_has_no_numbers(state):
    assert pressures(cuff(state)) == [(None, "invalid", False)] * 3
    assert texts(cuff(state), cuff(state)) == [CUFF_STATES.get(state, f"cuff state {state}")]


@pytest.mark.parametrize(
    ("numbers", "quality"),
    [((0, 0, 0), "missing"), ((80, 93, 120), "invalid"), ((120, 80, 93), "invalid"), ((120, 93, 0), "invalid")],
)
def test_pressures_in_the_wrong_order_are_none(numbers, quality):
    assert pressures(cuff(0, *numbers)) == [(None, quality, False)] * 3


@each_row(
    ("code", "expected"),
    [(0, []), (1, []), *((c, [a]) for c, a in RHYTHMS.items()), (99, [("unknown rhythm", "high")])],
)
def test_rhythms(code, expected):
    alarms = only(DeviceAlarms, decode(frame(2, 0x18, 71, 14, 0, code)))[0].alarms
    assert [(alarm.text, alarm.priority) for alarm in alarms] == expected
    assert only(DeviceAlarms, decode(frame(2, 0x1A, 71, 14, 0, code)))[0].alarms == (), "a lead is off"


def test_curves():
    (block,) = (o.block for o in only(Sampled, decode(*(frame(1, 9, n, 9, 9, 9, 9, 9) for n in range(25)))))
    assert (block.signal, block.rate_hz, block.samples, block.site) == (Signal.ECG, 250, tuple(range(25)), "II")
    (block,) = (o.block for o in only(Sampled, decode(*(frame(0xFE, n) for n in (1, 2, 255, 4, 5)))))
    assert (block.signal, block.rate_hz, block.samples) == (Signal.PLETH, 50, (1, 2, None, 4, 5))
    off = frame(2, 0x1A, 0, 0, 0, 0)
    (block,) = (o.block for o in only(Sampled, decode(off, *(frame(0xFF, n) for n in range(5)))))
    assert block.samples == (None,) * 5
    (block,) = (o.block for o in only(Sampled, decode(off, *(frame(0xFE, n) for n in range(5)))))
    assert block.samples == (0, 1, 2, 3, 4), "a finger needs no leads"
    assert only(Sampled, decode(frame(0xFE, 1), b"\0", *[frame(0xFE, 1)] * 4)) == [], "a gap"


def test_notices_come_once():
    assert texts(frame(4, 2, 127, 255), frame(4, 2, 127, 255), frame(4, 0, 98, 70)) == ["no finger", "SpO2 in order"]
    assert texts(frame(2, 2, 0, 0), frame(2, 0, 70, 12)) == ["lead off", "leads on"]
    assert texts(frame(0xFC, *b"V1.2")) == ["version V1.2"]
    assert texts(frame(4, 0, 98, 70), frame(2, 0, 70, 12), cuff(0)) == []


def test_messages_that_say_nothing_are_still_messages():
    outputs = decode(frame(0x30), frame(0x30, 0), frame(0x31), frame(0x77, 1, 2, 3))
    assert [o.name for o in outputs] == ["beat", "beat", "beat", "type 77"]


@pytest.mark.parametrize(
    "raw",
    [frame(4, 0, 98), frame(3, 0, 0, 120, 93), frame(1, 0), frame(4, 0, 98, 72)[:-1] + b"\0", b"\x55\xaa\x02\xfd"],
)
def test_what_is_no_frame(raw):
    outputs = decode(raw)
    assert only(Garbage, outputs) == outputs != []


def sent(driver, at):
    return [send.data for send in driver.tick(at)]


def test_each_stream_is_ordered_and_again_where_it_does_not_come():
    driver, everything = BerryPm6750(), []
    for n in range(8):
        now = sent(driver, BEGIN.plus(n / 4))
        assert len(now) <= 1
        everything += now
    assert everything == [SOFTWARE, *ENABLE.values()]
    for n in range(8, 40):
        at = BEGIN.plus(n / 4)
        list(driver.feed(frame(2, 0, 70, 12) + frame(5, 0, 36, 6) + frame(0xFE, 1) + frame(0xFF, 1), at))
        everything += sent(driver, at)
    assert set(everything[6:]) == {frame(0x03, 1)}, "only SpO2 did not come"


def test_the_simulated_board():
    driver, device = SPEC.make(), SPEC.simulate()
    truth = Truth(wall=BEGIN.wall, values={Parameter.SPO2: 96.0, Parameter.PR: 70.0})
    assert len(device.advance(truth)) == len(cuff(0)), "nothing but the cuff without an order"
    for n in range(8):
        for send in only(Send, driver.tick(BEGIN.plus(n / 4))):
            list(driver.feed(device.receive(send.data), BEGIN))
    outputs = list(driver.feed(device.advance(truth), BEGIN))
    assert {str(o.reading.parameter): o.reading.value for o in only(Measured, outputs) if o.reading.value} == {
        "spo2": 96, "pr": 70,
    }  # fmt: skip
