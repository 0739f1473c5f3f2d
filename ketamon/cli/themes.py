"""`ketamon themes`: the colours of the console, and those of one's own."""

import sys
from collections.abc import Callable
from pathlib import Path

from ketamon.cli import options
from ketamon.cli.shown import told
from ketamon.errors import KetamonError, UsageError
from ketamon.plain import plain
from ketamon.store.home import themes_dir


def main(argv: list[str]) -> int:
    """Do what the first word says; list without one."""
    if argv[:1] and argv[0] in _WORDS:
        return _WORDS[argv[0]](argv[1:])
    parser = options.parser(
        "themes",
        "List the themes, and check your own. A theme of your own is a file in “themes”, beside the configuration\n"
        "(“ketamon config check” says where); a console that runs wears it as soon as it is saved.",
        "  ketamon themes list\n  ketamon themes check ward.toml",
    )
    parser.add_argument("what", nargs="?", choices=list(_WORDS), default="list", help="what to do (list)")
    return _WORDS[parser.parse_args(argv).what]([])


def _list(argv: list[str]) -> int:
    options.parser("themes list", "List the themes, one a line.", "  ketamon themes list").parse_args(argv)
    from ketamon.console.look.themes import THEMES  # noqa: PLC0415 (Textual; the help must be quick)
    from ketamon.console.look.user_themes import files, read  # noqa: PLC0415 (as above)

    for theme in THEMES:
        print(f"{theme.name:<24}ketamon's own")
    for path in files(themes_dir()):
        try:
            read(path)
        except KetamonError:
            said = f"cannot be used: ketamon themes check {path}"
        else:
            said = str(path)
        print(plain(f"{path.stem:<24}{said}"))
    return 0


def _check(argv: list[str]) -> int:
    parser = options.parser(
        "themes check",
        "Say all that is wrong with themes, each with file, line, key and value; then, as warnings, what is hard to\n"
        "read or, for somebody who is colour-blind too, hard to tell apart. Exit code 2 where one cannot be used.",
        "  ketamon themes check ward.toml",
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    from ketamon.console.look.contrast import problems  # noqa: PLC0415 (as above)
    from ketamon.console.look.user_themes import read  # noqa: PLC0415 (as above)

    paths, bad = parser.parse_args(argv).files, 0
    for path in paths:
        try:
            theme = read(path)
        except KetamonError as error:
            print(told(error), file=sys.stderr)
            bad += 1
            continue
        warnings = list(problems(theme))
        print(plain(f"{path}: can be used" + (f"; {len(warnings)} warnings" if warnings else "")))
        for warning in warnings:
            print(f"  warning: {warning}")
    if bad:
        raise UsageError(f"{bad} of {len(paths)} cannot be used")
    return 0


_WORDS: dict[str, Callable[[list[str]], int]] = {"list": _list, "check": _check}
