"""Three-compartment kinetics of ketamine, solved exactly: what a dose given over a time makes of the blood.

The drug enters the central compartment (1), is cleared from it (k10), and goes to and fro between it and two others:

            dose
              ↓
    (2) ⇄ k12, k21 ⇄ (1) ⇄ k13, k31 ⇄ (3)
                      ↓ k10

The system is linear, so the central amount is a sum of three exponentials. Their rates λ are the roots of

    λ³ − (k10+k12+k13+k21+k31)·λ² + (k10·k21 + k10·k31 + k21·k31 + k12·k31 + k13·k21)·λ − k10·k21·k31 = 0

which are real and positive. While the dose rate is constant each of the three moves by a formula, whatever the length
of the time: there are no steps, and nothing drifts.
"""

from dataclasses import dataclass
from functools import cache
from math import acos, cos, exp, expm1, pi, sqrt

NG_PER_ML = 1000.0
"""Of 1 mg/L."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A published model. `v1` in L per kg of body weight, the rate constants per minute."""

    name: str
    source: str
    v1: float
    k10: float
    k12: float
    k13: float
    k21: float
    k31: float


def _of_flows(
    name: str, source: str, weight_kg: float, volumes_l: tuple[float, float, float], flows_l_h: tuple[float, ...]
) -> Model:
    """Make a model of what population studies publish: volumes and flows for one weight; both scale with the weight."""
    v1, v2, v3 = volumes_l
    clearance, q2, q3 = (flow / 60 for flow in flows_l_h)
    return Model(
        name=name,
        source=source,
        v1=v1 / weight_kg,
        k10=clearance / v1,
        k12=q2 / v1,
        k13=q3 / v1,
        k21=q2 / v2,
        k31=q3 / v3,
    )


MODELS = (
    Model(
        name="Domino",
        source="Domino et al., Clin Pharmacol Ther 1984;36:645-653 (racemate), as used for target-controlled infusion",
        v1=0.063,
        k10=0.438,
        k12=0.592,
        k13=0.590,
        k21=0.247,
        k31=0.0146,
    ),
    _of_flows(
        "Kamp 2020",
        "Kamp et al., Anesthesiology 2020;133:1192-1213, population model of pooled data, for 70 kg",
        weight_kg=70.0,
        volumes_l=(25.0, 56.0, 157.0),  # V1, V2, V3
        flows_l_h=(84.0, 161.0, 79.0),  # CL, Q2, Q3
    ),
)
"""The two models; the estimate is the band between them."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One exponential: its rate per minute, and its share of the central amount right after a dose at once."""

    rate: float
    share: float


Amounts = tuple[float, ...]
"""What is in the central compartment, in mg, mode by mode; the sum is the amount."""

NOTHING: Amounts = (0.0, 0.0, 0.0)


@cache
def modes(model: Model) -> tuple[Mode, ...]:
    """Return the three exponentials of a model, the fastest first. The shares add up to 1."""
    rates = _rates(model)
    found = []
    for rate in rates:
        share = (model.k21 - rate) * (model.k31 - rate)
        for other in rates:
            if other != rate:
                share /= other - rate
        found.append(Mode(rate, share))
    return tuple(found)


def _rates(model: Model) -> tuple[float, float, float]:
    """Return the roots of the cubic, by the formula with cosines; the smallest from the product of all three."""
    m = model
    total = m.k10 + m.k12 + m.k13 + m.k21 + m.k31
    pairs = m.k10 * m.k21 + m.k10 * m.k31 + m.k21 * m.k31 + m.k12 * m.k31 + m.k13 * m.k21
    product = m.k10 * m.k21 * m.k31
    p = pairs - total**2 / 3
    q = -2 * total**3 / 27 + total * pairs / 3 - product
    angle = acos(max(-1.0, min(1.0, 1.5 * q / p * sqrt(-3 / p)))) / 3
    fast, middle = (total / 3 + 2 * sqrt(-p / 3) * cos(angle - 2 * pi * k / 3) for k in (0, 1))
    return fast, middle, product / (fast * middle)


def after(model: Model, amounts: Amounts, mg_per_min: float, minutes: float) -> Amounts:
    """Return the amounts after so many minutes of a constant dose rate."""
    return tuple(
        amount * exp(-mode.rate * minutes) - mg_per_min * mode.share / mode.rate * expm1(-mode.rate * minutes)
        for amount, mode in zip(amounts, modes(model), strict=True)
    )


def ng_per_ml(model: Model, amounts: Amounts, weight_kg: float) -> float:
    """Return the concentration in the blood of somebody of that weight."""
    return sum(amounts) / (model.v1 * weight_kg) * NG_PER_ML
