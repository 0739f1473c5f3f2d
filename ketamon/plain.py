"""Foreign text made harmless: what people, devices, files and profiles say is shown as letters, and is nothing else.

A terminal obeys escape sequences (ESC, the C1 codes), goes back over what stands there (CR, BS) and turns its reading
order round (bidi controls); a line break makes one line look like two. None of these is ever shown as it is. There are
three ways out of ketamon, and each calls this once: what followers take in (`ketamon.follow`), what commands print
(`ketamon.cli`), and JSON (`ketamon.codec.encode_json`). Records keep what was said, letter by letter.
"""

import re
from typing import Any

GONE = "\N{REPLACEMENT CHARACTER}"
"""What stands where a character was that cannot be shown."""
_WHOLE_TEXTS = ("profile_toml",)  # read by the profile's loader, which refuses what cannot be shown


def plain(text: str) -> str:
    """Return a text as one line of letters: spaces and breaks of any kind become a space, other controls a mark."""
    return text if text.isprintable() else "".join(map(_letter, text))


def plain_lines(text: str) -> str:
    """The same, with its line breaks and tabs: for what we print ourselves, line by line."""
    return "".join(c if c in "\n\t" else plain(c) for c in text) if not text.isprintable() else text


def _letter(c: str) -> str:
    return c if c.isprintable() else " " if c.isspace() else GONE


def plain_json(data: bytes) -> bytes:
    """Return JSON with every text in it made plain. Raises `ValueError` where it is none."""
    if data.isascii() and b"\\" not in data and b"\x7f" not in data:
        return data
    import msgspec  # noqa: PLC0415 (`ketamon --version` comes through here, and must be quick)

    return msgspec.json.encode(_plain(msgspec.json.decode(data)))


def _plain(value: Any) -> Any:
    match value:
        case str():
            return plain(value)
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {plain(key): each if key in _WHOLE_TEXTS else _plain(each) for key, each in value.items()}
    return value


_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def escaped_json(data: bytes) -> bytes:
    """Return the same JSON with escapes for what cannot be shown: a terminal that prints it obeys nothing in it."""
    if data.isascii() and b"\x7f" not in data:
        return data
    return _NOT_ASCII.sub(_escape, data.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    c = found[0]
    if c.isprintable():
        return c
    pair = c.encode("utf-16-be")
    return "".join(f"\\u{pair[i : i + 2].hex()}" for i in range(0, len(pair), 2))
