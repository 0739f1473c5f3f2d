"""The hazard log: every hazard that the design names stands in it, and each has tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

from rows import each_row

ROOT = Path(__file__).parents[2]
LOG = (ROOT / "docs" / "hazards.md").read_text("utf-8")
SECTIONS = {title: text for title, _, text in (part.partition("\n") for part in LOG.split("\n## ")[1:])}
NAMED = (
    "Stale value", "Wrong patient or chair", "Unit swap", "Missed alarm", "Alarm flood", "Wrong weight", "Lost record",
    "Clock step", "Replay taken for live", "Discharge with unmet", "Silent disconnect", "Zero written",
    "A value accepted", "A command",
)  # fmt: skip


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


@each_row("named", NAMED)
def test_every_hazard_of_the_design_stands_in_the_log(named):
    assert [title for title in SECTIONS if title.startswith(named)]


@each_row("title", SECTIONS)
def test_every_hazard_has_a_cause_a_control_and_tests_that_exist(title):
    text = SECTIONS[title]
    assert text.strip().startswith("Cause: ")
    assert "\nControl: " in text
    tests = re.findall(r"^- `(\S+)::(\w+)`$", text, re.MULTILINE)
    assert tests
    for path, name in tests:
        assert name in names_in(path), f"{path} has no test {name}"
