"""Many session files at once, each folded to its state. A file that is damaged or foreign is named, and left out."""

from collections.abc import Iterable
from pathlib import Path

from ketamon.domain.events import BytesRejected, GateChanged, Measured, PumpReported
from ketamon.domain.fold import fold
from ketamon.domain.session import SessionState
from ketamon.errors import KetamonError
from ketamon.store.reader import Reader

_EVERY_SECOND = (Measured.TYPE, PumpReported.TYPE, BytesRejected.TYPE, GateChanged.TYPE)

States = dict[Path, SessionState]
Reasons = dict[Path, str]


def outlines(paths: Iterable[Path]) -> tuple[States, Reasons]:
    """Fold what people did and what happened, without what devices say every second: whose session it is, and when.

    Takes a few milliseconds a file. Returns the states, and why the other files were left out.
    """
    return _folded(paths, _EVERY_SECOND)


def wholes(paths: Iterable[Path]) -> tuple[States, Reasons]:
    """Fold whole sessions, every row held against the chain; a two-hour one takes some 60 ms."""
    return _folded(paths, ())


def _folded(paths: Iterable[Path], without: tuple[str, ...]) -> tuple[States, Reasons]:
    states: States = {}
    reasons: Reasons = {}
    for path in paths:
        try:
            with Reader(path) as reader:
                states[path] = fold(reader.others(without) if without else reader.events())
        except KetamonError as error:
            reasons[path] = str(error)
    return states, reasons
