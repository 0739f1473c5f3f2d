"""Ivy 450C: a recording of a real monitor, and records that are almost right."""

import pytest
from drivers.contract import START, check_chunks, run
from drivers.hand import only
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.readings import Quality
from ketamon.domain.waveforms import Signal
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Sampled, Truth
from ketamon_drivers.ivy_450c import LONGEST_RECORD, OFF, SPEC

LINES = {
    "HR": "1;80;ECG-II-DIAG;", "RR": "1;35;APNEA: 20 SEC;", "ETCO2": "1;;;", "SPO2": "1;100;PR=80 ;",
    "NIBP": "4;121;75;92;80;;", "P1": "3;111;73;88;;", "P2": "3;;;;NO TRANSDUCER;", "T1": "1;;;", "T2": "1;;;",
}  # fmt: skip
WAVES = bytes([100] * 200 + [7] * 50 + [120] * 50 + [90] * 50 + [OFF] * 50)


def record(waves=WAVES, **lines):
    text = "".join(f"{key}={lines.get(key, said)}\r" for key, said in LINES.items())
    return b"\xffANSAR-B " + waves + text.encode("latin-1") + b"\xfe"


def decode(*records):
    return run(SPEC.make(), [b"".join(records)])


def read(*records):
    """(value, quality) of the last reading of each parameter and site."""
    found = (o.reading for o in only(Measured, decode(*records)))
    return {r.parameter.value + r.site: (r.value, r.quality.value) for r in found}


NOTHING = (None, "missing")
GOOD = {
    "hr": (80.0, "valid"), "rr": (35.0, "valid"), "etco2": NOTHING, "spo2": (100.0, "valid"), "pr": (80.0, "valid"),
    "tempT1": NOTHING, "tempT2": NOTHING, "nibp_sys": (121.0, "valid"), "nibp_dia": (75.0, "valid"),
    "nibp_map": (92.0, "valid"),
}  # fmt: skip


def test_the_recording_of_a_real_monitor(captures):
    data = (captures / "ivy_450c" / "Ivy450C.1.data").read_bytes()
    outputs = run(SPEC.make(), [data])
    assert [len(o.raw) for o in only(Garbage, outputs)] == [252], "the port was opened in the middle of a record"
    records = only(Accepted, outputs)
    assert len(records) == 27
    assert {o.length for o in records} == {562}
    found = {}
    for reading in (o.reading for o in only(Measured, outputs)):
        found.setdefault(reading.parameter.value + reading.site, []).append((reading.value, reading.quality.value))
    assert found == {name: [value] * 27 for name, value in GOOD.items()}
    assert all(o.reading.repeated for o in only(Measured, outputs) if o.reading.parameter in CUFF)
    assert {o.alarms for o in only(DeviceAlarms, outputs)} == {()}
    said = [o.text for o in only(DeviceNotice, outputs)]
    assert said == ["HR: ECG-II-DIAG", "RR: APNEA: 20 SEC", "P2: NO TRANSDUCER"]
    check_chunks(SPEC, data, [77, 3])


def test_the_waveforms_of_the_recording(captures):
    data = (captures / "ivy_450c" / "Ivy450C.1.data").read_bytes()
    blocks = [o.block for o in only(Sampled, run(SPEC.make(), [data]))]
    assert [(b.signal, b.site, b.rate_hz, len(b.samples)) for b in blocks[:4]] == [
        (Signal.ECG, "II", 200.0, 200), (Signal.RESP, "", 50.0, 50), (Signal.PLETH, "", 50.0, 50),
        (Signal.PRESSURE, "P1", 50.0, 50),
    ]  # fmt: skip
    assert len(blocks) == 27 * 4, "P2 is off"
    p1 = [b for b in blocks if b.site == "P1"]
    assert {min(b.samples) for b in p1} == {73.0}
    assert {max(b.samples) for b in p1} <= {110.0, 111.0}
    at = data.find(b"\xffANSAR-B ") + 9
    shown = [data[at + begin : at + end] for begin, end in ((0, 200), (200, 250), (250, 300), (300, 350))]
    assert [b.samples for b in blocks[:4]] == [tuple(map(float, raw)) for raw in shown]


