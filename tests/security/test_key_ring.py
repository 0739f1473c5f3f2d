"""The key ring: its passphrase, its rotation, what it forgets, and what it refuses."""

import io
import os
import stat
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
from store.samples import QUICK, START, noted

from ketamon.cli import main
from ketamon.errors import KetamonError, SourceError, UsageError, VerificationError
from ketamon.store import database, private
from ketamon.store import keys as keys_module
from ketamon.store import ring as ring_module
from ketamon.store.keys import KEYS, Keys
from ketamon.store.reader import load
from ketamon.store.ring import FILE, Erased, Kdf, Ring, derive, new_kdf, new_key
from ketamon.store.verify import verify
from ketamon.store.writer import Store

NEEDED = pytest.mark.skipif(
    not all(find_spec(name) for name in ("sqlcipher3", "cryptography", "argon2")),
    reason="needs pip install 'ketamon[encrypted]'",
)
pytestmark = NEEDED
PASSPHRASE = "correct horse battery staple"  # noqa: S105 (it protects nothing)
OTHER = "an owl in the moss at dawn"


@pytest.fixture(name="home")
def fixture_home(tmp_path, monkeypatch):
    monkeypatch.setattr(ring_module, "new_kdf", lambda: Kdf(os.urandom(16), memory_kib=8, passes=1, lanes=1))
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "home"))
    KEYS.forget()
    yield tmp_path / "home"
    KEYS.forget()


@pytest.fixture(name="ring")
def fixture_ring(home):
    ring = Ring(home)
    ring.create(PASSPHRASE)
    KEYS.tell(PASSPHRASE)
    return ring


@pytest.fixture(name="session")
def fixture_session(ring, home) -> Path:
    """A closed encrypted session of forty notes."""
    (home / "sessions").mkdir(mode=0o700)
    path = home / "sessions" / "a.ksession"
    database.create(path, "s", START, KEYS.fresh())
    with Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:
        store.append([noted(seq) for seq in range(1, 41)], urgent=True).result(5)
        store.close(ended=True)
    return path


def test_the_ring_is_private_and_holds_no_secret(ring):
    key = KEYS.fresh()
    data = ring.path.read_bytes()
    assert stat.S_IMODE(ring.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.path.parent.stat().st_mode) == 0o700
    assert PASSPHRASE.encode() not in data
    assert key.secret not in data
    assert key.secret.hex().encode() not in data


def test_a_key_comes_back_in_another_process(ring):
    key = KEYS.fresh()
    other = Keys({"KETAMON_PASSPHRASE": PASSPHRASE})
    assert Ring(ring.path.parent).find(other.clinic(), key.id) == key


def test_a_wrong_passphrase_opens_nothing_and_is_asked_once(ring, session):
    KEYS.forget()
    asked = []
    keys = Keys({})
    keys.asks(lambda: asked.append(1) or "wrong wrong wrong")
    for _ in range(3):
        with pytest.raises(SourceError, match="is not the passphrase"):
            keys.of(session)
    assert asked == [1]


def test_rotating_touches_no_session_and_the_old_passphrase_is_over(ring, session):
    before = session.read_bytes()
    ring.rotate(ring.unlock(PASSPHRASE), OTHER)
    assert session.read_bytes() == before
    KEYS.forget()
    KEYS.tell(PASSPHRASE)
    with pytest.raises(SourceError, match="is not the passphrase"):
        load(session)
    KEYS.tell(OTHER)
    assert len(load(session)) == 40


@pytest.mark.parametrize("fail", ["fsync", "rename", "unlink", "open"])
def test_a_crash_while_rotating_leaves_the_old_ring_or_the_new(ring, session, monkeypatch, fail):
    """Whatever call is the last one that a process makes, one of the two passphrases opens everything."""
    clinic = ring.unlock(PASSPHRASE)

    class Killed(BaseException):
        pass

    for nth in range(1, 9):
        real, count = getattr(os, fail), iter(range(1, 1000))

        def dies(*args, real=real, count=count, nth=nth, **more):
            if next(count) == nth:
                raise Killed
            return real(*args, **more)

        with monkeypatch.context() as at_work:
            at_work.setattr(private.os, fail, dies)
            with suppress(Killed):
                ring.rotate(clinic, OTHER)
        passphrases = []
        for passphrase in (PASSPHRASE, OTHER):
            KEYS.forget()
            KEYS.tell(passphrase)
            with suppress(SourceError):
                passphrases += [passphrase] if len(load(session)) == 40 else []
        assert len(passphrases) == 1
        if passphrases == [OTHER]:
            ring.rotate(ring.unlock(OTHER), PASSPHRASE)
            clinic = ring.unlock(PASSPHRASE)


def test_what_is_erased_is_told_so_and_never_opens_again(ring, session):
    name = KEYS.name_of(session)
    ring.erase(name, Erased("2026-11-21T09:00:00Z", "Dr. Ahn"))
    KEYS.forget()
    KEYS.tell(PASSPHRASE)
    with pytest.raises(SourceError, match=r"erased at 2026-11-21T09:00:00Z by Dr. Ahn: its key is destroyed"):
        load(session)


def test_an_encrypted_session_needs_its_ring(ring, session):
    KEYS.forget()
    ring.path.rename(ring.path.with_suffix(".elsewhere"))
    with pytest.raises(SourceError, match=r"no key ring .* restore the key ring"):
        load(session)
    with pytest.raises(SourceError, match=r"is gone, though a\.ksession was encrypted"):
        KEYS.fresh()


