"""The phases of a session and the only ways between them.

Everything that decides which phase may follow which stands in this file. A transition names its trigger and who may
cause it; a trigger that a phase does not list is refused. An infusion that was stopped before its order was given is
`stopped_early`: the patient still recovers and still leaves through the gate.
"""

from dataclasses import dataclass
from enum import StrEnum

from ketamon.domain.people import Role


class Phase(StrEnum):
    """Where a session stands."""

    CHECK_IN = "check-in"
    BASELINE = "baseline"
    INFUSION = "infusion"
    PAUSED = "paused"
    RECOVERY = "recovery"
    READY = "ready"
    DISCHARGED = "discharged"
    ABANDONED = "abandoned"


class Trigger(StrEnum):
    """What can move a session on."""

    CHECKED_IN = "checked-in"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    COMPLETE = "complete"
    STOP = "stop"
    SIGN_OFF = "sign-off"
    OVERRIDE = "override"
    REOPEN = "reopen"
    LEAVE = "leave"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a trigger leads and which roles may cause it; the pump may cause those marked `pump`."""

    to: Phase
    roles: frozenset[Role]
    pump: bool = False


_CLINICIANS = frozenset({Role.NURSE, Role.PHYSICIAN})

TRANSITIONS: dict[Phase, dict[Trigger, Transition]] = {
    Phase.CHECK_IN: {
        Trigger.CHECKED_IN: Transition(Phase.BASELINE, _CLINICIANS),
        Trigger.ABANDON: Transition(Phase.ABANDONED, _CLINICIANS),
    },
    Phase.BASELINE: {
        Trigger.START: Transition(Phase.INFUSION, _CLINICIANS, pump=True),
        Trigger.ABANDON: Transition(Phase.ABANDONED, _CLINICIANS),
    },
    Phase.INFUSION: {
        Trigger.PAUSE: Transition(Phase.PAUSED, _CLINICIANS, pump=True),
        Trigger.COMPLETE: Transition(Phase.RECOVERY, _CLINICIANS, pump=True),
        Trigger.STOP: Transition(Phase.RECOVERY, _CLINICIANS),
    },
    Phase.PAUSED: {
        Trigger.RESUME: Transition(Phase.INFUSION, _CLINICIANS, pump=True),
        Trigger.COMPLETE: Transition(Phase.RECOVERY, _CLINICIANS, pump=True),
        Trigger.STOP: Transition(Phase.RECOVERY, _CLINICIANS),
    },
    Phase.RECOVERY: {
        Trigger.SIGN_OFF: Transition(Phase.READY, frozenset({Role.PHYSICIAN})),
        Trigger.OVERRIDE: Transition(Phase.READY, _CLINICIANS),
    },
    Phase.READY: {
        Trigger.LEAVE: Transition(Phase.DISCHARGED, _CLINICIANS),
        Trigger.REOPEN: Transition(Phase.RECOVERY, _CLINICIANS),
    },
    Phase.DISCHARGED: {},
    Phase.ABANDONED: {},
}

ENDED = frozenset({Phase.DISCHARGED, Phase.ABANDONED})
"""Phases that nothing follows."""
