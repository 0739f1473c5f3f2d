"""Scenarios: whole sessions as data, each a patient and a script of what happens at pump, cuff, sensors and cables.

What the staff does is not scripted: `ketamon.simulator.nurse` looks at the session and acts. Times are seconds of
session time. The order is the usual one: 0.5 mg/kg over 40 minutes, 1 mg/mL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from ketamon.domain.parameters import Parameter
from ketamon.driver import DriverSpec
from ketamon.errors import UsageError
from ketamon.simulator.curves import Curves
from ketamon.simulator.patient import HYPERTENSIVE, OXIMETRY, TYPICAL, Patient, Responder
from ketamon.simulator.pump import Key, Pump
from ketamon.simulator.rig import Rig, Step

WEIGHT_KG = 72.0
DOSE_MG_PER_KG = 0.5
MINUTES = 40.0
CONCENTRATION_MG_PER_ML = 1.0

MONITOR = "monitor"
PUMP = "pump"
"""What the devices are called in a simulated session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A session to be played: how it is called, the seed of its patient, its length, and its script.

    `course` is what the patient shows besides the usual; after a pause of `patience_s` the staff ends the infusion.
    """

    name: str
    title: str
    seed: int
    seconds: int
    script: tuple[Step, ...]
    responder: Responder = TYPICAL
    course: Mapping[str, tuple[tuple[float, int], ...]] = field(default_factory=dict)
    patience_s: float = inf


def program(rig: Rig) -> None:
    """Set the pump to the order."""
    volume_ml = DOSE_MG_PER_KG * rig.patient.weight_kg / rig.pump.concentration_mg_per_ml
    rig.pump.program(volume_ml / MINUTES * 60, volume_ml)


def start(rig: Rig) -> None:
    """Press start at the pump."""
    rig.pump.press(Key.START)


def hold(rig: Rig) -> None:
    """Press hold at the pump."""
    rig.pump.press(Key.HOLD)


def silence(rig: Rig) -> None:
    """Take note of the pump's alarm at the pump."""
    rig.pump.silence()


def cuff(rig: Rig) -> None:
    """Press the key that starts a blood pressure measurement."""
    rig.patient.cuff.measure()


def desaturate(depth: float) -> Callable[[Rig], None]:
    """Let the patient breathe shallowly for a while, `depth` % of saturation deep."""
    return lambda rig: rig.patient.desaturate(depth)


def faint(rig: Rig) -> None:
    """Let the patient turn pale: the pressure falls, the heart slows."""
    rig.patient.faint(45.0)


def kink(rig: Rig) -> None:
    """Close the line."""
    rig.pump.occluded = True


def unkink(rig: Rig) -> None:
    """Open the line."""
    rig.pump.occluded = False


def cuff_fails(rig: Rig) -> None:
    """Let the cuff leak."""
    rig.patient.cuff.failing = True


def cuff_works(rig: Rig) -> None:
    """Put the cuff right, and measure."""
    rig.patient.cuff.failing = False
    rig.patient.cuff.measure()


def detach(*parameters: Parameter) -> Callable[[Rig], None]:
    """Let a sensor come off."""
    return lambda rig: rig.patient.detached.update(parameters)


def attach(rig: Rig) -> None:
    """Put all sensors on again."""
    rig.patient.detached.clear()


def pull(device: str) -> Callable[[Rig], None]:
    """Pull a device's cable."""
    return lambda rig: rig.pulled.add(device)


def plug(rig: Rig) -> None:
    """Plug all cables in again."""
    rig.pulled.clear()


START_S = 300
PAUSE_S, RESUME_S = START_S + 18 * 60, START_S + 19 * 60
END_S = START_S + 41 * 60

