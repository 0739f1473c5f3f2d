"""The chair screen on a pseudo-terminal: CPU and bytes at 1 Hz, key to paint, first paint against importing Textual.

    python benchmarks/console.py [seconds]

Budgets: at 160×48 and 1 Hz no more than 3 % of a core and 5 kB/s, with two waveforms 8 % and 10 kB/s; from a key that
moves the trend's cursor or changes its length to the last byte of what follows 50 ms (95th percentile, a session of
two hours); the first paint, with the pump's state on it, within 1.4 × the CPU of importing Textual. What the session
costs that is drawn (its types, its profile, its fold) is taken off: that is the feed's. The two are measured in
turns. The exit code is 1 where a budget is missed.
"""

import asyncio
import fcntl
import math
import os
import pty
import resource
import select
import struct
import subprocess
import sys
import termios
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

WIDTH, HEIGHT = 160, 48
CPU_PERCENT, BYTES_PER_S, FIRST_PAINT, KEY_TO_PAINT_S = 3.0, 5000.0, 1.4, 0.05
WAVES_CPU_PERCENT, WAVES_BYTES_PER_S = 8.0, 10_000.0
"""With a pleth and an ECG sweeping, eight frames a second."""
SETTLE_S = 5.0
STARTS = 7
QUIET_S = 0.03
"""A picture is whole when nothing followed for so long."""
TREND_KEYS = [b"\x1b[D"] * 12 + [b"\x1b[1;2D", b"z", b"y", b"\x1b[1;2C", b"f"]
"""A column to the left, twelve times; ten, closer, further away, ten to the right, the next chart alone."""
TEXTUAL = "import textual.app, textual.screen, textual.widgets, textual.containers, textual.widgets._input"
PAINTED = b"infusing"


