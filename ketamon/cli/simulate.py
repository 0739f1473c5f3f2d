"""`ketamon simulate`: simulated devices that any program can talk to."""

from datetime import UTC, datetime
from pathlib import Path

from ketamon.cli import options
from ketamon.errors import UsageError
from ketamon.registry import load
from ketamon.simulator import bench
from ketamon.simulator.scenario import SCENARIOS, scenario_called, stage


def main(argv: list[str]) -> int:
    """Run simulated devices until the scenario ends or ctrl+c."""
    parser = options.parser(
        "simulate",
        "Simulated devices on pseudo-terminals: each speaks its real protocol about one simulated patient and pump.",
        "  ketamon simulate --device ge-dri --device alaris-gh\n"
        "  ketamon simulate desaturation --device ge-dri=/tmp/monitor --device alaris-gh=/tmp/pump\n"
        "  ketamon run --monitor ge-dri:/tmp/monitor --pump alaris-gh:/tmp/pump",
    )
    parser.add_argument("scenario", nargs="?", default="uneventful", choices=list(SCENARIOS), help="(uneventful)")
    parser.add_argument("--device", action="append", default=[], metavar="DRIVER[=PATH]", help="with a link to it")
    parser.add_argument("--speed", type=options.speed, default=1.0, help="times real time (1)")
    args = parser.parse_args(argv)
    if not args.device:
        raise UsageError("no device given; use --device DRIVER or --device DRIVER=PATH")
    if args.speed == float("inf"):
        raise UsageError("simulated devices on a cable need a speed; “max” has none")
    wanted = {driver: Path(path) if path else None for driver, _, path in (d.partition("=") for d in args.device)}
    specs = {driver: load(driver) for driver in wanted}
    scenario = scenario_called(args.scenario)
    rig = stage(scenario, specs, datetime.fromtimestamp(0, UTC))
    bench.run(rig, wanted, args.speed, lambda text: print(text, flush=True), scenario.seconds)
    return 0
