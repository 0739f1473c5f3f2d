"""`ketamon detect`: what is attached."""

import sys
from time import sleep

from ketamon.cli import options
from ketamon.driver import DriverSpec
from ketamon.errors import SourceError
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.port.detect import detect, serial_ports
from ketamon.registry import detectable, load


def main(argv: list[str]) -> int:
    """Name the devices at these ports; exit code 3 where one is not recognised."""
    parser = options.parser(
        "detect",
        "Say what is attached: listen first, then ask with requests that only read. Nothing that changes a device is\n"
        "ever sent, and no cuff is started. A port at which nobody is known takes about two minutes.",
        "  ketamon detect\n  ketamon detect /dev/ttyUSB0\n  ketamon detect tcp://10.0.0.7:4001 --driver bbraun-space",
    )
    parser.add_argument("port", nargs="*", metavar="PORT", help="(all serial ports of this machine)")
    parser.add_argument("--driver", action="append", default=[], metavar="DRIVER", help="try only this one")
    args = parser.parse_args(argv)
    specs = [load(name) for name in args.driver] or detectable()
    ports = args.port or serial_ports()
    if not ports:
        raise SourceError("this machine has no serial port; name one, or give tcp://host:port")
    known = [_detect(port, specs) for port in ports]
    return 0 if all(known) else SourceError.exit_code


def _detect(port: str, specs: list[DriverSpec]) -> bool:
    try:
        for finding in detect(port, specs, SystemClock(), sleep):
            print(f"{port}: {finding.tried}: {finding.heard} bytes", file=sys.stderr)
            if finding.driver is not None:
                spec = finding.driver
                what = f"{spec.id}  {spec.vendor} {spec.model}, {spec.line}, {spec.evidence}"
                print(plain(f"{port}: {what}: {finding.said}"))
                return True
    except SourceError as error:
        print(f"{port}: {error}", file=sys.stderr)
        return False
    print(f"{port}: nobody who is known")
    return False
