"""An estimate of ketamine in blood, from what the pump really gave; to be shown as an estimate, and to decide nothing.

Two published models get the same dose (`ketamon.rules.delivery`), and the estimate is the band between them. They
disagree by up to a half, and a patient differs from both: that is what the band says. Assumed is racemic ketamine into
a vein, at the ordered concentration, at the weight of check-in, with none in the blood before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from ketamon.domain.instant import Instant
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.rules.delivery import Delivery, Stretch, delivery
from ketamon.rules.dose import mg_given
from ketamon.rules.kinetics import MODELS, NOTHING, after, ng_per_ml


@dataclass(frozen=True, slots=True)
class Level:
    """The band at `t` seconds of session time: the lower and the higher model, in ng/mL."""

    t: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """The band over a window, oldest first. `why` says why it ends before the window does, "" where it does not."""

    levels: tuple[Level, ...]
    why: str


def band(
    state: SessionState, profile: Profile, at: Instant, start_s: float, end_s: float, every_s: float = 15.0
) -> Band:
    """Return the band for a window of session time: a level every `every_s`, and one at its end.

    It begins with the infusion, and ends at `at` or where it is no longer known what was given.
    """
    given = delivery(state, profile)
    end = min(end_s, at.seconds)
    known = min(end, given.until)
    why = given.why if end - known > given.quiet_after_s else ""
    begin = max(start_s, given.stretches[0].begin) if given.stretches else inf
    if known < begin:
        return Band((), why)
    times = [begin + i * every_s for i in range(int((known - begin) / every_s) + 1)]
    times += [known] if times[-1] < known else []
    return Band(tuple(_levels(state, given, times)), why)


def level(state: SessionState, profile: Profile, at: Instant) -> tuple[Level | None, str]:
    """Return the band now, as of the pump's last report, or None and why it is not known."""
    given = delivery(state, profile)
    known = min(at.seconds, given.until)
    if at.seconds - known > given.quiet_after_s:
        return None, given.why
    return next(_levels(state, given, [known])), ""


def _levels(state: SessionState, given: Delivery, times: list[float]) -> Iterator[Level]:
    """Carry both models through what was given, and look at them at these times, which rise."""
    if state.order is None or state.patient is None:  # without them nothing counts as given
        return
    mg_per_ml, weight = mg_given(1.0, state.order.order), state.patient.weight_kg
    stretches = iter(given.stretches)
    now, amounts = given.stretches[0].begin, [NOTHING] * len(MODELS)
    part = next(stretches)
    for t in times:
        while now < t:
            if part.end <= now:
                part = next(stretches, Stretch(now, t, 0.0))
            end = min(part.end, t)
            mg_per_min, minutes = part.ml_per_s * mg_per_ml * 60, (end - now) / 60
            amounts = [after(m, a, mg_per_min, minutes) for m, a in zip(MODELS, amounts, strict=True)]
            now = end
        found = [ng_per_ml(m, a, weight) for m, a in zip(MODELS, amounts, strict=True)]
        yield Level(t, min(found), max(found))
