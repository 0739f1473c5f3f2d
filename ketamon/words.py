"""Events in the words that a person reads: one line each, for the log, the plain status and the headless commands."""

from collections.abc import Callable
from typing import Any

from ketamon.domain import events as e
from ketamon.domain.parameters import PARAMETERS
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState

MARKS = {"high": "***", "medium": "**", "low": "*"}
TECHNICAL_MARKS = {"high": "!!!", "medium": "!!", "low": "!"}


def mark(alarm: e.AlarmChanged) -> str:
    """Return the priority mark of IEC 60601-1-8 practice: stars for the patient, exclamation marks for equipment."""
    return (TECHNICAL_MARKS if alarm.technical else MARKS)[alarm.priority]


def describe(event: e.Event, state: SessionState, profile: Profile) -> str:
    """Say what an event says, in one line; "" for those that are only numbers."""
    speak = _WORDS.get(type(event.body))
    return speak(event.body, state, profile) if speak else ""


def grade_words(item: str, grade: int | None, profile: Profile) -> str:
    """Say an observation: "nausea, mild", "dissociation 4"."""
    found = next((o for o in profile.observation if o.id == item), None)
    if found is None:
        return f"{item} {grade}"
    if grade is None:
        return f"{found.label}: taken back"
    label = next((g.label for g in found.grades if g.value == grade), str(grade))
    return f"{found.label} {label}" if label[:1].isdigit() else f"{found.label}, {label}"


def minutes(seconds: float) -> str:
    """Write a duration as m:ss."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def _opened(b: e.SessionOpened, _s: SessionState, _p: Profile) -> str:
    return f"session opened, profile {b.profile}" + ("" if b.mode == "real" else f" ({b.mode}: not a live patient)")


def _checked_in(b: e.PatientCheckedIn, _s: SessionState, _p: Profile) -> str:
    return f"{b.patient.label} checked in, {b.patient.weight_kg:g} kg {b.patient.weight_method}"


def _ordered(b: e.OrderEntered, _s: SessionState, _p: Profile) -> str:
    o = b.order
    return f"order {o.dose_mg_per_kg:g} mg/kg over {o.minutes:g} min: {o.total_mg:g} mg, {o.volume_ml:g} mL at {o.rate_ml_h:g} mL/h"


def _link(b: e.LinkChanged, _s: SessionState, _p: Profile) -> str:
    return f"{b.device} {b.link}" + (f": {b.why}" if b.why else "")


def _device_alarms(b: e.DeviceAlarmsReported, _s: SessionState, _p: Profile) -> str:
    return f"{b.device}: " + (", ".join(f"{a.text} ({a.code})" for a in b.alarms) or "no alarm")


def _phase(b: e.PhaseChanged, _s: SessionState, _p: Profile) -> str:
    return f"▸ {b.phase}" + (f", {b.why}" if b.why else "")


def _baseline(b: e.BaselineTaken, _s: SessionState, _p: Profile) -> str:
    return "baseline " + ", ".join(f"{PARAMETERS[p].label} {v:g}" for p, v in b.values.items())


def _observed(b: e.Observed, _s: SessionState, p: Profile) -> str:
    return grade_words(b.item, b.grade, p) + (f": {b.text}" if b.text else "")


def _corrected(b: e.ObservationCorrected, s: SessionState, p: Profile) -> str:
    old = s.observations.get(b.corrects)
    return f"correction: {grade_words(old.item if old else '?', b.grade, p)} ({b.why})"


def _not_done(b: e.NotDone, _s: SessionState, p: Profile) -> str:
    label = next((r.label for r in p.schedule if r.item == b.item), b.item)
    return f"not done: {label}, because {b.because}"


def _confirmed(b: e.Confirmed, _s: SessionState, p: Profile) -> str:
    label = next((c.label for c in p.criterion if c.item == b.item), b.item)
    return f"{'confirmed' if b.met else 'taken back'}: {label}" + (f" ({b.text})" if b.text else "")


def _alarm(b: e.AlarmChanged, _s: SessionState, _p: Profile) -> str:
    return f"{mark(b)} {b.text}" + ("" if b.state == "active" else f" ({b.state})")


def _gate(b: e.GateChanged, _s: SessionState, _p: Profile) -> str:
    unmet = sum(not c.met for c in b.checks)
    return "gate open" if b.open else f"gate closed, {unmet} of {len(b.checks)} criteria unmet"


_WORDS: dict[type, Callable[[Any, SessionState, Profile], str]] = {
    e.SessionOpened: _opened,
    e.SessionResumed: lambda b, _s, _p: f"session resumed; nothing was seen for {b.gap_s:.0f} s",
    e.PatientCheckedIn: _checked_in,
    e.OrderEntered: _ordered,
    e.DeviceAttached: lambda b, _s, _p: f"{b.device}: {b.label} on {b.port}",
    e.LinkChanged: _link,
    e.DeviceAlarmsReported: _device_alarms,
    e.DeviceNoticed: lambda b, _s, _p: f"{b.device}: {b.text}",
    e.BytesRejected: lambda b, _s, _p: f"{b.device}: {b.length} bytes rejected ({b.reason})",
    e.ValueEntered: lambda b, _s, _p: f"{PARAMETERS[b.reading.parameter].label} {b.reading.value:g} entered by hand",
    e.PhaseChanged: _phase,
    e.BaselineTaken: _baseline,
    e.Observed: _observed,
    e.ObservationCorrected: _corrected,
    e.Noted: lambda b, _s, _p: f"note: {b.text}",
    e.NotDone: _not_done,
    e.Confirmed: _confirmed,
    e.AlarmChanged: _alarm,
    e.AudioPaused: lambda b, _s, _p: f"alarm sound paused for {b.seconds:g} s" if b.seconds else "alarm sound on",
    e.GateChanged: _gate,
    e.Signed: lambda b, _s, _p: f"signed: {b.meaning}",
    e.ClockStepped: lambda b, _s, _p: f"the wall clock was moved by {b.seconds:+.1f} s",
    e.RecordingChanged: lambda b, _s, _p: f"RECORDING DEGRADED: {b.why}" if b.degraded else "recording restored",
    e.Unknown: lambda b, _s, _p: f"event of a newer version: {b.type}",
}


def by_whom(event: e.Event) -> str:
    """Return who caused an event, "" where nobody did."""
    by = getattr(event.body, "by", None)
    return str(by) if by is not None else ""
