"""The discharge gate: every criterion of the profile, what was required, what was seen, and the events that prove it.

It fails closed: whatever is unknown, stale, questionable, simulated or missing is not met, and the gate opens only in
recovery (or ready), when every criterion is met. Who signs, and that two people do, is the chair's business.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from ketamon.domain.devices import Priority
from ketamon.domain.events import CheckResult, GateChanged
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Anchor, Criterion, CriterionKind, ObservationItem, Profile
from ketamon.domain.series import Point, Series
from ketamon.domain.session import Observation, Sample, SessionState, age_known, observations_of
from ketamon.rules.current import TWIN, current_or_twin, lifetime_s, track
from ketamon.rules.schedule import moment

OPENS_IN = frozenset({Phase.RECOVERY, Phase.READY})

Seen = tuple[bool, str, str, tuple[int, ...]]
"""Met, what was required, what was observed, and the events that prove it."""


def evaluate(state: SessionState, profile: Profile, at: Instant) -> GateChanged:
    """Judge every criterion at `at`, in the profile's order."""
    look = _Look(state, profile, at, _latest(state), {item.id: item for item in profile.observation})
    checks = tuple(_check(look, criterion) for criterion in profile.criterion)
    is_open = state.phase in OPENS_IN and bool(checks) and all(check.met for check in checks)
    return GateChanged(open=is_open, checks=checks)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the criteria look at; `latest` is the last observation of each item that stands, `items` the profile's."""

    state: SessionState
    profile: Profile
    at: Instant
    latest: dict[str, Observation]
    items: dict[str, ObservationItem]

    def ago(self, then: Instant) -> str:
        seconds = self.at.since(then)
        return f"{seconds:.0f} s ago" if seconds < 90 else f"{seconds / 60:.0f} min ago"  # noqa: PLR2004 (a minute and a half)

    def in_recovery(self, then: Instant) -> bool:
        """Whether a moment lies after the end of the infusion, and not in the future."""
        ended = self.state.infusion.ended
        return ended is not None and ended <= then <= self.at


def _latest(state: SessionState) -> dict[str, Observation]:
    latest: dict[str, Observation] = {}
    for o in state.observations.values():
        if o.grade is not None and (o.item not in latest or o.at >= latest[o.item].at):
            latest[o.item] = o
    return latest


def _check(look: _Look, criterion: Criterion) -> CheckResult:
    met, required, observed, evidence = _JUDGE[criterion.kind](look, criterion)
    return CheckResult(
        id=criterion.id,
        label=criterion.label,
        met=met,
        required=required,
        observed=observed,
        remedy="" if met else criterion.remedy,
        evidence=evidence,
    )


_EVENTS = {
    Anchor.SESSION: ("the session began", "the session has not begun"),
    Anchor.INFUSION_START: ("the infusion began", "the infusion has not begun"),
    Anchor.INFUSION_END: ("the infusion ended", "the infusion has not ended"),
}
"""An anchor in words, and that it has not been."""


def _minutes(c: Criterion) -> float:
    assert c.minutes is not None  # noqa: S101 (the loader refuses a profile without)
    return c.minutes


def _elapsed(look: _Look, c: Criterion) -> Seen:
    minutes, since = _minutes(c), moment(look.state, c.since)
    event, not_yet = _EVENTS[c.since]
    required = f"{minutes:g} min since {event}"
    if since is None:
        return False, required, not_yet, ()
    passed = look.at.since(since) / 60
    return passed >= minutes, required, f"{int(passed)} min", ()


