"""`python -m ketamon`, and `ketamon`."""

import sys

from ketamon.cli import main
from ketamon.crash import keep_quiet


def run() -> None:
    """Run a command and leave with its exit code; a bug tells where it is, and nothing of a patient."""
    keep_quiet()
    sys.exit(main())


if __name__ == "__main__":
    run()
