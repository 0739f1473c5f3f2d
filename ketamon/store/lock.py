"""One writer per session, by a lock on a file beside it."""

from pathlib import Path

from ketamon.lock import Lock


def lock_path(path: Path) -> Path:
    """Return the lock file of a session file."""
    return path.with_name(path.name + ".lock")


class WriterLock(Lock):
    """The right to write one session file, held from creation to `release`."""

    def __init__(self, path: Path) -> None:
        super().__init__(lock_path(path), f"{path} is being written", "attach to it or end it first")
