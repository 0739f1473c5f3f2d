"""`ketamon log`: what was done and what happened in a session, in plain lines: time, what, who."""

import argparse
import asyncio
from contextlib import aclosing
from pathlib import Path

from ketamon import samples
from ketamon.chair import launch
from ketamon.cli import options
from ketamon.cli.attach import only_chair
from ketamon.cli.lines import entry, since
from ketamon.codec import encode_json
from ketamon.domain import events as e
from ketamon.domain.fold import apply
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Mode
from ketamon.domain.session import SessionState, is_logged
from ketamon.errors import UsageError
from ketamon.follow import SocketFeed, Source
from ketamon.local import socket_path
from ketamon.profiles import load, loads
from ketamon.store.location import session_called
from ketamon.store.reader import Reader
from ketamon.words import mark, said


def main(argv: list[str]) -> int:
    """Print the log of a session."""
    parser = options.parser(
        "log",
        "Print what was done and what happened in a session, a line each: time, what, and who. The session is one\n"
        "that runs (--chair), one that ended (its file, or the name of it), or a recorded stream, which is played.",
        "  ketamon log\n  ketamon log --chair 2 --follow\n  ketamon log 2026-11-21T080000Z-2\n"
        "  ketamon log uneventful.kstream --json",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("session", nargs="?", type=Path, metavar="SESSION", help="a session file, or a .kstream file")
    what.add_argument("--chair", default=None, help="a chair whose core runs (the only one that does)")
    parser.add_argument("--follow", action="store_true", help="go on with what happens, until the session ends")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    if args.session is None:
        asyncio.run(_running(args, args.chair or only_chair()))
        return 0
    if args.follow:
        raise UsageError("--follow goes with a running session; give its --chair instead of a file")
    args.session = options.stream(session_called(args.session))
    if args.session.suffix == samples.SUFFIX:
        asyncio.run(_recorded(args))
    else:
        _ended(args)
    return 0


async def _running(args: argparse.Namespace, chair: str) -> None:
    feed, seq = SocketFeed(socket_path(chair), load(None)[0]), 0
    async with aclosing(feed.updates()) as updates:
        async for _ in updates:
            beat = feed.beat
            if beat is None:
                continue
            for event in since(feed.state, seq):
                _say(event, feed.state, feed.profile, beat.source, json=args.json)
            seq = feed.state.seq
            if beat.ended or not args.follow:
                return


async def _recorded(args: argparse.Namespace) -> None:
    """Play a stream as fast as it goes through the engine, and print what that logs."""
    core, reader = launch.replay(args.session, None, float("inf"), None)
    state, profile = core.engine.state, core.engine.profile

    def tell(event: e.Event) -> None:
        if is_logged(event):
            _say(event, state, profile, Source.REPLAY, json=args.json)

    core.listeners.append(tell)
    with reader:
        await core.run(None)


def _ended(args: argparse.Namespace) -> None:
    """Print the log of a session file, each row held against the chain."""
    state, profile, source = SessionState(), load(None)[0], Source.LIVE
    with Reader(args.session) as reader:
        for event in reader.events():
            apply(state, event)
            if isinstance(event.body, e.SessionOpened):
                profile = loads(event.body.profile_toml, event.body.profile)
                source = Source.LIVE if event.body.mode is Mode.REAL else Source.SIMULATED
            if is_logged(event):
                _say(event, state, profile, source, json=args.json)


def _say(event: e.Event, state: SessionState, profile: Profile, source: Source, *, json: bool) -> None:
    """Print an event; what is not of a live patient says so in its line."""
    if not json:
        print(f"{'' if source is Source.LIVE else f'{source}  '}{entry(event, state, profile)}", flush=True)
        return
    what, who = said(event, state, profile)
    out = {"type": event.body.TYPE, "source": source, "seq": event.seq, "t_s": event.at.seconds}
    out |= {"wall": e.iso(event.at.wall), "what": what, "who": who}
    if isinstance(event.body, e.AlarmChanged):
        out |= {"mark": mark(event.body), "priority": event.body.priority}
    print(encode_json(out).decode(), flush=True)
