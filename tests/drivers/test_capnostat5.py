"""The Capnostat: published commands, worked packets, what a number is worth, the unit, and what is never sent."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Sampled, Send, Truth
from ketamon_drivers.capnostat5 import (
    BARO_760,
    CODES,
    REVISION,
    ROOM_AIR,
    SPEC,
    START,
    UNITS,
    Capnostat5,
    CapnostatSimulator,
    frame,
)

BEGIN = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
IN_MMHG, IN_KPA, IN_PERCENT = (frame(0x84, 0x07, unit) for unit in range(3))
PLAIN = bytes.fromhex("80 04 05 24 5C 77")
ETCO2 = bytes.fromhex("80 07 06 24 5C 02 03 01 6D")
RR = bytes.fromhex("80 07 06 24 5C 03 00 0E 62")
WARM_UP = bytes.fromhex("80 0A 07 24 5C 01 00 00 00 00 06 68")
INSPIRED = frame(0x80, 0x06, 0x24, 0x5C, 4, 0, 12)


def status(first=0, second=0, code=0):
    return frame(0x80, 7, 0x24, 0x5C, 1, first, second, 0, 0, code)


def decode(*frames):
    driver = Capnostat5()
    return list(driver.feed(b"".join(frames), BEGIN)) + list(driver.flush(BEGIN))


def last(outputs):
    return {o.reading.parameter: (o.reading.value, o.reading.quality.value) for o in only(Measured, outputs)}


def sent(outputs):
    return [send.data for send in only(Send, outputs)]


def test_the_published_commands(captures):
    text = (captures / "capnostat" / "capnostat5_un600_frames.hex").read_text()
    vectors = {
        line.split()[0]: bytes.fromhex("".join(line.split()[1:])) for line in text.splitlines() if line[0] != "#"
    }
    ours = {"start_waveform_mode": START, "set_baro_760mmHg": BARO_760, "software_revision": REVISION}
    assert {name: vectors.pop(name) for name in ours} == ours
    for name, raw in vectors.items():
        assert sum(raw) % 128 == 0, name
        assert raw not in SPEC.allow_list, f"{name} must never be sent"
    zero_un600 = vectors.pop("zero_un600")
    assert only(Garbage, decode(zero_un600)), "it counts none of its bytes, as no answer does"
    for raw in vectors.values():
        assert decode(raw) == [Accepted(0, len(raw), "answer")]
    assert set(vectors) == {"reset_sensor", "stop_continuous", "zero_fabian", "reset_no_breath"}


@pytest.mark.parametrize(
    ("raw", "parameter", "value"), [(ETCO2, "etco2", 38.5), (RR, "rr", 14.0), (INSPIRED, "fico2", 1.2)]
)
def test_slow_data(raw, parameter, value):
    assert last(decode(IN_MMHG, status(), raw)) == {parameter: (value, "valid")}


def test_the_settings_that_the_variant_sends():
    assert (BARO_760.hex(), ROOM_AIR.hex(), UNITS.hex()) == ("84040105787a", "84060b100000005b", "84020773")


def test_the_curve_comes_in_blocks_of_a_tenth_of_a_second():
    packets = [frame(0x80, n, 0x24, 0x5C) for n in range(20)]
    blocks = [o.block for o in only(Sampled, decode(IN_MMHG, status(), *packets[8:]))]
    assert [(b.signal, b.rate_hz, b.samples, b.unit.symbol) for b in blocks] == [
        (Signal.CO2, 100, (37.0,) * 10, "mmHg")
    ]


def test_a_gap_in_the_count_or_noise_drops_the_block():
    packets = [frame(0x80, n, 0x24, 0x5C) for n in range(12)]
    assert len(only(Sampled, decode(IN_MMHG, *packets[:10]))) == 1
    assert only(Sampled, decode(IN_MMHG, *packets[:5], *packets[6:])) == []
    assert only(Sampled, decode(IN_MMHG, *packets[:5], b"\0", *packets[5:10])) == []


def test_the_count_goes_round():
    packets = [frame(0x80, n % 128, 0x24, 0x5C) for n in range(123, 133)]
    assert len(only(Sampled, decode(IN_MMHG, *packets))) == 1


@pytest.mark.parametrize(("high", "low", "sample"), [(7, 94, None), (7, 104, 0.0), (127, 127, None), (36, 92, 37.0)])
def test_a_sample_that_is_none(high, low, sample):
    block = only(Sampled, decode(IN_MMHG, *(frame(0x80, n, high, low) for n in range(10))))[0].block
    assert set(block.samples) == {sample}


def test_no_number_before_the_unit_is_known():
    assert last(decode(status(), ETCO2)) == dict.fromkeys(("etco2", "rr", "fico2"), (None, "invalid"))
    packets = [frame(0x80, n, 0x24, 0x5C) for n in range(10)]
    assert only(Sampled, decode(*packets))[0].block.samples == (None,) * 10


@pytest.mark.parametrize(("answer", "unit"), [(IN_KPA, "kPa"), (IN_PERCENT, "percent"), (frame(0x84, 7, 9), "unit 9")])
def test_another_unit_is_a_mismatch_told_twice_and_no_value_from_then_on(answer, unit):
    assert only(Mismatch, decode(answer)) == [], "once may be damage"
    assert last(decode(answer, status(), ETCO2))["etco2"] == (None, "invalid")
    outputs = decode(answer, ETCO2, answer, IN_MMHG, status(), ETCO2, PLAIN, RR)
    (mismatch,) = only(Mismatch, outputs)
    assert mismatch.text.startswith(f"the module counts CO2 in {unit}, ")
    after = outputs[outputs.index(mismatch) :]
    assert only(Measured, after) + only(DeviceAlarms, after) + only(Sampled, after) == []


def test_before_the_first_status_a_number_is_questionable():
    assert last(decode(IN_MMHG, ETCO2)) == {"etco2": (38.5, "questionable")}


@each_row(
    ("data", "quality"),
    [({}, "valid"), ({"code": 6}, "calibrating"), ({"code": 5}, "calibrating"), ({"code": 77}, "invalid"),
     *(({"code": code}, "invalid") for code in CODES), ({"first": 0x02}, "invalid"), ({"first": 0x08}, "invalid"),
     ({"second": 0x10}, "invalid"), ({"first": 0x01}, "questionable"), ({"first": 0x04}, "questionable"),
     ({"first": 0x20}, "questionable"), ({"second": 0x03}, "questionable"), ({"second": 0x40}, "questionable"),
     ({"first": 0x10}, "valid")],
)  # fmt: skip
def test_a_number_is_worth_what_the_status_says(data, quality):
    value = 38.5 if quality in ("valid", "questionable") else None
    assert last(decode(IN_MMHG, status(**data), ETCO2))["etco2"] == (value, quality)


def test_a_bad_status_takes_the_numbers_away_at_once():
    nothing = dict.fromkeys(("etco2", "rr", "fico2"), (None, "calibrating"))
    assert last(decode(IN_MMHG, status(), ETCO2, RR, INSPIRED, WARM_UP)) == nothing
    nothing = dict.fromkeys(("etco2", "rr", "fico2"), (None, "missing"))
    assert last(decode(IN_MMHG, status(), ETCO2, RR, INSPIRED, status(first=0x40))) == nothing


@pytest.mark.parametrize("index", [2, 3, 4])
def test_nothing_is_written_as_zero(index):
    ((_, quality),) = last(decode(IN_MMHG, status(), frame(0x80, 1, 0x24, 0x5C, index, 0, 0))).values()
    assert quality == "missing"


@pytest.mark.parametrize(("index", "high", "low"), [(2, 12, 0), (3, 14, 0), (4, 12, 0), (2, 127, 127)])
def test_beyond_the_sensors_range_is_no_number(index, high, low):
    ((value, quality),) = last(decode(IN_MMHG, status(), frame(0x80, 1, 0x24, 0x5C, index, high, low))).values()
    assert (value, quality) == (None, "invalid")


def alarms(*frames):
    return [(a.code, a.text, a.priority.value) for a in only(DeviceAlarms, decode(*frames))[-1].alarms]


def test_alarms():
    assert alarms(status()) == []
    assert alarms(status(first=0x40)) == [("no breaths", "no breaths detected", "high")]
    assert alarms(status(first=0x40, code=9))[1] == ("status 09", "check airway adapter", "medium")
    assert alarms(status(code=0x4D)) == [("status 4D", "unknown status", "high")]
    assert alarms(status(second=0x10))[0][1] == "barometric pressure and gas compensation not set"
    assert alarms(WARM_UP) == []
    assert alarms(status(code=9), status()) == [], "and it goes"


def test_notices():
    def texts(*frames):
        return [notice.text for notice in only(DeviceNotice, decode(*frames))]

    assert texts(frame(0xCA, 0, *b"05.09 ")) == ["software 05.09"]
    assert texts(WARM_UP, WARM_UP) == ["the sensor warms up"]
    assert texts(frame(0xC8, 0x84)[:3] + b"\0") == []
    assert texts(frame(0xC8, 0x04)) == ["the module refused a command: 04"]
    assert texts(BARO_760) == ["barometric pressure 760 mmHg"]
    pump = frame(0x80, 1, 0x24, 0x5C, 7, 0, 0, 0, 0x06, 0)
    assert texts(pump, pump) == ["pump past its life, tube occluded"]


@each_row(
    "raw",
    ["80 04 05 24 5C 78", "80 05 05 24 5C 77", "80 07 06 24 5C 02 83 01 6D", "80 03 05 24 54", "80 00",
     "80 06 06 24 5C 02 03 6F"],
)  # fmt: skip
def test_what_is_no_frame(raw):
    outputs = decode(bytes.fromhex(raw))
    assert only(Garbage, outputs) == outputs != []


def test_a_datum_that_nobody_knows_is_left_but_not_at_any_length():
    assert decode(frame(0x80, 1, 0x24, 0x5C, 9, 1, 2, 3, 4, 5)) == [Accepted(0, 12, "packet")]
    assert only(Accepted, decode(frame(0x80, 1, 0x24, 0x5C, 9, 1, 2, 3, 4, 5, 6))) == []


def test_half_a_second_between_two_requests():
    driver = Capnostat5()
    times = [n / 20 for n in range(200) if list(driver.tick(BEGIN.plus(n / 20)))]
    assert min(b - a for a, b in pairwise(times)) >= 0.5


def test_a_frame_that_was_cut_short_costs_none_behind_it():
    driver = Capnostat5()
    names = [o.name for o in only(Accepted, driver.feed(WARM_UP[:5] + PLAIN, BEGIN))]
    assert names == ["packet"], "without waiting for the rest"


def run(driver, device, seconds, truth):
    """Let them talk; give all that was sent and the outputs."""
    everything = []
    for quarter in range(seconds * 4):
        at = BEGIN.plus(quarter / 4)
        made = list(driver.tick(at))
        for send in only(Send, made):
            made += driver.feed(device.receive(send.data), at)
        if quarter % 4 == 0:
            made += driver.feed(device.advance(truth), at)
        everything += made
    return everything


TRUTH = Truth(
    wall=BEGIN.wall,
    values={Parameter.ETCO2: 38.0, Parameter.RR: 12.0, Parameter.FICO2: 1.0},
    waves={Signal.CO2: (0.0, 1.0)},
)


def test_the_packets_are_asked_for_once_and_again_after_a_silence():
    driver, device = Capnostat5(), CapnostatSimulator()
    assert sent(run(driver, device, 20, TRUTH)) == [REVISION, START, UNITS]
    times = [quarter / 4 for quarter in range(80, 160) if START in sent(driver.tick(BEGIN.plus(quarter / 4)))]
    assert times[0] <= 22.5
    assert {b - a for a, b in pairwise(times)} == {2.0}


def test_a_module_without_its_settings_gives_nothing_and_is_told_nothing():
    outputs = run(Capnostat5(), CapnostatSimulator(needs_settings=True), 20, TRUTH)
    assert set(sent(outputs)) == {REVISION, START, UNITS}
    assert {o.reading.value for o in only(Measured, outputs)} == {None}
    assert only(DeviceAlarms, outputs)[-1].alarms[0].code == "status 03"


def test_the_variant_tells_it_the_documented_ones():
    (variant,) = SPEC.variants
    outputs = run(variant.make(), variant.simulate(), 20, TRUTH)
    assert sent(outputs).count(BARO_760) == sent(outputs).count(ROOM_AIR) == 1
    assert last(outputs)["etco2"] == (38.0, "valid")
    assert sent(run(variant.make(), CapnostatSimulator(), 20, TRUTH)) == [REVISION, START, UNITS], "only if asked"


def test_a_simulated_module_in_kpa():
    outputs = run(Capnostat5(), CapnostatSimulator(unit=1), 20, TRUTH)
    assert len(only(Mismatch, outputs)) == 1
    assert {o.reading.value for o in only(Measured, outputs)} == {None}
    assert sent(outputs).count(UNITS) == 2


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([PLAIN, ETCO2, WARM_UP, IN_MMHG, IN_KPA, status(second=0x10), status(code=7)]),
            st.sampled_from([0.25, 1.0, 30.0]),
        ),
        max_size=40,
    )
)
def test_a_plain_driver_never_sets_anything(steps):
    driver, at = Capnostat5(), BEGIN
    for step in steps:
        if isinstance(step, bytes):
            assert sent(driver.feed(step, at)) == []
        else:
            at = at.plus(step)
            assert set(sent(driver.tick(at))) <= {REVISION, START, UNITS}
