"""The screening: each question asked and answered by a key of its own; a physician decides about what is flagged."""

from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import Input

from ketamon.console import typed as t
from ketamon.console.view.chair import ChairView
from ketamon.console.widgets.line import Line, link
from ketamon.console.widgets.panel import Panel
from ketamon.domain.intents import AnswerScreening, DecideScreening
from ketamon.domain.people import Person, Role
from ketamon.domain.profile import Answer, Reply, ScreeningItem, Severity
from ketamon.rules.screening import Question, Standing

STANDING = 10
"""Cells for where a question stands, with the space before it."""

FIELDS: dict[str, str] = {
    "drug": "which drug",
    "dose": "its dose",
    "taken": "when it was last taken",
    "text": "what it is",
    "who": "who decides, name and role: Chen physician",
    "why": "because",
}
"""What can be asked for besides a key: the field, and what stands in it before anything is typed."""

ASKED: dict[Answer, tuple[str, ...]] = {
    Answer.YES_NO: (),
    Answer.YES_NO_TEXT: ("text",),
    Answer.DRUG: ("drug", "dose", "taken"),
}
"""What a flagged answer has to say besides yes or no."""

DECIDING = ("who", "why")

REPLIES = {"y": Reply.YES, "n": Reply.NO}
DECISIONS = {"g": True, "x": False}

STYLES = {
    Standing.OPEN: "bold",
    Standing.CLEAR: "$ok",
    Standing.NOTED: "$ok",
    Standing.TO_DECIDE: "bold reverse",
    Standing.GO_ON: "$ok",
    Standing.NOT_TODAY: "bold reverse",
}


