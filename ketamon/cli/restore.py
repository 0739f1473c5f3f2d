"""`ketamon restore`: take sessions back from an archive, on this computer or another one."""

from pathlib import Path

from ketamon.cli import options
from ketamon.cli.each import each
from ketamon.plain import plain
from ketamon.store.location import session_files, sessions_dir


def main(argv: list[str]) -> int:
    """Copy sessions from an archive into this computer's records."""
    parser = options.parser(
        "restore",
        "Take sessions from an archive into the records of this computer, under their own names and ids. Refused\n"
        "where a file is not what the manifest says or does not verify (exit code 4), and where another file is in\n"
        "the way; nothing is ever overwritten. Encrypted sessions need the key ring that opens them.",
        "  ketamon restore /media/backup\n  ketamon restore /media/backup/2026-11-21T080000Z-2.ksession.manifest.json",
    )
    parser.add_argument("archives", type=Path, nargs="+", metavar="FROM", help="folders, or manifests in them")
    options.add_passphrase(parser)
    args = parser.parse_args(argv)
    options.take_passphrase(args)
    from ketamon.store import archive  # noqa: PLC0415 (the help must be quick)

    known = archive.known_sessions(session_files())
    found = [path for given in args.archives for path in ([given] if given.is_file() else archive.manifests(given))]

    def take(path: Path) -> None:
        new = archive.restore(path, sessions_dir(), known)
        print(plain(f"{path.name.removesuffix(archive.MANIFEST)}: {'restored' if new else 'is here already'}"))

    each(found, take)
    return 0
