"""A whole session by keys in a real terminal of 80 by 24: from the first question to the patient who has left."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli.tmux import Tmux

from ketamon.domain import events as e
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.phases import Phase
from ketamon.profiles import load
from ketamon.roster import Roster
from ketamon.store.location import data_dir
from ketamon.store.reader import load as load_events
from ketamon.store.verify import verify

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

STAFF = {
    Person("Ahn", Role.DIRECTOR): "271828",
    Person("MK", Role.NURSE): "314159",
    Person("Chen", Role.PHYSICIAN): "161803",
}
QUICK = """
extends = "ketamine-40min"
name = "quick"
version = "1"
title = "Everything in a minute, for tests"
plan = { minutes = 0.2, shortest_minutes = 0.2 }
"""
AT_BASELINE = {"s": "5", "d": "0", "n": "0", "p": "0", "m": "3"}
IN_RECOVERY = {"s": "5", "d": "0", "n": "0", "h": "0", "z": "0", "G": "0", "H": "0", "O": "0"}


@pytest.fixture
def clinic(private):
    """A folder of its own, people with PINs, and a profile whose times are seconds."""
    (private / "home").mkdir(mode=0o700)
    roster = Roster.open(data_dir())
    for person, pin in STAFF.items():
        roster.add(person, pin)
    (private / "quick.toml").write_text(QUICK + "".join(quick(c) for c in load(None)[0].criterion))
    return private


def quick(criterion) -> str:
    """Say a criterion of the gate anew with times that a test can wait for."""
    shorter = {
        "minutes": 0.05 if criterion.id in {"time", "vomiting"} else None,
        "sustained_minutes": 0.0 if criterion.sustained_minutes else None,
    }
    lines = [f"{key} = {value}" for key, value in shorter.items() if value is not None]
    return "\n".join(["", "[[criterion]]", f'id = "{criterion.id}"', *lines, ""]) if lines else ""


@pytest.fixture
def bench(clinic):
    """The devices at the chair; gives the function that presses a key of the pump."""
    script = Path(__file__).with_name("quick_bench.py")
    command = [sys.executable, str(script), str(clinic / "monitor"), str(clinic / "pump")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as devices:
        for _ in range(2):
            assert devices.stdout.readline()

        def press(key: str) -> None:
            devices.stdin.write(f"{key}\n")
            devices.stdin.flush()

        yield press
        devices.kill()


class Nurse:
    """Someone at the keyboard, who looks before pressing the next key."""

    def __init__(self, clinic: Path) -> None:
        self.clinic = clinic
        ports = ["--monitor", f"ge-dri:{clinic / 'monitor'}", "--pump", f"alaris-gh:{clinic / 'pump'}"]
        self.terminal = self.open("run", "--chair", "2", *ports, "--profile", str(clinic / "quick.toml"))

    def open(self, *words: str) -> Tmux:
        command = [sys.executable, "-m", "ketamon", *words, "--as", "MK", "--silent"]
        return Tmux(str(self.clinic / f"tmux-{words[0]}"), command)

    def does(self, *keys: str, sees: str) -> str:
        self.terminal.press(*keys)
        return self.terminal.see(sees)

    def fills(self, *texts: str, sees: str) -> str:
        """Type into one field after the other."""
        for text in texts:
            self.terminal.type(text)
            self.terminal.press("Enter")
        return self.terminal.see(sees)

    def observes(self, grades: dict[str, str]) -> None:
        for item, grade in grades.items():
            self.does("o", sees="─ observe ─")
            self.does(item, sees="─ observe ▸")
            self.does(grade, sees="─ log ─")

    def proves(self, who: str, sees: str) -> str:
        self.terminal.see(f"PIN of \\w+ {who}")
        pin = next(pin for person, pin in STAFF.items() if person.name == who)
        return self.fills(pin, sees=sees)

    def checks_in(self) -> None:
        self.terminal.see("screening: 21 open")
        self.does("m", sees="who is here")
        self.does("r", sees="nurse MK in the room")
        self.does("+", sees="who")
        self.fills("Chen physician", sees="› physician Chen|›physician Chen")
        self.does("s", sees="physician Chen on site")
        self.does("Escape", sees="─ log ─")
        self.does("h", sees="screening: 21 open")
        for item in load(None)[0].screening:
            key = "y" if item.id in {"consent", "ride-home"} else "n"
            self.does(key, sees=f"saved.*{re.escape(item.question)} (yes|no)")
        self.does("Escape", sees="─ log ─")
        self.does("c", sees="─ check in ─")
        form = ("J. D.", "1984-82", "40", "scale", "1 of 6", "neuro", "K. D., sister", "0.1", "", "10")
        self.fills(*form, sees="saved .* J. D., 4 mg over 0.2 min")
        self.terminal.see("─ log ─")
        self.does("2", sees="0.4 mL in 0.2 min = 120 mL/h")
        self.fills("Chen physician", sees="PIN of physician Chen")
        self.proves("Chen", sees="chair .*▸ baseline")

    def infuses(self, pump) -> None:
        self.presses_in("118/76")
        self.observes(AT_BASELINE)
        self.terminal.see("nothing is due")
        pump("start")
        self.terminal.see("chair .*▸ infusion")
        self.does("x", sees="next step")
        self.does("1", sees="saved .*infusion")
        self.terminal.see("chair .*▸ recovery")
        pump("hold")
        pump("silence")

    def presses_in(self, pressure: str) -> None:
        self.does("v", sees="value read by hand")
        self.fills(pressure, sees=f"saved .*{pressure.partition('/')[0]}")
        self.terminal.see("─ log ─")

    def looks_after(self) -> None:
        self.presses_in("121/78")
        self.observes(IN_RECOVERY)
        self.does("o", sees="─ observe ─")
        self.does("A", sees="0 to 10, then enter")
        self.fills("10", sees="saved .* 10")
        self.does("g", sees="›UNMET oriented")
        for fact in ("oriented", "IV out, site fine", "escort present and named", "instructions given"):
            self.terminal.see(f"›UNMET {fact}")
            self.does("Enter", sees=f"saved .*{fact}: confirmed")
        self.terminal.see("gate: OPEN")


@pytest.fixture
def nurse(clinic, bench):
    somebody = Nurse(clinic)
    yield somebody
    somebody.terminal.close()
    end_cores(clinic)  # one that outlived its devices would open whatever comes next at their pseudo-terminals


def end_cores(clinic: Path) -> None:
    for lock in (clinic / "home" / "sessions").glob("*.lock"):
        os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)


def record(clinic: Path) -> list[e.Event]:
    (path,) = (clinic / "home" / "sessions").glob("*.ksession")
    assert verify(path) == []
    return load_events(path)


def test_from_the_first_question_to_the_patient_who_has_left(nurse, bench, clinic):
    nurse.checks_in()
    nurse.infuses(bench)
    nurse.looks_after()
    nurse.does("d", sees="discharge, gate: OPEN")
    nurse.does("Enter", sees="PIN of nurse MK")
    nurse.proves("MK", sees="\\[x\\] assessment signed +nurse MK")
    nurse.fills("Chen physician", sees="PIN of physician Chen")
    nurse.proves("Chen", sees="chair .*▸ ready")
    nurse.fills("MK nurse", sees="chair .*▸ discharged")
    nurse.does("q", sees="goes on without a screen")
    events = record(clinic)
    signed = [event.body for event in events if isinstance(event.body, e.Signed)]
    assert [(s.meaning, s.by.name, s.proof) for s in signed] == [
        (Meaning.ASSESSMENT, "MK", Proof.PIN),
        (Meaning.DISCHARGE, "Chen", Proof.PIN),
    ]
    phases = [event.body.phase for event in events if isinstance(event.body, e.PhaseChanged)]
    assert phases == [Phase.BASELINE, Phase.INFUSION, Phase.RECOVERY, Phase.READY, Phase.DISCHARGED]
    text = b"".join(path.read_bytes() for path in (clinic / "home" / "sessions").iterdir())
    assert not any(pin.encode() in text for pin in STAFF.values())
