"""People and their PINs: every outcome, what is on the disk before it is told, and what is refused."""

import builtins
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from threading import Thread

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketamon.domain.people import Person, Role
from ketamon.domain.profile import PeopleRules
from ketamon.errors import Refused, SourceError, UsageError, VerificationError
from ketamon.roster import FILE, Outcome, Roster, is_trivial
from ketamon.store import private

T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
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


class Slain(BaseException):
    """What no code of ours catches: the process is gone."""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def roster(home):
    found = Roster.open(home, RULES, Cheap())
    found.add(AHN, PIN)
    found.add(KELLER, OTHER)
    return found


def again(home, hasher=None):
    """Another process."""
    return Roster.open(home, RULES, hasher or Cheap())


def outcomes(roster, name, pins, now=T0):
    return [roster.check(name, pin, now).outcome for pin in pins]


# --- who is there


def test_without_a_file_there_is_nobody_and_nothing_is_made(home):
    roster = again(home)
    assert roster.people == ()
    assert roster.find("Dr. Ahn") is None
    assert roster.check("Dr. Ahn", PIN, T0).outcome is UNKNOWN
    for change in (roster.remove, lambda name: roster.set_pin(name, PIN)):
        with pytest.raises(UsageError, match="not in the roster"):
            change("Dr. Ahn")
    assert not home.exists()


def test_people_are_kept_in_their_order_and_found_however_they_are_typed(roster, home):
    for one in (roster, again(home)):
        assert one.people == (AHN, KELLER)
        assert one.find("  m. KELLER ") == KELLER
        assert one.find("Keller") is None


def test_what_one_process_adds_another_that_runs_already_sees(home):
    first, second = again(home), again(home)
    first.add(AHN, PIN)
    assert second.people == (AHN,)
    assert second.check("dr. ahn", PIN, T0).person == AHN


def test_removed_is_unknown_and_the_only_director_stays(roster):
    with pytest.raises(Refused, match="only director"):
        roster.remove("dr. ahn")
    assert roster.check("M. Keller", OTHER, T0).outcome is RIGHT
    roster.remove("m. keller")
    assert roster.check("M. Keller", OTHER, T0).outcome is UNKNOWN
    roster.remove("Dr. Ahn")
    assert roster.people == ()


REFUSED = [
    (lambda r: r.add(Person(" dr. AHN", Role.NURSE), OTHER), UsageError, "in the roster already"),
    (lambda r: r.add(Person("  ", Role.NURSE), OTHER), UsageError, "no name"),
    (lambda r: r.add(Person("A\x1b[2J", Role.NURSE), OTHER), UsageError, "no name"),
    (lambda r: r.remove("nobody"), UsageError, "not in the roster"),
    (lambda r: r.set_pin("nobody", OTHER), UsageError, "not in the roster"),
    (lambda r: r.known("nobody"), UsageError, "not in the roster"),
    (lambda r: r.check("Dr. Ahn", PIN, T0.replace(tzinfo=None)), ValueError, "time zone"),
]


