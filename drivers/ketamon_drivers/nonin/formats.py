"""The bytes of each data format: does a frame begin here, and what does it say? Pure functions and tables."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.wire.checksums import sum8
from ketamon.wire.scanning import NOTHING, Found

FRAMES, FRAME_SIZE = 25, 5
PACKET_SIZE = FRAMES * FRAME_SIZE
PLETH_HZ = 75.0

NO_SPO2, NO_PR = 127, 511
VALID_RANGE = {Parameter.SPO2: range(1, 101), Parameter.PR: range(18, 322)}
"""Outside of these (9560 specification, section 1) a number is none. 0 % lies in its range, but in no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one frame says. A number is None where the device has none.

    `off`: no finger or no sensor, so that numbers which remain are those of before. `doubtful`: the device tells of
    artefact or of a pulse too weak; `pulse_doubtful` says so of the frame's last pulse, None where it has no pulse.
    `echoes` are the other averages of each number. `remarks` are for people.
    """

    spo2: int | None
    pr: int | None
    off: bool = False
    doubtful: bool = False
    pulse_doubtful: bool | None = None
    stored: bool = False
    pleth: tuple[int, ...] = ()
    echoes: Mapping[Parameter, frozenset[int]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def numbers(self) -> Mapping[Parameter, int | None]:
        """Both numbers."""
        return {Parameter.SPO2: self.spo2, Parameter.PR: self.pr}


def reading(parameter: Parameter, number: int | None, said: Said, *, doubtful: bool) -> Reading:
    """Judge a number of a frame."""
    value: float | None = None
    quality = Quality.QUESTIONABLE if doubtful else Quality.VALID
    if number is None or said.off:
        quality = Quality.MISSING
    elif number not in VALID_RANGE[parameter]:
        quality = Quality.INVALID
    else:
        value = float(number)
    unit = PARAMETERS[parameter].unit
    return Reading(parameter=parameter, value=value, unit=unit, quality=quality, stored=said.stored)


def _number(raw: int, missing: int) -> int | None:
    return None if raw == missing else raw


def _remarks(**said: object) -> tuple[str, ...]:
    return tuple(name.replace("_", " ") for name, is_so in said.items() if is_so)


# data formats #2 and #7: packets of 25 frames

_SYNC, _GREEN, _RED, _SENSOR_ALARM, _OUT_OF_TRACK, _ARTIFACT, _DISCONNECTED, _STATUS = (1 << bit for bit in range(8))
_PULSE = _GREEN | _RED | _ARTIFACT
_LOW_BATTERY = 0x01
_RESERVED_BIT = 0x80
_RESERVED = frozenset({4, 11, 12, 17, 18, 23, 24})
_HR, _SPO2, _STATUS_2, _SPO2_DISPLAY, _HR_DISPLAY = 0, 2, 7, 8, 19
_OTHER_SPO2, _OTHER_HR = (_SPO2, 9, 10, 15, 16), (_HR, 13, 21)
"""Recording, fast, beat to beat, extended, extended for display; recording, extended, extended for display."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Where a frame of five bytes has its status and its pleth. Float and checksum are the last two in both formats."""

    name: str
    start: bytes
    status: int
    pleth: slice


PACKET_2 = Packet("2", b"\x01", 1, slice(2, 3))
PACKET_7 = Packet("7", b"", 0, slice(1, 3))


