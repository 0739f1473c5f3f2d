"""Terumo TE-SS730 and TE-SS830 syringe pumps and the TE-LF630 volumetric pump, monitoring only.

The wire
    The host asks, the pump answers; a frame is one line of XML without white space, and a CRC over just that:

        STX <?xml version="1.0"?><REQ><DEVID></DEVID></REQ> 8411 ETX                          who are you
        STX <?xml version="1.0"?><REP><DEVID>000100700000001201000001</DEVID></REP> D38C ETX
        STX <?xml version="1.0"?><REQ><DEVID>…</DEVID><CMD>AQEAAA==</CMD></REQ> A9A4 ETX      what do you do
        STX <?xml version="1.0"?><REP><DEVID>…</DEVID><CMD>AAEAAAAEAwAQ…</CMD></REP> 901D ETX

    CRC-16/XMODEM, four upper-case hex digits; STX is 02, ETX is 03. CMD is base64: sequence number (00 to 7E for the
    host; the pump's own need not be the same), command, sub-command, in answers the result, and data. All numbers are
    big-endian; what lies behind the dilution is not documented. Baud rate and parity are not in the manuals that were
    read: try the variants.

What is sent
    The question for the device's number, and the one for its basic operating status (command 01 00 00); nothing else
    fits the template. A pump that leaves three questions without an answer is looked for again.

What can mislead
    Flow is the rate that is set: it is told while the pump runs, as 0 while it stands, and not at all during a purge or
    bolus, whose speed the pump does not tell. A bolus counts as infusing; a purge is an unknown state, with a notice.
    A pump that stands has ended if completion is among its alarms, is held if it gave something, else ready. The rate
    that keeps a vein open is not told apart: it looks like an infusion. The manual gives alarms no priority: these are
    ours, and the reserved bits of the field count as unknown alarms. Damage that leaves the CRC right slips through.

Source: Terumo TE-SS730/TE-SS830 (2020-04), TE-SS830P (2019-08) and TE-LF630N instruction manuals, "About External
Communication Functions". The answer printed for the SS730 fails its own CRC.
"""

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Iterator
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Evidence, Priority, PumpAlarm, PumpState, PumpStatus
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
    Variant,
)
from ketamon.wire.checksums import crc16_xmodem
from ketamon.wire.framing import Segment, Terminated
from ketamon.wire.pace import Pace

LONGEST_FRAME = 512
_ETX = b"\x03"
_FRAME = re.compile(
    rb'\x02(<\?xml version="1\.0"\?><(?P<kind>REQ|REP)><DEVID>(?P<id>(?:[0-9A-F]{24})?)</DEVID>'
    rb"(?:<CMD>(?P<cmd>[A-Za-z0-9+/]+={0,2})</CMD>)?</(?P=kind)>)([0-9A-F]{4})\x03"
)
_STATUS_TEMPLATE = re.compile(  # base64 of a sequence number from 00 to 7E, then 01 00 00
    rb'\x02<\?xml version="1\.0"\?><REQ><DEVID>[0-9A-F]{24}</DEVID>'
    rb"<CMD>(?!fw)[A-Za-f][AQgw]EAAA==</CMD></REQ>[0-9A-F]{4}\x03"
)

PERIOD_NS = 2_000_000_000
"""A question every two seconds. No shorter interval is known to be safe for the pump."""
_TRIES = 3
_SEQUENCES = 0x7F
_BASIC_STATUS = b"\x01\x00\x00"
_DONE = 0x00
_RESULTS = {
    0x11: "it does not know the question",
    0x12: "it cannot answer now",
    0x13: "the question is too short",
    0x14: "the question is too long",
    0x15: "something in the question is out of range",
}
_SHORTEST_STATUS = 34


def frame(kind: str, device: str, command: bytes = b"") -> bytes:
    """Wrap a question (REQ) or an answer (REP) to or of a device."""
    cmd = f"<CMD>{b2a_base64(command, newline=False).decode()}</CMD>" if command else ""
    xml = f'<?xml version="1.0"?><{kind}><DEVID>{device}</DEVID>{cmd}</{kind}>'.encode("ascii")
    return b"\x02%b%04X\x03" % (xml, crc16_xmodem(xml))


