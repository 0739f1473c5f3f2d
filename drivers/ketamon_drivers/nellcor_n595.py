r"""Nellcor pulse oximeters N-595, N-395, NPB-290, NPB-295: the real-time printout of the data port.

The wire
    9600 8N1, passive, on mains power only: a line every 2 s, two or three lines of headings before every 25 of them and
    whenever a heading changes, each line ended by CR LF.

        NPB-290 VERSION 1.0.0.1 CRC: XXXX SpO2 Limit: 30-100% PR Limit: 100-180BPM
                              ADULT 0SAT-S  SPO2 RESP MODE: NORMAL                        (N-595 only)
        TIME %SPO2 BPM PA Status
        12-NOV-97 14:00:05 100 120 50 MO PS

    A number is dashes where there is none, and has a * behind it where it is outside the monitor's limits. PA is the
    pulse amplitude, without a unit and not a perfusion index: it is not read. The status is codes of two letters.

What can be garbled
    There is no checksum, so the grammar is the check: a date that exists, columns that are there, numbers in their
    range. What stands on the same line before the date is noise. A digit that became another one or was lost shows only
    by a number that jumps (`ketamon.wire.continuity.Vitals`), so a true jump comes one line, 2 s, late. What can slip
    through: a digit of a number's last place, a code that became another known one, and the first line of all.

What can mislead
    The monitor prints its memory in lines of the same form, under headings that say TREND and have no Status: from
    either of them on all values are stored ones, until either heading of the real-time printout comes again. A pulse
    that is lost may be printed as 0: that is no value. A code that is not known makes the numbers questionable at once,
    and is an alarm, raw and with high priority, when the next line has an unknown one too.

Source: data port protocol in the operator's manuals of NPB-290 (061082D), NPB-295 and N-395; for dashes, asterisks, the
N-595's third heading and what the codes mean one public implementation (OpenICE). No recording of a real monitor.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Evidence, Priority
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

LONGEST_LINE = 160
_AROUND = b"\r\n\0 "
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_DATE = rf"(?:0[1-9]|[12]\d|3[01])-(?:{'|'.join(MONTHS)})-\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
_NUMBER = r"(\d{1,3}|-{1,3})(\*?)"
_MODEL = r"(?P<model>(?:N|NPB)-\d{3}\w?) +VERSION +(?P<version>[\d.]+)"
_LIMITS = r"SpO2 Limit: *(?P<spo2>\d+ ?- ?\d+)% +PR Limit: *(?P<pr>\d+ ?- ?\d+)BPM"
DATA = "line"
FORMS: dict[str, re.Pattern[bytes]] = {
    name: re.compile(pattern.encode() + rb"\Z", re.IGNORECASE)
    for name, pattern in {
        DATA: rf"{_DATE} +{_NUMBER} +{_NUMBER} +{_NUMBER}((?: +[A-Z]{{2}}){{0,6}})",
        "heading": rf"{_MODEL} +CRC: ?\S+ +{_LIMITS}",
        "trend heading": rf"{_MODEL} +TREND +{_LIMITS}",
        "mode": r"(?:ADULT|NEO) +\d+SAT-S +SPO2 RESP MODE: \w+",
        "columns": r"TIME +%SPO2 +BPM +PA +STATUS",
        "trend columns": r"TIME +%SPO2 +BPM +PA",
        "trend end": r"OUTPUT COMPLETE",
    }.items()
}
IS_STORED = {"heading": False, "columns": False, "trend heading": True, "trend columns": True}
"""Lines after which it is known whether what follows is the monitor's memory."""

HIGHEST = {Parameter.SPO2: 100, Parameter.PR: 300}
_HIGHEST_AMPLITUDE = 254


@dataclass(frozen=True, slots=True)
class Status:
    """What a code says: in words, as an alarm (or a mere notice), and of the numbers' worth."""

    text: str
    alarm: Priority | None = None
    quality: Quality = Quality.VALID


