"""Forgeries by somebody who knows the format: later hashes made anew, tails cut off, the stream edited. All found."""

# ruff: noqa: S608 (the statements are made here)

import sqlite3
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from store.recorded import COUNT, FIRST, NURSE, PHYSICIAN, SECOND, Making, session
from store.samples import QUICK, START, at, noted

from ketamon.domain.people import Person, Proof, Role
from ketamon.errors import KetamonError
from ketamon.store import witness
from ketamon.store.chain import link
from ketamon.store.database import INSERT_EVENT, SELECT_EVENTS, read_meta
from ketamon.store.reader import Reader, load
from ketamon.store.verify import examine, verify
from ketamon.store.witness import is_plain
from ketamon.store.writer import Store
from ketamon.stream.reader import StreamReader
from ketamon.stream.record import Header
from ketamon.stream.writer import StreamWriter

CLOSED = "DELETE FROM closings"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a session that ended and one that did not."""
    folder = tmp_path_factory.mktemp("made")
    for name, ended in (("ended", True), ("running", False)):
        assert verify(session(folder, Making(ended=ended), name)) == []
    return folder


def put(made, folder, name):
    """Put such a session down, to be damaged."""
    for suffix in (".ksession", ".kstream"):
        (folder / (name + suffix)).write_bytes((made / (name + suffix)).read_bytes())
    return folder / f"{name}.ksession"


@pytest.fixture
def again(made, tmp_path):
    return partial(put, made, tmp_path)


def shell(path, change):
    """What anybody can do with an SQLite shell, guards taken down and put up again afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.text_factory = bytes
        guards = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name.decode()}")
        change(connection)
        for _, sql in guards:
            connection.execute(sql.decode())


def rewritten(path, change):
    """Forge well: change the list of rows, then give all of them the numbers and hashes that belong to them."""

    def forge(connection):
        previous = read_meta(connection).genesis
        rows = change(connection.execute(SELECT_EVENTS, (0,)).fetchall())
        marks = connection.execute("SELECT count(*) FROM closings").fetchone()[0]
        connection.execute("DELETE FROM closings")
        connection.execute("DELETE FROM events")
        for seq, row in enumerate(rows, 1):
            fields = (seq, *row[1:6])
            previous = link(previous, *fields)
            connection.execute(INSERT_EVENT, (*fields, previous))
        if marks:
            connection.execute("INSERT INTO closings VALUES (?, ?)", (len(rows), previous))

    shell(path, forge)


def edited(at, old=b"note", new=b"lie"):
    def change(rows):
        row = rows[at - 1]
        assert old in row[5]
        rows[at - 1] = (*row[:5], row[5].replace(old, new), row[6])
        return rows

    return change


def said(path):
    return [str(problem) for problem in verify(path)]


def test_a_closed_session_says_so_with_its_count_and_its_head(again):
    verdict = examine(again("ended"))
    assert str(verdict) == f"closed, {COUNT + 1} events, head {verdict.head.hash.hex()}"
    assert (verdict.problems, verdict.remarks, verdict.sound) == ([], [], COUNT + 1)


def test_a_session_that_runs_says_what_cannot_be_known(again):
    verdict = examine(again("running"))
    assert str(verdict).startswith(f"not closed, {COUNT} events, head ")
    assert verdict.problems == []
    assert any(f"rows cut off behind event {COUNT}, of which the recorded stream" in r for r in verdict.remarks)
    assert any("no end: the writer crashed or is still at work" in remark for remark in verdict.remarks)


@pytest.mark.parametrize(
    ("seq", "sound"), [(20, 0), (FIRST + 5, FIRST), (SECOND + 5, SECOND)], ids=["signed", "signed once", "not signed"]
)
@pytest.mark.parametrize("name", ["ended", "running"])
def test_an_edit_under_new_hashes_is_found_and_bounded(again, name, seq, sound):
    path = again(name)
    rewritten(path, edited(seq))
    verdict = examine(path)
    assert verdict.problems
    assert not [p for p in verdict.problems if "not what was written" in p.what]
    assert max(seq - 65, 0) <= verdict.sound < seq, "the stream bounds it to about a minute"
    assert verdict.sound >= sound or seq <= FIRST
    load(path)  # the control: the chain alone finds nothing


@pytest.mark.parametrize("keep", [COUNT, COUNT - 1, SECOND, SECOND - 1, FIRST, 30, 1, 0])
def test_a_tail_cut_off_a_closed_session_with_its_mark_is_found(again, keep):
    path = again("ended")
    shell(path, lambda c: c.executescript(f"DELETE FROM closings; DELETE FROM events WHERE seq > {keep}"))
    load(path)
    if keep == COUNT:  # only the word that the stream was closed is gone; nothing of the session is
        assert verify(path) == []
        assert not examine(path).closed
        return
    assert f"event {COUNT}: is missing: the recorded stream ended.kstream noted it when it was safe" in said(path)
    assert keep - 65 < examine(path).sound <= keep, "what stood before it may have new hashes, up to a minute"


