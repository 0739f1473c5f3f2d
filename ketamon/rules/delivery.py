"""What the pump really gave, and when: from the rates and the counter it reported.

How much it gave is what its counter grew by. When it gave it, its rate says: growth that the rate explains is spread as
the rate was, growth beyond that is a bolus in the time since the last report. A counter that moves by 0.1 mL stands for
7 s at 52.5 mL/h: within one such step the rate is believed, so that a coarse counter makes no waves.

What is known ends where the pump was silent and it cannot be said when some of the growth was given, or, without a
counter, how much it was. "Some" is more than the profile lets the pump differ from the order.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple

from ketamon.domain.devices import DeviceKind
from ketamon.domain.parameters import Parameter
from ketamon.domain.phases import Phase
from ketamon.domain.profile import Profile
from ketamon.domain.series import Series
from ketamon.domain.session import SessionState

_OVER = frozenset({Phase.RECOVERY, Phase.READY, Phase.DISCHARGED})


class Stretch(NamedTuple):
    """A constant flow from `begin` to `end`, in seconds of session time."""

    begin: float
    end: float
    ml_per_s: float

    @property
    def ml(self) -> float:
        """How much that is."""
        return self.ml_per_s * (self.end - self.begin)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was given, in stretches without holes between them; after `until` it is not known, and `why`.

    While the pump reports, that is its last report; it counts for `quiet_after_s`.
    """

    stretches: tuple[Stretch, ...] = ()
    until: float = -inf
    why: str = ""
    quiet_after_s: float = 0.0


def delivery(state: SessionState, profile: Profile) -> Delivery:
    """Return what the pump gave from the start of the infusion on.

    A pump that stood when it was last heard, after the infusion's end, may be silent: it was put away.
    """
    started, ordered = state.infusion.started, state.order
    pumps = [device for device in state.devices.values() if device.attached.kind is DeviceKind.PUMP]
    if started is None:
        return Delivery(why="the infusion has not begun")
    if ordered is None or state.patient is None:
        return Delivery(why="there is no order that tells the concentration")
    if len(pumps) != 1:
        return Delivery(why="several pumps are attached" if pumps else "no pump tells what it gives")
    if pumps[0].unclear:
        return Delivery(why="it is not said which head of the pump gives the drug")
    reports = _reports(state)
    counted = any(report.volume_ml is not None for report in reports)
    before = [r for r in reports if r.t < started.seconds and (r.volume_ml is not None or not counted)][-1:]
    during = [*before, *(report for report in reports if report.t >= started.seconds)]
    quiet = pumps[0].attached.quiet_after_s
    ledger = _Ledger(ordered.order.volume_ml * profile.order.tolerance_percent / 100, quiet)
    why = ledger.read(during, from_rest=bool(before))
    until = ledger.given[-1].end if ledger.given else -inf
    ended = state.infusion.ended
    stands = not why and during[-1].rate_ml_h == 0 and state.phase in _OVER
    if stands and ended is not None and until >= ended.seconds - quiet:
        until = inf
    return Delivery(tuple(ledger.given), until, why or "the pump says nothing", quiet)


class _Report(NamedTuple):
    """How fast the pump gives now, and its counter; None where it did not say."""

    t: float
    rate_ml_h: float | None
    volume_ml: float | None


def _reports(state: SessionState) -> list[_Report]:
    """Put rate and counter of each report together again; one that has neither says nothing, two at once are one."""
    rates, volumes = (
        {point.t: point.value for point in state.history.get(parameter, Series()) if point.value is not None}
        for parameter in (Parameter.RATE, Parameter.VOLUME_INFUSED)
    )
    return [_Report(t, rates.get(t), volumes.get(t)) for t in sorted(rates.keys() | volumes.keys())]


