"""SunTech Advantage OEM blood pressure module: one cuff, inflated only when a person asks for it.

The wire
    9600 8N1. The host asks, the module answers; only the end of a measurement is told unasked.

        host    3A command data… checksum               module    3E length data… checksum

    The length counts all bytes; each frame adds up to 0 modulo 256.

        3E 04 4F 6F                     O accepted, K done, B busy, A aborted, S asleep
        3E 05 02 01 BA                  cuff pressure, u16le mmHg: 258
        3E 18 73 00 4A 00 1E 01 … 55 00 58 00 00 00 00 E9
                                        result: sys, dia u16le, beats, status, 8 test codes, pulse, –, mean u16le, error

What is sent
    By itself: "cuff pressure?", "last result?", and "abort". The start goes out of `act` alone, once for each time a
    person asked, and only to a module that answered just now and measures nothing. Never sent: children's and
    newborns' starts, the initial inflation, the valves, reset, sleep.

The watchdog
    A measurement is aborted, once a second until the module obeys or the cuff is empty, where it lasts longer than
    180 s (what the module's own timer and IEC 80601-2-30 allow an adult) or where the module stops answering. A cuff
    that is found inflated is watched in the same way, whoever started it.

What can mislead
    The module keeps its last result, also another patient's: one is new only where this connection saw the
    measurement end, or where it differs from the one before. An end that comes while the module is told to stop may
    as well be the answer to that. A result with an error code has no numbers, whatever stands in their places.

What slips through
    A sum finds every single changed byte; of random damage one in 256 passes, and must still have a known length, and
    numbers below 330 mmHg, the diastolic below the mean, that below the systolic.

Source: SunTech Advantage OEM protocol as two public implementations show it, one of them with the vendor's examples.
"""

from collections.abc import Iterator
from enum import StrEnum
from re import compile as pattern
from re import escape
from struct import Struct
from typing import NamedTuple

from ketamon.domain.devices import Action, DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import (
    Accepted,
    AllowList,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    Send,
    Truth,
)
from ketamon.wire.checksums import sum8
from ketamon.wire.framing import Piece
from ketamon.wire.sized import Sized


def command(*data: int) -> bytes:
    """Wrap a command of the host."""
    raw = bytes([0x3A, *data])
    return raw + bytes([-sum8(raw) & 0xFF])


def reply(data: bytes) -> bytes:
    """Wrap an answer of the module."""
    raw = bytes([0x3E, len(data) + 3]) + data
    return raw + bytes([-sum8(raw) & 0xFF])


START_ADULT = command(0x20)
ABORT = command(0x79, 0x01, 0x00)
RESULT = command(0x79, 0x03, 0x00)
PRESSURE = command(0x79, 0x05, 0x00)

LONGEST = 24
_WORD, _PRESSURE, _RESULT = 4, 5, 24
_RESULT_LAYOUT = Struct("<HHBB8sBxHBxx")
_HIGHEST_MMHG = 330
"""The module's own safety circuit opens at 300 mmHg, with 20 to spare."""

ERRORS = {
    0x01: "the signal is too weak",
    0x02: "the signal is erratic, keep the arm still",
    0x03: "the pressure is out of range",
    0x04: "it took too long",
    0x55: "the hose or the valve is blocked",
    0x56: "it was ended",
    0x57: "the cuff is loose or leaks",
    0x58: "the safety timer ended it",
    0x59: "the pressure was too high",
    0x5A: "the module has a hardware fault",
    0x5B: "somebody ended it",
    0x61: "the pressure transducer is out of order",
    0x63: "the module's memory is out of order",
}

LIMIT_S = 180.0
SILENT_S = 3.0
_DEFLATED_S = 5.0
_INFLATED_MMHG, _EMPTY_MMHG = 30, 15
_POLL_S, _IDLE_POLL_S, _WAIT_S, _ABORT_AGAIN_S = 0.2, 2.5, 0.5, 1.0
_HEARD_WITHIN_S = 2 * _IDLE_POLL_S + _WAIT_S


class Phase(StrEnum):
    """What the module does, as far as this connection knows."""

    IDLE = "idle"
    STARTING = "starting"
    MEASURING = "measuring"
    STOPPING = "stopping"


