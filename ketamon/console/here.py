"""What the start screen knows of this computer. Others look it up: the console reads no records and opens no ports."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ketamon.domain.people import Person

if TYPE_CHECKING:  # the first paint does not wait for the rules of a course
    from ketamon.course import PatientCourse

TYPED = "typed"
"""The key of the row of a list of files that stands for one whose path is typed."""

Stop = Callable[[float], bool]
"""Waits so many seconds; whether to stop was asked meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a list: what stands there, and the whole of it in a sentence.

    `args` are the arguments of the command that it means, `deed` is an action of the screen instead, `key` names what
    the screen is to look at. One with none of these only says something; `wrong` where that is bad. A `guarded` one may
    name a patient or leads out of ketamon: where the clinic asks for PINs, somebody signs in first.
    """

    text: str
    detail: str = ""
    args: tuple[str, ...] = ()
    deed: str = ""
    key: str = ""
    wrong: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What there is to go on with: sessions that did not end, chairs that run, what is wrong.

    `config` says where the configuration is, `who` is who usually sits here: name and role. `fresh`: nothing is
    configured and nothing was ever recorded here. `pins`: the clinic asks for PINs.
    """

    open: tuple[Row, ...] = ()
    running: tuple[Row, ...] = ()
    problems: tuple[str, ...] = ()
    config: str = ""
    who: str = ""
    fresh: bool = False
    pins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A chair as it is configured: its devices as DRIVER:PORT, and the name of its profile."""

    name: str
    monitors: str = ""
    pumps: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What can be typed for a device: the drivers of each kind, and the ports that exist, each with what it is."""

    monitors: tuple[str, ...] = ()
    pumps: tuple[str, ...] = ()
    ports: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A new session as it was typed, checked: the command, and what has to be meant before it runs ("" for nothing)."""

    args: tuple[str, ...]
    doubt: str = ""


@dataclass(slots=True, kw_only=True)
class Memory:
    """What the start screen remembers while a command has the terminal.

    `who` signed in, and `touched` is when somebody last pressed a key, in seconds of the monotonic clock. `said` is
    what the command had to say, `failed` whether it went wrong. `seen` are the open sessions that were offered before.
    """

    who: Person | None = None
    touched: float = 0.0
    theme: str = ""
    section: str = ""
    said: tuple[str, ...] = ()
    failed: bool = False
    seen: tuple[str, ...] = ()


class Here(Protocol):
    """This computer. Everything may take a while and is asked in a thread; everything may raise `KetamonError`."""

    @property
    def idle_s(self) -> float:
        """So long after the last key whoever signed in is asked again."""

    def glance(self) -> Glance:
        """Look at what there is to go on with."""

    def rows(self, section: str) -> list[Row]:
        """List what `demo`, `replay`, `review`, `ports` or `drivers` has to choose from."""

    def seats(self) -> list[Seat]:
        """Return the chairs of the configuration; none where it cannot be read."""

    def offers(self) -> Offers:
        """Return what can be typed for a device."""

    def plan(self, typed: Mapping[str, str]) -> Plan:
        """Check what was typed for a new session (`chair`, `monitors`, `pumps`, `profile`, `who`)."""

    def stream(self, typed: str) -> tuple[str, ...]:
        """Return the command that plays a recording, by its path or the name of a sample."""

    def sign_in(self, name: str, pin: str) -> Person:
        """Return who that is. Raises `Refused`."""

    def courses(self, identifier: str | None) -> "tuple[list[PatientCourse], list[str]]":
        """Return the courses of all patients in outline, or of one whole; and why records were left out."""

    def detect(self, port: str, stop: Stop) -> Iterator[Row]:
        """Try to recognise the device at a port, a row for each try; ends early when `stop` says so."""
