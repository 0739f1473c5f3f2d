"""The framer that looks at each place: one toy protocol, whose frames may follow each other only without a mark."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rows import each_row

from ketamon.wire.scanning import MOST_GARBAGE, NOTHING, Cut, Scanner

LONGEST = 6


def look(buffer, at, follows):
    """`A` with as many bytes as its second one says, all below 10; behind a frame also `B` with one byte."""
    raw = bytes(buffer[at : at + LONGEST])
    if raw[0] == ord("B") and follows:
        return (2, "b") if len(raw) > 1 else (2, "")
    if raw[0] != ord("A"):
        return NOTHING
    if len(raw) < 2:
        return 2, ""
    if not 2 < raw[1] <= LONGEST or any(byte > 9 for byte in raw[2 : raw[1]]):
        return NOTHING
    return (raw[1], "a") if len(raw) >= raw[1] else (raw[1], "")


def run(chunks):
    scanner = Scanner(look)
    return [cut for chunk in chunks for cut in scanner.feed(chunk)] + list(scanner.flush())


FRAME = b"A\x04\x01\x02"
CASES = [
    (b"", []),
    (FRAME, ["a"]),
    (FRAME + FRAME, ["a", "a"]),
    (FRAME + b"Bx" + b"Bx", ["a", "b", "b"]),
    (b"Bx" + FRAME, ["", "a"]),
    (FRAME + b"xBx", ["a", ""]),
    (b"A" + FRAME, ["", "a"]),
    (b"A\x06\x01" + FRAME, ["", "a"]),
    (b"A\x06" + FRAME[:3], [""]),
    (b"A\x06" + FRAME, ["", "a"]),
    (b"x" * 300 + FRAME, ["", "", "a"]),
    (b"x" * MOST_GARBAGE + FRAME, ["", "a"]),
]


@each_row(("data", "names"), CASES)
def test_frames_and_garbage(data, names):
    cuts = run([data])
    assert [cut.name for cut in cuts] == names
    assert b"".join(cut.raw for cut in cuts) == data
    assert run(data[i : i + 1] for i in range(len(data))) == cuts


def test_offsets_count_from_the_first_byte():
    assert run([b"xx", FRAME, b"y", FRAME]) == [
        Cut(0, b"xx", ""), Cut(2, FRAME, "a"), Cut(6, b"y", ""), Cut(7, FRAME, "a"),
    ]  # fmt: skip


def test_what_began_no_frame_may_hide_one_at_the_end():
    assert [cut.name for cut in run([b"A\x06" + FRAME[:1]])] == [""]
    assert [cut.name for cut in run([b"A\x06\x01A\x03\x01"])] == ["", "a"]


PARTS = st.lists(st.one_of(st.just(FRAME), st.just(b"Bx"), st.binary(max_size=20), st.just(b"A\x06")), max_size=40).map(
    b"".join
)


@settings(max_examples=150, deadline=None)
@given(data=PARTS, sizes=st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_chunks_change_nothing_and_little_is_held(data, sizes):
    scanner, cuts, at = Scanner(look), [], 0
    while at < len(data):
        for size in sizes:
            cuts += scanner.feed(data[at : at + size])
            at += size
            assert min(at, len(data)) - sum(len(cut.raw) for cut in cuts) <= Scanner.held(LONGEST)
    cuts += scanner.flush()
    assert cuts == run([data])
    assert b"".join(cut.raw for cut in cuts) == data
    assert all(len(cut.raw) > 0 for cut in cuts)
