"""Writes the frozen session of a version: one event of every type, as the ketamon of that version writes it.

    python tests/store/freeze.py VERSION      makes tests/store/frozen/VERSION.ksession; done once, at a release

A frozen file is never made again: it is what stands on clinics' disks, and every later ketamon must read it.
"""

import sys
import types
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from ketamon.domain.events import TYPES, Event
from ketamon.domain.instant import Instant
from ketamon.store.database import create
from ketamon.store.writer import Store

FROZEN = Path(__file__).parent / "frozen"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PLAIN: dict[Any, Any] = {str: "text", int: 3, float: 1.5, bool: True, datetime: START}


def example(hint: Any) -> Any:
    """Give one value of a type, always the same; of a choice the last, and of what may be missing what is there."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in {Union, types.UnionType}:
        return example(next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return (example(args[0]),)
    if origin is dict:
        return {example(args[0]): example(args[1])}
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{field.name: example(hints[field.name]) for field in fields(hint)})
    assert issubclass(hint, Enum), hint
    return list(hint)[-1]


def events() -> list[Event]:
    """Give one event of every type, in the order of their names."""
    return [
        Event(seq, Instant(seq * 10**9, START + timedelta(seconds=seq)), example(TYPES[name]))
        for seq, name in enumerate(sorted(TYPES), 1)
    ]


if __name__ == "__main__":
    path = FROZEN / f"{sys.argv[1]}.ksession"
    path.parent.mkdir(exist_ok=True)
    create(path, "frozen", START)
    with Store(path, clock=int, on_degraded=lambda *_: None) as store:
        store.append(events(), urgent=True).result()
        store.close(ended=True)
