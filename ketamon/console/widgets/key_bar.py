"""The key bar: what can be done now, made from the table of actions. (Textual's own footer leaks on focus changes.)"""

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style

from ketamon.console.keys import Key
from ketamon.console.widgets.line import Line

GAP = "  "


class KeyBar(Line):
    """As many keys as fit, the most wanted first; help is always there. A click does what the key does."""

    def show(self, keys: Sequence[Key], *, entry: str = "") -> None:
        """Show the keys. With an entry open its own keys, `entry`, stand first, and only what still works follows."""
        *keys, last = keys
        pieces = [Content.styled(entry, "bold")] if entry else []
        room = self.size.width - 2 - len(GAP) - _piece(last).cell_length
        for key in keys:
            piece = _piece(key)
            if Content(GAP).join([*pieces, piece]).cell_length > room:
                break
            pieces.append(piece)
        self.say(Content.assemble(" ", Content(GAP).join([*pieces, _piece(last)])))


def _piece(key: Key) -> Content:
    click = Style.from_meta({"@click": f"screen.do('{key.action}')"})
    return Content.assemble((key.key, "bold $pump"), " ", key.label).stylize(click)
