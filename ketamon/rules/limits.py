"""Physiological conditions: values beyond the profile's limits.

A limit has a dwell (how long the value must be beyond), a hysteresis (how far it must come back) and, for a cuff,
confirm-by-repeat. All limits of one parameter and direction are one cause, and so are heart rate and pulse rate: while
the ECG gives a rate, that is the rate (as with an alarm source set to automatic on a bedside monitor), and a pulse that
differs from it is told as that.

An alarm that nobody has acknowledged is over when its value has been back for a while (`momentary_s`), so that a value
that comes and goes is one alarm. One that somebody has seen is over at once: what comes after it calls anew. A cuff
reading stands for itself.
"""

from itertools import islice
from math import inf

from ketamon.domain.devices import Priority
from ketamon.domain.events import AlarmState
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Limit
from ketamon.domain.session import SessionState
from ketamon.rules.conditions import Condition, Look
from ketamon.rules.current import Current

PATIENT_THERE = frozenset({Phase.BASELINE, Phase.INFUSION, Phase.PAUSED, Phase.RECOVERY, Phase.READY})
"""Limits count from the end of check-in until the patient leaves."""

_CAUSE: dict[Parameter, str] = {p: p.value for p in Parameter} | {Parameter.PR: Parameter.HR.value}
MOST_DECIMALS = 3
_NOTHING = Current(None, None, None, False, "")
_LOWER = {Priority.HIGH: Priority.MEDIUM, Priority.MEDIUM: Priority.LOW, Priority.LOW: Priority.LOW}


def look_at_limits(look: Look) -> None:
    """Collect what is beyond its limits. An alarm is over only when a usable value says so."""
    if look.state.phase not in PATIENT_THERE:
        return
    known: set[str] = set()
    for limit in look.profile.limit:
        now = _judged(look, limit.parameter)
        if now.value is None:
            continue
        if limit.below is not None:
            _one_way(look, limit, now, limit.below, "low")
        if limit.above is not None:
            _one_way(look, limit, now, _upper(look, limit, limit.above), "high")
        if now.usable:
            known.add(_CAUSE[limit.parameter])
    for name, alarm in look.state.alarms.items():
        of = alarm.change.parameter
        if of in look.state.limits_off:
            continue
        if of is not None and not alarm.change.technical and not _is_back(look, name, of, known=_CAUSE[of] in known):
            look.held.add(name)


def _judged(look: Look, parameter: Parameter) -> Current:
    """The value that a limit on this parameter is held against: for a pulse rate the heart rate, where that is good."""
    off = look.state.limits_off
    if parameter in off or (parameter is Parameter.HR and look.electrodes_off):
        return _NOTHING
    if parameter is Parameter.PR and Parameter.HR not in off and not look.electrodes_off:
        heart = look.value(Parameter.HR)
        return heart if heart.usable else look.value(parameter)
    return look.value(parameter)


def _is_back(look: Look, alarm: str, parameter: Parameter, *, known: bool) -> bool:
    """Whether a standing alarm's value is known to be back, for as long as that takes."""
    waits = parameter not in CUFF and look.state.alarms[alarm].change.state is AlarmState.ACTIVE
    key, wait_s = f"back:{alarm}", look.profile.alarm.momentary_s if waits else 0.0
    if not look.memory.lasts(key, known and alarm not in look.found, look.now, wait_s):
        return False
    del look.memory.since[key]
    return True


def _upper(look: Look, limit: Limit, above: float) -> float:
    """The larger of the fixed limit and the one that follows the patient's baseline."""
    baseline = look.state.baseline.get(limit.parameter)
    if limit.above_baseline is None or baseline is None:
        return above
    return max(above, baseline + limit.above_baseline)


def _one_way(look: Look, limit: Limit, now: Current, bound: float, way: str) -> None:
    """Add the condition if the value is beyond the bound, and was for long enough."""
    value = now.value or 0.0
    alarm = f"{_CAUSE[limit.parameter]}-{way}"
    on = _is_on(look, alarm, limit.priority)
    excess = bound - value if way == "low" else value - bound
    beyond = excess > (-limit.hysteresis if on else 0.0)
    if not look.memory.lasts(f"{limit.id}-{way}", beyond, look.now, 0.0 if on else limit.dwell_s, now.sample):
        return
    parameter = now.sample.reading.parameter if now.sample else limit.parameter
    confirmed = on or not limit.confirm or _is_repeated(look.state, limit.parameter, bound, way)
    look.add(
        Condition(
            alarm=alarm,
            priority=limit.priority if confirmed else _LOWER[limit.priority],
            technical=False,
            text=_text(parameter, now, bound, way) + ("" if confirmed else ", repeat to confirm"),
            parameter=parameter,
            value=value,
            limit=bound,
            beyond=excess > 0,
        )
    )


def _is_on(look: Look, alarm: str, priority: Priority) -> bool:
    """Whether this limit's alarm stands already, so that its hysteresis counts and its dwell does not."""
    standing = look.state.alarms.get(alarm)
    return (
        standing is not None
        and standing.change.state is not AlarmState.LATCHED
        and standing.change.priority.rank >= priority.rank
    )


def _is_repeated(state: SessionState, parameter: Parameter, bound: float, way: str) -> bool:
    """Whether the last two cuff readings are both beyond: a second one confirms."""
    points = state.history[parameter].before(inf) if parameter in state.history else ()
    newest = list(islice((point.value for point in points if point.value is not None), 2))
    return len(newest) > 1 and all(value < bound if way == "low" else value > bound for value in newest)


def _text(parameter: Parameter, now: Current, bound: float, way: str) -> str:
    """Write value and limit, with as many decimals as it takes to tell them apart."""
    info, value = PARAMETERS[parameter], now.value or 0.0
    decimals = info.decimals
    while f"{value:.{decimals}f}" == f"{bound:.{decimals}f}" and value != bound and decimals < MOST_DECIMALS:
        decimals += 1
    sign = "<" if way == "low" else ">"
    is_beyond = value < bound if way == "low" else value > bound
    text = f"{info.label} {value:.{decimals}f}{'' if is_beyond else ', was'} {sign} {bound:.{decimals}f}"
    return text if now.usable else f"{text}, {now.why}"
