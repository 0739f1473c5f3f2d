"""The wire toolkit by itself: checksums and the two framers."""

from hypothesis import given
from hypothesis import strategies as st
from rows import each_row

from ketamon.wire.checksums import crc16_ccitt_false, crc16_x25, sum8, xor8
from ketamon.wire.framing import Flagged, Terminated


def test_check_values():
    assert crc16_ccitt_false(b"123456789") == 0x29B1
    assert crc16_x25(b"123456789") == 0x906E
    assert sum8(b"123456789") == 0xDD
    assert xor8(b"123456789") == 0x31


SEGMENTS = [
    (b"ab;cd,", [b"ab;", b"cd,"], b""),
    (b";;x", [b";", b";"], b"x"),
    (b"1234567;", [b"1234567;"], b""),
    (b"12345678;", [b"1234", b"5678;"], b""),
    (b"1" * 11, [b"1111"], b"1111111"),
    (b"1" * 12, [b"1111", b"1111"], b"1111"),
]


@each_row(("data", "expected", "rest"), SEGMENTS)
@each_row("size", [1, 3, 99])
def test_segments_end_at_terminators_or_in_steps_of_the_limit(data, expected, rest, size):
    framer = Terminated(b";,", 4)
    found = [s for at in range(0, len(data), size) for s in framer.feed(data[at : at + size])]
    assert [s.raw for s in found] == expected
    assert [s.ended for s in found] == [s.raw[-1:] in (b";", b",") for s in found]
    assert [s.raw for s in framer.flush()] == ([rest] if rest else [])
    assert list(framer.flush()) == []


def flagged(data, size=99):
    """Frames are bodies of capitals, of at most six; the flag is "~"."""
    framer = Flagged(ord("~"), 6, lambda body: body if body.isupper() and len(body) <= 6 else "not capitals")
    pieces = [p for at in range(0, len(data), size) for p in framer.feed(data[at : at + size])]
    return [*pieces, *framer.flush()]


PIECES = [
    ("~AB~", ["AB"]),
    ("~AB~~CD~", ["AB", "CD"]),
    ("~AB~CD~", ["AB", "CD"]),
    ("AB~CD~", ["CD"]),
    ("~ab~CD~", ["CD"]),
    ("~ab~~CD~", ["CD"]),
    ("~~~~~~~~~~~~AB~", ["AB"]),
    ("~AB~xx~CD~", ["AB", "CD"]),
    ("~AB~" + "x" * 30 + "~CD~", ["AB", "CD"]),
    ("~AB~" + "X" * 8 + "CD~EF~", ["AB", "EF"]),
    ("~ABCDEFG~H~", ["H"]),
]


@each_row(("text", "contents"), PIECES)
@each_row("size", [1, 2, 99])
def test_flags_close_and_open(text, contents, size):
    pieces = flagged(text.encode(), size)
    assert [p.content.decode() for p in pieces if p.content is not None] == contents
    assert b"".join(p.raw for p in pieces) == text.encode()
    assert [p.offset for p in pieces] == [sum(len(q.raw) for q in pieces[:n]) for n in range(len(pieces))]
    assert all(p.reason for p in pieces if p.content is None)


@given(st.text("~ABx", max_size=40), st.integers(1, 9))
def test_cuts_make_no_difference(text, size):
    assert flagged(text.encode(), size) == flagged(text.encode())


def test_a_bad_body_at_the_end_keeps_its_reason():
    assert [p.reason for p in flagged(b"~ab~")] == ["not capitals"]
    assert [p.reason for p in flagged(b"~ab~cd")] == ["not capitals", "the input ended within a frame"]
