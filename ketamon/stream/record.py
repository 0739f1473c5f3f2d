r"""What stands in a recorded stream: a header, then one record a line, in the shape of asciicast version 2.

    {"ketamon-stream":1,"created":"2026-11-21T08:00:00.000Z","mode":"real","devices":{"monitor":{"driver":"...",...}}}
    # a line that begins so is a comment
    [0.000203,"monitor","rx","SPO2=095%\r\n"]             what the device said
    [0.100000,"pump","tx-hex","21 49 4E 0D"]             what was sent to it; bytes that are no text stand as hex
    [60.000000,"","head","1804 <hash>"]                  how far the record beside it went, and its hash there
    [60.000000,"","sum","<SHA-256 of every byte before this line>"]
    [3600.000000,"","end",111600]                        closed in good order, after so many records

`t` is seconds on the session's monotonic clock: absolute, so one lost line shifts nothing. A payload is text if and
only if every byte is printable ASCII, CR, LF or TAB. Lines, not a binary format: one damaged byte costs one record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from ketamon.codec import encode_json
from ketamon.domain.devices import DeviceKind
from ketamon.domain.events import iso
from ketamon.domain.readings import Mode
from ketamon.errors import SourceError

VERSION = 1
_MARK = "ketamon-stream"
_TEXT = bytes(range(0x20, 0x7F)) + b"\r\n\t"


class Kind(StrEnum):
    """What a record is about. `intent` is the JSON of what a person asked; `wall` the wall clock at that moment."""

    RX = "rx"
    TX = "tx"
    NOTE = "note"
    LINK = "link"
    WALL = "wall"
    INTENT = "intent"


class Record(NamedTuple):
    """One record: bytes for rx and tx, text for the others. `device` is "" where it is about the whole session."""

    t: float
    device: str
    kind: Kind
    data: bytes | str
    line: int

    @property
    def monotonic_ns(self) -> int:
        """`t` as the session's clock had it; exact, as that clock counts whole microseconds."""
        return round(self.t * 1e6) * 1000


@dataclass(frozen=True, slots=True)
class StreamDevice:
    """One device of a stream: the driver's id and how it was reached. An old stream may not tell its kind."""

    driver: str
    port: str = ""
    kind: DeviceKind | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a stream. A stream that does not tell its mode is a test: it never passes for a patient."""

    created: datetime
    devices: dict[str, StreamDevice]
    mode: Mode = Mode.TEST


def encode_header(header: Header) -> bytes:
    """Write a header as the first line of a file."""
    return (
        encode_json(
            {_MARK: VERSION, "created": iso(header.created), "mode": header.mode, "devices": header.devices}
        ).replace(b"\n", b"")
        + b"\n"
    )


def decode_header(line: bytes, name: str) -> Header:
    """Read the first line of the file `name`. Raises `SourceError` where it is not one that this version can read."""
    try:
        found: Any = msgspec.json.decode(line)
        version = found[_MARK]
        if isinstance(version, int) and version > VERSION:
            raise SourceError(f"{name} was written by a newer ketamon (stream version {version}); update ketamon")
        if version != VERSION:
            raise SourceError(f"{name} has the unknown stream version {version!r}; choose another file")
        header: Header = msgspec.convert(found, Header)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(f"{name} is not a recorded stream; choose a .kstream file") from error
    return header


def encode_bytes(kind: Kind, data: bytes) -> tuple[str, str]:
    """Give the kind and the payload that stand in the file for bytes."""
    if data.translate(None, _TEXT):
        return f"{kind}-hex", data.hex(" ").upper()
    return kind, data.decode("ascii")


def _ascii(payload: str) -> bytes:
    return payload.encode("ascii")


PAYLOADS: dict[str, tuple[Kind, Callable[[str], bytes | str]]] = {
    "rx": (Kind.RX, _ascii),
    "rx-hex": (Kind.RX, bytes.fromhex),
    "tx": (Kind.TX, _ascii),
    "tx-hex": (Kind.TX, bytes.fromhex),
    "note": (Kind.NOTE, str),
    "link": (Kind.LINK, str),
    "wall": (Kind.WALL, str),
    "intent": (Kind.INTENT, str),
}
"""The kinds in a file: what each is here, and how its payload is read (a `ValueError` where it cannot be)."""
