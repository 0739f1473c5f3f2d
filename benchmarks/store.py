"""The store against the bare machine, in one run on one disk: `python benchmarks/store.py [directory]`.

Ratios, as absolute times belong to the disk. The record is a two-hour session: every second a monitor and a pump.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from ketamon.chair.rehearsal import demo
from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.events import Body, Event, Measured, Noted, PumpReported
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.people import Person, Role
from ketamon.domain.readings import Quality, Reading
from ketamon.store.database import create
from ketamon.store.reader import load
from ketamon.store.verify import verify
from ketamon.store.writer import Limits, Store

EVENTS = 14_400
GROUP_S = Limits().group_s
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NURSE = Person("A. N.", Role.NURSE)
SEEN = (Parameter.SPO2, Parameter.PR, Parameter.PI)


def body(seq: int) -> Body:
    if seq % 2:
        status = PumpStatus(state=PumpState.INFUSING, rate=45.0, volume_infused=seq / 400, vtbi=50 - seq / 400)
        return PumpReported(device="pump", offset=seq * 40, status=status)
    readings = tuple(
        Reading(parameter=parameter, value=60.0 + seq % 40, unit=PARAMETERS[parameter].unit, quality=Quality.VALID)
        for parameter in SEEN
    )
    return Measured(device="monitor", offset=seq * 80, readings=readings)


def event(seq: int, what: Body) -> Event:
    return Event(seq, Instant(seq * 500_000_000, START + timedelta(seconds=seq / 2)), what)


def timed(run: Callable[[], object]) -> float:
    """How long a call takes, in milliseconds."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def spread(taken: list[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def acknowledgements(directory: Path) -> None:
    """One after the other in turn, as a disk is never the same for long."""
    path = directory / "ack.ksession"
    create(path, "ack", START)
    handle = os.open(directory / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def bare() -> None:
        os.write(handle, b"x" * 4096)
        os.fsync(handle)

    with Store(path, clock=time.monotonic_ns, on_degraded=print) as store:

        def append() -> None:
            seq = store.head.seq + 1
            store.append([event(seq, Noted(text="a note", by=NURSE))], urgent=True).result()

        pairs = [(timed(bare), timed(append)) for _ in range(1000)]
    os.close(handle)
    bare_ms, store_ms = (spread(list(taken)) for taken in zip(*pairs, strict=True))
    print(f"write and fsync of 4 kB   median {bare_ms[0]:7.3f} ms   p99 {bare_ms[1]:7.3f} ms")
    print(f"append to acknowledgement median {store_ms[0]:7.3f} ms   p99 {store_ms[1]:7.3f} ms")
    print(f"  ratio of medians {store_ms[0] / bare_ms[0]:.2f}, of p99 {store_ms[1] / bare_ms[1]:.2f} (must be <= 2)")


def commits() -> None:
    """How often the writer commits in a whole session, by the times of its events: urgent at once, others in groups."""
    core, times = demo("uneventful", None, speed=float("inf"), record=None, sign=True), []
    waiting = None

    def take(happened: Event) -> None:
        nonlocal waiting
        now, urgent = happened.at.seconds, not isinstance(happened.body, Measured | PumpReported)
        if waiting is not None and now >= waiting:
            times.append(waiting)
            waiting = None
        if urgent and (not times or times[-1] != now):
            times.append(now)
        waiting = None if urgent else waiting or now + GROUP_S

    core.listeners.append(take)
    asyncio.run(core.run(None))
    worst = max(sum(1 for other in times[i : i + 50] if other < at + 1) for i, at in enumerate(times))
    print(
        f"commits in a session of {times[-1] / 60:.0f} minutes: {len(times) / times[-1]:.2f} a second (must be <= 5),"
    )
    print(f"  in the worst second {worst}")


def reading(directory: Path) -> None:
    path = directory / "session.ksession"
    create(path, "session", START)
    events = [event(seq, body(seq)) for seq in range(1, EVENTS + 1)]
    store = Store(path, clock=time.monotonic_ns, on_degraded=print)
    start = time.perf_counter()
    store.append(events, urgent=True).result()
    print(f"append of {EVENTS} events at once  {time.perf_counter() - start:.3f} s")
    store.close(ended=True)
    data = path.read_bytes()
    hashed, loaded, verified = (
        statistics.median(timed(run) for _ in range(5))
        for run in (lambda: sha256(data).digest(), lambda: load(path), lambda: verify(path))
    )
    print(f"the file, {len(data) / 1e6:.1f} MB: bare SHA-256 {hashed:.1f} ms")
    print(f"  load (chain checked, decoded)       {loaded:.1f} ms, {loaded / hashed:.1f} times that")
    print(f"  verify (and SQLite's own integrity) {verified:.1f} ms, {verified / hashed:.1f} times that")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as made:
        acknowledgements(Path(made))
        commits()
        reading(Path(made))
