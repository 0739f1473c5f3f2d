"""The observation entry: one key chooses the item, one the grade. `o` `n` `1` is "nausea, mild"; a total is typed."""

import re
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.widgets import Input

from ketamon.console.typed import Mistake, minutes_ago
from ketamon.console.widgets.line import Line, in_columns, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import Observe
from ketamon.domain.people import Person
from ketamon.domain.profile import Grade, Group, ObservationItem

HEADINGS = {Group.SCORE: "scores", Group.EFFECT: "effects", Group.EVENT: "events"}
COLUMN = 15
"""Narrowest column of the list of items: key, space, and "dissociation"."""

SET_BACK = "@"
"""The key that sets the time back; no item or grade may have it."""


class ObservePanel(Panel):
    """Item, then grade or number, then text where it is asked for. Esc goes back one step and keeps what was typed."""

    TITLE = "observe"
    KEYS: ClassVar[str] = "esc back  @ it was earlier"

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._item: ObservationItem | None = None
        self._grade: Grade | None = None
        self._ago: tuple[float, str] = (0.0, "")

    def compose(self) -> ComposeResult:
        """Hold the list, and the lines that are typed into."""
        yield Line(classes="choices")
        yield Input(placeholder="number", id="number", classes="asked-later", compact=True, select_on_focus=False)
        yield Input(placeholder="what was it", id="text", classes="asked-later", compact=True, select_on_focus=False)
        yield Input(
            placeholder="minutes ago and why: 5 was with the patient",
            id="ago",
            classes="asked-later",
            compact=True,
            select_on_focus=False,
        )

    def opened(self, what: str = "") -> None:
        """Begin with the list of items, or with the grades of the named one."""
        named = next((item for item in self._items if item.id == what), None)
        if named is not None and named is not self._item:
            self._begin(named)
        self._draw()

    @property
    def _items(self) -> tuple[ObservationItem, ...]:
        return self.view.profile.observation if self.view else ()

    def pressed(self, character: str) -> None:
        """Choose item or grade."""
        if character == SET_BACK:
            self._open("ago")
        elif self._item is None:
            self._choose_item(character)
        elif self._grade is None:
            self._choose_grade(self._item, character)

    def _choose_item(self, key: str) -> None:
        item = next((item for item in self._items if item.key == key), None)
        if item is None:
            self.post_message(self.Refused(f"no item has the key “{key}”"))
            return
        self._begin(item)
        self._draw()

    def _begin(self, item: ObservationItem | None) -> None:
        """Begin with an item, or with none; a number that was typed for another is not kept."""
        self._item, self._grade = item, None
        self.query_one("#number", Input).value = ""

    def _choose_grade(self, item: ObservationItem, key: str) -> None:
        grade = next((grade for grade in item.grades if grade.key == key), None)
        if grade is None:
            self.post_message(self.Refused(f"{item.label} has no grade with the key “{key}”"))
            return
        self._graded(item, grade)

    @on(Input.Submitted, "#number")
    def _number_typed(self, event: Input.Submitted) -> None:
        event.stop()
        typed, item = event.value.strip(), self._item
        if item is None:
            return
        if not _WHOLE.fullmatch(typed) or int(typed) not in item.values:
            self.post_message(self.Refused(f"{item.label} is {_range(item)}, not “{typed}”"))
            return
        self._graded(item, Grade(value=int(typed), key="", label=str(int(typed))))

    def _graded(self, item: ObservationItem, grade: Grade) -> None:
        self._grade = grade
        if item.asks_text:
            self._draw()
        else:
            self._send()

    @on(Input.Submitted, "#text")
    def _text_typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._send()
        else:
            self.post_message(self.Refused("the text is missing"))

    @on(Input.Submitted, "#ago")
    def _ago_typed(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self._ago = minutes_ago(event.value) if event.value.strip() else (0.0, "")
        except Mistake as mistake:
            self.post_message(self.Refused(str(mistake)))
            return
        self._draw()

    def _send(self) -> None:
        if self._item is None or self._grade is None:
            return
        text = self.query_one("#text", Input).value.strip() if self._item.asks_text else ""
        minutes, why = self._ago
        intent = Observe(
            item=self._item.id, grade=self._grade.value, by=self.staff, text=text, minutes_ago=minutes, why_then=why
        )
        self.ask(intent, said(self._item, self._grade, text, minutes))

    def answered(self, refused: str) -> None:
        """After a refusal the grade is asked anew, and the text is still there."""
        if refused and self._item is not None and not self._item.asks_text:
            self._grade = None
        super().answered(refused)
        if refused:
            self._draw()

    def done(self) -> None:
        """Begin anew next time."""
        self._item, self._grade, self._ago = None, None, (0.0, "")
        for field in self.query(Input):
            field.value = ""
        super().done()

    def action_back(self) -> None:
        """Go back one step: from typing the time, from text to grade, from grade to item, from the items out."""
        if self.query_one("#ago", Input).has_focus:
            self._draw()
        elif self._grade is not None:
            self._grade = None
            self._draw()
        elif self._item is not None:
            self._begin(None)
            self._draw()
        else:
            super().action_back()

    @on(Resize)
    def _resized(self) -> None:
        self._draw_choices()

    def _draw(self) -> None:
        """Show the step that is next, and put the focus there."""
        for field in self.query(Input):
            field.display = False
        self._draw_choices()
        if self._grade is not None:
            self._open("text")
        elif self._item is not None and not self._item.grades:
            self._open("number")
        else:
            self.aim(self)

    def _draw_choices(self) -> None:
        choices = self.query_one(".choices", Line)
        width, height = self.size
        choices.say(grades(self._item, self._grade) if self._item else columns(self._items, width - 1, height))
        when = f", {self._ago[0]:g} min ago: {self._ago[1]}" if self._ago[0] else ""
        self.border_title = Content(f"observe{' ▸ ' + self._item.label if self._item else ''}{when}")

    def _open(self, name: str) -> None:
        field = self.query_one(f"#{name}", Input)
        field.display = True
        self.aim(field)


_WHOLE = re.compile(r"-?[0-9]{1,3}")
"""A whole number as people type it: no point, no space, no digit that is not one of these ten."""


def _range(item: ObservationItem) -> str:
    return f"a whole number, {item.values[0]} to {item.values[-1]}"


def said(item: ObservationItem, grade: Grade, text: str, minutes: float) -> str:
    """Say an observation as the answer line does."""
    words = f"{item.label} {grade.label}" if grade.label == str(grade.value) else f"{item.label}, {grade.label}"
    words += f": {text}" if text else ""
    return f"{words} ({minutes:g} min ago)" if minutes else words


def grades(item: ObservationItem, chosen: Grade | None) -> Content:
    """Draw the grades of an item, one a line, or what number can be typed."""
    if not item.grades:
        return Content(f"{_range(item)}, then enter")
    lines = [
        Content.assemble(
            ("›" if grade is chosen else " ", "bold $pump"),
            link(Content.assemble((f"{grade.key}", "bold $pump"), f"  {grade.label}"), "press", grade.key),
        )
        for grade in item.grades
    ]
    return Content("\n").join(lines)


def _cell(item: ObservationItem) -> Content:
    return link(Content.assemble((item.key, "bold $pump"), f" {item.label}"), "press", item.key)


def columns(items: tuple[ObservationItem, ...], width: int, height: int) -> Content:
    """Draw the items under their headings."""
    cells: list[Content] = []
    for group in Group:
        members = [item for item in items if item.group is group]
        if members:
            cells.append(Content.styled(HEADINGS[group], "$muted"))
            cells += [_cell(item) for item in members]
    return in_columns(cells, width, height, COLUMN)
