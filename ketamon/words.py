"""How moments, spans, numbers and events are said to people. Pure; whatever comes from outside stays plain text."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from ketamon.domain import events as e
from ketamon.domain.devices import Link
from ketamon.domain.instant import Instant, leap
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Person, Proof
from ketamon.domain.profile import ObservationItem, Place, Profile
from ketamon.domain.readings import Mode
from ketamon.domain.recording import Unsaved
from ketamon.domain.session import SessionState, logged
from ketamon.plain import plain

DASHES = "--"
"""What stands where there is no number to be relied on."""

SOON_S = 180.0
"""Below this the seconds to go are counted down; above they would only make the screen restless."""

Words = tuple[str, str]
"""What happened, and who did it ("" for a device or the core)."""


def clock(at: Instant, zone: tzinfo | None, *, seconds: bool = True) -> str:
    """Say the time of day in `zone` (None: where this computer is)."""
    return at.wall.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def unsaved(what: Unsaved, zone: tzinfo | None) -> str:
    """Say what waits for the disk: how much, from when to when."""
    since, until = (at.astimezone(zone).strftime("%H:%M:%S") for at in (what.since, what.until))
    return f"{what.count} not saved, event {what.first} ({since}) to {what.last} ({until})"


def span(seconds: float) -> str:
    """Say a length of time as m:ss, or h:mm:ss from one hour on."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def age(seconds: float) -> str:
    """Say how long ago something was: "now" below three seconds, then seconds, minutes, hours."""
    if seconds < 3:  # noqa: PLR2004 (a device reports each second or two; that is "now" to a reader)
        return "now"
    if seconds < 60:  # noqa: PLR2004 (seconds in a minute)
        return f"{seconds:.0f} s ago"
    if seconds < 3600:  # noqa: PLR2004 (seconds in an hour)
        return f"{seconds // 60:.0f} min ago"
    return f"{span(seconds)} ago"


def minutes(seconds: float) -> str:
    """Say a length of time in whole minutes."""
    return f"{seconds // 60:.0f} min"


def when(due_s: float, *, overdue: bool) -> str:
    """Say when something is due: "in 12 min", "in 2:50", "now" when it is, "overdue 1:10" past its grace."""
    if due_s >= SOON_S:
        return f"in {minutes(due_s)}"
    if due_s > 0:
        return f"in {span(due_s)}"
    return f"{'overdue' if overdue else 'now'} {span(-due_s)}"


def next_in(due_s: float, *, overdue: bool) -> str:
    """Say when the next one is due, where it is clear what: "next 3:10", "overdue 1:10"."""
    said = when(due_s, overdue=overdue)
    return f"next {said.removeprefix('in ')}" if due_s > 0 else said


def mark(alarm: e.AlarmChanged) -> str:
    """Give the priority mark: stars for the patient, exclamation marks for equipment, three for high."""
    return ("!" if alarm.technical else "*") * alarm.priority.rank


def number(parameter: Parameter, value: float | None) -> str:
    """Write a value with the decimals of its parameter, dashes for none."""
    return DASHES if value is None else f"{value:.{PARAMETERS[parameter].decimals}f}"


def unit(parameter: Parameter) -> str:
    """Write the unit of a parameter as people do."""
    return PARAMETERS[parameter].unit.symbol


def item_of(profile: Profile, item: str) -> ObservationItem | None:
    """Find an observation item of the profile by its id."""
    return next((o for o in profile.observation if o.id == item), None)


def label_of(profile: Profile, item: str) -> str:
    """Say what an observation id, a scheduled item or a parameter id is called."""
    found = item_of(profile, item)
    if found is not None:
        return found.label
    scheduled = next((rule.label for rule in profile.schedule if rule.item == item), None)
    if scheduled is not None:
        return scheduled
    return next((c.label for c in profile.criterion if c.item == item), item.replace("_", " ").replace("-", " "))


def graded(profile: Profile, item: str, grade: int | None, text: str = "") -> str:
    """Say an observation: "nausea, mild", "dissociation 4", with its text if it has one."""
    found = item_of(profile, item)
    word = next((g.label for g in found.grades if g.value == grade), None) if found else None
    said = label_of(profile, item)
    if grade is not None:
        said += f" {grade}" if word is None or word == str(grade) else f", {word}"
    return f"{said}: {text}" if text else said


def said(event: e.Event, state: SessionState, profile: Profile) -> Words:
    """Put an event of the log into words."""
    what, who = _SAID.get(type(event.body), _other)(event.body, state, profile)
    return plain(what), plain(who)


def _who(by: Person | None) -> str:
    return str(by) if by else ""


def _observed(b: e.Observed, state: SessionState, profile: Profile) -> Words:
    words = graded(profile, b.item, b.grade, b.text)
    if b.why_then and b.at is not None and state.at is not None:
        words += f" (set back: {b.why_then})"
    return words, str(b.by)


