"""What people ask of the chair: each intent is checked and becomes event bodies, or is refused with a reason.

Who may ask for what stands in the table below; what takes a PIN, in `ketamon.rules.proof`.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ketamon.chair.asked import checkin, observing, phases, room, signing
from ketamon.chair.asked.asking import Asking, pump_infuses
from ketamon.chair.asked.phases import START_CONFIRMED
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.instant import Instant
from ketamon.domain.people import Proof, Role
from ketamon.domain.phases import ENDED
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.errors import Refused
from ketamon.rules.proof import PINNED, involved, pinned

__all__ = ["RULES", "START_CONFIRMED", "Rule", "answer", "pump_infuses"]

_CARE = frozenset({Role.NURSE, Role.PHYSICIAN})
_STAFF = _CARE | {Role.DIRECTOR}
_PHYSICIAN = frozenset({Role.PHYSICIAN})


class Rule(NamedTuple):
    """Who may ask for something, what answers it, and whether it may follow the end."""

    roles: frozenset[Role]
    answer: Callable[[Asking, Any], Iterator[e.Body]]
    after_end: bool = False


RULES: dict[type, Rule] = {
    i.CheckIn: Rule(_CARE, checkin.check_in),
    i.CheckOrder: Rule(_CARE, checkin.check_order),
    i.AnswerScreening: Rule(_CARE, checkin.answer),
    i.DecideScreening: Rule(_PHYSICIAN, checkin.decide),
    i.Advance: Rule(_CARE, phases.advance),
    i.Observe: Rule(_CARE, observing.observe),
    i.Correct: Rule(_CARE, observing.correct, after_end=True),
    i.Note: Rule(_STAFF, observing.note, after_end=True),
    i.Withdraw: Rule(_STAFF, observing.withdraw, after_end=True),
    i.EnterValue: Rule(_CARE, observing.enter_value),
    i.SkipDue: Rule(_CARE, observing.skip),
    i.Confirm: Rule(_CARE, observing.confirm),
    i.Acknowledge: Rule(_CARE, room.acknowledge, after_end=True),
    i.PauseAudio: Rule(_CARE, room.pause_audio),
    i.SwitchLimits: Rule(_CARE, room.switch_limits),
    i.MoveStaff: Rule(_STAFF, room.move_staff),
    i.MarkEmergency: Rule(_STAFF, room.mark_emergency),
    i.Rescue: Rule(_CARE, room.rescue, after_end=True),
    i.Waste: Rule(_CARE, room.waste, after_end=True),
    i.Sign: Rule(_STAFF, signing.sign),
    i.SignIn: Rule(_STAFF, signing.sign_in, after_end=True),
    i.BreakGlass: Rule(_STAFF, signing.break_glass),
    i.Operate: Rule(_CARE, room.operate),
}


def answer(
    intent: i.Intent,
    state: SessionState,
    profile: Profile,
    at: Instant,
    proof: Proof,
    head: Callable[[], str],
    stream: Callable[[], e.StreamMark | None],
) -> list[e.Body]:
    """Return the bodies that follow from what somebody asks; raise `Refused` where none may."""
    if isinstance(intent, i.ReportSound):  # a console says this, nobody asks it
        return [e.SoundChanged(console=intent.console, working=intent.working, why=intent.why)]
    if isinstance(intent, i.SetSpeed):
        raise Refused("a live session has no speed")
    rule = RULES[type(intent)]
    for person in involved(intent):
        if person.role not in rule.roles:
            raise Refused(f"this needs a {' or '.join(sorted(rule.roles))}, not a {person.role}")
    if state.phase in ENDED and not rule.after_end:
        raise Refused(f"the session has ended ({state.phase}); only notes and corrections can be added")
    if proof is not Proof.PIN and type(intent) in pinned(state):
        raise Refused(f"this takes {involved(intent)[0].name}'s PIN")
    if proof is not Proof.PIN and type(intent) in PINNED and state.glass_broken is not None:
        proof = Proof.EMERGENCY
    return list(rule.answer(Asking(state, profile, at, proof, head, stream), intent))