DISCOVER = frame("REQ", "")


def ask_status(device: str, sequence: int) -> bytes:
    """Write the question for a device's basic operating status."""
    return frame("REQ", device, bytes([sequence % _SEQUENCES]) + _BASIC_STATUS)


@dataclass(frozen=True, slots=True)
class Message:
    """One whole frame: a question or an answer, the device it is to or of, and its command."""

    kind: str
    device: str
    command: bytes


def unframe(raw: bytes) -> Message | None:
    """Read one whole frame; None where it is none, its CRC is wrong, or its command is no base64."""
    match = _FRAME.fullmatch(raw)
    if not match or len(raw) > LONGEST_FRAME or crc16_xmodem(match[1]) != int(match[5], 16):
        return None
    try:
        command = a2b_base64(match["cmd"] or b"")
    except Error:
        return None
    return Message(match["kind"].decode(), match["id"].decode(), command)


@dataclass(frozen=True, slots=True)
class Field:
    """Where a number stands in the status, three bytes long: its factor, and the most that it can be."""

    offset: int
    per_unit: int
    most: float


FIELDS = {
    Parameter.RATE: Field(16, 100, 2000),
    Parameter.VOLUME_INFUSED: Field(19, 100, 10_000),
    Parameter.VTBI: Field(22, 10, 10_000),
}
NO_TARGET = (0xFFFFFF, 0xEEEEEE)
"""A volume to be infused that is unlimited, or switched off."""

STATE_AT, ALARMS_AT, POWER_AT = 7, 10, 13
STOP, START, STANDBY, PURGE, HANDS_ON_BOLUS, HANDS_FREE_BOLUS = range(6)
_STANDS = (STOP, STANDBY)
_NOTICES = {PURGE: "pump purges", HANDS_ON_BOLUS: "bolus, by hand", HANDS_FREE_BOLUS: "bolus"}
_INFUSES = (START, HANDS_ON_BOLUS, HANDS_FREE_BOLUS)
_COMPLETION = 2

ALARMS = {
    0: ("shutdown notice", Priority.MEDIUM),
    1: ("link interrupted", Priority.MEDIUM),
    _COMPLETION: ("infusion complete", Priority.MEDIUM),
    3: ("occlusion", Priority.HIGH),
    4: ("syringe displaced", Priority.HIGH),
    5: ("plunger displaced", Priority.HIGH),
    6: ("slider displaced", Priority.HIGH),
    7: ("syringe barrel not seen", Priority.HIGH),
    8: ("nearly empty", Priority.LOW),
    13: ("power failure", Priority.HIGH),
    15: ("mains power", Priority.LOW),
    16: ("no flow rate set", Priority.MEDIUM),
    17: ("flow rate and volume do not fit", Priority.MEDIUM),
    18: ("no volume set", Priority.MEDIUM),
    19: ("battery low", Priority.MEDIUM),
    20: ("start reminder", Priority.MEDIUM),
    21: ("pressure", Priority.HIGH),
    22: ("maintenance is due", Priority.LOW),
    23: ("battery worn or faulty", Priority.MEDIUM),
}
_ALARM_BITS = 24


def number(parameter: Parameter, status: bytes) -> Reading:
    """Read a number of the status; what no pump of this kind can do has no value."""
    field = FIELDS[parameter]
    raw = int.from_bytes(status[field.offset : field.offset + 3], "big")
    value: float | None = raw / field.per_unit
    quality = Quality.VALID
    if parameter is Parameter.VTBI and raw in NO_TARGET:
        value, quality = None, Quality.MISSING
    elif raw > field.most * field.per_unit:
        value, quality = None, Quality.INVALID
    return _reading(parameter, value, quality)


def alarms(bits: int) -> tuple[DeviceAlarm, ...]:
    """Put the alarm bits into words."""
    found = (n for n in range(_ALARM_BITS) if bits >> n & 1)
    known = ((n, *ALARMS.get(n, ("unknown alarm", Priority.HIGH))) for n in found)
    return tuple(DeviceAlarm(code=f"bit {n}", text=text, priority=priority) for n, text, priority in known)


