"""What goes over a MEDIBUS line: commands, responses, real-time records, and how they lie inside each other.

    command     1B code argument… HH 0D          HH: the sum of all bytes before it as two upper-case hex digits
    response    01 code data…     HH 0D
    record      1101ssss, pairs of 1100cccc 1100aaaa, then 10LLLLLL 10HHHHHH for each bit in ssss

A command may lie inside a response, a record inside either; sums leave out what lies inside. Flow control bytes (11
suspend, 13 resume, 18 abort) may come anywhere and count nowhere. A byte of a record has bit 7 set, no other has.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ketamon.wire.checksums import sum8
from ketamon.wire.scanning import NOTHING, Found

SOH, ESC, CR = 0x01, 0x1B, 0x0D
NAK = 0x15
SUSPEND, RESUME, ABORT = 0x11, 0x13, 0x18
FLOW = {SUSPEND: "suspend", RESUME: "resume", ABORT: "abort"}
LONGEST = 4096
"""A response has at most 3845 bytes; the rest is room for what lies inside it."""

_INSIDE = rb"\x11\x13\x18\x80-\xff"
_COMMAND = re.compile(rb"\x1b[ -\x7f" + _INSIDE + rb"]*+")
_RESPONSE = re.compile(
    rb"\x01(?:[\x03\x15 -\x7f"
    + _INSIDE
    + rb"]++|\x1b[ -\x7f"
    + _INSIDE
    + rb"]*+\r)*+(?:\x1b[ -\x7f"
    + _INSIDE
    + rb"]*+)?"
)
_NOT_COUNTED = re.compile(b"[" + _INSIDE + b"]+")
_EMBEDDED = re.compile(rb"\x1b[^\r]*\r")
_RECORDS = re.compile(rb"[\x80-\xff]+")
_SHORTEST = 5
_STREAMS = 4
_MOST_SYNC_COMMANDS = 16
_SYNC, _SYNC_COMMAND, _VALUE = 0xD, 0xC, 0x2
_END_OF_COMMANDS = b"\xc0\xc0"


def command(code: int, argument: bytes = b"") -> bytes:
    """Write a command."""
    return _ended(bytes([ESC, code]) + argument)


def response(code: int, data: bytes = b"") -> bytes:
    """Write a response."""
    return _ended(bytes([SOH, code]) + data)


def _ended(raw: bytes) -> bytes:
    return raw + b"%02X\r" % sum8(raw)


@dataclass(frozen=True, slots=True)
class Message:
    """A command or a response, with the commands that lay inside it."""

    is_command: bool
    code: int
    body: bytes
    embedded: tuple["Message", ...] = ()


def parse(raw: bytes) -> Message | None:
    """Read a whole message, or None where its form or its sum is wrong."""
    plain = _NOT_COUNTED.sub(b"", raw)
    embedded = () if plain[0] == ESC else tuple(_EMBEDDED.findall(plain))
    plain = plain if plain[0] == ESC else _EMBEDDED.sub(b"", plain)
    if len(plain) < _SHORTEST or plain[-1] != CR or plain[-3:-1] != b"%02X" % sum8(plain[:-3]):
        return None
    inner = tuple(message for message in map(parse, embedded) if message)
    return Message(plain[0] == ESC, plain[1], plain[2:-3], inner)


def records(raw: bytes) -> Iterator[bytes]:
    """Give the real-time records that lie in a message, or are all of it."""
    for run in _RECORDS.findall(raw):
        at = 0
        while at < len(run):
            length, name = _record(run, at)
            if name:
                yield run[at : at + length]
            at += length if name else 1


def values(record: bytes) -> dict[int, int]:
    """Read the 12-bit values of a record, by the number of their stream."""
    streams = [n for n in range(_STREAMS) if record[0] >> n & 1]
    data = record[len(record) - 2 * len(streams) :]
    return {n: data[2 * i] & 0x3F | (data[2 * i + 1] & 0x3F) << 6 for i, n in enumerate(streams)}


def look(buffer: bytearray, at: int, follows: bool) -> Found:
    """Say what begins at a place of the stream."""
    del follows
    first = buffer[at]
    if first & 0x80:
        return _record(buffer, at)
    if first in FLOW:
        return 1, "flow control"
    if first not in (SOH, ESC):
        return NOTHING
    match = (_COMMAND if first == ESC else _RESPONSE).match(buffer, at, at + LONGEST)
    end = match.end() if match else at
    if end == len(buffer) < at + LONGEST:
        return end - at + 1, ""
    if end >= at + LONGEST or buffer[end] != CR:
        return NOTHING
    message = parse(bytes(buffer[at : end + 1]))
    if message is None:
        return NOTHING
    return end + 1 - at, f"{'command' if message.is_command else 'response'} {message.code:02X}"


def _record(buffer: bytearray | bytes, at: int) -> Found:
    """A record that was cut short shows by the next byte, as all its bytes tell what they are."""
    if buffer[at] >> 4 != _SYNC:
        return NOTHING
    count, end = 2 * (buffer[at] & 0xF).bit_count(), at + 1
    while buffer[end : end + 1] and buffer[end] >> 4 == _SYNC_COMMAND:
        if len(buffer) < end + 2:
            return end + 2 - at, ""
        pair = buffer[end : end + 2]
        if pair[1] >> 4 != _SYNC_COMMAND:
            return NOTHING
        end += 2
        if pair == _END_OF_COMMANDS:
            return (end - at, "record") if not count else NOTHING
        if end - at > 1 + 2 * _MOST_SYNC_COMMANDS:
            return NOTHING
    data = buffer[end : end + count]
    if not all(byte >> 6 == _VALUE for byte in data) or (len(buffer) > end and not count):
        return NOTHING
    return (end + count - at, "record") if len(data) == count > 0 else (len(buffer) - at + 1, "")
