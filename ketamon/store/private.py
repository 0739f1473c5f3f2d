"""A small file that only its owner may read, in a folder that only its owner may change, replaced whole.

A reader sees the old contents or the new, never a part, and needs no lock. Who writes holds the folder first. Whatever
another user could have read or changed is refused: it proves nothing.
"""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ketamon.errors import SourceError

_PATIENCE_S = 5.0
_PULSE_S = 0.02


def make(folder: Path) -> None:
    """Make a folder for its owner only (0700), where there is none. Raises `SourceError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder} cannot be made: {error.strerror}; set KETAMON_HOME") from error


def read(path: Path) -> bytes | None:
    """Return what stands in the file; None only where there is none. Raises `SourceError`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); make it a plain file of yours") from error
    try:
        _refuse_open(path, os.fstat(handle))
        refuse_shared(path.parent, path.parent.stat())
        return _contents(path, handle)
    finally:
        os.close(handle)


def _refuse_open(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise SourceError(f"{path} is not private to you; check what is in it, then make it yours with mode 0600")
    if status.st_nlink > 1:  # 0: it was replaced since it was opened
        raise SourceError(f"{path} has a second name (a hard link); look where, then copy it and put the copy there")


def refuse_shared(folder: Path, status: os.stat_result) -> None:
    """Raise `SourceError` for a folder that others may change."""
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
        raise SourceError(f"{folder} can be changed by other users; check what is in it, then set its mode to 0700")


def _contents(path: Path, handle: int) -> bytes:
    try:
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror}); restore it from a copy") from error


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Hold the right to write in a folder, against threads and processes; yield its handle, which carries the lock.

    A dead process holds nothing. Raises `SourceError`, also where another process does not let go in five seconds.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(f"{folder} cannot be opened ({error.strerror}); set KETAMON_HOME") from error
    try:
        refuse_shared(folder, os.fstat(handle))
        _lock(handle, folder)
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    for _ in range(int(_PATIENCE_S / _PULSE_S)):
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PULSE_S)
        except OSError as error:
            raise SourceError(f"{folder} cannot be locked ({error.strerror}); use a local disk") from error
    raise SourceError(f"{folder} is being written by another process; try again")


def replace(path: Path, data: bytes, folder: int) -> None:
    """Replace the file, in its folder that is `held`; it is on the disk when this returns.

    Raises `SourceError`; then the old contents stand, or already the new.
    """
    new = path.name + ".new"
    try:
        with suppress(FileNotFoundError):  # of a process that was killed
            os.unlink(new, dir_fd=folder)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        os.rename(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); make room or repair the disk") from error
