"""Signatures at the gate: which of them count. The chair refuses by this, and a screen shows by this who has signed."""

from ketamon.domain.events import Signed
from ketamon.domain.instant import Instant
from ketamon.domain.people import Meaning, Role
from ketamon.domain.phases import Phase
from ketamon.domain.profile import GateRules, Profile
from ketamon.domain.session import SessionState

FIRST = {Meaning.DISCHARGE: Meaning.ASSESSMENT, Meaning.OVERRIDE_SECOND: Meaning.OVERRIDE}
"""The second signature of each pair, and the one that must stand before it."""


def roles(rules: GateRules) -> dict[Meaning, tuple[Role, ...]]:
    """Return who may give each signature."""
    return {
        Meaning.ASSESSMENT: rules.assessment_by,
        Meaning.DISCHARGE: rules.discharge_by,
        Meaning.OVERRIDE: rules.override_by,
        Meaning.OVERRIDE_SECOND: rules.override_second_by,
    }


def counting(state: SessionState, profile: Profile, at: Instant) -> list[Signed]:
    """Return the signatures that count at `at`, oldest first; once the patient is ready, the two that made it so.

    One from before the present recovery (reopened since, or a pump infused) does not; nor does an assessment from
    before the gate closed and opened again, or one that is older than the profile allows.
    """
    if state.phase is Phase.RECOVERY:
        return [signed for signed, when in state.signatures if _counts(state, profile, at, signed.meaning, when)]
    return _pair([signed for signed, _ in state.signatures]) if state.phase in (Phase.READY, Phase.DISCHARGED) else []


def _counts(state: SessionState, profile: Profile, at: Instant, meaning: Meaning, when: Instant) -> bool:
    since, ended = state.phase_since, state.infusion.ended
    if since is None or ended is None or when < max(since, ended):
        return False
    if meaning is not Meaning.ASSESSMENT:
        return True
    opened, minutes = state.gate_open_since, profile.gate.assessment_valid_minutes
    return opened is not None and when >= opened and (not minutes or at.since(when) <= minutes * 60)


def _pair(signed: list[Signed]) -> list[Signed]:
    """Return the last second signature with the one it rests on."""
    second = next((s for s in reversed(signed) if s.meaning in FIRST), None)
    if second is None:
        return []
    firsts = [s for s in signed if s.meaning is FIRST[second.meaning] and not s.by.is_same(second.by)]
    return [*firsts[-1:], second]
