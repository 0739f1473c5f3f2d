"""The upper part of the view: the numbers, and what the pump does, with the reason where there is none to show."""

from dataclasses import dataclass, replace

from ketamon import words
from ketamon.console.widgets.tile import TileData
from ketamon.domain.devices import DeviceKind, Evidence, Link, Priority, PumpState, PumpStatus
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, PUMP_PARAMETERS, Parameter
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Mode
from ketamon.domain.session import Device, SessionState, device_of
from ketamon.rules import dose, schedule
from ketamon.rules.current import TWIN, Current, current

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
    """Take the heart rate where there is one, else the pulse rate; its label says which."""
    if at is not None and current(state, profile, Parameter.HR, at).usable:
        return Parameter.HR
    if Parameter.PR in state.history or Parameter.HR not in state.history:
        return Parameter.PR
    return Parameter.HR


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
        alarm=alarm_on(state, (parameter, TWIN.get(parameter, parameter))),
        questionable=now is not None and now.value is not None and not now.usable,
        detail=_source(state, now),
        simulated=_simulated(state),
    )


def status(now: Current | None) -> str:
    """Say how old the value is, or why there is none."""
    if now is None:
        return LOST
    return words.age(now.age_s or 0.0) if now.usable else now.why


def _source(state: SessionState, now: Current | None) -> tuple[str, ...]:
    """Say where a number comes from, where that is not plain: one of several monitors, or one known from one source."""
    device = state.devices.get(now.sample.device) if now is not None and now.sample is not None else None
    if device is None:
        return ()
    monitors = sum(d.attached.kind is DeviceKind.MONITOR for d in state.devices.values())
    if device.attached.evidence is Evidence.EXPERIMENTAL:
        return (f"{device.attached.label}, experimental",)
    return (device.attached.label,) if monitors > 1 else ()


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
    detail = [f"{_mean(mean)} {_change(state, sys)}".strip(), _next_cuff(state, profile, at), *_source(state, worse)]
    low, high = (words.number(CUFF[0], v) if v is not None else "" for v in limits(state, profile, CUFF[0]))
    return TileData(
        label="NIBP",
        unit=words.unit(Parameter.NIBP_SYS),
        text="/".join(both) if ok else both[0] and words.DASHES,
        status=status(worse),
        value_ok=ok,
        low=low,
        high=high,
        detail=tuple(d for d in detail if d),
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


def pump(state: SessionState, profile: Profile, at: Instant | None) -> Pump:
    """Return the pump tile."""
    device = device_of(state, DeviceKind.PUMP)
    if device is None:
        return Pump(title="pump", state="no pump attached", usable=False)
    experimental = ", experimental" if device.attached.evidence is Evidence.EXPERIMENTAL else ""
    title = f"pump  {device.attached.label}{experimental}"
    alarm = alarm_on(state, tuple(PUMP_PARAMETERS))
    alarms = _pump_alarms(device)
    if at is None:
        return Pump(title=title, state=NO_CONTACT, usable=False, alarm=alarm)
    if device.link is not Link.LIVE or device.pump is None or device.pump_at is None:
        why = device.why or ("nothing heard yet" if device.link is Link.LIVE else str(device.link))
        return Pump(title=title, state=f"no data: {why}", usable=False, alarms=alarms, alarm=alarm)
    silent = at.since(device.pump_at)
    if silent > device.attached.quiet_after_s:
        return Pump(title=title, state=f"no data {words.span(silent)}", usable=False, alarms=alarms, alarm=alarm)
    if device.unclear:
        heads = ", ".join(sorted(device.heads))
        text = f"? which of {heads}: attach PORT#HEAD"
        return Pump(title=title, state=text, usable=False, alarms=alarms, alarm=alarm)
    return _running(state, profile, device.pump, Pump(title=title, state="", usable=True, alarms=alarms, alarm=alarm))


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
    said = _STATES[status.state]
    if ordered is None or patient is None:
        return replace(known, state=said, rate=rate, given=f"{number_or_dashes(status.volume_infused)} mL, no order")
    agrees: bool | None = None
    per_kg = order = ""
    if status.rate is not None and status.state is PumpState.INFUSING:
        gives = dose.rate_mg_per_kg_h(status.rate, ordered, patient)
        wanted = dose.ordered_mg_per_kg_h(ordered)
        agrees = abs(gives - wanted) <= wanted * profile.order.tolerance_percent / 100
        order = "= order" if agrees else f"≠ order {ordered.rate_ml_h:.1f} mL/h"
        per_kg = f"{gives:.2f} mg/kg/h"
    volume = state.infusion.given_ml if state.infusion.started else status.volume_infused  # a counter can be zeroed
    mg = None if status.volume_infused is None or volume is None else dose.mg_given(volume, ordered)
    given = f"{number_or_dashes(mg)} of {ordered.total_mg:.1f} mg"
    return replace(known, state=said, rate=rate, order=order, agrees=agrees, given=given, dose=per_kg)


def number_or_dashes(value: float | None) -> str:
    """Write a rate with one decimal, dashes for none."""
    return words.DASHES if value is None else f"{value:.1f}"
