"""Where a click leads: what a thing on the chair's screen is for, as an action and what it is done with."""

from typing import NamedTuple

from textual.geometry import Offset
from textual.widget import Widget

from ketamon.console.widgets.alarm_bar import AlarmBar
from ketamon.console.widgets.pump import PumpTile
from ketamon.console.widgets.tile import Tile

ENTERED: dict[str, str] = {"spo2": "spo2", "pulse": "hr", "nibp": "nibp", "resp": "rr"}
"""The field in which the number of a tile is typed; end-tidal CO2 comes from a monitor only."""

LIMITED: dict[str, str] = {"spo2": "spo2", "pulse": "hr", "nibp": "nibp_sys", "resp": "rr", "co2": "etco2"}
"""The parameter whose alarm limits belong to a tile."""


class Deed(NamedTuple):
    """An action, what it is done with, and whether a click must come twice for it."""

    action: str
    what: str = ""
    twice: bool = False


def upper(tile: Tile) -> Deed:
    """What the upper border of a number is for: to type one in; where that is not done, the alarm limits."""
    return Deed("value", ENTERED[tile.id]) if tile.id in ENTERED else lower(tile)


def lower(tile: Tile) -> Deed:
    """What the lower border of a number is for: its alarm limits."""
    return Deed("limits", LIMITED.get(tile.id or "", ""))


def deed_at(widget: Widget | None, at: Offset) -> Deed | None:
    """Return what a click there is for, None for nothing; what is text with a link has said so itself."""
    match widget:
        case Tile():
            return lower(widget) if at.y >= widget.region.bottom - 1 else upper(widget)
        case PumpTile():
            return Deed("step")
        case _ if widget is not None and any(isinstance(above, AlarmBar) for above in widget.ancestors_with_self):
            return Deed("acknowledge", twice=True)
        case _:
            return None
