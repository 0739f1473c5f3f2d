"""Sets what the rules raised beside what a plain reading found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ketamon.domain.profile import Profile
from ketamon.evaluation.judge import Happening, cause, crossed, happenings, one_way
from ketamon.evaluation.play import Stood, play
from ketamon.evaluation.recording import Recording

Key = tuple[str, str]
"""Priority and cause."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that must be told, and after how many seconds it was (None: never, or too late)."""

    what: Happening
    after_s: float | None


@dataclass(slots=True, kw_only=True)
class Figures:
    """One recording, or several summed up. `raised` and `bare` are about the patient, `equipment` is not.

    `in_alarm_s` is how long at least one alarm called, `longest_s` the longest that one did.
    """

    name: str
    hours: float = 0.0
    raised: Counter[Key] = field(default_factory=Counter)
    bare: Counter[Key] = field(default_factory=Counter)
    equipment: Counter[Key] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)
    in_alarm_s: float = 0.0
    longest_s: float = 0.0

    @property
    def times_fewer(self) -> float:
        """How many times fewer alarms about the patient than bare thresholds."""
        return self.bare.total() / self.raised.total() if self.raised else float("inf")

    def missed(self, *kinds: str) -> list[Happening]:
        """Return what of these kinds was not told in time."""
        return [told.what for told in self.told if told.what.kind in kinds and told.after_s is None]

    def of(self, *kinds: str) -> list[Told]:
        """Return what of these kinds there was."""
        return [told for told in self.told if told.what.kind in kinds]


def figures(recording: Recording, profile: Profile) -> Figures:
    """Play a recording through the rules, read it plainly, and compare."""
    stood = play(recording, profile)
    found = Figures(name=recording.name, hours=recording.hours)
    for alarm in stood:
        if alarm.raised:
            of = found.equipment if alarm.technical else found.raised
            of[alarm.priority, alarm.alarm] += 1
    for limit in one_way(profile):
        if times := crossed(recording, limit):
            found.bare[limit.priority, cause(limit)] += times
    found.told = [Told(what, _told_after(what, stood)) for what in happenings(recording, profile)]
    found.in_alarm_s, found.longest_s = _burden(stood)
    return found


def together(all_of_them: Iterable[Figures]) -> Figures:
    """Sum up; the sum has no name."""
    total = Figures(name="")
    for one in all_of_them:
        total.hours += one.hours
        total.raised += one.raised
        total.bare += one.bare
        total.equipment += one.equipment
        total.told += one.told
        total.in_alarm_s += one.in_alarm_s
        total.longest_s = max(total.longest_s, one.longest_s)
    return total


def _told_after(what: Happening, stood: list[Stood]) -> float | None:
    """Seconds from its beginning to the alarm that tells it; 0 where one stood already."""
    told = [a.start for a in stood if _tells(a, what) and a.start <= what.due and a.end > what.told_from]
    return max(0.0, min(told) - what.start) if told else None


def _tells(alarm: Stood, what: Happening) -> bool:
    if alarm.priority.rank < what.priority.rank:
        return False
    if what.kind in ("gap", "sensor"):
        return alarm.technical and (alarm.alarm.endswith(f":{what.alarm}") or alarm.alarm.startswith("link:"))
    return alarm.alarm == what.alarm


def _burden(stood: list[Stood]) -> tuple[float, float]:
    """Seconds in which anything called, and the longest that one alarm did."""
    total = longest = reached = 0.0
    since: dict[str, tuple[float, float]] = {}
    for alarm in stood:
        total += max(0.0, alarm.end - max(alarm.start, reached))
        reached = max(reached, alarm.end)
        begun, ended = since.get(alarm.alarm, (alarm.start, alarm.start))
        since[alarm.alarm] = (begun if ended == alarm.start else alarm.start, alarm.end)
        longest = max(longest, alarm.end - since[alarm.alarm][0])
    return total, longest
