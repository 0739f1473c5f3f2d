"""The association: what is sent when. A monitor answers nobody that it has no association with.

    CLOSED ──asked──▶ ASKED ──accepted──▶ ACCEPTED ──presented──▶ LIVE
      ▲                 │                    │                     │         FOREIGN: another version; released, left
      └─────ended───────┴────────────────────┴─────────────────────┘

An old association (of a program that died, or of ours before the cable was out) lasts up to two minutes, and while it
does, a request is not heard. So each try begins with an end: a release, every other time an abort, since a monitor that
waits for a confirmation honours no release. The monitor presents itself three times and aborts if nobody confirms.
It takes a host for gone after 10 s without a request.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import cycle

from ketamon.domain.instant import Instant
from ketamon_drivers.philips_intellivue.requests import (
    ABORT,
    ALERTS,
    ASSOCIATE,
    KEEP_ALIVE,
    NUMERICS,
    POLLS,
    RELEASE,
    Poll,
    confirmation,
)

TRY_EVERY_S = 2.0
"""For an answer to a request, before the next try; as another client does that works with real monitors."""
SETTLE_S = 0.5
"""Between the end of an old association and the request for a new one."""
REFUSED_S = 5.0
KEEP_ALIVE_S = 5.0
RENEW_S = 20.0
"""A poll of 30 s is renewed so early that one lost request does no harm."""
MISSED_S = 5.0
"""A poll that gave nothing for so long is asked again."""
SINGLE_S = 1.0
LOST_S = 10.0


class State(StrEnum):
    """How far the association is."""

    CLOSED = "closed"
    ASKED = "asked"
    ACCEPTED = "accepted"
    LIVE = "live"
    FOREIGN = "foreign"


TRANSITIONS: dict[State, dict[str, State]] = {
    State.CLOSED: {"asked": State.ASKED, "foreign": State.FOREIGN},
    State.ASKED: {"accepted": State.ACCEPTED, "ended": State.CLOSED, "foreign": State.FOREIGN},
    State.ACCEPTED: {"presented": State.LIVE, "ended": State.CLOSED, "foreign": State.FOREIGN},
    State.LIVE: {"presented": State.LIVE, "ended": State.CLOSED, "foreign": State.FOREIGN},
    State.FOREIGN: {},
}


class Association:
    """Says which PDU is due. Driven by what was heard (`heard`, `presented`, …) and by time (`due`)."""

    def __init__(self) -> None:
        self.state = State.CLOSED
        self.extended = True
        self._endings = cycle((RELEASE, ABORT))
        self._ended = False  # the old association was, before this try
        self._next_s = 0.0
        self._wait_s = 0.0
        self._heard_s: float | None = None
        self._sent_s = 0.0
        self._confirm: bytes | None = None
        self._asked: dict[Poll, float] = {}
        self._answered: dict[int, float] = {}
        self._refused: set[int] = set()

    def step(self, event: str) -> bool:
        """Take a step; return whether there is one."""
        target = TRANSITIONS[self.state].get(event)
        if target is None:
            return False
        if event == "accepted":
            self.extended = True
            self._asked, self._answered, self._refused = {}, {}, set()
        if target in (State.CLOSED, State.FOREIGN):
            self._ended = False
        self.state = target
        return True

    def refused(self) -> None:
        """The monitor will have no association now: try less often."""
        if self.step("ended"):
            self._wait_s = REFUSED_S

    def presented(self, invoke: int, origin: bytes) -> None:
        """The monitor presented itself, and wants a confirmation."""
        if self.step("presented"):
            self._confirm = confirmation(invoke, origin)

    def heard(self, at: Instant) -> None:
        """A message came."""
        self._heard_s = at.seconds

    def answered(self, number: int, at: Instant) -> None:
        """A result of that poll came."""
        self._answered[number] = at.seconds

    def declined(self, invoke: int) -> Poll | None:
        """An error came for that request; return which poll it was. Without numerics, single polls are tried."""
        poll = next((poll for poll in POLLS if poll.invoke == invoke), None)
        if poll in (NUMERICS, ALERTS) and self.extended:
            self.extended = False
            self._asked.clear()
        elif poll:
            self._refused.add(invoke)
        return poll

    def due(self, at: Instant) -> bytes | None:
        """Give the PDU that must be sent now, if there is one."""
        pdu = _DUE[self.state](self, at.seconds)
        if pdu is not None:
            self._sent_s = at.seconds
        return pdu

    def _due_closed(self, now: float) -> bytes | None:
        if self._wait_s:
            self._next_s, self._wait_s = now + self._wait_s, 0.0
        if now < self._next_s:
            return None
        if not self._ended:
            self._ended, self._next_s = True, now + SETTLE_S
            return next(self._endings)
        self.step("asked")
        self._next_s = now + TRY_EVERY_S
        return ASSOCIATE

    def _due_asked(self, now: float) -> bytes | None:
        if now < self._next_s:
            return None
        self.step("ended")
        return self._due_closed(now)

    def _due_live(self, now: float) -> bytes | None:
        if self._confirm is not None:
            pdu, self._confirm = self._confirm, None
            return pdu
        if now - (now if self._heard_s is None else self._heard_s) >= LOST_S:
            self.step("ended")
            return self._due_closed(now)
        for poll in POLLS if self.extended else (NUMERICS, ALERTS):
            if poll.invoke not in self._refused and self._is_due(poll, now):
                self._asked[poll] = now
                return poll.extended if self.extended else poll.single
        return KEEP_ALIVE.single if now - self._sent_s >= KEEP_ALIVE_S else None

    def _is_due(self, poll: Poll, now: float) -> bool:
        asked = self._asked.get(poll)
        if asked is None:
            return True
        if not self.extended:
            return now - asked >= SINGLE_S
        answered = max(asked, self._answered.get(poll.number, asked))
        return now - asked >= RENEW_S or now - answered >= MISSED_S

    def _due_foreign(self, now: float) -> bytes | None:
        """Let go of it, once."""
        del now
        if self._ended:
            return None
        self._ended = True
        return RELEASE


_DUE: dict[State, Callable[[Association, float], bytes | None]] = {
    State.CLOSED: Association._due_closed,  # noqa: SLF001 (the table of this class)
    State.ASKED: Association._due_asked,  # noqa: SLF001 (as above)
    State.ACCEPTED: Association._due_asked,  # noqa: SLF001 (as above)
    State.LIVE: Association._due_live,  # noqa: SLF001 (as above)
    State.FOREIGN: Association._due_foreign,  # noqa: SLF001 (as above)
}


class Parts:
    """Puts the parts of linked results together, enough to tell whether one is whole."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[tuple[int, int], int, bool]] = {}

    def take(self, number: int, key: tuple[int, int], part: tuple[int, int] | None) -> Iterable[bool]:
        """Take a part of the result `key` of a poll; give, of each result that ends by it, whether it is whole."""
        open_key, count, last = self._open.get(number, (None, 0, False))
        if open_key is not None and open_key != key:
            yield False
            open_key, count, last = None, 0, False
        if part is None:
            self._open.pop(number, None)
            yield open_key is None or (count >= 0 and last)
            return
        follows = count >= 0 and part[1] == count + 1
        self._open[number] = (key, part[1] if follows else -1, part[0] == 3)  # noqa: PLR2004 (the last part)
