"""Contec CMS50 pulse oximeters: CMS50D+, E, F, IW (protocol "V7.0") and older ones (firmware up to 4.5).

The wire
    V7      115200 8N1. Bit 7 is clear in a packet's first byte, its type, and set in all others; what they lost is in
            the second byte: its bit n is bit 7 of byte 2 + n. The type tells the length. 60 real-time packets a second:

            01 | high bits | status, strength | searching, pleth | bar, no PI | pulse rate | SpO2 | PI low | PI high

    old     19200 8O1, unasked, 60 packets a second; bit 7 is set in the first byte only:

            status, strength | pleth | bar, errors, PR bit 7 | pulse rate | SpO2

            Stored records have three bytes with bits 7 of 1, 1, 0.

    Bit 7 of the first byte tells the two apart; of old packets it takes three in a row to be sure.

What is sent
    To a V7 device: stop a stored session that it may still be sending, stop real-time data, who are you, start
    real-time data; then "I am still here" every 5 s, or it stops. The four again where no real-time data come for 3 s.
    To an old one, and while an old one is heard, nothing. Stored sessions are neither asked for nor read.

What can mislead
    There is no checksum (the vendor: "the protocol assumes that data sending is correct"). Lengths, bits 7 and
    reserved bits must fit, and a number counts only where it stands in three packets in a row with no foreign byte
    between them. What slips through: a sample of the pleth; a number only if the same damage comes three times.
    A probe error ("finger out") is no value, whatever numbers remain. While the pulse is searched for, numbers are
    questionable. Bit 4 of an old packet's first byte means "finger out" to some and "searching too long" to others: no
    value. Numbers are told with the third packet, then three times a second with a piece of the pleth.

Source: Contec, Communication protocol of pulse oximeter V7.0, 2010-07-08, and recorded traffic of a CMS50D+, which has
a few packet types more; the old protocol from one public implementation with its unit tests (CMS50Dplus).
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ketamon.domain.devices import DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import (
    Accepted,
    AllowList,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    Parity,
    Sampled,
    Send,
    Truth,
    Variant,
)
from ketamon.wire.sampling import Gathered, resampled
from ketamon.wire.scanning import NOTHING, Cut, Found, Scanner

PACKETS_A_SECOND = 60
BLOCK = 20
"""So many packets make a block of the pleth."""
ROW = 3
"""A number must stand in so many packets in a row."""

_BIT_7 = 0x80
_REAL_TIME, _STRING, _COMMAND, _FEEDBACK, _FREE, _GOODBYE = 0x01, 0x04, 0x7D, 0x0B, 0x0C, 0x0D
LENGTHS = {
    **dict.fromkeys((_REAL_TIME, 0x02, 0x03, _STRING, 0x05, 0x11, 0x13, 0x14, 0x15, _COMMAND), 9),
    **dict.fromkeys((0x07, 0x08, 0x0F, 0x12), 8),
    0x09: 6,
    **dict.fromkeys((0x06, 0x0A, _FEEDBACK), 4),
    **dict.fromkeys((_GOODBYE, 0x0E, 0x10), 3),
    _FREE: 2,
}
"""Length of a packet by its type; 02, 03, 06, 13, 14 are not in the document but in recorded traffic."""
SIZES = {"v7": 9, "old": 5, "old stored": 3}  # of packets that are found many at a time
REASONS = {
    0x00: "done",
    0x01: "the device is switched off",
    0x02: "another user is chosen",
    0x03: "it is recording",
    0x04: "it could not delete",
    0x05: "not supported",
}
_NOT_SUPPORTED = 0x05

_SPO2_MISSING, _PR_MISSING, _PI_MISSING = 0x7F, 0xFF, 0xFFFF
_PI_SCALE = 100
VALID_RANGE = {Parameter.SPO2: range(1, 101), Parameter.PR: range(1, 255), Parameter.PI: range(1, 2201)}

# V7: first data byte, second, third; old: first byte, third
_SEARCHING_LONG, _PROBE_ERROR, _SEARCHING, _NO_PI = 0x10, 0x80, 0x80, 0x10
_OLD_OUT, _OLD_PROBE_ERROR, _OLD_SEARCHING, _OLD_PR_BIT_7 = 0x10, 0x10, 0x20, 0x40
_OLD_STORED = range(0xF0, 0xF3)


def unpacked(raw: bytes) -> bytes:
    """Return the data of a V7 packet with their bits 7."""
    return bytes(byte & 0x7F | (raw[1] >> n & 1) << 7 for n, byte in enumerate(raw[2:]))


def packed(kind: int, data: bytes) -> bytes:
    """Write a V7 packet."""
    high = sum((byte >> 7) << n for n, byte in enumerate(data))
    return bytes((kind, _BIT_7 | high, *(byte | _BIT_7 for byte in data)))


def command(code: int) -> bytes:
    """Write a command without parameters."""
    return packed(_COMMAND, bytes((code, 0, 0, 0, 0, 0, 0)))


_START, _STOP, _STOP_STORED, _IDENTIFY, _ALIVE = 0xA1, 0xA2, 0xA7, 0xAA, 0xAF
START_UP = tuple(command(code) for code in (_STOP_STORED, _STOP, _IDENTIFY, _START))
ALIVE = command(_ALIVE)
STEP_S, ALIVE_S, RESTART_S = 0.25, 5.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one packet says: raw numbers (None where the device has none), and what is wrong."""

    numbers: Mapping[Parameter, int | None]
    out: bool
    searching: bool

    def readings(self) -> tuple[Reading, ...]:
        """Judge each number."""
        return tuple(self._reading(parameter, number) for parameter, number in self.numbers.items())

    def _reading(self, parameter: Parameter, number: int | None) -> Reading:
        value, quality = None, Quality.INVALID
        if number is None or self.out:
            quality = Quality.MISSING
        elif number in VALID_RANGE[parameter]:
            value = number / _PI_SCALE if parameter is Parameter.PI else float(number)
            quality = Quality.QUESTIONABLE if self.searching else Quality.VALID
        return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)

    def remarks(self) -> str:
        """Say for people what is wrong, "" where nothing is."""
        return "no finger or probe error" if self.out else "searching for the pulse" if self.searching else ""


