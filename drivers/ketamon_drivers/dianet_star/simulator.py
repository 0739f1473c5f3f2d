"""A simulated Perfusor fm."""

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.driver import Truth
from ketamon.wire.framing import Flagged
from ketamon_drivers.dianet_star import frames as f


class DianetSimulator:
    """A Perfusor fm without an address, which answers what only reads; whether a real one does is unproven."""

    def __init__(self) -> None:
        self._frames = Flagged(f.FLAG, f.LONGEST_BODY, f.unframe)
        self._truth: Truth | None = None

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a pump says nothing of its own accord."""
        self._truth = truth
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question that only reads."""
        answers = ((piece.content, self._answer(piece.content)) for piece in self._frames.feed(data) if piece.content)
        return b"".join(f.frame(b"%b%c%b" % (asked, f.ACK, answer)) for asked, answer in answers if answer)

    def _answer(self, content: bytes) -> bytes:
        truth = self._truth
        if truth is None or truth.pump is None or content not in _READ_AT_0:
            return b""
        pump, now = truth.pump, int(truth.wall.timestamp())
        infused, vtbi = _sent(pump.volume_infused, 10), _sent(pump.vtbi, 10)
        match content[1]:
            case 1:
                return f.IDENTITY_LAYOUT.pack(1019 << f.SERIAL_BITS | 36248, f.PROTOCOL, b"FMA001    ", now)
            case 2:
                raised = {_CODES[alarm] for alarm in truth.pump_alarms} | _OWN_ALARMS.get(pump.state, set())
                alarms = sum(1 << bit for bit in raised)
                bits = sum(1 << bit for bit in (1, 4, *_BITS.get(pump.state, ())))
                return f.STATUS_LAYOUT.pack(0, alarms, bits, _sent(pump.rate, 100), infused, 0xFFFF)
            case 3:
                return f.ACTUAL_LAYOUT.pack(35, infused, *[0xFFFF] * 4, 50, *[0xFFFF] * 3)
            case _:
                drug = pump.drug.encode("latin-1", "replace")[:20].ljust(20)
                return f.TARGET_LAYOUT.pack(_sent(pump.rate, 100), vtbi, 0xFFFF, 80000, 0xFFFF, 4, 0xFFFF, drug)


_READ_AT_0 = frozenset(bytes([f.NO_ADDRESS, segment]) for segment in f.REQUESTS)
_BITS = {PumpState.INFUSING: (7,), PumpState.KVO: (7, 13), PumpState.READY: (6,), PumpState.HELD: (6,)}
_CODES = {
    PumpAlarm.NEAR_END: 1,
    PumpAlarm.ENDED: 12,
    PumpAlarm.KVO: 17,
    PumpAlarm.OCCLUSION: 3,
    PumpAlarm.BATTERY_LOW: 7,
}
_OWN_ALARMS = {PumpState.ENDED: {12}, PumpState.KVO: {17}}


def _sent(value: float | None, scale: int) -> int:
    return f.UNSET if value is None else round(value * scale)
