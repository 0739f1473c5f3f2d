"""`ketamon config`: what is so at this workstation each day. Flags win over it."""

import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from ketamon.cli import configured, options
from ketamon.codec import encode_json
from ketamon.errors import ProfileError, SourceError, UsageError
from ketamon.plain import plain
from ketamon.profiles.loader import places_of
from ketamon.store import private
from ketamon.store.home import config_file
from ketamon.words import DASHES

BEGIN = """\
# What is so at this workstation each day. Flags win over it; “ketamon config check” says what is wrong with it.

# who = "AB"                        # who sits here: initials or name
# role = "nurse"
# theme = "dark-room"
# sound = true                      # false: make no sound here

# [[chair]]                         # one for each chair of this workstation
# name = "1"
# monitor = ["ge-dri:/dev/ttyUSB0"]
# pump = ["alaris-gh:/dev/ttyUSB1"]
# profile = "ketamine-40min"        # a shipped one by its name, or a file beside this one
"""


def main(argv: list[str]) -> int:
    """Do what the first word says."""
    if argv[:1] and argv[0] in _WORDS:
        return _WORDS[argv[0]](argv[1:])
    parser = options.parser(
        "config",
        "What is so at this workstation each day: its chairs with their devices and profile, who sits here, theme and\n"
        "sound. Flags win over it; “ketamon config check” says where it stands.",
        "  ketamon config show        each value, and where it stands\n"
        "  ketamon config check\n"
        "  ketamon config edit        in $VISUAL or $EDITOR",
    )
    parser.add_argument("what", choices=list(_WORDS), help="what to do; each has a --help of its own")
    parser.parse_args(argv)
    return 0


def _check(argv: list[str]) -> int:
    about = "Say everything that is wrong with the configuration, each with file, line, key and value (exit code 2)."
    options.parser("config check", about, "  ketamon config check").parse_args(argv)
    config, path = configured.load(), config_file()
    chairs = ", ".join(chair.name for chair in config.chair) or "none"
    print(plain(f"{path}: can be used; chairs: {chairs}" if path.exists() else _none(path)))
    return 0


def _show(argv: list[str]) -> int:
    about = "Show the configuration: each value with its file and line, and what stands where nothing is said."
    parser = options.parser("config show", about, "  ketamon config show\n  ketamon config show --json")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one line for each key")
    args = parser.parse_args(argv)
    path = config_file()
    config, places = configured.load(path), places_of(configured.document(path), str(path))
    for key, at, value in _rows(config):
        place = str(places.get(at, ""))
        if args.json:
            print(encode_json({"key": key, "value": value, "place": place}).decode())
        else:
            print(plain(f"{key:<20}{_said(value):<44}{place or 'not said'}"))
    return 0


def _rows(
    config: Any, key: str = "", at: tuple[str | int, ...] = ()
) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    """Give each key as it is written, its path, and its value."""
    for field in fields(config):
        value, name = getattr(config, field.name), f"{key}.{field.name}" if key else field.name
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            for i, one in enumerate(value):
                yield from _rows(one, f"{name}[{i}]", (*at, field.name, i))
        else:
            yield name, (*at, field.name), value


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) and value else str(value or DASHES)


def _edit(argv: list[str]) -> int:
    parser = options.parser(
        "config edit",
        "Write the configuration in your editor ($VISUAL, $EDITOR, else vi). It is checked before it counts: where\n"
        "something is wrong, what was before goes on to count, and what you wrote is there at the next “config edit”.",
        "  ketamon config edit\n  EDITOR=nano ketamon config edit",
    )
    parser.parse_args(argv)
    path = config_file()
    draft = path.with_suffix(".toml.draft")
    private.make(path.parent)
    if not draft.exists():
        draft.write_bytes(path.read_bytes() if path.exists() else BEGIN.encode())
    _open(draft)
    try:
        configured.load(draft)
    except ProfileError as error:
        remedy = f"{draft}: is kept, and nothing was changed; “ketamon config edit” goes on with it"
        raise ProfileError([*error.problems, remedy]) from error
    draft.replace(path)
    print(plain(f"{path}: can be used, and counts from now on"))
    return 0


def _open(path: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.call([*shlex.split(editor), str(path)])  # noqa: S603 (the user's own editor)
    except (OSError, ValueError) as error:
        raise SourceError(f"the editor “{editor}” cannot be started; set EDITOR, or edit {path} yourself") from error
    if code:
        raise UsageError(f"the editor “{editor}” ended with {code}; nothing was changed")


def _none(path: Path) -> str:
    return f"{path}: is not there, so nothing is configured; “ketamon config edit” begins one"


_WORDS: dict[str, Callable[[list[str]], int]] = {"check": _check, "show": _show, "edit": _edit}
