"""`ketamon verify`: is a session or a stream what it was when it was written?"""

import sys
from pathlib import Path

from ketamon.cli import options
from ketamon.cli.each import each
from ketamon.errors import VerificationError
from ketamon.plain import plain
from ketamon.store.database import SUFFIX


def main(argv: list[str]) -> int:
    """Check files, and say what is wrong with each."""
    parser = options.parser(
        "verify",
        "Check a session file, with the recorded streams beside it, or a recorded stream alone: every hash, every\n"
        "number, every record, every signature. Without a file: all sessions of this computer. Exit code 4 where one\n"
        "is not what it was when it was written; then it is said from which event on.",
        "  ketamon verify\n  ketamon verify 2026-11-21T080000Z-2.ksession\n  ketamon verify recording.kstream",
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
    each(parser.parse_args(argv).files or _all(), _check)
    return 0


def _check(path: Path) -> None:
    """Check one file and say what there is to say; raise `VerificationError` where it is not what was written."""
    problems, words = _session(path) if path.suffix == SUFFIX else _stream(path)
    for text in problems[:-1]:
        print(plain(f"{path}: {text}"), file=sys.stderr)  # a file may be named anything
    for text in words:
        print(plain(f"{path}: {text}"))
    if problems:
        raise VerificationError(f"{path}: {problems[-1]}")


def _all() -> list[Path]:
    from ketamon.store.location import session_files  # noqa: PLC0415 (only where no file is named)

    return session_files()


def _session(path: Path) -> tuple[list[str], list[str]]:
    """Return what is wrong with a session, and what else there is to say."""
    from ketamon.store.keys import KEYS  # noqa: PLC0415 (each only where it is needed)
    from ketamon.store.verify import examine  # noqa: PLC0415 (as above)

    if gone := KEYS.erased(path):
        return [], [gone]
    verdict = examine(path)
    problems = [str(problem) for problem in verdict.problems]
    if problems:
        sound = f"up to event {verdict.sound} it is" if verdict.sound else "no event of it is surely"
        return [*problems, f"{sound} as it was written ({verdict})"], verdict.remarks
    return [], [f"as it was written: {verdict}", *verdict.remarks]


def _stream(path: Path) -> tuple[list[str], list[str]]:
    from ketamon.stream.reader import verify  # noqa: PLC0415 (as above)

    report = verify(path)
    problems = report.sentences()
    return problems, report.mended if problems else ["as it was written", *report.mended]