def _reading(parameter: Parameter, value: float | None, quality: Quality) -> Reading:
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)


def _flow(reading: Reading, does: int) -> Reading:
    """The set rate as what flows: nothing while the pump stands, unknown while it moves at another speed."""
    if does in _STANDS:
        return _reading(Parameter.RATE, 0.0, Quality.VALID)
    return reading if does == START else _reading(Parameter.RATE, None, Quality.MISSING)


def _state(does: int, bits: int, volume: float | None) -> PumpState:
    if does in _INFUSES:
        return PumpState.INFUSING
    if does not in _STANDS or volume is None:
        return PumpState.UNKNOWN
    if bits >> _COMPLETION & 1:
        return PumpState.ENDED
    return PumpState.HELD if volume > 0 or does == STANDBY else PumpState.READY


class TerumoTe:
    """One connection to a pump. It remembers the pump's number, and what it asked without an answer."""

    def __init__(self) -> None:
        self._segments = Terminated(_ETX, LONGEST_FRAME)
        self._device = ""
        self._unanswered = 0
        self._sequence = 0
        self._pace = Pace(PERIOD_NS)
        self._told: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the pump's status, alarms and numbers from every whole answer."""
        del at
        for segment in self._segments.feed(data):
            yield from self._segment(segment)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask who is there until somebody answers, then what it does, every two seconds."""
        if not self._pace.due(at):
            return
        if self._unanswered >= _TRIES:
            self._device = ""
        if not self._device:
            yield Send(DISCOVER)
            return
        self._unanswered, self._sequence = self._unanswered + 1, (self._sequence + 1) % _SEQUENCES
        yield Send(ask_status(self._device, self._sequence))

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield Garbage(segment.offset, segment.raw, "the input ended within a message")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A segment is at most one frame, at its end: only the last start in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start = max(raw.rfind(b"\x02"), 0)
        message = unframe(raw[start:]) if segment.ended else None
        if message is None:
            yield Garbage(offset, raw, "the CRC or the form is wrong" if segment.ended else "no end of message")
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a message")
        yield Accepted(offset + start, len(raw) - start, "request" if message.kind == "REQ" else "answer")
        if message.kind == "REP" and message.device:
            yield from self._answer(message, offset + start)

    def _answer(self, message: Message, offset: int) -> Iterator[Output]:
        if not message.command:
            self._device, self._unanswered = message.device, 0
            yield from self._tell(offset, "device", f"device number {message.device}")
            return
        if self._device and message.device != self._device:
            yield from self._tell(offset, "other", f"an answer of another pump, {message.device}, is not read")
            return
        asked, status = message.command[1:4], message.command
        if asked != _BASIC_STATUS or len(status) < len(_BASIC_STATUS) + 2:
            yield from self._tell(offset, "refusal", "an answer to another question")
            return
        self._unanswered = 0
        result = status[4]
        if result != _DONE or len(status) < _SHORTEST_STATUS:
            why = _RESULTS.get(result, f"result {result:02X}") if result else "the answer is too short"
            yield from self._tell(offset, "refusal", f"no status: {why}")
            return
        yield from self._status(message, offset)

    def _status(self, message: Message, offset: int) -> Iterator[Output]:
        status = message.command
        does = status[STATE_AT] >> 4
        bits = int.from_bytes(status[ALARMS_AT : ALARMS_AT + 3], "big")
        readings = {parameter: number(parameter, status) for parameter in FIELDS}
        readings[Parameter.RATE] = _flow(readings[Parameter.RATE], does)
        volume = readings[Parameter.VOLUME_INFUSED].value
        told = PumpStatus(
            state=_state(does, bits, volume),
            rate=readings[Parameter.RATE].value,
            volume_infused=volume,
            vtbi=readings[Parameter.VTBI].value,
            alarm=bool(bits),
            serial=message.device,
        )
        yield PumpTelemetry(offset, told)
        yield DeviceAlarms(offset, alarms(bits))
        for parameter, reading in readings.items():
            yield Measured(offset, reading)
            unreadable = reading.quality is Quality.INVALID
            text = f"{parameter.replace('_', ' ')} cannot be read" if unreadable else ""
            yield from self._tell(offset, parameter, text)
        known = does in _STANDS or does == START
        yield from self._tell(offset, "state", "" if known else _NOTICES.get(does, f"unknown state {does:X}"))
        on_battery = status[POWER_AT] >> 4 & 3 == 0
        yield from self._tell(offset, "power", "on battery" if on_battery else "")

    def _tell(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Tell once, and again when it changes."""
        if text and self._told.get(what) != text:
            yield DeviceNotice(offset, text)
        self._told[what] = text


