"""The core: an hour replayed, a day's memory, and how quickly the command answers. Ratios, each measured in this run.

python benchmarks/core.py            replay and start-up
python benchmarks/core.py --day      also a simulated day (minutes)
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ketamon import samples
from ketamon.chair.rehearsal import demo

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def seconds(command: list[str], runs: int = 7) -> float:
    """Median wall time of a command."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - start)
    return sorted(took)[runs // 2]


def first_hour(source: Path, target: Path) -> None:
    """The first hour of a recording, as a recording that was cut there."""
    with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as hour:
        for line in lines:
            if line[0] == "[" and float(line[1 : line.index(",")]) > HOUR_S:
                break
            hour.write(line)


async def day() -> float:
    """Resident memory (MB) of a core that ran for a day, with its record on disk."""
    with tempfile.TemporaryDirectory() as folder:
        core = demo("uneventful", None, speed=float("inf"), record=Path(folder) / "day.ksession", sign=False,
                    done=lambda state: state.at is not None and state.at.seconds >= DAY_S)  # fmt: skip
        core.drive._limit_s = 2 * DAY_S
        await core.run(None)
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / 1e6


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        hour = Path(folder) / "hour.kstream"
        first_hour(samples.path("uneventful"), hour)
        replay = seconds([python, "-m", "ketamon", "replay", str(hour), "--headless", "--speed", "max"], 3)
    bare = seconds([python, "-c", "pass"])
    version = seconds([str(Path(python).with_name("ketamon")), "--version"])
    print(f"an hour replayed headless: {replay:.2f} s, {HOUR_S / replay:,.0f} times real time")
    print(f"ketamon --version: {version / bare:.2f} times python -c pass ({version * 1e3:.0f}, {bare * 1e3:.0f} ms)")
    if "--day" in sys.argv:
        print(f"core after a simulated day: {asyncio.run(day()):.0f} MB resident")


if __name__ == "__main__":
    main()
