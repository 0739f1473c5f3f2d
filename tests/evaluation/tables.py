"""Makes tables of vitals for a few minutes: a calm patient, and what is to be seen in it."""

from collections.abc import Iterable
from pathlib import Path

UNITS = {"hr": "/min", "pr": "/min", "spo2": "%", "rr": "/min", "nibp_sys": "mmHg", "nibp_dia": "mmHg"}
CALM = {"hr": 72.0, "pr": 72.0, "spo2": 97.0, "rr": 14.0}

Change = tuple[float, str, float | None]
"""From which second on a parameter has another value; None: nothing comes any more."""


def vitals(path: Path, seconds: int, changes: Iterable[Change] = (), cuffs: Iterable[tuple[float, float]] = ()) -> Path:
    """Write a row each second of each parameter, as it is after the changes until then; cuffs as (time, systolic)."""
    now: dict[str, float | None] = dict(CALM)
    todo, pressures = sorted(changes, key=lambda c: c[0]), dict(cuffs)
    lines = ["t_s,param,value,unit"]
    for t in range(seconds):
        while todo and todo[0][0] <= t:
            _, name, value = todo.pop(0)
            now[name] = value
        lines += [f"{t}.000,{name},{value:g},{UNITS[name]}" for name, value in now.items() if value is not None]
        if t in pressures:
            lines += [f"{t}.000,nibp_sys,{pressures[t]:g},mmHg", f"{t}.000,nibp_dia,70,mmHg"]
    path.write_text("\n".join(lines) + "\n")
    return path


def spell(name: str, begin: float, seconds: float, value: float | None) -> list[Change]:
    """Let a parameter have another value for a while."""
    return [(begin, name, value), (begin + seconds, name, CALM[name])]
