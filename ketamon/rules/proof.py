"""Who has to prove who they are, by PIN: for what, whose PIN, and whether now. Core and console both ask here."""

from ketamon.domain import intents as i
from ketamon.domain.people import Person
from ketamon.domain.session import SessionState

PINNED: frozenset[type] = frozenset({i.CheckOrder, i.DecideScreening, i.Waste, i.Sign, i.SignIn})
"""What takes a PIN in a clinic that has PINs."""

ALWAYS: frozenset[type] = frozenset({i.Sign, i.SignIn})
"""What takes one even under emergency access: no signature is given without its proof."""


def pinned(state: SessionState) -> frozenset[type]:
    """Return which intents take a PIN now: none in a clinic without PINs, fewer under emergency access."""
    if state.opened is None or not state.opened.pins:
        return frozenset()
    return PINNED if state.glass_broken is None else ALWAYS


def prover(intent: i.Intent) -> Person | None:
    """Return whose PIN an intent takes: of waste, the witness's. What no person asks has nobody."""
    match intent:
        case i.ReportSound() | i.SetSpeed():
            return None
        case i.Waste():
            return intent.witness
        case _:
            return intent.by


def involved(intent: i.Intent) -> tuple[Person, ...]:
    """Return everybody who acts in an intent: who asks, and who proves it where that is another."""
    who = prover(intent)
    if who is None or isinstance(intent, i.ReportSound | i.SetSpeed):
        return ()
    return (who,) if who == intent.by else (who, intent.by)
