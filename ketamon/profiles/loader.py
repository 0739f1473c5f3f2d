"""Reads a profile from TOML into `ketamon.domain.profile.Profile`, or says everything that is wrong with it.

The dataclasses are the schema: their type hints are walked, so a new field needs no change here. What types cannot say
(references, order of limits, what each kind of criterion needs) stands in `ketamon.profiles.checks`. Where one profile
extends another, the whole text is made first (`ketamon.profiles.document`), and everything is about that.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from hashlib import sha256
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from ketamon.domain.profile import Profile
from ketamon.errors import ProfileError, SourceError, UsageError
from ketamon.profiles.checks import problems_of
from ketamon.profiles.document import Document, extend
from ketamon.profiles.places import KeyPath, Place, place_of, scan

FOLDER = Path(__file__).parent
SHIPPED = FOLDER / "ketamine-40min.toml"

T = TypeVar("T")


class _Wrong:
    """What stands where a value could not be read; the problem is noted already."""


_WRONG = _Wrong()


def load(path: Path | None) -> tuple[Profile, str, str]:
    """Read a profile (None: the shipped one). Return it with its whole text and the SHA-256 of that text in UTF-8.

    Raises `ProfileError` with one sentence per problem, and `SourceError` where there is no such file.
    """
    path = path or SHIPPED
    document = document_of(path)
    return profile_of(document, str(path)), document.text, sha256(document.text.encode()).hexdigest()


def loads(text: str, name: str) -> Profile:
    """Read a profile from its whole text. `name` is what problems are told about. Raises `ProfileError`."""
    return profile_of(parse(text, name), name)


def names() -> list[str]:
    """Return the names of the shipped profiles."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def find(name: str, near: Path = Path()) -> Path:
    """Find a profile: a file (relative to the folder `near`), or else a shipped one by its name."""
    path = near / name
    if path.exists() or path.suffix or len(Path(name).parts) > 1:
        return path
    if name not in names():
        raise UsageError(f"there is no profile “{name}”; shipped are {', '.join(names())}, or give a file")
    return FOLDER / f"{name}.toml"


def document_of(path: Path, extended_by: tuple[Path, ...] = ()) -> Document:
    """Read a profile file, and what it extends, into one whole text. Raises as `load` does."""
    text = text_of(path)
    table = _table(text, str(path))
    if "extends" not in table:
        return Document(text=text, table=table, places=scan(text, str(path)) if extended_by else {})
    own = Document(text=text, table=table, places=scan(text, str(path)))
    name, way = table["extends"], (*extended_by, path.resolve())
    if not isinstance(name, str):
        raise _error([f"extends is {name!r}; allowed is the name of a profile, or a file"], own, str(path))
    base = find(name, path.parent)
    if base.resolve() in way:
        raise _error([f"extends is {name!r}, which extends this one; allowed is another profile"], own, str(path))
    whole, problems = extend(document_of(base, way), base.stem, own)
    if problems:
        raise _error(problems, own, str(path))
    return whole


def profile_of(document: Document, name: str) -> Profile:
    """Read a profile from its document. `name` is what problems without a place are told about."""
    return read(Profile, document, name, problems_of)


def read(kind: type[T], document: Document, name: str, check: Callable[[T], list[str]]) -> T:
    """Read a document into the dataclass `kind`, which is its schema; `check` says what types cannot."""
    problems: list[str] = []
    found: T = _read(kind, document.table, "", problems)
    if not problems:
        problems = check(found)
    if problems:
        raise _error(problems, document, name)
    return found


def parse(text: str, name: str) -> Document:
    """Take a text that is TOML apart; raise `ProfileError` where it is none."""
    return Document(text=text, table=_table(text, name), places={})


def text_of(path: Path, what: str = "profile") -> str:
    """Read the text of a file, a profile or what else is TOML. Raises `ProfileError`, `SourceError`."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise SourceError(f"the {what} {path} cannot be read: {error.strerror}; check its name") from error
    except UnicodeDecodeError as error:
        raise ProfileError([f"{path}: is not UTF-8 text: byte {error.start} is damaged"]) from error


def _table(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ProfileError([f"{name}:{line}: is not TOML: {_AT_LINE.sub('', str(error))}"]) from error
    except (RecursionError, ValueError) as error:  # lists without end, or a number of thousands of digits
        raise ProfileError([f"{name}: cannot be read as TOML: {error}"]) from error


_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)")


def places_of(document: Document, name: str) -> dict[KeyPath, Place]:
    """Find where everything stands that a document says; in a text without places of its own, the file is `name`."""
    return document.places or scan(document.text, name)


def _error(problems: list[str], document: Document, name: str) -> ProfileError:
    """Say each problem with the file and line of the key it is about."""
    places = places_of(document, name)
    return ProfileError([f"{place_of(problem, places) or name}: {problem}" for problem in problems])


def _read(hint: Any, value: Any, at: str, problems: list[str]) -> Any:
    """Return `value` as the type `hint`, or note what is wrong with it at the key path `at`."""
    if get_origin(hint) is UnionType:
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    if is_dataclass(hint):
        return _read_table(hint, value, at, problems)
    if get_origin(hint) is tuple:
        return _read_list(get_args(hint), value, at, problems)
    if issubclass(hint, StrEnum):
        return _read_choice(hint, value, at, problems)
    return _read_scalar(hint, value, at, problems)


def _read_table(kind: Any, value: Any, at: str, problems: list[str]) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(at, value, "a table", problems)
    before = len(problems)
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    problems.extend(
        f"{_join(at, key)} is not a key of this table; known are {', '.join(known)}"
        for key in value
        if key not in known
    )
    found = {}
    for key, field in known.items():
        if key in value:
            found[key] = _read(hints[key], value[key], _join(at, key), problems)
        elif field.default is MISSING:
            problems.append(f"{_join(at, key)} is missing")
    return kind(**found) if len(problems) == before else _WRONG


def _read_list(items: tuple[Any, ...], value: Any, at: str, problems: list[str]) -> Any:
    if not isinstance(value, list):
        return _refuse(at, value, "a list", problems)
    if items[-1] is not Ellipsis and len(value) != len(items):
        return _refuse(at, value, f"{len(items)} numbers", problems)
    hints = [items[0]] * len(value) if items[-1] is Ellipsis else list(items)
    return tuple(_read(hint, v, f"{at}[{i}]", problems) for i, (hint, v) in enumerate(zip(hints, value, strict=True)))


def _read_choice(kind: type[StrEnum], value: Any, at: str, problems: list[str]) -> Any:
    if value not in list(kind):
        return _refuse(at, value, "one of " + ", ".join(kind), problems)
    return kind(value)


def _read_scalar(kind: type[Any], value: Any, at: str, problems: list[str]) -> Any:
    """A truth value is not a number here, and a number is finite and not below zero (a grade may be)."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        return _refuse(at, value, _WORDS[kind], problems)
    if isinstance(value, str) and not value.isprintable():
        return _refuse(at, value, "one line of letters that can be shown", problems)
    if isinstance(value, float) and not (isfinite(value) and value >= 0):
        return _refuse(at, value, "a finite number that is not negative", problems)
    return value


_WORDS: dict[type, str] = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}


def _refuse(at: str, value: Any, allowed: str, problems: list[str]) -> _Wrong:
    shown = "a table" if isinstance(value, Mapping) else repr(value)
    problems.append(f"{at} is {shown}; allowed is {allowed}")
    return _WRONG


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
