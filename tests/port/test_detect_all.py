"""Every driver's simulated device, and each of its variants, is named rightly, and nothing but probes is written.

Ports and the clock are not real here, so that minutes take moments; `test_detect` has real ones.
"""

import re
from itertools import pairwise
from time import sleep

import pytest
from rows import each_row

from ketamon.port import detect as module
from ketamon.port.clock import SteppedClock
from ketamon.port.detect import ANSWER_S, detect
from ketamon.port.end import open_end
from ketamon.registry import detectable, rows
from ketamon.simulator.bench import messages
from ketamon.testing.conversation import START, silent_truths, truths

SPECS = detectable()
NAMES = {spec.id: spec for spec in SPECS}
FAMILIES = [spec for spec in SPECS if "+" not in spec.id]
PROBES = {probe for spec in SPECS for probe in spec.probe}

AS_FAMILY = {
    "capnostat5+760", "contec-cms50+v7", "harvard+ultra", "ne1000+basic", "ne1000+safe", "nonin+2", "nonin+7",
    "nonin+8", "nonin+ascii", "philips-intellivue+serial", "philips-intellivue+udp",
}  # fmt: skip
"""The family's own driver finds out which of them it is."""
NOBODY = {"nonin+13": "says something only after each spot check"}


class Bench:
    """A simulated device at a serial port: it hears, and is heard, at its own line settings only."""

    def __init__(self, spec, given=truths):
        self.device, self.line = spec.simulate(), str(spec.line)
        self.clock, self.truths, self.owed = SteppedClock(START.wall), given(1000), 0.6
        self.ports, self.sent = [], []
        self.device.advance(next(self.truths))

    def make_port(self, address, spec, clock, on_bytes, on_link):
        self.ports.append(FakePort(self, spec, on_bytes))
        return self.ports[-1]

    def say(self, data):
        for port in self.ports:
            if data and port.open_ and str(port.spec.line) == self.line:
                port.on_bytes(data, self.clock.now())

    def wait(self, seconds):
        self.clock.advance(seconds)
        self.owed += seconds
        while self.owed >= 1:
            self.owed -= 1
            self.say(self.device.advance(next(self.truths)))


class FakePort:
    """What a port does, without a thread: only what its allow-list holds goes out."""

    def __init__(self, bench, spec, on_bytes):
        self.bench, self.spec, self.on_bytes, self.open_ = bench, spec, on_bytes, False

    def open(self):
        assert not any(port.open_ for port in self.bench.ports), "two ports are open at once"
        self.open_ = True

    def start(self):
        assert self.open_

    def write(self, data, action=None):
        assert action is None
        assert data in self.spec.allow_list
        self.bench.sent.append((self.bench.clock.now().seconds, str(self.spec.line), data))
        if str(self.spec.line) == self.bench.line:
            self.bench.say(self.bench.device.receive(data))
        return True

    def close(self):
        self.open_ = False


@pytest.fixture(name="findings")
def fixture_findings(monkeypatch):
    def findings(bench, specs=SPECS):
        monkeypatch.setattr(module, "make_port", bench.make_port)
        return list(detect("/dev/ttyX", specs, bench.clock, bench.wait))

    return findings


@each_row("name", [name for name in NAMES if name not in NOBODY])
def test_each_is_named(findings, name):
    bench = Bench(NAMES[name])
    found = findings(bench)
    assert found[-1].driver is not None, f"not found at {bench.line}"
    assert found[-1].driver.id == (name.partition("+")[0] if name in AS_FAMILY else name)
    assert found[-1].said
    assert not any(finding.driver for finding in found[:-1])
    assert not any(port.open_ for port in bench.ports)


@pytest.mark.parametrize("name", NOBODY)
def test_who_cannot_be_told_is_not_named_as_somebody_else(findings, name):
    assert findings(Bench(NAMES[name]))[-1].driver is None


@each_row("spec", FAMILIES, ids=[spec.id for spec in FAMILIES])
def test_without_a_patient_nobody_is_named_wrongly(findings, spec):
    found = findings(Bench(spec, silent_truths))[-1].driver
    assert found is None or found.id == spec.id


