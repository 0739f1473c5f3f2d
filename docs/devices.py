"""Make the table of devices from the registry, with what damage slips through: python docs/devices.py."""

from pathlib import Path

from ketamon.driver import DriverSpec
from ketamon.registry import rows
from ketamon.testing.damage import measured

PAGE = Path(__file__).parent / "devices.md"
DAMAGED = 4_000
"""How many frames of each device are damaged, with a fixed seed."""

HEAD = """# Devices

This page is made from the drivers themselves (`python docs/devices.py`); `ketamon drivers` prints the same on a
terminal. ketamon is not a medical device, and bedside alarms stay on.

*Established* rests on several independent sources or on real recordings. *Experimental* rests on one source, or no
real device was ever heard: ketamon says so on the screen too. No driver can start, stop or program a pump. A cuff is
inflated only by a driver that can, and only after a person pressed the key twice.

*Wrong value* is the share of damaged arrivals of the simulated device (bits flipped, bytes changed, lost, inserted,
swapped, bursts) out of which a number, a state or an alarm was told that the undamaged bytes do not tell; *wrong wave*
the same for a piece of a waveform. A format without a checksum cannot see a digit that became another digit: such a
device should be read over a short, sound cable.

| id | device | line | reads | alarms | evidence | wrong value | wrong wave |
|---|---|---|---|---|---|---|---|
"""


def cells(spec: DriverSpec) -> list[str]:
    """Return the cells that follow from the driver's own words."""
    reads = [*spec.parameters, *(f"{signal} wave" for signal in spec.signals)]
    variants = "".join(f"<br>`{spec.id}+{v.name}`: {v.about}, {v.line}" for v in spec.variants)
    off = f"<br>off by default: {spec.off_because}" if spec.off_because else ""
    return [
        f"`{spec.id}`",
        f"{spec.vendor} {spec.model}<br>{spec.document}{variants}{off}",
        str(spec.line),
        ", ".join(reads),
        "yes" if spec.alarms_decoded else "not decoded",
        str(spec.evidence),
    ]


def page() -> str:
    """Return the whole page, with what is measured."""
    lines = []
    for row in rows():
        if row.spec is not None and row.distribution == "ketamon":
            done = measured(row.spec, DAMAGED)
            wave = f"{100 * done.waves / done.hit:.2f} %" if row.spec.signals else ""
            shares = [f"{100 * done.numbers / done.hit:.2f} % ({done.numbers} of {done.hit})", wave]
            lines.append(f"| {' | '.join([*cells(row.spec), *shares])} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
