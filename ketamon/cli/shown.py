"""What commands print is letters: whatever foreign text is in it, a terminal obeys none of it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from ketamon.errors import KetamonError, ProfileError
from ketamon.plain import plain, plain_lines


class _Plain:
    """A text stream in front of another one. What is written to its `buffer` is bytes, and goes out as it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text as letters."""
        self._stream.write(plain_lines(text))
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        """Write texts as letters."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def shown_plain() -> Iterator[None]:
    """Have all that is printed meanwhile made plain; what argparse says, too, and the traceback of a bug afterwards."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream and cast("TextIO", _Plain(stream)) for stream in before)
    yield
    sys.stdout, sys.stderr = before


def told(error: KetamonError) -> str:
    """Return what an error says, a line each: a name in it with a line break in it makes no line of its own."""
    return "\n".join(map(plain, error.problems if isinstance(error, ProfileError) else [str(error)]))
