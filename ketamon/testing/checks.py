"""What must hold of any driver's outputs, whatever the bytes were; each check fails with an assertion."""

from collections.abc import Iterable

from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    Garbage,
    Measured,
    Output,
    PumpTelemetry,
    Sampled,
    Send,
)


def accounted(outputs: Iterable[Output], data: bytes) -> None:
    """Each byte lies in exactly one accepted frame or garbage, in order; what was read belongs to a frame before it."""
    position, frame = 0, -1
    for output in outputs:
        match output:
            case Accepted(offset=offset, length=length):
                assert offset == position, f"frame at {offset}, but the bytes from {position} on are not accounted for"
                assert length > 0, "a frame without bytes"
                frame, position = offset, position + length
            case Garbage(offset=offset, raw=raw, reason=reason):
                assert offset == position, f"garbage at {offset}, but {position} was next"
                assert raw, "garbage without bytes"
                assert raw == data[offset : offset + len(raw)], "garbage that was never fed"
                assert reason, "garbage without a reason"
                frame, position = -1, position + len(raw)
            case Send():
                pass
            case DeviceNotice(offset=offset):  # a watchdog speaks between frames, of the last one
                assert offset <= position, "a notice about bytes that did not come yet"
            case _:
                assert output.offset == frame, f"{type(output).__name__} does not belong to the frame before it"
    assert position == len(data), f"{len(data) - position} bytes are not accounted for"


def covered(output: Output) -> int:
    """How many bytes of the input an output accounts for."""
    match output:
        case Accepted(length=length):
            return length
        case Garbage(raw=raw):
            return len(raw)
        case _:
            return 0


def tells_something(output: Output) -> bool:
    """Whether an output is a value: a number, a piece of a waveform, a pump's status, alarms."""
    match output:
        case Measured(reading=reading):
            return reading.value is not None
        case DeviceAlarms(alarms=alarms):
            return bool(alarms)
        case Sampled() | PumpTelemetry():
            return True
        case _:
            return False


def spoken(outputs: Iterable[Output], data: bytes) -> dict[bytes, list[Output]]:
    """What was told out of each frame, by the frame's bytes."""
    told: dict[bytes, list[Output]] = {}
    raw = b""
    for output in outputs:
        if isinstance(output, Accepted):
            raw = data[output.offset : output.offset + output.length]
        elif tells_something(output):
            told.setdefault(raw, []).append(output)
    return told
