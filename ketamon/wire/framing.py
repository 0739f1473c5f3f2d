"""Cutting a byte stream into frames: at terminator bytes, or between flags.

Both framers keep three promises, so that the drivers built on them need not: the pieces they give are contiguous and
cover every byte once; the same bytes give the same pieces however they are cut into chunks; no more than `held` bytes
wait inside, and each byte is searched once. An iterator must be run to its end before the next call.
"""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct


class Segment(Struct, frozen=True, gc=False):
    """Bytes up to and with a terminator; `ended` is False where the terminator did not come."""

    offset: int
    raw: bytes
    ended: bool


class Terminated:
    """Segments that end with a terminator byte, for frames of at most `limit` bytes.

    A segment may begin with noise, so a frame is looked for at its end. Of an endless segment only what can no
    longer belong to a frame is given away, `limit` bytes at a time: a whole frame behind any noise stays whole.
    """

    def __init__(self, terminators: bytes, limit: int) -> None:
        self._terminator = re.compile(b"[" + re.escape(terminators) + b"]")
        self._limit = limit
        self._buffer = bytearray()
        self._offset = 0
        self._searched = 0

    @staticmethod
    def held(limit: int) -> int:
        """Return the most bytes that wait inside."""
        return 2 * limit - 1

    def feed(self, data: bytes) -> Iterator[Segment]:
        """Take bytes as they came."""
        buffer, limit = self._buffer, self._limit
        buffer += data
        start, searched = 0, self._searched
        while True:
            match = self._terminator.search(buffer, searched)
            stop = match.start() if match else len(buffer)
            while stop - start >= 2 * limit:
                yield Segment(self._offset + start, bytes(buffer[start : start + limit]), ended=False)
                start += limit
            if not match:
                break
            searched = match.end()
            yield Segment(self._offset + start, bytes(buffer[start:searched]), ended=True)
            start = searched
        del buffer[:start]
        self._offset += start
        self._searched = len(buffer)

    def flush(self) -> Iterator[Segment]:
        """The input has ended: give what is left."""
        if self._buffer:
            yield Segment(self._offset, bytes(self._buffer), ended=False)
        self._offset += len(self._buffer)
        self._buffer.clear()
        self._searched = 0


class Piece(Struct, frozen=True, gc=False):
    """A frame with its checked `content`, or bytes that are none: then `content` is None and `reason` says why."""

    offset: int
    raw: bytes
    content: bytes | None
    reason: str = ""


class Flagged:
    """Frames between flag bytes: flag, body, flag.

    `check` turns a body into its content, or into the reason why it is none (a str). Two frames touch with two flags;
    where one of them was lost, the other serves both. The flag that ends a bad body may open the next frame, so it
    stays unless another flag follows it; hence a bad body is given away one byte later, a good frame at once.
    """

    def __init__(self, flag: int, longest_body: int, check: Callable[[bytes], bytes | str]) -> None:
        self._flag = flag
        self._not_flag = re.compile(b"[^" + re.escape(bytes([flag])) + b"]")
        self._limit = self.held(longest_body)
        self._check = check
        self._buffer = bytearray()
        self._offset = 0
        self._searched = 0
        self._opened = False  # the byte before the buffer is a flag that closed a frame
        self._verdict = ""  # on a bad body that waits for the byte after it

    @staticmethod
    def held(longest_body: int) -> int:
        """Return the most bytes that wait inside: a body with both its flags."""
        return longest_body + 2

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes as they came."""
        self._buffer += data
        start = 0
        while (piece := self._next(start)) is not None:
            yield piece
            start += len(piece.raw)
        del self._buffer[:start]
        self._offset += start
        self._searched -= start

    def flush(self) -> Iterator[Piece]:
        """The input has ended: give what is left."""
        size = len(self._buffer)
        if size:
            yield self._garbage(0, size, self._verdict or "the input ended within a frame")
        del self._buffer[:]
        self._offset += size
        self._searched = 0

    def _next(self, start: int) -> Piece | None:
        """Give the piece that begins at `start`, or None where it needs more bytes."""
        buffer, size = self._buffer, len(self._buffer)
        flagged = start < size and buffer[start] == self._flag
        body = start + flagged
        if body >= size:
            return None
        if flagged and buffer[body] == self._flag:
            return self._surplus(start)
        close = buffer.find(self._flag, max(body, self._searched), start + self._limit)
        if close >= 0:
            return self._between(start, body, close)
        self._searched = min(size, start + self._limit)
        if size - start < self._limit:
            return None
        return self._garbage(start, start + self._limit, "no closing flag within the longest frame")

    def _surplus(self, start: int) -> Piece | None:
        """Give all flags of a run but the last, which may open a frame."""
        most = min(len(self._buffer), start + self._limit)
        match = self._not_flag.search(self._buffer, max(start, self._searched), most)
        stop = match.start() if match else most
        self._searched = stop
        if not match and stop - start < self._limit:
            return None
        return self._garbage(start, stop - 1, "flags without a frame between them")

    def _between(self, start: int, body: int, close: int) -> Piece | None:
        """Judge the body that ends before the flag at `close`."""
        buffer = self._buffer
        opened = body > start or self._opened
        content = self._check(bytes(buffer[body:close])) if opened else "no opening flag"
        if isinstance(content, bytes):
            self._opened, self._searched = True, close + 1
            return Piece(self._offset + start, bytes(buffer[start : close + 1]), content)
        self._searched = close
        if close + 1 == len(buffer):
            self._verdict = content
            return None
        return self._garbage(start, close + (buffer[close + 1] == self._flag), content)

    def _garbage(self, start: int, stop: int, reason: str) -> Piece:
        self._opened, self._verdict = False, ""
        self._searched = max(self._searched, stop)
        return Piece(self._offset + start, bytes(self._buffer[start:stop]), None, reason)
