"""`ketamon` alone in a terminal: this computer as the start screen sees it, and one command after the other."""

import asyncio
import contextvars
import os
import sys
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from cli.test_course_command import OTHER, a_session
from cli.test_offer import stopped
from cli.tmux import Tmux

from ketamon import samples
from ketamon.cli import front, main
from ketamon.cli.here import Computer
from ketamon.cli.signed import begins_locked
from ketamon.console.here import TYPED
from ketamon.domain.people import Person, Role
from ketamon.domain.readings import Mode
from ketamon.errors import KetamonError, Refused, SourceError, UsageError
from ketamon.local import claim_ports
from ketamon.registry import names
from ketamon.roster import Roster
from ketamon.simulator.scenario import SCENARIOS

PIN = "407291"
CONFIG = """
who = "MK"
[[chair]]
name = "2"
monitor = ["ge-dri:/dev/ttyUSB0"]
pump = ["alaris-gh:/dev/ttyUSB1"]
profile = "ketamine-60min"
[[chair]]
name = "3"
"""


@pytest.fixture
def home(private, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: private)
    return private / "home"


@pytest.fixture
def configured(home):
    home.mkdir()
    (home / "config.toml").write_text(CONFIG)
    return home


@pytest.fixture
def pins(home):
    home.mkdir(mode=0o700, exist_ok=True)
    roster = Roster.open(home)
    roster.add(Person("Dr. Ahn", Role.DIRECTOR), PIN)
    return roster


# ---------------------------------------------------------------- what there is


def test_a_computer_on_which_nothing_was_done_is_fresh_and_looking_makes_nothing(home):
    glance = Computer().glance()
    assert glance.fresh
    assert (glance.open, glance.running, glance.problems, glance.pins) == ((), (), (), False)
    assert "nothing is configured" in glance.config
    assert "ketamon config edit" in glance.config
    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_an_open_session_is_offered_with_its_patient():
    asyncio.run(stopped("2"))
    (row,) = Computer().glance().open
    assert row.text.startswith("chair 2 J. D. check-in since 20")
    assert row.args == ("run", "--chair", "2", "--resume")
    assert "last saved 20" in row.detail
    assert not Computer().glance().fresh


def test_where_pins_are_in_force_an_open_session_has_no_patient_also_an_older_one(home):
    asyncio.run(stopped("2"))
    assert "J. D." in repr(Computer().glance())
    Roster.open(home).add(Person("Dr. Ahn", Role.DIRECTOR), PIN)
    asyncio.run(stopped("3"))
    glance = Computer().glance()
    assert glance.pins
    assert [bool(row.args) for row in glance.open] == [True, True]
    assert "J. D." not in repr(glance)


def test_a_roster_that_is_gone_or_broken_opens_nothing(home, pins):
    asyncio.run(stopped("2"))
    (home / "people.json").unlink()
    assert Computer().glance().pins, "the newest session asked for PINs"
    (home / "people.json").write_text("{")
    (home / "people.json").chmod(0o600)
    glance = Computer().glance()
    assert glance.pins
    assert "J. D." not in repr(glance.open)
    assert any("the roster cannot be read" in problem for problem in glance.problems)


@pytest.mark.usefixtures("home")
def test_of_two_open_sessions_of_a_chair_the_newer_is_gone_on_with():
    asyncio.run(stopped("2"))
    asyncio.run(stopped("2"))
    newer, older = Computer().glance().open
    assert newer.args
    assert not older.args
    assert older.wrong


def test_a_file_that_cannot_be_read_is_named(home):
    (home / "sessions").mkdir(parents=True)
    (home / "sessions" / "x.ksession").write_bytes(b"\x89PNG" * 200)
    (row,) = Computer().glance().open
    assert row.wrong
    assert not row.args
    assert "x.ksession" in row.detail


def test_a_broken_configuration_is_told_and_stops_nothing(home):
    home.mkdir()
    (home / "config.toml").write_text("theme = 3\nnonsense = 1\n")
    glance = Computer().glance()
    assert any("the configuration is not used" in problem and "config.toml" in problem for problem in glance.problems)
    assert Computer().seats() == []
    assert not glance.fresh


def test_a_folder_that_cannot_be_written_is_told(home, monkeypatch):
    home.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert any("cannot be written, so no session can be kept" in problem for problem in Computer().glance().problems)


def test_a_folder_that_cannot_be_read_is_told(home):
    home.mkdir()
    (home / "sessions").write_text("a file")
    glance = Computer().glance()
    assert any("cannot be read" in problem for problem in glance.problems)


@pytest.mark.usefixtures("configured")
def test_configured_chairs_fill_the_form():
    two, three = Computer().seats()
    assert (two.name, two.monitors, two.pumps) == ("2", "ge-dri:/dev/ttyUSB0", "alaris-gh:/dev/ttyUSB1")
    assert three.monitors == ""
    assert Computer().glance().who == "MK nurse"


# ---------------------------------------------------------------- lists


