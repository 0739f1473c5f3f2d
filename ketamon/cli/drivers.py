"""`ketamon drivers`: the devices that can be read, a new driver, and what damage a driver takes for whole."""

import sys
from pathlib import Path
from typing import Any

from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.registry import Row, load, rows


def main(argv: list[str]) -> int:
    """List the drivers, or do what the first word says."""
    if argv[:1] and argv[0] in _WORDS:
        return _WORDS[argv[0]](argv[1:])
    parser = options.parser(
        "drivers",
        "List the devices that ketamon can read, and why one that is installed cannot be used.",
        "  ketamon drivers\n  ketamon drivers --json | head -1\n"
        "  ketamon drivers new acme-200        a package for a new driver, with tests that hold its contract\n"
        "  ketamon drivers damage masimo-ascii1        how many damaged frames pass as whole",
    )
    parser.add_argument("what", nargs="?", choices=["list", *_WORDS], default="list", help="(list)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args(argv)
    for row in rows():
        print(encode_json(fields(row)).decode() if args.json else line(row))
    if not args.json:
        print("Address a device as DRIVER:PORT, for example ge-dri:/dev/ttyUSB0", file=sys.stderr)
    return 0


def _new(argv: list[str]) -> int:
    """Write the package of a new driver."""
    parser = options.parser(
        "drivers new",
        "Write a package for a new driver: one worked frame, its simulator, and the contract suite.",
        "  ketamon drivers new acme-200\n  cd ketamon-acme-200 && pip install -e .[test] && pytest",
    )
    parser.add_argument("name", metavar="NAME", help="the driver's id: small letters, digits and hyphens")
    parser.add_argument("--in", dest="folder", type=Path, default=Path(), metavar="FOLDER", help="where (here)")
    args = parser.parse_args(argv)
    from ketamon.testing import template  # noqa: PLC0415 (for authors only)

    for path in template.write(args.name, args.folder):
        print(path)
    return 0


def _damage(argv: list[str]) -> int:
    """Measure which share of damaged frames pass a driver's checks."""
    parser = options.parser(
        "drivers damage",
        "Damage what simulated devices say and count how often a driver tells something wrong.",
        "  ketamon drivers damage\n  ketamon drivers damage ge-dri --count 100000",
    )
    parser.add_argument("name", nargs="*", metavar="DRIVER", help="(all of them)")
    parser.add_argument("--count", type=int, default=20_000, help="how many frames to damage (20000)")
    args = parser.parse_args(argv)
    from ketamon.testing.damage import measured  # noqa: PLC0415 (for authors only)

    for spec in [load(name) for name in args.name] or [row.spec for row in rows() if row.spec]:
        done = measured(spec, args.count)
        share = 100 * done.numbers / max(done.hit, 1)
        print(f"{spec.id:<20}{done.hit} damaged: wrong value {done.numbers} ({share:.2f} %), wrong wave {done.waves}")
    return 0


def fields(row: Row) -> dict[str, Any]:
    """Return a driver as plain values; what only its code knows is null where that cannot be loaded."""
    spec = row.spec
    return {
        "id": row.id,
        "vendor": spec and spec.vendor,
        "model": spec and spec.model,
        "kind": spec and spec.kind,
        "distribution": row.distribution,
        "version": row.version,
        "line_settings": spec and str(spec.line),
        "parameters": list(spec.parameters) if spec else [],
        "signals": list(spec.signals) if spec else [],
        "variants": [variant.name for variant in spec.variants] if spec else [],
        "alarms": bool(spec and spec.alarms_decoded),
        "evidence": spec and spec.evidence,
        "document": spec and spec.document,
        "note": spec and spec.note,
        "available": row.available,
        "reason": row.reason,
    }


def line(row: Row) -> str:
    """Return a driver as lines of words."""
    head = f"{row.id:<20}{row.distribution} {row.version}"
    if row.spec is None:
        return f"{head}\n{'':<20}cannot be used: {row.reason}"
    spec = row.spec
    alarms = "" if spec.alarms_decoded else "; alarms not available from this device"
    return (
        f"{row.id:<20}{spec.kind:<9}{spec.vendor} {spec.model}\n"
        f"{'':<20}{row.distribution} {row.version}, {spec.line}, {spec.evidence}{alarms}\n"
        f"{'':<20}{' '.join((*spec.parameters, *(f'{signal} wave' for signal in spec.signals)))}"
        + "".join(f"\n{'':<20}{spec.id}+{v.name}: {v.about}, {v.line}" for v in spec.variants)
        + (f"\n{'':<20}off by default: {spec.off_because}" if spec.off_because else "")
    )


_WORDS = {"new": _new, "damage": _damage}
