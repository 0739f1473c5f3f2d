"""The core of one chair as an asyncio program: engine, record, stream and followers around one loop.

Whatever enters (bytes, link changes, requests, time) goes to the engine; whatever the engine says goes to the record
first and to the followers at once, so that a slow disk delays no alarm. An answer to a person waits for the disk.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from ketamon.chair.coursebook import LookUp
from ketamon.chair.device import Outgoing
from ketamon.chair.door import Door, WrongPin
from ketamon.chair.engine import Chair
from ketamon.chair.recording import DiskWatch
from ketamon.chair.server import Server
from ketamon.codec import encode_recorded
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.intents import CheckIn, Intent, ReportSound, SetSpeed
from ketamon.domain.people import Proof
from ketamon.domain.waveforms import Wave
from ketamon.errors import KetamonError, Refused
from ketamon.follow import Beat, Source, beat_line
from ketamon.port.clock import Clock
from ketamon.store.backlog import rows
from ketamon.store.chain import Head, event_of
from ketamon.store.reader import Reader
from ketamon.store.writer import Store
from ketamon.stream.writer import StreamWriter

BEAT_S = 0.25
SWEEP_SPEED = 2.0
"""Up to this speed waveforms go with every pulse. A faster session is too fast for eyes, and gets a still at times."""
STILL_BEATS = 8
SAVED_WITHIN_S = 5.0
"""How long a person's entry may wait for the disk before they are told that it is not saved yet."""
COMES_WITHIN_S = 10.0
"""How long a replay that is over waits for the console that started it."""


class Drive(Protocol):
    """What makes time pass and bytes come: a live chair, a simulation, or a recording."""

    source: Source

    @property
    def remark(self) -> str:
        """What is to be said of what it plays."""
        ...

    @property
    def speed(self) -> float:
        """How many times faster than life; 1 for a live chair, 0 while it stands still."""
        ...

    async def run(self, core: "Core") -> None:
        """Feed the core until the session ends or the source does."""
        ...

    def send(self, device: str, out: Outgoing) -> None:
        """Write what a driver wants to send."""
        ...

    def set_speed(self, speed: float) -> None:
        """Change the speed, or raise `Refused`."""
        ...


