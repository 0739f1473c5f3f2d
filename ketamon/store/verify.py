"""Checking a record: is everything in the file what was written, and is nothing missing.

The chain shows a changed, removed, swapped or inserted row. Whoever can write the file can make the chain anew from
there on, so it is held against its *anchors*, each of which names the head of the record at one place:

    signatures   each covers the head before it: it is also on paper, with whoever signed
    closings     the marks of clean ends; they show a tail that was cut off
    the stream   the recorded stream beside the file notes the head once a minute, with each signature and at the end;
                 so a tail cut off a session that never ended is found as well

And the record names the bytes of the stream, so neither can be changed without the other. What stands behind the last
anchor of a session that never ended cannot be missed by anybody; nor can a change be seen that somebody made to file
and stream alike, behind the last signature whose hash is known elsewhere.
"""

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

from ketamon.codec import decode_body
from ketamon.domain.events import Event, SessionOpened, SessionResumed, Signed, StreamClosed, Unknown
from ketamon.errors import VerificationError
from ketamon.store.chain import Head, link
from ketamon.store.cipher import damaged_pages
from ketamon.store.database import (
    FORMAT,
    READ_FAILURES,
    SELECT_EVENTS,
    Meta,
    connect,
    has_ended,
    pragma,
    read_meta,
    schema_problems,
)
from ketamon.store.reader import Reader
from ketamon.store.signing import Signing
from ketamon.store.witness import Witness

_BACK_NS = 60 * 10**9
"""How far the session's clock may go back from row to row. Bytes are stamped as they come, so a little is no harm."""
_UTC = b"+00:00"


