"""Checking a record: is everything in the file what was written, and is nothing missing.

The chain shows a changed, removed, swapped or inserted row, and a closing mark shows a tail that was cut off. A tail
cut off a session that never ended cannot be seen from the file alone; the head hash on a signed report shows it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ketamon.domain.events import Signed
from ketamon.errors import VerificationError
from ketamon.store.chain import Row, event_of, follows, read_row
from ketamon.store.database import READ_FAILURES, SELECT_EVENTS, connect, read_meta, schema_problems


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written, at event `seq`; 0 stands for the file as a whole."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}" if self.seq else self.what


def verify(path: Path) -> list[Problem]:
    """Return everything wrong with a record; nothing means it is whole, as far as the file itself can tell.

    Raises `SourceError` where the file is missing, no session file, or of a newer ketamon.
    """
    problems: list[Problem] = []
    try:
        with closing(connect(path)) as connection:
            for check in (_file, _chain):
                problems += _kept(check(connection))
    except VerificationError as error:
        problems.append(Problem(0, str(error)))
    return problems


def _kept(found: Iterator[Problem]) -> Iterator[Problem]:
    """Yield what a check finds, and the damage that stops it as the last problem."""
    try:
        yield from found
    except READ_FAILURES as error:
        yield Problem(0, f"the file is damaged: {error}")


def _file(connection: sqlite3.Connection) -> Iterator[Problem]:
    for problem in schema_problems(connection):
        yield Problem(0, problem)
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != b"ok":
            yield Problem(0, f"the file is damaged: {line.decode(errors='replace')}")


def _chain(connection: sqlite3.Connection) -> Iterator[Problem]:
    connection.execute("BEGIN")  # rows and marks of one moment, should it be written meanwhile
    hashes = {0: read_meta(connection).genesis}
    last = 0
    for columns in connection.execute(SELECT_EVENTS, (-(2**63),)):
        try:
            row = read_row(columns)
        except ValueError as error:
            yield Problem(last + 1, f"cannot be read: {error}")
            continue
        if row.seq != last + 1:
            yield Problem(last + 1, f"is missing; event {row.seq} follows event {last}")
        else:
            yield from _row(row, hashes[last])
        last, hashes[row.seq] = row.seq, row.hash
    for seq, mark in connection.execute("SELECT seq, hash FROM closings ORDER BY seq"):
        if seq not in hashes:
            yield Problem(seq, f"is missing: the record was closed behind it, and ends at event {last}")
        elif mark != hashes[seq]:
            yield Problem(seq, "is not the one the record was closed behind")


def _row(row: Row, previous: bytes) -> Iterator[Problem]:
    if not follows(row, previous):
        yield Problem(row.seq, "is not what was written (its hash does not follow from the event before)")
        return
    try:
        body = event_of(row).body
    except ValueError as error:
        yield Problem(row.seq, f"cannot be read: {error}")
        return
    if isinstance(body, Signed) and body.covers != previous.hex():
        yield Problem(row.seq, f"the signature of {body.by} does not cover the record before it")
