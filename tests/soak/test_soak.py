"""A chair with sixteen devices, for minutes, and with `-m long` for a simulated day: nothing grows, nothing differs.

What the state keeps of a session (trends, log, notices) grows with it and is counted; all else has to stay as it is.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from array import array
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from ketamon.chair.core import Core
from ketamon.chair.drives import SimulatedDrive
from ketamon.chair.launch import begin
from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.fold import fold
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.readings import Mode
from ketamon.domain.series import Series
from ketamon.domain.session import SessionState
from ketamon.local import socket_path
from ketamon.port.clock import SteppedClock
from ketamon.port.open import Cable
from ketamon.registry import load
from ketamon.simulator.nurse import Nurse
from ketamon.simulator.scenario import scenario_called, stage
from ketamon.store.reader import Reader
from ketamon.store.verify import verify
from ketamon.stream.reader import verify as verify_stream

STARTED = datetime(2026, 11, 21, 8, tzinfo=UTC)
DRIVERS = (
    "ge-dri", "masimo-ascii1", "nellcor-n595", "nonin", "medibus", "ivy-450c", "capnostat5", "capnostream20",
    "contec-cms50", "berry-pm6750", "philips-intellivue+serial", "suntech-nibp",
    "alaris-gh", "harvard", "ne1000", "terumo-te",
)  # fmt: skip
SAMPLE_S = 0.25
LINUX = sys.platform == "linux"


class Sample(NamedTuple):
    """What the process has at one moment. `kept` is the part of its memory that the session's own state takes."""

    hours: float
    events: int
    rss: int
    kept: int
    files: int
    threads: int


def chair(folder: Path, hours: float, speed: float) -> Core:
    specs = {}
    for driver in DRIVERS:
        spec = load(driver)
        count = sum(name.startswith(spec.kind) for name in specs)
        specs[f"{spec.kind}{count + 1}" if count else spec.kind.value] = spec
    assert len(specs) == 16
    clock = SteppedClock(STARTED)
    rig = stage(scenario_called("uneventful"), specs, STARTED, waves=False)

    def over(_state: SessionState) -> bool:
        return clock.now().seconds >= hours * 3600

    drive = SimulatedDrive(clock, rig, specs, Nurse().due_intents, over, speed=speed, limit_s=hours * 3600 + 60)
    cables = {name: Cable(spec, drive.addresses[name]) for name, spec in specs.items()}
    return begin("soak", Mode.DEMO, cables, None, clock, drive, folder / "soak.ksession")


def kept(state: SessionState) -> int:
    """Bytes of what the state keeps on purpose: every trend once, and some room for each line of the log."""
    series = {id(s): s for s in (*state.history.values(), *state.tracks.values())}
    trends = sum(len(s) * (8 + 8 + 4) for s in series.values())
    return trends + 1500 * len(state.log) + 100 * sum(len(d.notices) for d in state.devices.values())


def sample(core: Core) -> Sample:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if LINUX else 0
    files = len(list(Path("/proc/self/fd").iterdir())) if LINUX else 0
    state = core.engine.state
    return Sample(
        core.clock.now().seconds / 3600, state.seq, pages * os.sysconf("SC_PAGE_SIZE"), kept(state), files,
        threading.active_count(),
    )  # fmt: skip


async def soak(folder: Path, hours: float, speed: float, samples: int) -> tuple[Core, list[Sample]]:
    """Run the chair at its socket; look at the process `samples` times, evenly over the session."""
    core, taken = chair(folder, hours, speed), []
    running = asyncio.create_task(core.run(socket_path("soak")))
    while not running.done():
        if core.clock.now().seconds / 3600 >= hours * (len(taken) + 1) / (samples + 1):
            taken.append(sample(core))
        await asyncio.sleep(SAMPLE_S if hours > 1 else 0.01)
    await running
    return core, taken


def same(one: SessionState, other: SessionState) -> list[str]:
    """The fields in which two states differ; trends by their bytes, for a gap in one equals nothing."""
    return [f.name for f in fields(SessionState) if _plain(getattr(one, f.name)) != _plain(getattr(other, f.name))]


def _plain(value: object) -> object:
    if isinstance(value, Series):
        columns: tuple[array, ...] = (value._t, value._value, value._seq)
        return [column.tobytes() for column in columns]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def check(core: Core, folder: Path) -> None:
    """What is on the disk is what was on the screen, and whole."""
    record = folder / "soak.ksession"
    with Reader(record) as reader:
        again = fold(reader.events())
    assert same(again, core.engine.state) == []
    assert again.seq == core.engine.state.seq
    assert verify(record) == []
    assert verify_stream(record.with_suffix(".kstream")).sentences() == []
    assert all(device.link is Link.LIVE for device in again.devices.values())
    assert sum(len(s) for s in again.history.values()) > 10 * again.at.seconds
    assert {d.attached.kind for d in again.devices.values()} == {DeviceKind.MONITOR, DeviceKind.PUMP}
    assert Parameter.SPO2 in again.history


async def test_some_minutes_of_sixteen_devices(private):
    core, samples = await soak(private, 1 / 60, float("inf"), 6)
    check(core, private)
    events, files, threads = zip(*((s.events, s.files, s.threads) for s in samples), strict=True)
    assert sorted(set(events)) == list(events)
    assert len(set(threads)) == 1, threads
    assert max(files) - min(files) <= 2, files  # a look at the disk may be under way


@pytest.mark.long
async def test_a_day_of_sixteen_devices(private):
    """Prints its figures (`-s`). `KETAMON_SOAK` = "hours speed" makes it another day."""
    hours, speed = map(float, os.environ.get("KETAMON_SOAK", "24 100").split())
    core, samples = await soak(private, hours, speed, 24)
    for one in samples:
        sys.stdout.write(json.dumps(one._asdict()) + "\n")
    check(core, private)
    assert core.engine.state.phase is Phase.RECOVERY
    first, last = samples[len(samples) // 4], samples[-1]
    assert {(s.files, s.threads) for s in samples[1:]} == {(first.files, first.threads)}
    grown = (last.rss - last.kept * 1.2) - (first.rss - first.kept * 1.2)
    assert grown < 50 << 20, f"{grown >> 20} MB more than what the state keeps"
