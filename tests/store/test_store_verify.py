"""Damage and forgery, one kind each: `verify` finds it, and reading never yields what was not written."""

import random
import sqlite3
from contextlib import closing

import pytest
from store.samples import measured, noted, signed

from ketamon.errors import KetamonError, SourceError, VerificationError
from ketamon.store.chain import Head, link, row_of
from ketamon.store.database import INSERT_EVENT, read_meta
from ketamon.store.reader import Reader, load
from ketamon.store.verify import Problem, verify

COUNT = 60
SIGNED_AT = 40


@pytest.fixture
def record(path, opened):
    """An ended session: notes and measurements, a signature at event 40; and its events."""
    with opened() as store:
        for seq in range(1, COUNT + 1):
            event = signed(seq, store.head_hash) if seq == SIGNED_AT else noted(seq) if seq % 5 == 0 else measured(seq)
            store.append([event], urgent=seq == COUNT)
        store.append([], urgent=True).result(5)
        store.close(ended=True)
    assert verify(path) == []
    return load(path)


def found(path):
    return [(problem.seq, problem.what.split(";")[0].split(" (")[0]) for problem in verify(path)]


def test_a_flipped_bit_anywhere_is_found_or_harms_nothing(path, record):
    whole = path.read_bytes()
    chance = random.Random(7)  # noqa: S311 (repeatable)
    noticed = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            noticed += bool(verify(path))
            assert load(path) == record
        except KetamonError:
            noticed += 1
    assert noticed > 200


@pytest.mark.parametrize("seq", [1, 17, SIGNED_AT, COUNT])
@pytest.mark.parametrize("column", range(4), ids=["wall", "type", "body", "hash"])
def test_a_flipped_bit_in_a_row_names_the_row(path, record, seq, column):
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        texts = connection.execute("SELECT wall, type, body, hash FROM events WHERE seq = ?", (seq,)).fetchone()
    whole = path.read_bytes()
    place = whole.index(b"".join(texts)) + sum(map(len, texts[:column])) + 3
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert (seq, "is not what was written") in found(path)
    with Reader(path) as reader:
        events = reader.events()
        assert [next(events) for _ in range(seq - 1)] == record[: seq - 1]
        with pytest.raises(VerificationError, match=f"event {seq} is not what was written"):
            next(events)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.5, 0.8, 0.99])
