"""What is wrong with the disk is told as long as it lasts, and nothing ends but by its own end."""

from types import SimpleNamespace

import pytest

from ketamon.chair.recording import HANGS_AFTER, DiskWatch
from ketamon.domain.events import RecordingChanged

HANGS = RecordingChanged(degraded=True, why="the disk does not answer")
FINE = RecordingChanged(degraded=False)


@pytest.fixture
def disk():
    """Give a watch, what it told, and the store and the stream that it looks at."""
    told = []
    disk = SimpleNamespace(
        watch=DiskWatch(told.append),
        told=told,
        store=SimpleNamespace(write=0),
        stream=SimpleNamespace(trouble=""),
    )
    disk.look = lambda times=1: [disk.watch.look(disk.store, disk.stream) for _ in range(times)]
    return disk


def test_a_write_that_hangs_is_told_at_the_fourth_look(disk):
    disk.store.write = 1
    disk.look(HANGS_AFTER - 1)
    assert disk.told == []
    disk.look(5)
    assert disk.told == [HANGS]


def test_a_hang_ends_when_writes_no_longer_last(disk):
    disk.store.write = 1
    disk.look(HANGS_AFTER)
    for disk.store.write in (2, 3, 4):  # each of them lasts, too
        disk.look(3)
    assert disk.told == [HANGS]
    disk.store.write = 0
    disk.look(HANGS_AFTER - 1)
    assert disk.told == [HANGS]
    disk.look()
    assert disk.told == [HANGS, FINE]


def test_many_writes_one_after_the_other_are_no_hang_however_few_are_seen_to_end(disk):
    for disk.store.write in range(1, 50):
        disk.look(HANGS_AFTER - 1)
    assert disk.told == []


def test_no_write_under_way_is_no_hang(disk):
    disk.look(50)
    assert disk.told == []


def test_a_hang_that_ends_in_a_failure_stays_trouble(disk):
    disk.store.write = 1
    disk.look(HANGS_AFTER)
    disk.watch.record_said(degraded=True, why="the disk reports an error")
    disk.store.write = 0
    disk.look()
    disk.look(50)
    assert disk.told == [HANGS, RecordingChanged(degraded=True, why="the disk reports an error")]
    disk.watch.record_said(degraded=False, why="")
    assert disk.told[-1] == FINE


def test_a_stream_that_works_again_does_not_end_the_trouble_of_the_record(disk):
    disk.stream.trouble = "one.kstream cannot be written"
    disk.look()
    disk.watch.record_said(degraded=True, why="the disk is full")
    disk.stream.trouble = ""
    disk.look()
    assert [(change.degraded, change.why) for change in disk.told] == [
        (True, "one.kstream cannot be written"),
        (True, "the disk is full"),
    ]


def test_what_was_lost_is_said_once_also_where_other_trouble_lasts(disk):
    disk.stream.trouble = "one.kstream may be lost"
    disk.look()
    disk.watch.record_said(degraded=False, why="not recorded: 2 events")
    assert disk.told[-1] == RecordingChanged(degraded=True, why="one.kstream may be lost; not recorded: 2 events")
    disk.stream.trouble = ""
    disk.look(9)
    assert disk.told[-1] == FINE
    assert len(disk.told) == 3
