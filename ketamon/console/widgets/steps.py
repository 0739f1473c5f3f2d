"""The phase menu: what may come next from here, what it means, and who may do it."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from ketamon.console.view.chair import ChairView
from ketamon.console.view.desk import Step
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import Advance
from ketamon.domain.people import Person


class StepPanel(Panel):
    """A digit chooses a step; a step that wants a reason asks for it."""

    TITLE = "next step"
    KEYS: ClassVar[str] = "1-9 choose  esc back"

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._step: Step | None = None

    def compose(self) -> ComposeResult:
        """Hold the menu and the reason."""
        yield Line(classes="menu")
        yield Input(placeholder="why", id="why", classes="asked-later", compact=True, select_on_focus=False)

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Show the menu anew."""
        self._ask_why(None)

    def draw(self, view: ChairView) -> None:
        """Draw the menu; a step that is no longer possible is dropped, with the reason for it kept."""
        if self._step is not None and self._step not in view.steps:
            self._ask_why(None)
        self.query_one(Line).say(menu(view, self.staff, self._step))

    def pressed(self, character: str) -> None:
        """Choose a step by its number."""
        steps = self.view.steps if self.view else ()
        chosen = next((step for n, step in enumerate(steps, 1) if str(n) == character), None)
        if chosen is None:
            self.post_message(self.Refused(f"no step has the number “{character}”"))
        elif self.staff.role not in chosen.roles:
            self.post_message(self.Refused(f"“{chosen.trigger}” needs {_roles(chosen)}"))
        elif chosen.asks_why:
            self._ask_why(chosen)
        else:
            self._send(chosen, "")

    @on(Input.Submitted)
    def _why_typed(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.post_message(self.Refused("a reason is asked for"))
        elif self._step is not None:
            self._send(self._step, event.value.strip())

    def _send(self, step: Step, why: str) -> None:
        self.ask(Advance(trigger=step.trigger, by=self.staff, why=why), f"{step.trigger} ▸ {step.to}")

    def _ask_why(self, step: Step | None) -> None:
        self._step = step
        why = self.query_one("#why", Input)
        why.display = step is not None
        self.aim(why if step is not None else self)
        if self.view is not None:
            self.query_one(Line).say(menu(self.view, self.staff, step))

    def done(self) -> None:
        """Forget the reason and close."""
        self.query_one("#why", Input).value = ""
        self._ask_why(None)
        super().done()

    def action_back(self) -> None:
        """Go back from the reason to the menu, from the menu out."""
        if self._step is not None:
            self._ask_why(None)
        else:
            super().action_back()


def menu(view: ChairView, staff: Person, chosen: Step | None) -> Content:
    """Draw the steps: number, name, where it leads, what it means; and who must do it, where that is somebody else."""
    if not view.steps:
        return Content(_NOWHERE.get(view.phase.value, "nothing comes after this; the session has ended"))
    rows: list[Content] = []
    for number, step in enumerate(view.steps, 1):
        may = staff.role in step.roles
        head = Content.assemble(
            ("›" if step is chosen else " ", "bold $pump"), (f"{number}  ", "bold $pump" if may else "$muted"),
            (f"{step.trigger} ▸ {step.to}", "bold" if may else "$muted"),
        )  # fmt: skip
        means = f"    {step.means}" + ("" if may else f" (needs {_roles(step)})")
        rows += [link(head, "press", str(number)), Content.styled(means, "$muted")]
    return Content("\n").join(rows)


_NOWHERE = {"recovery": "recovery ends with two signatures while the gate is open, at the discharge"}


def _roles(step: Step) -> str:
    return "a " + " or a ".join(sorted(step.roles))
