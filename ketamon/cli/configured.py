"""The configuration: what is so at this workstation each day, and need not be said with flags, which win over it.

    who = "AB"                                  # who sits here, unless --as says otherwise
    theme = "light"

    [[chair]]
    name = "2"
    monitor = ["ge-dri:/dev/ttyUSB0"]
    pump = ["alaris-gh:/dev/ttyUSB1"]
    profile = "ketamine-60min"                  # a shipped one, or a file beside this one

One file, where the platform wants it (`ketamon.store.home`). A key or a value that cannot be is an error with file and
line, never passed over.
"""

import getpass
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ketamon.cli.options import device
from ketamon.domain.devices import DeviceKind
from ketamon.domain.people import Person, Role
from ketamon.errors import KetamonError, ProfileError, SourceError, UsageError
from ketamon.local import refuse_name
from ketamon.profiles import find, loader
from ketamon.profiles.document import Document
from ketamon.store.home import config_file, themes_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Chair:
    """A chair: its devices as DRIVER:PORT, and its profile by name or file; "" is the shipped one."""

    name: str
    monitor: tuple[str, ...] = ()
    pump: tuple[str, ...] = ()
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is configured. "" is the usual: the login name, the terminal's theme. `sound`: see `options.add_sound`."""

    who: str = ""
    role: Role = Role.NURSE
    theme: str = ""
    sound: bool | None = None
    chair: tuple[Chair, ...] = ()

    @property
    def person(self) -> Person:
        """Who usually sits here."""
        return Person(self.who or getpass.getuser(), self.role)

    def sounds(self, flag: bool | None) -> bool | None:
        """Say whether alarms sound here: as the flag says, else as is configured."""
        return self.sound if flag is None else flag

    def seat(self, name: str | None) -> Chair:
        """Return a chair by its name; without one the only chair there is, or "1". Raises `UsageError`."""
        if name is None and len(self.chair) > 1:
            raise UsageError(f"several chairs are configured ({', '.join(c.name for c in self.chair)}); give --chair")
        named = [chair for chair in self.chair if name in (None, chair.name)]
        return named[0] if named else Chair(name=name or "1")


def load(path: Path | None = None) -> Config:
    """Read the configuration; where there is no file, nothing is configured. Raises `ProfileError`, `SourceError`."""
    path = path or config_file()
    return loader.read(Config, document(path), str(path), lambda config: list(_problems(config, path.parent)))


def or_usual() -> Config:
    """Read the configuration for a screen. One that is broken is told, and keeps nobody from a running session."""
    try:
        return load()
    except (ProfileError, SourceError) as error:
        print(f"{error}\nnothing of the configuration is used here", file=sys.stderr)
        return Config()


def document(path: Path) -> Document:
    """Read the file of a configuration as TOML; no file is an empty one."""
    try:
        return loader.parse(path.read_bytes().decode(), str(path))
    except FileNotFoundError:
        return loader.parse("", str(path))
    except OSError as error:
        raise SourceError(f"the configuration {path} cannot be read: {error.strerror}; make it yours") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text: byte {error.start} is damaged; write it anew") from error


def profile_of(chair: Chair) -> Path | None:
    """Find the profile of a chair: a file beside the configuration, or a shipped one by its name."""
    return find(chair.profile, config_file().parent) if chair.profile else None


def _problems(config: Config, folder: Path) -> Iterator[str]:
    """Give one sentence per problem: the key path, the value, and what is allowed."""
    names = [chair.name for chair in config.chair]
    for i, chair in enumerate(config.chair):
        if chair.name in names[:i]:
            yield f"chair[{i}].name is {chair.name!r}, as another is; allowed is one entry for each chair"
        for at, value, read_one in _values(chair, folder):
            try:
                read_one(value)
            except KetamonError as error:
                yield f"chair[{i}].{at} is {value!r}; allowed is what can be used: {'; '.join(str(error).splitlines())}"
    if config.theme:
        from ketamon.console.look.themes import THEMES  # noqa: PLC0415 (Textual is loaded only where a theme is named)
        from ketamon.console.look.user_themes import files  # noqa: PLC0415 (as above)

        known = [*(theme.name for theme in THEMES), *(path.stem for path in files(folder / themes_dir().name))]
        if config.theme not in known:
            yield f"theme is {config.theme!r}; allowed is one of {', '.join(known)}"


def _values(chair: Chair, folder: Path) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    """Give each value of a chair, with what reads it."""
    yield "name", chair.name, refuse_name
    for n, text in enumerate(chair.monitor):
        yield f"monitor[{n}]", text, lambda text: device(text, DeviceKind.MONITOR)
    for n, text in enumerate(chair.pump):
        yield f"pump[{n}]", text, lambda text: device(text, DeviceKind.PUMP)
    if chair.profile:
        yield "profile", chair.profile, lambda name: loader.load(find(name, folder))
