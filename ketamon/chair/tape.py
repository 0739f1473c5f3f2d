"""Listens to a recorded stream once more, for devices and waveforms where the cursor of a replay or a review is.

The devices of a chair (`AttachedDevice`: the same drivers, counts and waveforms as live) hear the recorded bytes at
their times, on the grid of ticks that a replay has. What they say beside counts and waveforms goes nowhere: no event,
no alarm, no record.

Two of them listen. One reads ahead through the whole stream, checks its sums, and now and then leaves a copy of all
that the devices remember (a `_Mark`); the other one begins at the copy before a moment, and listens up to there. So
every moment is some 20 ms away, and what is shown there is what had been shown if nobody had gone anywhere.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ketamon import words
from ketamon.chair.device import AttachedDevice
from ketamon.chair.drives import TICK_S
from ketamon.codec import decode_intent
from ketamon.domain.events import Event, SessionOpened, SessionResumed, Signed, StreamClosed, StreamMark
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Operate
from ketamon.domain.session import SessionState
from ketamon.errors import KetamonError, Refused
from ketamon.plain import plain
from ketamon.playback import Heard
from ketamon.registry import load
from ketamon.store.witness import ERASED, is_plain
from ketamon.stream.reader import Place, Report, StreamReader
from ketamon.stream.record import Kind, Record

WINDOW_S = 20.0
"""So much of a waveform is shown at once; the widest screen there is needs it."""
MARK_EVERY_S = 10.0
MOST_MARKS = 600
"""A longer stream has its copies farther apart: they are what it takes in memory, some 10 kB each."""
AT_ONCE = 100
"""So many records are read ahead in one go: some 20 ms."""
LONGEST_STILL_S = 30.0
"""Across a longer time without records no ticks are made up: nothing ran then."""
_NO_STATE = SessionState()


@dataclass(frozen=True, slots=True)
class _Mark:
    """All that is to be remembered to listen on from a moment of a stream; `place` is where its next record begins."""

    t: float
    ticked: float
    place: Place
    devices: dict[str, AttachedDevice]


class _Ear:
    """The devices of a stream, as they are after hearing it up to `t`. `due` is the record that they hear next."""

    def __init__(self, path: Path, marks: Iterable[StreamMark] = ()) -> None:
        self.reader = StreamReader(path, marks=marks)
        self.t = self._ticked = 0.0
        try:
            specs = {name: load(device.driver) for name, device in self.reader.header.devices.items()}
        except KetamonError:
            self.reader.close()
            raise
        mode, at = self.reader.header.mode, self.at(0.0)
        self.devices = {name: AttachedDevice(name, spec, mode) for name, spec in specs.items()}
        for device in self.devices.values():
            device.health.waves.kept_s = WINDOW_S
            _run(device.on_link("open", "", at))
        self._begin()

    def _begin(self) -> None:
        self._records: Iterator[Record] = iter(self.reader)
        self.due = next(self._records, None)

    def at(self, t: float) -> Instant:
        """Return a moment of the stream; its wall clock is that of the beginning, carried on."""
        return Instant(0, self.reader.header.created).plus(t)

    def mark(self) -> _Mark:
        """Return all that is remembered here, without the waveforms. Raises `TypeError` where a driver has no copy."""
        for name, device in self.devices.items():
            device.health.waves.take(name)
        return _Mark(self.t, self._ticked, self.reader.place, _copied(self.devices))

    def go(self, mark: _Mark) -> None:
        """Remember what was remembered there, and listen on from there."""
        self.t, self._ticked, self.devices = mark.t, mark.ticked, _copied(mark.devices)
        self.reader.go(mark.place)
        self._begin()

    @property
    def next_t(self) -> float:
        """When the next record was made, infinity where there is none."""
        return inf if self.due is None else self.due.t

    def hear_to(self, t: float) -> None:
        """Listen up to a moment."""
        while self.next_t <= t:
            self.hear()
        self._tick_to(t)

    def hear(self) -> None:
        """Hear the next record."""
        record = self.due
        if record is None:
            return
        self._tick_to(record.t)
        device = self.devices.get(record.device)
        if device is not None and record.kind in (Kind.RX, Kind.LINK):
            _play(device, record, self.at(self.t))
        elif record.kind is Kind.INTENT:
            self._operate(record, self.at(self.t))
        self.due = next(self._records, None)

    def _tick_to(self, t: float) -> None:
        self.t = max(self.t, t)
        self._ticked = max(self._ticked, (self.t - LONGEST_STILL_S) // TICK_S * TICK_S)
        while self._ticked + TICK_S <= self.t:
            self._ticked += TICK_S
            at = self.at(self._ticked)
            for device in self.devices.values():
                _run(device.tick(at, _NO_STATE))
                device.sends.clear()
                device.health.pulse(at)

    def _operate(self, record: Record, at: Instant) -> None:
        """What a person had a device do, its driver knows of."""
        with suppress(Refused):
            intent, _ = decode_intent(record.data)
            device = self.devices.get(intent.device) if isinstance(intent, Operate) else None
            if isinstance(intent, Operate) and device is not None and intent.action in device.spec.actions:
                _run(device.act(intent.action, at, _NO_STATE))


def _play(device: AttachedDevice, record: Record, at: Instant) -> None:
    if isinstance(record.data, bytes):
        _run(device.on_bytes(record.data, at, _NO_STATE))
        return
    what, _, why = record.data.partition(": ")
    if what in ("opened", "failed"):
        _run(device.on_link("open", why, at))
    _run(device.on_link(what, why, at))


def _run(said: Iterator[object]) -> None:
    """Have a device do what it does. What it says of it are events, and goes nowhere here."""
    for _ in said:
        pass


def _copied(devices: dict[str, AttachedDevice]) -> dict[str, AttachedDevice]:
    """Copy what devices remember; what a device is never changes."""
    return deepcopy(devices, {id(device.spec): device.spec for device in devices.values()})


class _Stretch(NamedTuple):
    """From when to when a stream is damaged."""

    start: float
    end: float


class _Proof:
    """What the sums of a stream say of it, as far as it was read: `proven` up to when, and where it is damaged."""

    def __init__(self) -> None:
        self.proven = -1.0
        self.damage: list[_Stretch] = []
        self._sums = self._bad = self._faults = self._late = 0
        self._latest = 0.0

    def look(self, report: Report, before: float, t: float) -> None:
        """Judge what stood between the record of `before` and that of `t`."""
        faults = report.faults - self._faults - max(report.bad_sums - self._bad, 0)
        if report.sums != self._sums and not report.bad_sums:
            self.proven = before if t < inf else inf
        if report.bad_sums and not self._bad:  # a sum covers all before it: the next ones cannot fit either
            self._add(max(self.proven, 0.0), t)
        if faults:
            self._add(before, t)
        self._late = self._late + 1 if t < self._latest else 0
        if self._late > 1:  # not one of them has a wrong time, but the one before them
            self._add(t, self._latest)
        self._latest = max(self._latest, t)
        self._sums, self._bad, self._faults = report.sums, report.bad_sums, report.faults

    def _add(self, start: float, end: float) -> None:
        if self.damage and start <= self.damage[-1].end:
            last = self.damage.pop()
            start, end = min(start, last.start), max(end, last.end)
        self.damage.append(_Stretch(start, end))

    def damaged(self, start: float, end: float) -> _Stretch | None:
        """Return the damage that reaches into a length of time."""
        return next((d for d in reversed(self.damage) if d.start <= end and d.end >= start), None)


class Tape:
    """One recorded stream. `marks` are what the session's record says of it. Raises what a reader raises."""

    def __init__(self, path: Path, marks: Iterable[StreamMark] = ()) -> None:
        self._path = path
        self._front = _Ear(path, marks)
        self._proof = _Proof()
        self._marks: list[_Mark] = []
        self._apart = MARK_EVERY_S
        self._ear: _Ear | None = None
        self._heard: Heard | None = None
        self._refused = ""

    def read_on(self) -> bool:
        """Read a bit ahead; return whether there is more."""
        front = self._front
        for _ in range(AT_ONCE):
            if front.next_t == inf:
                return False
            front.hear()
            self._proof.look(front.reader.report, front.t, front.next_t)
            if front.next_t < inf:
                self._leave_mark()
            elif front.reader.foreign and not front.reader.report.bad_sums:
                self._refused = f"{self._path.name} is not the stream that this record tells of: nothing of it is shown"
        return True

    def _leave_mark(self) -> None:
        if self._front.t < (self._marks[-1].t if self._marks else 0.0) + self._apart:
            return
        try:
            self._marks.append(self._front.mark())
        except TypeError:  # a driver of somebody's that cannot be copied: who goes back listens from the beginning
            self._apart = inf
        if len(self._marks) > MOST_MARKS:
            del self._marks[::2]
            self._apart *= 2

    def hear(self, t: float) -> Heard:
        """Return what is heard at a moment, or why nothing is."""
        if self._front.t < t and self.read_on() and self._front.t < t:
            return Heard(why=f"the recorded stream is being read, {words.span(self._front.t)} so far", passing=True)
        if self._refused:
            return Heard(why=self._refused)
        if damage := self._proof.damaged(t - WINDOW_S, t):
            until = f"to {words.span(damage.end)}" if damage.end < inf else "on"
            said = f"the recorded stream is damaged from {words.span(damage.start)} {until}: nothing of it is shown"
            return Heard(why=said)
        ear = self._ear_before(t)
        if self._heard is None or t != ear.t:
            ear.hear_to(t)
            self._heard = _heard(ear)
        unproven = t > self._proof.proven
        if self._heard.unproven is not unproven:
            self._heard = replace(self._heard, unproven=unproven)
        return self._heard

    def _ear_before(self, t: float) -> _Ear:
        """Return what has listened up to shortly before a moment, and long enough."""
        if self._ear is None or not 0 <= t - self._ear.t <= WINDOW_S + self._apart:
            self._ear = self._ear or _Ear(self._path)
            n = bisect_right(self._marks, t - WINDOW_S, key=lambda mark: mark.t)
            if n:
                self._ear.go(self._marks[n - 1])
            elif self._ear.t > 0:
                self._ear.reader.close()
                self._ear = _Ear(self._path)
            self._heard = None
        return self._ear

    def close(self) -> None:
        """Close the file."""
        for ear in (self._front, self._ear):
            if ear is not None:
                ear.reader.close()


