"""What is written is read back, exactly, whatever it is."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store.samples import INT64, QUICK, START, any_body, any_instant, measured, noted

from ketamon.domain.events import TYPES, ClockStepped, Event, Unknown
from ketamon.errors import SourceError, VerificationError
from ketamon.store.chain import event_of, follows, genesis, link, row_of
from ketamon.store.database import create
from ketamon.store.reader import Reader, load
from ketamon.store.verify import verify
from ketamon.store.writer import Store

ANY = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", any_body)
@ANY
@given(st.data())
def test_any_event_becomes_a_row_and_itself_again(name, data):
    event = Event(data.draw(INT64), data.draw(any_instant), data.draw(any_body[name]))
    row = row_of(event, bytes(32))
    assert event_of(row) == event
    assert type(event_of(row).body) is TYPES.get(name, Unknown)
    assert follows(row, bytes(32))


NONSENSE = ("signature", "recorded stream", "opens the session", "before the event that it follows")
"""What `verify` says of events that were drawn by chance."""


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_any_events_come_back_from_the_file(data):
    bodies = [data.draw(strategy) for strategy in any_body.values()]
    events = [Event(seq, data.draw(any_instant), body) for seq, body in enumerate(bodies, 1)]
    with TemporaryDirectory() as directory:
        path = Path(directory) / "any.ksession"
        create(path, "any", START)
        with Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:
            store.append(events, urgent=True).result(5)
        assert load(path) == events
        assert [str(p) for p in verify(path) if not any(words in p.what for words in NONSENSE)] == []


fields = st.tuples(INT64, INT64, st.binary(max_size=4), st.binary(max_size=4), INT64, st.binary(max_size=4))


@given(fields, fields)
def test_rows_that_differ_never_share_their_bytes(one, other):
    assert (link(bytes(32), *one) == link(bytes(32), *other)) == (one == other)


def test_bytes_cannot_move_from_one_column_to_the_next():
    hashes = {link(bytes(32), 1, 1, b"abc"[:i], b"abc"[i:j], 1, b"abc"[j:]) for i in range(4) for j in range(i, 4)}
    assert len(hashes) == 10


def test_the_chain_begins_with_the_session():
    assert len({genesis("a", "x", 1), genesis("b", "x", 1), genesis("a", "y", 1), genesis("a", "x", 2)}) == 4


@pytest.mark.parametrize(
    "event",
    [
        replace(noted(1), at=replace(noted(1).at, wall=datetime(2026, 1, 1))),  # noqa: DTZ001 (naive on purpose)
        replace(noted(1), at=replace(noted(1).at, wall=START.astimezone(timezone(timedelta(hours=1))))),
        replace(noted(1), body=ClockStepped(seconds=float("nan"))),
    ],
    ids=["naive", "not UTC", "NaN"],
)
def test_what_could_not_be_read_back_is_not_written(event):
    with pytest.raises(ValueError):
        row_of(event, bytes(32))


def test_a_reader_follows_while_the_writer_writes(path, opened):
    store = opened()
    with Reader(path) as reader:
        assert (reader.session, list(reader.events())) == ("session-1", [])
        store.append([noted(1), measured(2)], urgent=True).result(5)
        assert list(reader.events()) == [noted(1), measured(2)]
        store.append([noted(3)], urgent=True).result(5)
        assert list(reader.events(first=3)) == [noted(3)]
        assert list(reader.events(first=4)) == []
        assert reader.head == store.head
        assert not reader.ended


def test_a_reader_pages_through_a_long_record_that_grows_meanwhile(path, opened):
    store = opened()
    store.append([measured(seq) for seq in range(1, 2500)], urgent=True).result(5)
    with Reader(path) as reader:
        events = reader.events()
        first = next(events)
        store.append([noted(2500)], urgent=True).result(5)
        assert [first, *events] == [*(measured(seq) for seq in range(1, 2500)), noted(2500)]


def test_a_reader_cannot_write(path):
    with Reader(path) as reader, pytest.raises(Exception, match="readonly"):
        reader._connection.execute("INSERT INTO meta VALUES ('a', 'b')")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="no session file"):
        load(tmp_path / "none.ksession")


def test_a_file_that_does_not_say_which_session_it_holds(path, forge):
    forge(path, "DELETE FROM meta")
    with pytest.raises(VerificationError, match="which session"):
        load(path)
