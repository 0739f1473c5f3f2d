"""The alarm bar: highest alarm first, by mark, word, colour and place; it blinks while nobody has acknowledged."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from ketamon.console.actions.keys import shown
from ketamon.console.actions.row import Action
from ketamon.console.view.chair import AlarmLine, Alarms
from ketamon.console.widgets.blinking import Blinking
from ketamon.console.widgets.line import Line, Part, fit
from ketamon.domain.devices import Priority

LINES = 3
"""How many alarms are written out; the style sheet shows as many of them as the screen has room for."""


class AlarmBar(Blinking, Vertical):
    """Up to `LINES` lines; the first also says how many more there are, and whether the sound is paused.

    `acknowledge` is the action whose key it names.
    """

    def __init__(self, acknowledge: Action, *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self._key = f"{shown(acknowledge.keys[0])} {acknowledge.label}"
        self._rows = [Line(classes="alarm-line") for _ in range(LINES)]

    def compose(self) -> ComposeResult:
        """Hold the lines."""
        yield from self._rows

    def show(self, alarms: Alarms) -> None:
        """Show the alarms, and blink at the pace of the highest that blinks."""
        shown_rows = max(1, self.size.height)
        for i, row in enumerate(self._rows):
            line = alarms.lines[i] if i < len(alarms.lines) else None
            more = len(alarms.lines) - shown_rows
            key = self._key if alarms.standing and not alarms.past else ""
            row.say(_content(line, alarms.audio, key, more, self.size.width - 1, first=i == 0))
            for priority in Priority:
                row.set_class(line is not None and line.priority is priority, f"-{priority}")
            row.set_class(line is not None and line.blinks, "-blinks")
        self.blink(x.priority for x in alarms.lines if x.blinks)


def _content(line: AlarmLine | None, audio: str, key: str, more: int, width: int, *, first: bool) -> Content:
    right = (
        Part(f"+{more} more" if more > 0 else "", "bold"),
        Part(key, rank=2),
        Part(audio, "bold"),
    )
    if line is None:
        return fit((Part(" no alarm stands" if first else ""),), right if first else (), width)
    left = (Part(f" {line.mark} {line.text}", "bold"), Part(line.since, rank=3))
    return fit(left, right if first else (), width)
