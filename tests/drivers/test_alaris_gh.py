"""Alaris pumps: published frames in both directions, polling, and that it can only ask."""

import json
from dataclasses import replace
from itertools import pairwise, product

import pytest
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority, PumpAlarm, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, PumpTelemetry, Send, Truth
from ketamon.wire.checksums import crc16_ccitt_false
from ketamon_drivers import alaris_gh
from ketamon_drivers.alaris_gh import REQUESTS, SPEC, STATE_OF_ALARM, frame, unframe

FORBIDDEN = ("REMOTE_CTRL", "REMOTE_CFG", "REMQUERY", "INF_START", "INF_STOP", "INF_VI_CLEAR", "INF_BOLUS")
QUESTIONS = {
    "INF": "4961", "ALARM": "50B2", "INST_SERIALNO": "457D", "COMMS_PROTOCOL": "E8DA", "COMMS_RESPONSE_MAX": "7E29",
    "SYRINGE_STATUS": "4102", "INF_RATE_MAX_SYRINGE": "8F30", "INF_VTBI": "8456", "INF_RATE": "8E6D", "INF_VI": "B42C",
}  # fmt: skip
REAL = "INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725"
RUNNING = "INF^8002-51733^-^SET^12.50^ml/h^^3.125^ml^17.91^mmHg^24+^EVENT^127904"
ANSWERS = {
    "INST_SERIALNO^8002-51740": ("050B", "serial number 8002-51740"),
    "INST_SERIALNO^8002-51733": ("ACFF", "serial number 8002-51733"),
    "COMMS_PROTOCOL^Asena Rev 2.1.5": ("661A", "protocol Asena Rev 2.1.5"),
    "COMMS_RESPONSE_MAX^4000^ms": ("DFDF", "answers within 4000 ms"),
    "SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF": ("1CF8", "syringe BD PLASTIPAK, 50 mL, CONF"),
    "SYRINGE_STATUS^BD PERFUSOR^ 50^CONF": ("4567", "syringe BD PERFUSOR, 50 mL, CONF"),
    "INF_RATE_MAX_SYRINGE^1200.00^ml/h": ("8575", "highest rate for this syringe 1200.00 ml/h"),
    "ALARM^AL_NOALM^ ^ ": ("C73B", ()),
    "ALARM^AL_OCCLU^ ^ ": ("5B3B", ("AL_OCCLU",)),
    "ALARM^AL_VTBIS^ ^ ": ("0650", ("AL_VTBIS",)),
    "INF_RATE^0.10^ml/h": ("D407", 0.1),
    "INF_RATE^3.50^ml/h": ("3885", 3.5),
    "INF_RATE^0.1^ml/h": ("B775", 0.1),
    REAL: ("DB9D", None),
    RUNNING: ("62BF", None),
}


def decode(*contents):
    """All outputs of these messages, in one connection."""
    return run(SPEC.make(), [b"".join(map(frame, contents))])


def status(*contents):
    return only(PumpTelemetry, decode(*contents))[-1].status


def read(*contents):
    """The last reading of each parameter."""
    return {o.reading.parameter: o.reading for o in only(Measured, decode(*contents))}


def inf(**fields):
    """The running pump's message with some fields changed."""
    names = ("verb", "serial", "flag", "mode", "rate", "per_hour", "drug", "infused", "ml", "pressure", "mmhg", "left")
    parts = dict(zip(names, RUNNING.split("^"), strict=False)) | fields
    return "^".join([*parts.values(), "EVENT", "127904"])


@each_row(("verb", "crc"), QUESTIONS.items())
def test_questions_are_the_published_bytes(verb, crc):
    assert REQUESTS[verb] == f"!{verb}|{crc}\r".encode()
    assert run(SPEC.make(), [REQUESTS[verb]]) == [Accepted(0, len(REQUESTS[verb]), f"request {verb}")]


@each_row("content", ANSWERS)
def test_answers_are_written_and_read(content):
    crc, meaning = ANSWERS[content]
    wire = f"!{content}|{crc}\r".encode()
    assert frame(content) == wire
    assert unframe(wire) == content
    check_chunks(SPEC, wire, [4])
    accepted, *outputs = run(SPEC.make(), [wire])
    assert accepted == Accepted(0, len(wire), content.split("^")[0])
    match meaning:
        case str():
            assert outputs == [DeviceNotice(0, meaning)]
        case tuple():
            assert tuple(alarm.code for alarm in outputs[0].alarms) == meaning
        case float():
            assert [(o.reading.parameter, o.reading.value) for o in outputs] == [(Parameter.RATE, meaning)]


