"""`ketamon keys`: the list, the check of one's own, and the page of keys, which is current."""

import json
from pathlib import Path

import pytest

from ketamon.cli import main
from ketamon.console.actions.key_map import SHIPPED, rows
from ketamon.console.actions.key_page import page

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("argv", [["keys"], ["keys", "list"]])
def test_the_list_names_every_action_with_its_keys(argv, capsys):
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(rows(SHIPPED))
    assert lines[0].split()[:3] == ["emergency", "!", "f2"]


def test_ones_own_keys_stand_in_the_list(home, capsys):
    (home / "keys.toml").write_text('observe = "O"\n')
    assert main(["keys", "list", "--json"]) == 0
    rows = {row["action"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["observe"]["keys"] == ["O"]
    assert rows["emergency"]["keys"] == ["exclamation_mark", "f2"]


def test_the_check_says_where_the_file_is_and_what_is_wrong_with_it(home, capsys):
    assert main(["keys", "check"]) == 0
    assert f"{home / 'keys.toml'}: is not there" in capsys.readouterr().out
    (home / "keys.toml").write_text('observe = "O"\n')
    assert main(["keys", "check"]) == 0
    assert "can be used; 1 actions have other keys" in capsys.readouterr().out
    (home / "keys.toml").write_text('observe = "n"\n')
    assert main(["keys", "check"]) == 2
    assert f"{home / 'keys.toml'}:1: observe is 'n', the key of note, too" in capsys.readouterr().err


def test_the_page_of_keys_is_current(capsys):
    assert PAGE.read_text("utf-8") == page(SHIPPED), "run: ketamon keys list --markdown > docs/keys.md"
    assert main(["keys", "list", "--markdown"]) == 0
    assert capsys.readouterr().out == page(SHIPPED)
