"""`ketamon review`: the record of a session, to walk through on the screen that it was made at."""

import argparse
import sys
import time
from pathlib import Path

from ketamon.chair import tape
from ketamon.cli import options
from ketamon.domain.events import Event, SessionOpened
from ketamon.errors import SourceError, UsageError, VerificationError
from ketamon.follow import Source
from ketamon.lock import holder
from ketamon.playback import Player
from ketamon.profiles import load
from ketamon.store.location import session_called, session_files
from ketamon.store.lock import lock_path
from ketamon.store.reader import Reader
from ketamon.store.verify import Verdict, examine, sound_part


def main(argv: list[str]) -> int:
    """Show a record."""
    parser = options.parser(
        "review",
        "Walk through the record of a session on the screen that it was made at. It opens at its end; nothing that is\n"
        "typed changes it. The record is checked first, and the screen says throughout whether it is whole. Of a\n"
        "damaged one the sound part is shown, and the exit code is 4.",
        "  ketamon review\n  ketamon review --chair 2\n  ketamon review 2026-11-21T080000Z-2",
    )
    what = parser.add_mutually_exclusive_group()
    help_ = "a session file, or the name of one that is kept here (the newest that ended)"
    what.add_argument("session", nargs="?", type=Path, metavar="SESSION", help=help_)
    what.add_argument("--chair", default=None, help="the newest that ended at this chair")
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    if not sys.stdout.isatty():
        raise UsageError("a review needs a terminal; “ketamon log SESSION” prints lines instead")
    options.take_passphrase(args)
    path = _chosen(args)
    verdict = examine(path)
    events = sound_part(path, verdict)
    from ketamon.cli import console  # noqa: PLC0415 (a screen is loaded only where one is wanted)

    with tape.of_record(path, events) as reel:
        code = console.play(opened(events, verdict, reel), sound=None)
    if verdict.problems:
        raise VerificationError(f"{path}: {verdict.problems[0]}; “ketamon verify {path}” says all")
    return code


def opened(events: list[Event], verdict: Verdict, reel: tape.Reel) -> Player:
    """Return a player of a record, at its end."""
    said = remark(verdict)
    player = Player(Source.REVIEW, load(None)[0], time.monotonic, speed=0.0, remark=said, listener=reel)
    for event in events:
        player.add(event)
    player.reach(None, whole=True)
    player.end()
    return player


def remark(verdict: Verdict) -> str:
    """Say in short whether a record is whole; in a line of 80 columns there is room for 24 letters."""
    if verdict.sound < verdict.head.seq:
        return f"DAMAGED from event {verdict.sound + 1}"
    if verdict.problems:
        return "NOT WHOLE: see verify"
    return "record whole" if verdict.closed else "not closed, whole so far"


def _chosen(args: argparse.Namespace) -> Path:
    """Find the record. One that is being written is no review: its patient is in the chair."""
    path = session_called(args.session) if args.session else _newest(args.chair)
    if who := holder(lock_path(path)):
        raise SourceError(f"{path} is being written by {who}; “ketamon attach” shows it")
    return path


def _newest(chair: str | None) -> Path:
    """Find the newest session that ended. One that cannot be read is not passed over: it may be the one."""
    for path in session_files():
        with Reader(path) as reader:
            first = next(reader.events(), None)
            if first is None or not isinstance(first.body, SessionOpened) or not reader.ended:
                continue
            if chair in (None, first.body.chair):
                return path
    where = f" at chair {chair}" if chair else ""
    raise SourceError(f"no session has ended here{where}; name its file, or “ketamon replay uneventful” shows a sample")
