"""The configuration: what it may say, what is told of it where it is wrong, and that flags win over it."""

import json
from pathlib import Path

import pytest

from ketamon.cli import attach, configured, console, main
from ketamon.domain.people import Person, Role
from ketamon.store.home import config_file

WHOLE = """\
who = "Dr. Lee"
role = "physician"
theme = "light"
sound = false

[[chair]]
name = "2"
monitor = ["ge-dri:/dev/ttyUSB0"]
pump = ["alaris-gh:/dev/ttyUSB1"]
profile = "ketamine-60min"
"""
ANOTHER = '[[chair]]\nname = "3"\nmonitor = ["nonin:/dev/ttyUSB7"]\n'


@pytest.fixture
def home(private):
    (private / "home").mkdir(mode=0o700)
    return private / "home"


@pytest.fixture
def ketamon(home, capsys):
    def call(*args):
        code = main([str(arg) for arg in args])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return call


def write(text: str) -> Path:
    config_file().write_text(text, encoding="utf-8")
    return config_file()


@pytest.fixture
def started(monkeypatch):
    """What a core would be started with."""
    found = []
    monkeypatch.setattr(console, "start", lambda given, path, **_: found.append(given))
    return found


def test_without_a_file_nothing_is_configured(ketamon):
    assert configured.load() == configured.Config()
    assert "config edit" in ketamon("config", "check")[1][0]


