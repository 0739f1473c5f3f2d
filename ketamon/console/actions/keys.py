"""What every table of actions has: rows with keys, how keys are written, bindings, and what a search finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from textual.binding import Binding
from textual.fuzzy import Matcher
from textual.keys import key_to_character

_SHOWN = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "at": "@",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+left": "shift ←",
    "shift+right": "shift →",
    "space": "space",
}


REDRAW = "ctrl+l"
"""The key that paints everything anew. The frame has it: nothing is typed by it, so it works whatever is open."""

WEAR = "theme "
"""What the name of an action begins with that changes the colours; the name of the theme follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What the rows of all tables have. The first of `keys` is the one that is shown.

    `label` is the word in the key bar, `help` the sentence in help, palette and tooltip, `where` the heading in help,
    `bar` the place in the key bar (0: not in it). `always` is a key that works also while something is typed.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: StrEnum
    bar: int = 0
    always: str = ""


K = TypeVar("K", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Key:
    """A place in the key bar: the action it does, the key as it is written, its word, and how a click does it."""

    action: str
    key: str
    label: str
    verb: str = "do"


def shown(key: str) -> str:
    """Write a key as it stands on the keyboard."""
    sign = key_to_character(key) or ""
    return _SHOWN.get(key) or (sign if sign.isprintable() and sign else key)


def named(sign: str) -> str:
    """Return what Textual calls the key of a sign: "?" is "question_mark". Anything longer is a name already."""
    if sign in {",", " "}:  # one parts keys in a list, the other is nothing there
        return {",": "comma", " ": "space"}[sign]
    return next(iter(Binding.make_bindings([Binding(sign, "", "")]))).key


def key_of(rows: Mapping[str, Keyed], name: str) -> str:
    """Write the key of an action as it is shown."""
    return shown(rows[name].keys[0])


def written(row: Keyed, between: str = " ") -> str:
    """Write all keys of an action, the shown one first."""
    return between.join(shown(key) for key in (*row.keys, row.always) if key)


def bindings(rows: Iterable[Keyed]) -> list[Binding]:
    """Make the bindings of a screen. A letter's has the action's name as its id: a key map may move it.

    All have priority, so that Textual does an action before it looks at the next key: of `o` `n` `1` typed in one go
    the `n` is for the entry that `o` opens. A screen switches `do` off while an entry has the keys; `always` stays.
    """
    rows = list(rows)
    letters = [(",".join(row.keys), "do", row, row.name) for row in rows]
    functions = [(row.always, "always", row, None) for row in rows if row.always]
    return [
        Binding(keys, f"{verb}('{row.name}')", row.label, tooltip=row.help, priority=True, id=name)
        for keys, verb, row, name in (*letters, *functions)
    ]


def key_map(rows: Iterable[Keyed]) -> dict[str, str]:
    """Return the keys of a table, for the bindings made from the shipped one."""
    return {row.name: ",".join(row.keys) for row in rows}


def wearing(themes: Iterable[str], where: StrEnum) -> list[Keyed]:
    """Return one row for each theme, for the palette."""
    return [
        Keyed(name=f"{WEAR}{theme}", keys=("",), label=f"theme {theme}", help="these colours", where=where)
        for theme in themes
    ]


def found(rows: Iterable[K], query: str) -> list[K]:
    """Return the rows whose label or help matches, the best first; all of them for an empty query."""
    if not query.strip():
        return [row for row in rows if row.name != "palette"]
    matcher = Matcher(query)
    scored = [(max(2 * matcher.match(row.label), matcher.match(row.help)), row) for row in rows]
    return [row for score, row in sorted(scored, key=lambda pair: -pair[0]) if score > 0]
