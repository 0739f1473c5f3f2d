"""What is due: the profile's schedule against what was measured, observed, or left out with a reason.

Each rule makes slots, at `at_minutes` and at every multiple of `every_minutes` after its anchor, in session time. A
slot is satisfied by anything done from its grace before it on; what was missed collapses into the oldest open slot, one
row per item.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, inf

from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Anchor, Profile, ScheduleRule
from ketamon.domain.session import SessionState, observations_of
from ketamon.rules.current import TWIN, track

_PARAMETERS = frozenset(Parameter)
OVERRUN = "overrun"
"""The item of the prompt that the planned time is over; "not done, because" is why it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An item with its oldest open slot: `due_s` is how far that is from `now`, negative once it has passed.

    `overdue`: the grace has passed, too.
    """

    item: str
    label: str
    now: Instant
    due_s: float
    overdue: bool

    @property
    def at(self) -> Instant:
        """When it is, or was, due."""
        return self.now.plus(self.due_s)


def due(state: SessionState, profile: Profile, at: Instant) -> list[Due]:
    """Return one row per item that is or will be due in this phase, the most urgent first."""
    rules = [rule for rule in profile.schedule if state.phase in rule.phases]
    done = _last_done(state)
    rows: dict[str, Due] = {
        row.item: row for row in (*_overrun(state, profile, at, done), *_follow_ups(state, profile, at))
    }
    for rule in rules:
        row = _row(state, profile, rule, at, done)
        if row is not None and (rule.item not in rows or row.due_s < rows[rule.item].due_s):
            rows[rule.item] = row
    return sorted(rows.values(), key=lambda row: row.due_s)


def _overrun(state: SessionState, profile: Profile, at: Instant, done: dict[str, float]) -> Iterator[Due]:
    """The planned time is over and the drug still runs: a prompt, again and again until it is answered."""
    if state.phase not in (Phase.INFUSION, Phase.PAUSED):
        return
    wait = profile.plan.overrun_prompt_minutes * 60
    minutes = state.order.order.minutes if state.order else profile.plan.minutes
    late = state.infusion.seconds(at) - minutes * 60 - wait
    if OVERRUN in done:
        late = min(late, at.seconds - done[OVERRUN] - wait)
    if late >= 0:
        yield Due(item=OVERRUN, label="planned end is over: go on or stop", now=at, due_s=-late, overdue=True)


def _follow_ups(state: SessionState, profile: Profile, at: Instant) -> Iterator[Due]:
    """What has to be asked by itself after something else was logged."""
    for item in profile.observation:
        asked = observations_of(state, item.id) if item.followed_by else []
        if asked and all(o.at < asked[-1].at for o in observations_of(state, item.followed_by)):
            label = next(o.label for o in profile.observation if o.id == item.followed_by)
            yield Due(item=item.followed_by, label=label, now=at, due_s=asked[-1].at.since(at), overdue=False)


def _row(state: SessionState, profile: Profile, rule: ScheduleRule, at: Instant, done: dict[str, float]) -> Due | None:
    anchor = moment(state, rule.anchor)
    if anchor is None:
        return None
    last = done.get(rule.item)
    if rule.item in _PARAMETERS:
        measured = _last_measured(state, profile, Parameter(rule.item), at)
        last = measured if last is None else max(last, measured or last)
    slot = _open_slot(rule, None if last is None else last - anchor.seconds)
    if slot is None:
        return None
    late = at.since(anchor) - slot
    return Due(
        item=rule.item,
        label=rule.label,
        now=at,
        due_s=-late,
        overdue=late > rule.grace_minutes * 60,
    )


def _open_slot(rule: ScheduleRule, last: float | None) -> float | None:
    """Return the first slot not satisfied, in seconds after the anchor; `last` is when the item was last done."""
    reach = -inf if last is None else last + rule.grace_minutes * 60
    slots = [minutes * 60 for minutes in rule.at_minutes if minutes * 60 > reach]
    if rule.every_minutes:
        every = rule.every_minutes * 60
        slots.append(every * (1 if reach < every else floor(reach / every) + 1))
    return min(slots, default=None)


def moment(state: SessionState, anchor: Anchor) -> Instant | None:
    """When an anchor was, or None where it has not been yet."""
    if anchor is Anchor.SESSION:
        return state.started
    return state.infusion.started if anchor is Anchor.INFUSION_START else state.infusion.ended


def _last_done(state: SessionState) -> dict[str, float]:
    """When each item was last observed, or left out with a reason, in seconds of session time."""
    done: dict[str, float] = {}
    observed = [(o.item, o.at) for o in state.observations.values() if o.grade is not None]
    for item, when in (*observed, *state.not_done):
        done[item] = max(when.seconds, done.get(item, when.seconds))
    return done


def _last_measured(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> float | None:
    """When there was last a valid value, of the parameter or of its twin."""
    found = (_last_point(state, profile, p, at) for p in (parameter, TWIN.get(parameter)) if p is not None)
    return max((t for t in found if t is not None), default=None)


def _last_point(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> float | None:
    series = track(state, profile, parameter, at)
    if series is None:
        return None
    return next((point.t for point in series.before(inf) if point.value is not None), None)
