"""A patient who is not there: vital signs at rest, what ketamine adds to them, noise, and what movement spoils.

Everything follows from the seed, the drug given and the time that passed; there is no clock here. It is a stage
patient, made to look right on a screen and to exercise alarms and the gate: nothing clinical may be read from it.
"""

from dataclasses import dataclass
from math import exp, sqrt
from random import Random

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.simulator.cuff import Cuff

REFERENCE_MG_KG_H = 0.75
REFERENCE_S = 2400.0
"""0.5 mg/kg over 40 minutes, the usual dose in psychiatry (Andrade 2017); it brings the effect to 1 at its end."""

EFFECT_TAU_S = 1200.0
"""Time constant of the effect. It peaks when the infusion ends (30 to 40 min in the cohorts below) and has 5 % left an
hour later: pressures are back at baseline within 90 min (Szarmach 2020)."""

CUFF_INFUSING_S, CUFF_RESTING_S = 300.0, 900.0
"""How often the cuff measures: every 5 minutes while the drug runs, every 15 otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Vital signs at rest, in the parameters' own units."""

    spo2: float = 97.4
    hr: float = 71.0
    rr: float = 14.0
    etco2: float = 37.0
    fico2: float = 0.3
    temp: float = 36.6
    pi: float = 3.8
    sys: float = 122.0
    dia: float = 76.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """What an effect of 1 adds, as mean and standard deviation between patients: mmHg and beats a minute."""

    sys: float
    sys_sd: float
    dia_per_sys: float
    hr: tuple[float, float] = (2.0, 6.0)


TYPICAL = Responder(sys=12.0, sys_sd=5.0, dia_per_sys=8 / 12)
"""Between the mean peaks of +7.4/+6.0 mmHg (741 infusions, 135 patients) and +16.0/+11.0 mmHg (Yale 2024, 2342
infusions, SD 11.2/8.45); the pulse rose by 1.9 a minute in the first of them."""

HYPERTENSIVE = Responder(sys=54.0, sys_sd=2.0, dia_per_sys=0.6)
"""One who passes 165/100, as 44 % of 203 patients of a community clinic did at least once (12 % of treatments)."""

GAPS_PER_HOUR = 4.0
GAP_S = (5.0, 20.0)
"""Pulse oximetry loses its signal when a patient moves: in long ward records 1.2 s is typical, 5 to 85 s frequent."""

FAINT_S = 420.0
"""How long a vasovagal episode lasts."""

DIP_S = 60.0
"""How long an episode of shallow breathing lasts, from the first fall to the recovery."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How a number wanders about its mean: standard deviation, and time constant of its memory (an AR(1) process)."""

    sd: float
    tau_s: float


NOISE: dict[Parameter, Noise] = {
    Parameter.SPO2: Noise(0.5, 40.0),
    Parameter.HR: Noise(2.2, 12.0),
    Parameter.PR: Noise(0.5, 3.0),
    Parameter.RR: Noise(1.2, 20.0),
    Parameter.ETCO2: Noise(1.1, 30.0),
    Parameter.FICO2: Noise(0.25, 30.0),
    Parameter.TEMP: Noise(0.05, 900.0),
    Parameter.PI: Noise(0.35, 60.0),
    Parameter.NIBP_SYS: Noise(3.5, 240.0),
    Parameter.NIBP_DIA: Noise(2.5, 240.0),
}

DECIMALS: dict[Parameter, int] = {Parameter.TEMP: 1, Parameter.PI: 2}
"""How devices round; the rest are whole numbers."""

OXIMETRY = frozenset({Parameter.SPO2, Parameter.PR, Parameter.PI})
"""What one finger sensor gives, and loses together."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the sensors give at one moment: None where a sensor gives nothing."""

    values: dict[Parameter, float | None]
    cuff_age_s: float | None
    cuff_measuring: bool