def test_what_is_off_by_default_is_not_looked_for(findings):
    off = [row.spec for row in rows() if row.spec and row.spec.off_because]
    assert off
    for spec in off:
        assert spec.id not in {name.partition("+")[0] for name in NAMES}
        assert findings(Bench(spec))[-1].driver is None


class Deaf:
    """Nobody; it keeps what it was told."""

    def advance(self, truth):
        return b""

    def receive(self, data):
        return b""


def test_only_probes_go_out_and_each_is_one_that_its_driver_may_send(findings):
    bench = Bench(NAMES["ge-dri"])
    bench.device = Deaf()
    found = findings(bench)
    assert not any(finding.driver for finding in found)
    assert {data for _, _, data in bench.sent} == PROBES - set(NAMES["philips-intellivue+udp"].probe)
    for spec in SPECS:
        assert all(probe in spec.allow_list for probe in spec.probe), spec.id
        assert all(data not in PROBES for action in spec.actions.values() for data in action.exact), spec.id


def test_no_probe_is_an_action_of_any_device():
    actions = [(spec.id, action) for spec in SPECS for action in spec.actions.values()]
    assert actions
    assert [(name, probe) for name, action in actions for probe in PROBES if probe in action] == []


def test_no_bare_return_goes_out(findings):
    """To a KDS 200 it means "stop", for all pumps of the line."""
    bench = Bench(NAMES["ge-dri"])
    bench.device = Deaf()
    findings(bench)
    for line in {line for _, line, _ in bench.sent}:
        assert not re.search(rb"(?:^|[\r\n])\s*\r", b"".join(data for _, at, data in bench.sent if at == line))


def test_over_the_network_only_what_is_made_for_it_is_tried(findings):
    assert module._possible(SPECS, "udp") == [NAMES["philips-intellivue+udp"]]
    assert {spec.id for spec in SPECS} - {spec.id for spec in module._possible(SPECS, "tcp")} == {
        "philips-intellivue+udp"
    }
    assert module._possible([NAMES["ge-dri"]], "udp") == [NAMES["ge-dri"]], "somebody named it"


def test_nobody_is_asked_in_haste_or_more_often_than_needed(findings):
    bench = Bench(NAMES["ge-dri"])
    bench.device = Deaf()
    findings(bench)
    times = [t for t, _, _ in bench.sent]
    assert all(later - earlier >= ANSWER_S for earlier, later in pairwise(times))
    assert len(bench.sent) == 2 * len({(line, data) for _, line, data in bench.sent})


def test_families_come_before_variants_and_listening_before_asking(findings):
    bench = Bench(NAMES["ge-dri"])
    bench.device = Deaf()
    tried = [finding.tried for finding in findings(bench)]
    kinds = [
        ("variant" if "+" in text.partition(" at ")[0].partition(",")[0] else "", text.split()[0]) for text in tried
    ]
    asked = [kind for kind, how in kinds if how == "asked"]
    assert asked == sorted(asked)
    assert [how for _, how in kinds][: len({str(spec.line) for spec in FAMILIES})] == ["listened"] * len(
        {str(spec.line) for spec in FAMILIES}
    )


NETWORK = [("tcp", "bbraun-space"), ("udp", "philips-intellivue+udp")]


@pytest.mark.parametrize(("scheme", "name"), NETWORK)
def test_over_the_network(monkeypatch, scheme, name):
    """Real sockets, a clock that only the test moves."""
    spec = NAMES[name]
    device, sent, clock = spec.simulate(), [], SteppedClock(START.wall)
    device.advance(next(truths(1)))

    def receive(data):
        sent.append(data)
        return device.receive(data)

    end = open_end(f"{scheme}://127.0.0.1:0", receive, lambda data: messages(spec, data))

    def wait(seconds):
        clock.advance(seconds)
        sleep(0.001)

    try:
        found = list(detect(end.path, SPECS, clock, wait))
    finally:
        end.close()
    assert found[-1].driver is spec
    assert set(sent) <= PROBES