@pytest.mark.parametrize(("ask", "error", "words"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(roster, home, ask, error, words):
    before = (home / FILE).read_bytes()
    with pytest.raises(error, match=words):
        ask(roster)
    assert (home / FILE).read_bytes() == before


def test_the_first_is_a_director(home):
    roster = again(home)
    with pytest.raises(Refused, match="must be a director"):
        roster.add(KELLER, OTHER)
    assert roster.people == ()


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


# --- killed, failing, together


@pytest.mark.parametrize("pin", [PIN, BAD])
def test_killed_while_it_looks_the_try_is_used_up(roster, home, pin):
    class Dies(Cheap):
        def verify(self, hash, password):  # noqa: A002 (its name)
            raise Slain

    for _ in range(5):
        with pytest.raises(Slain):
            again(home, Dies()).check("Dr. Ahn", pin, T0)
    assert again(home).check("Dr. Ahn", PIN, T0).outcome is LOCKED


PROCESS = """
import os, signal
from datetime import UTC, datetime
from pathlib import Path
from argon2 import PasswordHasher
from ketamon.roster import Roster

tries = 0

class Hasher(PasswordHasher):
    def verify(self, hash, password):
        global tries
        tries += 1
        {verify}

roster = Roster.open(Path({home!r}), hasher=Hasher(time_cost=1, memory_cost=8, parallelism=1))
for n in range(12):
    roster.check("Dr. Ahn", {pin!r}, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))
print(tries)
"""


def process(home, pin, verify):
    code = PROCESS.format(home=str(home), pin=pin, verify=verify)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_killed_for_real_it_leaves_no_lock_on_the_folder_and_one_try_less(roster, home):
    slain = process(home, PIN, "os.kill(os.getpid(), signal.SIGKILL)")
    slain.communicate()
    assert slain.returncode == -9
    assert again(home).check("Dr. Ahn", BAD, T0).attempts_left == 3


@pytest.mark.parametrize("call", ["open", "fsync", "rename"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_write_that_fails_is_never_a_right_pin(roster, home, monkeypatch, call, nth):
    real, calls = getattr(os, call), []

    def fails(*args, **kwargs):
        if call != "open" or "dir_fd" in kwargs:
            calls.append(args)
            if len(calls) == nth:
                raise OSError(28, "No space left on device")
        return real(*args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(private.os, call, fails)
        with pytest.raises(SourceError, match=r"people\.json cannot be written \(No space left"):
            roster.check("Dr. Ahn", PIN, T0)
    assert again(home).people == (AHN, KELLER)
    assert again(home).check("Dr. Ahn", PIN, T0).outcome is RIGHT


def test_what_a_killed_writer_left_is_no_obstacle(roster, home):
    (home / f"{FILE}.new").write_bytes(b"{half")
    (home / f"{FILE}.new").chmod(0o644)
    assert roster.check("Dr. Ahn", PIN, T0).outcome is RIGHT
    assert (home / FILE).stat().st_mode & 0o777 == 0o600


def test_two_processes_share_the_five_tries(roster, home):
    processes = [process(home, BAD, "return super().verify(hash, password)") for _ in range(2)]
    tries = [int(each.communicate()[0]) for each in processes]
    assert sum(tries) == 5
    assert roster.check("M. Keller", OTHER, T0).outcome is RIGHT


def test_no_change_of_several_threads_is_lost(home):
    again(home).add(AHN, PIN)
    names = [f"nurse {n}" for n in range(8)]
    threads = [Thread(target=again(home).add, args=(Person(name, Role.NURSE), OTHER)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {p.name for p in again(home).people} == {"Dr. Ahn", *names}


def test_readers_see_the_old_or_the_new_while_one_writes(roster, home):
    writer = Thread(target=outcomes, args=(roster, "Dr. Ahn", [BAD, PIN] * 40))
    writer.start()
    reader = again(home)
    seen = {reader.people}
    while writer.is_alive():
        seen.add(reader.people)
    writer.join()
    assert seen == {(AHN, KELLER)}


def test_a_lock_that_is_not_let_go_is_told(roster, home, monkeypatch):
    monkeypatch.setattr(private, "_PATIENCE_S", 0.05)
    with private.held(home), pytest.raises(SourceError, match="another process"):
        roster.check("Dr. Ahn", PIN, T0)
    assert roster.check("Dr. Ahn", PIN, T0).outcome is RIGHT


# --- what is refused to be read


def asked_in_every_way(home):
    def opened():
        return Roster(home, RULES, Cheap())

    return [
        lambda: Roster.open(home),
        lambda: opened().people,
        lambda: opened().find("Dr. Ahn"),
        lambda: opened().check("Dr. Ahn", PIN, T0),
        lambda: opened().add(Person("new", Role.DIRECTOR), PIN),
        lambda: opened().set_pin("Dr. Ahn", OTHER),
        lambda: opened().remove("Dr. Ahn"),
    ]


def refused(home, error, words):
    for ask in asked_in_every_way(home):
        with pytest.raises(error, match=words):
            ask()


def changed(change):
    def apply(data):
        contents = json.loads(data)
        change(contents, contents["people"][0])
        return json.dumps(contents).encode()

    return apply


DAMAGE = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"\xff\x00garbage",
    "half": lambda data: data[: len(data) // 2],
    "all but the end": lambda data: data.rstrip()[:-1],
    "two": lambda data: data + data,
    "null": lambda _: b"null",
    "nothing in it": lambda _: b"{}",
    "newer": changed(lambda c, p: c.update({"ketamon-people": 2})),
    "more": changed(lambda c, p: p.update(surprise=1)),
    "no role": changed(lambda c, p: p.update(role="surgeon")),
    "no hash": changed(lambda c, p: p.update(pin="271828")),
    "no PIN": changed(lambda c, p: p.pop("pin")),
    "below zero": changed(lambda c, p: p.update(failures=-5)),
    "a lock without a zone": changed(
        lambda c, p: p.update(lock={"since": "2026-11-21T08:00:00", "until": "2026-11-21T08:15:00"})
    ),
    "a lock that ends first": changed(
        lambda c, p: p.update(lock={"since": "2026-11-21T08:00:00Z", "until": "2026-11-21T07:00:00Z"})
    ),
    "twice": changed(lambda c, p: c["people"].append({**p, "name": "DR. AHN "})),
    "no director": changed(lambda c, p: p.update(role="physician")),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_and_never_taken_for_an_empty_one(roster, home, damage):
    path = home / FILE
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    refused(home, VerificationError, r"people\.json is damaged")


def test_every_truncation_is_damage(roster, home):
    path = home / FILE
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(VerificationError):
            Roster.open(home)


def test_a_hash_that_argon2_does_not_take_is_damage_and_not_a_wrong_pin(roster, home):
    path = home / FILE
    path.write_text(path.read_text().replace("m=8,", "m=1,", 1))
    with pytest.raises(VerificationError, match=r"the PIN of Dr\. Ahn cannot be checked"):
        roster.check("Dr. Ahn", PIN, T0)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o640, 0o604])
def test_a_file_open_to_others_is_refused(roster, home, mode):
    (home / FILE).chmod(mode)
    refused(home, SourceError, "not private to you")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_can_change_is_refused(roster, home, mode):
    home.chmod(mode)
    refused(home, SourceError, "can be changed by other users")
    (home / FILE).unlink()
    with pytest.raises(SourceError, match="can be changed by other users"):
        roster.add(AHN, PIN)


def test_anothers_file_is_refused(roster, home, monkeypatch):
    monkeypatch.setattr(private.os, "geteuid", lambda: os.getuid() + 1)
    refused(home, SourceError, "not private to you")


def make_link(path):
    target = path.rename(path.with_name("elsewhere"))
    path.symlink_to(target)


def make_folder(path):
    path.unlink()
    path.mkdir(mode=0o700)


def make_pipe(path):
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("make", [make_link, make_folder, make_pipe])
def test_what_is_no_plain_file_is_refused(roster, home, make):
    make(home / FILE)
    refused(home, SourceError, r"people\.json (cannot be read|is not private)")


def test_a_home_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(SourceError, match="cannot be read"):
        Roster.open(tmp_path / "home")


def test_folder_and_file_are_their_owners_whatever_the_mask(home):
    mask = os.umask(0o000)
    try:
        again(home).add(AHN, PIN)
    finally:
        os.umask(mask)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / FILE).stat().st_mode & 0o777 == 0o600