def test_both_pressures_and_a_channel_that_was_off_for_a_while():
    waves = WAVES[:350] + bytes([OFF] * 30 + [40] * 20)
    p2 = [o.block for o in only(Sampled, decode(record(waves)))][-1]
    assert (p2.site, p2.samples) == ("P2", (None,) * 30 + (40.0,) * 20)
    assert only(Sampled, decode(record(bytes([OFF]) * 400))) == []


VALUES = [
    ({"HR": "1;;ECG-II-DIAG;"}, {"hr": NOTHING}),
    ({"HR": "1;---;ECG-I;"}, {"hr": NOTHING}),
    ({"HR": "1; 0;ECG-III-MON;"}, {"hr": (0.0, "valid")}),
    ({"HR": "1;351;ECG-II-DIAG;"}, {"hr": (None, "invalid")}),
    ({"HR": "1;80;CHECK LEAD;"}, {"hr": (80.0, "questionable")}),
    ({"RR": "1;12;;"}, {"rr": (12.0, "valid")}),
    ({"RR": "1;12;SENSOR;"}, {"rr": (12.0, "questionable")}),
    ({"ETCO2": "1;38;;"}, {"etco2": (38.0, "valid")}),
    ({"ETCO2": "1;5.1;;"}, {"etco2": (None, "invalid")}),
    ({"ETCO2": "1;38;WARM UP;"}, {"etco2": (38.0, "questionable")}),
    ({"SPO2": "1;98;PR= 7 ;"}, {"spo2": (98.0, "valid"), "pr": (7.0, "valid")}),
    ({"SPO2": "1;;PR=;"}, {"spo2": NOTHING, "pr": NOTHING}),
    ({"SPO2": "1;98;;"}, {"spo2": (98.0, "valid"), "pr": NOTHING}),
    ({"SPO2": "1;98;SEARCH;"}, {"spo2": (98.0, "questionable"), "pr": NOTHING}),
    ({"SPO2": "1;101;PR=---;"}, {"spo2": (None, "invalid"), "pr": NOTHING}),
    ({"SPO2": "1;0;PR=0;"}, {"spo2": (None, "invalid"), "pr": (None, "invalid")}),
    ({"T1": "1;36.6;;", "T2": "1;99.1;;"}, {"tempT1": (36.6, "valid"), "tempT2": (None, "invalid")}),
    ({"NIBP": "4;;;;;;"}, dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_map"), NOTHING)),
    ({"NIBP": "4;75;121;92;80;;"}, dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_map"), (None, "invalid"))),
    ({"NIBP": "4;121;75;130;80;;"}, dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_map"), (None, "invalid"))),
    ({"NIBP": "4;16.1;10.0;12.3;80;;"}, dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_map"), (None, "invalid"))),
    ({"NIBP": "4;121;75;;80;;"}, {"nibp_map": NOTHING}),
    ({"NIBP": "4;121;75;92;80;MEASURING;"}, {"nibp_sys": (121.0, "questionable"), "nibp_dia": (75.0, "questionable"),
                                             "nibp_map": (92.0, "questionable")}),
]  # fmt: skip


@each_row(("lines", "expected"), VALUES)
def test_values_and_what_they_are_worth(lines, expected):
    assert read(record(**lines)) == GOOD | expected


def cuffs(*results):
    """Whether each record's cuff result is told as new; None where it has no numbers."""
    readings = (o.reading for o in only(Measured, decode(*(record(NIBP=f"4;{r};80;;") for r in results))))
    systolic = [r for r in readings if r.parameter is Parameter.NIBP_SYS]
    return [None if r.value is None else not r.repeated for r in systolic]


@each_row(
    ("results", "new"),
    [
        (["121;75;92", "121;75;92", "118;74;92", "118;74;92"], [False, False, True, False]),
        ([";;", ";;", "121;75;92", "121;75;92"], [None, None, True, False]),
        (["121;75;92", ";;", "121;75;92"], [False, None, False]),
        (["121;75;92", ";;", "118;74;92"], [False, None, True]),
        (["121;75;92", "121;;92", "121;75;92"], [False, False, False]),
        (["121;75;92", "121;75;93", "121;75;93", "121;75;93"], [False, True, False]),
        (["121;75;92", "112;75;92", "121;75;92", "112;75;92"], [False, False]),
        (["121;75;92", "141;95;112", "141;95;112", "141;95;112"], [False, True, False]),
        (["121;75;92", "112;76;93", "122;76;93"], [False, True]),
        ([";;", "121;75;92", "141;95;112", "121;75;92"], [None, True, False]),
    ],
)
def test_a_cuff_result_is_new_by_change_only(results, new):
    assert cuffs(*results) == new


ALARMS = [
    ({}, []),
    ({"RR": "1;;APNEA: 20 SEC;"}, [("APNEA: 20 SEC", "RR: APNEA: 20 SEC")]),
    ({"RR": "1;0;APNEA: 20 SEC;"}, [("APNEA: 20 SEC", "RR: APNEA: 20 SEC")]),
    ({"RR": "1;35;APNEA;"}, [("APNEA", "RR: APNEA")]),
    ({"RR": "1;;;"}, []),
    ({"RR": "1;35;APNEA: 20 SEC;APNEA"}, [("APNEA", "RR: APNEA")]),
    ({"HR": "1;30;ECG-II-DIAG;LOW HR", "T1": "1;;;X"}, [("LOW HR", "HR: LOW HR"), ("X", "T1: X")]),
    ({"P2": "3;;;;NO TRANSDUCER;"}, []),
]  # fmt: skip


@each_row(("lines", "expected"), ALARMS)
def test_alarms_are_shown_as_the_monitor_words_them(lines, expected):
    first, second = only(DeviceAlarms, decode(record(**lines), record(**lines)))
    assert [(alarm.code, alarm.text) for alarm in second.alarms] == expected
    assert [alarm.code for alarm in first.alarms] == [code for code, _ in expected if code == "APNEA: 20 SEC"]
    assert all(alarm.priority is Priority.HIGH for alarm in second.alarms)
    assert not SPEC.alarms_decoded


@pytest.mark.parametrize("lines", [{"RR": "1;35;APNEA2 20 SEC;"}, {"T1": "1;;;!"}, {"RR": "1;35;APNEA: 20 SEC;D"}])
def test_what_one_record_alone_says_is_no_alarm(lines):
    assert {o.alarms for o in only(DeviceAlarms, decode(record(), record(**lines), record()))} == {()}


JUMPS = [
    ({"ETCO2": "1;38;;"}, {"ETCO2": "1;83;;"}, Parameter.ETCO2),
    ({}, {"SPO2": "1;100;PR=08 ;"}, Parameter.PR),
    ({}, {"SPO2": "1;10;PR=80 ;"}, Parameter.SPO2),
    ({}, {"HR": "1;8;ECG-II-DIAG;"}, Parameter.HR),
    ({"T1": "1;36.6;;"}, {"T1": "1;33.6;;"}, Parameter.TEMP),
]


@pytest.mark.parametrize(("lines", "jump", "parameter"), JUMPS)
def test_a_number_that_jumps_waits_for_the_next_record(lines, jump, parameter):
    good, jumped = record(**lines), record(**lines | jump)

    def numbers(*records):
        readings = (o.reading for o in only(Measured, decode(*records)) if o.reading.parameter is parameter)
        return [r.value for r in readings if r.site != "T2"]

    assert numbers(good, jumped, good) == numbers(good) * 2
    assert numbers(good, jumped, jumped) == numbers(good) + numbers(jumped)


def test_labels_are_told_when_they_change():
    other = record(HR="1;80;LEAD OFF;", P2="3;;;;;")
    said = [o.text for o in only(DeviceNotice, decode(record(), record(), other, other))]
    assert said[3:] == ["HR: LEAD OFF", "P2: no label any more"]


GOOD_RECORD = record()
BAD = [
    GOOD_RECORD[1:], GOOD_RECORD[:-1], GOOD_RECORD.replace(b"ANSAR-B", b"ANSAR-A"), record(WAVES[1:]),
    record(WAVES + b"\0"), record(b"\xfc" + WAVES[1:]), record(WAVES[:399] + b"\xfd"), record(HR="1;80;ECG-II-DIAG"),
    record(HR="2;80;ECG-II-DIAG;"), record(HR="1;8O;ECG-II-DIAG;"), record(HR="1;-80;;"), record(HR="1;8 0;;"),
    record(HR="1;1234;;"), record(HR="1;80;;;"), record(NIBP="4;121;75;92;;"), record(NIBP="3;121;75;92;;"),
    record(T2="1;36,6;;"), record(HR="1;80;E\xc9G;"), record(HR="1;\xb2;;"), record(T2="1;;;\r"),
    GOOD_RECORD.replace(b"\rT1=1;;;", b""), GOOD_RECORD.replace(b"HR=", b"PR="), record(RR="1;35;" + "x" * 41 + ";"),
    GOOD_RECORD.replace(b"T1", b"T2"), GOOD_RECORD.replace(b"\r", b"\n"), record(HR="1;" + " " * 600 + ";;"),
]  # fmt: skip


@each_row("wire", BAD)
def test_what_does_not_fit_the_grammar_makes_the_whole_record_garbage(wire):
    outputs = decode(wire)
    assert b"".join(o.raw for o in only(Garbage, outputs)) == wire
    assert len(outputs) == len(only(Garbage, outputs))
    assert read(wire, GOOD_RECORD) == GOOD, "its neighbour is whole"


@each_row("noise", [b"\xff", GOOD_RECORD[:300], GOOD_RECORD[5:200], b"\xfe", b"x" * 3000, b"\xff" * 500])
def test_a_record_behind_noise_is_found(noise):
    outputs = decode(noise + GOOD_RECORD)
    assert only(Accepted, outputs) == [Accepted(len(noise), len(GOOD_RECORD), "record")]


def test_the_longest_record_fits():
    number, words = ";" + " " * 3 + "001.00" + " " * 3, ";" + "A" * 40
    longest = record(**{key: said[0] + number * int(said[0]) + words * 2 for key, said in LINES.items()})
    assert len(longest) == LONGEST_RECORD
    assert only(Accepted, decode(b"\0" * 5000 + longest)) == [Accepted(5000, LONGEST_RECORD, "record")]


def whole(low, high):
    return st.none() | st.integers(low, high).map(float)


@settings(max_examples=60, deadline=None)
@given(
    hr=whole(0, 350), rr=whole(0, 200), spo2=whole(1, 100), pr=whole(1, 350), co2=whole(0, 150),
    temp=st.none() | st.integers(300, 420).map(lambda n: n / 10), cuff=st.none() | st.integers(20, 100),
)  # fmt: skip
def test_what_the_simulator_says_is_what_the_driver_reads(hr, rr, spo2, pr, co2, temp, cuff):
    p = Parameter
    true = {p.HR: hr, p.RR: rr, p.SPO2: spo2, p.PR: pr, p.ETCO2: co2, p.TEMP: temp}
    true |= {c: cuff if cuff is None else float(cuff * n) for c, n in zip(CUFF, (3, 1, 2), strict=True)}
    wire = SPEC.simulate().advance(Truth(wall=START.wall, values=true, cuff_age_s=cuff and 3.0))
    outputs = decode(wire)
    assert [type(o) for o in outputs if isinstance(o, Accepted | Garbage)] == [Accepted]
    said = {o.reading.parameter: o.reading for o in only(Measured, outputs) if o.reading.site != "T2"}
    assert {parameter: reading.value for parameter, reading in said.items()} == true
    assert {reading.quality for reading in said.values()} <= {Quality.VALID, Quality.MISSING}