NOWHERE = Head(0, b"")
"""Where a record ends of which nothing could be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written, at event `seq`; 0 stands for the file as a whole."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"event {self.seq}: {self.what}" if self.seq else self.what


@dataclass(slots=True)
class Verdict:
    """What was found. `remarks` are no problems: what cannot be known, and what is as it must be but worth a word.

    `head` is where the record ends, `sound` the last event before which nothing was changed for sure.
    """

    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    head: Head = field(default=NOWHERE)
    sound: int = 0
    closed: bool = False

    def __str__(self) -> str:
        state = "closed" if self.closed else "not closed"
        return f"{state}, {self.head.seq} events, head {self.head.hash.hex() or 'unknown'}"


def verify(path: Path) -> list[Problem]:
    """Return everything wrong with a record; nothing means it is whole, as far as it can be told. Raises as below."""
    return examine(path).problems


def examine(path: Path) -> Verdict:
    """Check a record and the recorded streams beside it.

    Raises `SourceError` where the file is missing, no session file, or of a newer ketamon.
    """
    verdict = Verdict()
    try:
        with closing(connect(path)) as connection:
            for check in (_file(connection), _Record(connection, path, verdict).check()):
                verdict.problems += _kept(check)
    except VerificationError as error:
        verdict.problems.append(Problem(0, str(error)))
    return verdict


def sound_part(path: Path, verdict: Verdict) -> list[Event]:
    """Return the events of a record that was examined, up to the last one that is sound.

    Raises `SourceError`, and `VerificationError` where no event is.
    """
    events: list[Event] = []
    try:
        with Reader(path) as reader:
            events.extend(takewhile(lambda event: event.seq <= verdict.sound, reader.events()))
    except VerificationError:
        if not events:
            raise
    if not events:
        raise VerificationError(f"{path}: no event in it is surely as it was written; run `ketamon verify` on it")
    return events


def _kept(found: Iterator[Problem]) -> Iterator[Problem]:
    """Yield what a check finds, and the damage that stops it as the last problem."""
    try:
        yield from found
    except READ_FAILURES as error:
        yield Problem(0, f"the file is damaged: {error}")


def _file(connection: sqlite3.Connection) -> Iterator[Problem]:
    if (version := pragma(connection, "user_version")) != FORMAT:
        yield Problem(0, f"it says that its format is {version}, which there never was")
    for problem in (*schema_problems(connection), *damaged_pages(connection)):
        yield Problem(0, problem)
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != b"ok":
            yield Problem(0, f"the file is damaged: {line.decode(errors='replace')}")


class _Record:
    """One walk over all rows, and what must be kept meanwhile to judge them."""

    def __init__(self, connection: sqlite3.Connection, path: Path, verdict: Verdict) -> None:
        self._connection, self._path, self._verdict = connection, path, verdict
        self._signing = Signing()
        self._witness = Witness()
        self._good, self._bad = [0], list[int]()  # anchors: the last event that each covers
        self._broken = 0  # the first row with a problem of its own
        self._unknown = 0
        self._stopped: Exception | None = None

    def check(self) -> Iterator[Problem]:
        self._connection.execute("BEGIN")  # rows and marks of one moment, should it be written meanwhile
        meta = read_meta(self._connection)
        for problem in self._rows(meta):
            self._broken = self._broken or problem.seq
            yield problem
        yield from _kept(self._closings())
        self._connection.rollback()  # a stream that is written meanwhile tells of later rows than those
        yield from _kept(self._streams(meta))
        self._conclude()

    def _rows(self, meta: Meta) -> Iterator[Problem]:
        seq, previous, before_ns = 0, meta.genesis, -(2**63)
        for columns in self._readable():
            expected = seq + 1
            seq, mono_ns, wall, type_, version, body, own = columns
            try:
                if seq != expected:
                    yield Problem(expected, f"is missing; event {seq} follows event {expected - 1}")
                elif link(previous, seq, mono_ns, wall, type_, version, body) != own:
                    yield Problem(seq, "is not what was written (its hash does not follow from the event before)")
                else:
                    said = decode_body(type_.decode(), version, body)
                    if type(said) in _LOOKED_AT:
                        yield from self._look(seq, said, previous, meta)
                    if wall[-6:] != _UTC or not datetime.fromisoformat(wall.decode()):
                        yield Problem(seq, "cannot be read: its time is not in UTC")
                    if mono_ns < before_ns - _BACK_NS:
                        back = (before_ns - mono_ns) / 1e9
                        yield Problem(seq, f"stands {back:.0f} s before the event that it follows")
                before_ns = mono_ns
            except (TypeError, AttributeError, struct.error):
                yield Problem(seq, "cannot be read: a column is not of its type")
            except ValueError as error:
                yield Problem(seq, f"cannot be read: {error}")
            previous = own
        if self._stopped:
            yield Problem(seq + 1, f"cannot be read, nor what follows it: the file is damaged: {self._stopped}")
        self._verdict.head = Head(seq, previous)

    def _readable(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows up to damage that SQLite cannot read past."""
        try:
            yield from self._connection.execute(SELECT_EVENTS, (-(2**63),))
        except READ_FAILURES as error:
            self._stopped = error

    def _look(self, seq: int, said: Any, previous: bytes, meta: Meta) -> Iterator[Problem]:
        """Look closer at the few events that say something about the record itself."""
        self._signing.follow(said)
        self._witness.follow(said)
        if isinstance(said, Unknown):
            self._unknown += 1
        elif isinstance(said, SessionOpened) and said.session != meta.session:
            yield Problem(seq, f"opens the session {said.session}, but the file is that of {meta.session}")
        elif isinstance(said, Signed):
            covered = said.covers == previous.hex()
            (self._good if covered else self._bad).append(seq - 1)
            if not covered:
                yield Problem(seq, f"the signature of {said.by} does not cover the record before it")
            for what in self._signing.wrong_with(said):
                yield Problem(seq, f"the signature of {said.by} {what}")

    def _closings(self) -> Iterator[Problem]:
        query = "SELECT c.seq, c.hash, e.hash FROM closings AS c LEFT JOIN events AS e ON e.seq = c.seq ORDER BY c.seq"
        for seq, mark, own in self._connection.execute(query):
            if own is None:
                end = self._verdict.head.seq
                yield Problem(seq, f"is missing: the record was closed behind it, and ends at event {end}")
            else:
                (self._good if mark == own else self._bad).append(seq)
                if mark != own:
                    yield Problem(seq, "is not the one the record was closed behind")
        self._verdict.closed = has_ended(self._connection)

    def _streams(self, meta: Meta) -> Iterator[Problem]:
        """Hold the recorded streams against the record, and the record against them."""
        found = self._witness.examine(self._path, lambda seq: self._hash_of(seq, meta), closed=self._verdict.closed)
        self._good += found.good
        for seq, what in found.problems:
            if seq:
                self._bad.append(seq)
            yield Problem(seq, what)
        self._verdict.remarks += found.remarks
        if not self._verdict.closed:
            seen = f"event {found.witnessed}, of which the recorded stream knows" if found.witnessed else "any event"
            self._verdict.remarks.append(
                f"the session was not closed: it runs, or its core stopped; rows cut off behind {seen} are not missed"
            )

    def _hash_of(self, seq: int, meta: Meta) -> bytes | None:
        if seq == 0:
            return meta.genesis
        row = self._connection.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()
        return row[0] if row else None

    def _conclude(self) -> None:
        """Find the last event that is sound: what an anchor no longer covers was changed behind the one before it."""
        firsts = [max(good for good in self._good if good < bad) + 1 for bad in self._bad if bad > 0]
        if self._broken:
            firsts.append(self._broken)
        self._verdict.sound = min([*firsts, self._verdict.head.seq + 1]) - 1
        if self._unknown:
            self._verdict.remarks.append(f"{self._unknown} events are of a newer ketamon: kept, and not understood")


_LOOKED_AT = frozenset({SessionOpened, SessionResumed, Signed, StreamClosed, Unknown})
