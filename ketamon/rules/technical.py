"""Conditions of the equipment, the alarms that devices raise themselves, and the pump against the order.

A sensor alarms only once it has given a value in this session. What a silent device said last neither begins an alarm
nor ends one.
"""

from collections.abc import Iterator
from itertools import pairwise

from ketamon.domain.devices import DeviceKind, Link, PumpState, PumpStatus
from ketamon.domain.instant import leap
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.phases import ENDED, Phase
from ketamon.domain.profile import WATCHED_ANYWAY, Watch, WatchRule
from ketamon.domain.session import Device, SourceKey
from ketamon.rules import staff
from ketamon.rules.conditions import Condition, Look
from ketamon.rules.current import lifetime_s, values_by_device
from ketamon.rules.dose import mg_given, ordered_mg_per_kg_h, rate_mg_per_kg_h
from ketamon.rules.limits import PATIENT_THERE

_SENSOR: dict[Parameter, str] = {
    Parameter.SPO2: "oximeter",
    Parameter.PR: "oximeter",
    Parameter.HR: "ecg",
    Parameter.RR: "respiration",
    Parameter.ETCO2: "co2",
    Parameter.TEMP: "temperature",
    Parameter.NIBP_SYS: "cuff",
}
"""Which sensor a parameter comes from: one sensor that is off is one alarm. Others are not watched for silence."""

_DOSING = frozenset({Phase.INFUSION, Phase.PAUSED})

Rules = dict[Watch, WatchRule]


def look_at_equipment(look: Look) -> None:
    """Collect what is wrong with links, sensors, recording, clock and pumps."""
    rules = {rule.of: rule for rule in (*WATCHED_ANYWAY, *look.profile.watch)}
    look.add(*_session(look, rules))
    for device in look.state.devices.values():
        look.add(*_link(look, rules, device))
        look.add(*_rejected(look, rules, device))
        look.add(*_own_alarms(device))
        if device.attached.kind is DeviceKind.PUMP:
            look.add(*_pump(look, rules, device))
    if look.state.phase not in ENDED:
        look.add(*_sensors(look, rules))


def _session(look: Look, rules: Rules) -> Iterator[Condition]:
    degraded = look.state.recording_degraded
    text = f"recording degraded: {degraded}" if degraded else ""
    yield from _watch(look, rules[Watch.RECORDING_DEGRADED], "recording", text)
    yield from _watch(look, rules[Watch.CLOCK_STEPPED], "clock", _stepped(look))
    sound = look.state.sound
    text = sound.why if sound and not sound.working else ""
    yield from _watch(look, rules[Watch.SOUND_FAILED], "sound", text)
    text = sound.why if sound and sound.working else ""
    yield from _watch(look, rules[Watch.SOUND_BY_BELL], "sound:bell", text)
    yield from _differ(look, rules[Watch.SOURCES_DIFFER])
    yield from _people(look, rules)
    text = ""
    if look.state.phase in PATIENT_THERE and look.electrodes_off:
        text = f"HR 0 but pulse {look.value(Parameter.PR).value:.0f}: check the ECG electrodes"
    yield from _watch(look, rules[Watch.SENSOR_FAULT], "sensor:ecg-fault", text)


def _people(look: Look, rules: Rules) -> Iterator[Condition]:
    """What people switched off, who is not there, and who works without a PIN."""
    for parameter in PARAMETERS:
        switched = look.state.limits_off.get(parameter)
        text = f"{PARAMETERS[parameter].label} limits off: {switched.why} ({switched.by})" if switched else ""
        yield from _watch(look, rules[Watch.LIMITS_OFF], f"limits-off:{parameter}", text)
    yield from _watch(
        look, rules[Watch.STAFF_MISSING], "staff", ", ".join(staff.missing(look.state, look.profile, look.state.phase))
    )
    glass = look.state.glass_broken
    text = f"no PIN is asked: {glass.why} ({glass.by})" if glass else ""
    yield from _watch(look, rules[Watch.GLASS_BROKEN], "glass", text)


def _differ(look: Look, rule: WatchRule) -> Iterator[Condition]:
    """Devices that report the same thing and do not agree."""
    for source in look.profile.source:
        values = values_by_device(look.state, look.profile, source.parameter, look.at)
        apart = len(values) > 1 and max(values.values()) - min(values.values()) > source.apart
        said = ", ".join(f"{look.state.devices[name].attached.label} {value:g}" for name, value in values.items())
        text = f"{PARAMETERS[source.parameter].label} differs: {said}" if apart else ""
        yield from _watch(look, rule, f"differ:{source.parameter}", text)
    yield from _watch(look, rule, "differ:rates", _pulse_is_other(look))