# Rules of this table: "start" and "stop" are a person's, "overdue" and "silent" the watchdog's, "inflated" and
# "deflated" what the cuff pressure tells, the others the module's own words. What is not in it changes nothing.
TRANSITIONS: dict[Phase, dict[str, Phase]] = {
    Phase.IDLE: {"start": Phase.STARTING, "stop": Phase.STOPPING, "inflated": Phase.MEASURING},
    Phase.STARTING: {
        "accepted": Phase.MEASURING, "inflated": Phase.MEASURING, "done": Phase.IDLE, "aborted": Phase.IDLE,
        "busy": Phase.IDLE, "silent": Phase.STOPPING, "stop": Phase.STOPPING,
    },
    Phase.MEASURING: {
        "done": Phase.IDLE, "aborted": Phase.IDLE, "deflated": Phase.IDLE, "overdue": Phase.STOPPING,
        "silent": Phase.STOPPING, "stop": Phase.STOPPING,
    },
    Phase.STOPPING: {"done": Phase.IDLE, "aborted": Phase.IDLE, "deflated": Phase.IDLE},
}  # fmt: skip

WORDS = {ord("O"): "accepted", ord("K"): "done", ord("B"): "busy", ord("A"): "aborted", ord("S"): "asleep"}
NOTICES = {
    (Phase.IDLE, "inflated"): "the cuff is inflated, which nobody asked for here",
    (Phase.STARTING, "accepted"): "the cuff measures",
    (Phase.STARTING, "busy"): "the module is busy and did not start; try again",
    (Phase.STARTING, "silent"): "the module did not answer the start and is told to stop; look at the cuff",
    (Phase.MEASURING, "silent"): "the module does not answer and is told to stop; look at the cuff",
    (Phase.MEASURING, "overdue"): "the measurement takes too long and is stopped; look at the cuff",
    (Phase.MEASURING, "aborted"): "the measurement was stopped",
    (Phase.MEASURING, "deflated"): "the cuff is empty, and the end of the measurement was not heard",
    (Phase.STOPPING, "done"): "the measurement was stopped",
    (Phase.STOPPING, "aborted"): "the measurement was stopped",
    (Phase.STOPPING, "deflated"): "the cuff is empty",
}


class Result(NamedTuple):
    """A result as it stands in the frame: pressures mmHg, pulse 1/min."""

    sys: int
    dia: int
    beats: int
    status: int
    codes: bytes
    pulse: int
    mean: int
    error: int


def _size(ahead: bytes) -> int | None:
    if len(ahead) < 2:  # noqa: PLR2004 (start byte and length)
        return None
    return ahead[1] if ahead[1] in (_WORD, _PRESSURE, _RESULT) else 0


def _check(raw: bytes) -> bytes | str:
    """Return the data of a frame that can be true, or the reason why it cannot."""
    data = raw[2:-1]
    if sum8(raw):
        return "the checksum is wrong"
    if len(raw) == _WORD and data[0] not in WORDS:
        return "the answer is unknown"
    if len(raw) == _PRESSURE and int.from_bytes(data, "little") > _HIGHEST_MMHG:
        return "no cuff stands such a pressure"
    if len(raw) == _RESULT:
        result = Result(*_RESULT_LAYOUT.unpack(data))
        if max(result.sys, result.dia, result.mean) > _HIGHEST_MMHG:
            return "no cuff stands such a pressure"
    return data


def readings(result: Result, *, repeated: bool) -> tuple[Reading, ...]:
    """Give the three pressures of a result, or why they have no value."""
    numbers = (result.sys, result.dia, result.mean)
    if result.error or not (0 < result.dia < result.mean < result.sys):
        return _no_pressures(Quality.INVALID if result.error or any(numbers) else Quality.MISSING)
    return tuple(
        Reading(parameter=p, value=float(n), unit=PARAMETERS[p].unit, quality=Quality.VALID, repeated=repeated)
        for p, n in zip(CUFF, numbers, strict=True)
    )


def _no_pressures(quality: Quality) -> tuple[Reading, ...]:
    return tuple(Reading(parameter=p, value=None, unit=PARAMETERS[p].unit, quality=quality) for p in CUFF)