_REAL_TIME_PACKETS = re.compile(
    rb"(?:\x01[%b][\x80-\xff]{2}[\x80-\x9f][\x80-\xff]{4})++" % bytes(b for b in range(_BIT_7, 256) if not b & 0x04)
)
"""In the third data byte no reserved bit is set; its bit 7 is bit 2 of the second byte."""


def look_v7(buffer: bytearray, at: int) -> Found:
    """Look for a packet of V7, real-time ones as many as there are: a known type, bits 7, no bit where none can be."""
    if found := _REAL_TIME_PACKETS.match(buffer, at):
        return found.end() - at, "v7"
    length = LENGTHS.get(buffer[at])
    if length is None:
        return NOTHING
    raw = bytes(buffer[at : at + length])
    if any(byte < _BIT_7 for byte in raw[1:]):
        return NOTHING
    if len(raw) < length:
        return length, ""
    return NOTHING if raw[0] == _REAL_TIME or (raw[1] & 0x7F) >> (length - 2) else (length, "v7 answer")


def pleth_v7(raw: bytes) -> float | None:
    """Read the sample of the pleth in a real-time packet; none without a finger, which is bit 0 of the second byte."""
    return None if raw[1] & _PROBE_ERROR >> 7 else float(raw[3] & 0x7F)


