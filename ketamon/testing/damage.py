"""Damaged bytes, seeded: what a bad cable, a wrong device and a stranger's program send."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from random import Random

from ketamon.domain.devices import Action
from ketamon.domain.instant import Instant
from ketamon.driver import DeviceAlarms, Driver, DriverSpec, Measured, Output, PumpTelemetry
from ketamon.testing.checks import spoken
from ketamon.testing.conversation import START, Conversation, converse, truths

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
    """Finds damaged frames that a driver took for whole: their bytes, or something in them, were never said."""

    def __init__(self, said: Conversation) -> None:
        self._data = said.data
        self._facts = {fact for told in spoken(said.outputs, said.data).values() for o in told for fact in facts(o)}

    def found(self, outputs: Sequence[Output], data: bytes) -> list[bytes]:
        """Return the frames among what was fed that told something and are not what the device said."""
        return [
            frame
            for frame, told in spoken(outputs, data).items()
            if frame not in self._data or any(not self._facts.issuperset(facts(output)) for output in told)
        ]


def facts(output: Output) -> Iterator[object]:
    """What an output says of the world, piece by piece; a waveform says nothing."""
    match output:
        case Measured(reading=reading):
            yield reading.parameter, reading.value
        case PumpTelemetry(status=status):
            yield from ((status.head, field.name, getattr(status, field.name)) for field in fields(status))
        case DeviceAlarms(alarms=alarms):
            yield from alarms
        case _:
            pass


def measured(spec: DriverSpec, count: int) -> tuple[int, int]:
    """Return how many frames of the simulated device were damaged (about `count`), and how many slipped through."""
    actions = {3: Action.CUFF_START} if Action.CUFF_START in spec.actions else {}
    return slip_share(spec, converse(spec, truths(40), actions=actions), 1, count)


def slip_share(spec: DriverSpec, said: Conversation, seed: int, count: int) -> tuple[int, int]:
    """Damage one arrival of a healthy stream, `count` times; return how many were hit and how many slipped through."""
    random, slips = Random(seed), Slips(said)
    arrivals = [i for i, (_, data) in enumerate(said.steps) if data]
    hit = slipped = 0
    for _ in range(count):
        at = random.choice(arrivals)
        begin = max(0, at - 12)
        whole = said.steps[at][1] or b""
        broken = damaged(random, whole)
        if broken == whole:
            continue
        steps = [*said.steps[begin:at], (said.steps[at][0], broken), *said.steps[at + 1 : at + 4]]
        outputs = _run(spec.make(), steps)
        hit += 1
        slipped += bool(slips.found(outputs, b"".join(data for _, data in steps if data)))
    return hit, slipped


def _run(driver: Driver, steps: Sequence[tuple[Instant, bytes | None]]) -> list[Output]:
    outputs: list[Output] = []
    at = START
    for at, data in steps:
        outputs += driver.tick(at) if data is None else driver.feed(data, at)
    return outputs + list(driver.flush(at))
