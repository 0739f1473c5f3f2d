"""Gathers a device's waveforms from one pulse of the core to the next. They are for eyes, and go into no event."""

from ketamon.domain.instant import Instant
from ketamon.domain.waveforms import SampleBlock, Signal, Wave

KEPT_S = 8.0
"""The most that is kept of a waveform: what nobody takes must not pile up."""
BREAK_S = 0.25
"""How much is taken to be missing where bytes were rejected: nobody knows, but it must be seen."""
LATE_S = 1.0
"""A block that comes so much later than it lasts shows that nothing came meanwhile; less is how devices talk."""


class _Gathering:
    """The samples of one waveform since the last pulse."""

    def __init__(self, block: SampleBlock) -> None:
        self.block = block
        self.start = 0
        self.samples: list[float | None] = []
        self.came: Instant | None = None
        self.broken = False

    def add(self, block: SampleBlock, at: Instant, kept_s: float) -> None:
        rate = block.rate_hz
        missing_s = BREAK_S if self.broken else 0.0
        if self.came is not None and (silence := at.since(self.came) - len(block.samples) / rate) > LATE_S:
            missing_s = max(missing_s, silence)
        kept = round(kept_s * rate)
        self.samples += [None] * min(round(missing_s * rate), kept)
        self.samples += block.samples
        if (excess := len(self.samples) - kept) > 0:
            del self.samples[:excess]
            self.start += excess
        self.block, self.came, self.broken = block, at, False

    def take(self, device: str) -> Wave:
        wave = self.wave(device, 0.0)
        self.start += len(self.samples)
        self.samples = []
        return wave

    def wave(self, device: str, quiet_s: float) -> Wave:
        block = self.block
        whole = SampleBlock(
            signal=block.signal, rate_hz=block.rate_hz, samples=tuple(self.samples), unit=block.unit, site=block.site
        )
        return Wave(device=device, start=self.start, block=whole, quiet_s=quiet_s)


class Waves:
    """The waveforms of one device; of each the last `kept_s` are kept until they are taken."""

    def __init__(self) -> None:
        self.kept_s = KEPT_S
        self._gathered: dict[tuple[Signal, str], _Gathering] = {}

    def add(self, block: SampleBlock, at: Instant) -> None:
        """A block came."""
        key = block.signal, block.site
        known = self._gathered.get(key)
        if known is None or known.block.rate_hz != block.rate_hz:
            known = self._gathered[key] = _Gathering(block)
        known.add(block, at, self.kept_s)

    def broke(self) -> None:
        """Bytes were lost: samples may have been among them, so what comes next does not follow what came before."""
        for gathering in self._gathered.values():
            gathering.broken = True

    def take(self, device: str) -> tuple[Wave, ...]:
        """Hand out what came since the last time."""
        return tuple(gathering.take(device) for gathering in self._gathered.values() if gathering.samples)

    def last(self, device: str, at: Instant) -> tuple[Wave, ...]:
        """Show what is kept, and how long ago its last sample came; it stays."""
        return tuple(
            gathering.wave(device, at.since(gathering.came))
            for gathering in self._gathered.values()
            if gathering.samples and gathering.came is not None
        )
