"""`ketamon archive`: a copy of sessions that can be trusted, made while they run."""

import sys
from pathlib import Path

from ketamon.cli import options
from ketamon.cli.each import each
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
    each(sessions, lambda path: _copy(path, args.to))
    return 0


def _copy(path: Path, to: Path) -> None:
    from ketamon.store.archive import archive  # noqa: PLC0415 (the help must be quick)
    from ketamon.store.keys import KEYS  # noqa: PLC0415 (as above)

    if gone := KEYS.erased(path):
        print(plain(f"{path}: {gone}; it is left out"), file=sys.stderr)
        return
    made = archive(path, to, iso(SystemClock().now().wall))
    state = "closed" if made.closed else "not closed"
    print(plain(f"{to / path.name}: {made.events} events, {state}, head {made.head}"))