STATUSES = {
    "AO": Status("alarms off"),
    "AS": Status("alarm silenced"),
    "LB": Status("battery low", Priority.LOW),
    "LM": Status("loss of pulse, with interference", Priority.HIGH, Quality.INVALID),
    "LP": Status("loss of pulse", Priority.HIGH, Quality.INVALID),
    "MO": Status("interference", None, Quality.QUESTIONABLE),
    "PH": Status("pulse rate high", Priority.MEDIUM),
    "PL": Status("pulse rate low", Priority.MEDIUM),
    "PS": Status("pulse search", None, Quality.QUESTIONABLE),
    "SD": Status("sensor disconnected", Priority.MEDIUM, Quality.INVALID),
    "SH": Status("SpO2 high", Priority.MEDIUM),
    "SL": Status("SpO2 low", Priority.HIGH),
    "SO": Status("sensor off", Priority.MEDIUM, Quality.INVALID),
}
_STARRED = {
    Parameter.SPO2: ("SpO2*", {"SH", "SL"}, Priority.HIGH),
    Parameter.PR: ("BPM*", {"PH", "PL"}, Priority.MEDIUM),
}
"""An asterisk is an alarm of its own where no code says which limit it is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of data: numbers as written, which of them have an asterisk, and the codes."""

    numbers: dict[Parameter, str]
    starred: frozenset[Parameter]
    codes: tuple[str, ...]


def parse(match: re.Match[bytes]) -> Line | None:
    """Read a line of data; None where a number is out of its range, or a code comes twice."""
    spo2, spo2_star, pr, pr_star, amplitude, _, codes = (group.decode().upper() for group in match.groups())
    numbers = {Parameter.SPO2: spo2, Parameter.PR: pr}
    limits = [(spo2, HIGHEST[Parameter.SPO2]), (pr, HIGHEST[Parameter.PR]), (amplitude, _HIGHEST_AMPLITUDE)]
    found = tuple(codes.split())
    if any(text.isdigit() and int(text) > most for text, most in limits) or len(set(found)) < len(found):
        return None
    starred = {p for p, star in ((Parameter.SPO2, spo2_star), (Parameter.PR, pr_star)) if star}
    return Line(numbers, frozenset(starred), found)


def readings(line: Line, *, stored: bool) -> Iterator[Reading]:
    """Give one reading per number. Dashes and 0 are no value; the codes say what a value is worth."""
    said = {STATUSES[code].quality if code in STATUSES else Quality.QUESTIONABLE for code in line.codes}
    for parameter, text in line.numbers.items():
        value: float | None = float(text) or None if text.isdigit() else None
        quality = Quality.VALID
        if value is None:
            quality = Quality.MISSING
        elif Quality.INVALID in said:
            value, quality = None, Quality.INVALID
        elif Quality.QUESTIONABLE in said:
            quality = Quality.QUESTIONABLE
        yield Reading(parameter=parameter, value=value, unit=PARAMETERS[parameter].unit, quality=quality, stored=stored)


def known_alarms(line: Line) -> Iterator[DeviceAlarm]:
    """Give the codes that are alarms, and asterisks that no code explains."""
    for code in line.codes:
        status = STATUSES.get(code)
        if status is not None and status.alarm is not None:
            yield DeviceAlarm(code=code, text=status.text, priority=status.alarm)
    for parameter in (Parameter.SPO2, Parameter.PR):
        code, explained_by, priority = _STARRED[parameter]
        if parameter in line.starred and explained_by.isdisjoint(line.codes):
            text = f"{PARAMETERS[parameter].label} outside its limits"
            yield DeviceAlarm(code=code, text=text, priority=priority)


def unknown_alarms(line: Line) -> Iterator[DeviceAlarm]:
    """Give the codes that are not known, raw."""
    for code in line.codes:
        if code not in STATUSES:
            yield DeviceAlarm(code=code, text="unknown status", priority=Priority.HIGH)


