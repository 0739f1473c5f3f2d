"""`ketamon demo`: a whole simulated session, to look at or in lines."""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ketamon.chair.rehearsal import demo
from ketamon.cli import configured, headless, options
from ketamon.domain.session import SessionState
from ketamon.simulator.scenario import SCENARIOS
from ketamon.store.database import SUFFIX

SPEED = 20.0


def main(argv: list[str]) -> int:
    """Show or print a simulated session."""
    parser = options.parser(
        "demo",
        "A whole simulated session. A monitor and a pump that are not there speak their real protocols over\n"
        "pseudo-terminals; the core reads them as it would read a cable. The screen says SIMULATED throughout.",
        "  ketamon demo\n  ketamon demo --speed 60\n  ketamon demo --headless\n  ketamon demo --scenario desaturation",
    )
    parser.add_argument("--scenario", choices=list(SCENARIOS), default="uneventful", help="what happens (uneventful)")
    parser.add_argument("--speed", type=options.speed, default=None, help=f"times real time ({SPEED:g}; max headless)")
    parser.add_argument("--headless", action="store_true", help="no screen: print progress and a summary")
    parser.add_argument("--json", action="store_true", help="headless, as lines of JSON")
    options.add_profile(parser)
    options.add_sound(parser, live=False)
    args = parser.parse_args(argv)
    if args.headless or args.json or not sys.stdout.isatty():
        return asyncio.run(_headless(args))
    from ketamon.cli import console  # noqa: PLC0415 (a screen is loaded only where one is wanted)

    given = ["--demo", args.scenario, "--speed", f"{min(args.speed or SPEED, options.SCREEN_SPEED):g}"]
    given += ["--profile", str(args.profile)] if args.profile else []
    return console.with_core(
        given, "demo", lambda path: console.show(path, console.YOU, configured.or_usual(), args.sound)
    )


async def _headless(args: argparse.Namespace) -> int:
    with TemporaryDirectory(prefix="ketamon-") as folder:  # nothing of it is a record to keep
        record = Path(folder) / f"demo{SUFFIX}"
        speed = args.speed or float("inf")
        core = demo(args.scenario, args.profile, speed=speed, record=record, sign=False, done=_gate_is_open)
        await headless.run(core, json=args.json)
    return 0


def _gate_is_open(state: SessionState) -> bool:
    return state.gate is not None and state.gate.open