class Core:
    """One chair. `store` and `stream` are absent where nothing is recorded (a replay without a console)."""

    def __init__(self, engine: Chair, clock: Clock, drive: Drive, chair: str, door: Door) -> None:
        self.door = door
        self.engine = engine
        self.clock = clock
        self.drive = drive
        self.chair = chair
        self.listeners: list[Callable[[e.Event], None]] = []
        self.course: LookUp | None = None
        self.store: Store | None = None
        self.record: Path | None = None
        self.stream: StreamWriter | None = None
        self._server: Server | None = None
        self._disk = DiskWatch(self._on_recording)
        self._played = False
        self._closed = False
        self._beats = 0
        self._waves: tuple[Wave, ...] = ()  # of this pulse: who asks between two gets the same
        self._looking: asyncio.Task[None] | None = None  # kept, so that it is not collected while it runs

    async def run(self, socket: Path | None) -> None:
        """Run the drive to its end, serving followers at `socket` meanwhile if there is one; then close the record."""
        try:
            if socket is None:
                self.publish()
                await self.drive.run(self)
            else:
                await self._serve(socket)
        finally:
            self._closed = True
            try:
                self._close_stream()
            finally:  # a stream that cannot be written keeps no event from the record
                if self.store is not None:
                    self.store.close(ended=self.engine.ended)

    def _close_stream(self) -> None:
        """Let the stream note the end of the record, and the record the end of the stream."""
        if self.stream is None:
            return
        if self.store is not None:
            with suppress(FutureTimeout, KetamonError):  # a disk that is full or hangs: it notes what is safe
                self.store.append([], urgent=True).result(SAVED_WITHIN_S)
        self.stream.close()
        self.engine.stream_closed(self.stream.mark, self.clock.now())
        self.publish()

    async def _serve(self, socket: Path) -> None:
        self._server = Server(self._history, self.ask, self._beat, self._on_mute)
        await self._server.start(socket)
        pulse = asyncio.create_task(self._pulse())
        try:
            self.publish()
            await self.drive.run(self)
            self._played = True
            comes = asyncio.get_running_loop().time() + COMES_WITHIN_S * (self.drive.source is Source.REPLAY)
            while self._server.followers or asyncio.get_running_loop().time() < comes:  # the end is for looking at, too
                await asyncio.sleep(BEAT_S)
        finally:
            pulse.cancel()
            await self._server.stop()

    def on_bytes(self, device: str, data: bytes, at: Instant) -> None:
        """Take bytes from a device; those that a port's thread sent on before it was closed come too late."""
        if self._closed:
            return
        if self.stream is not None:
            self.stream.rx(device, at, data)
        self.engine.on_bytes(device, data, at)
        self.publish()

    def on_link(self, device: str, what: str, why: str, at: Instant) -> None:
        """Take a change of a port, unless it comes too late."""
        if self._closed:
            return
        if self.stream is not None:
            self.stream.link(device, at, f"{what}: {why}" if why else what)
        self.engine.on_link(device, what, why, at)
        self.publish()

    def tick(self, at: Instant) -> None:
        """Let time pass."""
        self.engine.tick(at)
        self.publish()

    def stood_still(self, gap_s: float, why: str, at: Instant) -> None:
        """Hear that time passed in which nothing was seen."""
        if self.stream is not None:
            self.stream.note("", at, f"{why} for {gap_s:.1f} s")
        self.engine.stood_still(e.StoodStill(gap_s=round(gap_s, 3), why=why), at)
        self.publish()

    def intend(self, intent: Intent, at: Instant, proof: Proof = Proof.NAME) -> "asyncio.Future[Head] | None":
        """Do what somebody asks, or raise `Refused`; the future is done when it is durable."""
        first = self.engine.state.seq + 1
        self.engine.intend(intent, at, proof)
        if self.stream is not None:
            self.stream.intent(at, encode_recorded(intent, proof, first).decode())
        return self.publish(urgent=True)

    async def ask(self, intent: Intent, pin: str) -> str:
        """Do what somebody asks and wait for the disk; return "" or why it is not done or not saved."""
        try:
            if isinstance(intent, SetSpeed):
                self.drive.set_speed(intent.speed)
                return ""
            if self.drive.source is Source.REPLAY:
                return "this is a replay: nothing is added to it"
            proof = await self.door.prove(intent, pin, self.clock.now().wall)
            durable = self.intend(intent, self.clock.now(), proof)
            if isinstance(intent, CheckIn) and self.course is not None:
                self._looking = asyncio.create_task(self._look_up(self.course, intent.patient.identifier))
        except WrongPin as wrong:
            self.engine.refused_pin(wrong.name, locked=wrong.locked, at=self.clock.now())
            self.publish(urgent=True)
            return str(wrong)
        except Refused as refused:
            return str(refused)
        if durable is not None:
            done, _ = await asyncio.wait([durable], timeout=SAVED_WITHIN_S)
            if not done:
                return f"taken, but not saved yet: {self.engine.state.recording_degraded or 'the disk is slow'}"
            if error := durable.exception():
                return f"taken, but not saved: {error}"
        return ""

    async def _look_up(self, course: LookUp, identifier: str) -> None:
        """Find the patient's course beside the session: many records take a while to read."""
        found = await asyncio.to_thread(course, identifier, self.clock.now().wall)
        patient = self.engine.state.patient
        if not self._closed and patient is not None and patient.identifier == identifier:  # corrected meanwhile?
            self.engine.course(found, self.clock.now())
            self.publish()

    def publish(self, *, urgent: bool = False) -> "asyncio.Future[Head] | None":
        """Hand on what the engine said since the last time."""
        events, sends = self.engine.take()
        durable = None
        if self.store is not None and (events or urgent):
            hurry = urgent or any(not isinstance(v.body, e.Measured | e.PumpReported) for v in events)
            signed = self.stream is not None and any(isinstance(v.body, e.Signed) for v in events)
            safe = self.store.append(events, hurry)
            if urgent or signed:  # else nobody waits for it
                durable = asyncio.wrap_future(safe)
            if durable is not None and signed:
                durable.add_done_callback(self._witness)
        if self._server is not None:
            self._server.send_events(events)
        for event in events:
            for listen in self.listeners:
                listen(event)
        for device, out in sends:
            if self.stream is not None:
                self.stream.tx(device, self.clock.now(), out.data)
            self.drive.send(device, out)
        return durable

    def _witness(self, durable: "asyncio.Future[Head]") -> None:
        """Let the stream note a signed record as soon as it is safe."""
        if self.stream is not None and not (self._closed or durable.cancelled() or durable.exception()):
            self.stream.witness(self.clock.now())

    def on_degraded(self, degraded: bool, why: str) -> None:
        """Hear that the record can (not) be written."""
        self._disk.record_said(degraded, why)

    def _on_recording(self, change: e.RecordingChanged) -> None:
        """What is wrong with the disk is part of the session itself, unless it comes too late."""
        if self._closed:
            return
        self.engine.recording(change, self.clock.now())
        self.publish()

    def _on_mute(self, console: str) -> None:
        """Hear that a console is gone; where alarms sounded there, nothing does now."""
        sound = self.engine.state.sound
        if sound is not None and sound.console == console and sound.working and not (self.engine.ended or self._closed):
            why = f"nothing sounds the alarms: {console} is gone"
            self.intend(ReportSound(console=console, working=False, why=why), self.clock.now())

    async def _pulse(self) -> None:
        while self._server is not None:
            self._disk.look(self.store, self.stream)
            self._waves = self._new_waves()
            self._server.send_beat()
            await asyncio.sleep(BEAT_S)

    def _new_waves(self) -> tuple[Wave, ...]:
        self._beats += 1
        if self.drive.speed > SWEEP_SPEED and self._beats % STILL_BEATS:
            return ()
        return self.engine.waves()

    def _beat(self) -> bytes:
        saved = self.store.saved_at if self.store is not None else None
        at = self.clock.now()
        beat = Beat(
            at=at,
            source=self.drive.source,
            speed=self.drive.speed,
            saved_s=asyncio.get_running_loop().time() - saved / 1e9 if saved is not None else -1.0,
            chair=self.chair,
            ended=self._played or (self.engine.ended and self.drive.source is Source.LIVE),
            unsaved=self.store.unsaved if self.store is not None else None,
            devices=self.engine.health(at),
            waves=self._waves,
            remark=self.drive.remark,
        )
        return beat_line(beat)

    def _history(self, after: int) -> Iterator[e.Event]:
        """Read the record behind an event, then what waits for the disk."""
        if self.record is None or self.store is None:
            return
        waiting = self.store.waiting
        durable = self.store.durable_seq
        if after < durable:
            with Reader(self.record) as reader:
                yield from takewhile(lambda event: event.seq <= durable, reader.events(after + 1))
        yield from (event_of(row) for row in rows(waiting) if row.seq > max(after, durable))
