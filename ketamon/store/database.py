"""The session file: one SQLite database with its settings, its tables and the guards that keep it append-only.

    meta      what the file is: the session's id and when it was created; never changed
    events    the record; a row is never changed or removed, and its number is the one after the last
    closings  the marks of clean ends: "event seq is the last, with this hash". A resumed session goes on behind its
              mark and gets another one; every mark stays true, so a tail that was cut off behind one is noticed

While a session is written it is in WAL mode, with `synchronous=FULL`: a commit that returned survives a power cut. When
it has ended it is one plain file that can be copied and read anywhere, read-only media included. With a key it is
encrypted from its first byte on, log included (`ketamon.store.cipher`); everything else is the same.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ketamon.errors import KetamonError, SourceError, VerificationError
from ketamon.store.chain import Head, genesis
from ketamon.store.cipher import ERRORS, opened
from ketamon.store.home import data_dir
from ketamon.store.keys import KEYS
from ketamon.store.ring import SessionKey

SUFFIX = ".ksession"
APPLICATION_ID = int.from_bytes(b"KTMN")
FORMAT = 1
_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
_SETTINGS = {
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    "trusted_schema": 0,
    "temp_store": 2,  # in memory: what a sort or a check puts aside is on no disk
    "fullfsync": 1,  # macOS: through the drive's cache; elsewhere it changes nothing
    "checkpoint_fullfsync": 1,
}

_NEVER = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table}: nothing is ever changed or removed'); END
"""
SCHEMA = (
    """
CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT

CREATE TABLE events (
    seq INTEGER PRIMARY KEY, mono_ns INTEGER NOT NULL, wall TEXT NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
    body TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT

CREATE TABLE closings (seq INTEGER PRIMARY KEY REFERENCES events(seq), hash BLOB NOT NULL) STRICT

CREATE TRIGGER meta_sealed BEFORE INSERT ON meta WHEN (SELECT count(*) FROM meta) >= 2
BEGIN SELECT RAISE(ABORT, 'meta: nothing is ever added'); END

CREATE TRIGGER events_gapless BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT RAISE(ABORT, 'events: the next one gets the number after the last'); END

CREATE TRIGGER closings_at_head BEFORE INSERT ON closings
WHEN NEW.seq IS NOT (SELECT max(seq) FROM events) OR NEW.seq IN (SELECT seq FROM closings)
BEGIN SELECT RAISE(ABORT, 'closings: one mark, behind the last event'); END
""".strip().split("\n\n")
    + [
        _NEVER.format(table=table, verb=verb).strip()
        for table in ("meta", "events", "closings")
        for verb in ("update", "delete")
    ]
)
"""The statements that make a file, one each; SQLite keeps their text, so they can be found again word for word."""

SELECT_EVENTS = "SELECT seq, mono_ns, wall, type, version, body, hash FROM events WHERE seq >= ? ORDER BY seq"
# What is hashed is bytes, so bytes are what is bound; they are stored as text for whoever opens the file by hand.
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, CAST(? AS TEXT), ?)"

READ_FAILURES: tuple[type[Exception], ...] = (*ERRORS, UnicodeDecodeError)
"""What reading raises. The last: Python decodes SQLite's own message, which quotes damaged names as they are."""

_MAKING: tuple[type[Exception], ...] = (*ERRORS, OSError)
_OPENING: tuple[type[Exception], ...] = (*READ_FAILURES, SourceError, VerificationError)
_UNREADABLE: tuple[type[Exception], ...] = (*ERRORS, TypeError, ValueError, AttributeError)


class Meta(NamedTuple):
    """What the file is the record of. `created` is the ISO text that stands in the file."""

    session: str
    created: str

    @property
    def genesis(self) -> bytes:
        """What the first event's hash follows."""
        return genesis(self.session, self.created, FORMAT)


def create(path: Path, session: str, created: datetime, key: SessionKey | None = None) -> None:
    """Make the file of a new session, for its owner's eyes only (0600), encrypted if there is a key.

    Raises `SourceError`, also where one exists.
    """
    _require_sqlite()
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise SourceError(f"{path} cannot be made: {error.strerror}") from error
    KEYS.note(path, key)
    try:
        with closing(opened(path, "rw", key)) as connection:
            _configure(connection)
            _enter_wal(connection)
            _fill(connection, Meta(session, created.isoformat(timespec="microseconds")))
        sync_directory(path.parent)
    except _MAKING as error:
        path.unlink()
        raise SourceError(f"{path} cannot be made: {error}") from error


