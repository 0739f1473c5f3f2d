"""Damage: every truncation is read to its last whole line, every flipped bit is found or changes nothing."""

import pytest

from ketamon.errors import SourceError
from ketamon.stream import reader as reading
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.writer import StreamWriter


def read(path):
    with StreamReader(path) as reader:
        return reader.header, list(reader)


@pytest.fixture(name="small")
def fixture_small(tmp_path, header, start):
    """As short as a file with everything that matters can be."""
    path = tmp_path / "small.kstream"
    with StreamWriter(path, header, start) as writer:
        writer.rx("monitor", start.plus(0.5), b"SPO2=095%\r\n")
        writer.tx("pump", start.plus(61), b"\x01\x02")
        writer.note("", start.plus(62), "é")
    assert b'"end",5]' in path.read_bytes()
    return path


def test_every_truncation_is_read_to_its_last_whole_line(small):
    whole, (header, records) = small.read_bytes(), read(small)
    first_line = whole.index(b"\n") + 1
    for length in range(first_line, len(whole)):
        small.write_bytes(whole[:length])
        kept = [record for record in records if record.line <= whole[:length].count(b"\n")]
        assert read(small) == (header, kept)
        report = verify(small)
        torn = length - whole[:length].rindex(b"\n") - 1
        assert len(report.torn) == torn
        assert report.size == length - torn
        assert any("no end" in problem for problem in report.problems)
        assert any(f"torn off after {torn} bytes" in problem for problem in report.problems) == bool(torn)


def test_every_flipped_bit_is_found_or_changes_nothing(small):
    whole, before = small.read_bytes(), read(small)
    silent = 0
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            small.write_bytes(flipped)
            try:
                report = verify(small)
            except SourceError:
                continue  # refused as a whole: found
            if not report.problems:
                silent += 1
                assert read(small) == before, f"byte {place} bit {bit}: {flipped!r}"
    assert silent < 64, "only the time of a sum or an end may change without a word"


def test_a_changed_comment_is_found(small):
    lines = small.read_bytes().splitlines(keepends=True)
    small.write_bytes(b"".join([lines[0], b"# put in later\n", *lines[1:]]))
    lines = [number for number, line in enumerate(small.read_bytes().splitlines(), 1) if b'"sum"' in line]
    assert verify(small).problems[0] == f"line {lines[0]}: the sum does not fit: something before this line was changed"


def test_a_line_taken_out_is_found(small):
    lines = small.read_bytes().splitlines(keepends=True)
    del lines[2]
    small.write_bytes(b"".join(lines))
    problems = verify(small).problems
    assert "the sum does not fit" in problems[0]
    assert "5 records were written, 4 are here" in problems[-2]


def test_each_failed_sum_is_named_with_its_line(recording):
    whole = recording.read_bytes()
    assert verify(recording).sums == 3
    recording.write_bytes(whole.replace(b"BPM=064", b"BPM=065", 1))
    lines = [number for number, line in enumerate(whole.splitlines(), 1) if b'"sum"' in line]
    assert [problem.split(":")[0] for problem in verify(recording).problems if "the sum" in problem] == [
        f"line {number}" for number in lines
    ]


def test_a_crash_after_an_earlier_end_is_told(small, header, start):
    with pytest.raises(ZeroDivisionError), StreamWriter(small, header, start.plus(100)):
        _ = 1 / 0
    assert [problem.split(": ", 1)[1] for problem in verify(small).problems] == [
        "no end: the writer crashed or is still at work; no sum covers the last 0 records"
    ]


def test_a_line_without_an_end_costs_no_memory(small, monkeypatch):
    """A disk that came back full of zeros, or a file that is none: only so much of a line is ever held."""
    monkeypatch.setattr(reading, "_MAX_LINE", 1000)
    whole = small.read_bytes()
    small.write_bytes(whole + b"\0" * 1_000_000)
    report = verify(small)
    assert len(report.torn) == 1000
    assert report.size == len(whole)
    assert any("torn off" in problem for problem in report.problems)


