"""The driver: one connection to a monitor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Output, Sampled, Send
from ketamon.wire.framing import Piece
from ketamon_drivers.ge_dri import alarms, waves
from ketamon_drivers.ge_dri.numerics import Basic, Memory
from ketamon_drivers.ge_dri.record import (
    ALARM,
    DISPLAY,
    MAIN_TYPES,
    PHDB,
    TRENDS,
    WAVE,
    Subrecord,
    framer,
    header,
)
from ketamon_drivers.ge_dri.requests import ALARM_STATUS, ALARMS_FROM_LEVEL, FOLLOW_ALARMS, REQUEST, WAVES

LEVELS = range(2, 12)
ASK_AGAIN_S = 10.0
ASK_WAVES_AGAIN_S = 30.0
"""A monitor that has no waveform to send says nothing, so it is asked less often."""


@dataclass(slots=True)
class _Asked:
    """Something that comes when asked for, and must be asked for again where none came for `patience_s`."""

    patience_s: float
    since: Instant | None = None  # when it was asked for, or came; None before

    def due(self, at: Instant) -> bool:
        return self.since is None or at.since(self.since) >= self.patience_s

    def came(self, at: Instant) -> None:
        if self.since is not None:
            self.since = at


class GeDri:
    """One connection to a monitor; `wave_request` is what it asks of the waveforms."""

    def __init__(self, wave_request: bytes = WAVES) -> None:
        self._frames = framer()
        self._memory = Memory()
        self._wave_request = wave_request
        self._display, self._waves, self._alarms = _Asked(ASK_AGAIN_S), _Asked(ASK_WAVES_AGAIN_S), _Asked(ASK_AGAIN_S)
        self._level = 0
        self._strange: int | None = None  # the level of the record before, if it is none that can be read
        self._mismatched = False
        self._leads: Mapping[int, str] = {}
        self._said = ""  # of the alarms, last
        self._readers = {PHDB: self._numbers, WAVE: self._wave, ALARM: self._alarm_status}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give one of each reading for every display record, a block for every waveform, all alarms that stand."""
        for piece in self._frames.feed(data):
            if piece.content is None:
                yield Garbage(piece.offset, piece.raw, piece.reason)
            else:
                yield from self._record(piece, piece.content, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask for what is due, one thing at a time: numbers, waveforms, alarms where the monitor serves them."""
        if self._mismatched:
            return
        if self._display.due(at):
            self._display.since, self._alarms.since = at, None  # a monitor that was away follows no alarms any more
            yield Send(REQUEST)
        elif self._waves.due(at):
            self._waves.since = at
            yield Send(self._wave_request)
        elif self._level >= ALARMS_FROM_LEVEL and self._alarms.due(at):
            request = FOLLOW_ALARMS if self._alarms.since is None else ALARM_STATUS
            self._alarms.since = at
            yield Send(request)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for piece in self._frames.flush():
            yield Garbage(piece.offset, piece.raw, piece.reason)

    def _record(self, piece: Piece, record: bytes, at: Instant) -> Iterator[Output]:
        said = header(record)
        yield Accepted(piece.offset, len(piece.raw), "request" if said.is_request else MAIN_TYPES[said.main_type])
        if said.is_request or self._mismatched:
            return
        if said.level not in LEVELS:
            yield from self._strange_level(piece.offset, said.level)
            return
        self._strange, self._level = None, said.level
        read = self._readers.get(said.main_type)
        if read is not None:
            for subrecord in said.subrecords:
                yield from read(piece.offset, record, subrecord, at)

    def _strange_level(self, offset: int, level: int) -> Iterator[Output]:
        """Twice the same level that cannot be read is another monitor; once may be damage that kept the sum."""
        if level == self._strange:
            self._mismatched = True
            known = f"{LEVELS[0]} to {LEVELS[-1]}"
            yield Mismatch(offset, f"a monitor of interface level {level}; this driver reads the levels {known}")
        self._strange = level

    def _numbers(self, offset: int, record: bytes, subrecord: Subrecord, at: Instant) -> Iterator[Output]:
        if subrecord.kind != DISPLAY and subrecord.kind not in TRENDS:
            return
        basic = Basic.of(record, subrecord.start)
        if basic is None:
            return
        if subrecord.kind == DISPLAY:
            self._display.came(at)
            self._leads = basic.leads()
            readings = self._memory.readings(basic)
        else:  # a trend says nothing of now: another memory reads it
            readings = (replace(r, stored=True, repeated=False) for r in Memory().readings(basic))
        for reading in readings:
            yield Measured(offset, reading)

    def _wave(self, offset: int, record: bytes, subrecord: Subrecord, at: Instant) -> Iterator[Output]:
        self._waves.came(at)
        block = waves.block(record, subrecord, self._leads)
        if block is not None:
            yield Sampled(offset, block)

    def _alarm_status(self, offset: int, record: bytes, subrecord: Subrecord, at: Instant) -> Iterator[Output]:
        """The alarms, and once what is to be said of them beside."""
        if subrecord.kind != alarms.STATUS:
            return
        self._alarms.came(at)
        status = alarms.read(record, subrecord)
        if status:
            yield DeviceAlarms(offset, status.alarms)
        said = status.sound if status else "alarms in a form that this driver cannot read"
        if said != self._said:
            self._said = said
            yield DeviceNotice(offset, said or "alarm sound on at the monitor again")
