"""The fold of a session: `apply` takes one event into the state. Live screen, replay, report and recovery use this one.

`apply` is total over event types, uses no clock and decides nothing.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ketamon.domain import events as e
from ketamon.domain.devices import Link, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.phases import Phase, Trigger
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.series import Series
from ketamon.domain.session import (
    ENTERED,
    Alarm,
    Confirmation,
    Device,
    Observation,
    Sample,
    Screened,
    SessionState,
    SourceKey,
    counts,
    is_logged,
    logged,
)


def apply(state: SessionState, event: e.Event) -> SessionState:
    """Fold one event into the state, and return it. An event of an unknown type is counted and kept in the log."""
    state.seq = event.seq
    state.at = event.at
    fold_one = _FOLD[type(event.body)] if _is_known(state, event.body) else _unknown
    fold_one(state, event.body, event)
    if is_logged(event):
        state.log.append(event)
    return state


def fold(events: Iterable[e.Event], state: SessionState | None = None) -> SessionState:
    """Fold events in their order into a state (a new one, if none is given)."""
    state = state or SessionState()
    for event in events:
        apply(state, event)
    return state


def _is_known(state: SessionState, body: Any) -> bool:
    """Tell whether what a body refers to is there; what an event of a newer version attached or observed is not."""
    if type(body) in _OF_DEVICE:
        return body.device in state.devices
    if type(body) is e.Withdrawn:
        old = logged(state, body.withdraws)
        return old is not None and isinstance(old.body, e.Noted | e.NotDone)
    return type(body) is not e.ObservationCorrected or body.corrects in state.observations


def _opened(state: SessionState, body: e.SessionOpened, event: e.Event) -> None:
    state.opened, state.started, state.phase_since, state.boot = body, event.at, event.at, body.boot


def _resumed(state: SessionState, body: e.SessionResumed, event: e.Event) -> None:
    """Nothing was seen during the gap, so nothing is current until a device speaks again, or a console."""
    state.sound, state.boot = None, body.boot
    _not_seen(state, body.gap_s, event)
    long = "an unknown time" if body.gap_s is None else f"{body.gap_s:.0f} s"
    for device in state.devices.values():
        device.link, device.link_since, device.why = Link.CLOSED, event.at, f"core was down for {long}"


def _stood_still(state: SessionState, body: e.StoodStill, event: e.Event) -> None:
    _not_seen(state, body.gap_s, event)


def _not_seen(state: SessionState, gap_s: float | None, event: e.Event) -> None:
    """A cuff result and what a person typed in have an age; after a gap of unknown length not even that."""
    for device in state.devices:
        _drop_values(state, device, event)
    run = state.infusion
    if run.running_since is not None:
        run.unseen_s = None if gap_s is None or run.unseen_s is None else round(run.unseen_s + gap_s, 3)
    if gap_s is None:
        state.ages_from, state.audio_paused_until = event.at, None
        for key in list(state.samples):
            del state.samples[key]
            _draw(state, key, None, event)


def _checked_in(state: SessionState, body: e.PatientCheckedIn, _: e.Event) -> None:
    if state.patient is None or state.patient.identifier != body.patient.identifier:
        state.course = None  # it was another patient's
    state.patient = body.patient


def _answered(state: SessionState, body: e.ScreeningAnswered, event: e.Event) -> None:
    state.screening[body.item] = Screened(body, event.seq, event.at)


def _decided(state: SessionState, body: e.ScreeningDecided, _: e.Event) -> None:
    if body.item in state.screening:
        state.screening[body.item] = replace(state.screening[body.item], decision=body)


def _course(state: SessionState, body: e.CourseFound, _: e.Event) -> None:
    state.course = body


def _ordered(state: SessionState, body: e.OrderEntered, _: e.Event) -> None:
    state.order, state.order_check = body, None


def _order_checked(state: SessionState, body: e.OrderChecked, _: e.Event) -> None:
    state.order_check = body


def _attached(state: SessionState, body: e.DeviceAttached, _: e.Event) -> None:
    """One that comes back (the core was down) has not taken back its alarms, nor its pump's counter."""
    device, old = Device(attached=body), state.devices.get(body.device)
    if old is not None and old.attached.driver == body.driver:
        device.alarms, device.counter_ml = old.alarms, old.counter_ml
    elif old is not None:
        state.sources = {key: None for key in state.sources if key[1] != body.device}
    state.devices[body.device] = device


