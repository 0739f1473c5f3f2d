"""What a driver is: a pure function with a memory. Bytes and a time in; readings, requests to send and garbage out.

A driver owns no port, no clock, no thread and no log, so it runs the same on a cable, a recording, a simulator and a
fuzzer. Bad input is an output (`Garbage`), never an exception; misuse is an exception.

What every driver promises, and the contract suite holds it to:

- each input byte lies in exactly one `Accepted` frame or one `Garbage`, in order, and none is left after `flush`;
- however the bytes are cut into chunks, the outputs are the same;
- no frame that fails its own checks yields a value; after damage the next whole frame is found;
- the buffer has a declared maximum, the work is linear in the input;
- what it sends by itself is in its `allow_list`, and the port refuses everything else. What changes anything at the
  patient (a cuff that inflates) is in `actions` and goes out only when a person asked for just that.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from ketamon.domain.devices import Action, DeviceAlarm, DeviceKind, Evidence, PumpAlarm, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.readings import Reading
from ketamon.domain.waveforms import SampleBlock, Signal


class Accepted(Struct, frozen=True, gc=False):
    """A frame that passed its checks; the outputs that follow it, up to the next frame, were read from it."""

    offset: int
    length: int
    name: str


class Measured(Struct, frozen=True, gc=False):
    """One value of the frame that begins at `offset`."""

    offset: int
    reading: Reading


class Sampled(Struct, frozen=True, gc=False):
    """A piece of a waveform, of the frame that begins at `offset`."""

    offset: int
    block: SampleBlock


class PumpTelemetry(Struct, frozen=True, gc=False):
    """What the pump (one head of it, `status.head`) says it does."""

    offset: int
    status: PumpStatus


class DeviceAlarms(Struct, frozen=True, gc=False):
    """All alarms that stand at the device now; an empty tuple is "none"."""

    offset: int
    alarms: tuple[DeviceAlarm, ...]


class DeviceNotice(Struct, frozen=True, gc=False):
    """Something the device said of itself that is no value and no alarm."""

    offset: int
    text: str


class Mismatch(Struct, frozen=True, gc=False):
    """The device is not what this driver reads: another model, protocol version or unit. `text` names what it is.

    From then on the driver gives no value, pump status or alarm from this connection.
    """

    offset: int
    text: str


class Send(Struct, frozen=True, gc=False):
    """Bytes for the port to write; in the driver's allow-list, or the port refuses."""

    data: bytes


class Garbage(Struct, frozen=True, gc=False):
    """Bytes that no frame claims, and why."""

    offset: int
    raw: bytes
    reason: str


Output = Accepted | Measured | Sampled | PumpTelemetry | DeviceAlarms | DeviceNotice | Mismatch | Send | Garbage


class Driver(Protocol):
    """A running driver: the memory of one connection. Offsets count from its first byte."""

    def feed(self, data: bytes, at: Instant) -> Iterator[Output]:
        """Take bytes as they came. The iterator must be run to its end before the next call."""
        ...

    def tick(self, at: Instant) -> Iterator[Output]:
        """Time has passed: polls to send, time-outs. Called at least four times a second of session time."""
        ...

    def flush(self, at: Instant) -> Iterator[Output]:
        """The input has ended: what is left in the buffer is garbage."""
        ...


class ActingDriver(Driver, Protocol):
    """A driver whose device can be told to do something, by a person only."""

    def act(self, action: Action, at: Instant) -> Iterator[Output]:
        """Somebody asked for this just now: give what must be sent for it, or a notice why it cannot be."""
        ...


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be written to a device: exact byte strings, and templates that the whole of the bytes must match.

    A template is for a field that cannot be known beforehand (a number the device chose and wants to see again).
    """

    exact: frozenset[bytes] = frozenset()
    templates: tuple[re.Pattern[bytes], ...] = ()

    def __contains__(self, data: bytes) -> bool:
        return data in self.exact or any(template.fullmatch(data) for template in self.templates)


class Parity(StrEnum):
    """Parity of a serial line, by pyserial's letters."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """How the serial line is set. Written "19200 8E1 RTS/CTS"."""

    baud: int
    bits: int = 8
    parity: Parity = Parity.NONE
    stop: int = 1
    rtscts: bool = False

    def __str__(self) -> str:
        return f"{self.baud} {self.bits}{self.parity}{self.stop}{' RTS/CTS' if self.rtscts else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a simulated device has to report: the simulator's patient and pump, at one moment.

    `values` in the parameters' own units, None where the sensor gives nothing. `cuff_age_s` is the age of the cuff
    numbers (None before the first), `cuff_measuring` whether the cuff is at work. `waves` holds this second of each
    waveform, evenly spaced, 0 to 1 (`ketamon.wire.sampling.resampled` gives it any rate). `pump` and `pump_alarms` are
    for pumps; the device has a code of its own for each alarm.
    """

    wall: datetime
    values: Mapping[Parameter, float | None] = field(default_factory=dict)
    cuff_age_s: float | None = None
    cuff_measuring: bool = False
    waves: Mapping[Signal, tuple[float, ...]] = field(default_factory=dict)
    pump: PumpStatus | None = None
    pump_alarms: tuple[PumpAlarm, ...] = ()


class DeviceSimulator(Protocol):
    """The device's end of the wire: it speaks the real protocol about a `Truth`."""

    def advance(self, truth: Truth) -> bytes:
        """One simulated second has passed: what the device says of its own accord."""
        ...

    def receive(self, data: bytes) -> bytes:
        """The host sent this: what the device answers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way a device of the family speaks, for those who want to tell the driver: "id+name" instead of "id".

    `probe` is its own where it hears no other; empty: that of the family.
    """

    name: str
    about: str
    line: LineSettings
    make: Callable[[], Driver]
    simulate: Callable[[], DeviceSimulator]
    probe: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverSpec:
    """Everything about a driver that can be known without running it; the value of its entry point.

    `label` is the short name for screens and alarms. `parameters` and `signals` are all it can ever report.
    `quiet_after_s`: no accepted frame for so long means the device is silent. `interval_s`: how often it normally
    reports. `max_buffer`: the most bytes it holds back. `allow_list`: what it may send by itself; `actions`: what it
    may send only when a person asked for that (then `make` gives an `ActingDriver`). `probe`: requests out of the
    allow-list that ask a device who it is and change nothing; empty where listening is enough. `document`: where the
    facts come from. `off_because`: why the plain id is refused, so that somebody must name a variant.
    """

    id: str
    vendor: str
    model: str
    label: str
    kind: DeviceKind
    line: LineSettings
    parameters: tuple[Parameter, ...]
    quiet_after_s: float
    interval_s: float
    max_buffer: int
    document: str
    make: Callable[[], Driver]
    simulate: Callable[[], DeviceSimulator]
    signals: tuple[Signal, ...] = ()
    allow_list: AllowList = AllowList()
    actions: Mapping[Action, AllowList] = field(default_factory=dict)
    probe: tuple[bytes, ...] = ()
    variants: tuple[Variant, ...] = ()
    alarms_decoded: bool = False
    evidence: Evidence = Evidence.ESTABLISHED
    note: str = ""
    off_because: str = ""
