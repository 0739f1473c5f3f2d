"""The estimate of ketamine in blood as a chart, where the profile shows it. It says what it is, and decides nothing."""

from math import ceil

from ketamon.console.charts.trends import Panel
from ketamon.domain.instant import Instant
from ketamon.domain.profile import Profile
from ketamon.domain.series import Series
from ketamon.domain.session import SessionState
from ketamon.rules import estimate

EVERY_S = 15.0
"""How often it is worked out, and how close its points are in the first hour: an hour of it takes 60 ms.

In a longer session the points are further apart, so that it takes no longer: it changes over minutes.
"""

STEP = 300.0
"""The chart goes up to this many ng/mL, or to a multiple of it: 0.5 mg/kg over 40 min reaches about 250."""


class EstimateChart:
    """The chart of one session, worked out anew when its time has come."""

    def __init__(self) -> None:
        self._of: tuple[SessionState, Profile] | None = None
        self._turn = -1
        self._charts: tuple[Panel, ...] = ()

    def charts(self, state: SessionState, profile: Profile, at: Instant | None) -> tuple[Panel, ...]:
        """Return the chart, or none where the profile does not show it, or nothing is known."""
        if at is None or not profile.estimate.shown:
            return ()
        turn = int(at.seconds // EVERY_S)
        if self._of is None or self._of[0] is not state or self._of[1] is not profile or turn != self._turn:
            self._of, self._turn, self._charts = (state, profile), turn, tuple(_charts(state, profile, at))
        return self._charts


def _charts(state: SessionState, profile: Profile, at: Instant) -> list[Panel]:
    """Draw a band from the lower to the higher model: two values at each moment. It stops where too little is known."""
    every = EVERY_S * max(1, ceil(at.seconds / 3600))
    levels = estimate.band(state, profile, at, 0.0, at.seconds, every).levels
    if not levels:
        return []
    band = Series()
    for n, level in enumerate(levels):
        band.append(level.t, level.low, 2 * n)
        band.append(level.t, level.high, 2 * n + 1)
    top = max(STEP, -(-max(level.high for level in levels) // STEP) * STEP)
    return [
        Panel(
            label="est.",
            unit="ng/mL",
            hue="pump",
            low=0.0,
            high=top,
            series=band,
            interval_s=every,
            between=True,
            legend="est.: estimate of ketamine in blood, between two models",
        )
    ]
