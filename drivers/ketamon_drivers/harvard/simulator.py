"""A pump with address 0 that answers questions, and nothing else."""

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.driver import Truth
from ketamon.wire.framing import Terminated
from ketamon_drivers.harvard.wire import LONGEST, RATE, VERSION, VOLUME, Dialect

_OLD = "phd2000"
_PROMPTS = {PumpState.INFUSING: ">", PumpState.KVO: ">", PumpState.ENDED: "T*"}
_OLD_PROMPTS = {PumpState.INFUSING: ">", PumpState.KVO: ">", PumpState.HELD: "/"}


class HarvardSimulator:
    """It speaks one dialect. The newer ones tell a stall and a target that is reached, the older one pauses."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._words = {question.rstrip(b"\n"): what for what, question in dialect.questions.items()}
        self._heard = Terminated(b"\r", LONGEST)
        self._truth: Truth | None = None
        self._set_ml_h = 0.0

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now; a pump says nothing of its own accord."""
        self._truth = truth
        if truth.pump is not None:
            self._set_ml_h = truth.pump.rate or self._set_ml_h
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question that is known."""
        asked = (self._words.get(segment.raw.lstrip(b"\n")) for segment in self._heard.feed(data))
        return b"".join(self._answer(what).encode("ascii") for what in asked if what)

    def _answer(self, what: str) -> str:
        truth = self._truth
        if truth is None or truth.pump is None:
            return ""
        volume = truth.pump.volume_infused or 0.0
        if self._dialect.name == _OLD:
            old = {VERSION: "PHD1.2", RATE: f"{self._set_ml_h:6.2f} ml/hr", VOLUME: f"{volume:8.3f}"}
            return f"\r\n{old[what]}\r\n0{_OLD_PROMPTS.get(truth.pump.state, ':')}"
        new = {
            VERSION: "Firmware:      v3.0.6\r\nPump address:  0\r\nSerial number: D101754",
            RATE: f"{self._set_ml_h:.6g} ml/hr",
            VOLUME: f"{volume * 1000:.6g} ul",
        }
        lines = "".join(f"\n{line}\r" for line in new[what].split("\r\n"))
        stalled = PumpAlarm.OCCLUSION in truth.pump_alarms
        return f"{lines}\n{'*' if stalled else _PROMPTS.get(truth.pump.state, ':')}"