def _vital(look: _Look, c: Criterion) -> Seen:
    """The value now, and, if it must be sustained, the readings back to the last one before that time."""
    assert c.parameter is not None  # noqa: S101 (the loader refuses a profile without)
    now = current_or_twin(look.state, look.profile, c.parameter, look.at)
    bounds = _bounds(c, _baseline(look.state, c.parameter))
    required = _required(c, bounds)
    if now.sample is None or now.value is None or not now.usable:
        return False, required, f"no value: {now.why}", () if now.sample is None else (now.sample.seq,)
    seen = f"{_number(now.sample.reading.parameter, now.value)}, {now.sample.device} {look.ago(now.sample.at)}"
    if bounds is None:
        return False, required, f"{seen}, but no baseline to compare with", (now.sample.seq,)
    if not bounds[0] <= now.value <= bounds[1]:
        return False, required, seen, (now.sample.seq,)
    if not c.sustained_minutes:
        return True, required, seen, (now.sample.seq,)
    first = _sustained(look, now.sample, bounds, c.sustained_minutes * 60)
    if isinstance(first, str):
        return False, required, f"{seen}, but {first}", (now.sample.seq,)
    return True, required, f"{seen}, for {(now.sample.at.seconds - first.t) / 60:.0f} min", (first.seq, now.sample.seq)


def _bounds(c: Criterion, baseline: float | None) -> tuple[float, float] | None:
    """Return lowest and highest value that meet a criterion, or None where that needs a baseline and there is none."""
    low = -inf if c.low is None else c.low
    high = inf if c.high is None else c.high
    if c.or_baseline and baseline is not None:
        low = min(low, baseline)
    if c.percent_of_baseline is None:
        return low, high
    if baseline is None:
        return None
    share = c.percent_of_baseline / 100
    return max(low, baseline * (1 - share)), min(high, baseline * (1 + share))


def _baseline(state: SessionState, parameter: Parameter) -> float | None:
    found = state.baseline.get(parameter)
    return state.baseline.get(TWIN[parameter]) if found is None and parameter in TWIN else found


def _required(c: Criterion, bounds: tuple[float, float] | None) -> str:
    """Say what is required in numbers: "98 to 147 mm[Hg], for 10 min"."""
    assert c.parameter is not None  # noqa: S101 (as above)
    if bounds is None:
        return f"within {c.percent_of_baseline:g} % of baseline" + _for_so_long(c)
    low, high = bounds
    if high == inf:
        text = f"{low:g} or more"
    elif low == -inf:
        text = f"{high:g} or less"
    else:
        text = f"{low:.4g} to {high:.4g}"
    return f"{text} {PARAMETERS[c.parameter].unit.symbol}" + _for_so_long(c)


def _sustained(look: _Look, sample: Sample, bounds: tuple[float, float], seconds: float) -> Point | str:
    """Return the reading at least `seconds` before `sample` from which on all were met, or what stands against it."""
    series = track(look.state, look.profile, sample.reading.parameter, look.at)
    end = sample.at.seconds
    first = None if series is None else _reading_before(series, end - seconds)
    if series is None or first is None:
        return f"none from {seconds / 60:g} min before"
    low, high = bounds
    longest = lifetime_s(look.profile, sample)
    between = series.summary(first.t, look.at.seconds, longest)
    if between is None or not between.unbroken:
        return f"there was none for longer than {longest / 60:.3g} min"
    if between.lowest < low:
        return f"{_number(sample.reading.parameter, between.lowest)} in the last {seconds / 60:g} min"
    if between.highest > high:
        return f"{_number(sample.reading.parameter, between.highest)} in the last {seconds / 60:g} min"
    return first


def _reading_before(series: Series, t: float) -> Point | None:
    """Return the last point with a value at or before `t`."""
    return next((point for point in series.before(t + 1e-6) if point.value is not None), None)


def _number(parameter: Parameter, value: float) -> str:
    info = PARAMETERS[parameter]
    return f"{info.label} {value:.{info.decimals}f}"


def _grade(look: _Look, c: Criterion) -> Seen:
    """One of two items is enough, but where both were observed none may be unmet."""
    wanted = [(c.item, c.at_least, c.at_most)]
    if c.or_item:
        wanted.append((c.or_item, c.or_at_least, c.or_at_most))
    required = " or ".join(_range(look, *w) for w in wanted) + f", within {_minutes(c):g} min" + _for_so_long(c)
    found = [(look.latest[item], low, high) for item, low, high in wanted if item in look.latest]
    counting = [f for f in found if _counts(look, f[0], c)]
    if not counting:
        why = f"{_said(look, found[0][0])}: too long ago" if found else "not observed"
        return False, required, why, tuple(o.seq for o, _, _ in found)
    met = all(_in_range(o.grade, low, high) for o, low, high in counting)
    said, evidence = "; ".join(_said(look, o) for o, _, _ in counting), tuple(o.seq for o, _, _ in counting)
    worse = [o for o in _standing(look, c) if not _in_range(o.grade, c.at_least, c.at_most)]
    if met and worse:
        return False, required, f"{said}, but before that {_said(look, worse[-1])}", (*evidence, worse[-1].seq)
    return met, required, said, evidence


