"""The page of devices says what the drivers say."""

import importlib.util
from pathlib import Path

import pytest
from rows import each_row

from ketamon.registry import rows

ROOT = Path(__file__).parents[2]
BUILT_IN = [row.spec for row in rows() if row.distribution == "ketamon" and row.spec]


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("devices_page", ROOT / "docs" / "devices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@each_row("spec", BUILT_IN, ids=lambda spec: spec.id)
def test_every_driver_has_its_row_as_it_is_now(table, spec):
    line = f"| {' | '.join(table.cells(spec))} |"
    assert line in table.PAGE.read_text("utf-8"), "run python docs/devices.py"


def test_there_are_no_other_rows(table):
    assert table.PAGE.read_text("utf-8").count("\n| `") == len(BUILT_IN)