@pytest.mark.usefixtures("home")
def test_every_scenario_and_every_sample_is_listed():
    assert [row.args[-1] for row in Computer().rows("demo")] == list(SCENARIOS)
    rows = Computer().rows("replay")
    assert [row.args for row in rows[:-1]] == [("replay", str(samples.path(name))) for name in samples.names()]
    assert rows[-1].key == TYPED


@pytest.mark.usefixtures("home")
def test_streams_that_were_recorded_here_are_listed_and_guarded():
    asyncio.run(stopped("2"))
    found = [row for row in Computer().rows("replay") if row.text.startswith("recorded")]
    assert len(found) == 1
    assert found[0].guarded
    assert found[0].args[1].endswith(".kstream")


def test_sessions_that_ended_are_listed_newest_first(home):
    for day in (0, 4):
        a_session(day, seconds=5)
    a_session(2, patient=OTHER, mode=Mode.DEMO, seconds=5)
    a_session(3, end=False, seconds=5)
    rows = Computer().rows("review")
    assert [row.text[:10] for row in rows] == ["2026-03-06", "2026-03-04", "2026-03-02"]
    assert "M. K." in rows[1].text
    assert rows[1].text.endswith("demo")
    assert all(row.guarded and row.args[0] == "review" for row in rows)
    assert Path(rows[0].args[1]).parent == home / "sessions"


@pytest.mark.usefixtures("home")
def test_ports_say_who_has_them_and_drivers_what_they_are(monkeypatch):
    monkeypatch.setattr("ketamon.port.detect.serial_ports", lambda: {"/dev/ttyUSB0": "FTDI", "/dev/ttyUSB1": ""})
    with claim_ports(["/dev/ttyUSB1"]):
        free, used, other = Computer().rows("ports")
    assert (free.key, free.text) == ("/dev/ttyUSB0", "/dev/ttyUSB0  FTDI")
    assert "IN USE" in used.text
    assert f"process {os.getpid()}" in used.detail
    assert other.key == TYPED
    assert [row.text.split()[0] for row in Computer().rows("drivers")] == list(names())


# ---------------------------------------------------------------- a new session

TYPED_IN = {"chair": "2", "monitors": "", "pumps": "", "profile": "", "who": "AB nurse"}


def plan(**typed):
    return Computer().plan(TYPED_IN | typed)


@pytest.mark.usefixtures("home")
def test_a_plan_is_an_ordinary_command():
    found = plan(monitors="ge-dri:/dev/a, nonin:/dev/b", pumps="alaris-gh:/dev/c", profile="ketamine-60min")
    assert found.doubt == ""
    assert found.args[:9] == (
        "run", "--chair", "2", "--monitor", "ge-dri:/dev/a", "--monitor", "nonin:/dev/b", "--pump", "alaris-gh:/dev/c",
    )  # fmt: skip
    assert found.args[9] == "--profile"
    assert found.args[-5:] == ("--as", "AB", "--role", "nurse", "--new")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"chair": "a b"}, "is no name for a chair"),
        ({"who": "AB"}, "write name and role"),
        ({"monitors": "ge-dri"}, "names no port"),
        ({"pumps": "ge-dri:/dev/a"}, "give it with --monitor"),
        ({"monitors": "gedri:/dev/a"}, "there is no driver"),
        ({"profile": "none"}, "there is no profile"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_left(typed, said):
    with pytest.raises(UsageError, match=said):
        plan(**typed)


@pytest.mark.usefixtures("home")
def test_what_is_doubtful_is_said():
    assert "no device is named" in plan().doubt
    asyncio.run(stopped("2"))
    assert "chair 2 has an open session" in plan(monitors="ge-dri:/dev/a").doubt
    assert plan(chair="3", monitors="ge-dri:/dev/a").doubt == ""


@pytest.mark.usefixtures("configured")
def test_devices_of_the_configuration_do_not_come_back_unasked():
    with pytest.raises(UsageError, match="the configuration has devices for chair 2"):
        plan()
    assert "--profile" not in plan(monitors="ge-dri:/dev/a", profile="ketamine-60min").args, "it is the configured one"


@pytest.mark.usefixtures("home")
def test_a_recording_is_a_file_or_a_sample():
    assert Computer().stream("uneventful") == ("replay", str(samples.path("uneventful")))
    with pytest.raises(SourceError, match="no file"):
        Computer().stream("/nowhere.kstream")


@pytest.mark.usefixtures("pins")
def test_only_the_right_pin_signs_in():
    assert Computer().sign_in("dr. ahn", PIN) == Person("Dr. Ahn", Role.DIRECTOR)
    for name, pin in (("Dr. Ahn", "111111"), ("nobody", PIN)):
        with pytest.raises(Refused):
            Computer().sign_in(name, pin)


@pytest.mark.usefixtures("home")
def test_a_port_that_a_core_has_is_left_alone_and_a_missing_one_is_told():
    with claim_ports(["/dev/ttyX9"]):
        (row,) = Computer().detect("/dev/ttyX9", lambda _: False)
    assert "is used by" in row.text
    (row,) = Computer().detect("/dev/ttyX9", lambda _: False)
    assert row.wrong


# ---------------------------------------------------------------- one command after the other


@pytest.fixture
def screens(monkeypatch):
    """What is chosen at the start screen, one after the other; and what it was shown."""
    choices, remembered = [], []

    def shown(_here, memory, **_):
        remembered.append(replace(memory))
        return choices.pop(0) if choices else (), 0

    monkeypatch.setattr(front, "run_front", shown)
    return choices, remembered


@pytest.mark.usefixtures("home")
def test_after_each_command_the_start_screen_is_there_and_says_what_it_said(screens, capsys):
    choices, remembered = screens
    choices += [("demo",), ("run", "--chair", "2"), ("attach",)]
    ran = []

    def run(args):
        ran.append(args)
        sys.stderr.write("a line\nanother\n")
        return 3 if args[0] == "run" else 0

    assert front.main(run) == 0
    assert ran == [["demo"], ["run", "--chair", "2"], ["attach"]]
    assert [(one.said, one.failed) for one in remembered] == [
        ((), False), (("a line", "another"), False), (("a line", "another"), True), (("a line", "another"), False),
    ]  # fmt: skip
    assert capsys.readouterr().err.count("a line\nanother\n") == 3, "the terminal has it, too"


@pytest.mark.usefixtures("home")
def test_an_error_of_a_command_is_said_in_words(screens):
    choices, remembered = screens
    choices += [("attach", "--chair", "9"), ("run", "--nonsense"), ("replay", "gone.kstream")]
    assert front.main(main) == 0
    assert [one.failed for one in remembered] == [False, True, True, True]
    assert "chair 9 has no running core" in remembered[1].said[0]
    assert "unrecognized arguments" in remembered[2].said[0]
    assert "gone.kstream" in " ".join(remembered[3].said)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("code", "again"), [(143, False), (129, False), (130, True), (1, True)])
