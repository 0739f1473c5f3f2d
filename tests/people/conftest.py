"""What the tests of people and PINs share."""

import pytest

from ketamon.store import private


@pytest.fixture(autouse=True, scope="module")
def quick_disk():
    """No test here pulls a plug; what is forced to the disk is counted where it matters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private.os, "fsync", lambda handle: None)
        yield
