"""Signing at the gate: two people each time, and which signatures count."""

import pytest
from rows import each_row
from rules.clinic import NURSE, PHYSICIAN, Clinic, P, in_recovery

from ketamon.chair import asked
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.devices import Priority
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.errors import Refused
from ketamon.rules import gate


def sign(clinic: Clinic, meaning: Meaning, by: Person, why: str = "") -> list[e.Body]:
    """Sign, and fold what follows, as the chair does."""
    intent = i.Sign(meaning=meaning, by=by, why=why)
    bodies = asked.answer(intent, clinic.state, clinic.profile, clinic.at, Proof.PIN, lambda: "head", lambda: None)
    clinic.say(*bodies)
    return bodies


def judged(clinic: Clinic) -> Clinic:
    """The verdict of the gate stands in the record, as after each look of the chair."""
    return clinic.say(gate.evaluate(clinic.state, clinic.profile, clinic.at))


def met() -> Clinic:
    return judged(in_recovery())


def unmet() -> Clinic:
    clinic = in_recovery()
    clinic.observe("nausea", 3)
    return judged(clinic)


def test_two_people_sign_that_the_gate_is_met():
    clinic = met()
    (signed,) = sign(clinic, Meaning.ASSESSMENT, NURSE)
    assert signed == e.Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers="head", proof=Proof.PIN)
    assert clinic.state.phase is Phase.RECOVERY
    _, moved = sign(clinic, Meaning.DISCHARGE, PHYSICIAN)
    assert moved == e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=Phase.READY, by=PHYSICIAN)


def test_an_override_takes_two_people_and_keeps_what_was_not_met():
    clinic = unmet()
    (signed,) = sign(clinic, Meaning.OVERRIDE, PHYSICIAN, "nausea is known, the escort is a nurse")
    assert signed.unmet == ("nausea at most mild",)
    assert signed.why == "nausea is known, the escort is a nurse"
    for alias in (PHYSICIAN, Person(PHYSICIAN.name.upper(), Role.NURSE)):
        with pytest.raises(Refused, match="two people"):
            sign(clinic, Meaning.OVERRIDE_SECOND, alias)
    _, moved = sign(clinic, Meaning.OVERRIDE_SECOND, NURSE)
    assert moved.trigger is Trigger.OVERRIDE
    assert clinic.state.phase is Phase.READY


REFUSED = [
    (met, Meaning.DISCHARGE, PHYSICIAN, "", "the assessment must be signed first"),
    (met, Meaning.DISCHARGE, NURSE, "", "signed by a physician"),
    (met, Meaning.OVERRIDE, PHYSICIAN, "why not", "the gate is open"),
    (met, Meaning.ASSESSMENT, Person("D", Role.DIRECTOR), "", "signed by a nurse or physician"),
    (unmet, Meaning.ASSESSMENT, NURSE, "", "the gate is closed: nausea"),
    (unmet, Meaning.DISCHARGE, PHYSICIAN, "", "the gate is closed"),
    (unmet, Meaning.OVERRIDE, NURSE, "why not", "signed by a physician"),
    (unmet, Meaning.OVERRIDE, PHYSICIAN, " ", "the reason why"),
    (unmet, Meaning.OVERRIDE_SECOND, NURSE, "", "the override must be signed first"),
]


@each_row(("session", "meaning", "by", "why", "reason"), REFUSED)
def test_what_is_refused(session, meaning, by, why, reason):
    clinic = session()
    before = clinic.state.seq
    with pytest.raises(Refused, match=reason):
        sign(clinic, meaning, by, why)
    assert clinic.state.seq == before


def test_an_assessment_from_before_the_gate_closed_does_not_count():
    clinic = met()
    sign(clinic, Meaning.ASSESSMENT, NURSE)
    clinic.observe("nausea", 3)
    judged(clinic).wait(60)
    clinic.observe("nausea", 0)
    judged(clinic)
    assert clinic.state.gate.open
    with pytest.raises(Refused, match="the assessment must be signed first"):
        sign(clinic, Meaning.DISCHARGE, PHYSICIAN)


def test_after_reopening_both_sign_anew():
    clinic = met()
    sign(clinic, Meaning.ASSESSMENT, NURSE)
    sign(clinic, Meaning.DISCHARGE, PHYSICIAN)
    clinic.t += 1
    clinic.phase(Phase.RECOVERY, Trigger.REOPEN)
    judged(clinic)
    with pytest.raises(Refused, match="the assessment must be signed first"):
        sign(clinic, Meaning.DISCHARGE, PHYSICIAN)


def test_an_override_from_before_reopening_does_not_count():
    clinic = unmet()
    sign(clinic, Meaning.OVERRIDE, PHYSICIAN, "x")
    clinic.t += 1
    clinic.phase(Phase.READY, Trigger.OVERRIDE).phase(Phase.RECOVERY, Trigger.REOPEN)
    judged(clinic)
    with pytest.raises(Refused, match="the override must be signed first"):
        sign(clinic, Meaning.OVERRIDE_SECOND, NURSE)


def test_limits_that_are_off_are_named_when_overridden():
    clinic = met()
    clinic.say(e.LimitsSwitched(parameter=P.HR, off=True, by=NURSE, why="tremor"))
    (signed,) = sign(judged(clinic), Meaning.OVERRIDE, PHYSICIAN, "tremor is known")
    assert signed.unmet == ("no high alarm",)


def leave(clinic: Clinic) -> None:
    intent = i.Advance(trigger=Trigger.LEAVE, by=NURSE)
    clinic.say(*asked.answer(intent, clinic.state, clinic.profile, clinic.at, Proof.PIN, lambda: "head", lambda: None))


@pytest.mark.parametrize("overridden", [False, True])
def test_who_leaves_by_an_override_leaves_with_an_alarm_that_was_seen(overridden):
    clinic = unmet() if overridden else met()
    pair = (Meaning.OVERRIDE, Meaning.OVERRIDE_SECOND) if overridden else (Meaning.ASSESSMENT, Meaning.DISCHARGE)
    by = (PHYSICIAN, NURSE) if overridden else (NURSE, PHYSICIAN)
    for meaning, person in zip(pair, by, strict=True):
        sign(clinic, meaning, person, "known")
    clinic.say(
        e.AlarmChanged(
            alarm="spo2-low", state=e.AlarmState.ACTIVE, priority=Priority.HIGH, technical=False, text="SpO2 84 < 88"
        )
    )
    with pytest.raises(Refused, match="a high alarm stands"):
        leave(clinic)
    clinic.acknowledge()
    if overridden:
        leave(clinic)
        assert clinic.state.phase is Phase.DISCHARGED
    else:
        with pytest.raises(Refused, match="a high alarm stands"):
            leave(clinic)
