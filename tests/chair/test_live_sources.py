"""A live core with two monitors and two pumps, three heads, of one simulated patient: whose number is which.

Real pseudo-terminals, a UDP and a TCP port of the loopback, the system's clock; the devices live four times as fast.
"""

import asyncio
import json
import queue
import re
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ketamon import profiles
from ketamon.chair import launch
from ketamon.domain.devices import PumpState, PumpStatus
from ketamon.domain.parameters import Parameter
from ketamon.local import answers, socket_path
from ketamon.port.open import Cable
from ketamon.registry import load
from ketamon.rules.current import current
from ketamon.simulator import bench
from ketamon.simulator.patient import Patient
from ketamon.simulator.pump import Key, Pump
from ketamon.simulator.rig import Rig
from ketamon_drivers.bbraun_space.simulator import BBraunSpaceSimulator

CHAIR, WITHIN_S, SPEED = "sources", 20, 4.0
OFF_BY = 10.0
OTHER_HEAD = PumpStatus(state=PumpState.INFUSING, rate=12.0, volume_infused=2.0, serial="40864")
EVERYTHING = ("spo2", "pr", "hr", "rr", "etco2", "temp", "pi")


class Wrong:
    """A device one of whose sensors reads too low."""

    def __init__(self, device):
        self.device = device
        self.receive = device.receive

    def advance(self, truth):
        saturation = truth.values[Parameter.SPO2]
        low = None if saturation is None else saturation - OFF_BY
        return self.device.advance(replace(truth, values={**truth.values, Parameter.SPO2: low}))


@pytest.fixture(name="cables")
def fixture_cables(tmp_path):
    """Simulated devices in a thread, each where its cable says."""
    wanted = {
        "monitor": Cable(load("philips-intellivue+udp"), "udp://127.0.0.1:0"),
        "monitor2": Cable(load("masimo-ascii1"), str(tmp_path / "masimo")),
        "pump": Cable(load("alaris-gh"), str(tmp_path / "alaris")),
        "pump2": Cable(load("bbraun-space"), "tcp://127.0.0.1:0"),
    }
    devices = {name: cable.spec.simulate() for name, cable in wanted.items()}
    devices |= {"monitor": Wrong(devices["monitor"]), "pump2": BBraunSpaceSimulator((OTHER_HEAD,))}
    pump = Pump(concentration_mg_per_ml=1.0)
    pump.program(54.0, 36.0)
    pump.press(Key.START)
    patient = Patient(5, weight_kg=72.0, gaps_per_hour=0.0)
    rig = Rig(devices, patient, pump, started=datetime(2026, 11, 21, 8, tzinfo=UTC))
    stop, told = threading.Event(), queue.Queue()
    thread = threading.Thread(target=bench.run, args=(rig, wanted, SPEED, told.put, 1e9, stop))
    thread.start()
    where = [told.get(timeout=WITHIN_S).partition(": ")[2] for _ in wanted]
    cables = {name: cable._replace(address=at) for (name, cable), at in zip(wanted.items(), where, strict=True)}
    yield cables | {"pump2": cables["pump2"]._replace(address=cables["pump2"].address + "#13")}
    stop.set()
    thread.join()


@pytest.fixture(name="profile")
def fixture_profile(private):
    """The shipped profile, but of two saturations the oximeter's counts, and a difference is told soon."""
    text = profiles.load(None)[1]
    for parameter in ("spo2", "pr"):
        rule = f'[[source]]\nparameter = "{parameter}"\n'
        assert rule in text
        text = text.replace(rule, rule + 'drivers = ["masimo-ascii1"]\n')
    slow = 'of = "sources-differ"\npriority = "low"\ndwell_s = 30.0'
    assert slow in text
    path = private / "clinic.toml"
    path.write_text(text.replace(slow, slow.replace("30.0", "0.5")), encoding="utf-8")
    return path


async def until(so, running):
    async with asyncio.timeout(WITHIN_S):
        while not so():
            assert not running.done(), running.result()
            await asyncio.sleep(0.02)


async def status(*args):
    """What another process prints, as a person at another terminal would see it."""
    command = [sys.executable, "-m", "ketamon", "status", "--chair", CHAIR, *args]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


async def test_two_monitors_and_three_heads(cables, profile):
    core = launch.live(CHAIR, cables, profile)
    running = asyncio.create_task(core.run(socket_path(CHAIR)))
    state = core.engine.state

    def good(parameter):
        return current(state, core.engine.profile, Parameter(parameter), core.clock.now()).usable

    await until(lambda: all(map(good, EVERYTHING)) and answers(socket_path(CHAIR)), running)
    await until(lambda: all(state.devices[name].pump for name in ("pump", "pump2")), running)
    await until(lambda: any(key == "differ:spo2" for key in state.alarms), running)
    told, line = await asyncio.gather(status("--json"), status())
    told = json.loads(told)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    said = {name: value["device"] for name, value in told["values"].items() if value["value"] is not None}
    assert said == {
        "spo2": "monitor2", "pr": "monitor2", "pi": "monitor",
        "hr": "monitor", "rr": "monitor", "etco2": "monitor", "fico2": "monitor", "temp": "monitor",
    }  # fmt: skip
    assert told["values"]["spo2"]["value"] == pytest.approx(97.5, abs=3)
    (differ,) = [alarm["text"] for alarm in told["alarms"] if "differs" in alarm["text"]]
    assert re.fullmatch(r"SpO2 differs: Masimo (9\d|100), IntelliVue 8\d", differ)
    assert re.search(r"SpO2 (9\d|100) %, .*, Masimo\n", line)

    assert told["pumps"]["pump"]["rate"] == 54.0
    assert (told["pumps"]["pump2"]["rate"], told["pumps"]["pump2"]["head"]) == (12.0, "13")
    assert set(state.devices["pump2"].heads) == {"11", "13"}
    assert state.devices["pump2"].heads["11"].rate == 54.0
    assert re.search(r"HR \d+ /min, .*, IntelliVue\n", line)
    assert re.search(r"pump Alaris GH: ▶ infusing.*, 54\.0 mL/h", line)
    assert "pump2 B. Braun 13: infusing 12 mL/h" in line
