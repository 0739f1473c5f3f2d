"""New Era pumps: published packets, both modes, alarms that stand after the pump forgot them, several pumps, units."""

import json
from itertools import pairwise

import pytest
from rows import each_row

from ketamon.domain.devices import Priority, PumpAlarm, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.registry import load
from ketamon.testing.conversation import PUMP, START, converse, truths
from ketamon_drivers.ne1000 import SPEC
from ketamon_drivers.ne1000.driver import Ne1000
from ketamon_drivers.ne1000.wire import ADDRESSES, REQUESTS, Form, parse, reply, written

BOTH = pytest.mark.parametrize("form", Form)
VERBS = ("VER", "RAT", "DIS", "VOL")
FORBIDDEN = ("RUN", "STP", "PUR", "CLD", "SAF", "ADR", "*", "DIA", "DIR", "PHN", "FUN")


class Line:
    """A driver that hears what a test says, half a second apart; it is asked nothing unless the test ticks."""

    def __init__(self, form=Form.SAFE):
        self.form, self.driver, self.at = form, Ne1000(), START
        self.outputs = []

    def hears(self, *answers, wait=0.5):
        for answer in answers:
            self.at = self.at.plus(wait)
            self.outputs += self.driver.feed(reply(self.form, answer), self.at)
        return self

    def asks(self, verb, address=0):
        """Tick until this is asked."""
        for _ in range(60):
            self.at = self.at.plus(0.5)
            if [o.data for o in self.driver.tick(self.at)] == [REQUESTS[self.form][address, verb]]:
                return self
        raise AssertionError(f"{verb} is never asked")

    def all(self, kind):
        return [o for o in self.outputs if isinstance(o, kind)]

    @property
    def status(self):
        return self.all(PumpTelemetry)[-1].status

    @property
    def alarms(self):
        return self.all(DeviceAlarms)[-1].alarms

    @property
    def notices(self):
        return [o.text for o in self.all(DeviceNotice)]

    def reading(self, parameter):
        return [o.reading for o in self.all(Measured) if o.reading.parameter is parameter][-1]


# the published packets

MEANT = {  # data: (status or alarm, parameter, value)
    "00S": ("S", None, None), "00A?R": ("R", None, None), "00A?S": ("S", None, None),
    "00S1.000MM": ("S", Parameter.RATE, 60.0), "00I1.500MH": ("I", Parameter.RATE, 1.5),
    "00SNE1000V3.923": ("S", None, None), "00SI0.000W0.000ML": ("S", Parameter.VOLUME_INFUSED, 0.0),
    "00S?NA": ("S", None, None), "00S?COM": ("S", None, None),
}  # fmt: skip


def vectors(captures, device):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    return [(v, bytes.fromhex(v["hex"]), v["decoded"]["data"]) for v in every if v["device"] == device]


@pytest.mark.parametrize(("form", "count"), [(Form.BASIC, 7), (Form.SAFE, 13)])
def test_published_packets(captures, form, count):
    found = vectors(captures, f"ne1000_{form}")
    assert len(found) == count
    for vector, wire, data in found:
        if vector["direction"] == "host->pump":
            assert written(form, data) == wire
            assert (data in VERBS) is (wire in SPEC.allow_list), "the empty line and DIA are never sent"
            continue
        assert reply(form, data) == wire
        outputs = [*Ne1000().feed(wire, START)]
        assert outputs[0] == Accepted(0, len(wire), form)
        answer = parse(data.encode())
        letter, parameter, value = MEANT[data]
        assert (answer.alarm or answer.status, answer.parameter, answer.value) == (letter, parameter, value)
        assert bool(answer.alarm) is data.startswith("00A")


def test_requests_have_no_argument_and_are_no_orders():
    sent = {written(form, f"{a:02}{verb}" if a else verb) for form in Form for a in ADDRESSES for verb in VERBS}
    assert SPEC.allow_list.exact == sent
    assert not SPEC.allow_list.templates
    for order in FORBIDDEN:
        assert not any(order.encode() in data for data in sent), order
    for verb in VERBS:
        assert not any(written(form, f"{verb}1") in SPEC.allow_list for form in Form)


