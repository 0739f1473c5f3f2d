"""The pump tile: what it does, whether that is what was ordered, and how much was given."""

from textual.content import Content

from ketamon.console.numbers import Pump
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.tile import STARS
from ketamon.domain.devices import Priority


class PumpTile(Line):
    """Up to five lines; on a low screen the last give way, the alarms of the pump never."""

    def show(self, pump: Pump) -> None:
        """Show the pump."""
        stars = f"{STARS[pump.alarm]} " if pump.alarm else ""
        if self.border_title != stars + pump.title:
            self.border_title = Content(stars + pump.title)
        self.set_class(not pump.usable, "-stale")
        for priority in Priority:
            self.set_class(pump.alarm is priority, f"-alarm-{priority}")
        self.say(drawn(pump, max(1, self.size.width), max(1, self.size.height)))


def drawn(pump: Pump, width: int, height: int) -> Content:
    """Draw the lines; state and alarms share one where the height is short."""
    style = "bold $alarm-high" if pump.agrees is False else "$pump"
    together = f"{pump.rate}  {pump.order}".rstrip()
    rate = [together] if len(together) <= width else [pump.rate, pump.order]
    lines = [
        Content.styled(pump.state, "bold"),
        *(Content.styled(text, style) for text in rate),
        Content(pump.given),
        Content(pump.dose),
    ]
    lines = [line for line in lines if line.plain]
    if pump.alarms:
        alarms = Content.styled(pump.alarms, "bold" if pump.alarms.startswith("ALARM") else "$muted")
        lines = [*lines[: height - 1], alarms]
    return Content("\n").join([line.truncate(width, ellipsis=True) for line in lines[:height]])
