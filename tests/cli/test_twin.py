"""The plain twin of the console: what it says, when it says it again, and the log of a session in lines."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise

import pytest
from console.chairs import NURSE, Chair, FakeFeed, empty, infusing, recovering
from rules.clinic import START
from store.samples import QUICK

from ketamon.cli import main
from ketamon.cli.lines import CALM_S, Watch, lines
from ketamon.cli.status import fields
from ketamon.codec import encode_json
from ketamon.console.view.chair import Contact
from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Mode
from ketamon.follow import Source
from ketamon.local import answers, socket_path
from ketamon.profiles import load
from ketamon.store.database import create
from ketamon.store.location import new_session_path
from ketamon.store.writer import Store

LOST = Contact(reached=False, why="no beat")


def said(chair, **how) -> str:
    return "\n".join(line.text for line in lines(chair.view(**how), chair.state))


class Watched:
    """A chair that is watched: what is new, second by second."""

    def __init__(self, chair: Chair, **how):
        self.chair, self.how, self.watch, self.now = chair, how, Watch(), 100.0
        self.first = self.look()

    def look(self, after_s: float = 0.0, **how) -> list[str]:
        self.now += after_s
        return list(self.watch.look(self.chair.view(**(self.how | how)), self.chair.state, self.now))


SAID = [
    (infusing, "no alarm stands"),
    (infusing, "session infusion, 24:00 of 40:00, 16:00 to go, saved 0.2 s"),
    (infusing, " mmHg, now, alarm below 25 or above 50"),
    (infusing, "pump Alaris GH: ▶ infusing to 14:48, 54.0 mL/h, = order, 21.6 of 36.0 mg"),
    (infusing, "open effects: nausea, mild 9 min"),
    (infusing, "due overdue"),
    (infusing, "gate not judged yet, so closed"),
    (recovering, "gate CLOSED, "),
    (recovering, "gate, not met: "),
    (empty, "SpO2 --, no monitor"),
    (empty, "pump: no pump attached"),
]


@pytest.mark.parametrize(("chair", "text"), SAID)
def test_it_says_what_the_console_shows(chair, text):
    assert text in said(chair())


def test_each_criterion_that_lacks_says_what_is_seen_and_what_helps():
    chair = recovering()
    unmet = [check for check in chair.state.gate.checks if not check.met]
    told = [text for text in said(chair).splitlines() if text.startswith("gate, not met")]
    assert len(unmet) == len(told) > 3
    assert all(any(check.label in text and check.remedy in text for text in told) for check in unmet)


def test_an_alarm_has_its_mark_and_priority_in_words():
    chair = infusing().alarm("SpO2 84 < 88", Priority.HIGH, parameter=Parameter.SPO2)
    first, *_ = said(chair).splitlines()
    assert first == "*** high priority: SpO2 84 < 88, since 14:32:00"
    assert "in high priority alarm" in next(t for t in said(chair).splitlines() if t.startswith("SpO2"))


def test_a_value_that_is_lost_is_dashes_and_never_the_old_number():
    chair = infusing().measure(spo2=None)
    assert "SpO2 --, sensor off" in said(chair)
    told = said(infusing(), contact=LOST)
    assert told.startswith("!!! high priority: no contact with the core")
    assert "SpO2 --, lost" in told


def test_nothing_is_said_again_while_nothing_but_time_passes():
    watched = Watched(infusing())
    assert len(watched.first) > 10
    watched.chair.vitals()
    watched.look(CALM_S)
    for seconds in range(1, 9):
        watched.chair.t += 1
        watched.chair.vitals().pump(infused=21.6 + seconds * 0.015)
        assert watched.look(CALM_S) == []


def test_a_number_that_goes_up_and_down_waits_and_one_that_is_lost_does_not():
    watched = Watched(infusing().vitals())
    watched.chair.vitals(hr=85.0)
    assert watched.look(CALM_S / 2) == []
    (line,) = watched.look(CALM_S)
    assert "HR 85 /min" in line
    watched.chair.measure(hr=None)
    assert any("HR --" in line or "PR --" in line for line in watched.look(0.1))


def test_an_alarm_is_said_at_once_and_once():
    watched = Watched(infusing())
    watched.chair.alarm("SpO2 84 < 88", Priority.HIGH)
    (line,) = watched.look(0.1)
    assert "*** alarm: SpO2 84 < 88" in line
    assert watched.look(0.1) == []


def test_a_lost_core_and_its_return_are_said_at_once():
    watched = Watched(infusing())
    assert "no contact with the core" in watched.look(0.1, contact=LOST)[0]
    assert any("the core is heard" in line for line in watched.look(0.1))


def test_another_session_is_told_from_its_beginning():
    watched = Watched(infusing())
    watched.chair.state.opened = replace(watched.chair.state.opened, session="s2")
    assert watched.look(0.1) == watched.first


def test_every_line_of_a_replay_says_that_it_is_one():
    watched = Watched(infusing(), source=Source.REPLAY)
    watched.chair.observe("nausea", 2)
    every = [*watched.first, *watched.look(CALM_S)]
    assert every
    assert all(line.startswith("REPLAY ") for line in every)
    assert any("not a live patient" in line for line in every)


def test_nobody_is_named_where_screens_are_locked():
    watched = Watched(infusing(pins=True))
    watched.chair.observe("nausea", 2).alarm("SpO2 84 < 88", Priority.HIGH)
    told = "\n".join(watched.look(0.1))
    assert "SpO2 84 < 88" in told
    assert "nausea, moderate  " not in told
    assert str(NURSE) not in told


def test_the_same_as_plain_values():
    chair = recovering()
    chair.measure(spo2=None, rr=31.0)
    found = json.loads(encode_json(fields(FakeFeed(chair), chair.beat())))
    assert found["values"]["rr"] == {
        "value": 31.0, "unit": "/min", "why": "", "device": "monitor", "quality": "valid", "age_s": 0.0,
        "low": 8.0, "high": 30.0,
    }  # fmt: skip
    spo2 = found["values"]["spo2"]
    assert (spo2["value"], spo2["why"], spo2["quality"]) == (None, "sensor off", "missing")
    assert (found["order"]["rate_ml_h"], found["pump"]["state"]) == (54.0, "ended")
    unmet = [line for line in found["gate"] if not line["met"]]
    assert not found["gate_open"]
    assert unmet
    assert all(line["remedy"] and line["required"] for line in unmet)


def test_lines_hold_nothing_that_moves_a_cursor():
    chair = recovering().alarm("SpO2 84 < 88", Priority.HIGH)
    assert all(line.text.isprintable() for line in lines(chair.view(), chair.state))


@pytest.fixture
def run(private, capsys):
    """Run a command in a home of its own; return its exit code, its lines and its words."""

    def call(*args):
        code = main([str(arg) for arg in args])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return call


def kept(mode=Mode.REAL):
    """Write a session to its file: one observation, corrected later, and an alarm."""
    toml = load(None)[1]
    bodies = [
        e.SessionOpened(
            session="s", chair="2", mode=mode, profile="p", profile_sha256="", profile_toml=toml, software="t"
        ),
        e.Observed(item="nausea", grade=1, by=NURSE),
        e.AlarmChanged(
            alarm="a", state=e.AlarmState.ACTIVE, priority=Priority.HIGH, technical=False, text="SpO2 84 < 88"
        ),
        e.ObservationCorrected(corrects=2, grade=2, why="worse", by=NURSE),
        e.GateChanged(open=False, checks=()),
    ]
    path, at = new_session_path(START, "2"), Chair().at
    create(path, "s", START)
    store = Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK)
    events = [e.Event(n, at.plus(n), body) for n, body in enumerate(bodies, start=1)]
    store.append(events, urgent=True).result(10)
    store.close(ended=True)
    return path


def test_the_log_of_an_ended_session_says_time_what_and_who(run):
    path = kept()
    code, told, _ = run("log", path)
    assert code == 0
    assert [line.partition("  ")[2] for line in told[1:]] == [
        "nausea, mild  [nurse AB]",
        "*** alarm: SpO2 84 < 88",
        "nausea corrected to nausea, moderate: worse  [nurse AB]",
    ]
    assert run("log", path.stem) == run("log", path.name) == (0, told, "")


def test_the_log_as_json(run):
    _, told, _ = run("log", kept(), "--json")
    rows = [json.loads(line) for line in told]
    assert [row["type"] for row in rows[1:]] == ["observed", "alarm-changed", "observation-corrected"]
    assert (rows[1]["what"], rows[1]["who"], rows[1]["seq"], rows[1]["t_s"]) == ("nausea, mild", "nurse AB", 2, 2.0)
    assert (rows[2]["mark"], rows[2]["priority"]) == ("***", "high")


def test_the_log_of_a_simulation_says_so_in_every_line(run):
    _, told, _ = run("log", kept(Mode.DEMO))
    assert told
    assert all(line.startswith("SIMULATED  ") for line in told)


def test_the_log_of_a_recorded_stream(run):
    code, told, _ = run("log", "desaturation")
    assert code == 0
    assert all(line.startswith("REPLAY  ") for line in told)
    assert any("SpO2" in line and "* alarm: " in line for line in told)
    times = [line.split()[1] for line in told]
    assert all(one <= two for one, two in pairwise(times))


def spawn(*args):
    return subprocess.Popen([sys.executable, "-m", "ketamon", *args], stdout=subprocess.PIPE, text=True)


def lines_of(process):
    """Give the lines of a process, which is ended where it takes too long."""
    timer = threading.Timer(20, process.kill)
    timer.start()
    try:
        yield from process.stdout
    finally:
        timer.cancel()


def test_a_chair_is_watched_and_its_log_followed_by_other_programs(run):
    with spawn("core", "--chair", "k", "--demo", "uneventful", "--speed", "200") as core:
        while not answers(socket_path("k")):
            assert core.poll() is None
        with spawn("log", "--chair", "k", "--follow") as log, spawn("status", "--watch") as watch:
            said = next(line for line in lines_of(log) if "checked in" in line)
            assert said.startswith("SIMULATED  ")
            told = []
            for line in lines_of(watch):
                told.append(line)
                if "  SpO2 9" in line:
                    core.terminate()
                if "no contact with the core" in line:
                    break
            watch.terminate()
            log.kill()
    assert "!!! high priority: no contact with the core" in told[-1]
    assert all(line.startswith("SIMULATED chair demo: ") and line.strip().isprintable() for line in told)


WRONG = [
    (["log"], 3, "no core runs"),
    (["log", "--chair", "9"], 3, "no core answers"),
    (["log", "nothing.ksession"], 3, "nothing.ksession"),
    (["log", "nothing.kstream"], 3, "no file"),
    (["log", "uneventful", "--follow"], 2, "--follow goes with a running session"),
]


@pytest.mark.parametrize(("args", "code", "words"), WRONG)
def test_what_cannot_be_logged_says_why(run, args, code, words):
    found, told, err = run(*args)
    assert (found, told) == (code, [])
    assert words in err
