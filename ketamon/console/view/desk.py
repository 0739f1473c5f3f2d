"""The working half of the view: what is due, what is open, what was said, what the gate lacks, what may come next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import tzinfo

from ketamon import words
from ketamon.domain import events as e
from ketamon.domain.devices import Action, Link
from ketamon.domain.instant import Instant
from ketamon.domain.people import Meaning, Role
from ketamon.domain.phases import TRANSITIONS, Phase, Trigger
from ketamon.domain.profile import CriterionKind, Profile
from ketamon.domain.session import Observation, SessionState
from ketamon.rules import effects as effect_rules
from ketamon.rules import schedule
from ketamon.rules.gate import OPENS_IN, evaluate
from ketamon.rules.signatures import counting

LOG_LINES = 60
"""How far back the log panel goes; the record itself keeps everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """One scheduled item: when, in words ("overdue 1:10", "in 2:50"), and what."""

    item: str
    when: str
    label: str
    overdue: bool
    now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One entry of the log, newest first. `kind` is the event's type, so that a style can tell alarms from notes.

    `standing`: an observation that was not taken back.
    """

    seq: int
    clock: str
    text: str
    who: str
    kind: str
    standing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLine:
    """One criterion. `confirm` is the id that a person can confirm, "" where it is judged from values."""

    label: str
    met: bool
    required: str
    observed: str
    remedy: str
    confirm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The discharge gate, unmet criteria first. Not judged yet is closed."""

    judged: bool = False
    open: bool = False
    lines: tuple[GateLine, ...] = ()
    ready: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Whose signatures count, "" for nobody, and whether the patient may leave or has left."""

    assessed_by: str = ""
    discharged_by: str = ""
    overridden_by: str = ""
    override_seconded_by: str = ""
    may_leave: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A way on from here: the trigger, where it leads, what it means, who may take it, whether a reason is asked."""

    trigger: Trigger
    to: Phase
    means: str
    roles: frozenset[Role]
    asks_why: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The observation that undo would take back."""

    seq: int
    text: str


START_CONFIRMED = "infusion-start"
"""The confirmation that a person saw the pump start, where the pump's report began the infusion."""

MEANS: dict[Trigger, tuple[str, bool]] = {
    Trigger.CHECKED_IN: ("patient and order are entered (checking in does this)", False),
    Trigger.START: ("the pump infuses; the baseline is taken", False),
    Trigger.PAUSE: ("the infusion clock stands, the session goes on", False),
    Trigger.RESUME: ("the drug runs again", False),
    Trigger.COMPLETE: ("all of the order was given", False),
    Trigger.STOP: ("before all of the order was given", True),
    Trigger.SIGN_OFF: ("two people sign (at the discharge)", False),
    Trigger.OVERRIDE: ("two people sign, with a reason (at the discharge)", False),
    Trigger.REOPEN: ("not ready after all; both sign anew", True),
    Trigger.LEAVE: ("with the escort; the session ends", False),
    Trigger.ABANDON: ("no infusion today; the session ends", True),
}
"""What each step means in words, and whether a reason is asked."""

_ELSEWHERE = frozenset({Trigger.CHECKED_IN, Trigger.SIGN_OFF, Trigger.OVERRIDE})
"""Steps that follow from a form of their own, never from the menu."""


def due(state: SessionState, profile: Profile, at: Instant, *, known: bool) -> tuple[DueLine, ...]:
    """Return the due list, most urgent first; where it is not `known` what time it is, with dashes for when."""
    return tuple(
        DueLine(
            item=d.item,
            when=words.when(d.due_s, overdue=d.overdue) if known else words.DASHES,
            label=d.label,
            overdue=known and d.overdue,
            now=known and d.due_s <= 0,
        )
        for d in schedule.due(state, profile, at)
    )


def effects(state: SessionState, profile: Profile, at: Instant | None) -> tuple[str, ...]:
    """Return the effects that are open, with how long they last where that is known: "nausea, mild 12 min"."""
    return tuple(
        words.graded(profile, effect.item, effect.grade) + (f" {words.minutes(at.since(effect.onset))}" if at else "")
        for effect in effect_rules.open_effects(state, profile)
    )


