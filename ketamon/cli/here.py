"""This computer as the start screen sees it: looked up in records, locks, ports and the configuration."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ketamon.console.here import TYPED, Glance, Offers, Plan, Row, Seat, Stop
from ketamon.domain.people import Person
from ketamon.errors import KetamonError, ProfileError, Refused, SourceError, UsageError
from ketamon.store.home import config_file, data_dir

if TYPE_CHECKING:  # the first paint does not wait for them
    from ketamon.cli.configured import Chair, Config
    from ketamon.course import PatientCourse

_AT = "%Y-%m-%d %H:%M"


class Stopped(Exception):  # noqa: N818 (it is no accident)
    """Detecting was to stop."""


class Computer:
    """See `ketamon.console.here.Here`. What a look-up needs is loaded when it is first asked for."""

    @cached_property
    def idle_s(self) -> float:
        """As the shipped profile says, the one by which consoles lock themselves."""
        from ketamon.profiles import load  # noqa: PLC0415 (only where somebody signed in)

        return load(None)[0].people.idle_lock_minutes * 60

    def glance(self) -> Glance:
        """Look at what there is to go on with; what cannot be had is among the problems, and stops nothing."""
        problems: list[str] = []
        pins = self._pins(problems)
        open_ = self._open(problems, pins=pins)
        running = list(self._running(problems))
        config, path = self._config(problems), config_file()
        chairs = ", ".join(chair.name for chair in config.chair) or "none"
        said = f"{path}: chairs: {chairs}." if path.exists() else f"{path} is not there, so nothing is configured."
        problems += _unwritable(data_dir())
        return Glance(
            open=tuple(open_),
            running=tuple(running),
            problems=tuple(problems),
            config=f"{said} “ketamon config edit” changes it, and checks it before it counts.",
            who=f"{config.person.name} {config.person.role}",
            fresh=not (path.exists() or open_ or running or _any_session()),
            pins=pins,
        )

    def rows(self, section: str) -> list[Row]:
        """List what there is to choose from."""
        found: Iterable[Row]
        match section:
            case "demo":
                found = _demos()
            case "replay":
                found = _replays()
            case "review":
                found = _reviews()
            case "ports":
                found = _ports()
            case _:
                found = _drivers()
        return list(found)

    def seats(self) -> list[Seat]:
        """Return the configured chairs."""
        return [
            Seat(name=chair.name, monitors=" ".join(chair.monitor), pumps=" ".join(chair.pump), profile=chair.profile)
            for chair in self._config([]).chair
        ]

    def offers(self) -> Offers:
        """Return drivers by kind, and the ports of this machine."""
        from ketamon.domain.devices import DeviceKind  # noqa: PLC0415 (loads every driver: only for a new session)
        from ketamon.port.detect import serial_ports  # noqa: PLC0415 (as above)
        from ketamon.registry import rows  # noqa: PLC0415 (as above)

        kinds = {row.id: row.spec.kind for row in rows() if row.spec is not None and not row.spec.off_because}
        monitors = tuple(name for name, kind in kinds.items() if kind is DeviceKind.MONITOR)
        pumps = tuple(name for name, kind in kinds.items() if kind is DeviceKind.PUMP)
        return Offers(monitors=monitors, pumps=pumps, ports=serial_ports())

    def plan(self, typed: Mapping[str, str]) -> Plan:
        """Read the form as the command line reads its flags."""
        from ketamon.chair.resumable import resumable  # noqa: PLC0415 (only for a new session)
        from ketamon.cli import configured, offer  # noqa: PLC0415 (as above)
        from ketamon.cli.options import device  # noqa: PLC0415 (as above)
        from ketamon.domain.devices import DeviceKind  # noqa: PLC0415 (as above)
        from ketamon.local import refuse_name, refuse_running  # noqa: PLC0415 (as above)

        chair, who = typed["chair"], _person(typed["who"])
        refuse_name(chair)
        refuse_running(chair)
        seat, devices = configured.load().seat(chair), list[str]()
        for flag, kind in (("monitor", DeviceKind.MONITOR), ("pump", DeviceKind.PUMP)):
            for text in typed[f"{flag}s"].replace(",", " ").split():
                device(text, kind)
                devices += [f"--{flag}", text]
        doubts = [offer.words(one) for one in resumable(chair)[0]]
        if not devices and (seat.monitor or seat.pump):
            raise UsageError(f"the configuration has devices for chair {chair}; leave them there, or name others")
        if not devices:
            doubts.append("no device is named, so nothing is measured")
        staff = ["--as", who.name, "--role", who.role.value]
        args = ("run", "--chair", chair, *devices, *_profile(typed["profile"], seat), *staff, "--new")
        return Plan(args=args, doubt="; ".join(doubts))

    def stream(self, typed: str) -> tuple[str, ...]:
        """Find a recording."""
        from ketamon.cli.options import stream  # noqa: PLC0415 (only where one is named)

        path = stream(Path(typed).expanduser())
        if not path.is_file():
            raise SourceError(f"there is no file {path}")
        return ("replay", str(path))

    def sign_in(self, name: str, pin: str) -> Person:
        """Ask the roster, as a core does."""
        from ketamon.port.clock import SystemClock  # noqa: PLC0415 (only with PINs)
        from ketamon.profiles import load  # noqa: PLC0415 (as above)
        from ketamon.roster import Outcome, Roster  # noqa: PLC0415 (as above)

        checked = Roster.open(data_dir(), load(None)[0].people).check(name, pin, SystemClock().now().wall)
        if checked.outcome is not Outcome.RIGHT or checked.person is None:
            raise Refused(str(checked))
        return checked.person

    def courses(self, identifier: str | None) -> "tuple[list[PatientCourse], list[str]]":
        """Read them from the records."""
        from ketamon.port.clock import SystemClock  # noqa: PLC0415 (only for a course)
        from ketamon.store import courses  # noqa: PLC0415 (as above)

        found, reasons = courses.read(identifier, SystemClock().now().wall.astimezone().date(), None)
        return found, list(reasons.values())

    def detect(self, port: str, stop: Stop) -> Iterator[Row]:
        """Listen and ask, as `ketamon detect` does; a port that a core has is left alone."""
        from ketamon.local import claim_ports  # noqa: PLC0415 (only to detect)
        from ketamon.port.clock import SystemClock  # noqa: PLC0415 (as above)
        from ketamon.port.detect import detect  # noqa: PLC0415 (as above)
        from ketamon.registry import detectable  # noqa: PLC0415 (as above)

        def wait(seconds: float) -> None:
            if stop(seconds):
                raise Stopped

        known = False
        try:
            with claim_ports([port]):
                for finding in detect(port, detectable(), SystemClock(), wait):
                    if finding.driver is None:
                        yield Row(text=f"{port}: {finding.heard:>5} bytes: {finding.tried}", detail=finding.tried)
                    else:
                        spec, known = finding.driver, True
                        what = f"{spec.vendor} {spec.model}, {spec.line}, {spec.evidence}: {finding.said}"
                        yield Row(text=f"{port}: FOUND {spec.id}", detail=f"{spec.id}:{port}  {what}", key=spec.id)
        except Stopped:
            yield Row(text=f"{port}: stopped", detail="nothing is known of what was not tried")
        except SourceError as error:
            yield Row(text=f"{port}: {error}", detail=str(error), wrong=True)
        else:
            if not known:
                yield Row(text=f"{port}: nobody who is known", detail="nothing that was heard is of a known device")

    # ---------------------------------------------------------------- what there is to go on with

    def _pins(self, problems: list[str]) -> bool:
        """Whether the clinic asks for PINs; a roster that cannot be read proves nobody, so everything stays closed."""
        from ketamon.chair.door import Door  # noqa: PLC0415 (in the thread that looks, not before the first paint)
        from ketamon.chair.resumable import asked_before  # noqa: PLC0415 (as above)
        from ketamon.roster import Roster  # noqa: PLC0415 (as above)

        try:
            roster = Roster.open(data_dir())
            return Door(roster, asked_before=roster.missing and asked_before()).asks_pins
        except KetamonError as error:
            problems.append(f"the roster cannot be read: {error}")
            return True

    def _open(self, problems: list[str], *, pins: bool) -> list[Row]:
        from ketamon.chair.resumable import resumable  # noqa: PLC0415 (as above)
        from ketamon.cli.offer import words  # noqa: PLC0415 (as above)

        try:
            found, reasons = resumable()
        except SourceError as error:
            problems.append(str(error))
            return []
        rows: list[Row] = []
        seen: set[str] = set()
        for one in found:
            shown = replace(one, opened=replace(one.opened, pins=one.opened.pins or pins))
            chair, since = one.opened.chair, one.state.phase_since or one.last
            text = f"chair {chair}  {shown.patient}  {one.state.phase} since {since.wall.astimezone():{_AT}}"
            older = f"{words(shown)}; an older one: end the newer one first" if chair in seen else ""
            args = () if older else ("run", "--chair", chair, "--resume")
            rows.append(Row(text=" ".join(text.split()), detail=older or words(shown), args=args, wrong=bool(older)))
            seen.add(chair)
        return rows + [Row(text=f"cannot be read: {why}", detail=why, wrong=True) for why in reasons]

    def _running(self, problems: list[str]) -> Iterator[Row]:
        from ketamon.local import running_chairs, socket_lock, socket_path  # noqa: PLC0415 (as above)
        from ketamon.lock import holder  # noqa: PLC0415 (as above)

        try:
            for name in running_chairs():
                core = holder(socket_lock(socket_path(name)))
                since = f"since {datetime.fromisoformat(core.since).astimezone():{_AT}}" if core and core.since else ""
                detail = f"chair {name} is run by {core}" if core else f"chair {name} runs"
                yield Row(text=f"chair {name}  {since}", detail=detail, args=("attach", "--chair", name))
        except SourceError as error:
            problems.append(str(error))

    def _config(self, problems: list[str]) -> "Config":
        from ketamon.cli import configured  # noqa: PLC0415 (as above)

        try:
            return configured.load()
        except ProfileError as error:
            first, *more = error.problems
            also = f" (and {len(more)} more)" if more else ""
            problems.append(f"the configuration is not used: {first}{also}; “ketamon config edit” mends it")
        except (SourceError, UsageError) as error:
            problems.append(f"the configuration is not used: {error}")
        return configured.Config()


def _any_session() -> bool:
    from ketamon.store.location import session_files  # noqa: PLC0415 (as above)

    try:
        return bool(session_files())
    except SourceError:
        return True  # told already


def _unwritable(folder: Path) -> Iterator[str]:
    """Say where no session could be kept."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield f"{folder} cannot be written, so no session can be kept; make it yours, or set KETAMON_HOME"


