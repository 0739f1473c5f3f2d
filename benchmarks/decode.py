"""How fast the GE driver reads a recording, against a bare Python loop over the same bytes. Read the ratios.

Numbers and waveforms also stand alone: the one must not become slower for the sake of the other.

python benchmarks/decode.py [recording]
"""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted
from ketamon_drivers.ge_dri import SPEC

RECORDING = Path(__file__).resolve().parents[2] / "shared" / "captures" / "ge_datex_dri" / "db00_head.raw"
START = Instant(0, datetime(2026, 11, 21, tzinfo=UTC))
ROUNDS = 7


def bare_loop(data: bytes) -> None:
    """Touch every byte once and do nothing with it."""
    for _ in data:
        pass


def decode(data: bytes, chunk: int) -> None:
    """Decode all of it, in chunks of that size."""
    driver = SPEC.make()
    for start in range(0, len(data), chunk):
        for _ in driver.feed(data[start : start + chunk], START):
            pass


def best(run: Callable[[], None]) -> float:
    """Return the shortest of several runs in seconds."""

    def once() -> float:
        begin = perf_counter()
        run()
        return perf_counter() - begin

    return min(once() for _ in range(ROUNDS))


def main() -> None:
    data = Path(sys.argv[1] if len(sys.argv) > 1 else RECORDING).read_bytes()
    frames = [o for o in SPEC.make().feed(data, START) if isinstance(o, Accepted)]
    names = Counter(frame.name for frame in frames)
    print(f"{len(data)} bytes, {dict(names)}; best of {ROUNDS}")
    loop = best(partial(bare_loop, data))
    print(f"bare byte loop          {loop * 1e3:8.2f} ms   1.00")
    for title, chunk in (("decode, whole", len(data)), ("decode, 64 at a time", 64), ("decode, one by one", 1)):
        took = best(partial(decode, data, chunk))
        record = took / max(names["phdb"], 1) * 1e6
        print(f"{title:<23} {took * 1e3:8.2f} ms {took / loop:6.2f} {record:8.0f} us a second of the recording")
    for name, count in names.items():
        alone = b"".join(data[f.offset : f.offset + f.length] for f in frames if f.name == name)
        took = best(partial(decode, alone, len(alone)))
        print(f"{name + ' alone':<23} {took * 1e3:8.2f} ms        {took / count * 1e6:8.0f} us a record")


if __name__ == "__main__":
    main()
