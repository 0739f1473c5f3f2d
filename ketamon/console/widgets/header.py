"""The head line: which chair, which patient, whether what is seen is saved, and what time it is."""

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal

from ketamon.console.view.chair import Header
from ketamon.console.widgets.line import Line, Part, fit

CLOCK = 10
"""Cells for the time and the space before it; the style sheet gives it as many."""


class HeaderLine(Horizontal):
    """One line over the whole width; course and weight give way where it is narrow.

    The clock is a widget of its own, as it is all that changes each second.
    """

    who = getters.query_one("#who", Line)
    clock = getters.query_one("#clock", Line)

    def compose(self) -> ComposeResult:
        """Hold what stands still, and what does not."""
        yield Line(id="who")
        yield Line(id="clock")

    def show(self, header: Header) -> None:
        """Show the header."""
        left = (
            Part("ketamon", "$muted", rank=4),
            Part(f" {header.chair} ", "bold reverse"),
            Part(f"▸ {header.phase}", "bold $pump"),
            Part(header.emergency, "bold reverse $alarm-high"),
            Part(header.patient, "bold", rank=1),
            Part(header.weight, rank=2),
            Part(header.course, "$muted", rank=5),
        )
        saved = (
            Part(f"▲ RECORD {header.degraded}", "bold $alarm-high")
            if header.degraded
            else Part(header.saved and f"● {header.saved}", "$muted", rank=3)
        )
        waits = Part(header.unsaved, "$alarm-high", rank=3)
        right = (Part(header.staff, "$muted", rank=6), waits, saved, Part(header.source, "bold"))
        self.who.say(fit(left, right, max(1, self.size.width - CLOCK)))
        self.clock.say(header.clock.rjust(CLOCK))
