"""What a row of the table of actions says of one thing that a person can do at the chair."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ketamon.console.actions.keys import Keyed
from ketamon.console.actions.when import ever
from ketamon.console.view.chair import ChairView


class Where(StrEnum):
    """The heading under which help and palette show an action."""

    EMERGENCY = "emergency"
    PATIENT = "patient"
    ALARMS = "alarms"
    SESSION = "session"
    PEOPLE = "people"
    TIME = "replay, review and simulation"
    TREND = "trend"
    SCREEN = "screen"


_ADDS = frozenset({Where.EMERGENCY, Where.PATIENT, Where.ALARMS, Where.SESSION, Where.PEOPLE})
"""What stands under these headings is for the record of a session that runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Keyed):
    """One row. Where the key bar is too narrow, higher numbers of `bar` give way first.

    `locked`: also a locked screen does it; for everything else somebody signs in first. `reads`: it adds nothing to the
    record, though it stands among those that do.
    """

    where: Where
    locked: bool = False
    reads: bool = False
    allowed: Callable[[ChairView], bool] = ever

    def possible(self, view: ChairView) -> bool:
        """Whether it makes sense now: nothing is added to a recording."""
        return self.allowed(view) and not (view.recorded and self.where in _ADDS and not self.reads)
