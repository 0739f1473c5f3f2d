"""What all tests share."""

import os
import sys

import pytest

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # each of the hundreds of programs here would compile all of it anew
    sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: a good part of the time goes into waiting for other programs and terminals."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A home and a folder of sockets for this test alone."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("KETAMON_RUNTIME", str(tmp_path / "run"))
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    return tmp_path
