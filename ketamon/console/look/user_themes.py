"""A user's own themes: a TOML file each, `themes/NAME.toml` beside the configuration. A saved file is worn at once.

    base = "dark-room"          # whatever is not said here is as there
    background = "#101418"
    alarm-high = "#FF5F5F"

A file that cannot be used changes nothing: the last good one stays, and what is wrong is said with file, line, key and
value.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.theme import Theme

from ketamon.console.look.themes import DEFAULT, GROUNDS, THEMES, TOKENS, WRITTEN, colours_of, made
from ketamon.errors import KetamonError, ProfileError, SourceError
from ketamon.profiles.loader import parse
from ketamon.profiles.places import place_of, scan

SUFFIX = ".toml"
MOST_BYTES = 1 << 16
"""No theme is longer; what is is something else."""

_BASES = {theme.name: theme for theme in THEMES}
_COLOURS = (*GROUNDS, *TOKENS, *WRITTEN)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def read(path: Path) -> Theme:
    """Read a theme, called as its file is. Raises `ProfileError` with a sentence per problem, and `SourceError`."""
    text = _text(path)
    table = parse(text, str(path)).table
    if problems := [*_problems(path.stem, table)]:
        places = scan(text, str(path))
        raise ProfileError([f"{place_of(problem, places) or path}: {problem}" for problem in problems])
    base = _BASES[table.get("base", DEFAULT)]
    said = {key: colour.upper() for key, colour in table.items() if key != "base"}
    return made(path.stem, dark=base.dark, colours={**colours_of(base), **said})


def files(folder: Path) -> list[Path]:
    """Return the theme files of a folder; none where there is no such folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = file.read(MOST_BYTES + 1)
        if len(found) > MOST_BYTES:
            raise ProfileError([f"{path}: is no theme: it is longer than {MOST_BYTES} bytes"])
        return found.decode()
    except OSError as error:
        raise SourceError(f"the theme {path} cannot be read: {error.strerror}; check its name") from error
    except UnicodeDecodeError as error:
        raise ProfileError([f"{path}: is not UTF-8 text: byte {error.start} is damaged"]) from error


def _problems(name: str, table: dict[str, Any]) -> Iterator[str]:
    """Give a sentence per problem: key, value, and what is allowed."""
    if not _NAME.fullmatch(name):
        yield f"{name!r} is no name for a theme; allowed are letters, digits, - and _, at most 32"
    if name in _BASES:
        yield f"{name!r} is the name of a theme of ketamon's own; allowed is another name for the file"
    base = table.get("base", DEFAULT)
    if not isinstance(base, str) or base not in _BASES:
        yield f"base is {_said(base)}; allowed is one of {', '.join(_BASES)}"
    for key, value in table.items():
        if key == "base":
            continue
        if key not in _COLOURS:
            yield f"{key} is no colour of a theme; known are base, {', '.join(_COLOURS)}"
        elif not isinstance(value, str) or not _COLOUR.fullmatch(value):
            yield f'{key} is {_said(value)}; allowed is a colour as "#RRGGBB"'


def _said(value: object) -> str:
    return "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


class UserThemes:
    """The themes of a folder, as they change. Without a folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self.problem = ""
        """What is wrong with the file that was read last, "" for nothing."""

    def look(self) -> list[Theme]:
        """Return the themes whose files were written since the last look. A file that has gone changes nothing."""
        found = []
        for path, written in self._files().items():
            if self._seen.get(path) != written:
                self._seen[path] = written
                try:
                    found.append(read(path))
                except KetamonError as error:
                    self.problem = str(error).splitlines()[0].replace(str(path), path.name)
                else:
                    self.problem = ""
        return found

    def _files(self) -> dict[Path, tuple[int, int, int]]:
        """Return when each file was written, its length, and which one it is: an editor may put another in place."""
        found = {}
        try:
            for path in files(self._folder) if self._folder else ():
                status = path.stat()
                found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:  # one of them went away meanwhile; there is another look soon
            return {}
        return found
