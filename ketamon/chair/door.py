"""Who is at the console: names against the clinic's roster, PINs where an intent takes one.

Without people in the roster names are taken as typed. With them, whoever asks must be one of them, in the role that
stands there; what takes a PIN (see `ketamon.rules.proof`) is proven by it, or refused. A roster that cannot be read
proves nobody, but keeps nobody from writing down what happens to a patient.
"""

import asyncio
from datetime import datetime

from ketamon.domain.intents import Intent
from ketamon.domain.people import Person, Proof
from ketamon.errors import KetamonError, Refused
from ketamon.roster import Checked, Outcome, Roster
from ketamon.rules.proof import PINNED, involved, prover


class WrongPin(Refused):
    """A PIN that proves nothing; `locked` when it was the last try for a while."""

    def __init__(self, name: str, checked: Checked) -> None:
        super().__init__(str(checked))
        self.name = name
        self.locked = checked.outcome is Outcome.LOCKED


class Door:
    """Proves who asks. `roster` is absent where nothing is to be proven: a demonstration or a recording.

    `asked_before`: PINs were asked here in this session or the one before it. A roster that is gone since then proves
    nobody: whoever takes the file away must not gain a signature by it.
    """

    def __init__(self, roster: Roster | None, *, asked_before: bool = False) -> None:
        self._roster = roster
        self._asked_before = asked_before

    @property
    def asks_pins(self) -> bool:
        """Whether the clinic has people, so that what they sign takes a PIN."""
        return self._roster is not None and (bool(self._roster.people) or self._lost)

    @property
    def _lost(self) -> bool:
        return self._asked_before and self._roster is not None and self._roster.missing

    def _refuse_lost(self) -> None:
        if self._lost:
            raise Refused("the roster is gone, so nobody can prove who they are; restore people.json from a copy")

    async def prove(self, intent: Intent, pin: str, wall: datetime) -> Proof:
        """Return how it is known who asks; raise `Refused` where that is somebody else, or nobody."""
        who = prover(intent)
        if who is None or self._roster is None:
            return Proof.NAME
        pinned = type(intent) in PINNED
        try:
            if pinned:
                self._refuse_lost()
            if not self._roster.people:
                return Proof.NAME
            for person in involved(intent):
                _is_in_role(person, self._roster.find(person.name))
            if not (pinned and pin):
                return Proof.NAME
            checked = await asyncio.to_thread(self._roster.check, who.name, pin, wall)
        except Refused:
            raise
        except KetamonError as error:
            if pinned:
                raise Refused(f"the roster cannot be read: {error}") from error
            return Proof.NAME
        if checked.outcome is not Outcome.RIGHT:
            raise WrongPin(who.name, checked)
        return Proof.PIN


def _is_in_role(who: Person, known: Person | None) -> None:
    if known is None:
        raise Refused(f"{who.name} is not in the roster; see “ketamon people”")
    if known.role is not who.role:
        raise Refused(f"{who.name} is {known.role} in the roster, not {who.role}")
