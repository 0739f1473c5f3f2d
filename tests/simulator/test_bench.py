"""The bench over a network: a driver and a simulated device that talk through our own TCP and UDP ports."""

import queue
import threading
from datetime import UTC, datetime

import pytest

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted, Garbage, Measured, PumpTelemetry, Send
from ketamon.port.clock import SystemClock
from ketamon.port.open import Cable, make_port
from ketamon.registry import load
from ketamon.simulator import bench
from ketamon.simulator.scenario import SCENARIOS, stage
from ketamon.testing.conversation import converse, truths

STARTED = datetime(2026, 11, 21, 8, tzinfo=UTC)
WITHIN_S = 20


def measured(outputs):
    return [output for output in outputs if isinstance(output, Measured)]


class Loop:
    """A driver at the host's end, whose clock runs as fast as the bench's devices."""

    def __init__(self, driver, address):
        spec = load(driver)
        self.came = queue.Queue()
        self.driver, self.at, self.outputs = spec.make(), Instant(0, STARTED), []
        self.port = make_port(address, spec, SystemClock(), lambda data, _: self.came.put(data), lambda *_: None)
        self.port.open()
        self.port.start()

    def until(self, so):
        """Tick, and read what comes within a moment, until it is so."""
        for _ in range(round(WITHIN_S / 0.01)):
            self.outputs += (made := list(self.driver.tick(self.at)))
            for output in made:
                if isinstance(output, Send):
                    self.port.write(output.data)
            while True:
                try:
                    self.outputs += self.driver.feed(self.came.get(timeout=0.01), self.at)
                except queue.Empty:
                    break
            if so(self.outputs):
                return
            self.at = self.at.plus(0.25)
        pytest.fail(f"it did not come to that: {self.outputs[-5:]}")


class Bench:
    """A device that is simulated in a thread, faster than life."""

    def __init__(self):
        self.stop, self.told, self.thread = threading.Event(), queue.Queue(), None

    def run(self, driver, address):
        """Start; tell where the device is."""
        devices = {"device": Cable(load(driver), address)}
        rig = stage(SCENARIOS["uneventful"], {"device": devices["device"].spec}, STARTED)
        self.thread = threading.Thread(target=bench.run, args=(rig, devices, 25.0, self.told.put, 1e9, self.stop))
        self.thread.start()
        name, _, where = self.told.get(timeout=WITHIN_S).partition(": ")
        assert name == driver
        return where

    def end(self):
        self.stop.set()
        self.thread.join()


@pytest.fixture(name="running")
def fixture_running():
    running = Bench()
    yield running
    running.end()


def test_b_braun_over_tcp(running):
    loop = Loop("bbraun-space", running.run("bbraun-space", "tcp://127.0.0.1:0"))
    loop.until(lambda outputs: sum(isinstance(o, PumpTelemetry) for o in outputs) >= 2)
    loop.port.close()
    assert {o.status.serial for o in loop.outputs if isinstance(o, PumpTelemetry)} == {"8002-51740"}
    assert not any(isinstance(o, Garbage) for o in loop.outputs)


def test_intellivue_over_udp(running):
    loop = Loop("philips-intellivue+udp", running.run("philips-intellivue+udp", "udp://127.0.0.1:0"))
    loop.until(lambda outputs: {"spo2", "hr", "etco2"} <= {o.reading.parameter for o in measured(outputs)})
    loop.port.close()
    assert not any(isinstance(o, Garbage) for o in loop.outputs)


@pytest.mark.parametrize("driver", ["philips-intellivue+udp", "bbraun-space"])
def test_what_a_device_says_is_cut_into_its_messages(driver):
    spec = load(driver)
    heard = converse(spec, truths(20))
    assert list(bench.messages(spec, heard.data)) == list(heard.frames)
    assert max(map(len, heard.frames)) <= 1472, "a datagram that fits in an ethernet frame"


def test_noise_is_a_message_too():
    spec = load("bbraun-space")
    assert b"".join(bench.messages(spec, b"noise")) == b"noise"


def test_a_link_leads_to_the_pseudo_terminal_and_goes_with_it(running, tmp_path):
    link = tmp_path / "monitor"
    loop = Loop("masimo-ascii1", running.run("masimo-ascii1", str(link)))
    loop.until(lambda outputs: any(isinstance(o, Accepted) for o in outputs))
    loop.port.close()
    running.end()
    assert not link.is_symlink()
