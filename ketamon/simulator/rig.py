"""The rig: a simulated patient and pump, with the devices that speak about them over their real protocols.

The rig owns no file descriptor and no clock. Whoever runs it says how much time has passed, carries what the devices
say to the drivers, and what the drivers send back to the devices.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ketamon.domain.parameters import Parameter
from ketamon.driver import DeviceSimulator, Truth
from ketamon.simulator.curves import Curves
from ketamon.simulator.patient import Patient
from ketamon.simulator.pump import Pump

STEP_S = 1.0
"""Device simulators advance by whole seconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens on the bench as soon as `second` seconds have passed."""

    second: int
    do: Callable[["Rig"], None]


class Rig:
    """Patient, pump and devices on one bench, and a script of what happens to them.

    `pulled` holds the names of devices whose cable is out: they say and hear nothing, while patient and pump go on.
    `values` is what can be measured at the patient now, by any device or by hand. Without `curves` the devices have no
    waveforms. `started` is the wall time at second 0.
    """

    def __init__(
        self,
        devices: Mapping[str, DeviceSimulator],
        patient: Patient,
        pump: Pump,
        *,
        started: datetime,
        script: Iterable[Step] = (),
        curves: Curves | None = None,
    ) -> None:
        self.patient = patient
        self.pump = pump
        self.pulled: set[str] = set()
        self.seconds = 0
        self.values: Mapping[Parameter, float | None] = {}
        self._devices = devices
        self._curves = curves
        self._started = started
        self._script = sorted(script, key=lambda step: step.second)
        self._owed_s = 0.0

    def advance(self, dt_s: float) -> dict[str, bytes]:
        """Let time pass; return what each device said of its own accord. Time below a second is kept for later."""
        said = dict.fromkeys(self._devices, b"")
        self._owed_s += dt_s
        while self._owed_s >= STEP_S:
            self._owed_s -= STEP_S
            for name, data in self._step().items():
                said[name] += data
        return said

    def receive(self, name: str, data: bytes) -> bytes:
        """Give a device what the host sent; return its answer."""
        return b"" if name in self.pulled else self._devices[name].receive(data)

    def _step(self) -> dict[str, bytes]:
        """One second. A device whose cable is out speaks into the air, so that its own clock goes on."""
        while self._script and self._script[0].second <= self.seconds:
            self._script.pop(0).do(self)
        self.seconds += 1
        truth = self._truth()
        said = {name: device.advance(truth) for name, device in self._devices.items()}
        return {name: b"" if name in self.pulled else data for name, data in said.items()}

    def _truth(self) -> Truth:
        self.pump.process(STEP_S)
        vitals = self.patient.process(STEP_S, self.pump.ketamine_mg_h / self.patient.weight_kg)
        self.values = vitals.values
        return Truth(
            wall=self._started + timedelta(seconds=self.seconds),
            values=vitals.values,
            cuff_age_s=vitals.cuff_age_s,
            cuff_measuring=vitals.cuff_measuring,
            waves=self._curves.second(vitals.values) if self._curves else {},
            pump=self.pump.status(),
            pump_alarms=self.pump.alarms,
        )
