"""Who has to be there: the profile's roles against the people who came and left."""

from ketamon.domain.phases import Phase
from ketamon.domain.profile import Place, Profile
from ketamon.domain.session import SessionState

_WHERE = {Place.ROOM: "in the room", Place.SITE: "on site"}


def missing(state: SessionState, profile: Profile, phase: Phase) -> list[str]:
    """Return in words which roles a phase requires and are not there now; who is in the room is on site, too."""
    return [
        f"no {rule.role} {_WHERE[rule.where]}"
        for rule in profile.staff
        if phase in rule.phases
        and not any(
            person.role is rule.role and (rule.where is Place.SITE or place is Place.ROOM)
            for person, place in state.staff.items()
        )
    ]