def test_it_says_that_it_is_no_medical_pump():
    assert "not a medical pump" in SPEC.label
    assert "not a medical pump" in SPEC.note


# units and numbers

RATES = [("1.500MH", 1.5), ("54.00MH", 54.0), ("1.000MM", 60.0), ("0.9MM", 54.0), ("900.0UM", 54.0), ("199.5UM", 11.97),
         ("5400.UH", 5.4), ("5400UH", 5.4), (".5MH", 0.5)]  # fmt: skip


@BOTH
@each_row(("text", "value"), RATES)
def test_rates_are_converted_exactly(form, text, value):
    line = Line(form).hears(*[f"00I{text}"] * 3)
    assert line.reading(Parameter.RATE).value == line.status.rate == value


@BOTH
@pytest.mark.parametrize(("unit", "value"), [("ML", 12.5), ("UL", 0.0125)])
def test_volumes_are_converted_exactly(form, unit, value):
    line = Line(form).hears(*[f"00SI12.50W0.000{unit}"] * 3, *[f"00S12.50{unit}"] * 3)
    assert (line.status.volume_infused, line.status.vtbi) == (value, value)
    assert [line.reading(p).value for p in (Parameter.VOLUME_INFUSED, Parameter.VTBI)] == [value, value]


@BOTH
@pytest.mark.parametrize(("verb", "data", "parameter"), [
    ("RAT", "1.000LM", Parameter.RATE), ("VOL", "1.000NL", Parameter.VTBI),
    ("DIS", "I1.000W0.000NL", Parameter.VOLUME_INFUSED),
])  # fmt: skip
def test_an_unknown_unit_has_no_value_and_is_named(form, verb, data, parameter):
    line = Line(form).hears("00I", "00I").asks(verb).hears(f"00I{data}", f"00I{data}")
    assert (line.reading(parameter).value, line.reading(parameter).quality) == (None, Quality.INVALID)
    (notice,) = line.notices
    assert "cannot be read" in notice
    assert data[-2:] in notice


@each_row("data", ["00I12345MH", "00I1.2345MH", "00I1.2.3MH", "00IMH", "00I.MH", "00I-1.0MH", "00I1,5MH",
                                  "00I1.5", "0I1.5MH", "00Z", "00A?", "00A?SS", "00I\u0661MH", "44S",
                                  "00IIW0.000ML"])  # fmt: skip
@BOTH
def test_what_is_no_answer_is_garbage(form, data):
    raw = data.encode("latin-1", "replace")
    wire = (b"\x02" + raw + b"\x03") if form is Form.BASIC else reply(form, data.replace("\u0661", "?"))
    outputs = [*(driver := Ne1000()).feed(wire, START), *driver.flush(START)]
    assert b"".join(o.raw for o in outputs if isinstance(o, Garbage)) == wire
    assert len(outputs) == sum(isinstance(o, Garbage) for o in outputs)


def test_a_rate_beyond_any_pump_is_no_rate():
    line = Line().hears("00I9999MM")
    assert line.all(PumpTelemetry) == []
    assert line.reading(Parameter.RATE).quality is Quality.INVALID


def test_a_volume_of_nothing_is_no_target():
    line = Line().hears("00S0.000ML")
    assert line.status.vtbi is None
    assert line.reading(Parameter.VTBI).quality is Quality.MISSING


# what the pump does

STATES = [("I", PumpState.INFUSING, 54.0), ("S", PumpState.READY, 0.0), ("P", PumpState.HELD, 0.0),
          ("T", PumpState.HELD, 0.0), ("U", PumpState.HELD, 0.0),
          ("W", PumpState.UNKNOWN, None), ("X", PumpState.UNKNOWN, None)]  # fmt: skip


