"""What a row of the table of actions says of one thing that a person can do at the chair."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ketamon.console.view import ChairView
from ketamon.console.when import ever


class Where(StrEnum):
    """The heading under which help and palette show an action."""

    EMERGENCY = "emergency"
    PATIENT = "patient"
    ALARMS = "alarms"
    SESSION = "session"
    PEOPLE = "people"
    TIME = "replay and simulation"
    TREND = "trend"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One row: `label` is the word in the key bar, `help` the sentence in help, palette and tooltip.

    `bar` is the place in the key bar (0: not in it); where the bar is too narrow, higher numbers give way first.
    `locked`: also a locked screen does it; for everything else somebody signs in first.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    where: Where
    bar: int = 0
    always: str = ""
    locked: bool = False
    allowed: Callable[[ChairView], bool] = ever
