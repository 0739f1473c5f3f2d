"""The key bar: what can be done now, made from the table of actions. (Textual's own footer leaks on focus changes.)"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from textual.content import Content

from ketamon.console.actions.keys import Key
from ketamon.console.widgets.line import Line, link

GAP = "  "
FIRST = 2
"""So many of an entry's own keys come before the function keys where it is narrow; the rest give way first."""

MEANT = {
    "enter": "enter", "esc": "escape", "tab": "tab", "ctrl+t": "ctrl+t", "pgdn": "pagedown", "↑": "up", "↓": "down",
}  # fmt: skip
"""The keys an entry names by more than their sign, and what Textual calls them."""

URGENT = ("emergency", "acknowledge")
"""Actions whose keys no hints of an entry push out."""


class KeyBar(Line):
    """As many keys as fit, the most wanted first; help is always there. A click does what the key does."""

    does: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType({})
    """What each key that is shown does, as its link says it."""

    def show(self, keys: Sequence[Key], *, entry: str = "") -> None:
        """Show the keys. With an entry open its own keys, `entry`, stand first, and only what still works follows."""
        self.does = {key.key: (f"screen.{key.verb}", (key.action,)) for key in keys if len(key.key) == 1}
        own = [_own(words) for words in entry.split(GAP) if words]
        others = [_piece(key) for key in keys]
        urgent = sum(key.action in URGENT for key in keys) if own else 0
        order = [*others[-1:], *own[:FIRST], *others[:urgent], *own[FIRST:], *others[urgent:-1]]
        chosen = fitting(order, self.size.width - 2)
        self.say(Content.assemble(" ", Content(GAP).join([p for p in (*own, *others) if any(p is c for c in chosen)])))


def fitting(pieces: Sequence[Content], room: int) -> list[Content]:
    """Return the pieces, the most wanted first, up to the first that finds no room."""
    chosen: list[Content] = []
    for piece in pieces:
        if Content(GAP).join([*chosen, piece]).cell_length > room:
            break
        chosen.append(piece)
    return chosen


def _piece(key: Key) -> Content:
    return link(Content.assemble((key.key, "bold $pump"), " ", key.label), key.verb, key.action)


def _own(words: str) -> Content:
    """Write the keys of an entry, "y n answer": a click on one of them, or on the word behind the last, presses it."""
    parts = words.split(" ")
    count = next((n for n, part in enumerate(parts) if part not in MEANT and len(part) != 1), len(parts))
    named, label = parts[:count], " ".join(parts[count:])
    pieces = [_pressing(key) for key in named]
    if label:
        pieces.append(_pressing(named[-1], label) if named else Content.styled(label, "bold"))
    return Content(" ").join(pieces)


def _pressing(key: str, text: str = "") -> Content:
    return link(Content.styled(text or key, "bold"), "press", MEANT.get(key, key))
