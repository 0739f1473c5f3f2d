"""Damaged bytes, seeded: what a bad cable, a wrong device and a stranger's program send."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random

from ketamon.domain.devices import Action, PumpState
from ketamon.domain.waveforms import SampleBlock
from ketamon.driver import DeviceAlarms, DriverSpec, Measured, Output, PumpTelemetry, Sampled
from ketamon.testing.checks import spoken
from ketamon.testing.conversation import Conversation, converse, replay, truths

Damage = Callable[[Random, bytes], bytes]


def _flip_bits(random: Random, frame: bytes) -> bytes:
    damaged = bytearray(frame)
    for _ in range(random.randint(1, 3)):
        damaged[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _change_byte(random: Random, frame: bytes) -> bytes:
    at = random.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ random.randint(1, 255)]) + frame[at + 1 :]


def _lose_bytes(random: Random, frame: bytes) -> bytes:
    at = random.randrange(len(frame))
    return frame[:at] + frame[at + random.randint(1, 8) :]


def _insert_bytes(random: Random, frame: bytes) -> bytes:
    at = random.randrange(len(frame))
    return frame[:at] + random.randbytes(random.randint(1, 8)) + frame[at:]


def _burst(random: Random, frame: bytes) -> bytes:
    at, length = random.randrange(len(frame)), random.randint(2, 16)
    return (frame[:at] + random.randbytes(length) + frame[at + length :])[: len(frame)]


def _swap(random: Random, frame: bytes) -> bytes:
    at = random.randrange(len(frame))
    return frame[:at] + frame[at : at + 2][::-1] + frame[at + 2 :]


DAMAGES: dict[str, Damage] = {
    "bits flipped": _flip_bits,
    "a byte changed": _change_byte,
    "bytes lost": _lose_bytes,
    "bytes inserted": _insert_bytes,
    "a burst": _burst,
    "two bytes swapped": _swap,
}


def damaged(random: Random, frame: bytes) -> bytes:
    """Damage a frame in one of the ways; now and then the result is the frame itself."""
    return random.choice(list(DAMAGES.values()))(random, frame)


def inputs(seed: int, said: Conversation, count: int) -> Iterator[bytes]:
    """Give `count` inputs: whole frames, damaged ones, parts of two, and noise of the device's own bytes or any."""
    random, frames = Random(seed), said.frames
    alphabet = sorted(set(said.data)) or [0]
    for _ in range(count):
        frame = random.choice(frames)
        match random.randrange(8):
            case 0:
                yield frame
            case 1:
                yield frame[: random.randrange(len(frame))] + random.choice(frames)[random.randrange(len(frame)) :]
            case 2:
                yield random.randbytes(random.randint(1, 64))
            case 3:
                yield bytes(random.choices(alphabet, k=random.randint(1, 64)))
            case _:
                yield damaged(random, frame)


class Slips:
    """Finds frames out of which a driver told a fact that the device never said."""

    def __init__(self, said: Iterable[Output]) -> None:
        self._facts = {fact for output in said for fact in facts(output)}

    def found(self, outputs: Sequence[Output], data: bytes) -> list[bytes]:
        """Return the frames among what was fed that told something new."""
        return [
            frame
            for frame, told in spoken(outputs, data).items()
            if any(not self._facts.issuperset(facts(output)) for output in told)
        ]


def facts(output: Output) -> Iterator[object]:
    """What an output says of the world, piece by piece; what is not known and a waveform say nothing."""
    match output:
        case Measured(reading=reading):
            yield reading.parameter, reading.value
        case PumpTelemetry(status=status):
            told = ((field.name, getattr(status, field.name)) for field in fields(status))
            yield from ((status.head, *fact) for fact in told if fact[1] not in _UNKNOWN)
        case DeviceAlarms(alarms=alarms):
            yield from alarms
        case _:
            pass


@dataclass(frozen=True)
class Damaged:
    """What came of `hit` damaged arrivals.

    Out of `numbers` of them something wrong was told that is no waveform, out of `waves` others a piece of a waveform
    that the device did not send.
    """

    hit: int
    numbers: int
    waves: int


def measured(spec: DriverSpec, count: int) -> Damaged:
    """Damage what the simulated device says, about `count` times."""
    actions = {3: Action.CUFF_START} if Action.CUFF_START in spec.actions else {}
    return damage(spec, converse(spec, truths(40), actions=actions), 1, count)


def damage(spec: DriverSpec, said: Conversation, seed: int, count: int) -> Damaged:
    """Damage one arrival of a healthy stream, `count` times, and hold what is told against the same without damage."""
    random = Random(seed)
    arrivals = [i for i, (_, data) in enumerate(said.steps) if data]
    healthy: dict[int, tuple[Slips, Mapping[str, str]]] = {}
    hit = numbers = waves = 0
    for _ in range(count):
        nth = random.randrange(len(arrivals))
        at = arrivals[nth]
        whole = said.steps[at][1] or b""
        broken = damaged(random, whole)
        if broken == whole:
            continue
        begin = max(0, min(arrivals[max(0, nth - 2)], at - _BEFORE))
        end = arrivals[min(nth + 1, len(arrivals) - 1)] + 4
        if at not in healthy:
            around = replay(spec.make(), said.steps[begin : max(end, at + _AROUND)])
            healthy[at] = Slips(around), _waves(around)
        steps = [*said.steps[begin:at], (said.steps[at][0], broken), *said.steps[at + 1 : end]]
        outputs = replay(spec.make(), steps)
        slips, sent = healthy[at]
        hit += 1
        if slips.found(outputs, b"".join(data for _, data in steps if data)):
            numbers += 1
        elif not all(_sent(output.block, sent) for output in outputs if isinstance(output, Sampled)):
            waves += 1
    return Damaged(hit, numbers, waves)


def _waves(outputs: Iterable[Output]) -> dict[str, str]:
    """All samples of each signal, in their order, as text to search in; a sample that is missing parts the text."""
    waves: dict[str, str] = {}
    for output in outputs:
        if isinstance(output, Sampled):
            waves[output.block.signal] = waves.get(output.block.signal, "") + _written(output.block)
    return waves


def _sent(block: SampleBlock, healthy: Mapping[str, str]) -> bool:
    """Whether the device sent these samples in a row; what the driver leaves out is not wrong."""
    return all(run in healthy.get(block.signal, "") for run in _written(block).split("\n") if run)


def _written(block: SampleBlock) -> str:
    return "".join("\n" if sample is None else f"<{sample}>" for sample in block.samples)


_BEFORE = 24
"""Arrivals and ticks that a driver has heard before the damage: a round of questions, and two arrivals at least."""
_AROUND = 40
"""Arrivals and ticks behind the damage within which what the device says still counts as said at the time."""
_UNKNOWN = (None, "", PumpState.UNKNOWN)