class SunTechNibp:
    """One connection to a module. It remembers what the module does, what it was asked, and its last result."""

    def __init__(self) -> None:
        self._frames = Sized(b"\x3e", LONGEST, _size, _check)
        self._phase = Phase.IDLE
        self._since: Instant | None = None  # the measurement began
        self._low_since: Instant | None = None  # the cuff has been empty, or not yet inflated
        self._was_inflated = False
        self._heard: Instant | None = None
        self._frame = 0
        self._sent: Instant | None = None
        self._aborted: Instant | None = None
        self._waiting = False  # for the answer to what was sent last
        self._asks_result = True  # next, in the idle turn
        self._fresh = False  # the measurement ended, its result was not read yet
        self._known: Result | None = None

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the pressures of every result, and tell what the module does."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def act(self, action: Action, at: Instant) -> Iterator[Output]:
        """Somebody wants a measurement, or wants it to stop. A stop is always sent."""
        if action is Action.CUFF_ABORT:
            yield from self._take("stop", at)
            self._aborted = at
            yield self._send(ABORT, at)
        elif self._phase is not Phase.IDLE:
            yield DeviceNotice(self._frame, "not started: a measurement is under way")
        elif self._heard is None or at.since(self._heard) > _HEARD_WITHIN_S:
            yield DeviceNotice(self._frame, "not started: the module does not answer, look at its cable")
        else:
            yield from self._take("start", at)
            yield self._send(START_ADULT, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Watch over the measurement, and ask: the pressure while the cuff works, both in turn while it does not."""
        yield from self._watch(at)
        if self._phase is Phase.STOPPING and _passed(self._aborted, _ABORT_AGAIN_S, at):
            self._aborted = at
            yield self._send(ABORT, at)
        elif self._may_ask(at):
            asks_result = self._phase is Phase.IDLE and self._asks_result
            self._asks_result = not asks_result
            yield self._send(RESULT if asks_result else PRESSURE, at)

    def _watch(self, at: Instant) -> Iterator[Output]:
        """A start must be answered, the answers must go on, and the whole must end in time."""
        quiet_since = self._since if self._phase is Phase.STARTING else self._heard
        if self._phase in (Phase.STARTING, Phase.MEASURING):
            if _passed(self._since, LIMIT_S, at):
                yield from self._take("overdue", at)
            elif _passed(quiet_since, SILENT_S, at):
                yield from self._take("silent", at)

    def _may_ask(self, at: Instant) -> bool:
        if self._waiting and not _passed(self._sent, _WAIT_S, at):
            return False
        pause = _IDLE_POLL_S if self._phase is Phase.IDLE and not self._fresh else _POLL_S
        return _passed(self._sent, pause, at)

    def _send(self, data: bytes, at: Instant) -> Send:
        self._sent, self._waiting = at, True
        return Send(data)

    def _take(self, event: str, at: Instant) -> Iterator[Output]:
        """Change the phase by the table, and say so where it matters."""
        before, after = self._phase, TRANSITIONS[self._phase].get(event)
        if after is None:
            return
        if before is Phase.IDLE:
            self._since, self._low_since, self._was_inflated = at, None, False
        if after is Phase.STOPPING:
            self._low_since = self._aborted = None
        if after is Phase.IDLE:
            self._asks_result = True
            self._fresh = event == "done" and before is not Phase.STOPPING
        self._phase = after
        if (before, event) in NOTICES:
            yield DeviceNotice(self._frame, NOTICES[before, event])

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        self._frame, self._heard, self._waiting = piece.offset, at, False
        data = piece.content
        if len(piece.raw) == _RESULT:
            yield Accepted(piece.offset, len(piece.raw), "result")
            yield from self._result(Result(*_RESULT_LAYOUT.unpack(data)))
        elif len(piece.raw) == _PRESSURE:
            yield Accepted(piece.offset, len(piece.raw), "pressure")
            yield from self._pressure(int.from_bytes(data, "little"), at)
        else:
            word = WORDS[data[0]]
            yield Accepted(piece.offset, len(piece.raw), word)
            yield from self._take(word, at)

    def _pressure(self, mmhg: int, at: Instant) -> Iterator[Output]:
        """Follow the cuff: it was inflated, and is empty again."""
        if mmhg >= _INFLATED_MMHG:
            yield from self._take("inflated", at)
            self._was_inflated = True
        if mmhg >= _EMPTY_MMHG:
            self._low_since = None
        elif self._low_since is None:
            self._low_since = at
        elif _passed(self._low_since, _DEFLATED_S, at) and (self._was_inflated or self._phase is Phase.STOPPING):
            yield from self._take("deflated", at)
        if self._phase is not Phase.IDLE:
            for reading in _no_pressures(Quality.ONGOING):
                yield Measured(self._frame, reading)

    def _result(self, result: Result) -> Iterator[Output]:
        changed = self._known is not None and result != self._known
        new = self._phase is Phase.IDLE and (self._fresh or changed)
        if self._phase is Phase.IDLE:
            self._known, self._fresh = result, False
        if new and result.error:
            why = ERRORS.get(result.error, f"error {result.error:02X}")
            yield DeviceNotice(self._frame, f"no cuff pressure: {why}")
        for reading in readings(result, repeated=not new):
            yield Measured(self._frame, reading)


def _passed(begin: Instant | None, seconds: float, at: Instant) -> bool:
    """Whether so much time has passed since `begin`; without a begin it has."""
    return begin is None or at.since(begin) >= seconds


class SunTechSimulator:
    """A module whose measurement takes 22 s and finds the cuff pressures that are true at its end."""

    _COMMANDS = pattern(b"|".join(map(escape, (START_ADULT, ABORT, RESULT, PRESSURE))))
    _MEASURING_S, _PEAK_S, _ROOM_MMHG = 22, 5, 160

    def __init__(self) -> None:
        self._heard = b""
        self._running_s: int | None = None
        self._result = Result(0, 0, 0, 0, bytes(8), 0, 0, 0)

    def advance(self, truth: Truth) -> bytes:
        """Go on measuring; the end is told unasked."""
        if self._running_s is None:
            return b""
        self._running_s += 1
        if self._running_s < self._MEASURING_S:
            return b""
        self._running_s = None
        self._result = _measured(truth)
        return reply(b"K")

    def receive(self, data: bytes) -> bytes:
        """Answer the commands that this driver may send; others are not understood."""
        self._heard += data
        answers, end = b"", 0
        for match in self._COMMANDS.finditer(self._heard):
            answers, end = answers + self._answer(match[0]), match.end()
        self._heard = self._heard[end:][-8:]
        return answers

    def _answer(self, asked: bytes) -> bytes:
        if asked == RESULT:
            return reply(_RESULT_LAYOUT.pack(*self._result))
        if asked == PRESSURE:
            return reply(self._mmhg().to_bytes(2, "little"))
        if asked == ABORT:
            self._running_s = None
            return reply(b"A")
        if self._running_s is not None:
            return reply(b"B")
        self._running_s = 0
        return reply(b"O")

    def _mmhg(self) -> int:
        """Up within 5 s, then slowly down."""
        if self._running_s is None:
            return 0
        up = min(self._running_s / self._PEAK_S, 1.0)
        down = max(self._running_s - self._PEAK_S, 0) / (self._MEASURING_S - self._PEAK_S)
        return round(self._ROOM_MMHG * up * (1 - down))


def _measured(truth: Truth) -> Result:
    sys, dia, mean = (truth.values.get(p) for p in CUFF)
    pulse = truth.values.get(Parameter.PR)
    if sys is None or dia is None or mean is None:
        return Result(0, 0, 0, 1, bytes(8), 0, 0, 0x01)
    return Result(round(sys), round(dia), 30, 1, bytes(8), round(pulse or 0), round(mean), 0)


SPEC = DriverSpec(
    id="suntech-nibp",
    vendor="SunTech Medical",
    model="Advantage OEM blood pressure module",
    label="SunTech",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=9600),
    parameters=CUFF,
    quiet_after_s=8.0,
    interval_s=2 * _IDLE_POLL_S,
    max_buffer=Sized.held(LONGEST),
    document="SunTech Advantage OEM protocol, from public implementations with the vendor's examples",
    make=SunTechNibp,
    simulate=SunTechSimulator,
    allow_list=AllowList(frozenset({RESULT, PRESSURE, ABORT})),
    actions={
        Action.CUFF_START: AllowList(frozenset({START_ADULT})),
        Action.CUFF_ABORT: AllowList(frozenset({ABORT})),
    },
    probe=(RESULT,),
    note="adults only; the cuff is inflated only when somebody asks for it, and the module has no schedule of its own",
)