@BOTH
@each_row(("letter", "state", "rate"), STATES)
def test_the_status_makes_the_state_and_what_flows(form, letter, state, rate):
    line = Line(form).hears(*[f"00{letter}54.00MH"] * 3)
    assert (line.status.state, line.status.rate) == (state, rate), "a rate that is set is no flow"
    assert line.reading(Parameter.RATE).value == rate
    assert line.notices == {"W": ["pump withdraws"], "X": ["pump purges"]}.get(letter, [])


def test_the_end_is_a_stop_with_the_volume_reached_after_it_ran():
    reached = ("36.00ML", "I36.00W0.000ML")
    line = Line().hears(*(f"00I{data}" for data in reached))
    assert line.status.state is PumpState.INFUSING
    assert line.hears("00S").status.state is PumpState.ENDED
    assert line.hears("00I").status.state is PumpState.INFUSING
    assert Line().hears(*(f"00S{data}" for data in reached)).status.state is PumpState.READY, "it was not seen to run"
    assert Line().hears("00I36.00ML", "00II35.99W0.000ML", "00S").status.state is PumpState.READY
    assert Line().hears("00I0.000ML", "00II35.99W0.000ML", "00S").status.state is PumpState.READY


def test_numbers_are_forgotten_when_nothing_is_heard_of_them():
    line = Line().hears("00I54.00MH", "00II3.000W0.000ML").hears(*["00I36.00ML"] * 21)
    assert (line.status.rate, line.status.volume_infused, line.status.vtbi) == (None, None, 36.0)


def test_model_and_errors_are_told_once():
    line = Line().hears("00SNE1000V3.923", "00SNE1000V3.923", "00S?NA", "00S?NA", "00S?OOR", "00SNE1010X2V3.9")
    assert line.notices == [
        "model and firmware NE1000V3.923", "the pump does not answer: ?NA", "the pump does not answer: ?OOR",
        "model and firmware NE1010X2V3.9",
    ]  # fmt: skip


# basic mode has no checksum


def test_in_basic_mode_everything_is_told_twice_before_it_counts():
    line = Line(Form.BASIC).hears("00I54.00MH")
    assert line.all(PumpTelemetry) + line.all(Measured) == []
    line.hears("00I54.00MH")
    assert (line.status.state, line.status.rate) == (PumpState.INFUSING, 54.0)
    line.hears("00S54.00MH")
    assert line.status.state is PumpState.INFUSING
    assert len(line.all(PumpTelemetry)) == 1, "an answer that does not count tells nothing"
    line.hears("00I45.00MH", "00I")
    assert line.hears("00I").status.rate == 54.0


def test_in_basic_mode_a_volume_grows_as_the_pump_infuses():
    line = Line(Form.BASIC).hears("00I54.00MH", "00I54.00MH", *[f"00II3.{n}00W0.000ML" for n in (1, 1)])
    line.hears("00II3.115W0.000ML", wait=1)
    assert line.status.volume_infused == 3.115
    line.hears("00II3.915W0.000ML", wait=1)
    assert line.status.volume_infused == 3.115, "0.8 mL in a second is not 54 mL/h"
    line.hears("00II3.145W0.000ML", wait=1)
    assert line.status.volume_infused == 3.145
    line.hears("00II0.001W0.000ML", "00II0.010W0.000ML", wait=1)
    assert line.status.volume_infused == 0.01, "set to zero at the pump"


def test_in_safe_mode_the_checksum_is_enough_and_a_wrong_one_too_much():
    assert Line().hears("00I54.00MH").status.rate == 54.0
    wire = reply(Form.SAFE, "00I54.00MH")
    for at in range(len(wire)):
        broken = wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]
        driver = Ne1000()
        assert not any(isinstance(o, Accepted) for o in (*driver.feed(broken, START), *driver.flush(START)))


# alarms