def _heard(ear: _Ear) -> Heard:
    at = ear.at(ear.t)
    return Heard(
        devices=tuple(device.health.told(name, at) for name, device in ear.devices.items()),
        waves=tuple(wave for name, device in ear.devices.items() for wave in device.health.waves.last(name, at)),
    )


class Part(NamedTuple):
    """A stream that a session was recorded in from a moment on; `path` is None where it was in none."""

    since_ns: int
    path: Path | None
    marks: tuple[StreamMark, ...] = ()


class Reel:
    """The recorded streams of a session, one after the other: the `Listener` of a player, and a context manager."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._tapes: dict[Path, Tape | str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for tape in self._tapes.values():
            if not isinstance(tape, str):
                tape.close()

    def hear(self, ns: int) -> Heard:
        """Return what is heard at a moment of the session, or why nothing is."""
        part = self._parts[max(bisect_right(self._parts, ns, key=lambda part: part.since_ns) - 1, 0)]
        if part.path is None:
            return Heard(why="what the devices sent was not recorded: no waveforms and bytes")
        tape = self._tape(part.path, part.marks)
        try:
            return Heard(why=tape) if isinstance(tape, str) else tape.hear(ns / 1e9)
        except OSError as error:
            return Heard(why=self._lost(part.path, error))

    def read_on(self) -> bool:
        """Read a bit ahead; return whether there is more."""
        for part in self._parts:
            tape = self._tape(part.path, part.marks) if part.path else ""
            try:
                if not isinstance(tape, str) and tape.read_on():
                    return True
            except OSError as error:
                self._lost(part.path or Path(), error)
        return False

    def _tape(self, path: Path, marks: tuple[StreamMark, ...]) -> Tape | str:
        if path not in self._tapes:
            try:
                self._tapes[path] = Tape(path, marks)
            except KetamonError as error:
                self._tapes[path] = _why_none(path) or str(error)
            except OSError as error:
                self._lost(path, error)
        return self._tapes[path]

    def _lost(self, path: Path, error: OSError) -> str:
        why = self._tapes[path] = f"{path.name} cannot be read: {error.strerror}"
        return why


def _why_none(path: Path) -> str:
    """Say why a stream is not where it was recorded; "" where it is there."""
    if path.exists():
        return ""
    note = path.with_name(path.name + ERASED)
    if note.is_file():
        return f"the recorded stream was erased: {plain(note.read_text('utf-8', 'replace').strip())}"
    return f"{path.name} is not there: no waveforms and bytes"


def of_stream(path: Path) -> Reel:
    """Return what listens to a stream that is replayed."""
    return Reel([Part(0, path)])


def of_record(record: Path, events: Iterable[Event]) -> Reel:
    """Return what listens to the streams beside a record, as its events name them."""
    parts: list[tuple[int, str]] = []
    marks: dict[str, list[StreamMark]] = {}
    for event in events:
        match event.body:
            case SessionOpened(stream=name) | SessionResumed(stream=name):
                parts.append((event.at.monotonic_ns, name))
            case Signed(stream=StreamMark() as mark) | StreamClosed(stream=mark):
                marks.setdefault(mark.name, []).append(mark)
            case _:
                pass
    return Reel(
        [Part(ns, record.parent / name if is_plain(name) else None, tuple(marks.get(name, ()))) for ns, name in parts]
    )
