"""The format: what is written is read, in the words of the format."""

import json
import stat
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.domain.devices import DeviceKind
from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.errors import SourceError
from ketamon.stream.reader import StreamReader, verify
from ketamon.stream.record import Kind, StreamDevice
from ketamon.stream.writer import StreamWriter

HEAD = '{"ketamon-stream":1,"created":"2026-11-21T08:00:00Z","devices":{"monitor":{"driver":"masimo-ascii1"}}}\n'


def records(path):
    with StreamReader(path) as reader:
        return list(reader), reader.report


def written(tmp_path, text):
    path = tmp_path / "by-hand.kstream"
    path.write_text(text, encoding="utf-8")
    return path


PAYLOADS = [
    (b"SPO2=095%\r\n", "rx", "SPO2=095%\r\n"),
    (b"a\tb~ ", "rx", "a\tb~ "),
    (b'"\\', "rx", '"\\'),
    (b"", "rx", ""),
    (b"!INF|4961\x00", "rx-hex", "21 49 4E 46 7C 34 39 36 31 00"),
    (b"\x7f", "rx-hex", "7F"),
    (b"\x1b", "rx-hex", "1B"),
    (b"caf\xe9", "rx-hex", "63 61 66 E9"),
]


@pytest.mark.parametrize("vector", PAYLOADS)
def test_a_payload_is_text_if_and_only_if_every_byte_is(tmp_path, header, start, vector):
    data, kind, payload = vector
    path = tmp_path / "one.kstream"
    with StreamWriter(path, header, start) as writer:
        writer.rx("monitor", start.plus(1.5), data)
        writer.tx("monitor", start.plus(2), data)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[2].startswith("[1.500000,")
    assert json.loads(lines[2]) == [1.5, "monitor", kind, payload]
    assert json.loads(lines[3]) == [2.0, "monitor", kind.replace("rx", "tx"), payload]
    assert [(r.kind, r.data) for r in records(path)[0][1:]] == [(Kind.RX, data), (Kind.TX, data)]


def test_the_file_reads_as_the_format_says(recording):
    lines = recording.read_text(encoding="utf-8").splitlines()
    head = json.loads(lines[0])
    assert head["ketamon-stream"] == 1
    assert head["created"] == "2026-11-21T08:00:00.000Z"
    assert head["mode"] == "demo"
    assert head["devices"]["pump"] == {"driver": "alaris-gh", "port": "tcp://pumps:4001", "kind": "pump"}
    assert json.loads(lines[1]) == [0.0, "", "wall", "2026-11-21T08:00:00.000Z"]
    assert [json.loads(line)[2] for line in lines[-2:]] == ["sum", "end"]
    assert json.loads(lines[-1])[3] == verify(recording).records
    assert verify(recording).sums == 3
    assert verify(recording).sentences() == []
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600


def test_the_header_comes_back(recording, header):
    with StreamReader(recording) as reader:
        assert reader.header == header


def test_a_header_that_tells_no_mode_is_a_test(tmp_path):
    with StreamReader(written(tmp_path, HEAD)) as reader:
        assert reader.header.mode is Mode.TEST
        assert reader.header.devices == {"monitor": StreamDevice("masimo-ascii1")}
        assert reader.header.created == datetime.fromisoformat("2026-11-21T08:00:00+00:00")


def test_a_line_by_hand_with_comments_is_read(tmp_path):
    path = written(tmp_path, HEAD + '# hello\n[1, "monitor", "rx-hex", "21 4e"]\n# bye\n[1.5,"","note","é"]\n')
    found, report = records(path)
    assert [tuple(record) for record in found] == [
        (1.0, "monitor", Kind.RX, b"\x21\x4e", 3),
        (1.5, "", Kind.NOTE, "é", 5),
    ]
    assert report.problems == [
        "line 5: no end: the writer crashed or is still at work; no sum covers the last 2 records"
    ]


def test_unknown_kinds_are_skipped_and_counted(tmp_path):
    path = written(
        tmp_path, HEAD + '[1,"","smell",{"of":"roses"}]\n[2,"","note","x"]\n[3,"","smell",7]\n[3,"","end",3]\n'
    )
    found, report = records(path)
    assert [record.data for record in found] == ["x"]
    assert report.unknown == {"smell": 2}
    assert report.sentences() == [
        "line 5: no sum covers the last 3 records",
        "2 records of the unknown kind 'smell' were skipped",
    ]


