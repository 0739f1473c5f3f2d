"""`ketamon simulate`: simulated devices that any program can talk to."""

import signal
from datetime import UTC, datetime
from threading import Event

from ketamon.cli import options
from ketamon.errors import UsageError
from ketamon.port.open import Cable
from ketamon.simulator import bench
from ketamon.simulator.scenario import SCENARIOS, scenario_called, stage


def main(argv: list[str]) -> int:
    """Run simulated devices until the scenario ends or ctrl+c."""
    parser = options.parser(
        "simulate",
        "Simulated devices on pseudo-terminals, or TCP and UDP ports of this machine: each speaks its real protocol\n"
        "about one simulated patient and pump. Where each one is reached goes to standard output; port 0 is any that\n"
        "is free.",
        "  ketamon simulate --device ge-dri --device alaris-gh\n"
        "  ketamon simulate desaturation --device ge-dri=/tmp/monitor --device alaris-gh=/tmp/pump\n"
        "  ketamon run --monitor ge-dri:/tmp/monitor --pump alaris-gh:/tmp/pump\n"
        "  ketamon simulate --device philips-intellivue=udp://127.0.0.1:24105 --device bbraun-space=tcp://127.0.0.1:4001",
    )
    parser.add_argument("scenario", nargs="?", default="uneventful", choices=list(SCENARIOS), help="(uneventful)")
    parser.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="DRIVER[=PORT]",
        help="PORT: the path of a link to its pseudo-terminal, tcp://host:port or udp://host:port",
    )
    parser.add_argument("--speed", type=options.speed, default=1.0, help="times real time (1)")
    args = parser.parse_args(argv)
    if not args.device:
        raise UsageError("no device given; use --device DRIVER or --device DRIVER=PORT")
    if args.speed == float("inf"):
        raise UsageError("simulated devices on a cable need a speed; “max” has none")
    given = (text.partition("=") for text in args.device)
    devices = options.named(Cable(options.spec_at(driver, port), port) for driver, _, port in given)
    scenario = scenario_called(args.scenario)
    rig = stage(scenario, {name: cable.spec for name, cable in devices.items()}, datetime.fromtimestamp(0, UTC))
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    bench.run(rig, devices, args.speed, lambda text: print(text, flush=True), scenario.seconds, stop)
    return 0
