"""Recognising what is attached: who speaks is named, who is silent is asked, nothing else goes out."""

import threading
import time
from pathlib import Path

import pytest

from ketamon.port import detect as module
from ketamon.port.clock import SystemClock
from ketamon.port.detect import detect
from ketamon.port.pty import PtyEnd
from ketamon.testing.conversation import truths
from ketamon_drivers import alaris_gh, masimo_ascii1, suntech_nibp

SPECS = [masimo_ascii1.SPEC, alaris_gh.SPEC, suntech_nibp.SPEC]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "LISTEN_S", 0.25)
    monkeypatch.setattr(module, "ANSWER_S", 0.25)


def found(device, specs=SPECS):
    sent = []

    def receive(data):
        sent.append(data)
        return device.receive(data)

    stop = threading.Event()
    with PtyEnd(receive) as end:

        def speak():
            for truth in truths(10_000):
                end.write(device.advance(truth), 0.05)
                if stop.wait(0.03):
                    return

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            findings = list(detect(end.path, specs, SystemClock(), time.sleep))
        finally:
            stop.set()
            speaker.join()
    return findings, b"".join(sent)


def test_who_speaks_is_named_and_nothing_is_sent():
    findings, sent = found(masimo_ascii1.SPEC.simulate())
    assert findings[-1].driver is masimo_ascii1.SPEC
    assert "spo2" in findings[-1].said
    assert sent == b""


def test_who_is_silent_is_asked_with_the_probe_only():
    findings, sent = found(alaris_gh.SPEC.simulate())
    assert findings[-1].driver is alaris_gh.SPEC
    assert "8002-51740" in findings[-1].said
    asked = b"".join(probe for spec in SPECS for probe in spec.probe)
    assert set(sent) <= set(asked)
    assert sent.endswith(alaris_gh.SPEC.probe[0])


def test_nobody_is_nobody():
    class Deaf:
        def advance(self, truth):
            return b""

        def receive(self, data):
            return b""

    findings, sent = found(Deaf())
    assert all(finding.driver is None for finding in findings)
    started = [data for spec in SPECS for allowed in spec.actions.values() for data in allowed.exact]
    assert not any(data in sent for data in started), "a cuff was started"


def test_a_port_that_is_not_there(tmp_path: Path):
    with pytest.raises(OSError, match="nowhere"):
        list(detect(str(tmp_path / "nowhere"), SPECS, SystemClock(), time.sleep))