class GrowingFeed:
    """A chair in the middle of an infusion: four vital signs and the pump once a second, four beats between."""

    def __init__(self, seconds, *, waves=False):
        from ketamon.domain import events as e
        from ketamon.domain.devices import DeviceKind, Link
        from ketamon.domain.people import Order, Patient, Person, Role
        from ketamon.domain.phases import Phase, Trigger
        from ketamon.domain.readings import Mode
        from ketamon.domain.session import SessionState
        from ketamon.profiles import load

        self.profile = load(None)[0]
        self.state, self.beat = SessionState(), None
        self.connected, self.why, self.changes = True, "", 0
        self.t, self.waves, self.pulses = 0.0, waves, 0
        nurse = Person("AB", Role.NURSE)
        self.say(e.SessionOpened(session="s", chair="chair 2", mode=Mode.REAL, profile="p", profile_sha256="",
                                 profile_toml="", software=""))  # fmt: skip
        for name, kind in (("monitor", DeviceKind.MONITOR), ("pump", DeviceKind.PUMP)):
            self.say(e.DeviceAttached(device=name, kind=kind, driver="x", port="x", label=name, alarms_decoded=True,
                                      quiet_after_s=10.0), e.LinkChanged(device=name, link=Link.LIVE))  # fmt: skip
        order = Order(dose_mg_per_kg=0.5, minutes=40, concentration_mg_per_ml=1, total_mg=36, volume_ml=36,
                      rate_ml_h=54)  # fmt: skip
        self.say(
            e.PatientCheckedIn(patient=Patient(label="J. D.", identifier="82", weight_kg=72), by=nurse),
            e.OrderEntered(order=order, by=nurse),
            e.PhaseChanged(trigger=Trigger.START, phase=Phase.INFUSION, by=nurse),
        )
        for _ in range(seconds):
            self.second()
        self.pulse()

    def at(self):
        from ketamon.domain.instant import Instant

        return Instant(0, datetime(2026, 11, 21, 14, tzinfo=UTC)).plus(self.t)

    def say(self, *bodies):
        from ketamon.domain.events import Event
        from ketamon.domain.fold import apply

        for body in bodies:
            apply(self.state, Event(self.state.seq + 1, self.at(), body))

    def second(self):
        from ketamon.domain import events as e
        from ketamon.domain.devices import PumpState, PumpStatus
        from ketamon.domain.parameters import PARAMETERS, Parameter
        from ketamon.domain.readings import Quality, Reading

        self.t += 1.0
        n = int(self.t)
        values = {Parameter.SPO2: 95 + n % 4, Parameter.HR: 78 + n % 7, Parameter.RR: 13 + n % 3, Parameter.ETCO2: 36}
        if n % 300 == 1:
            values |= {Parameter.NIBP_SYS: 130, Parameter.NIBP_DIA: 84, Parameter.NIBP_MAP: 99}
        readings = tuple(
            Reading(parameter=p, value=v, unit=PARAMETERS[p].unit, quality=Quality.VALID) for p, v in values.items()
        )
        status = PumpStatus(state=PumpState.INFUSING, rate=54.0, volume_infused=n * 0.015, alarm=False)
        self.say(e.Measured(device="monitor", offset=0, readings=readings))
        self.say(e.PumpReported(device="pump", offset=0, status=status))

    def pulse(self):
        from ketamon.follow import Beat, Source

        waves = self.quarter() if self.waves else ()
        self.beat = Beat(at=self.at(), source=Source.LIVE, speed=1.0, saved_s=0.2, chair="chair 2", waves=waves)
        self.changes += 1

    def quarter(self):
        """A quarter of a second of a pleth and of an ECG."""
        from ketamon.domain.waveforms import SampleBlock, Signal, Wave

        self.pulses += 1
        pieces = []
        for signal, rate in ((Signal.PLETH, 100), (Signal.ECG, 300)):
            start = self.pulses * rate // 4
            samples = tuple(math.exp(-8 * (n / rate * 1.2 % 1)) for n in range(start, start + rate // 4))
            block = SampleBlock(signal=signal, rate_hz=rate, samples=samples)
            pieces.append(Wave(device="monitor", start=start, block=block))
        return tuple(pieces)

    async def run(self):
        while True:
            for _ in range(4):
                await asyncio.sleep(0.25)
                self.pulse()
            self.second()

    async def ask(self, _intent, _pin=""):
        return ""


def child(seconds, *, waves):
    from ketamon.console.app import run_console
    from ketamon.domain.people import Person, Role

    run_console(GrowingFeed(seconds, waves=waves), staff=Person("AB", Role.NURSE))


def spawn(code):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(code, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
    os.close(slave)
    return process, master


def read_for(master, seconds, until=b""):
    """Read for so long, or until something was painted; return the bytes."""
    end, seen = time.monotonic() + seconds, b""
    while (left := end - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            seen += os.read(master, 65536)
        if until and until in seen:
            break
    return seen


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def steady(seconds, *more):
    process, master = spawn([sys.executable, __file__, "child", "1800", *more])
    try:
        read_for(master, SETTLE_S)
        before = cpu_s(process.pid)
        written = len(read_for(master, seconds))
        return (cpu_s(process.pid) - before) / seconds * 100, written / seconds
    finally:
        process.kill()
        process.wait()
        os.close(master)


def key_to_paint(master, keys):
    """Return for each key the seconds until the last byte of what it had painted."""
    took = []
    for key in keys:
        read_for(master, QUIET_S)
        begin = last = time.monotonic()
        os.write(master, key)
        while select.select([master], [], [], QUIET_S if last > begin else 1.0)[0]:
            os.read(master, 65536)
            last = time.monotonic()
        took.append(last - begin)
    return took


def keys(rounds=5):
    """Return the times from key to paint, in a session of two hours."""
    process, master = spawn([sys.executable, __file__, "child", "7200"])
    try:
        read_for(master, 2 * SETTLE_S)
        return key_to_paint(master, TREND_KEYS * rounds)
    finally:
        process.terminate()
        process.wait()
        os.close(master)


def first_paint():
    """User and system time until the pump's state is on the screen, in seconds of CPU."""
    process, master = spawn([sys.executable, __file__, "child", "30"])
    try:
        read_for(master, 20.0, PAINTED)
        return cpu_s(process.pid)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def cpu_of(code):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    here = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import console; console.GrowingFeed(30)"
    rounds = [(cpu_of(TEXTUAL), cpu_of(here) - cpu_of("pass"), first_paint()) for _ in range(STARTS)]
    textual, session, paint = (median(column) for column in zip(*rounds, strict=True))
    paint -= session
    cpu, written = steady(seconds)
    sweeping, drawn = steady(seconds, "waves")
    slowest = quantiles(keys(), n=20)[-1]
    missed = False
    for what, value, budget, unit in (
        ("CPU at 1 Hz", cpu, CPU_PERCENT, "% of a core"),
        ("written at 1 Hz", written, BYTES_PER_S, "bytes/s"),
        ("CPU with waves", sweeping, WAVES_CPU_PERCENT, "% of a core"),
        ("written with waves", drawn, WAVES_BYTES_PER_S, "bytes/s"),
        ("key to paint p95", slowest * 1000, KEY_TO_PAINT_S * 1000, "ms"),
        ("first paint", paint / textual, FIRST_PAINT, f"× importing Textual ({textual * 1000:.0f} ms)"),
    ):
        missed |= value > budget
        print(f"{what:18} {value:8.2f} {unit}, budget {budget:g}{'   MISSED' if value > budget else ''}")
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(int(sys.argv[2]), waves="waves" in sys.argv)
    else:
        sys.exit(main())
