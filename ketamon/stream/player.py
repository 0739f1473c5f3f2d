"""Plays records at their own pace, or any multiple of it: a wrapper around any iterable of records.

The player owns no clock and no thread. A loop of its own asks `due()` every so often; a simple program iterates, and
the clock it gave does the waiting.
"""

from collections.abc import Iterable, Iterator
from math import isfinite
from threading import Lock
from typing import Protocol

from ketamon.domain.instant import Instant
from ketamon.errors import UsageError
from ketamon.stream.record import Record

_SLICE_S = 0.1  # so long a wait may outlast a change of speed
_TICK_S = 1e-6  # the resolution of a stream


class PlayerClock(Protocol):
    """The time in the room where the recording is played."""

    def now(self) -> Instant:
        """Tell the time."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Player:
    """Plays `records` from the first on, `speed` times as fast as they were recorded; 0 halts.

    Everything may be changed while it runs, from any thread.
    """

    def __init__(self, records: Iterable[Record], clock: PlayerClock, *, speed: float = 1.0) -> None:
        self._records = iter(records)
        self._clock = clock
        self._lock = Lock()
        self._since = clock.now()
        self._speed = _checked(speed)
        self._halted = False
        self._next = next(self._records, None)
        self._from = self._next.t if self._next else 0.0

    @property
    def position(self) -> float:
        """The stream time that has been reached, in seconds."""
        with self._lock:
            return self._position()

    @property
    def speed(self) -> float:
        """How many times as fast as recorded; 0 while it is paused."""
        return 0.0 if self._halted else self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._lock:
            self._anchor(self._position())
            self._speed = _checked(speed)
            self._halted = False

    @property
    def finished(self) -> bool:
        """Whether the last record was given out."""
        return self._next is None

    def pause(self) -> None:
        """Stand still."""
        with self._lock:
            self._anchor(self._position())
            self._halted = True

    def resume(self) -> None:
        """Go on at the speed before the pause."""
        with self._lock:
            self._anchor(self._position())
            self._halted = False

    def step(self) -> Record | None:
        """Give out the next record, whenever it is due, and go on from its time; None at the end."""
        with self._lock:
            record = self._take()
            if record is not None:
                self._anchor(max(self._position(), record.t))
            return record

    def due(self) -> Iterator[Record]:
        """Give out the records whose time has come."""
        while True:
            with self._lock:
                if self._next is None or self._next.t >= self._position() + _TICK_S / 2:
                    return
                record = self._take()
            if record is not None:
                yield record

    def __iter__(self) -> Iterator[Record]:
        while not self.finished:
            yield from self.due()
            self._clock.wait(self._wait_s())

    def _wait_s(self) -> float:
        with self._lock:
            if self._next is None:
                return 0.0
            if not self.speed:
                return _SLICE_S
            return min(max((self._next.t - self._position()) / self._speed, _TICK_S), _SLICE_S)

    def _position(self) -> float:
        return self._from + self._clock.now().since(self._since) * self.speed

    def _anchor(self, position: float) -> None:
        self._from = position
        self._since = self._clock.now()

    def _take(self) -> Record | None:
        record, self._next = self._next, next(self._records, None)
        return record


def _checked(speed: float) -> float:
    if not (isfinite(speed) and speed >= 0):
        raise UsageError(f"a speed of {speed} makes no sense; give 0 (stands still) or more")
    return speed
