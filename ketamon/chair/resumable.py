"""Sessions that did not end and that nobody runs: what can be gone on with, and what to say of it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ketamon.domain.events import SessionOpened
from ketamon.domain.instant import Instant
from ketamon.domain.session import SessionState
from ketamon.errors import KetamonError
from ketamon.lock import holder
from ketamon.store import location
from ketamon.store.folded import wholes
from ketamon.store.lock import lock_path
from ketamon.store.reader import Reader


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
