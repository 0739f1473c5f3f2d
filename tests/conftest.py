"""What all tests share."""

import os
import sys

import pytest

from ketamon.testing import DriverContract

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # each of the hundreds of programs here would compile all of it anew
    sys.dont_write_bytecode = False


_COSTLY = frozenset({"signed"})
"""Fixtures that take seconds and that several tests share."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: a good part of the time goes into waiting for other programs and terminals."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config) -> None:
    """Spread over workers, what is marked as a group stays together (tests one by one else)."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "loadgroup"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items) -> None:
    """What several tests look at is made by one worker and not by each."""
    for item in items:
        if isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, DriverContract):
            item.add_marker(pytest.mark.xdist_group(item.cls.__name__))
        for costly in _COSTLY.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(costly))


@pytest.fixture
def private(tmp_path, monkeypatch):
    """A home and a folder of sockets for this test alone."""
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("KETAMON_RUNTIME", str(tmp_path / "run"))
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    return tmp_path
