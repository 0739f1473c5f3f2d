"""Writes a session into a file that may not grow, lifts the limit, and reports what the store said meanwhile."""

import json
import resource
import sys
from concurrent.futures import wait
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.conftest import Degraded
from store.samples import QUICK, noted

from ketamon.store.writer import Store

degraded = Degraded()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
with Store(Path(sys.argv[1]), clock=int, on_degraded=degraded, limits=QUICK) as store:
    store.append([noted(1)], urgent=True).result(5)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, most))
    seq = 1
    while not degraded.told:
        future = store.append([noted(seq + step) for step in range(1, 51)], urgent=True)
        seq += 50
        while not future.done() and not degraded.told:
            wait([future], timeout=0.01)
    store.append([noted(seq := seq + 1)], urgent=True)
    report = {"appended_while_full": seq, "durable_while_full": store.durable_seq}
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    store.append([noted(seq + 1)], urgent=True).result(20)
    report |= {"durable": store.durable_seq}
degraded.good.wait(5)
sys.stdout.write(json.dumps(report | {"first": degraded.told[0], "last": degraded.told[-1]}))
