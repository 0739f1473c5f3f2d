"""The session on one line: what was done, what is planned, where we are, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ketamon.console.charts.drawing import Mark, minutes_row
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Canvas, Row
from ketamon.console.widgets.picture import Picture
from ketamon.domain.devices import Priority


class Stage(StrEnum):
    """What a stretch of the session is."""

    BASELINE = "baseline"
    INFUSION = "infusion"
    PLANNED = "planned"
    PAUSE = "pause"
    RECOVERY = "recovery"
    AHEAD = "recovery ahead"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stage from `start_s` to `end_s` of session time."""

    stage: Stage
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineData:
    """The stretches in their order, up to `end_s` (plan and recovery); `text` stands at the right end of the bar."""

    stretches: tuple[Stretch, ...]
    now_s: float
    end_s: float
    marks: tuple[Mark, ...] = ()
    text: str = ""


STAGE_ROLES = {
    Stage.BASELINE: "B", Stage.INFUSION: "I", Stage.PLANNED: "P", Stage.PAUSE: "U", Stage.RECOVERY: "R",
    Stage.AHEAD: "E",
}  # fmt: skip
NOW, NOTE, TEXT = "NmT"
_SHORTEST_BAR, _NAMED_CELLS = 10, 12
"""Cells below which there is no text beside the bar, and no name in a stretch of recovery."""
ALARMS = {Priority.HIGH: "h", Priority.MEDIUM: "d", Priority.LOW: "w"}


def timeline_rows(data: TimelineData, width: int, height: int, glyphs: Glyphs) -> list[Row]:
    """Draw scale, bar, marks and legend, as many as the height allows: bar first, then marks, scale, legend.

    The legend stands behind the marks where there is room for it.
    """
    bar_width = width - (len(data.text) + 2 if data.text else 0)
    if bar_width < _SHORTEST_BAR or data.end_s <= 0:
        bar_width = width
    per_cell = max(data.end_s, 1.0) / bar_width
    bar = _bar(data, width, bar_width, per_cell, glyphs)
    marks, legend = _marks(data, width, per_cell, glyphs), _legend(data.marks)
    legend_line = Canvas(width)
    if not _write_legend(marks, legend):
        _write_legend(legend_line, legend, 0)
    scale = minutes_row(0.0, per_cell, bar_width)
    lines = {1: ("bar",), 2: ("bar", "marks"), 3: ("scale", "bar", "marks")}
    rows = {
        "scale": Row(scale.text.ljust(width), scale.role.ljust(width), " " * width),
        "bar": bar.row(), "marks": marks.row(), "legend": legend_line.row(),
    }  # fmt: skip
    return [rows[line] for line in lines.get(height, ("scale", "bar", "marks", "legend"))]


def _bar(data: TimelineData, width: int, bar_width: int, per_cell: float, glyphs: Glyphs) -> Canvas:
    line = Canvas(width)
    begun = any(s.stage is Stage.RECOVERY and s.end_s - s.start_s >= _NAMED_CELLS * per_cell for s in data.stretches)
    # Pauses last: a short one must not disappear under its neighbours.
    for stretch in sorted(data.stretches, key=lambda s: s.stage is Stage.PAUSE):
        start = min(int(stretch.start_s / per_cell + 1e-6), bar_width - 1)
        end = min(max(int(stretch.end_s / per_cell + 1e-6), start + 1), bar_width)
        named = stretch.stage is not Stage.AHEAD or not begun
        line.put(start, _stretch(stretch.stage, end - start, glyphs, named=named), STAGE_ROLES[stretch.stage])
    if bar_width < width:
        line.put(bar_width + 2, data.text, TEXT)
    return line


def _stretch(stage: Stage, length: int, glyphs: Glyphs, *, named: bool) -> str:
    """Draw one stretch of the bar; it carries its name where that fits, recovery only once."""
    begin, done, end, ahead, last = glyphs.phase
    if stage is Stage.BASELINE:
        return (begin + _named("baseline", length - 2, done) + end) if length > 1 else begin
    if stage is Stage.RECOVERY:
        return _named("recovery", length, done)
    if stage is Stage.AHEAD:
        return _named("recovery" if named else "", length - 1, ahead) + last
    return {Stage.INFUSION: glyphs.given, Stage.PLANNED: glyphs.planned, Stage.PAUSE: glyphs.pause}[stage] * length


