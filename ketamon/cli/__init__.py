"""The command line: parsing and printing, nothing else.

Data go to standard output, words for people to standard error. Exit codes: 0 done, 1 a bug of ours, 2 wrong use or
configuration, 3 a source or file cannot be had, 4 verification failed. Each command is a module of its own, loaded only
when it is asked for.
"""

import os
import sys
from importlib import import_module

from ketamon.cli.shown import shown_plain, told
from ketamon.plain import plain

COMMANDS = {
    "demo": "a whole simulated session, from check-in to an open gate",
    "run": "run a session at a chair: start its core and show its console",
    "attach": "show the console of a core that runs already",
    "serve": "the console in a browser on this machine, for whoever has a link",
    "status": "what the chairs on this machine do now, in plain lines",
    "log": "what was done and what happened in a session, in lines: time, what, who",
    "replay": "play a recorded stream through the whole session engine",
    "review": "walk through the record of a session on the screen that it was made at",
    "record": "record the bytes of devices to a stream",
    "evaluate": "how many alarms recorded vitals raise, and whether any was missed",
    "close": "set a session aside that did not end and that nobody goes on with",
    "verify": "check that a session or a stream is what it was when it was written",
    "archive": "copy sessions, also running ones, to a folder, and check the copy",
    "restore": "take sessions back from an archive, here or on another computer",
    "export": "a session as JSON lines and CSV",
    "retention": "what has been kept for as long as the profile says, and erase it",
    "key": "the passphrase and the keys of encrypted records",
    "people": "who may sign, and the PIN of each",
    "course": "a patient over several sessions: place in the series, spacing, dose, scores, effects",
    "config": "what is so at this workstation each day: its chairs and devices, who, theme, sound",
    "profile": "the clinical rules: check, show, compare and sign them",
    "themes": "the colours of the console: list them, and check your own",
    "keys": "the keys of the console: list them, and check your own",
    "drivers": "the devices ketamon can read",
    "detect": "name the devices that are attached",
    "decode": "decode raw bytes of a device to lines of JSON or words",
    "sound": "let each alarm be heard once, and say what it sounded through",
    "simulate": "simulated devices on pseudo-terminals or network ports",
    "core": "only the core of a chair, without a screen",
    "completion": "a script with which bash, zsh or fish completes commands and options",
    "man": "the manual page",
}

USAGE, SOURCE = 2, 3


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = sys.argv[1:] if argv is None else argv
    with shown_plain():
        return _main(args)


def _main(args: list[str]) -> int:
    name = " ".join(["ketamon", *(arg for arg in args[:1] if arg in COMMANDS)])
    if sys.stdout is None:
        return _tell(name, "standard output is closed; open it, or send it to /dev/null", SOURCE)
    try:
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone
        _forget_output()
        return 0
    except OSError as error:  # a full disk, most often; KetamonErrors were told already
        _forget_output()
        return _tell(
            name, plain(f"{error.filename or 'a file or the output'} cannot be used: {error.strerror or error}"), SOURCE
        )
    except KeyboardInterrupt:
        return 130
    return code


def _run(args: list[str]) -> int:
    if args == ["--version"]:
        from ketamon import __version__  # noqa: PLC0415 (this answer must be quick)

        print(f"ketamon {__version__}")
        return 0
    if args and args[0] in ("-h", "--help"):
        print(_help())
        return 0
    if args and args[0] not in COMMANDS:
        return _no_such(args[0])
    from ketamon.errors import KetamonError  # noqa: PLC0415 (after --version)

    try:
        return _command(args)
    except KetamonError as error:
        return _tell(" ".join(["ketamon", *args[:1]]), told(error), error.exit_code)
    except SystemExit as leaving:  # argparse has said why
        return int(leaving.code or 0)


def _command(args: list[str]) -> int:
    """Run one command; without any, show the start screen, or say what there is where there is no terminal for it."""
    from ketamon.cli.hidden import ask_passphrase  # noqa: PLC0415 (needs the store; help and version do not)
    from ketamon.store.keys import KEYS  # noqa: PLC0415 (as above)

    KEYS.asks(ask_passphrase)
    if not args:
        if all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
            from ketamon.cli import front  # noqa: PLC0415 (as above, and needs Textual)

            return front.main(_main)
        from ketamon.cli import offer  # noqa: PLC0415 (as above)

        offer.bare()
        print(_help())
        return USAGE
    code: int = import_module(f"ketamon.cli.{args[0]}").main(args[1:])
    return code


def _tell(name: str, text: str, code: int) -> int:
    print(f"{name}: {text}", file=sys.stderr)
    return code


def _forget_output() -> None:
    """Send what waits for the output nowhere; without this Python tells of it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help() -> str:
    rows = "\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items())
    return (
        "usage: ketamon            the start screen: what to go on with, and what can be begun\n"
        "       ketamon COMMAND …\n\n"
        "The terminal console that runs an outpatient ketamine infusion session. Not a medical device:\n"
        "the bedside monitor's and the pump's own alarms stay on and stay audible.\n\n"
        f"{rows}\n\n"
        "  ketamon COMMAND --help   options and examples\n  ketamon --version"
    )


def _no_such(name: str) -> int:
    from difflib import get_close_matches  # noqa: PLC0415 (only for a wrong name)

    near = get_close_matches(name, COMMANDS, 1)
    hint = f"; did you mean “{near[0]}”?" if near else "; “ketamon --help” lists them"
    print(f"ketamon: there is no command “{name}”{hint}", file=sys.stderr)
    return USAGE