def _pulse_is_other(look: Look) -> str:
    """A pulse rate beyond its limits raises no alarm of the heart while the ECG says otherwise; so it is told here."""
    heart, pulse = look.value(Parameter.HR).value, look.value(Parameter.PR).value
    if not heart or pulse is None:
        return ""
    apart = min((source.apart for source in look.profile.source if source.parameter is Parameter.PR), default=0.0)
    limits = [limit for limit in look.profile.limit if limit.parameter is Parameter.PR]
    low = any(limit.below is not None and pulse < limit.below for limit in limits)
    high = any(limit.above is not None and pulse > limit.above for limit in limits)
    told = (low or high) and abs(heart - pulse) > apart
    return f"HR {heart:.0f}, but pulse {pulse:.0f}: check the probe and the pulse" if told else ""


def _stepped(look: Look) -> str:
    """A step is over in a moment; it is told for as long as the profile says."""
    alarm, step = look.profile.alarm, look.state.clock_step
    if step is None or abs(step[0]) < alarm.clock_step_s or look.at.since(step[1]) >= alarm.momentary_s:
        return ""
    return f"clock stepped by {leap(step[0])}"


def _link(look: Look, rules: Rules, device: Device) -> Iterator[Condition]:
    """A device that was heard before alarms at once; one that was never heard, after the dwell time."""
    name, rule = device.attached.device, rules[Watch.LINK_LOST]
    key = f"link:{name}"
    lost = device.link is not Link.LIVE
    if lost:
        look.held.add(key)
    if look.memory.lasts(key, lost, look.now, 0.0 if device.heard else rule.dwell_s):
        what = "link lost" if device.heard else "no link"
        why = f": {device.why}" if device.why else ""
        yield Condition(key, rule.priority, True, f"{device.attached.label} {what}{why}")


def _rejected(look: Look, rules: Rules, device: Device) -> Iterator[Condition]:
    """Damaged frames in the last minute, counted between looks."""
    name, now = device.attached.device, look.now
    counts = look.memory.rejected.setdefault(name, [(now, device.rejected_frames)])
    if counts[-1][1] != device.rejected_frames:
        counts.append((now, device.rejected_frames))
    while len(counts) > 1 and counts[1][0] <= now - 60:
        counts.pop(0)
    most = look.profile.alarm.rejected_frames_per_minute
    frames = device.rejected_frames - counts[0][1]
    key = f"rejected:{name}"
    rule = rules[Watch.FRAMES_REJECTED]
    if look.memory.lasts(key, frames > most, now, rule.dwell_s):
        text = f"{device.attached.label} {frames} damaged frames in a minute > {most:g}"
        yield Condition(key, rule.priority, True, text, None, float(frames), most)


def _own_alarms(device: Device) -> Iterator[Condition]:
    """What a device alarms itself, with its own priority. A pump's are technical, a monitor's may be the patient's."""
    technical = device.attached.kind is DeviceKind.PUMP
    for alarm in device.alarms:
        text = f"{device.attached.label}: {alarm.text}"
        yield Condition(f"device:{device.attached.device}:{alarm.code}", alarm.priority, technical, text)


def _sensors(look: Look, rules: Rules) -> Iterator[Condition]:
    for key in look.state.sources:
        device = look.state.devices.get(key[1])
        if key[0] in _SENSOR and device is not None and device.link is Link.LIVE:
            yield from _sensor(look, rules, key)


def _sensor(look: Look, rules: Rules, key: SourceKey) -> Iterator[Condition]:
    """One source of a live device: its value, dashes from the device, or silence."""
    parameter, name, site = key
    sample = look.state.samples.get(key)
    text, rule = "", rules[Watch.NO_DATA]
    if sample is None:
        text = "no data"
    elif sample.reading.value is None and parameter not in CUFF:
        text, rule = "sensor off", rules[Watch.SENSOR_OFF]
    elif look.at.since(sample.at) > lifetime_s(look.profile, sample):
        text = f"no data for {lifetime_s(look.profile, sample):.0f} s"
    if look.memory.lasts(f"sensor:{name}:{parameter}:{site}", bool(text), look.now, rule.dwell_s, sample):
        label = "NIBP" if parameter in CUFF else PARAMETERS[parameter].label
        site_text = f" {site}" if site else ""
        yield Condition(
            f"sensor:{name}:{_SENSOR[parameter]}{site_text}", rule.priority, True, f"{label}{site_text} {text}"
        )


def _pump(look: Look, rules: Rules, device: Device) -> Iterator[Condition]:
    name, label, status = device.attached.device, device.attached.label, device.pump
    text = "" if device.attached.alarms_decoded else f"{label}: its alarms are not available here, listen to the pump"
    yield from _watch(look, rules[Watch.PUMP_ALARMS_UNAVAILABLE], f"pump-alarms:{name}", text)
    old = status is not None and _is_old(look, device)
    text = f"{label} does not say what it does" if old else ""
    if device.unclear:
        text = f"{label}: which of its heads {', '.join(sorted(device.heads))} gives the drug is not said"
    yield from _watch(look, rules[Watch.NO_DATA], f"pump-data:{name}", text)
    if status is None or old or device.unclear:
        look.held.update(f"{what}:{name}" for what in ("pump-alarm", "order-rate", "order-volume", "order-phase"))
        return
    text = f"{label} is in alarm, cause not decoded: look at the pump" if status.alarm and not device.alarms else ""
    yield from _watch(look, rules[Watch.PUMP_ALARM_UNKNOWN], f"pump-alarm:{name}", text)
    if look.state.phase not in ENDED:
        yield from _order_rate(look, rules[Watch.ORDER_RATE], name, status)
        yield from _order_volume(look, rules[Watch.ORDER_VOLUME], name, status)
        yield from _order_bolus(look, rules[Watch.ORDER_BOLUS], name)
        yield from _order_phase(look, rules[Watch.ORDER_PHASE], name, status)


