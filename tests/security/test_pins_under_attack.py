"""PINs and the socket as an attacher would try them: clocks, restarts, parallel tries, lost files, other users."""

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from argon2 import PasswordHasher
from chair.bedside import NURSE

from ketamon import local
from ketamon import roster as roster_module
from ketamon.chair.door import Door
from ketamon.chair.server import MAX_LINE, Server
from ketamon.codec import encode_intent
from ketamon.domain.intents import Note, Sign
from ketamon.domain.people import Meaning, Person, Proof, Role
from ketamon.domain.profile import PeopleRules
from ketamon.errors import Refused, SourceError
from ketamon.port.clock import Uptime
from ketamon.roster import FILE, Outcome, Roster

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)
AHN = Person("Dr. Ahn", Role.DIRECTOR)
PIN, BAD = "407291", "550612"
SIGN = Sign(meaning=Meaning.ASSESSMENT, by=NURSE)


class Machine:
    """A machine that runs on and is restarted as the test wants it."""

    def __init__(self):
        self.boot, self.ns = "one", 10**12

    def __call__(self):
        return Uptime(self.boot, self.ns)

    def minutes(self, count):
        self.ns += round(count * 60e9)

    def restart(self, up_s=20.0, boot="two"):
        self.boot, self.ns = boot, round(up_s * 1e9)


@pytest.fixture(name="machine")
def fixture_machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(roster_module, "uptime", machine)
    return machine


@pytest.fixture(name="roster")
def fixture_roster(tmp_path, machine):
    roster = Roster.open(tmp_path / "home", PeopleRules(), CHEAP)
    roster.add(AHN, PIN)
    roster.add(NURSE, PIN)
    return roster


def lock(roster, name=AHN.name):
    for _ in range(5):
        answer = roster.check(name, BAD, NOW)
    assert answer.outcome is Outcome.LOCKED


@pytest.mark.parametrize("wall", [NOW + 16 * MINUTE, NOW + YEAR, NOW - YEAR, datetime(1970, 1, 1, tzinfo=UTC)])
def test_setting_the_clock_ends_no_lock(roster, machine, wall):
    lock(roster)
    machine.minutes(14)
    assert roster.check(AHN.name, PIN, wall).outcome is Outcome.LOCKED
    assert roster.locked_until(AHN.name, wall) == wall + MINUTE
    machine.minutes(1)
    assert roster.check(AHN.name, PIN, wall).outcome is Outcome.RIGHT


def test_a_restart_ends_no_lock_however_the_clock_stands(roster, machine):
    lock(roster)
    machine.minutes(10)
    machine.restart()
    assert roster.check(AHN.name, PIN, NOW + YEAR).outcome is Outcome.LOCKED
    machine.minutes(14.9)
    assert roster.check(AHN.name, PIN, NOW + 2 * YEAR).outcome is Outcome.LOCKED
    machine.minutes(0.1)
    assert roster.check(AHN.name, PIN, NOW).outcome is Outcome.RIGHT


def test_a_machine_without_a_name_for_its_runs_sees_its_restart_by_the_time(roster, machine):
    machine.boot = ""
    lock(roster)
    machine.restart(boot="")
    assert roster.check(AHN.name, PIN, NOW + YEAR).outcome is Outcome.LOCKED


def test_tries_are_counted_over_restarts_of_the_core(roster, tmp_path):
    outcomes = [
        Roster.open(tmp_path / "home", PeopleRules(), CHEAP).check(AHN.name, BAD, NOW).outcome for _ in range(6)
    ]
    assert outcomes == [Outcome.WRONG] * 4 + [Outcome.LOCKED] * 2


def test_parallel_tries_are_five_all_together(roster, tmp_path):
    tried = []

    class Counting(PasswordHasher):
        def verify(self, *args, **more):
            tried.append(1)
            return super().verify(*args, **more)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)

    def attempt(number):
        return Roster.open(tmp_path / "home", PeopleRules(), hasher).check(AHN.name, f"{number:06}", NOW).outcome

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(100_000, 100_030)))
    assert len(tried) == 5
    assert outcomes.count(Outcome.WRONG) == 4
    assert outcomes.count(Outcome.LOCKED) == 26


def test_a_locked_pin_is_not_even_looked_at(roster):
    """So the time of an answer tells nothing about the PIN that was tried."""
    lock(roster)

    class Never(PasswordHasher):
        def verify(self, *args, **more):
            raise AssertionError

    locked = Roster.open(roster._folder, PeopleRules(), Never())
    assert locked.check(AHN.name, PIN, NOW).outcome is Outcome.LOCKED


async def test_a_roster_that_was_taken_away_gains_nobody_a_signature(roster, tmp_path):
    door = Door(roster, asked_before=True)
    (tmp_path / "home" / FILE).unlink()
    assert door.asks_pins
    for pin in ("", PIN):
        with pytest.raises(Refused, match=r"roster is gone.*restore people\.json"):
            await door.prove(SIGN, pin, NOW)
    assert await door.prove(Note(text="x", by=NURSE), "", NOW) is Proof.NAME  # what happens can still be written down


