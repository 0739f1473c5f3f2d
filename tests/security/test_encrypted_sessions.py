"""Encrypted sessions: nothing of a patient is to be read in the folder, also after `kill -9`; everything else works."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cli.processes import bench, kill, record, spawn, until
from security.test_key_ring import NEEDED, PASSPHRASE

from ketamon.cli import main
from ketamon.domain.events import Noted
from ketamon.domain.intents import Note
from ketamon.domain.people import Patient
from ketamon.follow import SocketFeed
from ketamon.local import answers, socket_path
from ketamon.profiles import load
from ketamon.store.keys import KEY_FILE, KEYS, VARIABLE
from ketamon.store.reader import load as load_events
from ketamon.stream.reader import verify as verify_stream

from chair.bedside import CHECK_IN, NURSE, checking_in  # isort: skip

pytestmark = NEEDED
SECRETS = (b"Wilhelmina Oberauer", b"1961-02-03-XY", b"the note nobody else may read", b"Escorta")
MINE = Patient(
    label="Wilhelmina Oberauer", identifier="1961-02-03-XY", weight_kg=72.0, weight_method="measured",
    indication="ptsd", escort="Escorta",
)  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("KETAMON_RUNTIME", str(tmp_path / "run"))
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (secret / "passphrase").write_text(PASSPHRASE + "\n")
    (secret / "passphrase").chmod(0o600)
    monkeypatch.setenv(KEY_FILE, str(secret / "passphrase"))
    KEYS.forget()
    KEYS.ring.create(PASSPHRASE)
    yield tmp_path
    KEYS.forget()


def readable(folder: Path) -> list[tuple[str, bytes]]:
    """Look for each secret in every file below a folder, in its name too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [
        (path.name, secret)
        for path in files
        for secret in SECRETS
        if secret in path.read_bytes() or secret in os.fsencode(path.name)
    ]


async def session(process: subprocess.Popen, feed: SocketFeed) -> None:
    """Check the patient in and write a note; it is saved when this returns."""
    assert process.poll() is None
    for intent in checking_in(feed.profile):
        assert await feed.ask(replace(CHECK_IN, patient=MINE) if intent is CHECK_IN else intent) == ""
    assert await feed.ask(Note(text=SECRETS[2].decode(), by=NURSE)) == ""


async def started(*args: object) -> subprocess.Popen:
    process = spawn("core", "--chair", "k", *args)
    await until(lambda: answers(socket_path("k")) or process.poll() is not None)
    assert process.poll() is None, process.stderr.read()
    return process


async def test_nothing_of_the_patient_is_readable_during_after_and_when_killed(home):
    with bench(home) as devices:
        process = await started(*devices)
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected)
        await session(process, feed)
        assert readable(home / "home") == []
        kill(process)
        assert readable(home / "home") == []
        assert readable(home / "run") == []
        process = await started("--resume")
        await until(lambda: feed.connected and feed.state.patient == MINE)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        said = b"".join(process.communicate())
        assert not [secret for secret in SECRETS if secret in said]
    assert readable(home / "home") == []
    assert not any((home / "tmp").rglob("*"))
    assert [v.body.text for v in load_events(record()) if isinstance(v.body, Noted)] == [SECRETS[2].decode()]
    assert verify_stream(record().with_suffix(".kstream")).problems == []
    stream = str(record().with_suffix(".kstream"))
    assert main(["verify", str(record())]) == 0
    with spawn("replay", stream, "--headless", "--json") as replayed:
        assert SECRETS[2] in replayed.communicate()[0]  # what is asked for is shown


