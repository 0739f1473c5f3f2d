"""Completion and manual page: made from the parsers, and read by the shell and by man."""

import shutil
import subprocess
import sys

import pytest

from ketamon.cli import COMMANDS, main, man
from ketamon.cli.completion import SHELLS
from ketamon.cli.parsers import arguments, commands

OPTIONS = [
    (command.name, option)
    for command in commands()
    for each in (command, *command.words)
    for action in arguments(each.parser)
    for option in action.option_strings
    if option.startswith("--")
]


@pytest.fixture
def printed(capsys):
    def call(*args):
        assert main(list(args)) == 0
        return capsys.readouterr().out

    return call


def test_every_command_is_there_with_its_words():
    found = {command.name: {word.name for word in command.words} for command in commands()}
    assert list(found) == list(COMMANDS)
    assert found["people"] == {"add", "remove", "pin"}
    assert found["config"] == {"check", "show", "edit"}
    assert found["drivers"] == {"new", "damage"}
    assert found["run"] == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_holds_every_command_and_option(printed, shell):
    script = printed("completion", shell)
    for name, option in OPTIONS:
        assert name in script
        assert (f"-l {option[2:]}" if shell == "fish" else option) in script


TYPED = [
    (["sta"], ["status"]),
    (["status", "--wa"], ["--watch"]),
    (["demo", "--scenario", "desat"], ["desaturation"]),
    (["people", "rem"], ["remove"]),
    (["people", "add", "--by", "x", "--pin-s"], ["--pin-stdin"]),
    (["config", ""], ["check", "show", "edit"]),
    (["verify", "marked"], ["marked.ksession"]),
]


@pytest.mark.parametrize(("words", "offered"), TYPED)
def test_bash_completes(printed, tmp_path, words, offered):
    if not (bash := shutil.which("bash")):
        pytest.skip("there is no bash here")
    script = tmp_path / "ketamon"
    script.write_text(printed("completion", "bash"))
    (tmp_path / "marked.ksession").touch()
    typed = " ".join(f"'{word}'" for word in ("ketamon", *words))
    ask = (
        f"source '{script}'; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
        "_shtab_ketamon ketamon; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run([bash, "-c", ask], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [line for line in done.stdout.split() if not line.startswith("-") or words[-1].startswith("-")] == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_can_read_theirs(printed, tmp_path, shell):
    if not (program := shutil.which(shell)):
        pytest.skip(f"there is no {shell} here")
    script = tmp_path / "script"
    script.write_text(printed("completion", shell))
    subprocess.run([program, "-n", script], check=True)


def test_without_shtab_it_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert "pip install 'ketamon[completion]'" in capsys.readouterr().err


def test_the_page_tells_of_every_command_and_option(printed):
    page = printed("man")
    for name, option in OPTIONS:
        assert f".SS ketamon {name}" in page.replace("\\-", "-")
        assert option in page.replace("\\-", "-")


def test_no_line_of_the_page_is_taken_for_a_request(printed):
    requests = {line.split()[0] for line in printed("man").splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".BR", ".EX", ".EE", ".nh", ".ad"}


@pytest.mark.parametrize(
    ("text", "written"), [(".so /etc/x", "\\&.so /etc/x"), ("'x", "\\&'x"), ("a\\b-c", "a\\eb\\-c")]
)
def test_a_line_that_looks_like_a_request_is_text(text, written):
    assert man.roff(text) == written


def test_man_reads_the_page_without_a_warning(printed, tmp_path):
    if not (groff := shutil.which("groff")):
        pytest.skip("there is no groff here")
    page = printed("man")
    assert page.isascii(), "old formatters read nothing else"
    done = subprocess.run([groff, "-man", "-ww", "-z"], input=page, capture_output=True, text=True, check=True)
    assert done.stderr == ""
