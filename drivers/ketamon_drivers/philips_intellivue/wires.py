"""The two wires that carry one kind of message (a PDU): RS-232 with frames and a CRC, and bare UDP datagrams.

    serial   C0 | 11 01 length(2) | PDU | CRC(2) | C1     C0, C1, 7D between the flags are sent as 7D and byte ^ 20
    UDP      PDU                                         no frame; the network's own checksum guards it

The CRC is that of HDLC over header and PDU before escaping, low byte first. `7D C1` aborts a frame, C0 always begins
one. A bare PDU says its length; since nothing but UDP's checksum guards it, it must be whole in its structure too, and
hold no start of another one. A flipped value inside would be believed: there is nothing to see it by.
"""

import re
from collections.abc import Iterator
from struct import Struct
from typing import Protocol

from ketamon.wire.checksums import crc16_x25
from ketamon.wire.framing import Piece, Terminated
from ketamon.wire.sized import Sized
from ketamon_drivers.philips_intellivue.pdus import MalformedError, read

LONGEST_PDU = 1500
"""A monitor keeps to the agreed 1456 bytes at most."""
LONGEST_FRAME = 2 * (4 + LONGEST_PDU + 2) + 2
_BEGIN, _END, _ESCAPE = b"\xc0", b"\xc1", b"\x7d"
_ESCAPED = re.compile(b"[\xc0\xc1\x7d]")
_ESCAPES = re.compile(b"\x7d(.?)", re.DOTALL)
_ORIGINALS = {bytes([byte ^ 0x20]): bytes([byte]) for byte in b"\xc0\xc1\x7d"}
_HEADER, _CRC, _LENGTH = Struct(">BBH"), Struct("<H"), Struct(">H")
_PROTOCOL, _DATA_EXPORT = 0x11, 0x01

_SESSION = bytes([0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x19])
_DATA = re.compile(rb"\xe1\x00\x00\x02\x00[\x01\x02\x03\x05]", re.DOTALL)
_INDICATION = b"\x00\x00\x01\x00\x00\x01"
_STARTS = _SESSION + b"\xe1\x00"
_PARAMETERS = bytes([0x01, 0x05, 0x11, 0x14, 0x16, 0x32, 0xC1])
"""What a session message can begin with, by ISO 8327; attributes in a torn message look much like parameters."""
_LONG_LENGTH = 0xFF
_BEHIND = 6  # bytes behind a first PDU that tell whether a CRC and the next frame's flag stand there


def frame(pdu: bytes) -> bytes:
    """Wrap a PDU for the serial line."""
    body = _HEADER.pack(_PROTOCOL, _DATA_EXPORT, len(pdu)) + pdu
    body += _CRC.pack(crc16_x25(body))
    return _BEGIN + _ESCAPED.sub(lambda match: _ESCAPE + bytes([match[0][0] ^ 0x20]), body) + _END


def unframe(body: bytes) -> bytes | str:
    """Return the PDU between two flags, or the reason why there is none."""
    if body.endswith(_ESCAPE):
        return "the monitor aborted the frame"
    if any(match[1] not in _ORIGINALS for match in _ESCAPES.finditer(body)):
        return "an escape that does not exist"
    content = _ESCAPES.sub(lambda match: _ORIGINALS[match[1]], body)
    if len(content) < _HEADER.size + _CRC.size:
        return "no frame is that short"
    if crc16_x25(content[: -_CRC.size]) != _CRC.unpack(content[-_CRC.size :])[0]:
        return "the CRC is wrong"
    pdu = content[_HEADER.size : -_CRC.size]
    if _HEADER.unpack_from(content) != (_PROTOCOL, _DATA_EXPORT, len(pdu)):
        return "the header is wrong"
    return _whole(pdu)


def bare_length(ahead: bytes) -> int | None:
    """Tell from its first bytes how long a bare PDU is; 0 where none begins here, None where more bytes must tell."""
    if ahead[0] not in _SESSION:
        size = len(_INDICATION)
        known = _DATA.match(ahead) or ahead.startswith(_INDICATION)
        if len(ahead) < size:
            return None if b"\xe1\x00\x00\x02\x00".startswith(ahead) or _INDICATION.startswith(ahead) else 0
        if not known:
            return 0
        return size + 2 + _LENGTH.unpack_from(ahead, size)[0] if len(ahead) >= size + 2 else None
    if len(ahead) < 2:  # noqa: PLR2004 (type and length)
        return None
    if ahead[1] != _LONG_LENGTH:
        return 2 + ahead[1]
    return 4 + _LENGTH.unpack_from(ahead, 2)[0] if len(ahead) >= 4 else None  # noqa: PLR2004 (and a long length)


