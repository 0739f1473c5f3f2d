"""Archive and restore: while a core writes, on another computer, and whatever somebody did to the copy."""

import json
import shutil

import pytest
from store.recorded import COUNT, Making, session
from store.samples import QUICK, at, noted

from ketamon.cli import main
from ketamon.domain.events import Event, StreamClosed
from ketamon.errors import SourceError, VerificationError
from ketamon.store import archive as archives
from ketamon.store.reader import load
from ketamon.store.verify import verify
from ketamon.store.writer import Store
from ketamon.stream.record import Header
from ketamon.stream.writer import StreamWriter

MADE = "2026-11-22T08:00:00.000Z"


@pytest.fixture
def record(tmp_path):
    (tmp_path / "here").mkdir()
    return session(tmp_path / "here")


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Another computer."""
    home = tmp_path / "there"
    monkeypatch.setenv("KETAMON_HOME", str(home))
    return home / "sessions"


def test_a_session_moves_to_another_computer(record, there, tmp_path, capsys):
    assert main(["archive", str(record), str(tmp_path / "stick")]) == 0
    assert main(["restore", str(tmp_path / "stick")]) == 0
    assert capsys.readouterr().out.endswith("one.ksession: restored\n")
    for name in ("one.ksession", "one.kstream"):
        assert (there / name).stat().st_mode & 0o777 == 0o600
    assert load(there / record.name) == load(record)
    assert verify(there / record.name) == []
    assert sorted(path.name for path in there.iterdir()) == ["one.ksession", "one.kstream"]
    assert main(["restore", str(tmp_path / "stick" / "one.ksession.manifest.json")]) == 0
    assert capsys.readouterr().out == "one.ksession: is here already\n"


def test_all_sessions_of_a_computer_are_archived(there, tmp_path, capsys):
    there.mkdir(parents=True)
    assert main(["archive", str(tmp_path / "stick")]) == 2
    session(there, name="one"), session(there, name="two")
    assert main(["archive", str(tmp_path / "stick")]) == 0
    assert len(archives.manifests(tmp_path / "stick")) == 2


def test_a_copy_made_while_a_core_writes_is_sound_at_every_moment(tmp_path):
    """Every few events a copy is taken: it has all that was safe then, and is replaced by a later one only."""
    record = session(tmp_path, Making(ended=False))
    to, last = tmp_path / "stick", 0
    with Store(record, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:
        stream = StreamWriter(record.with_suffix(".kstream"), Header(at(0).wall, {}), at(COUNT), lambda: store.durable)
        for seq in range(COUNT + 1, COUNT + 200):
            stream.rx("monitor", at(seq), b"SPO2=095%\r\n")
            store.append([noted(seq)], urgent=True).result(5)
            if seq % 23 == 0:
                assert archives.archive(record, to, MADE).events == seq > last
                last = seq
                assert verify(to / record.name) == []
        stream.close()
        store.append([Event(COUNT + 200, at(COUNT + 200), StreamClosed(stream=stream.mark))], urgent=True).result(5)
        store.close(ended=True)
    made = archives.archive(record, to, MADE)
    assert (made.closed, made.events) == (True, COUNT + 200)
    assert not [path for path in to.iterdir() if path.name.startswith(".part-")]


def test_a_line_that_is_being_written_is_left_out(record, tmp_path):
    record = session(tmp_path, Making(ended=False), "two")
    stream = record.with_suffix(".kstream")
    whole = stream.read_bytes()
    stream.write_bytes(whole + b'[999.0,"monitor","rx","SPO')
    archives.archive(record, tmp_path / "stick", MADE)
    assert (tmp_path / "stick" / stream.name).read_bytes() == whole


def test_what_is_not_sound_is_not_archived(record, forge, tmp_path):
    forge(record, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    assert main(["archive", str(record), str(tmp_path / "stick")]) == 4
    assert list((tmp_path / "stick").iterdir()) == []


def test_an_archive_is_never_made_worse(record, forge, tmp_path):
    to = tmp_path / "stick"
    archives.archive(record, to, MADE)
    before = {path.name: path.read_bytes() for path in to.iterdir()}
    shutil.rmtree(record.parent)
    record.parent.mkdir()
    shorter = session(record.parent, Making(ended=False))
    with pytest.raises(SourceError, match=r"the archive holds more of one\.ksession than there is now"):
        archives.archive(shorter, to, MADE)
    other = session(tmp_path, name="other")
    for suffix in (".ksession", ".kstream"):
        other.with_suffix(suffix).rename(record.with_suffix(suffix))
    with pytest.raises((SourceError, VerificationError)):
        archives.archive(record, to, MADE)
    assert {path.name: path.read_bytes() for path in to.iterdir()} == before


def flipped(path, place=5000):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_damaged_copy_is_refused(record, there, tmp_path, capsys):
    to = tmp_path / "stick"
    for name in ("one.ksession", "one.kstream"):
        archives.archive(record, to, MADE)
        flipped(to / name)
        assert main(["restore", str(to)]) == 4
        assert f"{name} is not what the manifest says" in capsys.readouterr().err
        shutil.rmtree(to)
    assert list(there.iterdir()) == []


def test_a_forged_copy_with_a_fitting_manifest_is_refused(record, forge, there, tmp_path, capsys):
    to = tmp_path / "stick"
    archives.archive(record, to, MADE)
    forge(to / record.name, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    path = to / f"{record.name}{archives.MANIFEST}"
    manifest = json.loads(path.read_bytes())
    manifest["files"][record.name] = {
        "size": (to / record.name).stat().st_size,
        "sha256": archives._copied(to / record.name).sha256,
    }
    path.write_text(json.dumps(manifest))
    assert main(["restore", str(to)]) == 4
    assert "is not as it was written: event 20: is not what was written" in capsys.readouterr().err
    manifest["files"] = {}
    path.write_text(json.dumps(manifest))
    assert main(["restore", str(to)]) == 3


@pytest.mark.parametrize("name", ["../evil.ksession", "/etc/evil", "a/b"])
def test_a_manifest_that_leads_elsewhere_is_refused(record, there, tmp_path, capsys, name):
    to = tmp_path / "stick"
    archives.archive(record, to, MADE)
    path = to / f"{record.name}{archives.MANIFEST}"
    path.write_text(path.read_text().replace('"one.kstream"', json.dumps(name)))
    assert main(["restore", str(to)]) == 3
    assert "names files that are not beside it" in capsys.readouterr().err


def test_nothing_is_overwritten(record, there, tmp_path, capsys):
    to = tmp_path / "stick"
    archives.archive(record, to, MADE)
    there.mkdir(parents=True)
    (there / record.name).write_bytes(b"something else")
    assert main(["restore", str(to)]) == 3
    assert "is in the way" in capsys.readouterr().err
    assert [path.name for path in there.iterdir()] == [record.name]
    assert (there / record.name).read_bytes() == b"something else"
    (there / record.name).unlink()
    session(there, Making(ended=False), "one")  # the same id, another record
    assert main(["restore", str(to)]) == 3
    assert "session session-one is here already" in capsys.readouterr().err


def test_a_folder_that_is_no_archive_is_told(there, tmp_path, capsys):
    assert main(["restore", str(tmp_path)]) == 3
    assert "is no archive of ketamon" in capsys.readouterr().err


def test_an_encrypted_session_stays_encrypted_and_moves_with_its_key_ring(tmp_path, monkeypatch, capsys):
    pytest.importorskip("sqlcipher3")
    from ketamon.store.keys import KEYS

    here, to = tmp_path / "here", tmp_path / "stick"
    monkeypatch.setenv("KETAMON_HOME", str(here))
    monkeypatch.setenv("KETAMON_PASSPHRASE", "five words of no poem")
    KEYS.forget()
    (here / "sessions").mkdir(parents=True)
    KEYS.ring.create("five words of no poem")
    record = session(here / "sessions", key=KEYS.fresh())
    assert main(["archive", str(to)]) == 0
    for path in to.glob("one.k*"):
        if path.suffix != ".json":
            assert not any(word in path.read_bytes() for word in (b"SQLite", b"note", b"SPO2", b"session-one"))
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path / "there"))
    KEYS.forget()
    assert main(["restore", str(to)]) == 3
    assert "key ring" in capsys.readouterr().err
    shutil.copy(KEYS.ring.path.parent.parent / "here" / KEYS.ring.path.name, KEYS.ring.path)
    KEYS.forget()
    assert main(["restore", str(to)]) == 0
    assert load(tmp_path / "there" / "sessions" / record.name)
    KEYS.forget()
