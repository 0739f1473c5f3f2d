"""`ketamon sound test`, with players that are small scripts."""

import pytest

from ketamon.cli import main, sound  # noqa: F401 (a part of it is replaced)
from ketamon.sound.player import installed


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH with nothing on it but what the test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("ketamon.cli.sound.installed", lambda: installed("linux"))

    def add(name, body):
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)

    return add


def test_it_says_through_what_it_played(path, capfd):
    path("paplay", "echo no server >&2; exit 1")
    path("aplay", "exec /bin/sleep 0.11")
    assert main(["sound", "test", "low"]) == 0
    out, err = capfd.readouterr()
    assert out == "low     played through aplay: 1 pulse of 440 Hz in 0.2 s, once\n"
    assert "volume up?" in err


def test_nothing_that_works_is_a_failed_check(path, capfd):
    path("paplay", "echo no server >&2; exit 1")
    path("aplay", "exit 0")
    assert main(["sound", "test"]) == 4
    assert "high: nothing sounded: paplay: no server; aplay: was done after" in capfd.readouterr().err


def test_without_a_player_the_bell_rings_and_a_remedy_is_named(path, capfd):
    assert main(["sound", "test"]) == 4
    err = capfd.readouterr().err
    assert "\a" in err
    assert "no sound player found, only the terminal's bell, which was rung now; install pulseaudio-utils" in err


def test_a_priority_that_there_is_not(path, capfd):
    assert main(["sound", "test", "loud"]) == 2
    assert "no priority: high, medium or low" in capfd.readouterr().err
