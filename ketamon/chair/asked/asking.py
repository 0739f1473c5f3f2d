"""What every answer to a person needs: the state, the profile, the moment, and how it is known who asks."""

from collections.abc import Callable
from dataclasses import dataclass

from ketamon.domain.acts import StreamMark
from ketamon.domain.devices import DeviceKind, Link, PumpState
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person, Proof
from ketamon.domain.phases import TRANSITIONS, Transition, Trigger
from ketamon.domain.profile import Profile
from ketamon.domain.session import SessionState
from ketamon.errors import Refused


@dataclass(frozen=True, slots=True)
class Asking:
    """One moment at which somebody asks for something.

    For signatures `head` gives the head hash of the record, and `stream` the recorded stream as it stands.
    """

    state: SessionState
    profile: Profile
    at: Instant
    proof: Proof
    head: Callable[[], str]
    stream: Callable[[], StreamMark | None]

    def way(self, trigger: Trigger, by: Person) -> Transition:
        """Return where a trigger leads from here, or refuse it."""
        way = TRANSITIONS[self.state.phase].get(trigger)
        if way is None:
            raise Refused(f"“{trigger}” is not possible in {self.state.phase}")
        if by.role not in way.roles:
            raise Refused(f"“{trigger}” needs a {' or '.join(sorted(way.roles))}, not a {by.role}")
        return way


def text(given: str, what: str) -> str:
    """Return the text without surrounding space; refuse nothing but space."""
    given = given.strip()
    if not given:
        raise Refused(f"{what} is missing")
    return given


def pump_infuses(state: SessionState) -> bool:
    """Whether a pump, or any channel of one, says that it infuses now."""
    return any(
        d.attached.kind is DeviceKind.PUMP
        and d.link is Link.LIVE
        and any(status.state is PumpState.INFUSING for status in (d.pump, *d.heads.values()) if status is not None)
        for d in state.devices.values()
    )
