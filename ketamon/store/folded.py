"""Many session files at once, each folded to its state. A file that is damaged or foreign is named, and left out."""

from collections.abc import Callable, Iterable
from pathlib import Path

from ketamon.domain.events import BytesRejected, GateChanged, Measured, NotRecorded, PumpReported
from ketamon.domain.fold import apply, fold
from ketamon.domain.session import SessionState
from ketamon.errors import KetamonError
from ketamon.store.reader import Reader

_EVERY_SECOND = tuple(kind.TYPE for kind in (Measured, PumpReported, BytesRejected, GateChanged, NotRecorded))

States = dict[Path, SessionState]
Reasons = dict[Path, str]


def outlines(paths: Iterable[Path]) -> tuple[States, Reasons]:
    """Fold each session until its infusion begins, without what devices say every second: whose it is, and when.

    Takes a millisecond or two a file. Returns the states, and why the other files were left out.
    """
    return _folded(paths, _outline)


def wholes(paths: Iterable[Path]) -> tuple[States, Reasons]:
    """Fold whole sessions, every row held against the chain; a two-hour one takes some 60 ms."""
    return _folded(paths, lambda reader: fold(reader.events()))


def _outline(reader: Reader) -> SessionState:
    state = SessionState()
    for event in reader.others(_EVERY_SECOND):
        apply(state, event)
        if state.infusion.started is not None:  # nobody is checked in after that
            break
    return state


def _folded(paths: Iterable[Path], read: Callable[[Reader], SessionState]) -> tuple[States, Reasons]:
    states: States = {}
    reasons: Reasons = {}
    for path in paths:
        try:
            with Reader(path) as reader:
                states[path] = read(reader)
        except KetamonError as error:
            reasons[path] = f"{error}; it is left out, so there may be more sessions"
    return states, reasons
