"""What is said of each chair of a workstation on one line, and how one comes from one chair to another. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ketamon.domain.devices import Priority


class Need(IntEnum):
    """How much a chair needs somebody. The priorities of alarms follow `DUE`, in their order."""

    NOBODY = 0
    DUE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ChairLine:
    """One chair. `name` is what it is followed by, `label` what it is called; `shown`: it is the one seen in full.

    `text` is what is most urgent there, `mark`, `priority` and `blinks` are those of an alarm; `also` says what else
    stands. `ended`: its session is over and its core gone.
    """

    name: str
    label: str
    phase: str
    text: str
    need: Need = Need.NOBODY
    mark: str = ""
    priority: Priority | None = None
    blinks: bool = False
    also: str = ""
    audio: str = ""
    emergency: str = ""
    rehearsal: str = ""
    ended: bool = False
    shown: bool = False


def label(chair: str) -> str:
    """Call a chair by its name so that nobody takes it for a number of something else."""
    return chair if not chair or chair.startswith("chair") else f"chair {chair}"


def following(lines: Sequence[ChairLine]) -> str:
    """Return the chair after the one that is shown, in their order."""
    return _from_here(lines)[0].name


def neediest(lines: Sequence[ChairLine]) -> str:
    """Return the chair that needs somebody most; of several alike not the one that is shown. "" where nobody does."""
    first = max(_from_here(lines), key=lambda line: line.need)
    return first.name if first.need else ""


def _from_here(lines: Sequence[ChairLine]) -> list[ChairLine]:
    """Return the chairs in their order, the one that is shown last."""
    here = next((n for n, line in enumerate(lines) if line.shown), -1)
    return [*lines[here + 1 :], *lines[: here + 1]]
