"""The promises of `ketamon.driver`, as checks that any driver can be put through.

A `Case` is a driver with frames that are whole, made by its own simulator. Every check takes a case and bytes, and
fails with an assertion. Nothing here knows a protocol.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import process_time

from ketamon.domain.instant import Instant
from ketamon.driver import Accepted, Driver, DriverSpec, Garbage, Output, Send

START = Instant(0, datetime(2026, 11, 21, 8, 0, tzinfo=UTC))


@dataclass(frozen=True)
class Case:
    """A driver, whole frames of its device, and a byte that none of its frames contains."""

    spec: DriverSpec
    frames: tuple[bytes, ...] = field(repr=False)
    foreign: int

    def __str__(self) -> str:
        return self.spec.id


def run(driver: Driver, chunks: Iterable[bytes]) -> list[Output]:
    """Feed all chunks and flush; time stands still."""
    outputs: list[Output] = []
    for chunk in chunks:
        outputs += driver.feed(chunk, START)
    return [*outputs, *driver.flush(START)]


def cut(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """Cut into pieces of these sizes, again and again."""
    sizes = [max(size, 1) for size in sizes] or [1]
    start = 0
    while start < len(data):
        for size in sizes:
            if start < len(data):
                yield data[start : start + size]
            start += size


def check_accounting(outputs: list[Output], data: bytes) -> None:
    """Each byte lies in exactly one accepted frame or piece of garbage, in order; what was read belongs to a frame."""
    position, frame = 0, -1
    for output in outputs:
        match output:
            case Accepted(offset=offset, length=length):
                assert (offset, length > 0) == (position, True)
                frame, position = offset, position + length
            case Garbage(offset=offset, raw=raw, reason=reason):
                assert offset == position
                assert raw == data[offset : offset + len(raw)] != b""
                assert reason
                frame, position = -1, position + len(raw)
            case Send():
                raise AssertionError("bytes alone made the driver send")
            case _:
                assert output.offset == frame, "a value without its frame before it"
    assert position == len(data)


def check_chunks(spec: DriverSpec, data: bytes, sizes: list[int]) -> None:
    """Whole, bytewise and cut at random: the same outputs, all of them accounted for."""
    whole = run(spec.make(), [data])
    check_accounting(whole, data)
    assert run(spec.make(), cut(data, [1])) == whole
    assert run(spec.make(), cut(data, sizes)) == whole


def check_bound(spec: DriverSpec, data: bytes, sizes: list[int]) -> None:
    """No more bytes are held back than declared."""
    driver, fed, given = spec.make(), 0, 0
    for chunk in cut(data, sizes):
        fed += len(chunk)
        for output in driver.feed(chunk, START):
            given += covered(output)
        assert fed - given <= spec.max_buffer
    assert given + sum(map(covered, driver.flush(START))) == fed


def covered(output: Output) -> int:
    """How many bytes of the input an output accounts for."""
    match output:
        case Accepted(length=length):
            return length
        case Garbage(raw=raw):
            return len(raw)
        case _:
            return 0


def frames_of(outputs: list[Output]) -> dict[int, list[Output]]:
    """What was read from each accepted frame, by the frame's offset."""
    found: dict[int, list[Output]] = {}
    offset = -1
    for output in outputs:
        if isinstance(output, Accepted):
            offset = output.offset
            found[offset] = []
        elif not isinstance(output, Garbage):
            found[offset].append(output)
    return found


def check_resync(spec: DriverSpec, noise: bytes, frame: bytes) -> None:
    """A whole frame right behind any noise is found at its place (a flag may be shared with noise that was a frame)."""
    outputs = run(spec.make(), [noise + frame])
    ends = [(o.offset, o.offset + o.length) for o in outputs if isinstance(o, Accepted) and o.name != "blank"]
    assert any(begin in (len(noise), len(noise) + 1) and end > len(noise) + len(frame) // 2 for begin, end in ends)


def seconds(spec: DriverSpec, data: bytes, size: int) -> float:
    """The shortest of three runs over the data in chunks of that size, in seconds of our own work."""

    def once() -> float:
        driver, begin = spec.make(), process_time()
        for chunk in cut(data, [size]):
            for _ in driver.feed(chunk, START):
                pass
        return process_time() - begin

    return min(once() for _ in range(3))


def check_linear(spec: DriverSpec, data: bytes, size: int) -> None:
    """Four times the input takes four times as long, not sixteen; a busy machine gets three tries."""
    assert any(seconds(spec, data * 4, size) < 10 * seconds(spec, data, size) + 0.002 for _ in range(3))
