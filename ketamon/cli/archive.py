"""`ketamon archive`: a copy of sessions that can be trusted, made while they run."""

from pathlib import Path

from ketamon.cli import options
from ketamon.domain.events import iso
from ketamon.errors import UsageError
from ketamon.plain import plain
from ketamon.port.clock import SystemClock
from ketamon.store.location import session_files


def main(argv: list[str]) -> int:
    """Copy sessions with their streams into a folder."""
    parser = options.parser(
        "archive",
        "Copy sessions with their recorded streams into a folder, also while they run. Each copy is checked as\n"
        "“ketamon verify” does, and gets a manifest with its head hash and the hash of each file. Encrypted ones stay\n"
        "encrypted: keep the key ring, too. “ketamon restore” takes them back.",
        "  ketamon archive /media/backup                              all sessions of this computer\n"
        "  ketamon archive 2026-11-21T080000Z-2.ksession /media/backup",
    )
    parser.add_argument("sessions", type=Path, nargs="*", metavar="SESSION", help="session files (all)")
    parser.add_argument("to", type=Path, metavar="TO", help="a folder; it is made")
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    sessions = args.sessions or session_files()
    if not sessions:
        raise UsageError("there are no sessions on this computer; name the files")
    from ketamon.store.archive import archive  # noqa: PLC0415 (the help must be quick)

    for path in sessions:
        made = archive(path, args.to, iso(SystemClock().now().wall))
        state = "closed" if made.closed else "not closed"
        print(plain(f"{args.to / path.name}: {made.events} events, {state}, head {made.head}"))
    return 0
