"""What devices reported: each class is one fact in the past tense (see `ketamon.domain.events`)."""

from dataclasses import dataclass
from typing import ClassVar

from ketamon.domain.devices import Action, DeviceAlarm, DeviceKind, Evidence, Link, PumpStatus
from ketamon.domain.readings import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAttached:
    """A device belongs to this session.

    `port` is how it is reached. `head` is the channel of a pump that gives the ordered drug, where somebody named one;
    the others are heard, but not held against the order. `actions` are what a person can have it do.
    """

    TYPE: ClassVar[str] = "device-attached"
    device: str
    kind: DeviceKind
    driver: str
    port: str
    label: str
    alarms_decoded: bool
    quiet_after_s: float
    note: str = ""
    head: str = ""
    evidence: Evidence = Evidence.ESTABLISHED
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged:
    """The connection to a device changed; `why` is for people."""

    TYPE: ClassVar[str] = "link-changed"
    device: str
    link: Link
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A monitor reported these. `offset` is the byte of the recorded stream where the frame begins.

    Two kinds of reading are left out as they say nothing new: repeats of a cuff result that is recorded, and "still no
    value" where the last one was already none.
    """

    TYPE: ClassVar[str] = "measured"
    device: str
    offset: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpReported:
    """A pump said what it does."""

    TYPE: ClassVar[str] = "pump-reported"
    device: str
    offset: int
    status: PumpStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlarmsReported:
    """All alarms that stand at the device at this moment; an empty tuple is "none"."""

    TYPE: ClassVar[str] = "device-alarms-reported"
    device: str
    alarms: tuple[DeviceAlarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNoticed:
    """A device said something about itself that is no value and no alarm."""

    TYPE: ClassVar[str] = "device-noticed"
    device: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRejected:
    """Bytes that no frame claimed, counted since the last such event."""

    TYPE: ClassVar[str] = "bytes-rejected"
    device: str
    frames: int
    length: int
    reason: str


Report = (
    DeviceAttached | LinkChanged | Measured | PumpReported | DeviceAlarmsReported | DeviceNoticed | BytesRejected
)  # fmt: skip
"""Whatever a device said."""
