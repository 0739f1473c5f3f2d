"""An encrypted stream: whatever is done to its lines is told, and no changed line yields a record."""

import pytest
from security.test_key_ring import NEEDED
from stream.conftest import HEADER, START

from ketamon.store.keys import KEYS
from ketamon.stream.reader import StreamReader, has_intents, verify
from ketamon.stream.writer import StreamWriter

pytestmark = NEEDED


@pytest.fixture(name="sealed")
def fixture_sealed(tmp_path):
    """Forty records, closed in good order, then its lines."""
    path = tmp_path / "a.kstream"
    with StreamWriter(path, HEADER, START, key=KEYS.passing()) as writer:
        for n in range(40):
            writer.rx("monitor", START.plus(n), b"SPO2=0%02d%%\r\n" % n)
    yield path
    KEYS.forget()


def said(path):
    with StreamReader(path) as reader:
        return [record.data for record in reader if record.device == "monitor"], reader.report


def test_it_reads_as_a_plain_one_and_shows_nothing(sealed):
    data, report = said(sealed)
    assert data == [b"SPO2=0%02d%%\r\n" % n for n in range(40)]
    assert report.sentences() == []
    assert not any(word in sealed.read_bytes() for word in (b"SPO2", b"masimo", b"monitor", b"pumps:4001", b"demo"))
    assert not has_intents(sealed)


def flipped(line):
    return line[:30] + bytes([line[30] ^ 1]) + line[31:]


MANGLED = {
    "dropped": lambda lines: lines[:20] + lines[21:],
    "swapped": lambda lines: [*lines[:20], lines[21], lines[20], *lines[22:]],
    "said twice": lambda lines: [*lines[:20], lines[19], *lines[20:]],
    "said again later": lambda lines: [*lines[:30], lines[10], *lines[30:]],
    "one letter changed": lambda lines: [*lines[:20], flipped(lines[20]), *lines[21:]],
    "renumbered": lambda lines: [*lines[:20], lines[20].replace(b"19 ", b"99 ", 1), *lines[21:]],
    "cut off": lambda lines: lines[:-4],
    "torn": lambda lines: [*lines[:-1], lines[-1][:-9]],
}  # fmt: skip


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED)
def test_whatever_is_done_to_its_lines_is_told(sealed, mangle):
    whole, _ = said(sealed)
    sealed.write_bytes(b"".join(mangle(sealed.read_bytes().splitlines(keepends=True))))
    data, report = said(sealed)
    assert report.sentences() + report.unfinished
    assert data == sorted(set(data)), "in order, and none twice"
    assert set(data) <= set(whole)


def test_a_torn_stream_goes_on_and_no_line_is_closed_twice_alike(sealed):
    lines = sealed.read_bytes().splitlines(keepends=True)
    sealed.write_bytes(b"".join(lines[:-3]) + lines[-3][:-20])
    with StreamWriter(sealed, HEADER, START.plus(99)) as writer:
        writer.rx("monitor", START.plus(99), b"again")
    data, _ = said(sealed)
    assert data[-1] == b"again"
    closed = [line.partition(b" ")[2] for line in sealed.read_bytes().splitlines()[1:]]
    assert len({line[:16] for line in closed}) == len(closed)  # the nonces
    assert verify(sealed).problems == []
