"""Events as rows of the file, and the hash chain through them.

Each row's hash is SHA-256(hash of the row before ‖ the row), where the row is its three numbers, then the lengths of
its three texts, then the texts: no two rows have the same bytes. The first row follows the *genesis*, the hash of the
session's id, its creation time and the format, so a row of another session does not fit either.

    previous hash (32) │ seq, mono_ns, version (3 x int64 BE) │ lengths (3 x uint32 BE) │ wall │ type │ body
"""

import struct
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from ketamon.codec import decode_body, encode_body
from ketamon.domain.events import Event
from ketamon.domain.instant import Instant

_FIXED = struct.Struct(">qqqIII")
_COLUMN_TYPES = [int, int, bytes, bytes, int, bytes, bytes]


class Head(NamedTuple):
    """The end of a chain: the last event's number (0 before the first) and its hash. It stands for all before it."""

    seq: int
    hash: bytes


class Row(NamedTuple):
    """An event as it stands in the file; texts as the bytes that are stored and hashed."""

    seq: int
    mono_ns: int
    wall: bytes
    type: bytes
    version: int
    body: bytes
    hash: bytes

    @property
    def head(self) -> Head:
        """The chain's end if this row is the last."""
        return Head(self.seq, self.hash)


def link(previous: bytes, seq: int, mono_ns: int, wall: bytes, type_: bytes, version: int, body: bytes) -> bytes:
    """Return the hash of a row that follows the hash `previous`."""
    fixed = _FIXED.pack(seq, mono_ns, version, len(wall), len(type_), len(body))
    return sha256(previous + fixed + wall + type_ + body).digest()


def genesis(session: str, created: str, version: int) -> bytes:
    """Return what the first row follows: the hash of a row 0 that says which session this is."""
    return link(bytes(32), 0, 0, created.encode(), b"session", version, session.encode())


def row_of(event: Event, previous: bytes) -> Row:
    """Write an event as the row after the hash `previous`.

    Raises `ValueError` for a wall clock that is not UTC, and for a body that could not be read back (a NaN where a
    number must be): what is written can be read.
    """
    if event.at.wall.utcoffset() != timedelta(0):
        raise ValueError(f"event {event.seq}: the wall clock {event.at.wall} is not in UTC")
    type_, version, body = encode_body(event.body)
    decode_body(type_, version, body)
    wall = event.at.wall.isoformat(timespec="microseconds").encode()
    fields = (event.seq, event.at.monotonic_ns, wall, type_.encode(), version, body)
    return Row(*fields, link(previous, *fields))


def event_of(row: Row) -> Event:
    """Read a row as an event. Raises `ValueError` where it is none."""
    wall = datetime.fromisoformat(row.wall.decode())
    return Event(row.seq, Instant(row.mono_ns, wall), decode_body(row.type.decode(), row.version, row.body))


def read_row(columns: tuple[Any, ...]) -> Row:
    """Take what SQLite returned as a row. Raises `ValueError` where damage changed the type of a column."""
    if [type(column) for column in columns] != _COLUMN_TYPES:
        raise ValueError("a column is not of its type")
    return Row._make(columns)


def follows(row: Row, previous: bytes) -> bool:
    """Tell whether a row is what was written after the hash `previous`."""
    return link(previous, *row[:6]) == row.hash
