"""What the chair screen draws, as one immutable value: every text and every state, decided before a widget is touched.

`build` is pure. Live, replay and simulation go through it alike, and tests read it in place of a terminal. Without
contact to the core, or where a value is not usable, the text is dashes with the reason, never an old number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from ketamon import words
from ketamon.console.charts.trends import Panel, TrendData
from ketamon.console.view import before, curves, desk, devices, numbers, room
from ketamon.console.view.before import Before
from ketamon.console.view.desk import DueLine, Gate, LogLine, Signing, Step, Undo
from ketamon.console.view.devices import DeviceLine
from ketamon.console.view.numbers import Pump
from ketamon.console.view.room import LimitLine, RescueLine
from ketamon.console.view.strip import ChairLine, label
from ketamon.console.widgets.tile import TileData
from ketamon.console.widgets.timeline import TimelineData
from ketamon.domain import events as e
from ketamon.domain.devices import Action, Priority
from ketamon.domain.events import AlarmState
from ketamon.domain.instant import Instant
from ketamon.domain.people import Order, Patient, Person
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Profile
from ketamon.domain.session import Alarm, SessionState
from ketamon.follow import Beat, Source
from ketamon.rules import alarms as rules
from ketamon.rules import proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whether the core is heard: `reached`, since when not (wall clock of the last beat), and why in words.

    `ended`: it was not lost, its session was over.
    """

    reached: bool
    since: Instant | None = None
    why: str = ""
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLine:
    """One alarm as it is written: `*** SpO2 84 < 88`, with its state in words where it is not simply active."""

    mark: str
    text: str
    since: str
    priority: Priority
    blinks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """The alarm bar: highest first, how many stand, and what the sound does. `past`: nobody can act on them."""

    lines: tuple[AlarmLine, ...] = ()
    standing: int = 0
    audio: str = ""
    past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The head line, from left to right. `saved` is dashes without contact; `degraded` says the record has trouble.

    `unsaved` says what waits for the disk meanwhile; `emergency` is its stopwatch, "" without one; `staff` who is
    at the screen.
    """

    chair: str
    phase: str
    patient: str
    weight: str
    course: str
    saved: str
    degraded: str
    unsaved: str
    source: str
    clock: str
    emergency: str = ""
    staff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChairView:
    """Everything that is drawn of one chair at one moment.

    `recorded`: it is walked through, and nothing is added to it. `pinned` are the intents that take a PIN now. In a
    clinic with `pins` a screen can be `locked`, and names nobody.
    `chairs` are all that this console follows, where there are several; `build` knows of one.
    """

    at: Instant | None
    reached: bool
    source: Source
    phase: Phase
    speed: float
    recorded: bool
    banner: str
    header: Header
    alarms: Alarms
    tiles: tuple[TileData, ...]
    pump: Pump
    profile: Profile
    patient: Patient | None = None
    order: Order | None = None
    trend: TrendData | None = None
    timeline: TimelineData | None = None
    course: str = ""
    due: tuple[DueLine, ...] = ()
    effects: tuple[str, ...] = ()
    log: tuple[LogLine, ...] = ()
    gate: Gate = field(default_factory=Gate)
    signing: Signing = field(default_factory=Signing)
    steps: tuple[Step, ...] = ()
    undo: Undo | None = None
    operable: Mapping[Action, str] = field(default_factory=dict)
    pinned: frozenset[type] = frozenset()
    before: Before = field(default_factory=Before)
    pins: bool = False
    locked: bool = False
    emergency: bool = False
    rescue: tuple[RescueLine, ...] = ()
    limits: tuple[LimitLine, ...] = ()
    left_over: tuple[str, ...] = ()
    devices: tuple[DeviceLine, ...] = ()
    chairs: tuple[ChairLine, ...] = ()


def build(
    state: SessionState,
    profile: Profile,
    beat: Beat | None,
    contact: Contact,
    at: Instant | None,
    zone: tzinfo | None = None,
    *,
    staff: Person | None = None,
    charts: tuple[Panel, ...] = (),
) -> ChairView:
    """Decide what is drawn of `state` at `at` (None: no event and no beat came yet).

    `staff` is who is at the screen, `charts` are trends that are no parameter's.
    """
    reached = contact.reached and at is not None
    source = beat.source if beat else Source.LIVE
    recorded = beat is not None and beat.length_s is not None
    return ChairView(
        at=at,
        reached=reached,
        source=source,
        phase=state.phase,
        speed=beat.speed if beat else 1.0,
        recorded=recorded,
        banner=_banner(beat),
        header=_header(state, beat, contact, at, zone, staff),
        alarms=replace(_alarms(state, contact, at, zone), past=recorded),
        tiles=numbers.tiles(state, profile, at if reached else None),
        pump=numbers.pump(state, profile, at if reached else None, zone),
        profile=profile,
        patient=state.patient,
        order=state.order.order if state.order else None,
        trend=curves.trend(state, profile, at, zone, charts) if at else None,
        timeline=curves.timeline(state, profile, at) if at else None,
        course=curves.course(state, profile, at) if at and reached else words.DASHES,
        due=desk.due(state, profile, at, known=reached) if at else (),
        effects=desk.effects(state, profile, at if reached else None),
        log=desk.log(state, profile, zone),
        gate=desk.gate(state, profile, at if reached else None, zone),
        signing=desk.signing(state, profile, at) if at else Signing(),
        steps=desk.steps(state),
        operable=desk.operable(state) if reached else {},
        undo=desk.undo(state, profile, zone),
        pinned=frozenset() if recorded else proof.pinned(state),
        before=before.build(state, profile, at if reached else None),
        pins=state.opened is not None and state.opened.pins,
        emergency=state.emergency_since is not None,
        rescue=room.rescue(state, profile, zone),
        limits=room.limits(state, profile),
        left_over=room.left_over(state),
        devices=devices.lines(state, beat, at if reached else None, zone),
    )


def _banner(beat: Beat | None) -> str:
    """Return the words that keep a recording or a simulation from being taken for a patient; "" only when live."""
    if beat is None or beat.source is Source.LIVE:
        return ""
    pace = "stopped" if beat.speed == 0 else f"{beat.speed:g}×"
    ended = ", at its end" if beat.ended else ""
    place = f" {words.span(beat.at.seconds)} of {words.span(beat.length_s)}" if beat.length_s is not None else ended
    remark = f", {beat.remark}" if beat.remark else ""
    return f"{beat.source} {pace}{place} — not a live patient{remark}"


def nameless(view: ChairView) -> ChairView:
    """Return what a locked screen shows: nobody's name, of the log only its alarms; numbers and alarms stay."""
    header = replace(view.header, patient=f"{words.DASHES} LOCKED", staff="")
    alarms = tuple(line for line in view.log if line.kind == e.AlarmChanged.TYPE)
    trend = curves.nameless(view.trend) if view.trend else None
    return replace(view, locked=True, header=header, patient=None, undo=None, devices=(), log=alarms, trend=trend)


