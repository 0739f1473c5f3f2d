"""The fault kit: what can happen to bytes on their way from a device, seeded, as a `Wire`; and a cable to pull.

    drop        an arrival is lost                     delay     it comes with a later one
    duplicate   it comes twice                         burst     noise comes before it
    flip        a bit of it is another                 stall     nothing for a while, then all at once
    split       it comes in pieces                     unplug    nothing for a while, and what was said is lost
    merge       it comes together with the next one    baud      it is read at another speed

The same seed gives the same faults. `Faults` serves a conversation without any clock;
`ketamon.testing.cable.Cable` puts the same on a pseudo-terminal that can really be unplugged.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from random import Random

from ketamon.domain.instant import Instant

_BITS = 10
"""A byte on the line: a start bit, eight of data, a stop bit."""


class Fault(StrEnum):
    """One kind of fault."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    FLIP = "flip"
    SPLIT = "split"
    MERGE = "merge"
    DELAY = "delay"
    BURST = "burst"
    STALL = "stall"
    UNPLUG = "unplug"
    BAUD = "baud"


HARMLESS = frozenset({Fault.SPLIT, Fault.MERGE, Fault.DELAY, Fault.STALL})
"""Faults after which every byte still arrives, in its order."""

_HELD = {Fault.MERGE: 0.0, Fault.DELAY: 0.5, Fault.STALL: 3.0}
"""For how many seconds an arrival is held back."""
_OUT_S = 3.0
"""For how long a cable stays out."""
_OTHER_BAUDS = (0.25, 0.5, 2.0, 4.0)


class Faults:
    """A wire with faults. `kinds` are those that may happen, `rate` is the share of arrivals that one happens to."""

    def __init__(self, seed: int, kinds: Iterable[Fault], rate: float = 0.1) -> None:
        self._random = Random(seed)
        self._kinds = sorted(kinds)
        self._rate = rate
        self._held: list[bytes] = []
        self._until = 0.0
        self._out_until = 0.0
        self.happened: dict[Fault, int] = dict.fromkeys(self._kinds, 0)
        """How often each fault happened."""

    def __call__(self, data: bytes, at: Instant) -> list[bytes]:
        """Take what the device said at `at`; give the pieces that arrive now."""
        if at.seconds < self._out_until:
            return []
        fault = self._random.choice(self._kinds) if data and self._random.random() < self._rate else None
        if fault is not None:
            self.happened[fault] += 1
        if fault is Fault.UNPLUG:
            self._out_until = at.seconds + _OUT_S
            self._held.clear()
            return []
        arriving = [data] if fault is None else list(self._hit(fault, data))
        if fault in _HELD:
            self._until = max(self._until, at.seconds + _HELD[fault])
        if self._held or fault in _HELD:
            self._held += arriving
            if fault in _HELD or at.seconds < self._until:
                return []
            arriving, self._held = [b"".join(self._held)], []
        return [piece for piece in arriving if piece]

    def _hit(self, fault: Fault, data: bytes) -> Iterator[bytes]:
        random, at = self._random, self._random.randrange(len(data))
        match fault:
            case Fault.DROP:
                pass
            case Fault.DUPLICATE:
                yield from (data, data)
            case Fault.FLIP:
                yield data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
            case Fault.SPLIT:
                yield from (data[:at], data[at:])
            case Fault.BURST:
                yield from (random.randbytes(random.randint(1, 200)), data)
            case Fault.BAUD:
                yield misread(data, random.choice(_OTHER_BAUDS))
            case _:
                yield data


def misread(data: bytes, factor: float) -> bytes:
    """Return what a receiver reads that runs at `factor` times the sender's speed; bytes with a bad stop bit count."""
    line = [bit for byte in data for bit in (0, *((byte >> n) & 1 for n in range(8)), 1)]
    read, at = bytearray(), 0.0
    while at < len(line):
        if line[int(at)]:
            at += 1 / factor
            continue
        samples = [at + (n + 1.5) / factor for n in range(8)]
        read.append(sum(_level(line, when) << n for n, when in enumerate(samples)))
        at += _BITS / factor
    return bytes(read)


def _level(line: list[int], when: float) -> int:
    return line[int(when)] if when < len(line) else 1
