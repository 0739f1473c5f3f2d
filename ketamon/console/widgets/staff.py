"""Who is there: in the room, on site, or gone; and which role is still missing."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import MoveStaff
from ketamon.domain.people import Person
from ketamon.domain.profile import Place

PLACES: dict[str, Place | None] = {"r": Place.ROOM, "s": Place.SITE, "l": None}
"""The key that says where somebody is now; None: left."""

WORDS: dict[Place | None, str] = {Place.ROOM: "in the room", Place.SITE: "on site", None: "not here"}
ADD = "+"


class StaffPanel(Panel):
    """A list of people; a key says where the chosen one is now. Whoever left stays in the list, to come back."""

    TITLE = "who is here"
    KEYS: ClassVar[str] = "r room  s site  l left  + another  esc back  ↑ ↓"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
    ]

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._known: list[Person] = []
        self._at = 0

    def compose(self) -> ComposeResult:
        """Hold the list, and the line for a new name."""
        yield Line(classes="people")
        yield Input(
            placeholder="name and role: Chen physician",
            id="who",
            classes="asked-later",
            compact=True,
            select_on_focus=False,
        )

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Go back to the list, or to the name that was begun."""
        self._naming(on=bool(self.query_one(Input).value))

    @property
    def _there(self) -> dict[Person, Place]:
        return dict(self.view.before.people) if self.view else {}

    def draw(self, view: ChairView) -> None:
        """Draw the list; who comes by another screen is added to it."""
        there = [person for person, _ in view.before.people]
        self._known = [next((p for p in there if p.is_same(known)), known) for known in self._known]
        self._known += [p for p in (*there, self.staff) if not any(p.is_same(known) for known in self._known)]
        self.query_one(".people", Line).say(drawn(self._known, self._there, self._at, view.before.lacking))

    def action_move(self, by: int) -> None:
        """Move the pointer."""
        if self.has_focus:
            self._at = min(max(self._at + by, 0), len(self._known) - 1)
            self._again()

    def _again(self) -> None:
        if self.view is not None:
            self.draw(self.view)

    def pressed(self, character: str) -> None:
        """Say where the chosen person is now, or begin with another name."""
        if character == ADD:
            self._naming(on=True)
        elif character in PLACES:
            who, where = self._known[self._at], PLACES[character]
            self.ask(
                MoveStaff(who=who, where=where, by=self.staff), f"{who} {'left' if where is None else WORDS[where]}"
            )
        else:
            self.post_message(self.Refused(f"“{character}” is no place: r in the room, s on site, l left"))

    def picked(self, what: str) -> None:
        """Go to the person who was clicked."""
        self._at = int(what)
        self._again()

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            who = t.person(event.value, "who it is")
        except t.Mistake as mistake:
            self.post_message(self.Refused(str(mistake)))
            return
        self._known = [known for known in self._known if not known.is_same(who)] + [who]
        self._at = len(self._known) - 1
        self._naming(on=False)
        self.post_message(self.Hint(f"{who}: r in the room, s on site"))

    def _naming(self, *, on: bool) -> None:
        field = self.query_one(Input)
        field.display = on
        if not on:
            field.value = ""
        self.aim(field if on else self)
        self._again()

    def done(self) -> None:
        """Stay open: several people come at once."""

    def action_back(self) -> None:
        """Go back from the name to the list, from the list out."""
        if self.query_one(Input).display:
            self._naming(on=False)
        else:
            super().action_back()


def drawn(people: list[Person], there: dict[Person, Place], at: int, lacking: tuple[str, ...]) -> Content:
    """Draw who is where, and below what is missing."""
    width = max(len(str(person)) for person in people)
    rows = [
        link(
            Content.assemble(
                ("› " if n == at else "  ", "bold $pump"),
                f"{person!s:<{width}}  ",
                (WORDS[there.get(person)], "$muted" if person not in there else "bold"),
            ),
            "pick",
            str(n),
        )
        for n, person in enumerate(people)
    ]
    rows += [Content.styled(f"  {text}", "bold reverse") for text in lacking] or [
        Content.styled("  nobody is missing", "$ok")
    ]
    return Content("\n").join(rows)
