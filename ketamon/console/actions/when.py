"""When an action makes sense, from what is drawn: the core still checks every intent."""

from ketamon.console.view.before import BEFORE
from ketamon.console.view.chair import ChairView
from ketamon.domain.phases import ENDED, Phase
from ketamon.follow import Source


def ever(_: ChairView) -> bool:
    """Always."""
    return True


def running(view: ChairView) -> bool:
    """While the session runs and the core is reached."""
    return view.phase not in ENDED and view.reached


def coming(view: ChairView) -> bool:
    """Whether the infusion is still to come."""
    return view.phase in BEFORE and view.reached


def leaving(view: ChairView) -> bool:
    """Towards the end: recovery, or ready to leave."""
    return view.phase in (Phase.RECOVERY, Phase.READY)


def timed(view: ChairView) -> bool:
    """Where time can be made to go faster or stand."""
    return view.reached and view.source is not Source.LIVE


def walked(view: ChairView) -> bool:
    """Where a recording is shown that a person walks through."""
    return view.reached and view.recorded


def has_pins(view: ChairView) -> bool:
    """Whether people prove here who they are."""
    return view.pins and view.reached


def several(view: ChairView) -> bool:
    """Where this console follows several chairs."""
    return len(view.chairs) > 1


def charted(view: ChairView) -> bool:
    """Whether there is a trend to read in."""
    return view.trend is not None and bool(view.trend.panels)
