"""Cutting a byte stream that has neither flags nor lengths: at each place somebody looks whether a frame begins there.

For devices that speak one of several protocols, or whose frames are known by their bits only. The promises of
`ketamon.wire.framing` hold: the pieces are contiguous and cover every byte once, the same bytes give the same pieces
however they are cut into chunks, and no more than `held` bytes wait inside. After a false start the search goes on one
byte behind it. An iterator must be run to its end before the next call.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct

MOST_GARBAGE = 256
"""Bytes that no frame claims are given away together, at most so many."""

Found = tuple[int, str]
NOTHING: Found = (0, "")
"""No frame begins here."""

Look = Callable[[bytearray, int, bool], Found]
"""Given a buffer, a place in it, and whether a frame ended right before it: `(length, name)` of the whole frame that
begins there, `(length, "")` where no fewer bytes than that can tell (always more than there are), or `NOTHING`."""


class Cut(Struct, frozen=True, gc=False):
    """A frame with its name, or bytes that are none: then `name` is empty."""

    offset: int
    raw: bytes
    name: str


class Scanner:
    """Frames that `look` finds. Whoever takes a cut may change what `look` finds next."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._buffer = bytearray()
        self._offset = 0
        self._at = 0  # the bytes before it are garbage
        self._wanted = 1
        self._follows = False

    @staticmethod
    def held(longest: int) -> int:
        """Return the most bytes that wait inside: garbage, and a frame without its last byte."""
        return MOST_GARBAGE - 1 + longest - 1

    def feed(self, data: bytes) -> Iterator[Cut]:
        """Take bytes as they came."""
        self._buffer += data
        while len(self._buffer) - self._at >= self._wanted:
            length, name = self._look(self._buffer, self._at, self._follows)
            if length and not name:
                self._wanted = length
            else:
                yield from self._step(length, name)

    def flush(self) -> Iterator[Cut]:
        """The input has ended: what began no whole frame may still hide one."""
        while self._at < len(self._buffer):
            length, name = self._look(self._buffer, self._at, self._follows)
            yield from self._step(length, name)
        yield from self._garbage()

    def _step(self, length: int, name: str) -> tuple[Cut, ...]:
        """Go over the frame that was found, or over one byte where none was."""
        self._wanted, self._follows = 1, bool(name)
        if name:
            return *self._garbage(), self._cut(length, name)
        self._at += 1
        return self._garbage() if self._at == MOST_GARBAGE else ()

    def _garbage(self) -> tuple[Cut, ...]:
        length, self._at = self._at, 0
        return (self._cut(length, ""),) if length else ()

    def _cut(self, length: int, name: str) -> Cut:
        cut = Cut(self._offset, bytes(self._buffer[:length]), name)
        del self._buffer[:length]
        self._offset += length
        return cut
