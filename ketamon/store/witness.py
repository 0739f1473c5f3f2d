"""The recorded streams of a session, which tell of its record, and of which the record tells.

A stream notes the head of the record about once a minute, with each signature and at its end (see
`ketamon.stream.writer`); the record names the stream's bytes with each signature and when it is closed. A stream that
was erased because its time was over leaves a file `<name>.erased` in its place, which says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ketamon.domain.events import SessionOpened, SessionResumed, Signed, StreamClosed, StreamMark
from ketamon.errors import SourceError
from ketamon.stream import reader

SUFFIX = ".kstream"
ERASED = ".erased"
"""What stands behind the name of a stream that was erased."""

HashOf = Callable[[int], bytes | None]
"""Gives the hash of an event of the record by its number; None where there is no such event."""


@dataclass(slots=True)
class Found:
    """What streams tell: problems with the event each is about (0: none), and up to where the record is as it was.

    `good` are events of which a stream tells rightly, `witnessed` is the last event of which any stream tells.
    """

    problems: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    good: list[int] = field(default_factory=list)
    witnessed: int = 0


class Witness:
    """Follows a record for what it says of its streams; then `examine` looks at them."""

    def __init__(self) -> None:
        self._marks: dict[str, list[StreamMark]] = {}
        self._closed_at: dict[str, int] = {}

    def follow(self, said: Any) -> None:
        """Take the next event that matters here."""
        if isinstance(said, SessionOpened | SessionResumed) and said.stream:
            self._marks.setdefault(said.stream, [])
            self._closed_at.pop(said.stream, None)
        elif isinstance(said, Signed) and said.stream:
            self._marks.setdefault(said.stream.name, []).append(said.stream)
        elif isinstance(said, StreamClosed):
            self._marks.setdefault(said.stream.name, []).append(said.stream)
            self._closed_at[said.stream.name] = said.stream.size

    def told(self) -> dict[str, int]:
        """Return the streams that the record names, and how many bytes of each it tells of."""
        return {name: max((mark.size for mark in marks), default=0) for name, marks in self._marks.items()}

    def examine(self, record: Path, hash_of: HashOf, *, closed: bool) -> Found:
        """Read every stream beside the record: those that it names, and the one that is called like itself.

        A record of which no row is left names none. `closed`: nothing can follow any more.
        """
        found, folder = Found(), record.parent
        if (own := record.with_suffix(SUFFIX)).is_file():
            self._marks.setdefault(own.name, [])
        for name, marks in self._marks.items():
            if not is_plain(name):
                found.problems.append((0, f"the recorded stream “{name}” is no name of a file beside the record"))
            elif (note := folder / (name + ERASED)).is_file() and not (folder / name).exists():
                found.remarks.append(f"the recorded stream {name} was erased: {note.read_text('utf-8').strip()}")
            else:
                self._read(folder / name, marks, hash_of, found, closed=closed)
        return found

    def _read(self, path: Path, marks: list[StreamMark], hash_of: HashOf, found: Found, *, closed: bool) -> None:
        heads = _Heads(path.name, hash_of)
        try:
            report = reader.verify(path, heads.check, marks)
        except SourceError as error:
            found.problems.append((0, f"the recorded stream {path.name} cannot be read: {error}"))
            return
        said = f"the recorded stream {path.name}"
        found.problems += heads.problems()
        found.problems += [(0, f"{said}: {what}") for what in report.damage]
        if report.more_problems:
            found.problems.append((0, f"{said}: {report.more_problems} more problems"))
        if closed and report.size + len(report.torn) > self._closed_at.get(path.name, report.size + len(report.torn)):
            found.problems.append((0, f"{said}: something was written behind its end"))
        found.remarks += [f"{said}: {what}" for what in (*report.mended, *report.unfinished)]
        found.good += heads.good
        found.witnessed = max(found.witnessed, *heads.good, 0)


class _Heads:
    """Holds the notes of one stream against the record. Of many that do not fit, one is told."""

    def __init__(self, name: str, hash_of: HashOf) -> None:
        self._name, self._hash_of = name, hash_of
        self.good: list[int] = []
        self._missing = 0
        self._changed = 0

    def check(self, seq: int, head: str) -> None:
        own = self._hash_of(seq)
        if own is None:
            self._missing = max(self._missing, seq)
        elif own.hex() != head:
            self._changed = self._changed or seq
        else:
            self.good.append(seq)

    def problems(self) -> list[tuple[int, str]]:
        said = []
        if self._changed:
            said.append((self._changed, f"is not the one that the recorded stream {self._name} noted when it was safe"))
        if self._missing:
            said.append((self._missing, f"is missing: the recorded stream {self._name} noted it when it was safe"))
        return said


def is_plain(name: str) -> bool:
    """Whether a name is that of a file, and leads nowhere else."""
    return bool(name) and name not in (".", "..") and not set(name) & set("/\\\0") and name.isprintable()
