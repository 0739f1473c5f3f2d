"""What people saw, asked, measured and wrote down, and what they left out."""

from collections.abc import Iterator
from dataclasses import replace

from ketamon.chair.asked.asking import Asking, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.profile import CriterionKind, ObservationItem
from ketamon.domain.session import logged
from ketamon.errors import Refused
from ketamon.rules.schedule import OVERRUN


def observe(now: Asking, intent: i.Observe) -> Iterator[e.Body]:
    """Log an observation, now or set back with a reason."""
    item = _item(now, intent.item)
    _check_grade(item, intent.grade)
    if item.asks_text:
        text(intent.text, f"what “{item.label}” was")
    then = None
    if intent.minutes_ago:
        if intent.minutes_ago < 0 or intent.minutes_ago * 60 > now.at.seconds:
            raise Refused(f"{intent.minutes_ago:g} minutes ago is not within this session")
        text(intent.why_then, "a reason for setting the time back")
        then = now.at.plus(-intent.minutes_ago * 60)
    yield e.Observed(
        item=item.id, grade=intent.grade, by=intent.by, text=intent.text, at=then, why_then=intent.why_then
    )


def correct(now: Asking, intent: i.Correct) -> Iterator[e.Body]:
    """Correct an observation, or take it back; the first entry stays readable."""
    old = now.state.observations.get(intent.corrects)
    if old is None:
        raise Refused(f"event {intent.corrects} is no observation")
    if intent.grade is not None:
        _check_grade(_item(now, old.item), intent.grade)
    why = text(intent.why, "a reason for the correction")
    yield e.ObservationCorrected(corrects=intent.corrects, grade=intent.grade, why=why, by=intent.by)


def note(_: Asking, intent: i.Note) -> Iterator[e.Body]:
    """Add free text."""
    yield e.Noted(text=text(intent.text, "a note"), by=intent.by)


def withdraw(now: Asking, intent: i.Withdraw) -> Iterator[e.Body]:
    """Take back a note, or that something was left out; whoever entered it, nobody else."""
    old = logged(now.state, intent.withdraws)
    if old is None or not isinstance(old.body, e.Noted | e.NotDone):
        raise Refused(f"event {intent.withdraws} is neither a note nor something left out")
    if intent.withdraws in now.state.withdrawn:
        raise Refused("this is taken back already")
    if not old.body.by.is_same(intent.by):
        raise Refused(f"only {old.body.by} can take this back; write a note")
    why = text(intent.why, "a reason for taking it back")
    yield e.Withdrawn(withdraws=intent.withdraws, why=why, by=intent.by)


def enter_value(now: Asking, intent: i.EnterValue) -> Iterator[e.Body]:
    """Take numbers that were read elsewhere; they are as real as the session is."""
    for reading in intent.readings:
        stamped = replace(reading, mode=now.state.opened.mode) if now.state.opened else reading
        yield e.ValueEntered(reading=stamped, by=intent.by)


def skip(now: Asking, intent: i.SkipDue) -> Iterator[e.Body]:
    """Leave out a due item, with a reason."""
    if intent.item not in {OVERRUN, *(rule.item for rule in now.profile.schedule)}:
        raise Refused(f"“{intent.item}” is not on the schedule")
    yield e.NotDone(item=intent.item, because=text(intent.because, "a reason"), by=intent.by)


def confirm(now: Asking, intent: i.Confirm) -> Iterator[e.Body]:
    """Confirm, or take back, a fact that the gate asks for."""
    known = {c.item for c in now.profile.criterion if c.kind is CriterionKind.CONFIRMED}
    if intent.item not in known:
        raise Refused(f"the gate does not ask for “{intent.item}”")
    yield e.Confirmed(item=intent.item, met=intent.met, by=intent.by, text=intent.text)


def _item(now: Asking, name: str) -> ObservationItem:
    item = next((o for o in now.profile.observation if o.id == name), None)
    if item is None:
        raise Refused(f"the profile has no observation “{name}”")
    return item


def _check_grade(item: ObservationItem, grade: int) -> None:
    if grade not in item.values:
        raise Refused(f"“{item.label}” has no grade {grade}")
