"""What makes time pass and bytes come: the ports of a live chair, a simulated chair on pseudo-terminals, a recording.

The last two have a clock that only moves when everything has been said up to a moment, on the same grid whatever the
speed: a faster clock changes no decision.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from math import isinf

from ketamon.chair.core import Core
from ketamon.chair.device import Outgoing
from ketamon.chair.numbers import Numbers
from ketamon.codec import decode_recorded
from ketamon.domain.devices import Link
from ketamon.domain.instant import Instant
from ketamon.domain.intents import Intent
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.errors import Refused, SourceError
from ketamon.follow import Source
from ketamon.local import claim_ports
from ketamon.port.base import Port
from ketamon.port.clock import Clock, SteppedClock, SystemClock
from ketamon.port.open import make_port
from ketamon.port.pty import PtyEnd
from ketamon.simulator.rig import Rig
from ketamon.stream.record import Kind, Record

STILL_S = 3.0
"""Two ticks that lie further apart than this are a gap in which nothing was seen."""
TICK_S = 0.25
"""How often drivers may poll and time-outs are looked at."""
IDLE_S = 0.1
"""How long a paused replay or simulation sleeps between looks at its speed."""
MAX_SPEED = 1000.0
SETTLE_S = 10.0
"""Longest wait for bytes between a simulated device and its port; longer means that one of them is dead."""

Script = Callable[[SessionState, Profile, Instant], list[Intent]]
"""Plays the staff: what they do now, given what they see."""


def connect(core: Core, clock: Clock, addresses: dict[str, str], heard: Callable[[str, int], None]) -> dict[str, Port]:
    """Make a port for each of the core's devices; what its thread reads reaches the core in the core's own loop."""
    loop = asyncio.get_running_loop()

    def on_bytes(device: str, data: bytes, at: Instant) -> None:
        core.on_bytes(device, data, at)
        heard(device, len(data))

    def port(device: str, address: str) -> Port:
        return make_port(
            address,
            core.engine.devices[device].spec,
            clock,
            lambda data, at: _call(loop, on_bytes, device, data, at),
            lambda what, why, at: _call(loop, core.on_link, device, what, why, at),
        )

    return {device: port(device, address) for device, address in addresses.items()}


def _call(loop: asyncio.AbstractEventLoop, do: Callable[..., None], *args: object) -> None:
    """Call in the loop, from a port's thread; a loop that has ended needs to hear nothing more."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(do, *args)


class LiveDrive:
    """Real ports, the system's clock. The ports are ours alone until the end of `run`, or `close`."""

    source = Source.LIVE
    remark = ""
    speed = 1.0

    def __init__(self, clock: SystemClock, addresses: dict[str, str]) -> None:
        self._clock = clock
        self._addresses = addresses
        self._ports: dict[str, Port] = {}
        self._claims = claim_ports(addresses.values())

    async def run(self, core: Core) -> None:
        """Tick until the session has ended, then close the ports."""
        self._clock.slept_s()
        last = self._clock.now()
        self._ports = connect(core, self._clock, self._addresses, lambda _device, _length: None)
        for port in self._ports.values():
            port.start()
        try:
            while not core.engine.ended:
                last = self._tick(core, last)
                await asyncio.sleep(TICK_S)
        finally:
            self.close()

    def _tick(self, core: Core, last: Instant) -> Instant:
        """Let time pass since `last`. Where much has passed, nothing was seen meanwhile: that comes first."""
        at, slept = self._clock.now(), self._clock.slept_s()
        still = at.since(last)
        if still > STILL_S:
            core.stood_still(still, "the machine slept" if slept > still / 2 else "the core was held up", at)
        core.tick(at)
        return at

    def close(self) -> None:
        """Give the ports back."""
        for port in self._ports.values():
            port.close()
        self._claims.close()

    def send(self, device: str, out: Outgoing) -> None:
        """Write to the device's port; while the line is down a poll is lost, nothing else."""
        self._ports[device].write(*out)

    def set_speed(self, speed: float) -> None:
        """Refuse: a live session has no speed."""
        raise Refused(f"a live session runs at the speed of life, not {speed:g}×")


