"""Reading a session file, also while it is written: nothing comes out that is not what was written."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ketamon.domain.events import Event
from ketamon.errors import VerificationError
from ketamon.store.chain import Head, Row, event_of, follows, read_row
from ketamon.store.database import READ_FAILURES, SELECT_EVENTS, connect, explained, has_ended, read_head, read_meta

_SELECT_OTHERS = """
SELECT e.seq, e.mono_ns, e.wall, e.type, e.version, e.body, e.hash, b.hash FROM events AS e
LEFT JOIN events AS b ON b.seq = e.seq - 1 WHERE e.type NOT IN ({}) ORDER BY e.seq
"""
_UNREADABLE: tuple[type[Exception], ...] = (*READ_FAILURES, ValueError)
_PAGE = 2000  # rows in one read: a long one would keep the writer's log from being folded back into the file


class Reader:
    """A session file open for reading, in the thread that made it. Raises `SourceError`, `VerificationError`.

    `session` is its id, `created` the ISO time it was made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        try:
            self._meta = read_meta(self._connection)
        except VerificationError:
            self.close()
            raise
        self.session, self.created = self._meta

    def events(self, first: int = 1) -> Iterator[Event]:
        """Yield what stands in the file now, from event `first` on.

        Every row is held against the chain. Raises `VerificationError` at the first one that is not what was written;
        what was yielded before it is whole.
        """
        previous = self._before(first)
        while page := self._page(previous.seq + 1):
            for row in page:
                if row.seq != previous.seq + 1:
                    raise self._damaged(f"event {previous.seq + 1} is missing")
                if not follows(row, previous.hash):
                    raise self._damaged(f"event {row.seq} is not what was written")
                try:
                    event = event_of(row)
                except ValueError as error:
                    raise self._damaged(f"event {row.seq} cannot be read: {error}") from error
                yield event
                previous = row.head

    def others(self, types: Collection[str]) -> Iterator[Event]:
        """Yield every event that is not of these types: quick, where they are what devices say every second.

        Each row is held against the one before it. Damage in a row of these types is not seen.
        """
        places = ", ".join("?" * len(types))
        with self._asking() as connection:
            for *columns, before in connection.execute(_SELECT_OTHERS.format(places), tuple(types)):
                yield self._event(tuple(columns), before)

    def _event(self, columns: tuple[Any, ...], before: bytes | None) -> Event:
        """Read one row behind the hash `before`, None for the first."""
        try:
            row = read_row(columns)
            if not follows(row, self._meta.genesis if before is None else before):
                raise self._damaged(f"event {row.seq} is not what was written")
            return event_of(row)
        except ValueError as error:
            raise self._damaged(f"event {columns[0]} cannot be read: {error}") from error

    def hash_at(self, seq: int) -> bytes:
        """Return the hash of an event, without holding it against the chain; nothing where it is not there."""
        return self._before(seq + 1).hash

    def _before(self, first: int) -> Head:
        """Return the end of the chain in front of event `first`."""
        if first <= 1:
            return Head(0, self._meta.genesis)
        row = next(iter(self._page(first - 1, 1)), None)
        return Head(first - 1, row.hash if row else b"")  # where that event is not there, nothing follows it either

    def _page(self, first: int, size: int = _PAGE) -> list[Row]:
        rows: list[Row] = []
        with self._asking() as connection:
            try:
                rows.extend(map(read_row, connection.execute(SELECT_EVENTS + " LIMIT ?", (first, size))))
            except _UNREADABLE:
                if not rows:  # else what stands before the damage is whole, and the next page begins with the damage
                    raise
        return rows

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._connection
        except READ_FAILURES as error:
            raise explained(error, self._path) from error
        except ValueError as error:
            raise self._damaged(f"a row cannot be read: {error}") from error

    def _damaged(self, what: str) -> VerificationError:
        return VerificationError(f"{self._path}: {what}; run `ketamon verify` on it")

    @property
    def head(self) -> Head:
        """The end of the chain as it stands in the file now."""
        with self._asking() as connection:
            return read_head(connection)

    @property
    def ended(self) -> bool:
        """Whether the session was closed for good."""
        with self._asking() as connection:
            return has_ended(connection)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load(path: Path) -> list[Event]:
    """Return all events of a session file. Raises `SourceError`, `VerificationError`."""
    with Reader(path) as reader:
        return list(reader.events())
