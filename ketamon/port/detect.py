"""Who is at the other end: listen first, and only where nobody speaks ask, with what drivers declare as `probe`.

A port is opened with each line setting that some driver has, and every driver with that setting listens along. Then,
for those drivers that have one, the probe goes out: a request of the allow-list that asks a device who it is and
changes nothing. It goes out again where the first tells nothing: what was asked before, for another device, may stand
in front of it, and what has no checksum counts when it is told twice. The port is opened with no other allow-list than
that, so nothing else can leave. What families of devices speak comes first, then what only some of their variants do.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ketamon.domain.instant import Instant
from ketamon.driver import (
    Accepted,
    AllowList,
    DeviceAlarms,
    DeviceNotice,
    DriverSpec,
    Garbage,
    Measured,
    Mismatch,
    Output,
    PumpTelemetry,
    Sampled,
)
from ketamon.errors import SourceError
from ketamon.port.clock import Clock
from ketamon.port.open import make_port

LISTEN_S = 4.5
"""Devices that speak of their own accord do so every second or two; without a checksum it takes four frames."""
ANSWER_S = 1.0
"""How long a device may take to answer, and the longest pause that any of them wants between two questions."""
_TIMES_ASKED, _TIMES_WITHOUT_ANSWER = 3, 2
_LOOK_S = 0.05
_NETWORKS = ("+tcp", "+udp")
_MOST_GARBAGE = 0.5
"""More than this share of bytes that are no frame of a driver: it is another device."""

Wait = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was tried and what came of it. `driver` is None where nobody was recognised; `said` is what it told."""

    tried: str
    heard: int
    driver: DriverSpec | None = None
    said: str = ""


def detect(address: str, specs: Sequence[DriverSpec], clock: Clock, wait: Wait) -> Iterator[Finding]:
    """Try to recognise the device at `address`; the last finding names it, or none does.

    Of two drivers that read the same equally well the one counts that is better known, then the first in `specs`.
    Raises `SourceError` where the port cannot be opened.
    """
    network = address.partition("://")[0] if "://" in address else ""
    tries: dict[tuple[str, bytes], list[DriverSpec]] = {}
    for probing in (False, True):
        for spec in _possible(specs, network):
            for probe in spec.probe if probing else (b"",):
                tries.setdefault((address if network else str(spec.line), probe), []).append(spec)
    for (line, probe), group in sorted(tries.items(), key=lambda each: ("+" in each[1][0].id, each[0][1] != b"")):
        finding = _try(address, group, line, probe, clock, wait)
        yield finding
        if finding.driver is not None:
            return


def _possible(specs: Sequence[DriverSpec], network: str) -> list[DriverSpec]:
    """Leave out what can only be met on another kind of connection; datagrams come from those made for them."""
    of_network = [spec for spec in specs if network and spec.id.endswith(f"+{network}")]
    return of_network or [spec for spec in specs if not spec.id.endswith(_NETWORKS)]


def _try(address: str, specs: Sequence[DriverSpec], line: str, probe: bytes, clock: Clock, wait: Wait) -> Finding:
    """Open the port with one line setting, ask (b"": only listen), and let each driver read what comes."""
    came: list[tuple[bytes, Instant]] = []
    allowed = AllowList(frozenset({probe} if probe else ()))
    spec = replace(specs[0], allow_list=allowed, actions={})
    port = make_port(address, spec, clock, lambda data, at: came.append((data, at)), lambda *_: None)
    try:
        port.open()
        port.start()
        for times in range(_TIMES_ASKED if probe else 1):
            if probe:
                port.write(probe)
            end = clock.now().plus(ANSWER_S if probe else LISTEN_S)
            while clock.now().monotonic_ns < end.monotonic_ns:
                wait(_LOOK_S)
            best = _best(specs, came)
            if best is not None or (not came and times + 1 == _TIMES_WITHOUT_ANSWER):
                break
    finally:
        port.close()
    names = ", ".join(spec.id for spec in specs)
    tried = f"asked as {names} at {line}: {probe[:24].hex(' ')}" if probe else f"listened at {line} for {LISTEN_S:g} s"
    return Finding(tried, sum(len(data) for data, _ in came), *(best or ()))


def _best(specs: Sequence[DriverSpec], came: Sequence[tuple[bytes, Instant]]) -> tuple[DriverSpec, str] | None:
    """Give the driver that reads most of what came, and what it told; None where none does."""
    judged = [(share, spec, said) for spec in specs for share, said in [_judge(spec, came)] if said]
    if not judged:
        return None
    return max(judged, key=lambda found: (found[0], found[1].evidence == "established"))[1:]


def _judge(spec: DriverSpec, came: Sequence[tuple[bytes, Instant]]) -> tuple[float, str]:
    """Say which share of the bytes are frames of this driver, and what they told; "" where it is not its device."""
    driver, outputs = spec.make(), list[Output]()
    for data, at in came:
        outputs += driver.feed(data, at)
    taken = sum(output.length for output in outputs if isinstance(output, Accepted))
    lost = sum(len(output.raw) for output in outputs if isinstance(output, Garbage))
    told = [text for text in map(_told, outputs) if text]
    if not told or lost > _MOST_GARBAGE * (taken + lost):
        return 0.0, ""
    return taken / (taken + lost), ", ".join(dict.fromkeys(told))


def _told(output: Output) -> str:
    match output:
        case Measured(reading=reading):
            return str(reading.parameter)
        case Sampled(block=block):
            return f"{block.signal} wave"
        case PumpTelemetry(status=status):
            return f"pump {status.state}"
        case DeviceAlarms():
            return "alarms"
        case DeviceNotice(text=text) | Mismatch(text=text):
            return text
        case _:
            return ""


def serial_ports() -> dict[str, str]:
    """Return the serial ports of this machine, each with what it is. Raises `SourceError` where they are not told."""
    from serial.tools import list_ports  # noqa: PLC0415 (pyserial is loaded only where a serial port is used)

    try:
        return {port.device: _about(port.description) for port in sorted(list_ports.comports())}
    except OSError as error:
        raise SourceError(f"the serial ports cannot be listed: {error.strerror}; name one") from error


def _about(description: str | None) -> str:
    """Return what the system says of a port; "n/a" is pyserial's word for nothing."""
    return "" if description in (None, "n/a") else str(description)
