"""The devices: how each one's line is, and of the chosen one the last bytes with what was made of them."""

from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize

from ketamon.console.devices import DeviceLine
from ketamon.console.view import ChairView
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Panel
from ketamon.domain.health import REJECTED, WAITING
from ketamon.domain.people import Person

PER_ROW = 16
HEX_WIDTH = 4 * PER_ROW + 2
"""Cells of a row of bytes: each with its mark, and as letters."""
WIDE = HEX_WIDTH + 36
"""From this width on the decoded lines stand beside the bytes, else below."""
MARKS = {REJECTED: "!", WAITING: "·"}
LEGEND = "!rejected  ·its frame is not whole yet"


class DevicesPanel(Panel):
    """Up and down choose the device whose bytes are shown."""

    TITLE = "devices"
    ROOMY = True
    KEYS: ClassVar[str] = "↑ ↓ device  page up/down scroll  esc back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "choose(-1)", "Device above", show=False),
        Binding("down,j", "choose(1)", "Device below", show=False),
    ]

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line()

    def draw(self, view: ChairView) -> None:
        """Draw the devices as they are now."""
        self.query_one(Line).say(drawn(view.devices, self._chosen, max(self.size.width - 1, 1)))

    @on(Resize)
    def _resized(self) -> None:
        if self.view is not None:
            self.draw(self.view)

    def action_choose(self, by: int) -> None:
        """Choose another device."""
        if self.view is not None and self.view.devices:
            self._chosen = min(max(self._chosen + by, 0), len(self.view.devices) - 1)
            self.draw(self.view)


def drawn(lines: tuple[DeviceLine, ...], chosen: int, width: int) -> Content:
    """Draw the list of devices, and below it all of the chosen one."""
    if not lines:
        return Content.styled("no device is attached", "$muted")
    head = [_row(line, n == chosen, width) for n, line in enumerate(lines)]
    return Content("\n").join([*head, Content(""), *_all_of(lines[min(chosen, len(lines) - 1)], width)])


def _row(line: DeviceLine, chosen: bool, width: int) -> Content:
    return Content.assemble(
        ("›" if chosen else " ", "bold $pump"), (f"{line.name:<9} ", "bold"), f"{line.label:<16} ",
        (f"{line.link}", "$ok" if line.live else "bold $stale"), "   ", (line.pace, "$muted"),
    ).truncate(width, ellipsis=True)  # fmt: skip


def _all_of(line: DeviceLine, width: int) -> list[Content]:
    said = [
        (f"{line.driver} at {line.port}", ""),
        (line.link, "" if line.live else "bold $stale"),
        (line.stale, "bold $stale"),
        (f"{line.counts}; {line.pace}" if line.told else line.counts, ""),
        (f"waveforms: {line.waves}" if line.waves else "", ""),
        (line.rejected, "bold"),
    ]
    rows = [Content.styled(part, style) for text, style in said if text for part in wrap(text, width)]
    if not line.told:
        return rows
    left = [Content.styled(f"last {len(line.tail)} bytes   {LEGEND}", "$muted"), *hex_rows(line.tail, line.fate)]
    right = [Content.styled("last decoded", "$muted"), *_decoded(line, min(width, width - HEX_WIDTH - 2), width)]
    return [*rows, Content(""), *(_beside(left, right) if width >= WIDE else [*left, *right])]


def _decoded(line: DeviceLine, beside: int, width: int) -> list[Content]:
    room = beside if width >= WIDE else width
    style = "$stale" if line.stale else ""
    return [Content.styled(part, style) for said in line.said for part in wrap(said, room, subsequent_indent="  ")]


def _beside(left: list[Content], right: list[Content]) -> list[Content]:
    rows = zip_longest(left, right, fillvalue=Content(""))
    return [one.pad_right(HEX_WIDTH + 2 - one.cell_length) + two for one, two in rows]


def hex_rows(tail: bytes, fate: str) -> list[Content]:
    """Write bytes as numbers and as letters, each behind the mark of what became of it."""
    return [
        _hex_row(tail[start : start + PER_ROW], fate[start : start + PER_ROW]) for start in range(0, len(tail), PER_ROW)
    ]


def _hex_row(data: bytes, fate: str) -> Content:
    cells = [
        Content.styled(f"{MARKS.get(what, ' ')}{byte:02X}", _style(what)) for byte, what in zip(data, fate, strict=True)
    ]
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)  # noqa: PLR2004 (printable ASCII)
    return Content("").join([*cells, Content("   " * (PER_ROW - len(data)) + "  "), Content.styled(letters, "$muted")])


def _style(what: str) -> str:
    return {REJECTED: "bold reverse", WAITING: "$muted"}.get(what, "")
