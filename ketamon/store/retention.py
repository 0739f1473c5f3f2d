"""What has been kept for as long as its profile says, and erasing it. Nothing is ever erased by itself.

Each erasure is written to a log first, a line of JSON, which is only ever added to: what it was (id, file, hash), when
it ended, when and by whom it was erased, and why. It holds no word about a patient. A stream leaves a note behind, so
that the record that names it still verifies. An encrypted record loses its key as well: copies of it are noise then.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path

from ketamon.codec import encode_json
from ketamon.domain.events import Event, SessionOpened, iso
from ketamon.domain.profile import Profile
from ketamon.domain.retention import RetentionRules
from ketamon.errors import KetamonError, Refused, SourceError
from ketamon.lock import holder
from ketamon.profiles import loads
from ketamon.store.database import sync_directory
from ketamon.store.keys import KEYS
from ketamon.store.lock import lock_path
from ketamon.store.reader import Reader
from ketamon.store.ring import Erased
from ketamon.store.witness import ERASED, Witness, is_plain

LOG = "erased.log"
"""The name of the log, beside the folder of the sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A session, or only its streams, whose time is over. `files` are all that go; `head` is the record's hash."""

    record: Path
    session: str
    events: int
    head: str
    ended: datetime
    kept_days: int
    whole: bool
    files: tuple[Path, ...]

    def __str__(self) -> str:
        what = "session" if self.whole else "stream"
        return f"{self.record.name}: {what} of {self.ended:%Y-%m-%d}, to be kept for {self.kept_days} days"


def due(records: Iterable[Path], now: datetime, rules: Profile | None) -> tuple[list[Due], list[str]]:
    """Return what is due at `now`, by each session's own profile, or by `rules` if given; and what cannot be judged.

    A session that was not closed, runs, or cannot be read is never due.
    """
    found: list[Due] = []
    left: list[str] = []
    for record in records:
        try:
            one = _due(record, now, rules)
        except KetamonError as error:
            left.append(f"{error}; it is kept")
        else:
            found += [one] if one else []
    return found, left


def _due(record: Path, now: datetime, rules: Profile | None) -> Due | None:
    witness, opened, last = Witness(), None, None
    with Reader(record) as reader:
        for event in reader.events():
            witness.follow(event.body)
            opened = event.body if isinstance(event.body, SessionOpened) else opened
            last = event
        session, head, closed = reader.session, reader.head, reader.ended
    if opened is None or last is None or not closed:
        raise SourceError(f"{record.name} was not closed")
    kept = _rules(opened, rules)
    streams = [record.with_name(name) for name in witness.told() if is_plain(name)]
    whole = _over(last, kept.session_days, now)
    files = [*streams, *(path.with_name(path.name + ERASED) for path in streams), record] if whole else streams
    there = tuple(path for path in files if path.exists())
    if not there or not (whole or _over(last, kept.stream_days, now)):
        return None
    return Due(
        record=record, session=session, events=head.seq, head=head.hash.hex(), ended=last.at.wall, files=there,
        kept_days=kept.session_days if whole else kept.stream_days, whole=whole,
    )  # fmt: skip


def _rules(opened: SessionOpened, rules: Profile | None) -> RetentionRules:
    return (rules or loads(opened.profile_toml, opened.profile)).retention


def _over(last: Event, days: int, now: datetime) -> bool:
    return bool(days) and now - last.at.wall > timedelta(days=days)


def erase(one: Due, log: Path, now: datetime, by: str) -> None:
    """Log what goes, then erase it. Raises `SourceError`, or `Refused` where a session is being written after all."""
    if running := holder(lock_path(one.record)):
        raise Refused(f"{one.record} is being written by {running}; nothing of it was erased")
    _log(log, list(_lines(one, now, by)))
    key = KEYS.name_of(one.record) if one.whole else None
    if key is not None:  # first: whatever happens next, nobody reads it any more, nor a copy of it
        KEYS.ring.erase(key, Erased(iso(now), by))
    try:
        for path in one.files:
            if not one.whole:
                _note(path, f"{iso(now)} by {by}, {one.kept_days} days after the session")
            path.unlink()
        if one.whole:
            for suffix in ("-wal", "-shm", ".lock"):
                with suppress(FileNotFoundError):
                    one.record.with_name(one.record.name + suffix).unlink()
        sync_directory(one.record.parent)
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be erased: {error.strerror}; erase it by hand") from error


def _lines(one: Due, now: datetime, by: str) -> Iterator[bytes]:
    for path in one.files:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        yield encode_json(
            {
                "erased": iso(now), "by": by, "session": one.session, "file": path.name, "sha256": digest,
                "events": one.events, "head": one.head, "ended": iso(one.ended), "kept_days": one.kept_days,
            }
        ) + b"\n"  # fmt: skip


def _log(log: Path, lines: list[bytes]) -> None:
    """Add lines, down to the disk, before anything goes."""
    try:
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(handle)
        sync_directory(log.parent)
    except OSError as error:
        raise SourceError(f"{log} cannot be written: {error.strerror}; nothing was erased") from error


def _note(stream: Path, text: str) -> None:
    handle = os.open(stream.with_name(stream.name + ERASED), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(handle)
