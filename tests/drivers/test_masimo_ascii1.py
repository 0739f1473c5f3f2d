"""Masimo oximeters: recorded lines, the manual's trend dump, and lines that are almost right."""

import pytest
from drivers.contract import START, check_chunks, run
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Truth
from ketamon_drivers.masimo_ascii1 import LONGEST_LINE, SPEC

LINE = (
    b"02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- "
    b"ALARM=0000 EXC=000800"
)


def decode(data):
    return run(SPEC.make(), [data])


def values(data):
    """(parameter, value, quality) of every reading."""
    found = (output.reading for output in decode(data) if isinstance(output, Measured))
    return [(reading.parameter.value, reading.value, reading.quality.value) for reading in found]


def changed(**fields):
    """The line with some of its fields changed, or without them."""
    line = LINE
    for key, value in fields.items():
        before, rest = line.split(f" {key}=".encode(), 1)
        after = rest.partition(b" ")[2]
        token = b"" if value is None else f" {key}={value}".encode()
        line = before + token + (b" " + after if after else b"")
    return line


GOOD = [("spo2", 98.0, "valid"), ("pr", 97.0, "valid"), ("pi", 3.6, "valid")]


@each_row("end", [b"\n\r", b"\r\n", b"\n", b"\r", b" \n\r", b"\n\r\0\0", b"\n\r\n\r"])
def test_any_line_end_will_do_and_leaves_no_garbage(end):
    stream = (LINE + end) * 4
    assert values(stream) == GOOD * 4
    outputs = decode(stream)
    assert not any(isinstance(o, Garbage) for o in outputs)
    assert [o.offset for o in outputs if isinstance(o, Accepted) and o.name == "line"] == [
        n * len(LINE + end) for n in range(4)
    ]
    check_chunks(SPEC, stream, [5])


def test_a_line_is_read_at_its_first_terminator():
    assert any(isinstance(o, Measured) for o in SPEC.make().feed(LINE + b"\n", START))


@pytest.mark.parametrize("prefix", [b"\0", b"\0\0\0", b"\r", b"\n\r"])
def test_nuls_and_line_ends_before_a_line_are_blank(prefix):
    outputs = decode(prefix + LINE + b"\n")
    assert not any(isinstance(o, Garbage) for o in outputs)
    assert Accepted(len(prefix), len(LINE) + 1, "line") in outputs


def test_blanks_without_end_are_garbage():
    assert sum(isinstance(o, Accepted) for o in decode(LINE + b"\n" + b"\r" * 500)) == 17
    assert not any(isinstance(o, Accepted) for o in decode(b"some other device\r\n\r\n" * 9))


VALUES = [
    ({}, GOOD),
    ({"SPO2": "---%"}, [("spo2", None, "missing"), *GOOD[1:]]),
    ({"SPO2": "000%"}, [("spo2", None, "missing"), *GOOD[1:]]),
    ({"SPO2": "098"}, GOOD),
    ({"SPO2": "100%"}, [("spo2", 100.0, "valid"), *GOOD[1:]]),
    ({"BPM": "---"}, [GOOD[0], ("pr", None, "missing"), GOOD[2]]),
    ({"BPM": "---%"}, [GOOD[0], ("pr", None, "missing"), GOOD[2]]),
    ({"BPM": "097%"}, GOOD),
    ({"BPM": "240"}, [GOOD[0], ("pr", 240.0, "valid"), GOOD[2]]),
    ({"PI": "--.--%"}, [*GOOD[:2], ("pi", None, "missing")]),
    ({"PI": "00.55"}, [*GOOD[:2], ("pi", 0.55, "valid")]),
    ({"PI": None}, GOOD[:2]),
    ({"SN": "----------", "ALARM": "000000", "EXC": "0000800"}, GOOD),
    ({"DESAT": "--", "SPMET": "01.2%", "PIDELTA": "+12"}, GOOD),
    ({"SPCO": None, "DESAT": None}, GOOD),
    ({"SPCO": "--.-% NEWKEY=x/y:1"}, GOOD),
]


@each_row(("fields", "expected"), VALUES)
def test_values_are_read_by_name(fields, expected):
    assert values(changed(**fields) + b"\n") == expected