class _Ledger:
    """Books what the pump gave, report by report.

    `open` are the stretches since the counter last moved, `booked` is what it would say if it counted what is booked,
    `step` the smallest by which it ever moved.
    """

    def __init__(self, spare_ml: float, quiet_after_s: float) -> None:
        self.given: list[Stretch] = []
        self._spare_ml, self._quiet_after_s = spare_ml, quiet_after_s
        self._open: list[Stretch] = []
        self._counter, self._counter_at = 0.0, -inf
        self._booked, self._step = 0.0, inf

    def read(self, reports: list[_Report], *, from_rest: bool) -> str:
        """Book all reports; return why the rest is not known, or "".

        `from_rest`: the first one is from before the infusion. Otherwise it is not known what came before the first,
        unless the counter says that it was next to nothing.
        """
        first = reports[0] if reports else None
        if first is None or not (from_rest or (first.volume_ml is not None and first.volume_ml <= self._spare_ml)):
            return "the pump was not heard when the infusion began"
        if first.volume_ml is None:
            return self._by_rate(reports)
        self._counter = self._booked = first.volume_ml
        self._counter_at = first.t
        for before, now in pairwise(reports):
            self._open.append(Stretch(before.t, now.t, (before.rate_ml_h or 0.0) / 3600))
            if now.volume_ml is not None and not self._count(now.volume_ml, now.t):
                return "the pump was silent, and it is not known when it gave what its counter grew by"
        return self._close()

    def _by_rate(self, reports: list[_Report]) -> str:
        """Book a pump that has no counter."""
        for before, now in pairwise(reports):
            if before.rate_ml_h is None or now.t - before.t > self._quiet_after_s:
                return "the pump was silent and has no counter that says what it gave"
            self._give(Stretch(before.t, now.t, before.rate_ml_h / 3600))
        return ""

    def _count(self, volume: float, at: float) -> bool:
        """Take note of the counter; False where nobody can say when it grew."""
        silent = at - self._counter_at > self._quiet_after_s
        self._counter_at = at
        if volume == self._counter and not silent:
            return True
        told = sum(stretch.ml for stretch in self._open)
        if volume < self._counter:  # it was set to zero; what it had counted until then is lost
            if silent and told > self._spare_ml:
                return False
            self._counter = self._booked = 0.0
        if volume > self._counter:
            self._step = min(self._step, volume - self._counter)
        self._counter = volume
        return self._settle(max(0.0, volume - self._booked), told, silent=silent)

    def _settle(self, grown: float, told: float, *, silent: bool) -> bool:
        """Book what the counter grew by where the rate told so much; False where nobody can say when it was given."""
        more = grown - told
        explained = min(abs(more), grown) <= self._spare_ml
        if abs(more) <= min(self._step, 2 * told):
            self._book(1.0, 0.0)
        elif more > 0 and not silent:
            self._book(1.0, more)
        elif explained and told > 0:
            self._book(grown / told, 0.0)
        elif explained or not silent:  # it had not moved until the last report
            self._book(0.0, grown)
        else:
            return False
        return True

    def _book(self, factor: float, at_last_ml: float) -> None:
        """Book the open stretches at their rate, times a factor, and so much more in the last of them."""
        *earlier, last = (Stretch(s.begin, s.end, s.ml_per_s * factor) for s in self._open)
        last = Stretch(last.begin, last.end, last.ml_per_s + at_last_ml / (last.end - last.begin))
        for stretch in (*earlier, last):
            self._give(stretch)
            self._booked += stretch.ml
        self._open = []

    def _close(self) -> str:
        """Book by its rate what was given since the counter last moved; it should move before that is much."""
        told = 0.0
        for stretch in self._open:
            told += stretch.ml
            if told > self._spare_ml:
                return "the pump tells a rate, but its counter does not move"
            self._give(stretch)
        return ""

    def _give(self, stretch: Stretch) -> None:
        """Add a stretch; one that goes on as the one before makes it longer."""
        if self.given and self.given[-1].ml_per_s == stretch.ml_per_s:
            stretch = Stretch(self.given.pop().begin, stretch.end, stretch.ml_per_s)
        self.given.append(stretch)
