"""What a disk may hold after the power was cut, from the log that `disk.c` keeps; and the way to run a child on it.

What was synced is there. Of what was not, each write and truncation is kept, dropped, or torn at 512 bytes. A name
counts once its folder was synced; before, it may still be what it was. What a sync that failed was about is kept or
lost at that moment, whatever a later sync says: the system calls such pages clean. The -shm is in memory only.
"""

import mmap
import os
import random
import shutil
import struct
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

CHILD = Path(__file__).with_name("disk_child.py")
SECTOR = 512
_HEAD = struct.Struct("<ciiqII")


class Op(NamedTuple):
    """One operation: W(rite), S(ync), T(runcate), O(pen, of a new file), U(nlink), R(ename), C(lose), N(ote)."""

    op: str
    error: int
    handle: int
    at: int
    path: str
    data: bytes


def build(folder: Path) -> Path:
    """Compile the shim."""
    compiler = shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("the disk that fails is made with gcc, on Linux")
    library = folder / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


class Control:
    """What a disk does wrong from now on, until `mend`. A program on the disk and one beside it have the same."""

    def __init__(self, log: str) -> None:
        with Path(f"{log}.control").open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), 40)

    def fail(self, nth: int, error: int, *, forever: bool) -> None:
        """Let the n-th write, sync or truncation fail, or all from then on; `points` begins to count anew."""
        struct.pack_into("<5q", self._numbers, 0, nth, error, forever, 0, 0)

    def slow(self, ms: int) -> None:
        """Let each sync take so long."""
        struct.pack_into("<q", self._numbers, 24, ms)

    def mend(self) -> None:
        """Let all work again."""
        self.fail(0, 0, forever=False)

    @property
    def points(self) -> int:
        """How many writes, syncs and truncations there were."""
        return int(struct.unpack_from("<q", self._numbers, 32)[0])


def environment(library: Path, folder: Path) -> dict[str, str]:
    """Return what puts a child on a disk that logs what is done below `folder` into the file `folder`.log."""
    folder.mkdir(exist_ok=True)
    Path(f"{folder}.log.control").write_bytes(bytes(40))
    return os.environ | {"LD_PRELOAD": str(library), "DISK_FOLDER": str(folder), "DISK_LOG": f"{folder}.log"}


def run(library: Path, folder: Path, *args: object) -> str:
    """Run the child on its disk to its end; return what it printed."""
    command = [sys.executable, CHILD, folder, *map(str, args)]
    done = subprocess.run(command, env=environment(library, folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_log(path: Path) -> Iterator[Op]:
    """Yield the operations of a log."""
    log, i = path.read_bytes(), 0
    while i < len(log):
        op, error, handle, at, names, size = _HEAD.unpack_from(log, i)
        data = i + _HEAD.size + names
        yield Op(op.decode(), error, handle, at, log[i + _HEAD.size : data].decode(), log[data : data + size])
        i = data + size


@dataclass
class File:
    """A file's bytes on the platter, and what is on its way there."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)


def _apply(image: bytearray, op: Op) -> None:
    if op.op == "T":
        del image[op.at :]
        image.extend(bytes(op.at - len(image)))
    else:
        image.extend(bytes(max(0, op.at - len(image))))
        image[op.at : op.at + len(op.data)] = op.data


def _torn(op: Op, chance: random.Random) -> Iterator[Op]:
    """Yield some of the sectors of a write."""
    start = op.at
    while start < op.at + len(op.data):
        end = min((start // SECTOR + 1) * SECTOR, op.at + len(op.data))
        if chance.random() < 0.5:
            yield op._replace(at=start, data=op.data[start - op.at : end - op.at])
        start = end


class Disk:
    """The disk of one log. `take` one operation after the other; `cut` as often as you like."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names: dict[str, list[File | None]] = defaultdict(lambda: [None])
        """What each name may stand for after a cut: what it was when its folder was synced, and all since."""

    def take(self, op: Op) -> None:
        """Let an operation happen."""
        file = self._names[op.path][-1] if op.path in self._names else None
        if op.op == "O":
            self._names[op.path].append(File())
        elif op.op == "U":
            self._names[op.path].append(None)
        elif op.op == "R":
            self._names[op.data.decode()].append(file)
            self._names[op.path].append(None)
        elif op.op in "WT" and file is not None and not op.error:
            file.pending.append(op)
        elif op.op == "S" and file is not None:
            for kept in file.pending if not op.error else [p for p in file.pending if self._chance.random() < 0.5]:
                _apply(file.synced, kept)
            file.pending.clear()
        elif op.op == "S" and not op.error:  # a folder
            for name in self._names:
                if os.path.dirname(name) == op.path:  # noqa: PTH120 (a name in a log)
                    del self._names[name][:-1]

    def cut(self, into: Path) -> None:
        """Put into an empty folder what the disk may hold if the power goes now."""
        chance = self._chance
        keep = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for name, files in self._names.items():
            file = chance.choice(files)
            if file is None or name.endswith("-shm"):
                continue
            image = bytearray(file.synced)
            for op in file.pending:
                if chance.random() < keep:
                    _apply(image, op)
                elif op.op == "W" and chance.random() < keep:
                    for part in _torn(op, chance):
                        _apply(image, part)
            (into / Path(name).name).write_bytes(image)
