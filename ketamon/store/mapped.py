"""The index of SQLite's log is memory mapped from a file: a write to it that finds no room on the disk kills us.

SQLite makes that file (`-shm`) as long as it needs, with a byte in every 4096 (sqlite.org/wal.html, "The WAL-Index
File"). Where the disk's blocks are smaller the rest are holes, and what is written into a hole on a full disk is no
error but a signal (SIGBUS, mmap(2)). So the disk has to hand out its blocks while there is room.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

_ROOM = 1 << 16
"""Bytes that must be free to begin with: the index of a log that is folded back in time has half of them."""


def require_room(folder: Path) -> None:
    """Raise `OSError` where the disk has no room for an index; a disk that cannot be asked is taken to have it."""
    if sys.platform != "linux":
        return
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        return
    try:
        os.posix_fallocate(handle, 0, _ROOM)
    finally:
        os.close(handle)


def settle(path: Path) -> None:
    """Have the disk hand out what the index of an open database takes. Raises `OSError` where it has no room.

    SQLite's own handle is asked: closing one of ours would, by the rules of POSIX, drop the locks of all its others.
    """
    index = os.path.realpath(path) + "-shm"
    if sys.platform == "linux":
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since
                if str(handle.readlink()) == index:
                    os.posix_fallocate(int(handle.name), 0, os.fstat(int(handle.name)).st_size)