def _link(state: SessionState, body: e.LinkChanged, event: e.Event) -> None:
    device = state.devices[body.device]
    if device.link is Link.LIVE and body.link is not Link.LIVE:
        _drop_values(state, body.device, event)
    device.link, device.link_since, device.why = body.link, event.at, body.why


def _drop_values(state: SessionState, device: str, event: e.Event) -> None:
    """Silence removes values: what a lost source said last is no longer current, and its trend has a gap."""
    for key, sample in list(state.samples.items()):
        if sample.device == device and key[0] not in CUFF:
            del state.samples[key]
            _draw(state, key, None, event)
    state.devices[device].pump = None
    state.devices[device].heads.clear()


def _measured(state: SessionState, body: e.Measured, event: e.Event) -> None:
    state.devices[body.device].heard = event.at
    for reading in body.readings:
        _take(state, reading, body.device, event)


def _take(state: SessionState, reading: Reading, device: str, event: e.Event) -> None:
    key = (reading.parameter, device, reading.site)
    if reading.stored or (reading.repeated and key in state.samples):
        return  # it says nothing of now, or nothing new: the age of what is known stays as it is
    state.samples[key] = Sample(reading, device, event.at, event.seq)
    if device != ENTERED and reading.value is not None:
        state.sources[key] = None
    if reading.repeated:
        return  # of unknown age: no point of the trend
    value = reading.value if reading.quality is Quality.VALID and counts(state, reading) else None
    if device != ENTERED and value is not None:  # what was typed in before it must not come back after it
        state.samples.pop((reading.parameter, ENTERED, ""), None)
    _draw(state, key, value, event)


def _draw(state: SessionState, key: SourceKey, value: float | None, event: e.Event) -> None:
    """Add a point to the trends. What a person types in belongs to all sources of its parameter: it is of now."""
    t, parameter = event.at.seconds, key[0]
    if key[1] == ENTERED:
        _series(state, parameter).append(t, value, event.seq)
        for other, track in state.tracks.items():
            if other[0] is parameter and track is not state.history[parameter]:
                track.append(t, value, event.seq)
        return
    own = state.tracks.get(key)
    if own is None:
        own = _new_track(state, key)
    own.append(t, value, event.seq)
    whole = state.history[parameter]
    if whole is not own:
        whole.append(t, value, event.seq)


def _new_track(state: SessionState, key: SourceKey) -> Series:
    """Begin the trend of a source. While a parameter has one source, its trend is that source's."""
    parameter = key[0]
    first = next((track for other, track in state.tracks.items() if other[0] is parameter), None)
    if first is None:
        track = _series(state, parameter)
    else:
        track = Series()
        if first is state.history[parameter]:
            state.history[parameter] = deepcopy(first)
    state.tracks[key] = track
    return track


def _series(state: SessionState, parameter: Parameter) -> Series:
    series = state.history.get(parameter)
    if series is None:
        series = state.history[parameter] = Series()
    return series


def _pump(state: SessionState, body: e.PumpReported, event: e.Event) -> None:
    device, status = state.devices[body.device], body.status
    device.heads[status.head] = status
    device.heard = event.at
    if device.attached.head and status.head != device.attached.head:
        return
    if device.unclear:
        status = PumpStatus(state=PumpState.UNKNOWN, alarm=any(s.alarm for s in device.heads.values()) or None)
    device.pump, device.pump_at = status, event.at
    _give(state, device, status, event.at)
    for parameter, value in ((Parameter.RATE, status.rate), (Parameter.VOLUME_INFUSED, status.volume_infused)):
        _series(state, parameter).append(event.at.seconds, value, event.seq)


def _give(state: SessionState, device: Device, status: PumpStatus, at: Instant) -> None:
    """Add up what the counter grew by; the report that starts the infusion is the first that counts."""
    run, infuses = state.infusion, status.state is PumpState.INFUSING
    if status.volume_infused is not None:
        before, device.counter_ml = device.counter_ml, status.volume_infused
        if before is not None and (run.started is not None or (infuses and state.phase is Phase.BASELINE)):
            grown = status.volume_infused - before
            run.given_ml = round(run.given_ml + (grown if grown >= 0 else status.volume_infused), 6)
    if run.ended is not None and infuses:
        run.ended = at


