"""`ketamon drivers`: the devices that can be read."""

import sys
from typing import Any

from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.registry import Row, rows


def main(argv: list[str]) -> int:
    """List the drivers."""
    parser = options.parser(
        "drivers",
        "List the devices that ketamon can read, and why one that is installed cannot be used.",
        "  ketamon drivers\n  ketamon drivers --json | head -1",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args(argv)
    for row in rows():
        print(encode_json(fields(row)).decode() if args.json else line(row))
    if not args.json:
        print("Address a device as DRIVER:PORT, for example ge-dri:/dev/ttyUSB0", file=sys.stderr)
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
        "alarms": bool(spec and spec.alarms_decoded),
        "evidence": spec and spec.evidence,
        "document": spec and spec.document,
        "note": spec and spec.note,
        "available": row.available,
        "reason": row.reason,
    }


def line(row: Row) -> str:
    """Return a driver as lines of words."""
    head = f"{row.id:<16}{row.distribution} {row.version}"
    if row.spec is None:
        return f"{head}\n{'':<16}cannot be used: {row.reason}"
    spec = row.spec
    alarms = "" if spec.alarms_decoded else "; alarms not available from this device"
    return (
        f"{row.id:<16}{spec.kind:<9}{spec.vendor} {spec.model}\n"
        f"{'':<16}{row.distribution} {row.version}, {spec.line}, {spec.evidence}{alarms}\n"
        f"{'':<16}{' '.join(spec.parameters)}"
    )
