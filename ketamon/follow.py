"""What every view builds on: a core's events come in over the local socket, a `SessionState` comes out.

The wire is one JSON object a line. From the core: `{"kind": "event", "seq", "mono_ns", "wall", "type", "version", "body"}`
for every event from the first on, `{"kind": "beat", …}` four times a second, `{"kind": "answer", "id", "refused"}`.
To the core: `{"kind": "intent", "id", "intent"}`. An answer comes after the events it caused are durable.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState


class Source(StrEnum):
    """Where the data of a session come from. Only LIVE is about a patient in the chair now."""

    LIVE = "LIVE"
    SIMULATED = "SIMULATED"
    REPLAY = "REPLAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The core's pulse: its clock, its speed (1 for live, 0 paused), how long ago the record was last saved."""

    at: Instant
    source: Source
    speed: float
    saved_s: float
    chair: str
    ended: bool = False


class Feed(Protocol):
    """A followed session: what a screen needs, and all it may use.

    `state` and `profile` are only read. `connected` is False while the core cannot be reached (`why` says so in words);
    the screen must then show no number as current. `changes` counts up with every event and beat.
    """

    state: SessionState
    profile: Profile
    beat: Beat | None
    connected: bool
    why: str
    changes: int

    async def run(self) -> None:
        """Follow until cancelled: connect, fold, reconnect."""
        ...

    async def ask(self, intent: Intent) -> str:
        """Send an intent; return "" when it is done and durable, else the reason why it is refused."""
        ...
