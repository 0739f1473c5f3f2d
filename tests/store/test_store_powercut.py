"""The power goes at any moment: what was acknowledged is there, nothing is corrupt, and the session goes on."""

import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from store.disk import Disk, Op, build, read_log, run
from store.samples import HEADER, QUICK, at, event

from ketamon.store.reader import Reader, load
from ketamon.store.verify import Problem, verify
from ketamon.store.writer import Store
from ketamon.stream.reader import StreamReader
from ketamon.stream.writer import StreamWriter


@dataclass
class Promised:
    """What the child's writers had promised by a moment."""

    created: bool = False
    streaming: bool = False
    ended: bool = False
    saved: int = 0
    handed: int = 0
    streamed: int = 0

    def take(self, op: Op) -> None:
        if op.op == "S" and op.path.endswith(".kstream"):
            self.streamed = self.handed
        if op.op != "N":
            return
        word, _, number = op.data.decode().partition(" ")
        setattr(self, word, int(number) if number else True)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("shim"))


def damage(path: Path) -> list[Problem]:
    """Return what is wrong with a record. The stream beside it may be torn behind its last sum, and that is told."""
    return [problem for problem in verify(path) if not problem.what.startswith("the recorded stream ")]


def lost(path: Path, promised: Promised) -> int:
    """Check a record that was cut; return how many acknowledged events are not in it."""
    if promised.created:
        assert damage(path) == []
        with Reader(path) as reader:
            events = list(reader.events())
            assert reader.ended >= promised.ended
        assert events == [event(seq) for seq in range(1, len(events) + 1)]
        with Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:
            assert store.append([event(len(events) + 1)], urgent=True).result(5).seq == len(events) + 1
        assert damage(path) == []
        return max(0, promised.saved - len(events))
    return 0


def check_stream(folder: Path, promised: Promised) -> None:
    path = folder / "one.kstream"
    if not promised.streaming:
        return
    for _ in range(2):  # as it was cut, and as it goes on
        with StreamReader(path) as stream:
            said = [record.data for record in stream if record.device == "monitor"]
        assert said[: promised.streamed] == [b"%d\r\n" % seq for seq in range(1, promised.streamed + 1)]
        StreamWriter(path, HEADER, at(10**6)).close()


def cuts(log: Path, folder: Path, number: int, seed: int) -> int:
    """Cut the power so many times, at moments of all kinds; return how often acknowledged events were lost."""
    chance = random.Random(seed)  # noqa: S311 (repeatable)
    ops = list(read_log(log))
    promises = [i + 1 for i, op in enumerate(ops) if op.data in (b"created", b"streaming", b"ended")]
    moments = sorted([chance.randrange(len(ops) + 1) for _ in range(number)] + promises * 3)
    disk, promised, done, losses = Disk(chance), Promised(), 0, 0
    for moment in moments:
        for op in ops[done:moment]:
            disk.take(op)
            promised.take(op)
        done = moment
        folder.mkdir()
        disk.cut(folder)
        losses += bool(lost(folder / "one.ksession", promised))
        check_stream(folder, promised)
        shutil.rmtree(folder)
    return losses


@pytest.mark.parametrize(("number", "events"), [(40, 900), pytest.param(400, 6000, marks=pytest.mark.long)])
def test_no_power_cut_loses_what_was_acknowledged(library, tmp_path, number, events):
    run(library, tmp_path / "disk", "session", events, "full")
    assert cuts(tmp_path / "disk.log", tmp_path / "cut", number, number) == 0


def test_the_cuts_find_a_store_that_does_not_sync(library, tmp_path):
    run(library, tmp_path / "disk", "session", 300, "normal")
    assert cuts(tmp_path / "disk.log", tmp_path / "cut", 20, 1) > 0


def check_fault(log: list[Op], name: str, chance: random.Random, folder: Path) -> int:
    """Cut the power in the run `name`, on the way and at its end; return how many acknowledged events it cost."""
    begin, end = (log.index(Op("N", 0, 0, 0, "", f"{what} {name}".encode())) for what in ("begin", "end"))
    disk, promised, found = Disk(chance), Promised(created=True), 0
    moment = chance.randrange(begin, end)
    for i, op in enumerate(log[begin : end + 1], begin):
        disk.take(op)
        if op.op == "N" and op.data.startswith(b"saved"):
            promised.take(op)
        if i == end or (i == moment and promised.saved):
            folder.mkdir()
            disk.cut(folder)
            found += lost(folder / name, promised)
            shutil.rmtree(folder)
    return found


def sweep(library: Path, folder: Path, events: int, how: str) -> None:
    """Let each operation of a session fail, by EIO and by ENOSPC, once and for good; check each time what became of it.

    A store that swallows what fails is caught (`how`: "careless").
    """
    runs = [json.loads(line) for line in run(library, folder / "disk", "sweep", events, how).splitlines()]
    chance, log = random.Random(events), list(read_log(folder / "disk.log"))  # noqa: S311 (repeatable)
    assert len(runs) > 4 * 3 * events  # a page, its head and a sync, each
    for found in runs:
        path = Path(found["path"])
        assert load(path) == [event(seq) for seq in range(1, events + 1)]
        assert not found["unlisted"]
        assert found["waited"] <= bool(found["told"]) or found["refused"]
        assert [bad for bad, _ in found["told"]][-1:] in ([], [False])
        assert verify(path) == []
        assert not found["unclosed"]
        assert check_fault(log, path.name, chance, folder / "cut") == 0
    assert any(found["waited"] for found in runs)
    assert any(found["refused"] for found in runs)


@pytest.mark.parametrize("events", [3, pytest.param(40, marks=pytest.mark.long)])
def test_no_fault_of_the_disk_loses_what_was_acknowledged(library, tmp_path, events):
    sweep(library, tmp_path, events, "as it is")


def test_the_faults_find_a_store_that_takes_failures_for_success(library, tmp_path):
    with pytest.raises(AssertionError, match="Event"):
        sweep(library, tmp_path, 1, "careless")