def _corrected(b: e.ObservationCorrected, state: SessionState, profile: Profile) -> Words:
    old = state.observations.get(b.corrects)
    item = label_of(profile, old.item) if old else f"event {b.corrects}"
    what = "taken back" if b.grade is None else f"corrected to {graded(profile, old.item, b.grade) if old else b.grade}"
    return f"{item} {what}: {b.why}", str(b.by)


def _confirmed(b: e.Confirmed, _state: SessionState, profile: Profile) -> Words:
    why = f" ({b.text})" if b.text else ""
    return f"{label_of(profile, b.item)}: {'yes' if b.met else 'taken back'}{why}", str(b.by)


def _withdrawn(b: e.Withdrawn, state: SessionState, profile: Profile) -> Words:
    old = logged(state, b.withdraws)
    what = said(old, state, profile)[0] if old else f"event {b.withdraws}"
    return f"taken back: {what} ({b.why})", str(b.by)


def _alarm(b: e.AlarmChanged, _state: SessionState, _profile: Profile) -> Words:
    what = {e.AlarmState.ACTIVE: "alarm", e.AlarmState.ENDED: "alarm over"}.get(b.state, f"alarm {b.state}")
    return f"{what}: {b.text}" + (", nothing to do" if b.dismissed else ""), _who(b.by)


def _entered(b: e.ValueEntered, _state: SessionState, _profile: Profile) -> Words:
    reading = b.reading
    label = f"NIBP {PARAMETERS[reading.parameter].label}" if reading.parameter in CUFF else None
    label = label or PARAMETERS[reading.parameter].label
    return f"{label} {number(reading.parameter, reading.value)} {unit(reading.parameter)} by hand", str(b.by)


def _phase(b: e.PhaseChanged, _state: SessionState, _profile: Profile) -> Words:
    return f"▸ {b.phase}" + (f": {b.why}" if b.why else ""), _who(b.by)


def _order(b: e.OrderEntered, _state: SessionState, _profile: Profile) -> Words:
    o = b.order
    return f"order {o.total_mg:g} mg over {o.minutes:g} min, {o.rate_ml_h:g} mL/h", str(b.by)


def _proven(by: Person, proof: Proof) -> str:
    """Say who it was, and whether a PIN proved it."""
    return f"{by} (by {'PIN' if proof is Proof.PIN else proof})"


def question(profile: Profile, item: str) -> str:
    """Say a question of the screening by its id."""
    return next((s.question for s in profile.screening if s.id == item), item)


def _answered(b: e.ScreeningAnswered, _state: SessionState, profile: Profile) -> Words:
    return f"{question(profile, b.item)} {b.reply}" + (f", {b.text}" if b.text else ""), str(b.by)


def _decided(b: e.ScreeningDecided, _state: SessionState, profile: Profile) -> Words:
    return f"{question(profile, b.item)} {'go on' if b.go_on else 'not today'}: {b.why}", str(b.by)


def _limits(b: e.LimitsSwitched, _state: SessionState, _profile: Profile) -> Words:
    why = f": {b.why}" if b.why else ""
    return f"{PARAMETERS[b.parameter].label} limits {'off' if b.off else 'on'}{why}", str(b.by)


def _staff(b: e.StaffMoved, _state: SessionState, _profile: Profile) -> Words:
    where = {Place.ROOM: "is in the room", Place.SITE: "is on site", None: "left"}[b.where]
    return f"{b.who} {where}", str(b.by)


def _rescued(b: e.RescueDone, _state: SessionState, profile: Profile) -> Words:
    label = next((item.label for item in profile.rescue if item.id == b.item), b.item)
    return f"emergency: {label}" + (f", {b.text}" if b.text else ""), str(b.by)


def _signed(b: e.Signed, _state: SessionState, _profile: Profile) -> Words:
    said = f"signed: {b.meaning.replace('-', ' ')}"
    said += f": {b.why}" if b.why else ""
    return said + (f"; not met: {', '.join(b.unmet)}" if b.unmet else ""), _proven(b.by, b.proof)


def _link(b: e.LinkChanged, _state: SessionState, _profile: Profile) -> Words:
    words = f"{b.device} {'connected' if b.link is Link.LIVE else b.link}"
    return words + (f": {b.why}" if b.why else ""), ""


def _device_alarms(b: e.DeviceAlarmsReported, _state: SessionState, _profile: Profile) -> Words:
    texts = ", ".join(alarm.text for alarm in b.alarms)
    return f"{b.device} alarms: {texts}" if texts else f"{b.device}: no alarm", ""


def _baseline(b: e.BaselineTaken, _state: SessionState, _profile: Profile) -> Words:
    values = ", ".join(f"{PARAMETERS[p].label} {number(p, v)}" for p, v in b.values.items())
    return f"baseline: {values}", _who(b.by)