@pytest.mark.usefixtures("record")
def test_a_truncated_file_is_found(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    try:
        assert verify(path)
    except SourceError as error:
        assert "session file" in str(error)  # noqa: PT017 (either is right, by how much is left)
    with pytest.raises(KetamonError):
        load(path)


COPY = "INSERT INTO events SELECT {to}, mono_ns, wall, type, version, body, hash FROM events WHERE seq = {seq}"
DELETE = "DELETE FROM events WHERE seq = {}"
CHANGED = "is not what was written"
CUT = "is missing: the record was closed behind it, and ends at event "
FORGERIES = {
    "a dropped row": ([DELETE.format(20)], [(20, "is missing")]),
    "two swapped rows": (
        [f"UPDATE events SET seq = {to} WHERE seq = {seq}" for seq, to in ((20, -1), (21, 20), (-1, 21))],  # noqa: S608 (ours)
        [(20, CHANGED), (21, CHANGED), (22, CHANGED)],
    ),
    "an inserted row": (
        [
            "UPDATE events SET seq = -seq WHERE seq > 20",
            "UPDATE events SET seq = 1 - seq WHERE seq < 0",
            COPY.format(seq=20, to=21),
        ],
        [(21, CHANGED), (22, CHANGED)],
    ),
    "a row before the first": ([COPY.format(seq=20, to=0)], [(1, "is missing")]),
    "a moved row": (["UPDATE events SET mono_ns = mono_ns + 1 WHERE seq = 20"], [(20, CHANGED)]),
    "another version": (["UPDATE events SET version = 2 WHERE seq = 20"], [(20, CHANGED)]),
    "an edited note": (["UPDATE events SET body = replace(body, 'note', 'lie') WHERE seq = 20"], [(20, CHANGED)]),
    "a row behind the mark": ([COPY.format(seq=60, to=61)], [(61, CHANGED)]),
    "a tail cut off": ([DELETE.format(60), DELETE.format(59)], [(60, CUT + "58")]),
    "an emptied record": (["DELETE FROM events"], [(60, CUT + "0")]),
    "another mark": (
        ["UPDATE closings SET hash = zeroblob(32)"],
        [(60, "is not the one the record was closed behind")],
    ),
    "another session": (["UPDATE meta SET value = 'session-2' WHERE key = 'session'"], [(1, CHANGED)]),
    "another day": (["UPDATE meta SET value = '2026-01-01' WHERE key = 'created'"], [(1, CHANGED)]),
    "no session": (
        ["DELETE FROM meta WHERE key = 'session'"],
        [(0, "the file no longer says which session it holds")],
    ),
    "a table more": (
        ["CREATE TABLE more (a)"],
        [(0, "there are tables or triggers in it that ketamon did not make")],
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.usefixtures("record")
def test_a_forgery_is_found(path, forge, name):
    statements, problems = FORGERIES[name]
    forge(path, *statements)
    assert [problem for problem in found(path) if problem in problems] == problems


@pytest.mark.parametrize(
    "name", [name for name, (_, problems) in FORGERIES.items() if problems[0][1] == "is not what was written"]
)
@pytest.mark.usefixtures("record")
def test_a_forged_row_is_never_read(path, forge, name):
    forge(path, *FORGERIES[name][0])
    with pytest.raises(VerificationError):
        load(path)


@pytest.mark.usefixtures("record")
def test_a_missing_row_stops_the_reading(path, forge):
    forge(path, DELETE.format(20))
    with pytest.raises(VerificationError, match="event 20 is missing"):
        load(path)
    with Reader(path) as reader, pytest.raises(VerificationError):
        list(reader.events(first=20))


def rechain(path, seq, change):
    """Forge well: change an event's body and give it and all after it the hashes that belong to them."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.text_factory = bytes
        connection.execute("DROP TRIGGER events_no_update")
        previous = read_meta(connection).genesis
        for row in connection.execute("SELECT * FROM events ORDER BY seq").fetchall():
            fields = (*row[:5], change(row[5]) if row[0] == seq else row[5])
            previous = link(previous, *fields)
            statement = "UPDATE events SET body = CAST(? AS TEXT), hash = ? WHERE seq = ?"
            connection.execute(statement, (fields[5], previous, row[0]))


@pytest.mark.usefixtures("record")
def test_a_forgery_under_a_signature_is_found_even_with_a_new_chain(path):
    rechain(path, 20, lambda body: body.replace(b"note", b"lie"))
    problems = found(path)
    assert (SIGNED_AT, "the signature of nurse A. N. does not cover the record before it") in problems
    assert (COUNT, "is not the one the record was closed behind") in problems
    assert not [seq for seq, what in problems if "not what was written" in what]


@pytest.mark.usefixtures("record")
def test_a_body_that_does_not_fit_its_type_is_found_and_not_read(path):
    rechain(path, 20, lambda _: b"{}")
    assert any(seq == 20 and what.startswith("cannot be read") for seq, what in found(path))
    with pytest.raises(VerificationError, match="event 20 cannot be read"):
        load(path)


def loosely(path, change):
    """Change rows in a way that STRICT would refuse; afterwards the schema reads as before."""
    for statements in (
        ["DROP TRIGGER events_no_update", "PRAGMA writable_schema = ON", RESTRICT.format(") STRICT", ")")],
        [change],
        ["PRAGMA writable_schema = ON", RESTRICT.format(")", ") STRICT") + " AND sql NOT LIKE '%STRICT'"],
    ):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)


RESTRICT = "UPDATE sqlite_schema SET sql = substr(sql, 1, length(sql) - length('{}')) || '{}' WHERE name = 'events'"


@pytest.mark.usefixtures("record")
def test_a_column_of_another_type_is_found_and_not_read(path):
    loosely(path, "UPDATE events SET mono_ns = 'noon' WHERE seq = 20")
    assert (20, "cannot be read: a column is not of its type") in found(path)
    with pytest.raises(VerificationError, match="column is not of its type"):
        load(path)


def test_damage_that_only_sqlite_sees_is_told(path, record):
    loosely(path, "UPDATE events SET body = CAST(body AS BLOB) WHERE seq = 20")
    assert load(path) == record
    assert (0, "the file is damaged: non-TEXT value in events.body") in found(path)


@pytest.mark.usefixtures("record")
def test_guards_that_are_gone_are_told(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER events_no_delete")
    assert verify(path) == [Problem(0, "the trigger events_no_delete is missing or was changed")]


def test_a_running_session_verifies_too(path, opened):
    store = opened()
    store.append([noted(1), signed(2, row_of(noted(1), Head(0, store.head.hash).hash).hash.hex())], urgent=True).result(
        5
    )
    assert verify(path) == []


def test_a_signature_that_covers_something_else_is_found(path, opened):
    opened().append([noted(1), signed(2, "00" * 32)], urgent=True).result(5)
    assert [str(problem) for problem in verify(path)] == [
        "event 2: the signature of nurse A. N. does not cover the record before it"
    ]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is not a session file of ketamon: it is empty"),
        (b"%PDF-1.7 " * 500, "is not a session file of ketamon: file is not a database"),
    ],
)
def test_a_foreign_file_is_refused(tmp_path, content, match):
    path = tmp_path / "foreign.ksession"
    path.write_bytes(content)
    for ask in (verify, load):
        with pytest.raises(SourceError, match=match):
            ask(path)


def test_a_newer_file_is_refused(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    for ask in (verify, load):
        with pytest.raises(SourceError, match="newer ketamon"):
            ask(path)


@pytest.mark.usefixtures("record")
def test_a_whole_record_of_another_session_does_not_fit(path, forge):
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        row = connection.execute("SELECT * FROM events WHERE seq = 1").fetchone()
    forge(path, "DELETE FROM closings", "DELETE FROM events", (INSERT_EVENT, row))
    assert verify(path) == []  # the control: its own first event fits
    forge(path, "UPDATE meta SET value = 'session-2' WHERE key = 'session'")
    assert found(path) == [(1, "is not what was written")]
