"""What is offered of a session that did not end: in words, with a question only where somebody can answer."""

import asyncio
import io
from dataclasses import replace

import pytest
from chair.bedside import CHECK_IN, NURSE, PHYSICIAN

from ketamon.chair import launch
from ketamon.chair.resumable import set_aside
from ketamon.cli import main, offer
from ketamon.domain.intents import MoveStaff
from ketamon.domain.people import Person, Role
from ketamon.domain.profile import Place
from ketamon.errors import SourceError, UsageError
from ketamon.port.open import Cable
from ketamon.port.pty import PtyEnd
from ketamon.profiles import load as load_profile
from ketamon.registry import load as load_driver
from ketamon.roster import Roster
from ketamon.store import location
from ketamon.store.lock import WriterLock
from ketamon.store.reader import load
from ketamon.store.verify import examine


async def stopped(chair: str) -> None:
    """A session with a patient, whose core was told to stop."""
    end = PtyEnd(lambda _: b"")
    core = launch.live(chair, {"pump": Cable(load_driver("alaris-gh"), end.path)}, None)
    for intent in (
        MoveStaff(who=NURSE, where=Place.ROOM, by=NURSE),
        MoveStaff(who=PHYSICIAN, where=Place.SITE, by=NURSE),
        CHECK_IN,
    ):
        core.intend(intent, core.clock.now())
    task = asyncio.create_task(core.run(None))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    end.close()


@pytest.fixture
def open_session(private):
    asyncio.run(stopped("2"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Somebody sits there and types this."""

    def types(text: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal(text))
        monkeypatch.setattr("sys.stderr", Terminal())
        monkeypatch.setattr("sys.stdout", Terminal())

    return types


@pytest.fixture
def started(monkeypatch):
    """What cores would be started with."""
    calls: list[list[str]] = []

    def start(args: list[str], *_: object, **__: object) -> None:
        calls.append(args)
        raise SourceError("not started in this test")

    monkeypatch.setattr("ketamon.cli.console.start", start)
    return calls


@pytest.mark.usefixtures("open_session")
def test_the_offer_says_chair_patient_phase_and_since_when():
    said = offer.words(offer.offered("2")[0])
    assert said.startswith("chair 2 has an open session, J. D.: check-in since 20")
    assert "last saved 20" in said


@pytest.mark.usefixtures("open_session")
def test_where_the_clinic_asks_for_pins_the_offer_names_no_patient():
    (found,) = offer.offered("2")
    assert found.patient == "J. D."
    locked = replace(found, opened=replace(found.opened, pins=True))
    assert "J. D." not in offer.words(locked)


@pytest.mark.usefixtures("open_session")
def test_a_script_has_to_say_which(started, capsys):
    assert main(["run", "--chair", "2"]) == 2
    assert "give --resume to go on with it, or --new to leave it and begin another" in capsys.readouterr().err
    assert started == []
    main(["run", "--chair", "2", "--resume"])
    main(["run", "--chair", "2", "--new"])
    main(["run", "--chair", "3"])
    assert started == [["--chair", "2", "--resume"], ["--chair", "2"], ["--chair", "3"]]
    assert main(["run", "--chair", "2", "--resume", "--new"]) == 2


@pytest.mark.usefixtures("open_session")
@pytest.mark.parametrize(
    ("typed", "resumes"), [("y\n", True), ("YES\n", True), ("n\n", False), ("what?\n\nno\n", False)]
)
def test_on_a_terminal_it_is_asked(terminal, started, typed, resumes):
    terminal(typed)
    main(["run", "--chair", "2"])
    assert started == [["--chair", "2", "--resume"] if resumes else ["--chair", "2"]]


@pytest.mark.usefixtures("open_session")
def test_no_answer_starts_nothing(terminal, started):
    terminal("")
    with pytest.raises(UsageError, match="no answer"):
        offer.accepted("2")
    assert main(["run", "--chair", "2"]) == 2
    assert started == []


@pytest.mark.usefixtures("open_session")
def test_bare_ketamon_says_it_where_there_is_no_terminal_for_the_start_screen(started, capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "“ketamon run --chair 2 --resume” goes on with it" in err
    assert "ketamon COMMAND …" in out
    assert started == []


@pytest.mark.usefixtures("open_session")
def test_resuming_the_wrong_chair_names_the_right_one():
    with pytest.raises(SourceError, match="chair 1 has no session to go on with; chair 2 has: give --chair"):
        launch.resume("1", {})


@pytest.mark.usefixtures("private")
def test_where_nothing_is_open_nothing_is_said(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err == ""
    assert not offer.accepted("1")


@pytest.mark.usefixtures("open_session")
def test_a_session_that_nobody_goes_on_with_is_set_aside_by_name_and_reason(capsys):
    (found,) = offer.offered("2")
    assert main(["close", found.path.name, "--why", " ", "--as", "AB"]) == 2
    assert main(["close", "other.ksession", "--why", "x", "--as", "AB"]) == 3
    assert main(["close", found.path.name, "--why", "power failure\x1b[31m", "--as", "AB"]) == 0
    assert "set aside by nurse AB; it is closed" in capsys.readouterr().out
    assert offer.offered(None) == []
    verdict = examine(found.path)
    assert (verdict.problems, verdict.closed) == ([], True)
    last = load(found.path)[-1]
    assert last.body.by == Person("AB", Role.NURSE)
    assert last.body.text.startswith("session set aside, nobody goes on with it: power failure")
    assert last.at.seconds >= found.last.seconds
    assert main(["close", found.path.name, "--why", "again", "--as", "AB"]) == 3


@pytest.mark.usefixtures("open_session")
def test_where_the_clinic_asks_for_pins_setting_aside_takes_one(capsys, monkeypatch, private):
    (found,) = offer.offered("2")
    roster = Roster.open(location.data_dir(), load_profile(None)[0].people)
    roster.add(Person("Dr. D", Role.DIRECTOR), "731946")
    roster.add(Person("AB", Role.NURSE), "482913")
    for pin, code in (("111111", 2), ("482913", 0)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{pin}\n".encode())))
        assert main(["close", found.path.name, "--why", "x", "--as", "AB", "--pin-stdin"]) == code
        assert bool(offer.offered("2")) == bool(code)
    capsys.readouterr()


@pytest.mark.usefixtures("open_session")
def test_a_session_that_runs_is_not_set_aside():
    (found,) = offer.offered("2")
    with WriterLock(found.path), pytest.raises(SourceError, match="is being written"):
        set_aside(found, NURSE, "x")
    assert main(["close", found.path.name, "--why", "x", "--as", "AB"]) == 0
