"""What a plain reading of the numbers finds: limits crossed, events that last, gaps. It shares no code with the rules.

    crossed      a value beyond a limit after one within it; what a bare threshold without dwell would have raised
    sustained    beyond a limit in every value over at least 15 s (or the limit's own dwell, if that is longer)
    confirmed    a cuff pressure beyond its limit in two measurements, one after the other
    gap          no value for longer than the stale time (and the second in which rules look)
    sensor       HR 0 for 15 s or more while the oximeter sees a pulse: a fault of the electrodes, not asystole

The heart's rate is the ECG's where there is one, else the pulse rate; an HR of 0 beside a pulse is none.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from ketamon.domain.devices import Priority
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.profile import Limit, Profile
from ketamon.evaluation.recording import Points, Recording

SUSTAINED_S = 15.0
"""So long beyond a limit is an event that must not be missed."""

LOOK_S = 1.0
"""The rules look each second, so they may be so late."""

SENSOR = {
    Parameter.SPO2: "oximeter", Parameter.PR: "oximeter", Parameter.HR: "ecg", Parameter.RR: "respiration",
    Parameter.ETCO2: "co2", Parameter.TEMP: "temperature", Parameter.NIBP_SYS: "cuff",
}  # fmt: skip
"""Which sensor's alarm tells that a parameter has no value."""


class Happening(NamedTuple):
    """Something that must be told while it lasts, from `told_from` on and by `due` at the latest (s).

    `alarm` is the cause that must be told, with `priority` or a higher one; of a gap, what the alarm's name ends in.
    """

    kind: str
    parameter: Parameter
    alarm: str
    priority: Priority
    start: float
    end: float
    worst: float | None
    told_from: float
    due: float


def cause(limit: Limit) -> str:
    """Name what a limit is about; heart and pulse rate are one thing."""
    parameter = Parameter.HR if limit.parameter is Parameter.PR else limit.parameter
    return f"{parameter}-{'low' if limit.below is not None else 'high'}"


def one_way(profile: Profile) -> Iterator[Limit]:
    """Give the profile's limits, each with one bound only."""
    for limit in profile.limit:
        if limit.below is not None:
            yield replace(limit, above=None)
        if limit.above is not None:
            yield replace(limit, below=None)


def crossed(recording: Recording, limit: Limit) -> int:
    """Count the values beyond a limit that follow one within it; the first may be beyond, too."""
    count, out = 0, False
    for t, value in recording.values.get(limit.parameter, ()):
        was, out = out, _is_beyond(recording, limit, t, value)
        count += out and not was
    return count


def happenings(recording: Recording, profile: Profile) -> list[Happening]:
    """Find everything that must be told, in the order of its beginning."""
    found: list[Happening] = []
    for limit in one_way(profile):
        found += _confirmed(recording, limit) if limit.parameter in CUFF else _sustained(recording, profile, limit)
    for parameter in SENSOR:
        found += _gaps(recording, parameter, stale_s(profile, parameter))
    found += _faults(recording, stale_s(profile, Parameter.PR))
    return sorted(found, key=lambda h: h.start)


def stale_s(profile: Profile, parameter: Parameter) -> float:
    """Return after how long a value says nothing of now any more."""
    if parameter in CUFF:
        return profile.alarm.cuff_valid_minutes * 60
    return next((d.interval_s * profile.alarm.stale_factor for d in profile.display if d.parameter is parameter), 0.0)


def _is_beyond(recording: Recording, limit: Limit, t: float, value: float) -> bool:
    if limit.below is not None:
        return value < limit.below
    above = limit.above or 0.0
    if limit.above_baseline is not None:
        taken = [values for at, values in recording.baselines if at <= t]
        if taken and limit.parameter in taken[-1]:
            above = max(above, taken[-1][limit.parameter] + limit.above_baseline)
    return value > above


def _sustained(recording: Recording, profile: Profile, limit: Limit) -> Iterator[Happening]:
    stale, lasts = stale_s(profile, limit.parameter), max(SUSTAINED_S, limit.dwell_s)
    for run in _runs(_told_of_heart(recording, limit.parameter, stale), recording, limit, stale):
        start, end = run[0][0], run[-1][0]
        if end - start >= lasts:
            worst = (min if limit.below is not None else max)(value for _, value in run)
            told_from, due = start + lasts, start + lasts + LOOK_S
            yield Happening(
                "sustained", limit.parameter, cause(limit), limit.priority, start, end, worst, told_from, due
            )


def _confirmed(recording: Recording, limit: Limit) -> Iterator[Happening]:
    least = 2 if limit.confirm else 1
    for run in _runs(recording.values.get(limit.parameter, []), recording, limit, float("inf")):
        if len(run) >= least:
            worst = (min if limit.below is not None else max)(value for _, value in run)
            at = run[least - 1][0]
            yield Happening(
                "confirmed", limit.parameter, cause(limit), limit.priority, at, run[-1][0], worst, at, at + LOOK_S
            )


def _runs(points: Points, recording: Recording, limit: Limit, stale: float) -> Iterator[Points]:
    """Give the stretches in which every value is beyond a limit, with no gap in them."""
    run: Points = []
    for t, value in points:
        beyond = _is_beyond(recording, limit, t, value)
        if run and (not beyond or t - run[-1][0] > stale):
            yield run
            run = []
        if beyond:
            run.append((t, value))
    if run:
        yield run


def _told_of_heart(recording: Recording, parameter: Parameter, stale: float) -> Points:
    """The values that count for a limit on this parameter; all of them, but for the two that tell of the heart."""
    points = recording.values.get(parameter, [])
    heart, pulse = recording.values.get(Parameter.HR, []), recording.values.get(Parameter.PR, [])
    if parameter is Parameter.HR:
        return [(t, v) for t, v in points if v or not _last(pulse, t, stale)]
    if parameter is Parameter.PR:
        return [(t, v) for t, v in points if not _last(heart, t, stale)]
    return points


def _last(points: Points, t: float, stale: float) -> float:
    """The value at `t`, 0 where there is none that is fresh."""
    i = bisect_right(points, (t, float("inf"))) - 1
    return points[i][1] if i >= 0 and t - points[i][0] <= stale else 0.0


def _gaps(recording: Recording, parameter: Parameter, stale: float) -> Iterator[Happening]:
    points = recording.values.get(parameter, [])
    for before, after in pairwise([*(t for t, _ in points), recording.end] if points else ()):
        if after - before > stale + LOOK_S:
            told_from, due = before + stale, before + stale + LOOK_S
            yield Happening("gap", parameter, SENSOR[parameter], Priority.LOW, before, after, None, told_from, due)


def _faults(recording: Recording, stale: float) -> Iterator[Happening]:
    pulse = recording.values.get(Parameter.PR, [])
    run: Points = []
    for t, value in [*recording.values.get(Parameter.HR, []), (float("inf"), 1.0)]:
        if value == 0 and _last(pulse, t, stale):
            run.append((t, value))
            continue
        if run and run[-1][0] - run[0][0] >= SUSTAINED_S:
            start, end = run[0][0], run[-1][0]
            told_from, due = start + SUSTAINED_S, start + SUSTAINED_S + LOOK_S
            yield Happening("sensor", Parameter.HR, "ecg-fault", Priority.LOW, start, end, 0.0, told_from, due)
        run = []
