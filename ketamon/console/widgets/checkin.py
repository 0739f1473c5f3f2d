"""The check-in form: who the patient is, and what is ordered, with the arithmetic beside it as it is typed."""

from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.actions.keys import key_of
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.panel import Field, Form
from ketamon.domain.intents import CheckIn, Intent
from ketamon.domain.people import Order, Patient
from ketamon.domain.profile import Indication
from ketamon.domain.units import Unit
from ketamon.errors import Refused
from ketamon.rules import dose

METHODS = ("scale", "stated", "record")
"""How a weight was taken: on a scale, said by the patient, or taken from the record."""


class CheckInForm(Form):
    """Patient and order in the units a prescriber uses. Nothing is converted: another unit is refused."""

    TITLE = "check in"
    ENTER_SAVES = False
    KEYS: ClassVar[str] = "enter next, save  esc back  ctrl+t clear"
    FIELDS = (
        Field(id="label", label="patient", example="J. D."),
        Field(id="identifier", label="second id", example="record no."),
        Field(id="weight", label="weight kg", example="72.0"),
        Field(id="method", label="weight from", example="scale"),
        Field(id="place", label="course", example="3 of 6"),
        Field(id="indication", label="indication", example="migraine"),
        Field(id="escort", label="escort", example="name, phone"),
        Field(id="dose", label="dose mg/kg", example="0.5", part="order"),
        Field(id="minutes", label="minutes", example="40", part="order"),
        Field(id="concentration", label="conc mg/mL", example="1", part="order"),
    )

    def opened(self, what: str = "") -> None:
        """Begin with what is known, so that a correction needs only what differs. Some profiles have no order."""
        if self.view is not None:
            self.query(".order").set(display=self.view.profile.order.required)
            self.fill(self._known(self.view))
        super().opened(what)

    def draw(self, view: ChairView) -> None:
        """Keep the arithmetic as it is; it depends on what is typed only."""

    def read(self, typed: dict[str, str]) -> tuple[Intent, str]:
        """Return the check-in. The core works the order out again; this one is only shown."""
        patient = self._patient(typed)
        order = self._order(typed, patient)
        if order is None:
            return CheckIn(patient=patient, by=self.staff), f"{patient.label}, {patient.weight_kg:g} kg"
        intent = CheckIn(
            patient=patient,
            dose_mg_per_kg=order.dose_mg_per_kg,
            minutes=order.minutes,
            concentration_mg_per_ml=order.concentration_mg_per_ml,
            by=self.staff,
        )
        return intent, f"{patient.label}, {order.total_mg:g} mg over {order.minutes:g} min"

    def _patient(self, typed: dict[str, str]) -> Patient:
        patient = Patient(
            label=t.required(typed["label"], "the patient"),
            identifier=t.required(typed["identifier"], "the second identifier"),
            weight_kg=t.dosing(typed["weight"], "the weight", Unit.KG),
            weight_method=_method(typed["method"]),
            course=typed["place"].strip(),
            escort=typed["escort"].strip(),
        )
        code, said = t.indication(typed["indication"], self._listed)
        return replace(patient, indication=code, indication_text=said)

    @property
    def _listed(self) -> tuple[Indication, ...]:
        return self.view.profile.indication if self.view is not None else ()

    def _order(self, typed: dict[str, str], patient: Patient) -> Order | None:
        """Return the order, or None where the profile has none."""
        if self.view is None:
            raise t.Mistake("nothing is known of the session yet")
        if not self.view.profile.order.required:
            return None
        numbers = (
            t.dosing(typed["dose"], "the dose", Unit.MG_PER_KG),
            t.dosing(typed["minutes"], "the time", Unit.MINUTE),
            t.dosing(typed["concentration"], "the concentration", Unit.MG_PER_ML),
        )
        try:
            return dose.order(patient, *numbers, self.view.profile.order)
        except Refused as refused:
            raise t.Mistake(str(refused)) from refused

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Write the indication out that a part of its name has named."""
        if event.input.id == "indication":
            with suppress(t.Mistake):
                event.input.value = self._named(*t.indication(event.value, self._listed))

    def _named(self, code: str, said: str) -> str:
        label = next((x.label for x in self._listed if x.id == code), code)
        return ": ".join(part for part in (label, said) if part)

    def live(self, typed: dict[str, str]) -> str:
        """Show the weight in both units and the arithmetic, or what they still lack."""
        try:
            patient = self._patient(typed)
            order = self._order(typed, patient)
        except t.Mistake as mistake:
            return str(mistake)
        if order is None:
            return dose.weight(patient)
        key = key_of(self.actions, "check_order")
        lines = (*dose.arithmetic(order, patient), f"a second person checks this order next ({key})")
        return "\n".join([dose.weight(patient), *lines])

    def _known(self, view: ChairView) -> dict[str, str]:
        """Return what is checked in already, or what the profile plans."""
        known = {"minutes": f"{view.profile.plan.minutes:g}"}
        if view.patient is not None:
            p = view.patient
            known |= {
                "label": p.label, "identifier": p.identifier, "weight": f"{p.weight_kg:g}", "method": p.weight_method,
                "place": p.course, "indication": self._named(p.indication, p.indication_text), "escort": p.escort,
            }  # fmt: skip
        if view.order is not None:
            o = view.order
            known |= {
                "dose": f"{o.dose_mg_per_kg:g}",
                "minutes": f"{o.minutes:g}",
                "concentration": f"{o.concentration_mg_per_ml:g}",
            }
        return known


def _method(text: str) -> str:
    method = t.required(text, "how the weight was taken").lower()
    if method not in METHODS:
        raise t.Mistake(f"weight from: one of {', '.join(METHODS)}")
    return method
