"""Dose arithmetic: what a prescriber orders, and what follows for the pump.

    mg/kg × kg = mg        mg ÷ mg/mL = mL        mL ÷ time = mL/h

Every step is done in units, in a registry of our own (`units.txt`) where body weight is a dimension: mg/kg/h is not
1/h, and whoever mixes them up gets an error, never a number. pint is loaded at the first order, not at start.
"""

from functools import cache
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ketamon.domain.people import Order, Patient
from ketamon.domain.profile import OrderBounds
from ketamon.domain.units import Unit
from ketamon.errors import Refused

if TYPE_CHECKING:
    from pint import UnitRegistry

PINT: dict[Unit, str] = {
    Unit.PER_MINUTE: "1/minute",
    Unit.PERCENT: "percent",
    Unit.MMHG: "mmHg",
    Unit.CELSIUS: "degC",
    Unit.ML_PER_HOUR: "mL/hour",
    Unit.ML: "mL",
    Unit.SECOND: "second",
    Unit.MINUTE: "minute",
    Unit.MG: "mg",
    Unit.KG: "kg_bw",
    Unit.MG_PER_KG: "mg/kg_bw",
    Unit.MG_PER_ML: "mg/mL",
    Unit.MILLIVOLT: "mV",
    Unit.SCORE: "score",
}
"""Each unit of the domain in the registry's words; a kilogram here is one of body weight."""


@cache
def registry() -> "UnitRegistry[Any]":
    """Return the registry of units; loading pint takes about 0.2 s the first time."""
    from pint import UnitRegistry  # noqa: PLC0415 (slow to import, and most processes never need it)

    return UnitRegistry(str(Path(__file__).with_name("units.txt")), cache_folder=None)


def convert(value: float, unit: str, to: Unit) -> float:
    """Convert a value from a unit of the registry ("lb_bw", "kPa", "mL/min") to one of the domain.

    Raises `Refused` where the two do not measure the same thing, or the unit is not known.
    """
    from pint import DimensionalityError, UndefinedUnitError  # noqa: PLC0415 (as above)

    try:
        return float(registry().Quantity(value, unit).to(PINT[to]).magnitude)
    except DimensionalityError as error:
        raise Refused(f"{value:g} {unit} is no quantity in {to}; give it in {to}") from error
    except UndefinedUnitError as error:
        raise Refused(f"the unit {unit} is not known here; give the value in {to}") from error


def order(
    patient: Patient, dose_mg_per_kg: float, minutes: float, concentration_mg_per_ml: float, bounds: OrderBounds
) -> Order:
    """Work out the order for the pump. Raises `Refused` with the value and its bounds where one is out of bounds."""
    hint = "; the dose is per kg of body weight"
    _within("the dose", dose_mg_per_kg, bounds.dose_mg_per_kg, Unit.MG_PER_KG, hint)
    _within("the concentration", concentration_mg_per_ml, bounds.concentration_mg_per_ml, Unit.MG_PER_ML)
    _within("the weight", patient.weight_kg, bounds.weight_kg, Unit.KG, "; is it in pounds?")
    if not 0 < minutes < inf:
        raise Refused(f"{minutes:g} min is no time for an infusion")
    quantity = registry().Quantity
    total = quantity(dose_mg_per_kg, "mg/kg_bw") * quantity(patient.weight_kg, "kg_bw")
    volume = total / quantity(concentration_mg_per_ml, "mg/mL")
    rate = volume / quantity(minutes, "minute")
    total_mg = _plain(total, Unit.MG)
    _within("the whole dose", total_mg, (0.0, bounds.highest_total_mg), Unit.MG)
    return Order(
        dose_mg_per_kg=dose_mg_per_kg,
        minutes=minutes,
        concentration_mg_per_ml=concentration_mg_per_ml,
        total_mg=total_mg,
        volume_ml=_plain(volume, Unit.ML),
        rate_ml_h=_plain(rate, Unit.ML_PER_HOUR),
    )


def weight(patient: Patient) -> str:
    """Say the weight in both units that people think in, so that one taken for the other is seen."""
    pounds = _number(registry().Quantity(patient.weight_kg, "kg_bw"), "lb_bw")
    return f"{patient.weight_kg:g} kg = {pounds} lb, from: {patient.weight_method}"


def arithmetic(order: Order, patient: Patient) -> list[str]:
    """Show how the numbers of an order follow from each other, one line a step."""
    o = order
    per_kg = registry().Quantity(o.dose_mg_per_kg, "mg/kg_bw") / registry().Quantity(o.minutes, "minute")
    return [
        f"{o.dose_mg_per_kg:g} mg/kg × {patient.weight_kg:g} kg = {o.total_mg:g} mg",
        f"{o.total_mg:g} mg ÷ {o.concentration_mg_per_ml:g} mg/mL = {o.volume_ml:g} mL",
        f"{o.volume_ml:g} mL in {o.minutes:g} min = {o.rate_ml_h:g} mL/h",
        f"that is {_number(per_kg, 'mg/kg_bw/hour')} mg/kg/h = {_number(per_kg, 'µg/kg_bw/minute')} µg/kg/min",
    ]


def left_over(order: Order, given_ml: float | None) -> list[str]:
    """Show how much of the ordered volume should be left, one line a step; None: it is not known what was given."""
    if given_ml is None:
        return [f"{order.volume_ml:g} mL ordered − -- mL given = -- mL"]
    left = round(order.volume_ml - given_ml, 6)
    return [
        f"{order.volume_ml:g} mL ordered − {given_ml:g} mL given = {left:g} mL left",
        f"{left:g} mL × {order.concentration_mg_per_ml:g} mg/mL = {mg_given(left, order):g} mg",
    ]


def mg_given(volume_ml: float, order: Order) -> float:
    """Return the drug in a volume, in mg."""
    return volume_ml * order.concentration_mg_per_ml


def rate_mg_per_kg_h(rate_ml_h: float, order: Order, patient: Patient) -> float:
    """Return what a pump rate in mL/h gives, in mg per kg of body weight and hour."""
    return rate_ml_h * order.concentration_mg_per_ml / patient.weight_kg


def ordered_mg_per_kg_h(order: Order) -> float:
    """Return the ordered rate, in mg per kg of body weight and hour."""
    return order.dose_mg_per_kg / order.minutes * 60


def _within(what: str, value: float, bounds: tuple[float, float], unit: Unit, hint: str = "") -> None:
    low, high = bounds
    if not low <= value <= high:
        raise Refused(f"{what} {value:g} {unit} is outside {low:g} to {high:g} {unit}{hint}")


def _plain(quantity: Any, unit: Unit) -> float:
    """Leave the units, with the dust of floating point wiped off: 52.5, not 52.50000000000001."""
    return round(float(quantity.to(PINT[unit]).magnitude), 6)


def _number(quantity: Any, unit: str) -> str:
    return f"{float(quantity.to(unit).magnitude):.4g}"