BAD_LINES = [
    "",
    "garbage",
    "{}",
    "[1]",
    '[1,"monitor","rx","x",5]',
    '["1","monitor","rx","x"]',
    '[-1,"monitor","rx","x"]',
    '[1e999,"monitor","rx","x"]',
    '[null,"monitor","rx","x"]',
    '[1,"monitor","rx",7]',
    '[1,"monitor","rx","é"]',
    '[1,"monitor","rx-hex","2"]',
    '[1,"monitor","rx-hex","ZZ"]',
    '[1,"monitor","rx",null]',
    '[1,null,"rx","x"]',
]


@each_row("line", BAD_LINES)
def test_a_bad_line_is_reported_and_costs_only_itself(tmp_path, line):
    path = written(tmp_path, HEAD + f'[1,"monitor","rx","a"]\n{line}\n[1,"monitor","rx","b"]\n')
    found, report = records(path)
    assert [record.data for record in found] == [b"a", b"b"]
    assert report.problems[0].startswith("line 3: cannot be read (")
    assert len(report.problems) == 2


def test_many_bad_lines_do_not_fill_the_memory(tmp_path):
    report = verify(written(tmp_path, HEAD + "x\n" * 1000))
    assert (len(report.unfinished), report.more_problems) == (101, 0)
    assert report.sentences()[-1].endswith("1000 lines were torn, as by a crash")
    report = verify(written(tmp_path, HEAD + "x\n" * 1000 + '[1,"","end",0]\n'))
    assert (len(report.damage), report.more_problems) == (100, 900)
    assert report.sentences()[-1] == "900 more problems"


def test_time_that_runs_backwards_is_reported_once(tmp_path):
    path = written(tmp_path, HEAD + "".join(f'[{t},"","note","x"]\n' for t in (5, 6, 2, 3, 3)))
    found, report = records(path)
    assert len(found) == 5
    assert report.problems[0] == "line 4: time runs backwards, from 6.000000 s to 2.000000 s"
    assert len(report.problems) == 2


UNREADABLE = [
    (None, "there is no file {path}; check the name"),
    (b"", "{path} is empty: nothing was recorded; choose another file"),
    (b"\x89PNG\r\n", "{path} is not a recorded stream; choose a .kstream file"),
    (b"[1,2]\n", "{path} is not a recorded stream; choose a .kstream file"),
    (b"{}\n", "{path} is not a recorded stream; choose a .kstream file"),
    (b'{"version": 2, "width": 80}\n', "{path} is not a recorded stream; choose a .kstream file"),
    (b'{"ketamon-stream":1}\n', "{path} is not a recorded stream; choose a .kstream file"),
    (b'{"ketamon-stream":"x"}\n', "{path} has the unknown stream version 'x'; choose another file"),
    (b'{"ketamon-stream":2}\n', "{path} was written by a newer ketamon (stream version 2); update ketamon"),
]


@pytest.mark.parametrize(("content", "message"), UNREADABLE)
def test_a_file_that_cannot_be_read_says_so_in_one_sentence(tmp_path, content, message):
    path = tmp_path / "odd.kstream"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        verify(path)
    assert str(caught.value) == message.format(path=path)


def test_a_folder_is_no_stream(tmp_path):
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        verify(tmp_path)


names = st.sampled_from(["monitor", "pump", "", "Überwachung"])
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
entries = st.lists(
    st.tuples(st.sampled_from(["rx", "tx"]), names, st.integers(0, 90_000_000_000), st.binary(max_size=40))
    | st.tuples(st.sampled_from(["note", "link"]), names, st.integers(0, 90_000_000_000), text),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries)
def test_what_is_written_is_read(tmp_path, header, start, gaps):
    path = tmp_path / "any.kstream"
    path.unlink(missing_ok=True)
    ns, expected = 0, []
    with StreamWriter(path, header, start) as writer:
        for kind, device, gap, data in gaps:
            ns += gap
            getattr(writer, kind)(device, Instant(ns, start.wall), data)
            expected.append((ns // 1000 * 1000, device, kind, data))
        head = writer.head_sha256
    found, report = records(path)
    got = [(r.monotonic_ns, r.device, r.kind, r.data) for r in found if r.kind is not Kind.WALL]
    assert got == expected
    assert report.sentences() == []
    assert head != report.sha256  # the end came after it
    assert writer.head_sha256 == report.sha256


def test_device_kinds_of_the_header_are_typed(recording):
    with StreamReader(recording) as reader:
        assert reader.header.devices["pump"].kind is DeviceKind.PUMP
