"""A user's own keys: `keys.toml` beside the configuration, a line for each action that has other keys.

    observe = "x"               # one key, or a list of them; the first is the one that is shown
    step = ["X", "f5"]
    start.search = "f"          # on the screens without a core: start, course and devices

What is not said keeps its key. A file that cannot be used changes nothing, and what is wrong is said with file, line,
key and what is allowed. Function keys that work while somebody types stay where they are; what must never be out of
reach keeps its keys whatever the file says, and has the others besides.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.actions.front import DEEDS, At, Deeds, at
from ketamon.console.actions.keys import K, Keyed, named, shown
from ketamon.errors import KetamonError, ProfileError
from ketamon.profiles.loader import parse, text_of
from ketamon.profiles.places import place_of, scan

START = "start"
"""What stands, with a dot, before the names of the screens without a core: they have some names of the chair's."""

KEPT = frozenset({
    "emergency", "emergency_over", "help", "lock", "redraw", f"{START}.help", f"{START}.lock", f"{START}.redraw",
})  # fmt: skip
"""Actions that keep the keys they have."""

SWALLOWED = frozenset({
    "ctrl+c", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+q", "ctrl+s", "ctrl+z", "alt+b", "alt+f", "f10", "f11",
})  # fmt: skip
"""Keys that a terminal keeps for itself, or that arrive as others."""

WITHIN = frozenset({"up", "down", "j", "k", "enter", "space", "tab", "shift+tab", "escape", "ctrl+t"})
"""Keys that move and choose within panels; outside them only the action has them that is shipped with them."""

WITHIN_LISTS = WITHIN | {"left", "right", "home", "end", "pageup", "pagedown"}
"""The same for the screens without a core, which are lists."""

_NAMED = (
    *(f"f{n}" for n in range(1, 13)), "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert",
    "delete", "backspace", "space", "enter", "tab", "escape",
)  # fmt: skip
_NAMES = frozenset({
    *_NAMED, *SWALLOWED, *(f"ctrl+{letter}" for letter in ascii_lowercase),
    *(f"{held}+{key}" for held in ("shift", "ctrl") for key in _NAMED),
})  # fmt: skip


class Own(NamedTuple):
    """The tables with the keys that count: of the chair, and of the screens without a core."""

    actions: Actions
    deeds: Deeds


SHIPPED = Own(ACTIONS, DEEDS)


def rows(tables: Own) -> dict[str, Keyed]:
    """Return all rows by what they are called in the file."""
    return {**tables.actions, **{f"{START}.{name}": deed for name, deed in tables.deeds.items()}}


_ROWS = rows(SHIPPED)


def own(path: Path | None) -> tuple[Own, str]:
    """Return the tables with the user's own keys, and "". Of a file that cannot be used: the shipped ones, and why."""
    try:
        return (read(path) if path else SHIPPED), ""
    except KetamonError as error:
        first, *more = str(error).splitlines()
        also = f" (and {len(more)} more)" if more else ""
        said = first.replace(str(path), path.name if path else "")
        return SHIPPED, f"{said}{also}; your keys are left out: ketamon keys check"


def read(path: Path) -> Own:
    """Return the tables of actions with the keys of a file; no file changes nothing.

    Raises `ProfileError` with a sentence per problem, and `SourceError`.
    """
    if not path.exists():
        return SHIPPED
    text = text_of(path, "key map")
    said = dict(_flat(parse(text, str(path)).table))
    if problems := [*_problems(said)] or [*dict.fromkeys(_clashes(said))]:
        places = scan(text, str(path))
        raise ProfileError([f"{place_of(problem, places) or path}: {problem}" for problem in problems])
    return _applied(said)


def _flat(table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give each line by its whole name."""
    for name, value in table.items():
        if name == START and isinstance(value, dict):
            yield from ((f"{START}.{inner}", keys) for inner, keys in value.items())
        else:
            yield name, value


def _applied(said: dict[str, Any]) -> Own:
    """Put the keys of a file that was checked into the tables."""
    return Own(_with(ACTIONS, "", said), _with(DEEDS, f"{START}.", said))


def _with(table: Mapping[str, K], before: str, said: dict[str, Any]) -> dict[str, K]:
    """Return a table whose names stand in the file with `before` before them, with the keys of the file."""
    return {
        name: replace(row, keys=_keys_of(before + name, row, said[before + name])) if before + name in said else row
        for name, row in table.items()
    }


def _keys_of(name: str, row: Keyed, value: str | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(row.keys if name in KEPT else ()), *_keys(value)]))


def _keys(value: str | list[str]) -> list[str]:
    return [named(key) if len(key) == 1 else key.lower() for key in ([value] if isinstance(value, str) else value)]


def _problems(said: dict[str, Any]) -> Iterator[str]:
    """Give a sentence for each line that makes no sense by itself."""
    for name, value in said.items():
        if name not in _ROWS:
            near = get_close_matches(name, _ROWS, 1) or [f"{START}.{n}" for n in get_close_matches(name, DEEDS, 1)]
            hint = f"did you mean {near[0]}?" if near else "allowed are those that “ketamon keys” lists"
            yield f"{name} is no action; {hint}"
        elif not isinstance(value, str | list) or not value or not all(isinstance(key, str) for key in value):
            yield f'{name} is {value!r}; allowed is a key, "x", or a list of them, ["x", "f5"]'
        else:
            yield from (f"{name} is {key!r}; {why}" for key in _keys(value) if (why := _unfit(name, key)))


def _unfit(name: str, key: str) -> str:
    """Say why an action cannot have a key, "" where it can."""
    within = WITHIN_LISTS if name.startswith(f"{START}.") else WITHIN
    if key in SWALLOWED:
        return "a terminal keeps that key, or sends it as another; allowed is one that arrives"
    if key in within and key not in _ROWS[name].keys:
        return "that key moves and chooses within panels and lists; allowed is another"
    if key in _NAMES or (shown(key) != key and len(shown(key)) == 1) or (len(key) == 1 and key.isprintable()):
        return ""
    return f"that is no key; allowed are a sign, ctrl+letter, {', '.join(_NAMED[:2])} … {', '.join(_NAMED[11:])}"


def _clashes(said: dict[str, Any]) -> Iterator[str]:
    """Give a sentence for each key that two actions of one screen would have."""
    tables = _applied(said)
    yield from _twice(tables.actions.values(), "", said)
    for screen in At:
        yield from _twice(at(screen, tables.deeds), f"{START}.", said)


def _twice(screen: Iterable[Keyed], before: str, said: dict[str, Any]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, row in ((before + row.name, row) for row in screen):
        for key in (*row.keys, row.always):
            first = owners.setdefault(key, name) if key else name
            if first != name:
                here, other = (name, first) if name in said else (first, name)
                yield f"{here} is {shown(key)!r}, the key of {other}, too; allowed is one key for one action"