def _gate(b: e.GateChanged, _state: SessionState, _profile: Profile) -> Words:
    unmet = sum(not check.met for check in b.checks)
    return "gate open" if b.open else f"gate closed, {unmet} of {len(b.checks)} criteria unmet", ""


def _unseen(gap_s: float | None) -> str:
    return f"{'an unknown time' if gap_s is None else span(gap_s)} in which nothing was seen"


def _opened(b: e.SessionOpened, _state: SessionState, profile: Profile) -> Words:
    plain_disk = b.mode is Mode.REAL and not b.encrypted
    warning = "; the record is not encrypted, so the disk must be" if plain_disk else ""
    return f"session opened under {profile.title or b.profile}{warning}", ""


def _not_recorded(b: e.NotRecorded, _state: SessionState, _profile: Profile) -> Words:
    """`since` is a time of day, for the line itself says until when."""
    counts = ", ".join(f"{device} {count}" for device, count in b.devices.items())
    since = f" since {b.since.wall:%H:%M:%S} UTC" if b.since else ""
    return f"measurements found no room and are not recorded{since}: {counts or 'one'}", ""


def _unknown(b: e.Unknown, _state: SessionState, _profile: Profile) -> Words:
    return f"unknown event “{b.type}” of a newer ketamon", ""


def _other(b: Any, _state: SessionState, _profile: Profile) -> Words:
    return str(getattr(b, "TYPE", type(b).__name__)).replace("-", " "), ""


_SAID: dict[type, Callable[[Any, SessionState, Profile], Words]] = {
    e.SessionOpened: _opened,
    e.SessionResumed: lambda b, _s, _p: (f"resumed after {_unseen(b.gap_s)}{': ' * bool(b.why)}{b.why}", ""),
    e.StoodStill: lambda b, _s, _p: (f"{b.why}: {_unseen(b.gap_s)}", ""),
    e.PatientCheckedIn: lambda b, _s, _p: (f"{b.patient.label} checked in, {b.patient.weight_kg:g} kg", str(b.by)),
    e.OrderEntered: _order,
    e.DeviceAttached: lambda b, _s, _p: (f"{b.device}: {b.label} at {b.port}", ""),
    e.LinkChanged: _link,
    e.DeviceAlarmsReported: _device_alarms,
    e.ValueEntered: _entered,
    e.PhaseChanged: _phase,
    e.BaselineTaken: _baseline,
    e.Observed: _observed,
    e.ObservationCorrected: _corrected,
    e.Noted: lambda b, _s, _p: (f"note: {b.text}", str(b.by)),
    e.Withdrawn: _withdrawn,
    e.NotDone: lambda b, _s, p: (f"{label_of(p, b.item)} not done: {b.because}", str(b.by)),
    e.Confirmed: _confirmed,
    e.AlarmChanged: _alarm,
    e.AudioPaused: lambda b, _s, _p: (f"audio paused {span(b.seconds)}" if b.seconds else "audio on", _who(b.by)),
    e.CourseFound: lambda b, _s, _p: (f"course: {b.place or '--'}" + (f"; {b.warning}" if b.warning else ""), ""),
    e.ScreeningAnswered: _answered,
    e.ScreeningDecided: _decided,
    e.OrderChecked: lambda b, _s, _p: ("order checked", _proven(b.by, b.proof)),
    e.LimitsSwitched: _limits,
    e.StaffMoved: _staff,
    e.EmergencyMarked: lambda b, _s, _p: ("EMERGENCY" if b.on else "emergency over", str(b.by)),
    e.RescueDone: _rescued,
    e.DrugWasted: lambda b, _s, _p: (f"{b.volume_ml:g} mL wasted, seen by {_proven(b.witness, b.proof)}", str(b.by)),
    e.Signed: _signed,
    e.SignedIn: lambda b, _s, _p: ("signed in", str(b.by)),
    e.PinRefused: lambda b, _s, _p: (f"wrong PIN for {b.name}" + (", locked" if b.locked else ""), ""),
    e.EmergencyAccess: lambda b, _s, _p: (f"works without a PIN: {b.why}", str(b.by)),
    e.ClockStepped: lambda b, _s, _p: (f"the clock was moved by {leap(b.seconds)}", ""),
    e.DeviceOperated: lambda b, _s, _p: (f"{b.device}: {b.action.replace('-', ' ')}", str(b.by)),
    e.RecordingChanged: lambda b, _s, _p: (f"recording {'degraded: ' + b.why if b.degraded else 'fine again'}", ""),
    e.NotRecorded: _not_recorded,
    e.SoundChanged: lambda b, _s, _p: (f"sound: {b.why}" if b.why else f"alarms sound at {b.console}", ""),
    e.GateChanged: _gate,
    e.StreamClosed: lambda b, _s, _p: (f"stream closed, {b.stream.size} bytes", ""),
    e.Unknown: _unknown,
}
