"""Each promise of docs/reliability.md names a check that is there."""

import re
from pathlib import Path

from rows import each_row

ROOT = Path(__file__).parents[2]
COMMANDS = re.findall(r"`pytest (tests/[^`]+)`", (ROOT / "docs" / "reliability.md").read_text("utf-8"))
TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)


@each_row("command", COMMANDS)
def test_the_command_finds_tests(command):
    path, _, chosen = command.partition(" -k ")
    place = ROOT / path.split(" ")[0]
    files = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    names = [name for file in files for name in TEST.findall(file.read_text("utf-8"))]
    assert names, f"there are no tests in {place}"
    for word in chosen.strip('"').split(" or ") if chosen else []:
        assert any(word in name for name in names), f"no test there is called *{word}*"


def test_promises_have_checks():
    assert len(COMMANDS) > 10
