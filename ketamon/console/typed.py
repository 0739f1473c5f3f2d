"""What people type, read strictly: a number, its unit if one is written, a plausible range; else one clear sentence.

The ranges are those a human body and a bedside device can give at all (cuff, oximeter, thermometer); outside them it
is a slip of the finger. They are no clinical limits: those stand in the profile. Nothing is ever converted: where the
unit is another one, the answer says what it would be in ours, and a person types that if it is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Person, Role
from ketamon.domain.profile import Indication
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.units import Unit
from ketamon.errors import Refused
from ketamon.rules import dose


class Mistake(ValueError):  # noqa: N818 (it is an answer, not an accident)
    """What was typed cannot be taken; the text says why and what to type instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """How a number of a parameter is typed: lowest and highest that can be, and the ways to write its unit."""

    lowest: float
    highest: float
    units: tuple[str, ...]


TYPED: dict[Parameter, Typed] = {
    Parameter.NIBP_SYS: Typed(lowest=30, highest=300, units=("mmhg",)),
    Parameter.NIBP_DIA: Typed(lowest=10, highest=220, units=("mmhg",)),
    Parameter.NIBP_MAP: Typed(lowest=20, highest=250, units=("mmhg",)),
    Parameter.HR: Typed(lowest=15, highest=300, units=("/min", "bpm")),
    Parameter.RR: Typed(lowest=1, highest=100, units=("/min",)),
    Parameter.SPO2: Typed(lowest=30, highest=100, units=("%",)),
    Parameter.TEMP: Typed(lowest=25, highest=45, units=("°c", "c")),
}

WRITTEN: dict[Unit, tuple[str, ...]] = {
    Unit.KG: ("kg",),
    Unit.MINUTE: ("min", "minutes", "minute"),
    Unit.MG: ("mg",),
    Unit.ML: ("ml",),
    Unit.MG_PER_KG: ("mg/kg",),
    Unit.MG_PER_ML: ("mg/ml",),
    Unit.ML_PER_HOUR: ("ml/h", "ml/hr", "ml/hour"),
}
"""How people write the units of an order."""

_MEANT = {
    "kg": "kg_bw", "lb": "lb_bw", "lbs": "lb_bw", "pound": "lb_bw", "pounds": "lb_bw",
    "g": "g", "mg": "mg", "µg": "µg", "μg": "µg", "ug": "µg", "mcg": "µg",
    "l": "L", "ml": "mL", "cc": "mL",
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "hours": "hour",
    "min": "minute", "minute": "minute", "minutes": "minute", "s": "second", "sec": "second", "seconds": "second",
}  # fmt: skip
"""What other units mean that are typed by mistake, in the words of the registry of `ketamon.rules.dose`."""

_NUMBER = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([^\s0-9.,].*)?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
"""“1,000” is a thousand to one reader and one to the other."""

_CUFF = re.compile(r"(\d{1,3})\s*/\s*(\d{1,3})(?:\s*(?:/\s*(\d{1,3})|\(\s*(\d{1,3})\s*\)))?\s*(\D*)")


def number(text: str, what: str, units: tuple[str, ...] = ()) -> float:
    """Read one plain number, with a decimal point or comma, and nothing behind it but one of `units`."""
    value, unit = _split(text, what)
    if unit and unit.lower() not in units:
        raise Mistake(f"{what} is asked in {units[0] if units else 'plain numbers'}, not in {unit}")
    return value


def _split(text: str, what: str) -> tuple[float, str]:
    """Return the number and what stands behind it, without its spaces."""
    if not text.strip():
        raise Mistake(f"{what} is missing")
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise Mistake(f"{what}: “{text.strip()}” is not a number")
    digits, unit = found.groups(default="")
    if _THOUSANDS.fullmatch(digits):
        whole, value = re.sub("[.,]", "", digits), float(digits.replace(",", "."))
        raise Mistake(f"{what}: “{digits}” may mean {whole} or {value:g}; type the one that is meant")
    return float(digits.replace(",", ".")), "".join(unit.split())


def reading(parameter: Parameter, text: str) -> Reading:
    """Read the value of a parameter, in its own unit and within what can be."""
    info, typed = PARAMETERS[parameter], TYPED[parameter]
    value = number(text, info.label, typed.units)
    if not typed.lowest <= value <= typed.highest:
        raise Mistake(
            f"{info.label} {value:g} cannot be: {typed.lowest:g} to {typed.highest:g} is what can be measured"
        )
    if not info.decimals and value != int(value):
        raise Mistake(f"{info.label} is a whole number")
    return Reading(parameter=parameter, value=value, unit=info.unit, quality=Quality.VALID)


