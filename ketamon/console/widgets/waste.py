"""Waste: how much of the drug was left and thrown away, and who saw it."""

from typing import ClassVar

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import Intent, Waste
from ketamon.domain.units import Unit


class WasteForm(Form):
    """What is typed is what was seen; the arithmetic beside it is only what should be left."""

    TITLE = "waste"
    ENTER_SAVES = False
    KEYS: ClassVar[str] = "enter next, save  esc back  ctrl+t clear"
    FIELDS = (
        Field(id="volume", label="thrown away mL", example="as measured"),
        Field(id="witness", label="seen by", example="name and role: Chen physician"),
    )

    def draw(self, view: ChairView) -> None:  # noqa: ARG002 (others of the family use it)
        """Keep up with what is given meanwhile."""
        self.on_input_changed()

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the waste; its witness gives the PIN."""
        volume = t.dosing(typed["volume"], "what was thrown away", Unit.ML)
        witness = t.person(typed["witness"], "the witness")
        if witness.is_same(self.staff):
            raise t.Mistake("waste is witnessed by a second person")
        return Waste(volume_ml=volume, by=self.staff, witness=witness), f"{volume:g} mL wasted"

    def live(self, typed: dict[str, str]) -> str:  # noqa: ARG002 (others of the family use it)
        """Show what should be left."""
        return "\n".join(self.view.left_over) if self.view else ""
