"""Frames of the Capnostream, its commands, and the conversation that makes it stream."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ketamon.domain.instant import Instant
from ketamon.driver import Send
from ketamon.wire.checksums import xor8

START_BYTE = b"\x85"
LONGEST_FRAME = 1 + 2 * (1 + 255 + 1)
_PLAIN = re.compile(rb"\x85[^\x80\x85]++")
_TOKENS = re.compile(rb"\x85((?:\x80[\x00\x05]|[^\x80\x85])*+)", re.DOTALL)
_STUFFED = (0x80, 0x85)


def unstuffed(data: bytes) -> bytes:
    """Undo the byte stuffing."""
    return data.replace(b"\x80\x05", b"\x85").replace(b"\x80\x00", b"\x80")


def frame(code: int, data: bytes = b"") -> bytes:
    """Wrap a message: length, checksum, byte stuffing."""
    body = bytes([len(data) + 1, code]) + data
    body += bytes([xor8(body)])
    return START_BYTE + body.replace(b"\x80", b"\x80\x00").replace(b"\x85", b"\x80\x05")


def size(ahead: bytes) -> int | None:
    """Tell how many bytes the frame takes on the wire; 0 where none begins here, None where more bytes must tell."""
    plain = _PLAIN.match(ahead)
    if plain and plain.end() >= ahead[1] + 3:  # most have nothing that is stuffed
        return ahead[1] + 3
    match = _TOKENS.match(ahead)
    whole = unstuffed(match[1]) if match else b""
    if whole and len(whole) >= whole[0] + 2:
        needed = whole[: whole[0] + 2]
        return 1 + len(needed) + sum(map(needed.count, _STUFFED))
    return None if match and ahead[match.end() :] in (b"", b"\x80") else 0


def opened(raw: bytes) -> bytes | str:
    """Return code and data of a frame, or why it is none."""
    whole = raw[1:] if _STUFFED[0] not in raw else unstuffed(raw[1:])
    if xor8(whole):
        return "the checksum is wrong"
    return whole[1:-1]


SAMPLE, NUMBERS, DEVICE_ID = 0, 1, 4
SAMPLES_HZ = 20
MESSAGES: Mapping[int, tuple[str, range]] = {
    SAMPLE: ("sample", range(5, 6)),
    NUMBERS: ("numbers", range(28, 29)),
    2: ("patient id", range(29, 30)),
    3: ("number", range(2, 3)),
    DEVICE_ID: ("device id", range(31, 32)),
    12: ("patient id", range(53, 54)),
    21: ("event", range(13, 14)),
    22: ("event", range(24, 25)),
    55: ("trend", range(3, 229, 9)),
    57: ("patient of a trend", range(29, 30)),
    58: ("patient of a trend", range(53, 54)),
}
"""What the monitor says: a name and the lengths of code with data. Who the patient is, is never read."""

ENABLE, START, LINK_ACTIVE = frame(1), frame(4), frame(6)
DISABLE, STOP = frame(2), frame(5)


class Step(StrEnum):
    """How far the conversation has come."""

    ENABLING = "enabling"
    STARTING = "starting"
    STREAMING = "streaming"


class Heard(StrEnum):
    """What moves the conversation on: the monitor's id, its numbers, or neither for `SILENCE_S`."""

    ID = "id"
    NUMBERS = "numbers"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is sent in a step, how often, and what leads where; anything else leads nowhere."""

    send: bytes
    every_s: float
    then: Mapping[Heard, Step]


# Rules of this table: a monitor that streams already is not started again, one that says who it is was switched on anew
# and must be started, and one that gives no numbers any more is enabled from the beginning.
STEPS: Mapping[Step, Asking] = {
    Step.ENABLING: Asking(ENABLE, 1.0, {Heard.ID: Step.STARTING, Heard.NUMBERS: Step.STREAMING}),
    Step.STARTING: Asking(START, 1.0, {Heard.NUMBERS: Step.STREAMING, Heard.SILENCE: Step.ENABLING}),
    Step.STREAMING: Asking(LINK_ACTIVE, 5.0, {Heard.ID: Step.STARTING, Heard.SILENCE: Step.ENABLING}),
}
SILENCE_S = 5.0
PAUSE_S = 1.0
"""The monitor takes up to a second for a command, and only one at a time."""


class Conversation:
    """Walks through `STEPS`: told what was heard, it says what is to be sent."""

    def __init__(self) -> None:
        self.step = Step.ENABLING
        self._since: Instant | None = None  # when it came into this step, or last heard numbers in it
        self._sent: Instant | None = None
        self._wait_s = PAUSE_S

    def heard(self, what: Heard, at: Instant) -> None:
        """Something came, or was missed."""
        step = STEPS[self.step].then.get(what, self.step)
        if step is not self.step:
            self.step, self._wait_s = step, PAUSE_S
            self._since = at
        elif what is Heard.NUMBERS:
            self._since = at

    def due(self, at: Instant) -> Iterator[Send]:
        """Time has passed: give the command that is due."""
        if self._since is not None and at.since(self._since) >= SILENCE_S:
            self.heard(Heard.SILENCE, at)
        if self._sent is None or at.since(self._sent) >= self._wait_s:
            self._sent, self._wait_s = at, STEPS[self.step].every_s
            yield Send(STEPS[self.step].send)
