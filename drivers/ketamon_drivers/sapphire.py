r"""Q Core Sapphire infusion pump, monitoring only: rate and volumes, no alarms.

The wire
    9600 8N1. The head of a message is big-endian, what is in it little-endian:

        BB  target  00  sender  type  size (2)  number  data (size)  checksum     sum of all between BB and checksum

        BB 65 00 67 03 00 01 00 16 E6      "this is a PC" (command 16, type 3), from PC (67) to pump (65)

    For 30 s after that the pump sends a batch (type 1) every 100 ms, unasked. In it, counted from the first byte of the
    data: software at 34, serial number at 38 (four bytes each), rate at 47 (two bytes, 0.1 mL/h), remaining volume at
    163 and infused volume at 167 (four bytes each, 0.01 mL). What the other bytes mean is not public.

What is sent
    The sign of life above, twice at the beginning and then every 15 s: `allow_list`. Nothing else can be sent:
    commands, events, alarm settings and everything that writes to the pump have other types or numbers.

What can mislead
    No alarm is known in a batch: listen to the pump. Whether it ever sends the event "pause by an alarm" is not known;
    if it does, that is a high alarm until the next event. The rate may only be set, so the pump infuses only while its
    counter follows (`Flow`); keep-vein-open, bolus and priming look like infusing, and why a pump stands it does not
    tell. The volume to be infused is the sum of what is infused and what remains.
    The known implementation does not check the pump's checksum: if a pump reckons otherwise, nothing is read at all.
    At 9600 baud no more than five batches a second fit: the speed or the baud rate of the source is doubtful.

What can slip through
    The checksum misses one damage in 256 and every swap of two bytes. So a batch is believed only if serial number,
    software, drop size, rate and volume to be infused are as before, and the infused volume grew as a pump can; else
    when told twice. Numbers are told once a second.

Source: OpenICE demo device for the Sapphire, after the vendor's "Communication Protocol, Software Design Document" rev.
00, one implementation. No recording of a device was seen: experimental.
"""

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Evidence, Priority, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import (
    Accepted,
    AllowList,
    DeviceAlarms,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    PumpTelemetry,
    Send,
    Truth,
)
from ketamon.wire.checksums import sum8
from ketamon.wire.continuity import Flow, Steady
from ketamon.wire.framing import Piece
from ketamon.wire.sized import Sized

START = 0xBB
PUMP, PC = 0x65, 0x67
PARTIES = range(0x64, 0x68)
"""Cradle, pump, link module, PC."""
BATCH, COMMAND, EVENT = 1, 3, 19
TYPES = range(28)
THIS_IS_PC = 0x16
MOST_DATA = 512
_HEAD = struct.Struct(">BBBBBHB")
_BATCH = struct.Struct("<34x2I3x2H114x2I")
"""Software, serial number, (three bytes of unknown meaning,) drop size, rate, remaining and infused volume."""
LONGEST = _HEAD.size + MOST_DATA + 1
TELL_S, AGAIN_S, ALIVE_S = 1.0, 1.0, 15.0
HIGHEST_ML_H, HIGHEST_ML = 1500.0, 10000.0
RATE_STEP, VOLUME_STEP = 0.1, 0.01

EVENTS = {
    3: "run or continue", 4: "primary started", 5: "secondary started", 6: "prime", 8: "bolus", 12: "pause",
    13: "pause by an alarm", 16: "end of treatment", 17: "end of treatment, keeps vein open", 20: "boot",
}  # fmt: skip


ALARM_EVENT = 13


def frame(sender: int, target: int, kind: int, number: int, data: bytes) -> bytes:
    """Wrap data: head and checksum."""
    raw = _HEAD.pack(START, target, 0, sender, kind, len(data), number) + data
    return raw + bytes([sum8(raw[1:])])


SIGNS_OF_LIFE = [frame(PC, PUMP, COMMAND, number, bytes([THIS_IS_PC])) for number in range(256)]


