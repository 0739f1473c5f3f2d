"""Writes a recorded stream, as one more subscriber of what enters a chair.

Every record goes to the system before the call returns, so `kill -9` loses nothing that was handed over; about once a
minute, and at the end, a sum is written and all is forced to the disk, by a thread of its own: that can take seconds,
and the caller has alarms to raise. A disk that is full or failing never stops the
session: records wait in memory (bounded, then dropped and counted), `trouble` says why, and each further record tries
again.

With each sum stands the end of the session's record as it was safe then (`head`): so a tail that is cut off the record
is found, also where the session never came to its end.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Self

from ketamon.codec import encode_json
from ketamon.domain.events import StreamMark, iso
from ketamon.domain.instant import Instant
from ketamon.errors import SourceError
from ketamon.store.database import sync_directory
from ketamon.store.ring import SessionKey
from ketamon.stream.reader import Report, StreamReader
from ketamon.stream.record import Header, Kind, encode_bytes, encode_header
from ketamon.stream.sealed import Seal

_SUM_EVERY_US = 60_000_000
_TORN_KEPT = 100_000  # of a torn line: more than any that is not damage
_MAX_WAITING = 8 << 20  # more than half an hour of four devices


class StreamWriter:
    """An open stream. Opens `path` new (mode 0600), or goes on with it where it holds a stream of the same devices.

    A torn last line is cut off and kept as a note; `resumed` tells what was found, "" for a new file. Raises
    `SourceError` where the file is foreign, newer, of other devices or another mode, or being written elsewhere.
    Times follow each other: a record that comes late is written with the time of the one before, and a clock that
    starts anew goes on where the file ends. Safe to call from several threads. `head` gives the last event of the
    session's record that is safe, and its hash. With a `key` a new file is encrypted; an old one stays what it is.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        at: Instant,
        head: Callable[[], tuple[int, bytes]] | None = None,
        key: SessionKey | None = None,
    ) -> None:
        self._path, self._head = path, head
        self._seal = Seal.new(key) if key else None
        self._lock = Lock()
        self._waiting = bytearray()
        self._dropped = 0
        self._sync_failed = self._sync_again = False
        self._syncing: Thread | None = None
        self.trouble = ""
        self.resumed = ""
        self._fd = _open_locked(path)
        try:
            self._begin(header, at)
        except BaseException:
            os.close(self._fd)
            raise

    def _begin(self, header: Header, at: Instant) -> None:
        if os.fstat(self._fd).st_size:
            self._resume(header, at)
        else:
            self._hash = hashlib.sha256()
            self._size = 0
            self._records = self._shift_us = 0
            self._last_us = self._summed_us = at.monotonic_ns // 1000
            if self._seal:
                self._put_down(self._seal.first_line)
            self._append(encode_header(header))
        self.wall(at)
        self._drain()
        self._force(self._fd)
        if self.trouble:
            raise SourceError(self.trouble)
        _sync_directory(self._path.parent)

    def _resume(self, header: Header, at: Instant) -> None:
        report, self._seal = _read_same(self._path, header)
        self.resumed = f"recording goes on after {report.records} records"
        if report.torn:
            os.ftruncate(self._fd, report.size)
            self.resumed += f"; a torn line was cut off: {report.torn[:_TORN_KEPT].decode('ascii', 'backslashreplace')}"
        with self._path.open("rb") as file:
            self._hash = hashlib.file_digest(file, "sha256")
        self._size = report.size
        self._records = report.records
        self._last_us = self._summed_us = round(report.last_t * 1e6)
        self._shift_us = max(0, self._last_us - at.monotonic_ns // 1000)
        self.note("", at, self.resumed)

    @property
    def head_sha256(self) -> str:
        """SHA-256 of every byte up to here, in hex."""
        return self._hash.hexdigest()

    @property
    def mark(self) -> StreamMark:
        """How it stands: every byte up to here."""
        with self._lock:
            return StreamMark(name=self._path.name, size=self._size, sha256=self.head_sha256)

    def rx(self, device: str, at: Instant, data: bytes) -> None:
        """Record bytes that came from a device."""
        self._put(device, at, *encode_bytes(Kind.RX, data))

    def tx(self, device: str, at: Instant, data: bytes) -> None:
        """Record bytes that were sent to a device."""
        self._put(device, at, *encode_bytes(Kind.TX, data))

    def note(self, device: str, at: Instant, text: str) -> None:
        """Record free text."""
        self._put(device, at, Kind.NOTE, text)

    def link(self, device: str, at: Instant, text: str) -> None:
        """Record that a connection changed: "opened", "failed: why", "lost: why"."""
        self._put(device, at, Kind.LINK, text)

    def intent(self, at: Instant, json: str) -> None:
        """Record what a person asked, as the JSON of the intent."""
        self._put("", at, Kind.INTENT, json)

    def wall(self, at: Instant) -> None:
        """Record the wall clock. The writer does so itself at the beginning and with each sum."""
        self._put("", at, Kind.WALL, iso(at.wall))

    def close(self, *, end: bool = True) -> None:
        """Write the last sum and the end, and close. Raises `SourceError` where not everything could be written."""
        if syncing := self._syncing:
            syncing.join()  # what it hears of the disk is heard only once
        with self._lock:
            if self._fd < 0:
                return
            self._own_up()
            self._sum()
            if end:
                self._line("", "end", self._records)
            if self._drain():
                self._force(self._fd)
            os.close(self._fd)
            self._fd = -1
        if self.trouble:
            raise SourceError(f"{self.trouble}; the end of the recording is lost")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(end=kind is None)

    def _put(self, device: str, at: Instant, kind: str, payload: str) -> None:
        with self._lock:
            if self._fd < 0:
                raise ValueError(f"{self._path} is closed")
            us = self._last_us = max(at.monotonic_ns // 1000 + self._shift_us, self._last_us)
            if len(self._waiting) > _MAX_WAITING:
                self._dropped += 1
            else:
                self._own_up()
                self._record(device, kind, payload)
            due = us - self._summed_us >= _SUM_EVERY_US
            if due:
                self._record("", Kind.WALL, iso(at.wall))
                self._sum()
            if self._drain() and due:
                self._sync()

    def witness(self, at: Instant) -> None:
        """Write a sum now, with the end of the session's record, and force it to the disk."""
        with self._lock:
            if self._fd >= 0:
                self._last_us = max(at.monotonic_ns // 1000 + self._shift_us, self._last_us)
                self._sum()
                if self._drain():
                    self._sync()

    def _sum(self) -> None:
        if self._head is not None:
            seq, head = self._head()
            self._line("", "head", f"{seq} {head.hex()}")
        self._line("", "sum", self.head_sha256)
        self._summed_us = self._last_us

    def _own_up(self) -> None:
        if self._dropped:
            self._record("", Kind.NOTE, f"{self._dropped} records were lost here: {self.trouble}")
            self._dropped = 0

    def _record(self, device: str, kind: str, payload: str) -> None:
        self._records += 1
        self._line(device, kind, payload)

    def _line(self, device: str, kind: str, payload: str | int) -> None:
        time = divmod(self._last_us, 1_000_000)
        self._append(b"[%d.%06d,%b\n" % (*time, encode_json((device, kind, payload))[1:]))

    def _append(self, line: bytes) -> None:
        self._put_down(self._seal.close(line) if self._seal else line)

    def _put_down(self, line: bytes) -> None:
        self._hash.update(line)
        self._size += len(line)
        self._waiting += line

    def _drain(self) -> bool:
        """Hand all that waits to the system; say whether it took it."""
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except OSError as error:
            self.trouble = f"{self._path} cannot be written ({error.strerror}); make room on its disk, or repair it"
            return False
        if not self._sync_failed:
            self.trouble = ""
        return True

    def _sync(self) -> None:
        """Have all that the system took forced to the disk, beside the caller."""
        self._sync_again = True
        if self._syncing is None:
            self._syncing = Thread(target=self._keep_syncing, name=f"sync {self._path.name}", daemon=True)
            self._syncing.start()

    def _keep_syncing(self) -> None:
        while True:
            with self._lock:
                if not self._sync_again or self._fd < 0:
                    self._syncing = None
                    return
                self._sync_again, fd = False, self._fd
            self._force(fd)

    def _force(self, fd: int) -> None:
        """Force all to the disk. After a failure the system may have thrown pages away, so it is never forgotten."""
        try:
            os.fsync(fd)
        except OSError as error:
            self._sync_failed = True
            self.trouble = f"{self._path} may be lost ({error.strerror}); record to another disk"


def _open_locked(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror}); choose another file") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise SourceError(f"{path} is being written by another program; choose another file") from error
    return fd


def _read_same(path: Path, header: Header) -> tuple[Report, Seal | None]:
    """Read an existing stream to its end; it must be about the same devices, or a reader would decode nonsense."""
    with StreamReader(path) as reader:
        old = reader.header
        if old.mode is not header.mode:
            raise SourceError(f"{path} is a {old.mode} recording, not a {header.mode} one; choose another file")
        if _drivers(old) != _drivers(header):
            raise SourceError(f"{path} was recorded from other devices; choose another file")
        for _ in reader:
            pass
    return reader.report, reader.seal


def _drivers(header: Header) -> dict[str, str]:
    return {name: device.driver for name, device in header.devices.items()}


def _sync_directory(directory: Path) -> None:
    try:
        sync_directory(directory)
    except OSError as error:
        raise SourceError(f"{directory} cannot be written ({error.strerror}); record to another disk") from error
