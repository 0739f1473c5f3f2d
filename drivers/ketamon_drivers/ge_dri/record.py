"""The record that everything travels in: flags, byte stuffing, checksum, header and table of subrecords.

    7E | record | checksum | 7E        7E, 7D inside are sent as 7D 5E, 7D 5D

    record = header of 40 bytes, up to 1450 bytes of subrecords
    header = length, number, level, plug, time, …, main type, and 8 times (offset, type) of a subrecord, ended by FF

An 8-bit sum lets one damaged record in 256 through, and every one in which two bytes changed places. So the record
must also be as long as it says, of a known main type, and its subrecords must fill it as their kind demands: those of
numbers have one size, those of waveforms say how many samples they hold. What can still slip through is damage inside a
number, a sample or a text that leaves the sum as it was.

Source: GE Healthcare, S/5 Computer Interface Specification M1017617, 12th edition, and Record Specification 8005313,
12th edition.
"""

from functools import lru_cache
from itertools import pairwise, takewhile
from struct import Struct
from typing import NamedTuple

from ketamon.wire.checksums import sum8
from ketamon.wire.framing import Flagged

FLAG = 0x7E
LONGEST_RECORD = 40 + 1450
LONGEST_BODY = 2 * (LONGEST_RECORD + 1)

PHDB, WAVE, ALARM = 0, 1, 4
MAIN_TYPES = {PHDB: "phdb", WAVE: "wave", ALARM: "alarm", 5: "network", 8: "fiber-optic"}
DISPLAY, TRENDS = 1, (2, 3)
BASIC_SIZE = 278
WAVE_HEADER = Struct("<hHH")
"""Number of samples, status, label; then the samples, 16 bits each."""
ECG12 = 22
"""A 12-lead waveform is packed in its own way, and never asked for here."""
REQUEST_LEVEL = 0
_REQUEST_LENGTHS = (49, 52, 72)

_HEADER = Struct("<hBBHIBBHh")
_DESCRIPTOR = Struct("<hB")
_NO_MORE = 0xFF
SUBRECORDS_AT = _HEADER.size + 8 * _DESCRIPTOR.size


class Subrecord(NamedTuple):
    """A part of a record: its type, and where in the record it begins and ends."""

    kind: int
    start: int
    end: int


class Header(NamedTuple):
    """What the header says; `level` is the version of the interface that the monitor speaks.

    `is_request`: a host said this, nobody else says level 0. `fits`: the subrecords follow each other from the header
    to the end, and those of a fixed size have it.
    """

    level: int
    main_type: int
    subrecords: tuple[Subrecord, ...]
    is_request: bool
    fits: bool


def unescape(body: bytes) -> bytes | None:
    """Undo the byte stuffing; None where an escape is none of the two that exist."""
    escapes = body.count(b"\x7d")
    if not escapes:
        return body
    if escapes != body.count(b"\x7d\x5e") + body.count(b"\x7d\x5d"):
        return None
    return body.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d")


def frame(record: bytes) -> bytes:
    """Wrap a record: checksum, byte stuffing (of the checksum too), flags."""
    body = record + bytes([sum8(record)])
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"


def framer() -> Flagged:
    """Return what cuts a stream into records."""
    return Flagged(FLAG, LONGEST_BODY, open_body)


def open_body(body: bytes) -> bytes | str:
    """Return the record between two flags if it passes every check, or the reason why not."""
    content = unescape(body)
    if content is None:
        return "an escape that does not exist"
    record = content[:-1]
    if not SUBRECORDS_AT < len(record) <= LONGEST_RECORD:
        return "no record is that long"
    if sum8(record) != content[-1]:
        return "the checksum is wrong"
    length, _, _, _, _, _, _, _, main_type = _HEADER.unpack_from(record)
    if length != len(record):
        return "the record is not as long as it says"
    if main_type not in MAIN_TYPES:
        return "the main type is unknown"
    return record if _fits(record) else "the subrecords do not fit the record"


def header(record: bytes) -> Header:
    """Read the header of a record."""
    length, _, level, _, _, _, _, _, main_type = _HEADER.unpack_from(record)
    return _header(level, main_type, record[_HEADER.size : SUBRECORDS_AT], length)


@lru_cache(maxsize=256)
def _header(level: int, main_type: int, table: bytes, length: int) -> Header:
    """Read the table of eight: each subrecord ends where the next one begins. A device has few, so they are kept."""
    told = list(takewhile(lambda descriptor: descriptor[1] != _NO_MORE, _DESCRIPTOR.iter_unpack(table)))
    edges = [*(SUBRECORDS_AT + offset for offset, _ in told), length]
    subrecords = tuple(
        Subrecord(kind, start, end) for (_, kind), (start, end) in zip(told, pairwise(edges), strict=True)
    )
    is_request = level == REQUEST_LEVEL and subrecords[:1] == ((0, SUBRECORDS_AT, length),)
    fits = edges[0] == SUBRECORDS_AT and all(start < end for _, start, end in subrecords)
    if is_request:
        fits &= length in _REQUEST_LENGTHS
    elif main_type == PHDB:
        fits &= all(end - start == BASIC_SIZE for kind, start, end in subrecords if kind <= max(TRENDS))
    return Header(level, main_type, subrecords, is_request, fits and bool(subrecords))


def _fits(record: bytes) -> bool:
    """Tell whether the subrecords fill the record as their kind demands."""
    said = header(record)
    if said.main_type != WAVE or said.is_request or not said.fits:
        return said.fits
    return all(_filled(record, subrecord) for subrecord in said.subrecords if subrecord.kind != ECG12)


def _filled(record: bytes, wave: Subrecord) -> bool:
    """Tell whether a waveform has as many samples as it says."""
    room = wave.end - wave.start - WAVE_HEADER.size
    return room >= 0 and 2 * WAVE_HEADER.unpack_from(record, wave.start)[0] == room


def pack(level: int, main_type: int, number: int, seconds: int, subrecords: dict[int, bytes]) -> bytes:
    """Write a record of these subrecords, by their types."""
    table, data = b"", b""
    for kind, content in subrecords.items():
        table += _DESCRIPTOR.pack(len(data), kind)
        data += content
    table = (table + _DESCRIPTOR.pack(0, _NO_MORE)).ljust(SUBRECORDS_AT - _HEADER.size, b"\0")
    length = SUBRECORDS_AT + len(data)
    return _HEADER.pack(length, number, level, 0, seconds, 0, 0, 0, main_type) + table + data
