"""`ketamon keys`: the keys of the console, and one's own."""

from collections.abc import Callable

from ketamon.cli import options
from ketamon.codec import encode_json
from ketamon.plain import plain
from ketamon.store.home import keys_file


def main(argv: list[str]) -> int:
    """Do what the first word says; list without one."""
    if argv[:1] and argv[0] in _WORDS:
        return _WORDS[argv[0]](argv[1:])
    if argv[:1] and argv[0] in ("--markdown", "--json"):
        return _list(argv)
    parser = options.parser(
        "keys",
        "List the keys of the console, and check your own. Your own are in the file “keys.toml”, beside the\n"
        'configuration (“ketamon keys check” says where): an action and its key a line, note = "N", or a list,\n'
        'step = ["X", "f5"]; start.search = "f" is about the screens without a chair: start, course and devices.\n'
        "The keys of an emergency, of help, of the lock and of painting anew stay, whatever it says.",
        "  ketamon keys list\n  ketamon keys check",
    )
    parser.add_argument("what", nargs="?", choices=list(_WORDS), default="list", help="what to do (list)")
    return _WORDS[parser.parse_args(argv).what]([])


def _list(argv: list[str]) -> int:
    parser = options.parser(
        "keys list",
        "List all actions of the console: name, keys, what it does; with your own keys, where you have some.",
        "  ketamon keys list\n  ketamon keys list --json\n  ketamon keys list --markdown > keys.md",
    )
    parser.add_argument("--markdown", action="store_true", help="as a page of tables")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args(argv)
    from ketamon.console.actions.key_map import read, rows  # noqa: PLC0415 (Textual; the help must be quick)
    from ketamon.console.actions.key_page import page  # noqa: PLC0415 (as above)
    from ketamon.console.actions.keys import written  # noqa: PLC0415 (as above)

    tables = read(keys_file())
    if args.markdown:
        print(page(tables), end="")
        return 0
    for name, action in rows(tables).items():
        if args.json:
            keys = [key for key in (*action.keys, action.always) if key]
            print(encode_json({"action": name, "keys": keys, "where": action.where, "help": action.help}).decode())
        else:
            print(plain(f"{name:<17} {written(action):<18} {action.help}"))
    return 0


def _check(argv: list[str]) -> int:
    about = "Say all that is wrong with your own keys, each with file, line, key and what is allowed (exit code 2)."
    options.parser("keys check", about, "  ketamon keys check").parse_args(argv)
    from ketamon.console.actions.key_map import SHIPPED, read, rows  # noqa: PLC0415 (as above)

    path, shipped = keys_file(), rows(SHIPPED)
    other = sum(action != shipped[name] for name, action in rows(read(path)).items())
    print(plain(f"{path}: can be used; {other} actions have other keys" if path.exists() else f"{path}: {_NONE}"))
    return 0


_NONE = 'is not there, so all keys are as shipped; write a line like note = "N" into it'
_WORDS: dict[str, Callable[[list[str]], int]] = {"list": _list, "check": _check}
