"""Reads a recorded stream at full speed, and tells what is wrong with it.

Rules of this file: a line that cannot be read costs itself only; nothing is guessed; everything left out is counted and
reported with its line. Pacing is not here: `ketamon.chair.drives` lets session time pass.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, NamedTuple, Self

import msgspec

from ketamon.domain.events import StreamMark
from ketamon.errors import SourceError
from ketamon.store.keys import KEYS
from ketamon.stream.record import PAYLOADS, Header, Kind, Record, decode_header
from ketamon.stream.sealed import Seal, is_sealed

_MAX_HEADER = 1 << 16
_MAX_LINE = 8 << 20
"""The longest line that is read; the longest that is written is some 3 MB. A longer one is damage, and costs itself."""
_MAX_PROBLEMS = 100
_MAX_KINDS = 20
_MAX_SAID = 40
_COMMENT = ord("#")
_SEQ_DIGITS = 18  # of an event number that SQLite can hold

HeadCheck = Callable[[int, str], None]
"""Takes what a stream notes of the session's record: the number of an event, and its hash in hexadecimal."""

_decode_line = msgspec.json.Decoder(tuple[Annotated[float, msgspec.Meta(ge=0, lt=1e9)], str, str, Any]).decode


@dataclass(slots=True)
class Report:
    """What was found in a stream, complete once it was read to its end.

    `problems` holds one sentence each, with its line: all `damage` (the first 100; `more_problems` counts others), then
    what is `unfinished`; no problem means the file is as it was written. `mended` is none: what a crash tore before the
    writer went on, covered as it is by the next sum. `unknown` counts records of kinds this version does not know.
    `size` and `sha256` are of the whole lines, `torn` is what follows the last of them. `uncovered` records and damage
    `behind` (the first 100) stand after the last good sum. `heads` counts the notes of how far the record went,
    `faults` all damage that was ever found.
    """

    records: int = 0
    sums: int = 0
    uncovered: int = 0
    heads: int = 0
    ended: bool = False
    last_t: float = 0.0
    size: int = 0
    sha256: str = ""
    torn: bytes = b""
    unknown: Counter[str] = field(default_factory=Counter)
    damage: list[str] = field(default_factory=list)
    more_problems: int = 0
    unfinished: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    behind: list[tuple[int, str]] = field(default_factory=list)
    more_behind: int = 0
    bad_sums: int = 0
    faults: int = 0

    def found(self, line: int, text: str) -> None:
        """Note damage: behind the last good sum first of all, where it may be what a crash left."""
        self.faults += 1
        if len(self.behind) < _MAX_PROBLEMS:
            self.behind.append((line, text))
        else:
            self.more_behind += 1

    def settle(self) -> None:
        """No crash has left this: what stands behind the last good sum is damage."""
        room = _MAX_PROBLEMS - len(self.damage)
        self.damage += [f"line {line}: {text}" for line, text in self.behind[:room]]
        self.more_problems += len(self.behind[room:]) + self.more_behind
        self._forget()

    def _forget(self) -> None:
        self.behind.clear()
        self.more_behind = 0

    def mend(self) -> None:
        """A good sum covers it: the writer found it so when it went on after a crash."""
        if self.behind and len(self.mended) < _MAX_PROBLEMS:
            first, last = self.behind[0][0], self.behind[-1][0]
            self.mended.append(f"lines {first} to {last}: torn by a crash, before the recording went on")
        self._forget()
        self.bad_sums = self.uncovered = 0

    def count_unknown(self, kind: str) -> None:
        """Count a record of a kind that this version does not know; of many kinds only the first have a name."""
        kind = kind[:_MAX_SAID]
        self.unknown[kind if kind in self.unknown or len(self.unknown) < _MAX_KINDS else "and others"] += 1

    @property
    def problems(self) -> list[str]:
        """All that is wrong, one sentence each."""
        return self.damage + self.unfinished

    def sentences(self) -> list[str]:
        """Say everything that is to be said, worst first; empty for a file in perfect order."""
        said = list(self.problems)
        if self.more_problems:
            said.append(f"{self.more_problems} more problems")
        return said + [
            f"{count} records of the unknown kind {kind!r} were skipped" for kind, count in self.unknown.items()
        ]