ALARMS = [("S", "motor stalled", Priority.HIGH), ("T", "no communication", Priority.HIGH),
          ("E", "error", Priority.HIGH), ("O", "out of range", Priority.HIGH), ("Q", "unknown alarm", Priority.HIGH),
          ("R", "switched on", Priority.LOW)]  # fmt: skip


@BOTH
@each_row(("letter", "text", "priority"), ALARMS)
def test_an_alarm_is_told_at_once(form, letter, text, priority):
    (alarm,) = Line(form).hears(f"00A?{letter}").alarms
    assert (alarm.code, alarm.priority) == (f"A?{letter}", priority)
    assert text in alarm.text


def test_a_pump_that_ran_and_lost_its_power_is_a_high_alarm():
    (alarm,) = Line().hears("00I", "00A?R").alarms
    assert (alarm.priority, "power was interrupted" in alarm.text) == (Priority.HIGH, True)


@BOTH
@pytest.mark.parametrize("letter", "SP")
def test_an_alarm_that_the_poll_cleared_stands_until_the_pump_runs_again(form, letter):
    line = Line(form).hears("00I", "00I", "00A?S", *[f"00{letter}"] * 40)
    assert [alarm.code for alarm in line.alarms] == ["A?S"]
    assert line.status.alarm
    line.hears("00I", "00I")
    assert line.alarms == ()
    assert line.status.alarm is False


@BOTH
def test_an_alarm_stands_until_the_status_is_another_than_right_after_it(form):
    line = Line(form).hears("00I", "00I", "00A?S", "00P", "00P")
    assert line.alarms
    assert line.hears("00S", "00S").alarms == ()


def test_an_alarm_is_dealt_with_when_the_pump_runs_in_the_very_next_answer():
    assert Line().hears("00I", "00A?S", "00I").alarms == ()


def test_two_alarms_stand_beside_each_other_and_an_alarm_again_begins_anew():
    line = Line().hears("00I", "00A?S", "00P", "00A?E", "00S")
    assert [alarm.code for alarm in line.alarms] == ["A?S", "A?E"]
    assert line.hears("00P").alarms == ()


def test_the_simulated_pump_forgets_its_alarm_and_the_driver_does_not():
    device = SPEC.simulate()
    device.advance(Truth(wall=START.wall, pump=PUMP, pump_alarms=(PumpAlarm.OCCLUSION,)))
    assert [device.receive(b"RAT\r") for _ in range(3)] == [b"\x0200A?S\x03", *[b"\x0200I54.00MH\x03"] * 2]


# several pumps on one line


@BOTH
def test_pumps_on_one_line_are_heads(form):
    line = Line(form).hears(*["00I54.00MH"] * 3, *["02S10.00MH"] * 3, "02A?S")
    heads = {o.status.head: o.status for o in line.all(PumpTelemetry)}
    assert heads == {
        "": PumpStatus(state=PumpState.INFUSING, rate=54.0, alarm=False),
        "2": PumpStatus(state=PumpState.READY, rate=0.0, alarm=False, head="2"),
    }
    (alarm,) = line.alarms
    assert (alarm.code, alarm.text.endswith("(pump 2)")) == ("2A?S", True)
    line.hears("00I", "00I")
    assert line.alarms == (alarm,), "the alarm of one pump is not dealt with at the other"
    assert {o.reading.site for o in line.all(Measured)} == {"", "2"}


@BOTH
def test_pumps_that_answer_are_polled_and_other_addresses_looked_for(form):
    line = Line(form).hears("00I", "00I", "01S", "01S")
    asked = []
    for _ in range(16):
        line.at = line.at.plus(0.5)
        asked += [o.data for o in line.driver.tick(line.at)]
        line.hears("00I", "01S", wait=0)
    wanted = [(a, v) for a in (0, 1) for v in ("RAT", "DIS", "VOL")]
    names = {data: question for question, data in REQUESTS[form].items()}
    assert [names[data] for data in asked] == [*wanted, (2, "VER"), *wanted, (3, "VER"), *wanted[:2]]