def read_v7(raw: bytes) -> Said:
    """Read the rest of a real-time packet."""
    status, pleth, bar, pr, spo2, low, high = unpacked(raw)
    pi = _PI_MISSING if bar & _NO_PI else high << 8 | low
    return Said(
        numbers={
            Parameter.SPO2: None if spo2 == _SPO2_MISSING else spo2,
            Parameter.PR: None if pr == _PR_MISSING else pr,
            Parameter.PI: None if pi == _PI_MISSING else pi,
        },
        out=status & _PROBE_ERROR != 0,
        searching=status & _SEARCHING_LONG != 0 or pleth & _SEARCHING != 0,
    )


def look_old(buffer: bytearray, at: int, length: int) -> Found:
    """Look for a packet of the old protocol: real-time or, of three bytes, out of the memory."""
    raw = bytes(buffer[at : at + length])
    stored = length == SIZES["old stored"]
    if (stored and raw[0] not in _OLD_STORED) or any(
        (byte >= _BIT_7) is not (n < 1 + stored) for n, byte in enumerate(raw)
    ):
        return NOTHING
    return (length, "old stored" if stored else "old") if len(raw) == length else (len(raw) + 1, "")


def look_old_row(buffer: bytearray, at: int, length: int) -> Found:
    """Look for as many of them as make it certain that it is this protocol."""
    name = ""
    for n in range(ROW):
        begin = at + n * length
        size, name = look_old(buffer, begin, length) if begin < len(buffer) else (1, "")
        if not name:
            return (begin - at + size, "") if size else NOTHING
    return ROW * length, name


def pleth_old(raw: bytes) -> float | None:
    """Read the sample of the pleth in a packet of the old protocol; without a finger it is none."""
    return None if raw[0] & _OLD_OUT or raw[2] & _OLD_PROBE_ERROR else float(raw[1])


def read_old(raw: bytes) -> Said:
    """Read the rest of a packet of the old protocol."""
    status, _, bar, low, spo2 = raw
    pr = (bar & _OLD_PR_BIT_7) << 1 | low
    return Said(
        numbers={Parameter.SPO2: None if spo2 in {0, _SPO2_MISSING} else spo2, Parameter.PR: pr or None},
        out=status & _OLD_OUT != 0 or bar & _OLD_PROBE_ERROR != 0,
        searching=bar & _OLD_SEARCHING != 0,
    )


_ALL_WELL = "no remarks any more"
_READ = {"v7": (pleth_v7, read_v7), "old": (pleth_old, read_old)}


@dataclass
class _Row:
    """The packets in a row, of one protocol, with no foreign byte between them; only the last are remembered."""

    length: int = 0
    last: deque[bytes] = field(default_factory=lambda: deque(maxlen=ROW))
    pleth: Gathered = field(default_factory=lambda: Gathered(BLOCK))


