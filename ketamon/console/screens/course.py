"""The course screen: the patients of this computer, and one of them over all sessions that are kept here."""

from textwrap import wrap
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content

from ketamon.console.actions.front import At
from ketamon.console.charts.drawing import AXIS, LABEL, LINE
from ketamon.console.here import Row
from ketamon.console.look.glyphs import BRAILLE, Glyphs
from ketamon.console.look.rows import Row as Cells
from ketamon.console.screens.front import FrontScreen, bindings_of
from ketamon.console.view.scores import plot
from ketamon.console.widgets.answer import Answer
from ketamon.console.widgets.choice import Choice
from ketamon.console.widgets.key_bar import KeyBar
from ketamon.console.widgets.line import Line
from ketamon.course import PatientCourse, coming, standing, table, who
from ketamon.plain import plain

_HEIGHT = 5
"""Rows of a plot, and one with the days."""
_LOOKS = {LINE: "$nibp", AXIS: "$muted", LABEL: "bold"}


NOBODY = "No session of a patient is kept here. A patient comes into this list with the first one."
ABOUT = "The patient that you choose stands here: place in the series, each session with its dose, scores and effects."


class CoursePage(VerticalScroll):
    """One patient: where the series stands, the sessions as a table, and each score as a plot."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(classes="sheet", id="page")
        self._glyphs = glyphs
        self._patient: PatientCourse | None = None

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Line(classes="page")

    def show(self, patient: PatientCourse) -> None:
        """Show a patient."""
        self._patient = patient
        self.border_title = plain(patient.identifier)
        self._write()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Draw as many sessions as there is room for."""
        self._write()

    def _write(self) -> None:
        width = self.scrollable_content_region.width
        if self._patient is not None and width:
            self.query_one(Line).say(page(self._patient, width, self._glyphs))
        elif width:
            self.query_one(Line).say(Content.styled("\n".join(wrap(ABOUT, width)), "$muted"))


def page(patient: PatientCourse, width: int, glyphs: Glyphs) -> Content:
    """Write the course of one patient, as `ketamon course` prints it."""
    lines = [
        Content.styled(plain(who(patient)), "bold"),
        *map(Content, wrap(plain(f"{patient.course.place or 'no infusion yet'}; {coming(patient)}"), width)),
        Content(""),
    ]
    for n, (text, warnings) in enumerate(table(patient)):
        lines.append(Content.styled(plain(text), "$muted" if n == 0 else ""))
        lines += [Content.styled(f"{'':10}  ! {plain(warning)}", "bold") for warning in warnings]
    for item in patient.scores:
        lines += [Content(""), *(_drawn(row) for row in plot(patient.course.steps, item, width, _HEIGHT, glyphs))]
    return Content("\n").join(lines)


def _drawn(row: Cells) -> Content:
    return Content.assemble(*((plain(text), _LOOKS.get(role, "")) for text, role, _ in row.runs()))


class CourseScreen(FrontScreen):
    """Patients on the left, the course of the chosen one on the right. Only who may see names comes here."""

    AT = At.COURSE
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(At.COURSE)

    choice = getters.query_one(Choice)
    page = getters.query_one(CoursePage)

    def compose(self) -> ComposeResult:
        """Lay everything out, once."""
        glyphs = getattr(self.app, "glyphs", BRAILLE)
        with Horizontal(id="body"):
            yield Choice("patients")
            yield CoursePage(glyphs)
        yield Answer()
        yield KeyBar()

    def on_mount(self) -> None:
        """Look who there is."""
        self.page.border_title = "course"
        self.again()
        self.choice.aim()

    def again(self) -> None:
        """Read the records."""
        self.ask(lambda: self.here.courses(None), self._found, group="patients", wait="reading the records …")

    def _found(self, found: tuple[list[PatientCourse], list[str]]) -> None:
        patients, left_out = found
        wide = max((len(one.identifier) for one in patients), default=0)
        rows = [
            Row(text=f"{one.identifier:<{wide}}  {who(one)}", detail=f"{who(one)}: {standing(one)}", key=one.identifier)
            for one in patients
        ]
        rows += [Row(text=f"left out: {why}", detail=why, wrong=True) for why in left_out]
        count = f"{len(patients)} {'patient' if len(patients) == 1 else 'patients'}. Enter shows the course of one."
        self.choice.show(count if patients else NOBODY, rows)
        self.answer.hint("")

    @on(Choice.Chosen)
    def _chosen(self, message: Choice.Chosen) -> None:
        message.choice.leave_search()
        if message.row.key:
            key = message.row.key
            self.ask(lambda: self.here.courses(key), self._show, group="course", wait="reading the sessions …")
        else:
            self.failed(message.row.detail)

    def _show(self, found: tuple[list[PatientCourse], list[str]]) -> None:
        self.answer.hint(f"left out: {'; '.join(map(plain, found[1]))}" if found[1] else "")
        for patient in found[0]:
            self.page.show(patient)
            self.add_class("-reading")  # where it is narrow, the list gives way
            self.set_focus(self.page)

    @property
    def entry(self) -> str:
        """The keys of a course that is read, or of what is open."""
        return "↑ ↓ scroll  esc patients" if self.focused is self.page and self.aside is None else super().entry

    def step_back(self) -> None:
        """Go to the list, then to the start."""
        if self.has_class("-reading"):
            self.remove_class("-reading")
            self.choice.aim()
        else:
            self.dismiss()
