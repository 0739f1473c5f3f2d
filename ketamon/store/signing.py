"""Signatures in a record, held against what else it says: the rules of its own profile, and who signed before."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from ketamon.domain.events import SessionOpened, Signed
from ketamon.domain.people import Meaning, Proof, Role
from ketamon.errors import ProfileError
from ketamon.profiles import loads
from ketamon.rules.signatures import FIRST, roles


class Signing:
    """Follows a record, event by event."""

    def __init__(self) -> None:
        self._opened: SessionOpened | None = None
        self._allowed: dict[Meaning, tuple[Role, ...]] | None = None
        self._signed: list[Signed] = []

    def follow(self, said: Any) -> None:
        """Take the next event that matters here."""
        if isinstance(said, SessionOpened):
            self._opened = said
        elif isinstance(said, Signed):
            self._signed.append(said)

    def wrong_with(self, signed: Signed) -> Iterator[str]:
        """Say what is wrong with the signature that was taken last."""
        if self._opened is not None:
            yield from self._by_rules(signed, self._opened)
        first = FIRST.get(signed.meaning)
        if first and all(s.meaning is not first or s.by.is_same(signed.by) for s in self._signed):
            yield f"is the second of two, and nobody else gave the first ({first})"
        if signed.meaning is Meaning.OVERRIDE and not signed.why:
            yield "is an override without a reason"

    def _by_rules(self, signed: Signed, opened: SessionOpened) -> Iterator[str]:
        if opened.pins and signed.proof is Proof.NAME:
            yield "was given without a PIN, where this session asks for one"
        if sha256(opened.profile_toml.encode()).hexdigest() != opened.profile_sha256:
            yield "cannot be judged: the profile in the record is not the one that its hash names"
            return
        if self._allowed is None:
            self._allowed = _allowed(opened)
        allowed = self._allowed.get(signed.meaning, ())
        if allowed and signed.by.role not in allowed:
            yield f"is one for a {' or '.join(sorted(allowed))}, by the profile in the record"


def _allowed(opened: SessionOpened) -> dict[Meaning, tuple[Role, ...]]:
    """Return who may sign what; nothing where a profile has the shape of another ketamon: that is no forgery."""
    try:
        return roles(loads(opened.profile_toml, opened.profile).gate)
    except ProfileError:
        return {}
