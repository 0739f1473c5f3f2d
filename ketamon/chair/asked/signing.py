"""Signatures at the gate: two people each time, whether it is met or overridden, and who is at the console."""

from collections.abc import Iterator

from ketamon.chair.asked.asking import Asking, pump_infuses, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.instant import Instant
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.phases import Phase, Trigger
from ketamon.errors import Refused
from ketamon.rules import gate

_FIRST = {Meaning.DISCHARGE: Meaning.ASSESSMENT, Meaning.OVERRIDE_SECOND: Meaning.OVERRIDE}
"""The second signature of each pair, and the one that must stand before it."""

_TRIGGER = {Meaning.DISCHARGE: Trigger.SIGN_OFF, Meaning.OVERRIDE_SECOND: Trigger.OVERRIDE}


def sign(now: Asking, intent: i.Sign) -> Iterator[e.Body]:
    """Sign; the second signature of a pair makes the session ready."""
    meaning, by = intent.meaning, intent.by
    if now.state.phase is not Phase.RECOVERY:
        raise Refused(f"nothing is to be signed in {now.state.phase}")
    allowed = _roles(now, meaning)
    if by.role not in allowed:
        raise Refused(f"“{meaning}” is signed by a {' or '.join(sorted(allowed))}, not a {by.role}")
    unmet = tuple(check.label for check in gate.evaluate(now.state, now.profile, now.at).checks if not check.met)
    _refuse_by_gate(now, meaning, unmet)
    why = text(intent.why, "the reason why the patient leaves all the same") if meaning is Meaning.OVERRIDE else ""
    if meaning in _FIRST:
        _refuse_without_first(now, _FIRST[meaning], by)
    yield e.Signed(meaning=meaning, by=by, covers=now.head(), proof=now.proof, why=why, unmet=unmet)
    if meaning in _TRIGGER:
        way = now.way(_TRIGGER[meaning], by)
        yield e.PhaseChanged(trigger=_TRIGGER[meaning], phase=way.to, by=by)


def _roles(now: Asking, meaning: Meaning) -> tuple[Role, ...]:
    rules = now.profile.gate
    return {
        Meaning.ASSESSMENT: rules.assessment_by,
        Meaning.DISCHARGE: rules.discharge_by,
        Meaning.OVERRIDE: rules.override_by,
        Meaning.OVERRIDE_SECOND: rules.override_second_by,
    }[meaning]


def _refuse_by_gate(now: Asking, meaning: Meaning, unmet: tuple[str, ...]) -> None:
    """An open gate needs no override, and a closed one has no other way. Nobody leaves while a pump infuses."""
    if pump_infuses(now.state):
        raise Refused("the pump reports that it infuses; stop it at the pump")
    overrides = meaning in (Meaning.OVERRIDE, Meaning.OVERRIDE_SECOND)
    if unmet and not overrides:
        raise Refused(f"the gate is closed: {', '.join(unmet)}")
    if overrides and not unmet:
        raise Refused("the gate is open: sign assessment and discharge")


def _refuse_without_first(now: Asking, first: Meaning, by: Person) -> None:
    signed = [s.by for s, when in now.state.signatures if s.meaning is first and _is_current(now, first, when)]
    if not signed:
        raise Refused(f"the {first} must be signed first")
    if all(person.is_same(by) for person in signed):
        raise Refused(f"the {first} and this must be signed by two people")


def _is_current(now: Asking, meaning: Meaning, when: Instant) -> bool:
    """Whether a signature still counts.

    One from before the present recovery (reopened since, or a pump infused) does not; nor does an assessment from
    before the gate closed and opened again, or one that is older than the profile allows.
    """
    since, ended = now.state.phase_since, now.state.infusion.ended
    if since is None or ended is None or when < max(since, ended):
        return False
    if meaning is not Meaning.ASSESSMENT:
        return True
    opened, minutes = now.state.gate_open_since, now.profile.gate.assessment_valid_minutes
    return opened is not None and when >= opened and (not minutes or now.at.since(when) <= minutes * 60)


def sign_in(now: Asking, intent: i.SignIn) -> Iterator[e.Body]:
    """Unlock a console: by PIN only."""
    if now.proof is not Proof.PIN:
        raise Refused("signing in takes a PIN")
    yield e.SignedIn(by=intent.by)


def break_glass(now: Asking, intent: i.BreakGlass) -> Iterator[e.Body]:
    """Let people work without a PIN; the alarm line says so until somebody signs in."""
    if now.state.opened is None or not now.state.opened.pins:
        raise Refused("no PINs are asked here")
    yield e.EmergencyAccess(by=intent.by, why=text(intent.why, "a reason"))