class ScreeningPanel(Panel):
    """The questions; the pointer is at the one that is asked. It moves on by itself only after an answer.

    There is no key for several questions at once: what nobody asked has no answer.
    """

    TITLE = "screening"
    ROOMY = True
    KEYS: ClassVar[str] = "y n answer  esc back  g go on  x not today  ↑ ↓"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
    ]

    def __init__(self, staff: Person) -> None:
        super().__init__(staff)
        self._chosen = ""
        self._typing: Reply | bool | None = None
        self._settled: set[str] = set()

    def compose(self) -> ComposeResult:
        """Hold the questions, and the fields for what a key cannot say."""
        yield Line(classes="questions")
        for name, example in FIELDS.items():
            yield Input(placeholder=example, id=name, classes="asked-later", compact=True, select_on_focus=False)

    def opened(self, what: str = "") -> None:  # noqa: ARG002 (others of the family use it)
        """Begin with the first question that is open, and with whoever may decide."""
        who = self._field("who")
        if not who.value and self.staff.role is Role.PHYSICIAN:
            who.value = f"{self.staff.name} {self.staff.role}"
        if self._typing is None:
            self._go_to_open()
        self._draw()

    def draw(self, view: ChairView) -> None:  # noqa: ARG002 (others of the family use it)
        """Draw the questions; the pointer stays where it is."""
        self._settled &= {q.item.id for q in self._questions if q.standing is Standing.OPEN}
        if self._question is None:
            self._go_to_open()
        self._draw_list()

    @on(Resize)
    def _resized(self) -> None:
        self._draw_list()

    @property
    def _questions(self) -> tuple[Question, ...]:
        return self.view.before.questions if self.view else ()

    @property
    def _question(self) -> Question | None:
        return next((question for question in self._questions if question.item.id == self._chosen), None)

    # ---------------------------------------------------------------- keys

    def action_move(self, by: int) -> None:
        """Move the pointer."""
        names = [question.item.id for question in self._questions]
        if self._typing is None and self._chosen in names:
            self._chosen = names[min(max(names.index(self._chosen) + by, 0), len(names) - 1)]
            self._draw_list()

    def pressed(self, character: str) -> None:
        """Answer the question, or decide about its answer."""
        question = self._question
        if question is None:
            return
        if character in REPLIES:
            reply = REPLIES[character]
            if reply is question.item.flagged_by and ASKED[question.item.answer]:
                self._type(reply)
            else:
                self._answer(question.item, reply, "")
        elif character not in DECISIONS:
            self.post_message(self.Refused(f"“{character}” answers nothing; y or n, g or x to decide"))
        elif question.standing in (Standing.OPEN, Standing.CLEAR, Standing.NOTED):
            self.post_message(self.Refused(f"there is nothing to decide about “{question.item.question}”"))
        else:
            self._type(DECISIONS[character])

    def picked(self, what: str) -> None:
        """Go to the question that was clicked."""
        if self._typing is None:
            self._chosen = what
            self._draw_list()

    def _answer(self, item: ScreeningItem, reply: Reply, text: str) -> None:
        intent = AnswerScreening(item=item.id, reply=reply, by=self.staff, text=text)
        self.ask(intent, f"{item.question} {reply}" + (f", {text}" if text else ""))

    # ---------------------------------------------------------------- what is typed

    @property
    def _fields(self) -> tuple[str, ...]:
        """The fields that are asked now."""
        if self._typing is None or self._question is None:
            return ()
        return ASKED[self._question.item.answer] if isinstance(self._typing, Reply) else DECIDING

    def _field(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    def _type(self, about: Reply | bool) -> None:
        self._typing = about
        self._draw()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        empty = [name for name in self._fields if not self._field(name).value.strip()]
        if event.input.id in empty:
            self.post_message(self.Refused(f"{FIELDS[event.input.id].split(',')[0]}: this is asked for"))
        elif empty:
            self.aim(self._field(empty[0]))
        else:
            self._send()

    def _send(self) -> None:
        question, typed = self._question, [self._field(name).value.strip() for name in self._fields]
        if question is None or self._typing is None:
            return
        if isinstance(self._typing, Reply):
            self._answer(question.item, self._typing, said(typed))
            return
        try:
            who = t.person(typed[0], "who decides")
        except t.Mistake as mistake:
            self.post_message(self.Refused(str(mistake)))
            return
        if who.role is not Role.PHYSICIAN:
            self.post_message(self.Refused(f"a physician decides, not a {who.role}"))
            return
        intent = DecideScreening(item=question.item.id, go_on=self._typing, why=typed[1], by=who)
        self.ask(intent, f"{question.item.question} {'go on' if self._typing else 'not today'}, {who}")

    def done(self) -> None:
        """Stay open, and go on to the next question."""
        self._forget()
        self._settled.add(self._chosen)
        self._go_to_open()
        self._draw()

    def action_back(self) -> None:
        """Go back from typing to the questions, with what was typed forgotten; from the questions out."""
        if self._typing is None:
            super().action_back()
            return
        self._forget()
        self._draw()

    def _forget(self) -> None:
        """Empty the fields; who decides is likely the same the next time."""
        for name in set(FIELDS) - {"who"}:
            self._field(name).value = ""
        self._typing = None

    def _go_to_open(self) -> None:
        """Go to the next question without an answer, then to what waits for a decision; else stay."""
        names = [question.item.id for question in self._questions]
        at = names.index(self._chosen) if self._chosen in names else 0
        ahead = (*self._questions[at:], *self._questions[:at])
        for standing in (Standing.OPEN, Standing.TO_DECIDE):
            for question in ahead:
                if question.standing is standing and question.item.id not in self._settled:
                    self._chosen = question.item.id
                    return
        if self._chosen not in names and names:
            self._chosen = names[0]

    # ---------------------------------------------------------------- drawing

    def _draw(self) -> None:
        """Show the fields that are asked, and put the cursor into the first empty one."""
        for name in FIELDS:
            self._field(name).display = name in self._fields
        self._draw_list()
        empty = [name for name in self._fields if not self._field(name).value]
        self.aim(self._field((empty or list(self._fields))[0]) if self._fields else self)

    def _draw_list(self) -> None:
        self.border_title = title(self._questions)
        width, height = self.size
        self.query_one(".questions", Line).say(
            drawn(self._questions, self._chosen, width - 1, max(3, height - len(self._fields)))
        )


def said(typed: list[str]) -> str:
    """Put what was typed about an answer into one text: "lorazepam, 1 mg, last taken yesterday at ten"."""
    return typed[0] if len(typed) == 1 else f"{typed[0]}, {typed[1]}, last taken {typed[2]}"


def title(questions: tuple[Question, ...]) -> str:
    """Say how far the screening is."""
    counts = {s: sum(question.standing is s for question in questions) for s in Standing}
    wanted = (Standing.NOT_TODAY, Standing.OPEN, Standing.TO_DECIDE)
    parts = [f"{counts[standing]} {standing}" for standing in wanted if counts[standing]]
    return "screening: " + (", ".join(parts) if parts else "nothing in the way")


def drawn(questions: tuple[Question, ...], chosen: str, width: int, height: int) -> Content:
    """Draw as many questions as fit around the chosen one: that one in full, with what is known of it below."""
    if not questions:
        return Content.styled("the profile asks nothing before the infusion", "$muted")
    at = next((n for n, question in enumerate(questions) if question.item.id == chosen), 0)
    asked, *more = wrap(questions[at].item.question, max(1, width - STANDING - 3))
    details = [Content.styled(f"  {text}", "bold") for text in more]
    details += [Content.styled(f"  {text}", "$muted").truncate(width, ellipsis=True) for text in known(questions[at])]
    room = max(1, height - len(details))
    first = min(max(0, at - room // 2), max(0, len(questions) - room))
    rows = []
    for question in questions[first : first + room]:
        here = question is questions[at]
        text = asked if here else question.item.question
        rows += [link(_row(text, question.standing, here, width), "pick", question.item.id), *(details if here else [])]
    return Content("\n").join(rows)


def _row(text: str, standing: Standing, here: bool, width: int) -> Content:
    label = Content.styled(text, "bold" if here else "")
    label = label.truncate(max(1, width - STANDING - 3), ellipsis=True, pad=True)
    pointer = Content.styled("› " if here else "  ", "bold $pump")
    return Content.assemble(pointer, label, " ", (f"{standing:<{STANDING - 1}}", STYLES[standing]))


def known(question: Question) -> list[str]:
    """Say what follows from a question's answer: what was said, what was decided, how long a drug is left out."""
    item, screened, lines = question.item, question.screened, []
    if screened is not None:
        told = f"{screened.answer.reply}{', ' if screened.answer.text else ''}{screened.answer.text}"
        lines.append(f"{told} ({screened.answer.by})")
        if screened.decision is not None:
            lines.append(f"{question.standing}: {screened.decision.why} ({screened.decision.by})")
        elif question.standing is Standing.TO_DECIDE:
            lines.append(
                "normally the end; a physician decides" if item.severity is Severity.STOP else "a physician decides"
            )
    held = []
    if item.hold_before_hours is not None:
        held.append("{:g}–{:g} h before".format(*item.hold_before_hours))
    if item.hold_after_hours is not None:
        held.append(f"{item.hold_after_hours:g} h after")
    return [*lines, f"hold {', '.join(held)}"] if held else lines
