"""Which signatures count: of this recovery, of this opening of the gate, not too old; and the two that let go."""

from dataclasses import replace

from rows import each_row
from rules.clinic import NURSE, PHYSICIAN, PROFILE, Clinic

from ketamon.domain import events as e
from ketamon.domain.people import Meaning
from ketamon.domain.phases import Phase, Trigger
from ketamon.rules.signatures import counting

A, D, OVER, OVER2 = Meaning.ASSESSMENT, Meaning.DISCHARGE, Meaning.OVERRIDE, Meaning.OVERRIDE_SECOND
OPEN, CLOSED = e.GateChanged(open=True, checks=()), e.GateChanged(open=False, checks=())
RECOVERY = e.PhaseChanged(trigger=Trigger.COMPLETE, phase=Phase.RECOVERY, by=NURSE)
READY = e.PhaseChanged(trigger=Trigger.SIGN_OFF, phase=Phase.READY, by=PHYSICIAN)
REOPENED = e.PhaseChanged(trigger=Trigger.REOPEN, phase=Phase.RECOVERY, by=NURSE)


def signed(meaning, by=NURSE):
    return e.Signed(meaning=meaning, by=by, covers="h")


VECTORS = {
    "assessed while the gate is open": ([RECOVERY, OPEN, signed(A)], [A]),
    "assessed in the moment it opened": ([RECOVERY, (OPEN, signed(A))], [A]),
    "assessed, and the gate closed": ([RECOVERY, OPEN, signed(A), CLOSED], []),
    "assessed, the gate closed and opened": ([RECOVERY, OPEN, signed(A), CLOSED, OPEN], []),
    "assessed anew": ([RECOVERY, OPEN, signed(A), CLOSED, OPEN, signed(A)], [A]),
    "an override needs no gate": ([RECOVERY, CLOSED, signed(OVER, PHYSICIAN)], [OVER]),
    "before recovery": ([signed(OVER, PHYSICIAN), RECOVERY], []),
    "ready by both": ([RECOVERY, OPEN, signed(A), signed(D, PHYSICIAN), READY], [A, D]),
    "ready, and the gate closed since": ([RECOVERY, OPEN, signed(A), signed(D, PHYSICIAN), READY, CLOSED], [A, D]),
    "ready by override": (
        [RECOVERY, OPEN, signed(A), CLOSED, signed(OVER, PHYSICIAN), signed(OVER2), READY],
        [OVER, OVER2],
    ),
    "reopened": ([RECOVERY, OPEN, signed(A), signed(D, PHYSICIAN), READY, REOPENED], []),
    "ready without any": ([RECOVERY, READY], []),
}


def after(said, profile=PROFILE):
    clinic = Clinic(profile=profile)
    for step in said:
        clinic.t += 10
        clinic.say(*(step if isinstance(step, tuple) else (step,)))
    return clinic


@each_row(("said", "meanings"), VECTORS.values(), ids=VECTORS)
def test_what_counts(said, meanings):
    clinic = after(said)
    assert [s.meaning for s in counting(clinic.state, PROFILE, clinic.at)] == meanings


def test_an_assessment_gets_old_where_the_profile_says_so():
    profile = replace(PROFILE, gate=replace(PROFILE.gate, assessment_valid_minutes=10.0))
    clinic = after([RECOVERY, OPEN, signed(A)], profile)
    clinic.t += 600
    assert len(counting(clinic.state, profile, clinic.at)) == 1
    clinic.t += 1
    assert counting(clinic.state, profile, clinic.at) == []


def test_one_from_before_a_pump_infused_again_does_not_count():
    clinic = after([RECOVERY, OPEN, signed(OVER, PHYSICIAN)])
    clinic.state.infusion.ended = clinic.at.plus(1)
    assert counting(clinic.state, PROFILE, clinic.at.plus(2)) == []


def test_the_first_of_a_pair_is_another_persons():
    clinic = after([RECOVERY, OPEN, signed(A), signed(A, PHYSICIAN), signed(D, PHYSICIAN), READY])
    assert [s.by for s in counting(clinic.state, PROFILE, clinic.at)] == [NURSE, PHYSICIAN]
