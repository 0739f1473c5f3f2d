"""Harvard and KDS pumps: a recorded exchange, three dialects, prompts, units, and the three things that are asked."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest
from rows import each_row

from ketamon.domain.devices import Priority, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send
from ketamon.registry import load
from ketamon.testing.conversation import START, converse, truths
from ketamon_drivers.harvard import SPEC
from ketamon_drivers.harvard.wire import DIALECTS, amount, read, version

NAMES = {"ultra": "harvard", "legato": "harvard+legato", "phd2000": "harvard+phd2000"}
NEWER = pytest.mark.parametrize("name", ["ultra", "legato"])


class Pump:
    """A driver that hears what a test says, a second apart."""

    def __init__(self, name="ultra"):
        self.driver = load(NAMES[name]).make()
        self.at, self.data, self.outputs = START, b"", []

    def hears(self, *answers, times=1, wait=1.0):
        for answer in answers * times:
            raw = answer if isinstance(answer, bytes) else answer.encode("latin-1")
            self.at, self.data = self.at.plus(wait), self.data + raw
            self.outputs += self.driver.feed(raw, self.at)
        return self

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


def said(line, prompt=">"):
    return f"\n{line}\r\n{prompt}"


VER = "\nFirmware:      v3.0.6\r\nPump address:  0\r\nSerial number: D101754\r\n"


# the recorded Legato exchange


def exchanges(captures):
    record = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["legato_cassette"]
    return [(e["request"], reply) for e in record["exchanges"] for reply in e["replies"]]


def test_every_recorded_answer_is_whole(captures):
    found = exchanges(captures)
    assert len(found) == 37
    for _, reply in found:
        pump = Pump("legato").hears(reply)
        assert [(o.name, o.length) for o in pump.all(Accepted)] == [("answer", len(reply) - 1), ("XON", 1)]
        assert not pump.all(Garbage)


MEANT = {  # question: what each recorded answer means, in mL or mL/h
    "ivolume": [0.00169023, 0.0], "irate": [11.9694, 60.0], "tvolume": [None, 0.19949, 1.0], "svolume": [8.6284],
    "diameter": [None], "force": [None], "irate lim": [None], "syrmanu": [None], "version": [None],
    "ttime": [None] * 6,
}  # fmt: skip


def test_recorded_numbers_are_converted_exactly(captures):
    told = {}
    for request, reply in exchanges(captures):
        said = read(DIALECTS["legato"], reply.encode().rstrip(b"\x11"))
        if said.text and not said.is_error and not request.startswith("@syrmanu HOSHI"):
            told.setdefault(request.strip().lstrip("@"), []).append(said.amount.value if said.amount else None)
    assert told == MEANT


def test_what_is_asked_of_the_recorded_pump_is_read(captures):
    asked = {q.decode(): what for what, q in DIALECTS["legato"].questions.items()}
    pump = Pump("legato")
    for request, reply in exchanges(captures):
        if request in asked:
            pump.hears(reply, times=3)
    rates = [o.reading.value for o in pump.all(Measured) if o.reading.parameter is Parameter.RATE]
    volumes = [o.reading.value for o in pump.all(Measured) if o.reading.parameter is Parameter.VOLUME_INFUSED]
    assert set(volumes) == {0.00169023, 0.0}
    assert set(rates) == {0.0}, "the pump stood while its rate was asked"
    states = [o.status.state for o in pump.all(PumpTelemetry)]
    assert [state for state, before in zip(states, [None, *states], strict=False) if state is not before] == [
        PumpState.READY, PumpState.INFUSING, PumpState.READY,
    ]  # fmt: skip
    assert pump.notices == ["Firmware: v3.0.6, Pump address: 0, Serial number: D101754"]
    assert {request.encode() for request, _ in exchanges(captures)} & SPEC.allow_list.exact == {
        q.encode() for q in asked
    }


def test_recorded_errors_and_orders_tell_nothing(captures):
    for request, reply in exchanges(captures):
        if not reply.startswith(("\n:", "\n>", "\nArgument")):
            continue
        pump = Pump("legato").hears(reply, times=3)
        assert not pump.all(PumpTelemetry) + pump.all(Measured), request
        assert bool(pump.notices) is reply.startswith("\nArgument")


# units

UNITS = [
    ("54 ml/hr", 54.0), ("54.00 ml/h", 54.0), ("0.9 ml/min", 54.0), ("0.015 ml/sec", 54.0), ("0.015 ml/s", 54.0),
    ("900 ul/mn", 54.0), ("900 ul/min", 54.0), ("54000 ul/hr", 54.0), ("15 ul/s", 54.0), ("900000 nl/min", 54.0),
    ("199.49 ul/min", 11.9694), ("  54.00ml/hr", 54.0), (" 0.900ml/mn", 54.0), ("900 \xb5l/min", 54.0),
    (".9 ml/min", 54.0),
    ("25.0404 nl/min", 0.001502424), ("1. ml/min", 60.0), ("999999 pl/min", 0.05999994),
]  # fmt: skip


@each_row(("text", "value"), UNITS)
@each_row("name", NAMES)
def test_rates_are_converted_exactly(name, text, value):
    pump = Pump(name).hears(said(text), times=3)
    assert pump.status.rate == pump.reading(Parameter.RATE).value == value


@each_row(("text", "value"), [("3.1 ml", 3.1), ("3100 ul", 3.1), ("1.69023 ul", 0.00169023),
                                             ("0 ul", 0.0),
                                             ("250 nl", 0.00025), ("3100 pl", 0.0000031)])  # fmt: skip
@NEWER
def test_volumes_are_converted_exactly(name, text, value):
    pump = Pump(name).hears(said(text), times=3)
    assert pump.status.volume_infused == pump.reading(Parameter.VOLUME_INFUSED).value == value


def test_a_step_is_the_last_digit():
    assert amount("3.10 ml").step == 0.01
    assert amount("3100 ul").step == 0.001
    assert amount("0.5 ml/min").step == float(Decimal("0.1") * 60)


@each_row(("line", "parameter"), [
    ("54 l/hr", "rate"), ("54 ml/day", "rate"), ("54 /hr", None), ("54 mg/hr", "rate"), ("20001 ml/hr", "rate"),
    ("5 l", "volume_infused"), ("5", "volume_infused"), ("1001 ml", "volume_infused"), ("5 mm", "volume_infused"),
])  # fmt: skip
def test_another_unit_or_none_has_no_value_and_is_named(line, parameter):
    pump = Pump().hears(said(line), times=3)
    assert not pump.all(PumpTelemetry)
    if parameter is None:
        assert not pump.all(Measured) + pump.notices
        return
    assert pump.reading(Parameter(parameter)).quality is Quality.INVALID
    assert pump.notices == [f"{parameter.replace('_', ' ')} cannot be read: {line!r}"]


def test_the_phd_2000_writes_no_unit_beside_volumes_so_they_have_no_value():
    pump = Pump("phd2000").hears("\r\n 54.00ml/hr\r\n0>", "\r\n   3.125\r\n0>", times=4)
    assert pump.status == PumpStatus(state=PumpState.INFUSING, rate=54.0, alarm=False)
    assert pump.reading(Parameter.VOLUME_INFUSED).quality is Quality.INVALID
    assert pump.notices == ["volume infused cannot be read: '3.125'"]


@each_row("line", ["nan ml/hr", "-5 ml/hr", "+5 ml/hr", "1e3 ml/hr", "5,0 ml/hr", "1.2.3 ml/hr",
                                  "5 ml/hr 6", "25 nl/min to 26 ml/min", "1234567 ml/hr", "\u0665 ml/hr",
                                  "00:03:00", "30 seconds x"])  # fmt: skip
def test_what_is_no_number_tells_nothing(line):
    pump = Pump().hears(said(line.encode("ascii", "replace").decode()), times=3)
    assert not pump.all(PumpTelemetry) + pump.all(Measured)


# prompts

PROMPTS = [  # prompt: state, what flows, alarm
    (":", PumpState.READY, 0.0, None), (">", PumpState.INFUSING, 54.0, None), ("<", PumpState.UNKNOWN, None, None),
    ("*", PumpState.HELD, 0.0, "stalled"), ("T*", PumpState.ENDED, 0.0, "target reached"),
    (">*", PumpState.HELD, 0.0, "limit switch, infusing"), ("<*", PumpState.HELD, 0.0, "limit switch, withdrawing"),
]  # fmt: skip
OLD = [(":", PumpState.READY, 0.0, None), (">", PumpState.INFUSING, 54.0, None), ("/", PumpState.HELD, 0.0, None),
       ("^", PumpState.HELD, 0.0, None), ("*", PumpState.HELD, 0.0, "interrupted"),
       ("<", PumpState.UNKNOWN, None, None)]  # fmt: skip
EACH = [
    *(("ultra", *row) for row in PROMPTS),
    *(("legato", *row) for row in PROMPTS),
    *(("phd2000", *row) for row in OLD),
]


@each_row(("name", "prompt", "state", "rate", "alarm"), EACH)
@each_row("xon", ["", "\x11"])
def test_the_prompt_makes_the_state_and_what_flows(name, prompt, state, rate, alarm, xon):
    head = "\r\n  54.00 ml/hr\r\n0" if name == "phd2000" else "\n54 ml/hr\r\n"
    pump = Pump(name).hears(head + prompt + xon, times=4)
    assert not pump.all(Garbage)
    assert (pump.status.state, pump.status.rate) == (state, rate)
    assert pump.status.alarm is (alarm is not None)
    assert [alarm in a.text for a in pump.alarms] == ([True] if alarm else [])
    assert [a.code for a in pump.alarms] == ([prompt] if alarm else [])
    assert all(a.priority is (Priority.MEDIUM if prompt == "T*" else Priority.HIGH) for a in pump.alarms)
    assert pump.notices == (["pump withdraws"] if prompt == "<" else [])


def test_a_pump_at_its_limit_switch_is_never_told_as_infusing():
    pump = Pump().hears(said("54 ml/hr", ">*"), times=5)
    assert {o.status.state for o in pump.all(PumpTelemetry)} == {PumpState.HELD}
    pump = Pump().hears(*(said("54 ml/hr")[i : i + 1] for i in range(12)), "*", *[said("54 ml/hr", ">*")] * 3)
    assert {o.status.state for o in pump.all(PumpTelemetry)} == {PumpState.HELD}


@each_row("data", ["*", "\x11", "\n54 ml/hr\r\n:*", "\n54 ml/hr\r\n>x*", "\x11\x11", "\n54 ml/hr\r\n>**"])
def test_a_star_or_xon_that_follows_nothing_is_garbage(data):
    pump = Pump().hears(data)
    assert pump.all(Garbage)
    assert [o.name for o in pump.all(Accepted)].count("limit switch") == data.endswith(">**")


def test_an_idle_pump_that_gave_something_is_held():
    assert Pump().hears(said("3100 ul", ":"), times=3).status.state is PumpState.HELD
    assert Pump().hears(said("0 ul", ":"), times=3).status.state is PumpState.READY


# without a checksum


def test_everything_is_told_twice_before_it_counts():
    pump = Pump().hears(VER + ">")
    assert not pump.all(PumpTelemetry)
    assert pump.hears(VER + ">").status == PumpStatus(state=PumpState.INFUSING, alarm=False)
    pump.hears(said("54 ml/hr"))
    assert pump.status.rate is None
    assert pump.hears(said("54 ml/hr")).status.rate == 54.0
    pump.hears(said("45 ml/hr"), said("54 ml/hr"))
    assert pump.status.rate == 54.0
    pump.hears(said("54 ml/hr", ":"))
    assert pump.status.state is PumpState.INFUSING
    assert pump.hears(said("54 ml/hr", ":")).status.state is PumpState.READY


def test_a_volume_grows_as_the_pump_infuses():
    pump = Pump().hears(said("54 ml/hr"), said("3100 ul"), times=2)
    assert pump.hears(said("3115 ul")).status.volume_infused == 3.115
    assert pump.hears(said("3915 ul"), said("54 ml/hr")).status.volume_infused == 3.115
    assert pump.hears(said("3145 ul")).status.volume_infused == 3.145
    assert pump.hears(said("0 ul"), said("10 ul")).status.volume_infused == 0.01, "set to zero at the pump"


def test_numbers_are_forgotten_when_nothing_is_heard_of_them():
    pump = Pump().hears(said("54 ml/hr"), said("3100 ul"), times=2).hears(said("54 ml/hr"), times=14)
    assert pump.status.volume_infused == 3.1
    assert pump.hears(said("54 ml/hr"), times=2).status == PumpStatus(state=PumpState.INFUSING, rate=54.0, alarm=False)


def test_an_answer_without_a_number_tells_nothing():
    pump = Pump().hears("\n>", said("Target volume not set"), said("15%"), said("7.2620 mm"), times=3)
    assert not pump.all(PumpTelemetry)


@pytest.mark.parametrize("error", ["?", "OOR", "NA", "Command error: x", "Argument error: 200\r\n   Unknown syringe"])
def test_an_error_is_told_once(error):
    pump = Pump().hears(said(error), times=3)
    assert pump.notices == [", ".join(line.strip() for line in error.splitlines())]


@each_row(("line", "known"), [("PHD1.2", True), ("33V2.0", True), ("Firmware:      v3.0.6", True),
                                             ("Firmware", False), ("54", False),
                                             ("Hoshi, 20 ml, 20.45 mm", False)])  # fmt: skip
def test_versions(line, known):
    assert bool(version([line])) is known


BAD = [
    "54 ml/hr\r\n",
    "\n54 ml/hr\r\n",
    "\n54 ml/hr\r\n12>"[:-1],
    "\n54 \x80ml/hr\r\n",
    "\n54 ml/hr\n\n",
    "\n" + "x" * 300 + "\r\n",
]


@each_row("data", BAD)
def test_what_is_no_whole_answer_is_garbage(data):
    raw = data.encode("latin-1")
    driver = Pump().driver
    outputs = [*driver.feed(raw, START), *driver.flush(START)]
    assert b"".join(o.raw for o in outputs if isinstance(o, Garbage)) == raw


def test_an_answer_behind_a_false_start_is_read_at_once():
    pump = Pump().hears("\nab\x80cd" + said("54 ml/hr"), times=2)
    assert [o.name for o in pump.all(Accepted)] == ["answer"] * 2


# asking

QUESTIONS = {
    "ultra": [b"version\r\n", b"irate\r\n", b"ivolume\r\n"],
    "legato": [b"@version\r\n", b"@irate\r\n", b"@ivolume\r\n"],
    "phd2000": [b"00VER\r", b"00RAT\r", b"00DEL\r"],
}  # fmt: skip


def test_only_these_questions_pass_the_allow_list():
    assert SPEC.allow_list.exact == {question for each in QUESTIONS.values() for question in each}
    assert not SPEC.allow_list.templates
    for bare in (b"\r", b"\n", b"\r\n", b"00\r", b"@\r\n", b" \r\n"):
        assert bare not in SPEC.allow_list, "a bare return stops a KDS 200"


@pytest.mark.parametrize("name", NAMES)
def test_a_question_a_second(name):
    ver, rate, volume = QUESTIONS[name]
    driver = load(NAMES[name]).make()
    asked = [(n / 4, o.data) for n in range(41) for o in driver.tick(START.plus(n / 4))]
    assert [data for _, data in asked] == [ver, ver, *[rate, volume] * 4, rate]
    assert {b - a for (a, _), (b, _) in pairwise(asked)} == {1.0}
    assert [len(list(driver.tick(START.plus(t)))) for t in (99, 99.5, 100)] == [1, 0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_a_minute_with_the_simulated_pump(name):
    found = converse(load(NAMES[name]), truths(30))
    assert not [o for o in found.outputs if isinstance(o, Garbage)]
    assert {o.data for o in found.outputs if isinstance(o, Send)} == set(QUESTIONS[name])
    last = [o.status for o in found.outputs if isinstance(o, PumpTelemetry)][-1]
    volume = None if name == "phd2000" else 3.3
    assert last == PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=volume, alarm=False)


def test_it_says_that_it_is_no_medical_pump_and_how_its_lines_are_set():
    assert "not a medical pump" in SPEC.label
    assert "not a medical pump" in SPEC.note
    assert not SPEC.alarms_decoded, "the PHD 2000 does not even notice a stall"
    assert [str(load(name).line) for name in NAMES.values()] == ["115200 8N1", "115200 8N1", "9600 8N2"]
