"""Nellcor oximeters: the manuals' printouts, the memory that looks the same, and lines that are almost right."""

import pytest
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Truth
from ketamon_drivers.nellcor_n595 import LONGEST_LINE, SPEC, STATUSES

DATE = "12-NOV-97 14:00:05"
HEADING = "NPB-290 VERSION 1.0.0.1 CRC: XXXX SpO2 Limit: 30-100% PR Limit: 100-180BPM"
COLUMNS = "TIME %SPO2 BPM PA Status"
TREND_HEADING = HEADING.replace("CRC: XXXX", "TREND")
TREND_COLUMNS = "TIME %SPO2 BPM PA"
MODE = "                      ADULT 0SAT-S  SPO2 RESP MODE: NORMAL"
LINE = f"{DATE} 100 120 50"


def decode(*lines):
    return run(SPEC.make(), ["".join(f"{line}\r\n" for line in lines).encode("latin-1")])


def read(*lines):
    """(SpO2, pulse rate, quality of SpO2) of every line of data."""
    found = [o.reading for o in only(Measured, decode(*lines))]
    return [(spo2.value, pr.value, spo2.quality.value) for spo2, pr in zip(found[::2], found[1::2], strict=True)]


def data(values):
    return f"{DATE} {values}"


def test_the_manuals_printouts(captures):
    wire = (captures / "nellcor" / "manual_lines.txt").read_bytes()
    outputs = run(SPEC.make(), [wire])
    assert [o.name for o in only(Accepted, outputs)] == ["heading", "columns", "line"] * 2
    assert [(o.reading.parameter.value, o.reading.value, o.reading.quality.value) for o in only(Measured, outputs)] == [
        ("spo2", 100.0, "valid"), ("pr", 120.0, "valid")
    ] * 2  # fmt: skip
    assert [o.text for o in only(DeviceNotice, outputs)] == [
        "NPB-290 version 1.0.0.1, limits SpO2 30-100 %, PR 100-180/min",
        "NPB-295 version 2.0.0.0, limits SpO2 70-100 %, PR 60-160/min",
    ]
    assert not only(Garbage, outputs)
    check_chunks(SPEC, wire, [5, 31])


@each_row("end", ["\n", "\r\n", "\n\r", "\r\r\n", "\r\n\r\n", "   \r\n", "\r\n\0"])
def test_any_line_end_will_do(end):
    outputs = run(SPEC.make(), [(LINE + end).encode() * 3 + b"\n"])
    assert len(only(Measured, outputs)) == 6
    assert not only(Garbage, outputs)


def test_a_line_is_read_at_once():
    assert only(Measured, SPEC.make().feed(LINE.encode() + b"\r\n", START))


NUMBERS = [
    ("98 72 50", (98.0, 72.0, "valid")), (" 98    72    50   ", (98.0, 72.0, "valid")),
    ("84* 72 50 SL", (84.0, 72.0, "valid")), ("--- --- ---", (None, None, "missing")),
    ("--- --- --- SO", (None, None, "missing")), ("- 72 -", (None, 72.0, "missing")),
    ("98 --- 50", (98.0, None, "valid")), ("0 0 0 LP", (None, None, "missing")),
    ("---* 72 50", (None, 72.0, "missing")),
    ("1 300 254", (1.0, 300.0, "valid")),
    ("98 72 50 MO", (98.0, 72.0, "questionable")), ("98 72 50 PS", (98.0, 72.0, "questionable")),
    ("98 72 50 AO LB", (98.0, 72.0, "valid")), ("98 72 50 LP", (None, None, "invalid")),
    ("98 72 50 MO LM", (None, None, "invalid")), ("98 72 50 SD", (None, None, "invalid")),
    ("98 72 50 SO", (None, None, "invalid")), ("98 72 50 QQ", (98.0, 72.0, "questionable")),
]  # fmt: skip


@each_row(("values", "expected"), NUMBERS)
def test_numbers_and_what_they_are_worth(values, expected):
    assert read(data(values)) == [expected]


def test_every_code_has_words_and_a_loss_is_never_a_mere_notice():
    for code, status in STATUSES.items():
        (told,) = only(DeviceAlarms, decode(data(f"98 72 50 {code}")))
        expected = [] if status.alarm is None else [(code, status.text, status.alarm)]
        assert [(a.code, a.text, a.priority) for a in told.alarms] == expected
        assert status.alarm is not None or status.quality.value != "invalid"


