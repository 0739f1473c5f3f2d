"""Who may look in from a browser, until when: links that are opened once, and the logins they become.

A link's token is exchanged for a cookie once, soon. Both are 256 random bits; only hashes are kept, in memory, and
compared in constant time. Time is the caller's, in seconds, of a clock that nobody can set.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from ketamon.domain.people import Person

OPEN_WITHIN_S = 15 * 60.0
"""A link that nobody has opened by then opens nothing."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whom a link lets in, and until when."""

    person: Person
    ends_s: float


@dataclass(frozen=True, slots=True)
class _Kept:
    digest: bytes
    until_s: float
    login: Login


class Logins:
    """All links and logins of one server; they end with it."""

    def __init__(self) -> None:
        self._links: list[_Kept] = []
        self._logins: list[_Kept] = []

    def invite(self, person: Person, seconds: float, now: float) -> str:
        """Return the token of a new link, whose login ends `seconds` from now."""
        login = Login(person, now + seconds)
        return _keep(self._links, login, min(login.ends_s, now + OPEN_WITHIN_S), now)

    def exchange(self, token: str, now: float) -> tuple[str, Login] | None:
        """Return the cookie for a token, and what it stands for; None where it opens nothing (any more)."""
        found = _find(self._links, token, now)
        if found is None:
            return None
        self._links.remove(found)
        return _keep(self._logins, found.login, found.login.ends_s, now), found.login

    def who(self, cookie: str, now: float) -> Login | None:
        """Return the login of a cookie; None where there is none, or it has ended."""
        found = _find(self._logins, cookie, now)
        return found.login if found else None

    def end(self, cookie: str, now: float) -> Login | None:
        """End a login before its time; return it."""
        found = _find(self._logins, cookie, now)
        if found is None:
            return None
        self._logins.remove(found)
        return found.login


def _keep(kept: list[_Kept], login: Login, until_s: float, now: float) -> str:
    kept[:] = [one for one in kept if now < one.until_s]
    secret = secrets.token_urlsafe(32)
    kept.append(_Kept(_digest(secret), until_s, login))
    return secret


def _find(kept: list[_Kept], secret: str, now: float) -> _Kept | None:
    digest = _digest(secret)
    found = [one for one in kept if hmac.compare_digest(one.digest, digest)]
    return next((one for one in found if now < one.until_s), None)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
