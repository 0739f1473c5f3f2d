"""The way out: two people sign that the gate is met, or that it need not be; then the patient leaves."""

from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.gate import title
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import Advance, Intent, Sign
from ketamon.domain.people import Meaning, Role
from ketamon.domain.phases import Trigger

WIDE = 70
"""From this width on each unmet check says what was observed."""


class SignForm(Form):
    """Who signs is typed; what is signed is always the next step that is missing.

    Where the gate is closed that is the override: its first signature takes a reason, so Enter alone signs nothing.
    """

    TITLE = "discharge"
    ROOMY = True
    ENTER_SAVES = False
    FIELDS = (
        Field(id="who", label="who signs", example="name and role: Chen physician"),
        Field(id="why", label="override, because", example="why the patient leaves all the same", part="override"),
    )
    KEYS: ClassVar[str] = "enter sign  esc back  pgdn more"

    def compose(self) -> ComposeResult:
        """Show the steps above the fields, and below them what the gate lacks."""
        yield Line(classes="way")
        yield from super().compose()
        yield Line(classes="unmet")

    def opened(self, what: str = "") -> None:
        """Offer whoever is at the screen as the first to sign."""
        if self.view is not None and _next(self.view).meaning is Meaning.ASSESSMENT:
            self.fill({"who": f"{self.staff.name} {self.staff.role}"})
        super().opened(what)

    def draw(self, view: ChairView) -> None:
        """Draw the verdict, the steps, which is next, and what is unmet."""
        self.query(".override").set(display=_next(view).meaning is Meaning.OVERRIDE)
        self.query_one(".way", Line).say("\n".join(way(view)))
        self.border_title = Content(f"discharge, {title(view.gate)}")
        self.query_one(".unmet", Line).say(unmet(view, self.size.width))
        self.on_input_changed()

    def live(self, typed: dict[str, str]) -> str:  # noqa: ARG002 (others of the family use it)
        """Say what Enter would do."""
        return f"enter: {_next(self.view).words}" if self.view else ""

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the next signature, or the leaving."""
        if self.view is None:
            raise t.Mistake("nothing is known of the session yet")
        what, meaning, roles = _next(self.view)
        if not meaning and not self.view.signing.may_leave:
            raise t.Mistake(what)
        by = t.person(typed["who"], "who signs")
        if not meaning:
            return Advance(trigger=Trigger.LEAVE, by=by), f"{what}, {by}"
        if by.role not in roles:
            raise t.Mistake(f"this is signed by {_either(roles)}, not by a {by.role}")
        if meaning is not Meaning.OVERRIDE:
            return Sign(meaning=meaning, by=by), f"{what}, {by}"
        why = t.required(typed["why"], "the gate is closed: the reason why the patient leaves all the same")
        return Sign(meaning=meaning, by=by, why=why), f"{what}: {why}, {by}"

    def done(self) -> None:
        """Stay open for the next person, with empty fields; close when the patient left."""
        self.clear()
        self.aim(self.query(Input).first())
        if self.view is not None and self.view.signing.left:
            super().done()


class Next(NamedTuple):
    """The next step in words, the meaning of the signature it needs, if any, and the roles that can give it."""

    words: str
    meaning: Meaning | None = None
    roles: tuple[Role, ...] = ()


def _next(view: ChairView) -> Next:
    """Return the next step. An open gate is never overridden, and a closed one has no other way."""
    signing, rules = view.signing, view.profile.gate
    if signing.left:
        return Next("the patient has left")
    if signing.may_leave:
        return Next("the patient leaves with the escort")
    if not view.gate.judged:
        return Next("the gate is not judged yet")
    if view.gate.open:
        if not signing.assessed_by:
            return Next("sign the assessment", Meaning.ASSESSMENT, rules.assessment_by)
        return Next("sign the discharge (another person)", Meaning.DISCHARGE, rules.discharge_by)
    if not signing.overridden_by:
        return Next("sign the override", Meaning.OVERRIDE, rules.override_by)
    return Next("second the override (another person)", Meaning.OVERRIDE_SECOND, rules.override_second_by)


def way(view: ChairView) -> list[str]:
    """Say the steps out, each with its state: through the open gate, or past the closed one."""
    signing = view.signing
    past = signing.override_seconded_by or _next(view).meaning in (Meaning.OVERRIDE, Meaning.OVERRIDE_SECOND)
    steps = (
        (("override signed", signing.overridden_by), ("override seconded", signing.override_seconded_by))
        if past
        else (("assessment signed", signing.assessed_by), ("discharge signed", signing.discharged_by))
    )
    rows = [
        f"[{'x' if by else ' '}] {step:<18} {by or ('--' if n == 0 else '-- (a second person)')}"
        for n, (step, by) in enumerate(steps)
    ]
    return [*rows, f"[{'x' if signing.left else ' '}] patient left"] if signing.may_leave or signing.left else rows


def _either(roles: tuple[Role, ...]) -> str:
    return "a " + " or a ".join(roles)


def unmet(view: ChairView, width: int) -> Content:
    """List every check that is not met; where there is room with what was observed instead."""
    lines = [line for line in view.gate.lines if not line.met]
    said = [
        Content.assemble(line.label, (f" ({line.observed})", "$muted")) if width >= WIDE else Content(line.label)
        for line in lines
    ]
    return Content.assemble(("UNMET ", "bold"), Content("; ").join(said)) if said else Content("")
