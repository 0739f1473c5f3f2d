"""Who may sign here, and the PIN each proves it with: `people.json` in ketamon's home.

    {"ketamon-people": 1, "people": [{"name": "Dr. Ahn", "role": "director", "pin": "$argon2id$…", "failures": 0}]}

Without the file there is nobody: names are then taken as typed, and nothing is proven. A file that cannot be read, is
damaged, or is open to another user is an error, never an empty list.

A try is written down as a wrong one before the PIN is looked at, and a right PIN takes it back. So a process that is
killed in between has used up a try, and no answer is given that is not on the disk. Nothing is kept in memory: what one
process changes, every other sees at its next question.

This proves people to each other at a shared login. It does not hold against the owner of that login, who can replace
the file: that is also the way out where the only director has forgotten the PIN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import msgspec

from ketamon.domain.people import WRONG_PIN, Person, Role
from ketamon.domain.profile import PeopleRules
from ketamon.errors import Refused, UsageError, VerificationError
from ketamon.port.clock import uptime
from ketamon.store import private

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FILE = "people.json"
_RULES = PeopleRules()


class Outcome(StrEnum):
    """What comes of a name and a PIN."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to a PIN. Only `RIGHT` proves that it is `person`, whose name and role are the roster's.

    `attempts_left` goes with `WRONG`, `until` with `LOCKED`; `person` is None with `UNKNOWN`.
    """

    outcome: Outcome
    person: Person | None = None
    attempts_left: int = 0
    until: datetime | None = None

    def __str__(self) -> str:
        match self.outcome, self.until:
            case Outcome.LOCKED, datetime():
                return f"the PIN is locked until {self.until.astimezone():%H:%M}, or until a director sets a new one"
            case Outcome.WRONG, _:
                return f"{WRONG_PIN}; {self.attempts_left} more before it is locked"
            case Outcome.UNKNOWN, _:
                return "nobody of that name is in the roster"
        return f"right PIN of {self.person}"


_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a lock began and when it ends by the wall clock; what counts is the time since `up_ns` of the run `boot`."""

    since: _Moment
    until: _Moment
    boot: str = ""
    up_ns: int | None = None

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError("a lock ends before it begins")


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    role: Role
    pin: Annotated[str, msgspec.Meta(pattern=r"^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$")]
    failures: Annotated[int, msgspec.Meta(ge=0)] = 0
    lock: _Lock | None = None

    @property
    def person(self) -> Person:
        return Person(self.name, self.role)


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"format": "ketamon-people"}):
    format: Literal[1]
    people: tuple[_Entry, ...]

    def __post_init__(self) -> None:
        people = [entry.person for entry in self.people]
        if any(one.is_same(other) for n, one in enumerate(people) for other in people[:n]):
            raise ValueError("a name stands in it twice")
        if people and not _has_director(self.people):
            raise ValueError("it has no director")


