"""The gate: what discharge still lacks, unmet first, and what a person can confirm here."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize

from ketamon.console.actions.keys import key_of
from ketamon.console.actions.walks import WALKS
from ketamon.console.view.chair import ChairView
from ketamon.console.view.desk import Gate, GateLine
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import Confirm
from ketamon.domain.people import Person

WIDE = 84
"""From this width on each criterion is one line with all its columns."""

ROWS_OF_CHOSEN = 6
"""About so many lines the chosen criterion takes: what is required, what was observed, and what would meet it."""


class GatePanel(Panel):
    """The criteria. The pointer goes through them; Enter confirms, or takes back, what a person can confirm."""

    TITLE = "gate"
    ROOMY = True
    PASSES: ClassVar[frozenset[str]] = frozenset({"discharge", "undo", *WALKS})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("enter,space", "confirm", "Confirm", show=False),
    ]

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._chosen = ""

    @property
    def keys(self) -> str:
        """Confirm, and the key that signs."""
        return f"enter confirm  esc back  {key_of(self.actions, 'discharge')} sign"

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="criteria")

    def opened(self, what: str = "") -> None:
        """Begin with the first fact that a person can confirm."""
        super().opened(what)
        self._chosen = ""
        self._choose(self._to_confirm())

    def _to_confirm(self) -> str:
        """Return the first fact that is still to be confirmed, besides the chosen one; else what is chosen."""
        lines = self.view.gate.lines if self.view else ()
        facts = [line.label for line in lines if line.confirm and not line.met and line.label != self._chosen]
        return facts[0] if facts else self._chosen

    def draw(self, view: ChairView) -> None:
        """Draw the verdict."""
        labels = [line.label for line in view.gate.lines]
        if self._chosen not in labels:
            self._chosen = self._to_confirm() or (labels[0] if labels else "")
        self.border_title = Content(title(view.gate))
        self.query_one(Line).say(drawn(view.gate, self._chosen, self.size.width - 1))

    def on_resize(self, _event: Resize) -> None:
        """Draw for the new width."""
        if self.view is not None:
            self.draw(self.view)

    def action_move(self, by: int) -> None:
        """Move the pointer, and keep it in sight."""
        if self.view is None or not self.view.gate.lines:
            return
        labels = [line.label for line in self.view.gate.lines]
        at = labels.index(self._chosen) if self._chosen in labels else 0
        self._choose(labels[min(max(at + by, 0), len(labels) - 1)])

    def _choose(self, label: str) -> None:
        """Point to a criterion, and keep it in sight."""
        labels = [line.label for line in self.view.gate.lines] if self.view else []
        if self.view is None or label not in labels:
            return
        self._chosen = label
        self.draw(self.view)
        self.call_after_refresh(self._reveal, labels.index(label))  # just opened, it has no height yet

    def _reveal(self, at: int) -> None:
        top = min(max(round(self.scroll_y), at + ROWS_OF_CHOSEN - self.size.height), at)
        self.scroll_to(y=max(0, top), animate=False)

    def action_confirm(self) -> None:
        """Confirm the chosen fact, or take the confirmation back."""
        lines = self.view.gate.lines if self.view else ()
        line = next((line for line in lines if line.label == self._chosen), None)
        if line is None:
            return
        if not line.confirm:
            what = "" if line.met else f": {line.remedy}"
            self.post_message(self.Refused(f"“{line.label}” is judged from values{what}"))
            return
        what = f"{line.label}: {'taken back' if line.met else 'confirmed'}"
        self.ask(Confirm(item=line.confirm, met=not line.met, by=self.staff), what)

    def picked(self, what: str) -> None:
        """Point to the line that was clicked; clicked once more it is confirmed."""
        if what == self._chosen:
            self.action_confirm()
        else:
            self._choose(what)

    def done(self) -> None:
        """Stay open, at the next fact: several are confirmed in a row."""
        self._choose(self._to_confirm())


def title(gate: Gate) -> str:
    """Say the verdict."""
    if not gate.judged:
        return "gate: closed, not judged yet"
    unmet = sum(not line.met for line in gate.lines)
    ready = f", first open {gate.ready}" if gate.ready else ""
    return f"gate: {'OPEN' if gate.open else f'closed, {unmet} of {len(gate.lines)} unmet'}{ready}"


def drawn(gate: Gate, chosen: str, width: int) -> Content:
    """Draw the criteria, the chosen one with its details below; where there is room each with its columns."""
    if not gate.lines:
        return Content.styled("the core judges the gate in recovery", "$muted")
    rows = [row for line in gate.lines for row in _rows(line, line.label == chosen, width)]
    return Content("\n").join(rows)


def _rows(line: GateLine, chosen: bool, width: int) -> list[Content]:
    pointer = Content.styled("›" if chosen else " ", "bold $pump")
    mark = Content.styled("met   " if line.met else "UNMET ", "$ok" if line.met else "bold")
    can = " ⏎" if line.confirm else ""
    if width >= WIDE:
        columns = 32, width * 22 // 100, width * 26 // 100
        row = Content.assemble(
            pointer, mark, _cell(line.label + can, columns[0], "bold" if not line.met else ""),
            _cell(line.required, columns[1], "$muted"), _cell(line.observed, columns[2], ""),
            ("" if line.met else f"→ {line.remedy}"),
        )  # fmt: skip
        return [link(row.truncate(width, ellipsis=True), "pick", line.label), *(_details(line) if chosen else [])]
    label = Content.styled(line.label + can, "" if line.met else "bold")
    head = Content.assemble(pointer, mark, label).truncate(width, ellipsis=True)
    return [link(head, "pick", line.label), *(_details(line) if chosen else [])]


def _details(line: GateLine) -> list[Content]:
    texts = [f"required {line.required}", f"observed {line.observed}"] + ([] if line.met else [f"→ {line.remedy}"])
    return [Content.styled(f"    {text}", "$muted") for text in texts]


def _cell(text: str, width: int, style: str) -> Content:
    return Content.styled(text, style).truncate(max(1, width - 2), ellipsis=True, pad=True).pad_right(2)
