"""The player with programs that are small scripts: what they are given, how they fail, and that nobody waits."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ketamon.sound import player as module
from ketamon.sound.player import MARGIN_S, Player, Program, Sound, installed, nothing, sounds

BEEP = Sound("beep", b"RIFF....WAVE", 0.02)
LONG = Sound("long", b"RIFF....WAVE", 5.0)


@pytest.fixture
def make(tmp_path):
    """Write a player: a shell script that notes what it was called with and then does `body`."""

    def make(name, body="sleep 0.02"):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/{name}.calls\n{body}\n')
        path.chmod(0o755)
        return Program(name, (str(path), "-q"))

    make.calls = lambda name: (
        (tmp_path / f"{name}.calls").read_text().splitlines() if (tmp_path / f"{name}.calls").exists() else []
    )
    return make


def start(player, sound=BEEP):
    player.play(sound, time.monotonic())


def finish(player, ahead=0.0):
    """Look until the sound is over, however long the scripts take to start; the player's clock may run ahead."""
    begin = time.monotonic()
    while player.busy:
        assert time.monotonic() - begin < 5
        if player.look(time.monotonic() + ahead):
            return True
        time.sleep(0.002)
    return player.look(time.monotonic() + ahead)


def test_a_sound_goes_to_the_first_program_as_a_file(make, tmp_path):
    player = Player([make("one"), make("two")], tmp_path)
    start(player)
    assert player.busy
    assert not finish(player)
    (file,) = tmp_path.glob("sound-beep-*.wav")
    assert make.calls("one") == [f"-q {file}"]
    assert file.read_bytes() == BEEP.wav
    assert make.calls("two") == []
    assert (player.through, player.trouble) == ("one", "")


def test_nobody_waits_for_it(make, tmp_path):
    player = Player([make("one", "exec sleep 5")], tmp_path)
    begin = time.monotonic()
    start(player, LONG)
    assert player.look(begin) is False
    assert time.monotonic() - begin < 0.5
    player.stop()


def test_the_next_program_is_tried_with_the_same_sound_and_is_first_from_then_on(make, tmp_path):
    player = Player([make("broken", "echo no device >&2; exit 1"), make("two")], tmp_path)
    start(player)
    assert not finish(player)
    assert (player.through, player.trouble) == ("two", "")
    start(player)
    assert not finish(player)
    assert (len(make.calls("broken")), len(make.calls("two"))) == (1, 2)
    assert player.look(time.monotonic() + 9) is False


FAILURES = [
    ("exit 3", "one: exit code 3"),
    ("echo first >&2; echo Connection refused >&2; exit 1", "one: Connection refused"),
    ("exit 0", "one: was done after "),
    ("kill -9 $$", "one: exit code -9"),
]


@pytest.mark.parametrize(("body", "why"), FAILURES)
def test_what_comes_to_nothing_is_told_in_words(make, tmp_path, body, why):
    player = Player([make("one", body)], tmp_path)
    start(player, Sound("beep", b"", 1.0))
    assert finish(player)
    assert player.trouble.startswith(why)
    assert player.through == ""


def test_all_that_failed_are_named(make, tmp_path):
    player = Player([make("one", "exit 1"), Program("gone", (str(tmp_path / "gone"),))], tmp_path)
    start(player)
    assert finish(player)
    assert player.trouble == "one: exit code 1; gone: No such file or directory"
    assert player.look(time.monotonic() + 9) is False, "it is told once"


def test_a_failing_one_is_tried_again_and_may_recover(make, tmp_path):
    player = Player([make("one", f"test -e {tmp_path}/plugged || exit 1; sleep 0.02")], tmp_path)
    start(player)
    assert finish(player)
    (tmp_path / "plugged").touch()
    start(player)
    assert not finish(player)
    assert player.trouble == ""


def test_a_program_that_hangs_is_killed_and_the_next_one_tried(make, tmp_path):
    player = Player([make("one", f"echo $$ > {tmp_path}/pid; exec sleep 60"), make("two")], tmp_path)
    began = time.monotonic()
    player.play(BEEP, began)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.002)
    assert player.look(began + BEEP.seconds + MARGIN_S - 0.01) is False
    assert make.calls("two") == []
    assert player.look(began + BEEP.seconds + MARGIN_S + 0.01) is False
    assert not alive(int((tmp_path / "pid").read_text()))
    assert not finish(player, ahead=BEEP.seconds + MARGIN_S + 0.01)
    assert player.through == "two"