def _person(typed: str) -> Person:
    from ketamon.console.typed import Mistake, person  # noqa: PLC0415 (only for a new session)

    try:
        return person(typed, "who are you")
    except Mistake as mistake:
        raise UsageError(str(mistake)) from mistake


def _profile(typed: str, seat: "Chair") -> list[str]:
    """Return the flag of a profile; the configured one needs none, and stands beside the configuration."""
    from ketamon.profiles import find, load  # noqa: PLC0415 (only for a new session)

    if typed in ("", seat.profile):
        return []
    path = find(typed)
    load(path)
    return ["--profile", str(path)]


# -------------------------------------------------------------------- lists


def _demos() -> Iterator[Row]:
    from ketamon.simulator.scenario import SCENARIOS  # noqa: PLC0415 (only where somebody looks)

    for name, scenario in SCENARIOS.items():
        yield Row(text=f"{name:<16} {scenario.title}", detail=scenario.title, args=("demo", "--scenario", name))


def _replays() -> Iterator[Row]:
    """Give the shipped samples, the streams that were recorded here, and one for a path that is typed."""
    from ketamon import samples  # noqa: PLC0415 (only where somebody looks)

    for name in samples.names():
        path = str(samples.path(name))
        yield Row(text=f"sample    {name}", detail=f"shipped with ketamon: {path}", args=("replay", path))
    folder = data_dir() / "sessions"
    for file in sorted(folder.glob(f"*{samples.SUFFIX}"), reverse=True):
        yield Row(text=f"recorded  {file.stem}", detail=str(file), args=("replay", str(file)), guarded=True)
    yield Row(text="another file …", detail="type its path", key=TYPED)