def size(ahead: bytes) -> int | None:
    """Return the length of the message that begins here, 0 where the head is none, None where it is not all there."""
    if len(ahead) < _HEAD.size:
        return None
    _, target, flags, sender, kind, length, _ = _HEAD.unpack_from(ahead)
    if target not in PARTIES or flags or sender not in PARTIES or kind not in TYPES or not 0 < length <= MOST_DATA:
        return 0
    return _HEAD.size + int(length) + 1


def check(raw: bytes) -> bytes | str:
    """Return the data of a message, or that its checksum is wrong."""
    return raw[_HEAD.size : -1] if sum8(raw[1:-1]) == raw[-1] else "the checksum is wrong"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known of a batch; mL/h and mL."""

    software: int
    serial: int
    drop_size: int
    rate: float
    volume_infused: float
    vtbi: float

    @property
    def steady(self) -> tuple[float, ...]:
        """What does not change from one batch to the next, as a rule."""
        return self.software, self.serial, self.drop_size, self.rate, self.vtbi


def batch(data: bytes) -> Batch | None:
    """Read a batch; None where it is too short, or a number is none of a pump."""
    if len(data) < _BATCH.size:
        return None
    software, serial, drop_size, rate, remaining, infused = _BATCH.unpack_from(data)
    found = Batch(
        software=software,
        serial=serial,
        drop_size=drop_size,
        rate=round(rate * RATE_STEP, 1),
        volume_infused=round(infused * VOLUME_STEP, 2),
        vtbi=round((infused + remaining) * VOLUME_STEP, 2),
    )
    return found if found.rate <= HIGHEST_ML_H and found.vtbi <= HIGHEST_ML else None


class Sapphire:
    """One connection to a pump. It remembers what was told before, and when it said that it is alive."""

    def __init__(self) -> None:
        self._messages = Sized(bytes([START]), LONGEST, size, check)
        self._steady = defaultdict[int, Steady](Steady)
        self._infused = Steady()
        self._flow = Flow(VOLUME_STEP)
        self._heard: Instant | None = None
        self._told: Instant | None = None
        self._known = ""
        self._alarm = False
        self._signs = 0
        self._sign_due: Instant | None = None

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give status and numbers from the batches."""
        for piece in self._messages.feed(data):
            yield from self._piece(piece, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended: what began no whole message may still hide one."""
        for piece in self._messages.flush():
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Say that a PC is there: the first sign twice, then the next ones."""
        if self._sign_due is not None and at.since(self._sign_due) < 0:
            return
        self._sign_due = at.plus(ALIVE_S if self._signs else AGAIN_S)
        yield Send(SIGNS_OF_LIFE[max(0, self._signs - 1) % len(SIGNS_OF_LIFE)])
        self._signs += 1

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        _, _, _, sender, kind, _, _ = _HEAD.unpack_from(piece.raw)
        found = batch(piece.content) if (sender, kind) == (PUMP, BATCH) else None
        yield Accepted(piece.offset, len(piece.raw), _name(sender, kind, piece.content))
        if found and self._believes(found, at) and (self._told is None or at.since(self._told) >= TELL_S):
            self._told = at
            yield from self._tell(piece.offset, found, at)
        if (sender, kind) == (PUMP, EVENT):
            yield from self._event(piece.offset, piece.content[0])

    def _event(self, offset: int, number: int) -> Iterator[Output]:
        text = EVENTS.get(number, "its meaning is not known")
        yield DeviceNotice(offset, f"event {number}: {text}")
        alarm = number == ALARM_EVENT
        if alarm or self._alarm:
            code = DeviceAlarm(code=f"event {number}", text=text, priority=Priority.HIGH)
            yield DeviceAlarms(offset, (code,) if alarm else ())
        self._alarm = alarm

    def _believes(self, found: Batch, at: Instant) -> bool:
        """Whether a batch follows from those before it. Each one is looked at, also those that are not told."""
        since = 0.0 if self._heard is None else max(0.0, at.since(self._heard))
        self._heard = at
        known = [self._steady[n].believes(part) for n, part in enumerate(found.steady)]
        grew = self._infused.believes(found.volume_infused, since * HIGHEST_ML_H / 3600 + VOLUME_STEP)
        return grew and all(known)

    def _tell(self, offset: int, found: Batch, at: Instant) -> Iterator[Output]:
        numbers = {
            Parameter.RATE: found.rate,
            Parameter.VOLUME_INFUSED: found.volume_infused,
            Parameter.VTBI: found.vtbi,
        }
        state = self._flow.state(found.rate, found.volume_infused, at)
        status = PumpStatus(
            state=state,
            rate=found.rate,
            volume_infused=found.volume_infused,
            vtbi=found.vtbi,
            serial=str(found.serial),
        )
        yield PumpTelemetry(offset, status)
        for parameter, value in numbers.items():
            unit = PARAMETERS[parameter].unit
            yield Measured(offset, Reading(parameter=parameter, value=value, unit=unit, quality=Quality.VALID))
        known = f"serial number {found.serial}, software {found.software}"
        if known != self._known:
            self._known = known
            yield DeviceNotice(offset, known)


def _name(sender: int, kind: int, data: bytes) -> str:
    if sender != PUMP:
        return "request this is a PC" if (kind, data) == (COMMAND, bytes([THIS_IS_PC])) else f"request of type {kind}"
    return {BATCH: "batch", EVENT: "event"}.get(kind, f"message of type {kind}")


class SapphireSimulator:
    """A pump that sends batches for 30 s after each sign of life, and hears nothing else."""

    _BATCHES = 5
    """As many a second as fit on the line."""
    _HOST_GONE_S = 30

    def __init__(self) -> None:
        self._heard = Sized(bytes([START]), LONGEST, size, check)
        self._left_s = 0
        self._number = 0

    def advance(self, truth: Truth) -> bytes:
        """Send this second's batches. A number that the pump does not know is sent as the highest there is."""
        if truth.pump is None or not self._left_s:
            return b""
        self._left_s -= 1
        pump, said = truth.pump, b""
        infused = _steps(pump.volume_infused, VOLUME_STEP, 0xFFFFFFFF)
        remaining = max(0, _steps(pump.vtbi, VOLUME_STEP, 0xFFFFFFFF) - infused)
        digits = "".join(c for c in pump.serial if c.isdigit()) or "1"
        data = _BATCH.pack(1500, int(digits), 50, _steps(pump.rate, RATE_STEP, 0xFFFF), remaining, infused)
        for _ in range(self._BATCHES):
            said += frame(PUMP, PC, BATCH, self._number, data + bytes(8))
            self._number = (self._number + 1) % 256
        return said

    def receive(self, data: bytes) -> bytes:
        """Take note of signs of life; they are not answered."""
        if any(piece.content is not None and piece.raw in SIGNS_OF_LIFE for piece in self._heard.feed(data)):
            self._left_s = self._HOST_GONE_S
        return b""


def _steps(value: float | None, step: float, unknown: int) -> int:
    return unknown if value is None else round(value / step)


SPEC = DriverSpec(
    id="sapphire",
    vendor="Q Core",
    model="Sapphire",
    label="Sapphire",
    kind=DeviceKind.PUMP,
    line=LineSettings(baud=9600),
    parameters=(Parameter.RATE, Parameter.VOLUME_INFUSED, Parameter.VTBI),
    quiet_after_s=3.0,
    interval_s=TELL_S,
    max_buffer=Sized.held(LONGEST),
    document="Sapphire communication protocol rev. 00, from one public implementation",
    make=Sapphire,
    simulate=SapphireSimulator,
    allow_list=AllowList(frozenset(SIGNS_OF_LIFE)),
    probe=(SIGNS_OF_LIFE[0],),
    evidence=Evidence.EXPERIMENTAL,
    note="rate and volumes only: its alarms are not known here, listen to the pump; the baud rate is doubtful",
)
