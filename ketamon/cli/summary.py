"""A session in plain lines: what the headless commands print while it happens and at its end."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ketamon.domain import events as e
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.words import mark, said, span

_PROGRESS = (
    e.PatientCheckedIn, e.OrderEntered, e.LinkChanged, e.PhaseChanged, e.BaselineTaken, e.Observed, e.Noted,
    e.AlarmChanged, e.GateChanged, e.Signed, e.SessionResumed, e.RecordingChanged, e.ObservationCorrected,
)  # fmt: skip


def progress(event: e.Event, state: SessionState, profile: Profile) -> str:
    """Return the line that tells of an event, or "" where it is not worth one."""
    if not isinstance(event.body, _PROGRESS):
        return ""
    words, who = said(event, state, profile)
    if isinstance(event.body, e.AlarmChanged):
        words = f"{mark(event.body)} {words}"
    return f"{span(event.at.seconds):>7}  {words}" + (f"  [{who}]" if who else "")


def lines(state: SessionState, profile: Profile) -> Iterator[str]:
    """Give the summary: phases, observations, alarms, and the gate with each of its checks."""
    yield "phases"
    for at, phase, why in phases(state):
        yield f"  {span(at):>7}  {phase}{f' ({why})' if why else ''}"
    counted = Counter(o.item for o in state.observations.values() if o.grade is not None)
    labels = {o.id: o.label for o in profile.observation}
    yield f"observations: {sum(counted.values())}"
    yield "  " + ", ".join(f"{labels.get(item, item)} {n}" for item, n in sorted(counted.items()))
    alarms = alarms_begun(state)
    hours = max(state.at.seconds if state.at else 0.0, 1.0) / 3600
    yield f"alarms: {len(alarms)}, {len(alarms) / hours:.1f} an hour; with nothing to do: {state.dismissed_count}"
    for at, text in alarms:
        yield f"  {span(at):>7}  {text}"
    gate = state.gate
    yield "gate: " + ("not judged yet" if gate is None else "open" if gate.open else "CLOSED")
    for check in gate.checks if gate else ():
        yield f"  {'✓' if check.met else '✗'} {check.label}: {check.observed}" + (
            "" if check.met else f" — {check.remedy}"
        )


def phases(state: SessionState) -> list[tuple[float, str, str]]:
    """Return when each phase began (s), and why."""
    first = [(0.0, "check-in", "")]
    changes = [v for v in state.log if isinstance(v.body, e.PhaseChanged)]
    return first + [(v.at.seconds, v.body.phase, v.body.why) for v in changes if isinstance(v.body, e.PhaseChanged)]


def alarms_begun(state: SessionState) -> list[tuple[float, str]]:
    """Return when each alarm began (s) and its text then."""
    standing: set[str] = set()
    begun: list[tuple[float, str]] = []
    for event in state.log:
        if isinstance(event.body, e.AlarmChanged):
            if event.body.state is e.AlarmState.ENDED:
                standing.discard(event.body.alarm)
            elif event.body.alarm not in standing:
                standing.add(event.body.alarm)
                begun.append((event.at.seconds, f"{event.body.priority}: {event.body.text}"))
    return begun


def fields(state: SessionState) -> dict[str, Any]:
    """Return the summary as plain values, for JSON."""
    gate = state.gate
    return {
        "type": "summary",
        "phase": state.phase,
        "phases": [{"at": at, "phase": phase, "why": why} for at, phase, why in phases(state)],
        "observations": sum(o.grade is not None for o in state.observations.values()),
        "alarms": [{"at": at, "text": text} for at, text in alarms_begun(state)],
        "dismissed": state.dismissed_count,
        "gate": None if gate is None else {"open": gate.open, "checks": gate.checks},
        "events": state.seq,
    }
