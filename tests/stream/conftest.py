"""A recording to work with, and its clock."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ketamon.domain.devices import DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter

START = Instant(0, datetime(2026, 11, 21, 8, tzinfo=UTC))
HEADER = Header(
    START.wall,
    {
        "monitor": StreamDevice("masimo-ascii1", "/dev/serial/by-id/a", DeviceKind.MONITOR),
        "pump": StreamDevice("alaris-gh", "tcp://pumps:4001", DeviceKind.PUMP),
    },
    Mode.DEMO,
)


@pytest.fixture(name="start")
def fixture_start():
    return START


@pytest.fixture(name="header")
def fixture_header():
    return HEADER


@pytest.fixture(name="recording")
def fixture_recording(tmp_path) -> Path:
    """Two minutes with every kind of record, closed in good order."""
    path = tmp_path / "two-minutes.kstream"
    with StreamWriter(path, HEADER, START) as writer:
        writer.link("monitor", START.plus(0.000203), "opened")
        for second in range(0, 121, 20):
            writer.rx("monitor", START.plus(second + 0.1), b"SPO2=09%d%% BPM=064\r\n" % (second // 20))
            writer.tx("pump", START.plus(second + 0.2), b"!INF|4961\r")
            writer.rx("pump", START.plus(second + 0.25), b"\x21\x00\xff\x7f")
        writer.note("", START.plus(121), 'café "quoted" \n')
        writer.intent(START.plus(122), '{"type":"advance"}')
        writer.link("monitor", START.plus(123), "lost: pulled")
    return path
