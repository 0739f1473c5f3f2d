"""Appends to a session until it is killed, and says on stdout what was acknowledged. With "lie", before it is so."""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.samples import measured, noted

from ketamon.store.writer import Limits, Store


def say(seq: int) -> None:
    os.write(1, f"{seq}\n".encode())


lie = sys.argv[2] == "lie"
store = Store(
    Path(sys.argv[1]), clock=int, on_degraded=lambda *_: None, limits=Limits(group_s=3600.0 if lie else 0.002)
)
seq = store.durable_seq
while True:
    for _ in range(random.randint(1, 30)):  # noqa: S311 (any will do)
        seq += 1
        urgent = not lie and seq % 3 == 0
        future = store.append([noted(seq) if seq % 3 == 0 else measured(seq)], urgent=urgent)
        if lie:
            say(seq)
        else:
            future.add_done_callback(lambda done: say(done.result().seq))
    if not lie:
        future.result()
