"""How a device's line is: what came over it, what was made of it, and what was refused. For eyes; no rule reads it."""

from dataclasses import dataclass

FRAME, REJECTED, WAITING = ".x?"
"""What became of a byte: part of a frame, refused, or not decided as its frame is not whole yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """One device as the core hears it; what is an event already (driver, port, link) is not repeated here.

    Counts are since the core attached it: bytes `received`, frames `accepted`, pieces `rejected`. `quiet_s` is how
    long ago the last byte came, None before the first; `bytes_per_s` is over the last seconds. `tail` are the last
    bytes, `fate` says of each what became of it. `said` are the last lines as `ketamon decode` words them, `waves` the
    waveforms that come now. `garbage` is how the last rejected piece began, `reason` why it was rejected, and
    `garbage_s` how long ago, None where there was none.
    """

    device: str
    received: int = 0
    accepted: int = 0
    rejected: int = 0
    quiet_s: float | None = None
    bytes_per_s: float = 0.0
    tail: bytes = b""
    fate: str = ""
    said: tuple[str, ...] = ()
    waves: tuple[str, ...] = ()
    garbage: bytes = b""
    garbage_s: float | None = None
    reason: str = ""