def log(state: SessionState, profile: Profile, zone: tzinfo | None) -> tuple[LogLine, ...]:
    """Return what people read of the record, newest first."""
    return tuple(log_line(event, state, profile, zone) for event in reversed(state.log[-LOG_LINES:]))


def log_line(event: e.Event, state: SessionState, profile: Profile, zone: tzinfo | None) -> LogLine:
    """Say one entry of the log."""
    text, who = words.said(event, state, profile)
    clock = words.clock(event.at, zone, seconds=False)
    observed = state.observations.get(event.seq)
    standing = observed is not None and observed.grade is not None
    return LogLine(seq=event.seq, clock=clock, text=text, who=who, kind=event.body.TYPE, standing=standing)


def gate(state: SessionState, profile: Profile, at: Instant | None, zone: tzinfo | None) -> Gate:
    """Return the verdict of the core, or that there is none where it is not known what time it is there.

    The core tells a verdict when an answer changes, not each number: what was observed is said as of now, by the same
    rule. The screen never opens a gate, and never calls met what the core has not.
    """
    verdict = state.gate
    if verdict is None or at is None:
        return Gate()
    if state.phase in OPENS_IN:
        verdict = replace(verdict, checks=tuple(_as_of_now(verdict, evaluate(state, profile, at))))
    confirms = {c.id: c.item for c in profile.criterion if c.kind is CriterionKind.CONFIRMED}
    lines = [
        GateLine(
            label=check.label,
            met=check.met,
            required=check.required,
            observed=check.observed,
            remedy=check.remedy,
            confirm=confirms.get(check.id, ""),
        )
        for check in sorted(verdict.checks, key=lambda check: check.met)
    ]
    ready = words.clock(state.ready_at, zone, seconds=False) if state.ready_at else ""
    return Gate(judged=True, open=verdict.open, lines=tuple(lines), ready=ready)


def _as_of_now(told: e.GateChanged, now: e.GateChanged) -> Iterator[e.CheckResult]:
    for verdict, check in zip(told.checks, now.checks, strict=True):
        yield verdict if check.met and not verdict.met else check  # the core says so in a moment


def signing(state: SessionState, profile: Profile, at: Instant) -> Signing:
    """Return which signatures count, by the same rule as the core."""
    by = {s.meaning: str(s.by) for s in counting(state, profile, at)}
    return Signing(
        assessed_by=by.get(Meaning.ASSESSMENT, ""),
        discharged_by=by.get(Meaning.DISCHARGE, ""),
        overridden_by=by.get(Meaning.OVERRIDE, ""),
        override_seconded_by=by.get(Meaning.OVERRIDE_SECOND, ""),
        may_leave=state.phase is Phase.READY,
        left=state.left_at is not None,
    )


def steps(state: SessionState) -> tuple[Step, ...]:
    """Return the ways on from this phase, as the table of phases allows them."""
    found = [
        Step(trigger=trigger, to=way.to, means=MEANS[trigger][0], roles=way.roles, asks_why=MEANS[trigger][1])
        for trigger, way in TRANSITIONS[state.phase].items()
        if trigger not in _ELSEWHERE
    ]
    if state.phase is Phase.INFUSION and START_CONFIRMED not in state.confirmations:
        roles = TRANSITIONS[Phase.BASELINE][Trigger.START].roles
        means = "you saw the pump start, as it said itself"
        found.insert(0, Step(trigger=Trigger.START, to=Phase.INFUSION, means=means, roles=roles, asks_why=False))
    return tuple(found)


def undo(state: SessionState, profile: Profile, zone: tzinfo | None) -> Undo | None:
    """Return the last observation entered that still stands, or None."""
    standing = [o for o in state.observations.values() if o.grade is not None]
    if not standing:
        return None
    last: Observation = max(standing, key=lambda o: o.seq)
    text = f"{words.graded(profile, last.item, last.grade, last.text)} ({words.clock(last.entered, zone)}, {last.by})"
    return Undo(seq=last.seq, text=text)


def operable(state: SessionState) -> dict[Action, str]:
    """Return what a person can have a device do now, and the device that can."""
    linked = (d.attached for d in state.devices.values() if d.link not in (Link.CLOSED, Link.OPENING))
    return {action: attached.device for attached in linked for action in attached.actions}