_COURSE = (
    Step(150, cuff),
    Step(200, program),
    Step(240, cuff),
    Step(START_S, start),
    Step(START_S + 1, cuff),
    Step(PAUSE_S, hold),
    Step(RESUME_S, start),
    Step(END_S - 150, silence),
    Step(END_S + 10, cuff),
    Step(END_S + 30, hold),
)
"""What happens in most of them: five minutes at rest, 40 minutes of infusion with a pause of one, and recovery."""

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="uneventful",
            title="40 minutes, mild effects, one short fall of saturation, ready to go home after half an hour",
            seed=195,
            seconds=85 * 60,
            script=(*_COURSE, Step(START_S + 23 * 60, desaturate(7.0))),
        ),
        Scenario(
            name="hypertension",
            title="a pressure far above the baseline at 35 minutes, which comes down by itself",
            seed=3,
            seconds=120 * 60,
            script=_COURSE,
            responder=HYPERTENSIVE,
        ),
        Scenario(
            name="desaturation",
            title="shallow breathing twice, the second time deep enough for a high priority alarm",
            seed=5,
            seconds=90 * 60,
            script=(*_COURSE, Step(START_S + 12 * 60, desaturate(7.0)), Step(START_S + 26 * 60, desaturate(13.0))),
        ),
        Scenario(
            name="nausea-vomiting",
            title="nausea that grows to vomiting in the second half, and passes",
            seed=9,
            seconds=90 * 60,
            script=_COURSE,
            course={
                "nausea": ((0, 0), (15, 1), (22, 2), (28, 3), (45, 1), (60, 0)),
                "vomiting": ((0, 0), (28, 1), (44, 0)),
            },
        ),
        Scenario(
            name="occlusion",
            title="a kinked line: the pump alarms and stops, the line is opened and the infusion goes on",
            seed=11,
            seconds=90 * 60,
            script=(
                *(step for step in _COURSE if step.second < END_S),
                Step(START_S + 10 * 60, kink),
                Step(START_S + 14 * 60, unkink),
                Step(START_S + 14 * 60 + 20, start),
                Step(END_S + 5 * 60, hold),
            ),
        ),
        Scenario(
            name="sensor-off",
            title="the finger sensor comes off twice, the second time for five minutes",
            seed=13,
            seconds=90 * 60,
            script=(
                *_COURSE,
                Step(START_S + 8 * 60, detach(*OXIMETRY)),
                Step(START_S + 9 * 60, attach),
                Step(START_S + 25 * 60, detach(*OXIMETRY)),
                Step(START_S + 30 * 60, attach),
            ),
        ),
        Scenario(
            name="cable-pulled",
            title="the monitor's cable out, and then the pump's, each put right",
            seed=7,
            seconds=90 * 60,
            script=(
                *_COURSE,
                Step(START_S + 22 * 60, pull(MONITOR)),
                Step(START_S + 23 * 60, plug),
                Step(START_S + 30 * 60, pull(PUMP)),
                Step(START_S + 31 * 60, plug),
            ),
        ),
        Scenario(
            name="nibp-failing",
            title="a cuff that gives no numbers for a quarter of an hour",
            seed=15,
            seconds=90 * 60,
            script=(*_COURSE, Step(START_S + 12 * 60, cuff_fails), Step(START_S + 27 * 60, cuff_works)),
        ),
        Scenario(
            name="vasovagal",
            title="the patient turns pale at the start: pressure and heart rate fall, and come back",
            seed=17,
            seconds=90 * 60,
            script=(*_COURSE, Step(START_S + 5 * 60, faint), Step(START_S + 7 * 60, cuff)),
        ),
        Scenario(
            name="early-stop",
            title="the infusion is held after a quarter of an hour and not taken up again",
            seed=19,
            seconds=75 * 60,
            script=(*(step for step in _COURSE if step.second < PAUSE_S), Step(START_S + 15 * 60, hold)),
            patience_s=90.0,
        ),
    )
}


def scenario_called(name: str) -> Scenario:
    """Return a scenario. Raises `UsageError`, with the names there are, where it is none of them."""
    if name not in SCENARIOS:
        raise UsageError(f"there is no scenario called {name}; there are: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def stage(scenario: Scenario, specs: Mapping[str, DriverSpec], started: datetime, *, waves: bool = True) -> Rig:
    """Set up a scenario on the bench with the simulators of these drivers, by the device's name in the session.

    Without `waves` the devices measure numbers only; these are the same.
    """
    return Rig(
        {name: spec.simulate() for name, spec in specs.items()},
        Patient(scenario.seed, weight_kg=WEIGHT_KG, responder=scenario.responder),
        Pump(concentration_mg_per_ml=CONCENTRATION_MG_PER_ML),
        started=started,
        script=scenario.script,
        curves=Curves(scenario.seed) if waves else None,
    )
