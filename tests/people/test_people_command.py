"""`ketamon people` as directors, nurses and scripts meet it."""

import getpass
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper

import argon2
import pytest
from rows import each_row

from ketamon.cli import main, people
from ketamon.domain.instant import Instant
from ketamon.roster import FILE, Roster
from ketamon.store.location import data_dir, sessions_dir

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
AHN, KELLER, BAD = "271828", "314159", "999990"
ADD_AHN = ("add", "Dr. Ahn", "director")
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Stopped:
    def now(self):
        return Instant(0, NOW)


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run `ketamon people`; `typed` is typed at the terminal, `data` comes on standard input."""
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Roster, "_argon2", lambda self: CHEAP)
    monkeypatch.setattr(people, "SystemClock", Stopped)

    def call(*args, typed=(), data=""):
        answers = iter(typed)

        def answer(prompt):
            sys.stderr.write(prompt)
            return next(answers)

        monkeypatch.setattr(getpass, "getpass", answer)
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(data.encode("utf-8", "surrogateescape"))))
        code = main(["people", *args])
        assert next(answers, None) is None, "more was typed than asked"
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return call


@pytest.fixture
def staffed(run):
    assert run(*ADD_AHN, typed=[AHN, AHN])[0] == 0
    assert run("add", "MK", "nurse", "--by", "dr. ahn", typed=[AHN, KELLER, KELLER])[0] == 0
    return run


def saved():
    return (data_dir() / FILE).read_bytes()


def test_an_empty_roster_says_what_that_means_and_how_to_begin(run):
    code, lines, words = run()
    assert (code, lines) == (0, [])
    assert "nothing is proven" in words
    assert "ketamon people add NAME director" in words


def test_the_first_person_changes_what_a_signature_needs(run):
    code, _, words = run(*ADD_AHN, typed=[AHN, AHN])
    assert code == 0
    assert "from now on signatures need a PIN" in words
    assert "from now on" not in run("add", "MK", "nurse", "--by", "Dr. Ahn", typed=[AHN, KELLER, KELLER])[2]
    assert run()[1] == run("list")[1] == ["Dr. Ahn                 director", "MK                      nurse"]


def test_the_first_must_be_a_director(run):
    code, _, words = run("add", "MK", "nurse", typed=[KELLER, KELLER])
    assert (code, "must be a director" in words) == (2, True)


def test_the_list_says_who_is_locked_and_never_a_hash(staffed):
    roster = Roster.open(data_dir())
    for _ in range(5):
        roster.check("MK", BAD, NOW)
    until = (NOW + timedelta(minutes=15)).astimezone()
    assert staffed()[1] == [
        "Dr. Ahn                 director",
        f"MK                      nurse      locked until {until:%H:%M}",
    ]
    assert staffed("pin", "mk", "--by", "Dr. Ahn", typed=[AHN, KELLER, KELLER])[0] == 0
    assert staffed()[1][1] == "MK                      nurse"


MAY_NOT = [
    (("add", "X", "nurse", "--by", "MK"), [KELLER], "a director must allow this, not the nurse MK"),
    (("remove", "Dr. Ahn", "--by", "MK"), [KELLER], "a director must allow this, not the nurse MK"),
    (("remove", "MK", "--by", "MK"), [KELLER], "a director must allow this, not the nurse MK"),
    (("pin", "Dr. Ahn", "--by", "MK"), [KELLER], "a director must allow this, not the nurse MK"),
    (("pin", "Dr. Ahn", "--by", "Dr. Ahn"), [BAD], "wrong PIN; 4 more"),
    (("pin", "Dr. Ahn", "--by", "nobody"), [AHN], "nobody of that name"),
    (("pin", "Dr. Ahn", "--by", ""), [AHN], "nobody of that name"),
    (("pin", "nobody", "--by", "Dr. Ahn"), [], "not in the roster"),
    (("remove", "nobody", "--by", "Dr. Ahn"), [], "not in the roster"),
    (("remove", "Dr. Ahn", "--by", "Dr. Ahn"), [AHN], "only director"),
    (("add", "mk", "physician", "--by", "Dr. Ahn"), [AHN, KELLER, KELLER], "in the roster already"),
    (("pin", "MK", "--by", "MK"), [KELLER, "161803", "161804"], "the two PINs differ"),
    (("pin", "MK", "--by", "MK"), [KELLER, "123456", "123456"], "among the first"),
    (("pin", "MK", "--by", "MK"), [KELLER, "12345", "12345"], "at least 6 digits"),
    (("add", "X", "surgeon"), [], "invalid choice"),
    (("ad",), [], "invalid choice"),
    (("add", "X", "nurse", "271828"), [], "unrecognized arguments"),
]


@each_row(("args", "typed", "words"), MAY_NOT)
def test_what_may_not_be_changes_nobody(staffed, args, typed, words):
    before = Roster.open(data_dir()).people
    code, _, said = staffed(*args, typed=typed)
    assert (code, words in said) == (2, True), said
    roster = Roster.open(data_dir())
    assert roster.people == before
    assert [str(roster.check(n, pin, NOW)) for n, pin in (("Dr. Ahn", AHN), ("MK", KELLER))] == [
        "right PIN of director Dr. Ahn", "right PIN of nurse MK",
    ]  # fmt: skip


def test_a_locked_director_allows_nothing_and_is_asked_no_new_pin(staffed):
    for _ in range(5):
        staffed("remove", "MK", "--by", "Dr. Ahn", typed=[BAD])
    code, _, words = staffed("pin", "MK", "--by", "Dr. Ahn", typed=[AHN])
    assert (code, "the PIN is locked until" in words) == (2, True)


def test_everybody_changes_their_own_pin(staffed):
    assert staffed("pin", "MK", "--by", "mk", typed=[KELLER, "161803", "161803"])[0] == 0
    assert Roster.open(data_dir()).check("MK", "161803", NOW).person is not None


def test_the_last_one_out_is_told_what_that_means(staffed):
    assert staffed("remove", "MK", "--by", "Dr. Ahn", typed=[AHN])[0] == 0
    code, _, words = staffed("remove", "Dr. Ahn", "--by", "Dr. Ahn", typed=[AHN])
    assert (code, "names are taken as typed" in words) == (0, True)
    assert staffed("list")[1] == []


def test_who_allows_it_is_asked_where_it_is_not_said(staffed):
    code, _, words = staffed("remove", "MK", data="Dr. Ahn\n", typed=[AHN])
    assert (code, "your name" in words) == (0, True)


def test_scripts_give_pins_on_standard_input(run):
    assert run(*ADD_AHN, "--pin-stdin", data=f"{AHN}\n")[0] == 0
    assert run("add", "MK", "nurse", "--by", "Dr. Ahn", "--pin-stdin", data=f"{AHN}\r\n{KELLER}")[0] == 0
    assert run("remove", "MK", "--by", "Dr. Ahn", "--pin-stdin", data=f"{AHN}\n")[0] == 0
    assert run()[1] == ["Dr. Ahn                 director"]


BAD_INPUT = [
    ("", "--pin-stdin needs --by", ()),
    ("", "ended before the PIN", ("--by", "Dr. Ahn")),
    (f"{AHN}\n", "ended before the PIN", ("--by", "Dr. Ahn")),
    (f"{AHN}\n\n", "at least 6 digits", ("--by", "Dr. Ahn")),
    (f"{AHN}\n\udcff71828\n", "at least 6 digits", ("--by", "Dr. Ahn")),
    (f"{AHN}\n {KELLER}\n", "at least 6 digits", ("--by", "Dr. Ahn")),
]


@pytest.mark.parametrize(("data", "words", "by"), BAD_INPUT)
def test_what_scripts_get_wrong_is_told(staffed, data, words, by):
    code, _, said = staffed("add", "X", "nurse", "--pin-stdin", *by, data=data)
    assert (code, words in said) == (2, True), said
    assert len(Roster.open(data_dir()).people) == 2


def test_a_damaged_roster_is_told_and_cannot_be_begun_anew_over_it(staffed):
    (data_dir() / FILE).write_bytes(b"")
    for args in ((), ADD_AHN, ("pin", "MK")):
        code, lines, words = staffed(*args)
        assert (code, lines, f"{FILE} is damaged" in words) == (4, [], True)
    assert saved() == b""


def test_no_pin_is_printed(staffed):
    said = staffed("pin", "MK", "--by", "MK", typed=[KELLER, "161803", "161803"])
    assert KELLER not in str(said)
    assert "161803" not in str(said)


@pytest.mark.parametrize("command", ["add", "remove", "pin"])
def test_each_change_has_help_with_examples(run, command):
    code, lines, _ = run(command, "--help")
    assert code == 0
    assert f"  ketamon people {command}" in "\n".join(lines).split("examples:")[1]


def test_the_home_that_a_session_makes_first_will_do_for_the_roster(run):
    mask = os.umask(0o002)
    try:
        sessions_dir()
    finally:
        os.umask(mask)
    assert run(*ADD_AHN, typed=[AHN, AHN])[0] == 0


def begin(tmp_path, **files):
    command = [sys.executable, "-m", "ketamon", "people", *ADD_AHN]
    environ = {**os.environ, "KETAMON_HOME": str(tmp_path / "home")}
    return subprocess.Popen(command, env=environ, start_new_session=True, **files)


def test_without_a_terminal_no_pin_is_read_in_the_open(tmp_path):
    pipe = subprocess.PIPE
    process = begin(tmp_path, stdin=pipe, stdout=pipe, stderr=pipe)
    _, words = process.communicate(f"{AHN}\n{AHN}\n".encode())
    assert (process.returncode, b"--pin-stdin" in words) == (2, True)
    assert not (tmp_path / "home").exists()


def test_at_a_terminal_the_pin_is_not_shown(tmp_path):
    ours, theirs = pty.openpty()
    process = begin(tmp_path, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    for prompt in (b"new PIN for Dr. Ahn: ", b"once more: "):
        while not seen.endswith(prompt):
            seen += os.read(ours, 1000)
        os.write(ours, f"{AHN}\n".encode())
    while b"director" not in seen:
        seen += os.read(ours, 1000)
    assert process.wait() == 0
    os.close(ours)
    assert AHN.encode() not in seen
