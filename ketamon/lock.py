"""The right to something that only one process may have: a chair, a session's file, a port.

It is a lock of the operating system on a file, which a dead process cannot hold: what a crash left behind is taken over
and is no obstacle. The file tells those who are refused who holds it.
"""

import os
import shlex
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from ketamon.codec import encode_json
from ketamon.domain.events import iso
from ketamon.errors import SourceError
from ketamon.plain import plain

_LONGEST = 2000
"""How much of a lock file is read, and how long a command is kept."""

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # Windows forbids reading what is locked: lock far behind the words
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

    def _user() -> str:
        return os.environ.get("USERNAME", "")
else:
    import fcntl
    import pwd

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _user() -> str:
        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # a container's user need not have a name
            return str(os.getuid())


class Holder(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who holds a lock. `since` is when the file was written, by the clock of its disk."""

    pid: int
    user: str = ""
    command: str = ""
    since: str = ""

    def __str__(self) -> str:
        known = (self.user, self.since and f"since {self.since}", self.command and f"“{self.command}”")
        told = ", ".join(part for part in known if part)
        return f"process {self.pid} ({told})" if told else f"process {self.pid}"


_holder = msgspec.json.Decoder(Holder)


class Lock:
    """Held from creation to `release`. Raises `SourceError`: `doing`, by whom, and the `remedy`.

    `abandoned`: the last one that held it did not release it; it crashed, or the machine did.
    """

    def __init__(self, path: Path, doing: str, remedy: str) -> None:
        self._path, self._doing, self._remedy = path, doing, remedy
        self.abandoned = False
        try:
            while not self._take():
                pass
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"{path} cannot be made: {error.strerror}") from error

    def _take(self) -> bool:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _try_lock(self._handle)
        except OSError as error:
            told = _told(self._handle)
            os.close(self._handle)
            raise SourceError(f"{self._doing} by {told or 'another process'}; {self._remedy}") from error
        if not self._is_current():  # its holder removed it between our open and our lock
            os.close(self._handle)
            return False
        try:
            self._sign()
        except OSError:  # a disk that is full; what nobody holds must not look held
            os.close(self._handle)
            raise
        return True

    def _sign(self) -> None:
        self.abandoned = os.fstat(self._handle).st_size > 0
        ours = Holder(os.getpid(), _user(), shlex.join(["ketamon", *sys.argv[1:]])[: _LONGEST // 4])
        os.truncate(self._handle, 0)
        os.write(self._handle, encode_json(ours) + b"\n")

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give it up."""
        with suppress(OSError):  # Windows does not remove an open file; it stays, and is no obstacle
            self._path.unlink()
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder(path: Path) -> Holder | None:
    """Say who holds the lock at `path` now, without taking it; None where nobody does."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        _try_lock(handle)
    except OSError:
        return _told(handle) or Holder(0)
    finally:
        os.close(handle)
    return None


def _told(handle: int) -> Holder | None:
    """Read what the holder wrote; foreign bytes are nobody, and never reach a screen unseen."""
    try:
        found = _holder.decode(os.pread(handle, _LONGEST, 0))
    except (msgspec.DecodeError, RecursionError):
        return None
    since = iso(datetime.fromtimestamp(os.fstat(handle).st_mtime, UTC))
    return Holder(found.pid, plain(found.user), plain(found.command), since)