def _header(
    state: SessionState,
    beat: Beat | None,
    contact: Contact,
    at: Instant | None,
    zone: tzinfo | None,
    staff: Person | None,
) -> Header:
    patient, chair = state.patient, beat.chair if beat else state.opened.chair if state.opened else ""
    hidden = f" ··{patient.identifier[-2:]}" if patient and len(patient.identifier) > 2 else ""  # noqa: PLR2004 (last two)
    saved = f"saved {beat.saved_s:.1f} s" if beat and contact.reached else f"saved {words.DASHES}"
    saved = "" if beat and beat.saved_s < 0 else saved
    return Header(
        chair=label(chair or words.DASHES),
        phase=str(state.phase),
        patient=f"{patient.label}{hidden}" if patient else "no patient yet",
        weight=f"{patient.weight_kg:.1f} kg" if patient else "",
        course=patient.course if patient else "",
        saved=saved,
        degraded=state.recording_degraded,
        unsaved=words.unsaved(beat.unsaved, zone) if beat and beat.unsaved and state.recording_degraded else "",
        source=str(beat.source) if beat and contact.reached else "NO CONTACT",
        clock=words.clock(at, zone) if at and contact.reached else "--:--:--",
        emergency=room.emergency(state, at if contact.reached else None, zone),
        staff=str(staff or ""),
    )


def _alarms(state: SessionState, contact: Contact, at: Instant | None, zone: tzinfo | None) -> Alarms:
    standing = by_urgency(state)
    lines = tuple(alarm_line(alarm, zone) for alarm in standing)
    if not contact.reached or at is None:
        return Alarms(lines=(_lost(contact, zone), *lines), standing=len(standing))
    until = state.audio_paused_until
    left = until.since(at) if until else 0.0
    return Alarms(
        lines=lines,
        standing=len(standing),
        audio=f"audio paused {words.span(left)}" if left > 0 else "",
    )


def calling(state: SessionState, profile: Profile, contact: Contact, at: Instant | None) -> Priority | None:
    """Return the priority that sounds now; a core that was heard and is lost sounds high, too, unless it had ended."""
    if not contact.reached or at is None:
        return Priority.HIGH if contact.since and not contact.ended else None
    return rules.audible(state, profile, at)


def _lost(contact: Contact, zone: tzinfo | None) -> AlarmLine:
    """Say that nothing below is current. It stands before everything else."""
    since = f" since {words.clock(contact.since, zone)}" if contact.since else " yet"
    if contact.ended:
        text = f"the session is over, and its core has ended{since}"
        return AlarmLine(mark="", text=text, since="", priority=Priority.LOW, blinks=False)
    why = f" ({contact.why})" if contact.why else ""
    text = f"no contact with the core{since}; watch the bedside monitor{why}"
    return AlarmLine(mark="!!!", text=text, since="", priority=Priority.HIGH, blinks=contact.since is not None)


def by_urgency(state: SessionState) -> list[Alarm]:
    """Return the alarms that stand, the most urgent first."""
    return sorted(state.alarms.values(), key=_urgency)


def _urgency(alarm: Alarm) -> tuple[int, bool, int]:
    """Sort by priority, then what nobody acknowledged, then the newest."""
    change = alarm.change
    return -change.priority.rank, change.state is AlarmState.ACKNOWLEDGED, -alarm.since.monotonic_ns


def alarm_line(alarm: Alarm, zone: tzinfo | None) -> AlarmLine:
    """Say one alarm."""
    change = alarm.change
    state = {AlarmState.ACKNOWLEDGED: "acknowledged", AlarmState.LATCHED: "was so, is over"}.get(change.state)
    return AlarmLine(
        mark=words.mark(change),
        text=f"{change.text} ({state})" if state else change.text,
        since=words.clock(alarm.since, zone),
        priority=change.priority,
        blinks=change.state is not AlarmState.ACKNOWLEDGED and change.priority is not Priority.LOW,
    )
