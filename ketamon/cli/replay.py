"""`ketamon replay`: a recorded stream through the whole session engine."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from ketamon.chair import launch, tape
from ketamon.chair.drives import ReplayDrive
from ketamon.cli import headless, options
from ketamon.follow import Source
from ketamon.plain import plain
from ketamon.playback import FASTEST, Player, from_core
from ketamon.profiles import load
from ketamon.store.keys import KEYS


def main(argv: list[str]) -> int:
    """Replay to a console, or to lines."""
    parser = options.parser(
        "replay",
        "Play a recorded stream through the whole session engine. Never a live patient, and the screen says so. It\n"
        "can be stopped, walked through back and forth, and played at another speed; nothing that is typed changes it.",
        "  ketamon replay recording.kstream\n"
        "  ketamon replay recording.kstream --speed 20\n"
        "  ketamon replay recording.kstream --headless --speed max --json",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a .kstream file, or the name of a shipped sample")
    parser.add_argument("--speed", type=options.speed, default=None, help="times real time, or max (1; max headless)")
    parser.add_argument("--headless", action="store_true", help="no screen: print progress and a summary")
    parser.add_argument("--json", action="store_true", help="headless, as lines of JSON")
    options.add_profile(parser)
    options.add_sound(parser, live=False)
    args = parser.parse_args(argv)
    if args.headless or args.json or not sys.stdout.isatty():
        return asyncio.run(_headless(args))
    from ketamon.cli import console  # noqa: PLC0415 (a screen is loaded only where one is wanted)

    given = ["--replay", str(options.stream(args.file)), "--speed", "max"]
    given += ["--profile", str(args.profile)] if args.profile else []
    passphrase = KEYS.passphrase() if KEYS.name_of(options.stream(args.file)) else ""

    def screen(path: Path) -> int:
        speed = min(args.speed or 1.0, FASTEST)
        with tape.of_stream(options.stream(args.file)) as reel:
            fill = from_core(path)
            player = Player(Source.REPLAY, load(None)[0], time.monotonic, speed=speed, fill=fill, listener=reel)
            return console.play(player, sound=args.sound)

    return console.with_core(given, "replay", screen, passphrase)


async def _headless(args: argparse.Namespace) -> int:
    core, reader = launch.replay(options.stream(args.file), args.profile, args.speed or float("inf"), None)
    with reader:
        await headless.run(core, json=args.json)
    problems = reader.report.sentences()
    if isinstance(core.drive, ReplayDrive):
        problems += [f"refused now, though it was asked in the recording: {text}" for text in core.drive.refused]
    for text in problems:
        print(plain(f"{args.file}: {text}"), file=sys.stderr)
    return 0
