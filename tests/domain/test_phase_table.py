"""The phases: every way there is, who may take it, and that a patient leaves through the gate only."""

from itertools import product

from rows import each_row

from ketamon.domain.people import Role
from ketamon.domain.phases import ENDED, TRANSITIONS, Phase, Trigger

WAYS = {
    (Phase.CHECK_IN, Trigger.CHECKED_IN): Phase.BASELINE,
    (Phase.CHECK_IN, Trigger.ABANDON): Phase.ABANDONED,
    (Phase.BASELINE, Trigger.START): Phase.INFUSION,
    (Phase.BASELINE, Trigger.ABANDON): Phase.ABANDONED,
    (Phase.INFUSION, Trigger.PAUSE): Phase.PAUSED,
    (Phase.INFUSION, Trigger.COMPLETE): Phase.RECOVERY,
    (Phase.INFUSION, Trigger.STOP): Phase.RECOVERY,
    (Phase.PAUSED, Trigger.RESUME): Phase.INFUSION,
    (Phase.PAUSED, Trigger.COMPLETE): Phase.RECOVERY,
    (Phase.PAUSED, Trigger.STOP): Phase.RECOVERY,
    (Phase.RECOVERY, Trigger.SIGN_OFF): Phase.READY,
    (Phase.RECOVERY, Trigger.OVERRIDE): Phase.READY,
    (Phase.READY, Trigger.LEAVE): Phase.DISCHARGED,
    (Phase.READY, Trigger.REOPEN): Phase.RECOVERY,
}
PUMP = {Trigger.START, Trigger.PAUSE, Trigger.RESUME, Trigger.COMPLETE}


@each_row(("phase", "trigger"), list(product(Phase, Trigger)))
def test_every_pair(phase, trigger):
    way = TRANSITIONS[phase].get(trigger)
    assert (way.to if way else None) == WAYS.get((phase, trigger))
    if way:
        assert Role.OBSERVER not in way.roles
        assert way.pump is (trigger in PUMP)


def test_a_physician_signs_the_patient_off():
    assert TRANSITIONS[Phase.RECOVERY][Trigger.SIGN_OFF].roles == {Role.PHYSICIAN}


def test_nothing_follows_an_end_and_every_phase_can_be_reached():
    assert all(not TRANSITIONS[phase] for phase in ENDED)
    assert {way.to for ways in TRANSITIONS.values() for way in ways.values()} == set(Phase) - {Phase.CHECK_IN}


def test_after_the_drug_ran_only_the_gate_leads_out():
    """From the infusion on, each way to the end passes recovery and ready."""
    assert [p for p, ways in TRANSITIONS.items() if any(w.to is Phase.DISCHARGED for w in ways.values())] == [
        Phase.READY
    ]
    assert [p for p, ways in TRANSITIONS.items() if any(w.to is Phase.READY for w in ways.values())] == [Phase.RECOVERY]
    given_drug = (Phase.INFUSION, Phase.PAUSED, Phase.RECOVERY, Phase.READY)
    assert not [p for p in given_drug if any(w.to is Phase.ABANDONED for w in TRANSITIONS[p].values())]