def _device_alarms(state: SessionState, body: e.DeviceAlarmsReported, _: e.Event) -> None:
    state.devices[body.device].alarms = body.alarms


def _device_noticed(state: SessionState, body: e.DeviceNoticed, _: e.Event) -> None:
    state.devices[body.device].notices.append(body.text)


def _rejected(state: SessionState, body: e.BytesRejected, _: e.Event) -> None:
    device = state.devices[body.device]
    device.rejected_frames += body.frames
    device.rejected_bytes += body.length


def _entered(state: SessionState, body: e.ValueEntered, event: e.Event) -> None:
    _take(state, body.reading, ENTERED, event)


def _phase(state: SessionState, body: e.PhaseChanged, event: e.Event) -> None:
    run, at = state.infusion, event.at
    if run.running_since is not None:
        run.elapsed_s, run.running_since = run.seconds(at), None
    if body.phase is Phase.INFUSION:
        run.started, run.running_since = run.started or at, at
        if run.pauses and run.pauses[-1][1] is None:
            run.pauses[-1] = (run.pauses[-1][0], at)
    elif body.phase is Phase.PAUSED:
        run.pauses.append((at, None))
    elif body.phase is Phase.RECOVERY and run.ended is None:
        run.ended, run.stopped_early = at, body.trigger is Trigger.STOP
    elif body.phase is Phase.DISCHARGED:
        state.left_at = at
    state.phase, state.phase_since = body.phase, at


def _baseline(state: SessionState, body: e.BaselineTaken, _: e.Event) -> None:
    state.baseline = dict(body.values)


def _observed(state: SessionState, body: e.Observed, event: e.Event) -> None:
    state.observations[event.seq] = Observation(
        event.seq, body.item, body.grade, body.at or event.at, event.at, body.by, body.text
    )


def _corrected(state: SessionState, body: e.ObservationCorrected, event: e.Event) -> None:
    old = state.observations[body.corrects]
    state.observations[body.corrects] = Observation(
        old.seq, old.item, body.grade, old.at, old.entered, body.by, old.text, event.seq
    )


def _not_done(state: SessionState, body: e.NotDone, event: e.Event) -> None:
    state.not_done.append((body.item, event.at))


def _withdrawn(state: SessionState, body: e.Withdrawn, _: e.Event) -> None:
    """What was left out is due again; a note stays in the log, as everything does."""
    old = logged(state, body.withdraws)
    if old is not None and isinstance(old.body, e.NotDone) and body.withdraws not in state.withdrawn:
        state.not_done.remove((old.body.item, old.at))
    state.withdrawn.add(body.withdraws)


def _confirmed(state: SessionState, body: e.Confirmed, event: e.Event) -> None:
    state.confirmations[body.item] = Confirmation(event.seq, body.met, event.at, body.by, body.text)


def _alarm(state: SessionState, body: e.AlarmChanged, event: e.Event) -> None:
    if body.state is e.AlarmState.ENDED:
        state.dismissed_count += body.dismissed and body.by is not None  # a latched one ends when it is seen
        state.alarms.pop(body.alarm, None)
        return
    standing = state.alarms.get(body.alarm)
    if standing is None:
        state.alarm_count += 1
    state.dismissed_count += body.dismissed and body.by is not None
    if body.state is e.AlarmState.ACTIVE and (standing is None or _calls_again(standing.change, body)):
        state.audio_paused_until = None  # a new or higher alarm breaks the pause
    state.alarms[body.alarm] = Alarm(body, standing.since if standing else event.at, event.seq)


def _calls_again(before: e.AlarmChanged, now: e.AlarmChanged) -> bool:
    return before.state is not e.AlarmState.ACTIVE or now.priority.rank > before.priority.rank


def _audio(state: SessionState, body: e.AudioPaused, event: e.Event) -> None:
    state.audio_paused_until = event.at.plus(body.seconds) if body.seconds > 0 else None


def _limits(state: SessionState, body: e.LimitsSwitched, _: e.Event) -> None:
    if body.off:
        state.limits_off[body.parameter] = body
    else:
        state.limits_off.pop(body.parameter, None)


