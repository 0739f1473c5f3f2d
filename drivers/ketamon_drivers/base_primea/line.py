"""Frames and control characters of the Fresenius line; drawn in the package's docstring."""

import re

from ketamon.wire.checksums import sum8
from ketamon.wire.scanning import NOTHING, Found

STX, ETX, ENQ, ACK, DC4, NAK = b"\x02", b"\x03", b"\x05", b"\x06", b"\x14", b"\x15"
LONGEST_FRAME = 96
"""80 characters, both ends, the checksum, and some ENQ among them."""
_NO_TEXT = re.compile(b"[^\x05 -~]")
SIMPLE = {ENQ: "enquiry", ACK: "acknowledgement", DC4: "alive"}
"""Control characters that say something by themselves."""
_REFUSALS = b"12345678"
REFUSAL, FRAME = "refusal", "frame"


def frame(message: str) -> bytes:
    """Wrap a message (address, command, arguments): start, checksum, end."""
    text = message.encode("ascii")
    return b"%b%b%02X%b" % (STX, text, 0xFF - sum8(text), ETX)


def unframe(raw: bytes) -> str | None:
    """Return the message of one whole frame, or None where its checksum is wrong. ENQ in it is no part of it."""
    text = raw[1:-1].replace(ENQ, b"")
    if len(text) < len("C00") or text[-2:] != b"%02X" % (0xFF - sum8(text[:-2])):
        return None
    return text[:-2].decode("ascii")


def look(buffer: bytearray, at: int, follows: bool) -> Found:
    """Find a control character or a frame; a frame holds no control character but ENQ, any other ends it."""
    del follows
    first, have = bytes(buffer[at : at + 1]), len(buffer) - at
    if first in SIMPLE:
        return 1, SIMPLE[first]
    if first == NAK:
        return (2, "") if have == 1 else (2, REFUSAL) if buffer[at + 1] in _REFUSALS else NOTHING
    if first != STX:
        return NOTHING
    match = _NO_TEXT.search(buffer, at + 1, at + LONGEST_FRAME)
    if match is None:
        return (have + 1, "") if have < LONGEST_FRAME else NOTHING
    whole = match[0] == ETX and unframe(bytes(buffer[at : match.end()])) is not None
    return (match.end() - at, FRAME) if whole else NOTHING
