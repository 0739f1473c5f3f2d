"""What was entered last, here and by who is here, can be taken back at once: for ten seconds, without a question.

The record keeps both, the entry and the correcting event. Nothing but one's own entry is ever taken back so: where it
cannot be told apart from what another console entered meanwhile, there is no offer, and the form asks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ketamon.console.view.chair import ChairView
from ketamon.domain import events as e
from ketamon.domain import intents as i

AT_ONCE_S = 10.0
AT_ONCE = "entered by mistake, taken back at once"

ENTERS: dict[type, str] = {
    i.Observe: e.Observed.TYPE,
    i.Note: e.Noted.TYPE,
    i.SkipDue: e.NotDone.TYPE,
    i.Confirm: e.Confirmed.TYPE,
}
"""What can be taken back so, and the kind of event by which it stands in the log."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of this console: its event number, the words for it, what takes it back, and until when."""

    seq: int
    kind: str
    what: str
    back: i.Intent
    until: float


class AtOnce:
    """The last entry of one console; `clock` gives seconds of this computer's monotonic clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entry: Entry | None = None
        self._waiting = 0

    @property
    def waits(self) -> bool:
        """Whether something was entered and the core has not answered."""
        return self._waiting > 0

    def asked(self, intent: i.Intent) -> None:
        """Take note that the core is asked."""
        self._waiting += type(intent) in ENTERS

    def answered(self, intent: i.Intent, what: str, view: ChairView | None, after: int, *, refused: bool) -> None:
        """Take note of the answer. `after` is the last event that was known when it was asked.

        Whatever else is saved ends the offer: it is about what was done last.
        """
        self._waiting -= type(intent) in ENTERS
        if not refused:
            self._entry = self._found(intent, what, view, after)

    def _found(self, intent: i.Intent, what: str, view: ChairView | None, after: int) -> Entry | None:
        kind = ENTERS.get(type(intent))
        own = [line.seq for line in view.log if line.seq > after and line.kind == kind] if view and kind else []
        if kind is None or len(own) != 1:
            return None
        back = taking_back(intent, own[0])
        return Entry(own[0], kind, what, back, self._clock() + AT_ONCE_S) if back else None

    def forget(self) -> None:
        """Offer nothing any more: somebody else is here."""
        self._entry = None

    def offer(self) -> tuple[str, int] | None:
        """Return the words for what can be taken back now and for how many seconds more, None for nothing."""
        left = self._entry.until - self._clock() if self._entry else 0.0
        return (self._entry.what, -int(-left // 1)) if self._entry and left > 0 else None

    def take(self, view: ChairView) -> Entry | None:
        """Return what is to be taken back now, once; None where there is no offer, or it was confirmed anew since."""
        entry, offered = self._entry, self.offer()
        self._entry = None
        later = entry is not None and any(line.seq > entry.seq and line.kind == entry.kind for line in view.log)
        return None if offered is None or (later and entry and entry.kind == e.Confirmed.TYPE) else entry


def taking_back(intent: i.Intent, seq: int) -> i.Intent | None:
    """Return what takes back what was asked and is event `seq` now."""
    match intent:
        case i.Observe():
            return i.Correct(corrects=seq, grade=None, why=AT_ONCE, by=intent.by)
        case i.Note() | i.SkipDue():
            return i.Withdraw(withdraws=seq, why=AT_ONCE, by=intent.by)
        case i.Confirm():
            return i.Confirm(item=intent.item, met=not intent.met, by=intent.by, text=AT_ONCE)
        case _:
            return None