def test_the_recorded_status():
    assert status(REAL) == PumpStatus(
        state=PumpState.HELD, rate=0.0, volume_infused=0.969, pressure=530.15, time_remaining=249.0, alarm=True,
        serial="8002-51733",
    )  # fmt: skip
    assert {p: r.value for p, r in read(REAL).items()} == {
        Parameter.RATE: 0.0, Parameter.VOLUME_INFUSED: 0.969, Parameter.TIME_REMAINING: 249.0,
        Parameter.PRESSURE: 530.15,
    }  # fmt: skip


def test_a_running_pump():
    found = status(RUNNING)
    assert (found.state, found.rate, found.volume_infused, found.alarm) == (PumpState.INFUSING, 12.5, 3.125, False)
    left = read(RUNNING)[Parameter.TIME_REMAINING]
    assert (left.value, left.quality.value) == (None, "over")


@each_row(
    ("mode", "rate", "state"),
    [("SET", "12.50", "infusing"), ("SET", "0.01", "infusing"), ("SET", "0.00", "ready"), ("HLD", "0.00", "held"),
     ("HLD", "12.50", "held"), ("SET", "", "unknown"), ("SET", "nan", "unknown"), ("BOL", "12.50", "unknown"),
     ("", "12.50", "unknown")],
)  # fmt: skip
def test_mode_and_rate_make_the_state(mode, rate, state):
    assert status(inf(mode=mode, rate=rate)).state == state


@pytest.mark.parametrize(("flag", "alarm"), [("-", False), ("A", True), ("", True), ("?", True)])
def test_only_the_flag_for_no_alarm_is_no_alarm(flag, alarm):
    assert status(inf(flag=flag)).alarm is alarm


@pytest.mark.parametrize("code", STATE_OF_ALARM)
def test_keep_vein_open_and_the_end_follow_from_the_alarm_that_stands(code):
    alarm, clear = f"ALARM^{code}^ ^ ", "ALARM^AL_NOALM^ ^ "
    assert status(alarm, inf(flag="A")).state is STATE_OF_ALARM[code]
    assert status(alarm, inf(flag="-")).state is PumpState.INFUSING
    assert status(alarm, clear, inf(flag="A")).state is PumpState.INFUSING
    assert status(alarm, inf(flag="-"), inf(flag="A")).state is PumpState.INFUSING


NUMBERS = [
    ("12.50", 12.5), ("12,50", 12.5), ("  3.5", 3.5), ("0", 0.0), ("1200.00", 1200.0), ("", None), (" ", None),
    ("nan", None), ("inf", None), ("1e3", None), ("1_0", None), ("+1", None), ("-1.0", None), ("1.", None),
    (".5", None),
    ("1.2.3", None), ("1 2", None), ("0x1", None), ("1501", None), ("\u0663", None), ("12.50 ", None),
]  # fmt: skip


@each_row(("text", "value"), NUMBERS)
def test_only_plain_numbers_are_numbers(text, value):
    reading = alaris_gh.number(Parameter.RATE, text, "ml/h")
    quality = "valid" if value is not None else "invalid" if text.strip() else "missing"
    assert (reading.value, reading.quality.value) == (value, quality)


def test_pressure_may_be_negative():
    assert read(inf(pressure="-50.00"))[Parameter.PRESSURE].value == -50.0
    assert str(read(inf(pressure="-0.00"))[Parameter.PRESSURE].value) == "0.0"


UNITS = [("per_hour", "ml/min", "rate"), ("per_hour", "mL/h", "rate"), ("ml", "ul", "volume_infused"),
         ("ml", "", "volume_infused"), ("mmhg", "kPa", "pressure")]  # fmt: skip