@each_row("bit", [*range(11), *range(12, 24)])
def test_exceptions_decide_what_a_number_is_worth(bit):
    (spo2, *_) = values(changed(EXC=f"{1 << bit | 0x800:06X}") + b"\n")
    if bit in (0, 1, 5, 6, 7):
        assert spo2 == ("spo2", None, "invalid")
    else:
        assert spo2 == ("spo2", 98.0, "questionable")


@pytest.mark.parametrize("exc", ["000000", "000800", "0000800"])
def test_no_exception_leaves_a_number_valid(exc):
    assert values(changed(EXC=exc) + b"\n") == GOOD


@pytest.mark.parametrize("exc", ["0008000", "000C000", "080000", "000200"])
def test_a_digit_of_the_exceptions_in_a_wrong_place_leaves_no_number_valid(exc):
    assert [quality for _, _, quality in values(changed(EXC=exc) + b"\n")] != ["valid"] * 3


@pytest.mark.parametrize(("extended", "quality"), [("00000000", "valid"), ("00000001", "questionable")])
def test_bits_that_nobody_has_explained_leave_no_number_valid(extended, quality):
    line = changed(EXC=f"0000800 EXC1={extended}") + b"\n"
    assert {found for _, _, found in values(line)} == {quality}
    said = [o.text for o in decode(line) if isinstance(o, DeviceNotice)]
    assert said == ([] if quality == "valid" else [f"unknown exception EXC1 {extended}"])


RADICAL_7 = (
    b"03/17/16 19:19:36 SN=---------- SPO2=098% BPM=123 PI=00.55 SPCO=12% SPMET=01.2% SPHB=12.3 SPOC=18 RESVD=--- "
    b"DESAT=10 PIDELTA=+05 PVI=014 ALARM=000000 EXC=0000800 EXC1=00000000"
)
ANALYTES = ("SPCO", "SPMET", "SPHB", "SPOC", "RESVD", "DESAT", "PIDELTA", "PVI")


def test_a_radical_7_with_a_rainbow_sensor_is_read_as_a_rad_8():
    assert values(RADICAL_7 + b"\n") == [("spo2", 98.0, "valid"), ("pr", 123.0, "valid"), ("pi", 0.55, "valid")]
    assert values(b"\0\0" + RADICAL_7 + b"\n\r") == values(RADICAL_7 + b"\n")


@each_row("key", ANALYTES)
@each_row("value", [b"12x", b"", b"1234", b"1.234", b"OFF"])
def test_what_is_not_read_must_still_have_its_form(key, value):
    before, rest = RADICAL_7.split(f" {key}=".encode())
    line = before + f" {key}=".encode() + value + b" " + rest.partition(b" ")[2] + b"\n"
    assert values(line) == []


BAD = [
    {"SPO2": "98%"}, {"SPO2": "101%"}, {"SPO2": "0x8%"}, {"SPO2": "+98%"}, {"SPO2": ""}, {"SPO2": None},
    {"SPO2": "09 8%"}, {"SPO2": "098% SPO2=098%"}, {"BPM": "97"}, {"BPM": "241"}, {"BPM": "0\u0663\u0663"},
    {"BPM": None},
    {"PI": "3.60%"}, {"PI": "03,60%"}, {"PI": "03.6"}, {"PI": "nan"}, {"SN": "000005666"}, {"SN": None},
    {"ALARM": "000"}, {"ALARM": None}, {"EXC": "00080"}, {"EXC": "00080G"}, {"EXC": None}, {"SPCO": "--.-%x"},
    {"SPCO": "--.-% lower=1"}, {"SPCO": "--.-% XYZ"}, {"SPCO": "--.-% XYZ="}, {"SPCO": "--.-% XY=1"},
    {"EXC": "000800 XYZ=1"},
    {"EXC": "000800 EXC1=0000000"},
]  # fmt: skip


@each_row("fields", BAD)
def test_what_does_not_fit_the_grammar_makes_the_whole_line_garbage(fields):
    line = changed(**fields) + b"\n"
    (garbage,) = decode(line)
    assert garbage == Garbage(0, line, garbage.reason)


