"""One connection to a Capnostream."""

import re
from collections.abc import Iterable, Iterator

from ketamon.domain.devices import DeviceAlarm
from ketamon.domain.instant import Instant
from ketamon.domain.units import Unit
from ketamon.domain.waveforms import SampleBlock, Signal
from ketamon.driver import (
    Accepted,
    DeviceAlarms,
    DeviceNotice,
    Garbage,
    Measured,
    Mismatch,
    Output,
    Sampled,
)
from ketamon.wire.framing import Piece
from ketamon.wire.sampling import Gathered
from ketamon.wire.sized import Sized
from ketamon_drivers.capnostream20.frames import (
    DEVICE_ID,
    LONGEST_FRAME,
    MESSAGES,
    NUMBERS,
    SAMPLE,
    SAMPLES_HZ,
    START_BYTE,
    Conversation,
    Heard,
    opened,
    size,
)
from ketamon_drivers.capnostream20.numbers import END_OF_BREATH, Numbers, alarms, contradict, notices, parse, readings

_ID = re.compile(rb"V(\d\d\.\d\d) ([\d/ ]{10}) (B\d[ -~]{8})  ")
_SAMPLES_PER_BLOCK = 10
_UNDISTURBED = (0, END_OF_BREATH)
_NAMES = {code: name for code, (name, _) in MESSAGES.items()}
_LENGTHS = {code: lengths for code, (_, lengths) in MESSAGES.items()}


class Capnostream20:
    """One connection to a monitor. It remembers the unit, the last samples' status, and what was told last."""

    def __init__(self) -> None:
        self._frames = Sized(START_BYTE, LONGEST_FRAME, size, checked)
        self._conversation = Conversation()
        self._foreign, self._stranger = False, b""
        self._step: float | None = None
        self._before: tuple[Numbers, ...] = ()  # the last message that was believed, and the last one
        self._fast = self._lasting = 0  # the last sample's status, and what stands in the last two
        self._number = 0
        self._gathered = Gathered(_SAMPLES_PER_BLOCK)
        self._alarms: tuple[DeviceAlarm, ...] | None = None
        self._said = ""

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Give what is in every whole message."""
        for piece in self._frames.feed(data):
            yield from self._piece(piece, at)

    def tick(self, at: Instant) -> Iterator[Output]:
        """Give the command that is due; none to a monitor that is another one."""
        if not self._foreign:
            yield from self._conversation.due(at)

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended."""
        for piece in self._frames.flush():
            yield from self._piece(piece, at)

    def _piece(self, piece: Piece, at: Instant) -> Iterator[Output]:
        if piece.content is None:
            yield Garbage(piece.offset, piece.raw, piece.reason)
            return
        code, data = piece.content[0], piece.content[1:]
        yield Accepted(piece.offset, len(piece.raw), _NAMES[code])
        if self._foreign:
            return
        if code == SAMPLE:
            yield from self._sample(piece.offset, data)
        elif code == DEVICE_ID:
            yield self._identity(piece.offset, data, at)
        elif code == NUMBERS:
            self._conversation.heard(Heard.NUMBERS, at)
            yield from self._numbers(piece.offset, data)

    def _identity(self, offset: int, data: bytes, at: Instant) -> Output:
        """Who it is. An id that is none may be damaged, so the monitor is asked again; twice the same is a stranger."""
        match = _ID.fullmatch(data)
        if match:
            self._conversation.heard(Heard.ID, at)
            version, date, serial = (group.decode().strip() for group in match.groups())
            return DeviceNotice(offset, f"software {version}{f' of {date}' if date else ''}, serial number {serial}")
        self._foreign = data == self._stranger
        self._stranger = data
        text = f"not a Capnostream 20: {data.decode('latin-1').strip()!r}"
        return Mismatch(offset, text) if self._foreign else DeviceNotice(offset, text)

    def _sample(self, offset: int, data: bytes) -> Iterable[Output]:
        """A sample follows the one before by its number; where the count begins anew is not documented."""
        number, whole, part, fast = data
        self._fast, self._lasting = fast, self._fast & fast
        if number and number != self._number + 1:
            self._gathered.gap()
        self._number = number
        step = self._step if fast in _UNDISTURBED else None
        samples = self._gathered.add((whole + part / 256) * step if step else None)
        if not samples:
            return ()
        block = SampleBlock(signal=Signal.CO2, rate_hz=float(SAMPLES_HZ), samples=samples, unit=Unit.MMHG)
        return (Sampled(offset, block),)

    def _numbers(self, offset: int, data: bytes) -> Iterator[Output]:
        numbers = parse(data)
        believed = any(numbers.follows(before) for before in self._before)
        self._before = (numbers,) if believed else (*self._before[:1], numbers)
        if believed:
            self._step = numbers.status.step
        for reading in readings(numbers, self._lasting, believed=believed):
            yield Measured(offset, reading)
        told = alarms(numbers.status, self._lasting)
        if believed or told == self._alarms:
            yield DeviceAlarms(offset, told)
        self._alarms = told
        said = notices(numbers.status, self._lasting)
        if said != self._said:
            self._said = said
            yield DeviceNotice(offset, said or "no status any more")


def checked(raw: bytes) -> bytes | str:
    """Return code and data of a message of the monitor, or why it is none."""
    content = opened(raw)
    if isinstance(content, str):
        return content
    if not content or len(content) not in _LENGTHS.get(content[0], ()):
        return "the code or its length is unknown"
    if content[0] == NUMBERS and contradict(parse(content[1:]).limits):
        return "a high limit is below the low one"
    return content
