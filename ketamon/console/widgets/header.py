"""The head line: which chair, which patient, whether what is seen is saved, and what time it is."""

from ketamon.console.view import Header
from ketamon.console.widgets.line import Line, Part, fit


class HeaderLine(Line):
    """One line over the whole width; course and weight give way where it is narrow."""

    def show(self, header: Header) -> None:
        """Show the header."""
        left = (
            Part("ketamon", "$muted", rank=4),
            Part(header.chair, "bold"),
            Part(f"▸ {header.phase}", "bold $pump"),
            Part(header.patient, "bold", rank=1),
            Part(header.weight, rank=2),
            Part(header.course, "$muted", rank=5),
        )
        saved = (
            Part(f"▲ RECORD {header.degraded}", "bold $alarm-high")
            if header.degraded
            else Part(f"● {header.saved}", "$muted", rank=3)
        )
        right = (saved, Part(header.source, "bold"), Part(header.clock, "bold"))
        self.say(fit(left, right, self.size.width))
