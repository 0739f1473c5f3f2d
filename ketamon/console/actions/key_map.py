"""A user's own keys: `keys.toml` beside the configuration, a line for each action that has other keys.

    observe = "x"               # one key, or a list of them; the first is the one that is shown
    step = ["X", "f5"]

What is not said keeps its key. A file that cannot be used changes nothing, and what is wrong is said with file, line,
key and what is allowed. Function keys that work while somebody types stay where they are; what must never be out of
reach keeps its keys whatever the file says, and has the others besides.
"""

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.actions.keys import named, shown
from ketamon.errors import KetamonError, ProfileError
from ketamon.profiles.loader import parse, text_of
from ketamon.profiles.places import place_of, scan

KEPT = frozenset({"emergency", "emergency_over", "help", "lock"})
"""Actions that keep the keys they have."""

SWALLOWED = frozenset({
    "ctrl+c", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+q", "ctrl+s", "ctrl+z", "alt+b", "alt+f", "f10", "f11",
})  # fmt: skip
"""Keys that a terminal keeps for itself, or that arrive as others."""

WITHIN = frozenset({"up", "down", "j", "k", "enter", "space", "tab", "shift+tab", "escape", "ctrl+t"})
"""Keys that move and choose within panels; outside them only the action has them that is shipped with them."""

_NAMED = (
    *(f"f{n}" for n in range(1, 13)), "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert",
    "delete", "backspace", "space", "enter", "tab", "escape",
)  # fmt: skip
_NAMES = frozenset({
    *_NAMED, *SWALLOWED, *(f"ctrl+{letter}" for letter in ascii_lowercase),
    *(f"{held}+{key}" for held in ("shift", "ctrl") for key in _NAMED),
})  # fmt: skip


def own(path: Path | None) -> tuple[Actions, str]:
    """Return the table with the user's own keys, and "". Of a file that cannot be used: the shipped one, and why."""
    try:
        return (read(path) if path else ACTIONS), ""
    except KetamonError as error:
        first, *more = str(error).splitlines()
        also = f" (and {len(more)} more)" if more else ""
        said = first.replace(str(path), path.name if path else "")
        return ACTIONS, f"{said}{also}; your keys are left out: ketamon keys check"


def read(path: Path) -> Actions:
    """Return the table of actions with the keys of a file; no file changes nothing.

    Raises `ProfileError` with a sentence per problem, and `SourceError`.
    """
    if not path.exists():
        return ACTIONS
    text = text_of(path, "key map")
    table = parse(text, str(path)).table
    if problems := [*_problems(table)] or [*_clashes(table)]:
        places = scan(text, str(path))
        raise ProfileError([f"{place_of(problem, places) or path}: {problem}" for problem in problems])
    return _applied(table)


def _applied(table: dict[str, Any]) -> dict[str, Any]:
    """Put the keys of a file that was checked into the table."""
    said = {name: _keys(value) for name, value in table.items()}
    return {
        name: replace(action, keys=tuple(dict.fromkeys([*(action.keys if name in KEPT else ()), *said[name]])))
        if name in said
        else action
        for name, action in ACTIONS.items()
    }


def _keys(value: str | list[str]) -> list[str]:
    return [named(key) if len(key) == 1 else key.lower() for key in ([value] if isinstance(value, str) else value)]


def _problems(table: dict[str, Any]) -> Iterator[str]:
    """Give a sentence for each line that makes no sense by itself."""
    for name, value in table.items():
        if name not in ACTIONS:
            near = get_close_matches(name, ACTIONS, 1)
            hint = f"did you mean {near[0]}?" if near else "allowed are those that “ketamon keys” lists"
            yield f"{name} is no action; {hint}"
        elif not isinstance(value, str | list) or not value or not all(isinstance(key, str) for key in value):
            yield f'{name} is {value!r}; allowed is a key, "x", or a list of them, ["x", "f5"]'
        else:
            yield from (f"{name} is {key!r}; {why}" for key in _keys(value) if (why := _unfit(name, key)))


def _unfit(name: str, key: str) -> str:
    """Say why an action cannot have a key, "" where it can."""
    if key in SWALLOWED:
        return "a terminal keeps that key, or sends it as another; allowed is one that arrives"
    if key in WITHIN and key not in ACTIONS[name].keys:
        return "that key moves and chooses within panels; allowed is another"
    if key in _NAMES or (shown(key) != key and len(shown(key)) == 1) or (len(key) == 1 and key.isprintable()):
        return ""
    return f"that is no key; allowed are a sign, ctrl+letter, {', '.join(_NAMED[:2])} … {', '.join(_NAMED[11:])}"


def _clashes(table: dict[str, Any]) -> Iterator[str]:
    """Give a sentence for each key that two actions would have."""
    owners: dict[str, str] = {}
    actions = _applied(table)
    for action in actions.values():
        for key in (*action.keys, action.always):
            first = owners.setdefault(key, action.name) if key else action.name
            if first != action.name:
                here, other = (action.name, first) if action.name in table else (first, action.name)
                yield f"{here} is {shown(key)!r}, the key of {other}, too; allowed is one key for one action"
