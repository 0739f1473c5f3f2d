"""The store: what the chair appends becomes durable here, or everybody hears that it does not.

One thread owns the one writing connection. Measurements wait up to a quarter of a second for company; what is urgent is
committed at once, with all that waits. An event is acknowledged after its COMMIT, never before.

When the file cannot be written, events wait in memory (`ketamon.store.backlog`) and the writer tries again and again.
It writes them in portions, so a try that fails costs little, however much waits.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ketamon.domain.events import Event
from ketamon.domain.recording import Unsaved
from ketamon.errors import KetamonError, SourceError
from ketamon.store.appender import FAILURES, Appender, cause
from ketamon.store.backlog import Backlog, Waiting
from ketamon.store.chain import Head, Row
from ketamon.store.lock import WriterLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long an event may wait for company (s), the pauses between tries (s, the last repeats), how many may wait.

    50,000 rows are three two-hour sessions of one chair, about 40 MB; `portion` rows are written at once.
    """

    group_s: float = 0.25
    retry_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)
    queue: int = 50_000
    portion: int = 5_000


class Store:
    """The open record of one session, made by `database.create`.

    `clock` gives monotonic nanoseconds, for `saved_at`. `on_degraded(degraded, why)` is called from the writer thread
    when the record can no longer be written, when the reason changes, when the first measurement found no room, and
    when all is written again. Every method may be called from any thread. Raises `SourceError` where the file cannot be
    had or another process writes it, `VerificationError` where its guards are gone.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int],
        on_degraded: Callable[[bool, str], None],
        limits: Limits = Limits(),
    ) -> None:
        self._path, self._clock, self._on_degraded, self._limits = path, clock, on_degraded, limits
        self._changed = threading.Condition()  # guards all below
        self._acks: deque[tuple[int, Future[Head]]] = deque()
        self._urgent = self._closing = self._ended = self._dead = False
        self._told = ""  # what on_degraded heard last; "" is "all is well"
        self._tries = 0
        self._owed = 0  # the last event when a try failed; all is well again when it is safe
        self._write = self._writing = 0  # the number of the last write, and the last row of the one under way
        self._saved_at: int | None = None
        self._backlog: Backlog  # this and what is durable is known once the thread has opened the file
        self._durable: Head
        self._lock = WriterLock(path)
        opened: Future[Head] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name=f"store {path.name}", daemon=True)
        self._thread.start()
        try:
            opened.result()
        except KetamonError:
            self._lock.release()
            raise

    @property
    def head(self) -> Head:
        """The end of the chain, with all that waits."""
        with self._changed:
            return self._backlog.seal()

    @property
    def head_hash(self) -> str:
        """The hash of the last event appended, in hexadecimal: what a signature that comes next covers."""
        return self.head.hash.hex()

    @property
    def durable(self) -> Head:
        """The end of what is safe."""
        return self._durable

    @property
    def durable_seq(self) -> int:
        """The number of the last event that is safe."""
        return self._durable.seq

    @property
    def saved_at(self) -> int | None:
        """When the last commit returned, by the injected clock; None before the first."""
        return self._saved_at

    @property
    def write(self) -> int:
        """A number for the write that is under way, 0 while there is none: one that stays the same for long hangs."""
        return self._write if self._writing else 0

    @property
    def unsaved(self) -> Unsaved | None:
        """What was appended and is not safe yet; None where all is."""
        with self._changed:
            return self._backlog.unsaved

    @property
    def waiting(self) -> Sequence[Waiting]:
        """What was appended and is not safe yet, to be read with `ketamon.store.backlog.rows`."""
        with self._changed:
            return self._backlog.waiting()

    def append(self, events: Sequence[Event], urgent: bool) -> Future[Head]:
        """Take the next events. The future resolves to the durable end of the chain once they are in the file.

        With no events it resolves when all before is (`urgent`: that is now). It cannot be cancelled, and it waits as
        long as the file cannot be written; `close` ends the waiting with a `SourceError`. Raises `ValueError` where a
        number is not the next one or an event could not be read back; then none of them is taken. What will be written
        together may share a future, so that years of measurements that wait hold no memory but their rows.
        """
        with self._changed:
            if self._closing or self._dead:
                raise SourceError(f"{self._path} is closed; nothing can be added to it")
            self._backlog.add(events)
            self._urgent |= urgent and bool(self._backlog)
            future = self._future()
            self._changed.notify()
        self._acknowledge()
        return future

    def _future(self) -> Future[Head]:
        """Return what resolves once all up to the head is safe: the last one, unless it is of a write under way."""
        if self._acks and self._acks[-1][0] > max(self._writing, self._durable.seq):
            future = self._acks.pop()[1]
        else:
            future = Future()
            future.set_running_or_notify_cancel()
        self._acks.append((self._backlog.seq, future))
        return future

    def close(self, *, ended: bool = False) -> None:
        """Write all that waits, then let go of the file. `ended`: the session is over, put the closing mark.

        Without it the session stays open for resuming. Raises `SourceError` where something could not be written.
        """
        with self._changed:
            if self._closing:
                return
            self._closing, self._ended = True, ended
            self._changed.notify()
        self._thread.join()
        self._lock.release()
        if self.unsaved:
            raise SourceError(f"{self._path}: not saved are {self.unsaved}: {self._told or 'the writer stopped'}")
        if ended and self._told:
            raise SourceError(f"{self._path} is saved but could not be marked as ended: {self._told}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, opened: "Future[Head]") -> None:
        """Be the writer thread."""
        try:
            appender = Appender(self._path)
        except FAILURES as error:
            wrapped = error if isinstance(error, KetamonError) else SourceError(f"{self._path}: {cause(error)}")
            opened.set_exception(wrapped)
            return
        self._durable = appender.head
        self._backlog = Backlog(self._durable, self._limits.queue)
        opened.set_result(self._durable)
        try:
            self._serve(appender)
        finally:
            appender.close()
            self._abandon()

    def _serve(self, appender: Appender) -> None:
        while rows := self._due():
            try:
                appender.write(rows)
            except FAILURES as error:
                self._failed(cause(error))
                if self._closing:
                    return
            else:
                self._saved(rows)
        if self._ended:
            try:
                appender.mark_ended()
            except FAILURES as error:
                self._failed(cause(error))

    def _due(self) -> list[Row]:
        """Wait until something must be written and return what comes next; nothing means the end."""
        with self._changed:
            if self._tries:
                pauses = self._limits.retry_s
                self._changed.wait_for(lambda: self._closing, pauses[min(self._tries, len(pauses)) - 1])
            else:
                self._changed.wait_for(lambda: self._backlog or self._closing)
                self._changed.wait_for(lambda: self._urgent or self._closing, self._limits.group_s)
            rows = self._backlog.next(self._limits.portion)
            self._urgent = bool(rows) and rows[-1].seq < self._backlog.seq  # more waits: it goes on at once
            self._write += 1
            self._writing = rows[-1].seq if rows else 0
            return rows

    def _saved(self, rows: list[Row]) -> None:
        lost = None
        with self._changed:
            self._durable, self._saved_at = rows[-1].head, self._clock()
            self._backlog.written(self._durable)
            self._tries = self._writing = 0
            caught_up = self._durable.seq >= self._owed
            if caught_up:
                lost, self._backlog.lost = self._backlog.lost, None
        self._acknowledge()
        if caught_up and (self._told or lost):
            self._told = ""
            self._on_degraded(False, f"measurements found no room and are not recorded: {lost}" if lost else "")

    def _failed(self, why: str) -> None:
        with self._changed:
            self._tries += 1
            self._writing = 0
            self._owed, lost = self._backlog.seq, self._backlog.lost
        if lost:
            why += "; measurements find no room and are not recorded"
        if why != self._told:
            self._told = why
            self._on_degraded(True, why)

    def _acknowledge(self) -> None:
        with self._changed:
            done = []
            while self._acks and self._acks[0][0] <= self._durable.seq:
                done.append(self._acks.popleft()[1])
            durable = self._durable
        for future in done:
            future.set_result(durable)

    def _abandon(self) -> None:
        """Whatever ended the thread: nobody waits for ever."""
        with self._changed:
            self._dead = True
            futures = [future for _, future in self._acks]
            self._acks.clear()
        for future in futures:
            future.set_exception(SourceError(f"{self._path}: the event was not saved"))
