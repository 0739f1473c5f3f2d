"""PINs: which can be, and what each try is answered: right, wrong, locked, unknown."""

import builtins
import json
import os
from datetime import timedelta

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people.staff import (
    AHN,
    BAD,
    KELLER,
    LOCKED,
    OTHER,
    PIN,
    RIGHT,
    T0,
    UNKNOWN,
    WRONG,
    Cheap,
    again,
    outcomes,
)

from ketamon.domain.profile import PeopleRules
from ketamon.errors import UsageError
from ketamon.roster import FILE, Roster, is_trivial
from ketamon.store import private

MINUTE = timedelta(minutes=1)


# --- PINs


PINS = [
    ("271828", True), ("20202020", True), ("121212", True), ("123455", True), ("19991999", True),
    ("27182", False), ("", False), ("27182a", False), ("2718 28", False), ("٢٧١٨٢٨", False), ("-271828", False),
    ("²²²³³³", False), ("000000", False), ("77777777", False), ("123456", False), ("654321", False), ("012345", False),
    ("890123", False), ("210987", False),
]  # fmt: skip


@pytest.mark.parametrize(("pin", "good"), PINS)
def test_which_pins_can_be(roster, pin, good):
    if not good:
        with pytest.raises(UsageError, match="PIN"):
            roster.set_pin("M. Keller", pin)
        pin = OTHER
    else:
        roster.set_pin("M. Keller", pin)
    assert roster.check("M. Keller", pin, T0).outcome is RIGHT


def test_the_fewest_digits_are_the_clinics(home):
    roster = Roster.open(home, PeopleRules(pin_digits=8), Cheap())
    with pytest.raises(UsageError, match="at least 8 digits"):
        roster.add(AHN, "2718281")
    roster.add(AHN, "27182818")


@given(st.integers(0, 9), st.sampled_from([0, 1, -1]), st.integers(6, 12))
def test_every_run_is_trivial_and_one_other_digit_mends_it(start, step, length):
    digits = [(start + step * n) % 10 for n in range(length)]
    assert is_trivial("".join(map(str, digits)))
    digits[2] = (digits[2] + 3) % 10
    assert not is_trivial("".join(map(str, digits)))


def test_the_file_holds_no_pin_and_argon2id(roster, home):
    text = (home / FILE).read_text("utf-8")
    assert PIN not in text
    assert text.count("$argon2id$") == 2


