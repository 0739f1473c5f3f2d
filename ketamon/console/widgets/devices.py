"""The devices: how each one's line is, and of the chosen one the last bytes with what was made of them."""

from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize

from ketamon.console.view.chair import ChairView
from ketamon.console.view.devices import DeviceLine
from ketamon.console.widgets.line import Line
from ketamon.console.widgets.panel import Panel
from ketamon.domain.health import REJECTED, WAITING
from ketamon.domain.people import Person

MOST_PER_ROW, LEAST_PER_ROW = 16, 8
BESIDE = 38
"""So many cells the decoded lines need beside the bytes; with less they stand below."""
NARROW = 70
"""Below this width the list says nothing that the lines below it say."""
MARKS = {REJECTED: "!", WAITING: "·"}
LEGEND = "!rejected  ·not whole yet"


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
    label, pace = (f"{line.label:<16} ", f"   {line.pace}") if width >= NARROW else ("", "")
    return Content.assemble(
        ("›" if chosen else " ", "bold $pump"), (f"{line.name:<9} ", "bold"), label,
        (line.link, "$ok" if line.live else "bold $stale"), (pace, "$muted"),
    ).truncate(width, ellipsis=True)  # fmt: skip


def _all_of(line: DeviceLine, width: int) -> list[Content]:
    said = [
        (f"{line.label}: {line.driver} at {line.port}", ""),
        ("" if line.live else line.link, "bold $stale"),
        (line.stale, "bold $stale"),
        (f"{line.counts}; {line.pace}" if line.told else line.counts, ""),
        (f"waveforms: {line.waves}" if line.waves else "", ""),
        (line.rejected, "bold"),
        (line.instead, "bold $stale"),
    ]
    rows = [Content.styled(part, style) for text, style in said if text for part in wrap(text, width)]
    if not line.told:
        return rows
    return [*rows, Content(""), *_bytes_and_words(line, width)]


def _bytes_and_words(line: DeviceLine, width: int) -> list[Content]:
    per_row = MOST_PER_ROW if width >= _cells(MOST_PER_ROW) else LEAST_PER_ROW
    used = _cells(per_row) + 2
    room = width - used if width >= used + BESIDE else width
    style = "$stale" if line.stale else ""
    words = [Content.styled(part, style) for said in line.said for part in wrap(said, room, subsequent_indent="  ")]
    left = [
        Content.styled(f"last {len(line.tail)} bytes  {LEGEND}", "$muted"), *hex_rows(line.tail, line.fate, per_row)
    ]  # fmt: skip
    right = [Content.styled("last decoded", "$muted"), *words]
    if room == width:
        return [*left, *right]
    rows = zip_longest(left, right, fillvalue=Content(""))
    return [one.pad_right(used - one.cell_length) + two for one, two in rows]


def _cells(per_row: int) -> int:
    """Width of a row of bytes: each with its mark, and as letters."""
    return 4 * per_row + 2


def hex_rows(tail: bytes, fate: str, per_row: int) -> list[Content]:
    """Write bytes as numbers and as letters, each behind the mark of what became of it."""
    starts = range(0, len(tail), per_row)
    return [_hex_row(tail[start : start + per_row], fate[start : start + per_row], per_row) for start in starts]


def _hex_row(data: bytes, fate: str, per_row: int) -> Content:
    cells = [
        Content.styled(f"{MARKS.get(what, ' ')}{byte:02X}", _style(what)) for byte, what in zip(data, fate, strict=True)
    ]
    letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)  # noqa: PLR2004 (printable ASCII)
    return Content("").join([*cells, Content("   " * (per_row - len(data)) + "  "), Content.styled(letters, "$muted")])


def _style(what: str) -> str:
    return {REJECTED: "bold reverse", WAITING: "$muted"}.get(what, "")
