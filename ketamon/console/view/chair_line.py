"""A chair in one line: what a nurse who looks at one chair must know of all the others. Pure.

Of each chair the first of these is said: that its core is not heard, its highest alarm that nobody acknowledged, what
is overdue, an alarm that stands and is acknowledged, how far the infusion is.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo

from ketamon import words
from ketamon.console.view import curves, room
from ketamon.console.view.chair import Contact, alarm_line, by_urgency
from ketamon.console.view.strip import ChairLine, Need, label
from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmState
from ketamon.domain.instant import Instant
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.follow import Beat, Source
from ketamon.rules import schedule

REHEARSED = {Source.SIMULATED: "SIM", Source.REPLAY: "REPLAY"}
"""How a chair without a patient is marked where there is little room."""


def chair_line(
    name: str,
    state: SessionState,
    profile: Profile,
    beat: Beat | None,
    contact: Contact,
    at: Instant | None,
    zone: tzinfo | None = None,
) -> ChairLine:
    """Say what is most urgent at a chair at `at`; the arguments are those of `view.build`."""
    line = ChairLine(
        name=name,
        label=label(name or (beat.chair if beat else "")),
        phase=str(state.phase) if beat else "",
        text="",
        rehearsal=REHEARSED.get(beat.source, "") if beat else "",
    )
    if not contact.reached or at is None:
        return _unheard(line, contact, zone)
    until = state.audio_paused_until
    left = until.since(at) if until else 0.0
    line = replace(
        line,
        audio=f"audio paused {words.span(left)}" if left > 0 else "",
        emergency=room.emergency(state, at, zone),
    )
    said = next(filter(None, _says(line, state, profile, at, zone)))
    return replace(said, need=Need.HIGH) if said.emergency else said


def _unheard(line: ChairLine, contact: Contact, zone: tzinfo | None) -> ChairLine:
    since = f" since {words.clock(contact.since, zone)}" if contact.since else " yet"
    if contact.ended:
        return replace(line, text=f"ended, no core{since}", ended=True)
    if contact.since is None:
        return replace(line, text=f"no contact{since}", need=Need.DUE)
    return replace(line, text=f"no contact{since}", need=Need.HIGH, mark="!!!", priority=Priority.HIGH, blinks=True)


def _says(
    line: ChairLine, state: SessionState, profile: Profile, at: Instant, zone: tzinfo | None
) -> Iterator[ChairLine | None]:
    """Give what there is to say, the most urgent first, None for what is not so."""
    standing = by_urgency(state)
    known = [alarm for alarm in standing if alarm.change.state is AlarmState.ACKNOWLEDGED]
    calling = [alarm for alarm in standing if alarm.change.state is not AlarmState.ACKNOWLEDGED]
    if calling:
        first = alarm_line(calling[0], zone)
        yield replace(
            line,
            text=first.text,
            mark=first.mark,
            priority=first.priority,
            blinks=first.blinks,
            need=Need(Need.DUE + first.priority.rank),
            also=f"+{len(standing) - 1}" if len(standing) > 1 else "",
        )
    seen = alarm_line(known[0], zone) if known else None
    due = next((due for due in schedule.due(state, profile, at) if due.overdue), None)
    if due is not None:
        text = f"{words.when(due.due_s, overdue=True)} {due.label}"
        yield replace(line, text=text, need=Need.DUE, also=f"{seen.mark} acknowledged" if seen else "")
    if seen is not None:
        also = f"+{len(known) - 1}" if len(known) > 1 else ""
        yield replace(line, text=seen.text, mark=seen.mark, priority=seen.priority, also=also)
    yield replace(line, text=curves.course(state, profile, at).partition(",")[0])
