"""Keys as they are written in the key bar and in help."""

from dataclasses import dataclass

_SHOWN = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "shift+left": "shift ←",
    "shift+right": "shift →",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A place in the key bar: the action it does, the key as it is written, and its word."""

    action: str
    key: str
    label: str


def shown(key: str) -> str:
    """Write a key as it stands on the keyboard."""
    return _SHOWN.get(key, key)
