"""A simulated monitor and pump; `start`, `hold` and `silence` on standard input press the keys of the pump.

python quick_bench.py MONITOR PUMP
"""

import sys
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event, Thread

from ketamon.port.open import Cable
from ketamon.registry import load
from ketamon.simulator import bench
from ketamon.simulator.patient import Patient
from ketamon.simulator.pump import Key, Pump
from ketamon.simulator.rig import Rig, Step

SECONDS = 600
RATE_ML_H, VOLUME_ML = 120.0, 0.4


def main(monitor: str, pump: str) -> None:
    asked: SimpleQueue[str] = SimpleQueue()
    keys = {
        "start": lambda rig: rig.pump.press(Key.START),
        "hold": lambda rig: rig.pump.press(Key.HOLD),
        "silence": lambda rig: rig.pump.silence(),
    }

    def press(rig: Rig) -> None:
        while not asked.empty():
            keys[asked.get()](rig)

    def listen() -> None:
        for line in sys.stdin:
            asked.put(line.strip())

    cables = {"monitor": Cable(load("ge-dri"), monitor), "pump": Cable(load("alaris-gh"), pump)}
    rig = Rig(
        {name: cable.spec.simulate() for name, cable in cables.items()},
        Patient(195, weight_kg=72.0),
        Pump(concentration_mg_per_ml=10.0),
        started=datetime.fromtimestamp(0, UTC),
        script=[
            Step(2, lambda rig: rig.pump.program(RATE_ML_H, VOLUME_ML)),
            *(Step(second, press) for second in range(SECONDS)),
        ],
    )
    Thread(target=listen, daemon=True).start()
    bench.run(rig, cables, 1.0, lambda text: print(text, flush=True), SECONDS, Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
