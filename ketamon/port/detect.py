"""Who is at the other end: listen first, and only where nobody speaks ask, with what drivers declare as `probe`.

A port is opened with each line setting that some driver has, and every driver with that setting listens along. Then,
for those drivers that have one, the probe goes out: a request of the allow-list that asks a device who it is and
changes nothing. The port is opened with no other allow-list than that, so nothing else can leave.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

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

LISTEN_S = 3.0
"""Devices that speak of their own accord do so every second or two."""
ANSWER_S = 1.5
"""How long a device may take to answer."""
_LOOK_S = 0.05
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


def detect(address: str, specs: Iterable[DriverSpec], clock: Clock, wait: Wait) -> Iterator[Finding]:
    """Try to recognise the device at `address`; the last finding names it, or none does.

    Raises `SourceError` where the port cannot be opened.
    """
    candidates = sorted(specs, key=lambda spec: (str(spec.line), spec.id))
    serial = "://" not in address
    for line, group in groupby(candidates, key=lambda spec: str(spec.line) if serial else address):
        finding = _try(address, list(group), f"listened at {line} for {LISTEN_S:g} s", LISTEN_S, None, clock, wait)
        yield finding
        if finding.driver is not None:
            return
    for spec in candidates:
        for probe in spec.probe:
            tried = f"asked as {spec.id} at {spec.line if serial else address}: {probe[:24].hex(' ')}"
            finding = _try(address, [spec], tried, ANSWER_S, probe, clock, wait)
            yield finding
            if finding.driver is not None:
                return


def _try(
    address: str, specs: Sequence[DriverSpec], tried: str, seconds: float, probe: bytes | None, clock: Clock, wait: Wait
) -> Finding:
    """Open the port with one line setting, ask (or not), and let each driver read what comes."""
    came: list[tuple[bytes, Instant]] = []
    allowed = AllowList(frozenset() if probe is None else frozenset({probe}))
    spec = replace(specs[0], allow_list=allowed, actions={})
    port = make_port(address, spec, clock, lambda data, at: came.append((data, at)), lambda *_: None)
    try:
        port.open()
        port.start()
        if probe is not None:
            port.write(probe)
        end = clock.now().plus(seconds)
        while clock.now().monotonic_ns < end.monotonic_ns:
            wait(_LOOK_S)
    finally:
        port.close()
    heard = sum(len(data) for data, _ in came)
    judged = [(share, spec, said) for spec in specs for share, said in [_judge(spec, came)] if said]
    if not judged:
        return Finding(tried, heard)
    _, best, said = max(judged, key=lambda found: (found[0], found[1].evidence == "established"))
    return Finding(tried, heard, best, said)


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


def serial_ports() -> list[str]:
    """Return the serial ports of this machine. Raises `SourceError` where the system does not tell."""
    from serial.tools import list_ports  # noqa: PLC0415 (pyserial is loaded only where a serial port is used)

    try:
        return sorted(port.device for port in list_ports.comports())
    except OSError as error:
        raise SourceError(f"the serial ports cannot be listed: {error.strerror}; name one") from error
