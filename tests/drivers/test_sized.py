"""The framer for frames that say how long they are: one toy protocol, every kind of damage."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.wire.checksums import sum8
from ketamon.wire.sampling import Gathered
from ketamon.wire.sized import Sized

LONGEST = 12


def wrap(body):
    raw = bytes([0x3E, len(body) + 3]) + body
    return raw + bytes([-sum8(raw) & 0xFF])


def make():
    def size(ahead):
        return None if len(ahead) < 2 else ahead[1] if ahead[1] > 2 else 0

    def check(raw):
        return raw[2:-1] if sum8(raw) == 0 else "the checksum is wrong"

    return Sized(b"\x3e", LONGEST, size, check)


def run(chunks):
    framer = make()
    return [piece for chunk in chunks for piece in framer.feed(chunk)] + list(framer.flush())


def contents(pieces):
    return [piece.content for piece in pieces if piece.content is not None]


NOISE = st.one_of(st.binary(max_size=40), st.lists(st.sampled_from((0x3E, 4, 5, 12, 255)), max_size=60).map(bytes))
PARTS = st.lists(st.one_of(NOISE, st.binary(min_size=1, max_size=8).map(wrap)), max_size=6)


@settings(max_examples=200, deadline=None)
@given(parts=PARTS, sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_pieces_cover_the_input_however_it_is_cut(parts, sizes):
    data = b"".join(parts)
    whole = run([data])
    assert b"".join(piece.raw for piece in whole) == data
    assert [piece.offset for piece in whole] == [sum(len(p.raw) for p in whole[:n]) for n in range(len(whole))]
    cut, at, framer, held = [], 0, make(), 0
    while at < len(data):
        for size in sizes:
            chunk = data[at : at + size]
            at += len(chunk)
            pieces = list(framer.feed(chunk))
            held += len(chunk) - sum(len(piece.raw) for piece in pieces)
            assert held <= Sized.held(LONGEST)
            cut += pieces
    assert cut + list(framer.flush()) == whole


@each_row("noise", [b"\x3e", b"\x3e\x0c", b"\x3e\xff", b"\x3e\x00", b"x" * 50, b"\x3e" * 30, b"\x3e\x0cabc"])
def test_a_false_start_costs_no_frame(noise):
    assert contents(run([noise + wrap(b"one") + wrap(b"two")])) == [b"one", b"two"]


def test_why_bytes_are_no_frame():
    bad = wrap(b"one")[:-1] + b"\0"
    assert [piece.reason for piece in run([bad + wrap(b"two")])] == ["the checksum is wrong", ""]
    assert [piece.reason for piece in run([b"abc"])] == ["no frame begins here"]
    assert [piece.reason for piece in run([b"\x3e\x0cab"])] == ["the input ended within a frame"]
    assert [piece.reason for piece in run([b"\x3e\x50ab"])] == ["no frame is that long"]


def test_samples_are_gathered_and_a_gap_drops_what_was_begun():
    gathered = Gathered(3)
    assert [gathered.add(n) for n in (1, None, 3, 4)] == [(), (), (1, None, 3), ()]
    gathered.gap()
    assert [gathered.add(n) for n in (5, 6, 7)] == [(), (), (5, 6, 7)]
