"""Keys one after the other: each is done with, and the focus where it belongs, before the next one is looked at.

Textual hands a key to whatever has the focus at that moment, in a queue of its own. Keys that come in one piece, from
quick fingers over a slow line or from a barcode reader, would all go where the first one went: the second field's
digits into the first. A key is done with when what it caused has gone up from the widget to the application, and what
the application did about it has gone up once more. What is pasted waits its turn as a key does. No key waits for the
core.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump

ROUNDS = 2
GIVES_UP_S = 1.0
"""No key waits longer: a widget that went away while it had the last one says nothing."""


Typed = Key | Paste
"""What waits its turn."""


class InTurn:
    """The queue of keys of one application; `press` is what is done with each."""

    def __init__(self, app: App[int], press: Callable[[Typed], Awaitable[None]]) -> None:
        self._app, self._press = app, press
        self._waiting: deque[Typed] = deque()
        self._count = 0
        self._since = 0.0
        self.busy = False
        """Whether a key is on its way."""

    def comes(self, key: Typed, now: float) -> bool:
        """Whether it is this key's turn; else it waits."""
        if self.busy:
            self._waiting.append(key)
            return False
        self.busy, self._since = True, now
        return True

    def follow(self, now: float) -> None:
        """Take note that the key was handed to what has the focus, and wait until it is done with."""
        self._count, self._since = self._count + 1, now
        self._climb(self._count, self._way(), ROUNDS)

    def look(self, now: float) -> None:
        """Give up on a key that is never done with."""
        if self.busy and now - self._since >= GIVES_UP_S:
            self._done(self._count)

    def _way(self) -> Iterator[MessagePump]:
        return iter((self._app.focused or self._app.screen).ancestors_with_self)

    def _climb(self, count: int, way: Iterator[MessagePump], rounds: int) -> None:
        """Go on behind everything that stands in the queue of the next one on the way."""
        for node in way:
            if node.call_later(self._climb, count, way, rounds):
                return
        if rounds > 1:
            self._climb(count, self._way(), rounds - 1)
        else:
            self._done(count)

    def _done(self, count: int) -> None:
        if count != self._count:
            return  # it was given up
        self._count += 1
        self.busy = bool(self._waiting)
        if self._waiting:
            self._app.call_later(self._press, self._waiting.popleft())