@pytest.mark.parametrize(("field", "unit", "parameter"), UNITS)
def test_another_unit_is_never_converted(field, unit, parameter):
    message = inf(**{field: unit})
    reading = read(message)[Parameter(parameter)]
    assert (reading.value, reading.quality.value) == (None, "invalid")
    assert getattr(status(message), parameter) is None
    notices = only(DeviceNotice, decode(message, message))
    assert len(notices) == 1, "told once, not with every poll"
    assert "cannot be read" in notices[0].text


@each_row("left", ["4:09", "00:60:00", "00:00:61", "-0:00:01", "24", "00:04:09 ", "\u0660\u0660:04:09"])
def test_a_time_that_is_none_has_no_value(left):
    reading = alaris_gh.time_remaining(left)
    assert (reading.value, reading.quality.value) == (None, "invalid")


CODES = (
    "AL_OCCLU AL_ACDIS AL_CALLB AL_COMTO AL_DRDIS AL_EMBAT AL_LBTAC AL_LWBAT AL_EOIKV AL_EOIST AL_NEOIN AL_FAULT"
    " AL_LDSCN AL_PRDSC AL_RHIGH AL_SYRCO AL_TCITG AL_TCITA AL_TCITNC AL_VTBIC AL_VTBIK AL_VTBIS"
)


def test_every_published_code_is_known():
    assert set(alaris_gh.ALARMS) == set(CODES.split())


def test_a_code_that_nobody_explained_is_high_and_shows_itself():
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode("ALARM^AL_LDSCN^ ^ "))]
    assert (alarm.code, alarm.priority) == ("AL_LDSCN", Priority.HIGH)
    assert "AL_LDSCN" in alarm.text


def test_the_code_that_was_seen_with_a_space():
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode("ALARM^AL DRDIS^ ^ "))]
    assert (alarm.code, alarm.text, alarm.priority) == ("AL DRDIS", "drive disengaged", Priority.HIGH)


@each_row("code", alaris_gh.ALARMS)
def test_known_alarms_have_words(code):
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode(f"ALARM^{code}^ ^ "))]
    assert (alarm.code, alarm.text) == (code, alaris_gh.ALARMS[code][0])


@pytest.mark.parametrize("code", ["AL_NEW", "", "AL_NOALMX", "al_noalm"])
def test_an_unknown_alarm_is_raw_and_high_never_none(code):
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode(f"ALARM^{code}^ ^ "))]
    assert (alarm.code, alarm.priority) == (code, Priority.HIGH)


def test_alarm_details():
    alarm = alaris_gh.device_alarm("AL DRDIS", "")
    assert (alarm.code, alarm.text) == ("AL DRDIS", "drive disengaged")
    ((alarm,),) = [o.alarms for o in only(DeviceAlarms, decode("ALARM^AL_NEOIN^5^min"))]
    assert alarm.text == "near end of infusion (5 min)"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("INF_VI^3.125^ml", 3.125),
        ("INF_VTBI^ACTIV^11.000^ml^STOP", 11.0),
        ("INF_VTBI^DEACT^^^", None),
        ("INF_VTBI^DEACT^", None),
    ],
)
def test_single_numbers(content, value):
    (reading,) = read(content).values()
    assert reading.value == value


@each_row(
    "content",
    [
        "INF^8002-51733",
        RUNNING + "^more",
        RUNNING.rpartition("^")[0],
        "ALARM^a^b^c^d",
        "INF_RATE^1",
        "inf^1",
        "",
        "^",
        "A B^1",
    ],
)
def test_a_right_crc_with_a_wrong_layout_is_garbage(content):
    (garbage,) = decode(content)
    assert garbage == Garbage(0, frame(content), "the layout is unknown")


def test_a_message_that_is_not_known_is_told():
    outputs = decode("NEW_THING^1^2", "INF_START")
    assert [o.name for o in only(Accepted, outputs)] == ["NEW_THING", "request INF_START"]
    assert [o.text for o in only(DeviceNotice, outputs)] == ["unknown message NEW_THING", "unknown message INF_START"]


DRUGS = [
    "!", "|", "^", "a!b", "a|b", "a^b", "^^", "!INF^", "x|DEAD", "KET!AMINE|10^MG",
    "a!INF^8002-51733^A^HLD^0.00^ml/h^b", "X^5.000^ml^1.00^mmHg^00:01:00^EVENT^1", "|62BF",
    "99.99^ml/h^x^0.001^ml^1^mmHg^24+^EVENT^7", "!ALARM^AL_NOALM^ ^ ",
]  # fmt: skip


