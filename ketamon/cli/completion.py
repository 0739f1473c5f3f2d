"""`ketamon completion`: a script with which a shell completes commands, options and their choices."""

import argparse
from pathlib import Path

from ketamon.cli import options
from ketamon.cli.parsers import Command, arguments, commands
from ketamon.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


def main(argv: list[str]) -> int:
    """Print the script for a shell."""
    parser = options.parser(
        "completion",
        "Print a script with which a shell completes commands, options and their choices when you press tab.\n"
        "Needs: pip install 'ketamon[completion]'",
        "  ketamon completion bash > ~/.local/share/bash-completion/completions/ketamon\n"
        "  ketamon completion zsh > ~/.zfunc/_ketamon        with ~/.zfunc in your fpath\n"
        "  ketamon completion fish > ~/.config/fish/completions/ketamon.fish",
    )
    parser.add_argument("shell", choices=SHELLS, help="for which shell")
    args = parser.parse_args(argv)
    try:
        import shtab  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise UsageError("completion needs shtab; install it with: pip install 'ketamon[completion]'") from error
    whole = argparse.ArgumentParser(prog="ketamon")
    whole.add_argument("--version", action="store_true", help="which ketamon this is")
    below = whole.add_subparsers()
    for command in commands():
        _add(below, command, shtab.FILE)
    print(shtab.complete(whole, args.shell))
    return 0


def _add(below: "argparse._SubParsersAction[argparse.ArgumentParser]", command: Command, file: object) -> None:
    """Add a command, and its words where it has some; what takes a file completes files."""
    for action in arguments(command.parser):
        if action.type in (Path, options.profile):
            vars(action)["complete"] = file
    if not command.words:
        below.add_parser(command.name, help=command.about, parents=[command.parser], add_help=False)
        return
    own = below.add_parser(command.name, help=command.about, add_help=False)
    for action in arguments(command.parser):
        if action.option_strings:
            own._add_action(action)  # noqa: SLF001 (as `parents` does, but without the word)
    words = own.add_subparsers()
    for word in command.words:
        _add(words, word, file)
