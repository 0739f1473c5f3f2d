"""The beat of a driver that asks: one question a period, never sooner."""

from ketamon.domain.instant import Instant


class Pace:
    """Says when the next question is due, on the monotonic clock.

    Asked a little late, it keeps its beat; after a silence of a period or more it begins a new one, and makes up for
    nothing.
    """

    def __init__(self, period_ns: int) -> None:
        self._period_ns = period_ns
        self._due_ns: int | None = None

    def due(self, at: Instant) -> bool:
        """Whether a question is due; if so, the next one is a period later."""
        now, due = at.monotonic_ns, self._due_ns
        if due is not None and now < due:
            return False
        in_step = due is not None and now - due < self._period_ns
        self._due_ns = (due if in_step and due is not None else now) + self._period_ns
        return True
