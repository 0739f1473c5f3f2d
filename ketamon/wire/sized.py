"""Cutting a byte stream into frames that begin with a start byte and say themselves how long they are."""

import re
from collections.abc import Callable, Iterator

from ketamon.wire.framing import Piece


class Sized:
    """Frames that begin with one of the bytes `starts` and tell their length; at most `longest` bytes.

    `size` takes what there is from a start byte on and gives the length of the whole frame, 0 where none begins like
    this, or None where more bytes must tell. `check` takes a whole frame and gives its content, or the reason why it is
    none (a str). No length is trusted before the check: after a false start the search goes on at the next start byte
    behind it, so no whole frame is lost. The promises of `ketamon.wire.framing` hold.
    """

    def __init__(
        self,
        starts: bytes,
        longest: int,
        size: Callable[[bytes], int | None],
        check: Callable[[bytes], bytes | str],
    ) -> None:
        self._starts = starts
        self._start = re.compile(b"[" + re.escape(starts) + b"]")
        self._limit = longest
        self._size = size
        self._check = check
        self._buffer = b""
        self._offset = 0
        self._searched = 0
        self._verdict = ""  # on the byte at the front, where no frame begins there

    @staticmethod
    def held(longest: int) -> int:
        """Return the most bytes that wait inside: a frame without its last byte."""
        return longest - 1

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes as they came."""
        self._buffer += data
        start, size = 0, len(self._buffer)
        while start < size and (piece := self._next(start)) is not None:
            yield piece
            start += len(piece.raw)
        self._drop(start)

    def flush(self) -> Iterator[Piece]:
        """The input has ended: what began no whole frame may still hide one."""
        start = 0
        while start < len(self._buffer):
            piece = self._next(start)
            if piece is None:
                match = self._start.search(self._buffer, start + 1)
                stop = match.start() if match else len(self._buffer)
                piece = self._garbage(start, stop, self._verdict or "the input ended within a frame")
            yield piece
            start += len(piece.raw)
        self._drop(start)

    def _drop(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._offset += count
        self._searched = max(0, self._searched - count)

    def _next(self, start: int) -> Piece | None:
        """Give the piece that begins at `start`, or None where it needs more bytes."""
        if self._verdict:
            return self._noise(start, self._verdict)
        if self._buffer[start] not in self._starts:
            return self._noise(start, "no frame begins here")
        ahead = self._buffer[start : start + self._limit]
        size = self._size(ahead)
        if size is not None and 0 < size <= len(ahead):
            raw = ahead[:size]
            content = self._check(raw)
            return (
                self._noise(start, content) if isinstance(content, str) else Piece(self._offset + start, raw, content)
            )
        if size is not None and size > self._limit:
            return self._noise(start, "no frame is that long")
        if len(ahead) < self._limit and (size is None or size > 0):
            return None
        return self._noise(start, "no frame begins like this")

    def _noise(self, start: int, verdict: str) -> Piece | None:
        """Give the bytes up to the next start byte, for no frame begins at `start`."""
        if not self._verdict:
            self._verdict, self._searched = verdict, start + 1
        size, limit = len(self._buffer), start + self._limit
        match = self._start.search(self._buffer, self._searched, limit)
        if match or size >= limit:
            return self._garbage(start, match.start() if match else limit, verdict)
        self._searched = size
        return None

    def _garbage(self, start: int, stop: int, reason: str) -> Piece:
        self._verdict = ""
        return Piece(self._offset + start, self._buffer[start:stop], None, reason)
