"""One writer per session: a lock of the operating system on a file beside it, which a dead process cannot hold."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from ketamon.errors import SourceError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> None:
        os.lseek(handle, 1 << 30, os.SEEK_SET)  # Windows forbids reading what is locked: lock far behind the pid
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """The right to write one session file, held from creation to `release`. `<file>.lock` says which process has it."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")
        try:
            while not self._take(path):
                pass
        except OSError as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError(f"{self._path} cannot be made: {error.strerror}") from error

    def _take(self, path: Path) -> bool:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _try_lock(self._handle)
        except OSError as error:
            holder = os.read(self._handle, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._handle)
            raise SourceError(f"{path} is being written by process {holder}; attach to it or end it first") from error
        if not self._is_current():  # its holder removed it between our open and our lock
            os.close(self._handle)
            return False
        os.truncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()}\n".encode())
        return True

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the lock up."""
        with suppress(OSError):  # Windows does not remove an open file; it stays, and is no obstacle
            self._path.unlink()
        os.close(self._handle)
