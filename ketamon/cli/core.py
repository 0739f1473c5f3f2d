"""`ketamon core`: the core of a chair without a screen, and what the other commands start in the background."""

import argparse
import asyncio
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

from ketamon.chair import launch
from ketamon.chair.core import Core
from ketamon.chair.rehearsal import demo
from ketamon.cli import options
from ketamon.crash import keep_tasks_quiet
from ketamon.errors import UsageError
from ketamon.local import refuse_running, socket_path
from ketamon.store.database import SUFFIX


def main(argv: list[str]) -> int:
    """Run a core until its session ends or it is told to stop."""
    parser = options.parser(
        "core",
        "Run only the core of a chair: it reads the devices, keeps the record and serves consoles on this machine.",
        "  ketamon core --chair 2 --monitor ge-dri:/dev/ttyUSB0 --pump alaris-gh:/dev/ttyUSB1\n"
        "  ketamon core --chair 2 --resume",
    )
    parser.add_argument("--chair", default="1", help="name of the chair (1)")
    options.add_devices(parser)
    options.add_profile(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--resume", action="store_true", help="go on with this chair's session that did not end")
    what.add_argument("--replay", type=Path, metavar="FILE", help="play a recorded stream instead of reading devices")
    what.add_argument(
        "--demo", metavar="SCENARIO", help="simulate patient, monitor and pump instead of reading devices"
    )
    options.add_passphrase(parser)
    parser.add_argument("--speed", type=options.speed, default=1.0, help="of a replay or a demo (1)")
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    keep_tasks_quiet(asyncio.get_running_loop())
    path = socket_path(args.chair)
    refuse_running(args.chair)
    attached = options.devices(args)
    if args.replay or args.demo:
        with TemporaryDirectory(prefix="ketamon-") as folder:  # nothing of it is a record to keep
            return await serve(_rehearsal(args, Path(folder) / f"rehearsal{SUFFIX}"), path)
    if args.resume:
        core = launch.resume(args.chair, attached)
    elif attached:
        core = launch.live(args.chair, attached, args.profile)
    else:
        raise UsageError(
            "no device given; use --monitor DRIVER:PORT and --pump DRIVER:PORT, or --resume; "
            "“ketamon config edit” keeps them for “ketamon run”"
        )
    return await serve(core, path)


def _rehearsal(args: argparse.Namespace, record: Path) -> Core:
    if args.demo:
        speed = min(args.speed, options.SCREEN_SPEED)
        return demo(args.demo, args.profile, speed=speed, record=record, sign=False)
    core, _ = launch.replay(args.replay, args.profile, args.speed, record)
    return core


async def serve(core: Core, path: Path) -> int:
    """Run a core at its socket until it ends or a signal asks it to."""
    task = asyncio.ensure_future(core.run(path))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 0  # the record is closed and can be resumed
    return 0