def test_stopped_is_silent_at_once_and_no_failure(make, tmp_path):
    player = Player([make("one", f"echo $$ > {tmp_path}/pid; exec sleep 60")], tmp_path)
    start(player, LONG)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        time.sleep(0.002)
    player.stop()
    assert not alive(int((tmp_path / "pid").read_text()))
    assert not player.busy
    assert player.look(time.monotonic() + 9) is False
    assert player.trouble == ""


def test_what_failed_of_a_stopped_sound_is_not_told_of_the_next(make, tmp_path):
    player = Player([Program("gone", (str(tmp_path / "gone"),)), make("two", "exec sleep 60")], tmp_path)
    start(player, LONG)
    assert player.busy
    player.stop()
    assert (player.look(time.monotonic() + 1), player.trouble) == (False, "")


def test_one_sound_at_a_time(make, tmp_path):
    player = Player([make("one", f"echo $$ >> {tmp_path}/pids; exec sleep 60")], tmp_path)
    start(player, LONG)
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text().strip():
        time.sleep(0.002)
    start(player)
    assert not alive(int((tmp_path / "pids").read_text().split()[0]))
    player.stop()


def test_a_chatty_program_and_a_child_that_lives_on_hold_nobody_up(make, tmp_path):
    player = Player(
        [make("one", "sleep 60 & echo $! > " + str(tmp_path / "child") + "; echo oh >&2; exit 1")], tmp_path
    )
    start(player)
    begin = time.monotonic()
    assert finish(player)
    assert time.monotonic() - begin < 3
    assert player.trouble == "one: oh"
    os.kill(int((tmp_path / "child").read_text()), 9)


def test_a_file_that_somebody_cleaned_away_is_written_again(make, tmp_path):
    player = Player([make("one")], tmp_path)
    for _ in range(2):
        start(player)
        assert not finish(player)
        (file,) = tmp_path.glob("sound-beep-*")
        file.unlink()


def test_another_sound_of_the_same_name_is_another_file(make, tmp_path):
    player = Player([make("one")], tmp_path)
    for wav in (b"of this version", b"of another version"):
        start(player, Sound("beep", wav, 0.02))
        assert not finish(player)
        assert Path(make.calls("one")[-1].split()[1]).read_bytes() == wav


def test_a_folder_that_cannot_be_written_is_told(make, tmp_path):
    player = Player([make("one")], tmp_path / "gone")
    start(player)
    assert finish(player)
    assert player.trouble == "one: No such file or directory"


def test_without_any_program_nothing_is_played_and_nothing_fails(tmp_path):
    player = Player([], tmp_path)
    start(player)
    assert (player.busy, player.look(time.monotonic() + 1), player.trouble) == (False, False, "")


@pytest.mark.parametrize(
    ("platform", "names"),
    [("linux", ["paplay", "pw-play", "aplay"]), ("freebsd14", ["paplay", "pw-play", "aplay"]), ("darwin", ["afplay"])],
)
def test_which_programs_are_looked_for(monkeypatch, platform, names):
    monkeypatch.setattr(module, "which", lambda name: f"/usr/bin/{name}")
    found = installed(platform)
    assert [program.name for program in found] == names
    assert all(program.command[0] == f"/usr/bin/{program.name}" for program in found)
    monkeypatch.setattr(module, "which", lambda name: None)
    assert installed(platform) == ()


def test_windows_plays_through_python_itself():
    (program,) = installed("win32")
    assert program.command[0] == sys.executable
    said = subprocess.run([*program.command, "x.wav"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "No module named 'winsound'" in said.stderr, "as far as this can be tried elsewhere"


def test_there_is_a_sound_for_each_priority():
    for priority, sound in sounds().items():
        assert sound.name == priority
        assert sound.wav.startswith(b"RIFF")
    assert nothing().seconds < 1


def alive(pid):
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