ALARMS = [
    ("98 72 50", []), ("98 72 50 MO", []),
    ("84* 72 50 SL", [("SL", "high")]), ("84* 72 50", [("SpO2*", "high")]),
    ("84* 190* 50 SL", [("SL", "high"), ("BPM*", "medium")]),
    ("84 190* 50 PH", [("PH", "medium")]), ("98 72 50 QQ", [("QQ", "high")]), ("98 72 50* LB", [("LB", "low")]),
    ("--- --- --- SO PS LB AS", [("SO", "medium"), ("LB", "low")]),
]  # fmt: skip


@each_row(("values", "expected"), ALARMS)
def test_alarms(values, expected):
    first, second = only(DeviceAlarms, decode(data(values), data(values)))
    assert [(alarm.code, alarm.priority.value) for alarm in second.alarms] == expected
    assert first.alarms == tuple(alarm for alarm in second.alarms if alarm.text != "unknown status")
    assert all(alarm.priority is Priority.HIGH for alarm in second.alarms if alarm.text == "unknown status")


def test_a_code_that_is_unknown_for_one_line_is_no_alarm_and_ends_none():
    lines = [data(f"84* 72 50 {codes}") for codes in ("SL", "SX", "SL")]
    assert [[a.code for a in o.alarms] for o in only(DeviceAlarms, decode(*lines))] == [["SL"], ["SpO2*", "SL"], ["SL"]]
    told = only(DeviceAlarms, decode(data("98 72 50"), data("98 72 50 SX"), data("98 72 50")))
    assert [o.alarms for o in told] == [(), (), ()]


@pytest.mark.parametrize("jumped", ["89 72 50", "9 72 50", "98 27 50", "98 7 50"])
def test_a_number_that_jumps_waits_for_the_next_line(jumped):
    def numbers(*lines):
        return [o.reading.value for o in only(Measured, decode(*(data(line) for line in lines)))]

    true = [98.0, 72.0]
    assert len(numbers("98 72 50", jumped)) == 3
    assert numbers("98 72 50", jumped, "98 72 50")[-2:] == true
    assert numbers("98 72 50", jumped, jumped)[-2:] == numbers(jumped) != true


def test_memory_is_told_as_it_comes_and_is_nothing_to_compare_with():
    lines = ["22-NOV-97 14:00:05 100 120 150", "22-NOV-97 14:00:07 70 40 154"]
    outputs = decode(data("98 72 50"), TREND_COLUMNS, *lines, COLUMNS, data("97 73 50"))
    assert [o.reading.value for o in only(Measured, outputs)] == [98.0, 72.0, 100.0, 120.0, 70.0, 40.0, 97.0, 73.0]


def test_notices_come_with_changes_only():
    lines = [data(f"98 72 50 {codes}") for codes in ("", "AO", "AO", "AO MO", "AO LB MO", "", "")]
    said = [o.text for o in only(DeviceNotice, decode(HEADING, COLUMNS, *lines, HEADING, COLUMNS))]
    assert said[1:] == ["alarms off", "alarms off, interference", "no status any more"]
    limits = [o.text for o in only(DeviceNotice, decode(HEADING, HEADING, HEADING.replace("30-", "80-")))]
    assert len(limits) == 2


def stored(*lines):
    return [o.reading.stored for o in only(Measured, decode(*lines))][::2]


def test_the_manuals_trend_printout_is_stored_values():
    lines = ["22-NOV-97 14:00:05 100 120 150", "22-NOV-97 14:00:07 100 121 154"]
    outputs = decode(LINE, TREND_HEADING, TREND_COLUMNS, *lines, "Output Complete", LINE, HEADING, COLUMNS, LINE)
    assert [o.reading.stored for o in only(Measured, outputs)][::2] == [False, True, True, True, False]
    assert len(only(DeviceAlarms, outputs)) == 2, "the memory raises no alarm"
    assert not only(Garbage, outputs)
    said = [o.text for o in only(DeviceNotice, outputs)]
    assert said[0] == "prints its memory: no values of now"
    assert "prints values of now again" in said


@each_row(
    ("lines", "expected"),
    [
        ((TREND_HEADING, LINE), True), ((TREND_COLUMNS, LINE), True),
        ((TREND_HEADING.replace("TREND", "TRFND"), TREND_COLUMNS, LINE), True), ((TREND_HEADING, "TIMF", LINE), True),
        ((TREND_HEADING, TREND_COLUMNS, HEADING, LINE), False), ((TREND_COLUMNS, COLUMNS, LINE), False),
        ((TREND_HEADING, TREND_COLUMNS, MODE, LINE), True),
    ],
)  # fmt: skip
def test_either_heading_tells_what_is_memory(lines, expected):
    assert stored(*lines) == [expected]


