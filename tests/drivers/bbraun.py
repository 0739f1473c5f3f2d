"""What a B. Braun Space rack says, to be built in tests."""

from drivers.contract import run
from drivers.hand import only

from ketamon.driver import DeviceNotice, PumpTelemetry
from ketamon_drivers.bbraun_space import SPEC
from ketamon_drivers.bbraun_space.frames import frame
from ketamon_drivers.bbraun_space.tables import EVERY_ALARM

RUNNING = {"INRT": "12.50", "INVI": "3.1", "INVTB": "36.0", "INRMT": "2160", "INM1": "0", "INM2": "0", "INM3": "1",
           "INM6": "0", "INM10": "0"} | dict.fromkeys(sorted(EVERY_ALARM), "0")  # fmt: skip


def part(*pumps, last=True, bed="ComSystem", second=214):
    """One part of a reply: (address, records) for each pump."""
    body = "\x1e".join(f"{second},501{head},{n},{v}" for head, said in pumps for n, v in said.items())
    return frame(bed, body.encode(), last=last)


def decode(*wires):
    return run(SPEC.make(), wires)


def status(**changes):
    return only(PumpTelemetry, decode(part(("13", RUNNING | changes))))[-1].status


def notices(outputs):
    return [o.text for o in only(DeviceNotice, outputs)]


GOOD = part(("13", RUNNING))


def word(*bits):
    return str(sum(1 << bit for bit in bits))


ON = (0, 1, 8, 23)
