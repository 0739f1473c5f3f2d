"""The rescue list: what is done in an emergency, one key each, with the time of it; text only where it is asked for."""

from collections import deque
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import Input

from ketamon.console.view.chair import ChairView
from ketamon.console.view.room import RescueLine
from ketamon.console.widgets.line import Line, in_columns, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import Rescue
from ketamon.domain.people import Person
from ketamon.domain.profile import RescueItem

COLUMN = 23
"""Narrowest column of the list: key, a label of some words, and a time."""


class RescuePanel(Panel):
    """A key logs what was done now; the panel stays open for the next one.

    Keys do not wait for each other's answers. `_asked` holds what was asked and not answered yet, in its order: whether
    it was with a text, which stays in its line until it is saved.
    """

    TITLE = "rescue"
    KEYS: ClassVar[str] = "letter: done  tab observe  esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "observe", "Observe", priority=True, show=False)]

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._item: RescueItem | None = None
        self._text_of: RescueItem | None = None
        self._asked: deque[bool] = deque()

    def compose(self) -> ComposeResult:
        """Hold the line that is typed into, and the list."""
        yield Input(placeholder="what was it", classes="asked-later", compact=True, select_on_focus=False)
        yield Line(classes="choices")

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Go on where it was left."""
        self._ask_for(self._item)

    def draw(self, view: ChairView) -> None:
        """Draw what was done so far."""
        chosen = f" ▸ {self._item.label}" if self._item else ""
        self.border_title = Content(f"{view.header.emergency or 'no emergency is marked'}: rescue{chosen}")
        self.query_one(Line).say(drawn(view.rescue, self._item, self.size.width - 1, self.size.height))

    @on(Resize)
    def _resized(self) -> None:
        if self.view is not None:
            self.draw(self.view)

    def pressed(self, character: str) -> None:
        """Log what has this key, or ask what it was. Nothing waits for the answer to what was logged before."""
        lines = self.view.rescue if self.view else ()
        item = next((line.item for line in lines if line.item.key == character), None)
        if item is None:
            self.post_message(self.Refused(f"the rescue list has nothing with the key “{character}”"))
        elif item.asks_text:
            self._ask_for(item)
        else:
            self._log(item, "")

    @on(Input.Submitted)
    def _text_typed(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            self.post_message(self.Refused("what was it?"))
        elif self._item is not None and not any(self._asked):
            self._log(self._item, text)

    def _log(self, item: RescueItem, text: str) -> None:
        self._asked.append(bool(text))
        what = f"{item.label}: {text}" if text else item.label
        self.post_message(self.Ask(self, Rescue(item=item.id, by=self.staff, text=text), what))

    def answered(self, refused: str) -> None:
        """Put a text away that is saved, and go on with the list."""
        if self._asked.popleft() and not refused:
            self.query_one(Input).value = ""
            self._ask_for(None)

    def _ask_for(self, item: RescueItem | None) -> None:
        """Show the line to type into for an item that asks for text; None: the keys choose."""
        field = self.query_one(Input)
        if item is not None and item is not self._text_of:
            field.value, self._text_of = "", item
        self._item = item
        field.display = item is not None
        self.aim(field if item is not None else self)
        if self.view is not None:
            self.draw(self.view)

    def action_observe(self) -> None:
        """Go to the observations."""
        self.post_message(self.Do("observe"))

    def action_back(self) -> None:
        """Go back from the text to the list, from the list out."""
        if self._item is not None:
            self._ask_for(None)
        else:
            super().action_back()


def drawn(lines: tuple[RescueLine, ...], chosen: RescueItem | None, width: int, height: int) -> Content:
    """Draw the list with the time of what was done, in as many columns as it takes."""
    room = height - 1 if chosen is not None else height
    return in_columns([_cell(line, line.item is chosen) for line in lines], width, room, COLUMN)


def _cell(line: RescueLine, chosen: bool) -> Content:
    label = Content.styled(line.item.label, "bold" if chosen or line.done else "")
    done = Content.styled(f"{line.done} ", "bold $ok") if line.done else ""
    return link(Content.assemble((line.item.key, "bold $pump"), " ", done, label), "press", line.item.key)