def _fill(connection: sqlite3.Connection, meta: Meta) -> None:
    # In one transaction, so that a crash leaves either an empty file or a whole session.
    connection.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta._asdict().items())
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a session file for writing. Raises `SourceError`; `VerificationError` where its guards are gone."""
    connection = connect(path, "rw")
    try:
        _enter_wal(connection)
        problem = next(schema_problems(connection), None)
    except ERRORS as error:
        connection.close()
        raise SourceError(f"{path} cannot be written: {error}") from error
    if problem:
        connection.close()
        raise VerificationError(f"{path}: {problem}; run `ketamon verify` on it")
    return connection


def refuse_second_name(path: Path) -> None:
    """Refuse a hard link: under its other name nobody sees the lock, nor the log with the newest events.

    Raises `SourceError`. Ask before a session begins to be written; one that runs is not stopped by a link.
    """
    if path.is_file() and path.stat().st_nlink > 1:
        raise SourceError(f"{path} has a second name (a hard link); look where, and remove that or copy the file")


def connect(path: Path, mode: str = "ro") -> sqlite3.Connection:
    """Open a session file, by default without the right to change it. Texts are returned as bytes.

    Raises `SourceError` where it is missing, no session file, or of a newer ketamon; `VerificationError` where it is
    too damaged to open.
    """
    _require_sqlite()
    if not path.is_file():
        raise SourceError(f"there is no session file {path}")
    connection = key = None
    try:
        key = KEYS.of(path)
        connection = opened(path, mode, key)
        _configure(connection)
        _require_session(connection, path)
    except _OPENING as error:
        if connection is not None:
            connection.close()
        KEYS.overlook(path)  # another file may stand there now
        if mode == "ro" and "readonly database" in str(error):  # in words, as SQLCipher's errors bear no code
            connect(path, "rw").close()  # the power went while its end was marked: SQLite goes back to before
            return connect(path)
        raise explained(error, path, ours=key is not None) from error
    return connection


def explained(error: Exception, path: Path, *, ours: bool = False) -> Exception:
    """Turn one of `READ_FAILURES` into what is raised to people; anything else stays what it is.

    `ours`: the key ring vouches for the file's key, so one that it does not open is no foreign file.
    """
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_NOTADB:
        return _foreign(path, f": {error}", ours=ours)
    if code & 0xFF == sqlite3.SQLITE_CORRUPT or isinstance(error, UnicodeDecodeError):
        return VerificationError(f"{path} is damaged: {error}; run `ketamon verify` on it")
    return SourceError(f"{path} cannot be read: {error}") if isinstance(error, ERRORS) else error


def _foreign(path: Path, why: str = "", *, ours: bool = False) -> KetamonError:
    """Say that a file cannot be opened as a session.

    It is damage where it was one: by its key, by the stream beside it, or where nothing else is ever put.
    """
    if ours or path.with_suffix(".kstream").is_file():
        return VerificationError(f"{path} is damaged at its beginning or cut off{why}; restore it from a copy")
    empty = path.is_file() and path.stat().st_size == 0
    if empty and path.parent.resolve() == (data_dir() / "sessions").resolve():
        return VerificationError(
            f"{path} is empty: a record that was emptied, or a session that a crash kept from beginning;"
            " restore it from a copy, or remove it"
        )
    return SourceError(f"{path} is not a session file of ketamon{': it is empty' * empty}{why}")


def _configure(connection: sqlite3.Connection) -> None:
    """Make our settings, each asserted back: an SQLite that ignores one is refused."""
    connection.text_factory = bytes  # damage that is not UTF-8 must reach the hash, not fail on the way
    for name, value in _SETTINGS.items():
        connection.execute(f"PRAGMA {name} = {value}")
        if pragma(connection, name) != value:
            raise SourceError(f"this SQLite ({sqlite3.sqlite_version}) cannot set {name}; use a complete one")


def _require_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise SourceError(f"session files need SQLite 3.37 or newer, this Python has {sqlite3.sqlite_version}")


def _require_session(connection: sqlite3.Connection, path: Path) -> None:
    if pragma(connection, "application_id") != APPLICATION_ID:
        raise _foreign(path)
    version = pragma(connection, "user_version")
    if version > FORMAT:
        raise SourceError(f"{path} was written by a newer ketamon (format {version}, not {FORMAT}); update ketamon")


def _enter_wal(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != (b"wal",):
        raise sqlite3.OperationalError("its disk does not allow WAL mode; keep sessions on a local disk")


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """Return the value of a setting."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def schema_problems(connection: sqlite3.Connection) -> Iterator[str]:
    """Compare tables and guards with what `create` made; yield one sentence for each difference."""
    found = {
        sql.decode(errors="replace") for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql > ''")
    }
    for statement in SCHEMA:
        if statement not in found:
            yield f"the {statement.split()[1].lower()} {statement.split()[2]} is missing or was changed"
    if found - set(SCHEMA):
        yield "there are tables or triggers in it that ketamon did not make"


def read_meta(connection: sqlite3.Connection) -> Meta:
    """Return what the file is the record of. Raises `VerificationError` where it does not say."""
    try:
        values = {key.decode(): value.decode() for key, value in connection.execute("SELECT key, value FROM meta")}
        return Meta(**values)
    except _UNREADABLE as error:
        raise VerificationError("the file no longer says which session it holds; it is damaged") from error


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the end of the chain as it stands in the file."""
    row = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    return Head._make(row) if row else Head(0, read_meta(connection).genesis)


def has_ended(connection: sqlite3.Connection) -> bool:
    """Tell whether a closing mark stands behind the last event."""
    query = "SELECT EXISTS (SELECT 1 FROM closings WHERE seq = (SELECT max(seq) FROM events))"
    return bool(connection.execute(query).fetchone()[0])


def sync_directory(directory: Path) -> None:
    """Make a file's new name, or its going, survive a power cut too (Windows has no such call and needs none)."""
    if sys.platform != "win32":
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
