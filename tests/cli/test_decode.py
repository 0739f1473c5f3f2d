"""`ketamon decode`: every kind of output, as JSON and in words, on real conversations and on each output itself."""

import json

import pytest

from ketamon import driver as d
from ketamon.cli.decode import line, main
from ketamon.codec import encode_json
from ketamon.decoded import fields
from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.registry import load
from ketamon.testing.conversation import converse, truths
from ketamon_drivers.ge_dri.record import DISPLAY, PHDB, frame, pack


def reading(value, quality=Quality.VALID, parameter=Parameter.NIBP_SYS, **more):
    return d.Measured(
        7, Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, **more)
    )


def wave(samples, **more):
    return d.Sampled(7, SampleBlock(signal=Signal.ECG, rate_hz=300, samples=samples, **more))


def pump(**more):
    return d.PumpTelemetry(7, PumpStatus(state=PumpState.INFUSING, **more))


HIGH = DeviceAlarm(code="AL_OCCLU", text="occlusion", priority=Priority.HIGH)
TABLE = [
    (reading(120.0), "nibp_sys 120 mmHg", {"value": 120.0, "unit": "mm[Hg]", "quality": "valid"}),
    (reading(120.0, repeated=True), "nibp_sys 120 mmHg (repeated)", {"repeated": True}),
    (reading(120.0, stored=True), "nibp_sys 120 mmHg (stored)", {"stored": True}),
    (reading(120.0, mode=Mode.DEMO), "nibp_sys 120 mmHg (demo)", {"mode": "demo"}),
    (reading(97.0, Quality.QUESTIONABLE, Parameter.SPO2), "spo2 97 % (questionable)", {"quality": "questionable"}),
    (
        reading(None, Quality.MISSING, Parameter.HR, site="ECG"),
        "hr ECG no value (missing)",
        {"value": None, "site": "ECG"},
    ),
    (
        wave((0.1, None, -0.25), unit=Unit.MILLIVOLT, site="II"),
        "ecg wave II, 3 samples at 300 Hz, -0.25 to 0.1 mV, 1 missing",
        {"type": "wave", "signal": "ecg", "rate_hz": 300, "unit": "mV", "site": "II", "samples": [0.1, None, -0.25]},
    ),
    (wave((1.0, 2.0)), "ecg wave, 2 samples at 300 Hz, 1 to 2", {"unit": None, "samples": [1.0, 2.0]}),
    (wave((None,)), "ecg wave, 1 samples at 300 Hz, no value, 1 missing", {"samples": [None]}),
    (wave(()), "ecg wave, 0 samples at 300 Hz, no value", {"samples": []}),
    (
        pump(rate=54.0, volume_infused=3.1, alarm=True, serial="8002", head="11"),
        "pump 11 infusing, rate 54 mL/h, volume_infused 3.1 mL, serial 8002, in alarm",
        {"type": "pump", "head": "11", "rate": 54.0, "vtbi": None, "alarm": True},
    ),
    (pump(), "pump infusing", {"state": "infusing", "rate": None, "alarm": None}),
    (d.DeviceAlarms(7, (HIGH,)), "alarm, high priority, AL_OCCLU: occlusion", {"type": "alarm", "code": "AL_OCCLU"}),
    (d.DeviceNotice(7, "hello"), "hello", {"type": "notice", "text": "hello"}),
    (d.DeviceNotice(7, "a\x1b[2Jb\n"), "a\N{REPLACEMENT CHARACTER}[2Jb ", {"text": "a\x1b[2Jb\n"}),
    (
        d.Mismatch(7, "a pump of another model"),
        "another device: a pump of another model; nothing is told from here on",
        {"type": "mismatch", "text": "a pump of another model"},
    ),
    (d.Garbage(7, b"abc", "no frame"), "3 bytes of garbage: no frame", {"type": "garbage", "length": 3}),
    (d.Accepted(7, 12, "status"), "frame status, 12 bytes", {"type": "frame", "name": "status", "length": 12}),
]


@pytest.mark.parametrize(("output", "text", "said"), TABLE, ids=[text for _, text, _ in TABLE])
def test_each_output_is_a_line_of_words_and_a_json_object(output, text, said):
    (row,) = fields(output)
    assert line(row).decode() == f"        7  {text}"
    told = json.loads(encode_json(row))
    assert {name: told[name] for name in said} == said
    assert told["offset"] == 7


def test_what_is_only_there_for_one_of_several_is_left_out_otherwise():
    assert not {"site", "mode", "stored", "repeated"} & fields(reading(1.0))[0].keys()
    assert "head" not in fields(pump())[0]
    assert "site" not in fields(wave((1.0,)))[0]


def test_requests_and_no_alarms_say_nothing():
    assert fields(d.Send(b"x")) == []
    assert fields(d.DeviceAlarms(0, ())) == []


DRIVERS = ["ge-dri", "contec-cms50", "bbraun-space", "philips-intellivue"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_whole_conversation_both_ways(driver, tmp_path, capfdbinary):
    spec = load(driver)
    talk = converse(spec, truths(12))
    (tmp_path / "raw").write_bytes(talk.data)
    printed = []
    for form in ([], ["--json"], ["--text"]):
        assert main([*form, "--frames", driver, str(tmp_path / "raw")]) == 0
        printed.append(capfdbinary.readouterr().out.decode().splitlines())
    default, rows, lines = printed
    assert default == rows
    assert len(rows) == len(lines) > 10
    found = [json.loads(row) for row in rows]
    assert [row["offset"] for row in found] == [int(line[:9]) for line in lines]
    waves = {row["signal"] for row in found if row["type"] == "wave"}
    assert waves == {b.block.signal for b in talk.outputs if isinstance(b, d.Sampled)}
    assert sum(" samples at " in line for line in lines) == sum(row["type"] == "wave" for row in found)


def test_a_device_that_is_another_one_is_told(tmp_path, capfdbinary):
    strange = frame(pack(99, PHDB, 1, 0, {DISPLAY: bytes(278)}))
    (tmp_path / "raw").write_bytes(strange * 2)
    assert main(["--text", "ge-dri", str(tmp_path / "raw")]) == 0
    assert "another device: a monitor of interface level 99" in capfdbinary.readouterr().out.decode()
    assert main(["ge-dri", str(tmp_path / "raw")]) == 0
    assert json.loads(capfdbinary.readouterr().out)["type"] == "mismatch"


def test_json_or_words_not_both(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--json", "--text", "ge-dri", "x"])
    assert left.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
