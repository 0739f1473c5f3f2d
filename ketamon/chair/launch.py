"""Puts a core together: a live one at a chair, a simulated one, or one that plays a recording."""

import asyncio
import secrets
from pathlib import Path

from ketamon import __version__
from ketamon.chair.core import Core, Drive
from ketamon.chair.coursebook import look_up
from ketamon.chair.door import Door
from ketamon.chair.drives import LiveDrive, ReplayDrive
from ketamon.chair.engine import Chair
from ketamon.chair.gap import Gap, gap
from ketamon.chair.resumable import Resumable, asked_before, resumable
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.readings import Mode
from ketamon.domain.session import Device
from ketamon.errors import KetamonError, SourceError
from ketamon.port.clock import Clock, SteppedClock, SystemClock
from ketamon.port.open import Cable, line_opener
from ketamon.profiles import load, loads
from ketamon.registry import load as load_driver
from ketamon.roster import Roster
from ketamon.store import database, location
from ketamon.store.keys import KEYS
from ketamon.store.ring import SessionKey
from ketamon.store.writer import Store
from ketamon.stream.reader import StreamReader, has_intents
from ketamon.stream.record import Header, StreamDevice
from ketamon.stream.writer import StreamWriter

_OPEN_DOOR = Door(None)
"""Where nothing is to be proven: simulations and recordings."""


def live(chair: str, devices: dict[str, Cable], profile: Path | None) -> Core:
    """Begin a session at a chair. Raises `SourceError` where a port cannot be had now."""
    clock = SystemClock()
    drive = LiveDrive(clock, {name: d.address for name, d in devices.items()})
    try:
        for device in devices.values():
            line_opener(device.address, device.spec.line)().close()
        record = location.new_session_path(clock.now().wall, chair)
        door = Door(Roster.open(location.data_dir(), load(profile)[0].people), asked_before=asked_before())
        core = begin(chair, Mode.REAL, devices, profile, clock, drive, record, door, KEYS.fresh())
    except KetamonError:
        drive.close()
        raise
    core.course = look_up(core.engine.profile, record)
    return core


def begin(
    chair: str,
    mode: Mode,
    devices: dict[str, Cable],
    profile: Path | None,
    clock: Clock,
    drive: Drive,
    record: Path | None,
    door: Door = _OPEN_DOOR,
    key: SessionKey | None = None,
) -> Core:
    """Make a core with a new session in it; with `record`, it and the devices' bytes are kept there.

    With a `key` both are encrypted.
    """
    rules, toml, digest = load(profile)
    core = Core(Chair(rules, mode, lambda: _head(core), stream=lambda: _mark(core)), clock, drive, chair, door)
    now = clock.now()
    session = f"{now.wall:%Y%m%dT%H%M%SZ}-{chair}-{secrets.token_hex(3)}"
    stream = ""
    if record is not None:
        database.create(record, session, now.wall, key)
        stream = _record(core, record, devices, now)
    opened = e.SessionOpened(
        session=session,
        chair=chair,
        mode=mode,
        profile=rules.name,
        profile_sha256=digest,
        profile_toml=toml,
        software=f"ketamon {__version__}",
        stream=stream,
        pins=door.asks_pins,
        encrypted=key is not None,
        boot=clock.boot,
    )
    core.engine.open(opened, now)
    for name, device in devices.items():
        core.engine.attach(name, device.spec, device.address, now)
    return core


def resume(chair: str, devices: dict[str, Cable]) -> Core:
    """Go on with the newest session of this chair that did not end; without `devices`, with those it had."""
    found, reasons = resumable(chair)
    if not found:
        others = sorted({other.opened.chair for other in resumable()[0]})
        remedy = f"chair {', '.join(others)} has: give --chair" if others else "start one without --resume"
        raise SourceError("; ".join([f"chair {chair} has no session to go on with", remedy, *reasons]))
    open_ = found[0]
    attached = devices or {name: _cable(device) for name, device in open_.state.devices.items()}
    awake = SystemClock()
    passed = gap(open_.last, open_.state.boot, awake.now(), awake.boot, broke_off=open_.broke_off)
    clock = SystemClock(open_.last.monotonic_ns + round((passed.seconds or 0.0) * 1e9))
    drive = LiveDrive(clock, {name: d.address for name, d in attached.items()})
    try:
        return _go_on(open_, passed, attached, clock, drive)
    except KetamonError:
        drive.close()
        raise


