"""The middle of the view: trend and timeline, put together from state and profile."""

from dataclasses import replace
from datetime import tzinfo

from ketamon import words
from ketamon.console.charts.drawing import Mark, cuffs_of
from ketamon.console.charts.trends import Panel, Running, TrendData
from ketamon.console.view.numbers import limits
from ketamon.console.widgets.timeline import Stage, Stretch, TimelineData
from ketamon.domain import events as e
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import CriterionKind, Display, Profile
from ketamon.domain.series import Series
from ketamon.domain.session import Infusion, SessionState
from ketamon.plain import plain
from ketamon.rules.current import track

NOTE_LETTER, ALARM_LETTER = "#", "!"

ORDER = (Parameter.NIBP_SYS, Parameter.SPO2, Parameter.HR, Parameter.PR, Parameter.RR, Parameter.ETCO2)
"""The panels by weight; the last give way first. HR gives way to PR where no HR came."""

BEFORE_FURTHER = 3
"""So many panels come before a chart that is no parameter: pressure, saturation and pulse outweigh it."""

HUES = {
    Parameter.NIBP_SYS: "nibp",
    Parameter.SPO2: "spo2",
    Parameter.HR: "pulse",
    Parameter.PR: "pulse",
    Parameter.RR: "resp",
    Parameter.ETCO2: "co2",
}


def trend(
    state: SessionState, profile: Profile, at: Instant, zone: tzinfo | None = None, further: tuple[Panel, ...] = ()
) -> TrendData:
    """Return the trends of everything that ever had a value, and further charts among them."""
    shown = {d.parameter: d for d in profile.display}
    both = Parameter.HR in state.history and Parameter.PR in state.history
    wanted = [p for p in ORDER if p in shown and p in state.history and not (both and p is Parameter.PR)]
    panels = [_panel(state, profile, shown[p], at) for p in wanted]
    panels[BEFORE_FURTHER:BEFORE_FURTHER] = further
    return TrendData(
        at=at, panels=tuple(panels), marks=marks(state, profile), running=running(state.infusion), zone=zone
    )


def nameless(data: TrendData) -> TrendData:
    """Return what a locked screen may read out: only alarms in full, as a note can name somebody."""
    return replace(data, marks=tuple(m if m.priority else replace(m, text="") for m in data.marks))


def running(run: Infusion) -> Running:
    """Return when the infusion ran: from its start to its end without the pauses."""
    if run.started is None:
        return Running()
    stretches: list[tuple[float, float | None]] = []
    begin: float | None = run.started.seconds
    for paused, resumed in run.pauses:
        if begin is not None:
            stretches.append((begin, paused.seconds))
        begin = resumed.seconds if resumed else None
    end = run.ended.seconds if run.ended else None
    if begin is not None:
        stretches.append((begin, end))
    return Running(stretches=tuple(stretches), ended=run.ended is not None, exact=run.unseen_s is not None)


def _panel(state: SessionState, profile: Profile, display: Display, at: Instant) -> Panel:
    parameter = display.parameter
    cuff = parameter in CUFF
    info = PARAMETERS[parameter]
    histories = [state.history.get(p, Series()) for p in CUFF]
    base = state.baseline.get(parameter)
    lower, upper = limits(state, profile, parameter)
    band = next((b for b in profile.band if b.parameter is parameter), None)
    return Panel(
        label="NIBP" if cuff else info.label,
        unit=words.unit(parameter),
        hue=HUES[parameter],
        low=display.low,
        high=display.high,
        series=None if cuff else track(state, profile, parameter, at),
        cuffs=cuffs_of(*histories) if cuff else (),
        interval_s=display.interval_s or 1.0,
        lower=lower,
        upper=upper,
        decimals=info.decimals,
        band=(base - band.below, base + band.above) if base is not None and band is not None else None,
    )


def marks(state: SessionState, profile: Profile) -> tuple[Mark, ...]:
    """Return what happened: observations by the key of their item, notes, and alarms when they began."""
    found: list[Mark] = []
    for observation in state.observations.values():
        item = words.item_of(profile, observation.item)
        if item is not None and observation.grade is not None:
            text = words.graded(profile, observation.item, observation.grade, observation.text)
            found.append(Mark(observation.at.seconds, item.key, item.label, text=plain(text)))
    for event in state.log:
        match event.body:
            case e.Noted(text=text) if event.seq not in state.withdrawn:
                found.append(Mark(event.at.seconds, NOTE_LETTER, "note", text=plain(f"note: {text}")))
            case e.AlarmChanged(state=e.AlarmState.ACTIVE, priority=priority) as alarm:
                text = plain(f"{words.mark(alarm)} {alarm.text}")
                found.append(Mark(event.at.seconds, ALARM_LETTER, "alarm", priority, text))
    return tuple(found)


def timeline(state: SessionState, profile: Profile, at: Instant) -> TimelineData:
    """Return the session as stretches: what was, where we are, what is planned."""
    run, now, planned = state.infusion, at.seconds, planned_s(state, profile)
    rest = 60 * max((c.minutes or 0 for c in profile.criterion if c.kind is CriterionKind.ELAPSED), default=0)
    begin = run.started.seconds if run.started else now
    end = run.ended.seconds if run.ended else now + max(0.0, planned - run.seconds(at))
    left = state.left_at.seconds if state.left_at else now
    stretches = [Stretch(Stage.BASELINE, 0.0, begin)]
    if run.started:
        stretches.append(Stretch(Stage.INFUSION, begin, min(now, end)))
    if not run.ended:
        stretches.append(Stretch(Stage.PLANNED, now, end))
    for paused, resumed in run.pauses:
        stretches.append(Stretch(Stage.PAUSE, paused.seconds, resumed.seconds if resumed else min(now, end)))
    if run.ended:
        stretches.append(Stretch(Stage.RECOVERY, end, max(end, left)))
    ahead = Stretch(Stage.AHEAD, max(now, end) if not state.left_at else left, max(end + rest, now))
    stretches += [ahead] if state.left_at is None else []
    kept = tuple(s for s in stretches if s.end_s > s.start_s)
    last = max((s.end_s for s in kept), default=0.0)
    return TimelineData(stretches=kept, now_s=now, end_s=last, marks=marks(state, profile))


def planned_s(state: SessionState, profile: Profile) -> float:
    """Return how long the infusion is to last: as ordered, else as the profile plans."""
    return (state.order.order.minutes if state.order else profile.plan.minutes) * 60


def course(state: SessionState, profile: Profile, at: Instant) -> str:
    """Say how far the infusion is: "23:41 of 40:00, 16:19 to go", and how much of that nobody saw."""
    run, planned = state.infusion, planned_s(state, profile)
    if run.started is None:
        return f"plan {words.span(planned)}"
    so_far = f"{'at least ' if run.unseen_s is None else ''}{words.span(run.seconds(at))} of {words.span(planned)}"
    so_far += f" ({words.span(run.unseen_s)} unseen)" if run.unseen_s else ""
    if run.ended is not None:
        return f"{words.span(at.since(run.ended))} since the {'stop' if run.stopped_early else 'end'}"
    if state.phase is Phase.PAUSED:
        return f"paused at {so_far}"
    left = planned - run.seconds(at)
    return f"{so_far}, {words.span(left)} to go" if left > 0 else f"{so_far}, over by {words.span(-left)}"