def cuff(text: str) -> tuple[Reading, ...]:
    """Read a pressure: "138/92", "138/92/107" or "138/92 (107)", in mmHg."""
    found = _CUFF.fullmatch(text.strip())
    if found is None:
        raise Mistake("pressure: write systolic/diastolic, like 138/92")
    sys, dia, mean, mean_in_brackets, unit = found.groups()
    if unit.strip() and unit.strip().lower() != "mmhg":
        raise Mistake(f"pressure is asked in mmHg, not in {unit.strip()}")
    texts = [t for t in (sys, dia, mean or mean_in_brackets) if t]
    readings = tuple(reading(parameter, t) for parameter, t in zip(CUFF, texts, strict=False))
    values = [r.value for r in readings if r.value is not None]
    if values[0] <= values[1]:
        raise Mistake("pressure: the systolic comes first and is the higher one")
    if len(values) > 2 and not values[1] < values[2] < values[0]:  # noqa: PLR2004 (systolic, diastolic, mean)
        raise Mistake("pressure: the mean lies between diastolic and systolic")
    return readings


def dosing(text: str, what: str, unit: Unit) -> float:
    """Read a number of the order; any other unit than the one asked for is refused with the reason."""
    value, typed = _split(text, what)
    if typed and typed.lower() not in WRITTEN[unit]:
        raise Mistake(f"{what} is asked in {unit}{_instead(value, typed, unit)}")
    if value <= 0:
        raise Mistake(f"{what} must be more than 0 {unit}")
    return value


def _instead(value: float, typed: str, unit: Unit) -> str:
    """Say what a number in another unit would be in ours, or that it cannot be said."""
    meant = [_MEANT.get(part.lower()) for part in typed.split("/")]
    if None in meant:
        return f", not in {typed}"
    try:
        ours = dose.convert(value, "/".join(part for part in meant if part), unit)
    except Refused:
        return f"; {typed} is another quantity"
    return f", not in {typed}: {value:g} {typed} would be {ours:.4g}; type that if it is meant"


def required(text: str, what: str) -> str:
    """Read text that must be there."""
    if not text.strip():
        raise Mistake(f"{what} is missing")
    return text.strip()


def indication(text: str, listed: Sequence[Indication]) -> tuple[str, str]:
    """Read an indication by a part of its name that no other one has, and what it is behind a colon: "other: tinnitus".

    Return its code and that text. A profile without a list asks for none.
    """
    name, _, said = (part.strip() for part in text.partition(":"))
    fit = [x for x in listed if name.casefold() in (x.id, x.label.casefold())]
    fit = fit or [x for x in listed if name.casefold() in f"{x.id} {x.label}".casefold()]
    if not listed:
        return "", text.strip()
    if len(fit) != 1:
        raise Mistake(f"indication: one of {', '.join(x.label for x in fit or listed)}")
    if fit[0].asks_text and not said:
        raise Mistake(f"indication: say what it is, like “{fit[0].label}: tinnitus”")
    return fit[0].id, said


def person(text: str, what: str) -> Person:
    """Read a name and a role: "AB nurse", "Dr Chen, physician"."""
    *name, role = text.replace(",", " ").split() or [""]
    if not name or role.lower() not in {r.value for r in Role}:
        raise Mistake(f"{what}: write name and role, like “AB nurse” or “Chen physician”")
    return Person(" ".join(name), Role(role.lower()))


def minutes_ago(text: str) -> tuple[float, str]:
    """Read how many minutes ago something was, and why it is logged only now: "5 patient was asleep"."""
    found = re.fullmatch(r"(\d{1,3})\s*(?:min)?\s+(\S.*)", text.strip())
    if found is None:
        raise Mistake("write the minutes and the reason, like “5 was with the patient”")
    return float(found.group(1)), found.group(2)


def clock(text: str) -> time:
    """Read a time of day: "14:32", "14:32:10"."""
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?", text.strip())
    if found is None:
        raise Mistake("time: write hours and minutes, like 14:32, or 14:32:10")
    hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise Mistake(f"there is no {text.strip()} in a day") from error
