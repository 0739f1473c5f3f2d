"""The upper part of the view: the numbers, and what the pump does, with the reason where there is none to show."""

from dataclasses import dataclass, replace
from datetime import tzinfo
from math import inf

from ketamon import words
from ketamon.console.widgets.tile import SPARK_TURN_S, Spark, TileData
from ketamon.domain.devices import DeviceKind, Evidence, Link, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, PUMP_PARAMETERS, Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Profile, Watch
from ketamon.domain.readings import Mode
from ketamon.domain.session import Device, SessionState, device_of
from ketamon.rules import dose, schedule
from ketamon.rules.current import TWIN, Current, current, track

NO_CONTACT = "no contact"
LOST = "lost"
"""The same in a tile, where room is short; the alarm bar says it in full."""

SHORT = {
    "no monitor": "absent",
    "link lost": "lost",
    "sensor off": "off",
    "questionable": "doubted",
    "calibrating": "busy",
    "measuring": "busy",
    "simulated": "demo",
    "age unknown": "no age",
    "above its range": "over",
    "below its range": "under",
    "from the device's memory": "memory",
}
"""The reasons of `ketamon.rules.current` that are too long for a narrow tile, in a word."""

TILES = ("spo2", "pulse", "nibp", "resp", "co2")
"""The tiles from left to right, by the name of their hue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pump:
    """The pump tile, each line as text, "" for nothing. `agrees` is None where rate and order cannot be compared.

    `notes` are what else became of the drug, the weightiest first: a bolus, waste, pauses.
    `usable` False: what the pump does now is not known, and `state` says why.
    """

    title: str
    state: str
    usable: bool
    rate: str = ""
    order: str = ""
    agrees: bool | None = None
    given: str = ""
    dose: str = ""
    volume: str = ""
    notes: tuple[str, ...] = ()
    alarms: str = ""
    alarm: Priority | None = None


def tiles(state: SessionState, profile: Profile, at: Instant | None) -> tuple[TileData, ...]:
    """Return the number tiles in the order of `TILES`. `at` None: the core is not heard, and nothing is current."""
    pulse = _pulse(state, profile, at)
    return (
        _tile(state, profile, Parameter.SPO2, at),
        _tile(state, profile, pulse, at),
        _cuff(state, profile, at),
        _tile(state, profile, Parameter.RR, at),
        _tile(state, profile, Parameter.ETCO2, at),
    )


def _pulse(state: SessionState, profile: Profile, at: Instant | None) -> Parameter:
    """Take the heart rate where there is one, else the pulse rate, else what was there last; its label says which."""
    rates = (Parameter.HR, Parameter.PR)
    if at is not None:
        for rate in rates:
            if current(state, profile, rate, at).usable:
                return rate
    last_s = {rate: _last_s(state, rate) for rate in rates}
    return (
        Parameter.HR if last_s[Parameter.HR] > -inf and last_s[Parameter.HR] >= last_s[Parameter.PR] else Parameter.PR
    )


def _last_s(state: SessionState, parameter: Parameter) -> float:
    """Return when there was a value last, in seconds of session time."""
    points = state.history[parameter].before(inf) if parameter in state.history else iter(())
    return next((point.t for point in points if point.value is not None), -inf)


def _tile(state: SessionState, profile: Profile, parameter: Parameter, at: Instant | None) -> TileData:
    info = PARAMETERS[parameter]
    low, high = (words.number(parameter, v) if v is not None else "" for v in limits(state, profile, parameter))
    now = current(state, profile, parameter, at) if at is not None else None
    return TileData(
        label=info.label,
        unit=words.unit(parameter),
        text=_text(state, parameter, now),
        status=status(now),
        value_ok=now is not None and now.value is not None,
        low=low,
        high=high,
        off=limits_off(state, profile, (parameter, TWIN.get(parameter, parameter))),
        alarm=alarm_on(state, (parameter, TWIN.get(parameter, parameter))),
        questionable=now is not None and now.value is not None and not now.usable,
        source=_source(state, now),
        simulated=_simulated(state),
        spark=_spark(state, profile, parameter, at) if at is not None else None,
    )


def _spark(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> Spark | None:
    """Return the small trend, where there ever was a value and the profile has a range to draw it in.

    It goes from one alarm limit to the other, as it is low: what lies outside of them is an arrow.
    """
    display = next((d for d in profile.display if d.parameter is parameter), None)
    series = track(state, profile, parameter, at)
    if display is None or series is None or series.last is None:
        return None
    low, high = limits(state, profile, parameter)
    return Spark(
        series=series,
        seq=series.last.seq,
        now_s=max(at.seconds // SPARK_TURN_S * SPARK_TURN_S, series.last.t),
        low=display.low if low is None else low,
        high=display.high if high is None else high,
        interval_s=display.interval_s or 1.0,
    )


def status(now: Current | None) -> str:
    """Say how old the value is, or why there is none."""
    if now is None:
        return LOST
    return words.age(now.age_s or 0.0) if now.usable else now.why


def _source(state: SessionState, now: Current | None) -> str:
    """Say where a number comes from, where that is not plain: one of several monitors, or one known from one source."""
    device = state.devices.get(now.sample.device) if now is not None and now.sample is not None else None
    if device is None:
        return ""
    monitors = sum(d.attached.kind is DeviceKind.MONITOR for d in state.devices.values())
    if device.attached.evidence is Evidence.EXPERIMENTAL:
        return f"experimental {device.attached.label}"
    return device.attached.label if monitors > 1 else ""


def _text(state: SessionState, parameter: Parameter, now: Current | None) -> str:
    """Return the number; where there is none only whether there ever was one (the tile draws dashes).

    A value that the monitor itself doubts is given too; the tile marks it.
    """
    if now is not None and now.value is not None:
        return words.number(parameter, now.value)
    return words.DASHES if parameter in state.history else ""


def _cuff(state: SessionState, profile: Profile, at: Instant | None) -> TileData:
    sys, dia, mean = ((current(state, profile, p, at) if at is not None else None) for p in CUFF)
    worse = dia if sys is not None and sys.usable else sys
    ok = worse is not None and worse.usable
    both = (_text(state, CUFF[0], sys), _text(state, CUFF[1], dia))
    detail = [f"{_mean(mean)} {_change(state, sys)}".strip(), _next_cuff(state, profile, at)]
    low, high = (words.number(CUFF[0], v) if v is not None else "" for v in limits(state, profile, CUFF[0]))
    return TileData(
        label="NIBP",
        unit=words.unit(Parameter.NIBP_SYS),
        text="/".join(both) if ok else both[0] and words.DASHES,
        status=status(worse),
        value_ok=ok,
        low=low,
        high=high,
        off=limits_off(state, profile, CUFF),
        detail=tuple(d for d in detail if d),
        source=_source(state, worse),
        alarm=alarm_on(state, CUFF),
        simulated=_simulated(state),
    )


def _mean(mean: Current | None) -> str:
    return f"({mean.value:.0f})" if mean is not None and mean.usable and mean.value is not None else ""


def _change(state: SessionState, sys: Current | None) -> str:
    """Say how far the systolic pressure is from its baseline, in percent."""
    base = state.baseline.get(Parameter.NIBP_SYS)
    if not base or sys is None or not sys.usable or sys.value is None:
        return ""
    return f"{(sys.value - base) / base * 100:+.0f} %"


def _next_cuff(state: SessionState, profile: Profile, at: Instant | None) -> str:
    if at is None:
        return ""
    item = next((d for d in schedule.due(state, profile, at) if d.item in CUFF), None)
    return "" if item is None else words.next_in(item.due_s, overdue=item.overdue)


def limits(state: SessionState, profile: Profile, parameter: Parameter) -> tuple[float | None, float | None]:
    """Return the limits that raise an alarm now, as `bounds` has them; none where somebody switched them off."""
    return (None, None) if parameter in state.limits_off else bounds(state, profile, parameter)


def limits_off(state: SessionState, profile: Profile, parameters: tuple[Parameter, ...]) -> str:
    """Say that limits are off: of all in one tile that have any, or of which of them."""
    limited = {limit.parameter for limit in profile.limit}.intersection(parameters)
    off = [PARAMETERS[p].label for p in dict.fromkeys(parameters) if p in state.limits_off]
    return "" if not off else "limits off" if len(off) == len(limited) else f"{off[0]} limits off"


def bounds(state: SessionState, profile: Profile, parameter: Parameter) -> tuple[float | None, float | None]:
    """Return the alarm limits that come first, from below and from above, with those that follow the baseline."""
    mine = [limit for limit in profile.limit if limit.parameter is parameter]
    lows = [limit.below for limit in mine if limit.below is not None]
    base = state.baseline.get(parameter)
    highs = [
        limit.above if base is None or limit.above_baseline is None else max(limit.above, base + limit.above_baseline)
        for limit in mine
        if limit.above is not None
    ]
    return max(lows, default=None), min(highs, default=None)


def alarm_on(state: SessionState, parameters: tuple[Parameter, ...]) -> Priority | None:
    """Return the priority of the highest alarm that stands on one of these parameters, or None."""
    found = [a.change.priority for a in state.alarms.values() if a.change.parameter in parameters]
    return max(found, key=lambda p: p.rank, default=None)


def _simulated(state: SessionState) -> bool:
    return state.opened is not None and state.opened.mode is not Mode.REAL


_STATES = {
    PumpState.INFUSING: "▶ infusing",
    PumpState.HELD: "‖ held",
    PumpState.READY: "□ ready",
    PumpState.KVO: "◦ KVO, not dosing",
    PumpState.ENDED: "■ ended",
    PumpState.UNKNOWN: "? unknown",
}


def pump(state: SessionState, profile: Profile, at: Instant | None, zone: tzinfo | None = None) -> Pump:
    """Return the pump tile. What became of the drug so far is shown also while it is not known what the pump does."""
    device = device_of(state, DeviceKind.PUMP)
    if device is None:
        return Pump(title="pump", state="no pump attached", usable=False)
    experimental = ", experimental" if device.attached.evidence is Evidence.EXPERIMENTAL else ""
    known = Pump(
        title=f"pump  {device.attached.label}{experimental}",
        state="",
        usable=True,
        notes=notes(state, at),
        alarm=alarm_on(state, tuple(PUMP_PARAMETERS)),
    )
    if at is None:
        return replace(known, state=NO_CONTACT, usable=False)
    known = replace(known, alarms=_pump_alarms(device))
    if device.link is not Link.LIVE or device.pump is None or device.pump_at is None:
        why = device.why or ("nothing heard yet" if device.link is Link.LIVE else str(device.link))
        return replace(known, state=f"no data: {why}", usable=False)
    silent = at.since(device.pump_at)
    if silent > device.attached.quiet_after_s:
        return replace(known, state=f"no data {words.span(silent)}", usable=False)
    if device.unclear:
        return replace(known, state=f"? which of {', '.join(sorted(device.heads))}: attach PORT#HEAD", usable=False)
    return _running(state, profile, device.pump, replace(known, state=_doing(state, device.pump, at, zone)))


def _doing(state: SessionState, status: PumpStatus, at: Instant, zone: tzinfo | None) -> str:
    """Say what the pump does, until when it will infuse, or since when the infusion is paused."""
    said, end = _STATES[status.state], projected_end(state, status, at)
    if end is not None:
        return f"{said} to {words.clock(end, zone, seconds=False)}"
    held = state.phase_since if state.phase is Phase.PAUSED and status.state is PumpState.HELD else None
    return f"{said} {words.span(at.since(held))}" if held else said


def projected_end(state: SessionState, status: PumpStatus, at: Instant) -> Instant | None:
    """Return when the ordered volume will be in at the rate of now; None where pump, order or counter do not say."""
    given = given_ml(state)
    if status.state is not PumpState.INFUSING or not status.rate or state.order is None or given is None:
        return None
    left = state.order.order.volume_ml - given
    return at.plus(left / status.rate * 3600) if left > 0 else None


def notes(state: SessionState, at: Instant | None) -> tuple[str, ...]:
    """Say what else became of the drug: a bolus that stands as an alarm, what was wasted, and how long it stood."""
    bolus = next((a.change for a in state.alarms.values() if a.change.alarm.startswith(f"{Watch.ORDER_BOLUS}:")), None)
    found = [f"bolus {bolus.value:.1f} mL"] if bolus is not None and bolus.value is not None else []
    if state.wasted_ml:
        found.append(f"wasted {state.wasted_ml:g} mL")
    run = state.infusion
    if run.pauses:
        stood = sum((resumed or run.ended or at or begun).since(begun) for begun, resumed in run.pauses)
        found.append(f"{len(run.pauses)} pause{'s' if len(run.pauses) > 1 else ''} {words.span(stood)}")
    return tuple(found)


def _pump_alarms(device: Device) -> str:
    """Say the pump's own alarms, or that they cannot be had; no alarm is silence."""
    if not device.attached.alarms_decoded:
        return "alarms not available"
    texts = ", ".join(alarm.text for alarm in device.alarms)
    return f"ALARM {texts}" if texts else "ALARM at the pump" if device.pump and device.pump.alarm else ""


