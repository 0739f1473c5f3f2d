"""What opens beside the numbers for entry. Nothing here is modal: numbers and alarms go on, and typed text is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.events import Key
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

from ketamon.console.actions.chair import ACTIONS, Actions
from ketamon.console.typed import Mistake
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.line import Line
from ketamon.domain.intents import Intent
from ketamon.domain.people import Person
from ketamon.playback import Player

MANY = 6
"""A form of more fields than this stands in two columns on every screen."""


class Panel(VerticalScroll):
    """The base of all panels. A panel is mounted once and then shown or hidden, so what was typed stays.

    `KEYS` stand in the key bar while it is open; a `ROOMY` one gets more of a high screen; it leaves the keys of the
    actions in `PASSES` to the screen.
    """

    TITLE: ClassVar[str] = ""
    KEYS: ClassVar[str] = "esc back"
    ROOMY: ClassVar[bool] = False
    PASSES: ClassVar[frozenset[str]] = frozenset()
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", show=False)]

    @dataclass
    class Ask(Message):
        """The panel wants this asked of the core; `what` is said when it is done."""

        panel: "Panel"
        intent: Intent
        what: str

    @dataclass
    class Refused(Message):
        """What was typed cannot be sent; `why` in words."""

        why: str

    @dataclass
    class Hint(Message):
        """Something to say that is no answer of the core."""

        text: str

    @dataclass
    class Do(Message):
        """Close the panel, and do this action."""

        action: str

    @dataclass
    class Walk(Message):
        """Go somewhere in the recording."""

        walk: Callable[[Player], None]

    class Closed(Message):
        """The panel has nothing more to do."""

    def __init__(self, staff: Person) -> None:
        super().__init__(classes="panel", can_focus=True)
        self.display = False
        self.staff = staff
        self.view: ChairView | None = None
        self.actions: Actions = ACTIONS
        self.asking = False
        self.player: Player | None = None
        self.border_title = self.TITLE

    @property
    def keys(self) -> str:
        """The keys that stand in the key bar while it is open."""
        return self.KEYS

    def show(self, view: ChairView) -> None:
        """Take a new view; panels that draw it override `draw`."""
        self.view = view
        self.draw(view)

    def draw(self, view: ChairView) -> None:
        """Draw what changed."""

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Take the focus; `what` may name the item the panel is opened for."""
        self.aim(self)

    def aim(self, widget: Widget) -> None:
        """Give a widget the keys, from the very next one on."""
        self.screen.set_focus(widget)

    def on_key(self, event: Key) -> None:
        """Take a printable key. One that was on its way when a field got the focus still goes into that field."""
        if event.character is None or not event.is_printable:
            return
        field = self.screen.focused
        if isinstance(field, Input) and self in field.ancestors:
            event.stop()
            field.insert_text_at_cursor(event.character)
        elif self.has_focus:
            self.pressed(event.character)

    def pressed(self, character: str) -> None:
        """Do what a printable key means here; a panel of nothing but fields has none."""

    def picked(self, what: str) -> None:
        """Do what a click on a line of it means; where lines have keys that is their key."""
        self.pressed(what)

    def focus_on_click(self) -> bool:
        """A click beside a field leaves the cursor in it."""
        return not isinstance(self.screen.focused, Input)

    def ask(self, intent: Intent, what: str) -> None:
        """Send an intent; while one is on its way that is said, and nothing sent."""
        if self.asking:
            self.post_message(self.Hint(f"the last one is not saved yet; again, please: {what}"))
            return
        self.asking = True
        self.post_message(self.Ask(self, intent, what))

    def answered(self, refused: str) -> None:
        """Hear the answer: "" when it is done and durable. A refusal keeps everything as it was."""
        self.asking = False
        if not refused:
            self.done()

    def done(self) -> None:
        """Close after it was saved."""
        self.post_message(self.Closed())

    def action_back(self) -> None:
        """Back out one step; the base has only one."""
        self.post_message(self.Closed())


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A line of a form: its label, an example of what to type, and a class by which it can be left out."""

    id: str
    label: str
    example: str = ""
    part: str | None = None


class Form(Panel):
    """A panel of input fields. `read` turns what was typed into an intent and the words for it, or raises `Mistake`."""

    FIELDS: ClassVar[Sequence[Field]] = ()
    ENTER_SAVES: ClassVar[bool] = True
    KEYS: ClassVar[str] = "enter save  esc back  ctrl+t clear"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "throw_away", "Throw away", show=False)]

    def compose(self) -> ComposeResult:
        """Lay out the fields, and a line below for what follows from them."""
        with Grid(classes="fields -many" if len(self.FIELDS) > MANY else "fields"):
            for field in self.FIELDS:
                yield Label(field.label, markup=False, classes=field.part)
                yield Input(
                    placeholder=field.example, id=field.id, classes=field.part, compact=True, select_on_focus=False
                )
        yield Line(classes="live")

    def opened(self, what: str = "") -> None:
        """Put the cursor into the named field, else into the first empty one."""
        inputs = self.asked
        empty = [field for field in inputs if not field.value]
        wanted = next((field for field in inputs if field.id == what), None)
        self.aim(wanted or (empty or inputs)[0])

    @property
    def asked(self) -> list[Input]:
        """The fields that are asked for; some forms leave some out."""
        return [field for field in self.query(Input) if field.display]

    @property
    def typed(self) -> dict[str, str]:
        """What stands in the fields."""
        return {field.id or "": field.value for field in self.query(Input)}

    def fill(self, texts: dict[str, str]) -> None:
        """Put texts into fields that are empty."""
        for field in self.query(Input):
            if not field.value and field.id in texts:
                field.value = texts[field.id]

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the intent and the words for it."""
        raise NotImplementedError

    def live(self, typed: dict[str, str]) -> str:  # noqa: ARG002 (others of the family use it)
        """Return what follows from what is typed so far."""
        return ""

    def on_input_changed(self) -> None:
        """Show what follows."""
        self.query_one(".live", Line).say(self.live(self.typed))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field, or save."""
        event.stop()
        if self.ENTER_SAVES or event.input is self.asked[-1]:
            self.save()
        else:
            self.screen.focus_next(Input)

    def save(self) -> None:
        """Send what was typed, or say what is wrong with it."""
        try:
            intent, what = self.read(self.typed)
        except Mistake as mistake:
            self.post_message(self.Refused(str(mistake)))
            return
        self.ask(intent, what)

    def done(self) -> None:
        """Empty the form after it was saved, and close."""
        self.clear()
        super().done()

    def clear(self) -> None:
        """Empty all fields."""
        for field in self.query(Input):
            field.value = ""

    def action_throw_away(self) -> None:
        """Empty the form on purpose."""
        self.clear()
        self.post_message(self.Hint("what was typed is thrown away"))
        self.opened()
