"""Who is at the screen: signing in with a PIN, and the emergency access without one."""

from typing import ClassVar

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import BreakGlass, Intent, SignIn


class SignInForm(Form):
    """Who was here last is offered; the PIN is asked for after it."""

    TITLE = "sign in"
    FIELDS = (Field(id="who", label="who are you", example="name and role: AB nurse"),)
    KEYS: ClassVar[str] = "enter PIN  esc back  ctrl+t another"

    def opened(self, what: str = "") -> None:
        """Offer who was here last."""
        self.fill({"who": f"{self.staff.name} {self.staff.role}"})
        super().opened(what)

    def action_throw_away(self) -> None:
        """Leave the field to somebody else."""
        self.clear()

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the signing in."""
        by = t.person(typed["who"], "who you are")
        return SignIn(by=by), f"sign in, {by}"


class GlassForm(Form):
    """For when there is no time for a PIN, or nobody knows one. It is loud on purpose."""

    TITLE = "work without a PIN"
    FIELDS = (
        Field(id="who", label="who are you", example="name and role: AB nurse"),
        Field(id="why", label="because", example="why there is no time for a PIN"),
    )
    ENTER_SAVES = False
    KEYS: ClassVar[str] = "enter next, save  esc back  ctrl+t clear"

    def draw(self, view: ChairView) -> None:  # noqa: ARG002 (others of the family use it)
        """Say from the start what follows."""
        self.on_input_changed()

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the emergency access."""
        by, why = t.person(typed["who"], "who you are"), t.required(typed["why"], "the reason")
        return BreakGlass(by=by, why=why), f"{by} works without a PIN: {why}"

    def live(self, typed: dict[str, str]) -> str:  # noqa: ARG002 (others of the family use it)
        """Say what follows."""
        return "the alarm line will say so until somebody signs in; signatures still take a PIN"
