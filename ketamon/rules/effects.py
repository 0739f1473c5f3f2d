"""Effects: what the patient felt, from its onset over its worst grade to its resolution."""

from dataclasses import dataclass

from ketamon.domain.instant import Instant
from ketamon.domain.profile import Group, Profile
from ketamon.domain.session import SessionState, observations_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One episode of an effect. `grade` is the last one observed, 0 once it is resolved; `seqs` the observations."""

    item: str
    label: str
    onset: Instant
    worst: int
    grade: int
    resolved_at: Instant | None
    seqs: tuple[int, ...]


def effects(state: SessionState, profile: Profile) -> list[Effect]:
    """Return all episodes, the earliest onset first. An effect that comes back is a new episode."""
    seen = {observation.item for observation in state.observations.values()}
    found = [
        episode
        for item in profile.observation
        if item.group is Group.EFFECT and item.id in seen
        for episode in _episodes(state, item.id, item.label)
    ]
    return sorted(found, key=lambda effect: effect.onset)


def open_effects(state: SessionState, profile: Profile) -> list[Effect]:
    """Return the effects that are not resolved."""
    return [effect for effect in effects(state, profile) if effect.resolved_at is None]


def _episodes(state: SessionState, item: str, label: str) -> list[Effect]:
    found: list[Effect] = []
    for o in observations_of(state, item):
        grade = o.grade or 0
        last = found[-1] if found and found[-1].resolved_at is None else None
        if last is not None:
            found.pop()
        elif grade <= 0:
            continue
        found.append(
            Effect(
                item=item,
                label=label,
                onset=last.onset if last else o.at,
                worst=max(last.worst if last else grade, grade),
                grade=grade,
                resolved_at=o.at if grade <= 0 else None,
                seqs=(*(last.seqs if last else ()), o.seq),
            )
        )
    return found