@each_row("date", [b"13/22/16", b"00/22/16", b"02/32/16", b"02/00/16", b"2/22/16", b"02-22-16"])
def test_a_date_that_is_none_makes_the_line_garbage(date):
    assert values(LINE.replace(b"02/22/16", date) + b"\n") == []
    assert values(LINE.replace(b"22:47:45", b"24:47:45") + b"\n") == []


@each_row("at", range(0, len(LINE), 3))
def test_noise_within_a_line_and_a_cut_line_give_nothing(at):
    assert values(LINE[:at] + b"\xff" + LINE[at + 1 :] + b"\n") == []
    assert values(LINE[:at] + b"\n\r") == []
    assert values(LINE[:at]) == []


@each_row("noise", [b"tag\t", b"02/22/16 22:4", LINE, LINE[:60], b"1", b"\xff" * 600, b"02/22/16 22:47:45 SN="])
def test_noise_on_the_same_line_is_cut_off(noise):
    outputs = decode(noise + LINE + b"\n")
    assert sum(len(o.raw) for o in outputs if isinstance(o, Garbage)) == len(noise)
    assert Accepted(len(noise), len(LINE) + 1, "line") in outputs


def test_a_line_longer_than_any_is_garbage():
    assert (
        values(changed(SPCO="--.-%" + " ".join([""] + [f"X{n:02}=1234567890123456" for n in range(30)])) + b"\n") == []
    )
    assert len(LINE) < LONGEST_LINE


def test_notices_come_with_changes_only():
    exceptions = ("000800", "000C00", "000C04", "000C04", "008A00", "000800", "000800")
    lines = [changed(EXC=exc) for exc in exceptions]
    said = [o.text for o in decode(b"\n\r".join(lines) + b"\n") if isinstance(o, DeviceNotice)]
    assert said == ["low signal IQ", "low perfusion, low signal IQ", "unknown exception 8200", "no exceptions any more"]


def standing(*bits):
    """The alarms after each of these lines."""
    data = b"\n".join(changed(ALARM=f"{b:04x}") for b in bits) + b"\n"
    found = [o.alarms for o in decode(data) if isinstance(o, DeviceAlarms)]
    assert all(alarm.priority is Priority.HIGH for told in found for alarm in told if alarm.text == "unknown alarm")
    return [[alarm.text for alarm in told] for told in found]


ALARM_BITS = [
    # the values seen in a day of lines, and two that nobody has seen
    (0x00, [], []), (0x20, [], []), (0x32, ["SpO2 low"], []), (0x12, ["SpO2 low"], []),
    (0x3A, ["SpO2 low", "pulse rate low"], []), (0x38, ["pulse rate low"], []), (0x34, ["pulse rate high"], []),
    (0x11, ["SpO2 high"], []), (0x852, ["SpO2 low"], ["unknown alarm"]),
    (0x10, [], ["unknown alarm"]), (0x40, [], ["unknown alarm"]), (0x02, [], ["unknown alarm"]),
]  # fmt: skip


@each_row(("bits", "known", "unknown"), ALARM_BITS)
def test_alarm_bits(bits, known, unknown):
    assert standing(bits, bits, 0) == [known, known + unknown, []]
    assert not SPEC.alarms_decoded


def test_a_digit_of_the_alarms_that_is_another_for_one_line_is_no_alarm_and_ends_none():
    assert standing(0x00, 0x4000, 0x00, 0x02, 0x00) == [[]] * 5
    assert standing(0x32, 0x4032, 0x32) == standing(0x32, 0x22, 0x32) == [["SpO2 low"]] * 3


SWAPS = [({"SPO2": "089%"}, "spo2"), ({"BPM": "079"}, "pr"), ({"PI": "30.60%"}, "pi")]


@pytest.mark.parametrize(("fields", "held"), SWAPS)
def test_a_number_that_jumps_waits_for_the_next_line(fields, held):
    line, jumped = LINE + b"\n", changed(**fields) + b"\n"
    rest = [reading for reading in GOOD if reading[0] != held]
    assert values(line + jumped + line) == [*GOOD, *rest, *GOOD]
    assert len(values(line + jumped * 2)) == 3 + 2 + 3
    assert len(values(jumped)) == 3, "the first of all comes at once"


