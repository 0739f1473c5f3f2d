"""What goes on around the chair, for the view: the emergency and its rescue list, limits that are off, what is left."""

from dataclasses import dataclass
from datetime import tzinfo

from ketamon import words
from ketamon.console.view.numbers import bounds, given_ml
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import CUFF, PARAMETERS, Parameter
from ketamon.domain.people import Order
from ketamon.domain.profile import Profile, RescueItem
from ketamon.domain.session import SessionState
from ketamon.rules import dose


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueLine:
    """An entry of the rescue list, and when it was done: "14:33", "14:35 2×", "" for never."""

    item: RescueItem
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """The limits of one parameter: what raises an alarm, or why they are off and who did it, "" while they are on."""

    parameter: Parameter
    label: str
    alarms: str
    off: str


def emergency(state: SessionState, at: Instant | None, zone: tzinfo | None) -> str:
    """Say for how long there is an emergency; where it is not known what time it is, since when. "" for none."""
    since = state.emergency_since
    if since is None:
        return ""
    return f"EMERGENCY {words.span(at.since(since)) if at else f'since {words.clock(since, zone)}'}"


def rescue(state: SessionState, profile: Profile, zone: tzinfo | None) -> tuple[RescueLine, ...]:
    """Return the rescue list with what was done of it in this session."""
    lines = []
    for item in profile.rescue:
        times = [at for done, at in state.rescue if done.item == item.id]
        last = words.clock(times[-1], zone, seconds=False) if times else ""
        lines.append(RescueLine(item=item, done=f"{last} {len(times)}×" if len(times) > 1 else last))
    return tuple(lines)


def limits(state: SessionState, profile: Profile) -> tuple[LimitLine, ...]:
    """Return each parameter that has limits, in the order of the profile."""
    return tuple(_limits(state, profile, p) for p in dict.fromkeys(limit.parameter for limit in profile.limit))


def _limits(state: SessionState, profile: Profile, parameter: Parameter) -> LimitLine:
    low, high = bounds(state, profile, parameter)
    sides = (("below", low), ("above", high))
    raises = [f"{side} {words.number(parameter, value)}" for side, value in sides if value is not None]
    label, switched = PARAMETERS[parameter].label, state.limits_off.get(parameter)
    return LimitLine(
        parameter=parameter,
        label=f"NIBP {label}" if parameter in CUFF else label,
        alarms=" and ".join(raises),
        off=f"{switched.why} ({switched.by})" if switched else "",
    )


def left_over(state: SessionState) -> tuple[str, ...]:
    """Show what should be left of the order, one line a step; nothing without an order."""
    if state.order is None:
        return ()
    order: Order = state.order.order
    lines = dose.left_over(order, given_ml(state))
    wasted = f"{state.wasted_ml:g} mL logged as waste so far" if state.wasted_ml else "no waste logged yet"
    return (*lines, wasted)
