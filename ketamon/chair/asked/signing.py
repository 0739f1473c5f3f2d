"""Signatures at the gate: two people each time, whether it is met or overridden, and who is at the console."""

from collections.abc import Iterator

from ketamon.chair.asked.asking import Asking, pump_infuses, text
from ketamon.domain import events as e
from ketamon.domain import intents as i
from ketamon.domain.people import Meaning, Person, Proof
from ketamon.domain.phases import Phase, Trigger
from ketamon.errors import Refused
from ketamon.rules import gate
from ketamon.rules.signatures import FIRST, counting, roles

_TRIGGER = {Meaning.DISCHARGE: Trigger.SIGN_OFF, Meaning.OVERRIDE_SECOND: Trigger.OVERRIDE}


def sign(now: Asking, intent: i.Sign) -> Iterator[e.Body]:
    """Sign; the second signature of a pair makes the session ready."""
    meaning, by = intent.meaning, intent.by
    if now.state.phase is not Phase.RECOVERY:
        raise Refused(f"nothing is to be signed in {now.state.phase}")
    allowed = roles(now.profile.gate)[meaning]
    if by.role not in allowed:
        raise Refused(f"“{meaning}” is signed by a {' or '.join(sorted(allowed))}, not a {by.role}")
    unmet = tuple(check.label for check in gate.evaluate(now.state, now.profile, now.at).checks if not check.met)
    _refuse_by_gate(now, meaning, unmet)
    why = text(intent.why, "the reason why the patient leaves all the same") if meaning is Meaning.OVERRIDE else ""
    if meaning in FIRST:
        _refuse_without_first(now, FIRST[meaning], by)
    covers, stream = now.head(), now.stream()
    yield e.Signed(meaning=meaning, by=by, covers=covers, proof=now.proof, why=why, unmet=unmet, stream=stream)
    if meaning in _TRIGGER:
        way = now.way(_TRIGGER[meaning], by)
        yield e.PhaseChanged(trigger=_TRIGGER[meaning], phase=way.to, by=by)


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
    signed = [s.by for s in counting(now.state, now.profile, now.at) if s.meaning is first]
    if not signed:
        raise Refused(f"the {first} must be signed first")
    if all(person.is_same(by) for person in signed):
        raise Refused(f"the {first} and this must be signed by two people")


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
