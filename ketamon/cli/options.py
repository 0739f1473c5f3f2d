"""Options that several commands share, and how their texts become domain values."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NoReturn

from ketamon.domain.devices import DeviceKind
from ketamon.domain.people import Person, Role
from ketamon.driver import DriverSpec
from ketamon.errors import UsageError
from ketamon.port.open import Cable
from ketamon.registry import load, names


class _Made(Exception):  # noqa: N818 (it is an answer, not an accident)
    """A command has made its parser, and somebody wants that alone."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


_only_parser = ContextVar("only_parser", default=False)


def parser_of(main: Callable[[list[str]], int], argv: list[str]) -> argparse.ArgumentParser:
    """Return the parser that a command makes for these arguments, without running the command."""
    token = _only_parser.set(True)
    try:
        main(argv)
    except _Made as made:
        return made.parser
    finally:
        _only_parser.reset(token)
    raise TypeError(f"{main} parses no arguments")


class _Parser(argparse.ArgumentParser):
    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]  # typeshed has overloads
        """Parse, unless only this parser is wanted."""
        if _only_parser.get():
            raise _Made(self)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one sentence, as every other error does."""
        self.exit(UsageError.exit_code, f"{self.prog}: {message}; “{self.prog} --help” shows how\n")


def parser(command: str, about: str, examples: str) -> argparse.ArgumentParser:
    """Make the parser of a command, with its examples at the end of the help."""
    return _Parser(
        prog=f"ketamon {command}",
        description=about,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_devices(options: argparse.ArgumentParser) -> None:
    """Add --monitor and --pump."""
    help_ = "DRIVER:PORT, for example ge-dri:/dev/ttyUSB0 or alaris-gh:tcp://10.0.0.7:4001"
    options.add_argument("--monitor", metavar="DRIVER:PORT", action="append", default=[], help=help_)
    options.add_argument("--pump", metavar="DRIVER:PORT", action="append", default=[], help=help_)


def devices(args: argparse.Namespace) -> dict[str, Cable]:
    """Read --monitor and --pump. Raises `UsageError` where a driver is unknown or of the other kind."""
    return named(
        device(text, kind)
        for kind, texts in ((DeviceKind.MONITOR, args.monitor), (DeviceKind.PUMP, args.pump))
        for text in texts
    )


def named(cables: Iterable[Cable]) -> dict[str, Cable]:
    """Give each device its name in a session: monitor, monitor2 … pump, pump2 …, in their order."""
    found: dict[str, Cable] = {}
    counted: Counter[DeviceKind] = Counter()
    for cable in cables:
        kind = cable.spec.kind
        counted[kind] += 1
        found[f"{kind}{counted[kind]}" if counted[kind] > 1 else kind.value] = cable
    return found


def device(text: str, kind: DeviceKind) -> Cable:
    """Read DRIVER:PORT. Raises `UsageError` as `devices` does."""
    known = [name for name in names() if text.startswith((f"{name}:", f"{name}+"))]  # a name may hold a colon itself
    name = max(known, key=len, default=text.partition(":")[0])
    driver = name + text[len(name) :].partition(":")[0]
    address = text[len(driver) + 1 :]
    spec = spec_at(driver, address)
    if not address:
        raise UsageError(f"“{text}” names no port; write DRIVER:PORT, for example {driver}:/dev/ttyUSB0")
    if spec.kind is not kind:
        raise UsageError(f"{driver} is a {spec.kind}; give it with --{spec.kind}")
    return Cable(spec, address)


def spec_at(driver: str, address: str) -> DriverSpec:
    """Return the driver for a device at `address`: where it has a variant for that kind of network, that one."""
    spec = load(driver)
    scheme = address.partition("://")[0]
    variant = "+" not in driver and scheme in {variant.name for variant in spec.variants}
    return load(f"{driver}+{scheme}") if variant else spec


def add_staff(options: argparse.ArgumentParser) -> None:
    """Add --as and --role: who sits at the console."""
    options.add_argument(
        "--as",
        dest="name",
        metavar="NAME",
        default=None,
        help="who you are, by initials or name (as configured, else the login name)",
    )
    options.add_argument(
        "--role", choices=[r.value for r in Role], default=None, help="your role (as configured, else nurse)"
    )


def staff(args: argparse.Namespace, usual: Person) -> Person:
    """Read --as and --role; without a name it is who usually sits here."""
    if args.name:
        return Person(args.name, Role(args.role or Role.NURSE))
    return Person(usual.name, Role(args.role or usual.role))


def add_passphrase(options: argparse.ArgumentParser) -> None:
    """Add --passphrase-stdin: for scripts, and for the program that starts a core."""
    help_ = "read the passphrase of encrypted records from standard input, the first line"
    options.add_argument("--passphrase-stdin", action="store_true", help=help_)


def take_passphrase(args: argparse.Namespace) -> None:
    """Read it, where it is to be had there."""
    if args.passphrase_stdin:
        from ketamon.cli.hidden import line  # noqa: PLC0415 (only where one is given)
        from ketamon.store.keys import KEYS  # noqa: PLC0415 (as above)

        KEYS.tell(line("passphrase"))


def add_sound(options: argparse.ArgumentParser, *, live: bool) -> None:
    """Add --sound and, for live sessions, --silent: whether alarms sound here. None is as is usual."""
    help_ = "sound alarms here also for an observer" if live else "sound alarms, as a live session does"
    options.add_argument("--sound", action="store_true", default=None, help=help_)
    if live:
        silent = "make no sound here; where nothing else sounds, that is an alarm itself"
        options.add_argument("--silent", dest="sound", action="store_false", help=silent)


def add_profile(options: argparse.ArgumentParser) -> None:
    """Add --profile."""
    help_ = "clinical rules: a file, or a shipped one by its name (ketamine-40min)"
    options.add_argument("--profile", type=profile, metavar="PROFILE", help=help_)


def profile(text: str) -> Path:
    """Find a profile: a file, or else one that ships with ketamon, by its name."""
    from ketamon.profiles import find  # noqa: PLC0415 (only where one is named)

    try:
        return find(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


SCREEN_SPEED = 1000.0
"""The fastest that a screen can follow; "max" has no limit, without a screen."""


def speed(text: str) -> float:
    """Read a speed: a number, or "max"."""
    if text == "max":
        return float("inf")
    try:
        value = float(text.removesuffix("x").removesuffix("×"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no speed: a number such as 10, or max") from error
    if not 0 < value <= SCREEN_SPEED:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {SCREEN_SPEED:g}; “max” has no limit")
    return value


def stream(path: Path) -> Path:
    """Find a recorded stream: a file, or else a sample that ships with ketamon, by its name."""
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    from ketamon import samples  # noqa: PLC0415 (only where a name is no file)

    return samples.path(str(path))
