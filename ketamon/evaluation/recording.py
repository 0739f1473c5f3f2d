"""What was recorded, in one shape for tables and streams: events for the rules, and bare numbers for the judge."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from ketamon.chair import launch
from ketamon.domain import events as e
from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.phases import ENDED, Phase, Trigger
from ketamon.domain.readings import Mode, Quality, Reading
from ketamon.errors import SourceError
from ketamon.evaluation.table import Row, Table, read
from ketamon.rules.limits import PATIENT_THERE

STARTED = Instant(0, datetime(2000, 1, 1, tzinfo=UTC))
"""A table knows no time of day."""

_SAID_BY_RULES = (e.AlarmChanged, e.AudioPaused, e.GateChanged)

Points = list[tuple[float, float]]


@dataclass(slots=True, kw_only=True)
class Recording:
    """What happened from `start` to `end`, the seconds in which somebody was there to be watched.

    `events` are all but those that rules say. `values` are the good numbers, by parameter, of the first device that
    gives it. `baselines` say when which baseline was taken.
    """

    name: str
    events: list[e.Event]
    values: dict[Parameter, Points] = field(default_factory=dict)
    baselines: list[tuple[float, dict[Parameter, float]]] = field(default_factory=list)
    start: float = 0.0
    end: float = 0.0
    unread: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start) / 3600


def load(path: Path, profile: Path | None) -> Recording:
    """Read a table (.csv, .csv.gz) or a recorded stream. Raises `SourceError` where that cannot be."""
    if path.suffix == ".kstream":
        return _of_stream(path, profile)
    table = read(path)
    recording = Recording(name=path.name, events=_events(table), unread=table.unread, problems=table.problems)
    return _filled(recording)


def _of_stream(path: Path, profile: Path | None) -> Recording:
    events: list[e.Event] = []
    core, reader = launch.replay(path, profile, float("inf"), None)
    core.listeners.append(events.append)
    with reader:
        asyncio.run(core.run(None))
    kept = [event for event in events if not isinstance(event.body, _SAID_BY_RULES)]
    return _filled(Recording(name=path.name, events=kept, problems=reader.report.sentences()))


def _filled(recording: Recording) -> Recording:
    """Read off the events what the judge needs."""
    first: dict[Parameter, str] = {}
    begun = False
    for event in recording.events:
        t, body = event.at.seconds, event.body
        if isinstance(body, e.PhaseChanged) and body.phase in PATIENT_THERE and not begun:
            begun, recording.start = True, t
        if isinstance(body, e.BaselineTaken):
            recording.baselines.append((t, dict(body.values)))
        if begun and isinstance(body, e.Measured):
            for reading in body.readings:
                if _is_good(reading) and first.setdefault(reading.parameter, body.device) == body.device:
                    recording.values.setdefault(reading.parameter, []).append((t, reading.value or 0.0))
        recording.end = t
        if isinstance(body, e.PhaseChanged) and body.phase in ENDED:
            break
    if not recording.values:
        raise SourceError(f"{recording.name} holds no vitals to be judged")
    return recording


def _is_good(reading: Reading) -> bool:
    return reading.quality is Quality.VALID and not (reading.stored or reading.repeated)


def _events(table: Table) -> list[e.Event]:
    """Say a table as a monitor at a chair would have said it."""
    bodies: list[tuple[float, e.Body]] = [(0.0, body) for body in _opening()]
    for t, rows in groupby(table.rows, key=lambda row: row.t):
        bodies.append((t, e.Measured(device="monitor", offset=0, readings=tuple(map(_reading, rows)))))
    return [e.Event(seq, STARTED.plus(t), body) for seq, (t, body) in enumerate(bodies, 1)]


def _opening() -> Iterable[e.Body]:
    yield e.SessionOpened(
        session="evaluation", chair="evaluation", mode=Mode.TEST, profile="", profile_sha256="", profile_toml="",
        software="",
    )  # fmt: skip
    yield e.DeviceAttached(
        device="monitor", kind=DeviceKind.MONITOR, driver="table", port="", label="monitor",
        alarms_decoded=False, quiet_after_s=0.0,
    )  # fmt: skip
    yield e.LinkChanged(device="monitor", link=Link.LIVE)
    yield e.PhaseChanged(trigger=Trigger.CHECKED_IN, phase=Phase.BASELINE, why="nobody checks in in a table")


def _reading(row: Row) -> Reading:
    quality = Quality.MISSING if row.value is None else Quality.VALID
    unit = PARAMETERS[row.parameter].unit
    return Reading(parameter=row.parameter, value=row.value, unit=unit, quality=quality, mode=Mode.TEST)


def seconds(recording: Recording) -> Iterator[tuple[Instant, list[e.Event]]]:
    """Give each second of a recording, with the events since the one before."""
    origin = recording.events[0].at
    done, second = 0, 0
    while done < len(recording.events) and second <= recording.end + 1:
        at = origin.plus(second - origin.seconds)
        begin = done
        while done < len(recording.events) and recording.events[done].at <= at:
            done += 1
        yield at, recording.events[begin:done]
        second += 1
