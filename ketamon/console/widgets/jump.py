"""Jump: a letter beside everything that can be acted on, and the next key goes there. Nothing is covered by it.

A letter stands on a border or on a blank: at the corners of a number, left of a line that can be chosen, left of a
field. What shows a key of its own keeps that key. Alarms and numbers go on meanwhile, and the letters stay with what
they belong to when lists move.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from ketamon.console.actions.keys import shown
from ketamon.console.actions.pointing import Deed, lower, upper
from ketamon.console.widgets.alarm_bar import AlarmBar
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line, Lines
from ketamon.console.widgets.pin_field import PinField
from ketamon.console.widgets.pump import PumpTile
from ketamon.console.widgets.tile import Tile

HOME_ROW_FIRST = "asdfghjkl" + "".join(letter for letter in ascii_lowercase if letter not in "asdfghjkl")
LETTERS = HOME_ROW_FIRST + ascii_uppercase
"""The letters, those under the fingers first."""

Link = tuple[str, tuple[str, ...]]
"""What a link says: the action of the screen, and what it is done with."""


class Target(NamedTuple):
    """Something to jump to: what it does, or the field that gets the cursor, and the free cell beside it."""

    goal: Deed | Link | Widget
    at: Offset


def targets(screen: Screen[None]) -> Iterator[Target]:
    """Find everything that can be jumped to, the most urgent first. What has a key of its own is not among them."""
    for bar in screen.query(AlarmBar):
        yield Target(Deed("acknowledge"), bar.region.offset)
    for field in screen.query(Input):
        if not isinstance(field, PinField) and _inside(screen, field, field.region.offset):
            yield Target(field, field.region.offset - Offset(1, 0))
    for link, at in links(screen):
        if not own_key(link):
            yield Target(link, at - Offset(1, 0))
    for tile in screen.query(Tile):
        yield Target(upper(tile), tile.region.offset)
        if lower(tile) != upper(tile):
            yield Target(lower(tile), Offset(tile.region.x, tile.region.bottom - 1))
    for pump in screen.query(PumpTile):
        yield Target(Deed("step"), pump.region.offset)


def own_keys(screen: Screen[None]) -> dict[str, Link]:
    """Return what the keys do that stand on the screen already, in the key bar or before a choice."""
    found: dict[str, Link] = {}
    for link, _ in links(screen):
        if key := own_key(link):
            found.setdefault(key, link)
    for key, link in ((key, link) for bar in screen.query(KeyBar) for key, link in bar.does.items()):
        found.setdefault(key, link)
    return found


def own_key(link: Link) -> str:
    """Return the key that a link shows by itself, "" where it has none."""
    action, what = link
    return shown(what[0]) if action == "screen.press" else ""


def links(screen: Screen[None]) -> Iterator[tuple[Link, Offset]]:
    """Find every link of the texts on the screen, with its first cell that is seen; the key bar has keys."""
    for widget in (*screen.query(Line), *screen.query(Lines)):
        if isinstance(widget, KeyBar) or not widget.display:
            continue
        content = widget.content_region
        for y in range(content.height):
            x, last = content.x, None
            for segment in widget.render_line(y):
                link = segment.style.meta.get("@click") if segment.style is not None else None
                at = Offset(x, content.y + y)
                if isinstance(link, tuple) and link != last and _inside(screen, widget, at):
                    yield link, at
                x, last = x + segment.cell_length, link


def _inside(screen: Screen[None], widget: Widget, at: Offset) -> bool:
    """Whether a cell of a widget is seen, and not scrolled away."""
    with suppress(NoWidget):
        return widget.region.area > 0 and screen.find_widget(widget).clip.contains_point(at)
    return False


def lettered(goals: Iterable[Deed | Link | Widget], taken: Iterable[str], before: "Letters") -> "Letters":
    """Give each goal a letter: the one it had, else the first that is free. The letters may run out for the last."""
    wanted = list(dict.fromkeys(goals))
    kept = {goal: letter for goal, letter in before.items() if goal in wanted and letter not in taken}
    free = iter([letter for letter in LETTERS if letter not in taken and letter not in kept.values()])
    return kept | dict(zip([goal for goal in wanted if goal not in kept], free, strict=False))


Letters = dict[Deed | Link | Widget, str]


class Letter(Static):
    """One letter, where it covers nothing."""

    def __init__(self, letter: str, at: Offset) -> None:
        super().__init__(letter, markup=False, classes="jump-letter")
        self.styles.offset = at


class Jump:
    """The mode of one screen: begun by a key, left by a letter, by esc or by an action's own key."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._letters: Letters = {}
        self._drawn: list[tuple[str, Offset]] = []
        self._focused: Widget | None = None
        self.on = False

    def begin(self) -> None:
        """Take the keys, and show the letters."""
        if not self.on:
            self.on, self._focused = True, self._screen.focused
            self._screen.set_focus(None)
        self.place()

    def leave(self) -> None:
        """Give the keys back to what had them."""
        if self.on:
            self.on, self._letters = False, {}
            self._draw([])
            if self._screen.focused is None and self._focused is not None and self._focused.display:
                self._screen.set_focus(self._focused)

    def place(self) -> None:
        """Put the letters where they belong now."""
        if not self.on:
            return
        found = list(targets(self._screen))
        self._letters = lettered((t.goal for t in found), own_keys(self._screen), self._letters)
        self._draw([(self._letters[t.goal], t.at) for t in found if t.goal in self._letters])

    def goal(self, character: str) -> Deed | Link | Widget | None:
        """Return where a key leads, None for nowhere."""
        named = {letter: goal for goal, letter in self._letters.items()}
        return named.get(character) or own_keys(self._screen).get(character)

    def _draw(self, letters: list[tuple[str, Offset]]) -> None:
        if letters == self._drawn:
            return
        self._drawn = letters
        self._screen.query(Letter).remove()
        if letters:
            self._screen.mount_all([Letter(letter, at) for letter, at in letters])
