r"""Ivy Biomedical 450C vital-signs monitor, serial output "ANSAR-B".

The wire
    9600 8N1, passive: a record a second.

        FF | "ANSAR-B " | 400 samples | nine lines, each ended by CR | FE

        samples: 200 ECG at 200 Hz, then 50 each of respiration, pleth, P1 and P2 at 50 Hz; FB is "channel off"
        line:    KEY=n;value 1;…;value n;label;alarm      an empty value is "no value"

        HR=1;80;ECG-II-DIAG;    SPO2=1;100;PR=80 ;    NIBP=4;121;75;92;80;;    P2=3;;;;NO TRANSDUCER;

What can be garbled
    There is no checksum, so the grammar is the check: no sample above FB, all nine lines in their order, each with its
    own number of values, numbers that a body can have, cuff numbers in their order of size. A digit that became
    another digit shows by a number that jumps (`ketamon.wire.continuity.Vitals`), or by a cuff result that jumps or
    of which only one number is new: these are told when the next record tells them again, so a true jump comes a second
    late. What can slip through: a digit of a number's last place, the first record of all, and any sample.

What can mislead
    A cuff result is sent again every second until the next one; a new one shows by a change of the numbers only, so of
    the first one after connecting the age is not known. "APNEA: 20 SEC" stands on the line of a patient who breathes 35
    times a minute (it is the delay), so it counts as an alarm only where there is no rate beside it. Units are not
    sent: whole numbers of cuff and CO2 are mmHg, a number with decimals would be another unit and has no value. A label
    that has never been seen makes the number beside it questionable. Samples are in the monitor's own scale.

CO2, temperatures and the alarm field were empty in all that was recorded. What stands in the alarm field in two records
running is shown as it is, with high priority, and that nothing stands in it proves nothing.

Source: a recording of a real monitor (OpenICE demo devices, 27 records) and the decoder beside it, which names the last
two fields "label" and "alarm"; no vendor document.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ketamon.domain.devices import DeviceAlarm, DeviceKind, Priority
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    DriverSpec,
    Garbage,
    LineSettings,
    Measured,
    Output,
    Sampled,
    Truth,
)
from ketamon.wire.continuity import Alarms, Vitals
from ketamon.wire.framing import Segment, Terminated
from ketamon.wire.sampling import resampled

START, END, NAME = b"\xff", b"\xfe", b"ANSAR-B "
LONGEST_RECORD = 1408
"""The longest that the grammar lets through."""
_WAVES_AT = len(START + NAME)
_TEXT_AT = _WAVES_AT + 400
OFF = 0xFB


@dataclass(frozen=True, slots=True)
class Channel:
    """A waveform: so many samples from `at` on in the 400, which are one second."""

    signal: Signal
    at: int
    count: int
    site: str = ""


CHANNELS = (
    Channel(Signal.ECG, 0, 200),
    Channel(Signal.RESP, 200, 50),
    Channel(Signal.PLETH, 250, 50),
    Channel(Signal.PRESSURE, 300, 50, "P1"),
    Channel(Signal.PRESSURE, 350, 50, "P2"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its key, what its values measure (None: not read), and the labels under which they are what they seem."""

    key: str
    values: tuple[Parameter | None, ...]
    labels: re.Pattern[str]
    site: str = ""


_NO_LABEL, _ANY_LABEL = re.compile(r" *"), re.compile(r".*")
LINES = (
    Line("HR", (Parameter.HR,), re.compile(r"ECG-(I|II|III)(?:-[A-Z]+)? *")),
    Line("RR", (Parameter.RR,), re.compile(r" *|APNEA: \d+ SEC *", re.ASCII)),
    Line("ETCO2", (Parameter.ETCO2,), _NO_LABEL),
    Line("SPO2", (Parameter.SPO2,), re.compile(r" *|PR= *(\d{0,3}|-{1,3}) *", re.ASCII)),
    Line("NIBP", (*CUFF, None), _NO_LABEL),
    Line("P1", (None, None, None), _ANY_LABEL),
    Line("P2", (None, None, None), _ANY_LABEL),
    Line("T1", (Parameter.TEMP,), _NO_LABEL, "T1"),
    Line("T2", (Parameter.TEMP,), _NO_LABEL, "T2"),
)
HR, RR, SPO2, NIBP = (LINES[n] for n in (0, 1, 3, 4))

LIMITS = {
    Parameter.HR: (0, 350),
    Parameter.RR: (0, 200),
    Parameter.ETCO2: (0, 150),
    Parameter.SPO2: (1, 100),
    Parameter.PR: (1, 350),
    Parameter.TEMP: (10, 50),
    **dict.fromkeys(CUFF, (10, 350)),
}
"""What a body can have; a temperature in degrees Fahrenheit lies outside."""
_CUFF_MOVES = 6
"""mmHg from one cuff result to the next that are nothing to wonder at: digits that change places make 9 and more."""

