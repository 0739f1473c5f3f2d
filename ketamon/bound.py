"""A screen that is one person's: what it asks is asked by that person in that role, and an observer's asks nothing.

A screen at the chair serves whoever stands before it; one that is reached by a link serves whom the link was made for.
"""

from pathlib import Path

from ketamon.domain.intents import Intent, ReportSound, SetSpeed
from ketamon.domain.people import Person, Role
from ketamon.domain.profile import Profile
from ketamon.follow import SocketFeed


def refusal(intent: Intent, person: Person) -> str:
    """Say why a screen of this person does not pass an intent on; "" where it does."""
    if isinstance(intent, ReportSound):  # the screen says by itself whether it can be heard
        return ""
    if person.role is Role.OBSERVER:
        return "this screen only shows: it is an observer's"
    if isinstance(intent, SetSpeed):
        return ""
    if not intent.by.is_same(person) or intent.by.role is not person.role:
        return f"this screen is {person}'s, nobody else acts at it; {intent.by} needs a screen of their own"
    return ""


class BoundFeed(SocketFeed):
    """The feed of a running core for a screen of one person; see `ketamon.follow.Feed`."""

    def __init__(self, path: Path, profile: Profile, person: Person) -> None:
        super().__init__(path, profile)
        self._person = person

    async def ask(self, intent: Intent, pin: str = "") -> str:
        """Ask the core, where the person may; else it hears nothing of it."""
        return refusal(intent, self._person) or await super().ask(intent, pin)
