"""The second check of the order: another person reads it with its arithmetic, and says who that is."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import CheckOrder, Intent
from ketamon.rules import dose


class OrderCheckForm(Form):
    """The order as it stands, worked out once more; whoever entered it cannot check it."""

    TITLE = "check of the order, by a second person"
    FIELDS = (Field(id="who", label="checked by", example="name and role: Chen physician"),)
    KEYS: ClassVar[str] = "enter it is right  esc back"

    def compose(self) -> ComposeResult:
        """Show the order above the field."""
        yield Line(classes="order")
        yield from super().compose()

    def draw(self, view: ChairView) -> None:
        """Draw the order. Where another one stands than was read, whoever checks it begins anew."""
        line, text = self.query_one(".order", Line), "\n".join(lines(view))
        if line.said and line.said != text:
            self.query_one("#who", Input).value = ""
        line.say(text)

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the check."""
        view = self.view
        if view is None or view.order is None:
            raise t.Mistake("there is no order to check yet: check in first")
        who, entered = t.person(typed["who"], "who checks"), view.before.ordered_by
        if entered is not None and entered.is_same(who):
            raise t.Mistake(f"{entered} entered the order; a second person checks it")
        order = view.order
        return CheckOrder(
            by=who, order=order
        ), f"order {order.total_mg:g} mg at {order.rate_ml_h:g} mL/h checked, {who}"


def lines(view: ChairView) -> list[str]:
    """Write the order out: who it is for, how it follows, who entered it and who checked it."""
    patient, order, before = view.patient, view.order, view.before
    if patient is None or order is None:
        return ["there is no order yet: check in first"]
    return [
        f"{patient.label}  {patient.identifier}  {dose.weight(patient)}",
        *dose.arithmetic(order, patient),
        f"entered by {before.ordered_by}, "
        + (f"checked by {before.checked_by}" if before.checked_by else "not checked"),
    ]
