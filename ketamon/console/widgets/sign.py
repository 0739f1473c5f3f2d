"""The way out: assessment signed by one person, discharge by another, then the patient leaves."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view import ChairView
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import Advance, Intent, Sign
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Trigger


class SignForm(Form):
    """Who signs is typed; what is signed is always the next step that is missing."""

    TITLE = "discharge"
    FIELDS = (Field(id="who", label="who signs", example="name and role: Chen physician"),)
    KEYS: ClassVar[str] = "enter sign the next step  esc back"

    def compose(self) -> ComposeResult:
        """Show the steps above the field."""
        yield Line(classes="way")
        yield from super().compose()

    def opened(self, what: str = "") -> None:
        """Offer whoever is at the screen as the first to sign."""
        signing = self.view.signing if self.view else None
        if signing and not signing.assessed_by:
            self.fill({"who": f"{self.staff.name} {self.staff.role}"})
        super().opened(what)

    def draw(self, view: ChairView) -> None:
        """Draw the steps, and which is next."""
        self.query_one(".way", Line).say("\n".join(way(view)))
        self.on_input_changed()

    def live(self, typed: dict[str, str]) -> str:  # noqa: ARG002 (others of the family use it)
        """Say what Enter would do."""
        return f"enter: {_next(self.view)[0]}" if self.view else ""

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the next signature, or the leaving."""
        if self.view is None:
            raise t.Mistake("nothing is known of the session yet")
        what, meaning = _next(self.view)
        by = t.person(typed["who"], "who signs")
        if meaning:
            return Sign(meaning=meaning, by=by), f"{what}, {by}"
        if self.view.signing.may_leave:
            return Advance(trigger=Trigger.LEAVE, by=by), f"{what}, {by}"
        raise t.Mistake(what)

    def done(self) -> None:
        """Stay open for the next person, with an empty field; close when the patient left."""
        self.query_one(Input).value = ""
        if self.view is not None and self.view.signing.may_leave:
            super().done()


def way(view: ChairView) -> list[str]:
    """Say the steps out, each with its state."""
    gate, signing = view.gate, view.signing
    unmet = sum(not line.met for line in gate.lines)
    opened = "yes" if gate.open else f"no, {unmet} unmet (g)" if gate.judged else "not judged yet"
    return [
        f"{_mark(gate.open)} gate open          {opened}",
        f"{_mark(bool(signing.assessed_by))} assessment signed  {signing.assessed_by or '--'}",
        f"{_mark(bool(signing.discharged_by))} discharge signed   {signing.discharged_by or '-- (a second person)'}",
        f"{_mark(signing.left)} patient left       {'yes' if signing.left else '--'}",
    ]


def _mark(done: bool) -> str:
    return "[x]" if done else "[ ]"


def _next(view: ChairView) -> tuple[str, Meaning | None]:
    """Return the next step in words, and the meaning of the signature it needs, if any."""
    signing = view.signing
    if signing.left:
        return "the patient has left", None
    if signing.may_leave:
        return "the patient leaves with the escort", None
    if not signing.assessed_by:
        return "sign the assessment", Meaning.ASSESSMENT
    return "sign the discharge (another person)", Meaning.DISCHARGE
