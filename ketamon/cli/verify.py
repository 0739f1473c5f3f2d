"""`ketamon verify`: is a session or a stream what it was when it was written?"""

import sys
from pathlib import Path

from ketamon.cli import options
from ketamon.errors import VerificationError
from ketamon.store.database import SUFFIX


def main(argv: list[str]) -> int:
    """Check files, and say what is wrong with each."""
    parser = options.parser(
        "verify",
        "Check a session file or a recorded stream: every hash, every number, every record. Exit code 4 where it is\n"
        "not what it was when it was written.",
        "  ketamon verify 2026-11-21T080000Z-2.ksession\n  ketamon verify recording.kstream",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    bad = 0
    for path in parser.parse_args(argv).files:
        problems = _problems(path)
        for text in problems:
            print(f"{path}: {text}", file=sys.stderr)
        if not problems:
            print(f"{path}: as it was written")
        bad += bool(problems)
    if bad:
        raise VerificationError(f"{bad} of the files failed")
    return 0


def _problems(path: Path) -> list[str]:
    if path.suffix == SUFFIX:
        from ketamon.store.verify import verify as verify_session  # noqa: PLC0415 (each only where it is needed)

        return [str(problem) for problem in verify_session(path)]
    from ketamon.stream.reader import verify as verify_stream  # noqa: PLC0415

    return verify_stream(path).sentences()