@pytest.mark.parametrize("keep", [COUNT - 1, SECOND, FIRST - 1, 0])
def test_a_tail_cut_off_a_session_that_never_ended_is_found(again, keep):
    path = again("running")
    shell(path, lambda c: c.execute(f"DELETE FROM events WHERE seq > {keep}"))
    assert f"event {COUNT}: is missing: the recorded stream running.kstream noted it when it was safe" in said(path)


def test_a_tail_cut_off_with_the_stream_alike_is_what_cannot_be_found(again):
    """The limit that the documentation tells: file and stream cut to one earlier moment are an earlier moment."""
    path = again("running")
    shell(path, lambda c: c.execute(f"DELETE FROM events WHERE seq > {SECOND}"))
    stream = path.with_suffix(".kstream")
    lines = stream.read_bytes().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if f'"head","{SECOND} '.encode() in line)
    stream.write_bytes(b"".join(lines[: last + 2]))
    verdict = examine(path)
    assert verdict.problems == []
    assert any(f"behind event {SECOND}" in remark for remark in verdict.remarks)


def test_a_session_that_is_written_while_it_is_verified_is_whole(again, monkeypatch):
    """The rows are read first and the stream then: it tells of events that came in between."""
    path = again("running")
    read = witness.reader.verify
    with Store(path, clock=int, on_degraded=lambda *_: None, limits=QUICK) as store:

        def later(stream, *args):
            store.append([noted(COUNT + 1)], urgent=True).result(5)
            with StreamWriter(stream, Header(START, {}), at(COUNT + 1), lambda: store.durable):
                pass
            return read(stream, *args)

        monkeypatch.setattr(witness.reader, "verify", later)
        verdict = examine(path)
    assert (verdict.problems, verdict.head.seq) == ([], COUNT)
    assert any(f"behind event {COUNT + 1}, of which" in remark for remark in verdict.remarks)


@pytest.mark.parametrize("change", ["dropped", "swapped", "inserted", "doubled"])
@pytest.mark.parametrize("name", ["ended", "running"])
def test_rows_moved_under_new_hashes_are_found(again, name, change):
    path = again(name)

    def move(rows):
        if change == "dropped":
            del rows[29]
        elif change == "swapped":
            rows[29], rows[30] = rows[30], rows[29]
        elif change == "inserted":
            rows.insert(29, (*rows[24][:5], rows[24][5].replace(b"note", b"lie"), b""))
        else:
            rows.insert(29, rows[29])
        return rows

    rewritten(path, move)
    assert any("does not cover the record before it" in text for text in said(path))


def sums_anew(path, old, new):
    """Forge a stream well: change it, and write sums that fit."""
    from hashlib import sha256

    digest, lines = sha256(), []
    for line in path.read_bytes().splitlines(keepends=True):
        head, mark, _ = line.partition(b'"sum"')
        new_sum = head + mark + b',"%b"]\n' % digest.hexdigest().encode()
        lines.append(new_sum if mark else line.replace(old, new))
        digest.update(lines[-1])
    path.write_bytes(b"".join(lines))


def test_an_edited_stream_with_new_sums_is_found_by_what_was_signed(again):
    path = again("ended")
    sums_anew(path.with_suffix(".kstream"), b"SPO2=095", b"SPO2=099")
    with StreamReader(path.with_suffix(".kstream")) as reader:
        list(reader)
    assert reader.report.problems == [], "the control: alone it is whole"
    assert any("bytes are not those that the session's record tells of" in text for text in said(path))


def test_a_stream_that_goes_on_behind_its_end_is_found(again):
    path = again("ended")
    with path.with_suffix(".kstream").open("ab") as stream:
        stream.write(b'[999.0,"","note","x"]\n')
    assert "the recorded stream ended.kstream: something was written behind its end" in said(path)


def test_a_stream_that_is_cut_or_gone_is_found(again):
    path = again("ended")
    stream = path.with_suffix(".kstream")
    stream.write_bytes(stream.read_bytes()[:-200])
    assert any("its first" in text for text in said(path))
    stream.unlink()
    assert any("the recorded stream ended.kstream cannot be read: there is no file" in text for text in said(path))


def test_a_stream_that_was_erased_in_order_is_a_remark(again):
    path = again("ended")
    stream = path.with_suffix(".kstream")
    stream.with_name(stream.name + ".erased").write_text("2026-12-01 by Dr. A")
    assert verify(path) == []
    stream.unlink()
    assert verify(path) == []
    assert examine(path).remarks == ["the recorded stream ended.kstream was erased: 2026-12-01 by Dr. A"]


@pytest.mark.parametrize(
    ("making", "words"),
    [
        (Making(second=NURSE), "discharge"),
        (Making(first=PHYSICIAN, second=PHYSICIAN), "nobody else gave the first"),
        (Making(second=Person("dr. b ", Role.PHYSICIAN), first=PHYSICIAN), "nobody else gave the first"),
        (Making(first=Person("O.", Role.OBSERVER)), "is one for a nurse or physician"),
        (Making(pins=True), "was given without a PIN"),
        (Making(profile_sha256="00" * 32), "is not the one that its hash names"),
    ],
)
def test_signatures_that_no_chair_would_have_taken_are_found(tmp_path, making, words):
    path = session(tmp_path, making)
    if words == "discharge":
        words = "nobody else gave the first"
    assert any("the signature of" in text and words in text for text in said(path))


