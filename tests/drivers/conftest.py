"""What the driver tests share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def captures():
    """Recorded bytes of real devices beside the checkout; they are not part of it."""
    path = Path(__file__).resolve().parents[3] / "shared" / "captures"
    if not path.is_dir():
        pytest.skip("the recordings of real devices are not here")
    return path