@each_row("drug", DRUGS)
def test_a_drug_may_be_named_as_people_like(drug):
    wire = frame(inf(drug=drug))
    check_chunks(SPEC, wire, [5])
    outputs = run(SPEC.make(), [wire])
    assert outputs[0] == Accepted(0, len(wire), "INF")
    assert only(PumpTelemetry, outputs)[0].status == replace(status(RUNNING), drug=drug.strip())
    assert only(Measured, outputs) == only(Measured, decode(RUNNING))


@settings(max_examples=300, deadline=None)
@given(drug=st.text("!|^INF0.ml/hmHg:+ -AE", max_size=60), rate=st.integers(0, 99999), infused=st.integers(0, 999999))
def test_no_drug_touches_a_number(drug, rate, infused):
    message = inf(drug=drug, rate=f"{rate / 100:.2f}", infused=f"{infused / 1000:.3f}")
    found = status(message)
    assert (found.drug, found.rate, found.volume_infused) == (drug.strip(), rate / 100, infused / 1000)
    assert (found.pressure, found.serial, found.alarm) == (17.91, "8002-51733", False)


@settings(max_examples=300, deadline=None)
@given(drug=st.sampled_from(DRUGS), at=st.integers(0, 400), byte=st.integers(0, 255))
def test_damage_around_such_a_drug_says_nothing(drug, at, byte):
    wire = bytearray(frame(inf(drug=drug)))
    at %= len(wire)
    whole, wire[at] = wire[at], byte
    if byte != whole:
        assert not only(PumpTelemetry, run(SPEC.make(), [bytes(wire)]))


@each_row("drug", ["a^b", "a!b", "a|b"])
@each_row(
    "field",
    [
        {"serial": "80!02"}, {"serial": "8002|1"}, {"flag": "?"}, {"flag": ""}, {"mode": "SETS"}, {"mode": "S|T"},
        {"rate": "1e3"}, {"per_hour": "mL/h"}, {"infused": "3.125 "}, {"ml": "mL"}, {"pressure": "x"},
        {"mmhg": "kPa"}, {"left": "4:09"}, {"left": "00:04:09^00:04:09"},
    ],
)  # fmt: skip
def test_beside_such_a_drug_every_field_has_its_strict_form(field, drug):
    (garbage,) = decode(inf(drug=drug, **field))
    assert garbage.reason == "the layout is unknown"


@pytest.mark.parametrize("content", ["ALARM^AL_NOALM^!^ ", "INST_SERIALNO^80|02", "SYRINGE_STATUS^B!D^ 50^CONF"])
def test_no_other_message_holds_these_letters(content):
    assert not only(DeviceAlarms, decode(content))
    assert all(isinstance(output, Garbage) for output in decode(content))


def test_a_message_that_two_beginnings_fit_is_garbage():
    inner = RUNNING.encode()
    for a, b, c in product(range(0x30, 0x5B), repeat=3):
        outer = b"INF^%c%c%c!" % (a, b, c) + inner
        if crc16_ccitt_false(outer) == crc16_ccitt_false(inner):
            break
    wire = b"!%b|%04X\r" % (outer, crc16_ccitt_false(outer))
    assert unframe(wire) is not None
    assert unframe(wire[8:]) == RUNNING
    assert run(SPEC.make(), [wire]) == [Garbage(0, wire, "the CRC or the form is wrong")]


BAD = [
    b"!REMQUERY^DEACT^^^|E5C9\r", b"!INF|4962\r", b"!INF|4961", b"!INF|4961\n", b"INF|4961\r", b"!INF4961\r",
    frame(REAL).replace(b"HLD", b"SET"), frame("INF_RATE^3.50^ml/h").replace(b"3885", b"3885 "),
    frame("INST_SERIALNO^ABCD").lower(), frame("DRUG^" + "x" * 250), frame("ALARM^AL_NOALM|^ ^ "),
]  # fmt: skip


@each_row("wire", BAD)
def test_a_damaged_frame_is_garbage(wire):
    assert b"".join(o.raw for o in run(SPEC.make(), [wire])) == wire


