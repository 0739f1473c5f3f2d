"""The chairs of this machine that one console shows."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from ketamon.follow import Feed
from ketamon.local import answers, running_chairs, socket_path


class Workstation:
    """Those chairs that are `named`, or all that run; see `ketamon.console.followed.Others`."""

    def __init__(self, make_feed: Callable[[Path], Feed], named: Sequence[str]) -> None:
        self._make_feed, self._named = make_feed, named

    def found(self, known: Collection[str]) -> list[str]:
        """Return the chairs whose core answers, without those that are `known`."""
        if not self._named:
            return running_chairs(known)
        return [name for name in self._named if name not in known and answers(socket_path(name))]

    def feed(self, name: str) -> Feed:
        """Return a new feed of a chair."""
        return self._make_feed(socket_path(name))
