"""Reads a table of vitals: text with the columns `t_s,param,value,unit`, plain or gzipped.

`t_s` is seconds since the beginning and never falls; an empty value is "no value". Parameters are called as ketamon
calls them ("spo2"), or as in exports of IntelliVue monitors ("SPO2", "NBP_SYS"). A unit is converted only where the
factor is known; a parameter or a unit that is not known is counted by its name and left out, never guessed. A damaged
line costs itself, and is told with its number.

Monitors send a cuff's numbers again until the next measurement, so the same numbers again are no new one.
"""

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ketamon.domain.parameters import CUFF, PARAMETERS, PUMP_PARAMETERS, Parameter
from ketamon.domain.units import Unit
from ketamon.errors import SourceError

HEADER = "t_s,param,value,unit"
_NAMES = {p.value: p for p in Parameter if p not in PUMP_PARAMETERS} | {
    "HR": Parameter.HR,
    "PR": Parameter.PR,
    "SPO2": Parameter.SPO2,
    "RR": Parameter.RR,
    "NBP_SYS": Parameter.NIBP_SYS,
    "NBP_DIA": Parameter.NIBP_DIA,
    "NBP_MEAN": Parameter.NIBP_MAP,
}
_UNITS: dict[str, tuple[Unit, float, float]] = {
    **{text: (unit, 1.0, 0.0) for unit in Unit for text in (unit.value, unit.symbol)},
    "bpm": (Unit.PER_MINUTE, 1.0, 0.0),
    "kPa": (Unit.MMHG, 7.50062, 0.0),
    "[degF]": (Unit.CELSIUS, 5 / 9, -160 / 9),
    "°F": (Unit.CELSIUS, 5 / 9, -160 / 9),
}
"""How a unit is written → ours, factor, offset."""

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")


class Row(NamedTuple):
    """One value (None: the device had none) at `t` seconds, in the parameter's own unit."""

    t: float
    parameter: Parameter
    value: float | None


@dataclass(slots=True)
class Table:
    """What a file holds. `unread` counts by name and unit what was left out, `problems` says what is damaged."""

    rows: list[Row] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Table:
    """Read a table. Raises `SourceError` where there is none, or nothing in it that can be judged."""
    table = Table()
    lines = enumerate(_lines(path), 1)
    _, header = next(lines, (1, b""))
    if header.decode("utf-8-sig", "replace").strip() != HEADER:
        raise SourceError(f"{path} is no table of vitals: its first line must be {HEADER}")
    last = 0.0
    for number, line in lines:
        try:
            last = _take(table, line, last)
        except ValueError as damage:
            table.problems.append(f"line {number}: {damage}")
    table.rows = list(_without_repeats(table.rows))
    if not table.rows:
        raise SourceError(f"{path} holds no value that can be judged; known parameters are {', '.join(_NAMES)}")
    return table


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {path}; check the name") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path} is no whole gzip file: {error}") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error


def _take(table: Table, line: bytes, last: float) -> float:
    """Add one line, and return its time. Raises `ValueError` with what is wrong with it."""
    try:
        fields = line.decode().strip().split(",")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    if len(fields) != HEADER.count(",") + 1:
        raise ValueError(f"{len(fields)} fields instead of 4")
    t, name, text, unit = fields
    if not _NUMBER.fullmatch(t):
        raise ValueError(f"“{t}” is no time in seconds")
    if float(t) < last:
        raise ValueError(f"time goes back from {last:g} s to {t} s")
    if text and not _NUMBER.fullmatch(text):
        raise ValueError(f"“{text}” is no value")
    parameter, known = _NAMES.get(name), _UNITS.get(unit)
    if parameter is None or known is None or known[0] is not PARAMETERS[parameter].unit:
        table.unread[f"{name} in {unit or 'no unit'}"] += 1
        return float(t)
    value = float(text) * known[1] + known[2] if text else None
    if value is not None and known[0] is Unit.PERCENT and value > 100:  # noqa: PLR2004 (per cent)
        raise ValueError(f"{name} {text} {unit} cannot be")
    table.rows.append(Row(float(t), parameter, value))
    return float(t)


def _without_repeats(rows: list[Row]) -> Iterator[Row]:
    """Leave out what a cuff says again: all its numbers of one moment are those of the moment before."""
    at: dict[float, dict[Parameter, float | None]] = {}
    for row in rows:
        if row.parameter in CUFF:
            at.setdefault(row.t, {})[row.parameter] = row.value
    last: dict[Parameter, float | None] = {}
    new: set[float] = set()
    for t, numbers in at.items():
        if any(last.get(p) != value for p, value in numbers.items()):
            new.add(t)
        last |= numbers
    yield from (row for row in rows if row.parameter not in CUFF or row.t in new)
