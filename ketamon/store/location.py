"""Where session files live and how they are called. No name holds a word about a patient."""

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from ketamon.errors import KetamonError, SourceError
from ketamon.store import private
from ketamon.store.database import READ_FAILURES, SUFFIX, connect, has_ended, sync_directory
from ketamon.store.home import data_dir
from ketamon.store.keys import KEYS

__all__ = ["data_dir", "new_session_path", "open_sessions", "session_called", "session_files", "sessions_dir"]


_UNREADABLE: tuple[type[Exception], ...] = (*READ_FAILURES, KetamonError)


def sessions_dir() -> Path:
    """Return the directory of the session files; it is made on first use, for its owner only (0700).

    Raises `SourceError` where others could put a link or another file in the place of a record.
    """
    directory = data_dir() / "sessions"
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the roster stands in it, too
        if not directory.exists():
            directory.mkdir(mode=0o700, exist_ok=True)
            for folder in (directory.parent, directory.parent.parent):  # a record is as safe as the way to it
                sync_directory(folder)
    except OSError as error:
        raise SourceError(f"{directory} cannot be made: {error.strerror}; set KETAMON_HOME") from error
    for folder in (directory.parent, directory):
        private.refuse_shared(folder, folder.stat())
    return directory


def new_session_path(wall: datetime, chair: str) -> Path:
    """Return the path of a new session's file, named by the time in UTC and the chair; no such file exists."""
    stem = f"{wall.astimezone(UTC):%Y-%m-%dT%H%M%SZ}-{re.sub(r'[^A-Za-z0-9]+', '-', chair).strip('-') or 'chair'}"
    path, number = sessions_dir() / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = path.with_name(f"{stem}-{number}{SUFFIX}")
    return path


def session_files() -> list[Path]:
    """Return all session files, newest first. Nothing is made where there are none. Raises `SourceError`.

    A link is none: the lock and the log of what is behind it have another name, and hold nobody off.
    """
    directory = data_dir() / "sessions"
    try:
        return sorted(
            (path for path in directory.iterdir() if path.suffix == SUFFIX and _is_plain_file(path)), reverse=True
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SourceError(f"{directory} cannot be read: {error.strerror}; set KETAMON_HOME") from error


def session_called(path: Path) -> Path:
    """Find a session file: `path`, or the one that is kept here and called so; where neither is there, `path`."""
    kept = data_dir() / "sessions" / f"{path.name.removesuffix(SUFFIX)}{SUFFIX}"
    return kept if len(path.parts) == 1 and not path.exists() and kept.exists() else path


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def open_sessions() -> list[Path]:
    """Return the sessions that did not end, newest first.

    A file that cannot be read is among them: opening it says why.
    """
    return [path for path in session_files() if not _ended(path)]


def _ended(path: Path) -> bool:
    try:
        if KEYS.erased(path):
            return True
        with closing(connect(path)) as connection:
            return has_ended(connection)
    except _UNREADABLE:
        return False
