"""What people ask of the chair: each intent is checked here and becomes event bodies, or is refused with a reason."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import DeviceKind, Link, Priority, PumpState
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person, Role
from ketamon.domain.phases import ENDED, TRANSITIONS, Phase, Transition, Trigger
from ketamon.domain.profile import CriterionKind, ObservationItem, Profile
from ketamon.domain.session import SessionState
from ketamon.errors import Refused
from ketamon.rules import alarms, baseline, dose, gate

START_CONFIRMED = "infusion-start"
"""The confirmation that a person saw the pump start, where the pump said so first."""

ASSESSMENT = "assessment"
DISCHARGE = "discharge"

NOT_WHILE_INFUSING = frozenset({Trigger.PAUSE, Trigger.COMPLETE, Trigger.STOP, Trigger.LEAVE, Trigger.ABANDON})
"""What cannot be while a pump says that it infuses."""


class Asked:
    """Turns intents into bodies against a state that somebody else folds."""

    def __init__(self, state: SessionState, profile: Profile, head: Callable[[], str]) -> None:
        self._state = state
        self._profile = profile
        self._head = head

    def bodies(self, intent: i.Intent, at: Instant) -> list[e.Body]:
        """Return the bodies that follow; raise `Refused` where none may."""
        if self._state.phase in ENDED and not isinstance(intent, i.Note | i.Correct | i.Acknowledge):
            raise Refused(f"the session has ended ({self._state.phase}); only notes and corrections can be added")
        return list(self._bodies(intent, at))

    def _bodies(self, intent: i.Intent, at: Instant) -> Iterator[e.Body]:  # noqa: C901, PLR0912 (a table of cases)
        match intent:
            case i.CheckIn():
                yield from self._check_in(intent)
            case i.Advance():
                yield from self._advance(intent, at)
            case i.Observe():
                yield self._observe(intent, at)
            case i.Correct():
                yield self._correct(intent)
            case i.Note():
                yield e.Noted(text=_text(intent.text, "a note"), by=intent.by)
            case i.EnterValue():
                for reading in intent.readings:
                    stamped = replace(reading, mode=self._state.opened.mode) if self._state.opened else reading
                    yield e.ValueEntered(reading=stamped, by=intent.by)
            case i.SkipDue():
                yield self._skip(intent)
            case i.Confirm():
                yield self._confirm(intent)
            case i.Acknowledge():
                yield from alarms.acknowledge(self._state, self._profile, at, intent.by, intent.alarm)
            case i.PauseAudio():
                yield alarms.pause_audio(self._state, self._profile, at, intent.by, intent.on)
            case i.Sign():
                yield from self._sign(intent, at)
            case i.Operate():
                yield self._operate(intent)
            case i.ReportSound():
                yield e.SoundChanged(console=intent.console, working=intent.working, why=intent.why)
            case i.SetSpeed():
                raise Refused("a live session has no speed")
            case _:
                assert_never(intent)

    def _check_in(self, intent: i.CheckIn) -> Iterator[e.Body]:
        if self._state.phase not in (Phase.CHECK_IN, Phase.BASELINE):
            raise Refused("patient and order cannot be changed once the infusion has begun; add a note")
        _text(intent.patient.label, "the patient's name or initials")
        _text(intent.patient.identifier, "a second identifier")
        if intent.checked_by is not None and intent.checked_by.is_same(intent.by):
            raise Refused("the order must be checked by a second person")
        order = dose.order(
            intent.patient,
            intent.dose_mg_per_kg,
            intent.minutes,
            intent.concentration_mg_per_ml,
            self._profile.order,
        )
        if not self._profile.plan.shortest_minutes <= intent.minutes <= self._profile.plan.longest_minutes:
            bounds = f"{self._profile.plan.shortest_minutes:g} to {self._profile.plan.longest_minutes:g}"
            raise Refused(f"{intent.minutes:g} min is outside the profile's {bounds} min")
        yield e.PatientCheckedIn(patient=intent.patient, by=intent.by)
        yield e.OrderEntered(order=order, by=intent.by, checked_by=intent.checked_by)
        if self._state.phase is Phase.CHECK_IN:
            yield e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, by=intent.by)

    def _advance(self, intent: i.Advance, at: Instant) -> Iterator[e.Body]:
        if intent.trigger is Trigger.START and self._state.phase is Phase.INFUSION:
            yield e.Confirmed(item=START_CONFIRMED, met=True, by=intent.by, text=intent.why)
            return
        way = self._way(intent.trigger, intent.by)
        if intent.trigger is Trigger.CHECKED_IN:
            raise Refused("check the patient in first: name, weight and order")
        if intent.trigger is Trigger.SIGN_OFF:
            raise Refused("sign the assessment and the discharge instead; the session is ready then")
        if intent.trigger in NOT_WHILE_INFUSING and pump_infuses(self._state):
            raise Refused("the pump reports that it infuses; stop it at the pump")
        if intent.trigger is Trigger.LEAVE:
            self._refuse_high_alarm()
        if intent.trigger is Trigger.START:
            missing = baseline.missing(self._state, self._profile, at)
            if missing:
                raise Refused("the baseline still lacks " + ", ".join(missing))
            yield e.BaselineTaken(values=baseline.values(self._state, self._profile, at), by=intent.by)
        if intent.trigger in (Trigger.STOP, Trigger.ABANDON):
            _text(intent.why, "a reason")
        yield e.PhaseChanged(trigger=intent.trigger, phase=way.to, by=intent.by, why=intent.why)
        if intent.trigger is Trigger.START:
            yield e.Confirmed(item=START_CONFIRMED, met=True, by=intent.by)

    def _refuse_high_alarm(self) -> None:
        """A patient who was signed off may still fall ill; sensors that were taken off since are no reason to stay."""
        high = [a.change for a in self._state.alarms.values() if a.change.priority is Priority.HIGH]
        if any(not change.technical for change in high):
            texts = ", ".join(change.text for change in high)
            raise Refused(f"a high alarm stands: {texts}; reopen recovery, or acknowledge it once it is over")

    def _way(self, trigger: Trigger, by: Person) -> Transition:
        way = TRANSITIONS[self._state.phase].get(trigger)
        if way is None:
            raise Refused(f"“{trigger}” is not possible in {self._state.phase}")
        if by.role not in way.roles:
            raise Refused(f"“{trigger}” needs a {' or '.join(sorted(way.roles))}, not a {by.role}")
        return way

    def _observe(self, intent: i.Observe, at: Instant) -> e.Body:
        item = self._item(intent.item)
        self._check_grade(item, intent.grade)
        if item.asks_text:
            _text(intent.text, f"what “{item.label}” was")
        then = None
        if intent.minutes_ago:
            if intent.minutes_ago < 0 or intent.minutes_ago * 60 > at.seconds:
                raise Refused(f"{intent.minutes_ago:g} minutes ago is not within this session")
            _text(intent.why_then, "a reason for setting the time back")
            then = at.plus(-intent.minutes_ago * 60)
        return e.Observed(
            item=item.id, grade=intent.grade, by=intent.by, text=intent.text, at=then, why_then=intent.why_then
        )

    def _item(self, name: str) -> ObservationItem:
        item = next((o for o in self._profile.observation if o.id == name), None)
        if item is None:
            raise Refused(f"the profile has no observation “{name}”")
        return item

    def _check_grade(self, item: ObservationItem, grade: int) -> None:
        if grade not in {g.value for g in item.grades}:
            raise Refused(f"“{item.label}” has no grade {grade}")

    def _correct(self, intent: i.Correct) -> e.Body:
        old = self._state.observations.get(intent.corrects)
        if old is None:
            raise Refused(f"event {intent.corrects} is no observation")
        if intent.grade is not None:
            self._check_grade(self._item(old.item), intent.grade)
        why = _text(intent.why, "a reason for the correction")
        return e.ObservationCorrected(corrects=intent.corrects, grade=intent.grade, why=why, by=intent.by)

    def _skip(self, intent: i.SkipDue) -> e.Body:
        if intent.item not in {rule.item for rule in self._profile.schedule}:
            raise Refused(f"“{intent.item}” is not on the schedule")
        return e.NotDone(item=intent.item, because=_text(intent.because, "a reason"), by=intent.by)

    def _confirm(self, intent: i.Confirm) -> e.Body:
        known = {c.item for c in self._profile.criterion if c.kind is CriterionKind.CONFIRMED}
        if intent.item not in known:
            raise Refused(f"the gate does not ask for “{intent.item}”")
        return e.Confirmed(item=intent.item, met=intent.met, by=intent.by, text=intent.text)

    def _sign(self, intent: i.Sign, at: Instant) -> Iterator[e.Body]:
        if intent.meaning not in (ASSESSMENT, DISCHARGE):
            raise Refused(f"a signature means {ASSESSMENT} or {DISCHARGE}, not “{intent.meaning}”")
        if self._state.phase is not Phase.RECOVERY:
            raise Refused(f"nothing is to be signed in {self._state.phase}")
        verdict = gate.evaluate(self._state, self._profile, at)
        if not verdict.open:
            unmet = ", ".join(c.label for c in verdict.checks if not c.met)
            raise Refused(f"the gate is closed: {unmet}")
        if intent.meaning == ASSESSMENT:
            if intent.by.role not in (Role.NURSE, Role.PHYSICIAN):
                raise Refused("the assessment is a nurse's")
            yield e.Signed(meaning=ASSESSMENT, by=intent.by, covers=self._head())
            return
        way = self._way(Trigger.SIGN_OFF, intent.by)
        assessed = [s.by for s, when in self._state.signatures if s.meaning == ASSESSMENT and self._is_current(when)]
        if not assessed:
            raise Refused("a nurse's assessment must be signed first")
        if all(person.is_same(intent.by) for person in assessed):
            raise Refused("assessment and discharge must be signed by two people")
        yield e.Signed(meaning=DISCHARGE, by=intent.by, covers=self._head())
        yield e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=way.to, by=intent.by)

    def _operate(self, intent: i.Operate) -> e.Body:
        device = self._state.devices.get(intent.device)
        if device is None or intent.action not in device.attached.actions:
            raise Refused(f"no device “{intent.device}” here can do {intent.action}")
        if device.link in (Link.CLOSED, Link.OPENING):
            raise Refused(f"{device.attached.label} is not connected")
        return e.DeviceOperated(device=intent.device, action=intent.action, by=intent.by)

    def _is_current(self, when: Instant) -> bool:
        """A signature from before the present recovery (reopened since, or a pump infused) does not count."""
        since, ended = self._state.phase_since, self._state.infusion.ended
        return since is not None and ended is not None and when >= max(since, ended)


def pump_infuses(state: SessionState) -> bool:
    """Whether a pump, or any channel of one, says that it infuses now."""
    return any(
        d.attached.kind is DeviceKind.PUMP
        and d.link is Link.LIVE
        and any(status.state is PumpState.INFUSING for status in (d.pump, *d.heads.values()) if status is not None)
        for d in state.devices.values()
    )


def _text(text: str, what: str) -> str:
    """Return the text without surrounding space; refuse nothing but space."""
    text = text.strip()
    if not text:
        raise Refused(f"{what} is missing")
    return text