_VALUE = r" {0,3}(?:\d{1,3}(?:\.\d{1,2})?|-{1,3})? {0,3}"
_WORDS = r"[ -:<-~]{0,40}"
_TEXT = re.compile(
    "".join(rf"{line.key}={len(line.values)}((?:;{_VALUE}){{{len(line.values)}}});({_WORDS});({_WORDS})\r"
            for line in LINES).encode()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A line as it came."""

    values: tuple[str, ...]
    label: str
    alarm: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record that fits the grammar."""

    waves: bytes
    lines: Mapping[Line, Said]


def parse(raw: bytes) -> Record | None:
    """Read a record from its first byte to its last; None where anything in it does not fit."""
    waves = raw[_WAVES_AT:_TEXT_AT]
    match = _TEXT.fullmatch(raw, _TEXT_AT, len(raw) - 1)
    if not raw.startswith(START + NAME) or not match or max(waves) > OFF:
        return None
    groups = [group.decode() for group in match.groups()]
    lines = {
        line: Said(tuple(groups[3 * n].split(";")[1:]), groups[3 * n + 1].strip(), groups[3 * n + 2].strip())
        for n, line in enumerate(LINES)
    }
    return Record(waves, lines)


def number(parameter: Parameter, text: str, site: str = "") -> Reading:
    """Read a value. Decimals are for temperatures only: elsewhere they mean another unit."""
    text, unit = text.strip(), PARAMETERS[parameter].unit
    value, quality = None, Quality.MISSING
    if text.strip("-"):
        low, high = LIMITS[parameter]
        fits = low <= float(text) <= high and (parameter is Parameter.TEMP or "." not in text)
        value, quality = (float(text), Quality.VALID) if fits else (None, Quality.INVALID)
    return Reading(parameter=parameter, value=value, unit=unit, quality=quality, site=site)


def readings(record: Record) -> Iterator[Reading]:
    """Give every number of a record but the cuff's; one beside an unknown label is questionable."""
    for line, said in record.lines.items():
        known = line.labels.fullmatch(said.label)
        for parameter, text in zip(line.values, said.values, strict=True):
            if parameter is None or parameter in CUFF:
                continue
            reading = number(parameter, text, line.site)
            doubtful = not known and reading.value is not None
            yield replace(reading, quality=Quality.QUESTIONABLE) if doubtful else reading
        if line is SPO2:
            yield number(Parameter.PR, (known and known[1]) or "")


def cuff(record: Record) -> tuple[Reading, ...]:
    """Give the cuff's three numbers; where they contradict each other, none is one."""
    said = record.lines[NIBP]
    found = tuple(number(parameter, text) for parameter, text in zip(CUFF, said.values, strict=False))
    sys, dia, mean = (reading.value for reading in found)
    if None not in (sys, dia, mean) and not (dia or 0) <= (mean or 0) <= (sys or 0):
        return tuple(replace(reading, value=None, quality=Quality.INVALID) for reading in found)
    if said.label:
        return tuple(r if r.value is None else replace(r, quality=Quality.QUESTIONABLE) for r in found)
    return found


def apnea(record: Record) -> Iterator[DeviceAlarm]:
    """Give the alarm of a patient who does not breathe: the label is known, and no rate belies it."""
    label, (rate,) = record.lines[RR].label, record.lines[RR].values
    if "APNEA" in label and RR.labels.fullmatch(label) and not number(Parameter.RR, rate).value:
        yield _alarm(RR, label)


def unknown_alarms(record: Record) -> Iterator[DeviceAlarm]:
    """Give what stands in the alarm fields, and an apnea in other words than the known ones."""
    for line, said in record.lines.items():
        if said.alarm:
            yield _alarm(line, said.alarm)
    label = record.lines[RR].label
    if "APNEA" in label and not RR.labels.fullmatch(label):
        yield _alarm(RR, label)


def _alarm(line: Line, text: str) -> DeviceAlarm:
    return DeviceAlarm(code=text, text=f"{line.key}: {text}", priority=Priority.HIGH)


def blocks(record: Record) -> Iterator[SampleBlock]:
    """Give each waveform that is on, in the monitor's own scale."""
    lead = HR.labels.fullmatch(record.lines[HR].label)
    for channel in CHANNELS:
        raw = record.waves[channel.at : channel.at + channel.count]
        if raw.strip(bytes([OFF])):
            samples = tuple([None if byte == OFF else float(byte) for byte in raw])
            site = channel.site or (lead[1] if lead and channel.signal is Signal.ECG else "")
            yield SampleBlock(signal=channel.signal, rate_hz=float(channel.count), samples=samples, site=site)


class Ivy450C:
    """One connection to a monitor. It remembers the numbers, alarms and labels of the record before."""

    def __init__(self) -> None:
        self._segments = Terminated(END, LONGEST_RECORD)
        self._vitals = Vitals()
        self._alarms = Alarms()
        self._cuff: tuple[float | None, ...] = ()
        self._cuff_told: tuple[float | None, ...] = ()
        self._labels: dict[str, str] = {}

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give everything in each whole record."""
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
            yield Garbage(segment.offset, segment.raw, "the input ended within a record")

    def _segment(self, segment: Segment) -> Iterator[Output]:
        """A segment is at most one record, at its end: only the last start byte in it can begin one."""
        raw, offset = segment.raw, segment.offset
        start = max(raw.rfind(START), 0)
        record = parse(raw[start:]) if segment.ended else None
        if record is None:
            yield Garbage(offset, raw, "no record of this format" if segment.ended else "no end of record")
            return
        if start:
            yield Garbage(offset, raw[:start], "noise before a record")
        yield Accepted(offset + start, len(raw) - start, "record")
        yield from self._record(offset + start, record)

    def _record(self, offset: int, record: Record) -> Iterator[Output]:
        for reading in (*self._vitals.believed(readings(record)), *self._new_or_repeated(cuff(record))):
            yield Measured(offset, reading)
        for block in blocks(record):
            yield Sampled(offset, block)
        yield DeviceAlarms(offset, self._alarms.standing(apnea(record), unknown_alarms(record)))
        yield from self._notices(offset, record)

    def _new_or_repeated(self, result: tuple[Reading, ...]) -> Iterator[Reading]:
        """A result is new where a number changed; a number that is merely gone makes the others no newer.

        A measurement changes more than one number: where it is one only, or one jumps, the result waits until it is
        told again, which it is every second.
        """
        numbers = tuple(reading.value for reading in result)
        known = self._cuff or numbers
        pairs = [(n, k) for n, k in zip(numbers, known, strict=True) if n is not None and n != k]
        moved = [0.0 if k is None else abs(n - k) for n, k in pairs]
        again, self._cuff_told = numbers == self._cuff_told, numbers
        if (len(moved) == 1 or max(moved, default=0.0) > _CUFF_MOVES) and not again:
            return
        self._cuff = tuple(k if number is None else number for number, k in zip(numbers, known, strict=True))
        for reading in result:
            yield replace(reading, repeated=reading.value is not None and not moved)

    def _notices(self, offset: int, record: Record) -> Iterator[Output]:
        """Tell of a label when it changes; the one of SPO2 is a number."""
        for line, said in record.lines.items():
            if line is not SPO2 and said.label != self._labels.get(line.key, ""):
                self._labels[line.key] = said.label
                yield DeviceNotice(offset, f"{line.key}: {said.label or 'no label any more'}")


class IvySimulator:
    """A monitor that says a record a second and hears nothing."""

    def advance(self, truth: Truth) -> bytes:
        """Give this second's record."""
        text = "".join(_line(line, truth) for line in LINES)
        waves = b"".join(_wave(channel, truth) for channel in CHANNELS)
        return START + NAME + waves + text.encode() + END

    def receive(self, data: bytes) -> bytes:
        """Nothing is understood."""
        del data
        return b""


_NO_TRANSDUCER = "NO TRANSDUCER"
_FULL_SCALE = 250


def _line(line: Line, truth: Truth) -> str:
    """Write a line: one temperature, no invasive pressure, a label as a real monitor has it."""
    values = [_written(parameter, truth) if line.key != "T2" else "" for parameter in line.values]
    labels = {
        "HR": "ECG-II-DIAG",
        "RR": "APNEA: 20 SEC" if values[0] else "",
        "SPO2": f"PR={_written(Parameter.PR, truth)} ",
        "P1": "" if Signal.PRESSURE in truth.waves else _NO_TRANSDUCER,
        "P2": _NO_TRANSDUCER,
    }
    return f"{line.key}={len(values)};{';'.join(values)};{labels.get(line.key, '')};\r"


def _written(parameter: Parameter | None, truth: Truth) -> str:
    value = None if parameter is None else truth.values.get(parameter)
    if value is None or (parameter in CUFF and truth.cuff_age_s is None):
        return ""
    return f"{value:.{1 if parameter is Parameter.TEMP else 0}f}"


def _wave(channel: Channel, truth: Truth) -> bytes:
    shown = truth.waves.get(channel.signal, ()) if channel.site != "P2" else ()
    samples = resampled(shown, channel.count)
    return bytes(round(sample * _FULL_SCALE) for sample in samples) or bytes([OFF]) * channel.count


SPEC = DriverSpec(
    id="ivy-450c",
    vendor="Ivy Biomedical",
    model="450C (ANSAR-B)",
    label="Ivy",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=9600),
    parameters=tuple(LIMITS),
    quiet_after_s=3.0,
    interval_s=1.0,
    max_buffer=Terminated.held(LONGEST_RECORD),
    document="recording of a real monitor; no vendor document",
    make=Ivy450C,
    simulate=IvySimulator,
    signals=tuple(dict.fromkeys(channel.signal for channel in CHANNELS)),
    note="set the serial output to ANSAR-B; alarms are shown as the monitor words them: none shown proves nothing",
)
