import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from store.samples import QUICK, START

from ketamon.store.database import create
from ketamon.store.writer import Store


class Degraded:
    """What the writer thread told, and a bell for each."""

    def __init__(self):
        self.told = []
        self.bad, self.good = threading.Event(), threading.Event()

    def __call__(self, degraded, why):
        self.told.append((degraded, why))
        (self.bad if degraded else self.good).set()


@pytest.fixture
def degraded():
    return Degraded()


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "one.ksession"
    create(path, "session-1", START)
    return path


@pytest.fixture
def opened(path, degraded):
    """Open the session's store; whatever is still open at the end is closed."""
    stores = []

    def open_store(limits=QUICK):
        store = Store(path, clock=lambda: 42, on_degraded=degraded, limits=limits)
        stores.append(store)
        return store

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def forge():
    """Change a file behind its guards' back: they are taken down and put up again."""

    def run(path, *statements):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
            for name, _ in guards:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(*([statement] if isinstance(statement, str) else statement))
            for _, sql in guards:
                connection.execute(sql)

    return run
