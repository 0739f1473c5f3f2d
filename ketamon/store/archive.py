"""Copies of sessions that can be trusted: made while a core writes, checked after copying, taken back only whole.

An archive is a folder with the files of sessions under their own names, and a manifest for each session: its id, its
count of events and head hash, and the SHA-256 of every file. The record is copied first, as it is at one moment; each
stream up to its last whole line of before that moment, or as far as the record tells of it. So a copy is always as a
crash at that moment would have left it, and passes the same checks as the session itself.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import file_digest
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

import msgspec

from ketamon.errors import SourceError, VerificationError
from ketamon.store.cipher import ERRORS, opened
from ketamon.store.database import connect, sync_directory
from ketamon.store.keys import KEYS
from ketamon.store.reader import Reader
from ketamon.store.verify import Verdict, examine
from ketamon.store.witness import ERASED, Witness, is_plain

MANIFEST = ".manifest.json"
"""What stands behind a session's name in the name of its manifest."""
_PART = ".part-"


class Copied(msgspec.Struct, frozen=True):
    """A file of an archive."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, rename={"version": "ketamon-archive"}):
    """What an archive says of one session. `made` is when it was copied, as ISO text."""

    version: int
    session: str
    record: str
    made: str
    events: int
    head: str
    closed: bool
    files: dict[str, Copied]


_manifests = msgspec.json.Decoder(Manifest)


def archive(record: Path, to: Path, made: str) -> Manifest:
    """Copy a session and its streams into the folder `to`, which is made. A later copy takes the place of an earlier.

    Raises `VerificationError` where the copy is not sound, `SourceError` where something cannot be had, or where `to`
    holds another session under this name.
    """
    _make(to)
    with _part(to) as part:
        sizes = _whole_sizes(record)
        copy = part / record.name
        _copy_record(record, copy)
        _copy_streams(record, copy, sizes)
        manifest = _manifest(copy, made)
        if (old := to / (record.name + MANIFEST)).exists():
            _refuse_other(read_manifest(old), copy)
        _write(part / old.name, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        for name in (*manifest.files, old.name):  # the manifest last: what it tells of is there
            (part / name).replace(to / name)
    sync_directory(to)
    return manifest


def manifests(folder: Path) -> list[Path]:
    """Return the manifests in an archive. Raises `SourceError` where there is none."""
    found = sorted(folder.glob(f"*{MANIFEST}"))
    if not found:
        raise SourceError(f"{folder} is no archive of ketamon: there is no manifest in it; choose another folder")
    return found


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises `SourceError` where it is none, or names files elsewhere."""
    try:
        manifest = _manifests.decode(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is no manifest of an archive: {error}") from error
    if manifest.version != 1:
        raise SourceError(f"{path} was written by a newer ketamon (version {manifest.version}); update ketamon")
    if manifest.record not in manifest.files or not all(is_plain(name) for name in manifest.files):
        raise SourceError(f"{path} names files that are not beside it; it is not to be trusted")
    return manifest


def restore(manifest_path: Path, sessions: Path, known: dict[str, Path]) -> bool:
    """Take a session back from an archive into the folder `sessions`; return whether it was not there yet.

    `known` are the sessions that are there, by their id. Nothing is ever overwritten. Raises `VerificationError` where
    a file is not what the manifest says, or the record is not sound; `SourceError` where another file is in the way.
    """
    manifest, source = read_manifest(manifest_path), manifest_path.parent
    with _part(sessions) as part:
        for name, said in manifest.files.items():
            _copy_file(source / name, part / name)
            if _copied(part / name) != said:
                raise VerificationError(f"{source / name} is not what the manifest says; take another copy")
        copy = part / manifest.record
        verdict = _sound(copy)
        if (_session_of(copy), verdict.head.seq, verdict.head.hash.hex()) != (
            manifest.session,
            manifest.events,
            manifest.head,
        ):
            raise VerificationError(f"{manifest_path} tells of another session, or of more events; take another copy")
        if (there := known.get(manifest.session)) is not None:
            if _head(there) == (manifest.events, manifest.head):
                return False
            raise SourceError(f"session {manifest.session} is here already, as {there}, and differs; move it away")
        _put_all(part, sessions, [name for name in manifest.files if name != manifest.record] + [manifest.record])
    sync_directory(sessions)
    return True


def known_sessions(paths: list[Path]) -> dict[str, Path]:
    """Return session files by the id of their session; one that cannot be read holds its name, and is not asked."""
    found = {}
    for path in paths:
        try:
            found[_session_of(path)] = path
        except (SourceError, VerificationError):
            continue
    return found


def _whole_sizes(record: Path) -> dict[str, int]:
    """Return how much of each stream stands there in whole lines now."""
    sizes = {}
    for path in record.parent.glob("*.kstream"):
        if path.name.startswith(record.stem):
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                sizes[path.name] = _line_end(file.fileno(), size)
    return sizes


def _line_end(handle: int, size: int) -> int:
    block = 1 << 16
    while size:
        start = max(0, size - block)
        found = os.pread(handle, size - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        size = start
    return 0


def _copy_record(record: Path, copy: Path) -> None:
    """Copy a record as it is at one moment; it may be written meanwhile, and stays encrypted if it is."""
    try:
        with closing(connect(record)) as source:
            _write(copy, b"")
            key = KEYS.of(record)
            KEYS.note(copy, key)
            with closing(opened(copy, "rw", key)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
    except ERRORS as error:
        raise SourceError(f"{record} cannot be copied to {copy.parent.parent}: {error}") from error


def _copy_streams(record: Path, copy: Path, sizes: dict[str, int]) -> None:
    witness = Witness()
    with Reader(copy) as reader:
        for event in reader.events():
            witness.follow(event.body)
    for name, told in witness.told().items():
        if not is_plain(name):
            raise VerificationError(
                f"{record} names a stream “{name}” that is not beside it; run `ketamon verify` on it"
            )
        note = record.with_name(name + ERASED)
        if note.exists() and not record.with_name(name).exists():
            _copy_file(note, copy.with_name(note.name))
        else:
            _copy_file(record.with_name(name), copy.with_name(name), max(told, sizes.get(name, 0)))


def _manifest(copy: Path, made: str) -> Manifest:
    verdict = _sound(copy)
    return Manifest(
        version=1,
        session=_session_of(copy),
        record=copy.name,
        made=made,
        events=verdict.head.seq,
        head=verdict.head.hash.hex(),
        closed=verdict.closed,
        files={path.name: _copied(path) for path in sorted(copy.parent.iterdir())},
    )


def _sound(path: Path) -> Verdict:
    verdict = examine(path)
    if verdict.problems:
        raise VerificationError(f"{path.name} is not as it was written: {verdict.problems[0]}; it is not copied")
    return verdict


def _refuse_other(old: Manifest, copy: Path) -> None:
    """A copy may only take the place of an earlier one of the same session, which it goes on from."""
    with Reader(copy) as reader:
        if reader.session != old.session:
            raise SourceError(f"the archive holds session {old.session} as {copy.name} already; choose another folder")
        if reader.hash_at(old.events).hex() != old.head:
            raise SourceError(f"the archive holds more of {copy.name} than there is now, or another; look why first")


def _session_of(path: Path) -> str:
    with Reader(path) as reader:
        return reader.session


def _head(path: Path) -> tuple[int, str]:
    with Reader(path) as reader:
        return reader.head.seq, reader.head.hash.hex()


def _copied(path: Path) -> Copied:
    with path.open("rb") as file:
        return Copied(path.stat().st_size, file_digest(file, "sha256").hexdigest())


def _copy_file(source: Path, target: Path, size: int | None = None) -> None:
    """Copy a file, or its first `size` bytes, for its owner only and down to the disk."""
    try:
        with source.open("rb") as file, _new(target) as copy:
            left = os.fstat(file.fileno()).st_size if size is None else size
            while left and (block := file.read(min(left, 1 << 20))):
                copy.write(block)
                left -= len(block)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        raise SourceError(f"{source} cannot be copied to {target.parent.parent}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    with _new(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder} cannot be made: {error.strerror}; choose another folder") from error


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """Give a folder of our own within `folder`: what is made in it is seen when it is whole, or not at all."""
    try:
        part = Path(mkdtemp(prefix=_PART, dir=folder))
    except OSError as error:
        raise SourceError(f"{folder} cannot be written: {error.strerror}; choose another folder") from error
    try:
        yield part
    finally:
        shutil.rmtree(part)


def _put_all(part: Path, folder: Path, names: list[str]) -> None:
    """Give files their place, the record last; where one is there already, none of ours stays."""
    put: list[Path] = []
    try:
        for name in names:
            os.link(part / name, folder / name)
            put.append(folder / name)
    except OSError as error:
        for path in put:
            path.unlink()
        raise SourceError(f"{folder / names[len(put)]} is in the way: {error.strerror}; move it away") from error


__all__ = ["MANIFEST", "Manifest", "archive", "known_sessions", "manifests", "read_manifest", "restore"]
