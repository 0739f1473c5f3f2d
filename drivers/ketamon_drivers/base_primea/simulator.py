"""A simulated base."""

from ketamon.driver import Truth
from ketamon.wire.scanning import Scanner
from ketamon_drivers.base_primea.line import ACK, ENQ, FRAME, frame, look, unframe
from ketamon_drivers.base_primea.session import AFTER, BASE, Stage

_ENQUIRE_S, _HOST_GONE_S = 5, 10


class BaseSimulator:
    """A base with one module that answers questions only, and tells of its own accord what was subscribed to."""

    _MODULE = "1"

    def __init__(self) -> None:
        self._line = Scanner(look)
        self._truth: Truth | None = None
        self._second = 0
        self._alive_s = 0
        self._stages = {BASE: Stage.CLOSED, self._MODULE: Stage.CLOSED}
        self._told = self._untaken = ""

    def advance(self, truth: Truth) -> bytes:
        """Enquire whether the host is there, and tell of what changed. Without a sign of life the session ends."""
        self._truth, said = truth, b""
        self._second += 1
        if self._second - self._alive_s > _HOST_GONE_S:
            self._stages = dict.fromkeys(self._stages, Stage.CLOSED)
        if self._second % _ENQUIRE_S == 0:
            said += ENQ
        if self._stages[self._MODULE] is Stage.SUBSCRIBED:
            now = self._variables()
            if now != self._told:
                self._told = self._untaken = now
            if self._untaken:
                said += frame(f"{self._MODULE}E;{self._untaken}")
        return said

    def receive(self, data: bytes) -> bytes:
        """Acknowledge and answer whole frames."""
        answers = b""
        for piece in self._line.feed(data):
            if piece.name:
                self._alive_s = self._second
            if piece.name == FRAME:
                answers += ACK + self._answer(unframe(piece.raw) or "")
        return answers

    def _answer(self, message: str) -> bytes:
        address, command, *_ = message[:1], *message[1:].split(";")
        if command == "E":
            self._untaken = ""
            return b""
        if address not in self._stages or command not in {"DC", "DE", "LE"}:
            return frame(f"{address}I;20" if address.isdigit() else "I;04")
        if self._stages[BASE] is Stage.CLOSED and message != "0DC":
            return frame(f"{address}I;0D")
        if self._stages[address] is Stage.CLOSED and command != "DC":
            return frame(f"{address}I;1E")
        self._stages[address] = AFTER.get(message[1:], self._stages[address])
        told = f"b{1:02X}" if message == "0LE;b" else self._variables() if command == "LE" else ""
        return frame(f"{address}C;{told}" if told else f"{address}C")

    def _variables(self) -> str:
        """What the module tells; the bits of its alarms are made up, as their meaning is not public."""
        if self._truth is None or self._truth.pump is None:
            return ""
        pump, alarms = self._truth.pump, self._truth.pump_alarms
        told = [f"a{sum(1 << n for n, _ in enumerate(alarms)):04X}", "m01"]
        if pump.rate is not None:
            told.append(f"d{round(pump.rate * 10):04X}")
        if pump.volume_infused is not None:
            told.append(f"r{round(pump.volume_infused * 1000):06X}")
        return ";".join(told)
