"""`ketamon export`: a session as JSON lines and CSV."""

from pathlib import Path

from ketamon.cli import options
from ketamon.plain import plain


def main(argv: list[str]) -> int:
    """Write a session into a new folder."""
    parser = options.parser(
        "export",
        "Write a session into a new folder: events.jsonl (all of it), readings.csv, observations.csv and alarms.csv,\n"
        "with unit, quality and source of each number. Every row is held against the chain; damage ends it (exit\n"
        "code 4). What is written is not encrypted, and names the patient.",
        "  ketamon export 2026-11-21T080000Z-2.ksession /media/usb/2026-11-21",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session file")
    parser.add_argument("to", type=Path, metavar="TO", help="a folder that is not there yet")
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    from ketamon.export import export  # noqa: PLC0415 (the help must be quick)
    from ketamon.store.reader import Reader  # noqa: PLC0415 (as above)

    with Reader(args.session) as reader:
        for path in export(reader.events(), args.to):
            print(plain(str(path)))
    return 0
