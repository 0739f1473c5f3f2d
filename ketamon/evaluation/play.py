"""The alarm rules of a live chair, over a recording: what they raise, how long it stands.

Nobody acknowledges an alarm while it stands. One that is over is acknowledged at once, so that what comes after it must
be told anew.
"""

from dataclasses import dataclass, replace

from ketamon.domain import events as e
from ketamon.domain.devices import Priority
from ketamon.domain.fold import apply
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.evaluation.recording import Recording, seconds
from ketamon.rules import alarms


@dataclass(slots=True)
class Stood:
    """An alarm that called with one priority from `start` to `end` (s). `raised`: it is new, or called louder."""

    alarm: str
    technical: bool
    priority: Priority
    text: str
    start: float
    end: float
    raised: bool


def play(recording: Recording, profile: Profile) -> list[Stood]:
    """Judge a recording each second, as a chair does; return the alarms in the order of their beginning."""
    state, memory = SessionState(), alarms.AlarmMemory()
    standing: dict[str, Stood] = {}
    stood: list[Stood] = []
    for at, events in seconds(recording):
        for event in events:
            apply(state, event)
        for change in alarms.evaluate(state, profile, at, memory):
            apply(state, e.Event(state.seq, at, change))
            _follow(change, at.seconds, standing, stood)
        for alarm in [a.change for a in state.alarms.values() if a.change.state is e.AlarmState.LATCHED]:
            apply(state, e.Event(state.seq, at, replace(alarm, state=e.AlarmState.ENDED)))
    for alarm_stood in standing.values():
        alarm_stood.end = max(recording.end, alarm_stood.start)
    return stood


def _follow(change: e.AlarmChanged, t: float, standing: dict[str, Stood], stood: list[Stood]) -> None:
    before = standing.get(change.alarm)
    if change.state is e.AlarmState.ACTIVE and before is not None and change.priority is before.priority:
        return  # it only says another number
    if before is not None:
        before.end = t
        del standing[change.alarm]
    if change.state is e.AlarmState.ACTIVE:
        raised = before is None or change.priority.rank > before.priority.rank
        now = Stood(change.alarm, change.technical, change.priority, change.text, t, t, raised)
        standing[change.alarm] = now
        stood.append(now)