@each_row(
    "line",
    [
        b"SpO2=097 PR=069 PI=04.69 EXC=820:SET", b"SpO2=097 PR=069 PI=04.69 EXC=800:OffPat,SET",
        b"SpO2=97 PR=069 PI=04.69 EXC=800:SET", b"SpO2=097 PR=069 EXC=800:SET", b"SpO2=097 PR=069 PI=04.69 EXC=800:SE",
        b"SpO2=097 PR=069 PI=04.69", b"SpO2=197 PR=069 PI=04.69 EXC=800:SET",
    ],
)  # fmt: skip
def test_a_stored_line_is_checked_against_its_own_words(line):
    assert values(b"07/21/04 09:56:12 SpO2=097 PR=069 PI=04.69 EXC=800:SET\n") != []
    assert values(b"07/21/04 09:56:12 " + line + b"\n") == []


def whole(low, high):
    return st.none() | st.integers(low, high).map(float)


@settings(max_examples=80, deadline=None)
@given(
    spo2=whole(1, 100),
    pr=whole(1, 240),
    pi=st.none() | st.integers(1, 2000).map(lambda n: n / 100),
    wall=st.datetimes(min_value=START.wall.replace(tzinfo=None)),
)
def test_what_the_simulator_says_is_what_the_driver_reads(spo2, pr, pi, wall):
    truth = {Parameter.SPO2: spo2, Parameter.PR: pr, Parameter.PI: pi}
    wire = SPEC.simulate().advance(Truth(wall=wall, values=truth))
    outputs = decode(wire)
    assert [o.name for o in outputs if isinstance(o, Accepted)] == ["line", "blank"]
    said = {o.reading.parameter: o.reading.value for o in outputs if isinstance(o, Measured)}
    unusable = spo2 is None and pr is None  # the sensor is off, whatever the perfusion index was
    assert said == (dict.fromkeys(truth) if unusable else truth)


# recordings of real devices, and the manual's example


def test_recorded_rad8_lines(captures):
    data = (captures / "masimo" / "rad8_ascii1_real.txt").read_bytes()
    outputs = decode(data)
    assert not any(isinstance(o, Garbage) for o in outputs)
    measured = [o.reading for o in outputs if isinstance(o, Measured)]
    assert {r.quality for r in measured} == {Quality.VALID}
    assert [r.value for r in measured if r.parameter is Parameter.PR] == [97, 96, 96, 96, 97]
    assert [r.value for r in measured if r.parameter is Parameter.PI] == [3.6, 3.95, 4.25, 3.19, 2.41]
    assert [r.value for r in measured if r.parameter is Parameter.SPO2] == [98] * 5


def test_recorded_variants(captures):
    data = (captures / "masimo" / "radical7_and_rad8_variants.txt").read_bytes()
    assert values(data) == [
        ("spo2", None, "missing"), ("pr", None, "missing"),
        ("spo2", 98.0, "questionable"), ("pr", 123.0, "questionable"), ("pi", 0.55, "questionable"),
        ("spo2", None, "missing"), ("pr", None, "missing"), ("pi", None, "missing"),
    ]  # fmt: skip
    rejected = [o.raw for o in decode(data) if isinstance(o, Garbage)]
    assert rejected[0].startswith(b"# One variant")
    assert rejected[1:] == [b"nmenon_rad8_nosensor\t", b"nmenon_rad7_color\t", b"masimo_manual_rad7_blue\t"]


def test_the_manuals_trend_dump_is_stored_values(captures):
    data = (captures / "masimo" / "rad8_trend_dump_manual.txt").read_bytes()
    outputs = decode(data)
    assert [o.name for o in outputs if isinstance(o, Accepted)] == ["trend"] * 8
    assert all(o.reading.stored for o in outputs if isinstance(o, Measured))
    assert not any(isinstance(o, Garbage | DeviceAlarms | DeviceNotice) for o in outputs)
    spo2 = [(value, quality) for parameter, value, quality in values(data) if parameter == "spo2"]
    nothing = (None, "missing")
    assert spo2 == [
        nothing, nothing, (97.0, "valid"), (96.0, "questionable"), (98.0, "valid"), nothing, nothing, (96.0, "valid")
    ]  # fmt: skip
