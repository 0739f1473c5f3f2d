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
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Mode, Quality
from ketamon.errors import SourceError
from ketamon.plain import plain
from ketamon.registry import load

CHUNK = 1 << 16
STILL = Instant(0, datetime.fromtimestamp(0, UTC))
"""What a file holds has no time of its own, so the clock stands still."""
PUMP_NUMBERS = (
    Parameter.RATE,
    Parameter.VOLUME_INFUSED,
    Parameter.VTBI,
    Parameter.TIME_REMAINING,
    Parameter.PRESSURE,
)

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
    form.add_argument("--text", action="store_const", dest="form", const=words, help="words instead of JSON")
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


def fields(out: d.Output) -> list[dict[str, Any]]:
    """Return the JSON objects of one output: one for most, one for each alarm that stands, none for requests."""
    match out:
        case d.Measured(offset, r):
            row: dict[str, Any] = {"type": "reading", "offset": offset, "parameter": r.parameter, "value": r.value}
            row |= {"unit": r.unit, "quality": r.quality}
            row |= {name: True for name in ("repeated", "stored") if getattr(r, name)}
            row |= {"mode": r.mode} if r.mode is not Mode.REAL else {}
            return [row | ({"site": r.site} if r.site else {})]
        case d.Sampled(offset, b):
            row = {"type": "wave", "offset": offset, "signal": b.signal, "rate_hz": b.rate_hz, "unit": b.unit}
            return [row | ({"site": b.site} if b.site else {}) | {"samples": b.samples}]
        case d.PumpTelemetry(offset, s):
            row = {"type": "pump", "offset": offset} | ({"head": s.head} if s.head else {}) | {"state": s.state}
            numbers = {name: getattr(s, name) for name in PUMP_NUMBERS}
            return [row | numbers | {"alarm": s.alarm, "drug": s.drug, "serial": s.serial}]
        case d.DeviceAlarms(offset, alarms):
            return [
                {"type": "alarm", "offset": offset, "code": a.code, "priority": a.priority, "text": a.text}
                for a in alarms
            ]
        case d.DeviceNotice(offset, text):
            return [{"type": "notice", "offset": offset, "text": text}]
        case d.Mismatch(offset, text):
            return [{"type": "mismatch", "offset": offset, "text": text}]
        case d.Garbage(offset, raw, reason):
            return [{"type": "garbage", "offset": offset, "length": len(raw), "reason": reason}]
        case d.Accepted(offset, length, name):
            return [{"type": "frame", "offset": offset, "length": length, "name": name}]
        case _:
            return []


def words(row: dict[str, Any]) -> bytes:
    """Return one of these objects as a line of words, behind its offset."""
    match row:
        case {"type": "reading"}:
            value = "no value" if row["value"] is None else f"{row['value']:g} {row['unit'].symbol}"
            marks = [row["quality"]] if row["quality"] is not Quality.VALID else []
            marks += [name for name in ("repeated", "stored") if name in row] + [row[n] for n in ("mode",) if n in row]
            text = f"{row['parameter']}{_site(row)} {value}" + (f" ({', '.join(marks)})" if marks else "")
        case {"type": "wave", "samples": samples}:
            known = [sample for sample in samples if sample is not None]
            span = (
                f"{min(known):g} to {max(known):g}{' ' + row['unit'].symbol if row['unit'] else ''}"
                if known
                else "no value"
            )
            gone = f", {len(samples) - len(known)} missing" if len(known) < len(samples) else ""
            text = f"{row['signal']} wave{_site(row)}, {len(samples)} samples at {row['rate_hz']:g} Hz, {span}{gone}"
        case {"type": "pump"}:
            numbers = [f", {n} {row[n]:g} {PARAMETERS[n].unit.symbol}" for n in PUMP_NUMBERS if row[n] is not None]
            named = [f", {name} {row[name]}" for name in ("drug", "serial") if row[name]]
            head = f" {row['head']}" if "head" in row else ""
            text = f"pump{head} {row['state']}{''.join(numbers + named)}{', in alarm' if row['alarm'] else ''}"
        case {"type": "alarm"}:
            text = f"alarm, {row['priority']} priority, {row['code']}: {row['text']}"
        case {"type": "mismatch"}:
            text = f"another device: {row['text']}; nothing is told from here on"
        case {"type": "garbage"}:
            text = f"{row['length']} bytes of garbage: {row['reason']}"
        case {"type": "frame"}:
            text = f"frame {row['name']}, {row['length']} bytes"
        case _:
            text = str(row["text"])
    return f"{row['offset']:>9}  {plain(text)}".encode()  # a device's text is anything


def _site(row: dict[str, Any]) -> str:
    return f" {row['site']}" if "site" in row else ""


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
