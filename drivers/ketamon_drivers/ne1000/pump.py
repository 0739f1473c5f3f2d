"""What is remembered of one pump on the line."""

from ketamon.domain.devices import DeviceAlarm, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.wire.continuity import Known
from ketamon_drivers.ne1000.wire import AGAIN

LOST_S = 10.0
"""What was not heard of for so long is not known any more; a round of questions to four pumps takes 6 s."""

STATES = {"I": PumpState.INFUSING, "S": PumpState.READY, "P": PumpState.HELD, "T": PumpState.HELD, "U": PumpState.HELD}
MOVES_OTHERWISE = {"W": "withdraws", "X": "purges"}
_MOVES = ("I", *MOVES_OTHERWISE)
_IN_A_PROGRAM = (*_MOVES, "T", "U")

ALARMS = {
    "R": "pump was reset, its power was interrupted",
    "S": "motor stalled: occlusion, or at its end",
    "T": "no communication in safe mode, pump stopped",
    "E": "error in the pumping program",
    "O": "phase of the pumping program out of range",
}
_SWITCHED_ON = "pump was switched on"


class Pump:
    """One pump: its status, its numbers, and the alarms that it forgot by telling them."""

    def __init__(self, address: int) -> None:
        self.address = address
        self.head = str(address) if address else ""
        self.named = f" (pump {address})" if address else ""
        self.heard: Instant | None = None
        self.said = ""
        self.status = ""
        self.alarms: dict[str, DeviceAlarm] = {}
        self._numbers = {parameter: Known(LOST_S) for parameter in AGAIN.values()}
        self._after_alarm = ""
        self._moved = False

    def take(self, parameter: Parameter, value: float | None, step: float, at: Instant, *, sure: bool) -> bool:
        """Take a number; whether it counts. A volume may grow by what the pump gives meanwhile, the others stay."""
        counted = parameter is Parameter.VOLUME_INFUSED
        grows, step = (self.known(Parameter.RATE, at) or 0.0, step) if counted else (0.0, 0.0)
        return self._numbers[parameter].take(value, at, sure=sure, grows=grows, step=step)

    def known(self, parameter: Parameter, at: Instant) -> float | None:
        """Return a number as the pump tells it, None where it is not known."""
        return self._numbers[parameter].get(at)

    def confirms(self, status: str, *, sure: bool) -> bool:
        """Take a status; whether it counts: by its checksum, or because it is told a second time."""
        counts, self.said = sure or status == self.said, status
        if counts:
            self.status = status
            self._moved = self._moved or status in _MOVES
            if status in _IN_A_PROGRAM or self._after_alarm not in ("", status):
                self.alarms.clear()
            self._after_alarm = status
        return counts

    def alarmed(self, letter: str) -> None:
        """Keep an alarm standing until somebody has dealt with it."""
        text, priority = ALARMS.get(letter, "unknown alarm"), Priority.HIGH
        if letter == "R" and not self._moved:
            text, priority = _SWITCHED_ON, Priority.LOW
        self.alarms[letter] = DeviceAlarm(code=f"{self.head}A?{letter}", text=text + self.named, priority=priority)
        self.said = self._after_alarm = ""

    def flow(self, at: Instant) -> float | None:
        """Return how fast it infuses, mL/h: as set while it does, 0 while it stands, None while it moves otherwise."""
        if self.status == "I":
            return self.known(Parameter.RATE, at)
        return 0.0 if self.status and self.status not in _MOVES else None

    def report(self, at: Instant) -> PumpStatus:
        """Put together what is known of it now. Without a target volume there is no end."""
        volume, vtbi = self.known(Parameter.VOLUME_INFUSED, at), self.known(Parameter.VTBI, at) or None
        state = STATES.get(self.status, PumpState.UNKNOWN)
        if self.status == "S" and self._moved and volume is not None and vtbi is not None and volume >= vtbi:
            state = PumpState.ENDED
        return PumpStatus(
            state=state, rate=self.flow(at), volume_infused=volume, vtbi=vtbi, alarm=bool(self.alarms), head=self.head
        )
