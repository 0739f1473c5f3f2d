"""A whole simulated session: a scenario's rig on real pseudo-terminals, and a simulated nurse at the desk."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ketamon.chair.core import Core
from ketamon.chair.drives import SimulatedDrive
from ketamon.chair.launch import begin
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState
from ketamon.port.clock import SteppedClock
from ketamon.port.open import Cable
from ketamon.registry import load as load_driver
from ketamon.simulator.nurse import Nurse
from ketamon.simulator.scenario import MONITOR, PUMP, scenario_called, stage

DRIVERS = {MONITOR: "ge-dri", PUMP: "alaris-gh"}
"""What the simulated monitor and pump speak."""

STARTED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""When a simulated session begins by its own wall clock; always the same, so that two runs can be compared."""


def demo(
    scenario: str,
    profile: Path | None,
    *,
    speed: float,
    record: Path | None,
    sign: bool,
    done: Callable[[SessionState], bool] = lambda _state: False,
) -> Core:
    """Make the core of a simulated session. It ends when `done` says so, or when the patient has left."""
    specs = {name: load_driver(driver) for name, driver in DRIVERS.items()}
    clock = SteppedClock(STARTED)
    rig = stage(scenario_called(scenario), specs, STARTED)
    drive = SimulatedDrive(clock, rig, specs, Nurse(sign=sign).due_intents, done, speed=speed)
    devices = {name: Cable(spec, drive.addresses[name]) for name, spec in specs.items()}
    return begin("demo", Mode.DEMO, devices, profile, clock, drive, record)
