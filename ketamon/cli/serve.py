"""`ketamon serve`: the console in a browser on this machine, for whoever has a link."""

import argparse
import asyncio
import importlib.util
import signal
import sys
from collections.abc import Callable
from datetime import timedelta

from ketamon.browser import issuing
from ketamon.browser.issuing import Wish
from ketamon.cli import configured, options
from ketamon.crash import keep_tasks_quiet
from ketamon.domain.people import Person
from ketamon.errors import SourceError, UsageError
from ketamon.local import refuse_name, socket_lock
from ketamon.lock import Lock
from ketamon.plain import plain
from ketamon.port.clock import Clock, SystemClock

PORT = 8717
_LOOPBACK = ("127.0.0.1", "::1")
_OPEN_IT = "open it within 15 minutes; it opens once"


def main(argv: list[str]) -> int:
    """Serve, or print a link of the server that runs."""
    if argv[:1] == ["token"]:
        return _token(argv[1:])
    parser = options.parser(
        "serve",
        "Show the console in a browser on this machine. It prints a link, and serves until ctrl+c; “token” prints\n"
        "another. A link logs in one person in one role, for a time; an observer only looks. From another computer:\n"
        f"ssh -L {PORT}:127.0.0.1:{PORT} THIS-MACHINE, and then the link.",
        "  ketamon serve\n"
        '  ketamon serve --chair 2 --as "Dr. Lee" --role physician --for 4h\n'
        "  ketamon serve token --as Guest --role observer --for 30m",
    )
    parser.add_argument("what", nargs="?", choices=["token"], help="print a link of the server that runs")
    parser.add_argument("--chair", default=None, help="show only this chair (all that run)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="the loopback address to listen on: 127.0.0.1 or ::1 (127.0.0.1)"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"the port; 0 for any that is free ({PORT})")
    options.add_staff(parser)
    _add_for(parser)
    args = parser.parse_args(argv)
    _refuse_network(args.host)
    if args.chair is not None:
        refuse_name(args.chair)
    _refuse_missing()
    return asyncio.run(_serve(args, _wish(args, configured.or_usual().person)))


def _token(argv: list[str]) -> int:
    parser = options.parser(
        "serve token",
        "Print a link of the “ketamon serve” that runs. It logs in one person in one role, for a time.",
        '  ketamon serve token --as "Dr. Lee" --role physician --for 8h',
    )
    options.add_staff(parser)
    _add_for(parser)
    args = parser.parse_args(argv)
    wish = _wish(args, configured.or_usual().person)
    _print_link(issuing.ask(issuing.path(), wish), wish, SystemClock())
    return 0


def _add_for(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", dest="lasts", metavar="TIME", default="8h", help="how long the login lasts (8h)")


def _wish(args: argparse.Namespace, usual: Person) -> Wish:
    person = options.staff(args, usual)
    return Wish(person.name, person.role, issuing.minutes(args.lasts))


def _refuse_network(host: str) -> None:
    if host not in _LOOPBACK:
        raise UsageError(
            f"{host} is reached from the network, and what goes over it would be open to read; serve on 127.0.0.1, and "
            f"come from elsewhere through ssh -L {PORT}:127.0.0.1:{PORT}"
        )


def _refuse_missing() -> None:
    if not all(importlib.util.find_spec(name) for name in ("aiohttp", "textual_serve")):
        raise UsageError("the browser's console needs textual-serve; install it with: pip install 'ketamon[browser]'")


async def _serve(args: argparse.Namespace, wish: Wish) -> int:
    from ketamon.browser.site import Site  # noqa: PLC0415 (an extra, and only here)

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    keep_tasks_quiet(loop)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    at, clock = issuing.path(), SystemClock()
    with Lock(socket_lock(at), "the console is served", "“ketamon serve token” prints a link of it"):
        site = Site(lambda: clock.now().seconds, _teller(clock), args.chair)
        try:
            runner = await site.start(args.host, args.port)
        except OSError as error:
            raise SourceError(f"port {args.port} cannot be had: {error.strerror}; give another with --port") from error
        line = await issuing.listen(at, site.link)
        _print_link(site.link(wish), wish, clock)
        await ended.wait()
        line.close()
        await runner.cleanup()
        at.unlink(missing_ok=True)
    return 0


def _print_link(link: str, wish: Wish, clock: Clock) -> None:
    until = (clock.now().wall + timedelta(minutes=wish.minutes)).astimezone()
    print(link, flush=True)
    print(f"for {plain(str(wish.person))}, until {until:%a %H:%M}; {_OPEN_IT}", file=sys.stderr)


def _teller(clock: Clock) -> Callable[[str], None]:
    def tell(text: str) -> None:
        print(f"{clock.now().wall.astimezone():%H:%M:%S} {text}", file=sys.stderr)

    return tell
