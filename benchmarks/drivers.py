"""How fast each driver reads what its simulator says, against the rate of its line and a bare Python byte loop.

python benchmarks/drivers.py
"""

from time import perf_counter

from ketamon.registry import rows
from ketamon.testing.conversation import START, converse, replay, truths

BUDGET = 200
"""Times the line rate; below it a workstation with many devices would feel the driver."""
ROUNDS = 3
BITS = 10


def main() -> None:
    print(f"{'driver':<20}{'bytes/s':>12}{'x line rate':>13}{'x byte loop':>13}")
    for row in rows():
        if row.spec is None:
            continue
        said = converse(row.spec, truths(60))
        steps = [(at, data) for at, data in said.steps if data]
        data = said.data
        repeat = max(1, 300_000 // max(len(data), 1))
        many = [(START, data) for _, data in steps] * repeat
        times, loops = [], []
        for _ in range(ROUNDS):
            begin = perf_counter()
            replay(row.spec.make(), many)
            times.append(perf_counter() - begin)
            begin = perf_counter()
            for _byte in data * repeat:
                pass
            loops.append(perf_counter() - begin)
        speed = len(data) * repeat / min(times)
        line = row.spec.line.baud / BITS
        mark = "" if speed >= BUDGET * line else f"  below {BUDGET}"
        print(f"{row.id:<20}{speed:>12,.0f}{speed / line:>13.0f}{min(times) / min(loops):>13.1f}{mark}")


if __name__ == "__main__":
    main()
