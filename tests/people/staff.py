"""People, PINs, and how they are asked for, to be built in tests."""

from datetime import UTC, datetime

import argon2

from ketamon.domain.people import Person, Role
from ketamon.domain.profile import PeopleRules
from ketamon.roster import Outcome, Roster

T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
RULES = PeopleRules()
AHN, KELLER = Person("Dr. Ahn", Role.DIRECTOR), Person("M. Keller", Role.NURSE)
PIN, OTHER, BAD = "271828", "314159", "999990"
RIGHT, WRONG, LOCKED, UNKNOWN = Outcome.RIGHT, Outcome.WRONG, Outcome.LOCKED, Outcome.UNKNOWN


class Cheap(argon2.PasswordHasher):
    """As cheap as argon2id can be, and counting what it is asked."""

    def __init__(self, time_cost=1):
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1, hash_len=16, salt_len=8)
        self.work = []

    def hash(self, password, *, salt=None):
        self.work.append("hash")
        return super().hash(password, salt=salt)

    def verify(self, hash, password):  # noqa: A002 (its name)
        self.work.append("verify")
        return super().verify(hash, password)


def again(home, hasher=None):
    """Another process."""
    return Roster.open(home, RULES, hasher or Cheap())


def outcomes(roster, name, pins, now=T0):
    return [roster.check(name, pin, now).outcome for pin in pins]
