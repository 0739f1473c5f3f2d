"""People and their PINs: every outcome, what is on the disk before it is told, and what is refused."""

import json
import os
import subprocess
import sys
from threading import Thread

import pytest
from people.staff import AHN, BAD, KELLER, LOCKED, OTHER, PIN, RIGHT, RULES, T0, UNKNOWN, Cheap, again, outcomes

from ketamon.domain.people import Person, Role
from ketamon.errors import Refused, SourceError, UsageError, VerificationError
from ketamon.roster import FILE, Roster
from ketamon.store import private


class Slain(BaseException):
    """What no code of ours catches: the process is gone."""


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