WRONG = [
    ("who = 3", "config.toml:1: who is 3; allowed is text"),
    ('theme = "plaid"', "config.toml:1: theme is 'plaid'; allowed is one of dark-room"),
    ('\nrole = "cook"', "config.toml:2: role is 'cook'; allowed is one of nurse"),
    ('sound = "loud"', "config.toml:1: sound is 'loud'; allowed is true or false"),
    ('colour = "red"', "config.toml:1: colour is not a key of this table; known are who, role, theme, sound, chair"),
    ("who = ", "config.toml:1: is not TOML"),
    ("[[chair]]\nmonitor = []", "config.toml:1: chair[0].name is missing"),
    ('[[chair]]\nname = "a b"', "config.toml:2: chair[0].name is 'a b'"),
    ('[[chair]]\nname = "1"\n[[chair]]\nname = "1"', "config.toml:4: chair[1].name is '1', as another is"),
    ('[[chair]]\nname = "1"\nmonitor = ["ge-drx:/dev/x"]', "config.toml:3: chair[0].monitor[0] is 'ge-drx:/dev/x'"),
    ('[[chair]]\nname = "1"\nmonitor = ["alaris-gh:/dev/x"]', "alaris-gh is a pump; give it with --pump"),
    ('[[chair]]\nname = "1"\nprofile = "ours.toml"', "config.toml:3: chair[0].profile is 'ours.toml'"),
    ('[[chair]]\nname = "1"\nprofile = "ours"', "shipped are "),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_file_line_key_and_what_is_allowed(ketamon, text, told):
    write(text)
    code, out, err = ketamon("config", "check")
    assert (code, out) == (2, [])
    assert told in err


def test_all_that_is_wrong_is_told_at_once(ketamon):
    write('who = 3\ncolour = "red"\nsound = 1')
    assert ketamon("config", "check")[2].count("config.toml:") == 3


def test_show_says_where_each_value_stands(ketamon):
    path = write(WHOLE)
    code, out, _ = ketamon("config", "show")
    said = {line.split()[0]: line for line in out}
    assert code == 0
    assert said["who"].split(maxsplit=1)[1].startswith("Dr. Lee ")
    assert said["chair[0].monitor"].endswith(f"{path}:8")
    rows = {row["key"]: row for row in map(json.loads, ketamon("config", "show", "--json")[1])}
    assert rows["sound"] == {"key": "sound", "value": False, "place": f"{path}:4"}
    assert rows["chair[0].pump"]["value"] == ["alaris-gh:/dev/ttyUSB1"]


def test_run_takes_what_is_configured(ketamon, started):
    write(WHOLE)
    code, out, _ = ketamon("run")
    assert code == 0
    assert "chair 2 runs" in out[0]
    (given,) = started
    assert given[:6] == ["--chair", "2", "--monitor", "ge-dri:/dev/ttyUSB0", "--pump", "alaris-gh:/dev/ttyUSB1"]
    assert given[6] == "--profile"
    assert given[7].endswith("ketamine-60min.toml")


def test_flags_win(ketamon, started):
    write(WHOLE + ANOTHER)
    ketamon("run", "--chair", "2", "--monitor", "nonin:/dev/ttyUSB5", "--profile", "ketamine-40min")
    (given,) = started
    assert given[:4] == ["--chair", "2", "--monitor", "nonin:/dev/ttyUSB5"]
    assert "alaris-gh:/dev/ttyUSB1" not in given
    assert given[-1].endswith("ketamine-40min.toml")


def test_of_several_chairs_one_must_be_named(ketamon, started):
    write(WHOLE + ANOTHER)
    code, _, err = ketamon("run")
    assert (code, started) == (2, [])
    assert "several chairs are configured (2, 3); give --chair" in err
    ketamon("run", "--chair", "3")
    assert started == [["--chair", "3", "--monitor", "nonin:/dev/ttyUSB7"]]


def test_nothing_starts_under_a_configuration_that_is_wrong(ketamon, started):
    write(WHOLE.replace("theme", "thema"))
    code, _, err = ketamon("run", "--monitor", "nonin:/dev/ttyUSB5")
    assert (code, started) == (2, [])
    assert "config.toml:3: thema" in err


def test_the_console_begins_with_the_configured_theme(home, monkeypatch):
    shown = []
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("ketamon.console.app.run_console", lambda feed, **how: shown.append(how["theme"]) or 0)
    write('theme = "high-contrast"')
    assert console.show(home / "none.sock", Person("AB", Role.NURSE), configured.load(), False) == 0
    assert shown == ["high-contrast"]


def test_who_and_sound():
    config = configured.Config(who="Dr. Lee", role=Role.PHYSICIAN, sound=False)
    assert config.person == Person("Dr. Lee", Role.PHYSICIAN)
    assert (config.sounds(None), config.sounds(True)) == (False, True)
    assert configured.Config(sound=True).sounds(False) is False


def editor(folder: Path, text: str) -> str:
    """An editor that types a text."""
    path = folder / "editor"
    path.write_text(f"#!/bin/sh\ncat > \"$1\" <<'END'\n{text}\nEND\n")
    path.chmod(0o700)
    return str(path)


def test_edit_counts_only_where_it_can_be_used(ketamon, home, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor(home, 'who = "AB"'))
    assert ketamon("config", "edit")[0] == 0
    assert configured.load().who == "AB"
    monkeypatch.setenv("EDITOR", editor(home, "who = 7"))
    code, _, err = ketamon("config", "edit")
    assert code == 2
    assert "who is 7" in err
    assert configured.load().who == "AB"
    monkeypatch.setenv("EDITOR", "true")
    assert ketamon("config", "edit")[0] == 2, "what was written is still there"
    monkeypatch.setenv("EDITOR", "false")
    assert "ended with 1; nothing was changed" in ketamon("config", "edit")[2]
    monkeypatch.setenv("EDITOR", str(home / "nothing"))
    assert "cannot be started" in ketamon("config", "edit")[2]


def test_the_first_edit_begins_with_an_example_that_can_be_used(ketamon, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    assert ketamon("config", "edit")[0] == 0
    text = config_file().read_text(encoding="utf-8")
    assert configured.load() == configured.Config()
    write("".join(f"{line.removeprefix('# ')}\n" for line in text.splitlines()[2:]))
    (chair,) = configured.load().chair
    assert (chair.monitor, chair.pump) == (("ge-dri:/dev/ttyUSB0",), ("alaris-gh:/dev/ttyUSB1",))


FOLDERS = [
    ({"KETAMON_HOME": "/k"}, "linux", "/k/config.toml"),
    ({"XDG_CONFIG_HOME": "/c"}, "linux", "/c/ketamon/config.toml"),
    ({"XDG_CONFIG_HOME": "c"}, "linux", "~/.config/ketamon/config.toml"),
    ({}, "darwin", "~/Library/Application Support/ketamon/config.toml"),
    ({"LOCALAPPDATA": "/l"}, "win32", "/l/ketamon/config.toml"),
]


@pytest.mark.parametrize(("environ", "platform", "path"), FOLDERS)
def test_it_stands_where_the_platform_wants_it(environ, platform, path):
    assert config_file(environ, platform) == Path(path).expanduser()


def test_a_broken_configuration_keeps_nobody_from_a_running_session(home, monkeypatch, capsys):
    write('colour = "pink"\n')
    shown = []
    monkeypatch.setattr(attach, "answers", lambda path: True)
    monkeypatch.setattr(console, "show", lambda path, staff, config, sound, **_: shown.append((config, sound)) or 0)
    assert main(["attach", "--chair", "2"]) == 0
    assert shown == [(configured.Config(), None)]
    said = capsys.readouterr().err
    assert f"{config_file()}:1: colour is not a key" in said
    assert "nothing of the configuration is used here" in said
    assert main(["run", "--chair", "2"]) == 2  # a new session does not begin with it