def _running(state: SessionState, profile: Profile, status: PumpStatus, known: Pump) -> Pump:
    """Set what the pump says beside what was ordered. What it does not say stays dashes."""
    ordered, patient = (state.order.order if state.order else None), state.patient
    rate = f"{number_or_dashes(status.rate)} mL/h"
    volume = state.infusion.given_ml if state.infusion.started else status.volume_infused  # a counter can be zeroed
    volume = None if status.volume_infused is None else volume
    if ordered is None or patient is None:
        return replace(known, rate=rate, given=f"{number_or_dashes(volume)} mL, no order")
    agrees: bool | None = None
    per_kg = order = ""
    if status.rate is not None and status.state is PumpState.INFUSING:
        gives = dose.rate_mg_per_kg_h(status.rate, ordered, patient)
        wanted = dose.ordered_mg_per_kg_h(ordered)
        agrees = abs(gives - wanted) <= wanted * profile.order.tolerance_percent / 100
        order = "= order" if agrees else f"≠ order {ordered.rate_ml_h:.1f} mL/h"
        per_kg = f"{gives:.2f} mg/kg/h"
    given = (
        f"{number_or_dashes(None if volume is None else dose.mg_given(volume, ordered))} of {ordered.total_mg:.1f} mg"
    )
    return replace(
        known, rate=rate, order=order, agrees=agrees, given=given, dose=per_kg, volume=f"{number_or_dashes(volume)} mL"
    )


def given_ml(state: SessionState) -> float | None:
    """Return what the pump gave since the infusion began, in mL; None where no counter ever said it."""
    counted = any(device.counter_ml is not None for device in state.devices.values())
    return state.infusion.given_ml if counted and state.infusion.started else None


def number_or_dashes(value: float | None) -> str:
    """Write a rate with one decimal, dashes for none."""
    return words.DASHES if value is None else f"{value:.1f}"
