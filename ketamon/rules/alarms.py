"""Alarms after IEC 60601-1-8: what is wrong becomes an alarm that stands until it is over and, if high, seen.

Everything that decides how an alarm may change stands in the table below. Its rules:

- a physiological alarm of high priority latches: it stands, even when it is over, until somebody acknowledges it, and
  its priority does not fall before that; medium and low show in the log that they happened; technical ones never latch;
- an acknowledged alarm is silent, but stands as long as its condition does; a higher priority calls again;
- silence ends nothing: while nothing is known, a standing alarm stays as it is.

    condition          none        active        acknowledged      latched
    there              active      active        acknowledged      active
    there, and higher  active      active        active            active
    over               -           ended,        ended             latched
                                   latched if it latches
    acknowledged       -           acknowledged  acknowledged      ended
"""

from dataclasses import replace
from enum import Enum, auto
from math import inf

from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmChanged, AlarmState, AudioPaused
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person
from ketamon.domain.profile import Profile
from ketamon.domain.session import Alarm, SessionState
from ketamon.rules.conditions import AlarmMemory, Condition, Look
from ketamon.rules.limits import look_at_limits
from ketamon.rules.technical import look_at_equipment

__all__ = ["TRANSITIONS", "AlarmMemory", "Seen", "acknowledge", "audible", "evaluate", "pause_audio"]


class Seen(Enum):
    """What can happen to an alarm."""

    THERE = auto()
    HIGHER = auto()
    OVER = auto()
    ACKNOWLEDGED = auto()


_ACTIVE, _ACKED, _LATCHED, _ENDED = (
    AlarmState.ACTIVE,
    AlarmState.ACKNOWLEDGED,
    AlarmState.LATCHED,
    AlarmState.ENDED,
)

TRANSITIONS: dict[AlarmState, dict[tuple[Seen, bool], AlarmState]] = {
    _ENDED: {
        (Seen.THERE, False): _ACTIVE,
        (Seen.THERE, True): _ACTIVE,
        (Seen.HIGHER, False): _ACTIVE,
        (Seen.HIGHER, True): _ACTIVE,
        (Seen.OVER, False): _ENDED,
        (Seen.OVER, True): _ENDED,
        (Seen.ACKNOWLEDGED, False): _ENDED,
        (Seen.ACKNOWLEDGED, True): _ENDED,
    },
    _ACTIVE: {
        (Seen.THERE, False): _ACTIVE,
        (Seen.THERE, True): _ACTIVE,
        (Seen.HIGHER, False): _ACTIVE,
        (Seen.HIGHER, True): _ACTIVE,
        (Seen.OVER, False): _ENDED,
        (Seen.OVER, True): _LATCHED,
        (Seen.ACKNOWLEDGED, False): _ACKED,
        (Seen.ACKNOWLEDGED, True): _ACKED,
    },
    _ACKED: {
        (Seen.THERE, False): _ACKED,
        (Seen.THERE, True): _ACKED,
        (Seen.HIGHER, False): _ACTIVE,
        (Seen.HIGHER, True): _ACTIVE,
        (Seen.OVER, False): _ENDED,
        (Seen.OVER, True): _ENDED,
        (Seen.ACKNOWLEDGED, False): _ACKED,
        (Seen.ACKNOWLEDGED, True): _ACKED,
    },
    _LATCHED: {
        (Seen.THERE, False): _ACTIVE,
        (Seen.THERE, True): _ACTIVE,
        (Seen.HIGHER, False): _ACTIVE,
        (Seen.HIGHER, True): _ACTIVE,
        (Seen.OVER, False): _LATCHED,
        (Seen.OVER, True): _LATCHED,
        (Seen.ACKNOWLEDGED, False): _ENDED,
        (Seen.ACKNOWLEDGED, True): _ENDED,
    },
}
"""State, what is seen, and whether the alarm latches → the next state. ENDED is also "none stands"."""