def _standing(look: _Look, c: Criterion) -> list[Observation]:
    """Return what stood in the time for which a grade must be sustained: each stands until the next."""
    if not c.sustained_minutes:
        return []
    found = [o for o in observations_of(look.state, c.item) if o.at <= look.at]
    before = [o for o in found if look.at.since(o.at) >= c.sustained_minutes * 60]
    return [*before[-1:], *found[len(before) :]]


def _for_so_long(c: Criterion) -> str:
    return f", for {c.sustained_minutes:g} min" if c.sustained_minutes else ""


def _counts(look: _Look, o: Observation, c: Criterion) -> bool:
    fresh = age_known(look.state, o.at) and look.at.since(o.at) <= _minutes(c) * 60
    return fresh and look.in_recovery(o.at)


def _in_range(grade: int | None, low: int | None, high: int | None) -> bool:
    return grade is not None and (low is None or grade >= low) and (high is None or grade <= high)


def _range(look: _Look, item: str, low: int | None, high: int | None) -> str:
    label = look.items[item].label
    if low is None:
        return f"{label} {high} or less"
    return f"{label} {low} or more" if high is None else f"{label} {low} to {high}"


def _said(look: _Look, o: Observation) -> str:
    item = look.items[o.item]
    grade = next((g.label for g in item.grades if g.value == o.grade), o.grade)
    return f"{item.label} {grade}, {o.by} {look.ago(o.at)}"


def _absent(look: _Look, c: Criterion) -> Seen:
    minutes = _minutes(c)
    required = f"no {look.items[c.item].label} in {minutes:g} min"
    found = [
        o
        for o in look.state.observations.values()
        if o.item == c.item and o.grade is not None and o.grade > 0 and look.at.since(o.at) < minutes * 60
    ]
    if found:
        return False, required, _said(look, max(found, key=lambda o: o.at)), tuple(o.seq for o in found)
    return True, required, "none observed", ()


def _confirmed(look: _Look, c: Criterion) -> Seen:
    required = "confirmed in recovery" + (" with a name" if c.named else "")
    found = look.state.confirmations.get(c.item)
    if found is None:
        return False, required, "not confirmed", ()
    name = found.text.strip() or (look.state.patient.escort.strip() if c.named and look.state.patient else "")
    said = ("confirmed" if found.met else "taken back") + f", {found.by} {look.ago(found.at)}"
    said += f": {name}" if name else ""
    if c.named and not name:
        return False, required, f"{said}, but without a name", (found.seq,)
    if not look.in_recovery(found.at):
        return False, required, f"{said}: before recovery", (found.seq,)
    return found.met, required, said, (found.seq,)


def _no_high_alarm(look: _Look, _: Criterion) -> Seen:
    """Where limits are off no alarm says that all is well."""
    required = "no alarm of high priority stands, all limits on"
    found = [alarm for alarm in look.state.alarms.values() if alarm.change.priority is Priority.HIGH]
    off = [f"{PARAMETERS[parameter].label} limits off" for parameter in look.state.limits_off]
    texts = "; ".join([*(f"{a.change.text} ({a.change.state})" for a in found), *off])
    return not texts, required, texts or "none", tuple(a.seq for a in found)


_JUDGE: dict[CriterionKind, Callable[[_Look, Criterion], Seen]] = {
    CriterionKind.ELAPSED: _elapsed,
    CriterionKind.VITAL: _vital,
    CriterionKind.GRADE: _grade,
    CriterionKind.ABSENT: _absent,
    CriterionKind.CONFIRMED: _confirmed,
    CriterionKind.NO_HIGH_ALARM: _no_high_alarm,
}
