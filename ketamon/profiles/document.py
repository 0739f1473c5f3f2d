"""A profile's text with the places of what it says, and the text that follows where one profile extends another.

    extends = "ketamine-40min"     # a shipped profile, or a file beside this one

    [plan]                         # a table: the keys named here are said anew
    minutes = 60.0

    [[limit]]                      # an entry of a list: the one with this id, the keys named here are said anew
    id = "spo2-low"
    below = 93.0

    [[add.schedule]]               # a new entry, at the end of its list
    [[remove.schedule]]            # an entry that is left out, named by its id

The outcome is a whole text that stands alone: it is what a session keeps, and what hash and signature are of. Each
value keeps its comment, and one that was said anew tells what it was before.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from ketamon.profiles.places import KeyPath, Place

IDENTITY: dict[str, tuple[str, ...]] = {
    "indication": ("id",),
    "observation": ("id",),
    "screening": ("id",),
    "staff": ("role",),
    "rescue": ("id",),
    "schedule": ("item", "anchor"),
    "limit": ("id",),
    "watch": ("of",),
    "display": ("parameter",),
    "source": ("parameter",),
    "band": ("parameter",),
    "criterion": ("id",),
}
"""The keys that together name an entry of each list."""

OWN = ("name", "version", "title")
"""What a profile says of itself, whatever it extends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A profile as TOML: its text, its table, and where each thing in that stands."""

    text: str
    table: dict[str, Any]
    places: dict[KeyPath, Place]


@dataclass(frozen=True, slots=True)
class _Part:
    """A table or an entry, with the places of what is in it by their path within."""

    table: dict[str, Any]
    places: dict[KeyPath, Place]

    def said_anew(self, own: "_Part", base: str, identity: tuple[str, ...] = ()) -> "_Part":
        """Put what `own` says over this; an entry's name keeps its comment, which tells where its numbers are from."""
        places = {path: place for path, place in self.places.items() if not path or path[0] not in own.table}
        for path, place in own.places.items():
            before = self.places.get(path)
            if path and path[0] in identity and before:
                places[path] = replace(before, comment=place.comment or before.comment)
            elif path:
                was = self.table.get(str(path[0])) if len(path) == 1 else None
                places[path] = place if was is None else replace(place, instead_of=f"{base}: {_short(was)}")
        return _Part({**self.table, **own.table}, places)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A document taken apart: single values, tables, and the entries of its lists."""

    root: _Part
    tables: dict[str, _Part]
    lists: dict[str, list[_Part]]


def extend(base: Document, name: str, own: Document) -> tuple[Document, list[str]]:
    """Return what `own` makes of the profile called `name`, with one sentence, by key path, per problem."""
    problems = [f"{key} is missing; a profile that extends another has its own" for key in OWN if key not in own.table]
    old, new = _apart(base), _apart(own)
    problems += _misplaced(own.table, old)
    del new.root.table["extends"]
    add, remove = (_apart(_below(own, word)) for word in ("add", "remove"))
    for key, part in new.tables.items():
        if key not in ("add", "remove"):
            old.tables[key] = old.tables[key].said_anew(part, name) if key in old.tables else part
    for key, parts in new.lists.items():
        for i, part in enumerate(parts):
            at = _find(old.lists.get(key, []), key, part)
            if at is None:
                problems.append(f"{key}[{i}] {_no_such(key, part, name)}, or [[add.{key}]] for a new one")
            else:
                old.lists[key][at] = old.lists[key][at].said_anew(part, name, IDENTITY[key])
    for key, parts in remove.lists.items():
        for i, part in enumerate(parts):
            at = _find(old.lists.get(key, []), key, part)
            if at is None or set(part.table) - set(IDENTITY[key]):
                problems.append(f"remove.{key}[{i}] {_no_such(key, part, name)}, and no other key")
            else:
                del old.lists[key][at]
    for key, parts in add.lists.items():
        old.lists.setdefault(key, []).extend(parts)
    root = old.root.said_anew(new.root, name)
    root.places.update({(key,): new.root.places[(key,)] for key in OWN if key in new.root.table})
    return _whole(_Parts(root, old.tables, old.lists), _head(own, name)), problems


def _misplaced(own: dict[str, Any], old: _Parts) -> Iterator[str]:
    """Refuse a table where a list is, a value where a table is, and anything but lists below `add` and `remove`."""
    for key, value in own.items():
        if key in IDENTITY and not _is_list(value):
            yield f"{key} is no list of entries; allowed is [[{key}]]"
        if key in old.tables and not isinstance(value, dict):
            yield f"{key} is {_short(value)}; allowed is a table, [{key}]"
        if key in ("add", "remove") and not isinstance(value, dict):
            yield f"{key} is {_short(value)}; allowed is [[{key}.…]] with the name of a list"
    for word in ("add", "remove"):
        below = own.get(word)
        for key, value in below.items() if isinstance(below, dict) else ():
            if key not in IDENTITY or not _is_list(value):
                yield f"{word}.{key} is no list of entries; allowed is [[{word}.…]] with one of {', '.join(IDENTITY)}"


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _no_such(key: str, part: _Part, name: str) -> str:
    said = " and ".join(f"{k} {part.table.get(k)!r}" for k in IDENTITY[key])
    return f"has {said}; allowed is what names one entry of {name}"


def _find(entries: list[_Part], key: str, part: _Part) -> int | None:
    """Return the index of the only entry that is named as `part` is."""
    named = [part.table.get(k) for k in IDENTITY[key]]
    found = [i for i, entry in enumerate(entries) if [entry.table.get(k) for k in IDENTITY[key]] == named]
    return found[0] if len(found) == 1 else None


def _below(document: Document, word: str) -> Document:
    """Return the table `word` as a document of its own."""
    table = document.table.get(word)
    places = {path[1:]: place for path, place in document.places.items() if path[0] == word and len(path) > 1}
    return Document(text="", table=table if isinstance(table, dict) else {}, places=places)


def _apart(document: Document) -> _Parts:
    table = document.table
    lists = {key: value for key, value in table.items() if key in IDENTITY and _is_list(value)}
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    single = {key: value for key, value in table.items() if key not in lists and key not in tables}

    def within(*around: str | int) -> dict[KeyPath, Place]:
        depth = len(around)
        return {path[depth:]: place for path, place in document.places.items() if path[:depth] == around}

    return _Parts(
        _Part(single, {path: place for path, place in document.places.items() if path[0] in single}),
        {key: _Part(value, within(key)) for key, value in tables.items()},
        {key: [_Part(entry, within(key, i)) for i, entry in enumerate(value)] for key, value in lists.items()},
    )


def _head(own: Document, name: str) -> list[str]:
    """Return the comment that opens the text, and what it was made from."""
    lines = list(takewhile(lambda line: line.startswith("#"), own.text.splitlines()))
    return [*lines, "#", f"# This is the whole text: what it says itself, and what it takes from {name}.", ""]


def _whole(parts: _Parts, lines: list[str]) -> Document:
    """Write the whole text; each thing keeps the place where it was said."""
    table, places = dict(parts.root.table), dict(parts.root.places)
    lines += _statements(parts.root)
    for key, part in parts.tables.items():
        table[key] = part.table
        places |= {(key, *path): place for path, place in part.places.items()}
        lines += ["", *_above(part.places.get(())), f"[{_key(key)}]", *_statements(part)]
    for key, entries in parts.lists.items():
        table[key] = [part.table for part in entries]
        for i, part in enumerate(entries):
            places |= {(key, i, *path): place for path, place in part.places.items()}
            lines += ["", *_above(part.places.get(())), f"[[{key}]]", *_statements(part)]
    return Document(text="\n".join(lines) + "\n", table=table, places=places)


def _above(place: Place | None) -> list[str]:
    return [f"# {line}".rstrip() for line in place.above] if place else []


def _statements(part: _Part) -> list[str]:
    lines = []
    for key, value in part.table.items():
        place = part.places.get((key,))
        lines += _above(place)
        if _is_list(value) and value:
            items = [f"    {written(item)},{_beside(part.places.get((key, i)))}" for i, item in enumerate(value)]
            lines += [f"{_key(key)} = [", *items, f"]{_beside(place)}"]
        else:
            lines.append(f"{_key(key)} = {written(value)}{_beside(place)}")
    return lines


def _beside(place: Place | None) -> str:
    """Return the comment beside something, with what stood there before it was said anew."""
    if place is None:
        return ""
    was = f"({place.instead_of})" if place.instead_of and place.comment else place.instead_of
    comment = f"{place.comment} {was}".strip()
    return f" # {comment}" if comment else ""


def written(value: Any) -> str:
    """Write a value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return "[" + ", ".join(written(item) for item in value) + "]"
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {written(v)}" for k, v in value.items()) + " }"
        case _:
            return str(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else written(key)


def _short(value: Any) -> str:
    return written(value) if not isinstance(value, list | dict) or len(written(value)) < 40 else "something else"  # noqa: PLR2004 (a short list)
