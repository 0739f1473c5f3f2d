"""A session as files that other programs read: all events as JSON lines; readings, observations and alarms as CSV.

Texts in a record are what anybody typed, and what devices and profiles say. A spreadsheet takes a cell for a formula
that begins with `=`, `+`, `-`, `@`, a tab or a line break (OWASP, "CSV Injection", full-width forms included): such a
text gets an apostrophe in front. Numbers are written by us, and stay numbers.
"""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ketamon.codec import encode_json
from ketamon.domain import events as e
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.readings import Quality, Reading
from ketamon.errors import SourceError
from ketamon.plain import plain

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (full-width on purpose)
_WHEN = ("event", "t_s", "wall")
Cells = tuple[Any, ...]


def cell(value: Any) -> Any:
    """Return a value as a cell: one line of letters, and never a formula."""
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if value.startswith(_FORMULA) or text.lstrip(" ").startswith(_FORMULA) else text


def export(events: Iterable[e.Event], folder: Path) -> list[Path]:
    """Write a session into `folder`, which must not be there; return the files. Raises `SourceError`."""
    try:
        folder.mkdir(mode=0o700, parents=True)
        paths = [folder / name for name in ("events.jsonl", *TABLES)]
        files = [_new(path) for path in paths]
    except OSError as error:
        raise SourceError(f"{folder} cannot be made: {error.strerror}; choose a folder that is not there") from error
    try:
        for (head, _), file in zip(TABLES.values(), files[1:], strict=True):
            csv.writer(file).writerow((*_WHEN, *head))
        for event in events:
            files[0].write(line(event))
            when = (event.seq, round(event.at.seconds, 6), e.iso(event.at.wall))
            for (_, rows), file in zip(TABLES.values(), files[1:], strict=True):
                csv.writer(file).writerows((*when, *map(cell, row)) for row in rows(event.body))
    finally:
        for file in files:
            file.close()
    return paths


def line(event: e.Event) -> str:
    """Write an event as one line of JSON."""
    body = event.body
    type_, said = (body.type, body.body) if isinstance(body, e.Unknown) else (body.TYPE, body)
    when = {"seq": event.seq, "t_s": event.at.seconds, "wall": e.iso(event.at.wall)}
    return encode_json(when | {"type": type_, "body": said}).decode() + "\n"


def _new(path: Path) -> io.TextIOWrapper:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", newline="")


def _readings(body: e.Body) -> Iterator[Cells]:
    if isinstance(body, e.Measured):
        yield from (_reading(reading, body.device, "") for reading in body.readings)
    elif isinstance(body, e.ValueEntered):
        yield _reading(body.reading, "entered", str(body.by))
    elif isinstance(body, e.PumpReported):
        status = body.status
        for parameter, value in ((Parameter.RATE, status.rate), (Parameter.VOLUME_INFUSED, status.volume_infused)):
            quality = Quality.MISSING if value is None else Quality.VALID
            yield parameter, value, PARAMETERS[parameter].unit, quality, body.device, status.head, "", "", "", ""


def _reading(r: Reading, source: str, by: str) -> Cells:
    return r.parameter, r.value, r.unit, r.quality, source, r.site, r.mode, r.repeated, r.stored, by


def _observations(body: e.Body) -> Iterator[Cells]:
    if isinstance(body, e.Observed):
        at = e.iso(body.at.wall) if body.at else ""
        yield "observed", body.item, body.grade, body.text, at, body.why_then, "", body.by.name, body.by.role
    elif isinstance(body, e.ObservationCorrected):
        yield "corrected", "", body.grade, "", "", body.why, body.corrects, body.by.name, body.by.role
    elif isinstance(body, e.Withdrawn):
        yield "taken back", "", None, "", "", body.why, body.withdraws, body.by.name, body.by.role
    elif isinstance(body, e.NotDone):
        yield "not done", body.item, None, "", "", body.because, "", body.by.name, body.by.role


def _alarms(body: e.Body) -> Iterator[Cells]:
    if isinstance(body, e.AlarmChanged):
        unit = PARAMETERS[body.parameter].unit if body.parameter else ""
        by = str(body.by) if body.by else ""
        yield (
            body.alarm, body.state, body.priority, "equipment" if body.technical else "patient", body.text,
            body.parameter or "", body.value, body.limit, unit, by, body.dismissed,
        )  # fmt: skip


TABLES: dict[str, tuple[tuple[str, ...], Callable[[e.Body], Iterator[Cells]]]] = {
    "readings.csv": (
        ("parameter", "value", "unit", "quality", "source", "site", "mode", "repeated", "stored", "by"),
        _readings,
    ),
    "observations.csv": (
        ("what", "item", "grade", "text", "was_so_at", "why", "corrects_event", "by", "role"),
        _observations,
    ),
    "alarms.csv": (
        ("alarm", "state", "priority", "of", "text", "parameter", "value", "limit", "unit", "by", "nothing_to_do"),
        _alarms,
    ),
}
"""The tables, each with its columns behind event number and time, and the rows that an event gives."""
