"""Check-in: the patient, the screening, the order and its second check. The baseline begins when all are done."""

from collections.abc import Iterator

from ketamon.chair.asked.asking import Asking, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Order, Patient, Person
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.profile import Answer, ScreeningItem, Severity
from ketamon.errors import Refused
from ketamon.rules import dose, screening

_EDITABLE = frozenset({Phase.CHECK_IN, Phase.BASELINE})


def check_in(now: Asking, intent: i.CheckIn) -> Iterator[e.Body]:
    """Name patient and order. In the baseline it corrects them, and the order has to be checked anew."""
    if now.state.phase not in _EDITABLE:
        raise Refused("patient and order cannot be changed once the infusion has begun; add a note")
    text(intent.patient.label, "the patient's name or initials")
    text(intent.patient.identifier, "a second identifier")
    text(intent.patient.weight_method, "how the weight was taken")
    _indication(now, intent.patient)
    yield e.PatientCheckedIn(patient=intent.patient, by=intent.by)
    if now.profile.order.required:
        yield e.OrderEntered(order=_order(now, intent), by=intent.by)
    elif _may_go_on(now, screening.missing(now.state, now.profile)):
        yield _go_on(intent.by)


def _indication(now: Asking, patient: Patient) -> None:
    """Refuse what is not in the profile's list; a profile without a list asks for none."""
    listed = next((x for x in now.profile.indication if x.id == patient.indication), None)
    if now.profile.indication and listed is None:
        codes = ", ".join(x.id for x in now.profile.indication)
        raise Refused(f"the indication “{patient.indication}” is not in the profile's list: {codes}")
    if listed is not None and listed.asks_text:
        text(patient.indication_text, "what the indication is")


def _order(now: Asking, intent: i.CheckIn) -> Order:
    if intent.dose_mg_per_kg is None or intent.minutes is None or intent.concentration_mg_per_ml is None:
        raise Refused("the order is missing: dose, minutes and concentration")
    order = dose.order(
        intent.patient,
        intent.dose_mg_per_kg,
        intent.minutes,
        intent.concentration_mg_per_ml,
        now.profile.order,
    )
    plan = now.profile.plan
    if not plan.shortest_minutes <= intent.minutes <= plan.longest_minutes:
        bounds = f"{plan.shortest_minutes:g} to {plan.longest_minutes:g}"
        raise Refused(f"{intent.minutes:g} min is outside the profile's {bounds} min")
    return order


def check_order(now: Asking, intent: i.CheckOrder) -> Iterator[e.Body]:
    """Check the order as a second person."""
    if now.state.order is None:
        raise Refused("there is no order to check yet")
    if now.state.phase not in _EDITABLE and now.state.order_check is not None:
        raise Refused("the infusion has begun; the order was checked before")
    if intent.order not in (None, now.state.order.order):
        raise Refused("the order was changed while it was read; read it again")
    if now.state.order.by.is_same(intent.by):
        raise Refused("the order must be checked by a second person")
    yield e.OrderChecked(by=intent.by, proof=now.proof)
    if _may_go_on(now, screening.missing(now.state, now.profile)):
        yield _go_on(intent.by)


def answer(now: Asking, intent: i.AnswerScreening) -> Iterator[e.Body]:
    """Answer a question; an answer that the profile flags needs its details."""
    item = _item(now, intent.item)
    said = intent.text.strip()
    if item.answer is not Answer.YES_NO and intent.reply is item.flagged_by:
        said = text(
            said, "the drug, its dose and when it was last taken" if item.answer is Answer.DRUG else "what it is"
        )
    before = now.state.screening.get(item.id)
    if now.state.phase is not Phase.CHECK_IN and before is not None:
        raise Refused("the screening is over; add a note")
    yield e.ScreeningAnswered(item=item.id, reply=intent.reply, by=intent.by, text=said)
    if intent.reply is not item.flagged_by or item.severity is Severity.NOTE:
        yield from _if_complete(now, item, intent.by)


def decide(now: Asking, intent: i.DecideScreening) -> Iterator[e.Body]:
    """Decide about a flagged answer."""
    item = _item(now, intent.item)
    screened = now.state.screening.get(item.id)
    if screened is None or not screening.is_flagged(item, screened) or item.severity is Severity.NOTE:
        raise Refused(f"there is nothing to decide about “{item.question}”")
    yield e.ScreeningDecided(item=item.id, go_on=intent.go_on, why=text(intent.why, "a reason"), by=intent.by)
    if intent.go_on:
        yield from _if_complete(now, item, intent.by)


def _if_complete(now: Asking, settled: ScreeningItem, by: Person) -> Iterator[e.Body]:
    """Begin the baseline if this was the last question and the order is checked."""
    open_ = [q for q in screening.questions(now.state, now.profile) if q.standing not in screening.MAY_GO_ON]
    if _order_is_ready(now) and _may_go_on(now, [q.item.id for q in open_ if q.item.id != settled.id]):
        yield _go_on(by)


def _order_is_ready(now: Asking) -> bool:
    """Whether the patient is named and, where the profile has an order, a second person checked it."""
    return now.state.patient is not None and (now.state.order_check is not None or not now.profile.order.required)


def _may_go_on(now: Asking, questions: list[str]) -> bool:
    return now.state.phase is Phase.CHECK_IN and not questions


def _go_on(by: Person) -> e.PhaseChanged:
    return e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, by=by)


def _item(now: Asking, name: str) -> ScreeningItem:
    item = next((item for item in now.profile.screening if item.id == name), None)
    if item is None:
        raise Refused(f"the screening has no question “{name}”")
    return item
