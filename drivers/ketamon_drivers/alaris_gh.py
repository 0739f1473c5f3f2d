r"""Alaris / IVAC / Asena GH, CC, TIVA and PK syringe pumps ("Alaris Communications Protocol"), monitoring only.

The wire
    38400 8N1. The host asks, the pump answers, one question at a time. Both directions look the same:

        ! verb ^ field ^ … | CRC \r         CRC-16/CCITT-FALSE between ! and |, four upper-case hex digits

        !INF|4961
        !INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725|DB9D

    INF: serial, alarm flag (- or A), mode, rate, unit, drug, infused, unit, pressure, unit, time left, log type and id.
    ESC from the pump means that it abandoned the message it was sending. The drug is what people typed, so it alone may
    hold `!`, `|` and `^`: the CRC stands at a fixed place from the end and tells which `!` is the beginning, and five
    fields before the drug and seven behind it, none of which can hold such a letter, tell what is the drug. A message
    with such a drug is garbage where any other field has not its strict form, or where two beginnings fit.

What is sent
    Ten questions that only read, byte for byte (`allow_list`). This driver cannot start, stop, program or take remote
    control of a pump: with remote control on, a pump that hears nothing for 15 s stops the infusion.

What can mislead
    Mode SET is "infusing" only with a rate above 0. Keep-vein-open and the end of an infusion cannot be told from INF:
    they follow from the alarm that stands while INF's flag says there is one. ALARM is asked every 2 s, so they are
    told so late at most, at first without a rate: the last one known is of before. A bolus or purge looks like a
    higher rate. A unit other than the expected one makes a number unreadable, never converted. Numbers may have a
    decimal comma. An unknown alarm code is shown raw, with high priority.

Source: CareFusion Alaris Communications Protocol as two public implementations and a recorded reply show it (OpenICE
demo devices; infupy 2022.1.11); Alaris CC directions for use 1000DF00329 for the remote-control watchdog. What the
alarm codes mean is read from their mnemonics.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, cycle

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Priority, PumpAlarm, PumpState, PumpStatus
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
from ketamon.wire.checksums import crc16_ccitt_false
from ketamon.wire.framing import Segment, Terminated
from ketamon.wire.pace import Pace

LONGEST_FRAME = 256
_END, _ABANDONED = b"\r", b"\x1b"
_FRAME = re.compile(rb"!([ -~\x80-\xff]*)\|([0-9A-F]{4})\r")
_STATUS = re.compile(rb"!(?=INF\^)")
_VERB = re.compile(r"[A-Z][A-Z0-9_]{0,31}")
_NUMBER = re.compile(r" *(-?\d{1,6}(?:[.,]\d{1,4})?)", re.ASCII)
_CLOCK = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)", re.ASCII)
_OVER_A_DAY = "24+"
_PLAIN = rf"(?:{_NUMBER.pattern})?".replace("(-", "(?:-")
_AROUND_DRUG = re.compile(
    rf"(INF\^[\w -]*\^[-A]\^[A-Z]{{3}}\^{_PLAIN}\^ml/h)\^(.*)"
    rf"\^({_PLAIN}\^ml\^{_PLAIN}\^mmHg\^(?:\d\d:[0-5]\d:[0-5]\d|24\+)?\^[A-Z]*\^\d*)",
    re.ASCII,
)

ONCE = ("INST_SERIALNO", "COMMS_PROTOCOL", "SYRINGE_STATUS")
AGAIN = ("INF", "ALARM")
READ_ONLY = (*ONCE, *AGAIN, "COMMS_RESPONSE_MAX", "INF_RATE_MAX_SYRINGE", "INF_VTBI", "INF_RATE", "INF_VI")
PERIOD_NS = 1_000_000_000
"""A question a second, so INF every 2 s. No shorter interval is known to be safe for the pump."""
_TRIES = 2


def frame(content: str) -> bytes:
    """Wrap a message: start, CRC, end."""
    data = content.encode("latin-1")
    return b"!%b|%04X\r" % (data, crc16_ccitt_false(data))


REQUESTS = {verb: frame(verb) for verb in READ_ONLY}


def unframe(raw: bytes) -> str | None:
    """Return the message of one whole frame, or None where it is none or its CRC is wrong."""
    match = _FRAME.fullmatch(raw)
    if not match or len(raw) > LONGEST_FRAME or crc16_ccitt_false(match[1]) != int(match[2], 16):
        return None
    return match[1].decode("latin-1")


def fields_of(content: str) -> list[str]:
    """Return the verb and the fields of a message, none where it has a letter that only a drug may have."""
    around = _AROUND_DRUG.fullmatch(content)
    if around:
        return [*around[1].split("^"), around[2], *around[3].split("^")]
    return [] if {"!", "|"} & set(content) else content.split("^")


ALARMS = {
    "AL_ACDIS": ("mains lost", Priority.LOW),
    "AL_CALLB": ("call back: left without action", Priority.MEDIUM),
    "AL_COMTO": ("communication time-out", Priority.MEDIUM),
    "AL_DRDIS": ("drive disengaged", Priority.HIGH),
    "AL_EMBAT": ("battery empty", Priority.HIGH),
    "AL_EOIKV": ("end of infusion, keeps vein open", Priority.MEDIUM),
    "AL_EOIST": ("end of infusion, stopped", Priority.MEDIUM),
    "AL_FAULT": ("internal fault", Priority.HIGH),
    "AL_LBTAC": ("battery low", Priority.MEDIUM),
    "AL_LDSCN": ("AL_LDSCN: nobody has said what it means", Priority.HIGH),
    "AL_LWBAT": ("battery low", Priority.MEDIUM),
    "AL_NEOIN": ("near end of infusion", Priority.LOW),
    "AL_OCCLU": ("occlusion", Priority.HIGH),
    "AL_PRDSC": ("pressure disc", Priority.HIGH),
    "AL_RHIGH": ("rate high", Priority.HIGH),
    "AL_SYRCO": ("check syringe", Priority.HIGH),
    "AL_TCITA": ("target-control message", Priority.MEDIUM),
    "AL_TCITG": ("target-control message", Priority.MEDIUM),
    "AL_TCITNC": ("target-control message", Priority.MEDIUM),
    "AL_VTBIC": ("volume given, infusion goes on", Priority.MEDIUM),
    "AL_VTBIK": ("volume given, keeps vein open", Priority.MEDIUM),
    "AL_VTBIS": ("volume given, stopped", Priority.MEDIUM),
}
NO_ALARM = "AL_NOALM"
STATE_OF_ALARM = {
    "AL_EOIKV": PumpState.KVO,
    "AL_VTBIK": PumpState.KVO,
    "AL_EOIST": PumpState.ENDED,
    "AL_VTBIS": PumpState.ENDED,
}


@dataclass(frozen=True, slots=True)
class Number:
    """How a number of the pump is written: its unit, to the letter, and what it cannot leave."""

    unit: str
    low: float
    high: float


NUMBERS = {
    Parameter.RATE: Number("ml/h", 0, 1500),
    Parameter.VOLUME_INFUSED: Number("ml", 0, 10000),
    Parameter.VTBI: Number("ml", 0, 10000),
    Parameter.PRESSURE: Number("mmHg", -500, 2000),
}


def number(parameter: Parameter, text: str, unit: str) -> Reading:
    """Read a number of the pump. Anything but a plain number in the right unit and range has no value."""
    form = NUMBERS[parameter]
    if not text.strip():
        return _reading(parameter, None, Quality.MISSING)
    match = _NUMBER.fullmatch(text)
    if not match or unit != form.unit:
        return _reading(parameter, None, Quality.INVALID)
    value = float(match[1].replace(",", ".")) or 0.0  # never -0.0
    if not form.low <= value <= form.high:
        return _reading(parameter, None, Quality.INVALID)
    return _reading(parameter, value, Quality.VALID)


def time_remaining(text: str) -> Reading:
    """Read the time left, `HH:MM:SS` or `24+`."""
    if text == _OVER_A_DAY:
        return _reading(Parameter.TIME_REMAINING, None, Quality.OVER)
    match = _CLOCK.fullmatch(text)
    if not match:
        return _reading(Parameter.TIME_REMAINING, None, Quality.INVALID if text.strip() else Quality.MISSING)
    hours, minutes, seconds = map(int, match.groups())
    return _reading(Parameter.TIME_REMAINING, float(hours * 3600 + minutes * 60 + seconds), Quality.VALID)


def _reading(parameter: Parameter, value: float | None, quality: Quality) -> Reading:
    return Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality)


def device_alarm(code: str, more: str) -> DeviceAlarm:
    """Put an alarm code into words; `more` is what else the pump says of it."""
    text, priority = ALARMS.get(code.replace(" ", "_"), ("unknown alarm", Priority.HIGH))
    return DeviceAlarm(code=code, text=f"{text} ({more})" if more else text, priority=priority)


class AlarisGh:
    """One connection to a pump. It remembers what it asked, which alarm stands, and what it complained of."""

    def __init__(self) -> None:
        self._segments = Terminated(_END + _ABANDONED, LONGEST_FRAME)
        self._questions = chain(ONCE, cycle(AGAIN))
        self._asked = ""
        self._tries = 0
        self._pace = Pace(PERIOD_NS)
        self._standing: PumpState | None = None
        self._status: PumpStatus | None = None
        self._complaints: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the pump's status, alarms and numbers from every whole answer."""
        del at
        for segment in self._segments.feed(data):
            yield from self._segment(segment)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Ask one question a second; one that stays without an answer is asked a second time, then left."""
        if not self._pace.due(at):
            return
        if not self._asked or self._tries >= _TRIES:
            self._asked, self._tries = next(self._questions), 0
        if self._asked == "INF":
            self._status = None  # the one before is of the past, should this one fail
        self._tries += 1
        yield Send(REQUESTS[self._asked])

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield Garbage(segment.offset, segment.raw, "the input ended within a message")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A segment is at most one frame, at its end: the last start character in it begins one, or that of an INF."""
        raw, offset = segment.raw, segment.offset
        if not segment.ended or raw.endswith(_ABANDONED):
            yield Garbage(offset, raw, "the pump abandoned its message" if segment.ended else "no end of message")
            return
        starts = {raw.rfind(b"!"), *(match.start() for match in _STATUS.finditer(raw))}
        found = [(start, content) for start in starts if (content := unframe(raw[start:])) is not None]
        if len(found) != 1:
            yield Garbage(offset, raw, "the CRC or the form is wrong")
            return
        ((start, content),) = found
        verb, *fields = fields_of(content) or [""]
        layout = LAYOUTS.get(verb, _UNKNOWN)
        if not _VERB.fullmatch(verb) or (fields and len(fields) not in layout.counts):
            yield Garbage(offset, raw, "the layout is unknown")
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a message")
        yield Accepted(offset + start, len(raw) - start, verb if fields else f"request {verb}")
        if fields or layout is _UNKNOWN:
            yield from layout.read(self, offset + start, [verb, *fields])
        if fields and verb == self._asked:
            self._asked = ""

    def status(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """INF: what the pump does. A flag other than "-" counts as an alarm."""
        _, serial, flag, mode, rate, per_hour, drug, infused, ml, pressure, mmhg, left, _, _ = fields
        alarm = flag != "-"
        if not alarm:
            self._standing = None
        readings = (
            number(Parameter.RATE, rate, per_hour),
            number(Parameter.VOLUME_INFUSED, infused, ml),
            time_remaining(left),
            number(Parameter.PRESSURE, pressure, mmhg),
        )
        values = {str(reading.parameter): reading.value for reading in readings}
        state = self._standing or _state(mode, values["rate"])
        status = PumpStatus(state=state, alarm=alarm, drug=drug.strip(), serial=serial.strip(), head="", **values)
        self._status = status
        yield PumpTelemetry(offset, status)
        written = (f"{rate} {per_hour}", f"{infused} {ml}", left, f"{pressure} {mmhg}")
        for reading, text in zip(readings, written, strict=True):
            yield from self._measured(offset, reading, text)
        yield from self._complain(offset, "mode", "" if mode in _MODES else mode)

    def alarms(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """ALARM: the one that stands; only the word for "none" is none. One that tells the state tells it at once."""
        code, *more = (field.strip() for field in fields[1:])
        before, self._standing = self._standing, STATE_OF_ALARM.get(code)
        if self._status and self._standing not in (None, before):
            told = replace(self._status, state=self._standing, alarm=True, rate=None, time_remaining=None)
            yield PumpTelemetry(offset, told)
        none = code == NO_ALARM
        yield DeviceAlarms(offset, () if none else (device_alarm(code, " ".join(filter(None, more))),))

    def rate(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """INF_RATE: rate and unit."""
        return self._one(offset, Parameter.RATE, *fields[1:3])

    def volume_infused(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """INF_VI: volume and unit."""
        return self._one(offset, Parameter.VOLUME_INFUSED, *fields[1:3])

    def vtbi(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """INF_VTBI: whether it is active, then volume and unit, both empty where it is not."""
        return self._one(offset, Parameter.VTBI, *fields[2:4])

    def notice(self, offset: int, fields: list[str]) -> Iterator[Output]:
        """Something the pump says of itself, or a message that this driver does not know."""
        verb, *rest = (field.strip() for field in fields)
        yield DeviceNotice(offset, NOTICES.get(verb, f"unknown message {verb}").format(*rest))

    def _one(self, offset: int, parameter: Parameter, text: str, unit: str = "") -> Iterator[Output]:
        yield from self._measured(offset, number(parameter, text, unit), f"{text} {unit}")

    def _measured(self, offset: int, reading: Reading, text: str) -> Iterator[Output]:
        yield Measured(offset, reading)
        yield from self._complain(offset, reading.parameter, text if reading.quality is Quality.INVALID else "")

    def _complain(self, offset: int, what: str, text: str) -> Iterator[Output]:
        """Tell once of what cannot be read, and again when it changes."""
        if text and self._complaints.get(what) != text:
            yield DeviceNotice(offset, f"{what.replace('_', ' ')} cannot be read: {text!r}")
        self._complaints[what] = text


_MODES = ("SET", "HLD")


def _state(mode: str, rate: float | None) -> PumpState:
    if mode == "HLD":
        return PumpState.HELD
    if mode != "SET" or rate is None:
        return PumpState.UNKNOWN
    return PumpState.INFUSING if rate > 0 else PumpState.READY


@dataclass(frozen=True, slots=True)
class Layout:
    """How many fields follow a verb, and what reads them."""

    counts: range
    read: Callable[[AlarisGh, int, list[str]], Iterator[Output]]


NOTICES = {
    "INST_SERIALNO": "serial number {}",
    "COMMS_PROTOCOL": "protocol {}",
    "COMMS_RESPONSE_MAX": "answers within {} {}",
    "SYRINGE_STATUS": "syringe {}, {} mL, {}",
    "INF_RATE_MAX_SYRINGE": "highest rate for this syringe {} {}",
}
_UNKNOWN = Layout(range(LONGEST_FRAME), AlarisGh.notice)
LAYOUTS = {
    "INF": Layout(range(13, 14), AlarisGh.status),
    "ALARM": Layout(range(1, 4), AlarisGh.alarms),
    "INF_RATE": Layout(range(2, 3), AlarisGh.rate),
    "INF_VI": Layout(range(2, 3), AlarisGh.volume_infused),
    "INF_VTBI": Layout(range(2, 5), AlarisGh.vtbi),
    **{verb: Layout(range(text.count("{}"), text.count("{}") + 1), AlarisGh.notice) for verb, text in NOTICES.items()},
}


class AlarisSimulator:
    """A pump that answers the questions that only read, and nothing else."""

    def __init__(self) -> None:
        self._heard = Terminated(_END, LONGEST_FRAME)
        self._truth: Truth | None = None

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a pump says nothing of its own accord."""
        self._truth = truth
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question with what was true last."""
        asked = (unframe(segment.raw) for segment in self._heard.feed(data))
        answers = (self._answer(verb) for verb in asked)
        return b"".join(frame(answer) for answer in answers if answer)

    def _answer(self, verb: str | None) -> str:
        truth = self._truth
        if truth is None or truth.pump is None:
            return ""
        pump, codes = truth.pump, _codes(truth)
        serial = pump.serial or "0000-00000"
        answers = {
            "INST_SERIALNO": f"^{serial}",
            "COMMS_PROTOCOL": "^Asena Rev 2.1.5",
            "COMMS_RESPONSE_MAX": "^4000^ms",
            "SYRINGE_STATUS": "^BD PLASTIPAK^ 50^CONF",
            "INF_RATE_MAX_SYRINGE": "^1200.00^ml/h",
            "INF_RATE": f"^{_written(pump.rate, 2)}^ml/h",
            "INF_VI": f"^{_written(pump.volume_infused, 3)}^ml",
            "INF_VTBI": "^DEACT^^^" if pump.vtbi is None else f"^ACTIV^{_written(pump.vtbi, 3)}^ml^STOP",
            "ALARM": f"^{codes[0] if codes else NO_ALARM}^ ^ ",
            "INF": f"^{serial}^{'A' if codes or pump.alarm else '-'}^{_SIMULATED_MODES.get(pump.state, 'SET')}"
            f"^{_written(pump.rate, 2)}^ml/h^{pump.drug}^{_written(pump.volume_infused, 3)}^ml"
            f"^{_written(pump.pressure, 2)}^mmHg^{_clock(pump.time_remaining)}^EVENT^1",
        }
        return f"{verb}{answers[verb]}" if verb in answers else ""


_SIMULATED_MODES = {PumpState.HELD: "HLD", PumpState.ENDED: "HLD"}
_SIMULATED_ALARMS = {PumpState.KVO: "AL_VTBIK", PumpState.ENDED: "AL_VTBIS"}
_SIMULATED_CODES = {
    PumpAlarm.NEAR_END: "AL_NEOIN",
    PumpAlarm.ENDED: "AL_EOIST",
    PumpAlarm.KVO: "AL_EOIKV",
    PumpAlarm.OCCLUSION: "AL_OCCLU",
    PumpAlarm.BATTERY_LOW: "AL_LBTAC",
}


def _codes(truth: Truth) -> tuple[str, ...]:
    """The alarm that tells keep-vein-open or the end comes first, as the pump reports one alarm at a time."""
    state = truth.pump.state if truth.pump else PumpState.UNKNOWN
    telling = _SIMULATED_ALARMS.get(state)
    codes = tuple(_SIMULATED_CODES[alarm] for alarm in truth.pump_alarms)
    if telling is None or any(STATE_OF_ALARM.get(code) is state for code in codes):
        return tuple(sorted(codes, key=lambda code: STATE_OF_ALARM.get(code) is not state))
    return (telling, *codes)


def _written(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}" if hours < 24 else _OVER_A_DAY  # noqa: PLR2004 (hours of a day)


SPEC = DriverSpec(
    id="alaris-gh",
    vendor="BD / CareFusion",
    model="Alaris, IVAC and Asena GH, CC, TIVA, PK syringe pumps",
    label="Alaris GH",
    kind=DeviceKind.PUMP,
    line=LineSettings(baud=38400),
    parameters=(*NUMBERS, Parameter.TIME_REMAINING),
    quiet_after_s=4.5,
    interval_s=len(AGAIN) * PERIOD_NS / 1e9,
    max_buffer=Terminated.held(LONGEST_FRAME),
    document="Alaris Communications Protocol, from public implementations and a recorded reply",
    make=AlarisGh,
    simulate=AlarisSimulator,
    allow_list=AllowList(frozenset(REQUESTS.values())),
    probe=(REQUESTS["INST_SERIALNO"],),
    alarms_decoded=True,
    note="monitoring only; RS-232 must be selected in the pump's options menu",
)