def _is_old(look: Look, device: Device) -> bool:
    return device.pump_at is None or look.at.since(device.pump_at) > device.attached.quiet_after_s


def _order_rate(look: Look, rule: WatchRule, name: str, status: PumpStatus) -> Iterator[Condition]:
    """The rate per body weight against the order, while the pump doses; KVO is not dosing. No order allows none."""
    ordered, patient = look.state.order, look.state.patient
    text, value, limit = "", status.rate, None
    if status.state is PumpState.INFUSING:
        if ordered is None or patient is None:
            text = "pump infuses without an order"
        elif status.rate is None:
            text = f"pump infuses at a rate it does not tell, order {ordered.order.rate_ml_h:g} mL/h"
        else:
            limit = ordered_mg_per_kg_h(ordered.order)
            value = rate_mg_per_kg_h(status.rate, ordered.order, patient)
            if abs(value - limit) > limit * look.profile.order.tolerance_percent / 100:
                sign = ">" if value > limit else "<"
                text = f"pump {status.rate:g} mL/h = {value:.3g} {sign} order {limit:.3g} mg/kg/h"
    if look.memory.lasts(f"order-rate:{name}", bool(text), look.now, rule.dwell_s):
        yield Condition(f"order-rate:{name}", rule.priority, False, text, None, value, limit)


def _order_volume(look: Look, rule: WatchRule, name: str, status: PumpStatus) -> Iterator[Condition]:
    ordered, volume = look.state.order, status.volume_infused
    given = limit = 0.0
    if ordered is not None and volume is not None:
        if look.state.phase in _DOSING:
            volume = max(volume, look.state.infusion.given_ml)  # a counter set to zero in between hides nothing
        given = mg_given(volume, ordered.order)
        limit = ordered.order.total_mg
    most = limit * (1 + look.profile.order.tolerance_percent / 100)
    if look.memory.lasts(f"order-volume:{name}", given > most, look.now, rule.dwell_s):
        text = f"pump gave {volume:g} mL = {given:.1f} > order {limit:.1f} mg"
        yield Condition(f"order-volume:{name}", rule.priority, False, text, None, given, limit)


def _order_bolus(look: Look, rule: WatchRule, name: str) -> Iterator[Condition]:
    """What the counter grew by in the last moments beyond what its highest rate explains."""
    extra, given = _beyond_the_rate(look), look.profile.order.bolus_ml
    is_bolus = look.state.phase in _DOSING and extra is not None and extra > given
    if look.memory.lasts(f"order-bolus:{name}", is_bolus, look.now, rule.dwell_s):
        text = f"pump gave {extra:.1f} mL more than its rate > {given:g} mL: bolus or purge?"
        yield Condition(f"order-bolus:{name}", rule.priority, False, text, None, extra, given)


def _beyond_the_rate(look: Look) -> float | None:
    """Return the growth of the counter that no rate explains, in mL, or None where too little is known."""
    start = look.now - look.profile.alarm.momentary_s
    counter, rates = (look.state.history.get(p) for p in (Parameter.VOLUME_INFUSED, Parameter.RATE))
    if counter is None or rates is None:
        return None
    times, volumes = counter.valid(start, look.now)
    fastest = max(rates.valid(start, look.now)[1], default=None)
    if len(volumes) < 2 or fastest is None:  # noqa: PLR2004 (growth takes two)
        return None
    grown = sum(max(0.0, b - a) for a, b in pairwise(volumes))
    return grown - fastest * (times[-1] - times[0]) / 3600


def _order_phase(look: Look, rule: WatchRule, name: str, status: PumpStatus) -> Iterator[Condition]:
    """A pump ahead of the session, or on an order that nobody checked; without an order `_order_rate` calls."""
    phase, text = look.state.phase, ""
    if status.state is PumpState.INFUSING and look.state.order is not None and phase is not Phase.INFUSION:
        text = f"pump infuses, but the session is in {phase}"
    elif status.state is PumpState.INFUSING and look.state.order is not None and look.state.order_check is None:
        text = "pump infuses, but no second person checked the order"
    if look.memory.lasts(f"order-phase:{name}", bool(text), look.now, rule.dwell_s):
        yield Condition(f"order-phase:{name}", rule.priority, False, text)


def _watch(look: Look, rule: WatchRule, alarm: str, text: str) -> Iterator[Condition]:
    """A technical condition that holds now ("" is none), once it has held for its dwell time."""
    if look.memory.lasts(alarm, bool(text), look.now, rule.dwell_s):
        yield Condition(alarm, rule.priority, True, text)
