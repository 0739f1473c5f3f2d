"""A whole line that says: this is no patient. It is there for a replay and a simulation, and nothing can hide it."""

from textual.content import Content

from ketamon.console.widgets.line import Line


class Banner(Line):
    """The line above everything else; absent only for a live session."""

    def show(self, text: str) -> None:
        """Show the words, spread over the line so that they are seen from anywhere."""
        self.display = bool(text)
        if not text:
            return
        times = 3 if self.size.width >= 3 * (len(text) + 8) else 1
        self.say(Content("     ▞▞     ".join([text] * times)))