def test_a_flipped_bit_anywhere_behind_the_name_is_found(ring, session):
    whole = session.read_bytes()
    assert verify(session) == []
    for at in range(20, len(whole), 997):
        session.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            found = verify(session)
        except SourceError:
            found = ["refused"]  # the first page: it cannot be told from a wrong key
        assert found, at
    session.write_bytes(whole)
    assert verify(session) == []


def test_damaged_pages_are_named(ring, session):
    whole = session.read_bytes()
    session.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
    assert f"HMAC verification failed for page {len(whole) // 4096}" in [problem.what for problem in verify(session)]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda c: {**c, "check": ""}, SourceError),
        (lambda c: {**c, "kdf": {**c["kdf"], "memory_kib": 1 << 30}}, VerificationError),
        (lambda c: {**c, "kdf": {**c["kdf"], "memory_kib": 16}}, SourceError),
        (lambda c: {**c, "ketamon-keys": 2}, VerificationError),
        (lambda c: {}, VerificationError),
    ],
)
def test_a_forged_ring_is_refused(ring, change, error):
    contents = msgspec.json.decode(ring.path.read_bytes())
    ring.path.write_bytes(msgspec.json.encode(change(contents)))
    with pytest.raises(error):
        ring.unlock(PASSPHRASE)


def test_keys_of_two_sessions_cannot_be_swapped(ring):
    one, two = KEYS.fresh(), KEYS.fresh()
    contents = msgspec.json.decode(ring.path.read_bytes())
    keys = contents["keys"]
    keys[one.id.hex()], keys[two.id.hex()] = keys[two.id.hex()], keys[one.id.hex()]
    ring.path.write_bytes(msgspec.json.encode(contents))
    with pytest.raises(VerificationError, match="is damaged"):
        ring.find(KEYS.clinic(), one.id)


def test_another_users_ring_is_refused(ring):
    ring.path.chmod(0o644)
    with pytest.raises(SourceError, match="not private"):
        KEYS.fresh()


def test_a_ring_with_a_second_name_is_refused(ring, tmp_path):
    """Under the other name it would keep what is erased here."""
    (tmp_path / "other").hardlink_to(ring.path)
    with pytest.raises(SourceError, match=r"has a second name \(a hard link\)"):
        KEYS.fresh()


def test_a_process_that_runs_on_looks_for_the_new_passphrase(ring, monkeypatch):
    environ = {"KETAMON_PASSPHRASE": PASSPHRASE}
    keys = Keys(environ)
    keys.fresh()
    ring.rotate(keys.clinic(), OTHER)
    environ["KETAMON_PASSPHRASE"] = OTHER
    assert keys.fresh() is not None


def test_a_short_passphrase_is_refused(home):
    with pytest.raises(UsageError, match="at least 12 characters"):
        Ring(home).create("hunter2")
    assert not (home / FILE).exists()


def test_the_clinics_key_is_argon2id(ring):
    kdf = new_kdf()
    assert derive("a", kdf).secret != derive("b", kdf).secret
    assert derive("a", kdf) == derive("a", kdf)
    assert (kdf.memory_kib, kdf.passes, kdf.lanes) == (65536, 3, 4)


def test_key_names_never_look_like_a_file():
    assert all(new_key().id[0] >= 0x80 for _ in range(200))


def test_the_commands(home, monkeypatch, capsys, tmp_path):
    def given(*lines):
        text = "".join(f"{line}\n" for line in lines).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))

    assert main(["key"]) == 0
    assert "not encrypted here: the disk itself must be" in capsys.readouterr().out
    given(PASSPHRASE)
    assert main(["key", "create", "--passphrase-stdin"]) == 0
    given(PASSPHRASE)
    assert main(["key", "create", "--passphrase-stdin"]) == 2
    given("not the one it is", OTHER)
    assert main(["key", "rotate", "--passphrase-stdin"]) == 3
    given(PASSPHRASE, OTHER)
    assert main(["key", "rotate", "--passphrase-stdin"]) == 0
    Ring(home).unlock(OTHER)
    (home / "sessions").mkdir(mode=0o700)
    path = home / "sessions" / "b.ksession"
    database.create(path, "s", START, KEYS.fresh())
    assert main(["key", "erase", str(path)]) == 2  # nobody said that it is meant
    capsys.readouterr()
    assert main(["key"]) == 0
    assert "b.ksession" in (said := capsys.readouterr().out)
    assert "encrypted\n" in said
    assert main(["key", "erase", str(path), "--yes"]) == 0
    assert main(["key"]) == 0
    said = capsys.readouterr()
    assert "erased at" in said.out
    assert "Copies of the key ring made before today keep it" in said.err
    KEYS.forget()
    with pytest.raises(KetamonError, match="destroyed"):
        load(path)


@NEEDED
def test_a_system_key_ring_that_cannot_be_loaded_knows_nothing(monkeypatch):
    keyring = pytest.importorskip("keyring")

    def broken(*_):
        raise ModuleNotFoundError("No module named 'nonsense'")

    monkeypatch.setattr(keyring, "get_password", broken)
    monkeypatch.setattr(keyring, "set_password", broken)
    assert keys_module._from_system("records x") is None
    with pytest.raises(SourceError, match="does not take it"):
        keys_module.to_system("records x", "secret")
