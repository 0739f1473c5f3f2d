"""A syringe pump that is not there: it is programmed, started, held, and it ends.

What a key does in a state stands in one table; what time does stands in `Pump.process`. A key that means nothing in a
state does nothing, as on the device. At the end the pump stands in alarm until somebody presses hold. The model raises
alarms under plain names (`PumpAlarm`); the code a device has for each is the device's own affair.
"""

from enum import StrEnum

from ketamon.domain.devices import PumpAlarm, PumpState, PumpStatus

NEAR_END_S = 180.0
"""From how long before its end the pump says so."""
KVO_ML_H = 1.0
"""The rate that keeps a vein open; it is not dosing."""
RESTING_MMHG, MMHG_PER_ML_H = 12.0, 0.22
"""Pressure in the line: at rest, and what flow adds through a thin cannula."""
OCCLUSION_MMHG = 300.0
"""The rise of pressure at which the pump takes the line for closed, and stops."""
STIFFNESS_MMHG_PER_ML = 900.0
"""How fast pressure rises in a closed line: 300 mmHg within half a millilitre."""


class Key(StrEnum):
    """The keys of the pump."""

    START = "start"
    HOLD = "hold"


KEYS: dict[PumpState, dict[Key, PumpState]] = {
    PumpState.READY: {Key.START: PumpState.INFUSING},
    PumpState.INFUSING: {Key.HOLD: PumpState.HELD},
    PumpState.HELD: {Key.START: PumpState.INFUSING},
    PumpState.KVO: {Key.HOLD: PumpState.ENDED},
    PumpState.ENDED: {Key.HOLD: PumpState.HELD},
    PumpState.UNKNOWN: {},
}


class Pump:
    """A pump with one syringe. `occluded` is the line, not the pump: anybody may close and open it.

    `concentration_mg_per_ml` is what the syringe holds; the pump does not know it. With `kvo` it keeps the vein open
    at the end, else it stops.
    """

    def __init__(self, *, concentration_mg_per_ml: float, serial: str = "8002-51740", kvo: bool = False) -> None:
        self.concentration_mg_per_ml = concentration_mg_per_ml
        self.occluded = False
        self.state = PumpState.READY
        self.volume_ml = 0.0
        self._serial = serial
        self._kvo = kvo
        self._rate_ml_h = 0.0
        self._vtbi_ml = 0.0
        self._trapped_ml = 0.0
        self._silenced: set[PumpAlarm] = set()

    def program(self, rate_ml_h: float, vtbi_ml: float) -> None:
        """Set rate and volume to be infused, and begin a new count."""
        self._rate_ml_h, self._vtbi_ml, self.volume_ml, self.state = rate_ml_h, vtbi_ml, 0.0, PumpState.READY

    def press(self, key: Key) -> None:
        """Press a key."""
        self.state = KEYS[self.state].get(key, self.state)
        self._silenced.clear()

    def silence(self) -> None:
        """Take note of the alarms that stand: the pump does not raise them again for the same cause."""
        self._silenced |= set(self._conditions())

    @property
    def flow_ml_h(self) -> float:
        """How fast the plunger moves."""
        return {PumpState.INFUSING: self._rate_ml_h, PumpState.KVO: KVO_ML_H}.get(self.state, 0.0)

    @property
    def ketamine_mg_h(self) -> float:
        """What reaches the vein: in a closed line the plunger moves and the patient gets nothing."""
        return 0.0 if self.occluded else self.flow_ml_h * self.concentration_mg_per_ml

    @property
    def pressure_mmhg(self) -> float:
        """Pressure in the line."""
        return RESTING_MMHG + MMHG_PER_ML_H * self.flow_ml_h + STIFFNESS_MMHG_PER_ML * self._trapped_ml

    @property
    def alarms(self) -> tuple[PumpAlarm, ...]:
        """The alarms that stand and nobody took note of."""
        return tuple(alarm for alarm in self._conditions() if alarm not in self._silenced)

    def process(self, dt_s: float) -> None:
        """Let time pass: the plunger moves, the volume ends, a closed line is found."""
        moved = self.flow_ml_h * dt_s / 3600
        if self.state is PumpState.INFUSING:
            moved = min(moved, self._vtbi_ml - self.volume_ml)
        self.volume_ml += moved
        self._trapped_ml = self._trapped_ml + moved if self.occluded else 0.0
        if self._closed:
            self.state = PumpState.HELD
        elif self.state is PumpState.INFUSING and self.volume_ml >= self._vtbi_ml:
            self.state = PumpState.KVO if self._kvo else PumpState.ENDED

    def status(self) -> PumpStatus:
        """Return what the pump says of itself."""
        return PumpStatus(
            state=self.state,
            rate=self.flow_ml_h,
            volume_infused=round(self.volume_ml, 3),
            vtbi=self._vtbi_ml,
            time_remaining=self._remaining_s(),
            pressure=round(self.pressure_mmhg, 2),
            alarm=bool(self.alarms),
            serial=self._serial,
        )

    @property
    def _closed(self) -> bool:
        return self._trapped_ml * STIFFNESS_MMHG_PER_ML >= OCCLUSION_MMHG

    def _remaining_s(self) -> float | None:
        if not self._rate_ml_h:
            return None
        return max(0.0, float(round((self._vtbi_ml - self.volume_ml) / self._rate_ml_h * 3600)))

    def _conditions(self) -> list[PumpAlarm]:
        remaining = self._remaining_s()
        near = self.state is PumpState.INFUSING and remaining is not None and remaining <= NEAR_END_S
        standing = {
            PumpAlarm.OCCLUSION: self._closed,
            PumpAlarm.ENDED: self.state is PumpState.ENDED,
            PumpAlarm.KVO: self.state is PumpState.KVO,
            PumpAlarm.NEAR_END: near,
        }
        return [alarm for alarm, stands in standing.items() if stands]
