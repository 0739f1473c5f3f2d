"""Where in a TOML text a key stands: its line, and the comments beside and above it.

`tomllib` keeps neither. The scanner here reads only text that `tomllib` has accepted, so it needs to know no more of
TOML than where strings, comments, arrays, tables and inline tables begin and end.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Keys and indices: `limit[3].below` is `("limit", 3, "below")`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: file, line (from 1), the comment beside it, and the lines of comment right above it.

    `instead_of` is what stood there before, where the file extends another one.
    """

    file: str
    line: int
    comment: str = ""
    above: tuple[str, ...] = ()
    instead_of: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def scan(text: str, file: str) -> dict[KeyPath, Place]:
    """Find the place of every table, entry, key and value of a text that is TOML."""
    scanner = _Scanner(text, file)
    scanner.scan()
    return scanner.found


def place_of(problem: str, places: dict[KeyPath, Place]) -> Place | None:
    """Return the place of the key path with which a problem begins, or of the nearest table around it."""
    spelled = _SPELLED.match(problem)
    path: KeyPath = tuple(
        int(index) if index else key for index, key in _STEP.findall(spelled.group() if spelled else "")
    )
    while path and path not in places:
        path = path[:-1]
    return places.get(path)


_SPELLED = re.compile(r"[\w-]+(\[\d+\]|\.[\w-]+)*")
_STEP = re.compile(r"\[(\d+)\]|([\w-]+)")

_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]+")
_BLANK = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_COMMENT = re.compile(r"[ \t]*(?:#[ \t]*([^\r\n]*))?")


class _Scanner:
    def __init__(self, text: str, file: str) -> None:
        self.found: dict[KeyPath, Place] = {}
        self._text, self._file = text, file
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._entries: dict[KeyPath, int] = {}
        """The last index of each array of tables."""

    def scan(self) -> None:
        table: KeyPath = ()
        while above := self._next_statement():
            if self._text.startswith("[", self._at):
                table = self._header(above[1:])
            else:
                self._statement(table, above[1:])

    def _next_statement(self) -> list[str]:
        """Go to the next statement. Return "", then the comment lines right above it; nothing at the end."""
        start = self._at
        self._at = self._match(_BETWEEN)
        if self._at == len(self._text):
            return []
        lines = [line.strip() for line in self._text[start : self._at].split("\n")[:-1]]
        above: list[str] = []
        while lines and lines[-1].startswith("#"):
            above.insert(0, lines.pop().removeprefix("#").strip())
        return ["", *above]

    def _header(self, above: list[str]) -> KeyPath:
        start = self._at
        array = self._text.startswith("[[", start)
        self._at += 2 if array else 1
        keys = self._keys()
        self._at += 2 if array else 1
        path: KeyPath = ()
        for i, key in enumerate(keys):
            path = (*path, key)
            self._pass(path, start)
            if array and i == len(keys) - 1:
                self._entries[path] = self._entries.get(path, -1) + 1
            if path in self._entries:
                path = (*path, self._entries[path])
        self._mark(path, start, above)
        return path

    def _statement(self, table: KeyPath, above: list[str]) -> None:
        start = self._at
        path = self._assignment(table)
        self._mark(path, start, above)

    def _assignment(self, table: KeyPath) -> KeyPath:
        """Read `key = value`, marking the key and what is in the value; return the key's path."""
        start, path = self._at, table
        for key in self._keys():
            path = (*path, key)
            self._pass(path, start)
        self._at = self._match(_BLANK) + 1  # the equals sign
        self._at = self._match(_BLANK)
        self._value(path)
        return path

    def _keys(self) -> list[str]:
        """Read a key with its dots, and the space around it."""
        keys = []
        while True:
            self._at = self._match(_BLANK)
            start = self._at
            self._at = self._match(_STRING if self._text[start] in "\"'" else _BARE_KEY)
            token = self._text[start : self._at]
            keys.append(tomllib.loads(f"key = {token}")["key"] if token[0] in "\"'" else token)
            self._at = self._match(_BLANK)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        self._pass(path, self._at)
        first = self._text[self._at]
        if first not in "[{":
            self._at = self._match(_STRING if first in "\"'" else _BARE_VALUE)
            return
        self._at = self._match(_BETWEEN, self._at + 1)
        count = 0
        while self._text[self._at] not in "]}":
            start = self._at
            if first == "[":
                self._value((*path, count))
            else:
                self._assignment(path)
            comma = self._match(_BETWEEN)
            if self._text[comma] == ",":
                self._at = comma + 1
            if first == "[":
                self._mark((*path, count), start)
            self._at = self._match(_BETWEEN)
            count += 1
        self._at += 1

    def _pass(self, path: KeyPath, at: int) -> None:
        """Note where a path was first met."""
        if path not in self.found:
            self.found[path] = Place(file=self._file, line=bisect_right(self._newlines, at - 1) + 1)

    def _mark(self, path: KeyPath, at: int, above: Sequence[str] = ()) -> None:
        """Note where something stands whose end is here, with its comments; go past the one beside it."""
        beside = _COMMENT.match(self._text, self._at)
        comment = (beside[1] or "").strip() if beside else ""
        self._at = self._match(_COMMENT)
        line = bisect_right(self._newlines, at - 1) + 1
        self.found[path] = Place(file=self._file, line=line, comment=comment, above=tuple(above))

    def _match(self, pattern: re.Pattern[str], at: int | None = None) -> int:
        """Return where a match that begins here (or at `at`) ends."""
        start = self._at if at is None else at
        match = pattern.match(self._text, start)
        return match.end() if match else start
