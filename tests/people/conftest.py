"""What the tests of people and PINs share."""

import pytest
from people.staff import AHN, KELLER, OTHER, PIN, RULES, Cheap

from ketamon.roster import Roster
from ketamon.store import private


@pytest.fixture(autouse=True, scope="module")
def quick_disk():
    """No test here pulls a plug; what is forced to the disk is counted where it matters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private.os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def only_a_wall_clock():
    """The machine does not tell how long it runs; `tests/security` is about those that do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ketamon.roster.uptime", lambda: None)
        yield


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def roster(home):
    found = Roster.open(home, RULES, Cheap())
    found.add(AHN, PIN)
    found.add(KELLER, OTHER)
    return found
