"""The driver: finds the format, makes sure of it, and of each number, before it gives one."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from ketamon.domain.instant import Instant
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import Accepted, DeviceNotice, Garbage, Measured, Output, Sampled
from ketamon.wire.scanning import NOTHING, Cut, Found, Scanner
from ketamon_drivers.nonin.formats import FORMATS, PLETH_HZ, Said, confirmed, frame_8, frames, reading


@cache
def _looks(formats: tuple[str, ...]) -> list[tuple[Callable[[bytearray, int], Found], ...]]:
    """Who is asked, by the byte that a frame would begin with."""
    looks = [(FORMATS[name].begin, FORMATS[name].look) for name in formats]
    return [tuple(look for begin, look in looks if byte in begin) for byte in range(256)]


class Nonin:
    """One connection. It remembers the frames in a row, what the last one said, and what it told of."""

    def __init__(self, formats: Iterable[str] = tuple(FORMATS)) -> None:
        self._looks = _looks(tuple(formats))
        self._scanner = Scanner(self._look)
        self._name = ""
        self._size = 0
        self._row = 0
        self._before: Said | None = None
        self._pulse_doubtful = False  # until another pulse comes, whatever is lost in between
        self._told_format = ""
        self._told: tuple[str, ...] = ()

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give pleth and numbers of every frame once the format is certain."""
        del at
        for cut in self._scanner.feed(data):
            yield from self._cut(cut)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Nothing is ever sent."""
        del at
        return iter(())

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        del at
        for cut in self._scanner.flush():
            yield from self._cut(cut)

    def _look(self, buffer: bytearray, at: int, follows: bool) -> Found:
        """Ask each format. Right behind a certain frame of #8 another one is enough: no run of them."""
        if follows and self._name == "8":
            found = frame_8(buffer, at, self._size)
            if found != NOTHING:
                return found
        wanted = 0
        for look in self._looks[buffer[at]]:
            length, name = look(buffer, at)
            if name:
                return length, name
            wanted = min(wanted or length, length or wanted)
        return wanted, ""

    def _cut(self, cut: Cut) -> Iterator[Output]:
        if not cut.name:
            self._begin("", 0)
            yield Garbage(cut.offset, cut.raw, "no frame of any Nonin format")
            return
        raws = frames(cut.name, cut.raw)
        if cut.name != self._name or (cut.name == "8" and len(raws[0]) != self._size):
            self._begin(cut.name, len(raws[0]))
        for n, raw in enumerate(raws):
            yield from self._frame(cut.offset + n * len(raw), raw)

    def _begin(self, name: str, size: int) -> None:
        """Forget: what comes next must make itself certain anew."""
        self._name, self._size, self._row, self._before = name, size, 0, None

    def _frame(self, offset: int, raw: bytes) -> Iterator[Output]:
        form = FORMATS[self._name]
        said, before = form.read(raw), self._before
        self._before, self._row = said, self._row + 1
        doubtful = said.doubtful or (said.pulse_doubtful is None and self._pulse_doubtful)
        if said.pulse_doubtful is not None:
            self._pulse_doubtful = said.pulse_doubtful
        yield Accepted(offset, len(raw), f"format {self._name}")
        if self._row < form.sure:
            return
        for parameter, number in said.numbers.items():
            if confirmed(self._name, parameter, before, said):
                yield Measured(offset, reading(parameter, number, said, doubtful=doubtful))
        if said.pleth:
            samples = (None,) * len(said.pleth) if said.off else tuple(map(float, said.pleth))
            yield Sampled(offset, SampleBlock(signal=Signal.PLETH, rate_hz=PLETH_HZ, samples=samples))
        yield from self._notices(offset, said)

    def _notices(self, offset: int, said: Said) -> Iterator[Output]:
        """Tell of the format and of remarks when they change."""
        if self._told_format != self._name:
            self._told_format = self._name
            yield DeviceNotice(offset, f"the device sends data format {self._name}")
        if self._told != said.remarks:
            self._told = said.remarks
            yield DeviceNotice(offset, ", ".join(said.remarks) or "no remarks any more")