class Place(NamedTuple):
    """Where a record begins: bytes and lines before it, and how many of an encrypted stream's."""

    offset: int
    line: int
    number: int


class StreamReader:
    """The records of a file, in order: an iterable and a context manager.

    Raises `SourceError` where the file is missing, empty, foreign or newer, or its key cannot be had; an encrypted file
    has its `seal`. `header` is there at once, `report` is complete after the last record. Sums, heads and the end are
    checked, not yielded: heads go to `head_check`, and what a session's record says of this stream (`marks`) is held
    against its bytes.
    """

    def __init__(self, path: Path, head_check: HeadCheck | None = None, marks: Iterable[StreamMark] = ()) -> None:
        self._head_check, self._marks = head_check, {(mark.size, mark.sha256) for mark in marks}
        self._ends = {size for size, _ in self._marks}
        self.seal: Seal | None = None
        try:
            self._file = path.open("rb")
        except FileNotFoundError as error:
            raise SourceError(f"there is no file {path}; check the name") from error
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        try:
            self.header: Header = self._read_header(path)
        except BaseException:
            self._file.close()
            raise
        self.report = Report()

    def _read_header(self, path: Path) -> Header:
        self._hash = hashlib.sha256()
        self._size = self._line = self._safe = 0
        line = self._first_line()
        if not line:
            raise SourceError(f"{path} is empty: nothing was recorded; choose another file")
        if is_sealed(line) and (key := KEYS.of(path)):
            self.seal = Seal.of(line, key, str(path))
            try:
                line = self.seal.open(self._first_line())
            except ValueError as error:
                raise SourceError(f"{path} has a damaged header; restore it from a copy") from error
        return decode_header(line, str(path))

    def _first_line(self) -> bytes:
        line = self._file.readline(_MAX_HEADER)
        self._hash.update(line)
        self._size += len(line)
        self._line += 1
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        while line := self._file.readline(_MAX_LINE):
            self._line += 1
            if not line.endswith(b"\n"):
                if len(line) < _MAX_LINE or not self._skip(line):
                    self.report.torn = line
                    break
                continue
            if line[0] != _COMMENT:
                record = self._take(line)
                if record is not None:
                    yield record
            self._hash.update(line)
            self._size += len(line)
            if self._size in self._ends:
                self._marks.discard((self._size, self._hash.hexdigest()))
        self._finish()

    @property
    def place(self) -> Place:
        """Where the record that was read last begins."""
        return Place(self._size, self._line - 1, self.seal.number - 1 if self.seal else 0)

    def go(self, place: Place) -> None:
        """Read on from a place of this file. What was not read on the way there, the report knows nothing of."""
        self._file.seek(place.offset)
        self._size, self._line = place.offset, place.line
        if self.seal:
            self.seal.number = place.number

    @property
    def foreign(self) -> bool:
        """Whether bytes that the session's record tells of did not come yet, or are not those here."""
        return bool(self._marks)

    def _skip(self, piece: bytes) -> bool:
        """Read over a line that is too long, in pieces; return whether it comes to an end."""
        digest, size = self._hash.copy(), self._size
        while piece:
            digest.update(piece)
            size += len(piece)
            if piece.endswith(b"\n"):
                self._hash, self._size = digest, size
                self.report.found(self._line, f"longer than {_MAX_LINE} bytes; it is left out")
                return True
            piece = self._file.readline(_MAX_LINE)
        return False

    def _take(self, line: bytes) -> Record | None:
        try:
            t, device, kind, payload = _decode_line(self._opened(line, self.seal) if self.seal else line)
            known = PAYLOADS.get(kind)
            if known:
                data = _read(payload, known[1])
            elif kind == "head":
                self._check_head(_read(payload, str))
                return None
        except (ValueError, TypeError, RecursionError) as error:
            self.report.found(self._line, f"cannot be read ({error})")
            return None
        if kind == "sum":
            self._check_sum(payload)
        elif kind == "end":
            self._check_end(payload)
        else:
            self._count(t)
            if known:
                return Record(t, device, known[0], data, self._line)
            self.report.count_unknown(kind)
        return None

    def _opened(self, line: bytes, seal: Seal) -> bytes:
        """Open a line of an encrypted stream, and tell what could not be opened before it."""
        due = seal.number
        plain = seal.open(line)
        if gone := seal.number - 1 - due:
            self.report.found(self._line, f"lines damaged or missing before it: {gone}")
        return plain

    def _count(self, t: float) -> None:
        report = self.report
        report.records += 1
        report.uncovered += 1
        report.ended = False
        if t < report.last_t:
            report.found(self._line, f"time runs backwards, from {report.last_t:.6f} s to {t:.6f} s")
        report.last_t = t

    def _check_head(self, payload: bytes | str) -> None:
        seq, _, head = str(payload).partition(" ")
        if not (seq.isascii() and seq.isdigit() and len(seq) <= _SEQ_DIGITS):
            raise ValueError("no number of an event")
        self.report.heads += 1
        if self._head_check:
            self._head_check(int(seq), head)

    def _check_sum(self, payload: object) -> None:
        self.report.sums += 1
        if payload == self._hash.hexdigest():
            self.report.mend()
            self._safe = self._size
        else:
            self.report.found(self._line, "the sum does not fit: something before this line was changed")
            self.report.bad_sums += 1
            if self.report.bad_sums > 1:  # the disk is made to keep one before the next is written
                self.report.settle()

    def _check_end(self, payload: object) -> None:
        self.report.ended = True
        if payload != self.report.records:
            written = payload if isinstance(payload, int) else "an unknown number of"
            self.report.found(self._line, f"{written} records were written, {self.report.records} are here")
        if self.report.uncovered:
            self.report.found(self._line, f"no sum covers the last {self.report.uncovered} records")
        self.report.settle()

    def _finish(self) -> None:
        report = self.report
        report.size, report.sha256 = self._size, self._hash.hexdigest()
        if self._marks:
            size = min(size for size, _ in self._marks)
            report.found(self._line, f"its first {size} bytes are not those that the session's record tells of")
            report.settle()
        if report.ended:
            report.settle()
        report.unfinished += [f"line {line}: {what}" for line, what in report.behind]
        if report.torn:
            report.unfinished.append(f"line {self._line}: torn off after {len(report.torn)} bytes")
        if not report.ended:
            why = "the writer crashed or is still at work"
            said = f"no end: {why}; no sum covers the last {report.uncovered} records"
            if report.behind:
                size = report.size + len(report.torn) - self._safe
                count = len(report.behind) + report.more_behind
                said += f"; in the last {size} bytes {count} lines were torn, as by a crash"
            report.unfinished.append(f"line {self._line}: {said}")


def _read(payload: object, read: Callable[[str], bytes | str]) -> bytes | str:
    if not isinstance(payload, str):
        raise TypeError("the payload is no text")
    return read(payload)


def has_intents(path: Path) -> bool:
    """Whether what people asked stands in a stream; without reading what devices said, where it is plain."""
    with StreamReader(path) as reader:
        if reader.seal:
            return any(record.kind is Kind.INTENT for record in reader)
    with path.open("rb") as lines:
        return any(b',"intent",' in piece for piece in iter(lambda: lines.readline(_MAX_LINE), b""))


def verify(path: Path, head_check: HeadCheck | None = None, marks: Iterable[StreamMark] = ()) -> Report:
    """Read a whole file and report, as `StreamReader` does. Raises `SourceError` where it cannot be read at all."""
    with StreamReader(path, head_check, marks) as reader:
        for _ in reader:
            pass
    return reader.report
