"""`ketamon course` over real session files: what it prints, what it leaves out, and that it changes nothing."""

import json
import os
import shutil
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from rules.clinic import NURSE, ORDER, PATIENT, PHYSICIAN, START, TEXT, Clinic, reading
from store.samples import QUICK

from ketamon.cli import main
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Mode
from ketamon.store.database import create
from ketamon.store.location import new_session_path
from ketamon.store.writer import Store

DAY_S = 86_400


class Kept(Clinic):
    """A clinic that keeps what is said, for a file."""

    def __init__(self, mode=Mode.REAL, day=0, toml=TEXT):
        self.kept = []
        super().__init__(mode)
        self.wall_offset = day * DAY_S
        self.state.seq = 0
        self.kept.clear()
        self.say(
            e.SessionOpened(
                session=f"s{day}-{mode}",
                chair="2",
                mode=mode,
                profile="p",
                profile_sha256="",
                profile_toml=toml,
                software="t",
            )
        )

    def say(self, *bodies):
        for body in bodies:
            super().say(body)
            self.kept.append(e.Event(self.state.seq, self.at, body))
        return self


def a_session(day, *, patient=PATIENT, mode=Mode.REAL, mood=(3, 5), toml=TEXT, end=True, seconds=60):
    """Write the file of a session on that day, with an infusion if `seconds` is not 0."""
    clinic = Kept(mode, day, toml)
    clinic.attach("monitor").attach("pump", DeviceKind.PUMP)
    clinic.say(e.PatientCheckedIn(patient=patient, by=NURSE))
    clinic.say(e.OrderEntered(order=ORDER, by=PHYSICIAN))
    clinic.phase(Phase.BASELINE, Trigger.CHECKED_IN).observe("mood", mood[0])
    clinic.observe("pain", 2)
    if seconds:
        pump(clinic, 0.0, 0.0)
        clinic.phase(Phase.INFUSION, Trigger.START)
        for i in range(seconds):
            clinic.t += 1
            clinic.measure(reading(Parameter.SPO2, 98.0))
            pump(clinic, 52.5, 35.0 * (i + 1) / seconds)
        clinic.observe("nausea", 2)
        pump(clinic, 0.0, 35.0)
        clinic.phase(Phase.RECOVERY).observe("mood", mood[1])
    clinic.phase(Phase.DISCHARGED if seconds else Phase.ABANDONED)
    path = new_session_path(clinic.at.wall, "2")
    create(path, f"s{day}", START)
    store = Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK)
    store.append(clinic.kept, urgent=True).result(10)
    store.close(ended=end)
    return path


def pump(clinic, rate, volume):
    state = PumpState.INFUSING if rate else PumpState.HELD
    status = PumpStatus(state=state, rate=rate, volume_infused=round(volume, 3))
    clinic.say(e.PumpReported(device="pump", offset=0, status=status))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "home"


@pytest.fixture
def run(capfd):
    def call(*args):
        code = main(["course", *args])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return code, out.splitlines(), err

    return call


OTHER = replace(PATIENT, label="M. K.", identifier="K-17")


def everything(home: Path) -> dict[str, str]:
    return {str(p): sha256(p.read_bytes()).hexdigest() for p in sorted(home.rglob("*")) if p.is_file()}


def test_one_patient_as_a_table_and_a_plot(run):
    for day in (0, 3, 4):
        a_session(day, mood=(3 + day, 4 + day))
    a_session(1, patient=OTHER)
    a_session(2, mode=Mode.DEMO)
    a_session(2, mode=Mode.TEST)
    code, lines, words = run("1984-03-07")
    assert (code, words) == (0, "")
    assert lines[0] == "1984-03-07  J. D."
    assert lines[1].startswith("3 of 6; next 4 of 6 from 2026-03-08 to 2026-03-14")
    assert lines[3].split() == ["date", "place", "days", "dose,", "mg", "mood", "pain", "worst", "effects"]
    assert lines[4].split() == [
        "2026-03-02", "1", "of", "6", "--", "35.0", "of", "35.0", "3", "to", "4", "2", "nausea", "moderate",
    ]  # fmt: skip
    assert lines[5].startswith("2026-03-05  2 of 6  3 ")
    assert lines[6].startswith("2026-03-06  3 of 6  1 ")
    assert lines[7].strip() == "! too soon: 1 day after the last, planned are 2 to 8"
    mood = lines.index(next(line for line in lines if line.startswith("mood")))
    assert lines[mood + 5].split() == ["03-02", "03-05", "03-06"]
    assert "10" in lines[mood]
    assert any(sign in "".join(lines[mood : mood + 5]) for sign in "⠁⣀⠤⠒⠉.:'▀▄")


def test_all_patients_in_a_line_each(run):
    a_session(0)
    a_session(3)
    a_session(1, patient=OTHER)
    a_session(2, patient=replace(OTHER, identifier="nobody real"), mode=Mode.TEST)
    code, lines, _ = run()
    assert code == 0
    assert [line.split(";")[0] for line in lines] == [
        "1984-03-07  J. D.  2 of 6, last 2026-03-05",
        "K-17  M. K.  1 of 6, last 2026-03-03",
    ]


