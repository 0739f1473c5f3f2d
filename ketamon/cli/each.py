"""One thing done with many files: what fails is told, and costs no other file its turn."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ketamon.cli.shown import told
from ketamon.errors import KetamonError, SourceError, VerificationError


def each(paths: Sequence[Path], do: Callable[[Path], None]) -> None:
    """Do it with each file. Raises in the end where one failed, with the worst exit code of all."""
    if len(paths) == 1:
        return do(paths[0])
    failed: list[KetamonError] = []
    for path in paths:
        try:
            do(path)
        except (SourceError, VerificationError) as error:
            print(told(error), file=sys.stderr)
            failed.append(error)
    if failed:
        worst = max(failed, key=lambda error: error.exit_code)
        raise type(worst)(f"{len(failed)} of {len(paths)} files failed")
    return None
