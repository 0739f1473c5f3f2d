"""Masimo pulse oximeters: Rad-8, Radical-7, Rad-87 with serial output "ASCII 1".

The wire
    9600 8N1, passive: a line a second, ended by LF CR, some units put NULs before it.

        02/22/16 22:47:45 SN=0000056661 SPO2=098% BPM=097 PI=03.60% … ALARM=0000 EXC=000800

    Which keys there are and in which order differs by model (a Rad-8 has 12 words a line, a Radical-7 up to 17); SN is
    first, EXC or EXC1 last. Dashes are "no value", and so is 000.

        SN SPO2 BPM PI     serial number, saturation %, pulse rate 1/min, perfusion index %: read
        SPCO SPMET         carboxy- and methaemoglobin, %; with a rainbow sensor only, like the next
        SPHB SPOC          total haemoglobin, oxygen content
        PVI DESAT PIDELTA  pleth variability index, Desat Index, PI Delta
        RESVD              reserved
        ALARM EXC EXC1     bits, see below; EXC1 on a Radical-7 only

    What is not read must still have its form. Keys that nobody has described are passed over.

    A trend dump of a Rad-8 has lines of its own, `07/21/04 09:56:12 SpO2=097 PR=069 PI=04.69 EXC=800:SET`: these values
    are stored ones.

What can be garbled
    There is no checksum, so the grammar is the check: the whole line must fit, every known key its own form and range,
    none twice, none of the necessary ones missing. What stands on the same line before the date is noise, and a line
    whose end was lost goes with it. A digit that became another digit shows only by a number that jumps
    (`ketamon.wire.continuity.Vitals`), so a true jump comes one line, a second, late. What can slip through: a digit
    of a number's last place, decimals of PI, and the first line of all.

What the bits say
    EXC tells whether a number can be trusted (operator's manual). ALARM is called proprietary by the vendor: its bits
    are known from observation of one clinic's lines only, so these alarms are experimental, and that none is reported
    proves nothing. Bit 4 was set whenever a known alarm was. Bits that nobody has explained, and known ones without bit
    4, are shown when the next line has any too, raw and with high priority; bits of EXC (reserved by the vendor, or a
    digit that moved) and EXC1 (never explained, 0 in the line that is known) make the numbers questionable.

A frame is a line with its first terminator; the other terminators and NULs after it are frames called "blank".

Source: Masimo Rad-8 operator's manual, serial interface and trend sections; Radical-7 service manual.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    Truth,
)
from ketamon.wire.continuity import Alarms, Vitals
from ketamon.wire.framing import Segment, Terminated

LONGEST_LINE = 512
_BLANK = b"\r\n\0"
_MOST_BLANKS = 16
"""So many loose terminators and NULs may follow a line; more is noise, not a device that is well."""

_DATE = re.compile(rb"(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])/\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d (?=SN=|SpO2=)")
_TREND = re.compile(
    rb"SpO2=(?P<spo2>0\d\d|100|---) PR=(?P<pr>[01]\d\d|2[0-3]\d|240|---) PI=(?P<pi>\d\d\.\d\d|--\.--)"
    rb" EXC=(?P<exc>[0-9A-F]{3}):(?P<names>[A-Za-z]+(?:,[A-Za-z]+)*)?"
)
_OTHER_KEY = re.compile(rb"[A-Z][A-Z0-9]{2,11}")
_OTHER_VALUE = re.compile(rb"[!-<>-~]{1,16}")
_ANALYTE = re.compile(rb"[+-]?(?:\d{1,3}(?:\.\d{1,2})?|-{1,3}(?:\.-{1,2})?)%?")

GRAMMAR: dict[bytes, re.Pattern[bytes]] = {
    b"SN": re.compile(rb"\d{10}|-{10}"),
    b"SPO2": re.compile(rb"(?:0\d\d|100|-{1,3})%?"),
    b"BPM": re.compile(rb"(?:[01]\d\d|2[0-3]\d|240|-{1,3})%?"),
    b"PI": re.compile(rb"(?:\d\d\.\d\d|-{1,2}(?:\.-{1,2})?)%?"),
    b"ALARM": re.compile(rb"[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}"),
    b"EXC": re.compile(rb"[0-9A-Fa-f]{6,7}"),
    b"EXC1": re.compile(rb"[0-9A-Fa-f]{8}"),
    **dict.fromkeys((b"SPCO", b"SPMET", b"SPHB", b"SPOC", b"RESVD", b"DESAT", b"PIDELTA", b"PVI"), _ANALYTE),
}
NECESSARY = frozenset({b"SN", b"SPO2", b"BPM", b"ALARM", b"EXC"})
LAST = (b"EXC", b"EXC1")

EXCEPTIONS = {
    0x001: "no sensor",
    0x002: "defective sensor",
    0x004: "low perfusion",
    0x008: "pulse search",
    0x010: "interference",
    0x020: "sensor off",
    0x040: "too much ambient light",
    0x080: "unrecognised sensor",
    0x400: "low signal IQ",
}
_SET_ACTIVE = 0x800
UNUSABLE = 0x0E3
QUESTIONABLE = ~(UNUSABLE | _SET_ACTIVE)
_TREND_NAMES = {b"Search": 0x008, b"OffPat": 0x020, b"LowSigIQ": 0x400, b"SET": _SET_ACTIVE}

ALARM_BITS = {
    0: ("SpO2 high", Priority.MEDIUM),
    1: ("SpO2 low", Priority.HIGH),
    2: ("pulse rate high", Priority.MEDIUM),
    3: ("pulse rate low", Priority.MEDIUM),
}
_ALARM_ACTIVE, _MUTED = 4, 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line that fits the grammar: its numbers as written, and its bits; `alarm` is None in a stored line."""

    numbers: Mapping[Parameter, bytes]
    exceptions: int
    alarm: int | None
    unexplained: int = 0


