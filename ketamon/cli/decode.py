"""`ketamon decode`: raw bytes of a device in; one JSON object a line out, or one line of words."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from ketamon import driver as d
from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.decoded import fields, words
from ketamon.domain.instant import Instant
from ketamon.errors import SourceError
from ketamon.registry import load

CHUNK = 1 << 16
STILL = Instant(0, datetime.fromtimestamp(0, UTC))
"""What a file holds has no time of its own, so the clock stands still."""

Form = Callable[[dict[str, Any]], bytes]


def main(argv: list[str]) -> int:
    """Decode a file or standard input."""
    parser = options.parser(
        "decode",
        "Decode raw bytes of a device. One JSON object a line, in input order: reading, wave, pump, alarm, notice,\n"
        "mismatch (it is another device), garbage. With --text the same in words, for people.",
        "  ketamon decode ge-dri capture.raw\n"
        "  ketamon decode --text ge-dri capture.raw\n"
        "  ketamon decode alaris-gh - < pump.bin\n"
        "  ketamon decode --frames masimo-ascii1 lines.txt | grep '\"spo2\"'",
    )
    parser.add_argument("driver", metavar="DRIVER", help="a driver's id; “ketamon drivers” lists them")
    parser.add_argument("file", metavar="FILE", help="raw bytes, or - for standard input")
    parser.add_argument("--frames", action="store_true", help="also one line for each accepted frame")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", dest="form", const=encode_json, help="JSON objects (the default)")
    form.add_argument("--text", action="store_const", dest="form", const=line, help="words instead of JSON")
    parser.set_defaults(form=encode_json)
    args = parser.parse_args(argv)
    spec = load(args.driver)
    driver, counted = spec.make(), Counter[str]()
    with _open(args.file) as source:
        for data in _chunks(source, args.file):
            _write(driver.feed(data, STILL), counted, args.form, frames=args.frames)
        _write(driver.flush(STILL), counted, args.form, frames=args.frames)
    _tell(spec.id, counted)
    return 0


def _write(outputs: Iterator[d.Output], counted: Counter[str], form: Form, *, frames: bool) -> None:
    """Write at once what came of some bytes: a slow pipe may bring no more for long."""
    for row in chain.from_iterable(map(fields, outputs)):
        counted[row["type"]] += 1
        if frames or row["type"] != "frame":
            sys.stdout.buffer.write(form(row) + b"\n")
    sys.stdout.buffer.flush()


def line(row: dict[str, Any]) -> bytes:
    """Return one of these objects as a line of words, behind its offset."""
    return f"{row['offset']:>9}  {words(row)}".encode()


def _open(name: str) -> BinaryIO:
    if name == "-":
        if sys.stdin is None:
            raise SourceError("standard input is closed; give a file")
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {name}; check the name") from error
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from error


def _chunks(source: BinaryIO, name: str) -> Iterator[bytes]:
    """Read bytes as they come. Raises `SourceError` where there are none."""
    empty = True
    try:
        while data := source.read1(CHUNK) if hasattr(source, "read1") else source.read(CHUNK):
            empty = False
            yield data
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}") from error
    if empty:
        raise SourceError(f"{'standard input' if name == '-' else name} is empty: there is nothing to decode")


def _tell(driver: str, counted: Counter[str]) -> None:
    frames, garbage = counted["frame"], counted["garbage"]
    print(f"{frames} frames, {counted['reading']} readings, {garbage} pieces of garbage", file=sys.stderr)
    if garbage and not frames:
        print(f"nothing in it is a frame of {driver}; is it another device, or another baud rate?", file=sys.stderr)
