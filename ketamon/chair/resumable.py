"""Sessions that did not end and that nobody runs: what can be gone on with or set aside, and what to say of it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ketamon.chair.gap import gap
from ketamon.domain.events import Event, Noted, SessionOpened
from ketamon.domain.instant import Instant
from ketamon.domain.people import Person
from ketamon.domain.session import SessionState
from ketamon.errors import KetamonError, SourceError
from ketamon.lock import holder
from ketamon.port.clock import SystemClock
from ketamon.store import location
from ketamon.store.folded import wholes
from ketamon.store.lock import lock_path
from ketamon.store.reader import Reader
from ketamon.store.writer import Store


@dataclass(frozen=True, slots=True)
class Resumable:
    """One open session: its file, how it began, its last moment, and its state then. `broke_off`: its core crashed."""

    path: Path
    opened: SessionOpened
    last: Instant
    state: SessionState
    broke_off: bool

    @property
    def patient(self) -> str:
        """Who sits in the chair; not said before anybody has proven who they are, where the clinic asks for that."""
        return self.state.patient.label if self.state.patient is not None and not self.opened.pins else ""


def resumable(chair: str | None = None) -> tuple[list[Resumable], list[str]]:
    """Return the open sessions of a chair (or of all), newest first, and why files that cannot be read are left out."""
    idle = [path for path in location.open_sessions() if holder(lock_path(path)) is None]
    states, reasons = wholes(idle)
    found = [
        Resumable(path, state.opened, state.at, state, lock_path(path).exists())
        for path, state in states.items()
        if state.opened is not None and state.at is not None and chair in (None, state.opened.chair)
    ]
    return found, list(reasons.values())


def asked_before() -> bool:
    """Whether the newest session here that can be read asked for PINs."""
    for path in location.session_files():
        with suppress(KetamonError), Reader(path) as reader:
            for event in reader.events():
                return isinstance(event.body, SessionOpened) and event.body.pins
    return False


def set_aside(open_: Resumable, by: Person, why: str) -> None:
    """Close a session that nobody goes on with; by whom and why is its last event. It is not offered any more.

    Raises `SourceError` where it cannot be written, or somebody went on with it.
    """
    awake = SystemClock()
    passed = gap(open_.last, open_.state.boot, awake.now(), awake.boot, broke_off=open_.broke_off)
    at = SystemClock(open_.last.monotonic_ns + round((passed.seconds or 0.0) * 1e9)).now()
    said = Noted(text=f"session set aside, nobody goes on with it: {why}", by=by)
    with Store(open_.path, clock=lambda: at.monotonic_ns, on_degraded=lambda _degraded, _why: None) as store:
        if store.head.seq != open_.state.seq:
            raise SourceError(f"{open_.path} went on while it was read; try again")
        store.append([Event(store.head.seq + 1, at, said)], urgent=True)
        store.close(ended=True)
