"""Older records are read by every later ketamon: a frozen session of each version, and steps between shapes."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from rows import each_row
from store import freeze
from store.samples import START, noted

from ketamon import codec, upcasters
from ketamon.codec import decode_body, encode_body
from ketamon.domain.events import Noted, Unknown
from ketamon.domain.fold import fold
from ketamon.domain.people import Person, Role
from ketamon.errors import SourceError
from ketamon.store.chain import event_of, read_row
from ketamon.store.database import connect
from ketamon.store.reader import load
from ketamon.store.verify import verify

NURSE = Person("A. N.", Role.NURSE)


@pytest.fixture(params=sorted(freeze.FROZEN.glob("*.ksession")), ids=lambda path: path.stem)
def frozen(request, tmp_path):
    """A frozen session, copied: reading may leave files beside it."""
    return shutil.copy(request.param, tmp_path / "frozen.ksession")


def test_a_frozen_session_is_read_whole(frozen):
    events = load(frozen)
    assert events
    assert [event.body.TYPE for event in events if isinstance(event.body, Unknown)] == []
    assert fold(events).seq == len(events)
    assert not [problem for problem in verify(frozen) if "not what was written" in problem.what]


def test_the_first_version_says_what_it_said():
    """One event of every type there was, field by field; a field that came later has its default, and is new."""
    path = freeze.FROZEN / "0.1.0.ksession"
    with closing(connect(path)) as connection:
        stored = [json.loads(body) for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]
    for event, fields in zip(load(path), stored, strict=True):
        now = json.loads(encode_body(event.body)[2])
        assert {name: now[name] for name in fields} == fields


def test_every_type_of_today_is_frozen_in_the_newest_version():
    newest = max(freeze.FROZEN.glob("*.ksession"), key=lambda path: tuple(map(int, path.stem.split("."))))
    remedy = f"while {newest.stem} is not released: rm it, then python tests/store/freeze.py {newest.stem}"
    assert {event.body.TYPE for event in load(newest)} == set(freeze.TYPES), remedy


def changed(monkeypatch, *steps):
    """Let the shape of a note have changed so often."""
    monkeypatch.setitem(upcasters.STEPS, "noted", steps)
    monkeypatch.setitem(codec._decoders, ("noted", len(steps) + 1), codec._decoders["noted", 1])
    monkeypatch.delitem(codec._decoders, ("noted", 1))


@pytest.fixture
def renamed(monkeypatch):
    """Two changes of shape that never were: `who` became `by`, and then `words` became `text`."""

    def first(fields):
        return {"words": fields["words"], "by": fields["who"]}

    def second(fields):
        return {"text": fields["words"], "by": fields["by"]}

    changed(monkeypatch, first, second)


OLD = {
    1: b'{"words":"hello","who":{"name":"A. N.","role":"nurse"}}',
    2: b'{"words":"hello","by":{"name":"A. N.","role":"nurse"}}',
    3: b'{"text":"hello","by":{"name":"A. N.","role":"nurse"}}',
}


@pytest.mark.usefixtures("renamed")
@pytest.mark.parametrize("version", OLD)
def test_a_body_of_any_version_is_brought_to_today(version):
    assert decode_body("noted", version, OLD[version]) == Noted(text="hello", by=NURSE)


@pytest.mark.usefixtures("renamed")
def test_what_is_written_has_the_version_of_today():
    assert encode_body(Noted(text="hello", by=NURSE)) == ("noted", 3, OLD[3])
    assert encode_body(noted(1).body)[1] == 3


@pytest.mark.usefixtures("renamed")
@each_row(
    ("version", "data"), [(0, OLD[1]), (1, OLD[2]), (1, b"[]"), (1, b"{}"), (2, b'{"words":1,"by":2}'), (-1, OLD[1])]
)
def test_a_body_that_does_not_fit_its_version_is_told(version, data):
    with pytest.raises(ValueError, match=r"noted|version|Expected|object"):
        decode_body("noted", version, data)


@pytest.mark.usefixtures("renamed")
def test_a_newer_body_is_kept_and_not_understood():
    assert decode_body("noted", 4, b'{"x":1}') == Unknown(type="noted", version=4, body='{"x":1}')


def test_an_older_file_is_read_and_stays_as_it_is(path, opened, monkeypatch):
    """Written by today's code, read by one in which the shape has changed: the row and its hash stay."""
    store = opened()
    store.append([noted(1)], urgent=True).result(5)
    store.close(ended=True)
    before = path.read_bytes()
    changed(monkeypatch, lambda fields: fields | {"text": fields["text"].upper()})
    assert [event.body for event in load(path)] == [Noted(text="NOTE 1", by=NURSE)]
    assert verify(path) == []
    with closing(connect(path)) as connection:
        row = read_row(connection.execute("SELECT * FROM events").fetchone())
        assert (row.version, event_of(row).at.wall > START) == (1, True)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused_with_the_remedy(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(SourceError, match=r"newer ketamon .*; update ketamon"):
        load(path)
