"""The one connection that writes, and what it does after a failure. It is made and used in one thread only."""

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from ketamon.errors import SourceError, VerificationError
from ketamon.store import mapped
from ketamon.store.chain import Head, Row
from ketamon.store.cipher import OPERATIONAL
from ketamon.store.database import (
    INSERT_EVENT,
    READ_FAILURES,
    connect,
    connect_writer,
    has_ended,
    read_head,
    refuse_second_name,
    sync_directory,
)

FAILURES: tuple[type[Exception], ...] = (*READ_FAILURES, OSError, VerificationError)
"""What `Appender` raises where the record cannot be written; `SourceError` is an `OSError`."""

_CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_PERM: "the file may not be written",
    sqlite3.SQLITE_BUSY: "another program holds the file",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
}

_OF_SYSTEM = {errno.ENOSPC: "the disk is full", errno.ENOENT: "the file is gone", errno.EROFS: "the file is read-only"}


def cause(error: BaseException) -> str:
    """Say for people why the record could not be written."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return _OF_SYSTEM.get(getattr(error, "errno", None) or 0, str(error))
    name: str = getattr(error, "sqlite_errorname", "")
    return f"{_CAUSES.get(code & 0xFF, str(error))} ({name})"  # the low byte is SQLite's primary result code


class Appender:
    """Writes rows durably; `head` is the end of what is known to be durable.

    A connection that failed is never used again: after a failed fsync the system may call lost pages clean, so a second
    try on the same handle can succeed without the data. The next `write` opens a new one, moves all that it finds in
    the log into the database file and syncs that, begins the log anew (nothing may be written behind pages that are
    perhaps not there), and only then asks what of its rows is stored already.

    A second connection only stands by: while it does, the log's index keeps the blocks that it has, also where the disk
    is full when a new connection is opened (`ketamon.store.mapped`).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        refuse_second_name(path)
        self._by: sqlite3.Connection | None = None
        self._connection: sqlite3.Connection | None = self._connected()
        self._identity = path.stat()
        self.head: Head = read_head(self._connection)

    def _connected(self) -> sqlite3.Connection:
        """Open a connection, with another one that stands by."""
        if self._by is None:
            mapped.require_room(self._path.parent)
        try:
            connection = connect_writer(self._path)
        except FAILURES:
            self._let_go()  # it may have the file of a disk that is gone
            raise
        try:
            if self._by is None:
                self._by = connect(self._path)
                read_head(self._by)
                mapped.settle(self._path)
                sync_directory(self._path.parent)  # SQLite syncs the name of a new log, and lets it pass if that fails
        except FAILURES:
            connection.close()
            self._let_go()
            raise
        return connection

    def _let_go(self) -> None:
        if self._by is not None:
            self._by.close()
            self._by = None

    def write(self, rows: list[Row]) -> None:
        """Make `rows`, which follow `head`, durable. Raises one of `FAILURES`; then it is not known what is durable."""
        try:
            self._commit(self._connection or self._reconnect(), rows)
        except FAILURES:
            self._close()
            raise
        self.head = rows[-1].head

    def _commit(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        stored = read_head(connection)
        if stored != self.head and stored not in {row.head for row in rows}:
            raise VerificationError(f"{self._path} was changed by another program")
        connection.executemany(INSERT_EVENT, [row for row in rows if row.seq > stored.seq])
        connection.execute("COMMIT")
        if not os.path.samestat(self._path.stat(), self._identity):
            raise SourceError(f"{self._path} was replaced by another file")

    def _reconnect(self) -> sqlite3.Connection:
        self._connection = self._connected()
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise SourceError(f"{self._path} is held by a reader")
        return self._connection

    def mark_ended(self) -> None:
        """Put the closing mark behind the last event and make one plain file of the record. Raises `FAILURES`."""
        connection = self._connection or self._reconnect()
        if self.head.seq and not has_ended(connection):
            connection.execute("INSERT INTO closings VALUES (?, ?)", self.head)
        self._let_go()
        with suppress(*OPERATIONAL):  # somebody reads: it stays in WAL mode, as durable and as complete
            connection.execute("PRAGMA journal_mode = DELETE")
        sync_directory(self._path.parent)

    def close(self) -> None:
        """Let go of the file; the last one that does folds the log back into it, and only a writer can."""
        self._let_go()
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