def test_escape_abandons_the_message():
    wire = b"!INF^8002-51733^A^HLD^0.0\x1b" + frame(RUNNING)
    outputs = run(SPEC.make(), [wire])
    assert outputs[0] == Garbage(0, wire[:26], "the pump abandoned its message")
    assert outputs[1].offset == 26


@pytest.mark.parametrize("noise", [b"\n", b"!", b"!INF^8002", b"\xff" * 300, b"!" * 300])
def test_noise_on_the_same_line_is_cut_off(noise):
    outputs = run(SPEC.make(), [noise + frame(RUNNING)])
    assert sum(len(o.raw) for o in only(Garbage, outputs)) == len(noise)
    assert only(Accepted, outputs)[0].offset == len(noise)


def vectors(captures):
    every = json.loads((captures / "pumps_vectors.json").read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in every if vector["device"] == "alaris"]


def test_published_vectors(captures):
    found = vectors(captures)
    assert len(found) == 24
    for vector in found:
        wire = bytes.fromhex(vector["hex"])
        outputs = run(SPEC.make(), [wire])
        if vector["kind"] == "BAD":
            assert outputs == [Garbage(0, wire, "the CRC or the form is wrong")]
            continue
        assert outputs[0].length == len(wire)
        assert outputs[0].name.startswith("request ") is (vector["direction"] == "host->pump")


# asking


def asked(driver, seconds, answer=lambda _: b"", rate=4):
    """The verbs asked, with their times, of a pump that answers at once."""
    found = []
    for n in range(int(seconds * rate)):
        at = START.plus(n / rate)
        for output in driver.tick(at):
            assert isinstance(output, Send)
            found.append((n / rate, unframe(output.data)))
            list(driver.feed(answer(output.data), at))
    return found


def answering():
    device = SPEC.simulate()
    device.advance(Truth(wall=START.wall, pump=PumpStatus(state=PumpState.READY, rate=0.0)))
    return device.receive


def test_it_asks_once_who_the_pump_is_and_then_what_it_does():
    found = asked(SPEC.make(), 9, answering())
    assert found == [
        (0.0, "INST_SERIALNO"), (1.0, "COMMS_PROTOCOL"), (2.0, "SYRINGE_STATUS"), (3.0, "INF"), (4.0, "ALARM"),
        (5.0, "INF"), (6.0, "ALARM"), (7.0, "INF"), (8.0, "ALARM"),
    ]  # fmt: skip


@pytest.mark.parametrize("rate", [10 / 3, 4, 7, 50])
def test_rate_and_volume_are_asked_every_two_seconds_however_time_ticks(rate):
    times = [t for t, verb in asked(SPEC.make(), 120, answering(), rate) if verb == "INF"]
    assert len(times) >= 58
    assert max(b - a for a, b in pairwise(times)) <= 2 + 1 / rate + 1e-6


def test_a_question_without_an_answer_is_asked_twice_and_then_left():
    assert [verb for _, verb in asked(SPEC.make(), 10)] == [
        "INST_SERIALNO", "INST_SERIALNO", "COMMS_PROTOCOL", "COMMS_PROTOCOL", "SYRINGE_STATUS", "SYRINGE_STATUS",
        "INF", "INF", "ALARM", "ALARM",
    ]  # fmt: skip


@each_row("quarter", range(16))
@each_row(("state", "alarm"), [(PumpState.KVO, PumpAlarm.KVO), (PumpState.ENDED, PumpAlarm.ENDED)])
@each_row("near", [(), (PumpAlarm.NEAR_END,)])
def test_keep_vein_open_and_the_end_are_told_within_two_seconds(quarter, state, alarm, near):
    driver, device, told = SPEC.make(), SPEC.simulate(), []
    infusing = PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=35.9, time_remaining=5.0)
    after = PumpStatus(state=state, rate=1.0, volume_infused=36.0, time_remaining=0.0)
    for n in range(80):
        begun = n >= 32 + quarter
        device.advance(
            Truth(wall=START.wall, pump=after if begun else infusing, pump_alarms=(alarm,) if begun else near)
        )
        for output in driver.tick(START.plus(n / 4)):
            outputs = driver.feed(device.receive(output.data), START.plus(n / 4))
            told += [(n / 4, o.status) for o in only(PumpTelemetry, outputs)]
    first = min(t for t, s in told if s.state is state)
    assert first - (32 + quarter) / 4 <= 2.0
    assert {s.rate for t, s in told if s.state is state} <= {None, 1.0}, "never the rate of before"
    assert all(s.rate == 1.0 for t, s in told if t >= first + 1.25)
    assert all(s.state is state for t, s in told if t >= first)


