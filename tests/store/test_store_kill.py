"""kill -9 at any moment: what was acknowledged is in the file, the chain holds, and the next process goes on."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from store.samples import measured, noted

from ketamon.store.reader import load
from ketamon.store.verify import verify

CHILD = Path(__file__).with_name("appending_child.py")


def kill_one(path: Path, how: str, acknowledgements: int) -> int:
    """Let a child append, kill it after so many acknowledgements; return the last event it says is safe."""
    with subprocess.Popen([sys.executable, CHILD, path, how], stdout=subprocess.PIPE) as child:
        said = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        said += child.stdout.readlines()
    return max(int(line) for line in said)


def check(path: Path, acknowledged: int) -> None:
    events = load(path)
    assert len(events) >= acknowledged
    assert events == [noted(seq) if seq % 3 == 0 else measured(seq) for seq in range(1, len(events) + 1)]
    assert verify(path) == []


@pytest.mark.parametrize("kills", [15, pytest.param(1000, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost(path, kills):
    chance = random.Random(kills)  # noqa: S311 (repeatable)
    last = 0
    for kill in range(kills):
        acknowledged = kill_one(path, "honest", chance.randint(1, 60))
        assert acknowledged > last
        last = acknowledged
        if kill % 50 == 49 or kills == 15:
            check(path, acknowledged)
    check(path, last)


def test_the_check_finds_a_store_that_acknowledges_too_early(path):
    acknowledged = kill_one(path, "lie", 5)
    with pytest.raises(AssertionError):
        check(path, acknowledged)