def parse(body: bytes) -> Line | None:
    """Read what follows the date; None where anything in it does not fit."""
    trend = _TREND.fullmatch(body)
    if trend:
        return _stored_line(trend)
    fields: dict[bytes, bytes] = {}
    key = b""
    for token in body.split(b" "):
        key, _, value = token.partition(b"=")
        form = GRAMMAR.get(key) or (_OTHER_VALUE if _OTHER_KEY.fullmatch(key) else None)
        if form is None or key in fields or not form.fullmatch(value):
            return None
        fields[key] = value
    if not fields.keys() >= NECESSARY or key not in LAST:
        return None
    names = {Parameter.SPO2: b"SPO2", Parameter.PR: b"BPM", Parameter.PI: b"PI"}
    numbers = {parameter: fields[name] for parameter, name in names.items() if name in fields}
    return Line(numbers, int(fields[b"EXC"], 16), int(fields[b"ALARM"], 16), int(fields.get(b"EXC1", b"0"), 16))


def _stored_line(match: re.Match[bytes]) -> Line | None:
    """Exception bits and their names say the same thing, so each checks the other."""
    bits = int(match["exc"], 16)
    names = (match["names"] or b"").split(b",")
    if any(bool(bits & bit) is not (name in names) for name, bit in _TREND_NAMES.items()):
        return None
    return Line({p: match[p.value] for p in (Parameter.SPO2, Parameter.PR, Parameter.PI)}, bits, None)


def readings(line: Line) -> Iterator[Reading]:
    """Give one reading per number of the line. No digits, or nothing but zeros, is no value."""
    for parameter, text in line.numbers.items():
        digits = text.rstrip(b"%")
        value: float | None = None if b"-" in digits else float(digits) or None
        quality = Quality.VALID
        if value is None:
            quality = Quality.MISSING
        elif line.exceptions & UNUSABLE:
            value, quality = None, Quality.INVALID
        elif line.exceptions & QUESTIONABLE or line.unexplained:
            quality = Quality.QUESTIONABLE
        unit = PARAMETERS[parameter].unit
        yield Reading(parameter=parameter, value=value, unit=unit, quality=quality, stored=line.alarm is None)


def exception_names(line: Line) -> Iterator[str]:
    """Name the exceptions of a line; what has no name is given raw."""
    yield from (name for bit, name in EXCEPTIONS.items() if line.exceptions & bit)
    unknown = line.exceptions & ~(sum(EXCEPTIONS) | _SET_ACTIVE)
    if unknown:
        yield f"unknown exception {unknown:03X}"
    if line.unexplained:
        yield f"unknown exception EXC1 {line.unexplained:08X}"


def known_alarms(bits: int) -> tuple[DeviceAlarm, ...]:
    """Read the ALARM bits that are known from observation."""
    return tuple(
        DeviceAlarm(code=f"ALARM bit {bit}", text=text, priority=priority)
        for bit, (text, priority) in ALARM_BITS.items()
        if bits >> bit & bits >> _ALARM_ACTIVE & 1
    )


