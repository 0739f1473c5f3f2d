"""The strip: every chair that this console follows on one line, so that no alarm is missed that is not in view."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message

from ketamon.console.view.strip import ChairLine
from ketamon.console.widgets.blinking import Blinking
from ketamon.console.widgets.line import Line, Part, fit
from ketamon.domain.devices import Priority

NARROWEST = 20
"""Cells that a chair needs for its name and an alarm; where they are too many for that there is a second line."""


class Strip(Blinking):
    """One cell for each chair, in their order; it is there only where there are several. A click goes to a chair."""

    @dataclass
    class Chosen(Message):
        """Somebody wants to see this chair."""

        name: str

    def show(self, chairs: Sequence[ChairLine]) -> None:
        """Show the chairs, and blink at the pace of the highest alarm that blinks."""
        self.display = len(chairs) > 1
        self.blink(line.priority for line in chairs if line.blinks and line.priority)
        cells = [*self.query_children(Cell)]
        for cell in cells[len(chairs) :]:
            cell.remove()
        new = [Cell() for _ in chairs[len(cells) :]]
        if new:
            self.mount(*new)
        across = min(len(chairs), max(1, self.screen.size.width // NARROWEST)) or 1
        self.styles.grid_size_columns = across
        self.styles.height = -(-len(chairs) // across)
        for cell, line in zip((*cells, *new), chairs, strict=False):
            cell.show(line, self.screen.size.width // across)


class Cell(Line):
    """One chair."""

    _name = ""

    def show(self, line: ChairLine, width: int) -> None:
        """Show what is most urgent there."""
        self._name = line.name
        self.set_class(line.shown, "-shown")
        self.set_class(line.blinks, "-blinks")
        for priority in Priority:
            self.set_class(line.priority is priority, f"-{priority}")
        self.say(content(line, width - 1))

    def on_click(self) -> None:
        """Go there."""
        self.post_message(Strip.Chosen(self._name))


def content(line: ChairLine, width: int) -> Content:
    """Write a chair into so many cells: what is most urgent stays, and its name, at last in short."""
    sign, said = "▸" if line.shown else " ", f"{line.mark} {line.text}".strip()
    wanted = len(" ".join(filter(None, (sign + line.label, line.rehearsal, said))))
    name = line.label if wanted <= width else line.label.removeprefix("chair ")
    left = (
        Part(f"{sign}{name}", "bold reverse" if line.shown else "bold"),
        Part(line.rehearsal, "bold" if line.priority else "bold $rehearsal"),
        Part(line.phase, rank=4),
        Part(line.emergency, "bold reverse", rank=1),
        Part(said, "bold" if line.need else ""),
        Part(line.also, rank=2),
    )
    return fit(left, (Part(line.audio, rank=3),), width, gap=1)