def test_a_pump_that_falls_silent_beside_another_is_told_as_unknown():
    line = Line().hears("00I54.00MH", "01I10.00MH", "01A?S").hears(*["00I"] * 19)
    assert not [o for o in line.all(PumpTelemetry) if o.status.state is PumpState.UNKNOWN]
    line.hears("00I", "00I", "00I")
    (lost,) = [o.status for o in line.all(PumpTelemetry) if o.status.state is PumpState.UNKNOWN]
    assert lost == PumpStatus(state=PumpState.UNKNOWN, alarm=True, head="1")
    assert line.notices == ["no answer any more (pump 1)"]
    assert [alarm.code for alarm in line.alarms] == ["1A?S"], "its alarm stands on"


def test_a_damaged_address_makes_no_pump():
    line = Line(Form.BASIC).hears("00I", "00I", "01I", "00I", "00I")
    assert {o.status.head for o in line.all(PumpTelemetry)} == {""}


# asking


@each_row("name", ["ne1000", "ne1000+basic", "ne1000+safe"])
@each_row("form", Form)
def test_the_mode_is_found_from_the_answers_or_told(name, form):
    spec = load(name)
    driver, device = spec.make(), load(f"ne1000+{form}").simulate()
    device.advance(next(truths(1)))
    outputs, asked = [], []
    for n in range(80):
        at = START.plus(n / 4)
        for output in driver.tick(at):
            asked.append(output.data)
            outputs += driver.feed(device.receive(output.data), at)
    found = any(isinstance(o, PumpTelemetry) for o in outputs)
    assert found is (name in ("ne1000", f"ne1000+{form}"))
    assert not any(isinstance(o, Garbage) for o in outputs)
    if name == "ne1000":
        other = set(REQUESTS[Form.SAFE if form is Form.BASIC else Form.BASIC].values())
        assert not set(asked[10:]) & other, "once it is found, only this mode is spoken"
    elif not found:
        assert set(asked) <= set(REQUESTS[Form(name[7:])].values())


def test_a_pump_that_comes_back_in_the_other_mode_is_found():
    driver, at = SPEC.make(), START
    for form, seconds in ((Form.BASIC, 10), (None, 15), (Form.SAFE, 20)):
        device = load(f"ne1000+{form}").simulate() if form else None
        if device:
            device.advance(next(truths(1)))
        told = []
        for _ in range(seconds * 4):
            at = at.plus(0.25)
            for output in driver.tick(at):
                told += driver.feed(device.receive(output.data), at) if device else ()
        assert any(isinstance(o, PumpTelemetry) for o in told) is (form is not None), form


def test_until_the_mode_is_known_nothing_but_the_version_is_asked():
    driver = SPEC.make()
    asked = [o.data for n in range(100) for o in driver.tick(START.plus(n / 4))]
    assert set(asked) == {REQUESTS[form][a, "VER"] for form in Form for a in ADDRESSES}


@pytest.mark.parametrize("rate", [10 / 3, 4, 50])
def test_a_question_every_half_second_at_most(rate):
    driver = SPEC.make()
    times = [n / rate for n in range(int(20 * rate)) for _ in driver.tick(START.plus(n / rate))]
    assert len(times) >= 36
    assert min(b - a for a, b in pairwise(times)) >= 0.5 - 1 / rate - 1e-6
    assert [len(list(driver.tick(START.plus(t)))) for t in (99, 99.25, 99.5)] == [1, 0, 1]


def test_a_minute_with_the_simulated_pump():
    said = converse(SPEC, truths(30))
    assert not [o for o in said.outputs if isinstance(o, Garbage)]
    assert {o.data for o in said.outputs if isinstance(o, Send)} <= SPEC.allow_list.exact
    last = [o.status for o in said.outputs if isinstance(o, PumpTelemetry)][-1]
    assert last == PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=3.3, vtbi=36.0, alarm=False)
