"""What all tests share."""

import os
import sys
from tempfile import TemporaryDirectory

import pytest

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # each of the hundreds of programs here would compile all of it anew
    sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: a good part of the time goes into waiting for other programs and terminals."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A home and a folder of sockets for this test alone; that one has a short path, as a socket must have."""
    with TemporaryDirectory(prefix="k-") as runtime:
        monkeypatch.setenv("KETAMON_RUNTIME", runtime)
        monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
        yield tmp_path