_DEVICE = "000100700000001201000001"
_ON_MAINS = 0x55
_SYRINGE_50_ML = 0x06
_VERSION = b"\x04\x03"
_SIMULATED_STATES = {PumpState.INFUSING: START, PumpState.KVO: START}
_SIMULATED_BITS = {
    PumpAlarm.NEAR_END: 8,
    PumpAlarm.ENDED: _COMPLETION,
    PumpAlarm.KVO: _COMPLETION,
    PumpAlarm.OCCLUSION: 3,
    PumpAlarm.BATTERY_LOW: 19,
}


class TerumoSimulator:
    """A pump that says who it is and what it does, and obeys nothing."""

    def __init__(self) -> None:
        self._heard = Terminated(_ETX, LONGEST_FRAME)
        self._truth: Truth | None = None

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a pump says nothing of its own accord."""
        self._truth = truth
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question that is known."""
        return b"".join(self._answer(unframe(segment.raw)) for segment in self._heard.feed(data))

    def _answer(self, message: Message | None) -> bytes:
        if message is None or message.kind != "REQ" or self._truth is None or self._truth.pump is None:
            return b""
        if not message.device:
            return frame("REP", _DEVICE)
        if message.device != _DEVICE or message.command[1:] != _BASIC_STATUS:
            return b""
        return frame("REP", _DEVICE, b"\x00" + _BASIC_STATUS + bytes([_DONE]) + self._status(self._truth))

    def _status(self, truth: Truth) -> bytes:
        pump = truth.pump or PumpStatus(state=PumpState.UNKNOWN)
        bits = sum(1 << bit for bit in {_SIMULATED_BITS[alarm] for alarm in truth.pump_alarms})
        does = _SIMULATED_STATES.get(pump.state, STOP)
        numbers = {Parameter.RATE: pump.rate, Parameter.VOLUME_INFUSED: pump.volume_infused, Parameter.VTBI: pump.vtbi}
        written = b"".join(_written(parameter, value) for parameter, value in numbers.items())
        head = _VERSION + bytes([does << 4, 0x10, 0]) + bits.to_bytes(3, "big")
        return head + bytes([_ON_MAINS, 0, _SYRINGE_50_ML]) + written + bytes(4) + b"\xff\xff" + bytes(3)


def _written(parameter: Parameter, value: float | None) -> bytes:
    missing = NO_TARGET[0] if parameter is Parameter.VTBI else 0
    return (missing if value is None else round(value * FIELDS[parameter].per_unit)).to_bytes(3, "big")


def _at(baud: int) -> Variant:
    line = LineSettings(baud=baud)
    return Variant(name=str(baud), about=f"at {line}", line=line, make=TerumoTe, simulate=TerumoSimulator)


SPEC = DriverSpec(
    id="terumo-te",
    vendor="Terumo",
    model="TE-SS730, TE-SS830 syringe pumps, TE-LF630 volumetric pump",
    label="Terumo TE",
    kind=DeviceKind.PUMP,
    line=LineSettings(baud=9600),
    parameters=tuple(FIELDS),
    quiet_after_s=7.0,
    interval_s=PERIOD_NS / 1e9,
    max_buffer=Terminated.held(LONGEST_FRAME),
    document="Terumo TE-SS730/TE-SS830 (2020-04), TE-SS830P (2019-08), TE-LF630N instruction manuals",
    make=TerumoTe,
    simulate=TerumoSimulator,
    allow_list=AllowList(frozenset({DISCOVER}), (_STATUS_TEMPLATE,)),
    probe=(DISCOVER,),
    variants=(_at(19200), _at(38400)),
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="monitoring only; the manuals read do not give the line settings: if 9600 8N1 is silent, try +19200 or +38400",
)
