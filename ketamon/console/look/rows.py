"""A line of the screen as three strings of one length: what stands there, what it is, and on which ground.

Drawing functions return these and know no colour; a widget gives each letter a component class. So a picture is tested
as text, and two pictures are compared as text.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple


class Row(NamedTuple):
    """One line: the text, one letter per cell for what it is (" ": nothing special), and one for its ground."""

    text: str
    role: str
    ground: str

    def runs(self) -> Iterator[tuple[str, str, str]]:
        """Give (text, role, ground) of each stretch of cells that look alike."""
        start = 0
        for (role, ground), cells in groupby(zip(self.role, self.ground, strict=True)):
            end = start + sum(1 for _ in cells)
            yield self.text[start:end], role, ground
            start = end

    def beside(self, right: "Row") -> "Row":
        """Return this row with another one to the right of it."""
        return Row(self.text + right.text, self.role + right.role, self.ground + right.ground)

    def cut(self, start: int, end: int) -> "Row":
        """Return the cells from one column up to another."""
        return Row(self.text[start:end], self.role[start:end], self.ground[start:end])


def row(text: str, role: str = " ", ground: str = " ") -> Row:
    """Return a row that is the same all along."""
    return Row(text, role * len(text), ground * len(text))


class Canvas:
    """One line to write on, cell by cell; what does not fit is cut off."""

    def __init__(self, width: int) -> None:
        self.text = [" "] * width
        self.role = [" "] * width

    def put(self, x: int, text: str, role: str = " ") -> None:
        """Write text at column x."""
        for i, sign in enumerate(text, x):
            if 0 <= i < len(self.text):
                self.text[i], self.role[i] = sign, role

    def free(self, x: int, length: int) -> bool:
        """Tell whether that many cells from column x on are on the line and blank."""
        return x >= 0 and x + length <= len(self.text) and set(self.text[x : x + length]) <= {" "}

    def row(self) -> Row:
        """Return the line as it stands."""
        return Row("".join(self.text), "".join(self.role), " " * len(self.text))


def changed(old: Row, new: Row) -> tuple[int, int] | None:
    """Return the first and the last column that differ between two rows of one length, or None."""
    if old == new:
        return None
    differ = [i for i, (a, b) in enumerate(zip(zip(*old, strict=True), zip(*new, strict=True), strict=True)) if a != b]
    return differ[0], differ[-1]
