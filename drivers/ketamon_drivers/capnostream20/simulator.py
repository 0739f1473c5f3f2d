"""The monitor's end of the wire."""

from collections.abc import Iterator

from ketamon.domain.parameters import Parameter
from ketamon.domain.waveforms import Signal
from ketamon.driver import Truth
from ketamon.wire.sampling import resampled
from ketamon.wire.sized import Sized
from ketamon_drivers.capnostream20.frames import (
    DEVICE_ID,
    DISABLE,
    ENABLE,
    LONGEST_FRAME,
    NUMBERS,
    SAMPLE,
    SAMPLES_HZ,
    START,
    START_BYTE,
    STOP,
    frame,
    opened,
    size,
)
from ketamon_drivers.capnostream20.numbers import FIELDS, LAYOUT, NO_NUMBER


class CapnostreamSimulator:
    """A monitor in mmHg that is silent until it is enabled, and gives no numbers until it is started."""

    def __init__(self) -> None:
        self._heard = Sized(START_BYTE, LONGEST_FRAME, size, opened)
        self._enabled = self._started = False

    def receive(self, data: bytes) -> bytes:
        """Obey the commands that move the conversation, and no other."""
        said = b""
        for piece in self._heard.feed(data):
            if piece.raw == ENABLE:
                self._enabled = True
                said += frame(DEVICE_ID, b"V04.50 02/24/2008 B255000001  ")
            elif piece.raw in (START, STOP):
                self._started = self._enabled and piece.raw == START
            elif piece.raw == DISABLE:
                self._enabled = self._started = False
        return said

    def advance(self, truth: Truth) -> bytes:
        """Give this second's samples and numbers."""
        if not self._started:
            return b""
        return b"".join(_samples(truth)) + frame(NUMBERS, _written(truth))


def _samples(truth: Truth) -> Iterator[bytes]:
    end_tidal = truth.values.get(Parameter.ETCO2)
    wave = resampled(truth.waves.get(Signal.CO2, ()), SAMPLES_HZ) or [0.0] * SAMPLES_HZ
    for number, sample in enumerate(wave, int(truth.wall.timestamp()) * SAMPLES_HZ):
        steps = round(sample * (end_tidal or 0) * 256)
        yield frame(SAMPLE, bytes([number % 256, *divmod(steps, 256), 0x40 * (end_tidal is None)]))


_SHOWN_LIMITS = bytes([60, 15, 30, 5, 8, 100, 85, 140, 50])


def _written(truth: Truth) -> bytes:
    """Write the numbers' message."""
    values = [truth.values.get(field.parameter) for field in FIELDS]
    rr, spo2, pr = values[2:]
    no_breath = rr == 0
    return LAYOUT.pack(
        int(truth.wall.timestamp()),
        bytes(NO_NUMBER if value is None else round(value) for value in values),
        0x08 * no_breath,
        bytes(3),
        0x01 * no_breath,
        0x20 * (spo2 is None and pr is None),
        0,
        _SHOWN_LIMITS,
        1,
        0,
    )