class Pace:
    """Lets session time pass `speed` times as fast as real time: 0 stands still, infinity does not wait."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._due = 0.0
        self._steps = 0

    def set(self, speed: float) -> None:
        """Change the speed, or refuse one that is none."""
        if not 0 <= speed <= MAX_SPEED:
            raise Refused(f"speed {speed:g} is not between 0 (paused) and {MAX_SPEED:g}")
        self.speed, self._due = speed, 0.0

    async def step(self, seconds: float) -> None:
        """Wait until so much session time may pass. One that falls behind does not run to catch up."""
        while self.speed == 0:
            await asyncio.sleep(IDLE_S)
        self._steps += 1
        if isinf(self.speed):
            if self._steps % 100 == 0:
                await asyncio.sleep(0)
            return
        now = asyncio.get_running_loop().time()
        self._due = max(self._due + seconds / self.speed, now - IDLE_S)
        await asyncio.sleep(max(0.0, self._due - now))


class SimulatedDrive:
    """A rig whose devices speak over real pseudo-terminals, in step with the session's clock.

    `script` plays the staff once a second. The drive ends when `done` says so; `limit_s` of session time without that
    is an error.
    """

    source = Source.SIMULATED
    remark = ""

    def __init__(
        self,
        clock: SteppedClock,
        rig: Rig,
        devices: Iterable[str],
        script: Script,
        done: Callable[[SessionState], bool],
        *,
        speed: float,
        limit_s: float = 4 * 3600,
    ) -> None:
        self._clock = clock
        self._rig = rig
        self._script = script
        self._done = done
        self._limit_s = limit_s
        self._pace = Pace(speed)
        self._ports: dict[str, Port] = {}
        self._ends = {name: PtyEnd(partial(self._answer, name)) for name in devices}
        # Bytes said by the device, heard by the engine; sent by the engine, received by the device.
        self._said, self._heard, self._sent, self._received = (dict.fromkeys(self._ends, 0) for _ in range(4))
        self._moved = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def speed(self) -> float:
        """How many times faster than life."""
        return self._pace.speed

    @property
    def addresses(self) -> dict[str, str]:
        """Where each device is reached: the path of its pseudo-terminal."""
        return {name: end.path for name, end in self._ends.items()}

    def set_speed(self, speed: float) -> None:
        """Change the speed."""
        self._pace.set(speed)

    def send(self, device: str, out: Outgoing) -> None:
        """Write to a simulated device through its port."""
        if self._ports[device].write(*out):
            self._sent[device] += len(out.data)

    async def run(self, core: Core) -> None:
        """Let the session happen."""
        self._loop = asyncio.get_running_loop()
        self._ports = connect(core, self._clock, self.addresses, self._hear)
        for port in self._ports.values():
            port.start()
        try:
            await self._until(lambda: all(d.link is not Link.OPENING for d in core.engine.devices.values()))
            while not (core.engine.ended or self._done(core.engine.state)):
                await self._step(core)
                if self._clock.now().seconds > self._limit_s:
                    raise SourceError("the simulated session does not come to its end; this is a bug of the scenario")
        finally:
            for port in self._ports.values():
                port.close()
            for end in self._ends.values():
                end.close()

    async def _step(self, core: Core) -> None:
        await self._pace.step(TICK_S)
        self._clock.advance(TICK_S)
        for device, said in self._rig.advance(TICK_S).items():
            if said:
                self._said[device] += self._ends[device].write(said, SETTLE_S)
        await self._until(self._settled)
        at = self._clock.now()
        core.tick(at)
        await self._until(self._settled)
        if at.monotonic_ns % 1_000_000_000 == 0:
            for intent in self._script(core.engine.state, core.engine.profile, at):
                with suppress(Refused):  # who is refused looks again, as people do
                    core.intend(intent, at)

    def _answer(self, device: str, data: bytes) -> bytes:
        """Answer, in a device's thread. Counted before it is written, so that the wait is never too short."""
        reply = self._rig.receive(device, data)
        self._said[device] += len(reply)
        self._received[device] += len(data)
        if self._loop is not None:
            _call(self._loop, self._moved.set)
        return reply

    def _hear(self, device: str, length: int) -> None:
        self._heard[device] += length
        self._moved.set()

    def _settled(self) -> bool:
        return self._said == self._heard and self._sent == self._received

    async def _until(self, so: Callable[[], bool]) -> None:
        """Wait until it is so; bytes that move are the occasion to look again."""
        for _ in range(int(SETTLE_S / IDLE_S)):
            while not so():
                self._moved.clear()
                try:
                    async with asyncio.timeout(IDLE_S):  # not wait_for: before Python 3.12 it can lose a cancel
                        await self._moved.wait()
                except TimeoutError:
                    break
            else:
                return
        raise SourceError("a simulated device no longer answers over its pseudo-terminal")


