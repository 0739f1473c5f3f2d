"""`ketamon close`: set a session aside that did not end and that nobody goes on with."""

from pathlib import Path

from ketamon.chair.resumable import resumable, set_aside
from ketamon.cli import configured, options
from ketamon.cli.people import proven
from ketamon.errors import SourceError, UsageError
from ketamon.plain import plain
from ketamon.profiles import loads
from ketamon.roster import Roster
from ketamon.store.location import data_dir


def main(argv: list[str]) -> int:
    """Close one session."""
    parser = options.parser(
        "close",
        "Set a session aside that did not end and that nobody goes on with: who did it and why is the last event of\n"
        "its record, and it is offered no more. Nothing is erased. A session that runs is ended at its console.",
        "  ketamon close 2026-11-21T080000Z-2.ksession --why 'power failure, patient seen by Dr. Lee' --as AB",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session file of this computer, or its name")
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason")
    parser.add_argument("--pin-stdin", action="store_true", help="read the PIN of --as from standard input")
    options.add_staff(parser)
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    if not args.why.strip():
        raise UsageError("--why is empty; say why nobody goes on with the session")
    found, reasons = resumable()
    open_ = next((one for one in found if args.session.name in (one.path.name, one.path.stem)), None)
    if open_ is None:
        raise SourceError("; ".join([f"{args.session} is no open session of this computer that nobody runs", *reasons]))
    person = options.staff(args, configured.or_usual().person)
    roster = Roster.open(data_dir(), loads(open_.opened.profile_toml, open_.opened.profile).people)
    if roster.people:
        person = proven(roster, args, person.name)
    elif open_.opened.pins:
        raise SourceError("the roster is gone, so nobody can prove who they are; restore people.json from a copy")
    set_aside(open_, person, args.why.strip())
    print(plain(f"{open_.path}: set aside by {person}; it is closed"))
    return 0