def test_without_argon2_it_is_told_what_to_install_and_nothing_is_right(roster, home, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.split(".")[0] == "argon2":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    bare = Roster.open(home)
    assert bare.people == (AHN, KELLER)
    for ask in (lambda: bare.check("Dr. Ahn", PIN, T0), lambda: bare.set_pin("Dr. Ahn", PIN)):
        with pytest.raises(UsageError, match=r"pip install 'ketamon\[people\]'"):
            ask()


def test_the_defaults_are_the_librarys_and_five_tries(home):
    roster = Roster.open(home)
    roster.add(AHN, PIN)
    assert roster.check("Dr. Ahn", PIN, T0).outcome is RIGHT
    (entry,) = json.loads((home / FILE).read_bytes())["people"]
    assert argon2.extract_parameters(entry["pin"]) == argon2.profiles.get_default_parameters()
    assert roster.check("Dr. Ahn", BAD, T0).attempts_left == 4


def test_a_right_pin_is_hashed_again_where_the_parameters_changed(roster, home):
    newer = Cheap(time_cost=2)
    assert again(home, newer).check("Dr. Ahn", BAD, T0).outcome is WRONG
    assert "t=2" not in (home / FILE).read_text()
    assert again(home, newer).check("Dr. Ahn", PIN, T0).outcome is RIGHT
    assert (home / FILE).read_text().count("t=2") == 1
    assert again(home, newer).check("Dr. Ahn", PIN, T0).outcome is RIGHT
    assert newer.work == ["verify", "verify", "hash", "verify"]


# --- right, wrong, locked, unknown


TABLE = [
    ([PIN], [RIGHT]),
    ([BAD, PIN], [WRONG, RIGHT]),
    ([BAD] * 5 + [PIN], [WRONG] * 4 + [LOCKED, LOCKED]),
    ([BAD] * 4 + [PIN] + [BAD] * 4, [WRONG] * 4 + [RIGHT] + [WRONG] * 4),
    (["", "27182", "2718288", "x" * 4000, "271\udc80", "2718\x0028"], [WRONG] * 4 + [LOCKED, LOCKED]),
    ([OTHER], [WRONG]),
]


@pytest.mark.parametrize(("pins", "expected"), TABLE)
def test_outcomes(roster, pins, expected):
    assert outcomes(roster, "dr. ahn ", pins) == expected


def test_what_the_answers_hold_and_say(roster):
    answers = [roster.check("DR. AHN", BAD, T0) for _ in range(6)]
    assert [a.attempts_left for a in answers] == [4, 3, 2, 1, 0, 0]
    assert {a.person for a in answers} == {AHN}
    assert [a.until for a in answers] == [None] * 4 + [T0 + 15 * MINUTE] * 2
    assert str(answers[0]) == "wrong PIN; 4 more before it is locked"
    assert f"locked until {(T0 + 15 * MINUTE).astimezone():%H:%M}" in str(answers[5])
    unknown = roster.check("nobody", PIN, T0)
    assert (unknown.outcome, unknown.person) == (UNKNOWN, None)
    assert "nobody of that name" in str(unknown)
    assert str(roster.check("m. keller", OTHER, T0)) == "right PIN of nurse M. Keller"


def test_one_persons_lock_is_not_anothers(roster):
    assert outcomes(roster, "Dr. Ahn", [BAD] * 5)[-1] is LOCKED
    assert outcomes(roster, "M. Keller", [BAD, OTHER]) == [WRONG, RIGHT]
    assert roster.locked_until("M. Keller", T0) is None
    assert roster.locked_until("nobody", T0) is None


def test_a_new_pin_unlocks_and_begins_to_count_anew(roster):
    outcomes(roster, "M. Keller", [BAD] * 5)
    roster.set_pin("m. keller", "161803")
    assert roster.locked_until("M. Keller", T0) is None
    assert outcomes(roster, "M. Keller", [OTHER] * 4 + ["161803"]) == [WRONG] * 4 + [RIGHT]


def test_a_lock_ends_and_gives_five_tries_again(roster):
    outcomes(roster, "Dr. Ahn", [BAD] * 5)
    end = T0 + 15 * MINUTE
    assert roster.check("Dr. Ahn", PIN, end - timedelta(microseconds=1)).outcome is LOCKED
    assert outcomes(roster, "Dr. Ahn", [BAD] * 4 + [PIN], end) == [WRONG] * 4 + [RIGHT]


def test_a_clock_set_back_neither_unlocks_nor_locks_for_ever(roster, home):
    outcomes(roster, "Dr. Ahn", [BAD] * 5)
    back = T0 - timedelta(days=400)
    assert again(home).locked_until("Dr. Ahn", back) == back + 15 * MINUTE
    assert roster.check("Dr. Ahn", PIN, back).until == back + 15 * MINUTE
    assert again(home).check("Dr. Ahn", PIN, back + 14 * MINUTE).until == back + 15 * MINUTE
    assert again(home).check("Dr. Ahn", PIN, back + 15 * MINUTE).outcome is RIGHT


def test_a_lock_that_is_over_does_not_come_back_with_the_clock(roster):
    outcomes(roster, "Dr. Ahn", [BAD] * 5)
    assert roster.check("Dr. Ahn", BAD, T0 + 16 * MINUTE).attempts_left == 4
    assert roster.check("Dr. Ahn", BAD, T0 + 1 * MINUTE).attempts_left == 3


def test_an_unknown_name_costs_what_a_known_one_costs(roster, monkeypatch):
    forced, real = [], os.fsync
    monkeypatch.setattr(private.os, "fsync", lambda fd: (forced.append(fd), real(fd)))

    def cost(name):
        roster._hasher.work.clear()
        forced.clear()
        roster.check(name, BAD, T0)
        return len(roster._hasher.work), len(forced)

    assert cost("nobody") == cost("M. Keller") == (1, 2)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 0, 0, 1, 4, 14, 15, 16]), st.sampled_from([0, 0, 0, 0, 1, 20, 9000])), max_size=60
    ),
    attempts=st.integers(1, 6),
)
def test_wrong_pins_never_get_more_tries_than_there_are_for_each_lock(tmp_path_factory, steps, attempts):
    """Minutes pass, the wall clock is set back, each check is another process; a try is what argon2 is asked."""
    home = tmp_path_factory.mktemp("home")
    hasher, rules = Cheap(), PeopleRules(attempts=attempts)
    Roster.open(home, rules, hasher).add(AHN, PIN)
    hasher.work.clear()
    passed, behind, since_lock, free_at = 0, 0, 0, 0
    for minutes, set_back in steps:
        passed, behind = passed + minutes, behind + set_back
        before = len(hasher.work)
        answer = Roster.open(home, rules, hasher).check("Dr. Ahn", BAD, T0 + (passed - behind) * MINUTE)
        tried = len(hasher.work) > before
        assert not (tried and passed < free_at)
        since_lock += tried
        assert since_lock <= attempts
        assert answer.outcome is (LOCKED if not tried or since_lock == attempts else WRONG)
        if tried and answer.outcome is LOCKED:
            since_lock, free_at = 0, passed + 15
    quiet = T0 + (passed - behind) * MINUTE
    until = Roster.open(home, rules, hasher).check("Dr. Ahn", BAD, quiet).until
    assert until is None or until <= quiet + 15 * MINUTE
