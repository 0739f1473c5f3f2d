"""Keys as they are written in the key bar and in help."""

from dataclasses import dataclass

from textual.binding import Binding
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