def _staff(state: SessionState, body: e.StaffMoved, _: e.Event) -> None:
    """Somebody is in one place at a time, whatever the role they gave before."""
    for person in [known for known in state.staff if known.is_same(body.who)]:
        del state.staff[person]
    if body.where is not None:
        state.staff[body.who] = body.where


def _emergency(state: SessionState, body: e.EmergencyMarked, event: e.Event) -> None:
    state.emergency_since = event.at if body.on else None


def _rescued(state: SessionState, body: e.RescueDone, event: e.Event) -> None:
    state.rescue.append((body, event.at))


def _wasted(state: SessionState, body: e.DrugWasted, _: e.Event) -> None:
    state.wasted_ml = round(state.wasted_ml + body.volume_ml, 6)


def _glass(state: SessionState, body: e.EmergencyAccess, _: e.Event) -> None:
    state.glass_broken = body


def _signed_in(state: SessionState, _body: e.SignedIn, _event: e.Event) -> None:
    state.glass_broken = None


def _gate(state: SessionState, body: e.GateChanged, event: e.Event) -> None:
    state.gate = body
    if not body.open:
        state.gate_open_since = None
    elif state.gate_open_since is None:
        state.gate_open_since = event.at
    if body.open and state.ready_at is None:
        state.ready_at = event.at


def _signed(state: SessionState, body: e.Signed, event: e.Event) -> None:
    state.signatures.append((body, event.at))


def _recording(state: SessionState, body: e.RecordingChanged, _: e.Event) -> None:
    state.recording_degraded = body.why or "cannot be written" if body.degraded else ""


def _not_recorded(state: SessionState, _body: e.NotRecorded, event: e.Event) -> None:
    """What was measured then is not here, so what was known before is no longer current, whoever measured it."""
    for device in state.devices:
        _drop_values(state, device, event)


def _sound(state: SessionState, body: e.SoundChanged, _: e.Event) -> None:
    state.sound = body


def _clock(state: SessionState, body: e.ClockStepped, event: e.Event) -> None:
    state.clock_step = body.seconds, event.at


def _unknown(state: SessionState, _body: Any, _event: e.Event) -> None:
    state.unknown += 1


def _logged(_state: SessionState, _body: Any, _event: e.Event) -> None:
    """Stand in the log only."""


_FOLD: dict[type, Callable[[SessionState, Any, e.Event], None]] = {
    e.SessionOpened: _opened,
    e.SessionResumed: _resumed,
    e.StoodStill: _stood_still,
    e.PatientCheckedIn: _checked_in,
    e.CourseFound: _course,
    e.ScreeningAnswered: _answered,
    e.ScreeningDecided: _decided,
    e.OrderEntered: _ordered,
    e.OrderChecked: _order_checked,
    e.DeviceAttached: _attached,
    e.LinkChanged: _link,
    e.Measured: _measured,
    e.PumpReported: _pump,
    e.DeviceAlarmsReported: _device_alarms,
    e.DeviceNoticed: _device_noticed,
    e.BytesRejected: _rejected,
    e.ValueEntered: _entered,
    e.PhaseChanged: _phase,
    e.BaselineTaken: _baseline,
    e.Observed: _observed,
    e.ObservationCorrected: _corrected,
    e.Noted: _logged,
    e.NotDone: _not_done,
    e.Withdrawn: _withdrawn,
    e.Confirmed: _confirmed,
    e.AlarmChanged: _alarm,
    e.AudioPaused: _audio,
    e.LimitsSwitched: _limits,
    e.StaffMoved: _staff,
    e.EmergencyMarked: _emergency,
    e.RescueDone: _rescued,
    e.DrugWasted: _wasted,
    e.SignedIn: _signed_in,
    e.PinRefused: _logged,
    e.EmergencyAccess: _glass,
    e.GateChanged: _gate,
    e.Signed: _signed,
    e.ClockStepped: _clock,
    e.RecordingChanged: _recording,
    e.NotRecorded: _not_recorded,
    e.SoundChanged: _sound,
    e.DeviceOperated: _logged,
    e.StreamClosed: _logged,
    e.Unknown: _unknown,
}

_OF_DEVICE = frozenset(
    {e.LinkChanged, e.Measured, e.PumpReported, e.DeviceAlarmsReported, e.DeviceNoticed, e.BytesRejected}
)