def packet(form: Packet, buffer: bytearray, at: int) -> Found:
    """Look for a packet: 25 whole frames, SYNC in the first one only."""
    there = min((len(buffer) - at) // FRAME_SIZE, FRAMES)
    for n in range(there):
        if not _whole(form, buffer, at + n * FRAME_SIZE, n):
            return NOTHING
    return (PACKET_SIZE, form.name) if there == FRAMES else ((there + 1) * FRAME_SIZE, "")


def _whole(form: Packet, buffer: bytearray, at: int, n: int) -> bool:
    """Whether the `n`th frame of a packet stands there; it is asked for every byte of noise."""
    status = buffer[at + form.status]
    return (
        status & _STATUS != 0
        and (status & _SYNC != 0) == (n == 0)
        and buffer.startswith(form.start, at)
        and (buffer[at + 3] & _RESERVED_BIT == 0 or n in _RESERVED)
        and sum8(bytes(buffer[at : at + 4])) == buffer[at + 4]
    )


def read_packet(form: Packet, raw: bytes) -> Said:
    """Read a whole packet: the display values, and what all 25 status bytes say together."""
    frames = [raw[at : at + FRAME_SIZE] for at in range(0, PACKET_SIZE, FRAME_SIZE)]
    floats = [frame[3] for frame in frames]
    statuses = [frame[form.status] for frame in frames]
    every = 0
    for status in statuses:
        every |= status
    pulses = [_doubtful(status) for status in statuses if status & _PULSE]
    spo2, pr = _number(floats[_SPO2_DISPLAY], NO_SPO2), _number(_rate(floats, _HR_DISPLAY), NO_PR)
    held = floats[_SPO2] == NO_SPO2 or _rate(floats, _HR) == NO_PR  # the display values are of before the artefact
    return Said(
        spo2=spo2,
        pr=pr,
        off=every & (_SENSOR_ALARM | _DISCONNECTED) != 0,
        doubtful=every & _OUT_OF_TRACK != 0 or any(pulses) or held,
        pulse_doubtful=pulses[-1] if pulses else None,
        pleth=tuple(int.from_bytes(frame[form.pleth], "big") for frame in frames),
        echoes={
            Parameter.SPO2: frozenset(floats[at] for at in _OTHER_SPO2),
            Parameter.PR: frozenset(_rate(floats, at) for at in _OTHER_HR),
        },
        remarks=_remarks(
            sensor_disconnected=every & _DISCONNECTED,
            no_finger=every & _SENSOR_ALARM,
            low_battery=floats[_STATUS_2] & _LOW_BATTERY,
        ),
    )


def _doubtful(status: int) -> bool:
    """Whether a pulse is an artefact or too weak ("red"); red and green together are "yellow", which is enough."""
    return status & _ARTIFACT != 0 or status & (_RED | _GREEN) == _RED


def _rate(floats: list[int], at: int) -> int:
    return (floats[at] & 3) << 7 | floats[at + 1] & 0x7F


# data format #8: three or four bytes a second, no checksum

_ARTIFACT_8, _MARGINAL_8, _LOW_8, _OUT_OF_TRACK_8, _DISCONNECTED_8 = (1 << bit for bit in range(2, 7))
_SENSOR_ALARM_8 = 0x08
RUN_8 = 4
"""So many frames in a row, each near the one before, make it certain that it is this format."""


def run_8(buffer: bytearray, at: int) -> Found:
    """Look for a run of frames of one length."""
    if len(buffer) - at <= 3:  # noqa: PLR2004 (the byte that tells how long the frames are)
        return 4, ""
    size = 3 if buffer[at + 3] >= _STATUS else 4
    before: Said | None = None
    for n in range(RUN_8):
        begin = at + n * size
        if begin + size > len(buffer):
            return (n + 1) * size, ""
        if frame_8(buffer, begin, size) == NOTHING:
            return NOTHING
        said = read_8(bytes(buffer[begin : begin + size]))
        if before and not all(
            number is None or confirmed("8", p, before, said) for p, number in before.numbers.items()
        ):
            return NOTHING
        before = said
    return RUN_8 * size, "8"


def frames(name: str, raw: bytes) -> list[bytes]:
    """Return the frames of what was found: several of a run of #8, else one."""
    size = len(raw) // RUN_8 if name == "8" and len(raw) >= RUN_8 * 3 else len(raw)
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def frame_8(buffer: bytearray, at: int, size: int) -> Found:
    """Look for one frame: only its first byte has bit 7, and its numbers are possible ones."""
    frame = bytes(buffer[at : at + size])
    if frame[0] < _STATUS or not frame[1:].isascii():
        return NOTHING
    if len(frame) < size:
        return size, ""
    spo2, pr = frame[2], _rate_8(frame)
    spo2_possible = spo2 == NO_SPO2 or spo2 in VALID_RANGE[Parameter.SPO2]
    return (size, "8") if spo2_possible and (pr == NO_PR or pr in VALID_RANGE[Parameter.PR]) else NOTHING


def read_8(raw: bytes) -> Said:
    """Read a frame of three or four bytes."""
    status, second = raw[0], raw[3] if raw[3:] else 0
    return Said(
        spo2=_number(raw[2], NO_SPO2),
        pr=_number(_rate_8(raw), NO_PR),
        off=status & _DISCONNECTED_8 != 0 or second & _SENSOR_ALARM_8 != 0,
        doubtful=status & (_ARTIFACT_8 | _LOW_8 | _OUT_OF_TRACK_8) != 0,
        remarks=_remarks(
            sensor_disconnected=status & _DISCONNECTED_8,
            no_finger=second & _SENSOR_ALARM_8,
            low_battery=second & _LOW_BATTERY,
        ),
    )


def _rate_8(raw: bytes) -> int:
    return (raw[0] & 3) << 7 | raw[1]


# data format #13: a spot check

_HEAD = bytes.fromhex("00 02 00 0D")
_DATA_AT, _SHORTEST, _LONGEST = 6, 14, 64
LONGEST_13 = _DATA_AT + _LONGEST + 2
_DATE = re.compile(
    rb"\x20[\x00-\x09\x10-\x19\x20-\x29\x30-\x39\x40-\x49\x50-\x59\x60-\x69\x70-\x79\x80-\x89\x90-\x99]"
    rb"[\x01-\x09\x10-\x12][\x01-\x09\x10-\x19\x20-\x29\x30\x31]"
    rb"[\x00-\x09\x10-\x19\x20-\x23](?:[\x00-\x09\x10-\x19\x20-\x29\x30-\x39\x40-\x49\x50-\x59]){2}\x00"
)
_RESERVED_13 = {8: 0xFC, 9: 0xEE, 10: 0xFE, 13: 0x80}
_NO_MEASUREMENT, _HIGH_QUALITY, _FROM_MEMORY = 0x01, 0x02, 0x10


def spot_check(buffer: bytearray, at: int) -> Found:
    """Look for a spot check: header, as long as it says, possible date, no reserved bit, checksum, end."""
    head = bytes(buffer[at : at + _DATA_AT])
    if not _HEAD.startswith(head[: len(_HEAD)]):
        return NOTHING
    if len(head) < _DATA_AT:
        return _DATA_AT, ""
    length = int.from_bytes(head[4:], "big")
    if not _SHORTEST <= length <= _LONGEST:
        return NOTHING
    raw = bytes(buffer[at : at + _DATA_AT + length + 2])
    if len(raw) < _DATA_AT + length + 2:
        return _DATA_AT + length + 2, ""
    data = raw[_DATA_AT:-2]
    whole = raw[-1] == 3 and sum8(data) == raw[-2]  # noqa: PLR2004 (ETX)
    if whole and _DATE.match(data) and not any(data[n] & bits for n, bits in _RESERVED_13.items()):
        return len(raw), "13"
    return NOTHING


def read_13(raw: bytes) -> Said:
    """Read a spot check. Its pulse rate is a plain number of nine bits."""
    data = raw[_DATA_AT:-2]
    status, status_low = data[8], data[9]
    nothing = status & _NO_MEASUREMENT != 0
    return Said(
        spo2=None if nothing else _number(data[13], NO_SPO2),
        pr=None if nothing else _number(data[10] << 8 | data[11], NO_PR),
        doubtful=status & _HIGH_QUALITY == 0,
        stored=status_low & _FROM_MEMORY != 0,
        remarks=_remarks(low_battery=status_low & _LOW_BATTERY),
    )


# the table-top models' lines

_LINE = re.compile(
    rb"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d )?SPO2=(?P<spo2>0\d\d|100|---) HR=(?P<pr>[0-2]\d\d|3[0-2]\d|---)"
    rb"(?P<fast> F)?(?: ?[*B]){0,2} ?\r\n"
)
_LINE_SO_FAR = re.compile(rb"[-0-9A-Z:=* ]*\r?")
LONGEST_LINE = len(b"23:59:59 SPO2=100 HR=100 F * B \r\n")


def line(buffer: bytearray, at: int) -> Found:
    """Look for a line that fits to the letter."""
    match = _LINE.match(buffer, at)
    if match:
        return match.end() - at, "ascii"
    there = len(buffer) - at
    begun = there < LONGEST_LINE and _LINE_SO_FAR.fullmatch(buffer, at)
    return (there + 1, "") if begun else NOTHING


def read_line(raw: bytes) -> Said:
    """Read a line. It says nothing of how good the signal is."""
    match = _LINE.fullmatch(raw)
    if match is None:
        raise ValueError(f"{raw!r} is no line of a Nonin")
    numbers = (None if text == b"---" else int(text) for text in match.group("spo2", "pr"))
    return Said(spo2=next(numbers), pr=next(numbers), remarks=_remarks(fast_responding_averages=match["fast"]))


# what is the same for all


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is found and read. Its frames begin with one of the bytes `begin`.

    From the `sure`-th frame in a row on it is certain; a packet holds 25. A number counts that lies at most `steps`
    beside the one in the frame before: display values stand for 1.5 s, so each one comes in at least four packets.
    """

    begin: bytes
    look: Callable[[bytearray, int], Found]
    read: Callable[[bytes], Said]
    sure: int
    steps: Mapping[Parameter, int]


_STATUSES = bytes(range(_STATUS, 0x100))
_STEPS = {Parameter.SPO2: 3, Parameter.PR: 10}
_AGAIN = {Parameter.SPO2: 0, Parameter.PR: 0}
FORMATS = {
    "2": Format(
        PACKET_2.start, lambda b, at: packet(PACKET_2, b, at), lambda raw: read_packet(PACKET_2, raw), 1, _AGAIN
    ),
    "7": Format(_STATUSES, lambda b, at: packet(PACKET_7, b, at), lambda raw: read_packet(PACKET_7, raw), 1, _AGAIN),
    "13": Format(_HEAD[:1], spot_check, read_13, 1, {}),
    "ascii": Format(b"0123456789S", line, read_line, 2, _STEPS),
    "8": Format(_STATUSES, run_8, read_8, RUN_8, _STEPS),
}
LONGEST = max(PACKET_SIZE, LONGEST_13, LONGEST_LINE, RUN_8 * 4)


def confirmed(name: str, parameter: Parameter, before: Said | None, now: Said) -> bool:
    """Whether a number is said twice in its frame, or follows from the one before. No number needs no confirmation."""
    steps = FORMATS[name].steps
    number = now.numbers[parameter]
    if number is None or parameter not in steps or number in now.echoes.get(parameter, ()):
        return True
    known = before.numbers[parameter] if before else None
    return known is not None and abs(number - known) <= steps[parameter]
