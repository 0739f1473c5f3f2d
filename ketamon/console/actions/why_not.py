"""Why an action makes no sense now, in words: no key is without an answer."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ketamon.console.actions.row import Action
from ketamon.console.actions.when import charted, coming, has_pins, several, timed, walked
from ketamon.console.view.chair import ChairView
from ketamon.domain.devices import Action as DeviceAction


class Lack(NamedTuple):
    """What is lacking, how it is seen, and the words for it."""

    lacks: Callable[[ChairView], bool]
    words: str


_NO_ALARM = Lack(lambda view: not view.alarms.standing, "while no alarm stands")
_NO_EMERGENCY = Lack(lambda view: not view.emergency, "while no emergency is marked")
_NOTHING_DUE = Lack(lambda view: not view.due, "while nothing is due")
_NO_ORDER = Lack(lambda view: view.order is None, "before there is an order")

LACKS: dict[str, Lack] = {
    **dict.fromkeys(("acknowledge", "dismiss"), _NO_ALARM),
    **dict.fromkeys(("rescue", "emergency_over"), _NO_EMERGENCY),
    **dict.fromkeys(("due_next", "due_previous", "due_enter", "skip"), _NOTHING_DUE),
    **dict.fromkeys(("check_order", "waste"), _NO_ORDER),
    "cuff": Lack(lambda view: DeviceAction.CUFF_START not in view.operable, "with the monitor that is attached"),
    "cuff_stop": Lack(lambda view: DeviceAction.CUFF_ABORT not in view.operable, "with the monitor that is attached"),
    "undo": Lack(lambda view: view.undo is None, "while no observation stands"),
    "screening": Lack(lambda view: coming(view) and not view.before.questions, "where the profile asks nothing"),
}
"""What each of these actions needs besides its phase."""

_PREDICATES: dict[Callable[[ChairView], bool], str] = {
    has_pins: "where nobody has a PIN",
    several: "where there is one chair",
    timed: "in a live session",
    walked: "outside a recording",
    charted: "while there is no trend",
}


def why_not(action: Action, view: ChairView) -> str:
    """Say what stands against an action that is not possible now."""
    return next(_reasons(action, view))


def _reasons(action: Action, view: ChairView) -> Iterator[str]:
    if not view.reached:
        yield "without contact to the core"
    if view.recorded and action.allowed(view):
        yield f"in a {view.source.lower()}: nothing is added to it"
    if action.name in LACKS and LACKS[action.name].lacks(view):
        yield LACKS[action.name].words
    yield _PREDICATES.get(action.allowed, f"in {view.phase}")
