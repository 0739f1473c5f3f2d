"""A Nonin device's end of the wire, in any of its formats. It hears nothing."""

from collections.abc import Callable, Iterator, Mapping

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Truth
from ketamon.wire.checksums import sum8
from ketamon.wire.sampling import resampled
from ketamon_drivers.nonin.formats import FRAMES, NO_PR, NO_SPO2, PLETH_HZ, VALID_RANGE

_PACKETS_A_SECOND = 3
_PULSE_FRAMES = 12
_SPO2_AT, _PR_AT = (2, 8, 9, 10, 15, 16), (0, 13, 19, 21)
_REVISION = 48
SPOT_CHECK_AFTER_S = 10


def _number(truth: Truth, parameter: Parameter, missing: int) -> int:
    value = truth.values.get(parameter)
    number = missing if value is None else round(value)
    return number if number in VALID_RANGE[parameter] else missing


def _numbers(truth: Truth) -> tuple[int, int]:
    return _number(truth, Parameter.SPO2, NO_SPO2), _number(truth, Parameter.PR, NO_PR)


def _no_finger(truth: Truth) -> bool:
    return _numbers(truth) == (NO_SPO2, NO_PR)


def _packets(truth: Truth, second: int, form: str) -> Iterator[bytes]:
    """One second in format #2 or #7: three packets; a green pulse begins with the first of them."""
    spo2, pr = _numbers(truth)
    wave = resampled(truth.waves.get(Signal.PLETH, (0.5,)), int(PLETH_HZ))
    for n in range(_PACKETS_A_SECOND):
        timer = (second * _PACKETS_A_SECOND + n) % (1 << 14)
        floats = dict.fromkeys(range(FRAMES), 0) | dict.fromkeys(_SPO2_AT, spo2)
        floats |= {3: _REVISION, 5: timer >> 7, 6: timer & 0x7F}
        for at in _PR_AT:
            floats |= {at: pr >> 7, at + 1: pr & 0x7F}
        for k in range(FRAMES):
            pulse = n == 0 and k < _PULSE_FRAMES and not _no_finger(truth)
            status = 0x80 | (k == 0) | pulse << 1 | _no_finger(truth) << 3
            pleth = wave[n * FRAMES + k]
            if form == "2":
                head = bytes((1, status, round(pleth * 0xFF), floats[k]))
            else:
                head = bytes((status, *round(pleth * 0xFFFF).to_bytes(2, "big"), floats[k]))
            yield head + bytes([sum8(head)])


def _format_8(truth: Truth, second: int) -> Iterator[bytes]:
    del second
    spo2, pr = _numbers(truth)
    yield bytes((0x80 | pr >> 7, pr & 0x7F, spo2, _no_finger(truth) << 3))


def _format_13(truth: Truth, second: int) -> Iterator[bytes]:
    """One measurement, a while after the device was put on."""
    if second != SPOT_CHECK_AFTER_S - 1 or _no_finger(truth):
        return
    spo2, pr = _numbers(truth)
    date = bytes.fromhex(f"{truth.wall:%Y%m%d%H%M%S}00")
    data = date + bytes((0x02, 0, *pr.to_bytes(2, "big"), 0, spo2))
    yield bytes((0, 2, 0, 13, 0, len(data))) + data + bytes((sum8(data), 3))


def _line(truth: Truth, second: int) -> Iterator[bytes]:
    del second
    spo2, pr = _numbers(truth)
    yield b"SPO2=%b HR=%b\r\n" % (
        b"---" if spo2 == NO_SPO2 else b"%03d" % spo2,
        b"---" if pr == NO_PR else b"%03d" % pr,
    )


_SPEAK: Mapping[str, Callable[[Truth, int], Iterator[bytes]]] = {
    "2": lambda truth, second: _packets(truth, second, "2"),
    "7": lambda truth, second: _packets(truth, second, "7"),
    "8": _format_8,
    "13": _format_13,
    "ascii": _line,
}


class NoninSimulator:
    """A device in one format."""

    def __init__(self, form: str) -> None:
        self._speak = _SPEAK[form]
        self._second = 0

    def advance(self, truth: Truth) -> bytes:
        """Give this second's frames."""
        said = b"".join(self._speak(truth, self._second))
        self._second += 1
        return said

    def receive(self, data: bytes) -> bytes:
        """Nothing is asked of it, so nothing is answered."""
        del data
        return b""
