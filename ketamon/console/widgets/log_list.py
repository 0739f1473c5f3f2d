"""The log as people read it, newest first."""

from textual.content import Content

from ketamon.console.view.desk import LogLine
from ketamon.console.widgets.line import Lines, link

_STYLES = {"alarm-changed": "bold", "observed": "", "noted": "", "phase-changed": "bold $pump"}
"""Kinds of entry that stand out; what devices say of themselves stays quiet."""


class LogList(Lines):
    """As many entries as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._log: tuple[LogLine, ...] = ()
        self.border_title = "log"

    def on_resize(self) -> None:
        """Show as many as there is room for now."""
        self.show(self._log)

    def show(self, log: tuple[LogLine, ...]) -> None:
        """Show the newest entries."""
        self._log = log
        width = self.size.width
        rows = [row(line, width) for line in log[: max(0, self.size.height)]]
        self.say(rows or [Content.styled("nothing was logged yet", "$muted")])


def row(line: LogLine, width: int) -> Content:
    """Draw an entry in one line."""
    clock = Content.styled(f"{line.clock}  ", "$muted")
    who = Content.styled(f"  {line.who}", "$muted") if line.who else Content("")
    room = max(1, width - clock.cell_length - who.cell_length)
    text = Content.styled(line.text.replace("\n", " "), _STYLES.get(line.kind, "$muted"))
    row = Content.assemble(clock, text.truncate(room, ellipsis=True, pad=True), who).truncate(max(1, width))
    return link(row, "go", "undo", str(line.seq)) if line.standing else link(row, "read", str(line.seq))
