"""Capnostream: published commands and stuffing, the conversation, units, statuses, alarms, and messages out of line."""

from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Sampled, Send, Truth
from ketamon_drivers.capnostream20 import SPEC, frames
from ketamon_drivers.capnostream20.frames import ENABLE, LINK_ACTIVE, SILENCE_S, STEPS, Heard, Step, frame, opened, size
from ketamon_drivers.capnostream20.numbers import LAYOUT

ID = b"V45.67 02/24/2008 B355987654  "
LIMITS = bytes([60, 15, 30, 5, 8, 100, 85, 140, 50])
GOOD = bytes([37, 1, 14, 97, 72])


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message of numbers, by its fields."""

    time: int = 1_795_248_000
    values: bytes = GOOD
    slow: int = 0
    co2: int = 0
    spo2: int = 0
    limits: bytes = LIMITS
    unit: int = 1
    extended: int = 0

    def __bytes__(self):
        return frame(1, LAYOUT.pack(self.time, self.values, self.slow, bytes(3), self.co2, self.spo2, 0, self.limits,
                                    self.unit, self.extended))  # fmt: skip


def sample(number=0, co2=0.0, fast=0):
    return frame(0, bytes([number, *divmod(round(co2 * 256), 256), fast]))


def decode(*messages):
    return run(SPEC.make(), [b"".join(map(bytes, messages))])


def twice(fast=0, **fields):
    """A message behind one that makes it believed."""
    said = Said(**fields)
    return decode(sample(fast=fast), sample(fast=fast), said, replace(said, time=said.time + 1))


def told(outputs):
    """(value, quality) of the last five readings."""
    return [(o.reading.value, o.reading.quality.value) for o in only(Measured, outputs)[-5:]]


def values(outputs):
    """The values of every message of numbers."""
    found = [o.reading.value for o in only(Measured, outputs)]
    return [tuple(found[n : n + 5]) for n in range(0, len(found), 5)]


def vectors(captures):
    lines = (captures / "capnostream20" / "capnostream_vectors.hex").read_text("ascii").splitlines()
    return dict(line.split(None, 1) for line in lines if not line.startswith("#"))


# frames


def test_published_commands(captures):
    found = {name: bytes.fromhex(data) for name, data in vectors(captures).items() if name.startswith("host_")}
    assert found == {
        "host_enable_comm": ENABLE, "host_disable_comm": frames.DISABLE, "host_start_realtime": frames.START,
        "host_stop_realtime": frames.STOP, "host_link_active": LINK_ACTIVE,
    }  # fmt: skip
    assert SPEC.allow_list.exact == {ENABLE, frames.START, LINK_ACTIVE}
    assert not SPEC.allow_list.templates


def test_published_stuffing(captures):
    wire = bytes.fromhex(vectors(captures)["stuff_wire"])
    assert wire[:1] == wire[-1:] == b"\x85"
    plain = bytes([0x44, 0x85, 0x55, 0x80, 0x00, 0x77])
    assert frames.unstuffed(wire[1:-1]) == plain
    assert wire[1:-1] in frame(0x12, plain)


def test_the_published_identity(captures):
    text = vectors(captures)["device_id_text"].strip('"').encode()
    wire = frame(4, text)
    assert text == ID
    assert (len(wire), wire[:3]) == (34, b"\x85\x1f\x04")
    outputs = decode(wire)
    assert outputs == [
        Accepted(0, 34, "device id"),
        DeviceNotice(0, "software 45.67 of 02/24/2008, serial number B355987654"),
    ]
    assert decode(frame(4, b"V01.02            B212345678  "))[1].text == "software 01.02, serial number B212345678"


STUFFED = st.lists(st.sampled_from((0x80, 0x85, 0, 5)), max_size=254).map(bytes)


@settings(max_examples=150, deadline=None)
@given(code=st.integers(0, 255), data=st.one_of(st.binary(max_size=254), STUFFED))
def test_every_frame_is_as_long_as_it_says_and_opens_again(code, data):
    wire = frame(code, data)
    assert b"\x85" not in wire[1:]
    assert size(wire) == len(wire)
    assert size(wire + b"\x85\x80") == len(wire)
    assert opened(wire) == bytes([code]) + data
    assert all(size(wire[:n]) is None for n in range(1, len(wire)))


@pytest.mark.parametrize(
    "broken", [b"\x85\x01\x85", b"\x85\x80\x01", b"\x85\x80\x85", b"\x85\x05\x80\x07", b"\x85\x85"]
)
def test_an_impossible_byte_ends_the_hope_for_a_frame(broken):
    assert size(broken) == 0


BAD = [
    ENABLE, frames.START, frame(99, b"x"), frame(1, bytes(26)), frame(1, bytes(28)), frame(4, ID[:-1]),
    frame(0, bytes(3)),
    frame(4, ID)[:-1] + b"\x00", bytes(Said())[:-2], b"\x85\x00\x00", bytes(Said(limits=b"\x0f\x3c" + LIMITS[2:])),
    bytes(Said(limits=LIMITS[:5] + b"\x55\x64" + LIMITS[7:])), frame(1, b"\0" + LAYOUT.pack(
        9, GOOD, 0, bytes(3), 0, 0, 0, LIMITS, 1, 0)[:-1]),
]  # fmt: skip


@each_row("wire", BAD)
def test_a_message_that_is_none_gives_nothing_and_costs_no_neighbour(wire):
    assert [type(o) for o in decode(wire)] == [Garbage]
    after = only(Measured, decode(Said(), wire, Said()))
    assert [o.reading.value for o in after[5:]] == [37.0, 1.0, 14.0, 97.0, 72.0]


@each_row(
    ("code", "length", "name"),
    [(2, 29, "patient id"), (12, 53, "patient id"), (21, 13, "event"), (22, 24, "event"), (55, 12, "trend"),
     (57, 29, "patient of a trend"), (3, 2, "number")],
)  # fmt: skip
def test_who_the_patient_is_and_what_was_before_is_never_told(code, length, name):
    wire = frame(code, b"DOE, JOHN".ljust(length - 1)[: length - 1])
    assert decode(wire) == [Accepted(0, len(wire), name)]


def test_any_chunks():
    check_chunks(
        SPEC, b"".join(map(bytes, (frame(4, ID), sample(1, 30.5), Said(), b"\x85noise", sample(2), Said()))), [7, 2]
    )


# numbers


def test_numbers():
    outputs = twice()
    assert told(outputs) == [(37.0, "valid"), (1.0, "valid"), (14.0, "valid"), (97.0, "valid"), (72.0, "valid")]
    assert [o.reading.parameter for o in only(Measured, outputs)[-5:]] == list(SPEC.parameters)
    assert [o.alarms for o in only(DeviceAlarms, outputs)] == [()]


VALUES = [
    (bytes([255] * 5), [(None, "missing")] * 5),
    (bytes([0, 0, 0, 0, 0]), [(0.0, "valid")] * 3 + [(None, "missing")] * 2),
    (bytes([151, 1, 201, 101, 251]), [(None, "invalid"), (1.0, "valid"), *[(None, "invalid")] * 3]),
    (bytes([150, 150, 200, 100, 250]), [(v, "valid") for v in (150.0, 150.0, 200.0, 100.0, 250.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), VALUES)
def test_no_value_and_impossible_ones(raw, expected):
    assert told(twice(values=raw)) == expected


@pytest.mark.parametrize(
    ("unit", "co2", "wave", "notice"),
    [
        (1, [37.0, 1.0], 30.5, []),
        (2, [27.8, 0.8], round(30.5 * 0.750062, 3), ["CO2 in kPa"]),
        (3, [None, None], None, ["CO2 in Vol%, CO2 has no value: set the monitor's unit to mmHg or kPa"]),
        (7, [None, None], None, ["CO2 in unit 7, CO2 has no value: set the monitor's unit to mmHg or kPa"]),
    ],
)
def test_units(unit, co2, wave, notice):
    outputs = decode(Said(unit=unit), Said(unit=unit), *(sample(n, 30.5) for n in range(10)), Said(unit=unit))
    assert [value for value, _ in told(outputs)] == [*co2, 14.0, 97.0, 72.0]
    (block,) = [o.block for o in only(Sampled, outputs)]
    assert (block.signal, block.rate_hz, block.unit) == (Signal.CO2, 20.0, Unit.MMHG)
    assert [s if s is None else round(s, 3) for s in block.samples] == [wave] * 10
    assert [o.text for o in only(DeviceNotice, outputs)] == notice


def test_samples_keep_their_unit_until_another_one_is_believed():
    def first(*units):
        outputs = decode(*(Said(unit=unit) for unit in units), *(sample(n, 10) for n in range(10)))
        return only(Sampled, outputs)[0].block.samples[0]

    assert first(1, 1, 2) == 10.0
    assert round(first(1, 1, 2, 2), 3) == 7.501
    assert first(1) is None, "before anything is believed there is no unit"


def test_one_kilopascal_is_7_50062_mmhg():
    assert told(twice(unit=2, values=bytes([10, 255, 14, 97, 72])))[0] == (7.5, "valid")
    assert told(twice(unit=2, values=bytes([100, 255, 14, 97, 72])))[0] == (75.0, "valid")


FAST = [
    (0x00, "valid", 37.0, [], []), (0x08, "valid", 37.0, [], []),
    (0x01, "questionable", 37.0, [], ["CO2 value invalid"]), (0x02, "calibrating", 37.0, [], ["CO2 initializing"]),
    (0x04, "invalid", None, ["sampling line occluded"], []), (0x10, "calibrating", 37.0, [], ["CO2 self-maintenance"]),
    (0x20, "questionable", 37.0, [], ["sampling line is purged"]),
    (0x40, "invalid", None, ["sampling line not connected"], []), (0x80, "invalid", None, ["CO2 malfunction"], []),
    (0x21, "questionable", 37.0, [], ["CO2 value invalid, sampling line is purged"]),
    (0x12, "calibrating", 37.0, [], ["CO2 initializing, CO2 self-maintenance"]),
    (0x42, "invalid", None, ["sampling line not connected"], ["CO2 initializing"]),
    (0xC8, "invalid", None, ["sampling line not connected", "CO2 malfunction"], []),
]  # fmt: skip


@each_row(("fast", "quality", "co2", "alarms", "notices"), FAST)
def test_the_status_of_the_samples_says_what_co2_is_worth(fast, quality, co2, alarms, notices):
    outputs = twice(fast)
    assert told(outputs)[0] == (co2, quality)
    assert {q for _, q in told(outputs)[:3]} == {quality}
    assert {q for _, q in told(outputs)[3:]} == {"valid"}, "oximetry has nothing to do with it"
    assert [alarm.text for alarm in only(DeviceAlarms, outputs)[-1].alarms] == alarms
    assert [o.text for o in only(DeviceNotice, outputs)] == notices
    clear = only(Sampled, decode(Said(), Said(), *(sample(n, 30, fast) for n in range(10))))[0].block.samples
    assert (clear[0] is not None) is (fast in (0, 8))


def test_a_status_in_one_sample_only_says_nothing_of_the_numbers():
    outputs = decode(Said(), sample(0), sample(1, fast=0x80), Said())
    assert told(outputs)[0] == (37.0, "valid")
    assert not any(o.alarms for o in only(DeviceAlarms, outputs))


ALARMS = [
    ({}, []),
    ({"co2": 0x01}, [("CO2 01", "no breath", "high")]), ({"co2": 0x02}, [("CO2 02", "EtCO2 high", "medium")]),
    ({"co2": 0x04}, [("CO2 04", "EtCO2 low", "medium")]),
    ({"co2": 0x08}, [("CO2 08", "respiratory rate high", "medium")]),
    ({"co2": 0x10}, [("CO2 10", "respiratory rate low", "high")]),
    ({"co2": 0x20}, [("CO2 20", "FiCO2 high", "medium")]),
    ({"co2": 0xC0}, [("CO2 40", "unknown alarm", "high"), ("CO2 80", "unknown alarm", "high")]),
    ({"spo2": 0x01}, [("SpO2 01", "pulse not found", "high")]), ({"spo2": 0x02}, [("SpO2 02", "SpO2 high", "medium")]),
    ({"spo2": 0x04}, [("SpO2 04", "SpO2 low", "high")]), ({"spo2": 0x08}, [("SpO2 08", "pulse rate high", "medium")]),
    ({"spo2": 0x10}, [("SpO2 10", "pulse rate low", "medium")]),
    ({"spo2": 0x20}, [("SpO2 20", "SpO2 sensor off the patient", "medium")]),
    ({"spo2": 0x40}, [("SpO2 40", "SpO2 sensor disconnected", "medium")]),
    ({"spo2": 0x80}, [("SpO2 80", "unknown alarm", "high")]),
    ({"extended": 0x01}, [("extended 01", "check the CO2 calibration", "low")]),
    ({"extended": 0x02}, [("extended 02", "check the CO2 flow", "low")]),
    ({"extended": 0x04}, [("extended 04", "CO2 pump off", "medium")]),
    ({"extended": 0x80}, [("extended 80", "battery low", "low")]),
    ({"extended": 0x08}, [("extended 08", "unknown alarm", "high")]),
    ({"slow": 0x08}, [("slow 08", "a high-priority alarm sounds", "high")]),
    ({"slow": 0x08, "spo2": 0x04}, [("SpO2 04", "SpO2 low", "high")]),
    ({"slow": 0x08, "co2": 0x02}, [("CO2 02", "EtCO2 high", "medium")]),
    ({"slow": 0x08, "extended": 0x80},
     [("extended 80", "battery low", "low"), ("slow 08", "a high-priority alarm sounds", "high")]),
    ({"slow": 0x10, "extended": 0x80}, [("extended 80", "battery low", "low")]),
    ({"slow": 0x20}, [("slow 20", "an advisory sounds", "low")]), ({"slow": 0xC7}, []),
]  # fmt: skip


@each_row(("fields", "expected"), ALARMS)
def test_alarms(fields, expected):
    alarms = only(DeviceAlarms, twice(**fields))[-1].alarms
    assert [(alarm.code, alarm.text, alarm.priority.value) for alarm in alarms] == expected
    assert all(alarm.priority is Priority.HIGH for alarm in alarms if alarm.text == "unknown alarm")


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x40])
def test_without_a_sensor_a_number_of_it_is_none(bit):
    assert told(twice(spo2=bit)) == [(37.0, "valid"), (1.0, "valid"), (14.0, "valid"), *[(None, "invalid")] * 2]


@pytest.mark.parametrize(
    ("bit", "quality"), [(0x01, "valid"), (0x02, "questionable"), (0x04, "invalid"), (0x80, "valid")]
)
def test_the_extended_status_says_what_co2_is_worth_too(bit, quality):
    assert {q for _, q in told(twice(extended=bit))[:3]} == {quality}


def test_notices_come_with_changes_only():
    slow = [0, 0x02, 0x02, 0x04, 0x01, 0, 0x40]
    said = decode(*(Said(slow=bits) for bits in slow))
    assert [o.text for o in only(DeviceNotice, said)] == [
        "alarms silenced for a while", "all alarms silenced", "set for neonates", "no status any more"
    ]  # fmt: skip


# what follows from what

NEVER = (None,) * 5
TRUE = (37.0, 1.0, 14.0, 97.0, 72.0)
OTHERS = [
    {"limits": b"\x3d" + LIMITS[1:]}, {"unit": 2}, {"extended": 0x10}, {"time": 1_795_248_006}, {"time": 1_795_247_999},
    {"values": bytes([63, 1, 14, 97, 72])}, {"values": bytes([37, 10, 14, 97, 72])},
    {"values": bytes([37, 14, 1, 97, 72])},
    {"values": bytes([37, 1, 35, 97, 72])}, {"values": bytes([37, 1, 97, 14, 72])},
    {"values": bytes([37, 1, 14, 72, 97])},
    {"values": bytes([37, 1, 14, 86, 72])}, {"values": bytes([37, 1, 14, 97, 0])},
]  # fmt: skip


@each_row("fields", OTHERS)
def test_what_does_not_follow_has_no_value_until_it_is_told_twice(fields):
    other = Said(**fields)
    outputs = values(decode(Said(), Said(), other, Said()))
    assert outputs == [NEVER, TRUE, NEVER, TRUE]
    assert values(decode(Said(), Said(), other, replace(other, time=other.time + 1)))[3] != NEVER


def test_a_gap_of_the_monitors_clock_costs_a_second():
    times = [0, 1, 2, 5, 10, 11, 17, 18]
    assert [v == TRUE for v in values(decode(*(Said(time=t) for t in times)))] == [
        False, True, True, True, True, True, False, True
    ]  # fmt: skip


def test_a_small_change_and_a_sensor_that_comes_or_goes_are_believed_at_once():
    messages = [GOOD, GOOD, bytes([62, 9, 34, 87, 102]), bytes([255] * 5), bytes([10, 1, 14, 97, 72])]
    found = values(decode(*(Said(values=m) for m in messages)))
    assert found == [NEVER, TRUE, (62.0, 9.0, 34.0, 87.0, 102.0), NEVER, (10.0, 1.0, 14.0, 97.0, 72.0)]


def test_an_apnea_is_told_a_second_later_with_its_alarm():
    breath, none = Said(values=bytes([37, 1, 21, 97, 72])), Said(values=bytes([0, 0, 0, 97, 72]), co2=0x01, slow=0x08)
    outputs = decode(breath, breath, none, none)
    assert values(outputs)[2:] == [NEVER, (0.0, 0.0, 0.0, 97.0, 72.0)]
    assert [[a.text for a in o.alarms] for o in only(DeviceAlarms, outputs)] == [[], ["no breath"]]


def test_alarms_told_twice_are_told_however_the_numbers_jump():
    jumping = [Said(values=bytes([37, 1, 14, 97, rate]), spo2=0x10) for rate in (30, 200, 120, 240)]
    outputs = decode(Said(), Said(), *jumping)
    assert [[a.text for a in o.alarms] for o in only(DeviceAlarms, outputs)] == [[], *[["pulse rate low"]] * 3]
    assert values(outputs)[2:] == [NEVER] * 4


def test_a_lost_sample_begins_a_new_block():
    def blocks(numbers):
        return len(only(Sampled, decode(Said(), Said(), *(sample(n, 30) for n in numbers))))

    assert blocks(range(20)) == 2
    assert blocks([*range(5), *range(6, 15)]) == 0
    assert blocks([*range(250, 256), *range(4)]) == 1
    assert blocks([*range(90, 100), *range(10)]) == 2, "where the count begins anew is not documented"


# the conversation


def walk(driver, seconds, answers=lambda _: b""):
    """What is sent, with its times, to a monitor that answers at once."""
    found = []
    for n in range(int(seconds * 4)):
        at = START.plus(n / 4)
        for output in driver.tick(at):
            assert isinstance(output, Send)
            found.append((n / 4, output.data))
            list(driver.feed(answers(output.data), at))
    return found


def test_the_table_is_whole():
    assert set(STEPS) == set(Step)
    assert {asking.send for asking in STEPS.values()} == SPEC.allow_list.exact
    assert all(set(asking.then) <= set(Heard) for asking in STEPS.values())
    assert Heard.SILENCE not in STEPS[Step.ENABLING].then


def test_a_monitor_that_does_not_answer_is_enabled_once_a_second():
    assert walk(SPEC.make(), 5) == [(t, ENABLE) for t in (0.0, 1.0, 2.0, 3.0, 4.0)]


def test_enable_start_and_link_active():
    answers = {ENABLE: frame(4, ID), frames.START: bytes(Said())}
    sent = walk(SPEC.make(), 8, lambda asked: answers.get(asked, b""))
    assert sent[:3] == [(0.0, ENABLE), (1.0, frames.START), (2.0, LINK_ACTIVE)]
    assert sent[3:] == [(6.0, ENABLE), (7.0, frames.START)], "no numbers for five seconds"


def test_a_monitor_that_streams_already_is_not_started_again():
    driver = SPEC.make()
    sent = []
    for n in range(80):
        at = START.plus(n / 4)
        if n % 4 == 0:
            list(driver.feed(bytes(Said(time=n)), at))
        sent += [(n / 4, output.data) for output in driver.tick(at)]
    assert sent == [(t, LINK_ACTIVE) for t in (0.0, 5.0, 10.0, 15.0)]


def test_a_start_without_numbers_begins_anew():
    sent = walk(SPEC.make(), 9, lambda asked: frame(4, ID) if asked == ENABLE else b"")
    assert [data for _, data in sent] == [ENABLE, *[frames.START] * 4, ENABLE, *[frames.START] * 3]
    assert min(b - a for (a, _), (b, _) in pairwise(sent)) >= 1.0
    assert SILENCE_S == 5.0


def test_a_monitor_that_was_switched_on_anew_is_started_again():
    driver = SPEC.make()
    list(driver.tick(START))
    list(driver.feed(bytes(Said()), START.plus(0.1)))
    assert [o.data for o in driver.tick(START.plus(1))] == [LINK_ACTIVE]
    list(driver.feed(frame(4, ID), START.plus(1.5)))
    assert [o.data for o in driver.tick(START.plus(2))] == [frames.START]


def test_another_device_is_a_mismatch_when_it_says_so_twice():
    driver, stranger = SPEC.make(), frame(4, b"V45.67 02/24/2008 C355987654  ")
    outputs = list(driver.feed(stranger, START))
    assert not only(Mismatch, outputs), "one id may be damaged"
    assert [o.data for o in driver.tick(START)] == [ENABLE]
    assert only(Mismatch, driver.feed(stranger, START.plus(1)))
    after = list(driver.feed(bytes(Said()) * 3 + sample(), START.plus(2)))
    assert {type(o) for o in after} == {Accepted}
    assert list(driver.tick(START.plus(9))) == []


def test_one_damaged_identity_does_no_harm():
    driver = SPEC.make()
    list(driver.feed(frame(4, b"V45.67 02/24/2008 3B55987654  ") + frame(4, ID) + bytes(Said()) * 2, START))
    assert told(list(driver.feed(bytes(Said()), START))) == told(twice())


@pytest.mark.parametrize("variant", SPEC.variants, ids=lambda v: v.name)
def test_variants_are_the_documented_speeds(variant):
    assert variant.line.baud == int(variant.name) in (9600, 19200, 57600)
    assert SPEC.line.baud == 115200


# the simulator


def test_the_simulator_is_silent_until_it_is_enabled_and_started():
    device, truth = SPEC.simulate(), Truth(wall=START.wall, values={Parameter.SPO2: 97.0})
    assert device.receive(frames.START) + device.advance(truth) == b"", "a start before enable does nothing"
    assert device.receive(b"\x85" + LINK_ACTIVE + ENABLE) == frame(4, b"V04.50 02/24/2008 B255000001  ")
    assert device.advance(truth) == b""
    device.receive(frames.START)
    assert [o.name for o in only(Accepted, run(SPEC.make(), [device.advance(truth)]))] == ["sample"] * 20 + ["numbers"]
    device.receive(frames.STOP)
    assert device.advance(truth) == b""
    device.receive(frames.START)
    device.receive(frames.DISABLE)
    assert device.advance(truth) == b""


def test_the_simulator_says_what_is_missing_in_the_monitors_way():
    device = SPEC.simulate()
    device.receive(ENABLE)
    device.receive(frames.START)
    nothing = dict.fromkeys(SPEC.parameters)
    outputs = run(SPEC.make(), [device.advance(Truth(wall=START.wall, values=nothing)) for _ in range(2)])
    assert told(outputs) == [(None, "missing")] * 5
    assert [a.text for a in only(DeviceAlarms, outputs)[-1].alarms] == [
        "SpO2 sensor off the patient", "sampling line not connected"
    ]  # fmt: skip
    apnea = nothing | {Parameter.RR: 0.0, Parameter.ETCO2: 0.0, Parameter.SPO2: 95.0, Parameter.PR: 70.0}
    outputs = run(SPEC.make(), [device.advance(Truth(wall=START.wall, values=apnea)) for _ in range(2)])
    assert [a.text for a in only(DeviceAlarms, outputs)[-1].alarms] == ["no breath"]


@settings(max_examples=60, deadline=None)
@given(
    raw=st.tuples(
        *(st.none() | st.integers(low, high) for low, high in ((0, 150), (0, 150), (0, 200), (1, 100), (1, 250)))
    )
)
def test_what_the_simulator_says_is_what_the_driver_reads(raw):
    true = dict(zip(SPEC.parameters, (None if v is None else float(v) for v in raw), strict=True))
    device = SPEC.simulate()
    device.receive(ENABLE)
    device.receive(frames.START)
    outputs = run(SPEC.make(), [device.advance(Truth(wall=START.wall, values=true)) for _ in range(2)])
    said = {o.reading.parameter: o.reading.value for o in only(Measured, outputs)[-5:]}
    no_line = true[Parameter.ETCO2] is None  # then nothing that comes through it is worth anything
    assert said == {p: None if no_line and p in SPEC.parameters[:3] else v for p, v in true.items()}
    assert not only(Garbage, outputs)
