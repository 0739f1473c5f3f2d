"""What waits for the record: the events that happened and are not in the file."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A list of events by its ends: how many, and number and wall clock of the first and the last.

    The numbers in between may be of events that are not meant.
    """

    count: int
    first: int
    since: datetime
    last: int
    until: datetime

    def __str__(self) -> str:
        what = "event" if self.count == 1 else "events"
        since, until = (f"{at:%H:%M:%S} UTC" for at in (self.since, self.until))
        return f"{self.count} {what}, {self.first} ({since}) to {self.last} ({until})"
