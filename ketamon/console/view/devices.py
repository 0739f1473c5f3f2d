"""What the devices panel says of each device: its link, what came over its line, and what was made of it. Pure.

Link, port and driver are events; counts and bytes come with the core's pulse. Where the core is not heard, or a device
is not live, nothing of it is current, and it says so.
"""

from dataclasses import dataclass
from datetime import tzinfo

from ketamon import words
from ketamon.domain.devices import Evidence, Link
from ketamon.domain.health import DeviceHealth
from ketamon.domain.instant import Instant
from ketamon.domain.session import Device, SessionState
from ketamon.follow import Beat

LINKS: dict[Link, str] = {
    Link.CLOSED: "NOT CONNECTED",
    Link.OPENING: "opening its port",
    Link.NEGOTIATING: "connected, no value yet",
    Link.LIVE: "live",
    Link.SILENT: "SILENT",
}
QUIET_S = 3.0
"""A byte that came less than this ago is said to have come now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """One device in words. `stale` says why nothing of it is current, "" where it is.

    `rejected` and `waves` are "" where there were none. `tail`, `fate` and `said` are as in `DeviceHealth`; where the
    pulse tells nothing of the device (a recording without its bytes, an older core) `told` is False, they are empty,
    and `instead` says why.
    """

    name: str
    label: str
    driver: str
    port: str
    link: str
    live: bool
    stale: str
    pace: str
    counts: str
    rejected: str
    waves: str
    told: bool
    instead: str = ""
    tail: bytes = b""
    fate: str = ""
    said: tuple[str, ...] = ()


def lines(state: SessionState, beat: Beat | None, at: Instant | None, zone: tzinfo | None) -> tuple[DeviceLine, ...]:
    """Return the devices in the order they were attached; `at` is None where the core is not heard."""
    told = {health.device: health for health in beat.devices} if beat else {}
    return tuple(_line(device, told.get(name), beat, at, zone) for name, device in state.devices.items())


def _line(
    device: Device, health: DeviceHealth | None, beat: Beat | None, at: Instant | None, zone: tzinfo | None
) -> DeviceLine:
    attached, live = device.attached, device.link is Link.LIVE
    since = f" since {words.clock(device.link_since, zone)}" if device.link_since else ""
    why = f": {device.why}" if device.why and not live else ""
    later_s = at.since(beat.at) if at and beat else 0.0
    return DeviceLine(
        name=attached.device,
        label=attached.label,
        driver=attached.driver + (" (experimental)" if attached.evidence is Evidence.EXPERIMENTAL else ""),
        port=attached.port,
        link=f"{LINKS[device.link]}{since}{why}" if at else "not known: the core is not heard",
        live=live and at is not None,
        stale=_stale(device, beat, at, zone),
        pace=_pace(health, later_s) if health and at else words.DASHES,
        counts=_counts(device, health),
        instead="" if health else _why_not(beat),
        rejected=_rejected(health, later_s, known=at is not None) if health else "",
        waves=", ".join(health.waves) if health and at else "",
        told=health is not None,
        tail=health.tail if health else b"",
        fate=health.fate if health else "",
        said=health.said if health else (),
    )


def _stale(device: Device, beat: Beat | None, at: Instant | None, zone: tzinfo | None) -> str:
    if at is None:
        heard = f"as the core last said, {words.clock(beat.at, zone)}" if beat else "nothing was heard yet"
        return f"not current: {heard}"
    return "" if device.link is Link.LIVE else "not current: what stands here is what came last"


def _pace(health: DeviceHealth, later_s: float) -> str:
    """Say how fast bytes come, and how long ago the last one did."""
    if health.quiet_s is None:
        return "no byte yet"
    quiet_s = health.quiet_s + later_s
    ago = "now" if quiet_s < QUIET_S else f"{words.span(quiet_s)} ago"
    return f"{size(health.bytes_per_s)}/s, last byte {ago}"


def _why_not(beat: Beat | None) -> str:
    if beat and beat.listened and beat.listened.why:
        return beat.listened.why
    return "bytes and frames are told by a running core only"


def _counts(device: Device, health: DeviceHealth | None) -> str:
    if health is None:
        return f"{device.rejected_frames} pieces rejected, {size(device.rejected_bytes)}"
    return f"{size(health.received)} received, {health.accepted} frames accepted, {health.rejected} pieces rejected"


def _rejected(health: DeviceHealth, later_s: float, *, known: bool) -> str:
    if health.garbage_s is None:
        return ""
    when = f"{words.span(health.garbage_s + later_s)} ago" if known else words.DASHES
    return f"last rejected {when}: {health.reason}: {health.garbage.hex(' ').upper()}"


def size(count: float) -> str:
    """Say a number of bytes as people do."""
    for unit, each in (("MB", 1e6), ("kB", 1e3)):
        if count >= each:
            return f"{count / each:.1f} {unit}"
    return f"{count:.0f} B"