SPEAK_EVERY_S = 5.0
WORSE_BY = 1.0
"""A standing alarm says a new number only if it is worse by a whole unit, and not more often than this."""


def evaluate(state: SessionState, profile: Profile, at: Instant, memory: AlarmMemory) -> list[AlarmChanged]:
    """Return how alarms change at `at`. Pure, apart from the memory of dwell times."""
    look = Look(state, profile, at, memory)
    look_at_equipment(look)
    look_at_limits(look)
    changes = []
    for name, condition in look.found.items():
        change = _change(state.alarms.get(name), condition, at, memory)
        if change is not None:
            changes.append(change)
    for name, alarm in state.alarms.items():
        if name not in look.found and name not in look.held:
            after = TRANSITIONS[alarm.change.state][Seen.OVER, _latches(alarm.change)]
            if after is not alarm.change.state:
                changes.append(replace(alarm.change, state=after, by=None, dismissed=False))
    for change in changes:
        memory.spoken[change.alarm] = at.seconds
    return changes


def _change(standing: Alarm | None, condition: Condition, at: Instant, memory: AlarmMemory) -> AlarmChanged | None:
    """Return what an alarm says of a condition that is there, or None where it says nothing new."""
    if standing is None:
        return _say(TRANSITIONS[_ENDED][Seen.THERE, False], condition)
    before = standing.change
    seen = Seen.HIGHER if condition.priority.rank > before.priority.rank else Seen.THERE
    after = TRANSITIONS[before.state][seen, _latches(before)]
    lower = condition.priority.rank < before.priority.rank
    if lower and _latches(before) and before.state is not _ACKED:
        return None if after is before.state else _say(after, condition._replace(priority=before.priority))
    if after is not before.state or condition.priority is not before.priority:
        return _say(after, condition)
    if at.seconds - memory.spoken.get(before.alarm, -inf) >= SPEAK_EVERY_S and _says_more(before, condition):
        return _say(after, condition)
    return None


def _say(state: AlarmState, condition: Condition) -> AlarmChanged:
    return AlarmChanged(
        alarm=condition.alarm,
        state=state,
        priority=condition.priority,
        technical=condition.technical,
        text=condition.text,
        parameter=condition.parameter,
        value=condition.value,
        limit=condition.limit,
    )


def _says_more(before: AlarmChanged, now: Condition) -> bool:
    """Whether the number is worse, or, where there is no number, the words are others."""
    if now.value is None or now.limit is None or before.value is None:
        return now.text != before.text
    worse = before.value - now.value if now.value < now.limit else now.value - before.value
    return now.beyond and worse >= WORSE_BY


def _latches(change: AlarmChanged) -> bool:
    return change.priority is Priority.HIGH and not change.technical


def acknowledge(state: SessionState, by: Person, alarm: str = "", *, dismissed: bool = False) -> list[AlarmChanged]:
    """Return what follows when somebody acknowledges one alarm, or all that stand (""): nothing where none stands."""
    changes = []
    for name, standing in state.alarms.items():
        if alarm in ("", name):
            after = TRANSITIONS[standing.change.state][Seen.ACKNOWLEDGED, _latches(standing.change)]
            if after is not standing.change.state:
                changes.append(replace(standing.change, state=after, by=by, dismissed=dismissed))
    return changes


def pause_audio(profile: Profile, by: Person, *, on: bool = True) -> AudioPaused:
    """Pause the sound for as long as the profile allows, or end the pause. A new or higher alarm ends it, too."""
    return AudioPaused(seconds=profile.alarm.audio_pause_s if on else 0.0, by=by)


def audible(state: SessionState, profile: Profile, at: Instant) -> Priority | None:
    """Return the priority that sounds at `at`: the highest that nobody acknowledged, None in silence or in a pause."""
    until = state.audio_paused_until
    if until is not None and 0 < until.since(at) <= profile.alarm.audio_pause_s:
        return None
    calling = [a.change.priority for a in state.alarms.values() if a.change.state is not _ACKED]
    return max(calling, key=lambda priority: priority.rank, default=None)
