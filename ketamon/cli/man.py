"""`ketamon man`: the manual page, made from the commands' own parsers."""

import argparse
import re
from collections.abc import Iterator

from ketamon import __version__
from ketamon.cli import options
from ketamon.cli.parsers import Command, arguments, commands

_HEAD = """\
.TH KETAMON 1 "" "ketamon {version}" "User Commands"
.nh
.ad l
.SH NAME
ketamon \\- the terminal console that runs an outpatient ketamine infusion session
.SH SYNOPSIS
.B ketamon
[
.I COMMAND
\\&...
]
.SH DESCRIPTION
ketamon reads a patient monitor and an infusion pump, shows each number with its age, keeps the timeline, says what is
due, logs what the patient says, raises alarms, and lets nobody leave before the recovery criteria are met.
.PP
ketamon is not a medical device. The bedside monitor's and the pump's own alarms stay on and stay audible. Pumps are
only read.
.PP
Without a command it shows the start screen: sessions that did not end, then what can be begun. What is chosen there is
one of these commands. Where there is no terminal it says what there is to go on with.
.SH COMMANDS"""

_TAIL = """\
.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
a bug of ours
.TP
.B 2
wrong use or configuration
.TP
.B 3
a source or file cannot be had
.TP
.B 4
verification failed
.SH ENVIRONMENT
.TP
.B KETAMON_HOME
the folder of sessions, roster and configuration, in place of the platform's own
.TP
.B KETAMON_RUNTIME
the folder in which the sockets of running cores are, in place of XDG_RUNTIME_DIR
.TP
.B KETAMON_KEY_FILE
a file with the passphrase of encrypted records, for where nobody can type it
.TP
.BR VISUAL ", " EDITOR
the editor of \\(lqketamon config edit\\(rq
.TP
.B NO_COLOR
where it is set, the console has no colours
.SH FILES
.TP
.I ~/.config/ketamon/config.toml
the configuration; \\(lqketamon config\\(rq says where it is on this system
.TP
.I ~/.local/share/ketamon/sessions
the records"""


def main(argv: list[str]) -> int:
    """Print the page."""
    parser = options.parser(
        "man",
        "Print the manual page of all commands, in the language of man.",
        "  ketamon man | man -l -\n  ketamon man > ~/.local/share/man/man1/ketamon.1",
    )
    parser.parse_args(argv)
    print(_HEAD.format(version=roff(__version__)))
    for command in commands():
        for line in _command(command):
            print(line)
    print(_TAIL)
    return 0


def _command(command: Command) -> Iterator[str]:
    """Write a command: how it is called, what it is about, what it takes, examples; then the same of its words."""
    usage = " ".join(command.parser.format_usage().split()).removeprefix("usage: ")
    yield from (f".SS {roff(command.parser.prog)}", ".PP", f".B {roff(usage)}", ".PP")
    yield from map(roff, (command.parser.description or "").splitlines())
    for action in arguments(command.parser):
        if not isinstance(action, argparse._HelpAction):  # noqa: SLF001 (every command has it)
            yield from (".TP", f".B {roff(_called(action))}", roff(_help(command.parser, action)))
    examples = (command.parser.epilog or "").removeprefix("examples:\n").splitlines()
    yield from (".PP", ".EX", *map(roff, examples), ".EE")
    for word in command.words:
        yield from _command(word)


def _called(action: argparse.Action) -> str:
    """Say how an argument is written: "--chair CHAIR", "FILE"."""
    names = ", ".join(action.option_strings)
    choices = "|".join(map(str, action.choices or ()))
    value = choices or (action.metavar if isinstance(action.metavar, str) else action.dest.upper())
    return names if action.nargs == 0 else f"{names} {value}".strip()


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog}


_SIGNS = {
    "\\": "\\e",
    "-": "\\-",
    "“": "\\(lq",
    "”": "\\(rq",
    "’": "\\(cq",
    "…": "...",
    "×": "\\(mu",
    "–": "\\(en",
    "|": "|\\:",
    ",": ",\\:",
}
"""Signs that man writes otherwise; a line may break after those between choices."""


def roff(text: str) -> str:
    """Write a line so that man reads no request in it."""
    found = re.sub("|".join(map(re.escape, _SIGNS)), lambda match: _SIGNS[match[0]], text)
    return f"\\&{found}" if found.startswith((".", "'")) else found
