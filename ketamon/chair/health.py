"""Listens to one device beside its driver: counts, the last bytes, and what became of them. Decides nothing."""

from collections import deque

from ketamon import driver as d
from ketamon.chair.waves import Waves
from ketamon.decoded import fields, words
from ketamon.domain.health import FRAME, REJECTED, WAITING, DeviceHealth
from ketamon.domain.instant import Instant

TAIL = 64
"""So many of the last bytes are shown."""
GARBAGE = 32
"""So many bytes of the last rejected piece are shown."""
LINES = 6
"""So many of the last decoded lines are shown."""
RATE_OVER_S = 5.0
WAVE_COMES_S = 5.0
"""A waveform of which nothing came for so long does not come now."""


class Health:
    """The memory of one device's line. Offsets count from the first byte of a connection, as the driver's do.

    `waves` gathers the waveforms that come over it.
    """

    def __init__(self) -> None:
        self.waves = Waves()
        self._received = self._accepted = self._rejected = 0
        self._fed = 0
        self._tail = bytearray()
        self._spans: deque[tuple[int, int, str]] = deque(maxlen=TAIL)  # each is a byte at least: enough for the tail
        self._said: deque[d.Output] = deque(maxlen=LINES)
        self._signals: dict[str, Instant] = {}
        self._garbage: tuple[d.Garbage, Instant] | None = None
        self._last: Instant | None = None
        self._marks: deque[tuple[Instant, int]] = deque()

    def opened(self) -> None:
        """The port was opened anew: what comes now is another connection."""
        self._fed = 0
        self._tail.clear()
        self._spans.clear()

    def heard(self, data: bytes, at: Instant) -> None:
        """Bytes came."""
        self._received += len(data)
        self._fed += len(data)
        self._tail = (self._tail + data[-TAIL:])[-TAIL:]
        self._last = at

    def made(self, out: d.Output) -> None:
        """The driver made this of them."""
        match out:
            case d.Accepted():
                self._accepted += 1
                self._spans.append((out.offset, out.offset + out.length, FRAME))
            case d.Garbage():
                self._rejected += 1
                self._spans.append((out.offset, out.offset + len(out.raw), REJECTED))
                self.waves.broke()
                if self._last is not None:
                    self._garbage = out, self._last
            case d.Sampled(block=block) if self._last is not None:
                site = f" {block.site}" if block.site else ""
                self._signals[f"{block.signal}{site} {block.rate_hz:g} Hz"] = self._last
                self.waves.add(block, self._last)
            case d.Send() | d.Sampled():
                pass
            case _:
                self._said.append(out)

    def told(self, device: str, at: Instant) -> DeviceHealth:
        """Say how the line is now."""
        garbage, garbage_at = self._garbage or (None, None)
        self.pulse(at)
        return DeviceHealth(
            device=device,
            received=self._received,
            accepted=self._accepted,
            rejected=self._rejected,
            quiet_s=None if self._last is None else round(at.since(self._last), 1),
            bytes_per_s=self._rate(at),
            tail=bytes(self._tail),
            fate=self._fate(),
            said=tuple([words(row) for out in self._said for row in fields(out)][-LINES:]),
            waves=tuple(wave for wave, last in self._signals.items() if at.since(last) < WAVE_COMES_S),
            garbage=garbage.raw[:GARBAGE] if garbage else b"",
            garbage_s=round(at.since(garbage_at), 1) if garbage_at else None,
            reason=garbage.reason if garbage else "",
        )

    def _fate(self) -> str:
        """Say what became of each byte of the tail."""
        begin = self._fed - len(self._tail)
        fate = [WAITING] * len(self._tail)
        for start, end, what in self._spans:
            for place in range(max(start - begin, 0), end - begin):
                fate[place] = what
        return "".join(fate)

    def pulse(self, at: Instant) -> None:
        """Note how much has come by now: bytes a second are counted from a pulse of a few seconds ago."""
        while len(self._marks) > 1 and at.since(self._marks[1][0]) >= RATE_OVER_S:
            self._marks.popleft()
        self._marks.append((at, self._received))

    def _rate(self, at: Instant) -> float:
        """Return the bytes a second since a few seconds ago."""
        since, before = self._marks[0]
        seconds = at.since(since)
        return round((self._received - before) / seconds, 1) if seconds > 0 else 0.0