def test_signatures_by_pin_are_as_they_must_be(tmp_path):
    assert verify(session(tmp_path, Making(pins=True, proof=Proof.PIN))) == []


@pytest.mark.parametrize("name", ["../x.kstream", "/etc/passwd", "..", "", "a\\b", "a\nb", "a\0b"])
def test_a_name_that_leads_elsewhere_is_never_opened(again, name):
    assert not is_plain(name)
    if name:
        path = again("running")
        rewritten(path, edited(1, b"running.kstream", name.encode("unicode_escape").replace(b"\\x00", b"\\u0000")))
        assert any("is no name of a file beside the record" in text for text in said(path))


def test_a_record_of_another_session_is_found(again):
    path = again("running")
    rewritten(path, edited(1, b"session-running", b"session-another"))
    assert "event 1: opens the session session-another, but the file is that of session-running" in said(path)


def test_times_that_cannot_be_are_found(again):
    path = again("running")
    change = "UPDATE events SET mono_ns = mono_ns - 100000000000 WHERE seq = 190"
    shell(path, lambda c: c.execute(change))
    assert any("event 190: is not what was written" in text for text in said(path))
    rewritten(path, lambda rows: rows)
    assert any("event 190: stands" in text and "before the event" in text for text in said(path))
    rewritten(path, lambda rows: [(*row[:2], row[2].replace(b"+00:00", b"+01:00"), *row[3:]) for row in rows])
    assert any("event 7: cannot be read: its time is not in UTC" in text for text in said(path))


COLUMNS = {"mono_ns": "mono_ns + 1", "version": "version + 1", "wall": "replace(wall, '2026', '2025')",
           "type": "type || 'x'", "body": "replace(body, ':', ': ')", "hash": "zeroblob(32)"}  # fmt: skip
DAMAGE = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 10**9), st.integers(0, 7)),
    st.tuples(st.just("cut"), st.integers(0, 10**9), st.just(0)),
    st.tuples(st.just("drop"), st.integers(1, COUNT), st.just(0)),
    st.tuples(st.just("swap"), st.integers(1, COUNT), st.integers(1, COUNT)),
    st.tuples(st.just("copy"), st.integers(1, COUNT), st.integers(COUNT + 2, COUNT + 9)),
    st.tuples(st.just("tail"), st.integers(0, COUNT - 1), st.integers(0, 1)),
    st.tuples(st.sampled_from(list(COLUMNS)), st.integers(1, COUNT), st.just(0)),
    st.tuples(st.just("stream"), st.integers(0, 10**9), st.integers(0, 7)),
)


def damage(path, kind, one, two):
    data = path.read_bytes()
    if kind == "flip":
        place = one % len(data)
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << two]) + data[place + 1 :])
    elif kind == "cut":
        path.write_bytes(data[: one % len(data)])
    elif kind == "stream":
        stream = path.with_suffix(".kstream")
        data = stream.read_bytes()
        place = one % len(data)
        stream.write_bytes(data[:place] + bytes([data[place] ^ 1 << two]) + data[place + 1 :])
    else:
        statements = {
            "drop": [f"DELETE FROM events WHERE seq = {one}"],
            "swap": [f"UPDATE events SET seq = {b} WHERE seq = {a}" for a, b in ((one, -1), (two, one), (-1, two))],
            "copy": [
                f"INSERT INTO events SELECT {two}, mono_ns, wall, type, version, body, hash FROM events WHERE seq={one}"
            ],
            "tail": [f"DELETE FROM events WHERE seq > {one}", *([CLOSED] if two else [])],
        }.get(kind) or [f"UPDATE events SET {kind} = {COLUMNS.get(kind)} WHERE seq = {one}"]
        shell(path, lambda c: c.executescript(";".join(statements)))


def readable(path):
    """Read all events up to the first damage."""
    events = []
    with suppress(KetamonError), Reader(path) as reader:
        events.extend(reader.events())
    return events


def test_what_stands_before_a_damaged_page_is_read(again):
    """Rows are asked for many at a time; a page that SQLite cannot read must not take those before it along."""
    path = again("running")
    before, data = load(path), path.read_bytes()
    found = set()
    for start in range(4096, len(data), 4096):
        path.write_bytes(data[:start] + bytes(4096) + data[start + 4096 :])
        with suppress(KetamonError):
            sound = examine(path).sound
            assert readable(path)[:sound] == before[:sound]
            found.add(sound)
    assert len(found) > 10


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@settings(
    max_examples=80,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(["ended", "running"]), what=DAMAGE)
def test_any_damage_is_found_or_changes_nothing(made, place, name, what):
    path = put(made, place, name)
    before = load(path)
    damage(path, *what)
    try:
        found = examine(path)
        if found.problems:
            assert readable(path)[: found.sound] == before[: found.sound], "what is called sound is"
            return
        assert load(path) == before
        with StreamReader(path.with_suffix(".kstream")) as reader:
            list(reader)
    except KetamonError:
        return  # refused as a whole: found
