"""Simulated devices that any program can reach, running in real time: on pseudo-terminals, TCP and UDP ports."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event, Lock

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted, DriverSpec, Garbage
from ketamon.errors import SourceError
from ketamon.port.clock import SystemClock
from ketamon.port.end import End, open_end
from ketamon.port.open import Cable
from ketamon.simulator.rig import STEP_S, Rig

_STILL = Instant(0, datetime.fromtimestamp(0, UTC))


def run(
    rig: Rig, devices: Mapping[str, Cable], speed: float, tell: Callable[[str], object], seconds: float, stop: Event
) -> None:
    """Let the rig run for `seconds` of its own time or until `stop` is set, each device at the address of its cable.

    An address is that of a TCP or UDP port, or the path of a link to the device's pseudo-terminal ("": no link).
    `tell` hears where each device is. Raises `SourceError` where it cannot be there.
    """
    clock, lock = SystemClock(), Lock()  # devices are asked in threads of their own

    def receive(name: str, data: bytes) -> bytes:
        with lock:
            return rig.receive(name, data)

    rig.advance(STEP_S)  # devices are on, and know what to say, before anybody can reach them
    with ExitStack() as at_last:
        ends: dict[str, End] = {}
        for name, (spec, address) in devices.items():
            port = address if "://" in address else ""
            ends[name] = end = open_end(port, partial(receive, name), partial(messages, spec))
            at_last.callback(end.close)
            link = Path(address) if address and not port else None
            if link is not None:
                _link(link, end.path)
                at_last.callback(link.unlink, missing_ok=True)
            tell(f"{spec.id}: {link or end.path}")
        step = 1
        while step * STEP_S < seconds:
            if stop.wait(max(0.0, step * STEP_S / speed - clock.now().seconds)):
                return
            step += 1
            with lock:
                said = rig.advance(STEP_S)
            for name, data in said.items():
                if data:
                    ends[name].write(data)


def messages(spec: DriverSpec, data: bytes) -> Iterator[bytes]:
    """Cut what a device says into its messages, as its driver does: over UDP each is a datagram."""
    driver = spec.make()
    for output in (*driver.feed(data, _STILL), *driver.flush(_STILL)):
        match output:
            case Accepted(offset=offset, length=length):
                yield data[offset : offset + length]
            case Garbage(raw=raw):
                yield raw
            case _:
                pass


def _link(link: Path, target: str) -> None:
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(target)
    except OSError as error:
        raise SourceError(f"{link} cannot be made a link to the pseudo-terminal: {error.strerror}") from error
