"""The argument parsers of all commands, as a tree: completion and man page are made from them, and so never differ."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ketamon.cli import COMMANDS, options

Main = Callable[[list[str]], int]


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its parser, what it is about in a line, and the words that make it do something of their own."""

    name: str
    about: str
    parser: argparse.ArgumentParser
    words: tuple["Command", ...] = ()


def commands() -> list[Command]:
    """Return all commands, in the order of the help."""
    return [_command(name, about) for name, about in COMMANDS.items()]


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what a parser takes, in order."""
    return parser._actions  # noqa: SLF001 (argparse has no other list of them; shtab reads this one, too)


def _command(name: str, about: str) -> Command:
    main: Main = import_module(f"ketamon.cli.{name}").main
    parser = options.parser_of(main, [])
    choices = [str(c) for action in arguments(parser) if action.dest == "what" for c in action.choices or ()]
    found = [(word, options.parser_of(main, [word])) for word in choices]
    words = [Command(word, _first(own), own) for word, own in found if own.prog != parser.prog]
    return Command(name, about, parser, tuple(words))


def _first(parser: argparse.ArgumentParser) -> str:
    """Return the first sentence of what a parser says it is about."""
    return " ".join((parser.description or "").split()).partition(". ")[0].rstrip(".")