class ReplayDrive:
    """A recording: its bytes, its links and what people asked, at their times."""

    source = Source.REPLAY

    def __init__(self, clock: SteppedClock, records: Iterable[Record], *, speed: float) -> None:
        self._clock = clock
        self._records = records
        self._pace = Pace(speed)
        self.refused: list[str] = []
        """What people asked in the recording and this engine refuses."""
        self._numbers = Numbers()

    @property
    def remark(self) -> str:
        """Say what is missing here, though it was done: what is shown may be what somebody corrected."""
        if not self.refused:
            return ""
        return f"{len(self.refused)} entries of the recording are missing here; the first at {self.refused[0]}"

    @property
    def speed(self) -> float:
        """How many times faster than life; what has no limit counts as the fastest that can be told."""
        return min(self._pace.speed, MAX_SPEED)

    def set_speed(self, speed: float) -> None:
        """Refuse: whoever looks at a replay walks through what came of it."""
        raise Refused(f"a replay is walked through at the screen that plays it; its core has no speed {speed:g}×")

    def send(self, device: str, out: Outgoing) -> None:
        """Drop it: nobody listens to a replay."""

    async def run(self, core: Core) -> None:
        """Play to the end of the recording; then stand still, at its last moment."""
        next_tick = TICK_S
        for record in self._records:
            while next_tick <= record.t:
                await self._pace.step(TICK_S)
                self._to(next_tick)
                core.tick(self._clock.now())
                next_tick += TICK_S
            self._to(record.t)
            try:
                if record.kind is Kind.INTENT:
                    self._ask(core, record, self._clock.now())
                else:
                    _play(core, record, self._clock.now())
            except Refused as refused:
                self.refused.append(f"{record.t:.1f} s: {refused}")
        self._pace.speed = 0.0

    def _ask(self, core: Core, record: Record, at: Instant) -> None:
        intent, proof, recorded = decode_recorded(record.data)
        first = core.engine.state.seq + 1
        core.intend(self._numbers.meant(intent), at, proof)
        self._numbers.keep(recorded, first, core.engine.state.seq)

    def _to(self, t: float) -> None:
        self._clock.advance(max(0.0, t - self._clock.now().seconds))


def _play(core: Core, record: Record, at: Instant) -> None:
    """Give one record to the core, as it was given when it was recorded."""
    match record.kind:
        case Kind.RX if isinstance(record.data, bytes) and record.device in core.engine.devices:
            if core.engine.devices[record.device].link is Link.OPENING:  # a recording need not tell of its ports
                core.on_link(record.device, "opened", "", at)
            core.on_bytes(record.device, record.data, at)
        case Kind.LINK if isinstance(record.data, str) and record.device in core.engine.devices:
            what, _, why = record.data.partition(": ")
            core.on_link(record.device, what, why, at)
        case _:
            pass  # what was sent, notes and wall times are for readers of the file
