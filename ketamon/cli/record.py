"""`ketamon record`: the bytes of devices to a stream, without a session."""

import signal
import sys
from pathlib import Path
from threading import Event

from ketamon.cli import options
from ketamon.errors import UsageError
from ketamon.port.clock import SystemClock
from ketamon.port.record import record
from ketamon.store.keys import KEYS


def main(argv: list[str]) -> int:
    """Record until interrupted."""
    parser = options.parser(
        "record",
        "Record what devices say, byte for byte, until you press ctrl+c. A file that exists is gone on with.",
        "  ketamon record --monitor ge-dri:/dev/ttyUSB0 bedside.kstream\n"
        "  ketamon record --monitor ge-dri:/dev/ttyUSB0 --pump alaris-gh:/dev/ttyUSB1 chair2.kstream",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the .kstream file")
    options.add_devices(parser)
    args = parser.parse_args(argv)
    devices = options.devices(args)
    if not devices:
        raise UsageError("no device given; use --monitor DRIVER:PORT or --pump DRIVER:PORT")
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    key = None if args.file.exists() else KEYS.fresh()
    digest = record(devices, args.file, SystemClock(), stop, tell=lambda text: print(text, file=sys.stderr), key=key)
    print(f"{args.file}: SHA-256 {digest}", file=sys.stderr)
    return 0