def test_a_console_whose_window_was_closed_is_the_end(screens, code, again):
    choices, remembered = screens
    choices.append(("demo",))
    assert front.main(lambda _: code) == (0 if again else code)
    assert len(remembered) == 1 + again


@pytest.mark.usefixtures("home")
def test_who_signed_in_is_who_is_at_the_console(monkeypatch):
    lee, ran = Person("Lee", Role.PHYSICIAN), []
    choices = [("attach", "--chair", "2"), ("run", "--as", "AB"), ("demo",), ()]

    def shown(_here, memory, **_):
        memory.who = lee
        return choices.pop(0), 0

    monkeypatch.setattr(front, "run_front", shown)
    front.main(lambda args: ran.append(args) or 0)
    assert ran == [["attach", "--chair", "2", "--as", "Lee", "--role", "physician"], ["run", "--as", "AB"], ["demo"]]


@pytest.mark.usefixtures("home")
def test_without_the_passphrase_the_start_screen_says_so(screens, monkeypatch):
    def no_passphrase():
        raise SourceError("wrong passphrase")

    monkeypatch.setattr(front.KEYS, "passphrase", no_passphrase)
    front.main(lambda _: 0)
    assert "wrong passphrase" in screens[1][0].said[0]
    assert screens[1][0].failed
    with pytest.raises(KetamonError):
        front._not_now()


@pytest.mark.usefixtures("home")
def test_lines_are_kept_whole_and_blank_ones_are_not(capsys):
    with front.heard() as said:
        sys.stdout.write("one, ")
        sys.stdout.write("still one\n\n")
        sys.stderr.write("two\n")
    assert said == ["one, still one", "two"]
    assert capsys.readouterr().out == "one, still one\n\n"


def test_in_a_real_terminal_a_demo_comes_back_to_the_start(private):
    window = Tmux(f"{tempfile.gettempdir()}/{uuid.uuid4().hex[:12]}", [sys.executable, "-m", "ketamon"], size=(100, 30))
    try:
        window.see("Nothing is configured here")
        window.press("d")
        window.see("desaturation")
        window.press("Enter")
        window.see("SIMULATED")
        window.press("q")
        window.see("what to do")
        window.see("desaturation")
        window.press("q")
        window.ended()
    finally:
        window.close()
    assert not list((private / "home").glob("sessions/*")), "a demo is kept nowhere"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("who", [None, Person("Lee", Role.NURSE)], ids=["nobody", "Lee"])
def test_a_console_begins_locked_unless_somebody_signed_in(monkeypatch, who):
    seen = []
    choices = [("attach", "--chair", "2"), ()]

    def shown(_here, memory, **_):
        memory.who = who
        return choices.pop(0), 0

    monkeypatch.setattr(front, "run_front", shown)
    contextvars.copy_context().run(front.main, lambda _: seen.append(begins_locked.get()) or 0)
    assert seen == [who is None]
    assert not begins_locked.get(), "a console that was typed for itself is as before"