def unknown_alarms(bits: int) -> tuple[DeviceAlarm, ...]:
    """Give ALARM raw where it has bits that nobody has explained, or not together."""
    known = sum(1 << bit for bit in ALARM_BITS)
    unknown = bits & ~(known | 1 << _ALARM_ACTIVE | 1 << _MUTED)
    if not unknown and bool(bits & known) is bool(bits >> _ALARM_ACTIVE & 1):
        return ()
    return (DeviceAlarm(code=f"ALARM {bits:04X}", text="unknown alarm", priority=Priority.HIGH),)


class MasimoAscii1:
    """One connection to an oximeter.

    It remembers the numbers, alarms and exceptions of the line before, and whether what it heard last was a line.
    """

    def __init__(self) -> None:
        self._segments = Terminated(b"\r\n", LONGEST_LINE)
        self._vitals = Vitals()
        self._alarms = Alarms()
        self._exceptions = ""
        self._blanks = 0

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give the readings of every whole line."""
        del at
        for segment in self._segments.feed(data):
            yield from self._segment(segment)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Nothing is ever sent."""
        del at
        return iter(())

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for segment in self._segments.flush():
            yield from self._loose(segment.offset, segment.raw, "the input ended within a line")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A line is at most one frame, at its end: only the last date in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start, line = -1, None
        if segment.ended:
            for match in _DATE.finditer(raw):
                start, body = match.start(), raw[match.end() : -1]
            if start >= 0 and len(raw) - start <= LONGEST_LINE:
                line = parse(body.rstrip(b" "))
        if line is None:
            yield from self._loose(offset, raw, "no line of this format" if segment.ended else "no end of line")
            return
        yield from self._loose(offset, raw[:start], "noise before a line")
        self._blanks = 0
        yield Accepted(offset + start, len(raw) - start, "line" if line.alarm is not None else "trend")
        yield from self._line(offset + start, line)

    def _loose(self, offset: int, raw: bytes, reason: str) -> Iterator[Output]:
        """Bytes outside of lines: blanks after a line (or at the start) belong to the format, all else is garbage."""
        if not raw:
            return
        if raw.strip(_BLANK) or self._blanks + len(raw) > _MOST_BLANKS:
            self._blanks = _MOST_BLANKS
            yield Garbage(offset, raw, reason)
        else:
            self._blanks += len(raw)
            yield Accepted(offset, len(raw), "blank")

    def _line(self, offset: int, line: Line) -> Iterator[Output]:
        for reading in self._vitals.believed(readings(line)):
            yield Measured(offset, reading)
        if line.alarm is None:
            return
        yield DeviceAlarms(offset, self._alarms.standing(known_alarms(line.alarm), unknown_alarms(line.alarm)))
        exceptions = ", ".join(exception_names(line))
        if exceptions != self._exceptions:
            self._exceptions = exceptions
            yield DeviceNotice(offset, exceptions or "no exceptions any more")


class MasimoSimulator:
    """A Rad-8 that says a line a second and hears nothing."""

    def advance(self, truth: Truth) -> bytes:
        """Give this second's line."""
        spo2, pr, pi = (truth.values.get(p) for p in (Parameter.SPO2, Parameter.PR, Parameter.PI))
        exceptions = _SET_ACTIVE | (0x020 if spo2 is None and pr is None else 0)
        fields = (
            f"{truth.wall:%m/%d/%y %H:%M:%S}",
            "SN=0000000001",
            "SPO2=---%" if spo2 is None else f"SPO2={spo2:03.0f}%",
            "BPM=---" if pr is None else f"BPM={pr:03.0f}",
            "PI=--.--%" if pi is None else f"PI={pi:05.2f}%",
            "SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM=0000",
            f"EXC={exceptions:06X}",
        )
        return " ".join(fields).encode() + b"\n\r"

    def receive(self, data: bytes) -> bytes:
        """Nothing is understood."""
        del data
        return b""


SPEC = DriverSpec(
    id="masimo-ascii1",
    vendor="Masimo",
    model="Rad-8, Radical-7, Rad-87 (ASCII 1)",
    label="Masimo",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=9600),
    parameters=(Parameter.SPO2, Parameter.PR, Parameter.PI),
    quiet_after_s=3.0,
    interval_s=1.0,
    max_buffer=Terminated.held(LONGEST_LINE),
    document="Masimo Rad-8 operator's manual; Radical-7 service manual",
    make=MasimoAscii1,
    simulate=MasimoSimulator,
    note="set the serial output to ASCII 1; alarm bits are experimental: no alarm reported proves nothing",
)