class Roster:
    """The people of a clinic, each with a PIN. Every question reads the file, so every one can raise its errors.

    `SourceError`: it cannot be read or written, or is open to others. `VerificationError`: it is damaged.
    `UsageError`: a name or a PIN that cannot be, or argon2-cffi is missing. `Refused`: there would be no director.
    """

    def __init__(self, folder: Path, rules: PeopleRules, hasher: "PasswordHasher | None") -> None:
        self._folder = folder
        self._path = folder / FILE
        self._rules = rules
        self._hasher = hasher

    @classmethod
    def open(cls, folder: Path, rules: PeopleRules = _RULES, hasher: "PasswordHasher | None" = None) -> Self:
        """Return the roster in `folder`, ketamon's home, once it is seen to be readable.

        `rules`: how many digits and tries, and how long a lock lasts. `hasher`: argon2-cffi's with its defaults.
        """
        roster = cls(folder, rules, hasher)
        roster._entries()
        return roster

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in the order they were added; empty where names are taken as typed."""
        return tuple(entry.person for entry in self._entries())

    @property
    def missing(self) -> bool:
        """Whether there is no file at all: nobody was ever in it, or it was taken away."""
        return private.read(self._path) is None

    def find(self, name: str) -> Person | None:
        """Return the person of that name, however it is typed."""
        entry = _named(self._entries(), name)
        return entry.person if entry else None

    def known(self, name: str) -> Person:
        """Return the person of that name; raise `UsageError` where there is none."""
        return _known(self._entries(), name).person

    def locked_until(self, name: str, now: datetime) -> datetime | None:
        """Say until when that person's PIN is not looked at, or None."""
        entry = _named(self._entries(), name)
        lock = _standing(entry.lock, now) if entry else None
        return lock.until if lock else None

    def add(self, person: Person, pin: str) -> None:
        """Add somebody; the first must be a director. Makes the folder, for its owner only, where there is none."""
        name = person.name.strip()
        if not name or not name.isprintable():
            raise UsageError(f"{person.name!r} is no name; use letters that can be printed")
        entry = _Entry(name, person.role, self._hash_of(pin))
        private.make(self._folder)
        with private.held(self._folder) as folder:
            entries = self._entries()
            if _named(entries, name):
                raise UsageError(f"{name} is in the roster already; give another name, or remove the old entry first")
            if not _has_director([*entries, entry]):
                raise Refused("the first person must be a director, who then adds the others")
            self._save([*entries, entry], folder)

    def remove(self, name: str) -> None:
        """Remove somebody; the last director only when nobody else is left."""
        self.known(name)  # before there is a folder to hold
        with private.held(self._folder) as folder:
            entries = self._entries()
            gone = _known(entries, name)
            left = [entry for entry in entries if entry is not gone]
            if left and not _has_director(left):
                raise Refused(f"{gone.name} is the only director; add another one first")
            self._save(left, folder)

    def set_pin(self, name: str, pin: str) -> None:
        """Give somebody another PIN, with no wrong tries and no lock."""
        self.known(name)  # as above
        pin_hash = self._hash_of(pin)
        with private.held(self._folder) as folder:
            entries = self._entries()
            entry = _known(entries, name)
            self._save(_with(entries, _Entry(entry.name, entry.role, pin_hash)), folder)

    def check(self, name: str, pin: str, now: datetime) -> Checked:
        """Look whether `pin` is that person's; `now` is the wall clock. Blocks for about a fifth of a second.

        The wrong try that locks is answered with `LOCKED`. An unknown name takes as long as a known one.
        """
        if now.tzinfo is None:
            raise ValueError("the wall clock needs a time zone")
        if not self._entries():
            return Checked(Outcome.UNKNOWN)
        hasher = self._argon2()
        with private.held(self._folder) as folder:
            entries = self._entries()
            entry = _named(entries, name)
            if entry is None:
                self._save(entries, folder)  # as slow as counting a try
                hasher.hash(_bytes(pin))
                return Checked(Outcome.UNKNOWN)
            if lock := _standing(entry.lock, now):
                self._save(_with(entries, msgspec.structs.replace(entry, lock=lock)), folder)
                return Checked(Outcome.LOCKED, entry.person, until=lock.until)
            tried = self._tried(entry, now)
            self._save(_with(entries, tried), folder)
            if not self._matches(hasher, entry, pin):
                return self._wrong(tried)
            pin_hash = hasher.hash(_bytes(pin)) if hasher.check_needs_rehash(entry.pin) else entry.pin
            self._save(_with(entries, _Entry(entry.name, entry.role, pin_hash)), folder)
            return Checked(Outcome.RIGHT, entry.person)

    def _tried(self, entry: _Entry, now: datetime) -> _Entry:
        """Return the entry after one more wrong try. A lock that is over goes: a clock set back would revive it."""
        failures = entry.failures + 1
        if failures < self._rules.attempts:
            return _Entry(entry.name, entry.role, entry.pin, failures)
        lock = _begun(now, timedelta(minutes=self._rules.lock_minutes))
        return _Entry(entry.name, entry.role, entry.pin, 0, lock)

    def _wrong(self, tried: _Entry) -> Checked:
        if tried.lock:
            return Checked(Outcome.LOCKED, tried.person, until=tried.lock.until)
        return Checked(Outcome.WRONG, tried.person, attempts_left=self._rules.attempts - tried.failures)

    def _matches(self, hasher: "PasswordHasher", entry: _Entry, pin: str) -> bool:
        from argon2 import exceptions  # noqa: PLC0415 (it is there, as the hasher is)

        try:
            return hasher.verify(entry.pin, _bytes(pin))
        except exceptions.VerifyMismatchError:
            return False
        except (exceptions.VerificationError, exceptions.InvalidHashError) as error:
            raise VerificationError(
                f"{self._path}: the PIN of {entry.name} cannot be checked ({error}); a director must set a new one"
            ) from error

    def _hash_of(self, pin: str) -> str:
        """Return the hash of a PIN that somebody chose, where it is good enough."""
        digits = self._rules.pin_digits
        if len(pin) < digits or not (pin.isascii() and pin.isdigit()):
            raise UsageError(f"a PIN is at least {digits} digits, and nothing else")
        if is_trivial(pin):
            raise UsageError("this PIN is among the first that anybody tries; not one digit, and no run as 123456")
        return self._argon2().hash(_bytes(pin))

    def _argon2(self) -> "PasswordHasher":
        if self._hasher is None:
            try:
                from argon2 import PasswordHasher  # noqa: PLC0415 (an extra, and only where there are PINs)
            except ImportError as error:
                raise UsageError("PINs need argon2-cffi; install it with: pip install 'ketamon[people]'") from error
            self._hasher = PasswordHasher()
        return self._hasher

    def _entries(self) -> tuple[_Entry, ...]:
        data = private.read(self._path)
        if data is None:
            return ()
        try:
            return msgspec.json.decode(data, type=_Contents).people
        except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors too
            raise VerificationError(
                f"{self._path} is damaged, or of a newer ketamon ({error}); restore it from a copy"
            ) from error

    def _save(self, entries: Sequence[_Entry], folder: int) -> None:
        data = msgspec.json.encode(_Contents(1, tuple(entries)))
        private.replace(self._path, msgspec.json.format(data, indent=1) + b"\n", folder)


