"""What is due, most urgent first, with a pointer that chooses one; below it the effects that are still open."""

from textual.content import Content
from textual.reactive import var

from ketamon.console.desk import DueLine
from ketamon.console.view import ChairView
from ketamon.console.widgets.line import Line

WHEN = 13
"""Cells for "overdue 12:34"."""


class DueList(Line):
    """The due list. `chosen` is the item the pointer is at; it stays with its item when the list is sorted anew."""

    chosen: var[str] = var("")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self._view: ChairView | None = None
        self.border_title = "due"

    def show(self, view: ChairView) -> None:
        """Show the list."""
        self._view = view
        items = [line.item for line in view.due]
        if self.chosen not in items:
            self.chosen = items[0] if items else ""
        self._draw()

    def move(self, by: int) -> None:
        """Move the pointer up or down."""
        items = [line.item for line in self._view.due] if self._view else []
        if items:
            at = items.index(self.chosen) if self.chosen in items else 0
            self.chosen = items[min(max(at + by, 0), len(items) - 1)]

    def watch_chosen(self) -> None:
        """Show where the pointer is."""
        self._draw()

    def _draw(self) -> None:
        if self._view is None:
            return
        room = max(1, self.size.height)
        effects = self._view.effects
        below = 1 if effects else 0
        lines = [self._line(line) for line in _window(self._view.due, self.chosen, room - below)]
        if not lines:
            lines = [Content.styled("  nothing is due", "$muted")]
        if effects:
            lines.append(Content.styled("open: " + ", ".join(effects), "bold").truncate(self.size.width, ellipsis=True))
        self.say(Content("\n").join(lines))

    def _line(self, line: DueLine) -> Content:
        pointer = "›" if line.item == self.chosen else " "
        style = "bold" if line.now else ""
        when = Content.styled(line.when, "bold reverse" if line.overdue else style)
        room = " " * max(1, WHEN + 1 - len(line.when))
        made = Content.assemble((pointer, "bold $pump"), when, room, (line.label, style))
        return made.truncate(max(1, self.size.width), ellipsis=True)


def _window(lines: tuple[DueLine, ...], chosen: str, room: int) -> tuple[DueLine, ...]:
    """Return the `room` lines that hold the chosen one, from the top if it stands there."""
    at = next((i for i, line in enumerate(lines) if line.item == chosen), 0)
    first = max(0, at - max(room, 1) + 1)
    return lines[first : first + max(room, 1)]
