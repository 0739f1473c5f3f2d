"""What is due, most urgent first, with a pointer that chooses one; above it what is to do before the infusion."""

from textual.content import Content
from textual.reactive import var

from ketamon.console.actions.chair import Actions
from ketamon.console.actions.keys import key_of
from ketamon.console.view.before import Todo
from ketamon.console.view.chair import ChairView
from ketamon.console.view.desk import DueLine
from ketamon.console.widgets.line import Lines, link

WHEN = 13
"""Cells for "overdue 12:34"."""


class DueList(Lines):
    """The due list. `chosen` is the item the pointer is at; it stays with its item when the list is sorted anew."""

    chosen: var[str] = var("")

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = actions
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

    def on_resize(self) -> None:
        """Draw as many as there is room for now."""
        self._draw()

    def _draw(self) -> None:
        if self._view is not None:
            self.say(drawn(self._view, self._actions, self.chosen, max(1, self.size.width), max(1, self.size.height)))


def drawn(view: ChairView, actions: Actions, chosen: str, width: int, height: int) -> list[Content]:
    """Draw what is to do before the infusion, as much of the list as holds the chosen item, and the open effects."""
    effects = view.effects
    todo = [_todo(line, actions).truncate(width, ellipsis=True) for line in view.before.todo]
    window = _window(view.due, chosen, height - len(todo) - (1 if effects else 0))
    rows = [*todo, *(_row(line, line.item == chosen, width) for line in window)]
    rows = rows or [Content.styled("  nothing is due", "$muted")]
    if effects:
        rows.append(Content.styled("open: " + ", ".join(effects), "bold").truncate(width, ellipsis=True))
    return rows


def _todo(line: Todo, actions: Actions) -> Content:
    if not line.action:
        return Content(f" {line.text}")
    return Content.assemble(" ", link(f"{line.text} ({key_of(actions, line.action)})", "go", line.action))


def _row(line: DueLine, chosen: bool, width: int) -> Content:
    style = "bold" if line.now else ""
    when = Content.styled(line.when, "bold reverse" if line.overdue else style)
    room = " " * max(1, WHEN + 1 - len(line.when))
    made = Content.assemble(("›" if chosen else " ", "bold $pump"), when, room, (line.label, style))
    return link(made.truncate(width, ellipsis=True), "go", "due_enter", line.item)


def _window(lines: tuple[DueLine, ...], chosen: str, room: int) -> tuple[DueLine, ...]:
    """Return the `room` lines that hold the chosen one, from the top if it stands there."""
    at = next((i for i, line in enumerate(lines) if line.item == chosen), 0)
    first = max(0, at - max(room, 1) + 1)
    return lines[first : first + max(room, 1)]
