"""What a person can do where no core is followed: one table for the start, course and devices screens.

Bindings, key bar and help are made from it, as those of the chair are from `ketamon.console.actions.chair`; this one
stands apart as the first paint of the start screen must not wait for all that a chair needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ketamon.console.actions.keys import REDRAW, Key, Keyed, shown


class Where(StrEnum):
    """The heading under which help shows a deed."""

    SESSION = "a session"
    LOOK = "to look at"
    COMPUTER = "this computer"
    LISTS = "lists"
    SCREEN = "screen"


class At(StrEnum):
    """A screen."""

    START = "start"
    COURSE = "course"
    DEVICES = "devices"


_ALL = frozenset(At)
_START = frozenset({At.START})
_DEVICES = frozenset({At.DEVICES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed(Keyed):
    """One row. `label` is the word in the menu, too.

    `at` are the screens that have it; `menu`: it stands in the menu of the start screen. `guarded`: where the clinic
    asks for PINs, somebody signs in first, as it may name patients or leave the program.
    """

    where: Where
    at: frozenset[At] = _START
    menu: bool = False
    guarded: bool = False


Deeds = Mapping[str, Deed]
"""A table of deeds by their names: the shipped one, or that with a user's own keys."""

DEEDS: dict[str, Deed] = {
    deed.name: deed
    for deed in (
        Deed(
            name="open",
            keys=("o",),
            label="go on",
            help="go on with a session that did not end: its core broke off, or the machine did",
            where=Where.SESSION,
            menu=True,
        ),
        Deed(
            name="attach",
            keys=("a",),
            label="attach",
            help="show the console of a chair that runs now; any number of consoles may follow one chair",
            where=Where.SESSION,
            menu=True,
        ),
        Deed(
            name="new",
            keys=("n",),
            label="new session",
            help="begin a session at a chair, with its devices as configured or as you type them",
            where=Where.SESSION,
            menu=True,
        ),
        Deed(
            name="demo",
            keys=("d",),
            label="demo",
            help="a whole simulated session, to look around in; the screen says SIMULATED throughout",
            where=Where.LOOK,
            menu=True,
        ),
        Deed(
            name="replay",
            keys=("p",),
            label="replay",
            help="play a recorded stream through the whole session engine; never a live patient",
            where=Where.LOOK,
            menu=True,
        ),
        Deed(
            name="review",
            keys=("v",),
            label="review",
            help="look through sessions that ended, the newest first",
            where=Where.LOOK,
            menu=True,
            guarded=True,
        ),
        Deed(
            name="course",
            keys=("c",),
            label="course",
            help="a patient over several sessions: place in the series, spacing, dose, scores, effects",
            where=Where.LOOK,
            menu=True,
            guarded=True,
        ),
        Deed(
            name="devices",
            keys=("s",),
            label="devices",
            help="the serial ports of this machine, the devices ketamon can read, and what is attached",
            where=Where.COMPUTER,
            menu=True,
        ),
        Deed(
            name="config",
            keys=("g",),
            label="configuration",
            help="what is so at this workstation each day: chairs with their devices, who, theme, sound",
            where=Where.COMPUTER,
            menu=True,
        ),
        Deed(
            name="detect",
            keys=("d",),
            label="detect here",
            help="find out what is at the chosen port: listen first, then ask what only reads; some two minutes a port",
            where=Where.COMPUTER,
            at=_DEVICES,
            bar=1,
        ),
        Deed(
            name="detect_all",
            keys=("D",),
            label="detect at all ports",
            help="find out what is at each port that nobody uses, one after the other",
            where=Where.COMPUTER,
            at=_DEVICES,
            bar=2,
        ),
        Deed(
            name="stop",
            keys=("x",),
            label="stop",
            help="stop detecting",
            where=Where.COMPUTER,
            at=_DEVICES,
            bar=3,
        ),
        Deed(
            name="search",
            keys=("slash",),
            label="search",
            help="search the list: type a part of what you look for",
            where=Where.LISTS,
            at=_ALL,
            bar=4,
        ),
        Deed(
            name="again",
            keys=("r",),
            label="look again",
            help="look again what there is now",
            where=Where.LISTS,
            at=_ALL,
            bar=5,
        ),
        Deed(
            name="lock",
            keys=("L",),
            label="sign out",
            help="forget who signed in; where the clinic asks for PINs, names are hidden again",
            where=Where.SCREEN,
            at=_ALL,
            bar=8,
        ),
        Deed(
            name="theme",
            keys=("t",),
            label="theme",
            help="change the colours",
            where=Where.SCREEN,
            at=_ALL,
            bar=7,
        ),
        Deed(
            name="palette",
            keys=("ctrl+p",),
            label="commands",
            help="find an action by its name",
            where=Where.SCREEN,
            at=_ALL,
            bar=9,
        ),
        Deed(
            name="redraw",
            keys=(REDRAW,),
            label="paint anew",
            help="paint the whole screen anew, after another program wrote over it; while you type, too",
            where=Where.SCREEN,
            at=_ALL,
        ),
        Deed(
            name="help",
            keys=("question_mark",),
            label="help",
            help="all keys, and what they do",
            where=Where.SCREEN,
            at=_ALL,
            bar=10,
            always="f1",
        ),
        Deed(
            name="quit",
            keys=("q",),
            label="quit",
            help="leave; chairs that run go on",
            where=Where.SCREEN,
            at=_ALL,
            menu=True,
            bar=6,
        ),
    )
}

MENU = tuple(name for name, deed in DEEDS.items() if deed.menu)
"""The names of the menu's lines, from the top."""

ADVICE = (
    "Arrow keys and enter, or the mouse, choose; esc goes back. "
    "ketamon is no medical device: the alarms of the monitor and the pump stay on."
)


def at(screen: At, deeds: Deeds = DEEDS) -> list[Deed]:
    """Return the deeds of a screen."""
    return [deed for deed in deeds.values() if screen in deed.at]


def bar(deeds: Iterable[Deed], *, typing: bool) -> list[Key]:
    """Return the keys for the key bar, help last; while something is typed only those that still work."""
    if typing:
        return [Key(deed.name, deed.always, deed.label, "always") for deed in deeds if deed.always]
    wanted = sorted((deed for deed in deeds if deed.bar), key=lambda deed: deed.bar)
    return [Key(deed.name, shown(deed.keys[0]), deed.label) for deed in wanted]
