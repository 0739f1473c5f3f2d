"""Records devices to a stream without a session: what `ketamon record` does."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.driver import Driver, DriverSpec, Output, Send
from ketamon.port.clock import Clock
from ketamon.port.open import make_port
from ketamon.store.ring import SessionKey
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter

_TICK_S = 0.25
_Came = tuple[str, str, bytes | str, Instant]


class _Tap:
    """One device: its port, and the driver whose requests make it talk."""

    def __init__(self, name: str, spec: DriverSpec, address: str, clock: Clock, inbox: "SimpleQueue[_Came]") -> None:
        self._name = name
        self._spec = spec
        self._driver: Driver | None = None
        self.port = make_port(
            address,
            spec,
            clock,
            lambda data, at: inbox.put((name, "rx", data, at)),
            lambda event, why, at: inbox.put((name, event, f"{event}: {why}" if why else event, at)),
        )

    def take(self, event: str, at: Instant, data: bytes | str, writer: StreamWriter) -> None:
        """Write down what came, and answer as the driver would."""
        if isinstance(data, bytes):
            writer.rx(self._name, at, data)
            if self._driver is not None:
                self._send(self._driver.feed(data, at), at, writer)
        else:
            writer.link(self._name, at, data)
            self._driver = self._spec.make() if event == "opened" else None

    def tick(self, at: Instant, writer: StreamWriter) -> None:
        """Let the driver ask."""
        if self._driver is not None:
            self._send(self._driver.tick(at), at, writer)

    def _send(self, outputs: Iterable[Output], at: Instant, writer: StreamWriter) -> None:
        for output in outputs:
            if isinstance(output, Send) and self.port.write(output.data):
                writer.tx(self._name, at, output.data)


def record(
    devices: Mapping[str, tuple[DriverSpec, str]],
    path: Path,
    clock: Clock,
    stop: Event,
    *,
    mode: Mode = Mode.REAL,
    tell: Callable[[str], object] = lambda _: None,
    key: SessionKey | None = None,
) -> str:
    """Record `devices` (name to driver and address) to `path` until `stop` is set; return the file's SHA-256.

    `tell` gets a sentence for each thing that happens to a connection or to the file. With a `key` a new file is
    encrypted. Raises `SourceError` where a port
    cannot be opened at the start, or where the file cannot be written.
    """
    inbox: SimpleQueue[_Came] = SimpleQueue()
    taps = {name: _Tap(name, spec, address, clock, inbox) for name, (spec, address) in devices.items()}
    start = clock.now()
    header = Header(
        start.wall, {name: StreamDevice(spec.id, address, spec.kind) for name, (spec, address) in devices.items()}, mode
    )
    try:
        for tap in taps.values():
            tap.port.open()
        with StreamWriter(path, header, start, key=key) as writer:
            _Recording(taps, inbox, writer, clock, tell).run(stop)
        return writer.head_sha256
    finally:
        for tap in taps.values():
            tap.port.close()


@dataclass(frozen=True, slots=True)
class _Recording:
    taps: Mapping[str, _Tap]
    inbox: "SimpleQueue[_Came]"
    writer: StreamWriter
    clock: Clock
    tell: Callable[[str], object]

    def run(self, stop: Event) -> None:
        if self.writer.resumed:
            self.tell(self.writer.resumed)
        for tap in self.taps.values():
            tap.port.start()
        ticked, trouble = self.clock.now(), ""
        while not stop.is_set():
            self.take_waiting()
            at = self.clock.now()
            if at.since(ticked) >= _TICK_S:
                ticked = at
                for tap in self.taps.values():
                    tap.tick(at, self.writer)
            if self.writer.trouble != trouble:
                trouble = self.writer.trouble
                self.tell(trouble or "the recording is written again")
        for tap in self.taps.values():
            tap.port.close()
        self.take_waiting()

    def take_waiting(self) -> None:
        """Handle what waits now, a little later what comes first; never more, or a busy device would stop the ticks."""
        with suppress(Empty):
            self.take(*self.inbox.get(timeout=_TICK_S / 5))
        for _ in range(self.inbox.qsize()):
            self.take(*self.inbox.get())

    def take(self, name: str, event: str, data: bytes | str, at: Instant) -> None:
        self.taps[name].take(event, at, data, self.writer)
        if isinstance(data, str):
            self.tell(f"{name}: {data}")
