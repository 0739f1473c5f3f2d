"""Writes a session and its stream onto the disk of `disk.c`: one long one to be cut, or a short one for each fault."""

import ctypes
import errno
import json
import os
import sqlite3
import sys
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.disk import Control
from store.samples import HEADER, START, at, event

from ketamon.errors import KetamonError
from ketamon.store import database
from ketamon.store.appender import FAILURES, Appender
from ketamon.store.chain import Head, Row
from ketamon.store.database import create
from ketamon.store.writer import Limits, Store
from ketamon.stream.writer import StreamWriter

DISK = Control(os.environ["DISK_LOG"])
NOTE = ctypes.CDLL(None).disk_note
QUICK = Limits(group_s=0.001, retry_s=(0.002,))


def say(text: str) -> None:
    NOTE(text.encode())


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

    with (
        StreamWriter(path.with_suffix(".kstream"), HEADER, at(0)) as stream,
        Store(path, clock=int, on_degraded=print, limits=QUICK) as store,
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


def fault(folder: Path, events: int, nth: int, error: int, for_good: bool) -> dict[str, Any]:
    """Write a short session, let the disk fail at its n-th operation, and mend it; tell what the store said."""
    path = folder / f"{nth}-{error}-{for_good}.ksession"
    say(f"begin {path.name}")
    create(path, "session-1", START)
    told: list[tuple[bool, str]] = []
    found = {"path": str(path), "refused": "", "told": told, "waited": 0, "unlisted": 0, "unclosed": ""}
    DISK.fail(nth, error, forever=for_good)
    try:
        store = Store(path, clock=int, on_degraded=lambda *what: told.append(what), limits=QUICK)
    except KetamonError as refused:
        found["refused"] = str(refused)
        DISK.mend()
        store = Store(path, clock=int, on_degraded=lambda *what: told.append(what), limits=QUICK)
    futures: list[Future[Head]] = []
    for seq in range(1, events + 1):
        futures.append(store.append([event(seq)], urgent=seq % 3 == 0))
        futures[-1].add_done_callback(saved)
        if wait(futures, timeout=0.01 if for_good else 1).not_done:
            found["waited"] = 1
            listed = store.unsaved
            found["unlisted"] |= listed is None or (listed.first, listed.last) != (store.durable_seq + 1, seq)
    found["points"] = DISK.points
    DISK.mend()
    store.append([], urgent=True).result(5)
    try:
        store.close(ended=True)
    except KetamonError as why:
        found["unclosed"] = str(why)
    say(f"end {path.name}")
    return found


def sweep(folder: Path, events: int, how: str) -> None:
    """Let every operation of a short session fail, one run each; print what was found, a line for each run.

    "careless": a write that failed passes for one that worked.
    """
    if how == "careless":
        commit = Appender._commit

        def careless(appender: Appender, connection: sqlite3.Connection, rows: list[Row]) -> None:
            with suppress(*FAILURES):
                commit(appender, connection, rows)

        Appender._commit = careless
    points = fault(folder, events, 10**9, errno.EIO, for_good=False)["points"]
    for nth in range(1, points + 1):
        for error in (errno.EIO, errno.ENOSPC):
            for for_good in (False, True):
                sys.stdout.write(json.dumps(fault(folder, events, nth, error, for_good)) + "\n")


if __name__ == "__main__":
    folder, what, number, how = sys.argv[1:]
    {"session": session, "sweep": sweep}[what](Path(folder), int(number), how)