async def test_a_roster_emptied_by_its_director_asks_nobody(roster):
    roster.remove(NURSE.name)
    roster.remove(AHN.name)
    assert not Door(roster, asked_before=True).asks_pins


# --- the socket


@pytest.fixture(name="runtime")
def fixture_runtime(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_RUNTIME", str(tmp_path / "run"))
    return tmp_path / "run" / "ketamon"


def test_a_folder_whose_path_is_too_long_for_a_socket_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KETAMON_RUNTIME", str(tmp_path / ("x" * 90)))
    with pytest.raises(SourceError, match=r"too long for a socket.*KETAMON_RUNTIME"):
        local.socket_path("2")


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_folder_and_socket_are_private_whatever_the_umask(runtime, mask):
    runtime.parent.mkdir(mode=0o700)
    old = os.umask(mask)
    try:
        path = local.socket_path("2")
        server = Server(lambda _: (), asked("never"), lambda: b"", lambda _: None)
        await server.start(path)
        assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await server.stop()
    finally:
        os.umask(old)


def asked(answer):
    async def ask(intent, pin):
        return answer

    return ask


def linked(folder, elsewhere):
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere, target_is_directory=True)


@pytest.mark.parametrize(
    "attack",
    [
        linked,
        lambda folder, elsewhere: folder.symlink_to(elsewhere),
        lambda folder, elsewhere: (folder.mkdir(), folder.chmod(0o770)),
        lambda folder, elsewhere: (folder.mkdir(), folder.chmod(0o707)),
        lambda folder, elsewhere: folder.write_text("a file"),
    ],
)
def test_a_runtime_folder_that_others_reach_is_refused(runtime, tmp_path, attack):
    runtime.parent.mkdir()
    attack(runtime, tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="not private to you"):
        local.socket_path("2")


@pytest.mark.parametrize(("mode", "well"), [(0o755, True), (0o1777, True), (0o777, False), (0o775, False)])
def test_nobody_else_may_put_another_folder_in_its_place(runtime, mode, well):
    runtime.parent.mkdir()
    runtime.parent.chmod(mode)
    if well:
        assert local.runtime_dir() == runtime
    else:
        with pytest.raises(SourceError, match="lets other users put another folder in its place"):
            local.runtime_dir()


def test_a_runtime_folder_of_somebody_else_is_refused(runtime, monkeypatch):
    runtime.mkdir(mode=0o700, parents=True)
    monkeypatch.setattr(os, "getuid", lambda: 12_345)
    with pytest.raises(SourceError, match="not private to you"):
        local.socket_path("2")


@pytest.mark.parametrize("chair", ["../x", "a/b", "", ".", "-rf", "a\nb", "a\0b", "x" * 33, "ä", "\x1b[2J"])
def test_a_chairs_name_is_no_path(runtime, chair):
    with pytest.raises(ValueError, match="is no name for a chair"):
        local.socket_path(chair)


async def test_another_user_is_told_nothing(runtime, monkeypatch):
    monkeypatch.setattr("ketamon.chair.server.peer_uid", lambda _: os.getuid() + 1)
    server = Server(lambda _: (), asked("never"), lambda: b"beat\n", lambda _: None)
    await server.start(path := local.socket_path("2"))
    reader, writer = await asyncio.open_unix_connection(str(path))
    assert await reader.read() == b""
    writer.close()
    await server.stop()


async def test_a_request_cannot_vouch_for_itself(runtime):
    """A proof that stands in the request does not count; only what the door says does."""
    seen = []

    async def ask(intent, pin):
        seen.append((intent, pin))
        return ""

    server = Server(lambda _: (), ask, lambda: b"{}\n", lambda _: None)
    await server.start(path := local.socket_path("2"))
    reader, writer = await asyncio.open_unix_connection(str(path))
    await reader.readline()
    request = msgspec.json.encode({"id": 1, "intent": msgspec.Raw(encode_intent(SIGN, Proof.PIN)), "pin": ""})
    writer.write(request + b"\n")
    assert b'"id":1' in await reader.readline()
    assert seen == [(SIGN, "")]
    writer.write(
        msgspec.json.encode({"id": 2, "intent": msgspec.Raw(encode_intent(Note(text="a\x1b[2J\nb", by=NURSE)))}) + b"\n"
    )
    await reader.readline()
    assert seen[1][0].text == "a\N{REPLACEMENT CHARACTER}[2J b"
    writer.close()
    await server.stop()


@pytest.mark.parametrize(
    "line", [b"{", b"[" * 100_000, b'{"id":1,"intent":' + b"[" * 90_000, b"\xff\xfe", b"x" * (MAX_LINE + 9)]
)
async def test_nonsense_parts_the_one_who_says_it_and_nobody_else(runtime, line):
    server = Server(lambda _: (), asked(""), lambda: b"{}\n", lambda _: None)
    await server.start(path := local.socket_path("2"))
    good = await asyncio.open_unix_connection(str(path))
    bad = await asyncio.open_unix_connection(str(path))
    await good[0].readline()
    await bad[0].readline()
    bad[1].write(line + b"\n")
    await asyncio.wait_for(bad[0].read(), 5)
    server.send_beat()
    assert await good[0].readline() == b"{}\n"
    for _, writer in (good, bad):
        writer.close()
    await server.stop()
