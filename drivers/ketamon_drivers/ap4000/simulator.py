"""A pump with one head installed that answers the two questions, and obeys nothing."""

from ketamon.domain.devices import PumpAlarm
from ketamon.domain.parameters import Parameter
from ketamon.driver import Truth
from ketamon.wire.framing import Terminated
from ketamon_drivers.ap4000 import wire
from ketamon_drivers.ap4000.alarms import ALARMS, END_OF_INFUSION

_SYSTEM = "066-22-20-003"
_FIELDS = 100
_CODES = {
    PumpAlarm.NEAR_END: ("PA.07", "PUMP1"),
    PumpAlarm.ENDED: (END_OF_INFUSION, "PUMP1"),
    PumpAlarm.KVO: (END_OF_INFUSION, "PUMP1"),
    PumpAlarm.OCCLUSION: ("PA.02", "PUMP1"),
    PumpAlarm.BATTERY_LOW: ("BA.02", "SYSTEM"),
}


class Ap4000Simulator:
    """It speaks protocol v0.2."""

    def __init__(self) -> None:
        self._heard = Terminated(wire.END, wire.LONGEST_FRAME)
        self._truth: Truth | None = None

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a pump says nothing of its own accord."""
        self._truth = truth
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question that is known."""
        return b"".join(self._answer(wire.unframe(segment.raw)) for segment in self._heard.feed(data))

    def _answer(self, asked: list[str] | None) -> bytes:
        truth = self._truth
        if truth is None or truth.pump is None:
            return b""
        if asked == ["CONNREQ"]:
            clock = f"{truth.wall:%Y-%m-%d^%H:%M:%S.000}"
            return wire.frame(f"CONNREQ^v0.2^{_SYSTEM}^v0.1.0.8218^v1.0^{clock}")
        return wire.frame("^".join(self._status(truth))) if asked == ["STATREQ", _SYSTEM] else b""

    def _status(self, truth: Truth) -> list[str]:
        fields = ["STATREQ", "", _SYSTEM, f"{truth.wall:%Y-%m-%d}", f"{truth.wall:%H:%M:%S:000}", *[""] * (_FIELDS - 5)]
        told = [_CODES[alarm] for alarm in truth.pump_alarms][: wire.MOST_ALARMS]
        fields[wire.ALARM_COUNT] = str(len(told)) if told else wire.NO_VALUE
        for n, (code, device) in enumerate(told):
            group = [code, device, ALARMS[code][1].value.upper(), ""]
            begin = wire.FIRST_ALARM + n * wire.ALARM_FIELDS
            fields[begin : begin + wire.ALARM_FIELDS] = group
        pump, begin = truth.pump, wire.HEADS["1"]
        if pump is not None:
            fields[begin], fields[begin + wire.DRUG] = pump.serial or "1", pump.drug
            vtbi, volume = pump.vtbi or 0.0, pump.volume_infused or 0.0
            numbers = {Parameter.RATE: pump.rate or 0.0, Parameter.VOLUME_INFUSED: volume, Parameter.VTBI: vtbi}
            for parameter, value in numbers.items():
                fields[begin + wire.NUMBERS[parameter].offset] = f"{value:.3f}"
            fields[begin + wire.REMAINING] = f"{max(0.0, vtbi - volume):.3f}"
        return fields