def test_json_says_the_same(run):
    a_session(0)
    a_session(1, seconds=0)
    a_session(3, end=False)
    code, lines, _ = run("1984-03-07", "--json")
    (found,) = (json.loads(line) for line in lines)
    assert code == 0
    assert (found["type"], found["patient"], found["labels"], found["place"]) == (
        "course", "1984-03-07", ["J. D."], "2 of 6",
    )  # fmt: skip
    assert [step["place"] for step in found["steps"]] == ["1 of 6", "", "2 of 6"]
    assert [step["visit"]["day"] for step in found["steps"]] == ["2026-03-02", "2026-03-03", "2026-03-05"]
    assert found["steps"][0]["visit"]["given_mg"] == 35.0
    assert found["steps"][1]["visit"]["given_mg"] is None
    assert found["steps"][2]["visit"]["scores"]["mood"] == [3, 5]
    assert found["next"]["earliest"] == "2026-03-07"
    assert found["left_out"] == []
    assert [json.loads(line)["patient"] for line in run("--json")[1]] == ["1984-03-07"]


def test_two_names_under_one_identifier_are_told(run):
    a_session(0)
    a_session(3, patient=replace(PATIENT, label="M. K."))
    assert "DIFFERENT NAMES: J. D., M. K.: one patient?" in run("1984-03-07")[1][0]


def test_the_identifier_counts_exactly(run):
    a_session(0)
    code, lines, words = run("1984-3-7")
    assert (code, lines) == (3, [])
    assert "no session is kept here of “1984-3-7”" in words


def test_a_copy_of_a_file_is_no_second_session(run):
    path = a_session(0)
    copy = path.with_name("copy.ksession")
    shutil.copy(path, copy)
    code, lines, words = run("1984-03-07")
    assert (code, lines[1].split(";")[0]) == (0, "1 of 6")
    assert "is left out, it is the same session as" in words


def test_nothing_here(run, home):
    code, _, words = run()
    assert (code, words) == (3, "ketamon course: no session is kept here of a patient\n")
    assert not home.exists(), "looking makes nothing"


def flip(path, what: bytes):
    """Damage one byte of something in the file."""
    data = bytearray(path.read_bytes())
    at = data.index(what)
    data[at + len(what) // 2] ^= 1
    path.write_bytes(data)


DAMAGE = [
    ("an identifier", b'"identifier":"1984-03-07"'),
    ("an observation", b'{"item":"mood","grade":5'),
    ("a pump's counter", b'"volume_infused":17.5'),
    ("a reading", b'"value":98.0'),
    ("a type", b"patient-checked-in"),
]


@pytest.mark.parametrize("what", [what for _, what in DAMAGE], ids=[name for name, _ in DAMAGE])
def test_a_damaged_file_is_named_and_left_out(run, what):
    a_session(0)
    bad = a_session(3)
    a_session(7)
    flip(bad, what)
    code, lines, words = run("1984-03-07")
    assert code == 0
    assert lines[1].startswith("2 of 6")
    assert "2026-03-05" not in "\n".join(lines[3:])
    assert str(bad) in words
    assert "there may be more sessions" in words
    (found,) = (json.loads(line) for line in run("1984-03-07", "--json")[1])
    assert [one["file"] for one in found["left_out"]] == [str(bad)]


def test_foreign_files_are_named_and_left_out(run, home):
    a_session(0)
    folder = home / "sessions"
    (folder / "foreign.ksession").write_bytes(b"\x89PNG\r\n\x1a\n" * 100)
    (folder / "empty.ksession").touch()
    (folder / "directory.ksession").mkdir()  # no file, so no session
    (folder / "notes.txt").write_text("none of ours")
    a_session(5, toml="name = 3")
    code, lines, words = run()
    assert (code, len(lines)) == (0, 1)
    for name in ("foreign", "empty", "its profile cannot be read"):
        assert name in words
    assert "notes" not in words


def test_nothing_is_written_and_a_running_session_is_read(run, home):
    a_session(0)
    clinic = Kept(Mode.REAL, 4)
    clinic.say(e.PatientCheckedIn(patient=PATIENT, by=NURSE)).phase(Phase.BASELINE)
    path = new_session_path(clinic.at.wall, "3")
    create(path, "running", START)
    with_writer = Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK)
    try:
        with_writer.append(clinic.kept, urgent=True).result(10)
        before = everything(home)
        code, lines, _ = run("1984-03-07")
        assert code == 0
        assert any(line.startswith("2026-03-06  2 of 6, not begun  4 ") for line in lines)
        run()
        shared = {name: hash_ for name, hash_ in everything(home).items() if not name.endswith("-shm")}
        assert shared == {name: hash_ for name, hash_ in before.items() if not name.endswith("-shm")}
    finally:
        with_writer.close()


def test_a_folder_that_may_not_be_read_is_told(run, home):
    if os.getuid() == 0:
        (home).mkdir(parents=True)
        (home / "sessions").write_text("a file")
    else:
        (home / "sessions").mkdir(mode=0o000, parents=True)
    code, _, words = run()
    assert code == 3
    assert "cannot be read" in words


def test_another_profile_can_plan_it(run, tmp_path):
    a_session(0)
    other = tmp_path / "weekly.toml"
    other.write_text(
        TEXT.replace("spacing_days = [2, 8]", "spacing_days = [6, 8]").replace("planned = 6", "planned = 8")
    )
    assert run("1984-03-07", "--profile", str(other))[1][1].startswith("1 of 8; next 2 of 8 from 2026-03-08")
