"""`ketamon review`: which record is opened, how whole it is, and what is refused. And a replay, in a real terminal."""

import sqlite3
import sys
import tempfile
from datetime import timedelta

import pytest
from cli.tmux import Tmux
from console.chairs import NURSE, PROFILE
from store.samples import QUICK, START

from ketamon.cli import main
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.follow import Source
from ketamon.playback import Kind, Player
from ketamon.profiles import load
from ketamon.store.database import create
from ketamon.store.location import new_session_path
from ketamon.store.lock import WriterLock
from ketamon.store.writer import Store

COUNT = 12


def kept(chair="2", minutes=0, *, ended=True):
    """Keep a session of notes, a second apart."""
    began = START + timedelta(minutes=minutes)
    path = new_session_path(began, chair)
    opened = e.SessionOpened(
        session="s", chair=chair, mode=Mode.REAL, profile=PROFILE.name, profile_sha256="", profile_toml=load(None)[1],
        software="test",
    )  # fmt: skip
    bodies = [opened, *(e.Noted(text=f"note {n}", by=NURSE) for n in range(2, COUNT + 1))]
    create(path, "s", began)
    store = Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK)
    at = Instant(0, began)
    store.append([e.Event(n, at.plus(n), body) for n, body in enumerate(bodies, start=1)], urgent=True).result(10)
    store.close(ended=ended)
    return path


def lie(path, seq=8):
    """Change what an event says."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(
        "UPDATE events SET body = replace(replace(body, 'note', 'lie'), 'test', 'lies') WHERE seq = ?", (seq,)
    )
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.fixture
def shown(private, monkeypatch):
    """At a terminal, and what would be shown there."""
    players: list[Player] = []
    monkeypatch.setattr("ketamon.cli.shown._Plain.isatty", lambda _: True, raising=False)
    monkeypatch.setattr("ketamon.cli.console.play", lambda player, *, sound: players.append(player) or 0)
    return players


def test_the_newest_that_ended_is_opened_at_its_end_and_stands_still(shown):
    kept(minutes=0), kept(minutes=5), kept(minutes=9, ended=False)
    assert main(["review"]) == 0
    (player,) = shown
    assert player.state.seq == player.count == COUNT
    assert (player.beat.source, player.beat.speed, player.beat.ended) == (Source.REVIEW, 0.0, True)
    assert player.beat.remark == "record whole"
    assert player.beat.at.wall == START + timedelta(minutes=5, seconds=COUNT)
    player.step(-1, Kind.MARK)
    assert player.state.log[-1].body.text == f"note {COUNT - 1}"


def test_a_chair_or_a_name_chooses_another(shown):
    first, _ = kept("2", 0), kept("3", 5)
    assert main(["review", "--chair", "2"]) == 0
    assert main(["review", first.stem]) == 0
    assert main(["review", str(first)]) == 0
    assert [player.state.opened.chair for player in shown] == ["2", "2", "2"]


def test_one_that_was_not_closed_is_shown_as_far_as_it_goes(shown):
    path = kept(ended=False)
    assert main(["review", path.stem]) == 0
    assert shown[0].beat.remark == "not closed, whole so far"


def test_of_a_damaged_one_the_sound_part_is_shown_and_it_is_said_from_where_on(shown, capsys):
    path = kept()
    lie(path)
    assert main(["review"]) == 4
    assert (shown[0].count, shown[0].beat.remark) == (7, "DAMAGED from event 8")
    assert "event 8: is not what was written" in capsys.readouterr().err


REFUSED = [
    ("nothing kept", [], 3, "no session has ended here; name its file"),
    ("another chair", ["--chair", "7"], 3, "no session has ended here at chair 7"),
    ("no file", ["nowhere.ksession"], 3, "nowhere.ksession"),
    ("empty", ["{home}/empty.ksession"], 3, "is not a session file"),
    ("foreign", ["{home}/foreign.ksession"], 3, "is not a session file"),
    ("first event", ["{home}/first.ksession"], 4, "event 1 is not what was written"),
]


@pytest.mark.parametrize(("what", "words", "code", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_shown_is_said_in_one_sentence(shown, private, capsys, what, words, code, said):
    (private / "empty.ksession").write_bytes(b"")
    (private / "foreign.ksession").write_bytes(b"hello" * 1000)
    if what != "nothing kept":
        path = kept()
        if what == "first event":
            path.rename(private / "first.ksession")
            lie(private / "first.ksession", 1)
    assert main(["review", *(word.format(home=private) for word in words)]) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert shown == []


def test_one_that_is_being_written_is_no_review_its_patient_is_in_the_chair(shown, capsys):
    path = kept(ended=False)
    with WriterLock(path):
        assert main(["review", path.stem]) == 3
    assert "is being written by" in capsys.readouterr().err
    assert shown == []


def test_without_a_terminal_lines_are_named_instead(private, capsys):
    kept()
    assert main(["review"]) == 2
    assert "ketamon log" in capsys.readouterr().err


def test_in_a_real_terminal_a_replay_is_walked_through_and_a_review_too(private, monkeypatch):
    path = kept()
    short = tempfile.mkdtemp(prefix="kr-")  # a socket has a short name, the folder of a test none
    monkeypatch.setenv("KETAMON_RUNTIME", short)
    terminal = Tmux(str(private / "tmux"), [sys.executable, "-m", "ketamon", "replay", "vasovagal", "--speed", "1000"])
    try:
        terminal.see(r"REPLAY stopped 25:00 of 25:00 — not a live patient")
        terminal.press("[")
        terminal.see(r"REPLAY stopped \d+:\d\d of 25:00")
        terminal.press("o")
        terminal.see("observe is not possible in a replay: nothing is added to it")
        terminal.press("/")
        terminal.see("record, 68 of 68 entries")
    finally:
        terminal.close()
    terminal = Tmux(str(private / "tmux2"), [sys.executable, "-m", "ketamon", "review", str(path)])
    try:
        terminal.see(r"REVIEW stopped 0:12 of 0:12 — not a live patient, record whole")
        terminal.press(",")
        terminal.see(r"REVIEW stopped 0:11 of 0:12")
        terminal.press("q")
        terminal.ended()
    finally:
        terminal.close()
