"""Older bodies of events, brought to the shape of today when they are read. What stands on disk is never changed.

Each step is a pure function from the JSON object of one version to that of the next; the steps of a type stand in their
order, from version 1 to 2, from 2 to 3, and so on. So the version that is written now is one more than its steps. A
field that is merely new needs no step: it has a default. Each released version has a frozen session among the tests,
which every later ketamon must read.
"""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
Step = Callable[[Fields], Fields]

STEPS: dict[str, tuple[Step, ...]] = {}
"""The steps of each type of event that ever changed its shape."""


def version_of(type_: str) -> int:
    """Return the version of a type that is written now."""
    return len(STEPS[type_]) + 1 if type_ in STEPS else 1


def upcast(type_: str, version: int, fields: Fields) -> Fields:
    """Bring the fields of an older version to those of today."""
    for step in STEPS.get(type_, ())[version - 1 :]:
        fields = step(fields)
    return fields
