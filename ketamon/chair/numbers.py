"""Which event is meant when somebody corrects one in a recording: a replay numbers its events anew.

A replay says nothing of what only the live core knew (that it was resumed, a full disk, a wrong PIN, the course), so
its numbers are others. What was asked stands in the stream with the number of the first event that came of it, and
that is the measure. Where it is not known, the correction is refused: on another event it would make a wrong number.
"""

from dataclasses import replace

from ketamon.domain.intents import Correct, Intent, Withdraw
from ketamon.errors import Refused


class Numbers:
    """The numbers that entries have in a replay, by those they had when they were recorded."""

    def __init__(self) -> None:
        self._now: dict[int, int] = {}

    def keep(self, recorded: int, first: int, last: int) -> None:
        """Take that what was asked gave the events `first` to `last` now, and those from `recorded` on then.

        `recorded` is 0 where the recording does not say.
        """
        if recorded > 0:
            self._now |= {recorded + n: first + n for n in range(last - first + 1)}

    def meant(self, intent: Intent) -> Intent:
        """Return what is asked, with the number of now. Raises `Refused` where nobody knows it."""
        match intent:
            case Correct():
                return replace(intent, corrects=self._of(intent.corrects))
            case Withdraw():
                return replace(intent, withdraws=self._of(intent.withdraws))
            case _:
                return intent

    def _of(self, recorded: int) -> int:
        if recorded not in self._now:
            raise Refused(f"the recording does not say what its event {recorded} was, so nothing is corrected here")
        return self._now[recorded]