def is_trivial(pin: str) -> bool:
    """Whether the digits are all the same, or run up or down (9 and 0 are neighbours)."""
    return {(int(b) - int(a)) % 10 for a, b in pairwise(pin)} in ({0}, {1}, {9})


def _bytes(pin: str) -> bytes:
    return pin.encode("utf-8", "surrogatepass")  # whatever was typed is a wrong PIN, not an accident


def _named(entries: Sequence[_Entry], name: str) -> _Entry | None:
    asked = Person(name, Role.OBSERVER)  # the role does not count
    return next((entry for entry in entries if entry.person.is_same(asked)), None)


def _known(entries: Sequence[_Entry], name: str) -> _Entry:
    entry = _named(entries, name)
    if entry is None:
        raise UsageError(f"“{name}” is not in the roster; “ketamon people” lists who is")
    return entry


def _with(entries: Sequence[_Entry], changed: _Entry) -> list[_Entry]:
    return [changed if entry.name == changed.name else entry for entry in entries]


def _has_director(entries: Sequence[_Entry]) -> bool:
    return any(entry.role is Role.DIRECTOR for entry in entries)


def _begun(now: datetime, length: timedelta) -> _Lock:
    up = uptime()
    return _Lock(now, now + length, *up) if up else _Lock(now, now + length)


def _standing(lock: _Lock | None, now: datetime) -> _Lock | None:
    """Return the lock that holds now.

    It lasts by the time that the machine runs, which nobody can set; after a restart it begins anew, as nobody knows
    how long the machine was off. Where only the wall clock is to be had and was set back behind it, it begins anew,
    too: not over, not endless.
    """
    if lock is None:
        return None
    length, up = lock.until - lock.since, uptime()
    if up is not None and lock.up_ns is not None:
        if up.boot != lock.boot or up.ns < lock.up_ns:
            return _begun(now, length)
        passed = timedelta(microseconds=(up.ns - lock.up_ns) // 1000)
        return _Lock(now - passed, now - passed + length, lock.boot, lock.up_ns) if passed < length else None
    if now >= lock.until:
        return None
    return _begun(now, length) if now < lock.since else lock