class ContecCms50:
    """One connection to an oximeter."""

    def __init__(self, protocols: tuple[str, ...] = ("v7", "old")) -> None:
        self._protocols = protocols
        self._scanner = Scanner(self._look)
        self._last = ""  # what the last packet was
        self._name = ""  # what the last real-time packet was
        self._row = _Row()
        self._told: dict[str, str] = {}
        self._to_send: list[bytes] = []
        self._sent: Instant | None = None
        self._since: Instant | None = None  # the last real-time packet, or that it was asked for

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the pleth and the numbers that stand, three times a second."""
        for cut in self._scanner.feed(data):
            yield from self._cut(cut, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Start real-time data, keep them coming, start them again where they stopped."""
        silent_s = RESTART_S if self._since is None else at.since(self._since)
        old = self._name == "old" and silent_s < RESTART_S
        if old or "v7" not in self._protocols or (self._sent is not None and at.since(self._sent) < STEP_S):
            return
        if self._sent is None or silent_s >= RESTART_S:
            self._since, self._to_send = at, list(START_UP)
        if self._to_send:
            self._sent = at
            yield Send(self._to_send.pop(0))
        elif self._sent is not None and at.since(self._sent) >= ALIVE_S:
            self._sent = at
            yield Send(ALIVE)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for cut in self._scanner.flush():
            yield from self._cut(cut, at)

    def _look(self, buffer: bytearray, at: int, follows: bool) -> Found:
        """Look for what begins like this. Behind an old packet another one is enough, else it takes a row of them."""
        if buffer[at] < _BIT_7:
            return look_v7(buffer, at) if "v7" in self._protocols else NOTHING
        if "old" not in self._protocols:
            return NOTHING
        look = look_old if follows and self._last.startswith("old") else look_old_row
        found = look(buffer, at, SIZES["old"])
        return found if found != NOTHING else look(buffer, at, SIZES["old stored"])

    def _cut(self, cut: Cut, at: Instant) -> Iterator[Output]:
        name = self._last = cut.name
        if not name:
            self._row = _Row()
            yield Garbage(cut.offset, cut.raw, "no packet of a CMS50")
            return
        if name in _READ:
            self._since = at
            if name != self._name:
                self._name, self._row = name, _Row()
        size = SIZES.get(name, len(cut.raw))
        for begin in range(0, len(cut.raw), size):
            offset, raw = cut.offset + begin, cut.raw[begin : begin + size]
            yield Accepted(offset, size, name)
            if name in _READ:
                yield from self._real_time(offset, raw)
            elif name == "v7 answer":
                yield from self._answer(offset, raw)

    def _real_time(self, offset: int, raw: bytes) -> Iterable[Output]:
        """Take a packet; with the third, and with each that completes a block of the pleth, something is told."""
        row, (pleth, _) = self._row, _READ[self._name]
        row.length += 1
        row.last.append(raw)
        samples = row.pleth.add(pleth(raw))
        return self._telling(offset, samples) if samples or row.length == ROW else ()

    def _telling(self, offset: int, samples: tuple[float | None, ...]) -> Iterator[Output]:
        """Tell the numbers that all packets of the row say alike."""
        row = [_READ[self._name][1](raw) for raw in self._row.last]
        for same in zip(*(said.readings() for said in row), strict=True):
            if same.count(same[0]) == ROW:
                yield Measured(offset, same[0])
        yield from self._tell(offset, "state", row[-1].remarks() or _ALL_WELL)
        if samples:
            block = SampleBlock(signal=Signal.PLETH, rate_hz=float(PACKETS_A_SECOND), samples=samples)
            yield Sampled(offset, block)

    def _answer(self, offset: int, raw: bytes) -> Iterator[Output]:
        kind, data = raw[0], unpacked(raw)
        if kind == _STRING:
            name = data.split(b"\0")[0].decode("ascii", "replace").strip()
            yield from self._tell(offset, "name", f"the device calls itself {name!r}")
        elif kind == _GOODBYE:
            yield DeviceNotice(offset, f"the device ends the connection: {REASONS.get(data[0], 'reason unknown')}")
        elif kind == _FEEDBACK and data[1]:
            yield DeviceNotice(offset, f"command {data[0]:02X}: {REASONS.get(data[1], 'reason unknown')}")

    def _tell(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Tell once, and again when it changes."""
        if self._told.get(what, _ALL_WELL) != text:
            yield DeviceNotice(offset, text)
        self._told[what] = text


def _raw(truth: Truth, parameter: Parameter, missing: int) -> int:
    value = truth.values.get(parameter)
    number = missing if value is None else round(value * (_PI_SCALE if parameter is Parameter.PI else 1))
    return number if number in VALID_RANGE[parameter] else missing


def _pleth(truth: Truth) -> list[int]:
    return [round(x * 0x7F) for x in resampled(truth.waves.get(Signal.PLETH, (0.5,)), PACKETS_A_SECOND)]


_PATIENCE = {_START: 10, _ALIVE: 10, _STOP: 0}
"""For so many seconds after these commands a device goes on."""
_ANSWERS = {
    _START: b"",
    _ALIVE: b"",
    _STOP: packed(_FREE, b""),
    _STOP_STORED: packed(_FREE, b""),
    _IDENTIFY: packed(_STRING, b"user   "),
}


class V7Simulator:
    """A CMS50D+ that sends real-time data from their start on, as long as it is told that somebody is there."""

    def __init__(self) -> None:
        self._heard = Scanner(lambda buffer, at, _: look_v7(buffer, at))
        self._left_s = 0

    def receive(self, data: bytes) -> bytes:
        """Answer commands; what is not supported is answered so."""
        commands = [unpacked(cut.raw)[0] for cut in self._heard.feed(data) if cut.raw[0] == _COMMAND]
        return b"".join(self._answer(code) for code in commands)

    def _answer(self, code: int) -> bytes:
        if code in _PATIENCE:
            self._left_s = _PATIENCE[code] if self._left_s or code == _START else 0
        return _ANSWERS.get(code, packed(_FEEDBACK, bytes((code, _NOT_SUPPORTED))))

    def advance(self, truth: Truth) -> bytes:
        """Give this second's packets."""
        if not self._left_s:
            return b""
        self._left_s -= 1
        spo2, pr = _raw(truth, Parameter.SPO2, _SPO2_MISSING), _raw(truth, Parameter.PR, _PR_MISSING)
        pi = _raw(truth, Parameter.PI, _PI_MISSING)
        out = (spo2, pr) == (_SPO2_MISSING, _PR_MISSING)
        status, bar = 5 | out * _PROBE_ERROR, 6 | (pi == _PI_MISSING) * _NO_PI
        return b"".join(
            packed(_REAL_TIME, bytes((status, 0x40 if out else pleth, bar, pr, spo2, pi & 0xFF, pi >> 8)))
            for pleth in _pleth(truth)
        )


class OldSimulator:
    """An older device: it speaks unasked and hears nothing that anybody may say."""

    def receive(self, data: bytes) -> bytes:
        """Nothing is understood."""
        del data
        return b""

    def advance(self, truth: Truth) -> bytes:
        """Give this second's packets."""
        spo2, pr = _raw(truth, Parameter.SPO2, 0), _raw(truth, Parameter.PR, 0)
        out = (spo2, pr) == (0, 0)
        status, bar = 0x85 | out * _OLD_OUT, 6 | out * _OLD_PROBE_ERROR | pr >> 1 & _OLD_PR_BIT_7
        return b"".join(bytes((status, pleth, bar, pr & 0x7F, spo2)) for pleth in _pleth(truth))


LINE = LineSettings(baud=115200)
SPEC = DriverSpec(
    id="contec-cms50",
    vendor="Contec",
    model="CMS50D+, CMS50E, CMS50F, CMS50IW",
    label="Contec",
    kind=DeviceKind.MONITOR,
    line=LINE,
    parameters=(Parameter.SPO2, Parameter.PR, Parameter.PI),
    signals=(Signal.PLETH,),
    quiet_after_s=4.0,
    interval_s=BLOCK / PACKETS_A_SECOND,
    max_buffer=Scanner.held(ROW * SIZES["old"]),
    document="Contec, Communication protocol of pulse oximeter V7.0, 2010-07-08, and recorded traffic",
    make=ContecCms50,
    simulate=V7Simulator,
    allow_list=AllowList(frozenset((*START_UP, ALIVE))),
    probe=(command(_IDENTIFY),),
    variants=(
        Variant(
            name="v7",
            about='protocol "V7.0" (firmware from 4.6)',
            line=LINE,
            make=partial(ContecCms50, ("v7",)),
            simulate=V7Simulator,
        ),
        Variant(
            name="old",
            about="the protocol before (firmware up to 4.5), known from one source; nothing is sent",
            line=LineSettings(baud=19200, parity=Parity.ODD),
            make=partial(ContecCms50, ("old",)),
            simulate=OldSimulator,
        ),
    ),
    note="no checksum; older devices need contec-cms50+old, as their line is set otherwise",
)