def _named(name: str, length: int, fill: str) -> str:
    return (f" {name} " if name and length >= len(name) + 4 else "").center(length, fill)


def _marks(data: TimelineData, width: int, per_cell: float, glyphs: Glyphs) -> Canvas:
    """Write the marker of this moment, then the letters, the gravest first; a letter among more turns into a plus."""
    line = Canvas(width)
    now = min(int(data.now_s / per_cell + 1e-6), width - 1)
    line.put(now, glyphs.now, NOW)
    for mark in sorted(data.marks, key=lambda m: (-m.rank, m.t)):
        x = int(mark.t / per_cell + 1e-6)
        if 0 <= x < width and line.text[x] == mark.letter:
            continue
        near = next((place for place in (x, x + 1, x - 1) if line.free(place, 1)), None)
        if near is not None:
            line.put(near, mark.letter, _role(mark))
        elif 0 <= x < width and line.role[x] == NOTE:
            line.put(x, "+", _role(mark))
    if line.free(now + 1, 5):
        line.put(now + 2, "now", NOW)
    return line


def _legend(marks: Sequence[Mark]) -> list[tuple[str, str, str]]:
    """Return letter, word and role of each kind of mark, once, in the order of their letters."""
    kinds = {(mark.letter, mark.word): _role(mark) for mark in sorted(marks, key=lambda m: m.rank)}
    return [(letter, word, role) for (letter, word), role in sorted(kinds.items())]


def _role(mark: Mark) -> str:
    return ALARMS[mark.priority] if mark.priority else NOTE


def _write_legend(line: Canvas, legend: Sequence[tuple[str, str, str]], start: int | None = None) -> bool:
    """Write the legend from `start`, or to the right of all else if it fits there; tell whether it did."""
    length = sum(len(letter) + len(word) + 3 for letter, word, _ in legend)
    x = start if start is not None else len("".join(line.text).rstrip()) + 3
    if start is None and not line.free(x, length):
        return False
    for letter, word, role in legend:
        line.put(x, letter, role)
        line.put(x + len(letter) + 1, word, TEXT)
        x += len(letter) + len(word) + 3
    return True


class Timeline(Picture):
    """The session timeline. Feed it with `update`."""

    HELP = """\
## Session

Minutes of the session: baseline, the infusion that ran (dark) and is still planned (light), pauses, recovery. The arrow
is this moment; letters are alarms, observations, rate changes and notes, named in the legend.
"""
    DEFAULT_CSS = """
    Timeline {
        height: 3;
        & > .timeline--baseline { color: $muted; }
        & > .timeline--infusion { color: $pump; }
        & > .timeline--planned { color: $muted; }
        & > .timeline--pause { color: $foreground; }
        & > .timeline--recovery { color: $ok; }
        & > .timeline--ahead { color: $muted; }
        & > .timeline--now { color: $foreground; text-style: bold; }
        & > .timeline--mark { color: $foreground; }
        & > .timeline--text { color: $foreground; }
        & > .timeline--axis { color: $muted; }
        & > .timeline--alarm-high { color: $alarm-high; text-style: bold; }
        & > .timeline--alarm-medium { color: $alarm-medium; text-style: bold; }
        & > .timeline--alarm-low { color: $alarm-low; text-style: bold; }
    }
    """
    LOOKS: ClassVar[dict[str, str]] = {
        "B": "timeline--baseline", "I": "timeline--infusion", "P": "timeline--planned", "U": "timeline--pause",
        "R": "timeline--recovery", "E": "timeline--ahead", NOW: "timeline--now", NOTE: "timeline--mark",
        TEXT: "timeline--text", "a": "timeline--axis", "h": "timeline--alarm-high", "d": "timeline--alarm-medium",
        "w": "timeline--alarm-low",
    }  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOKS.values())

    def __init__(self, *, glyphs: Glyphs = BRAILLE, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__(glyphs=glyphs, id=id, classes=classes)
        self._shown = TimelineData(stretches=(), now_s=0.0, end_s=0.0)

    def update(self, data: TimelineData) -> None:
        """Show other data."""
        if data != self._shown:
            self._shown = data
            self.redraw()

    def picture(self, width: int, height: int) -> list[Row]:
        """Draw the timeline, once there is a session."""
        return timeline_rows(self._shown, width, height, self.glyphs) if self._shown.end_s > 0 else []
