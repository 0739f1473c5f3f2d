"""The pump tile: what it does, whether that is what was ordered, and how much was given."""

from textual.content import Content

from ketamon.console.view.numbers import Pump
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.tile import STARS
from ketamon.domain.devices import Priority

_BORDER_CELLS = 6
"""Cells of a border line that Textual keeps from a title: corners, one line and one blank at each side."""


class PumpTile(Line):
    """Up to five lines; on a low screen the last give way, the alarms of the pump never. The border says the rest."""

    def show(self, pump: Pump) -> None:
        """Show the pump."""
        stars = f"{STARS[pump.alarm]} " if pump.alarm else ""
        if self.border_title != stars + pump.title:
            self.border_title = Content(stars + pump.title)
        notes = noted(pump.notes, self.outer_size.width - _BORDER_CELLS)
        if self.border_subtitle != notes:
            self.border_subtitle = Content(notes)
        self.set_class(not pump.usable, "-stale")
        for priority in Priority:
            self.set_class(pump.alarm is priority, f"-alarm-{priority}")
        self.say(drawn(pump, max(1, self.size.width), max(1, self.size.height)))


def drawn(pump: Pump, width: int, height: int) -> Content:
    """Draw the lines; what belongs together shares one where it fits, state and alarms where the height is short."""
    style = "bold $alarm-high" if pump.agrees is False else "$pump"
    lines = [
        Content.styled(pump.state, "bold"),
        *(Content.styled(text, style) for text in _together(pump.rate, pump.order, width)),
        Content(pump.given),
        *(Content(text) for text in _together(pump.dose, pump.volume, width)),
    ]
    lines = [line for line in lines if line.plain]
    if pump.alarms:
        alarms = Content.styled(pump.alarms, "bold" if pump.alarms.startswith("ALARM") else "$muted")
        lines = [*lines[: height - 1], alarms]
    return Content("\n").join([line.truncate(width, ellipsis=True) for line in lines[:height]])


def _together(left: str, right: str, width: int) -> list[str]:
    """Write both on one line, or on two where it is too narrow."""
    lines = (gap.join(text for text in (left, right) if text) for gap in ("  ", " "))
    return next(([line] for line in lines if len(line) <= width), [left, right])


def noted(notes: tuple[str, ...], width: int) -> str:
    """Join as many notes as there is room for; the first is never left out."""
    return next(
        (text for n in range(len(notes), 1, -1) if len(text := ", ".join(notes[:n])) <= width), "".join(notes[:1])
    )
