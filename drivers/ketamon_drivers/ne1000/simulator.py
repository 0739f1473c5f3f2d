"""A pump with address 0 that answers questions, and nothing else."""

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.driver import Truth
from ketamon_drivers.ne1000.wire import AGAIN, ONCE, REQUESTS, Form, reply

_STATUS = {PumpState.INFUSING: "I", PumpState.KVO: "I", PumpState.HELD: "P"}
_MOST_DIGITS = 4


class Ne1000Simulator:
    """It hears the questions of its own mode only. An alarm is told once, with the answer that clears it."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._verbs = {REQUESTS[form][0, verb]: verb for verb in (ONCE, *AGAIN)}
        self._heard = b""
        self._truth: Truth | None = None
        self._stalled = False
        self._pending = ""
        self._set_ml_h = 0.0

    def advance(self, truth: Truth) -> bytes:
        """Take note of what is true now. In safe mode an alarm is told at once, which does not clear it."""
        self._truth = truth
        stalled = PumpAlarm.OCCLUSION in truth.pump_alarms
        new, self._stalled = stalled and not self._stalled, stalled
        if truth.pump is not None:
            self._set_ml_h = truth.pump.rate or self._set_ml_h
        if not new:
            return b""
        self._pending = "A?S"
        return reply(self._form, f"00{self._pending}") if self._form is Form.SAFE else b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question that is whole."""
        self._heard += data
        said = b""
        while found := min(((self._heard.find(q), q) for q in self._verbs if q in self._heard), default=None):
            place, question = found
            whole = self._form is Form.SAFE or place == 0 or self._heard[place - 1 : place] == question[-1:]
            self._heard = self._heard[place + len(question) :]
            said += self._answer(self._verbs[question]) if whole else b""
        self._heard = self._heard[-max(map(len, self._verbs)) :]
        return said

    def _answer(self, verb: str) -> bytes:
        if self._truth is None or self._truth.pump is None:
            return b""
        pump = self._truth.pump
        answers = {
            ONCE: "NE1000V3.923",
            "RAT": f"{_digits(self._set_ml_h)}MH",
            "DIS": f"I{_digits(pump.volume_infused)}W0.000ML",
            "VOL": f"{_digits(pump.vtbi)}ML",
        }
        told, self._pending = self._pending, ""
        return reply(self._form, "00" + (told or _STATUS.get(pump.state, "S") + answers[verb]))


def _digits(value: float | None) -> str:
    """Write a number as the pump does: four digits and a point, at most three of them behind it."""
    value = value or 0.0
    return next(text for n in (3, 2, 1, 0) if sum(map(str.isdigit, text := f"{value:#.{n}f}")) <= _MOST_DIGITS)