def test_a_status_of_long_ago_tells_no_state():
    driver = SPEC.make()
    list(driver.feed(frame(inf(flag="A")), START))
    asked(driver, 9)
    assert not only(PumpTelemetry, driver.feed(frame("ALARM^AL_EOIKV^ ^ "), START))


def test_an_alarm_without_a_status_tells_no_state():
    assert not only(PumpTelemetry, decode("ALARM^AL_EOIKV^ ^ "))


def test_a_state_that_stands_is_told_once_by_its_alarm():
    alarm = "ALARM^AL_EOIKV^ ^ "
    assert [s.status.rate for s in only(PumpTelemetry, decode(RUNNING, alarm, alarm))] == [12.5, None]


def test_after_a_long_pause_there_is_one_question_not_many():
    driver = SPEC.make()
    assert [len(list(driver.tick(START.plus(t)))) for t in (0, 60, 60.25, 60.5, 61)] == [1, 1, 0, 0, 1]


def test_the_allow_list_only_reads():
    assert {unframe(data) for data in SPEC.allow_list.exact} == set(QUESTIONS)
    assert not any(verb.encode() in data for data in SPEC.allow_list.exact for verb in FORBIDDEN)


# the simulator

PUMPS = st.builds(
    PumpStatus,
    state=st.sampled_from([state for state in PumpState if state is not PumpState.UNKNOWN]),
    volume_infused=st.integers(0, 10**6).map(lambda n: n / 1000),
    pressure=st.none() | st.integers(-5000, 99999).map(lambda n: n / 100),
    time_remaining=st.none() | st.integers(0, 86399).map(float),
    drug=st.sampled_from(("", "KETAMINE")),
    serial=st.just("8002-51733"),
)


@settings(max_examples=80, deadline=None)
@given(
    pump=PUMPS,
    rate=st.integers(1, 120000),
    raised=st.lists(st.sampled_from([PumpAlarm.OCCLUSION, PumpAlarm.BATTERY_LOW]), max_size=2),
)
def test_what_the_simulator_says_is_what_the_driver_reads(pump, rate, raised):
    running = pump.state in (PumpState.INFUSING, PumpState.KVO)
    true = {name: getattr(pump, name) for name in PumpStatus.__slots__} | {"rate": rate / 100 if running else 0.0}
    telling = {PumpState.KVO: (PumpAlarm.KVO,), PumpState.ENDED: (PumpAlarm.ENDED,)}.get(pump.state, ())
    alarms = (*raised, *telling)
    true["alarm"] = bool(alarms)
    device, driver = SPEC.simulate(), SPEC.make()
    device.advance(Truth(wall=START.wall, pump=PumpStatus(**true), pump_alarms=alarms))
    outputs = []
    for verb in ("ALARM", "INF"):
        outputs += driver.feed(device.receive(REQUESTS[verb]), START)
    assert only(PumpTelemetry, outputs)[0].status == PumpStatus(**true)
    reported = only(DeviceAlarms, outputs)[0].alarms
    assert {alarm.code for alarm in reported} <= {"AL_OCCLU", "AL_LBTAC", "AL_EOIKV", "AL_EOIST"}
    assert bool(reported) is bool(alarms)
    assert not only(Garbage, outputs)


def test_the_simulator_answers_every_question_and_no_order():
    device = SPEC.simulate()
    assert device.receive(REQUESTS["INF"]) == b""
    device.advance(Truth(wall=START.wall, pump=PumpStatus(state=PumpState.KVO, rate=1.0, vtbi=36.0)))
    for verb, question in REQUESTS.items():
        answer = device.receive(question[:4]) + device.receive(question[4:])
        assert answer.startswith(b"!" + verb.encode())
    for verb in FORBIDDEN:
        assert device.receive(frame(verb)) == b""
    assert only(DeviceAlarms, decode(unframe(device.receive(REQUESTS["ALARM"]))))[0].alarms[0].code == "AL_VTBIK"
