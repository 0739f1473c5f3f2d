"""The value now: the only way by which any rule or screen gets one. Unknown is never good.

A value is current only if its source is a live link (or a person who typed it in), it is about this patient, it is
fresh, and the device vouches for it. What fails one of these is no value, with the reason in a few words; a
questionable one is given, but marked as not usable.
"""

from typing import NamedTuple

from ketamon.domain.devices import DeviceKind, Link
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.profile import Profile
from ketamon.domain.readings import Quality
from ketamon.domain.series import Series
from ketamon.domain.session import ENTERED, Sample, SessionState, SourceKey, counts

TWIN: dict[Parameter, Parameter] = {Parameter.HR: Parameter.PR, Parameter.PR: Parameter.HR}
"""Heart rate and pulse rate count the same heart: each may stand in where the other is not there."""

_WORDS: dict[Quality, str] = {
    Quality.VALID: "",
    Quality.QUESTIONABLE: "questionable",
    Quality.CALIBRATING: "calibrating",
    Quality.ONGOING: "measuring",
    Quality.INVALID: "invalid",
    Quality.OVER: "above its range",
    Quality.UNDER: "below its range",
    Quality.MISSING: "sensor off",
}


class Current(NamedTuple):
    """What is known of a parameter now. `why` says what is wrong with it, "" if it is `usable`."""

    value: float | None
    sample: Sample | None
    age_s: float | None
    usable: bool
    why: str


def current(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> Current:
    """Return the value of a parameter at `at`, or why there is none."""
    found = [sample for key, sample in state.samples.items() if key[0] is parameter]
    if len(found) == 1:
        return judge(state, profile, found[0], at)
    if not found:
        return Current(None, None, None, False, _why_nothing(state))
    found = _preferred(state, profile, found)
    if parameter in CUFF:  # an older result never stands in for a newer one that is not good
        return judge(state, profile, next((s for s in found if counts(state, s.reading)), found[0]), at)
    judged = [judge(state, profile, sample, at) for sample in found]
    return next((now for now in judged if now.usable), next((n for n in judged if n.value is not None), judged[0]))


def current_or_twin(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> Current:
    """Return the value of a parameter, or of its twin where only that one is usable."""
    now = current(state, profile, parameter, at)
    if not now.usable and parameter in TWIN:
        twin = current(state, profile, TWIN[parameter], at)
        return twin if twin.usable else now
    return now


def judge(state: SessionState, profile: Profile, sample: Sample, at: Instant) -> Current:
    """Say of one reading whether it is a value now."""
    reading, age = sample.reading, at.since(sample.at)
    device = state.devices.get(sample.device)
    if sample.device != ENTERED and (device is None or device.link is not Link.LIVE):
        return Current(None, sample, age, False, "link lost")
    if not counts(state, reading):
        return Current(None, sample, age, False, "simulated")
    if reading.value is None:
        return Current(None, sample, age, False, _WORDS[reading.quality])
    if reading.stored:
        return Current(None, sample, age, False, "from the device's memory")
    if age > lifetime_s(profile, sample):
        return Current(None, sample, age, False, f"no data {_span(age)}")
    if reading.quality is Quality.VALID and not reading.repeated:
        return Current(reading.value, sample, age, True, "")
    if reading.quality is Quality.VALID:
        return Current(reading.value, sample, age, False, "age unknown")
    value = reading.value if reading.quality is Quality.QUESTIONABLE else None
    return Current(value, sample, age, False, _WORDS[reading.quality])


def lifetime_s(profile: Profile, sample: Sample) -> float:
    """Return for how long such a reading is a value: a moment's (cuff, or typed in) for longer than a stream's."""
    if sample.device == ENTERED or sample.reading.parameter in CUFF:
        return profile.alarm.cuff_valid_minutes * 60
    for display in profile.display:
        if display.parameter is sample.reading.parameter:
            return display.interval_s * profile.alarm.stale_factor
    return 0.0


def _preferred(state: SessionState, profile: Profile, samples: list[Sample]) -> list[Sample]:
    """Order several sources: a cuff by age, else as the profile says, as attached, by site, persons last."""
    parameter = samples[0].reading.parameter
    if parameter in CUFF:
        return sorted(samples, key=lambda s: -s.at.monotonic_ns)
    order = _order(state, profile, parameter)
    return sorted(samples, key=lambda s: (order.get(s.device, len(order)), s.reading.site))


def _order(state: SessionState, profile: Profile, parameter: Parameter) -> dict[str, int]:
    """Number the devices: those that the profile names first, then as they were attached."""
    wanted = next((rule.drivers for rule in profile.source if rule.parameter is parameter), ())
    first = {driver: i - len(wanted) for i, driver in enumerate(wanted)}
    return {
        name: first.get(d.attached.driver.partition("+")[0], i) for i, (name, d) in enumerate(state.devices.items())
    }


def track(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> Series | None:
    """Return the trend that counts: of several sources that of the one whose value counts now.

    Where none has a value it is that of the first live one. Cuff results are measurements of their own: all of them
    are one trend.
    """
    keys = [key for key in state.sources if key[0] is parameter]
    if parameter in CUFF or len(keys) < 2:  # noqa: PLR2004 (several)
        return state.history.get(parameter)
    sample = current(state, profile, parameter, at).sample
    counting = (parameter, sample.device, sample.reading.site) if sample is not None else None
    if counting in state.tracks:
        return state.tracks[counting]
    order = _order(state, profile, parameter)

    def rank(key: SourceKey) -> tuple[bool, int, str]:
        device = state.devices.get(key[1])
        return device is None or device.link is not Link.LIVE, order.get(key[1], len(order)), key[2]

    return state.tracks.get(min(keys, key=rank))


def values_by_device(state: SessionState, profile: Profile, parameter: Parameter, at: Instant) -> dict[str, float]:
    """Return the good values of a parameter now, one of each device that has one."""
    found = [s for key, s in state.samples.items() if key[0] is parameter and key[1] != ENTERED]
    values: dict[str, float] = {}
    for sample in _preferred(state, profile, found) if len(found) > 1 else found:
        now = judge(state, profile, sample, at)
        if now.usable and now.value is not None:
            values.setdefault(sample.device, now.value)
    return values


def _why_nothing(state: SessionState) -> str:
    monitors = [d for d in state.devices.values() if d.attached.kind is DeviceKind.MONITOR]
    if monitors and not any(d.link is Link.LIVE for d in monitors):
        return "link lost" if any(d.heard for d in monitors) else "no link"
    return "no data" if monitors else "no monitor"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 (two minutes)