class Patient:
    """A patient driven by time and drug. `detached` holds the parameters whose sensor is off; anybody may change it.

    `effect` is the level of the drug where it acts, 1 at the end of the usual dose. Raises nothing, knows no clock.
    """

    def __init__(
        self,
        seed: int,
        *,
        weight_kg: float,
        baseline: Baseline | None = None,
        responder: Responder = TYPICAL,
        gaps_per_hour: float = GAPS_PER_HOUR,
    ) -> None:
        self._random = Random(seed)  # noqa: S311 (it plays a patient, it keeps no secret)
        self.weight_kg = weight_kg
        self.baseline = baseline or Baseline()
        self.rise_sys = max(0.0, self._random.gauss(responder.sys, responder.sys_sd))
        self.rise_dia = self.rise_sys * responder.dia_per_sys
        self.rise_hr = self._random.uniform(*responder.hr)
        self.effect = 0.0
        self.cuff = Cuff(CUFF_RESTING_S)
        self.detached: set[Parameter] = set()
        self._gaps_per_hour = gaps_per_hour
        self._gap_left_s = 0.0
        self._dip_depth, self._dip_age_s = 0.0, DIP_S
        self._faint_depth, self._faint_age_s = 0.0, FAINT_S
        self._noise = {parameter: self._random.gauss(0.0, noise.sd) for parameter, noise in NOISE.items()}

    def desaturate(self, depth: float) -> None:
        """Begin an episode of shallow breathing that takes `depth` % of saturation away for about half a minute."""
        self._dip_depth, self._dip_age_s = depth, 0.0

    def faint(self, depth_mmhg: float) -> None:
        """Begin a vasovagal episode: the pressure falls by `depth_mmhg`, the heart slows, and both come back."""
        self._faint_depth, self._faint_age_s = depth_mmhg, 0.0

    def process(self, dt_s: float, ketamine_mg_kg_h: float) -> Vitals:
        """Let time pass under this rate of drug, and read the sensors."""
        keep = exp(-dt_s / EFFECT_TAU_S)
        full = 1 - exp(-REFERENCE_S / EFFECT_TAU_S)
        self.effect = self.effect * keep + ketamine_mg_kg_h / REFERENCE_MG_KG_H * (1 - keep) / full
        for parameter, noise in NOISE.items():
            self._wander(parameter, noise, dt_s)
        self._move(dt_s)
        true = self._true_values()
        self.cuff.interval_s = CUFF_INFUSING_S if ketamine_mg_kg_h > 0 else CUFF_RESTING_S
        self.cuff.process(dt_s, true[Parameter.NIBP_SYS], true[Parameter.NIBP_DIA])
        return Vitals(self._sensed(true), self.cuff.age_s, self.cuff.measuring)

    def _wander(self, parameter: Parameter, noise: Noise, dt_s: float) -> None:
        memory = exp(-dt_s / noise.tau_s)
        step = self._random.gauss(0.0, noise.sd * sqrt(1 - memory * memory))
        self._noise[parameter] = self._noise[parameter] * memory + step

    def _move(self, dt_s: float) -> None:
        """Movement comes without memory; the random numbers are drawn in every step, so that seeds stay comparable."""
        chance, length = self._random.random(), self._random.uniform(*GAP_S)
        self._gap_left_s = max(0.0, self._gap_left_s - dt_s)
        if chance < self._gaps_per_hour * dt_s / 3600:
            self._gap_left_s = length
        self._dip_age_s += dt_s
        self._faint_age_s += dt_s

    def _true_values(self) -> dict[Parameter, float]:
        rest, noise, effect = self.baseline, self._noise, self.effect
        faint = self._faint_depth * _swell(self._faint_age_s / FAINT_S)
        heart = rest.hr + self.rise_hr * effect + noise[Parameter.HR] - faint / 2
        dip = self._dip_depth * _swell(self._dip_age_s / DIP_S)
        return {
            Parameter.SPO2: min(100.0, rest.spo2 - 0.5 * effect + noise[Parameter.SPO2] - dip),
            Parameter.HR: heart,
            Parameter.PR: heart + noise[Parameter.PR],
            Parameter.RR: max(4.0, rest.rr + noise[Parameter.RR] - dip / 2),
            Parameter.ETCO2: rest.etco2 + noise[Parameter.ETCO2] + dip / 2,
            Parameter.FICO2: max(0.0, rest.fico2 + noise[Parameter.FICO2]),
            Parameter.TEMP: rest.temp + noise[Parameter.TEMP],
            Parameter.PI: max(0.3, rest.pi - effect + noise[Parameter.PI]),
            Parameter.NIBP_SYS: rest.sys + self.rise_sys * effect + noise[Parameter.NIBP_SYS] - faint,
            Parameter.NIBP_DIA: rest.dia + self.rise_dia * effect + noise[Parameter.NIBP_DIA] - faint / 2,
        }

    def _sensed(self, true: dict[Parameter, float]) -> dict[Parameter, float | None]:
        lost = self.detached | (OXIMETRY if self._gap_left_s > 0 else frozenset())
        found: dict[Parameter, float | None] = {
            parameter: None if parameter in lost else round(value, DECIMALS.get(parameter))
            for parameter, value in true.items()
            if parameter not in CUFF
        }
        result = self.cuff.result
        found |= dict(zip(CUFF, (result.sys, result.dia, result.mean) if result else (None,) * 3, strict=True))
        return found


def _swell(x: float) -> float:
    """Rise from 0 to 1, stay, and fall again, over 0 <= x <= 1; 0 outside."""
    return max(0.0, min(1.0, 4 * x, 4 * (1 - x)))
