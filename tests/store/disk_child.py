"""Writes a session and its stream onto the disk of `disk.c`: one long one to be cut, or a short one for each fault."""

import ctypes
import errno
import json
import sys
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.samples import HEADER, START, at, event

from ketamon.errors import KetamonError
from ketamon.store import database
from ketamon.store.chain import Head
from ketamon.store.database import create
from ketamon.store.writer import Limits, Store
from ketamon.stream.writer import StreamWriter

DISK = ctypes.CDLL(None)


def say(text: str) -> None:
    DISK.disk_note(text.encode())


def saved(done: Future[Head]) -> None:
    if not done.exception():
        say(f"saved {done.result().seq}")


def session(folder: Path, events: int, synchronous: str) -> None:
    """Write `events` events, a stream beside them, and say in the disk's log what is promised."""
    if synchronous == "normal":
        database._SETTINGS["synchronous"] = 1
    path = folder / "one.ksession"
    create(path, "session-1", START)
    say("created")
    limits = Limits(group_s=0.001, retry_s=(0.001,))
    with (
        StreamWriter(path.with_suffix(".kstream"), HEADER, at(0)) as stream,
        Store(path, clock=int, on_degraded=print, limits=limits) as store,
    ):
        say("streaming")
        for seq in range(1, events + 1):
            future = store.append([event(seq)], urgent=seq % 3 == 0)
            future.add_done_callback(saved)
            stream.rx("monitor", at(seq), b"%d\r\n" % seq)
            say(f"handed {seq}")
            if seq % 7 == 0:
                future.result()
        store.close(ended=True)
    say("ended")


def fault(folder: Path, events: int, nth: int, error: int, for_good: int) -> dict[str, Any]:
    """Write a short session, let the disk fail at its n-th operation, and mend it; tell what the store said."""
    path = folder / f"{nth}-{error}-{for_good}.ksession"
    create(path, "session-1", START)
    told: list[tuple[bool, str]] = []
    found: dict[str, Any] = {"path": str(path), "refused": "", "told": told, "listed": True, "doubled": False}
    say(f"begin {path}")
    DISK.disk_fail(nth, error, for_good)
    try:
        store = Store(path, clock=int, on_degraded=lambda *what: told.append(what), limits=QUICK)
    except KetamonError as refused:
        DISK.disk_fail(0, 0, 0)
        return found | {"refused": str(refused)}
    futures = []
    for seq in range(1, events + 1):
        futures.append(store.append([event(seq)], urgent=seq % 3 == 0))
        futures[-1].add_done_callback(saved)
        waiting = wait(futures, timeout=0.02 if for_good else 1).not_done
        listed = store.unsaved
        if waiting and (listed is None or listed.count < len(waiting)) and wait(futures, timeout=0).not_done:
            found["listed"] = False
    found["points"] = DISK.disk_points()
    DISK.disk_fail(0, 0, 0)
    _, waiting = wait(futures, timeout=5)
    store.close(ended=True)
    say(f"end {path}")
    return found | {"waiting": len(waiting)}


QUICK = Limits(group_s=0.001, retry_s=(0.002,))


def sweep(folder: Path, events: int) -> None:
    """Let every operation of a short session fail, one run each; print what was found, a line for each run."""
    points = fault(folder, events, 10**9, errno.EIO, 0)["points"]
    for nth in range(1, points + 1):
        for error in (errno.EIO, errno.ENOSPC):
            for for_good in (0, 1):
                sys.stdout.write(json.dumps(fault(folder, events, nth, error, for_good)) + "\n")


if __name__ == "__main__":
    folder, what, number, *rest = sys.argv[1:]
    {"session": partial(session, synchronous=rest[0] if rest else "full"), "sweep": sweep}[what](
        Path(folder), int(number)
    )