def test_a_plain_session_is_readable_so_the_search_can_find(home, tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a").write_bytes(b"..Wilhelmina Oberauer..")
    assert readable(tmp_path / "plain") == [("a", SECRETS[0])]


async def test_a_replay_of_an_encrypted_recording_leaves_no_plain_copy_when_killed(home):
    with bench(home) as devices:
        process = await started(*devices)
        feed = SocketFeed(socket_path("k"), load(None)[0])
        following = asyncio.create_task(feed.run())
        await until(lambda: feed.connected)
        await session(process, feed)
        checked_in = feed.state.at
        await until(lambda: feed.state.at.since(checked_in) > 3)  # or the replay ends before anybody looks
        process.terminate()
        process.communicate()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    process = spawn("core", "--chair", "r", "--replay", record().with_suffix(".kstream"), "--speed", "1")
    await until(lambda: answers(socket_path("r")))
    feed = SocketFeed(socket_path("r"), load(None)[0])
    following = asyncio.create_task(feed.run())
    await until(lambda: feed.state.patient is not None)
    kill(process)
    assert any((home / "tmp").rglob("*.ksession"))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert readable(home / "tmp") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({KEY_FILE: "", VARIABLE: "some other passphrase"}, "is not the passphrase of"),
        ({KEY_FILE: "/nowhere/at/all"}, "there is no file /nowhere/at/all; make it, or unset KETAMON_KEY_FILE"),
        ({KEY_FILE: "", "PATH": ""}, "nobody gave the passphrase; start at a terminal, or set KETAMON_KEY_FILE"),
    ],
)
def test_without_the_passphrase_one_sentence_says_what_to_do(home, tmp_path, change, said):
    from ketamon.port.clock import SystemClock
    from ketamon.store import database, location

    now = SystemClock().now().wall
    path = location.new_session_path(now, "1")
    database.create(path, "s", now, KEYS.fresh())
    environ = os.environ | change
    done = subprocess.run(
        [sys.executable, "-m", "ketamon", "verify", str(path)],
        env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True, check=False,
    )  # fmt: skip
    assert done.returncode in (2, 3)
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_the_extra_one_sentence_names_it(home, monkeypatch):
    from ketamon.port.clock import SystemClock
    from ketamon.store import cipher, database, location

    now = SystemClock().now().wall
    path = location.new_session_path(now, "1")
    database.create(path, "s", now, KEYS.fresh())
    monkeypatch.setattr(cipher, "_sqlcipher", None)
    with pytest.raises(OSError, match=r"pip install 'ketamon\[encrypted\]'"):
        database.connect(path)


@pytest.mark.parametrize(("place", "code"), [(17, 4), (200, 4), (4095, 4), (5, 3)])
def test_a_first_page_that_its_own_key_does_not_open_is_damage(home, capsys, place, code):
    """Damage in the first 16 bytes takes the name of the key away: then nobody can say whether it is one of ours."""
    path = made(home, place_of=lambda data: data.__setitem__(place, data[place] ^ 1))
    assert main(["verify", str(path)]) == code
    said = capsys.readouterr().err
    assert ("is damaged at its beginning or cut off" if code == 4 else "its key is not in") in said


def test_an_erased_session_is_named_and_stops_nothing(home, tmp_path, capsys):
    path = made(home)
    other = made(home)
    assert main(["key", "erase", str(path), "--yes"]) == 0
    capsys.readouterr()
    assert main(["verify"]) == 0
    out, _ = capsys.readouterr()
    assert f"{path}: erased at " in out
    assert f"{other}: as it was written" in out
    assert main(["archive", str(tmp_path / "archive")]) == 0
    assert f"{path}: erased at" in capsys.readouterr().err
    assert (tmp_path / "archive" / other.name).exists()
    assert not (tmp_path / "archive" / path.name).exists()
    assert main([]) == 2
    assert path.name not in capsys.readouterr().err, "nobody is offered what is gone"


def made(home, place_of=None):
    """Make an encrypted session of no events; change its bytes if asked."""
    from ketamon.port.clock import SystemClock
    from ketamon.store import database, location

    now = SystemClock().now().wall
    path = location.new_session_path(now, "1")
    database.create(path, "s", now, KEYS.fresh())
    if place_of is not None:
        data = bytearray(path.read_bytes())
        place_of(data)
        path.write_bytes(data)
    KEYS.forget()
    return path


def test_a_core_is_not_started_with_the_passphrase_in_its_environment(home, monkeypatch):
    from ketamon.cli import console
    from ketamon.errors import SourceError

    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    started = []

    def popen(command, **how):
        started.append(how["env"])
        raise SourceError("not in this test")

    monkeypatch.setattr(console.subprocess, "Popen", popen)
    with pytest.raises(SourceError):
        console.start([], home / "chair-1.sock", own_session=True, passphrase=PASSPHRASE)
    assert PASSPHRASE not in started[0].values()
    assert started[0]["KETAMON_HOME"] == os.environ["KETAMON_HOME"]