@each_row(
    "heading",
    [
        "N-595 VERSION 1.0.0 CRC:ABCD SpO2 Limit: 85-100% PR Limit: 40-170BPM",
        "N-395 VERSION 2.0.0.0 CRC: XXXX SpO2 Limit: 70-100% PR Limit: 60-160BPM",
        "NPB-295  VERSION 2.0.0.0  CRC: XXXX  SpO2 Limit:  85-100%  PR Limit:  40-170BPM  ",
        COLUMNS, "TIME %SpO2 BPM PA Status", "  TIME      %SPO2   BPM   PA   Status", MODE,
        MODE.replace("ADULT", "NEO").replace("NORMAL", "FAST"), "Output Complete", "",
    ],
)  # fmt: skip
def test_headings_are_known_and_give_no_value(heading):
    outputs = decode(heading, LINE)
    assert not only(Garbage, outputs)
    assert len(only(Accepted, outputs)) == 2
    assert read(heading, LINE) == [(100.0, 120.0, "valid")]


BAD = [
    data("101 72 50"), data("98 301 50"), data("98 72 255"), data("98 72"), data("98 72 50 50"), data("9 8 72 50"),
    data("98% 72 50"), data("98 72 50 mo MO"), data("98 72 50 MOO"), data("98 72 50 M"), data("98 72 50 LP LP"),
    data("98** 72 50"), data("98- 72 50"), data("+98 72 50"), data("9\xb2 72 50"), data("98 72 50 A1"), data(""),
    "32-NOV-97 14:00:05 100 120 50", "12-NOX-97 14:00:05 100 120 50", "12-11-97 14:00:05 100 120 50",
    "12-NOV-97 24:00:05 100 120 50", "12-NOV-97 14:00:60 100 120 50", "00-NOV-97 14:00:05 100 120 50",
    "12-NOV-97  14:00:05 100 120 50", "14:00:05 100 120 50", data("98 72 50 AO AS LB LM LP MO PH"),
    HEADING.replace("%", "x"), HEADING.replace("BPM", "HZ"), HEADING.replace("NPB-290", "X-290"), COLUMNS + " X",
    "Output Complet", "SPO2=098% BPM=097",
]  # fmt: skip


@each_row("line", BAD)
def test_what_does_not_fit_the_grammar_is_garbage_and_gives_nothing(line):
    outputs = decode(line)
    assert not only(Measured, outputs)
    assert not only(DeviceAlarms, outputs)
    assert only(Garbage, outputs)
    assert read(LINE, line, LINE) == [(100.0, 120.0, "valid")] * 2


@each_row("noise", [b"tag\t", LINE.encode(), b"1", b"\xff" * 400, b"12-NOV-97 ", b"\x11\x13"])
def test_noise_on_the_same_line_is_cut_off(noise):
    outputs = run(SPEC.make(), [noise + LINE.encode() + b"\r\n"])
    assert sum(len(o.raw) for o in only(Garbage, outputs)) == len(noise)
    assert Accepted(len(noise), len(LINE) + 2, "line") in outputs


@each_row("at", range(len(LINE)))
def test_a_cut_line_and_noise_within_a_line_give_nothing(at):
    wire = LINE.encode()
    assert not only(Measured, run(SPEC.make(), [wire[:at] + b"\xff" + wire[at + 1 :] + b"\r\n"]))
    assert not only(Measured, run(SPEC.make(), [wire[:at]]))


def test_a_line_longer_than_any_gives_nothing():
    assert not only(Measured, decode(data("98 72 50" + " " * LONGEST_LINE + "MO")))


def whole(low, high):
    return st.none() | st.integers(low, high).map(float)


@settings(max_examples=80, deadline=None)
@given(spo2=whole(1, 100), pr=whole(1, 300), wall=st.datetimes(min_value=START.wall.replace(tzinfo=None)))
def test_what_the_simulator_says_is_what_the_driver_reads(spo2, pr, wall):
    true = {Parameter.SPO2: spo2, Parameter.PR: pr}
    outputs = run(SPEC.make(), [SPEC.simulate().advance(Truth(wall=wall, values=true))])
    assert [o.name for o in only(Accepted, outputs)] == ["heading", "columns", "line"]
    assert {o.reading.parameter: o.reading.value for o in only(Measured, outputs)} == true
    assert not only(Garbage, outputs)
