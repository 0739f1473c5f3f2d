"""Devices: their connection, what a pump does, and the alarms they raise themselves."""

from dataclasses import dataclass
from enum import StrEnum


class DeviceKind(StrEnum):
    """What a device is for."""

    MONITOR = "monitor"
    PUMP = "pump"


class Evidence(StrEnum):
    """How well it is known what a device's bytes mean: by several sources or real recordings, or by one source."""

    ESTABLISHED = "established"
    EXPERIMENTAL = "experimental"


class Action(StrEnum):
    """What a person can have a device do. Nothing here is ever done by software of its own accord."""

    CUFF_START = "cuff-start"
    CUFF_ABORT = "cuff-abort"


class Link(StrEnum):
    """The state of the connection to a device."""

    CLOSED = "closed"
    OPENING = "opening"
    NEGOTIATING = "negotiating"
    LIVE = "live"
    SILENT = "silent"


# Rules of this table: only LIVE lets values of the source be current; leaving LIVE makes each of them missing.
# "data" is an accepted frame, never mere bytes; "quiet" is no accepted frame for the driver's quiet_after.
LINK_TRANSITIONS: dict[Link, dict[str, Link]] = {
    Link.CLOSED: {"open": Link.OPENING},
    Link.OPENING: {"opened": Link.NEGOTIATING, "failed": Link.CLOSED},
    Link.NEGOTIATING: {"data": Link.LIVE, "quiet": Link.SILENT, "lost": Link.CLOSED},
    Link.LIVE: {"quiet": Link.SILENT, "lost": Link.CLOSED},
    Link.SILENT: {"data": Link.LIVE, "lost": Link.CLOSED},
}


class PumpState(StrEnum):
    """What a pump does. KVO (keep vein open) is not dosing."""

    INFUSING = "infusing"
    HELD = "held"
    READY = "ready"
    KVO = "kvo"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpStatus:
    """A pump's answer to "what are you doing". A number is None where the pump gave none.

    `rate` mL/h, `volume_infused` and `vtbi` mL, `time_remaining` s, `pressure` mmHg. `alarm` is the pump's own flag
    that it is in alarm, None where it has none. `drug` is text for people: the drug is never inferred from it. `head`
    tells the channels of one pump or the pumps of one rack apart, "" where there is only one.
    """

    state: PumpState
    rate: float | None = None
    volume_infused: float | None = None
    vtbi: float | None = None
    time_remaining: float | None = None
    pressure: float | None = None
    alarm: bool | None = None
    drug: str = ""
    serial: str = ""
    head: str = ""


class PumpAlarm(StrEnum):
    """What any pump warns of, in plain words; used by simulators, each with its device's own code for it."""

    NEAR_END = "near-end"
    ENDED = "ended"
    KVO = "kvo"
    OCCLUSION = "occlusion"
    BATTERY_LOW = "battery-low"


class Priority(StrEnum):
    """Alarm priority of IEC 60601-1-8."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """3 for high, 2 for medium, 1 for low."""
        return {"high": 3, "medium": 2, "low": 1}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlarm:
    """An alarm that the device itself raised: its raw code and our words for it."""

    code: str
    text: str
    priority: Priority