def _bare(pdu: bytes) -> bytes | str:
    if _DATA.search(pdu, 1):
        return "another message begins within this one"
    if pdu[0] in _SESSION and pdu[4 if pdu[1] == _LONG_LENGTH else 2 :][:1] not in _PARAMETERS:
        return "no session message begins like that"
    return _whole(pdu)


def _whole(pdu: bytes) -> bytes | str:
    try:
        read(pdu)
    except MalformedError as error:
        return str(error)
    return pdu


class Wire(Protocol):
    """Cuts what comes into PDUs, and wraps what goes."""

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes as they came; the content of a piece is a PDU of sound structure."""
        ...

    def flush(self) -> Iterator[Piece]:
        """The input has ended: give what is left."""
        ...

    def wrap(self, pdu: bytes) -> bytes:
        """Give the bytes to send."""
        ...


class SerialWire:
    """Frames on RS-232."""

    def __init__(self) -> None:
        self._segments = Terminated(_END, LONGEST_FRAME)

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes as they came. Only the last C0 before a C1 can begin a frame."""
        for segment in self._segments.feed(data):
            raw, offset = segment.raw, segment.offset
            start = raw.rfind(_BEGIN) if segment.ended else -1
            content = unframe(raw[start + 1 : -1]) if start >= 0 else "no frame"
            if isinstance(content, str):
                yield Piece(offset, raw, None, content)
                continue
            if start:
                yield Piece(offset, raw[:start], None, "a frame without an end")
            yield Piece(offset + start, raw[start:], content)

    def flush(self) -> Iterator[Piece]:
        """Give what is left."""
        for segment in self._segments.flush():
            yield Piece(segment.offset, segment.raw, None, "the input ended within a frame")

    def wrap(self, pdu: bytes) -> bytes:
        """Frame it."""
        return frame(pdu)


class BareWire:
    """PDUs as UDP carries them."""

    def __init__(self) -> None:
        self._frames = Sized(_STARTS, LONGEST_PDU, bare_length, _bare)
        self.feed = self._frames.feed
        self.flush = self._frames.flush

    def wrap(self, pdu: bytes) -> bytes:
        """Give it as it is."""
        return pdu


class FoundWire:
    """Finds by the first bytes which of the two wires it is; until then it sends as on RS-232.

    Datagrams come whole, so over UDP the first byte begins a PDU, and the next PDU follows it. On a serial line that is
    opened in the middle of a frame the same could be seen, but then a CRC and two flags follow.
    """

    def __init__(self) -> None:
        self._first = bytearray()
        self._wire: Wire | None = None

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes as they came."""
        if self._wire is None:
            self._first += data
            bare = _is_bare(bytes(self._first[: LONGEST_PDU + _BEHIND]))
            if bare is None:
                return
            self._wire = BareWire() if bare else SerialWire()
            data = bytes(self._first)
            self._first.clear()
        yield from self._wire.feed(data)

    def flush(self) -> Iterator[Piece]:
        """Give what is left; a single whole PDU is one."""
        if self._wire is None:
            pieces = list(_all(BareWire(), bytes(self._first)))
            if any(piece.content is None for piece in pieces):
                pieces = list(_all(SerialWire(), bytes(self._first)))
            self._first.clear()
            yield from pieces
        else:
            yield from self._wire.flush()

    def wrap(self, pdu: bytes) -> bytes:
        """Give the bytes to send on this wire."""
        return pdu if isinstance(self._wire, BareWire) else frame(pdu)


def _all(wire: Wire, data: bytes) -> Iterator[Piece]:
    yield from wire.feed(data)
    yield from wire.flush()


def _is_bare(first: bytes) -> bool | None:
    """Tell whether a connection that begins like this carries bare PDUs; None where more bytes must tell."""
    if not first:
        return None
    if first[0] not in _STARTS:
        return False
    size = bare_length(first)
    if size is None:
        return None
    if not 0 < size <= LONGEST_PDU:
        return False
    if len(first) < size + _BEHIND:
        return None
    return not isinstance(_bare(first[:size]), str) and _END + _BEGIN not in first[size : size + _BEHIND]
