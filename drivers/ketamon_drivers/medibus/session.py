"""The host's side of a MEDIBUS connection: it answers every command, and asks when it is its turn."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import cycle

from ketamon.domain.devices import DeviceAlarm, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import SampleBlock
from ketamon.driver import Accepted, DeviceAlarms, DeviceNotice, Garbage, Measured, Mismatch, Output, Sampled, Send
from ketamon.wire.continuity import Vitals
from ketamon.wire.sampling import Gathered
from ketamon.wire.scanning import Cut, Scanner
from ketamon_drivers.medibus import data
from ketamon_drivers.medibus.wire import (
    ESC,
    NAK,
    RESUME,
    SUSPEND,
    Message,
    command,
    look,
    parse,
    records,
    response,
    values,
)

CALL, IDENTIFY, STOP, CHANGED = 0x51, 0x52, 0x55, 0x56
DATA, ALARMS_1, ALARMS_2, OFFERS, ORDER = 0x24, 0x27, 0x2E, 0x53, 0x54
NAMES = {
    0x30: "nothing", CALL: "call", IDENTIFY: "identity", STOP: "stop", CHANGED: "curves changed", DATA: "data",
    ALARMS_1: "alarms", ALARMS_2: "alarms of page 2", OFFERS: "curves", ORDER: "order of curves", 0x49: "time changed",
    NAK: "not understood",
}  # fmt: skip
QUESTIONS = {code: command(code) for code in (CALL, IDENTIFY, DATA, ALARMS_1, ALARMS_2, OFFERS)}
OUR_IDENTITY = response(IDENTIFY, b"0161'ketamon'01.00:04.03")
NOT_UNDERSTOOD = response(NAK)
ENABLE = {streams: bytes([0xD0, 0xC1, 0xC0 | (1 << streams) - 1, 0xC0, 0xC0]) for streams in (1, 2)}
VERSIONS = range(2, 7)
_ARGUMENTS_FROM, _PAGE_2_FROM = 3, 4

_SILENT_S, _ANSWER_S, _CALL_S = 3.0, 10.0, 3.0
_PAUSE_S, _SETTLE_S, _ENABLE_S = 0.5, 0.25, 5.0
_MOST_ANSWERS = 16
_BLOCK = 5


class Phase(StrEnum):
    """How far the two have come."""

    CALLING = "calling"
    IDENTIFYING = "identifying"
    ACTIVE = "active"


# Rules of this table: "called" is a call of the device, or its answer to ours; "identified" its identity, an empty one
# too; "silent" is no byte for 3 s, "stopped" its own stop. A call always begins anew, as the device forgot everything.
TRANSITIONS: dict[Phase, dict[str, Phase]] = {
    Phase.CALLING: {"called": Phase.IDENTIFYING},
    Phase.IDENTIFYING: {
        "called": Phase.IDENTIFYING, "identified": Phase.ACTIVE, "silent": Phase.CALLING, "stopped": Phase.CALLING,
    },
    Phase.ACTIVE: {"called": Phase.IDENTIFYING, "silent": Phase.CALLING, "stopped": Phase.CALLING},
}  # fmt: skip


def order(curves: tuple[data.Curve, ...]) -> bytes:
    """Write the order of curves."""
    return command(ORDER, b"".join(b"%02X%02X" % (curve.offer.code, curve.multiplier) for curve in curves))


def answer(code: int) -> bytes:
    """Write the answer to a command of the device."""
    return {IDENTIFY: OUR_IDENTITY, NAK: NOT_UNDERSTOOD}.get(code) or response(code)


class Medibus:
    """One connection to a device."""

    def __init__(self) -> None:
        self._scanner = Scanner(look)
        self._phase = Phase.CALLING
        self._heard: Instant | None = None
        self._owed: list[int] = []  # commands of the device that wait for an answer
        self._asked: bytes | None = None
        self._sent: Instant | None = None
        self._suspended: Instant | None = None
        self._unlike = False
        self._identity: data.Identity | None = None
        self._identified: Instant | None = None
        self._turns = cycle((DATA, ALARMS_1))
        self._vitals = Vitals()
        self._alarms: dict[int, tuple[DeviceAlarm, ...]] = {}
        self._said = ""
        self._curves_known = False
        self._wanted: tuple[data.Curve, ...] = ()
        self._curves: tuple[tuple[data.Curve, Gathered], ...] = ()
        self._enabled: Instant | None = None

    def feed(self, data_: bytes, at: Instant) -> Iterator[Output]:
        """Give the numbers, alarms and curves of what came; what must be answered is answered with the next tick."""
        for cut in self._scanner.feed(data_):
            yield from self._cut(cut, at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for cut in self._scanner.flush():
            yield from self._cut(cut, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Answer first, then ask: who is there, who it is, which curves it has, and in turn for data and alarms."""
        if self._suspended is not None and at.since(self._suspended) < _SILENT_S:
            return
        if (self._heard is not None and at.since(self._heard) >= _SILENT_S) or self._suspended is not None:
            self._suspended = None
            self._take("silent")
        owed, self._owed = self._owed, []
        for code in owed:
            yield Send(answer(code))
        yield from self._ask(at)

    def _ask(self, at: Instant) -> Iterator[Output]:
        """One question at a time; one without an answer for 10 s is left, a call is repeated every 3 s."""
        if self._phase is Phase.CALLING:
            if _passed(self._sent, _CALL_S, at):
                yield self._send(QUESTIONS[CALL], at)
            return
        if not _passed(self._sent, _SETTLE_S if self._asked is None else _ANSWER_S, at):
            return
        if self._phase is Phase.IDENTIFYING:
            yield self._send(QUESTIONS[IDENTIFY], at)
        elif _passed(self._identified, _SETTLE_S, at):
            yield from self._ask_for_curves(at) if not self._curves_known else self._ask_for_more(at)

    def _ask_for_curves(self, at: Instant) -> Iterator[Output]:
        """What is offered, then what is wanted of it; a device that does not answer one of them has no curves."""
        if self._asked in (QUESTIONS[OFFERS], order(self._wanted)):
            self._curves_known = True
        elif self._wanted:
            yield self._send(order(self._wanted), at)
        else:
            yield self._send(QUESTIONS[OFFERS], at)

    def _ask_for_more(self, at: Instant) -> Iterator[Output]:
        if self._curves and _passed(self._enabled, _ENABLE_S, at):
            self._enabled = at
            yield Send(ENABLE[len(self._curves)])
        elif _passed(self._sent, _PAUSE_S, at):
            yield self._send(QUESTIONS[next(self._turns)], at)

    def _send(self, request: bytes, at: Instant) -> Send:
        self._asked, self._sent = request, at
        return Send(request)

    def _take(self, event: str) -> None:
        after = TRANSITIONS[self._phase].get(event)
        if after is None:
            return
        if after is not Phase.ACTIVE:
            self._asked = self._identified = None
            self._forget_curves()
        if after is Phase.CALLING:
            self._heard = self._sent = None
        self._phase = after

    def _forget_curves(self) -> None:
        self._curves_known, self._wanted, self._curves, self._enabled = False, (), (), None

    def _cut(self, cut: Cut, at: Instant) -> Iterator[Output]:
        if not cut.name:
            self._gap()
            if cut.raw[0] == ESC and len(cut.raw) >= len(QUESTIONS[CALL]):
                self._owe(NAK)
            yield Garbage(cut.offset, cut.raw, "no message, or its checksum is wrong")
            return
        message = parse(cut.raw) if cut.raw[0] in (ESC, 0x01) else None
        kind = NAMES.get(message.code, f"{message.code:02X}") if message else cut.name
        yield Accepted(cut.offset, len(cut.raw), f"command: {kind}" if message and message.is_command else kind)
        if cut.raw[0] in (SUSPEND, RESUME):
            self._suspended = at if cut.raw[0] == SUSPEND else None
        for record in records(cut.raw):
            yield from self._samples(cut.offset, record)
        if message:
            self._heard = at
            for inner in (message, *message.embedded):
                yield from self._message(cut.offset, inner, at)

    def _message(self, offset: int, message: Message, at: Instant) -> Iterator[Output]:
        if message.is_command:
            self._owe(message.code)
            self._take({CALL: "called", STOP: "stopped"}.get(message.code, ""))
            if message.code == CHANGED:
                self._forget_curves()
            return
        if self._asked is not None and message.code in (self._asked[1], NAK):
            self._curves_known |= message.code == NAK and self._asked[1] in (OFFERS, ORDER)
            self._asked = None
        if message.code == CALL and self._phase is Phase.CALLING:
            self._take("called")
        elif message.code == IDENTIFY:
            self._identified = at
            yield from self._meet(offset, message.body)
            self._take("identified")
        elif not self._unlike:
            yield from self._response(offset, message)

    def _response(self, offset: int, message: Message) -> Iterator[Output]:
        code, body = message.code, message.body
        if code == DATA:
            texts = data.numbers(body)
            for reading in self._vitals.believed(data.readings(texts or {}, self._doubtful())):
                yield Measured(offset, reading)
            yield from self._tell(offset, "the data cannot be read" if texts is None else "")
        elif code in (ALARMS_1, ALARMS_2):
            page = 1 if code == ALARMS_1 else 2
            found = data.alarms(body, page)
            self._alarms[page] = (_UNREADABLE,) if found is None else found
            yield DeviceAlarms(offset, tuple(alarm for alarms in self._alarms.values() for alarm in alarms))
        elif code == OFFERS:
            self._wanted = data.wanted(data.offers(body))
            self._curves_known = not self._wanted
        elif code == ORDER and self._wanted:
            self._curves = tuple((curve, Gathered(_BLOCK)) for curve in self._wanted)
            self._curves_known = True

    def _meet(self, offset: int, body: bytes) -> Iterator[Output]:
        """Learn who it is. Without a version only the oldest questions are asked, of a strange one nothing is read."""
        who = data.identity(body)
        version = who.version[0] if who else 0
        self._curves_known = version < _ARGUMENTS_FROM
        self._turns = cycle((DATA, ALARMS_1, ALARMS_2) if version >= _PAGE_2_FROM else (DATA, ALARMS_1))
        if who is None:
            yield from self._tell(offset, "the device does not say who it is")
            return
        name = f"{who.name} {who.revision}, MEDIBUS {who.version[0]:02}.{who.version[1]:02}"
        if version in VERSIONS:
            yield from self._tell(offset, name)
        elif not self._unlike:
            self._unlike = True
            yield Mismatch(offset, f"{name}: this driver reads MEDIBUS {VERSIONS[0]} to {VERSIONS[-1]}")

    def _samples(self, offset: int, record: bytes) -> Iterator[Output]:
        """Take a sample of each curve; one that is missing from the record is none."""
        raw = values(record)
        if not raw or not self._curves or self._unlike:
            return
        if max(raw) >= len(self._curves):
            self._gap()
            return
        for n, (curve, gathered) in enumerate(self._curves):
            signal, unit, factor = data.CURVES[curve.offer.code]
            value = curve.offer.value(raw[n]) if n in raw else None
            block = gathered.add(None if value is None else round(value * factor, 2))
            if block:
                yield Sampled(offset, SampleBlock(signal=signal, rate_hz=curve.rate_hz, samples=block, unit=unit))

    def _gap(self) -> None:
        for _, gathered in self._curves:
            gathered.gap()

    def _doubtful(self) -> frozenset[Parameter]:
        return frozenset(p for alarm in self._alarms.get(1, ()) for p in data.DOUBTS.get(alarm.code, ()))

    def _owe(self, code: int) -> None:
        if code not in self._owed and len(self._owed) < _MOST_ANSWERS:
            self._owed.append(code)

    def _tell(self, offset: int, text: str) -> Iterator[Output]:
        """Give a notice where it is news."""
        if text and text != self._said:
            yield DeviceNotice(offset, text)
        self._said = text or self._said


_UNREADABLE = DeviceAlarm(code="?", text="the device's alarms cannot be read", priority=Priority.HIGH)


def _passed(begin: Instant | None, seconds: float, at: Instant) -> bool:
    """Whether so much time has passed since `begin`; without a begin it has."""
    return begin is None or at.since(begin) >= seconds
