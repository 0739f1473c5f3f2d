"""What `ketamon verify` says, and how it leaves."""

import pytest
from store.recorded import COUNT, Making, session
from store.samples import START, at

from ketamon.cli import main
from ketamon.stream.reader import verify
from ketamon.stream.record import Header
from ketamon.stream.writer import StreamWriter


def test_a_whole_session_is_told_with_its_count_and_head(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    (tmp_path / "sessions").mkdir()
    record = session(tmp_path / "sessions")
    assert main(["verify"]) == 0
    assert capsys.readouterr().out.startswith(f"{record}: as it was written: closed, {COUNT + 1} events, head ")
    assert main(["verify", str(record), str(record.with_suffix(".kstream"))]) == 0
    assert capsys.readouterr().out.endswith("one.kstream: as it was written\n")


def test_damage_is_told_with_the_event_it_begins_at(tmp_path, forge, capsys):
    record = session(tmp_path, Making(ended=False))
    forge(record, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    assert main(["verify", str(record)]) == 4
    out, err = capsys.readouterr()
    assert f"{record}: event 20: is not what was written" in err
    assert f"{record}: up to event 19 it is as it was written (not closed, {COUNT} events, head " in err
    assert "rows cut off behind event" in out


def test_an_emptied_record_is_damage_where_records_are_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KETAMON_HOME", str(tmp_path))
    (tmp_path / "sessions").mkdir()
    kept, elsewhere = tmp_path / "sessions" / "one.ksession", tmp_path / "one.ksession"
    foreign = "is not a session file of ketamon: it is empty"
    for path, code, said in ((kept, 4, "is empty: a record that was emptied, or"), (elsewhere, 3, foreign)):
        path.touch()
        assert main(["verify", str(path)]) == code
        assert f"{path} {said}" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["x", "1", "-1 00", f"{10**20} 00", "1.5 00"])
def test_a_note_of_the_head_that_makes_no_sense_is_damage(tmp_path, words):
    path = tmp_path / "x.kstream"
    with StreamWriter(path, Header(START, {}), at(0), lambda: (7, b"\1" * 32)):
        pass
    assert (verify(path).sentences(), verify(path).heads) == ([], 1)
    heads = []
    verify(path, lambda seq, head: heads.append((seq, head)))
    assert heads == [(7, "01" * 32)]
    path.write_bytes(path.read_bytes().replace(b'"7 ' + b"01" * 32, b'"' + words.encode()))
    assert any("cannot be read" in problem for problem in verify(path).damage) == (words != "1")


def test_a_file_that_cannot_be_opened_hides_no_other(tmp_path, forge, capsys):
    changed, whole = session(tmp_path, name="a"), session(tmp_path, name="c")
    forge(changed, "UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20")
    assert main(["verify", str(tmp_path / "gone.ksession"), str(changed), str(whole)]) == 4
    out, err = capsys.readouterr()
    assert f"there is no session file {tmp_path / 'gone.ksession'}\n" in err
    assert f"{changed}: event 20: is not what was written" in err
    assert f"{whole}: as it was written" in out
    assert err.endswith("ketamon verify: 2 of 3 files failed\n")
    assert main(["verify", str(tmp_path / "gone.ksession"), str(whole)]) == 3


@pytest.mark.parametrize("damage", [b"", b"SQLite", b"%PDF-1.7 " * 500])
def test_a_session_whose_beginning_is_gone_is_known_by_its_stream(tmp_path, capsys, damage):
    record = session(tmp_path)
    record.write_bytes(damage)
    assert main(["verify", str(record)]) == 4
    assert f"{record} is damaged at its beginning or cut off" in capsys.readouterr().err
    record.with_suffix(".kstream").unlink()
    assert main(["verify", str(record)]) == 3