class NellcorN595:
    """One connection to an oximeter. It remembers the last headings, and the numbers and codes of the line before."""

    def __init__(self) -> None:
        self._segments = Terminated(b"\n", LONGEST_LINE)
        self._vitals = Vitals()
        self._alarms = Alarms()
        self._stored = False
        self._heading = ""
        self._said = ""

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
            yield Garbage(segment.offset, segment.raw, "the input ended within a line")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A segment is at most one line, at its end."""
        raw, offset = segment.raw, segment.offset
        if segment.ended and not raw.strip(_AROUND):
            yield Accepted(offset, len(raw), "blank")
            return
        name, match = _form(raw[-LONGEST_LINE:].rstrip(_AROUND)) if segment.ended else ("", None)
        line = parse(match) if match and name == DATA else None
        if match is None or (name == DATA and line is None):
            yield Garbage(offset, raw, "no line of this format" if segment.ended else "no end of line")
            return
        start = max(0, len(raw) - LONGEST_LINE) + match.start()
        if raw[:start].strip(_AROUND):
            yield Garbage(offset, raw[:start], "noise before a line")
        else:
            start = 0
        yield Accepted(offset + start, len(raw) - start, name)
        yield from self._line(offset + start, line) if line else self._other(offset + start, name, match)

    def _line(self, offset: int, line: Line) -> Iterator[Output]:
        for reading in self._vitals.believed(readings(line, stored=self._stored)):
            yield Measured(offset, reading)
        if self._stored:
            return
        yield DeviceAlarms(offset, self._alarms.standing(known_alarms(line), unknown_alarms(line)))
        told = [STATUSES[code].text for code in line.codes if code in STATUSES and STATUSES[code].alarm is None]
        if ", ".join(told) != self._said:
            self._said = ", ".join(told)
            yield DeviceNotice(offset, self._said or "no status any more")

    def _other(self, offset: int, name: str, match: re.Match[bytes]) -> Iterator[Output]:
        """A heading tells whether data are the memory's; what it says is told when it changes."""
        stored = IS_STORED.get(name, self._stored)
        if stored is not self._stored:
            self._stored = stored
            yield DeviceNotice(
                offset, "prints its memory: no values of now" if stored else "prints values of now again"
            )
        found = {key: value.decode() for key, value in match.groupdict().items()}
        heading = "{model} version {version}, limits SpO2 {spo2} %, PR {pr}/min".format(**found) if found else ""
        if heading and heading != self._heading:
            self._heading = heading
            yield DeviceNotice(offset, heading)


def _form(line: bytes) -> tuple[str, re.Match[bytes] | None]:
    """Find the form that the end of a line has."""
    found = ((name, form.search(line)) for name, form in FORMS.items())
    return next(((name, match) for name, match in found if match), ("", None))


_HEADING = (
    "NPB-295  VERSION 2.0.0.0  CRC: 0000  SpO2 Limit: 85-100%  PR Limit:  40-170BPM\r\n"
    "TIME                %SPO2  BPM   PA   Status\r\n"
)
_PER_HEADING = 25
_AMPLITUDE = 50


class NellcorSimulator:
    """An NPB-295 that prints a line every 2 s and hears nothing."""

    def __init__(self) -> None:
        self._seconds = 0

    def advance(self, truth: Truth) -> bytes:
        """Give what is printed in this second."""
        second, self._seconds = self._seconds, self._seconds + 1
        if second % 2:
            return b""
        heading = _HEADING if second % (2 * _PER_HEADING) == 0 else ""
        spo2, pr = (truth.values.get(parameter) for parameter in (Parameter.SPO2, Parameter.PR))
        off = spo2 is None and pr is None
        date = f"{truth.wall:%d}-{MONTHS[truth.wall.month - 1]}-{truth.wall:%y %H:%M:%S}"
        columns = f"{date}   {_column(spo2)}   {_column(pr)}  {_column(None if off else _AMPLITUDE)}{'   SO' * off}"
        return f"{heading}{columns}\r\n".encode()

    def receive(self, data: bytes) -> bytes:
        """Nothing is understood."""
        del data
        return b""


def _column(value: float | None) -> str:
    return "---" if value is None else f"{value:3.0f}"


SPEC = DriverSpec(
    id="nellcor-n595",
    vendor="Nellcor",
    model="N-595, N-395, NPB-290, NPB-295 (real-time printout)",
    label="Nellcor",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=9600),
    parameters=tuple(HIGHEST),
    quiet_after_s=5.0,
    interval_s=2.0,
    max_buffer=Terminated.held(LONGEST_LINE),
    document="Nellcor NPB-290 operator's manual 061082D; NPB-295 and N-395 operator's manuals",
    make=NellcorN595,
    simulate=NellcorSimulator,
    alarms_decoded=True,
    evidence=Evidence.EXPERIMENTAL,
    note="the data port is silent on battery power",
)
