"""What the tests of people and PINs share."""

import pytest

from ketamon import roster
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
        patch.setattr(roster, "uptime", lambda: None)
        yield
