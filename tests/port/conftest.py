"""What the tests of ports share: a driver's description, and ears that wait for events instead of sleeping."""

import queue
import threading

import pytest

from ketamon.domain.devices import DeviceKind
from ketamon.driver import AllowList, DriverSpec, LineSettings, Parity
from ketamon.port.clock import SystemClock
from ketamon.port.open import make_port

WAIT_S = 5.0
ASK = b"ASK\r"


def _nothing():
    raise AssertionError("not used here")


SPEC = DriverSpec(
    id="echo",
    vendor="Test",
    model="Echo",
    label="test",
    kind=DeviceKind.MONITOR,
    line=LineSettings(baud=19200, parity=Parity.EVEN),
    parameters=(),
    quiet_after_s=2,
    interval_s=1,
    max_buffer=100,
    document="none",
    make=_nothing,
    simulate=_nothing,
    allow_list=AllowList(frozenset({ASK})),
)


class Ears:
    """Hears what a port says, in order; and lets it wait only as often as the test allows."""

    def __init__(self):
        self.links = queue.Queue()
        self.bytes = queue.Queue()
        self.waits = queue.Queue()
        self.go_on = threading.Semaphore(0)
        self.ports = []
        self._heard = b""

    def port(self, address, spec=SPEC):
        port = make_port(address, spec, SystemClock(), self._on_bytes, self._on_link, waiter=self._wait)
        self.ports.append(port)
        return port

    def started(self, address, spec=SPEC):
        port = self.port(address, spec)
        port.start()
        return port

    def _on_bytes(self, data, at):
        self.bytes.put((data, at))

    def _on_link(self, event, why, at):
        self.links.put((event, why, at))

    def _wait(self, closing, seconds):
        self.waits.put(seconds)
        while not closing.is_set() and not self.go_on.acquire(timeout=0.02):
            pass

    def link(self):
        event, why, _ = self.links.get(timeout=WAIT_S)
        return event, why

    def hear(self, length):
        """The next so many bytes, however they were cut."""
        while len(self._heard) < length:
            self._heard += self.bytes.get(timeout=WAIT_S)[0]
        heard, self._heard = self._heard[:length], self._heard[length:]
        return heard

    def let_retry(self):
        """Wait until the port waits, let it try again, and tell how long it meant to wait."""
        seconds = self.waits.get(timeout=WAIT_S)
        self.go_on.release()
        return seconds


@pytest.fixture(name="ears")
def fixture_ears():
    before = set(threading.enumerate())
    ears = Ears()
    yield ears
    for port in ears.ports:
        port.close()
    left = [t.name for t in set(threading.enumerate()) - before if t.name == "ketamon-port" and t.is_alive()]
    assert not left, "a thread is left after close"


@pytest.fixture(name="spec")
def fixture_spec():
    return SPEC