def _reviews() -> Iterator[Row]:
    from ketamon.domain.readings import Mode  # noqa: PLC0415 (only where somebody looks)
    from ketamon.store import folded, location  # noqa: PLC0415 (as above)

    unfinished = set(location.open_sessions())
    files = [path for path in location.session_files() if path not in unfinished]
    states, reasons = folded.outlines(files)
    for path in files:
        state, args = states.get(path), ("review", str(path))
        if state is None or state.opened is None or state.started is None:
            why = reasons.get(path, f"{path} has no beginning")
            yield Row(text=f"{path.stem}  {why}", detail=why, args=args, wrong=True, guarded=True)
            continue
        opened, label = state.opened, state.patient.label if state.patient else "nobody checked in"
        mode = "" if opened.mode is Mode.REAL else f"  {opened.mode}"
        began = f"{state.started.wall.astimezone():{_AT}}"
        yield Row(
            text=f"{began}  chair {opened.chair:<6} {label}{mode}",
            detail=f"{label}, {began}, chair {opened.chair}, profile {opened.profile}; {path}",
            args=args,
            guarded=True,
        )


def _ports() -> Iterator[Row]:
    from ketamon.local import port_holder  # noqa: PLC0415 (only where somebody looks)
    from ketamon.port.detect import serial_ports  # noqa: PLC0415 (as above)

    for port, about in serial_ports().items():
        used = port_holder(port)
        said = f"used by {used}" if used else "no core uses it"
        mark = "IN USE" if used else ""
        yield Row(text=f"{port}  {about}  {mark}".rstrip(), detail=f"{port}{about and f', {about}'}: {said}", key=port)
    yield Row(text="another port …", detail="type it: a device file, or tcp://host:port", key=TYPED)


def _drivers() -> Iterator[Row]:
    from ketamon.cli.drivers import line  # noqa: PLC0415 (loads every driver: only where somebody looks)
    from ketamon.registry import rows  # noqa: PLC0415 (as above)

    for row in rows():
        spec = row.spec
        about = f"{spec.kind:<8} {spec.evidence:<13} {spec.vendor} {spec.model}" if spec else "cannot be used"
        yield Row(text=f"{row.id:<19} {about}", detail=" ".join(line(row).split()), wrong=spec is None)
