"""A profile as rows, one for each thing it says: to be read, compared, or printed as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.profile import Profile
from ketamon.profiles.document import IDENTITY, written
from ketamon.profiles.places import KeyPath, Place

UNITS = {
    "mg_per_kg": "mg/kg", "mg_per_ml": "mg/mL", "per_minute": "/min", "minutes": "min", "hours": "h", "days": "d",
    "digits": "digits", "percent_of_baseline": "% of baseline", "percent": "%", "kg": "kg", "mg": "mg", "s": "s",
}  # fmt: skip
"""The end of a key, and its unit; the first that fits counts."""

OF_PARAMETER = frozenset({"below", "above", "above_baseline", "hysteresis", "low", "high", "apart"})
"""Keys whose unit is that of the entry's parameter."""

NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that a profile says.

    `entry` is the table, or the list and what names the entry ("limit spo2-low"); "" for what stands before all tables.
    `value` is plain. `source` is the comment beside it, `place` the file and line; both "" for what the profile leaves
    to ketamon. `instead_of` is what the profile that it extends says.
    """

    section: str
    entry: str
    key: str
    value: Any
    unit: str = ""
    source: str = ""
    place: str = ""
    instead_of: str = ""

    @property
    def path(self) -> str:
        """Entry and key, as people read them."""
        return f"{self.entry} {self.key}".strip()

    @property
    def said(self) -> str:
        """The value with its unit."""
        nothing = self.value is None or self.value == []
        return NOTHING if nothing else f"{spoken(self.value)} {self.unit}".strip()


def rows(profile: Profile, places: dict[KeyPath, Place]) -> Iterator[Row]:
    """Go through a profile in the order of its schema."""
    for field in fields(profile):
        value, section = getattr(profile, field.name), field.name
        if section in IDENTITY:
            for i, entry in enumerate(value):
                named = " ".join(str(getattr(entry, key)) for key in IDENTITY[section])
                yield from _table(section, f"{section} {named}", entry, (section, i), places)
        elif is_dataclass(value):
            yield from _table(section, section, value, (section,), places)
        else:
            yield _row("", "", section, value, None, places.get((section,)))


def _table(section: str, entry: str, table: Any, path: KeyPath, places: dict[KeyPath, Place]) -> Iterator[Row]:
    parameter = getattr(table, "parameter", None)
    for field in fields(table):
        value, place = getattr(table, field.name), places.get((*path, field.name))
        yield _row(section, entry, field.name, value, parameter, place)


def _row(section: str, entry: str, key: str, value: Any, parameter: Parameter | None, place: Place | None) -> Row:
    return Row(
        section=section,
        entry=entry,
        key=key,
        value=_plain(value),
        unit=unit_of(key, parameter),
        source=place.comment if place else "",
        place=str(place) if place else "",
        instead_of=place.instead_of if place else "",
    )


def unit_of(key: str, parameter: Parameter | None) -> str:
    """Return the unit of a number by its key, as people write it."""
    if key in OF_PARAMETER and parameter is not None:
        return PARAMETERS[parameter].unit.symbol
    return next((unit for end, unit in UNITS.items() if key == end or key.endswith(f"_{end}")), "")


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if getattr(value, f.name) is not None}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value


def spoken(value: Any) -> str:
    """Write a plain value for people."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case {"value": number, "key": key, "label": label}:
            return f"{label} ({number}, key {key})"
        case dict():
            return written(value)
        case list():
            return ", ".join(spoken(item) for item in value)
        case _:
            return str(value)


def differences(old: list[Row], new: list[Row]) -> Iterator[str]:
    """Say in lines what differs in meaning; an entry that only one has is one line."""
    before, after = ({row.path: row for row in side} for side in (old, new))
    entries = [{row.entry for row in side} for side in (old, new)]
    told: set[str] = set()
    for path in {**before, **after}:
        was, now = before.get(path), after.get(path)
        row = was or now
        if row is None or (was and now and was.value == now.value):
            continue
        if all(row.entry in side for side in entries):
            yield f"{path}: {was.said if was else NOTHING} → {now.said if now else NOTHING}"
        elif row.entry not in told:
            told.add(row.entry)
            yield f"{row.entry}: only in the {'first' if was else 'second'}"