def test_a_line_that_is_too_long_costs_itself_only(small, monkeypatch):
    monkeypatch.setattr(reading, "_MAX_LINE", 1000)
    lines = small.read_bytes().splitlines(keepends=True)
    _, records = read(small)
    small.write_bytes(b"".join([*lines[:2], b'[1.0,"","note","' + b"x" * 5000 + b'"]\n', *lines[2:]]))
    assert [record.data for record in read(small)[1]] == [record.data for record in records]
    report = verify(small)
    assert "line 3: longer than 1000 bytes; it is left out" in report.problems
    assert any("the sum does not fit" in problem for problem in report.problems)
    assert report.size == small.stat().st_size


@pytest.mark.parametrize(
    "line", [b"[" * 9999, b'[1.0,"","end",' + b"[" * 900 + b"]" * 900 + b"]", b'[1,"","x",{"a":' * 9999]
)
def test_lines_that_are_nested_without_end_are_told(small, line):
    small.write_bytes(small.read_bytes() + line + b"\n")
    assert any(problem.startswith("line 10:") for problem in verify(small).problems), verify(small).problems


def test_kinds_without_number_are_counted_in_bounded_room(small):
    extra = b"".join(b'[99.0,"","%d%b",0]\n' % (n, b"k" * 1000) for n in range(500))
    small.write_bytes(small.read_bytes() + extra)
    report = verify(small)
    assert sum(report.unknown.values()) == 500
    assert len("".join(report.sentences())) < 5000


@pytest.fixture(name="crashed")
def fixture_crashed(tmp_path, header, start):
    """A recording whose machine lost its power: two sums, a few records behind them, no end."""
    path = tmp_path / "crashed.kstream"
    writer = StreamWriter(path, header, start)
    for second in (1, 2, 61, 62, 121, 122, 123, 124, 125):
        writer.rx("monitor", start.plus(second), b"SPO2=095%\r\n")
    writer.close(end=False)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))  # the sum that `close` wrote
    return path


def torn(path, *, last=0):
    """Put zeros in the middle of the records behind the last sum, as a disk that wrote some of their sectors."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b'"sum"') + 150 if not last else len(data) - last
    data[at : at + 40] = bytes(40)
    path.write_bytes(data)


def test_what_a_power_cut_tore_behind_the_last_sum_is_no_forgery(crashed):
    before = verify(crashed)
    torn(crashed)
    report = verify(crashed)
    assert (report.damage, report.mended) == ([], [])
    assert report.records < before.records
    assert any("were torn, as by a crash" in what for what in report.unfinished)
    assert "no end" in report.unfinished[-1]


def test_one_sum_may_be_torn_with_what_it_covers_but_not_two(crashed):
    data = crashed.read_bytes()
    first = data.index(b'"rx"')
    assert data.count(b'"sum"') == 2
    crashed.write_bytes(data[: data.rindex(b'"sum"') - 200] + b"\0" + data[data.rindex(b'"sum"') - 199 :])
    assert verify(crashed).damage == []
    assert any("the sum does not fit" in what for what in verify(crashed).unfinished)
    crashed.write_bytes(data[:first] + b"\0" + data[first + 1 :])
    assert len([what for what in verify(crashed).damage if "the sum does not fit" in what]) == 2


def test_what_was_torn_stays_told_and_is_no_damage_once_the_writer_went_on(crashed, header, start):
    torn(crashed)
    with StreamWriter(crashed, header, start.plus(200)) as writer:
        writer.rx("monitor", start.plus(201), b"SPO2=094%\r\n")
    report = verify(crashed)
    assert (report.problems, report.ended) == ([], True)
    assert "torn by a crash, before the recording went on" in report.mended[0]
    data = crashed.read_bytes()
    crashed.write_bytes(data.replace(b"SPO2=094", b"SPO2=093"))
    assert verify(crashed).damage


def test_where_the_stream_claims_an_end_nothing_is_put_down_to_a_crash(small):
    data = small.read_bytes()
    note = data.rindex(b'"note"')
    small.write_bytes(data[:note] + b"\0" + data[note + 1 :])
    assert any("cannot be read" in what for what in verify(small).damage)
    small.write_bytes(data + b"\0\0\n")
    assert any("cannot be read" in what for what in verify(small).damage)
