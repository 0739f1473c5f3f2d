"""What every view builds on: a core's events come in over the local socket, a `SessionState` comes out.

The wire is one JSON object a line. From the core: `{"kind":"event","seq","mono_ns","wall","type","version","body"}` for
every event from the first on; `{"kind":"beat",…}` four times a second; `{"kind":"answer","id","refused"}`;
`{"kind":"parted","why"}` where it cannot tell the past. To the core: `{"id","intent","pin"}`. An answer comes after the
events it caused are durable.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from ketamon.codec import decode_body, encode_intent, encode_json
from ketamon.domain.events import Event, SessionOpened
from ketamon.domain.fold import apply
from ketamon.domain.health import DeviceHealth
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent
from ketamon.domain.profile import Profile
from ketamon.domain.recording import Unsaved
from ketamon.domain.session import SessionState
from ketamon.domain.waveforms import Wave
from ketamon.errors import SourceError
from ketamon.plain import plain, plain_json
from ketamon.profiles import loads

RECONNECT_S = 0.5
ANSWER_WITHIN_S = 10.0
MAX_LINE = 16 << 20


class Source(StrEnum):
    """Where the data of a session come from. Only LIVE is about a patient in the chair now."""

    LIVE = "LIVE"
    SIMULATED = "SIMULATED"
    REPLAY = "REPLAY"
    REVIEW = "REVIEW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listened:
    """How the recorded bytes behind a recording are listened to where its cursor is.

    `why` says why there are no devices and waveforms to show, "" where there are; `passing`: not for long, or at this
    speed. `unproven`: no sum of the stream covers what is shown. `walks` counts how often somebody moved the cursor:
    waveforms of another count do not go on from those before.
    """

    walks: int
    why: str = ""
    passing: bool = False
    unproven: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The core's pulse: its clock, its speed (1 for live, 0 paused), how long ago the record was last saved.

    `ended`: nothing more comes; the session is over, or the recording is played to its end. `unsaved`: what waits
    for the disk; a few events for a quarter of a second, unless it fails. `devices` tells how each device's line is,
    `waves` brings the waveforms since the last pulse: neither is an event, and no rule knows them. `saved_s` is below 0
    where nothing is saved. `length_s`: how long a recording is that is walked through, None for all else; `remark` is
    what is to be said of it, and `listened` what of its bytes: `waves` are then the last seconds each time.
    """

    at: Instant
    source: Source
    speed: float
    saved_s: float
    chair: str
    ended: bool = False
    unsaved: Unsaved | None = None
    devices: tuple[DeviceHealth, ...] = ()
    waves: tuple[Wave, ...] = ()
    length_s: float | None = None
    remark: str = ""
    listened: Listened | None = None


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

    async def ask(self, intent: Intent, pin: str = "") -> str:
        """Send an intent; return "" when it is done and durable, else the reason why it is refused."""
        ...


class _Line(msgspec.Struct):
    """Any line from a core; which fields count depends on `kind`."""

    kind: str
    seq: int = 0
    mono_ns: int = 0
    wall: datetime | None = None
    type: str = ""
    version: int = 0
    body: msgspec.Raw = msgspec.Raw(b"")
    beat: msgspec.Raw = msgspec.Raw(b"")
    id: int = 0
    refused: str = ""
    why: str = ""


_line = msgspec.json.Decoder(_Line)
_beat = msgspec.json.Decoder(Beat)


def beat_line(beat: Beat) -> bytes:
    """Write a pulse as it goes over the socket."""
    return encode_json({"kind": "beat", "beat": beat}) + b"\n"


class SocketFeed:
    """The feed of a running core; see `Feed`. Each of `listeners` hears every event, from the first on."""

    def __init__(self, path: Path, profile: Profile) -> None:
        self.state = SessionState()
        self.profile = profile
        self.beat: Beat | None = None
        self.connected = False
        self.why = "not connected yet"
        self.changes = 0
        self.listeners: list[Callable[[Event], None]] = []
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._asked = 0

    async def run(self) -> None:
        """Follow until cancelled. Each connection folds from the first event anew, so nothing can be missed."""
        while True:
            try:
                async for _ in self.updates():
                    pass
            except SourceError as error:
                self._part(str(error))
            await asyncio.sleep(RECONNECT_S)

    async def updates(self) -> AsyncGenerator[None]:
        """Connect once and fold; give control back after each pulse. Raises `SourceError` when the core is gone."""
        try:
            reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=MAX_LINE)
        except OSError as error:
            raise SourceError(f"no core answers at {self._path.name}; start one with “ketamon run”") from error
        state = SessionState()
        try:
            async for line in reader:
                if self._take(_line.decode(line), state):
                    yield
        except (OSError, ValueError, RecursionError, OverflowError) as error:  # not a core, or not one of ours
            raise SourceError(f"the core's line broke: {error}") from error
        finally:
            self._writer.close()
        raise SourceError("the core has ended")

    def _take(self, line: _Line, state: SessionState) -> bool:
        """Take one line in; say whether it was a pulse, after which the state is as the core's."""
        match line.kind:
            case "event" if line.wall is not None:
                body = decode_body(plain(line.type), line.version, plain_json(bytes(line.body)))
                event = Event(line.seq, Instant(line.mono_ns, line.wall), body)
                apply(state, event)
                for listen in self.listeners:
                    listen(event)
                if isinstance(body, SessionOpened):
                    self.profile = loads(body.profile_toml, body.profile)
            case "beat":
                beat = _beat.decode(plain_json(bytes(line.beat)))
                self.state, self.beat, self.connected, self.why = state, beat, True, ""
                self.changes += 1
                return True
            case "parted":
                raise SourceError(plain(line.why))
            case "answer" if line.id in self._waiting:
                self._waiting.pop(line.id).set_result(plain(line.refused))
            case _:
                pass  # a newer core may say more than this version understands
        return False

    def _part(self, why: str) -> None:
        if self.connected or self.why != why:
            self.connected, self.why = False, why
            self.changes += 1
        for future in self._waiting.values():
            if not future.done():
                future.set_result("the core went away before it answered; look in the log whether it was saved")
        self._waiting.clear()

    async def ask(self, intent: Intent, pin: str = "") -> str:
        """Send an intent, with the PIN where it takes one; return "" when it is durable, else the reason why not."""
        if self._writer is None or not self.connected:
            return "the core cannot be reached"
        self._asked += 1
        number, answer = self._asked, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        request = {"id": number, "intent": msgspec.Raw(encode_intent(intent)), "pin": pin}
        self._writer.write(encode_json(request) + b"\n")
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return str(await answer)
        except TimeoutError:
            return "the core did not answer; look in the log whether it was saved"
        finally:  # an answer that nobody waits for any more is let pass
            self._waiting.pop(number, None)
