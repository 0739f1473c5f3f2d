"""The values at rest that a session is compared with: taken when the infusion starts, from the baseline phase."""

from statistics import median

from ketamon.domain.instant import Instant
from ketamon.domain.parameters import PARAMETERS, Parameter
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState, observations_of
from ketamon.rules.current import track


def values(state: SessionState, profile: Profile, at: Instant) -> dict[Parameter, float]:
    """Return the median of each required parameter's valid readings over the profile's window before `at`.

    A parameter with none is left out: unknown is never a baseline.
    """
    start = at.seconds - profile.baseline.within_minutes * 60
    found: dict[Parameter, float] = {}
    for parameter in profile.baseline.parameters:
        series = track(state, profile, parameter, at)
        values = series.valid(start, at.seconds)[1] if series else ()
        if values:
            found[parameter] = round(median(values), 2)
    return found


def missing(state: SessionState, profile: Profile, at: Instant) -> list[str]:
    """Return in words what the profile asks for before the infusion and what is not there."""
    have = values(state, profile, at)
    labels = [PARAMETERS[p].label for p in profile.baseline.parameters if p not in have]
    items = {item.id: item.label for item in profile.observation}
    return labels + [items[i] for i in profile.baseline.observations if not observations_of(state, i)]
