"""The fault kit's cable on a real pseudo-terminal, before our real port and drivers: what is said of all that happens.

The device's clock and the session's are one that only the test moves; each step waits until every byte has arrived.
"""

import queue
import threading
from functools import cache

import pytest

from ketamon.driver import Accepted, Garbage, Measured, PumpTelemetry, Send
from ketamon.port.clock import SteppedClock
from ketamon.port.open import make_port
from ketamon.registry import load
from ketamon.testing import Cable, Fault, Faults
from ketamon.testing.checks import accounted, covered
from ketamon.testing.conversation import START, TICKS, converse, truths

WITHIN_S = 5
SECONDS, LONGEST_S = 30, 600
CHECKED = ["alaris-gh", "ge-dri", "bbraun-space", "philips-intellivue"]
"""Drivers whose frames have a check that none of these faults gets past with these seeds."""


class Bedside:
    """A simulated device, a cable with faults, our port, and a new driver for each connection."""

    def __init__(self, driver, path, faults):
        self.spec = load(driver)
        self.faults, self.clock = faults, SteppedClock(START.wall)
        self.device, self.truths = self.spec.simulate(), truths(10_000)
        self.moved = threading.Condition()
        self.said = self.heard = self.sent = self.received = self._unread = 0
        self.links, self.came, self.waits, self.go_on = (queue.Queue() for _ in range(4))
        self.cable = Cable(path, self._receive, self._wire, self.clock.now)
        self.port = make_port(str(path), self.spec, self.clock, self._on_bytes, self._on_link, waiter=self._wait)

    def _receive(self, data):
        self._unread += len(data)
        return self.device.receive(data)

    def _wire(self, data, at):
        pieces = self.faults(data, at)
        with self.moved:
            self.said += sum(map(len, pieces))
            self.received, self._unread = self.received + self._unread, 0
            self.moved.notify()
        return pieces

    def _on_bytes(self, data, at):
        self.came.put((data, at))
        with self.moved:
            self.heard += len(data)
            self.moved.notify()

    def _on_link(self, event, why, at):
        self.links.put((event, why))

    def _wait(self, closing, seconds):
        self.waits.put(seconds)
        while not closing.is_set():
            try:
                return self.go_on.get(timeout=0.02)
            except queue.Empty:
                pass
        return None

    def plug(self):
        """The port has opened: a driver without memory."""
        assert self.links.get(timeout=WITHIN_S) == ("opened", "")
        self.driver, self.outputs, self.data = self.spec.make(), [], b""
        self.said = self.heard = self.sent = self.received = 0

    def settle(self):
        """Wait until both ends have everything, and let the driver read it."""
        with self.moved:
            assert self.moved.wait_for(lambda: self.said == self.heard and self.sent == self.received, WITHIN_S), (
                f"said {self.said}, heard {self.heard}; sent {self.sent}, received {self.received}"
            )
        while not self.came.empty():
            data, at = self.came.get()
            self.data += data
            self.outputs += self.driver.feed(data, at)

    def run(self, seconds):
        """Let time pass; return what was told meanwhile."""
        begin = len(self.outputs)
        for tick in range(seconds * TICKS):
            at = self.clock.advance(1 / TICKS)
            if tick % TICKS == 0:
                self.cable.say(self.device.advance(next(self.truths)))
                self.settle()
            for output in list(self.driver.tick(at)):
                self.outputs.append(output)
                if isinstance(output, Send) and self.port.write(output.data):
                    self.sent += len(output.data)
                    self.settle()
        return self.outputs[begin:]

    @property
    def healthy(self):
        """What may have been told until now."""
        return healthy(self.spec.id, -(-int(self.clock.now().seconds) // SECONDS) * SECONDS)

    def end(self):
        """The connection is over: each of its bytes was accounted for."""
        self.outputs += self.driver.flush(self.clock.now())
        accounted(self.outputs, self.data)


@pytest.fixture(name="bedside")
def fixture_bedside(tmp_path):
    made = []

    def bedside(driver, kinds=(), rate=0.0, seed=1):
        made.append(Bedside(driver, tmp_path / f"cable-{len(made)}", Faults(seed, kinds, rate)))
        made[-1].port.start()
        made[-1].plug()
        return made[-1]

    yield bedside
    for side in made:
        side.port.close()
        side.cable.unplug()


def values(outputs):
    told = {(o.reading.parameter, o.reading.value) for o in outputs if isinstance(o, Measured)}
    told = {(parameter, value) for parameter, value in told if value is not None}
    return told | {o.status for o in outputs if isinstance(o, PumpTelemetry)}


@cache
def healthy(driver, seconds):
    """Everything that is true of the patient and the pump at any moment so far."""
    return values(converse(load(driver), truths(seconds)).outputs)


@pytest.mark.parametrize("driver", CHECKED)
def test_a_sound_cable_changes_nothing(bedside, driver):
    side = bedside(driver)
    side.run(SECONDS)
    side.end()
    assert sum(covered(o) for o in side.outputs if isinstance(o, Accepted)) == len(side.data) > 0
    assert values(side.outputs)


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_alone_gives_no_wrong_value_and_is_over_when_it_is_over(bedside, fault):
    side = bedside("alaris-gh", [fault], rate=0.4)
    told = side.run(SECONDS)
    assert side.faults.happened[fault] > 0
    side.faults = Faults(1, [], 0.0)
    side.run(8)
    later = side.run(6)
    side.end()
    assert values(told) <= side.healthy
    assert values(later) <= side.healthy
    assert values(later), "it does not come back"


@pytest.mark.parametrize("driver", CHECKED)
def test_all_faults_together_give_no_wrong_value(bedside, driver):
    side = bedside(driver, Fault, rate=0.5, seed=7)
    side.run(SECONDS)
    while not all(side.faults.happened.values()):
        assert side.clock.now().seconds < LONGEST_S - SECONDS, f"some do not happen: {side.faults.happened}"
        side.run(SECONDS)
    side.end()
    assert values(side.outputs)
    assert values(side.outputs) <= side.healthy


@pytest.mark.parametrize("driver", CHECKED)
def test_a_bit_that_is_another_in_all_that_arrives_gives_no_wrong_value(bedside, driver):
    side = bedside(driver, [Fault.FLIP], rate=1.0)
    side.run(4 * SECONDS)
    side.end()
    assert values(side.outputs) <= side.healthy
    assert any(isinstance(o, Garbage) for o in side.outputs)


@pytest.mark.parametrize("driver", CHECKED)
def test_another_speed_of_the_line_is_no_value_at_all(bedside, driver):
    side = bedside(driver, [Fault.BAUD], rate=1.0)
    told = side.run(SECONDS)
    assert values(told) == set()
    side.faults = Faults(1, [], 0.0)
    side.run(20)
    assert values(side.run(SECONDS)), "the right speed is not found to be right"
    side.end()


@pytest.mark.parametrize("driver", CHECKED)
def test_a_cable_is_pulled_and_put_in_again(bedside, driver):
    side = bedside(driver)
    side.run(8)
    for wait in (0.5, 0.5):  # anew from the shortest wait, as bytes came in between
        side.cable.unplug()
        event, why = side.links.get(timeout=WITHIN_S)
        assert (event, "the cable was pulled" in why) == ("lost", True)
        side.end()
        assert side.port.write(next(iter(side.spec.allow_list.exact))) is False, "nothing is sent into the air"
        assert side.cable.say(b"into the air") == 0
        assert side.waits.get(timeout=WITHIN_S) == wait
        side.go_on.put(None)
        event, why = side.links.get(timeout=WITHIN_S)
        assert (event, "is not there" in why) == ("failed", True)
        assert side.waits.get(timeout=WITHIN_S) == 2 * wait
        side.cable.replug()
        side.go_on.put(None)
        side.plug()
        told = side.run(SECONDS)
        assert values(told)
        assert values(told) <= side.healthy


def test_the_same_seed_is_the_same_story(bedside):
    stories = []
    for seed in (3, 3, 4):
        side = bedside("alaris-gh", Fault, rate=0.5, seed=seed)
        side.run(SECONDS)
        side.end()
        stories.append((side.data, side.outputs, side.faults.happened))
    assert stories[0] == stories[1] != stories[2]
