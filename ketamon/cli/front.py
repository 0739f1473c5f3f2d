"""`ketamon` alone in a terminal: the start screen, and after each command chosen there the start screen again."""

import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from ketamon.cli.here import Computer
from ketamon.cli.hidden import ask_passphrase
from ketamon.cli.signed import begins_locked
from ketamon.console.front import run_front
from ketamon.console.here import Memory
from ketamon.errors import KetamonError, SourceError
from ketamon.store.home import config_file, keys_file, themes_dir
from ketamon.store.keys import KEYS

_ENDED = frozenset({129, 143})
"""How a console ends whose window was closed (128 and SIGHUP, or SIGTERM): nobody is there for another screen."""
_LINES = 5
"""So many lines of what a command said are shown on the start screen; all of it stands in the terminal above."""


def main(run: Callable[[list[str]], int]) -> int:
    """Show the start screen, and `run` what is chosen there, until somebody leaves."""
    memory, computer = Memory(), Computer()
    while True:
        _unlock(memory)
        args, code = run_front(computer, memory, theme=_theme(), themes=themes_dir(), keys=keys_file())
        if not args:
            return code
        KEYS.asks(ask_passphrase)
        begins_locked.set(memory.who is None)
        with heard() as said:
            code = run([*args, *_who(args, memory)])
        if code in _ENDED:
            return code
        memory.said, memory.failed = tuple(said[-_LINES:]), code != 0
        if memory.failed and not said:
            memory.said = (f"ketamon {args[0]} ended with {code}",)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Keep the lines that are printed meanwhile; they are printed all the same."""
    lines: list[str] = []
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Heard(stream, lines)) for stream in before)
    try:
        yield lines
    finally:
        sys.stdout, sys.stderr = before


class _Heard:
    """A text stream in front of another one, that keeps what is written as lines."""

    def __init__(self, stream: TextIO, lines: list[str]) -> None:
        self._stream, self._lines, self._rest = stream, lines, ""

    def write(self, text: str) -> int:
        """Write a text, and keep its whole lines."""
        *whole, self._rest = (self._rest + text).split("\n")
        self._lines += [line for line in whole if line.strip()]
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _unlock(memory: Memory) -> None:
    """Have the passphrase of encrypted records typed before there is a screen; on one nobody is asked for it."""
    try:
        KEYS.passphrase()
    except KetamonError as error:
        memory.said, memory.failed = (f"{error}; to type it once more, quit and start again",), True
    KEYS.asks(_not_now)


def _not_now() -> str:
    raise SourceError("nobody gave the passphrase of the records; quit, and start again")


def _theme() -> str:
    """Return the configured theme, and read nothing else before the first paint: the screen says what is wrong."""
    try:
        return str(tomllib.loads(config_file().read_text("utf-8")).get("theme", ""))
    except (OSError, ValueError):
        return ""


def _who(args: tuple[str, ...], memory: Memory) -> list[str]:
    """Say who signed in, where a command asks who is there."""
    if memory.who is None or args[0] not in ("run", "attach") or "--as" in args:
        return []
    return ["--as", memory.who.name, "--role", memory.who.role.value]
