"""A simulated pump that answers the questions that only read, and keeps a log."""

import re
import struct

from ketamon.domain.devices import PumpAlarm, PumpState
from ketamon.driver import Truth
from ketamon.wire.framing import Terminated
from ketamon_drivers.zyno import wire

_RECORD = re.compile(f"{wire.RECORD}([0-9A-F]{{8}})")
_RUNNING = frozenset({PumpState.INFUSING, PumpState.KVO})
_DOWNSTREAM, _CLEARED, _LOW, _HIGH = 2, 4, 2, 32
_LOGGED = {PumpAlarm.OCCLUSION: (9, _DOWNSTREAM, _CLEARED), PumpAlarm.BATTERY_LOW: (13, _LOW, _HIGH)}
"""Type of the record, its kind when the alarm begins, and when it ends."""


class ZynoSimulator:
    """Answers with what was true last. It has records for occlusion, battery and the end, none for near-end or KVO."""

    def __init__(self, checksum: wire.Checksum) -> None:
        self._checksum = checksum
        self._heard = Terminated(wire.ETX, wire.LONGEST)
        self._truth: Truth | None = None
        self._second = 0
        self._log: list[bytes] = []

    def advance(self, truth: Truth) -> bytes:
        """Write what changed into the log; a pump says nothing of its own accord."""
        before, self._truth = self._truth, truth
        self._second += 1
        if before is None:
            self._write(24, 1)
        self._log_states(before, truth)
        stood, stand = before.pump_alarms if before else (), truth.pump_alarms
        for alarm, (kind, begun, ended) in _LOGGED.items():
            if (alarm in stood) is not (alarm in stand):
                self._write(kind, begun if alarm in stand else ended)
        return b""

    def receive(self, data: bytes) -> bytes:
        """Answer each question."""
        asked = (wire.unframe(segment.raw, self._checksum) for segment in self._heard.feed(data))
        answers = (self._answer(question) for question in asked if question)
        return b"".join(wire.frame(answer, self._checksum) for answer in answers if answer)

    def _log_states(self, before: Truth | None, now: Truth) -> None:
        was = before.pump.state if before and before.pump else None
        state = now.pump.state if now.pump else None
        if state is None or state is was:
            return
        if state in _RUNNING and was not in _RUNNING:
            self._write(1, 0)
        elif state is PumpState.ENDED:
            self._write(3, 0)
        elif was in _RUNNING and now.pump is not None:
            self._write(2, 0, now.pump.volume_infused or 0.0)

    def _write(self, kind: int, what: int, number: float = 0.0) -> None:
        self._log.append(struct.pack(">B", kind) + struct.pack("<I", 0xF0000000 | self._second)
                         + struct.pack(">Hf5x", what, number))  # fmt: skip

    def _answer(self, question: str) -> str:
        truth = self._truth
        if truth is None or truth.pump is None:
            return ""
        pump = truth.pump
        digits = "".join(c for c in pump.serial if c.isalnum())
        answers = {
            wire.SERIAL: f"{digits[:8]:0>8}",
            wire.FIRMWARE: "2.0.1",
            wire.RATE_UNIT: "mL/hr",
            wire.BOLUS: "0",
            wire.INFUSED: _hundredths(pump.volume_infused),
            wire.VTBI: _hundredths(pump.vtbi),
            wire.LOG: f"{0:08X}{len(self._log) - 1:08X}",
        }
        if question == wire.RATE:
            return "" if pump.rate is None else f"{pump.rate:.2f}"
        if question == wire.RUN:
            return "TRUE" if pump.state in _RUNNING else "FALSE"
        record = _RECORD.fullmatch(question)
        if record:
            number = int(record[1], 16)
            return f"{question}{self._log[number].hex().upper()}" if number < len(self._log) else ""
        return f"{question}{answers[question]}" if question in answers else ""


def _hundredths(value: float | None) -> str:
    return wire.ERROR if value is None else f"{round(value * 100):08X}"
