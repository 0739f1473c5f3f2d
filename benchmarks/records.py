"""What a whole record takes: verify, open and resume, fold, archive; and a decision of the core. Best of several runs.

python benchmarks/records.py [directory]

CPU time of this process, as other work on the machine is none of ours. The record is that of `benchmarks/store.py`: two
hours, every second a monitor and a pump, 14,400 events. Verify is held against bare SHA-256 over the same rows, each
hashed by itself, already in memory.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from store import EVENTS, START, body, event

from ketamon import samples
from ketamon.chair import launch
from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.events import Body, DeviceAttached, Event, LinkChanged
from ketamon.domain.fold import fold
from ketamon.domain.instant import Instant
from ketamon.store.archive import archive
from ketamon.store.database import SELECT_EVENTS, connect, create
from ketamon.store.reader import Reader, load
from ketamon.store.verify import verify
from ketamon.store.writer import Store

ROUNDS = 9


def best(run: Callable[[], object]) -> float:
    """The shortest of several runs in seconds of CPU."""

    def once() -> float:
        begin = time.process_time()
        run()
        return time.process_time() - begin

    return min(once() for _ in range(ROUNDS))


def session() -> list[Event]:
    """Two devices that are there and live, and what they say for two hours."""
    kinds = {"monitor": DeviceKind.MONITOR, "pump": DeviceKind.PUMP}
    first: list[Body] = [
        DeviceAttached(
            device=name, kind=kind, driver="x", port="x", label=name, alarms_decoded=True, quiet_after_s=10.0
        )
        for name, kind in kinds.items()
    ]
    first += [LinkChanged(device=name, link=Link.LIVE) for name in kinds]
    bodies = [*first, *(body(seq) for seq in range(1, EVENTS - len(first) + 1))]
    return [event(seq, what) for seq, what in enumerate(bodies, 1)]


def told(what: str, took: float, limit_ms: float) -> None:
    print(f"{what:<44}{took * 1e3:9.2f} ms   must be {limit_ms:g} or less")


def whole(folder: Path) -> None:
    path = folder / "session.ksession"
    create(path, "session", START)
    with Store(path, clock=time.monotonic_ns, on_degraded=print) as store:
        store.append(session(), urgent=True).result()

    def resume() -> None:
        with Reader(path) as reader:
            fold(reader.events())
        Store(path, clock=time.monotonic_ns, on_degraded=print).close()

    told("open, verify the chain, fold, open for writing", best(resume), 300)
    with Store(path, clock=time.monotonic_ns, on_degraded=print) as store:
        store.close(ended=True)
    with closing(connect(path)) as connection:
        rows = [b"".join(row[i] for i in (2, 3, 5)) for row in connection.execute(SELECT_EVENTS, (0,))]
    bare = best(lambda: [sha256(row).digest() for row in rows])
    checked = best(lambda: verify(path))
    print(f"{'bare SHA-256 over the rows':<44}{bare * 1e3:9.1f} ms")
    said = f"{EVENTS / checked:,.0f} events/s, {bare / checked:.2f} of bare; must be 300,000, or 0.5"
    print(f"{'verify':<44}{checked * 1e3:9.1f} ms   {said}")
    events = load(path)
    told("fold", best(lambda: fold(events)), 100)
    to = folder / "archive"
    print(f"{'archive, with its verification':<44}{best(lambda: archive(path, to, START.isoformat())) * 1e3:9.1f} ms")


async def decisions() -> list[float]:
    """How long each judgement of alarms and gate took while a sample session was played, in seconds of CPU."""
    core, reader = launch.replay(samples.path("uneventful"), None, float("inf"), None)
    took: list[float] = []
    judge = core.engine._judge

    def timed(at: Instant) -> None:
        begin = time.thread_time()
        judge(at)
        took.append(time.thread_time() - begin)

    core.engine._judge = timed  # type: ignore[method-assign] # what is measured is within
    with reader:
        await core.run(None)
    return sorted(took)


def main() -> None:
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        whole(Path(folder))
    took = asyncio.run(decisions())
    told("a decision (alarms and gate), median", took[len(took) // 2], 1)
    told("  99 of 100", took[len(took) * 99 // 100], 1)
    told("  longest", took[-1], 1)


if __name__ == "__main__":
    main()
