"""Secrets that are typed or piped: never shown, never an argument."""

import getpass
import sys
import warnings

from ketamon.errors import UsageError
from ketamon.store.keys import KEY_FILE


def typed(prompt: str, without: str) -> str:
    """Have a secret typed at the terminal; raise `UsageError`, saying `without`, where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)  # it would go on, and show what is typed
        try:
            return getpass.getpass(f"{prompt}: ")
        except (getpass.GetPassWarning, EOFError, OSError) as error:
            raise UsageError(without) from error


def line(what: str) -> str:
    """Take a line of standard input."""
    found = sys.stdin.buffer.readline() if sys.stdin else b""
    if not found:
        raise UsageError(f"standard input ended before the {what}; nothing was changed")
    return found.decode(errors="surrogateescape").rstrip("\r\n")


def ask_passphrase() -> str:
    """Ask for the passphrase of encrypted records."""
    return typed(
        "passphrase of the records",
        f"records are encrypted here, and nobody gave the passphrase; start at a terminal, or set {KEY_FILE}",
    )
