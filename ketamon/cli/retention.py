"""`ketamon retention`: what has been kept for as long as the profile says, and erasing it."""

import getpass
import sys

from ketamon.cli import options
from ketamon.cli.hidden import typed
from ketamon.cli.people import allowed
from ketamon.errors import Refused
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.profiles import load
from ketamon.roster import Roster
from ketamon.store.location import data_dir, session_files


def main(argv: list[str]) -> int:
    """List what is due, or erase it."""
    parser = options.parser(
        "retention",
        "List the sessions and streams whose time is over, by [retention] in the profile of each. With --erase they\n"
        "are erased: a line for each file is added to erased.log first (id, hash, date, by whom; no patient).\n"
        "Archives are not looked for. Nothing is ever erased by itself.",
        "  ketamon retention\n  ketamon retention --profile clinic.toml\n  ketamon retention --erase",
    )
    parser.add_argument("--erase", action="store_true", help="erase what is listed")
    parser.add_argument("--yes", action="store_true", help="do not ask whether it is meant")
    parser.add_argument("--by", metavar="NAME", help="the director who allows it (asked, where there is a roster)")
    parser.add_argument("--pin-stdin", action="store_true", help="read the PIN of --by from standard input")
    options.add_profile(parser)
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    from ketamon.store import retention  # noqa: PLC0415 (the help must be quick)

    now = SystemClock().now().wall
    found, left = retention.due(session_files(), now, load(args.profile)[0] if args.profile else None)
    for why in left:
        print(plain(f"ketamon retention: {why}"), file=sys.stderr)
    for one in found:
        print(plain(str(one)))
    if not args.erase or not found:
        return 0
    who = allowed(Roster.open(data_dir(), load(args.profile)[0].people), args)
    without = "nobody said that it is meant; --yes does"
    if not args.yes and typed(f"type erase to erase these {len(found)} for ever", without) != "erase":
        raise Refused("nothing was erased")
    log = data_dir() / retention.LOG
    for one in found:
        retention.erase(one, log, now, who.name if who else args.by or getpass.getuser())
    print(f"{len(found)} erased; {log} says what", file=sys.stderr)
    print(
        "copies in archives are not erased: those of encrypted sessions are noise now, others are yours to erase",
        file=sys.stderr,
    )
    return 0