def _go_on(open_: Resumable, passed: Gap, devices: dict[str, Cable], clock: Clock, drive: Drive) -> Core:
    opened, state, record = open_.opened, open_.state, open_.path
    rules = loads(opened.profile_toml, opened.profile)
    door = Door(Roster.open(location.data_dir(), rules.people), asked_before=opened.pins)
    chair = Chair(rules, opened.mode, lambda: _head(core), state, lambda: _mark(core))
    core = Core(chair, clock, drive, opened.chair, door)
    core.course = look_up(rules, record)
    now = clock.now()
    stream = _record(core, record, devices, now)
    if core.store is not None and core.store.head.seq != state.seq:
        core.store.close()
        raise SourceError(f"{record} went on while it was read; try again")
    resumed = e.SessionResumed(
        gap_s=None if passed.seconds is None else round(passed.seconds, 3),
        software=f"ketamon {__version__}",
        stream=stream,
        why=passed.why,
        boot=clock.boot,
    )
    chair.resume(resumed, now)
    for name, device in devices.items():
        chair.attach(name, device.spec, device.address, now)
    return core


def _cable(device: Device) -> Cable:
    """Return how a device of the session was attached, with the head of the pump that it followed."""
    attached = device.attached
    return Cable(load_driver(attached.driver), f"{attached.port}#{attached.head}" if attached.head else attached.port)


def replay(path: Path, profile: Path | None, speed: float, record: Path | None) -> tuple[Core, StreamReader]:
    """Play a recording through a new session. A recording of a patient is a test here: it never passes for live."""
    reader = StreamReader(path)
    clock = SteppedClock(reader.header.created)
    devices = {
        name: Cable(load_driver(device.driver), device.port or path.name)
        for name, device in reader.header.devices.items()
    }
    drive = ReplayDrive(clock, reader, speed=speed)
    mode = Mode.DEMO if reader.header.mode is Mode.DEMO else Mode.TEST
    key = KEYS.passing() if reader.seal and record else None  # what was encrypted is on no disk in plain
    core = begin("replay", mode, devices, profile, clock, drive, record, key=key)
    if not has_intents(path):
        core.engine.assume_checked_in("nobody checks in in this recording", clock.now())
    return core, reader


def _record(core: Core, record: Path, devices: dict[str, Cable], at: Instant) -> str:
    """Let the core keep events in the file `record` and bytes in a stream beside it; return the stream's name."""
    loop = asyncio.get_running_loop()

    def on_degraded(degraded: bool, why: str) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(core.on_degraded, degraded, why)

    core.record = record
    # How long ago the record was saved is told in real time, also where a session's own clock runs faster.
    core.store = Store(record, clock=lambda: round(loop.time() * 1e9), on_degraded=on_degraded)
    header = Header(
        created=at.plus(-at.seconds).wall,
        devices={name: StreamDevice(driver=d.spec.id, port=d.address, kind=d.spec.kind) for name, d in devices.items()},
        mode=core.engine.mode,
    )
    path, store = record.with_suffix(".kstream"), core.store
    try:
        core.stream = StreamWriter(path, header, at, lambda: store.durable, KEYS.of(record))
    except SourceError:  # other devices than before: their bytes get a stream of their own
        path = path.with_stem(f"{path.stem}-{at.wall:%H%M%S}")
        core.stream = StreamWriter(path, header, at, lambda: store.durable, KEYS.of(record))
    return path.name


def _head(core: Core) -> str:
    return core.store.head_hash if core.store is not None else ""


def _mark(core: Core) -> e.StreamMark | None:
    return core.stream.mark if core.stream is not None else None
