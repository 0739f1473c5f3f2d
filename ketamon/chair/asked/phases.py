"""Moving the session on by hand."""

from collections.abc import Iterator

from ketamon.chair.asked.asking import Asking, pump_infuses, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmState
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase, Trigger
from ketamon.errors import Refused
from ketamon.rules import baseline, screening
from ketamon.rules.signatures import counting

START_CONFIRMED = "infusion-start"
"""The confirmation that a person saw the pump start, where the pump said so first."""

NOT_WHILE_INFUSING = frozenset({Trigger.PAUSE, Trigger.COMPLETE, Trigger.STOP, Trigger.LEAVE, Trigger.ABANDON})
"""What cannot be while a pump says that it infuses."""

_ELSEWHERE = {
    Trigger.SIGN_OFF: "sign the assessment and the discharge instead; the session is ready then",
    Trigger.OVERRIDE: "sign the override, with its reason, instead; a second person signs it too",
}
"""Triggers that follow from something else, and from what."""


def advance(now: Asking, intent: i.Advance) -> Iterator[e.Body]:
    """Move the session on, or refuse it with what stands in the way."""
    trigger = intent.trigger
    if trigger is Trigger.START and now.state.phase is Phase.INFUSION:
        yield e.Confirmed(item=START_CONFIRMED, met=True, by=intent.by, text=intent.why)
        return
    way = now.way(trigger, intent.by)
    if trigger is Trigger.CHECKED_IN:
        raise Refused("check the patient in first; missing: " + ", ".join(_not_checked_in(now)))
    if trigger in _ELSEWHERE:
        raise Refused(_ELSEWHERE[trigger])
    if trigger in NOT_WHILE_INFUSING and pump_infuses(now.state):
        raise Refused("the pump reports that it infuses; stop it at the pump")
    if trigger is Trigger.LEAVE:
        _refuse_high_alarm(now)
    if trigger is Trigger.START:
        missing = [*_not_checked_in(now), *baseline.missing(now.state, now.profile, now.at)]
        if missing:
            raise Refused("before the infusion there is still to do: " + ", ".join(missing))
        yield e.BaselineTaken(values=baseline.values(now.state, now.profile, now.at), by=intent.by)
    if trigger in (Trigger.STOP, Trigger.ABANDON):
        text(intent.why, "a reason")
    yield e.PhaseChanged(trigger=trigger, phase=way.to, by=intent.by, why=intent.why)
    if trigger is Trigger.START:
        yield e.Confirmed(item=START_CONFIRMED, met=True, by=intent.by)


def _not_checked_in(now: Asking) -> list[str]:
    """What of the check-in is not done; a correction in the baseline undoes the check of the order."""
    found = screening.missing(now.state, now.profile)
    if now.state.patient is None:
        found.append("the patient")
    if now.profile.order.required and now.state.order is None:
        found.append("the order")
    elif now.profile.order.required and now.state.order_check is None:
        found.append("a second person's check of the order")
    return found


def _refuse_high_alarm(now: Asking) -> None:
    """A patient who was signed off may still fall ill; sensors that were taken off since are no reason to stay.

    Who leaves by an override leaves with what two people signed for, once somebody has seen the alarm.
    """
    overridden = any(s.meaning is Meaning.OVERRIDE_SECOND for s in counting(now.state, now.profile, now.at))
    high = [a.change for a in now.state.alarms.values() if a.change.priority is Priority.HIGH]
    if any(not c.technical and not (overridden and c.state is AlarmState.ACKNOWLEDGED) for c in high):
        texts = ", ".join(change.text for change in high)
        raise Refused(f"a high alarm stands: {texts}; reopen recovery, or acknowledge it once it is over")
